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
#include "linux/pcbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#define EXT(name)		(1u << ((name) - 1))

struct diag {
	struct inet_diag_req_v2 d_req;
	struct nl_attr	 d_code;	/* which of them, a program for the machine below */
	struct lx_pcbs	 d_pcbs;
};

static struct inet_diag_sockid
pcb_id(const struct lx_pcb *dp)
{
	const struct vi_pcbinfo *pi = &dp->pc_info;
	struct inet_diag_sockid id = { .idiag_sport = pi->pi_local.sa_port, .idiag_dport = pi->pi_foreign.sa_port,
		.idiag_if = pi->pi_local.sa_family == VI_AF_INET6 ? pi->pi_local.sa_scope : 0,
		.idiag_cookie = { (uint32_t)pi->pi_id, (uint32_t)(pi->pi_id >> 32) } };

	if (pi->pi_type == SOCK_RAW)
		id.idiag_sport = htons((uint16_t)pi->pi_proto);
	lx_pcb_address(dp, &pi->pi_local, id.idiag_src);
	lx_pcb_address(dp, &pi->pi_foreign, id.idiag_dst);
	return (id);
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
put_extra(struct nl_out *no, const struct lx_pcb *dp, const struct inet_diag_msg *dm, uint8_t ext)
{
	struct lx_sock *ls = dp->pc_ls;
	const uint32_t proto = (uint32_t)dp->pc_info.pi_proto;

	if (dp->pc_info.pi_type == SOCK_RAW)
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
put_pcb(struct nl_out *no, const struct diag *d, const struct lx_pcb *dp)
{
	struct inet_diag_msg dm = { .idiag_family = lx_pcb_family(dp), .idiag_state = lx_pcb_state(&dp->pc_info), .id = pcb_id(dp),
		.idiag_uid = dp->pc_info.pi_uid, .idiag_inode = dp->pc_ls != NULL ? (uint32_t)dp->pc_ls->ls_ino : 0 };

	_Static_assert(VI_PCBT_REXMT == 1 && VI_PCBT_PERSIST == 4, "as inet_diag numbers timers");
	dm.idiag_timer = dp->pc_info.pi_timer;
	dm.idiag_retrans = dp->pc_info.pi_retrans;
	dm.idiag_expires = dp->pc_info.pi_expires;
	lx_pcb_queues(dp, &dm.idiag_rqueue, &dm.idiag_wqueue);
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
diag_wants(const struct diag *d, const struct lx_pcb *dp)
{
	const uint8_t state = lx_pcb_state(&dp->pc_info), family = lx_pcb_family(dp);
	const struct inet_diag_sockid id = pcb_id(dp);

	if (family != d->d_req.sdiag_family || (d->d_req.idiag_states >> state & 1) == 0 || !lx_pcb_bound(&dp->pc_info))
		return (false);
	if ((d->d_req.id.idiag_sport != 0 && d->d_req.id.idiag_sport != id.idiag_sport) ||
	    (d->d_req.id.idiag_dport != 0 && d->d_req.id.idiag_dport != id.idiag_dport))
		return (false);
	return (d->d_code.na_data == NULL || code_run(&d->d_code, family, &id));
}

/* One, by all that names it; a listener by its own half. */
static bool
diag_is(const struct diag *d, const struct lx_pcb *dp)
{
	const struct inet_diag_sockid id = pcb_id(dp), *want = &d->d_req.id;

	if (lx_pcb_family(dp) != d->d_req.sdiag_family || id.idiag_sport != want->idiag_sport ||
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
diag_destroy(const struct lx_pcb *dp)
{
	struct lx_sock *ls = dp->pc_ls;
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
		for (size_t i = 0; i < d->d_pcbs.pl_n; i++)
			if (diag_wants(d, &d->d_pcbs.pl_pcb[i]))
				put_pcb(no, d, &d->d_pcbs.pl_pcb[i]);
		return (0);
	}
	for (size_t i = 0; i < d->d_pcbs.pl_n; i++) {
		if (!diag_is(d, &d->d_pcbs.pl_pcb[i]))
			continue;
		if (rq->rq_hdr.nlmsg_type == SOCK_DESTROY)
			return (diag_destroy(&d->d_pcbs.pl_pcb[i]));
		put_pcb(no, d, &d->d_pcbs.pl_pcb[i]);
		return (0);
	}
	return (ENOENT);
}

/* Anybody may look; who ends connections needs the right to. */
static int
diag_allowed(struct lx_sock *ls, const struct nl_req *rq)
{
	switch (rq->rq_hdr.nlmsg_type) {
	case SOCK_DIAG_BY_FAMILY:
		return (0);
	case SOCK_DESTROY:
		return (nl_dump(rq) ? EOPNOTSUPP : nl_may(ls, VI_PRIV_NET_SOCKOPT));
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
	struct diag d = { .d_pcbs = { .pl_n = 0 } };
	struct lx_viewer lv;
	int error;

	lx_manage(ls->ls_lx);
	lv = lx_viewer(ls->ls_lx->lx_kernel, ls->ls_nl->nl_jid);
	if ((error = diag_allowed(ls, rq)) == 0 &&
	    (error = diag_parse(&d, body, rq->rq_hdr.nlmsg_len - sizeof(rq->rq_hdr))) == 0)
		lx_pcbs_list(&d.d_pcbs, ls->ls_lx, ls->ls_vnet, d.d_req.sdiag_protocol, &lv);
	lx_managed(ls->ls_lx);
	if (d.d_pcbs.pl_nomem)
		error = ENOMEM;
	if (error == 0)
		error = diag_tell(no, &d, rq);
	free(d.d_pcbs.pl_pcb);
	return (error);
}
