/* SPDX-License-Identifier: BSD-2-Clause */
/* lagg: which port a frame leaves by. */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "net/if_lagg.h"

bool
lagg_port_up(const struct lagg_port *lp)
{
	return (if_up(lp->lp_ifp) && lp->lp_ifp->if_linkup);
}

struct lagg_port *
lagg_failover_port(const struct lagg *sc)
{
	struct lagg_port *lp;

	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		if (lagg_port_up(lp))
			return (lp);
	return (NULL);
}

/* What a flow's frames have in common, by the layers that are set. */
struct flow {
	uint8_t		 f_mac[2 * ETHER_ADDR_LEN];
	uint16_t	 f_tags[2];
	uint8_t		 f_addr[32];
	uint8_t		 f_ports[4];
};

static void
flow_ports(const struct mbuf *m, size_t off, uint8_t proto, struct flow *f)
{
	if (proto == 6 || proto == 17 || proto == 132)
		(void)m_copydata(m, off, sizeof(f->f_ports), f->f_ports);
}

/* Fragments have no ports: they stay with the addresses' flow. */
static void
flow_net(const struct lagg *sc, const struct mbuf *m, size_t off, uint16_t type, struct flow *f)
{
	uint8_t h[40];

	if (type == ETHERTYPE_IP && m_copydata(m, off, 20, h) == 0) {
		memcpy(f->f_addr, h + 12, 8);
		if ((sc->sc_hash & LAGG_L4) != 0 && (h[6] & 0x3f) == 0 && h[7] == 0)
			flow_ports(m, off + (h[0] & 0xfu) * 4, h[9], f);
	} else if (type == ETHERTYPE_IPV6 && m_copydata(m, off, sizeof(h), h) == 0) {
		memcpy(f->f_addr, h + 8, 32);
		if ((sc->sc_hash & LAGG_L4) != 0)
			flow_ports(m, off + sizeof(h), h[6], f);
	}
	if ((sc->sc_hash & LAGG_L3) == 0)
		memset(f->f_addr, 0, sizeof(f->f_addr));
}

/* The tags (802.1Q, and 802.1ad around that) go into the flow; the type of what is behind them. */
static uint16_t
flow_tags(const struct mbuf *m, size_t *off, struct flow *f)
{
	uint8_t h[ETHER_VLAN_ENCAP_LEN];
	uint16_t type;

	if (m_copydata(m, *off - 2, 2, h) != 0)
		return (0);
	type = be16dec(h);
	for (unsigned i = 0; i < 2 && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ); i++) {
		if (m_copydata(m, *off, ETHER_VLAN_ENCAP_LEN, h) != 0)
			return (0);
		f->f_tags[i] = EVL_VLANOFTAG(be16dec(h));
		type = be16dec(h + 2);
		*off += ETHER_VLAN_ENCAP_LEN;
	}
	return (type);
}

static uint32_t
lagg_hash(const struct lagg *sc, const struct mbuf *m)
{
	const uint64_t *secret = sc->sc_ifp->if_vnet->vn_kernel->k_hashkey;
	const struct siphash_key key = { secret[0], secret[1] };
	size_t off = ETHER_HDR_LEN;
	struct flow f;
	uint16_t type;

	if (sc->sc_useflowid && m->m_pkt.flowid != 0)
		return (m->m_pkt.flowid);
	memset(&f, 0, sizeof(f));
	type = flow_tags(m, &off, &f);
	if ((sc->sc_hash & LAGG_L2) != 0)
		(void)m_copydata(m, 0, sizeof(f.f_mac), f.f_mac);
	else
		memset(f.f_tags, 0, sizeof(f.f_tags));
	if ((sc->sc_hash & (LAGG_L3 | LAGG_L4)) != 0)
		flow_net(sc, m, off, type, &f);
	return ((uint32_t)siphash13(&key, &f, sizeof(f)));
}

static bool
lagg_usable(const struct lagg *sc, const struct lagg_port *lp)
{
	return (lagg_port_up(lp) && (sc->sc_proto != LAGG_LACP || lacp_distributes(lp)));
}

static struct lagg_port *
lagg_balance(const struct lagg *sc, const struct mbuf *m)
{
	struct lagg_port *lp;
	unsigned n = 0;

	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		n += lagg_usable(sc, lp);
	if (n == 0)
		return (NULL);
	n = lagg_hash(sc, m) % n;
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		if (lagg_usable(sc, lp) && n-- == 0)
			return (lp);
	return (NULL);
}

/* So many frames each. */
static struct lagg_port *
lagg_next(struct lagg *sc)
{
	struct lagg_port *lp = sc->sc_rrport;

	if (lp != NULL && lagg_port_up(lp) && ++sc->sc_rrcount < sc->sc_rrlimit)
		return (lp);
	sc->sc_rrcount = 0;
	for (unsigned i = 0; i < sc->sc_nports; i++) {
		lp = lp != NULL ? TAILQ_NEXT(lp, lp_link) : NULL;
		if (lp == NULL)
			lp = TAILQ_FIRST(&sc->sc_ports);
		if (lagg_port_up(lp)) {
			sc->sc_rrport = lp;
			return (lp);
		}
	}
	return (NULL);
}

static int
lagg_nocarrier(struct lagg *sc, struct mbuf *m)
{
	lagg_vnet(sc->sc_ifp->if_vnet)->lv_nocarrier++;
	sc->sc_ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (ENETDOWN);
}

/* By the first port that is up, and a copy by each behind it. */
static int
lagg_everywhere(struct lagg *sc, struct lagg_port *first, struct mbuf *m)
{
	struct lagg_port *lp = first;
	struct mbuf *copy;

	while ((lp = TAILQ_NEXT(lp, lp_link)) != NULL) {
		if (!lagg_port_up(lp))
			continue;
		if ((copy = m_copym(m, 0, SIZE_MAX, m->m_as)) != NULL)
			(void)if_transmit(lp->lp_ifp, copy);
		else
			lagg_vnet(sc->sc_ifp->if_vnet)->lv_nomem++;
	}
	return (if_transmit(first->lp_ifp, m));
}

static struct lagg_port *
lagg_select(struct lagg *sc, const struct mbuf *m)
{
	switch (sc->sc_proto) {
	case LAGG_FAILOVER:
	case LAGG_BROADCAST:
		return (lagg_failover_port(sc));
	case LAGG_ROUNDROBIN:
		return (lagg_next(sc));
	case LAGG_LOADBALANCE:
	case LAGG_LACP:
		return (lagg_balance(sc, m));
	default:
		return (NULL);
	}
}

int
lagg_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct lagg *sc = ifp->if_softc;
	struct lagg_port *lp;

	if (!if_up(ifp)) {
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (ENETDOWN);
	}
	if (m->m_pkt.len > ifp->if_mtu + ETHER_HDR_LEN && ether_toolong(ifp, m)) {
		lagg_vnet(ifp->if_vnet)->lv_toobig++;
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (EMSGSIZE);
	}
	if ((lp = lagg_select(sc, m)) == NULL)
		return (lagg_nocarrier(sc, m));
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	return (sc->sc_proto == LAGG_BROADCAST ? lagg_everywhere(sc, lp, m) : if_transmit(lp->lp_ifp, m));
}
