/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netlink sockets: NETLINK_ROUTE, NETLINK_SOCK_DIAG (nl_diag.c), NETLINK_GENERIC (nl_generic.c) and NETLINK_KOBJECT_UEVENT (nl_uevent.c).
 *
 * Theory of operation.  The pair is SOCK_SEQPACKET as for datagrams.  A request arrives by an
 * intercepted call, or through the pair when the program used send() or write().  It is
 * answered at once: the replies are queued in the pair before the call returns.  Receiving is
 * that of datagrams, with the kernel (port 0) as the sender.
 *
 * What is answered: dumps and look-ups of links, addresses, routes, nexthops, rules and neighbours; what
 * changes one of them, when root of a jail that owns its stack asks.  Every other request draws
 * NLMSG_ERROR with EOPNOTSUPP; nobody who waits for a reply waits in vain.  Sockets in multicast
 * groups are told of changes (nl_event.c).
 */
#include "linux/nl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/net_namespace.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <vimage/jail.h>

#define NL_RCVBUFMOST	(8 << 20)	/* of SO_RCVBUF, before it is doubled */

int
nl_attach(struct lx_sock *ls)
{
	if ((ls->ls_nl = calloc(1, sizeof(*ls->ls_nl))) == NULL)
		return (ENOMEM);
	STAILQ_INIT(&ls->ls_nl->nl_pending);
	LIST_INSERT_HEAD(&ls->ls_lx->lx_netlinks, ls->ls_nl, nl_link);
	ls->ls_nl->nl_ls = ls;
	return (0);
}

int64_t
nl_new(struct lx_call *c, int type, int proto, int flags)
{
	struct lx_sock *ls;
	struct vi_cred cr;
	int appfd, error;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return (-ESOCKTNOSUPPORT);
	if (proto != NETLINK_ROUTE && proto != NETLINK_SOCK_DIAG && proto != NETLINK_GENERIC && proto != NETLINK_KOBJECT_UEVENT)
		return (-EPROTONOSUPPORT);
	if ((error = lx_call_cred(c, &cr)) != 0)
		return (error == ENOENT ? LX_DONE : -error);
	cr.cr_priv = cr.cr_priv || lx_call_has(c, CAP_NET_ADMIN);
	error = lx_sock_new(c->c_lx, c->c_pr->pr_vnet, LXK_NETLINK, NULL, &appfd, &ls);
	if (error != 0)
		return (-error);
	ls->ls_type = (uint8_t)type;
	ls->ls_proto = (uint8_t)proto;
	(void)setsockopt(ls->ls_fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int));
	if (nl_attach(ls) == 0) {
		ls->ls_nl->nl_cred = cr;
		ls->ls_nl->nl_priv = cr.cr_priv;
		ls->ls_nl->nl_userns = c->c_pr->pr_userns;
		ls->ls_nl->nl_rootuid = c->c_pr->pr_rootuid;
		ls->ls_nl->nl_tid = c->c_tid;
		ls->ls_nl->nl_jid = c->c_pr->pr_use.us_jid[VI_CLASS_VNET];
		ls->ls_nl->nl_pid = 0x80000000U | (uint32_t)ls->ls_ino;	/* unlike any process's */
		error = lx_sock_hand(c, ls, appfd, flags);
		if (error == 0)
			return (LX_DONE);
	} else
		error = ENOENT;
	if (error == ENOENT)
		close(appfd);
	if (ls->ls_nl == NULL)
		error = ENOMEM;
	lx_sock_free(ls);
	return (error == ENOENT ? LX_DONE : -error);
}

void
nl_free(struct lx_sock *ls)
{
	nl_unsubscribe(ls);
	if (ls->ls_nl != NULL) {
		LIST_REMOVE(ls->ls_nl, nl_link);
		nl_pending_free(ls);
	}
	free(ls->ls_nl);
}

void
nl_control(const struct lx_sock *ls, const struct lx_dgram *dg, struct lx_control *co)
{
	if (ls->ls_nl != NULL && ls->ls_nl->nl_pktinfo)
		control_group(co, dg->dg_group);
	if (ls->ls_nl != NULL && ls->ls_nl->nl_passcred)
		control_kernel(co);
}

static void
nl_error(struct lx_sock *ls, const uint8_t *msg, const struct nl_req *rq, int error)
{
	struct { struct nlmsgerr e; uint8_t rest[NL_GOODSIZE / 2]; } body;
	size_t len = sizeof(struct nlmsgerr), quoted = rq->rq_hdr.nlmsg_len;
	struct nl_out no;

	memset(&body.e, 0, sizeof(body.e));
	body.e.error = -error;
	body.e.msg = rq->rq_hdr;
	if (error != 0 && !ls->ls_nl->nl_capack && quoted > sizeof(struct nlmsghdr) &&
	    quoted - sizeof(struct nlmsghdr) <= sizeof(body.rest)) {
		memcpy(body.rest, msg + sizeof(struct nlmsghdr), quoted - sizeof(struct nlmsghdr));
		len += quoted - sizeof(struct nlmsghdr);
	}
	nl_out_init(&no, ls, rq, len == sizeof(struct nlmsgerr) && error != 0 ? NLM_F_CAPPED : 0);
	nl_out_begin(&no, NLMSG_ERROR, &body, len);
	nl_out_end(&no);
	nl_out_flush(&no);
}

/* ip monitor asks for the number of each namespace that has a name on the host: none has one here. */
static int
nl_getnsid(struct nl_out *no, const struct nl_req *rq)
{
	const struct rtgenmsg gen = { .rtgen_family = AF_UNSPEC };

	if (nl_dump(rq))
		return (0);
	if (nl_has(rq, NETNSA_NSID))
		return (ENOENT);
	if (!nl_has(rq, NETNSA_PID) && !nl_has(rq, NETNSA_FD))
		return (EINVAL);
	nl_out_begin(no, RTM_NEWNSID, &gen, sizeof(gen));
	nl_out_u32(no, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	nl_out_end(no);
	return (0);
}

static int
nl_answer(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	switch (rq->rq_hdr.nlmsg_type) {
	case RTM_GETLINK:
		return (nl_getlink(no, vn, rq));
	case RTM_GETADDR:
		return (nl_getaddr(no, vn, rq));
	case RTM_GETROUTE:
		return (nl_getroute(no, vn, rq));
	case RTM_GETNEIGH:
		return (nl_getneigh(no, vn, rq));
	case RTM_GETRULE:
		return (nl_getrule(no, vn, rq));
	case RTM_GETNEXTHOP:
		return (nl_getnexthop(no, vn, rq));
	case RTM_GETQDISC:
		return (nl_getqdisc(no, vn, rq));
	case RTM_GETNSID:
		return (nl_getnsid(no, rq));
	case RTM_GETTCLASS:		/* of these there are none */
	case RTM_GETTFILTER:
	case RTM_GETMDB:
		return (nl_dump(rq) ? 0 : EOPNOTSUPP);
	default:
		return (EOPNOTSUPP);
	}
}

static const struct nl_change {
	uint16_t	 nc_type;
	enum vi_priv	 nc_priv;
	int		(*nc_fn)(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
} nl_changes[] = {
	{ RTM_NEWLINK, VI_PRIV_NET_IFSET, nl_setlink }, { RTM_SETLINK, VI_PRIV_NET_IFSET, nl_setlink }, { RTM_DELLINK, VI_PRIV_NET_IFDESTROY, nl_dellink },
	{ RTM_NEWADDR, VI_PRIV_NET_IFADDR, nl_newaddr }, { RTM_DELADDR, VI_PRIV_NET_IFADDR, nl_deladdr },
	{ RTM_NEWROUTE, VI_PRIV_NET_ROUTE, nl_newroute }, { RTM_DELROUTE, VI_PRIV_NET_ROUTE, nl_delroute },
	{ RTM_NEWNEIGH, VI_PRIV_NET_NEIGHBOR, nl_newneigh }, { RTM_DELNEIGH, VI_PRIV_NET_NEIGHBOR, nl_delneigh },
	{ RTM_NEWNEXTHOP, VI_PRIV_NET_ROUTE, nl_newnexthop }, { RTM_DELNEXTHOP, VI_PRIV_NET_ROUTE, nl_delnexthop },
	{ RTM_NEWRULE, VI_PRIV_NET_ROUTE, nl_newrule }, { RTM_DELRULE, VI_PRIV_NET_ROUTE, nl_delrule },
};

/* Has who asks the right to change anything?  As with Linux's netlink_capable() it takes the capability of who made the socket, and of who sends.  0 or EPERM. */
int
nl_may(struct lx_sock *ls, enum vi_priv priv)
{
	struct nl_sock *nl = ls->ls_nl;

	if (nl->nl_priv && !nl->nl_looked)
		nl->nl_cred.cr_priv = lx_thread_has(nl->nl_userns, nl->nl_rootuid, nl->nl_tid, LX_CAP(CAP_NET_ADMIN));
	nl->nl_looked = true;
	return (vi_vnet_priv(ls->ls_vnet, nl->nl_jid, &nl->nl_cred, priv));
}

/* A request about a link may be to make it. */
static enum vi_priv
nl_priv(const struct nl_change *nc, const struct nl_req *rq)
{
	return (nc->nc_type == RTM_NEWLINK && (rq->rq_hdr.nlmsg_flags & NLM_F_CREATE) != 0 ? VI_PRIV_NET_IFCREATE : nc->nc_priv);
}

static int
nl_do(struct nl_out *no, struct lx_sock *ls, const struct nl_req *rq)
{
	int error;

	for (size_t i = 0; i < LX_NITEMS(nl_changes); i++) {
		const struct nl_change *nc = &nl_changes[i];

		if (nc->nc_type != rq->rq_hdr.nlmsg_type)
			continue;
		if ((error = nl_may(ls, nl_priv(nc, rq))) != 0)
			return (error);
		return (nc->nc_fn(ls->ls_vnet, rq, &ls->ls_nl->nl_cred));
	}
	return (nl_answer(no, ls->ls_vnet, rq));
}

/* Only requests that ask for something may be dumps: the bits mean other things in those that change it. */
static bool
nl_isdump(const struct lx_sock *ls, const struct nl_req *rq)
{
	return ((ls->ls_proto != NETLINK_ROUTE || (rq->rq_hdr.nlmsg_type & 3) == 2) && nl_dump(rq));
}

static void
nl_request(struct lx_sock *ls, const uint8_t *msg, struct nl_req *rq)
{
	bool dump = nl_isdump(ls, rq);
	struct nl_out *no;
	int error, last;

	no = malloc(sizeof(*no));
	error = ls->ls_vnet == NULL ? ENETDOWN : no == NULL ? ENOMEM : dump && !STAILQ_EMPTY(&ls->ls_nl->nl_pending) ? EBUSY : 0;
	if (error == 0 && dump && ls->ls_nl->nl_strict && ls->ls_proto == NETLINK_ROUTE)
		error = nl_strict(rq);
	if (error != 0) {
		free(no);
		nl_error(ls, msg, rq, error);
		return;
	}
	nl_out_init(no, ls, rq, dump ? NLM_F_MULTI : 0);
	if (ls->ls_proto == NETLINK_SOCK_DIAG)
		error = nl_getdiag(no, ls, rq, msg + sizeof(rq->rq_hdr));
	else if (ls->ls_proto == NETLINK_GENERIC)
		error = nl_getgeneric(no, rq, msg + sizeof(rq->rq_hdr));
	else if (ls->ls_proto == NETLINK_KOBJECT_UEVENT)
		error = EPERM;		/* who may, makes the kernel say something; here nobody does */
	else {
		lx_manage(ls->ls_lx);
		error = nl_do(no, ls, rq);
		lx_managed(ls->ls_lx);
	}
	last = dump && error == ENOENT ? -error : 0;
	if (error != 0 && last == 0)
		nl_error(ls, msg, rq, error);
	else if (dump) {
		nl_out_flush(no);
		nl_out_begin(no, NLMSG_DONE, &last, sizeof(last));
		nl_out_end(no);
	}
	nl_out_flush(no);
	if (error == 0 && !dump && (rq->rq_hdr.nlmsg_flags & NLM_F_ACK) != 0)
		nl_error(ls, msg, rq, 0);
	free(no);
}

/* Has another socket of the stack and the protocol this number?  One that was closed without our having come to it has none. */
static bool
nl_taken(const struct lx_sock *ls, uint32_t pid)
{
	struct pollfd pf = { .events = POLLRDHUP };
	const struct nl_sock *ns;

	LIST_FOREACH(ns, &ls->ls_lx->lx_netlinks, nl_link) {
		if (!ns->nl_bound || ns->nl_pid != pid || ns->nl_ls->ls_vnet != ls->ls_vnet || ns->nl_ls->ls_proto != ls->ls_proto)
			continue;
		pf.fd = ns->nl_ls->ls_fd;
		if (pf.fd >= 0 && (poll(&pf, 1, 0) <= 0 || (pf.revents & POLLHUP) == 0))
			return (true);
	}
	return (false);
}

/* netlink(7): the first socket of a process has its number, others one that is no process's. */
static void
nl_autobind(const struct lx_call *c)
{
	struct nl_sock *ns = c->c_sock->ls_nl;
	const unsigned self = ns->nl_bound ? 0 : lx_call_self(c);

	if (self != 0 && !nl_taken(c->c_sock, self))
		ns->nl_pid = self;
	ns->nl_bound = true;
}

void
nl_called(const struct lx_call *c)
{
	c->c_sock->ls_nl->nl_tid = c->c_tid;
	nl_autobind(c);				/* sending binds */
}

/* All messages of one datagram of the program. */
void
nl_input(struct lx_sock *ls, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	struct nl_req rq;
	size_t step;
	int error;

	ls->ls_nl->nl_bound = true;	/* sending binds */
	ls->ls_nl->nl_looked = false;
	lx_tuns_reap(ls->ls_lx, ls->ls_vnet);
	while (len >= sizeof(struct nlmsghdr)) {
		error = nl_req_parse(p, len, ls->ls_proto, &rq);
		if (error != 0 &&
		    (rq.rq_hdr.nlmsg_len < sizeof(rq.rq_hdr) || rq.rq_hdr.nlmsg_len > len))
			return;		/* no message at all: dropped, as Linux does */
		rq.rq_caller = ls->ls_nl->nl_jid;
		rq.rq_cred = &ls->ls_nl->nl_cred;
		if ((rq.rq_hdr.nlmsg_flags & NLM_F_REQUEST) != 0 &&
		    rq.rq_hdr.nlmsg_type >= NLMSG_MIN_TYPE) {
			if (error != 0)
				nl_error(ls, p, &rq, error);
			else
				nl_request(ls, p, &rq);
		} else if ((rq.rq_hdr.nlmsg_flags & NLM_F_ACK) != 0)
			nl_error(ls, p, &rq, 0);
		step = NLMSG_ALIGN(rq.rq_hdr.nlmsg_len);
		if (step >= len)
			break;
		p += step;
		len -= step;
	}
	recv_queued(ls, !STAILQ_EMPTY(&ls->ls_nl->nl_pending));
}

/* What a program wrote natively; the host tells whose process it was. */
static ssize_t
nl_recv(struct lx_sock *ls, char *buf)
{
	union { struct cmsghdr h; uint8_t b[CMSG_SPACE(sizeof(struct ucred))]; } control;
	struct iovec iov = { buf, LX_MAXDGRAM };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	const ssize_t n = recvmsg(ls->ls_fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct ucred who;

	if (n <= 0 || mh.msg_controllen < CMSG_LEN(sizeof(who)) || control.h.cmsg_type != SCM_CREDENTIALS)
		return (n);
	memcpy(&who, CMSG_DATA(&control.h), sizeof(who));
	if (who.pid != 0)
		ls->ls_nl->nl_tid = who.pid;
	return (n);
}

void
nl_event(struct lx_event *le, uint32_t events)
{
	struct lx_sock *ls = LX_CONTAINER(le, struct lx_sock, ls_event);
	char *buf = ls->ls_lx->lx_buf;
	ssize_t n;

	if (ls->ls_nl == NULL)
		return;
	while ((n = nl_recv(ls, buf)) > 0)
		nl_input(ls, buf, (size_t)n);
	nl_pump(ls);
	nl_events(ls);
	if ((events & EPOLLHUP) != 0)
		lx_sock_free(ls);
}

static int
nl_copyaddress(struct lx_call *c, uint64_t addr, int len, struct sockaddr_nl *nl)
{
	int error;

	if (len < (int)sizeof(*nl))
		return (EINVAL);
	error = lx_copyin(c, addr, nl, sizeof(*nl));
	if (error != 0)
		return (error);
	return (nl->nl_family != AF_NETLINK ? EINVAL : 0);
}

static int
nl_address(struct lx_call *c, struct sockaddr_nl *nl)
{
	return (nl_copyaddress(c, c->c_arg[1], (int)c->c_arg[2], nl));
}

/* Other programs are for the administrator to send to, on Linux; here they are not there.  What is for a group is for the kernel as well, and comes there. */
int
nl_destination(struct lx_call *c, uint64_t addr, uint64_t len)
{
	struct sockaddr_nl nl;
	int error;

	if ((error = nl_copyaddress(c, addr, (int)len, &nl)) != 0)
		return (error);
	if ((nl.nl_pid != 0 || nl.nl_groups != 0) && !lx_call_has(c, CAP_NET_ADMIN))
		return (EPERM);
	return (nl.nl_pid != 0 ? ECONNREFUSED : 0);
}

int64_t
nl_bind(struct lx_call *c)
{
	struct nl_sock *ns = c->c_sock->ls_nl;
	struct sockaddr_nl nl;
	int error;

	error = nl_address(c, &nl);
	if (error != 0)
		return (-error);
	if (ns->nl_bound && nl.nl_pid != ns->nl_pid && nl.nl_pid != 0)
		return (-EINVAL);
	if (!ns->nl_bound && nl.nl_pid != 0 && nl_taken(c->c_sock, nl.nl_pid))
		return (-EADDRINUSE);
	if (nl.nl_pid == 0)
		nl_autobind(c);
	else
		ns->nl_pid = nl.nl_pid;
	ns->nl_bound = true;
	ns->nl_joined |= nl.nl_groups != 0;
	return (-nl_subscribe(c->c_sock, (ns->nl_groups & ~(uint64_t)UINT32_MAX) | nl.nl_groups));
}

int64_t
nl_connect(struct lx_call *c)
{
	struct sockaddr_nl nl;
	int error;

	error = nl_address(c, &nl);
	if (error != 0)
		return (-error);
	if (nl.nl_pid != 0 || nl.nl_groups != 0)
		return (-EPERM);		/* only the kernel is there */
	nl_autobind(c);
	return (0);
}

int64_t
nl_name(struct lx_call *c, bool peer)
{
	struct nl_sock *ns = c->c_sock->ls_nl;
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };

	if (!peer && ns->nl_bound)
		nl.nl_pid = ns->nl_pid;
	if (!peer)
		nl.nl_groups = (uint32_t)ns->nl_groups;
	return (-sockaddr_copyout(c, &nl, sizeof(nl), c->c_arg[1], c->c_arg[2]));
}

/* A flag of the socket, by the name of its option; NULL. */
static bool *
nl_flag(struct nl_sock *ns, int name)
{
	switch (name) {
	case NETLINK_EXT_ACK:		/* it only allows us to add text to errors; there is none to add */
		return (&ns->nl_extack);
	case NETLINK_BROADCAST_ERROR:	/* for those who send to groups */
		return (&ns->nl_bcerror);
	case NETLINK_GET_STRICT_CHK:
		return (&ns->nl_strict);
	case NETLINK_CAP_ACK:
		return (&ns->nl_capack);
	case NETLINK_NO_ENOBUFS:
		return (&ns->nl_noenobufs);
	case NETLINK_PKTINFO:
		return (&ns->nl_pktinfo);
	default:
		return (NULL);
	}
}

static int64_t
nl_value(struct lx_call *c, int value)
{
	int error, len;

	error = lx_copyin(c, c->c_arg[4], &len, sizeof(len));
	if (error == 0 && len < 0)
		error = EINVAL;
	if (error == 0) {
		len = len < (int)sizeof(value) ? len : (int)sizeof(value);
		error = lx_copyout(c, c->c_arg[3], &value, (size_t)len);
	}
	if (error == 0)
		error = lx_copyout(c, c->c_arg[4], &len, sizeof(len));
	return (-error);
}

/* As many words of the groups as there is room for, and how many bytes all are: none of a socket that was never in any. */
static int64_t
nl_list(struct lx_call *c)
{
	const struct nl_sock *ns = c->c_sock->ls_nl;
	const uint32_t word[2] = { (uint32_t)ns->nl_groups, (uint32_t)(ns->nl_groups >> 32) };
	const int all = ns->nl_joined ? (int)sizeof(word) : 0;
	int error, len;

	error = lx_copyin(c, c->c_arg[4], &len, sizeof(len));
	if (error == 0 && len < 0)
		error = EINVAL;
	for (int i = 0; error == 0 && i * 4 < all && len - i * 4 >= 4; i++)
		error = lx_copyout(c, c->c_arg[3] + (uint64_t)i * 4, &word[i], sizeof(word[i]));
	return (error != 0 ? -error : -lx_copyout(c, c->c_arg[4], &all, sizeof(all)));
}

/* At the socket's level the host's options do; buffers and filters are really the pair's. */
int64_t
nl_getsockopt(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	const bool *flag;
	int value;

	if ((int)c->c_arg[1] == SOL_NETLINK && (int)c->c_arg[2] == NETLINK_LIST_MEMBERSHIPS)
		return (nl_list(c));
	if ((int)c->c_arg[1] == SOL_NETLINK && (flag = nl_flag(ls->ls_nl, (int)c->c_arg[2])) != NULL)
		return (nl_value(c, *flag));
	if ((int)c->c_arg[1] != SOL_SOCKET)
		return (-ENOPROTOOPT);
	switch ((int)c->c_arg[2]) {
	case SO_PASSCRED:
		value = ls->ls_nl->nl_passcred;
		break;
	case LX_SO_PASSPIDFD:
	case LX_SO_PASSRIGHTS:
		return (-EOPNOTSUPP);
	case LX_SO_PEERPIDFD:
	case SO_PEERGROUPS:
		return (-ENODATA);
	case SO_TYPE:
		value = ls->ls_type;
		break;
	case SO_DOMAIN:
		value = AF_NETLINK;
		break;
	case SO_PROTOCOL:
		value = ls->ls_proto;
		break;
	case SO_ERROR:
		value = lx_sock_error(ls);
		break;
	case SO_RCVBUF:
		if ((value = ls->ls_nl->nl_rcvbuf) == 0)
			return (LX_CONTINUE);
		break;
	default:
		return (LX_CONTINUE);
	}
	return (nl_value(c, value));
}

static int
nl_membership(struct lx_sock *ls, int group, bool join)
{
	const uint64_t bit = group >= 1 && group <= 64 ? 1ull << (group - 1) : 0;
	const uint64_t now = ls->ls_nl->nl_groups;

	if (bit == 0 || group > (ls->ls_proto == NETLINK_ROUTE ? RTNLGRP_MAX : 32))
		return (EINVAL);
	ls->ls_nl->nl_joined = true;
	return (nl_subscribe(ls, join ? now | bit : now & ~bit));
}

/* Kept doubled, and not below Linux's least; who may goes beyond what others may have. */
static int
nl_setrcvbuf(struct lx_call *c, bool force)
{
	const unsigned most = force ? INT32_MAX / 2 : NL_RCVBUFMOST;
	unsigned value;
	int error;

	if ((int)c->c_arg[4] < (int)sizeof(value))
		return (EINVAL);
	if ((error = lx_copyin(c, c->c_arg[3], &value, sizeof(value))) != 0)
		return (error);
	if (force && !lx_call_has(c, CAP_NET_ADMIN)) {
		lx_log_refusal(c, VI_PRIV_NET_SOCKOPT, "option", (unsigned)c->c_arg[2]);
		return (EPERM);
	}
	if (force && (int)value < 0)
		value = 0;
	value = value < most ? value : most;
	c->c_sock->ls_nl->nl_rcvbuf = (int)(value < 1152 ? 2304 : value * 2);
	return (0);
}

int64_t
nl_setsockopt(struct lx_call *c)
{
	struct nl_sock *ns = c->c_sock->ls_nl;
	const int name = (int)c->c_arg[2];
	const bool cred = (int)c->c_arg[1] == SOL_SOCKET && name == SO_PASSCRED;
	int error, value;
	bool *flag;

	if ((int)c->c_arg[1] == SOL_SOCKET && (name == SO_RCVBUF || name == SO_RCVBUFFORCE))
		return (-nl_setrcvbuf(c, name == SO_RCVBUFFORCE));
	if ((int)c->c_arg[1] == SOL_SOCKET && !cred)
		return (name == LX_SO_PASSPIDFD || name == LX_SO_PASSRIGHTS ? -EOPNOTSUPP : LX_CONTINUE);
	if (!cred && (int)c->c_arg[1] != SOL_NETLINK)
		return (-ENOPROTOOPT);
	if ((int)c->c_arg[4] < (int)sizeof(value))
		return (-EINVAL);
	error = lx_copyin(c, c->c_arg[3], &value, sizeof(value));
	if (error != 0)
		return (-error);
	if (name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP)
		return (-nl_membership(c->c_sock, value, name == NETLINK_ADD_MEMBERSHIP));
	if ((flag = cred ? &ns->nl_passcred : nl_flag(ns, name)) == NULL)
		return (-ENOPROTOOPT);
	*flag = value != 0;
	return (0);
}
