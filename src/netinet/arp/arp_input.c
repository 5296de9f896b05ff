/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP messages received: RFC 826 "Packet Reception", with the defence of our own addresses (RFC
 * 5227 2.4).
 */
#include <string.h>

#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/arp/arp_int.h"
#include "wire/arp.h"

#define ARP_DEFEND	10000000000ull	/* ns; RFC 5227 1.1 DEFEND_INTERVAL */

static void
arp_bad(struct arp_stat *as, enum wire_error e)
{
	switch (e) {
	case WIRE_BADTYPE:
		as->as_badhrd++;
		break;
	case WIRE_BADPROTO:
		as->as_badpro++;
		break;
	case WIRE_BADLEN:
		as->as_badlen++;
		break;
	case WIRE_BADOP:
		as->as_badop++;
		break;
	case WIRE_BADADDR:
		as->as_badaddr++;
		break;
	default:
		as->as_short++;
		break;
	}
}

/* Checks the message and frees it; false: dropped and counted. */
static bool
arp_parse(struct arp_vnet *av, struct mbuf *m, struct arp_info *ai)
{
	enum wire_error e = arp_check(m->m_data, m->m_len, m->m_pkt.len, ai);

	if (e == WIRE_PULLUP) {
		if ((m = m_pullup(m, ai->ai_need)) == NULL) {
			av->av_stat.as_nomem++;
			return (false);
		}
		e = arp_check(m->m_data, m->m_len, m->m_pkt.len, ai);
	}
	m_freem(m);
	if (e != WIRE_OK)
		arp_bad(&av->av_stat, e);
	return (e == WIRE_OK);
}

/*
 * RFC 5227 2.4: another uses our address.  Either it is his from now on, at once or when he insists, or everybody is told once in a while whose it is.
 */
static void
arp_defend(struct arp_vnet *av, struct ifaddr *ifa)
{
	const uint64_t now = vnet_now(av->av_vnet);
	const bool lately = ifa->ifa_defended != 0 && now - ifa->ifa_defended < ARP_DEFEND;

	if (av->av_verdict != NULL && av->av_defend != ARP_DEFEND_ALWAYS && (av->av_defend == ARP_DEFEND_NOT || lately)) {
		av->av_stat.as_givenup++;
		av->av_verdict(ifa, ARP_TAKEN);
	} else if (!lately) {
		ifa->ifa_defended = now;
		arp_announce(av, ifa);
	}
}

/* Somebody else sends with our address. */
static void
arp_conflict(struct arp_vnet *av, struct ifaddr *ifa, const struct arp_info *ai)
{
	char mac[ETHER_STRLEN], addr[INADDR_STRLEN];

	av->av_stat.as_dupips++;
	vnet_log(av->av_vnet, LOG_ERR, "arp: %s is using my IP address %s on %s!",
	    ether_addr_ntop(mac, sizeof(mac), ai->ai_sha),
	    inaddr_ntop(addr, sizeof(addr), ai->ai_spa), ifa->ifa_ifp->if_xname);
	arp_defend(av, ifa);
}

static void
arp_moved(struct arp_vnet *av, const struct arp_entry *ae, const struct arp_info *ai)
{
	char from[ETHER_STRLEN], to[ETHER_STRLEN], addr[INADDR_STRLEN];

	(void)inaddr_ntop(addr, sizeof(addr), ae->ae_addr);
	(void)ether_addr_ntop(to, sizeof(to), ai->ai_sha);
	if (ae->ae_state == ARP_PERMANENT && av->av_log_permanent)
		vnet_log(av->av_vnet, LOG_ERR,
		    "arp: %s attempts to modify permanent entry for %s on %s", to, addr,
		    ae->ae_ifp->if_xname);
	else if (ae->ae_state != ARP_PERMANENT && av->av_log_movements)
		vnet_log(av->av_vnet, LOG_INFO, "arp: %s moved from %s to %s on %s", addr,
		    ether_addr_ntop(from, sizeof(from), ae->ae_lladdr), to, ae->ae_ifp->if_xname);
}

/* Is it a host of a net of this interface? */
static bool
arp_onlink(const struct ifnet *ifp, uint32_t addr)
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET &&
		    (in_samenet(addr, ifa->ifa_addr.na_in, ifa->ifa_mask) ||
			((ifp->if_flags & IFF_POINTOPOINT) != 0 && ifa->ifa_dst.na_in == addr)))
			return (true);
	return (false);
}

/*
 * RFC 826's merge: an entry that is there takes what the sender says.  A new one is made only when
 * he asks for us, because we are about to answer him; RFC 826 would make one for an answer nobody
 * asked for, too.
 */
static void
arp_learn(struct arp_vnet *av, struct ifnet *ifp, const struct arp_info *ai, bool asks)
{
	struct arp_entry *ae;

	if (ai->ai_probe)		/* RFC 5227 2.1.1: the sender has no address yet */
		return;
	ae = arp_lookup(av, ifp, ai->ai_spa);
	if (ae == NULL) {
		if (!asks || !arp_onlink(ifp, ai->ai_spa) ||
		    (ae = arp_new(av, ifp, ai->ai_spa)) == NULL)
			return;
	} else if (ae->ae_state >= ARP_VALID && ae->ae_refuse == VI_NEIGH_TAKE && !ether_equal(ae->ae_lladdr, ai->ai_sha)) {
		arp_moved(av, ae, ai);
	}
	if (ae->ae_state != ARP_PERMANENT && ae->ae_refuse == VI_NEIGH_TAKE)
		arp_confirm(av, ae, ai->ai_sha);
}

/*
 * Whom a request for somebody else can be answered with: an entry published for it, or ourselves if
 * we have another way there.
 */
static const uint8_t *
arp_proxy(const struct arp_vnet *av, const struct ifnet *ifp, uint32_t addr)
{
	const struct rt_flow rf = { .rf_dst = { .na_af = NET_AF_INET, .na_in = addr }, .rf_fib = ifp->if_fib, .rf_iif = ifp };
	const struct arp_entry *ae = arp_lookup(av, ifp, addr);
	const struct nhop *nh;

	if (ae != NULL && ae->ae_published && ae->ae_state >= ARP_VALID)
		return (ae->ae_lladdr);
	if (!av->av_proxyall || (nh = rt_lookup(av->av_vnet, &rf)) == NULL)
		return (NULL);
	if ((nh->nh_flags & (RTF_NOWHERE | RTF_LOCAL)) != 0 || nh->nh_ifp == ifp)
		return (NULL);
	return (ifp->if_lladdr);
}

static void
arp_reply(struct arp_vnet *av, struct ifnet *ifp, const struct arp_info *ai, bool forus)
{
	const uint8_t *sha = forus ? ifp->if_lladdr : arp_proxy(av, ifp, ai->ai_tpa);

	/* He asks whether he is alone with his address: for others that is not our question. */
	if (sha == NULL || (!forus && ai->ai_gratuitous))
		return;
	(void)arp_send(av, ifp, ARPOP_REPLY, sha, ai->ai_tpa, ai->ai_sha, ai->ai_spa, ai->ai_sha);
}

void
arp_input(struct ifnet *ifp, struct mbuf *m)
{
	struct arp_vnet *av = arp_vnet(ifp->if_vnet);
	struct arp_info ai;
	struct ifaddr *ifa;
	bool forus;

	VNET_ASSERT_LANE(ifp->if_vnet);
	av->av_stat.as_received++;
	if (av->av_stopping || (ifp->if_flags & IFF_NOARP) != 0) {
		*(av->av_stopping ? &av->av_stat.as_stopped : &av->av_stat.as_noarp) += 1;
		m_freem(m);
		return;
	}
	if (!arp_parse(av, m, &ai))
		return;
	if (ether_equal(ai.ai_sha, ifp->if_lladdr)) {
		av->av_stat.as_ownmac++;
		return;
	}
	++*(ai.ai_op == ARPOP_REQUEST ? &av->av_stat.as_rxrequests : &av->av_stat.as_rxreplies);
	if (!TAILQ_EMPTY(&ifp->if_newaddrs))
		arp_probe_input(av, ifp, &ai);
	if ((ifa = arp_ownaddr(av, ifp, ai.ai_spa)) != NULL)
		arp_conflict(av, ifa, &ai);
	forus = arp_ownaddr(av, ifp, ai.ai_tpa) != NULL;
	if (ifa == NULL && (ifp->if_flags & IFF_STATICARP) == 0)
		arp_learn(av, ifp, &ai, forus && ai.ai_op == ARPOP_REQUEST);
	if (ai.ai_op == ARPOP_REQUEST)
		arp_reply(av, ifp, &ai, forus);
}
