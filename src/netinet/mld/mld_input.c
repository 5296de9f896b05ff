/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages received: queries of routers, reports of other hosts. */
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/mld/mld.h"
#include "wire/mld.h"

#define MLD_MSEC	UINT64_C(1000000)

static void
mld_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

static struct in_addr_any
mld_group(const struct inet_pkt *pk, const uint8_t *addr)
{
	struct in_addr_any a;

	memcpy(a.in6, addr, sizeof(a.in6));
	in6_setzone((uint8_t *)a.in6, pk->ip_rcvif->if_index);
	return (a);
}

static void
mld_query(struct mld_vnet *mv, struct mcast_if *mi, const struct inet_pkt *pk, const struct mld_info *ml)
{
	struct mcast_query q = {
		.mq_age = (uint8_t)(2 - ml->ml_version),
		.mq_rv = ml->ml_qrv,
		.mq_qi = mcast_code8(ml->ml_qqic),
		.mq_delay = (ml->ml_version == 2 ? mcast_code16(ml->ml_maxdelay) : ml->ml_maxdelay) * MLD_MSEC,
		.mq_general = in6_unspecified(ml->ml_group),
		.mq_group = mld_group(pk, ml->ml_group),
		.mq_srcs = ml->ml_srcs,
		.mq_nsrcs = ml->ml_nsrcs,
	};

	if (q.mq_general ? q.mq_nsrcs > 0 : !in6_multicast(ml->ml_group))
		mv->mv_stat.mcs_badquery++;
	else if (mi == NULL)
		mv->mv_stat.mcs_nomem++;
	else
		mcast_query(mi, &q);
}

static void
mld_query_input(struct mld_vnet *mv, struct mcast_if *mi, struct mbuf *m, const struct inet_pkt *pk)
{
	struct mld_info ml;
	enum wire_error we;

	while ((we = mld_query_check(m->m_data, m->m_len, m->m_pkt.len, &ml)) == WIRE_PULLUP) {
		if ((m = m_pullup(m, ml.ml_need)) == NULL) {
			mv->mv_stat.mcs_nomem++;
			return;
		}
	}
	if (we == WIRE_OK)
		mld_query(mv, mi, pk, &ml);
	else if (we == WIRE_SHORT)
		mv->mv_stat.mcs_tooshort++;
	else
		mv->mv_stat.mcs_badquery++;
	m_freem(m);
}

static void
mld_report_input(struct mld_vnet *mv, struct mcast_if *mi, struct mbuf *m, const struct inet_pkt *pk)
{
	struct in_addr_any group;
	struct mld_hdr mh;

	mv->mv_stat.mcs_reports++;
	if (m_copydata(m, 0, sizeof(mh), &mh) != 0) {
		mv->mv_stat.mcs_tooshort++;
	} else if (mi != NULL && in6_multicast(mh.mld_addr)) {
		group = mld_group(pk, mh.mld_addr);
		mcast_heard(mi, &group);
	}
	m_freem(m);
}

/* RFC 9777 6.2 and RFC 2710 5: of this link, with hop limit 1 and an alert.  Reports may come from ::, of hosts without an address yet. */
static uint64_t *
mld_untrusted(struct mld_vnet *mv, const struct inet_pkt *pk, uint8_t type)
{
	const uint8_t *src = (const uint8_t *)pk->ip_src.in6;

	if (pk->ip_ttl != 1)
		return (&mv->mv_stat.mcs_badttl);
	if (!in6_linklocal(src) && (type == MLD_LISTENER_QUERY || !in6_unspecified(src)))
		return (&mv->mv_stat.mcs_badsrc);
	return (pk->ip_rtalert ? NULL : &mv->mv_stat.mcs_noalert);
}

void
mld_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct mld_vnet *mv = mld_vnet(pk->ip_vnet);
	const uint8_t type = m->m_data[0];
	struct mcast_if *mi;
	uint64_t *why;

	mv->mv_stat.mcs_received++;
	if (pk->ip_rcvif == NULL || (pk->ip_rcvif->if_flags & IFF_LOOPBACK) != 0) {
		mld_drop(m, &mv->mv_stat.mcs_badsrc);
		return;
	}
	if ((why = mld_untrusted(mv, pk, type)) != NULL) {
		mld_drop(m, why);
		return;
	}
	mi = in6_mcast_ifget(pk->ip_rcvif);
	if (type == MLD_LISTENER_QUERY)
		mld_query_input(mv, mi, m, pk);
	else if (type == MLD_LISTENER_REPORT)
		mld_report_input(mv, mi, m, pk);
	else	/* routers' business */
		mld_drop(m, type == MLD_LISTENER_DONE ? &mv->mv_stat.mcs_leaves : &mv->mv_stat.mcs_reports);
}
