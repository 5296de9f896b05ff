/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: the spanning tree of a bridge, around its state machines.
 *
 * Rapid spanning tree (IEEE 802.1D-2004 clause 17) that also speaks the older protocol with ports whose partners do, or everywhere when it is told to.
 * It runs while the bridge is up and has ports that take part. One timer ticks each second, as the port timers machine of the
 * standard; everything else happens when a message comes or something is set. A port that does not take part forwards.
 *
 * The bridge's identifier is its priority and its link address.  Ports are point to point unless told otherwise (all our links are
 * full duplex): proposals and agreements make a ring safe, and connected, in a few round trips.
 */
#include "net/bridgestp.h"

#include <string.h>

#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define SECOND	1000000000ull

static const uint8_t bstp_group[ETHER_ADDR_LEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x00 };

uint16_t
bstp_portid(const struct bstp_port *bp)
{
	return ((uint16_t)((uint32_t)bp->bp_priority << 8 | (bp->bp_ifp->if_index & 0xfff)));
}

uint32_t
bstp_pathcost(const struct bstp_port *bp)
{
	return (bp->bp_cost != 0 ? bp->bp_cost : BSTP_COST);
}

void
bstp_init(struct bstp *bs, struct ifnet *ifp, void (*flush)(struct bstp_port *))
{
	memset(bs, 0, sizeof(*bs));
	bs->bs_ifp = ifp;
	bs->bs_flush = flush;
	bs->bs_priority = 32768;
	bs->bs_maxage = 20;
	bs->bs_hello = 2;
	bs->bs_fwddelay = 15;
	bs->bs_holdcnt = 6;
	bs->bs_rstp = true;
	TAILQ_INIT(&bs->bs_ports);
}

void
bstp_port_init(struct bstp *bs, struct bstp_port *bp, struct ifnet *ifp)
{
	memset(bp, 0, sizeof(*bp));
	bp->bp_bs = bs;
	bp->bp_ifp = ifp;
	bp->bp_priority = 128;
	bp->bp_autoedge = bp->bp_autoptp = bp->bp_ptp = true;
}

/* Time */

static void
count_down(uint16_t *t)
{
	if (*t > 0)
		--*t;
}

static void
bstp_second(void *arg)
{
	struct bstp *bs = arg;
	struct bstp_port *bp;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		count_down(&bp->bp_edgedelaywhile);
		count_down(&bp->bp_fdwhile);
		count_down(&bp->bp_hellowhen);
		count_down(&bp->bp_mdelaywhile);
		count_down(&bp->bp_rbwhile);
		count_down(&bp->bp_rcvdinfowhile);
		count_down(&bp->bp_rrwhile);
		count_down(&bp->bp_tcwhile);
		count_down(&bp->bp_txcount);
	}
	bstp_machines(bs);
	callout_reset(&bs->bs_tick, SECOND);
}

/* Life */

/* The identifier is another, or all begins: as if nothing had ever been heard. */
static void
bstp_reset(struct bstp *bs)
{
	struct bstp_port *bp;

	bs->bs_id = (uint64_t)bs->bs_priority << 48 | (uint64_t)be16dec(bs->bs_ifp->if_lladdr) << 32 | be32dec(bs->bs_ifp->if_lladdr + 2);
	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		bp->bp_reselect = true;
		bp->bp_selected = false;
	}
}

void
bstp_update(struct bstp *bs)
{
	const bool run = if_up(bs->bs_ifp) && !TAILQ_EMPTY(&bs->bs_ports);
	struct bstp_port *bp;

	if (run && !bs->bs_running)
		callout_init(&bs->bs_tick, &bs->bs_ifp->if_vnet->vn_lane, bstp_second, bs);
	if (!run && bs->bs_running)
		callout_stop(&bs->bs_tick);
	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		bp->bp_enabled = run && if_up(bp->bp_ifp) && bp->bp_ifp->if_linkup;
		if (bp->bp_autoptp)
			bp->bp_ptp = true;
	}
	bs->bs_running = run;
	bstp_reset(bs);
	bstp_machines(bs);
	if (run && !callout_pending(&bs->bs_tick))
		callout_reset(&bs->bs_tick, SECOND);
}

void
bstp_enable(struct bstp_port *bp)
{
	if (bp->bp_active)
		return;
	bp->bp_active = true;
	bp->bp_state = BSTP_DISCARDING;
	bp->bp_infois = BSTP_INFO_DISABLED;
	bp->bp_role = bp->bp_selectedrole = BSTP_ROLE_DISABLED;
	bp->bp_sendrstp = bp->bp_bs->bs_rstp;
	bp->bp_mdelaywhile = BSTP_MIGRATE;
	bp->bp_operedge = bp->bp_adminedge;
	bp->bp_learn = bp->bp_forward = bp->bp_learning = bp->bp_forwarding = false;
	TAILQ_INSERT_TAIL(&bp->bp_bs->bs_ports, bp, bp_link);
	bstp_update(bp->bp_bs);
}

void
bstp_disable(struct bstp_port *bp)
{
	if (!bp->bp_active)
		return;
	TAILQ_REMOVE(&bp->bp_bs->bs_ports, bp, bp_link);
	bp->bp_active = false;
	bp->bp_state = BSTP_DISABLED;
	if (bp->bp_bs->bs_rootport == bp)
		bp->bp_bs->bs_rootport = NULL;
	bstp_update(bp->bp_bs);
}

/* Messages */

static uint8_t
bstp_flags(const struct bstp_port *bp)
{
	static const uint8_t roles[] = {
		[BSTP_ROLE_ROOT] = BPDU_ROLE_ROOT, [BSTP_ROLE_DESIGNATED] = BPDU_ROLE_DESIGNATED,
		[BSTP_ROLE_ALTERNATE] = BPDU_ROLE_ALTERNATE, [BSTP_ROLE_BACKUP] = BPDU_ROLE_ALTERNATE,
	};
	unsigned flags = (unsigned)roles[bp->bp_role] << 2;

	if (bp->bp_tcwhile != 0)
		flags |= BPDU_TC;
	if (bp->bp_proposing)
		flags |= BPDU_PROPOSAL;
	if (bp->bp_learning)
		flags |= BPDU_LEARNING;
	if (bp->bp_forwarding)
		flags |= BPDU_FORWARDING;
	if (bp->bp_agree)
		flags |= BPDU_AGREEMENT;
	return ((uint8_t)flags);
}

static void
bstp_fill(const struct bstp_port *bp, uint8_t type, struct bpdu *bd)
{
	*bd = (struct bpdu){
		.bd_version = type == BPDU_RST ? 2 : 0,
		.bd_type = type,
		.bd_root = bp->bp_desvec.bv_root,
		.bd_cost = bp->bp_desvec.bv_cost,
		.bd_bridge = bp->bp_desvec.bv_bridge,
		.bd_port = bp->bp_desvec.bv_port,
		.bd_age = (uint16_t)(bp->bp_destimes.bt_age * 256),
		.bd_maxage = (uint16_t)(bp->bp_destimes.bt_maxage * 256),
		.bd_hello = (uint16_t)(bp->bp_destimes.bt_hello * 256),
		.bd_fwddelay = (uint16_t)(bp->bp_destimes.bt_fwddelay * 256),
	};
	if (type == BPDU_RST)
		bd->bd_flags = bstp_flags(bp);
	else if (type == BPDU_CONFIG)
		bd->bd_flags = (uint8_t)((bp->bp_tcwhile != 0 ? BPDU_TC : 0) | (bp->bp_tcack ? BPDU_TCACK : 0));
}

void
bstp_transmit(struct bstp_port *bp, uint8_t type)
{
	uint8_t frame[ETHER_HDR_LEN + BPDU_LLCLEN + BPDU_RSTLEN];
	struct ether_header *eh = (void *)frame;
	struct bpdu bd;
	struct mbuf *m;
	size_t len;

	bstp_fill(bp, type, &bd);
	len = bpdu_build(frame + ETHER_HDR_LEN, &bd);
	memcpy(eh->ether_dhost, bstp_group, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, bp->bp_ifp->if_addrlen != 0 ? bp->bp_ifp->if_lladdr : bp->bp_bs->bs_ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = HTONS(len);
	if ((m = m_frombuf(vnet_acct(bp->bp_ifp->if_vnet), frame, ETHER_HDR_LEN + len, 16)) != NULL)
		(void)if_transmit_ether(bp->bp_ifp, m);
	else
		bp->bp_ifp->if_stats.ifs_oerrors++;
}

/* A frame of ours that came back says nothing (9.3.4). */
void
bstp_input(struct bstp_port *bp, struct mbuf *m)
{
	struct bpdu bd;
	enum wire_error e;

	if (!bp->bp_active || !bp->bp_enabled || NTOHS(mtod(m, struct ether_header *)->ether_type) > ETHER_MAX_8023) {
		m_freem(m);
		return;
	}
	m_adj(m, ETHER_HDR_LEN);
	while ((e = bpdu_check(m->m_data, m->m_len, m->m_pkt.len, &bd)) == WIRE_PULLUP)
		if ((m = m_pullup(m, bd.bd_need)) == NULL)
			return;
	m_freem(m);
	if (e != WIRE_OK)
		bp->bp_ifp->if_stats.ifs_ierrors++;
	else if (bd.bd_type == BPDU_TCN || bd.bd_bridge != bp->bp_bs->bs_id || bd.bd_port != bstp_portid(bp)) {
		bstp_received(bp, &bd);
		bstp_machines(bp->bp_bs);
	}
}
