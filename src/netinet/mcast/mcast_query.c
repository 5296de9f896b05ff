/* SPDX-License-Identifier: BSD-2-Clause */
/* Queries of routers (RFC 3376 5.2 and 7.2, RFC 3810 6.2 and 8.2): when they are answered. */
#include <string.h>

#include "base/in6addr.h"
#include "base/util.h"
#include "netinet/mcast/mcast.h"

#define MCAST_SEC	UINT64_C(1000000000)
#define MCAST_MAXRV	7	/* three bits */

/* A value, or a mantissa and an exponent. */
uint32_t
mcast_code8(uint8_t c)
{
	return (c < 0x80 ? c : (uint32_t)((c & 0xf) | 0x10) << ((c >> 4 & 7) + 3));
}

uint32_t
mcast_code16(uint16_t c)
{
	return (c < 0x8000 ? c : (uint32_t)((c & 0xfff) | 0x1000) << ((c >> 12 & 7) + 3));
}

static bool
ask_has(const struct mcast_group *mg, const struct in_addr_any *src)
{
	for (unsigned i = 0; i < mg->mg_nasked; i++)
		if (in_addr_eq(&mg->mg_asked[i], src))
			return (true);
	return (false);
}

static void
ask_sources(struct mcast_group *mg, const struct mcast_query *q)
{
	struct mcast_if *mi = mg->mg_if;
	const uint8_t len = (*mi->mi_proto)->mp_addrlen;
	struct in_addr_any src;

	if (mg->mg_asked == NULL)
		mg->mg_asked = kmalloc(vnet_acct(mi->mi_vnet), ACCT_IFADDR, MCAST_MAXASKED * sizeof(*mg->mg_asked));
	for (unsigned i = 0; i < q->mq_nsrcs && mg->mg_asked != NULL; i++) {
		src = in4_any(0);	/* the whole union */
		memcpy(src.in6, q->mq_srcs + (size_t)i * len, len);
		if (len == IN6_ADDRLEN)
			in6_setzone((uint8_t *)src.in6, mi->mi_ifp->if_index);
		if (ask_has(mg, &src))
			continue;
		if (mg->mg_nasked == MCAST_MAXASKED)	/* too many: all is told */
			mcast_forget_asked(mg);
		else
			mg->mg_asked[mg->mg_nasked++] = src;
	}
}

/* RFC 3376 5.2, third to fifth rule. */
static void
ask_group(struct mcast_group *mg, const struct mcast_query *q, uint64_t when)
{
	if (q->mq_nsrcs == 0 || (mg->mg_answer != 0 && mg->mg_asked == NULL))
		mcast_forget_asked(mg);
	else
		ask_sources(mg, q);
	mg->mg_answer = mg->mg_answer == 0 ? when : MIN(mg->mg_answer, when);
	mcast_schedule(mg->mg_if, mg->mg_answer);
}

static void
query_new(struct mcast_if *mi, const struct mcast_query *q)
{
	const uint64_t when = vnet_now(mi->mi_vnet) + mcast_random(mi, q->mq_delay);
	struct mcast_group *mg;

	if (mi->mi_general != 0 && mi->mi_general < when)	/* first rule */
		return;
	if (q->mq_general) {
		mi->mi_general = when;
		mcast_schedule(mi, when);
	} else if ((mg = mcast_group_find(mi, &q->mq_group)) != NULL && mcast_hasstate(mg) && !mcast_silent(mg)) {
		ask_group(mg, q, when);
	}
}

/* RFC 2236 3, RFC 2710 4: each group has its own time, which a new query can only bring forward. */
static void
ask_old(struct mcast_group *mg, const struct mcast_query *q)
{
	struct mcast_if *mi = mg->mg_if;
	const uint64_t now = vnet_now(mi->mi_vnet);

	if (!mcast_hasstate(mg) || mcast_silent(mg))
		return;
	if (mg->mg_answer == 0 || mg->mg_answer > now + q->mq_delay)
		mg->mg_answer = now + mcast_random(mi, q->mq_delay);
	mcast_schedule(mi, mg->mg_answer);
}

static void
query_old(struct mcast_if *mi, const struct mcast_query *q)
{
	struct mcast_group *mg;

	if (q->mq_general) {
		RB_FOREACH(mg, mcast_groups, &mi->mi_groups)
			ask_old(mg, q);
	} else if ((mg = mcast_group_find(mi, &q->mq_group)) != NULL) {
		ask_old(mg, q);
	}
}

void
mcast_query(struct mcast_if *mi, const struct mcast_query *q)
{
	struct mcast_stat *mst = (*mi->mi_proto)->mp_stat(mi->mi_vnet);

	mst->mcs_queries++;
	if (q->mq_general)
		mst->mcs_general++;
	else if (q->mq_nsrcs == 0)
		mst->mcs_group++;
	else
		mst->mcs_gsr++;
	if (q->mq_age == 0) {
		mi->mi_rv = (uint8_t)MIN(q->mq_rv, MCAST_MAXRV);
		mi->mi_qi = q->mq_qi != 0 ? q->mq_qi : MCAST_QI;
	} else {
		/* RFC 3376 8.12: the older version querier present timeout */
		mst->mcs_oldqueries++;
		mi->mi_oldtil[q->mq_age] = vnet_now(mi->mi_vnet) + mcast_robustness(mi) * mi->mi_qi * MCAST_SEC + q->mq_delay;
	}
	if (mcast_age(mi) > 0)
		query_old(mi, q);
	else
		query_new(mi, q);
}

void
mcast_heard(struct mcast_if *mi, const struct in_addr_any *group)
{
	struct mcast_group *mg;

	if (mcast_age(mi) == 0 || (mg = mcast_group_find(mi, group)) == NULL || !mcast_hasstate(mg))
		return;
	(*mi->mi_proto)->mp_stat(mi->mi_vnet)->mcs_ourreports++;
	mg->mg_answer = mg->mg_change = 0;
	mg->mg_modechg = 0;
	mg->mg_last = false;
}
