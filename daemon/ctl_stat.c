/* SPDX-License-Identifier: BSD-2-Clause */
/* What a stack tells of itself: stat.*, pcb.list, packet.list, log.read. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/jail.h>
#include <vimage/packet.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/daemon.h"

static void
add_stat(void *arg, const struct vi_stat *st)
{
	json_t *o = json_object();

	ctl_put_text(o, "proto", st->st_proto);
	ctl_put_text(o, "name", st->st_name);
	ctl_put_text(o, "text", st->st_text);
	ctl_put_int(o, "value", st->st_value);
	ctl_list_add(arg, o);
}

static int
list_interface(struct ctl_request *rq, const char *ifname, const char *proto, struct ctl_list *list)
{
	int error = vi_if_stats(rq->rq_vnet, ifname, proto, add_stat, list);

	return error == 0 ? 0 : ctl_fail(rq, error, "interface %.15s does not exist", ifname);
}

static int
op_stats(struct ctl_request *rq)
{
	struct ctl_list list;
	const char *proto = NULL, *ifname = NULL;
	int clear = 0, error;

	ctl_list_begin(rq, "stats", &list);
	if ((error = ctl_args(rq, "{s?s,s?s,s?b}", "proto", &proto, "interface", &ifname, "clear", &clear)) != 0)
		return error;
	if (ifname != NULL)
		return clear ? ctl_fail(rq, EINVAL, "counters of interfaces are not cleared") : list_interface(rq, ifname, proto, &list);
	if ((clear && (error = ctl_may(rq, VI_PRIV_NET_SYSCTL)) != 0))
		return error;
	vi_stats(rq->rq_vnet, proto, add_stat, &list);
	if (proto != NULL && json_array_size(list.l_array) == 0)
		return ctl_fail(rq, ENOENT, "%.40s: unknown or uninstrumented protocol", proto);
	if (clear)
		vi_stats_clear(rq->rq_vnet, proto);
	return 0;
}

static void
add_account(void *arg, const struct vi_account *va)
{
	json_t *o = json_object();

	ctl_put_text(o, "name", va->va_name);
	ctl_put_int(o, "count", va->va_count);
	ctl_put_int(o, "bytes", va->va_bytes);
	ctl_put_int(o, "peak", va->va_peak);
	ctl_put_int(o, "limit", va->va_limit);
	ctl_put_int(o, "failures", va->va_failures);
	ctl_list_add(arg, o);
}

static int
op_accounts(struct ctl_request *rq)
{
	struct ctl_list list;

	ctl_put_int(rq->rq_reply, "memory", vi_vnet_memory(rq->rq_vnet));
	ctl_put_int(rq->rq_reply, "cputime", vi_vnet_cputime(rq->rq_vnet));
	ctl_list_begin(rq, "accounts", &list);
	vi_vnet_accounts(rq->rq_vnet, add_account, &list);
	return ctl_args(rq, "{}");
}

/* Which inode a socket has in the programs, in order of sockets. */
struct owner {
	const struct vi_socket *ow_so;
	uint64_t	 ow_ino;
};
struct owners {
	struct owner	*os_list;
	size_t		 os_n, os_size;
	int		 os_error;
};
struct pcbs {
	const struct ctl_request *pl_rq;
	struct ctl_list	 pl_list;
	struct owners	 pl_owners;
	int		 pl_tcp;	/* what is known of connections, too */
	int		 pl_buffers;	/* and how much they may hold */
};

static void
add_owner(void *arg, const struct vi_socket *so, uint64_t ino)
{
	struct owners *os = arg;
	size_t size = os->os_size == 0 ? 64 : 2 * os->os_size;
	struct owner *new;

	if (os->os_n == os->os_size) {
		if ((new = reallocarray(os->os_list, size, sizeof(*new))) == NULL) {
			os->os_error = ENOMEM;
			return;
		}
		os->os_list = new;
		os->os_size = size;
	}
	os->os_list[os->os_n++] = (struct owner){ so, ino };
}

static int
owner_cmp(const void *a, const void *b)
{
	const uintptr_t x = (uintptr_t)((const struct owner *)a)->ow_so, y = (uintptr_t)((const struct owner *)b)->ow_so;

	return (x > y) - (x < y);
}

static int
owners_take(struct ctl_request *rq, struct owners *os)
{
	for (unsigned i = 0; rq->rq_daemon != NULL && i < rq->rq_daemon->d_nworkers; i++)
		lx_owners(rq->rq_daemon->d_workers[i].w_lx, rq->rq_vnet, add_owner, os);
	if (os->os_n > 1)
		qsort(os->os_list, os->os_n, sizeof(os->os_list[0]), owner_cmp);
	return os->os_error;
}

static void
put_inode(json_t *o, const struct owners *os, const struct vi_socket *so)
{
	const struct owner key = { .ow_so = so }, *ow = NULL;

	if (so != NULL && os->os_n > 0)
		ow = bsearch(&key, os->os_list, os->os_n, sizeof(key), owner_cmp);
	if (ow != NULL)
		ctl_put_int(o, "inode", ow->ow_ino);
}

/* All stacks stand still: a socket can be asked as if from its lane. */
static json_t *
tcp_object(const struct vi_pcbinfo *pi)
{
	struct vi_socket *so = (struct vi_socket *)(uintptr_t)pi->pi_socket;
	struct vi_tcp_info ti;
	size_t len = sizeof(ti), cclen;
	char cc[16] = "";
	json_t *o;

	if (so == NULL || pi->pi_proto != IPPROTO_TCP || vi_getsockopt(so, VI_TCP_INFO, &ti, &len) != 0)
		return NULL;
	cclen = sizeof(cc) - 1;
	(void)vi_getsockopt(so, VI_TCP_CONGESTION, cc, &cclen);
	o = json_object();
	ctl_put_text(o, "cc", cc);
	ctl_put_int(o, "cwnd", ti.ti_snd_cwnd);
	ctl_put_int(o, "ssthresh", ti.ti_snd_ssthresh);
	ctl_put_int(o, "mss", ti.ti_snd_mss);
	json_object_set_new(o, "ecn", json_boolean((ti.ti_options & 8) != 0));
	ctl_put_int(o, "rexmits", ti.ti_total_retrans);
	ctl_put_int(o, "ooo", ti.ti_rcv_ooopack);
	return o;
}

static json_t *
buffers_object(const struct vi_pcbinfo *pi)
{
	static const struct { const char *key; enum vi_sockopt opt; } marks[] = {
		{ "rcvhiwat", VI_SO_RCVBUF }, { "sndhiwat", VI_SO_SNDBUF }, { "rcvlowat", VI_SO_RCVLOWAT }, { "sndlowat", VI_SO_SNDLOWAT },
	};
	struct vi_socket *so = (struct vi_socket *)(uintptr_t)pi->pi_socket;
	json_t *o = so != NULL ? json_object() : NULL;
	size_t len;
	int v;

	for (size_t i = 0; o != NULL && i < sizeof(marks) / sizeof(marks[0]); i++) {
		len = sizeof(v);
		if (vi_getsockopt(so, marks[i].opt, &v, &len) == 0)
			json_object_set_new(o, marks[i].key, json_integer(v));
	}
	return o;
}

/* A jail that shares a stack knows of its own sockets and of those of the jails in it. */
static bool
pcb_visible(const struct ctl_request *rq, const struct vi_pcbinfo *pi)
{
	return vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vnet") == rq->rq_jid ||
	    (pi->pi_jail != 0 && vi_jail_visible(rq->rq_kernel, rq->rq_jid, pi->pi_jail));
}

static void
add_pcb(void *arg, const struct vi_pcbinfo *pi)
{
	struct pcbs *pl = arg;
	json_t *o, *more;

	if (!pcb_visible(pl->pl_rq, pi))
		return;
	o = json_object();
	put_inode(o, &pl->pl_owners, pi->pi_socket);
	ctl_put_int(o, "proto", (uint64_t)pi->pi_proto);
	ctl_put_int(o, "type", (uint64_t)pi->pi_type);
	ctl_put_addr(o, "local", &pi->pi_local);
	ctl_put_int(o, "lport", ntohs(pi->pi_local.sa_port));
	ctl_put_addr(o, "foreign", &pi->pi_foreign);
	ctl_put_int(o, "fport", ntohs(pi->pi_foreign.sa_port));
	ctl_put_int(o, "recvq", pi->pi_recvq);
	ctl_put_int(o, "sendq", pi->pi_sendq);
	ctl_put_int(o, "state", pi->pi_state);
	ctl_put_int(o, "uid", pi->pi_uid);
	ctl_put_int(o, "id", pi->pi_id);
	ctl_put_int(o, "fib", pi->pi_fib);
	if (pi->pi_udpport != 0)
		ctl_put_int(o, "udpport", pi->pi_udpport);
	if (pi->pi_flowid != 0)
		ctl_put_int(o, "flowid", pi->pi_flowid);
	if (pl->pl_tcp && (more = tcp_object(pi)) != NULL)
		json_object_set_new(o, "tcp", more);
	if (pl->pl_buffers && (more = buffers_object(pi)) != NULL)
		json_object_set_new(o, "buffers", more);
	ctl_list_add(&pl->pl_list, o);
}

static int
op_pcbs(struct ctl_request *rq)
{
	struct pcbs pl = { .pl_rq = rq };
	int owners = 0, error;

	ctl_list_begin(rq, "pcbs", &pl.pl_list);
	if ((error = ctl_args(rq, "{s?b,s?b,s?b}", "owners", &owners, "tcp", &pl.pl_tcp, "buffers", &pl.pl_buffers)) != 0)
		return error;
	error = owners ? owners_take(rq, &pl.pl_owners) : 0;
	if (error == 0)
		vi_pcbs(rq->rq_vnet, add_pcb, &pl);
	free(pl.pl_owners.os_list);
	return error != 0 ? error : pl.pl_list.l_error;
}

static void
add_packet(void *arg, const struct vi_packetinfo *pi)
{
	struct pcbs *pl = arg;
	json_t *o = json_object();

	put_inode(o, &pl->pl_owners, pi->pi_socket);
	if (pi->pi_ifname[0] != '\0')
		ctl_put_text(o, "interface", pi->pi_ifname);
	else if (pi->pi_ifindex != 0)
		json_object_set_new(o, "gone", json_true());
	ctl_put_int(o, "type", pi->pi_ethertype);
	json_object_set_new(o, "raw", json_boolean(pi->pi_raw));
	json_object_set_new(o, "promisc", json_boolean(pi->pi_promisc));
	json_object_set_new(o, "outgoing", json_boolean(pi->pi_outgoing));
	ctl_put_int(o, "uid", pi->pi_uid);
	ctl_put_int(o, "frames", pi->pi_frames);
	ctl_put_int(o, "matched", pi->pi_matched);
	ctl_put_int(o, "drops", pi->pi_drops);
	ctl_put_int(o, "waiting", pi->pi_waiting);
	ctl_list_add(&pl->pl_list, o);
}

static int
op_packets(struct ctl_request *rq)
{
	struct pcbs pl = { .pl_tcp = 0 };
	int error;

	ctl_list_begin(rq, "packets", &pl.pl_list);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	if ((error = owners_take(rq, &pl.pl_owners)) == 0)
		vi_packets(rq->rq_vnet, add_packet, &pl);
	free(pl.pl_owners.os_list);
	return error != 0 ? error : pl.pl_list.l_error;
}

static void
add_line(void *arg, const struct vi_logmsg *lm)
{
	json_t *o = json_object();

	ctl_put_int(o, "seq", lm->lm_seq);
	ctl_put_int(o, "time", lm->lm_time);
	ctl_put_int(o, "uptime", lm->lm_uptime);
	ctl_put_int(o, "level", lm->lm_level);
	ctl_put_int(o, "facility", lm->lm_facility);
	ctl_put_text(o, "vnet", lm->lm_vnet);
	ctl_put_text(o, "text", lm->lm_text);
	ctl_list_add(arg, o);
}

/*
 * A jail's messages are for those who own the buffer or stand above; who shares it would see the
 * other jails' messages too.
 */
static int
may_read(struct ctl_request *rq)
{
	int owner = vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vlog"), error;

	error = vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_LOG_READ);
	if (error != 0)
		return ctl_fail(rq, error, "only root may read the messages");
	if (vi_jail_visible(rq->rq_kernel, rq->rq_caller, owner) ||
	    vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_LOG_SHARED) == 0)
		return 0;
	return ctl_fail(rq, EPERM, "the parent's messages may not be read");
}

/* Clearing is for those who own it. */
static int
may_clear(struct ctl_request *rq)
{
	if (!vi_jail_visible(
		rq->rq_kernel, rq->rq_caller, vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vlog")))
		return ctl_fail(rq, EPERM, "the parent's messages may not be cleared");
	return vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_LOG_CLEAR);
}

static int
op_log(struct ctl_request *rq)
{
	struct ctl_list list;
	json_int_t after = 0;
	int clear = 0, error;
	uint64_t last;

	if (rq->rq_mixed && json_object_get(rq->rq_args, "jail") == NULL)
		rq->rq_caller = rq->rq_jid = rq->rq_log;
	ctl_list_begin(rq, "lines", &list);
	if ((error = ctl_args(rq, "{s?I,s?b}", "after", &after, "clear", &clear)) != 0 ||
	    (error = ctl_range(rq, "after", after, 0, INT64_MAX)) != 0 ||
	    (error = may_read(rq)) != 0 || (clear && (error = may_clear(rq)) != 0))
		return error;
	last = vi_jail_log_read(rq->rq_kernel, rq->rq_jid, (uint64_t)after, add_line, &list);
	ctl_put_int(rq->rq_reply, "last", last);
	ctl_put_int(rq->rq_reply, "stamp", (uint64_t)vi_jail_log_get(rq->rq_kernel, rq->rq_jid, VI_LOG_STAMP));
	if (clear)
		vi_jail_log_clear(rq->rq_kernel, rq->rq_jid);
	return 0;
}

const struct ctl_op ctl_stat_ops[] = {
	{ "stat.list", op_stats },
	{ "stat.accounts", op_accounts },
	{ "pcb.list", op_pcbs },
	{ "packet.list", op_packets },
	{ "log.read", op_log },
	{ NULL, NULL },
};
