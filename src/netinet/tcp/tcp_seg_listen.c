/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A segment for a listener (RFC 9293 3.10.7.2).  The connections it makes live in the SYN cache
 * until they are complete.
 */
#include "netinet/tcp/tcp_int.h"

void
tcp_seg_listen(struct inpcb *listener, struct tcp_seg *ts)
{
	/* First: an RST; it may be about a connection that is being made. */
	if (ts->ts_flags & TH_RST) {
		tcp_syncache_rst(ts->ts_tv, ts);
		return;
	}
	/* Second: an ACK ends a handshake, or is of nothing we know and draws an RST. */
	if (ts->ts_flags & TH_ACK) {
		if (ts->ts_flags & TH_SYN) {
			TCPSTAT_INC(ts->ts_tv, tcps_rcvnotsyn);
			tcp_seg_reset(ts);
			return;
		}
		tcp_syncache_ack(listener, ts);
		return;
	}
	/*
	 * Third: a SYN.  Not from ourselves to ourselves with the same port: nobody could tell the
	 * two ends apart (land attack).
	 */
	if ((ts->ts_flags & TH_SYN) == 0 ||
	    (ts->ts_sport == ts->ts_dport &&
		in_addr_eq(&ts->ts_pkt->ip_src, &ts->ts_pkt->ip_dst))) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvnotsyn);
		tcp_seg_drop(ts);
		return;
	}
	tcp_syncache_syn(listener, ts);
}
