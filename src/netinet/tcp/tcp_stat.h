/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's counters: X(name, words of netstat -s).  Every segment that is dropped is counted under
 * exactly one reason.
 */
#ifndef NETINET_TCP_TCP_STAT_H
#define NETINET_TCP_TCP_STAT_H

#include <stdint.h>

#define TCP_STATS(X) \
	X(tcps_sndtotal, "packet%s sent") \
	X(tcps_sndpack, "\tdata packet%s sent") \
	X(tcps_sndbyte, "\tbyte%s of data sent") \
	X(tcps_sndrexmitpack, "\tdata packet%s retransmitted") \
	X(tcps_sndrexmitbyte, "\tbyte%s of data retransmitted") \
	X(tcps_sndacks, "\tack-only packet%s") \
	X(tcps_sndurg, "\tURG only packet%s") \
	X(tcps_sndprobe, "\twindow probe packet%s") \
	X(tcps_sndwinup, "\twindow update packet%s") \
	X(tcps_sndctrl, "\tcontrol packet%s") \
	X(tcps_sndrst, "\treset%s sent") \
	X(tcps_sndnomem, "\tpacket%s not sent for lack of memory") \
	X(tcps_snderror, "\tpacket%s refused by the network layer") \
	X(tcps_rcvtotal, "packet%s received") \
	X(tcps_rcvackpack, "\tack%s for data sent") \
	X(tcps_rcvackbyte, "\tbyte%s of data acked") \
	X(tcps_rcvdupack, "\tduplicate ack%s") \
	X(tcps_rcvacktoomuch, "\tack%s for unsent data") \
	X(tcps_rcvackold, "\tack%s too old to be answered") \
	X(tcps_rcvpack, "\tpacket%s received in-sequence") \
	X(tcps_rcvbyte, "\tbyte%s of data received in-sequence") \
	X(tcps_rcvduppack, "\tcompletely duplicate packet%s") \
	X(tcps_rcvpartduppack, "\tpacket%s with some dup. data") \
	X(tcps_rcvoopack, "\tout-of-order packet%s") \
	X(tcps_rcvoobyte, "\tbyte%s of out-of-order data") \
	X(tcps_rcvpackafterwin, "\tpacket%s of data after window") \
	X(tcps_rcvwinprobe, "\twindow probe%s") \
	X(tcps_rcvwinupd, "\twindow update packet%s") \
	X(tcps_rcvafterclose, "\tpacket%s received after close") \
	X(tcps_rcvbadsum, "\tdiscarded for bad checksum%s") \
	X(tcps_rcvbadoff, "\tdiscarded for bad header offset field%s") \
	X(tcps_rcvbadopt, "\tsegment%s with a malformed option") \
	X(tcps_rcvshort, "\tdiscarded because packet too short") \
	X(tcps_rcvmcast, "\tdiscarded because sent to or from a group or broadcast address, or from 0.0.0.0") \
	X(tcps_rcvnoport, "\tsegment%s for no connection") \
	X(tcps_rcvblackholed, "\tsegment%s for no connection left without answer") \
	X(tcps_rcvsynfin, "\tdiscarded for SYN with FIN") \
	X(tcps_rcvreassfull, "\tdiscarded due to full reassembly queue") \
	X(tcps_rcvmemdrop, "\tdiscarded due to memory problems") \
	X(tcps_rcvnotsyn, "\tsegment%s a listener or a new connection had no use for") \
	X(tcps_rcvnoack, "\tsegment%s without ACK on a connection") \
	X(tcps_rcvminttl, "\tdiscarded for too small a TTL") \
	X(tcps_rcvsynsent, "\tsegment%s discarded in SYN_SENT") \
	X(tcps_pawsdrop, "discarded segment%s due to old timestamp (PAWS)") \
	X(tcps_rcvmissingts, "discarded segment%s without the timestamp agreed on") \
	X(tcps_badrst, "bad RST%s") \
	X(tcps_badsyn, "SYN%s on a synchronized connection") \
	X(tcps_challenge_acks, "challenge ACK%s sent") \
	X(tcps_challenge_limited, "challenge ACK%s withheld by the rate limit") \
	X(tcps_oow_limited, "answer%s to unacceptable ACKs withheld by the rate limit") \
	X(tcps_connattempt, "connection request%s") \
	X(tcps_accepts, "connection accept%s") \
	X(tcps_connects, "connection%s established (including accepts)") \
	X(tcps_closed, "connection%s closed (including drops)") \
	X(tcps_drops, "\tconnection%s dropped") \
	X(tcps_conndrops, "embryonic connection%s dropped") \
	X(tcps_listendrop, "listen queue overflow%s") \
	X(tcps_segstimed, "segment%s updated rtt") \
	X(tcps_rexmttimeo, "retransmit timeout%s") \
	X(tcps_timeoutdrop, "\tconnection%s dropped by rexmit timeout") \
	X(tcps_persisttimeo, "persist timeout%s") \
	X(tcps_persistdrop, "\tconnection%s dropped by persist timeout") \
	X(tcps_orphandrops, "connection%s reset at close, too many without a user") \
	X(tcps_finwait2_drops, "Connection%s (fin_wait_2) dropped because of timeout") \
	X(tcps_keeptimeo, "keepalive timeout%s") \
	X(tcps_keepprobe, "\tkeepalive probe%s sent") \
	X(tcps_keepdrops, "\tconnection%s dropped by keepalive") \
	X(tcps_delack, "delayed ack%s sent") \
	X(tcps_predack, "correct ACK header prediction%s") \
	X(tcps_preddat, "correct data packet header prediction%s") \
	X(tcps_shortrcv, "segment%s received by the short way") \
	X(tcps_shortsnd, "segment%s sent by the short way") \
	X(tcps_fastrexmit, "fast recover%s") \
	X(tcps_limitedtransmit, "limited transmit%s") \
	X(tcps_sc_added, "syncache entr%s added") \
	X(tcps_sc_retransmitted, "\tretransmitted") \
	X(tcps_sc_dupsyn, "\tdupsyn") \
	X(tcps_sc_dropped, "\tdropped for lack of memory") \
	X(tcps_sc_completed, "\tcompleted") \
	X(tcps_sc_deferred, "\tack%s left unanswered until data comes") \
	X(tcps_sc_bucketoverflow, "\tbucket overflow%s") \
	X(tcps_sc_overflow, "\tcache overflow%s") \
	X(tcps_sc_reset, "\treset") \
	X(tcps_sc_stale, "\tstale") \
	X(tcps_sc_aborted, "\taborted") \
	X(tcps_sc_badack, "\tbadack") \
	X(tcps_sc_unreach, "\tunreach") \
	X(tcps_sc_sendcookie, "cookie%s sent") \
	X(tcps_sc_recvcookie, "cookie%s received") \
	X(tcps_sc_badcookie, "cookie%s refused") \
	X(tcps_sack_recovery_episode, "SACK recovery episode%s") \
	X(tcps_sack_rexmits, "segment rexmit%s in SACK recovery episodes") \
	X(tcps_sack_rexmit_bytes, "byte rexmit%s in SACK recovery episodes") \
	X(tcps_sack_rescue_rexmit, "rescue retransmission%s") \
	X(tcps_sack_rcv_blocks, "SACK option%s (SACK blocks) received") \
	X(tcps_sack_send_blocks, "SACK option%s (SACK blocks) sent") \
	X(tcps_sack_dsack_sent, "duplicate SACK block%s sent") \
	X(tcps_sack_dsack_rcv, "duplicate SACK block%s received") \
	X(tcps_rec_coarse, "transmission%s without a record for lack of memory") \
	X(tcps_rack_timeo, "reordering timeout%s that found a loss") \
	X(tcps_tlp_probes, "tail loss probe%s sent") \
	X(tcps_tlp_recovered, "loss%s repaired by a tail loss probe") \
	X(tcps_undo_eifel, "spurious retransmission%s told by a timestamp") \
	X(tcps_undo_dsack, "spurious retransmission%s told by duplicate SACKs") \
	X(tcps_undo_frto, "spurious timeout%s told by F-RTO") \
	X(tcps_ecn_shs, "connection%s negotiated ECN") \
	X(tcps_ecn_ce, "segment%s with a congestion mark") \
	X(tcps_ecn_rcwnd, "reduction%s of the congestion window for a mark") \
	X(tcps_hystart_css, "slow start%s ended by rising round trips") \
	X(tcps_sack_sboverflow, "SACK scoreboard overflow%s") \
	X(tcps_sack_ignored, "SACK block%s ignored as impossible") \
	X(tcps_sack_reneged, "SACK scoreboard%s discarded after renegation") \
	X(tcps_tunneled_pkts, "packet%s received in UDP") \
	X(tcps_tunneled_errs, "\tpacket%s in UDP dropped, or not in UDP as their connection is") \
	X(tcps_tw_added, "TIME_WAIT entr%s added") \
	X(tcps_tw_recycles, "TIME_WAIT entr%s recycled early for lack of room") \
	X(tcps_tw_reused, "TIME_WAIT entr%s given to a new connection") \
	X(tcps_tw_resets, "reset%s ignored in TIME_WAIT") \
	X(tcps_txdelaydrop, "segment%s not sent, too many wait for their delay") \
	X(tcps_sig_rcvgoodsig, "segment%s with a good signature received") \
	X(tcps_sig_rcvbadsig, "\tdiscarded for a bad signature") \
	X(tcps_sig_err_nosigopt, "\tdiscarded for want of a signature") \
	X(tcps_sig_err_sigopt, "\tdiscarded for a signature nobody asked for") \
	X(tcps_sig_err_buildsig, "\tnot sent, signing failed") \
	X(tcps_tfo_accepts, "connection%s accepted with the SYN (Fast Open)") \
	X(tcps_tfo_requests, "\tFast Open cookie%s asked for") \
	X(tcps_tfo_badcookie, "\tFast Open cookie%s refused") \
	X(tcps_tfo_overflow, "\tFast Open request%s beyond the limit") \
	X(tcps_tfo_syndata, "SYN%s sent with data") \
	X(tcps_tfo_dataacked, "\taccepted") \
	X(tcps_tfo_datalost, "\tdata not accepted") \
	X(tcps_tfo_disabled, "\tFast Open given up for a path") \
	X(tcps_tfo_cacheoverflow, "\tcookie%s forgotten to make room") \
	X(tcps_marknomem, "send%s that could not be watched") \
	X(tcps_tfo_blackholes, "\tconnection%s of Fast Open that fell silent") \
	X(tcps_hc_added, "host cache entr%s added") \
	X(tcps_hc_bucketoverflow, "\thost cache entr%s given up for lack of room") \
	X(tcps_usedrtt, "\tconnection%s that began with a cached rtt") \
	X(tcps_usedssthresh, "\tconnection%s that began with a cached ssthresh") \
	X(tcps_pmtud_blackhole_activated, "path MTU discovery black hole%s suspected") \
	X(tcps_pmtud_blackhole_failed, "\tsuspicion%s given up") \
	X(tcps_mtup_probes, "path MTU probe%s sent") \
	X(tcps_mtup_succeeded, "\tarrived") \
	X(tcps_mtup_failed, "\ttoo long for the path") \
	X(tcps_mturesent, "segment%s resent for a smaller path MTU") \
	X(tcps_icmpignored, "ICMP error%s ignored as soft") \
	X(tcps_icmpwindow, "ICMP error%s ignored as out of window or forged")

#define TCP_STAT_MEMBER(name, text) uint64_t name;
struct tcpstat {
	TCP_STATS(TCP_STAT_MEMBER)
};

#endif
