/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet: what Ethernet-like drivers share.  RFC 894 encapsulation; broadcast and groups are
 * mapped here (RFC 1112 6.4, RFC 2464 7), other next hops are resolved by their family.
 */
#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "net/if_over.h"
#include "wire/ether.h"

struct ether_vnet {
	uint64_t	ev_short, ev_badtype, ev_badlen, ev_badsource, ev_notours, ev_nomem;
};
VNET_STATE_DECLARE(ether);
VNET_STATE_DEFINE(ether);

static const uint8_t etherbroadcastaddr[ETHER_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

void
ether_ifinit(struct ifnet *ifp, const uint8_t lladdr[6])
{
	ifp->if_addrlen = ETHER_ADDR_LEN;
	ifp->if_hdrlen = ETHER_HDR_LEN;
	ifp->if_mtu = ETHERMTU;
	ifp->if_flags |= IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	memcpy(ifp->if_lladdr, lladdr, ETHER_ADDR_LEN);
}

static int
ether_drop(struct ifnet *ifp, struct mbuf *m, int error)
{
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

int
ether_transmit_over(struct ifnet *ifp, struct mbuf *m)
{
	struct if_over *port = ifp->if_extra->ix_port;

	return (port != NULL ? port->ov_ops->ovo_output(port, m) : if_transmit(ifp, m));
}

/*
 * The frame gets a tag of VLAN 0, which says its priority only (IEEE 802.1Q 9.6 b).  A vlan's frames get theirs with the vlan's tag.
 */
static struct mbuf *
ether_priority(struct ifnet *ifp, struct mbuf *m)
{
	const unsigned pcp = m->m_pkt.pcp != 0 ? m->m_pkt.pcp : ifp->if_pcp;

	if (ifp->if_cloner == &vlan_cloner)
		return (m);
	if ((m = vlan_tag(m, ETHERTYPE_VLAN, (uint16_t)((pcp - 1) << 13))) == NULL)
		ifp->if_stats.ifs_oerrors++;
	return (m);
}

int
ether_frame(struct ifnet *ifp, struct mbuf *m, uint16_t ethertype, const uint8_t dst[6])
{
	struct ether_header *eh;

	if (!if_up(ifp))
		return (ether_drop(ifp, m, ENETDOWN));
	if ((m = m_prepend(m, ETHER_HDR_LEN)) == NULL) {
		ifp->if_stats.ifs_oerrors++;
		return (ENOBUFS);
	}
	eh = mtod(m, struct ether_header *);
	memcpy(eh->ether_dhost, dst, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = HTONS(ethertype);
	m->m_pkt.l2hlen = ETHER_HDR_LEN;
	m->m_flags &= (uint16_t)~M_LOOP;
	if (ether_multicast(dst))
		ifp->if_stats.ifs_omcasts++;
	if (__builtin_expect((ifp->if_pcp | m->m_pkt.pcp) != 0, 0) && (m = ether_priority(ifp, m)) == NULL)
		return (ENOBUFS);
	return (ether_transmit(ifp, m));
}

bool
ether_toolong(const struct ifnet *ifp, const struct mbuf *m)
{
	uint16_t type;

	if (m->m_pkt.len <= ifp->if_mtu + ETHER_HDR_LEN)
		return (false);
	if (m->m_pkt.segsz != 0)
		return (m->m_pkt.segsz >= ifp->if_mtu);
	if (m->m_pkt.len > ifp->if_mtu + ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN ||
	    m_copydata(m, offsetof(struct ether_header, ether_type), sizeof(type), &type) != 0)
		return (true);
	return (type != HTONS(ETHERTYPE_VLAN) && type != HTONS(ETHERTYPE_QINQ));
}

int
ether_output(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[nh->na_af];
	const uint16_t type = net_addr_carries(nh) == NET_AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	uint8_t dst[ETHER_ADDR_LEN];
	int error;

	if (!if_up(ifp))
		return (ether_drop(ifp, m, ENETDOWN));
	if (nh->na_af == NET_AF_INET6 && in6_multicast(nh->na_in6)) {
		ether_map_ipv6_multicast(nh->na_in6, dst);
		return (ether_frame(ifp, m, type, dst));
	}
	if (nh->na_af == NET_AF_INET && in_multicast(nh->na_in)) {
		ether_map_ip_multicast(nh->na_in, dst);
		return (ether_frame(ifp, m, type, dst));
	}
	if (nh->na_af == NET_AF_INET && ((m->m_flags & M_BCAST) != 0 || in_broadcast(nh->na_in)))
		return (ether_frame(ifp, m, type, etherbroadcastaddr));
	if (ops == NULL || ops->nao_resolve == NULL)
		return (ether_drop(ifp, m, EAFNOSUPPORT));
	if ((error = ops->nao_resolve(ifp, m, nh, dst)) != 0)
		return (error == EWOULDBLOCK ? 0 : error);
	return (ether_frame(ifp, m, type, dst));
}

bool
ether_linkhdr(struct ifnet *ifp, const struct net_addr *nh, uint8_t *hdr)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[nh->na_af];
	struct ether_header *eh = (void *)hdr;

	if (ifp->if_pcp != 0 || ops == NULL || ops->nao_known == NULL || !ops->nao_known(ifp, nh, eh->ether_dhost))
		return (false);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = net_addr_carries(nh) == NET_AF_INET ? HTONS(ETHERTYPE_IP) : HTONS(ETHERTYPE_IPV6);
	return (true);
}

/* Counts the reason of a bad frame. */
static void
ether_bad(struct ether_vnet *ev, enum wire_error e)
{
	switch (e) {
	case WIRE_BADTYPE:
		ev->ev_badtype++;
		break;
	case WIRE_BADLEN:
		ev->ev_badlen++;
		break;
	case WIRE_BADADDR:
		ev->ev_badsource++;
		break;
	default:
		ev->ev_short++;
		break;
	}
}

/* The header, contiguous and checked; NULL: dropped and counted. */
static struct mbuf *
ether_header(struct ifnet *ifp, struct mbuf *m, struct ether_info *ei)
{
	struct ether_vnet *ev = ether_vnet(ifp->if_vnet);
	enum wire_error e;

	e = ether_check(m->m_data, m->m_len, m->m_pkt.len, ei);
	if (e == WIRE_PULLUP) {
		if ((m = m_pullup(m, ei->ei_need)) == NULL) {
			ev->ev_nomem++;
			ifp->if_stats.ifs_ierrors++;
			return (NULL);
		}
		e = ether_check(m->m_data, m->m_len, m->m_pkt.len, ei);
	}
	if (e == WIRE_OK)
		return (m);
	ether_bad(ev, e);
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
	return (NULL);
}

/*
 * Is the frame for this station?  One that only PROMISC lets in is for whoever listens to the link,
 * not for the stack.
 */
static bool
ether_accept(struct ifnet *ifp, struct mbuf *m, const struct ether_info *ei)
{
	if (ei->ei_mcast) {
		m->m_flags |= ei->ei_bcast ? M_BCAST : M_MCAST;
		ifp->if_stats.ifs_imcasts++;
		return (true);
	}
	if (ether_equal(mtod(m, struct ether_header *)->ether_dhost, ifp->if_lladdr))
		return (true);
	ether_vnet(ifp->if_vnet)->ev_notours++;
	return (false);
}

/* A whole header with a type, from a station to this one: by far the most. */
static bool
ether_isplain(const struct ifnet *ifp, const struct mbuf *m)
{
	const struct ether_header *eh = mtod(m, const struct ether_header *);

	return (m->m_len >= ETHER_HDR_LEN && ether_equal(eh->ether_dhost, ifp->if_lladdr) &&
	    !ether_multicast(eh->ether_shost) && NTOHS(eh->ether_type) >= ETHERTYPE_MIN);
}

/* It is for us: without its link header to whom it is of.  Type 0, a length frame, has no protocol. */
static void
ether_tostack(struct ifnet *ifp, struct mbuf *m, uint16_t type)
{
	/*
	 * What another stack left to be summed or cut never was on a wire: nothing can have damaged
	 * it.  Whoever sends it to a real one does the rest.
	 */
	if ((m->m_pkt.csum_flags & (CSUM_DELAY_DATA | CSUM_TSO)) != 0)
		m->m_pkt.csum_flags |= CSUM_IP_VALID | CSUM_DATA_VALID;
	m_adj(m, ETHER_HDR_LEN);
	net_input(ifp, type, m);
}

void
ether_input_stack(struct ifnet *ifp, struct mbuf *m, const struct ether_info *ei)
{
	if (!ether_accept(ifp, m, ei)) {
		m_freem(m);
		return;
	}
	ether_tostack(ifp, m, ei->ei_type);
}

/* To whom is above the interface; NULL: no more is to be done. */
static struct mbuf *
ether_over(struct ifnet *ifp, struct mbuf *m, const struct ether_info *ei)
{
	struct if_over *port = ifp->if_extra->ix_port;

	if (port != NULL && (m = port->ov_ops->ovo_input(port, m, ei)) == NULL)
		return (NULL);
	return (vlan_input(ifp, m, ei));
}

void
ether_input(struct ifnet *ifp, struct mbuf *m)
{
	struct ether_info ei;

	if (!if_up(ifp)) {
		ifp->if_stats.ifs_iqdrops++;
		m_freem(m);
		return;
	}
	if (ifp->if_extra == NULL && ether_isplain(ifp, m)) {
		ether_tostack(ifp, m, NTOHS(mtod(m, const struct ether_header *)->ether_type));
		return;
	}
	if ((m = ether_header(ifp, m, &ei)) == NULL)
		return;
	if (ifp->if_extra != NULL && (m = ether_over(ifp, m, &ei)) == NULL)
		return;
	ether_input_stack(ifp, m, &ei);
}

void
ether_input_carried(struct ifnet *ifp, struct mbuf *m)
{
	struct if_over *port = ifp->if_extra != NULL ? ifp->if_extra->ix_port : NULL;
	struct ether_info ei;

	if (!if_up(ifp) || port == NULL) {
		ifp->if_stats.ifs_noproto++;
		m_freem(m);
		return;
	}
	m->m_flags &= (uint16_t)~M_ETHER;
	/* What is left is for a stack of the interface's own, which has no Ethernet. */
	if ((m = ether_header(ifp, m, &ei)) != NULL && (m = port->ov_ops->ovo_input(port, m, &ei)) != NULL)
		m_freem(m);
}

static const struct stat_desc ether_stats[] = {
	STAT("ether", struct ether_vnet, ev_short, "frame%s shorter than their header"),
	STAT("ether", struct ether_vnet, ev_badtype, "frame%s with neither type nor length"),
	STAT("ether", struct ether_vnet, ev_badlen, "frame%s shorter than their length field"),
	STAT("ether", struct ether_vnet, ev_badsource, "frame%s with a group as source"),
	STAT("ether", struct ether_vnet, ev_notours, "frame%s for other stations"),
	STAT("ether", struct ether_vnet, ev_nomem, "frame%s dropped for lack of memory"),
	STAT_END
};

VNET_MODULE(ether,
	.vm_size = sizeof(struct ether_vnet),
	.vm_after = "net lo",
	.vm_stats = ether_stats);
