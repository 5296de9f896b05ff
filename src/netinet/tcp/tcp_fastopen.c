/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * TCP Fast Open (RFC 7413).
 *
 * The listener (VI_TCP_FASTOPEN, net.inet.tcp.fastopen.server_enable): a SYN with a valid cookie
 * makes the connection at once, with its data, through tcp_listen_accept().  Its state is
 * ESTABLISHED with t_tfo telling that our SYN-ACK is not acknowledged yet: for the sequence space
 * the SYN counts as acknowledged, so data may be sent right away (4.2.2); the SYN-ACK has the
 * retransmission timer until any acceptable ACK comes.  Such connections are counted, and beyond
 * the listener's limit Fast Open pauses and the SYN goes the usual way (5.1).  A cookie is a keyed
 * hash of the two addresses; the key, if not set by hand, changes every net.inet.tcp.fastopen.autokey s, and cookies of
 * the key before are good as well and replaced (4.1.2).
 *
 * The caller (VI_TCP_FASTOPEN_CONNECT or VI_MSG_FASTOPEN): if the host cache knows a cookie, the
 * SYN waits for the first data and takes it along; otherwise the SYN asks for one.  What the
 * SYN-ACK does not acknowledge is sent again as if it never was (4.2.1).  A SYN that has to be
 * sent again goes without cookie and data, and for net.inet.tcp.fastopen.path_disable_time s that
 * host's SYNs are plain ones (4.1.3.1).
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbuf.h"

/* Connections of one listener that are not acknowledged; it and each of them hold a reference. */
struct tcp_tfopending {
	unsigned	tfp_refs, tfp_count;
};

static void
tcp_tfo_unref(struct tcpcb *tp)
{
	struct tcp_tfopending *tfp = tp->t_tfopending;

	tp->t_tfopending = NULL;
	if (tfp != NULL && --tfp->tfp_refs == 0)
		kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, tfp, sizeof(*tfp));
}

/* The connection needs Fast Open's state no more, for whatever reason. */
void
tcp_tfo_release(struct tcpcb *tp)
{
	if (tp->t_tfo != TFO_NONE)
		tp->t_tfopending->tfp_count--;
	tp->t_tfo = TFO_NONE;
	tcp_tfo_unref(tp);
	tp->t_tfowait = false;
	if (tcp_so(tp) != NULL)
		tcp_so(tp)->so_state &= (uint16_t)~SS_FASTOPEN;
}

/* VI_TCP_FASTOPEN: how many may be pending; 0 = none, no Fast Open. */
int
tcp_tfo_setlimit(struct tcpcb *tp, int limit)
{
	if (limit < 0)
		return (EINVAL);
	if (tp->t_state > TCPS_LISTEN)
		return (EINVAL);
	if (tp->t_tfopending == NULL) {
		tp->t_tfopending =
		    kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*tp->t_tfopending));
		if (tp->t_tfopending == NULL)
			return (ENOBUFS);
		tp->t_tfopending->tfp_refs = 1;
	}
	tp->t_tfolimit = (uint32_t)limit;
	return (0);
}

/* The keys of now. */
static void
tcp_tfo_keys(struct tcp_vnet *tv)
{
	struct tcp_fastopen *tf = &tv->tv_tfo;
	uint64_t now = vnet_now(tv->tv_vnet), period = (uint64_t)tf->tf_autokey * SEC;

	if (tf->tf_keyed && (tf->tf_keyset || now - tf->tf_keytime < period))
		return;
	tf->tf_key[1] = tf->tf_key[0];
	if (!tf->tf_keyed || now - tf->tf_keytime >= 2 * period)
		kernel_random(tv->tv_vnet->vn_kernel, &tf->tf_key[1], sizeof(tf->tf_key[1]));
	kernel_random(tv->tv_vnet->vn_kernel, &tf->tf_key[0], sizeof(tf->tf_key[0]));
	tf->tf_keytime = now;
	tf->tf_keyed = true;
}

void
tcp_tfo_cookie(struct tcp_vnet *tv, unsigned key, const struct in_addr_any *laddr,
    const struct in_addr_any *faddr, uint8_t cookie[TFO_COOKIELEN])
{
	const bool four = ((laddr->in6[1] | laddr->in6[2] | laddr->in6[3]) | (faddr->in6[1] | faddr->in6[2] | faddr->in6[3])) == 0;
	const struct in_addr_any a[2] = { *faddr, *laddr };
	const uint32_t a4[2] = { faddr->in4, laddr->in4 };
	uint64_t h;

	/* As Linux makes them: servers that share an address and a key may be of both kinds. */
	tcp_tfo_keys(tv);
	h = four ? siphash24(&tv->tv_tfo.tf_key[key], a4, sizeof(a4)) : siphash24(&tv->tv_tfo.tf_key[key], a, sizeof(a));
	h = HTOLE64(h);
	memcpy(cookie, &h, TFO_COOKIELEN);
}

static bool
tcp_tfo_serves(const struct inpcb *listener, const struct tcp_seg *ts)
{
	return (ts->ts_tv->tv_tfo.tf_server && intotcpcb(listener)->t_tfolimit > 0 &&
		(ts->ts_to.to_flags & (TOF_SIGNATURE | TOF_AO)) == 0);
}

/* Does this SYN deserve a cookie in the answer? */
bool
tcp_tfo_wanted(const struct inpcb *listener, const struct tcp_seg *ts)
{
	return ((ts->ts_to.to_flags & TOF_FASTOPEN) != 0 && !ts->ts_tv->tv_tfo.tf_nocookie && tcp_tfo_serves(listener, ts));
}

static bool
tcp_tfo_iscookie(const struct tcp_seg *ts)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	uint8_t cookie[TFO_COOKIELEN];

	for (unsigned key = 0; key < 2 && ts->ts_to.to_tfolen == TFO_COOKIELEN; key++) {
		tcp_tfo_cookie(ts->ts_tv, key, &pkt->ip_dst, &pkt->ip_src, cookie);
		if (memcmp(cookie, ts->ts_to.to_tfo, TFO_COOKIELEN) == 0)
			return (true);
	}
	TCPSTAT_INC(ts->ts_tv, tcps_tfo_badcookie);
	return (false);
}

/* RFC 7413 4.2.2: may this SYN make a connection at once? */
bool
tcp_tfo_valid(const struct inpcb *listener, const struct tcp_seg *ts)
{
	const bool option = (ts->ts_to.to_flags & TOF_FASTOPEN) != 0, any = ts->ts_tv->tv_tfo.tf_nocookie;
	const struct tcpcb *ltp = intotcpcb(listener);

	if (!tcp_tfo_serves(listener, ts) || (!option && (!any || ts->ts_len == 0)))
		return (false);
	if (!any && ts->ts_to.to_tfolen == 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_tfo_requests);
		return (false);
	}
	if (ltp->t_tfopending->tfp_count >= ltp->t_tfolimit) {
		TCPSTAT_INC(ts->ts_tv, tcps_tfo_overflow);
		return (false);
	}
	return (any || tcp_tfo_iscookie(ts));
}

/* tp was just made from the SYN ts; the segment is consumed. */
void
tcp_tfo_accept(const struct tcpcb *ltp, struct tcpcb *tp, struct tcp_seg *ts)
{
	uint8_t cookie[TFO_COOKIELEN];

	TCPSTAT_INC(ts->ts_tv, tcps_tfo_accepts);
	tp->t_tfodata = ts->ts_len > 0;
	tp->t_tfopending = ltp->t_tfopending;
	tp->t_tfopending->tfp_refs++;
	tp->t_tfopending->tfp_count++;
	tp->t_tfo = TFO_SYNACK_DUE;
	if (!ts->ts_tv->tv_tfo.tf_nocookie) {
		tcp_tfo_cookie(ts->ts_tv, 0, &ts->ts_pkt->ip_dst, &ts->ts_pkt->ip_src, cookie);
		tp->t_tfoanew = memcmp(cookie, ts->ts_to.to_tfo, TFO_COOKIELEN) != 0;
	}
	/* As if it were <SEQ><ACK=ISS+1>; the window of a SYN was not scaled. */
	ts->ts_seq++;
	ts->ts_flags = (uint16_t)((ts->ts_flags & ~TH_SYN) | TH_ACK);
	ts->ts_ack = tp->snd_una;
	ts->ts_win >>= tp->snd_scale;
	tcp_seg_other(tp, ts);
}

/* The SYN-ACK, first or again. */
void
tcp_tfo_synack(struct tcpcb *tp)
{
	uint8_t opts[TCP_MAXOLEN];
	size_t optlen = tcp_options_syn(tp, opts, tcp_now(tp));
	uint32_t win = tcp_persona_synwin(
	    tp->t_tv, tcp_rcv_window(tp), tp->t_maxseg + tcp_options_len(tp));

	tp->t_tfo = TFO_SYNACK_SENT;
	if (tp->t_rtttime == 0 && tp->t_nsynrexmt == 0) {
		tp->t_rtttime = u64max(tcp_now(tp), 1);
		tp->t_rtseq = tp->iss + 1;
	}
	tcp_timer_rexmt_restart(tp);
	TCPSTAT_INC(tp->t_tv, tcps_sndctrl);
	(void)tcp_snd_bare(tp, tp->iss, TH_SYN | TH_ACK, opts, optlen, win, 0);
	tp->rcv_adv = SEQ_MAX(tp->rcv_adv, tp->rcv_nxt + win);
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_rcvunacked = 0;
	tp->t_flags &= ~(uint32_t)(TF_ACKNOW | TF_DELACK);
	tcp_timer_stop(tp, TT_DELACK);
}

/*
 * A segment for a connection whose SYN-ACK is on its way.  True: it was the SYN again, answered and
 * consumed.
 */
bool
tcp_tfo_input(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN && ts->ts_seq == tp->irs) {
		tcp_seg_drop(ts);
		tcp_tfo_synack(tp);
		return (true);
	}
	if (tp->t_tfo != TFO_SYNACK_SENT || (ts->ts_flags & (TH_ACK | TH_RST | TH_SYN)) != TH_ACK ||
	    SEQ_LEQ(ts->ts_ack, tp->iss) || SEQ_GT(ts->ts_ack, tp->snd_max) ||
	    SEQ_LT(ts->ts_seq, tp->irs) || SEQ_GT(ts->ts_seq, tp->rcv_adv))
		return (false);
	if (tp->t_rtttime != 0 && tp->t_rtseq == tp->iss + 1) {
		tcp_rtt_sample(tp, tcp_now(tp) - tp->t_rtttime);
		tp->t_rtttime = 0;
	}
	tp->t_rxtshift = 0;
	tcp_rto_set(tp);
	if (tcp_outstanding(tp) > 0)
		tcp_timer_rexmt_restart(tp);
	else
		tcp_timer_stop(tp, TT_REXMT);
	tcp_tfo_release(tp);
	return (false);
}

/* connect(): true: the SYN waits for data to take along. */
bool
tcp_tfo_connect(struct tcpcb *tp)
{
	uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE];
	uint16_t mss;
	int len;

	if (!tp->t_tfoconnect || tcp_authkey(tp) != NULL || !tp->t_tv->tv_tfo.tf_client ||
	    (len = tcp_hc_gettfo(tp, cookie, &mss)) < 0)
		return (false);
	tp->t_tforequest = true;
	tp->t_tfowait = len > 0;
	return (tp->t_tfowait);
}

/* The option of our SYN, and of a SYN-ACK that answers with a newer cookie. */
void
tcp_tfo_options(struct tcpcb *tp, struct tcp_opts *to, uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE])
{
	const struct inpcb *inp = tp->t_inpcb;
	uint16_t mss;
	int len;

	if (tp->t_tfo != TFO_NONE && tp->t_tfoanew) {
		tcp_tfo_cookie(tp->t_tv, 0, &inp->inp_laddr, &inp->inp_faddr, cookie);
		len = TFO_COOKIELEN;
	} else if (!tp->t_tforequest || tp->t_state != TCPS_SYN_SENT || tp->t_nsynrexmt > 0 ||
		   (len = tcp_hc_gettfo(tp, cookie, &mss)) < 0) {
		return;
	}
	to->to_flags |= TOF_FASTOPEN;
	to->to_tfo = cookie;
	to->to_tfolen = (uint8_t)len;
}

/* How much of the data goes with the SYN: one segment of what the peer took last time (4.1.3). */
uint32_t
tcp_tfo_synlen(struct tcpcb *tp, size_t optlen)
{
	uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE];
	uint32_t hdrs = tp->t_inpcb->inp_ops->io_hdrlen + tp->t_inpcb->inp_optlen + TCP_MINHLEN;
	uint32_t room;
	uint16_t mss;

	if (!tp->t_tforequest || tp->t_nsynrexmt > 0 || tcp_hc_gettfo(tp, cookie, &mss) <= 0)
		return (0);
	room = u32min(mss, tp->t_pmtu - hdrs);
	room = room > optlen ? room - (uint32_t)optlen : 0;
	tp->t_tfosent = u32min(tcp_so(tp)->so_snd.sb_cc, room);
	if (tp->t_tfosent > 0)
		TCPSTAT_INC(tp->t_tv, tcps_tfo_syndata);
	return (tp->t_tfosent);
}

/* Data is there: the SYN that waited goes out. */
int
tcp_tfo_start(struct tcpcb *tp)
{
	tp->t_tfowait = false;
	tcp_so(tp)->so_state &= (uint16_t)~SS_FASTOPEN;
	tcp_timer_set(tp, TT_KEEP, (uint64_t)tp->t_tv->tv_keepinit * MSEC);
	return (tcp_snd_syn(tp));
}

/* The SYN-ACK came and is acceptable: what of our data did it take? */
void
tcp_tfo_answered(struct tcpcb *tp, const struct tcp_seg *ts)
{
	uint32_t taken = ts->ts_ack - (tp->iss + 1);

	if ((ts->ts_to.to_flags & TOF_FASTOPEN) && ts->ts_to.to_tfolen > 0)
		tcp_hc_settfo(tp, ts->ts_to.to_tfo, ts->ts_to.to_tfolen, tp->t_peermss);
	if (tp->t_tfosent == 0)
		return;
	if (taken == 0) {
		TCPSTAT_INC(tp->t_tv, tcps_tfo_datalost);
		return;
	}
	TCPSTAT_INC(tp->t_tv, tcps_tfo_dataacked);
	tp->t_tfodata = true;
	sbdrop(&tcp_so(tp)->so_snd, taken);
	tp->t_ackedbytes += taken;
	tp->t_sndbytes += taken;
	tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_recover = tp->snd_highrxt = ts->ts_ack;
}

/* The SYN was not answered in time: perhaps somebody on the path does not like what it carried. */
void
tcp_tfo_timeout(struct tcpcb *tp)
{
	if (tp->t_tforequest && tp->t_state == TCPS_SYN_SENT) {
		TCPSTAT_INC(tp->t_tv, tcps_tfo_disabled);
		tcp_hc_tfofail(tp);
	}
}

/* Up to eight hexadecimal digits; what follows them, or NULL. */
static const char *
tcp_tfo_parseword(const char *p, uint32_t *word)
{
	unsigned n, c;

	*word = 0;
	for (n = 0; n < 8; n++) {
		c = (unsigned char)p[n];
		if (c >= '0' && c <= '9')
			*word = *word << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*word = *word << 4 | ((c | 0x20) - 'a' + 10);
		else
			break;
	}
	return (n == 0 ? NULL : p + n);
}

/* "a-b-c-d", 32 bits each. */
static const char *
tcp_tfo_parsekey(const char *p, struct siphash_key *key)
{
	uint32_t word[4];

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0 && *p++ != '-')
			return (NULL);
		if ((p = tcp_tfo_parseword(p, &word[i])) == NULL)
			return (NULL);
	}
	key->sk_k0 = word[0] | (uint64_t)word[1] << 32;
	key->sk_k1 = word[2] | (uint64_t)word[3] << 32;
	return (p);
}

static void
tcp_tfo_printkey(struct sbuf *sb, const struct siphash_key *key)
{
	sbuf_printf(sb, "%08x-%08x-%08x-%08x", (uint32_t)key->sk_k0, (uint32_t)(key->sk_k0 >> 32),
	    (uint32_t)key->sk_k1, (uint32_t)(key->sk_k1 >> 32));
}

/* net.ipv4.tcp_fastopen_key: the key, and behind a comma one whose cookies are good as well. */
int
tcp_sysctl_lxtfokey(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	struct siphash_key key[2];
	struct sbuf sb;

	(void)sd;
	if (value == NULL) {
		tcp_tfo_keys(tcp_vnet(vn));
		sbuf_init(&sb, buf, len);
		tcp_tfo_printkey(&sb, &tf->tf_key[0]);
		sbuf_printf(&sb, ",");
		tcp_tfo_printkey(&sb, &tf->tf_key[1]);
		return (sbuf_finish(&sb));
	}
	if ((value = tcp_tfo_parsekey(value, &key[0])) == NULL)
		return (EINVAL);
	key[1] = key[0];
	if (*value == ',' && (value = tcp_tfo_parsekey(value + 1, &key[1])) == NULL)
		return (EINVAL);
	if (*value != '\0')
		return (EINVAL);
	memcpy(tf->tf_key, key, sizeof(key));
	tf->tf_keyed = tf->tf_keyset = true;
	return (0);
}
