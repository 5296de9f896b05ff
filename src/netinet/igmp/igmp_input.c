/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages received: queries of routers, reports of other hosts. */
#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/igmp/igmp.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_var.h"
#include "wire/igmp.h"

#define IGMP_TENTH	UINT64_C(100000000)	/* ns */
#define IGMP_V1_DELAY	(100 * IGMP_TENTH)	/* RFC 9776 7.2.1 */

static void
igmp_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

/* RFC 2113: looked for before m changes. */
static bool
igmp_alerted(const struct inet_pkt *pk)
{
	return (pk->ip_opts != NULL && ip_opt_has(pk->ip_opts - IP_MINHLEN, pk->ip_hlen, IPOPT_RA));
}

/* RFC 9776 9.1 and 9.2: one of the link, or one that has no address yet. */
static bool
igmp_onlink(const struct ifnet *ifp, uint32_t src)
{
	const struct ifaddr *ifa;

	if (src == 0)
		return (true);
	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET && in_samenet(src, ifa->ifa_addr.na_in, ifa->ifa_mask))
			return (true);
	return (false);
}

static void
igmp_query(struct igmp_vnet *gv, struct mcast_if *mi, const struct inet_pkt *pk, const struct igmp_info *ig)
{
	struct mcast_query q = {
		.mq_age = (uint8_t)(3 - ig->ig_version),
		.mq_rv = ig->ig_qrv,
		.mq_qi = mcast_code8(ig->ig_qqic),
		.mq_delay = ig->ig_version == 3 ? mcast_code8(ig->ig_code) * IGMP_TENTH :
		    ig->ig_version == 2 ? ig->ig_code * IGMP_TENTH : IGMP_V1_DELAY,
		.mq_general = ig->ig_group == 0 || ig->ig_version == 1,
		.mq_group = in4_any(ig->ig_group),
		.mq_srcs = ig->ig_srcs,
		.mq_nsrcs = ig->ig_nsrcs,
	};

	/* RFC 9776 4.1.9: a general query asks for no sources; others ask for a group. */
	if (q.mq_general ? q.mq_nsrcs > 0 : !in_multicast(ig->ig_group))
		gv->gv_stat.mcs_badquery++;
	else if (q.mq_general && in_multicast(pk->ip_dst.in4) && pk->ip_dst.in4 != HTONL(INADDR_ALLHOSTS_GROUP))
		gv->gv_stat.mcs_badquery++;	/* 9.1 */
	else if (pk->ip_ttl != 1)
		gv->gv_stat.mcs_badttl++;
	else if (mi == NULL)
		gv->gv_stat.mcs_nomem++;
	else
		mcast_query(mi, &q);
}

static void
igmp_report(struct igmp_vnet *gv, struct mcast_if *mi, const struct inet_pkt *pk, const struct igmp_info *ig)
{
	const struct in_addr_any group = in4_any(ig->ig_group);

	gv->gv_stat.mcs_reports++;
	if (!igmp_onlink(pk->ip_rcvif, pk->ip_src.in4))
		gv->gv_stat.mcs_badsrc++;
	else if (mi != NULL && in_multicast(ig->ig_group))
		mcast_heard(mi, &group);
}

static void
igmp_dispatch(struct igmp_vnet *gv, const struct inet_pkt *pk, const struct igmp_info *ig, bool alerted)
{
	struct mcast_if *mi = in_mcast_ifget(pk->ip_rcvif);

	switch (ig->ig_type) {
	case IGMP_HOST_MEMBERSHIP_QUERY:
		if (!alerted && gv->gv_requirealert != 0 && ig->ig_version > 1)
			gv->gv_stat.mcs_noalert++;
		else
			igmp_query(gv, mi, pk, ig);
		break;
	case IGMP_V1_HOST_MEMBERSHIP_REPORT:
	case IGMP_V2_HOST_MEMBERSHIP_REPORT:
		igmp_report(gv, mi, pk, ig);
		break;
	case IGMP_V3_HOST_MEMBERSHIP_REPORT:	/* routers' business */
		gv->gv_stat.mcs_reports++;
		break;
	case IGMP_HOST_LEAVE_MESSAGE:
		gv->gv_stat.mcs_leaves++;
		break;
	default:
		gv->gv_stat.mcs_unknown++;
		break;
	}
}

void
igmp_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct igmp_vnet *gv = igmp_vnet(pk->ip_vnet);
	const bool alerted = igmp_alerted(pk);
	struct igmp_info ig;
	enum wire_error we;

	gv->gv_stat.mcs_received++;
	if (pk->ip_rcvif == NULL || (pk->ip_rcvif->if_flags & IFF_LOOPBACK) != 0) {
		igmp_drop(m, &gv->gv_stat.mcs_badsrc);
		return;
	}
	if ((m->m_pkt.csum_flags & CSUM_DATA_VALID) == 0 && cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0)) != 0) {
		igmp_drop(m, &gv->gv_stat.mcs_badsum);
		return;
	}
	while ((we = igmp_check(m->m_data, m->m_len, m->m_pkt.len, &ig)) == WIRE_PULLUP) {
		if ((m = m_pullup(m, ig.ig_need)) == NULL) {
			gv->gv_stat.mcs_nomem++;
			return;
		}
	}
	if (we != WIRE_OK) {
		igmp_drop(m, we == WIRE_SHORT ? &gv->gv_stat.mcs_tooshort : &gv->gv_stat.mcs_badquery);
		return;
	}
	igmp_dispatch(gv, pk, &ig, alerted);
	m_freem(m);
}
