/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NETLINK_SOCK_DIAG: the sockets of the vnet, as ss(8) asks for them.
 *
 * Theory of operation.  The list is taken under the kernel's lock, then told without it: what is
 * known of a socket only by asking it (TCP_INFO, options, bytes in the pair) is asked of those
 * that programs hold, which are found by their identity.  Sockets that were never bound have no
 * place in Linux's tables and are left out.
 *
 * Only TCP, UDP, UDP-Lite and raw sockets of both families are here.  AF_UNIX is the host's own
 * and not asked about through us: ENOENT, as Linux says where it was built without, and ss(8)
 * reads /proc/net/unix.
 */
#include "linux/nl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>

#define LX_TCP_ESTABLISHED	1
#define LX_TCP_CLOSE		7
#define LX_TCP_LISTEN		10
#define LX_PROTO_UDPLITE	136
#define EXT(name)		(1u << ((name) - 1))

/* A socket and, when a program holds it, our part of it. */
struct diag_pcb {
	struct vi_pcbinfo dp_info;
	struct lx_sock	*dp_ls;		/* NULL */
};

struct diag {
	struct inet_diag_req_v2 d_req;
	struct nl_attr	 d_code;	/* which of them, a program for the machine below */
	struct diag_pcb	*d_pcb;
	size_t		 d_n, d_room;
	bool		 d_nomem;
};

static void
diag_collect(void *arg, const struct vi_pcbinfo *pi)
{
	struct diag *d = arg;
	struct diag_pcb *more;
	const bool raw = pi->pi_type == SOCK_RAW;

	if (d->d_nomem || (d->d_req.sdiag_protocol == IPPROTO_RAW ? !raw : raw || pi->pi_proto != d->d_req.sdiag_protocol))
		return;
	if (d->d_n == d->d_room) {
		d->d_room = d->d_room == 0 ? 64 : d->d_room * 2;
		if ((more = realloc(d->d_pcb, d->d_room * sizeof(*more))) == NULL) {
			d->d_nomem = true;
			return;
		}
		d->d_pcb = more;
	}
	d->d_pcb[d->d_n++] = (struct diag_pcb){ .dp_info = *pi };
}

static int
pcb_cmp(const void *a, const void *b)
{
	const uintptr_t x = (uintptr_t)((const struct diag_pcb *)a)->dp_info.pi_socket,
	    y = (uintptr_t)((const struct diag_pcb *)b)->dp_info.pi_socket;

	return (x > y) - (x < y);
}

static void
diag_owners(struct diag *d, const struct lx *lx, const struct vi_vnet *vn)
{
	struct diag_pcb key, *found;
	struct lx_sock *ls;

	if (d->d_n == 0)
		return;
	qsort(d->d_pcb, d->d_n, sizeof(d->d_pcb[0]), pcb_cmp);
	TAILQ_FOREACH(ls, &lx->lx_socks, ls_link) {
		if (ls->ls_vnet != vn || ls->ls_so == NULL)
			continue;
		key.dp_info.pi_socket = ls->ls_so;
		if ((found = bsearch(&key, d->d_pcb, d->d_n, sizeof(key), pcb_cmp)) != NULL)
			found->dp_ls = ls;
	}
}

static uint8_t
pcb_state(const struct vi_pcbinfo *pi)
{
	if (pi->pi_proto == IPPROTO_TCP && pi->pi_type == SOCK_STREAM)
		return (tcpinfo_state(pi->pi_state));
	return (pi->pi_foreign.sa_family != VI_AF_UNSPEC && pi->pi_foreign.sa_port != 0 ? LX_TCP_ESTABLISHED : LX_TCP_CLOSE);
}

/* A socket of AF_INET6 that talks IPv4 shows mapped addresses. */
static uint8_t
pcb_family(const struct diag_pcb *dp)
{
	if (dp->dp_ls != NULL)
		return (dp->dp_ls->ls_family);
	return (nl_family(&dp->dp_info.pi_local));
}

static void
put_address(uint8_t family, const struct vi_sockaddr *sa, __be32 out[4])
{
	struct vi_sockaddr copy = *sa;

	if (family == AF_INET6 && copy.sa_family == VI_AF_INET)
		sockaddr_map(&copy);
	if (copy.sa_family != VI_AF_UNSPEC)
		memcpy(out, copy.sa_bytes, copy.sa_family == VI_AF_INET6 ? 16 : 4);
}

static struct inet_diag_sockid
pcb_id(const struct diag_pcb *dp)
{
	const struct vi_pcbinfo *pi = &dp->dp_info;
	struct inet_diag_sockid id = { .idiag_sport = pi->pi_local.sa_port, .idiag_dport = pi->pi_foreign.sa_port,
		.idiag_if = pi->pi_local.sa_family == VI_AF_INET6 ? pi->pi_local.sa_scope : 0,
		.idiag_cookie = { (uint32_t)pi->pi_id, (uint32_t)(pi->pi_id >> 32) } };

	if (pi->pi_type == SOCK_RAW)
		id.idiag_sport = htons((uint16_t)pi->pi_proto);
	put_address(pcb_family(dp), &pi->pi_local, id.idiag_src);
	put_address(pcb_family(dp), &pi->pi_foreign, id.idiag_dst);
	return (id);
}

/* Bytes that lie between the program and the stack belong to the queues too. */
static void
put_queues(const struct diag_pcb *dp, struct inet_diag_msg *dm)
{
	int n = 0, copy;

	dm->idiag_rqueue = dp->dp_info.pi_recvq;
	dm->idiag_wqueue = dp->dp_info.pi_sendq;
	if (dp->dp_ls == NULL || dp->dp_ls->ls_fd < 0)
		return;
	if (dp->dp_ls->ls_state == LXS_LISTEN) {
		dm->idiag_wqueue -= dm->idiag_wqueue > 0;	/* the backlog: one more than it says is let in */
		return;
	}
	if (dp->dp_ls->ls_fill == 0 && ioctl(dp->dp_ls->ls_fd, FIONREAD, &n) == 0)
		dm->idiag_wqueue += (uint32_t)n;
	if (ioctl(dp->dp_ls->ls_fd, SIOCOUTQ, &n) != 0 || n == 0 || (copy = lx_sock_locate(dp->dp_ls)) < 0)
		return;
	if (ioctl(copy, FIONREAD, &n) == 0)
		dm->idiag_rqueue += (uint32_t)n;
	close(copy);
}

/* An option's value as an attribute, when the socket has it. */
static void
put_option(struct nl_out *no, uint16_t type, struct lx_sock *ls, int level, int name, size_t size)
{
	uint8_t buf[512] = { 0 };
	size_t len = size;

	if (opt_get(ls, level, name, buf, &len) == 0 && len > 0)
		nl_out_attr(no, type, buf, len);
}

static uint32_t
option_u32(struct lx_sock *ls, int name)
{
	uint32_t value = 0;
	size_t len = sizeof(value);

	(void)opt_get(ls, SOL_SOCKET, name, (uint8_t *)&value, &len);
	return (value);
}

static void
put_memory(struct nl_out *no, struct lx_sock *ls, const struct inet_diag_msg *dm)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };

	mem[SK_MEMINFO_RMEM_ALLOC] = dm->idiag_rqueue;
	mem[SK_MEMINFO_RCVBUF] = option_u32(ls, SO_RCVBUF);
	mem[SK_MEMINFO_WMEM_ALLOC] = mem[SK_MEMINFO_WMEM_QUEUED] = dm->idiag_wqueue;
	mem[SK_MEMINFO_SNDBUF] = option_u32(ls, SO_SNDBUF);
	nl_out_attr(no, INET_DIAG_SKMEMINFO, mem, sizeof(mem));
}

static void
put_tcp(struct nl_out *no, struct lx_sock *ls, uint8_t ext)
{
	char name[16] = "";
	size_t len = sizeof(name);

	if ((ext & EXT(INET_DIAG_INFO)) != 0)
		put_option(no, INET_DIAG_INFO, ls, IPPROTO_TCP, TCP_INFO, 512);
	if ((ext & EXT(INET_DIAG_CONG)) != 0 && opt_get(ls, IPPROTO_TCP, TCP_CONGESTION, (uint8_t *)name, &len) == 0)
		nl_out_attr(no, INET_DIAG_CONG, name, strnlen(name, sizeof(name) - 1) + 1);
	if ((ext & EXT(INET_DIAG_VEGASINFO)) != 0)
		put_option(no, INET_DIAG_BBRINFO, ls, IPPROTO_TCP, TCP_CC_INFO, 64);
}

static void
put_extra(struct nl_out *no, const struct diag_pcb *dp, const struct inet_diag_msg *dm, uint8_t ext)
{
	struct lx_sock *ls = dp->dp_ls;
	const uint32_t proto = (uint32_t)dp->dp_info.pi_proto;

	if (dp->dp_info.pi_type == SOCK_RAW)
		nl_out_attr(no, INET_DIAG_PROTOCOL, &proto, 1);
	if (ls == NULL)
		return;
	if ((ext & EXT(INET_DIAG_TOS)) != 0)
		put_option(no, INET_DIAG_TOS, ls, IPPROTO_IP, IP_TOS, 1);
	if (ls->ls_family == AF_INET6) {
		if ((ext & EXT(INET_DIAG_TCLASS)) != 0)
			put_option(no, INET_DIAG_TCLASS, ls, IPPROTO_IPV6, IPV6_TCLASS, 1);
		if (dm->idiag_state == LX_TCP_LISTEN || dm->idiag_state == LX_TCP_CLOSE)
			put_option(no, INET_DIAG_SKV6ONLY, ls, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	}
	if ((ext & EXT(INET_DIAG_SKMEMINFO)) != 0)
		put_memory(no, ls, dm);
	if (ls->ls_kind == LXK_STREAM)
		put_tcp(no, ls, ext);
}

static void
put_pcb(struct nl_out *no, const struct diag *d, const struct diag_pcb *dp)
{
	struct inet_diag_msg dm = { .idiag_family = pcb_family(dp), .idiag_state = pcb_state(&dp->dp_info), .id = pcb_id(dp),
		.idiag_uid = dp->dp_info.pi_uid, .idiag_inode = dp->dp_ls != NULL ? (uint32_t)dp->dp_ls->ls_ino : 0 };

	_Static_assert(VI_PCBT_REXMT == 1 && VI_PCBT_PERSIST == 4, "as inet_diag numbers timers");
	dm.idiag_timer = dp->dp_info.pi_timer;
	dm.idiag_retrans = dp->dp_info.pi_retrans;
	dm.idiag_expires = dp->dp_info.pi_expires;
	put_queues(dp, &dm);
	nl_out_begin(no, SOCK_DIAG_BY_FAMILY, &dm, sizeof(dm));
	put_extra(no, dp, &dm, d->d_req.idiag_ext);
	nl_out_end(no);
}

/* The filter: a program of jumps forward, each over a condition, that ends behind its last byte for "yes". */

/* Bytes that one of its steps has; 0: there is no such step. */
static size_t
step_length(const uint8_t *p, size_t left)
{
	struct inet_diag_hostcond hc;

	switch (p[0]) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return (4);
	case INET_DIAG_BC_S_GE: case INET_DIAG_BC_S_LE: case INET_DIAG_BC_D_GE: case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_S_EQ: case INET_DIAG_BC_D_EQ: case INET_DIAG_BC_DEV_COND:
		return (8);
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		if (left < 4 + sizeof(hc))
			return (0);
		memcpy(&hc, p + 4, sizeof(hc));
		if (hc.family != AF_UNSPEC && hc.family != AF_INET && hc.family != AF_INET6)
			return (0);
		if (hc.prefix_len > (hc.family == AF_INET6 ? 128 : hc.family == AF_INET ? 32 : 0))
			return (0);
		return (4 + sizeof(hc) + (hc.family == AF_INET6 ? 16 : hc.family == AF_INET ? 4 : 0));
	default:
		return (0);
	}
}

/* Whole steps and jumps forward, not farther than one step behind the end, which is "no". */
static int
code_check(const uint8_t *code, size_t len)
{
	struct inet_diag_bc_op op;
	size_t at = 0, left, n;

	while (at < len) {
		left = len - at;
		if (left < sizeof(op) || (n = step_length(code + at, left)) == 0 || n > left)
			return (EINVAL);
		memcpy(&op, code + at, sizeof(op));
		if (op.code != INET_DIAG_BC_NOP && (op.no < sizeof(op) || op.no % 4 != 0 || op.no > left + 4))
			return (EINVAL);
		if (op.yes < n || op.yes % 4 != 0 || op.yes > left + 4)
			return (EINVAL);
		at += op.yes;		/* a step may be longer than it need be */
	}
	return (at == len ? 0 : EINVAL);
}

static bool
same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;

	return (memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0));
}

static bool
host_matches(const uint8_t *p, uint8_t family, const __be32 addr[4], uint16_t port)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	const uint8_t *mine = (const uint8_t *)addr, *want = p + sizeof(struct inet_diag_hostcond);
	struct inet_diag_hostcond hc;

	memcpy(&hc, p, sizeof(hc));
	if (hc.port != -1 && hc.port != port)
		return (false);
	if (hc.family != AF_UNSPEC && hc.family != family) {
		if (hc.family != AF_INET || family != AF_INET6 || memcmp(mine, mapped, sizeof(mapped)) != 0)
			return (false);
		mine += sizeof(mapped);
	}
	return (same_prefix(mine, want, hc.prefix_len));
}

static bool
step_holds(const uint8_t *p, uint8_t family, const struct inet_diag_sockid *id)
{
	const uint16_t sport = ntohs(id->idiag_sport), dport = ntohs(id->idiag_dport);
	struct inet_diag_bc_op arg;
	uint32_t word;

	switch (p[0]) {
	case INET_DIAG_BC_NOP:
		return (true);
	case INET_DIAG_BC_S_COND:
		return (host_matches(p + 4, family, id->idiag_src, sport));
	case INET_DIAG_BC_D_COND:
		return (host_matches(p + 4, family, id->idiag_dst, dport));
	case INET_DIAG_BC_DEV_COND:
		memcpy(&word, p + 4, sizeof(word));
		return (word == id->idiag_if);
	case INET_DIAG_BC_S_GE: case INET_DIAG_BC_S_LE: case INET_DIAG_BC_D_GE: case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_S_EQ: case INET_DIAG_BC_D_EQ:
		break;
	default:			/* JMP; AUTO: a port that the kernel chose is not marked here */
		return (false);
	}
	memcpy(&arg, p + 4, sizeof(arg));
	switch (p[0]) {
	case INET_DIAG_BC_S_GE:
		return (sport >= arg.no);
	case INET_DIAG_BC_S_LE:
		return (sport <= arg.no);
	case INET_DIAG_BC_D_GE:
		return (dport >= arg.no);
	case INET_DIAG_BC_D_LE:
		return (dport <= arg.no);
	case INET_DIAG_BC_S_EQ:
		return (sport == arg.no);
	default:
		return (dport == arg.no);
	}
}

static bool
code_run(const struct nl_attr *code, uint8_t family, const struct inet_diag_sockid *id)
{
	struct inet_diag_bc_op op;
	size_t at = 0, n;

	while (at < code->na_len) {
		/* A jump may have led into the middle of a step. */
		n = code->na_len - at < sizeof(op) ? 0 : step_length(code->na_data + at, code->na_len - at);
		if (n == 0 || n > code->na_len - at)
			return (false);
		memcpy(&op, code->na_data + at, sizeof(op));
		n = step_holds(code->na_data + at, family, id) ? op.yes : op.no;
		if (n == 0)
			return (false);
		at += n;
	}
	return (at == code->na_len);
}

/* Which are meant */

static bool
pcb_bound(const struct diag_pcb *dp, uint8_t state)
{
	if (dp->dp_info.pi_type == SOCK_STREAM)
		return (state != LX_TCP_CLOSE);
	return (dp->dp_info.pi_type == SOCK_RAW || dp->dp_info.pi_local.sa_port != 0);
}

static bool
diag_wants(const struct diag *d, const struct diag_pcb *dp)
{
	const uint8_t state = pcb_state(&dp->dp_info), family = pcb_family(dp);
	const struct inet_diag_sockid id = pcb_id(dp);

	if (family != d->d_req.sdiag_family || (d->d_req.idiag_states >> state & 1) == 0 || !pcb_bound(dp, state))
		return (false);
	if ((d->d_req.id.idiag_sport != 0 && d->d_req.id.idiag_sport != id.idiag_sport) ||
	    (d->d_req.id.idiag_dport != 0 && d->d_req.id.idiag_dport != id.idiag_dport))
		return (false);
	return (d->d_code.na_data == NULL || code_run(&d->d_code, family, &id));
}

/* One, by all that names it; a listener by its own half. */
static bool
diag_is(const struct diag *d, const struct diag_pcb *dp)
{
	const struct inet_diag_sockid id = pcb_id(dp), *want = &d->d_req.id;

	if (pcb_family(dp) != d->d_req.sdiag_family || id.idiag_sport != want->idiag_sport ||
	    (memcmp(id.idiag_src, want->idiag_src, sizeof(id.idiag_src)) != 0 && id.idiag_dport != 0))
		return (false);
	if ((want->idiag_cookie[0] != INET_DIAG_NOCOOKIE || want->idiag_cookie[1] != INET_DIAG_NOCOOKIE) &&
	    memcmp(id.idiag_cookie, want->idiag_cookie, sizeof(id.idiag_cookie)) != 0)
		return (false);
	return (id.idiag_dport == want->idiag_dport && memcmp(id.idiag_dst, want->idiag_dst, sizeof(id.idiag_dst)) == 0);
}

static void
diag_attr(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct diag *d = arg;
	uint32_t proto;

	if (type == INET_DIAG_REQ_BYTECODE)
		d->d_code = (struct nl_attr){ data, len };
	else if (type == INET_DIAG_REQ_PROTOCOL && len >= sizeof(proto)) {
		memcpy(&proto, data, sizeof(proto));
		d->d_req.sdiag_protocol = proto > UINT8_MAX ? UINT8_MAX - 1 : (uint8_t)proto;	/* MPTCP: none is like it */
	}
}

static int
diag_parse(struct diag *d, const uint8_t *body, size_t len)
{
	int error;

	if (len > 0 && body[0] != AF_INET && body[0] != AF_INET6)
		return (ENOENT);
	if (len < sizeof(d->d_req))
		return (EINVAL);
	memcpy(&d->d_req, body, sizeof(d->d_req));
	if ((error = nl_attrs(body + sizeof(d->d_req), len - sizeof(d->d_req), diag_attr, d)) != 0)
		return (error);
	switch (d->d_req.sdiag_protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case LX_PROTO_UDPLITE:
	case IPPROTO_RAW:
		break;
	default:
		return (ENOENT);
	}
	return (d->d_code.na_data != NULL ? code_check(d->d_code.na_data, d->d_code.na_len) : 0);
}

/* SOCK_DESTROY: both ends learn that the connection is no more. */
static int
diag_destroy(const struct diag_pcb *dp)
{
	struct lx_sock *ls = dp->dp_ls;
	int error;

	if (ls == NULL || ls->ls_kind != LXK_STREAM || ls->ls_state == LXS_LISTEN)
		return (EOPNOTSUPP);
	if ((error = vi_tcp_abort(ls->ls_so)) != 0)
		return (error);
	lx_calls_answer(ls, -ECONNABORTED);
	lx_sock_reset(ls, ECONNABORTED);
	return (0);
}

static int
diag_tell(struct nl_out *no, const struct diag *d, const struct nl_req *rq)
{
	if (nl_dump(rq)) {
		for (size_t i = 0; i < d->d_n; i++)
			if (diag_wants(d, &d->d_pcb[i]))
				put_pcb(no, d, &d->d_pcb[i]);
		return (0);
	}
	for (size_t i = 0; i < d->d_n; i++) {
		if (!diag_is(d, &d->d_pcb[i]))
			continue;
		if (rq->rq_hdr.nlmsg_type == SOCK_DESTROY)
			return (diag_destroy(&d->d_pcb[i]));
		put_pcb(no, d, &d->d_pcb[i]);
		return (0);
	}
	return (ENOENT);
}

/* Anybody may look; who ends connections needs the right to. */
static int
diag_allowed(const struct lx_sock *ls, const struct nl_req *rq)
{
	switch (rq->rq_hdr.nlmsg_type) {
	case SOCK_DIAG_BY_FAMILY:
		return (0);
	case SOCK_DESTROY:
		return (nl_dump(rq) ? EOPNOTSUPP :
		    vi_vnet_priv(ls->ls_vnet, ls->ls_nl->nl_jid, &ls->ls_nl->nl_cred, VI_PRIV_NET_SOCKOPT));
	case TCPDIAG_GETSOCK:		/* the questions of old */
	case DCCPDIAG_GETSOCK:
		return (ENOENT);
	default:
		return (EINVAL);
	}
}

int
nl_getdiag(struct nl_out *no, struct lx_sock *ls, const struct nl_req *rq, const uint8_t *body)
{
	struct diag d = { .d_n = 0 };
	int error;

	lx_manage(ls->ls_lx);
	if ((error = diag_allowed(ls, rq)) == 0 &&
	    (error = diag_parse(&d, body, rq->rq_hdr.nlmsg_len - sizeof(rq->rq_hdr))) == 0)
		vi_pcbs(ls->ls_vnet, diag_collect, &d);
	lx_managed(ls->ls_lx);
	if (d.d_nomem)
		error = ENOMEM;
	if (error == 0) {
		diag_owners(&d, ls->ls_lx, ls->ls_vnet);
		error = diag_tell(no, &d, rq);
	}
	free(d.d_pcb);
	return (error);
}
