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
	.tv_sack = 1,
	.tv_dsack = 1,
	.tv_rfc3042 = 1,
	.tv_rack = 1,
	.tv_hystart = 1,
	.tv_ecn = 2,
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
	.tv_syncookies = 1,
	.tv_sc_limit = 1024,
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
	.tv_blackhole_mss = 1200,
	.tv_blackhole_mss6 = 1220,
	.tv_max_orphans = 8192,
	.tv_orphan_retries = 8,
	.tv_notsent_lowat = UINT32_MAX,
	.tv_uto_lower = 100,			/* RFC 5482 3.1: MIN_UTO's order */
	.tv_uto_upper = 3600,
	.tv_cc = "cubic",
};

static int
tcp_sysctl_cc(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);

	(void)sd;
	if (value == NULL) {
		if (len < sizeof(tv->tv_cc))
			return (EINVAL);
		memcpy(buf, tv->tv_cc, sizeof(tv->tv_cc));
		return (0);
	}
	if (cc_byname(value) == NULL)
		return (EINVAL);
	memset(tv->tv_cc, 0, sizeof(tv->tv_cc));
	memcpy(tv->tv_cc, value, strlen(value));
	return (0);
}

static int
tcp_sysctl_cclist(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	static const char list[] = "bbr cubic newreno";

	(void)vn, (void)sd;
	if (value != NULL)
		return (EPERM);
	if (len < sizeof(list))
		return (EINVAL);
	memcpy(buf, list, sizeof(list));
	return (0);
}

#define TV_INT(name, member, min, max, descr)                                                      \
	CTL_INT("net.inet.tcp." name, CTL_RW, struct tcp_vnet, member, min, max, descr)
#define TV_UINT(name, member, min, max, descr)                                                     \
	CTL_UINT("net.inet.tcp." name, CTL_RW, struct tcp_vnet, member, min, max, descr)
#define TV_COUNT(name, member, descr)                                                              \
	CTL_UINT("net.inet.tcp." name, CTL_RD, struct tcp_vnet, member, 0, UINT32_MAX, descr)

static const struct sysctl_desc tcp_sysctls[] = {
    TV_INT("mssdflt", tv_mssdflt, 216, 65495, "Segment size when nothing is known"),
    TV_INT("minmss", tv_minmss, 88, 1460, "Smallest segment size believed"),
    TV_UINT("sendspace", tv_sendspace, 4096, SB_MAX, "Initial size of send buffers"),
    TV_UINT("recvspace", tv_recvspace, 4096, SB_MAX, "Initial size of receive buffers"),
    TV_INT("sendbuf_auto", tv_sendbuf_auto, 0, 1, "Grow send buffers"),
    TV_UINT("sendbuf_max", tv_sendbuf_max, 4096, SB_MAX, "Largest grown send buffer"),
    TV_INT("recvbuf_auto", tv_recvbuf_auto, 0, 1, "Grow receive buffers"),
    TV_UINT("recvbuf_max", tv_recvbuf_max, 4096, SB_MAX, "Largest grown receive buffer"),
    TV_INT("rfc1323", tv_rfc1323, 0, 1, "Window scaling and timestamps (RFC 7323)"),
    TV_INT("rfc3042", tv_rfc3042, 0, 1, "Limited transmit (RFC 3042)"),
    TV_INT("sack.enable", tv_sack, 0, 1, "Selective acknowledgments (RFC 2018, 6675)"),
    TV_INT("dsack.enable", tv_dsack, 0, 1, "Report duplicates (RFC 2883)"),
    TV_INT("rack", tv_rack, 0, 1, "Find losses by time, probe for lost tails (RFC 8985)"),
    TV_INT("hystart", tv_hystart, 0, 1, "End the first slow start by delay (RFC 9406)"),
    TV_INT("newcwv", tv_newcwv, 0, 1, "Keep an unused window for a while (RFC 7661)"),
    TV_INT("ecn.enable", tv_ecn, 0, 2, "ECN: 1 ask for it, 2 only grant it (RFC 3168)"),
    TV_INT("cc.abe", tv_abe, 0, 1, "Smaller reduction for a mark than for a loss (RFC 8511)"),
    TV_INT("delayed_ack", tv_delayed_ack, 0, 1, "Delay ACKs"),
    TV_INT("delacktime", tv_delacktime, 1, 500, "How long, ms"),
    TV_INT("initcwnd_segments", tv_initcwnd, 1, 64, "Initial window, segments (RFC 6928)"),
    TV_INT("rexmit_initial", tv_rexmit_initial, 10, 60000, "First retransmission timeout, ms"),
    TV_INT("rexmit_min", tv_rexmit_min, 1, 60000, "Smallest retransmission timeout, ms"),
    TV_INT("rexmit_max", tv_rexmit_max, 1000, 3600000, "Largest retransmission timeout, ms"),
    TV_INT("retries", tv_retries, 1, 100, "Timeouts in a row before a connection is given up"),
    TV_INT("syn_retries", tv_syn_retries, 1, 127, "The same for an outgoing SYN"),
    TV_INT("persmin", tv_persmin, 10, 60000, "Shortest time between window probes, ms"),
    TV_INT("persmax", tv_persmax, 1000, 600000, "Longest time between window probes, ms"),
    TV_INT("keepinit", tv_keepinit, 1000, 3600000, "Longest handshake, ms"),
    TV_INT("keepidle", tv_keepidle, 1000, INT32_MAX, "Idle time before keepalive probes, ms"),
    TV_INT("keepintvl", tv_keepintvl, 10, INT32_MAX, "Time between keepalive probes, ms"),
    TV_INT("keepcnt", tv_keepcnt, 1, 127,
	"Keepalive probes without answer before a connection is given up"),
    TV_INT("always_keepalive", tv_always_keepalive, 0, 1, "Keepalive on every connection"),
    TV_INT("msl", tv_msl, 1, 240000, "Longest life of a segment, ms; TIME_WAIT is twice that"),
    TV_INT("finwait2_timeout", tv_finwait2_timeout, 1, 600000, "FIN_WAIT_2 without a user, ms"),
    TV_INT("maxtcptw", tv_maxtw, 0, 1 << 20, "Most entries in TIME_WAIT"),
    TV_INT("syncookies", tv_syncookies, 0, 1, "SYN cookies when the SYN cache is full"),
    TV_INT("syncookies_only", tv_syncookies_only, 0, 1, "SYN cookies always"),
    TV_INT("syncache.cachelimit", tv_sc_limit, 0, 1 << 20, "Most entries of the SYN cache"),
    TV_INT("syncache.rexmtlimit", tv_sc_rexmtlimit, 0, TCP_SYNCACHE_QUEUES - 1,
	"Retransmissions of SYN-ACK"),
    TV_COUNT("syncache.count", tv_syncache.sc_tab.ft_count, "Entries of the SYN cache"),
    TV_COUNT("tw_count", tv_timewait.tw_tab.ft_count, "Entries in TIME_WAIT"),
    TV_COUNT("pcbcount", tv_pcbs.ipi_count, "Control blocks"),
    TV_INT(
	"blackhole", tv_blackhole, 0, 2, "No RST: 1 for SYN, 2 for every segment to a closed port"),
    TV_INT("drop_synfin", tv_drop_synfin, 0, 1, "Drop segments with SYN and FIN"),
    TV_INT("ack_war_cnt", tv_challenge_limit, 0, 1 << 20,
	"Challenge ACKs a second; 0 = no limit (RFC 5961 7)"),
    TV_INT("rst_limit", tv_rst_limit, 0, 1 << 20,
	"RSTs a second for segments of no connection; 0 = no limit"),
    TV_INT("reass.maxqueuelen", tv_reass_max, 1, 65536,
	"Runs of out-of-order data a connection may hold"),
    TV_INT("path_mtu_discovery", tv_path_mtu_discovery, 0, 1, "Path MTU discovery (RFC 1191)"),
    TV_INT("tso", tv_superpackets, 0, 1, "Segments longer than the MSS where links take them"),
    TV_INT("fastopen.server_enable", tv_tfo.tf_server, 0, 1, "Accept Fast Open (RFC 7413)"),
    TV_INT("fastopen.client_enable", tv_tfo.tf_client, 0, 1, "Let programs ask for Fast Open"),
    TV_INT("fastopen.autokey", tv_tfo.tf_autokey, 1, 1 << 24, "Life of a cookie key, s"),
    TV_INT("fastopen.path_disable_time", tv_tfo.tf_disable, 0, 1 << 24,
	"How long after a failure a host gets plain SYNs, s"),
    TV_INT("hostcache.enable", tv_hc.hc_enable, 0, 1, "Remember what connections learn of hosts"),
    TV_INT("hostcache.cachelimit", tv_hc.hc_cachelimit, 0, 1 << 20, "Most hosts remembered"),
    TV_INT("hostcache.bucketlimit", tv_hc.hc_bucketlimit, 1, 1 << 20, "Most of one chain"),
    CTL_PROC("net.inet.tcp.hostcache.hashsize", VI_CTL_INT, CTL_RW, tcp_sysctl_hchash,
	"Chains, a power of two; setting it forgets everything"),
    TV_COUNT("hostcache.count", tv_hc.hc_count, "Hosts remembered"),
    TV_INT("hostcache.expire", tv_hc.hc_expire, 1, 1 << 24, "How long, s"),
    TV_INT("hostcache.prune", tv_hc.hc_prune, 1, 1 << 20, "Time between looks for old ones, s"),
    TV_INT("hostcache.purge", tv_hc.hc_purgeall, 0, 1, "Forget everything at the next look"),
    CTL_PROC("net.inet.tcp.hostcache.purgenow", VI_CTL_INT, CTL_RW, tcp_sysctl_hcpurge,
	"Forget everything now"),
    CTL_PROC("net.inet.tcp.hostcache.list", VI_CTL_STRING, CTL_RD, tcp_sysctl_hclist,
	"How many hosts, and what is remembered of them"),
    TV_INT("pmtud_blackhole_detection", tv_pmtud_blackhole, 0, 3,
	"Shorter segments after timeouts: 1 IPv4 and IPv6, 2 IPv4, 3 IPv6"),
    TV_INT("pmtud_blackhole_mss", tv_blackhole_mss, 216, 65495, "Their size with IPv4"),
    TV_INT("v6pmtud_blackhole_mss", tv_blackhole_mss6, 1220, 65475, "Their size with IPv6"),
    TV_COUNT("orphans", tv_orphans, "Connections whose user closed them"),
    TV_INT("max_orphans", tv_max_orphans, 0, 1 << 20, "Most of these; beyond, close resets"),
    TV_INT("orphan_retries", tv_orphan_retries, 1, 100,
	"Timeouts in a row before a connection without a user is given up"),
    TV_UINT("notsent_lowat", tv_notsent_lowat, 1, UINT32_MAX,
	"Unsent bytes from which on a socket is not writable"),
    TV_INT("uto.enable", tv_uto, 0, 1, "Send and honour the user timeout option (RFC 5482)"),
    TV_INT("uto.lower", tv_uto_lower, 1, 32767, "Shortest timeout a peer may ask for, s"),
    TV_INT("uto.upper", tv_uto_upper, 1, 1 << 20, "Longest timeout a peer may ask for, s"),
    CTL_PROC("net.inet.tcp.cc.algorithm", VI_CTL_STRING, CTL_RW, tcp_sysctl_cc,
	"Congestion control of new connections"),
    CTL_PROC("net.inet.tcp.cc.available", VI_CTL_STRING, CTL_RD, tcp_sysctl_cclist,
	"Congestion controls there are"),
    CTL_END};

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
	tcp_timewait_init(tv);
	tcp_hc_init(tv);
	kernel_random(vn->vn_kernel, &tv->tv_isnkey, sizeof(tv->tv_isnkey));
	if ((error = tcp_syncache_init(tv)) != 0 ||
	    (error = in_pcbinfo_init(&tv->tv_pcbs, vn, VI_IPPROTO_TCP)) != 0)
		return (error);
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
	while ((inp = TAILQ_FIRST(&tv->tv_pcbs.ipi_list)) != NULL)
		tcp_protosw.pr_abort(inp->inp_socket);
	tcp_syncache_stop(tv);
	tcp_timewait_stop(tv);
	tcp_hc_fini(tv);
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
	.vm_after = "ip inpcb socket icmp",
	.vm_attach = tcp_attach,
	.vm_stop = tcp_stop,
	.vm_detach = tcp_detach,
	.vm_sysctls = tcp_sysctls,
	.vm_stats = tcp_stats);
