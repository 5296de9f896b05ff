/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters.  Linux's names of RFC 4293, 4022 and 4113, and its own, each with those of ours that make it up.  In snmp and IpExt, which snmpd(8)
 * reads by the place of a number, what the stack does not count is 0; in TcpExt and snmp6, which are read by names, it is left out.
 */
#include "linux/procnet_int.h"
#include "linux/lx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/vimage.h>

#define MAXTYPES	256	/* of ICMP's messages */
#define PERLINE		16	/* Linux's, of those that occurred */

/* Linux's name; counters of ours to be added, by blanks. */
struct counter { const char *co_name, *co_of; };

static const struct counter ip_rows[] = {
	{ "InReceives", "ips_total" },
	{ "InHdrErrors", "ips_badsum ips_toosmall ips_badhlen ips_badlen ips_badoptions ips_badvers ips_ttlexceeded" },
	{ "InAddrErrors", "ips_badaddr ips_cantforward" },
	{ "ForwDatagrams", "ips_forward" },
	{ "InUnknownProtos", "ips_noproto" },
	{ "InDiscards", "ips_nomem ips_stopped ips_optdropped" },
	{ "InDelivers", "ips_delivered" },
	{ "OutRequests", "ips_localout ips_rawout" },
	{ "OutDiscards", "ips_odropped" },
	{ "OutNoRoutes", "ips_noroute" },
	{ "ReasmTimeout", "ips_fragtimeout" },
	{ "ReasmReqds", "ips_fragments" },
	{ "ReasmOKs", "ips_reassembled" },
	{ "ReasmFails", "ips_badfrag ips_fragdropped ips_fragoverlap ips_fragecn ips_fragtimeout" },
	{ "FragOKs", "ips_fragmented" },
	{ "FragFails", "ips_cantfrag" },
	{ "FragCreates", "ips_ofragments" },
	{ "OutTransmits", "ips_localout ips_rawout ips_forward" },
	{ NULL, NULL }
};

static const struct counter tcp_rows[] = {
	{ "InSegs", "tcps_rcvtotal" },
	{ "OutSegs", "tcps_sndtotal" },
	{ "RetransSegs", "tcps_sndrexmitpack" },
	{ "InErrs", "tcps_rcvbadsum tcps_rcvbadoff tcps_rcvshort tcps_rcvbadopt" },
	{ "OutRsts", "tcps_sndrst" },
	{ "InCsumErrors", "tcps_rcvbadsum" },
	{ NULL, NULL }
};

/* Of both families, and UDP-Lite: the stack counts them together. */
static const struct counter udp_rows[] = {
	{ "InDatagrams", "udps_delivered" },
	{ "NoPorts", "udps_noport" },
	{ "InErrors", "udps_hdrops udps_badlen udps_badsum udps_nosum6 udps_coverage udps_fullsock udps_filtered udps_minttl udps_shutdown udps_nomem" },
	{ "OutDatagrams", "udps_opackets" },
	{ "RcvbufErrors", "udps_fullsock" },
	{ "SndbufErrors", "udps_oerrors" },
	{ "InCsumErrors", "udps_badsum udps_nosum6" },
	{ "IgnoredMulti", "udps_noportbcast" },
	{ "MemErrors", "udps_nomem" },
	{ NULL, NULL }
};

static const struct counter tcpext_rows[] = {
	{ "SyncookiesSent", "tcps_sc_sendcookie" },
	{ "SyncookiesRecv", "tcps_sc_recvcookie" },
	{ "SyncookiesFailed", "tcps_sc_badcookie" },
	{ "EmbryonicRsts", "tcps_sc_reset" },
	{ "OutOfWindowIcmps", "tcps_icmpwindow" },
	{ "TW", "tcps_tw_added" },
	{ "TWRecycled", "tcps_tw_reused" },
	{ "PAWSEstab", "tcps_pawsdrop" },
	{ "DelayedACKs", "tcps_delack" },
	{ "ListenOverflows", "tcps_listendrop" },
	{ "ListenDrops", "tcps_listendrop tcps_sc_dropped" },
	{ "TCPHPHits", "tcps_preddat" },
	{ "TCPHPAcks", "tcps_predack" },
	{ "TCPSackRecovery", "tcps_sack_recovery_episode" },
	{ "TCPSACKReneging", "tcps_sack_reneged" },
	{ "TCPDSACKUndo", "tcps_undo_dsack" },
	{ "TCPTimeouts", "tcps_rexmttimeo" },
	{ "TCPLossProbes", "tcps_tlp_probes" },
	{ "TCPLossProbeRecovery", "tcps_tlp_recovered" },
	{ "TCPDSACKOldSent", "tcps_sack_dsack_sent" },
	{ "TCPDSACKRecv", "tcps_sack_dsack_rcv" },
	{ "TCPAbortOnMemory", "tcps_orphandrops" },
	{ "TCPAbortOnTimeout", "tcps_timeoutdrop tcps_persistdrop tcps_keepdrops" },
	{ "TCPSACKDiscard", "tcps_sack_ignored" },
	{ "TCPSpuriousRTOs", "tcps_undo_frto" },
	{ "TCPMD5NotFound", "tcps_sig_err_nosigopt" },
	{ "TCPMD5Unexpected", "tcps_sig_err_sigopt" },
	{ "TCPMD5Failure", "tcps_sig_rcvbadsig" },
	{ "TCPMinTTLDrop", "tcps_rcvminttl" },
	{ "IPReversePathFilter", "ips_wrongway" },
	{ "TCPOFOQueue", "tcps_rcvoopack" },
	{ "TCPOFODrop", "tcps_rcvreassfull" },
	{ "TCPChallengeACK", "tcps_challenge_acks" },
	{ "TCPSYNChallenge", "tcps_badsyn" },
	{ "TCPFastOpenActive", "tcps_tfo_dataacked" },
	{ "TCPFastOpenActiveFail", "tcps_tfo_datalost" },
	{ "TCPFastOpenPassive", "tcps_tfo_accepts" },
	{ "TCPFastOpenPassiveFail", "tcps_tfo_badcookie" },
	{ "TCPFastOpenListenOverflow", "tcps_tfo_overflow" },
	{ "TCPFastOpenCookieReqd", "tcps_tfo_requests" },
	{ "TCPFastOpenBlackhole", "tcps_tfo_blackholes" },
	{ "TCPOrigDataSent", "tcps_sndpack" },
	{ "TCPHystartDelayDetect", "tcps_hystart_css" },
	{ "TCPACKSkippedSeq", "tcps_oow_limited" },
	{ "TCPACKSkippedChallenge", "tcps_challenge_limited" },
	{ "TCPWinProbe", "tcps_sndprobe" },
	{ "TCPKeepAlive", "tcps_keepprobe" },
	{ "TCPMTUPFail", "tcps_mtup_failed" },
	{ "TCPMTUPSuccess", "tcps_mtup_succeeded" },
	{ "TCPRcvQDrop", "tcps_rcvmemdrop" },
	{ NULL, NULL }
};

static const struct counter ipext_rows[] = {
	{ "InNoRoutes", "ips_fwdnoroute" },
	{ "InTruncatedPkts", "ips_tooshort" },
	{ "InMcastPkts", "" }, { "OutMcastPkts", "" }, { "InBcastPkts", "" }, { "OutBcastPkts", "" },
	{ "InOctets", "" }, { "OutOctets", "" }, { "InMcastOctets", "" }, { "OutMcastOctets", "" }, { "InBcastOctets", "" }, { "OutBcastOctets", "" },
	{ "InCsumErrors", "ips_badsum" },
	{ "InNoECTPkts", "" }, { "InECT1Pkts", "" }, { "InECT0Pkts", "" }, { "InCEPkts", "" },
	{ "ReasmOverlaps", "ips_fragoverlap" },
	{ NULL, NULL }
};

static const struct counter ip6_rows[] = {
	{ "Ip6InReceives", "i6s_total" },
	{ "Ip6InHdrErrors", "i6s_toosmall i6s_badvers i6s_badoptions i6s_exthdrtoolong i6s_badroute i6s_hlimexceeded" },
	{ "Ip6InNoRoutes", "i6s_fwdnoroute" },
	{ "Ip6InAddrErrors", "i6s_badaddr i6s_cantforward i6s_tentative" },
	{ "Ip6InUnknownProtos", "i6s_noproto" },
	{ "Ip6InTruncatedPkts", "i6s_tooshort" },
	{ "Ip6InDiscards", "i6s_nomem i6s_stopped i6s_ifdisabled" },
	{ "Ip6InDelivers", "i6s_delivered" },
	{ "Ip6OutForwDatagrams", "i6s_forward" },
	{ "Ip6OutRequests", "i6s_localout" },
	{ "Ip6OutDiscards", "i6s_odropped" },
	{ "Ip6OutNoRoutes", "i6s_noroute" },
	{ "Ip6ReasmTimeout", "i6s_fragtimeout" },
	{ "Ip6ReasmReqds", "i6s_fragments" },
	{ "Ip6ReasmOKs", "i6s_reassembled" },
	{ "Ip6ReasmFails", "i6s_fragbad i6s_fragdropped i6s_fragoverlap i6s_fragtimeout" },
	{ "Ip6FragOKs", "i6s_fragmented" },
	{ "Ip6FragFails", "i6s_toobig" },
	{ "Ip6FragCreates", "i6s_ofragments" },
	{ "Ip6OutTransmits", "i6s_localout i6s_forward" },
	{ NULL, NULL }
};

/* Kinds of ICMP's messages, by their number. */
struct kind { const char *ki_name; uint8_t ki_type; };

static const struct kind icmp_kinds[] = {
	{ "DestUnreachs", 3 }, { "TimeExcds", 11 }, { "ParmProbs", 12 }, { "SrcQuenchs", 4 }, { "Redirects", 5 }, { "Echos", 8 }, { "EchoReps", 0 },
	{ "Timestamps", 13 }, { "TimestampReps", 14 }, { "AddrMasks", 17 }, { "AddrMaskReps", 18 }, { NULL, 0 }
};
static const struct kind icmp6_kinds[] = {
	{ "DestUnreachs", 1 }, { "PktTooBigs", 2 }, { "TimeExcds", 3 }, { "ParmProblems", 4 }, { "Echos", 128 }, { "EchoReplies", 129 },
	{ "GroupMembQueries", 130 }, { "GroupMembResponses", 131 }, { "GroupMembReductions", 132 }, { "RouterSolicits", 133 },
	{ "RouterAdvertisements", 134 }, { "NeighborSolicits", 135 }, { "NeighborAdvertisements", 136 }, { "Redirects", 137 }, { "MLDv2Reports", 143 },
	{ NULL, 0 }
};

/* All that the stack counts, by name. */
struct stats {
	struct procnet	*sa_pn;
	struct counted { const char *st_name; uint64_t st_value; } *sa_stat;
	size_t		 sa_n, sa_room;
};

static void
stats_each(void *arg, const struct vi_stat *st)
{
	struct stats *sa = arg;
	const size_t room = sa->sa_room == 0 ? 512 : sa->sa_room * 2;
	struct counted *more;

	if (sa->sa_n == sa->sa_room) {
		if ((more = realloc(sa->sa_stat, room * sizeof(*more))) == NULL) {
			sa->sa_pn->pn_error = ENOMEM;
			return;
		}
		sa->sa_stat = more;
		sa->sa_room = room;
	}
	sa->sa_stat[sa->sa_n++] = (struct counted){ st->st_name, st->st_value };
}

static int
stat_cmp(const void *a, const void *b)
{
	return (strcmp(((const struct counted *)a)->st_name, ((const struct counted *)b)->st_name));
}

static void
stats_take(struct stats *sa, struct procnet *pn)
{
	*sa = (struct stats){ .sa_pn = pn };
	vi_stats(pn->pn_vnet, NULL, stats_each, sa);
	if (sa->sa_n > 0)
		qsort(sa->sa_stat, sa->sa_n, sizeof(sa->sa_stat[0]), stat_cmp);
}

static uint64_t
stats_one(const struct stats *sa, const char *name)
{
	const struct counted key = { name, 0 }, *found = sa->sa_n == 0 ? NULL : bsearch(&key, sa->sa_stat, sa->sa_n, sizeof(key), stat_cmp);

	return (found != NULL ? found->st_value : 0);
}

static uint64_t
stats_sum(const struct stats *sa, const char *names)
{
	char name[64];
	uint64_t sum = 0;
	size_t n;

	for (; *names != '\0'; names += n + strspn(names + n, " ")) {
		n = strcspn(names, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		sum += stats_one(sa, name);
	}
	return (sum);
}

/* Messages of one type, or of all (-1); what: "icps_inhist". */
static uint64_t
stats_type(const struct stats *sa, const char *what, int type)
{
	uint64_t sum = 0;
	char name[64];

	for (int t = type < 0 ? 0 : type; t < (type < 0 ? MAXTYPES : type + 1); t++) {
		snprintf(name, sizeof(name), "%s_%d", what, t);
		sum += stats_one(sa, name);
	}
	return (sum);
}

static void
put_names(struct procnet *pn, const struct counter *rows)
{
	for (; rows->co_name != NULL; rows++)
		pn_printf(pn, " %s", rows->co_name);
}

static void
put_values(struct procnet *pn, const struct stats *sa, const struct counter *rows)
{
	for (; rows->co_name != NULL; rows++)
		pn_printf(pn, " %ju", (uintmax_t)stats_sum(sa, rows->co_of));
}

/* Two lines, the names and the numbers. */
static void
put_pair(struct procnet *pn, const struct stats *sa, const char *what, const struct counter *rows)
{
	pn_printf(pn, "%s:", what);
	put_names(pn, rows);
	pn_printf(pn, "\n%s:", what);
	put_values(pn, sa, rows);
	pn_printf(pn, "\n");
}

static void
put_ip(struct procnet *pn, const struct stats *sa)
{
	pn_printf(pn, "Ip: Forwarding DefaultTTL");
	put_names(pn, ip_rows);
	pn_printf(pn, "\nIp: %d %u", pn_knob(pn, "net.inet.ip.forwarding") != 0 ? 1 : 2, pn_knob(pn, "net.inet.ip.ttl"));
	put_values(pn, sa, ip_rows);
	pn_printf(pn, "\n");
}

static void
put_icmp(struct procnet *pn, const struct stats *sa)
{
	const struct kind *ki;

	pn_printf(pn, "Icmp: InMsgs InErrors InCsumErrors");
	for (ki = icmp_kinds; ki->ki_name != NULL; ki++)
		pn_printf(pn, " In%s", ki->ki_name);
	pn_printf(pn, " OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost");
	for (ki = icmp_kinds; ki->ki_name != NULL; ki++)
		pn_printf(pn, " Out%s", ki->ki_name);
	pn_printf(pn, "\nIcmp: %ju %ju %ju", (uintmax_t)(stats_type(sa, "icps_inhist", -1) + stats_sum(sa, "icps_tooshort icps_checksum")),
	    (uintmax_t)stats_sum(sa, "icps_badcode icps_tooshort icps_checksum icps_badlen"), (uintmax_t)stats_one(sa, "icps_checksum"));
	for (ki = icmp_kinds; ki->ki_name != NULL; ki++)
		pn_printf(pn, " %ju", (uintmax_t)stats_type(sa, "icps_inhist", ki->ki_type));
	pn_printf(pn, " %ju %ju %ju 0", (uintmax_t)stats_type(sa, "icps_outhist", -1), (uintmax_t)stats_sum(sa, "icps_nomem icps_noroute"),
	    (uintmax_t)stats_one(sa, "icps_ratelimited"));
	for (ki = icmp_kinds; ki->ki_name != NULL; ki++)
		pn_printf(pn, " %ju", (uintmax_t)stats_type(sa, "icps_outhist", ki->ki_type));
	pn_printf(pn, "\n");
}

/* The types that occurred, numbered on from those received to those sent. */
static void
put_icmpmsg(struct procnet *pn, const struct stats *sa)
{
	struct { unsigned type; uint64_t n; } seen[PERLINE];
	unsigned n = 0;

	for (unsigned i = 0; i < 2 * MAXTYPES; i++) {
		const uint64_t value = stats_type(sa, i < MAXTYPES ? "icps_inhist" : "icps_outhist", (int)(i % MAXTYPES));

		if (value != 0) {
			seen[n].type = i;
			seen[n++].n = value;
		}
		if (n < PERLINE && (n == 0 || i + 1 < 2 * MAXTYPES))
			continue;
		pn_printf(pn, "IcmpMsg:");
		for (unsigned j = 0; j < n; j++)
			pn_printf(pn, " %sType%u", seen[j].type < MAXTYPES ? "In" : "Out", seen[j].type % MAXTYPES);
		pn_printf(pn, "\nIcmpMsg:");
		for (unsigned j = 0; j < n; j++)
			pn_printf(pn, " %ju", (uintmax_t)seen[j].n);
		pn_printf(pn, "\n");
		n = 0;
	}
}

static void
count_established(void *arg, const struct vi_pcbinfo *pi)
{
	*(unsigned *)arg += pi->pi_type == SOCK_STREAM && (pi->pi_state == VI_TCPS_ESTABLISHED || pi->pi_state == VI_TCPS_CLOSE_WAIT);
}

/* The algorithm is "other": RFC 6298 with what came after it. */
static void
put_tcp(struct procnet *pn, const struct stats *sa)
{
	unsigned established = 0;

	vi_pcbs(pn->pn_vnet, count_established, &established);
	pn_printf(pn, "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab");
	put_names(pn, tcp_rows);
	pn_printf(pn, "\nTcp: 1 %u %u -1 %ju %ju %ju %ju %u", pn_knob(pn, "net.inet.tcp.rexmit_min"), pn_knob(pn, "net.inet.tcp.rexmit_max"),
	    (uintmax_t)stats_one(sa, "tcps_connattempt"), (uintmax_t)stats_one(sa, "tcps_accepts"), (uintmax_t)stats_one(sa, "tcps_conndrops"),
	    (uintmax_t)stats_one(sa, "tcps_drops"), established);
	put_values(pn, sa, tcp_rows);
	pn_printf(pn, "\n");
}

void
procnet_snmp(struct procnet *pn)
{
	struct stats sa;

	stats_take(&sa, pn);
	put_ip(pn, &sa);
	put_icmp(pn, &sa);
	put_icmpmsg(pn, &sa);
	put_tcp(pn, &sa);
	put_pair(pn, &sa, "Udp", udp_rows);
	free(sa.sa_stat);
}

void
procnet_netstat(struct procnet *pn)
{
	struct stats sa;

	stats_take(&sa, pn);
	put_pair(pn, &sa, "TcpExt", tcpext_rows);
	put_pair(pn, &sa, "IpExt", ipext_rows);
	free(sa.sa_stat);
}

static void
put_line(struct procnet *pn, uint64_t value, const char *prefix, const char *name, unsigned type)
{
	char text[64];

	if (name != NULL)
		snprintf(text, sizeof(text), "%s%s", prefix, name);
	else
		snprintf(text, sizeof(text), "%sType%u", prefix, type);
	pn_printf(pn, "%-32s\t%ju\n", text, (uintmax_t)value);
}

static void
put_types6(struct procnet *pn, const struct stats *sa, const char *prefix, const char *what)
{
	uint64_t n;

	for (int type = 0; type < MAXTYPES; type++)
		if ((n = stats_type(sa, what, type)) != 0)
			put_line(pn, n, prefix, NULL, (unsigned)type);
}

static void
put_icmp6(struct procnet *pn, const struct stats *sa)
{
	const struct kind *ki;

	put_line(pn, stats_type(sa, "ic6s_inhist", -1) + stats_sum(sa, "ic6s_tooshort ic6s_checksum"), "Icmp6", "InMsgs", 0);
	put_line(pn, stats_sum(sa, "ic6s_badcode ic6s_tooshort ic6s_checksum"), "Icmp6", "InErrors", 0);
	put_line(pn, stats_type(sa, "ic6s_outhist", -1), "Icmp6", "OutMsgs", 0);
	put_line(pn, stats_one(sa, "ic6s_nomem"), "Icmp6", "OutErrors", 0);
	put_line(pn, stats_one(sa, "ic6s_checksum"), "Icmp6", "InCsumErrors", 0);
	put_line(pn, stats_one(sa, "ic6s_toofreq"), "Icmp6", "OutRateLimitHost", 0);
	for (ki = icmp6_kinds; ki->ki_name != NULL; ki++)
		put_line(pn, stats_type(sa, "ic6s_inhist", ki->ki_type), "Icmp6In", ki->ki_name, 0);
	for (ki = icmp6_kinds; ki->ki_name != NULL; ki++)
		put_line(pn, stats_type(sa, "ic6s_outhist", ki->ki_type), "Icmp6Out", ki->ki_name, 0);
	put_types6(pn, sa, "Icmp6In", "ic6s_inhist");
	put_types6(pn, sa, "Icmp6Out", "ic6s_outhist");
}

void
procnet_snmp6(struct procnet *pn)
{
	struct stats sa;

	stats_take(&sa, pn);
	for (const struct counter *co = ip6_rows; co->co_name != NULL; co++)
		put_line(pn, stats_sum(&sa, co->co_of), "", co->co_name, 0);
	put_icmp6(pn, &sa);
	free(sa.sa_stat);
}
