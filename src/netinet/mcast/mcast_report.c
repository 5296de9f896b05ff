/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * What routers are told (RFC 3376 5, RFC 9776, RFC 3810 6, RFC 9777).  A change of an interface's state is told at once and again, robustness - 1
 * times, after random waits of up to the unsolicited report interval; queries are answered after a random wait.  All of it hangs on one timer per
 * interface and family, which runs when the first thing is due and looks at all groups.
 *
 * A change report is made of what is to be told still when it goes out, so that a change during the repetitions of another is merged with it
 * (RFC 3376 5.1): mg_modechg reports tell the filter mode with the whole list, later ones the sources whose ms_rexmit is not used up.  A group that
 * nobody wants any more stays until its farewell was repeated.
 *
 * With routers of an older version on the link (mcast_age) groups are told one by one and without sources, and the same counters serve.
 *
 * Bounds: one timer, one mbuf at a time; MCAST_MAXASKED sources remembered for an answer.  A query costs a walk over the groups.
 */
#include <string.h>

#include "base/endian.h"
#include "base/in6addr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/mcast/mcast.h"

#define MCAST_MSEC	UINT64_C(1000000)
#define MCAST_SEC	(1000 * MCAST_MSEC)
#define MCAST_OLDUNSOL	(10 * MCAST_SEC)	/* RFC 2236 8.10 */
#define MCAST_ROOM	(MCLBYTES - MAX_HDR)
#define REC_HDRLEN	4u

static const struct mcast_proto *
mcast_proto(const struct mcast_if *mi)
{
	return (*mi->mi_proto);
}

uint64_t
mcast_random(const struct mcast_if *mi, uint64_t max)
{
	return (kernel_random_below(mi->mi_vnet->vn_kernel, (uint32_t)(max / MCAST_MSEC) + 1) * MCAST_MSEC);
}

unsigned
mcast_robustness(const struct mcast_if *mi)
{
	return (mi->mi_rv != 0 ? mi->mi_rv : (unsigned)mcast_proto(mi)->mp_knobs(mi->mi_vnet)->mk_robustness);
}

/* RFC 3376 8.11: the next repetition. */
static uint64_t
mcast_again(const struct mcast_if *mi)
{
	const uint64_t max = mi->mi_age > 0 ? MCAST_OLDUNSOL : (uint64_t)mcast_proto(mi)->mp_knobs(mi->mi_vnet)->mk_unsolicited * MCAST_SEC;

	return (vnet_now(mi->mi_vnet) + MCAST_MSEC + mcast_random(mi, max - MCAST_MSEC));
}

void
mcast_schedule(struct mcast_if *mi, uint64_t when)
{
	if (!callout_pending(&mi->mi_timer) || when < mi->mi_timer.c_time)
		callout_reset_at(&mi->mi_timer, when);
}

bool
mcast_silent(const struct mcast_group *mg)
{
	const struct ifnet *ifp = mg->mg_if->mi_ifp;

	return (mcast_proto(mg->mg_if) == NULL || !if_up(ifp) || (ifp->if_flags & IFF_LOOPBACK) != 0 || (ifp->if_flags & IFF_MULTICAST) == 0 ||
	    !mcast_proto(mg->mg_if)->mp_reportable(mg->mg_if->mi_vnet, &mg->mg_addr));
}

/* Nothing is due. */
static void
group_cancel(struct mcast_group *mg)
{
	struct mcast_src *ms;

	mg->mg_change = mg->mg_answer = 0;
	mg->mg_modechg = 0;
	mcast_forget_asked(mg);
	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)
		ms->ms_rexmit = 0;
}

void
mcast_cancel(struct mcast_if *mi)
{
	struct mcast_group *mg, *next;

	mi->mi_general = 0;
	callout_stop(&mi->mi_timer);
	for (mg = RB_MIN(mcast_groups, &mi->mi_groups); mg != NULL; mg = next) {
		next = RB_NEXT(mcast_groups, &mi->mi_groups, mg);
		group_cancel(mg);
		(void)mcast_reap(mg);
	}
}

uint8_t
mcast_age_now(const struct mcast_if *mi)
{
	const struct mcast_proto *mp = mcast_proto(mi);
	const int least = mp->mp_versions - mp->mp_knobs(mi->mi_vnet)->mk_version;
	const uint64_t now = vnet_now(mi->mi_vnet);
	int age;

	for (age = MCAST_AGES - 1; age > least && mi->mi_oldtil[age] <= now; age--)
		;
	return ((uint8_t)age);
}

/* RFC 3376 7.2.1: a host that changes its version forgets what it had to answer and to repeat. */
uint8_t
mcast_age(struct mcast_if *mi)
{
	const uint8_t age = mcast_age_now(mi);

	if (age != mi->mi_age) {
		mi->mi_age = age;
		mcast_cancel(mi);
	}
	return (age);
}

/* Changes */

static bool
changed_sources(struct mcast_group *mg, uint8_t rv)
{
	struct mcast_src *ms;
	bool any = false;

	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs) {
		if (mcast_listed(mg, ms) == ms->ms_was)
			continue;
		ms->ms_rexmit = rv;
		any = true;
	}
	return (any);
}

/* RFC 3376 5.1: the table of differences. */
static bool
changed_new(struct mcast_group *mg, uint8_t rv)
{
	struct mcast_src *ms;

	if (mcast_excludes(mg) == mg->mg_wasexc)
		return (changed_sources(mg, rv));
	mg->mg_modechg = rv;
	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)	/* the list is told with the mode */
		ms->ms_rexmit = 0;
	return (true);
}

/* RFC 2236 3, RFC 2710 4: only whether there is somebody. */
static bool
changed_old(struct mcast_group *mg, uint8_t rv)
{
	if (mcast_hasstate(mg) == (mg->mg_wasexc || mg->mg_wasinc))
		return (false);
	mg->mg_modechg = mcast_hasstate(mg) ? rv : 1;
	mg->mg_answer = 0;
	return (true);
}

void
mcast_changed(struct mcast_group *mg)
{
	struct mcast_if *mi = mg->mg_if;
	uint8_t rv;

	if (mcast_silent(mg)) {
		group_cancel(mg);
		return;
	}
	rv = (uint8_t)mcast_robustness(mi);
	if (mi->mi_age > 0 ? !changed_old(mg, rv) : !changed_new(mg, rv))
		return;
	/* A lane that never ran has no time yet. */
	mg->mg_change = MAX(vnet_now(mi->mi_vnet), UINT64_C(1));
	mcast_schedule(mi, mg->mg_change);
}

void
mcast_ifup(struct mcast_if *mi)
{
	struct mcast_group *mg;
	struct mcast_src *ms;

	if (mcast_proto(mi) == NULL)
		return;
	(void)mcast_age(mi);
	mi->mi_unspec = false;
	RB_FOREACH(mg, mcast_groups, &mi->mi_groups) {
		mg->mg_wasexc = mg->mg_wasinc = false;
		RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)
			ms->ms_was = false;
		if (mcast_hasstate(mg))
			mcast_changed(mg);
	}
}

void
mcast_event(enum net_af af, enum vnet_event ev, void *obj)
{
	struct mcast_if *mi;

	if ((ev != VNET_EV_IFUP && ev != VNET_EV_IFDOWN) || (mi = ((struct ifnet *)obj)->if_mcast[af]) == NULL)
		return;
	if (ev == VNET_EV_IFUP)
		mcast_ifup(mi);
	else
		mcast_cancel(mi);
}

/* Reports of the newest version: records, as many as fit the link. */

struct report {
	struct mcast_if	*rp_if;
	struct mbuf	*rp_m;		/* records; NULL: none yet */
	unsigned	 rp_nrecs;
	/* the record being written */
	const struct mcast_group *rp_group;
	enum mcast_rec	 rp_type;
	uint32_t	 rp_at;		/* where it begins */
	uint16_t	 rp_nsrcs;
	bool		 rp_open;
};

static size_t
report_limit(const struct report *rp)
{
	const struct mcast_proto *mp = mcast_proto(rp->rp_if);
	const uint32_t mtu = rp->rp_if->mi_ifp->if_mtu;

	return (mtu < mp->mp_overhead ? 0 : szmin(mtu - mp->mp_overhead, MCAST_ROOM));
}

static bool
report_fits(const struct report *rp, size_t len)
{
	return ((rp->rp_m == NULL ? 0 : rp->rp_m->m_len) + len <= report_limit(rp));
}

static void
report_flush(struct report *rp)
{
	struct mbuf *m = rp->rp_m;

	rp->rp_m = NULL;
	if (m == NULL)
		return;
	if (rp->rp_nrecs == 0) {
		m_freem(m);
		return;
	}
	m->m_pkt.len = m->m_len;
	mcast_proto(rp->rp_if)->mp_stat(rp->rp_if->mi_vnet)->mcs_snd_records += rp->rp_nrecs;
	if (!mcast_proto(rp->rp_if)->mp_report(rp->rp_if, m, rp->rp_nrecs))
		rp->rp_if->mi_unspec = true;
	rp->rp_nrecs = 0;
}

static void
report_addr(struct report *rp, const struct in_addr_any *a)
{
	const uint8_t len = mcast_proto(rp->rp_if)->mp_addrlen;
	uint8_t *p = rp->rp_m->m_data + rp->rp_m->m_len;

	memcpy(p, a->in6, len);
	if (len == IN6_ADDRLEN)
		in6_setzone(p, 0);
	rp->rp_m->m_len += len;
}

/* Begins a record, in another message when there is no room for a source. */
static bool
record_open(struct report *rp, const struct mcast_group *mg, enum mcast_rec type)
{
	const size_t need = REC_HDRLEN + 2u * mcast_proto(rp->rp_if)->mp_addrlen;
	uint8_t *p;

	if (rp->rp_m != NULL && !report_fits(rp, need))
		report_flush(rp);
	if (rp->rp_m == NULL) {
		if (!report_fits(rp, need) || (rp->rp_m = m_getcl(vnet_acct(rp->rp_if->mi_vnet), MCLBYTES, true)) == NULL) {
			mcast_proto(rp->rp_if)->mp_stat(rp->rp_if->mi_vnet)->mcs_snd_errors++;
			return (false);
		}
		rp->rp_m->m_data = m_bufstart(rp->rp_m) + MAX_HDR;
	}
	rp->rp_group = mg;
	rp->rp_type = type;
	rp->rp_at = rp->rp_m->m_len;
	rp->rp_nsrcs = 0;
	rp->rp_open = true;
	p = rp->rp_m->m_data + rp->rp_at;
	memset(p, 0, REC_HDRLEN);
	p[0] = (uint8_t)type;
	rp->rp_m->m_len += REC_HDRLEN;
	report_addr(rp, &mg->mg_addr);
	return (true);
}

static void
record_close(struct report *rp)
{
	if (!rp->rp_open)
		return;
	be16enc(rp->rp_m->m_data + rp->rp_at + 2, rp->rp_nsrcs);
	rp->rp_nrecs++;
	rp->rp_open = false;
}

/*
 * A source of the record, which is begun with its first one.  RFC 3376 4.2.16: what is too long goes on in another message, but the list of a record that
 * excludes ends where the message does.
 */
static void
record_src(struct report *rp, const struct mcast_group *mg, enum mcast_rec type, const struct in_addr_any *src)
{
	if (rp->rp_open && !report_fits(rp, mcast_proto(rp->rp_if)->mp_addrlen)) {
		if (type == MCAST_IS_EX || type == MCAST_TO_EX)
			return;
		record_close(rp);
		report_flush(rp);
	}
	if (!rp->rp_open && !record_open(rp, mg, type))
		return;
	report_addr(rp, src);
	rp->rp_nsrcs++;
}

/* The whole list; the record is there when the list is empty, too. */
static void
record_all(struct report *rp, struct mcast_group *mg, enum mcast_rec type)
{
	struct mcast_src *ms;

	if (!record_open(rp, mg, type))
		return;
	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)
		if (mcast_listed(mg, ms))
			record_src(rp, mg, type, &ms->ms_addr);
	record_close(rp);
}

/* The sources that changed and are to be forwarded, or blocked. */
static void
record_changed(struct report *rp, struct mcast_group *mg, enum mcast_rec type)
{
	const bool listed = (type == MCAST_BLOCK) == mcast_excludes(mg);
	struct mcast_src *ms;

	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)
		if (ms->ms_rexmit > 0 && mcast_listed(mg, ms) == listed)
			record_src(rp, mg, type, &ms->ms_addr);
	record_close(rp);
}

/* RFC 3376 5.2, third: of the sources asked for, those that are wanted. */
static void
record_asked(struct report *rp, struct mcast_group *mg)
{
	const struct mcast_src *ms;

	for (unsigned i = 0; i < mg->mg_nasked; i++) {
		ms = mcast_src_find(mg, &mg->mg_asked[i]);
		if ((ms != NULL && mcast_listed(mg, ms)) != mcast_excludes(mg))
			record_src(rp, mg, MCAST_IS_IN, &mg->mg_asked[i]);
	}
	record_close(rp);
}

static void
report_current(struct report *rp, struct mcast_group *mg)
{
	if (mcast_hasstate(mg))
		record_all(rp, mg, mcast_excludes(mg) ? MCAST_IS_EX : MCAST_IS_IN);
}

static void
report_answer(struct report *rp, struct mcast_group *mg)
{
	if (mg->mg_asked == NULL)
		report_current(rp, mg);
	else if (mcast_hasstate(mg))
		record_asked(rp, mg);
	mg->mg_answer = 0;
	mcast_forget_asked(mg);
}

/* One more report about a change went out. */
static void
change_told(struct mcast_group *mg)
{
	struct mcast_src *ms;
	bool more;

	if (mg->mg_modechg > 0)
		mg->mg_modechg--;
	more = mg->mg_modechg > 0;
	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs) {
		if (ms->ms_rexmit > 0)
			ms->ms_rexmit--;
		more |= ms->ms_rexmit > 0;
	}
	mg->mg_change = more ? mcast_again(mg->mg_if) : 0;
}

static void
report_change(struct report *rp, struct mcast_group *mg)
{
	if (mg->mg_modechg > 0) {
		record_all(rp, mg, mcast_excludes(mg) ? MCAST_TO_EX : MCAST_TO_IN);
	} else {
		record_changed(rp, mg, MCAST_ALLOW);
		record_changed(rp, mg, MCAST_BLOCK);
	}
	change_told(mg);
}

static bool
is_due(uint64_t when, uint64_t now)
{
	return (when != 0 && when <= now);
}

static void
timer_new(struct mcast_if *mi, uint64_t now)
{
	const bool general = is_due(mi->mi_general, now);
	struct report rp = { .rp_if = mi };
	struct mcast_group *mg;

	RB_FOREACH(mg, mcast_groups, &mi->mi_groups) {
		if (mcast_silent(mg))
			group_cancel(mg);
		else if (general)
			report_current(&rp, mg);
		else if (is_due(mg->mg_answer, now))
			report_answer(&rp, mg);
	}
	report_flush(&rp);
	if (general)
		mi->mi_general = 0;
	RB_FOREACH(mg, mcast_groups, &mi->mi_groups)
		if (is_due(mg->mg_change, now))
			report_change(&rp, mg);
	report_flush(&rp);
}

/* Older versions */

static void
old_report(struct mcast_group *mg)
{
	if (!mcast_proto(mg->mg_if)->mp_oldreport(mg->mg_if, &mg->mg_addr))
		mg->mg_if->mi_unspec = true;
	mg->mg_last = true;
}

static void
old_change(struct mcast_group *mg)
{
	if (mcast_hasstate(mg))
		old_report(mg);
	else if (mg->mg_last && mg->mg_if->mi_age == 1)		/* RFC 2236 3: IGMPv1 goes in silence */
		mcast_proto(mg->mg_if)->mp_oldleave(mg->mg_if, &mg->mg_addr);
	change_told(mg);
}

static void
timer_old(struct mcast_if *mi, uint64_t now)
{
	struct mcast_group *mg;

	RB_FOREACH(mg, mcast_groups, &mi->mi_groups) {
		if (mcast_silent(mg)) {
			group_cancel(mg);
			continue;
		}
		if (is_due(mg->mg_change, now)) {
			old_change(mg);
		} else if (is_due(mg->mg_answer, now) && mcast_hasstate(mg)) {
			old_report(mg);
		}
		if (is_due(mg->mg_answer, now))
			mg->mg_answer = 0;
	}
}

/* What is due next; groups that are through go. */
static uint64_t
timer_next(struct mcast_if *mi)
{
	uint64_t when = mi->mi_general == 0 ? UINT64_MAX : mi->mi_general;
	struct mcast_group *mg, *next;

	for (mg = RB_MIN(mcast_groups, &mi->mi_groups); mg != NULL; mg = next) {
		next = RB_NEXT(mcast_groups, &mi->mi_groups, mg);
		if (mcast_reap(mg))
			continue;
		when = mg->mg_change != 0 ? MIN(when, mg->mg_change) : when;
		when = mg->mg_answer != 0 ? MIN(when, mg->mg_answer) : when;
	}
	return (when);
}

void
mcast_timer(void *arg)
{
	struct mcast_if *mi = arg;
	const uint64_t now = vnet_now(mi->mi_vnet);
	uint64_t when;

	if (mcast_proto(mi) == NULL)
		return;
	if (mcast_age(mi) > 0)
		timer_old(mi, now);
	else
		timer_new(mi, now);
	if ((when = timer_next(mi)) != UINT64_MAX)
		mcast_schedule(mi, when);
}

void
mcast_stop(struct vnet *vn, enum net_af af)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (ifp->if_mcast[af] != NULL && if_up(ifp))
			mcast_timer(ifp->if_mcast[af]);
}
