/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's knobs, net.inet.tcp.*, with FreeBSD's names, and those of them that Linux has under names
 * of its own, net.ipv4.tcp_*.  There is one value behind both names: Linux's units (seconds, bits)
 * are translated here.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "kern/sysctl.h"
#include "netinet/tcp/cc/cc.h"

int
tcp_sysctl_number(const struct sysctl_desc *sd, int *v, const char *value, char *buf, size_t len)
{
	struct sysctl_desc plain = *sd;

	plain.sd_off = 0;
	plain.sd_fn = NULL;
	return (value != NULL ? sysctl_desc_set(&plain, v, value)
			      : sysctl_desc_get(&plain, v, buf, len));
}

static int *
tcp_sysctl_int(struct vnet *vn, const struct sysctl_desc *sd)
{
	return ((int *)(void *)((char *)tcp_vnet(vn) + sd->sd_off));
}

static int
tcp_sysctl_seconds(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	int *ms = tcp_sysctl_int(vn, sd), s = (*ms + 999) / 1000, error;

	if ((error = tcp_sysctl_number(sd, &s, value, buf, len)) == 0 && value != NULL)
		*ms = s * 1000;
	return (error);
}

static int
tcp_sysctl_lxnot(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	int *knob = tcp_sysctl_int(vn, sd), v = !*knob, error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) == 0 && value != NULL)
		*knob = !v;
	return (error);
}

static int
tcp_sysctl_lxcookies(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	int v = tv->tv_syncookies_only ? 2 : tv->tv_syncookies, error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) == 0 && value != NULL) {
		tv->tv_syncookies = v > 0;
		tv->tv_syncookies_only = v == 2;
	}
	return (error);
}

static int
tcp_sysctl_lxfastopen(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	int v = tf->tf_client | tf->tf_server << 1 | tf->tf_clientneedless << 2 | tf->tf_nocookie << 9 | tf->tf_all << 10, error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) == 0 && value != NULL) {
		tf->tf_client = v & 1;
		tf->tf_server = v >> 1 & 1;
		tf->tf_clientneedless = v >> 2 & 1;
		tf->tf_nocookie = v >> 9 & 1;
		tf->tf_all = v >> 10 & 1;
	}
	return (error);
}

/* tcp_timestamps and tcp_window_scaling. */
static int
tcp_sysctl_lxrfc1323(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	bool scaling = strcmp(sd->sd_name, "net.ipv4.tcp_window_scaling") == 0, other;
	int v = scaling ? tcp_scaleok(tv) : tcp_tstampok(tv), error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) != 0 || value == NULL)
		return (error);
	other = scaling ? tcp_tstampok(tv) : tcp_scaleok(tv);
	tv->tv_rfc1323 = v && other ? 1 : !v && !other ? 0 : (v != 0) == scaling ? 2 : 3;
	return (0);
}

/*
 * tcp_rmem, tcp_wmem: least, first and largest size.  The least is ours to know and cannot be
 * changed.
 */
static int
tcp_sysctl_lxmem(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	bool rcv = strcmp(sd->sd_name, "net.ipv4.tcp_rmem") == 0;
	unsigned *space = rcv ? &tv->tv_recvspace : &tv->tv_sendspace,
		 *max = rcv ? &tv->tv_recvbuf_max : &tv->tv_sendbuf_max, v[3];
	struct sbuf sb;

	if (value == NULL) {
		sbuf_init(&sb, buf, len);
		sbuf_printf(&sb, "4096\t%u\t%u", *space, *max);
		return (sbuf_finish(&sb));
	}
	for (unsigned i = 0; i < 3; i++)
		if ((value = sysctl_field(value, &v[i])) == NULL)
			return (EINVAL);
	if (*value != '\0' || v[0] != 4096 || v[1] < 4096 || v[2] < v[1] || v[2] > SB_MAX)
		return (EINVAL);
	*space = v[1];
	*max = v[2];
	return (0);
}

static int
tcp_sysctl_cc(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	const struct cc_ops *cc;

	(void)sd;
	if (value == NULL) {
		if (len < CC_NAMELEN)
			return (EINVAL);
		memcpy(buf, tv->tv_cc->cc_name, strlen(tv->tv_cc->cc_name) + 1);
		return (0);
	}
	if ((cc = cc_byname(value)) == NULL)
		return (EINVAL);
	tv->tv_cc = cc;
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
#define TV_FN(name, min, max, fn, descr)                                                           \
	{"net.inet.tcp." name, VI_CTL_INT, CTL_RW, 0, (min), (max), (fn), (descr)}
#define LX_INT(name, member, min, max, descr)                                                      \
	CTL_INT("net.ipv4." name, CTL_RW, struct tcp_vnet, member, min, max, descr)
#define LX_FN(name, member, min, max, fn, descr)                                                   \
	{"net.ipv4." name, VI_CTL_INT, CTL_RW, offsetof(struct tcp_vnet, member), (min), (max),    \
	    (fn), (descr)}
#define TV_COUNT(name, member, descr)                                                              \
	CTL_UINT("net.inet.tcp." name, CTL_RD, struct tcp_vnet, member, 0, UINT32_MAX, descr)

const struct sysctl_desc tcp_sysctls[] = {
    TV_INT("mssdflt", tv_mssdflt, 216, 65495, "Segment size when nothing is known"),
    TV_INT("minmss", tv_minmss, 88, 1460, "Smallest segment size believed"),
    TV_UINT("sendspace", tv_sendspace, 4096, SB_MAX, "Initial size of send buffers"),
    TV_UINT("recvspace", tv_recvspace, 4096, SB_MAX, "Initial size of receive buffers"),
    TV_INT("sendbuf_auto", tv_sendbuf_auto, 0, 1, "Grow send buffers"),
    TV_UINT("sendbuf_max", tv_sendbuf_max, 4096, SB_MAX, "Largest grown send buffer"),
    TV_INT("recvbuf_auto", tv_recvbuf_auto, 0, 1, "Grow receive buffers"),
    TV_UINT("recvbuf_max", tv_recvbuf_max, 4096, SB_MAX, "Largest grown receive buffer"),
    TV_INT("rfc1323", tv_rfc1323, 0, 3,
	"Window scaling and timestamps (RFC 7323): 1 both, 2 scaling, 3 timestamps"),
    TV_INT("rfc3042", tv_rfc3042, 0, 1, "Limited transmit (RFC 3042)"),
    TV_INT("sack.enable", tv_sack, 0, 1, "Selective acknowledgments (RFC 2018, 6675)"),
    TV_INT("dsack.enable", tv_dsack, 0, 1, "Report duplicates (RFC 2883)"),
    TV_INT("rack", tv_rack, 0, 1, "Find losses by time, probe for lost tails (RFC 8985)"),
    TV_INT("hystart", tv_hystart, 0, 1, "End the first slow start by delay (RFC 9406)"),
    TV_INT("restart_after_idle", tv_idlerestart, 0, 1,
	"Begin with the initial window after a pause (RFC 5681 4.1)"),
    TV_INT("shortpath", tv_shortpath, 0, 1, "Take the short way for small segments in order"),
    TV_INT("newcwv", tv_newcwv, 0, 1, "Keep an unused window for a while (RFC 7661)"),
    TV_INT("do_prr", tv_prr, 0, 1, "Proportional rate reduction (RFC 9937)"),
    TV_INT("ecn.maxretries", tv_ecnretries, 0, 127, "SYNs that ask for ECN (RFC 3168 6.1.1.1)"),
    TV_INT("ecn.enable", tv_ecn, 0, 2, "ECN: 1 ask for it, 2 only grant it (RFC 3168)"),
    TV_INT("cc.abe", tv_abe, 0, 1, "Smaller reduction for a mark than for a loss (RFC 8511)"),
    TV_INT("delayed_ack", tv_delayed_ack, 0, 1, "Delay ACKs"),
    TV_INT("delacktime", tv_delacktime, 1, 499, "How long, ms"),
    TV_INT("initcwnd_segments", tv_initcwnd, 1, 64, "Initial window, segments (RFC 6928)"),
    TV_INT("rexmit_initial", tv_rexmit_initial, 10, 60000, "First retransmission timeout, ms"),
    TV_INT("rexmit_min", tv_rexmit_min, 1, 60000, "Smallest retransmission timeout, ms"),
    TV_INT("rexmit_slop", tv_rexmit_slop, 0, 60000, "Added to each measured or doubled retransmission timeout, ms"),
    TV_INT("rexmit_drop_options", tv_rexmit_dropopts, 0, 1,
	"Send the third SYN again without scaling, timestamps and SACK, as for hosts that lose those"),
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
    TV_INT("tw_reuse", tv_tw_reuse, 0, 2,
	"Pairs in TIME_WAIT for outgoing connections: 1 with timestamps (RFC 6191), 2 on the loopback"),
    TV_INT("syncookies", tv_syncookies, 0, 1, "SYN cookies when the SYN cache is full"),
    TV_INT("syncookies_only", tv_syncookies_only, 0, 1, "SYN cookies always"),
    TV_INT("syncache.cachelimit", tv_sc_limit, 0, 1 << 20, "Most entries of the SYN cache"),
    TV_INT("syncache.rexmtlimit", tv_sc_rexmtlimit, 0, TCP_SYNCACHE_QUEUES - 1,
	"Retransmissions of SYN-ACK"),
    {"net.inet.tcp.syncache.hashsize", VI_CTL_INT, CTL_RW, 0, 1, 1 << 16, tcp_sysctl_schash,
	"Most chains of the SYN cache, a power of two"},
    TV_INT("syncache.bucketlimit", tv_sc_bucketlimit, 1, 1 << 20, "Most entries of one chain"),
    TV_COUNT("syncache.count", tv_syncache.sc_tab.ft_count, "Entries of the SYN cache"),
    TV_COUNT("tw_count", tv_timewait.tw_ring.tr_count, "Entries in TIME_WAIT"),
    TV_COUNT("pcbcount", tv_pcbs.ipi_count, "Control blocks"),
    TV_INT(
	"blackhole", tv_blackhole, 0, 2, "No RST: 1 for SYN, 2 for every segment to a closed port"),
    TV_INT("log_in_vain", tv_vain, 0, 2, "Log 1 SYN, 2 every segment to a closed port"),
    TV_INT("insecure_rst", tv_insecure_rst, 0, 1, "Believe any RST in the window (RFC 9293)"),
    TV_INT("insecure_syn", tv_insecure_syn, 0, 1, "Believe any SYN in the window (RFC 9293)"),
    TV_INT("icmp_may_rst", tv_icmp_may_rst, 0, 1, "Hard ICMP errors end an attempt to connect"),
    TV_INT("tolerate_missing_ts", tv_tolerate_missing_ts, 0, 1,
	"Take segments without the timestamp that was agreed on (RFC 7323 3.2)"),
    TV_INT("drop_synfin", tv_drop_synfin, 0, 1, "Drop segments with SYN and FIN"),
    TV_INT("ack_war_cnt", tv_challenge_limit, 0, 1 << 20,
	"Challenge ACKs a second; 0 = no limit (RFC 5961 7)"),
    TV_INT("rst_limit", tv_rst_limit, 0, 1 << 20,
	"RSTs a second for segments of no connection; 0 = no limit"),
    TV_INT("reass.maxqueuelen", tv_reass_max, 1, 65536,
	"Runs of out-of-order data a connection may hold"),
    TV_INT("path_mtu_discovery", tv_path_mtu_discovery, 0, 1, "Path MTU discovery (RFC 1191)"),
    TV_INT("tso", tv_superpackets, 0, 1, "Segments longer than the MSS where links take them"),
    TV_INT("tso_minsegs", tv_mintso, 1, 64,
	"Segments that go out in one piece however slow the path"),
    TV_FN("fastopen.server_enable", 0, 1, tcp_sysctl_tfoserver, "Accept Fast Open (RFC 7413); set to 0 it forgets all keys"),
    TV_FN("fastopen.client_enable", 0, 1, tcp_sysctl_tfoclient, "Let programs ask for Fast Open; set to 0 it forgets all cookies"),
    TV_INT("fastopen.cookie_needless", tv_tfo.tf_nocookie, 0, 1, "Take data of SYNs without cookies"),
    TV_INT("fastopen.client_needless", tv_tfo.tf_clientneedless, 0, 1, "Send data with SYNs without cookies"),
    TV_INT("fastopen.acceptany", tv_tfo.tf_acceptany, 0, 1, "Take data of SYNs with any cookie"),
    CTL_PROC("net.inet.tcp.fastopen.keylen", VI_CTL_INT, CTL_RD, tcp_sysctl_tfokeys,
	"Length of a cookie key"),
    CTL_PROC("net.inet.tcp.fastopen.maxkeys", VI_CTL_INT, CTL_RD, tcp_sysctl_tfokeys,
	"Most cookie keys"),
    CTL_PROC("net.inet.tcp.fastopen.numkeys", VI_CTL_INT, CTL_RD, tcp_sysctl_tfokeys,
	"Cookie keys there are"),
    CTL_PROC("net.inet.tcp.fastopen.setkey", VI_CTL_STRING, CTL_RW, tcp_sysctl_tfosetkey,
	"Set: a new cookie key, 32 hexadecimal digits; cookies of the one before it stay good"),
    TV_FN("fastopen.psk_enable", 0, 1, tcp_sysctl_tfopsk,
	"Take cookies only from who knows a pre-shared key; set to 0 it forgets these"),
    CTL_PROC("net.inet.tcp.fastopen.maxpsks", VI_CTL_INT, CTL_RD, tcp_sysctl_tfopsks,
	"Most pre-shared keys"),
    CTL_PROC("net.inet.tcp.fastopen.numpsks", VI_CTL_INT, CTL_RD, tcp_sysctl_tfopsks,
	"Pre-shared keys there are"),
    CTL_PROC("net.inet.tcp.fastopen.setpsk", VI_CTL_STRING, CTL_RW, tcp_sysctl_tfosetpsk,
	"Set: a new pre-shared key, 32 hexadecimal digits; the one before it stays good"),
    TV_FN("fastopen.ccache_buckets", 1, 1 << 16, tcp_sysctl_ccachebuckets,
	"Chains of the cookie cache, a power of two; setting it forgets everything"),
    TV_FN("fastopen.ccache_bucket_limit", 1, 1 << 16, tcp_sysctl_ccachelimit, "Most cookies of one chain"),
    CTL_PROC("net.inet.tcp.fastopen.ccache_list", VI_CTL_STRING, CTL_RD | CTL_SECRET, tcp_sysctl_ccachelist,
	"The cookie cache: what servers gave"),
    TV_INT("fastopen.every_listener", tv_tfo.tf_all, 0, 1, "Not only where a program asked for it"),
    TV_INT("fastopen.autokey", tv_tfo.tf_autokey, 0, 1 << 24, "Life of a cookie key, s; 0 = for ever"),
    TV_INT("fastopen.path_disable_time", tv_tfo.tf_disable, 0, 1 << 24,
	"How long after a failure a path has plain SYNs, s"),
    TV_INT("fastopen.blackhole_timeout", tv_tfo.tf_blackhole, 0, 1 << 24,
	"How long no SYN is a Fast Open after connections fell silent, s; 0 = never"),
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
    CTL_PROC("net.inet.tcp.hostcache.histo", VI_CTL_STRING, CTL_RD, tcp_sysctl_hchisto,
	"How many chains have how many hosts"),
    TV_INT("pmtud_blackhole_detection", tv_pmtud_blackhole, 0, 3,
	"Shorter segments after timeouts: 1 IPv4 and IPv6, 2 IPv4, 3 IPv6"),
    TV_INT("pmtud_blackhole_mss", tv_blackhole_mss, 216, 65495, "Their size with IPv4"),
    TV_INT("v6pmtud_blackhole_mss", tv_blackhole_mss6, 1220, 65475, "Their size with IPv6"),
    TV_INT("pmtud_probing", tv_mtup, 0, 2,
	"Search for longer segments (RFC 4821): 1 after short ones were needed, 2 always"),
    TV_INT("pmtud_probe_floor", tv_mtupfloor, 48, 65475, "Shortest segments tried"),
    TV_INT("pmtud_probe_threshold", tv_mtupthreshold, 1, 65535, "How near the search gets, bytes"),
    TV_INT("pmtud_probe_interval", tv_mtupinterval, 1, 1 << 24, "Time until it begins anew, s"),
    {"net.inet.tcp.udp_tunneling_port", VI_CTL_INT, CTL_RW, 0, 0, 65535, tcp_sysctl_udpport,
	"UDP port for TCP in UDP; 0 = off"},
    TV_INT("udp_tunneling_overhead", tv_udp_overhead, 8, 1024,
	"By how much segments in UDP are shorter"),
    TV_COUNT("orphans", tv_orphans, "Connections whose user closed them"),
    TV_INT("max_orphans", tv_max_orphans, 0, 1 << 20, "Most of these; beyond, close resets"),
    TV_INT("orphan_retries", tv_orphan_retries, 1, 100,
	"Timeouts in a row before a connection without a user is given up"),
    TV_UINT("notsent_lowat", tv_notsent_lowat, 1, UINT32_MAX,
	"Unsent bytes from which on a socket is not writable"),
    TV_INT("uto.enable", tv_uto, 0, 1, "Send and honour the user timeout option (RFC 5482)"),
    TV_INT("uto.lower", tv_uto_lower, 1, 32767, "Shortest timeout a peer may ask for, s"),
    TV_INT("uto.upper", tv_uto_upper, 1, 1 << 20, "Longest timeout a peer may ask for, s"),
    CTL_PROC("net.inet.tcp.persona", VI_CTL_STRING, CTL_RW, tcp_sysctl_persona,
	"Habits on the wire: freebsd or linux; sets keepcnt, retries, syncache.rexmtlimit, tw_reuse, buffers"),
    CTL_PROC("net.inet.tcp.cc.algorithm", VI_CTL_STRING, CTL_RW, tcp_sysctl_cc,
	"Congestion control of new connections"),
    CTL_PROC("net.inet.tcp.cc.available", VI_CTL_STRING, CTL_RD, tcp_sysctl_cclist,
	"Congestion controls there are"),
    /* The names programs written for Linux look for; the same knobs, in Linux's units. */
    LX_INT("tcp_ecn", tv_ecn, 0, 2, "As net.inet.tcp.ecn.enable"),
    LX_INT("tcp_sack", tv_sack, 0, 1, "As net.inet.tcp.sack.enable"),
    LX_INT("tcp_dsack", tv_dsack, 0, 1, "As net.inet.tcp.dsack.enable"),
    LX_INT("tcp_recovery", tv_rack, 0, 1, "As net.inet.tcp.rack"),
    LX_INT("tcp_slow_start_after_idle", tv_idlerestart, 0, 1,
	"As net.inet.tcp.restart_after_idle"),
    LX_INT("tcp_min_tso_segs", tv_mintso, 1, 64, "As net.inet.tcp.tso_minsegs"),
    LX_INT("tcp_keepalive_probes", tv_keepcnt, 1, 127, "As net.inet.tcp.keepcnt"),
    LX_FN("tcp_keepalive_time", tv_keepidle, 1, 32767, tcp_sysctl_seconds,
	"As net.inet.tcp.keepidle, s"),
    LX_FN("tcp_keepalive_intvl", tv_keepintvl, 1, 32767, tcp_sysctl_seconds,
	"As net.inet.tcp.keepintvl, s"),
    LX_FN("tcp_fin_timeout", tv_finwait2_timeout, 1, 600, tcp_sysctl_seconds,
	"As net.inet.tcp.finwait2_timeout, s"),
    LX_INT("tcp_syn_retries", tv_syn_retries, 1, 127, "As net.inet.tcp.syn_retries"),
    LX_INT("tcp_synack_retries", tv_sc_rexmtlimit, 0, TCP_SYNCACHE_QUEUES - 1,
	"As net.inet.tcp.syncache.rexmtlimit"),
    LX_INT("tcp_retries2", tv_retries, 1, 100, "As net.inet.tcp.retries"),
    LX_INT("tcp_orphan_retries", tv_orphan_retries, 1, 100, "As net.inet.tcp.orphan_retries"),
    LX_INT("tcp_max_orphans", tv_max_orphans, 0, 1 << 20, "As net.inet.tcp.max_orphans"),
    LX_INT("tcp_max_tw_buckets", tv_maxtw, 0, 1 << 20, "As net.inet.tcp.maxtcptw"),
    LX_INT("tcp_tw_reuse", tv_tw_reuse, 0, 2, "As net.inet.tcp.tw_reuse"),
    LX_INT("tcp_max_syn_backlog", tv_sc_limit, 0, 1 << 20, "As net.inet.tcp.syncache.cachelimit"),
    LX_INT("tcp_moderate_rcvbuf", tv_recvbuf_auto, 0, 1, "As net.inet.tcp.recvbuf_auto"),
    LX_INT("tcp_challenge_ack_limit", tv_challenge_limit, 0, 1 << 20,
	"As net.inet.tcp.ack_war_cnt"),
    LX_INT("tcp_fastopen_blackhole_timeout_sec", tv_tfo.tf_blackhole, 0, 1 << 24,
	"As net.inet.tcp.fastopen.blackhole_timeout"),
    LX_INT("tcp_base_mss", tv_blackhole_mss, 216, 65495, "As net.inet.tcp.pmtud_blackhole_mss"),
    CTL_UINT("net.ipv4.tcp_notsent_lowat", CTL_RW, struct tcp_vnet, tv_notsent_lowat, 1,
	UINT32_MAX, "As net.inet.tcp.notsent_lowat"),
    LX_FN("tcp_syncookies", tv_syncookies, 0, 2, tcp_sysctl_lxcookies,
	"As net.inet.tcp.syncookies and, with 2, syncookies_only"),
    LX_INT("tcp_mtu_probing", tv_mtup, 0, 2, "As net.inet.tcp.pmtud_probing"),
    LX_INT("tcp_mtu_probe_floor", tv_mtupfloor, 48, 65475, "As net.inet.tcp.pmtud_probe_floor"),
    LX_INT("tcp_probe_threshold", tv_mtupthreshold, 1, 65535, "As net.inet.tcp.pmtud_probe_threshold"),
    LX_INT("tcp_probe_interval", tv_mtupinterval, 1, 1 << 24, "As net.inet.tcp.pmtud_probe_interval"),
    LX_FN("tcp_no_metrics_save", tv_hc.hc_enable, 0, 1, tcp_sysctl_lxnot,
	"The contrary of net.inet.tcp.hostcache.enable"),
    LX_FN("tcp_fastopen", tv_tfo, 0, 0xfffff, tcp_sysctl_lxfastopen,
	"As net.inet.tcp.fastopen.client_enable (1), server_enable (2), client_needless (4), cookie_needless (0x200), every_listener (0x400)"),
    CTL_PROC("net.ipv4.tcp_fastopen_key", VI_CTL_STRING, CTL_RW | CTL_SECRET, tcp_sysctl_lxtfokey,
	"Keys of cookies: of now, of before"),
    LX_FN("tcp_timestamps", tv_rfc1323, 0, 1, tcp_sysctl_lxrfc1323, "Of net.inet.tcp.rfc1323"),
    LX_FN("tcp_window_scaling", tv_rfc1323, 0, 1, tcp_sysctl_lxrfc1323,
	"Of net.inet.tcp.rfc1323"),
    CTL_PROC("net.ipv4.tcp_rmem", VI_CTL_STRING, CTL_RW, tcp_sysctl_lxmem,
	"4096, net.inet.tcp.recvspace, recvbuf_max"),
    CTL_PROC("net.ipv4.tcp_wmem", VI_CTL_STRING, CTL_RW, tcp_sysctl_lxmem,
	"4096, net.inet.tcp.sendspace, sendbuf_max"),
    CTL_PROC("net.ipv4.tcp_congestion_control", VI_CTL_STRING, CTL_RW, tcp_sysctl_cc,
	"As net.inet.tcp.cc.algorithm"),
    CTL_PROC("net.ipv4.tcp_available_congestion_control", VI_CTL_STRING, CTL_RD,
	tcp_sysctl_cclist, "As net.inet.tcp.cc.available"),
    CTL_END};
