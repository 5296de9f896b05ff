/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: link aggregation control (IEEE 802.1AX-2008 clause 5.4) of a lagg.
 *
 * Each port tells its partner who it is (system, key, port) and how far it is (state), as soon as that changes and every second or thirty; and hears the same.
 * A port whose partner is known belongs to the aggregate of that partner's system and key.  The aggregate with most ports sends; of two
 * as large, the one of the earlier port.
 *
 *	receive (5.4.12)	lp_while: a message is good for 3 or 90 s; then EXPIRED for 3 s, then DEFAULTED: there is no partner
 *	periodic (5.4.13)	lp_periodic
 *	selection (5.4.14)	lacp_select(); a port without partner is alone, and unless strict is off does not send
 *	mux (5.4.15)		lacp_mux(): WAITING for 2 s, so that ports that come together are used together; then in step with the partner
 *	transmit (5.4.16)	at most three messages in a second
 *	markers (5.5)		are answered, so that who moves a flow to another port knows when the old one is empty; we move none
 *
 * One timer ticks each second while the lagg is up and speaks LACP.
 */
#include <string.h>

#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "net/if_lagg.h"

#define SECOND		1000000000ull
#define LACP_SHORT	3u	/* s that a message is good for */
#define LACP_LONG	90u
#define LACP_FASTTIME	1u	/* s between messages */
#define LACP_SLOWTIME	30u
#define LACP_WAITTIME	2u
#define LACP_MAXSENT	3u
#define MARKER_MAXSENT	10u	/* in a second, what Annex 57A.3 allows a slow protocol */

static const uint8_t slow_group[ETHER_ADDR_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };

bool
lacp_distributes(const struct lagg_port *lp)
{
	const struct lagg_port *a = lp->lp_sc->sc_active;

	return (lp->lp_mux == LACP_MUXDISTRIBUTING && a != NULL && lp->lp_partner.le_key == a->lp_partner.le_key &&
	    ether_equal(lp->lp_partner.le_sys, a->lp_partner.le_sys));
}

bool
lacp_collects(const struct lagg_port *lp)
{
	return (lp->lp_mux >= LACP_MUXCOLLECTING);
}

void
lacp_portinit(struct lagg_port *lp)
{
	lp->lp_mux = LACP_DETACHED;
	lp->lp_selected = lp->lp_ntt = lp->lp_enabled = false;
	memset(&lp->lp_actor, 0, sizeof(lp->lp_actor));
	memset(&lp->lp_partner, 0, sizeof(lp->lp_partner));
	lp->lp_while = lp->lp_periodic = lp->lp_wait = lp->lp_sent = 0;
}

/* Who we are, now. */
static void
lacp_identity(struct lagg_port *lp)
{
	struct lacp_end *a = &lp->lp_actor;
	const struct lacp_end had = *a;

	a->le_sysprio = a->le_portprio = 32768;
	memcpy(a->le_sys, lp->lp_sc->sc_ifp->if_lladdr, ETHER_ADDR_LEN);
	a->le_key = (uint16_t)lp->lp_sc->sc_ifp->if_index;
	a->le_port = (uint16_t)lp->lp_ifp->if_index;
	a->le_state = (uint8_t)((a->le_state & ~LACP_TIMEOUT) | LACP_ACTIVITY | LACP_AGGREGATION | (lp->lp_sc->sc_fast ? LACP_TIMEOUT : 0));
	lp->lp_ntt |= memcmp(&had, a, sizeof(had)) != 0;
}

/* A frame of a slow protocol, whose message is there already; counted as that. */
static void
slow_transmit(struct lagg_port *lp, uint8_t frame[ETHER_HDR_LEN + LACP_LEN], uint64_t *counter)
{
	struct ether_header *eh = (void *)frame;
	struct mbuf *m;

	memcpy(eh->ether_dhost, slow_group, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, lp->lp_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = HTONS(ETHERTYPE_SLOW);
	if ((m = m_frombuf(vnet_acct(lp->lp_ifp->if_vnet), frame, ETHER_HDR_LEN + LACP_LEN, 16)) == NULL) {
		lagg_vnet(lp->lp_ifp->if_vnet)->lv_nomem++;
		return;
	}
	++*counter;
	(void)if_transmit(lp->lp_ifp, m);
}

static void
lacp_transmit(struct lagg_port *lp)
{
	const struct lacpdu du = { .lp_actor = lp->lp_actor, .lp_partner = lp->lp_partner };
	uint8_t frame[ETHER_HDR_LEN + LACP_LEN];

	lacp_build(frame + ETHER_HDR_LEN, &du);
	slow_transmit(lp, frame, &lagg_vnet(lp->lp_ifp->if_vnet)->lv_lacpout);
}

/* Nobody answers: as the administrator would have it. */
static void
lacp_default(struct lagg_port *lp)
{
	memset(&lp->lp_partner, 0, sizeof(lp->lp_partner));
	if (!lp->lp_sc->sc_strict)
		lp->lp_partner.le_state = LACP_AGGREGATION | LACP_SYNC | LACP_COLLECTING | LACP_DISTRIBUTING;
	lp->lp_actor.le_state = (uint8_t)((lp->lp_actor.le_state & ~LACP_EXPIRED) | LACP_DEFAULTED);
	lp->lp_selected = false;
}

static void
lacp_expire(struct lagg_port *lp)
{
	if ((lp->lp_actor.le_state & LACP_EXPIRED) != 0) {
		lacp_default(lp);
		return;
	}
	lp->lp_partner.le_state = (uint8_t)((lp->lp_partner.le_state & ~LACP_SYNC) | LACP_TIMEOUT);
	lp->lp_actor.le_state |= LACP_EXPIRED;
	lp->lp_while = LACP_SHORT;
	lp->lp_periodic = 0;
	lp->lp_ntt = true;
}

/* A port came up, or went down (5.4.12 PORT_DISABLED). */
static void
lacp_enable(struct lagg_port *lp, bool enabled)
{
	if (lp->lp_enabled == enabled)
		return;
	lacp_portinit(lp);
	if (!(lp->lp_enabled = enabled))
		return;
	lacp_identity(lp);
	lacp_default(lp);
	lp->lp_actor.le_state = (uint8_t)((lp->lp_actor.le_state & ~LACP_DEFAULTED) | LACP_EXPIRED);
	lp->lp_partner.le_state |= LACP_TIMEOUT;
	lp->lp_while = LACP_SHORT;
	lp->lp_ntt = true;
}

static bool
same_end(const struct lacp_end *a, const struct lacp_end *b)
{
	return (a->le_port == b->le_port && a->le_portprio == b->le_portprio && a->le_key == b->le_key && a->le_sysprio == b->le_sysprio &&
	    ether_equal(a->le_sys, b->le_sys) && ((a->le_state ^ b->le_state) & LACP_AGGREGATION) == 0);
}

/* 5.4.9: update_Selected, update_NTT, recordPDU */
static void
lacp_record(struct lagg_port *lp, const struct lacpdu *du)
{
	const uint8_t told = LACP_ACTIVITY | LACP_TIMEOUT | LACP_SYNC | LACP_AGGREGATION;
	const bool knows = same_end(&du->lp_partner, &lp->lp_actor);

	if (!same_end(&du->lp_actor, &lp->lp_partner))
		lp->lp_selected = false;
	if (!knows || ((du->lp_partner.le_state ^ lp->lp_actor.le_state) & told) != 0)
		lp->lp_ntt = true;
	lp->lp_partner = du->lp_actor;
	if (!knows && (du->lp_actor.le_state & LACP_AGGREGATION) != 0)
		lp->lp_partner.le_state &= (uint8_t)~LACP_SYNC;
	lp->lp_actor.le_state &= (uint8_t)~(LACP_DEFAULTED | LACP_EXPIRED);
	lp->lp_while = lp->lp_sc->sc_fast ? LACP_SHORT : LACP_LONG;
}

/* Selection */

/* Is this port's partner good for an aggregate? */
static bool
lacp_selectable(const struct lagg_port *lp)
{
	if (!lp->lp_enabled)
		return (false);
	if ((lp->lp_actor.le_state & LACP_DEFAULTED) != 0)
		return (!lp->lp_sc->sc_strict);
	return ((lp->lp_actor.le_state & LACP_EXPIRED) == 0 && !ether_equal(lp->lp_partner.le_sys, lp->lp_actor.le_sys));
}

static unsigned
lacp_members(const struct lagg_port *of)
{
	const struct lagg_port *lp;
	unsigned n = 0;

	TAILQ_FOREACH(lp, &of->lp_sc->sc_ports, lp_link)
		n += lp->lp_selected && lp->lp_mux == LACP_MUXDISTRIBUTING && lp->lp_partner.le_key == of->lp_partner.le_key &&
		    ether_equal(lp->lp_partner.le_sys, of->lp_partner.le_sys);
	return (n);
}

static void
lacp_select(struct lagg *sc)
{
	struct lagg_port *lp;
	unsigned best = 0, n;

	sc->sc_active = NULL;
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link) {
		lp->lp_selected = lacp_selectable(lp);
		if (lp->lp_selected && lp->lp_mux == LACP_MUXDISTRIBUTING && (n = lacp_members(lp)) > best) {
			best = n;
			sc->sc_active = lp;
		}
	}
	if_setcarrier(sc->sc_ifp, best > 0);
}

/* One step; true: there may be another. */
static bool
lacp_muxstep(struct lagg_port *lp)
{
	const bool sync = (lp->lp_partner.le_state & LACP_SYNC) != 0;
	const bool collecting = sync && (lp->lp_partner.le_state & LACP_COLLECTING) != 0;
	const enum lacp_mux had = lp->lp_mux;

	if (!lp->lp_selected)
		lp->lp_mux = LACP_DETACHED;
	else if (lp->lp_mux == LACP_DETACHED) {
		lp->lp_mux = LACP_WAITING;
		lp->lp_wait = LACP_WAITTIME;
	} else if (lp->lp_mux == LACP_WAITING && lp->lp_wait == 0)
		lp->lp_mux = LACP_ATTACHED;
	else if (lp->lp_mux == LACP_ATTACHED && sync)
		lp->lp_mux = LACP_MUXCOLLECTING;
	else if (lp->lp_mux >= LACP_MUXCOLLECTING && !sync)
		lp->lp_mux = LACP_ATTACHED;
	else if (lp->lp_mux == LACP_MUXCOLLECTING && collecting)
		lp->lp_mux = LACP_MUXDISTRIBUTING;
	else if (lp->lp_mux == LACP_MUXDISTRIBUTING && !collecting)
		lp->lp_mux = LACP_MUXCOLLECTING;
	return (lp->lp_mux != had);
}

static void
lacp_mux(struct lagg_port *lp)
{
	const uint8_t had = lp->lp_actor.le_state;
	uint8_t state = had & (uint8_t)~(LACP_SYNC | LACP_COLLECTING | LACP_DISTRIBUTING);

	while (lacp_muxstep(lp))
		;
	if (lp->lp_mux >= LACP_ATTACHED)
		state |= LACP_SYNC;
	if (lp->lp_mux >= LACP_MUXCOLLECTING)
		state |= LACP_COLLECTING;
	if (lp->lp_mux == LACP_MUXDISTRIBUTING)
		state |= LACP_DISTRIBUTING;
	lp->lp_actor.le_state = state;
	lp->lp_ntt |= state != had;
}

static void
lacp_machines(struct lagg *sc)
{
	struct lagg_port *lp;

	lacp_select(sc);
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		lacp_mux(lp);
	lacp_select(sc);
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link) {
		if (!lp->lp_enabled || !lp->lp_ntt || lp->lp_sent >= LACP_MAXSENT)
			continue;
		lp->lp_ntt = false;
		lp->lp_sent++;
		lp->lp_periodic = (lp->lp_partner.le_state & LACP_TIMEOUT) != 0 ? LACP_FASTTIME : LACP_SLOWTIME;
		lacp_transmit(lp);
	}
}

static void
lacp_second(void *arg)
{
	struct lagg *sc = arg;
	struct lagg_port *lp;

	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link) {
		lp->lp_sent = lp->lp_markers = 0;
		if (!lp->lp_enabled)
			continue;
		if (lp->lp_wait > 0)
			lp->lp_wait--;
		if (lp->lp_while > 0 && --lp->lp_while == 0)
			lacp_expire(lp);
		if ((lp->lp_partner.le_state & LACP_TIMEOUT) != 0 && lp->lp_periodic > LACP_FASTTIME)
			lp->lp_periodic = LACP_FASTTIME;
		if (lp->lp_periodic > 0)
			lp->lp_periodic--;
		if (lp->lp_periodic == 0)
			lp->lp_ntt = true;
	}
	lacp_machines(sc);
	callout_reset(&sc->sc_tick, SECOND);
}

void
lacp_update(struct lagg *sc)
{
	const bool run = sc->sc_proto == LAGG_LACP && if_up(sc->sc_ifp) && !TAILQ_EMPTY(&sc->sc_ports);
	struct lagg_port *lp;

	if (run && !sc->sc_ticking)
		callout_init(&sc->sc_tick, &sc->sc_ifp->if_vnet->vn_lane, lacp_second, sc);
	if (!run && sc->sc_ticking)
		callout_stop(&sc->sc_tick);
	sc->sc_ticking = run;
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link) {
		lacp_enable(lp, run && lagg_port_up(lp));
		if (lp->lp_enabled)
			lacp_identity(lp);
	}
	if (!run) {
		sc->sc_active = NULL;
		return;
	}
	lacp_machines(sc);
	if (!callout_pending(&sc->sc_tick))
		callout_reset(&sc->sc_tick, SECOND);
}

/* Another slow protocol's message: a marker goes back as it is, but for its type.  False: it is none. */
static bool
marker_answer(struct lagg_port *lp, const struct mbuf *m)
{
	struct lagg_vnet *lv = lagg_vnet(lp->lp_ifp->if_vnet);
	uint8_t frame[ETHER_HDR_LEN + LACP_LEN], *du = frame + ETHER_HDR_LEN;

	if (m_copydata(m, 0, LACP_LEN, du) != 0 || du[0] != MARKER_SUBTYPE || du[1] != MARKER_VERSION || du[2] != MARKER_INFORMATION ||
	    du[3] != MARKER_TLVLEN)
		return (false);
	if (lp->lp_markers >= MARKER_MAXSENT) {
		lv->lv_markersmany++;
		return (true);
	}
	lp->lp_markers++;
	du[2] = MARKER_RESPONSE;
	slow_transmit(lp, frame, &lv->lv_markers);
	return (true);
}

void
lacp_input(struct lagg_port *lp, struct mbuf *m)
{
	struct lagg_vnet *lv = lagg_vnet(lp->lp_ifp->if_vnet);
	struct lacpdu du;
	enum wire_error e;

	m_adj(m, ETHER_HDR_LEN);
	while ((e = lacp_check(m->m_data, m->m_len, m->m_pkt.len, &du)) == WIRE_PULLUP)
		if ((m = m_pullup(m, du.lp_need)) == NULL) {
			lv->lv_nomem++;
			return;
		}
	if (!lp->lp_enabled || e != WIRE_OK) {
		lv->lv_badlacp += lp->lp_enabled && (e != WIRE_BADPROTO || !marker_answer(lp, m));
		m_freem(m);
		return;
	}
	m_freem(m);
	lv->lv_lacpin++;
	lacp_record(lp, &du);
	lacp_machines(lp->lp_sc);
}
