/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "tcp": one per vnet; its knobs and counters. */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "netinet/tcp/cc/cc.h"

VNET_STATE_DEFINE(tcp);

static const struct tcp_vnet tcp_vnet_defaults = {
	.tv_mssdflt = TCP_MSS_DEFAULT,		/* RFC 9293 3.7.1 */
	.tv_minmss = 216,
	.tv_sendspace = 131072,
	.tv_recvspace = 131072,
	.tv_sendbuf_max = 4u << 20,
	.tv_recvbuf_max = 4u << 20,
	.tv_sendbuf_auto = 1,
	.tv_recvbuf_auto = 1,
	.tv_rfc1323 = 1,
	.tv_icmp_may_rst = 1,
	.tv_tolerate_missing_ts = 1,	/* RFC 7323 3.2 says SHOULD drop; nobody does */
	.tv_sack = 1,
	.tv_dsack = 1,
	.tv_rfc3042 = 1,
	.tv_rack = 1,
	.tv_hystart = 1,
	.tv_idlerestart = 1,
	.tv_mintso = 2,
	.tv_ecn = 2,
	.tv_ecnretries = 1,
	.tv_prr = 1,
	.tv_shortpath = 1,
	.tv_delayed_ack = 1,
	.tv_delacktime = 40,
	.tv_initcwnd = 10,			/* RFC 6928 */
	.tv_rexmit_initial = 1000,		/* RFC 6298 2.1 */
	.tv_rexmit_min = 200,			/* RFC 6298 2.4 says 1 s; everybody less */
	.tv_rexmit_max = 64000,
	.tv_retries = 12,
	.tv_syn_retries = 6,
	.tv_persmin = 200,
	.tv_persmax = 60000,
	.tv_keepinit = 127000,
	.tv_keepidle = 7200000,
	.tv_keepintvl = 75000,
	.tv_keepcnt = 8,
	.tv_msl = 30000,
	.tv_finwait2_timeout = 60000,
	.tv_maxtw = 16384,
	.tv_tw_reuse = 1,
	.tv_syncookies = 1,
	.tv_sc_limit = 1024,
	.tv_sc_hashsize = 512,
	.tv_sc_bucketlimit = 30,
	.tv_sc_rexmtlimit = 3,
	.tv_challenge_limit = 100,		/* RFC 5961 7 suggests 10 in 5 s */
	.tv_rst_limit = 1000,
	.tv_reass_max = 512,
	.tv_path_mtu_discovery = 1,
	.tv_superpackets = 1,
	.tv_hc = {.hc_enable = 1,
	    .hc_hashsize = 512,
	    .hc_bucketlimit = 30,
	    .hc_cachelimit = 15360,
	    .hc_expire = 3600,
	    .hc_prune = 300},
	.tv_tfo = {.tf_client = 1, .tf_autokey = 120, .tf_disable = 900},
	.tv_ccache = {.ck_buckets = 512, .ck_limit = 16},
	.tv_udp_overhead = 8,
	.tv_blackhole_mss = 1200,
	.tv_blackhole_mss6 = 1220,
	.tv_mtupfloor = 48,
	.tv_mtupthreshold = 8,
	.tv_mtupinterval = 600,			/* RFC 4821 7.3 */
	.tv_max_orphans = 8192,
	.tv_orphan_retries = 8,
	.tv_notsent_lowat = UINT32_MAX,
	.tv_uto_lower = 100,			/* RFC 5482 3.1: MIN_UTO's order */
	.tv_uto_upper = 3600,
	.tv_cc = &cc_cubic,
};

#define TCP_STAT_ROW(name, text) STAT_IN("tcp", struct tcp_vnet, tv_stat, name, text),
static const struct stat_desc tcp_stats[] = {
	TCP_STATS(TCP_STAT_ROW)
	STAT_END
};

static int
tcp_attach(struct vnet *vn)
{
	const struct inet_proto tcp_proto = { VI_IPPROTO_TCP, tcp_input, tcp_ctlinput };
	struct tcp_vnet *tv = tcp_vnet(vn);
	int error;

	tv->tv_vnet = vn;
	/* No second yet: a clock may begin at 0. */
	tv->tv_rst_epoch = tv->tv_challenge_epoch = UINT64_MAX;
	tcp_timewait_init(tv);
	tcp_hc_init(tv);
	kernel_random(vn->vn_kernel, &tv->tv_isnkey, sizeof(tv->tv_isnkey));
	if ((error = tcp_syncache_init(tv)) != 0 ||
	    (error = in_pcbinfo_init(&tv->tv_pcbs, vn, VI_IPPROTO_TCP, ACCT_TCPCB, sizeof(struct tcpcb))) != 0)
		return (error);
	tv->tv_pcbs.ipi_lingers = tcp_timewait_lingers;
	if ((error = inet_proto_register(vn, &tcp_proto)) == 0 &&
	    (error = proto_register(vn, &tcp_protosw)) == 0)
		error = proto_register(vn, &tcp6_protosw);
	if (error != 0)
		in_pcbinfo_fini(&tv->tv_pcbs);
	return (error);
}

/* Every connection ends with an RST where the peer knows of it; nothing new begins. */
static void
tcp_stop(struct vnet *vn)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	struct inpcb *inp;

	tv->tv_stopping = true;
	tcp_udp_stop(tv);
	while ((inp = TAILQ_FIRST(&tv->tv_pcbs.ipi_list)) != NULL)
		tcp_protosw.pr_abort(inp->inp_socket);
	tcp_syncache_stop(tv);
	tcp_timewait_stop(tv);
	tcp_hc_fini(tv);
	tcp_ccache_clear(tv);
}

#define TCP_SHORT	64	/* connections that lose what came too early in one go */

/*
 * What came too early goes, though it may have been SACKed: RFC 2018 8 allows it, and the sender will find out.  Those that
 * began last are first; who is still short of memory asks again.
 */
static void
tcp_short_memory(struct tcp_vnet *tv)
{
	struct tcpcb *tp;

	for (unsigned n = 0; n < TCP_SHORT && (tp = LIST_FIRST(&tv->tv_early)) != NULL; n++) {
		TCPSTAT_ADD(tv, tcps_rcvmemdrop, tp->t_segqlen);
		tcp_reass_flush(tp);
	}
}

/* RFC 5227 2.4: before an address is left to another host, its connections are reset. */
static void
tcp_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	const struct ifaddr *ifa = obj;
	struct inpcb *inp, *next;

	if (ev == VNET_EV_SHORT)
		tcp_short_memory(tcp_vnet(vn));
	if (ev != VNET_EV_IFADDR_TAKEN)
		return;
	TAILQ_FOREACH_SAFE(inp, &tcp_vnet(vn)->tv_pcbs.ipi_list, inp_list, next)
		if ((inp->inp_flags & INP_IPV4) != 0 && inp->inp_laddr.in4 == ifa->ifa_addr.na_in &&
		    intotcpcb(inp)->t_state >= TCPS_SYN_SENT)
			tcp_drop(intotcpcb(inp), ECONNABORTED);
}

static void
tcp_detach(struct vnet *vn)
{
	struct tcp_vnet *tv = tcp_vnet(vn);

	/*
	 * Segments that were on their way when tcp_stop() ran find no listener, so both are still
	 * empty.
	 */
	tcp_syncache_fini(tv);
	tcp_timewait_fini(tv);
	in_pcbinfo_fini(&tv->tv_pcbs);
}

VNET_MODULE(tcp,
	.vm_size = sizeof(struct tcp_vnet),
	.vm_defaults = &tcp_vnet_defaults,
	.vm_after = "ip inpcb socket icmp udp",
	.vm_attach = tcp_attach,
	.vm_stop = tcp_stop,
	.vm_detach = tcp_detach,
	.vm_event = tcp_event,
	.vm_sysctls = tcp_sysctls,
	.vm_stats = tcp_stats);
