/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Routing sockets: what changes in a vnet's tables and interfaces is read from them as messages, and routes are changed by writing such.
 *
 * The first socket makes the vnet follow its own events (net/rt_event.c); with the last one that ends.  An event only posts work, so nothing of a user's
 * happens inside of the change; the work turns what came since into messages and hangs them to every socket that wants them.  A request first tells what came before it,
 * then is carried out, and what that brought about is told with the asker's number: so all see the changes in their order, and nobody twice.
 *
 * A socket's queue is bounded by its buffer.  What does not fit is dropped and counted, and the reader learns it from ENOBUFS; as well when changes
 * came faster than the ring of events holds.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "net/route.h"
#include "rtsock/rtsock_int.h"
#include "vimage/priv.h"

VNET_STATE_DEFINE(rtsock);

static const struct rtsock_vnet rtsock_defaults = { .rs_recvspace = 64 * 1024 };

static const struct sysctl_desc rtsock_sysctls[] = {
	CTL_UINT("net.route.recvspace", CTL_RW, struct rtsock_vnet, rs_recvspace, 1024, SB_MAX, "Receive buffer of new routing sockets, bytes"),
	CTL_END
};

static const struct stat_desc rtsock_stats[] = {
#define RTS_STAT_DESC(name, text)	STAT_IN("rtsock", struct rtsock_vnet, rs_stat, name, text),
	RTS_STATS(RTS_STAT_DESC)
#undef RTS_STAT_DESC
	STAT_END
};

/* Telling */

static bool
rts_wants(const struct rtspcb *rp, const struct rtmsg *rm)
{
	return ((rp->rp_types == 0 || (rp->rp_types & 1u << rm->rm_rtm.rtm_type) != 0) &&
	    (rp->rp_family == VI_AF_UNSPEC || rm->rm_family == VI_AF_UNSPEC || rp->rp_family == rm->rm_family) &&
	    (rp->rp_fib < 0 || rm->rm_fib < 0 || rp->rp_fib == rm->rm_fib));
}

static void
rts_append(struct rtsock_vnet *rs, struct rtspcb *rp, const struct rtmsg *rm)
{
	const struct sockdgram sd = { .sd_from.sa_family = VI_AF_ROUTE, .sd_len = rm->rm_rtm.rtm_msglen };
	struct socket *so = rp->rp_socket;
	struct mbuf *m;

	if ((so->so_rcv.sb_flags & SBS_CANTRCVMORE) != 0)
		return;
	if ((m = m_frombuf(vnet_acct(rs->rs_vnet), rm->rm_buf, sd.sd_len, 0)) == NULL) {
		rs->rs_stat.rtss_nomem++;
		soerror(so, ENOBUFS);
	} else if (!sbappenddgram(&so->so_rcv, &sd, m, vnet_acct(rs->rs_vnet))) {
		rs->rs_stat.rtss_fullsock++;
		soerror(so, ENOBUFS);
	} else {
		rs->rs_stat.rtss_delivered++;
		sorwakeup(so);
	}
}

static void
rts_tell(struct rtsock_vnet *rs, const struct rtmsg *rm)
{
	struct rtspcb *rp;

	LIST_FOREACH(rp, &rs->rs_pcbs, rp_link)
		if (rts_wants(rp, rm) && (rp != rs->rs_asker || rp->rp_loopback))
			rts_append(rs, rp, rm);
}

/* To the asker alone, whatever else it wants to hear. */
static void
rts_answer(struct rtsock_vnet *rs, struct rtspcb *rp, const struct rtmsg *rm)
{
	if (rp->rp_loopback)
		rts_append(rs, rp, rm);
}

/* Is the event what the request asked for? */
static bool
rts_isdone(const struct rtreq *rq, const struct vi_rtevent *ev)
{
	static const uint8_t kinds[] = { [VI_RTM_ADD] = VI_RTEV_ROUTE_ADD, [VI_RTM_DELETE] = VI_RTEV_ROUTE_DEL,
		[VI_RTM_CHANGE] = VI_RTEV_ROUTE_CHANGE };

	return (rq != NULL && rq->rq_hdr.rtm_type < NITEMS(kinds) && kinds[rq->rq_hdr.rtm_type] == ev->ev_kind &&
	    (ev->ev_route.rt_flags & VI_RTF_DYNAMIC) == 0);
}

static void
rts_done(struct rtmsg *rm, const struct rtreq *rq)
{
	rm->rm_rtm.rtm_flags |= VI_RTF_DONE;
	rm->rm_rtm.rtm_pid = rq->rq_hdr.rtm_pid;
	rm->rm_rtm.rtm_seq = rq->rq_hdr.rtm_seq;
}

static enum vi_rtm_type
rts_routetype(const struct vi_rtevent *ev)
{
	const uint32_t redirect = VI_RTF_DYNAMIC | VI_RTF_GATEWAY;

	if (ev->ev_kind == VI_RTEV_ROUTE_DEL)
		return (VI_RTM_DELETE);
	if (ev->ev_kind == VI_RTEV_ROUTE_CHANGE)
		return (VI_RTM_CHANGE);
	/* A learned path MTU looks like a redirect but for the MTU. */
	return ((ev->ev_route.rt_flags & redirect) == redirect && ev->ev_route.rt_mtu == 0 ? VI_RTM_REDIRECT : VI_RTM_ADD);
}

static void
rts_event(void *arg, const struct vi_rtevent *ev)
{
	struct rtsock_vnet *rs = arg;
	struct rtmsg rm;

	switch (ev->ev_kind) {
	case VI_RTEV_ROUTE_ADD:
	case VI_RTEV_ROUTE_CHANGE:
	case VI_RTEV_ROUTE_DEL:
		rtmsg_route(&rm, rts_routetype(ev), &ev->ev_route);
		if (rts_isdone(rs->rs_request, ev))
			rts_done(&rm, rs->rs_request);
		break;
	case VI_RTEV_ADDR_ADD:
	case VI_RTEV_ADDR_DEL:
		rtmsg_addr(&rm, ev->ev_kind == VI_RTEV_ADDR_ADD ? VI_RTM_NEWADDR : VI_RTM_DELADDR, ev);
		break;
	case VI_RTEV_IF_ARRIVE:
	case VI_RTEV_IF_RENAMED:	/* as FreeBSD tells it */
		rtmsg_announce(&rm, ev, VI_IFAN_ARRIVAL);
		break;
	case VI_RTEV_IF_DEPART:
	case VI_RTEV_IF_RENAME:
		rtmsg_announce(&rm, ev, VI_IFAN_DEPARTURE);
		break;
	case VI_RTEV_IF_CHANGE:
		rtmsg_if(&rm, ev, ifnet_byindex(rs->rs_vnet, ev->ev_route.rt_ifindex));
		break;
	default:		/* rules and neighbours have no message */
		return;
	}
	rs->rs_stat.rtss_events++;
	rts_tell(rs, &rm);
}

/* What came since the last time. */
static void
rts_catchup(struct rtsock_vnet *rs)
{
	struct rtspcb *rp;

	if (rt_events(rs->rs_vnet, &rs->rs_seq, rts_event, rs) != EOVERFLOW)
		return;
	rs->rs_stat.rtss_overflows++;
	LIST_FOREACH(rp, &rs->rs_pcbs, rp_link)
		soerror(rp->rp_socket, ENOBUFS);
}

static void
rts_work(struct work *wk)
{
	rts_catchup(CONTAINER_OF(wk, struct rtsock_vnet, rs_work));
}

static void
rts_wake(void *arg)
{
	struct rtsock_vnet *rs = arg;

	(void)lane_post(&rs->rs_vnet->vn_lane, &rs->rs_work);
}

static void
rts_miss(void *arg, uint32_t fib, const struct vi_sockaddr *dst)
{
	struct rtsock_vnet *rs = arg;
	struct rtmsg rm;

	rtmsg_miss(&rm, fib, dst);
	rts_tell(rs, &rm);
}

/* Asking */

static void
rts_path(void *arg, const struct vi_route *rt)
{
	struct vi_route *first = arg;

	if (first->rt_dst.sa_family == VI_AF_UNSPEC)
		*first = *rt;
}

static int
rts_get(struct rtsock_vnet *rs, struct rtspcb *rp, const struct rtreq *rq)
{
	struct vi_route found = { 0 };
	struct rtmsg rm;
	int error;

	if (rq->rq_exact)
		error = rt_paths(rs->rs_vnet, &rq->rq_route, rts_path, &found);
	else
		error = rt_get(rs->rs_vnet, rq->rq_route.rt_fib, &rq->rq_route.rt_dst, &found);
	if (error != 0)
		return (error);
	rtmsg_route(&rm, VI_RTM_GET, &found);
	rts_done(&rm, rq);
	rts_answer(rs, rp, &rm);
	return (0);
}

static int
rts_change(struct rtsock_vnet *rs, struct rtspcb *rp, const struct rtreq *rq)
{
	const struct socket *so = rp->rp_socket;
	struct vnet *vn = rs->rs_vnet;
	int error;

	if ((error = vnet_priv_check(vn, &so->so_cred, VI_PRIV_NET_ROUTE)) != 0)
		return (error);
	rts_catchup(rs);
	rs->rs_asker = rp;
	rs->rs_request = rq;
	switch (rq->rq_hdr.rtm_type) {
	case VI_RTM_ADD:
		error = rt_add(vn, &rq->rq_route);
		break;
	case VI_RTM_DELETE:
		error = rt_delete(vn, &rq->rq_route);
		break;
	default:
		error = rt_change(vn, &rq->rq_route);
		break;
	}
	rts_catchup(rs);
	rs->rs_asker = NULL;
	rs->rs_request = NULL;
	return (error);
}

static int
rts_request(struct rtsock_vnet *rs, struct rtspcb *rp, const void *buf, size_t len)
{
	struct rtreq rq;
	struct rtmsg rm;
	int error;

	rs->rs_stat.rtss_requests++;
	if (rtmsg_parse(rs->rs_vnet, buf, len, &rq, &error) != 0) {
		rs->rs_stat.rtss_bad++;
		return (EINVAL);
	}
	if (error == 0)
		error = rq.rq_hdr.rtm_type == VI_RTM_GET ? rts_get(rs, rp, &rq) : rts_change(rs, rp, &rq);
	if (error != 0) {
		rs->rs_stat.rtss_refused++;
		rtmsg_error(&rm, &rq, buf, len, error);
		rts_answer(rs, rp, &rm);
	}
	return (error);
}

/* Sockets */

static int
rts_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct rtsock_vnet *rs = rtsock_vnet(so->so_vnet);
	uint8_t buf[VI_RTM_MAXMSG];
	const size_t len = m->m_pkt.len;

	(void)msg;
	if (len > sizeof(buf) || m_copydata(m, 0, len, buf) != 0) {
		m_freem(m);
		rs->rs_stat.rtss_requests++;
		rs->rs_stat.rtss_bad++;
		return (EINVAL);
	}
	m_freem(m);
	return (rts_request(rs, so->so_pcb, buf, len));
}

/* The first socket: from now on events are kept. */
static int
rts_follow(struct rtsock_vnet *rs)
{
	int error;

	rs->rs_seq = UINT64_MAX;
	if ((error = rt_watch(rs->rs_vnet, rts_wake, rs)) != 0)
		return (error);
	rt_setmiss(rs->rs_vnet, rts_miss, rs);
	return (rt_events(rs->rs_vnet, &rs->rs_seq, rts_event, rs));
}

static int
rts_attach(struct socket *so, int proto)
{
	struct rtsock_vnet *rs = rtsock_vnet(so->so_vnet);
	struct rtspcb *rp;
	int error;

	if (proto != VI_AF_UNSPEC && proto != VI_AF_INET && proto != VI_AF_INET6)
		return (EPROTONOSUPPORT);
	if ((rp = kmalloc(vnet_acct(rs->rs_vnet), ACCT_PCB, sizeof(*rp))) == NULL)
		return (ENOBUFS);
	if (LIST_EMPTY(&rs->rs_pcbs) && (error = rts_follow(rs)) != 0) {
		kfree(vnet_acct(rs->rs_vnet), ACCT_PCB, rp, sizeof(*rp));
		return (error);
	}
	rp->rp_socket = so;
	rp->rp_family = (uint8_t)proto;
	rp->rp_loopback = true;
	rp->rp_fib = -1;
	so->so_pcb = rp;
	so->so_rcv.sb_hiwat = rs->rs_recvspace;
	rts_catchup(rs);		/* what was before it does not concern it */
	LIST_INSERT_HEAD(&rs->rs_pcbs, rp, rp_link);
	return (0);
}

static void
rts_detach(struct socket *so)
{
	struct rtsock_vnet *rs = rtsock_vnet(so->so_vnet);
	struct rtspcb *rp = so->so_pcb;

	LIST_REMOVE(rp, rp_link);
	kfree(vnet_acct(rs->rs_vnet), ACCT_PCB, rp, sizeof(*rp));
	so->so_pcb = NULL;
	if (LIST_EMPTY(&rs->rs_pcbs)) {
		(void)rt_unwatch(rs->rs_vnet, rts_wake, rs);
		rt_setmiss(rs->rs_vnet, NULL, NULL);
		work_cancel(&rs->rs_vnet->vn_lane, &rs->rs_work);
	}
	sodetached(so);
}

static int
rts_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct rtspcb *rp = so->so_pcb;
	int v, error;

	if (opt != VI_RO_USELOOPBACK && opt != VI_RO_MSGFILTER && opt != VI_RO_FIBFILTER)
		return (ENOPROTOOPT);
	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (opt == VI_RO_USELOOPBACK)
		rp->rp_loopback = v != 0;
	else if (opt == VI_RO_MSGFILTER)
		rp->rp_types = (uint32_t)v;
	else if (v >= -1 && v < (int)rt_nfibs(so->so_vnet))
		rp->rp_fib = v;
	else
		return (EINVAL);
	return (0);
}

static int
rts_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	const struct rtspcb *rp = so->so_pcb;

	switch (opt) {
	case VI_RO_USELOOPBACK:
		return (sooptputint(buf, len, rp->rp_loopback));
	case VI_RO_MSGFILTER:
		return (sooptputint(buf, len, (int)rp->rp_types));
	case VI_RO_FIBFILTER:
		return (sooptputint(buf, len, rp->rp_fib));
	default:
		return (ENOPROTOOPT);
	}
}

static const struct protosw rtsock_protosw = {
	.pr_family = VI_AF_ROUTE,
	.pr_type = VI_SOCK_RAW,
	.pr_flags = PR_ATOMIC | PR_ADDR | PR_ANYPROTO,
	.pr_sndspace = VI_RTM_MAXMSG,
	.pr_rcvspace = 64 * 1024,
	.pr_attach = rts_attach,
	.pr_close = rts_detach,
	.pr_abort = rts_detach,
	.pr_send = rts_send,
	.pr_setopt = rts_setopt,
	.pr_getopt = rts_getopt,
};

/* Module */

static int
rtsock_attach(struct vnet *vn)
{
	struct rtsock_vnet *rs = rtsock_vnet(vn);

	rs->rs_vnet = vn;
	LIST_INIT(&rs->rs_pcbs);
	work_init(&rs->rs_work, rts_work);
	return (proto_register(vn, &rtsock_protosw));
}

static void
rtsock_stop(struct vnet *vn)
{
	struct rtspcb *rp;

	while ((rp = LIST_FIRST(&rtsock_vnet(vn)->rs_pcbs)) != NULL)
		rts_detach(rp->rp_socket);
}

VNET_MODULE(rtsock,
	.vm_size = sizeof(struct rtsock_vnet),
	.vm_defaults = &rtsock_defaults,
	.vm_after = "route socket",
	.vm_attach = rtsock_attach,
	.vm_stop = rtsock_stop,
	.vm_sysctls = rtsock_sysctls,
	.vm_stats = rtsock_stats);
