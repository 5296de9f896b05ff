/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Connections in SYN_RECEIVED that came from outside (RFC 4987 3.5).  An entry is small, hashed
 * with a secret key, and there are at most net.inet.tcp.syncache.cachelimit in a vnet, and
 * bucketlimit in one of at most hashsize chains; beyond that a SYN is answered with a cookie and
 * leaves nothing behind (tcp_syncookie.c), or, with net.inet.tcp.syncookies=0, the oldest entry (of
 * the chain) makes room.
 *
 * Life: tcp_syncache_syn() adds and answers; the same SYN again is answered again.  Unanswered, the
 * SYN-ACK is sent again after 1, 2, 4... s (RFC 6298): entries wait in one queue per number of
 * retransmissions, each in order of time, so one callout and the heads of the queues are enough.
 * tcp_syncache_ack() turns an entry into a connection; an RST or an ICMP error ends it.
 *
 * After net.inet.tcp.syncache.rexmtlimit retransmissions there are no more, but the entry stays for three
 * minutes (RFC 9293 3.8.3, MUST-23), unless somebody needs its place: the peer has sent its ACK long ago,
 * and on a path that loses most of what is sent it may be the tenth segment that arrives.  To forget the
 * connection would be to reset one that stands for the peer.
 *
 * An entry does not point at its listener: the listener is found again when it is needed, and if it
 * is gone, so is the entry.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "net/ifnet.h"
#include "netinet/pcb/in_pcbextra.h"

struct syncache {
	struct tcp_flowent sc_ent;	/* must be first */
	TAILQ_ENTRY(syncache) sc_link;
	uint64_t	 sc_time;	/* next retransmission */
	uint64_t	 sc_defer;	/* until then a bare ACK makes no connection; 0 = never */
	uint32_t	 sc_fib;
	int		 sc_jail;	/* of the listener's credentials */
	uint32_t	 sc_ifindex;	/* interface the SYN came in by; 0 = our own */
	uint32_t	 sc_tosndts;	/* our timestamp in the cookie, 0 = the clock's */
	struct tcp_agreed sc_agreed;
	struct tcp_savedsyn *sc_syn;	/* NULL: nobody asked for it */
	struct tcp_authkey *sc_key;	/* signs; counted for entries of the cache */
	uint16_t	 sc_ourmss, sc_wnd;
	uint8_t		 sc_rexmits, sc_tos, sc_ttl;
	uint8_t		 sc_at;		/* the queue it is in */
	bool		 sc_tfo;	/* the answer brings a Fast Open cookie */
	bool		 sc_tfoexp;	/* in the form of the experiment */
	uint8_t		 sc_tfocookie[TFO_COOKIELEN];
	bool		 sc_acked;	/* the handshake is over, but for the data */
};

#define SYNCACHE_SILENT	TCP_SYNCACHE_QUEUES	/* the queue of those that are not answered again */
#define SYNCACHE_PATIENCE (180 * SEC)

static void	tcp_syncache_timer(void *);

int
tcp_syncache_init(struct tcp_vnet *tv)
{
	struct tcp_syncaches *sch = &tv->tv_syncache;
	struct kernel *k = tv->tv_vnet->vn_kernel;
	uint64_t drawn[2];

	kernel_random(k, drawn, sizeof(drawn));	/* as in tcp_timewait_init() */
	tcp_flowtab_init(&sch->sc_tab, vnet_acct(tv->tv_vnet), &tv->tv_pcbs);
	sch->sc_tab.ft_maxsize = (uint32_t)tv->tv_sc_hashsize;
	kernel_random(k, &sch->sc_cookiekey, sizeof(sch->sc_cookiekey));
	for (unsigned i = 0; i <= SYNCACHE_SILENT; i++)
		TAILQ_INIT(&sch->sc_queue[i]);
	callout_init(&sch->sc_callout, &tv->tv_vnet->vn_lane, tcp_syncache_timer, tv);
	return (0);
}

/* net.inet.tcp.syncache.hashsize: the most chains.  There are fewer as long as fewer will do. */
int
tcp_sysctl_schash(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	int v = tv->tv_sc_hashsize, error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) != 0 || value == NULL)
		return (error);
	if ((v & (v - 1)) != 0)
		return (EINVAL);
	if ((error = tcp_flowtab_limit(&tv->tv_syncache.sc_tab, (uint32_t)v)) == 0)
		tv->tv_sc_hashsize = v;
	return (error);
}

static void
tcp_syncache_free(struct tcp_vnet *tv, struct syncache *sc)
{
	tcp_authkey_unref(sc->sc_key);
	tcp_savesyn_free(tv, &sc->sc_syn);
	TAILQ_REMOVE(&tv->tv_syncache.sc_queue[sc->sc_at], sc, sc_link);
	tcp_flow_remove(&tv->tv_syncache.sc_tab, &sc->sc_ent);
	kfree(vnet_acct(tv->tv_vnet), ACCT_SYNCACHE, sc, sizeof(*sc));
}

void
tcp_syncache_stop(struct tcp_vnet *tv)
{
	struct syncache *sc;

	callout_stop(&tv->tv_syncache.sc_callout);
	for (unsigned i = 0; i <= SYNCACHE_SILENT; i++)
		while ((sc = TAILQ_FIRST(&tv->tv_syncache.sc_queue[i])) != NULL)
			tcp_syncache_free(tv, sc);
}

void
tcp_syncache_fini(struct tcp_vnet *tv)
{
	tcp_flowtab_fini(&tv->tv_syncache.sc_tab);
}

static struct syncache *
tcp_syncache_find(struct tcp_vnet *tv, const struct tcp_seg *ts)
{
	return ((struct syncache *)(void *)tcp_flow_find(&tv->tv_syncache.sc_tab,
	    ts->ts_pkt->ip_ops, &ts->ts_pkt->ip_dst, ts->ts_dport, &ts->ts_pkt->ip_src,
	    ts->ts_sport));
}

/*
 * <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>, with the options agreed on; with TH_ACK alone an ACK of what
 * was agreed.  A SYN-ACK has the listener's extension headers (RFC 3542 4), as on Linux; other ACKs,
 * for which there is none (NULL), have not.
 */
static void
tcp_syncache_respond(struct tcp_vnet *tv, const struct syncache *sc, const struct inpcb *listener)
{
	const uint16_t flags = listener != NULL ? TH_SYN | TH_ACK : TH_ACK;
	const struct tcp_agreed *ta = &sc->sc_agreed;
	struct tcp_opts to = {.to_flags = TOF_MSS | tcp_persona_synopts(tv),
	    .to_mss = sc->sc_ourmss};
	struct tcp_reply tr = {
	    .tr_flow = {.if_laddr = sc->sc_ent.fe_flow.tf_laddr,
		.if_faddr = sc->sc_ent.fe_flow.tf_faddr,
		.if_fib = sc->sc_fib,
		.if_flowid = sc->sc_ent.fe_flow.tf_hash,
		.if_tos = sc->sc_tos,
		.if_ttl = sc->sc_ttl,
		.if_df = tv->tv_path_mtu_discovery != 0,
		.if_exts = listener != NULL ? in_pcbexts(listener) : NULL},
	    .tr_ops = sc->sc_ent.fe_flow.tf_ops,
	    .tr_lport = sc->sc_ent.fe_flow.tf_lport,
	    .tr_fport = sc->sc_ent.fe_flow.tf_fport,
	    .tr_udpport = ta->ta_udpport,
	    .tr_seq = ta->ta_iss,
	    .tr_ack = ta->ta_irs + 1,
	    .tr_flags = flags,
	    .tr_win = sc->sc_wnd,
	    .tr_opts = &to,
	    .tr_auth = {.ac_key = sc->sc_key,
		.ac_lisn = ta->ta_iss,
		.ac_fisn = ta->ta_irs,
		.ac_rnext = sc->sc_key != NULL ? sc->sc_key->ak_rcvid : 0},
	};

	if ((flags & TH_SYN) == 0) {
		to.to_flags = 0;
		tr.tr_seq++;
		tr.tr_win = (uint16_t)(sc->sc_wnd >> (ta->ta_scale ? ta->ta_rcvscale : 0));
	} else if (ta->ta_scale) {
		to.to_flags |= TOF_SCALE;
		to.to_wscale = ta->ta_rcvscale;
	}
	if (ta->ta_sack && (flags & TH_SYN) != 0)
		to.to_flags |= TOF_SACKPERM;
	/* RFC 7413 4.2.1: not when it has to go again. */
	if (sc->sc_tfo && (flags & TH_SYN) != 0 && sc->sc_rexmits == 0) {
		to.to_flags |= sc->sc_tfoexp ? TOF_FASTOPEN | TOF_TFOEXP : TOF_FASTOPEN;
		to.to_tfo = sc->sc_tfocookie;
		to.to_tfolen = TFO_COOKIELEN;
	}
	if (ta->ta_ts) {
		to.to_flags |= TOF_TS;
		to.to_tsval = sc->sc_tosndts != 0 ? sc->sc_tosndts
						  : tcp_ts(vnet_now(tv->tv_vnet), ta->ta_tsoff);
		to.to_tsecr = ta->ta_tsrecent;
	}
	if (ta->ta_ecn && (flags & TH_SYN) != 0)
		tr.tr_flags |= TH_ECE;		/* RFC 3168 6.1.1 */
	TCPSTAT_INC(tv, tcps_sndctrl);
	(void)tcp_respond(tv, &tr);
}

/* What is agreed on, from the listener and the SYN. */
static void
tcp_syncache_fill(struct syncache *sc, const struct inpcb *listener, const struct tcp_seg *ts)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	const struct tcp_opts *to = &ts->ts_to;
	const struct socket *so = listener->inp_socket;
	struct tcp_vnet *tv = ts->ts_tv;
	struct tcp_agreed *ta = &sc->sc_agreed;
	uint32_t usermss = intotcpcb(listener)->t_usermaxseg;
	uint64_t secret =
	    tcp_flowsecret(tv, &pkt->ip_dst, ts->ts_dport, &pkt->ip_src, ts->ts_sport);

	sc->sc_ent.fe_flow.tf_hash = in_pcbhashval(&tv->tv_pcbs, &pkt->ip_dst, ts->ts_dport, &pkt->ip_src, ts->ts_sport);
	sc->sc_ent.fe_flow.tf_laddr = pkt->ip_dst;
	sc->sc_ent.fe_flow.tf_faddr = pkt->ip_src;
	sc->sc_ent.fe_flow.tf_lport = ts->ts_dport;
	sc->sc_ent.fe_flow.tf_fport = ts->ts_sport;
	sc->sc_ent.fe_flow.tf_ops = pkt->ip_ops;
	sc->sc_ent.fe_flow.tf_sock6 = (listener->inp_flags & INP_SOCK6) != 0;
	sc->sc_fib = listener->inp_fib;
	sc->sc_jail = listener->inp_cred.cr_jail;
	sc->sc_ifindex = pkt->ip_rcvif != NULL ? pkt->ip_rcvif->if_index : 0;
	sc->sc_tos = in_pcbtos(listener, pkt->ip_ops);
	sc->sc_ttl = in_pcbttl(listener, pkt->ip_ops);
	sc->sc_key = tcp_auth_find(intotcpcb(listener), pkt->ip_ops, &pkt->ip_src,
	    ts->ts_to.to_flags & TOF_AO ? ts->ts_to.to_ao[0] : -1);
	sc->sc_tfo = tcp_tfo_wanted(listener, ts);
	sc->sc_tfoexp = (ts->ts_to.to_flags & TOF_TFOEXP) != 0;
	if (sc->sc_tfo)
		tcp_tfo_cookie(intotcpcb(listener), &pkt->ip_dst, &pkt->ip_src, sc->sc_tfocookie);
	ta->ta_udpport = pkt->ip_udpport;
	sc->sc_ourmss = (uint16_t)(tcp_mssopt(tv, sc->sc_fib, pkt->ip_ops, &pkt->ip_src) -
				   tcp_udp_len(tv, ta->ta_udpport));
	if (usermss != 0 && usermss < sc->sc_ourmss)
		sc->sc_ourmss = (uint16_t)usermss;
	sc->sc_wnd = (uint16_t)tcp_synwindowopt(tv, sc->sc_fib, pkt->ip_ops, &pkt->ip_src,
	    tcp_persona_synwin(tv, sbspace(&so->so_rcv), sc->sc_ourmss), sc->sc_ourmss);
	ta->ta_irs = ts->ts_seq;
	ta->ta_peermss =
	    to->to_flags & TOF_MSS && to->to_mss != 0 ? to->to_mss : tcp_mssunsaid(pkt->ip_ops);
	ta->ta_scale = tcp_scaleok(tv) && (to->to_flags & TOF_SCALE) != 0;
	ta->ta_sndscale = ta->ta_scale ? to->to_wscale : 0;
	ta->ta_rcvscale = ta->ta_scale ? tcp_wscale(tv, so) : 0;
	ta->ta_ts = tcp_tstampok(tv) && (to->to_flags & TOF_TS) != 0;
	ta->ta_tsrecent = ta->ta_ts ? to->to_tsval : 0;
	ta->ta_sack = tv->tv_sack && (to->to_flags & TOF_SACKPERM) != 0;
	ta->ta_ecn = tcp_ecn_granted(tv, ts->ts_flags);
	ta->ta_uto = tv->tv_uto && (to->to_flags & TOF_UTO) != 0 ? to->to_uto : 0;
	ta->ta_tsoff = tcp_newtsoff(secret);
	ta->ta_iss = tcp_newisn(tv, secret);
}

/* Without state: the SYN-ACK carries everything. */
static void
tcp_syncache_cookie(struct inpcb *listener, struct tcp_seg *ts)
{
	struct tcp_vnet *tv = ts->ts_tv;
	struct syncache sc = { .sc_rexmits = 0 };
	struct tcp_agreed *ta = &sc.sc_agreed;

	tcp_syncache_fill(&sc, listener, ts);
	ta->ta_iss = tcp_syncookie_make(tv, ts, ta->ta_peermss);
	if (ta->ta_ts)
		sc.sc_tosndts =
		    tcp_syncookie_ts(ta, tcp_ts(vnet_now(tv->tv_vnet), ta->ta_tsoff));
	else
		ta->ta_scale = ta->ta_sack = ta->ta_ecn = false;
	tcp_syncache_respond(tv, &sc, listener);
	tcp_seg_drop(ts);
}

static uint64_t
tcp_syncache_rto(const struct tcp_vnet *tv, const struct syncache *sc)
{
	return (u64min((uint64_t)tv->tv_rexmit_initial * MSEC << sc->sc_rexmits,
	    (uint64_t)tv->tv_rexmit_max * MSEC));
}

/* At the end of a queue, for all there wait as long. */
static void
tcp_syncache_enqueue(struct tcp_vnet *tv, struct syncache *sc, uint8_t queue, uint64_t wait)
{
	struct tcp_syncaches *sch = &tv->tv_syncache;

	sc->sc_at = queue;
	sc->sc_time = vnet_now(tv->tv_vnet) + wait;
	TAILQ_INSERT_TAIL(&sch->sc_queue[queue], sc, sc_link);
	if (!callout_pending(&sch->sc_callout) || sc->sc_time < sch->sc_callout.c_time)
		callout_reset_at(&sch->sc_callout, sc->sc_time);
}

/* Waits for its next retransmission. */
static void
tcp_syncache_wait(struct tcp_vnet *tv, struct syncache *sc)
{
	tcp_syncache_enqueue(tv, sc, sc->sc_rexmits, tcp_syncache_rto(tv, sc));
}

static bool
tcp_syncache_makeroom(struct tcp_vnet *tv)
{
	struct syncache *sc;

	TCPSTAT_INC(tv, tcps_sc_overflow);
	for (unsigned i = SYNCACHE_SILENT + 1; i-- > 0;)
		if ((sc = TAILQ_FIRST(&tv->tv_syncache.sc_queue[i])) != NULL) {
			tcp_syncache_free(tv, sc);
			return (true);
		}
	return (false);
}

/* Those that will hardly be answered any more are in nobody's way. */
static void
tcp_syncache_thin(struct tcp_vnet *tv)
{
	struct syncache *sc;

	while (tv->tv_syncache.sc_tab.ft_count >= (uint32_t)tv->tv_sc_limit &&
	       (sc = TAILQ_FIRST(&tv->tv_syncache.sc_queue[SYNCACHE_SILENT])) != NULL) {
		TCPSTAT_INC(tv, tcps_sc_stale);
		tcp_syncache_free(tv, sc);
	}
}

/* Is there room for this SYN?  Without cookies room is made. */
static bool
tcp_syncache_room(struct tcp_vnet *tv, const struct tcp_seg *ts)
{
	struct tcp_flowtab *ft = &tv->tv_syncache.sc_tab;
	const uint32_t limit = (uint32_t)tv->tv_sc_bucketlimit;
	struct tcp_flow key = {.tf_laddr = ts->ts_pkt->ip_dst, .tf_lport = ts->ts_dport,
	    .tf_faddr = ts->ts_pkt->ip_src, .tf_fport = ts->ts_sport};
	struct tcp_flowent *oldest;

	tcp_syncache_thin(tv);
	if (ft->ft_count >= (uint32_t)tv->tv_sc_limit) {
		if (tv->tv_syncookies)
			TCPSTAT_INC(tv, tcps_sc_overflow);
		while (!tv->tv_syncookies && ft->ft_count >= (uint32_t)tv->tv_sc_limit &&
		       tcp_syncache_makeroom(tv))
			;
		return (!tv->tv_syncookies);
	}
	while (tcp_flow_crowd(ft, &key, limit, &oldest) >= limit) {
		struct syncache *sc = (struct syncache *)(void *)oldest;

		TCPSTAT_INC(tv, tcps_sc_bucketoverflow);
		if (tv->tv_syncookies && sc->sc_at != SYNCACHE_SILENT)
			return (false);
		tcp_syncache_free(tv, sc);
	}
	return (true);
}

static void
tcp_syncache_add(struct inpcb *listener, struct tcp_seg *ts)
{
	struct tcp_vnet *tv = ts->ts_tv;
	struct syncache *sc;

	if ((sc = kmalloc(vnet_acct(tv->tv_vnet), ACCT_SYNCACHE, sizeof(*sc))) == NULL) {
		TCPSTAT_INC(tv, tcps_sc_dropped);
		tcp_seg_drop(ts);
		return;
	}
	tcp_syncache_fill(sc, listener, ts);
	if (intotcpcb(listener)->t_deferaccept > 0)
		sc->sc_defer = vnet_now(tv->tv_vnet) +
			       tcp_rounds_time(tv, intotcpcb(listener)->t_deferaccept);
	if (tcp_flow_insert(&tv->tv_syncache.sc_tab, &sc->sc_ent) != 0) {
		kfree(vnet_acct(tv->tv_vnet), ACCT_SYNCACHE, sc, sizeof(*sc));
		TCPSTAT_INC(tv, tcps_sc_dropped);
		tcp_seg_drop(ts);
		return;
	}
	tcp_authkey_ref(sc->sc_key);
	sc->sc_syn = tcp_savesyn_take(intotcpcb(listener), ts);
	tcp_syncache_wait(tv, sc);
	TCPSTAT_INC(tv, tcps_sc_added);
	tcp_seg_drop(ts);
	tcp_syncache_respond(tv, sc, listener);
}

/*
 * The same SYN again: the same answer.  Another SYN from the same place: the first one is forgotten
 * (RFC 9293 3.10.7.4).
 */
static bool
tcp_syncache_again(const struct inpcb *listener, struct syncache *sc, struct tcp_seg *ts)
{
	struct tcp_vnet *tv = ts->ts_tv;

	if (sc->sc_agreed.ta_irs != ts->ts_seq) {
		tcp_syncache_free(tv, sc);
		return (false);
	}
	TCPSTAT_INC(tv, tcps_sc_dupsyn);
	if (ts->ts_to.to_flags & TOF_TS)
		sc->sc_agreed.ta_tsrecent = ts->ts_to.to_tsval;
	sc->sc_tfo = sc->sc_tfo && (ts->ts_to.to_flags & TOF_FASTOPEN) != 0;
	/* RFC 3168 6.1.1: one SYN that does not ask is enough. */
	sc->sc_agreed.ta_ecn = sc->sc_agreed.ta_ecn && tcp_ecn_granted(tv, ts->ts_flags);
	tcp_seg_drop(ts);
	tcp_syncache_respond(tv, sc, listener);
	return (true);
}

/* Fast Open: no entry, the connection at once. */
static bool
tcp_syncache_fastopen(struct inpcb *listener, struct tcp_seg *ts)
{
	struct syncache sc = { .sc_rexmits = 0 };
	struct tcpcb *tp;

	if (!tcp_tfo_valid(listener, ts))
		return (false);
	tcp_syncache_fill(&sc, listener, ts);
	sc.sc_agreed.ta_ecn = false;
	if ((tp = tcp_listen_accept(listener, ts, &sc.sc_agreed)) == NULL)
		return (false);
	tp->t_savedsyn = tcp_savesyn_take(intotcpcb(listener), ts);
	tcp_tfo_accept(intotcpcb(listener), tp, ts);
	return (true);
}

void
tcp_syncache_syn(struct inpcb *listener, struct tcp_seg *ts)
{
	struct tcp_vnet *tv = ts->ts_tv;
	struct syncache *sc;

	if ((sc = tcp_syncache_find(tv, ts)) != NULL &&
	    (!tcp_udp_same(ts, sc->sc_agreed.ta_udpport) || tcp_syncache_again(listener, sc, ts)))
		return;
	if (soqueuefull(listener->inp_socket)) {
		TCPSTAT_INC(tv, tcps_listendrop);
		tcp_listen_logfull(tv, listener);
		tcp_seg_drop(ts);
		return;
	}
	if (tv->tv_tfo.tf_server && tcp_syncache_fastopen(listener, ts))
		return;
	if (tv->tv_syncookies_only || !tcp_syncache_room(tv, ts))
		tcp_syncache_cookie(listener, ts);
	else
		tcp_syncache_add(listener, ts);
}

/*
 * The segment must lie in the window the SYN-ACK offered and acknowledge it; RFC 9293 3.10.7.4 for
 * SYN_RECEIVED.
 */
static bool
tcp_syncache_check(struct tcp_vnet *tv, struct syncache *sc, struct tcp_seg *ts)
{
	const struct tcp_agreed *ta = &sc->sc_agreed;

	if (ts->ts_ack != ta->ta_iss + 1) {
		TCPSTAT_INC(tv, tcps_sc_badack);
		tcp_seg_reset(ts);
		return (false);
	}
	if (!SEQ_IN(ts->ts_seq, ta->ta_irs + 1, u32max(sc->sc_wnd, 1)) ||
	    (ta->ta_ts && (ts->ts_to.to_flags & TOF_TS) != 0 &&
		TSTMP_LT(ts->ts_to.to_tsval, ta->ta_tsrecent))) {
		TCPSTAT_INC(tv, tcps_sc_badack);
		tcp_seg_drop(ts);
		if (tcp_challenge_ok(tv))
			tcp_syncache_respond(tv, sc, NULL);
		return (false);
	}
	return (true);
}

/* Is it the answer to a cookie?  What was agreed then. */
static bool
tcp_syncache_iscookie(const struct inpcb *listener, const struct tcp_seg *ts, struct tcp_agreed *ta)
{
	if (!ts->ts_tv->tv_syncookies || !tcp_syncookie_check(ts->ts_tv, ts, ta))
		return (false);
	if (ta->ta_scale)
		ta->ta_rcvscale = tcp_wscale(ts->ts_tv, listener->inp_socket);
	return (true);
}

/*
 * Though there is an entry?  There was no room for the SYN when it came first, and there was when it came
 * again (doubled on its way, or retransmitted): who believed the first answer is not to be reset because of
 * the second.
 */
static bool
tcp_syncache_cookied(const struct inpcb *listener, const struct syncache *sc, const struct tcp_seg *ts, struct tcp_agreed *ta)
{
	return (ts->ts_ack != sc->sc_agreed.ta_iss + 1 && tcp_syncache_iscookie(listener, ts, ta));
}

/*
 * VI_TCP_DEFER_ACCEPT, as Linux: while the listener waits for data a bare ACK changes nothing but
 * that the SYN-ACK is not repeated.  When the time is over it is sent once more, and the ACK of that
 * one makes the connection.
 */
static bool
tcp_syncache_deferred(struct tcp_vnet *tv, struct syncache *sc, struct tcp_seg *ts)
{
	if (sc->sc_defer <= vnet_now(tv->tv_vnet) || ts->ts_len > 0 || (ts->ts_flags & TH_FIN) != 0)
		return (false);
	sc->sc_acked = true;
	TCPSTAT_INC(tv, tcps_sc_deferred);
	tcp_seg_drop(ts);
	return (true);
}

void
tcp_syncache_ack(struct inpcb *listener, struct tcp_seg *ts)
{
	struct tcp_vnet *tv = ts->ts_tv;
	uint64_t rtt = 0, sent;
	struct tcp_agreed ta;
	struct syncache *sc;
	struct tcpcb *tp;

	if ((sc = tcp_syncache_find(tv, ts)) != NULL && !tcp_udp_same(ts, sc->sc_agreed.ta_udpport))
		return;
	if (sc != NULL && tcp_syncache_cookied(listener, sc, ts, &ta)) {
		tcp_syncache_free(tv, sc);
		sc = NULL;
	} else if (sc != NULL) {
		sent = sc->sc_time - tcp_syncache_rto(tv, sc);	/* if rexmit_initial is what it was then */
		if (sc->sc_rexmits == 0 && sc->sc_at == 0 && !sc->sc_acked && sent < vnet_now(tv->tv_vnet))
			rtt = vnet_now(tv->tv_vnet) - sent;
		if (!tcp_syncache_check(tv, sc, ts) || tcp_syncache_deferred(tv, sc, ts))
			return;
		ta = sc->sc_agreed;
		/* VI_TCP_DEFER_ACCEPT repeats it on purpose. */
		ta.ta_rexmits = sc->sc_acked ? 0 : sc->sc_rexmits;
	} else if (!tcp_syncache_iscookie(listener, ts, &ta)) {
		TCPSTAT_INC(tv, tcps_rcvnotsyn);
		tcp_seg_reset(ts);
		return;
	}
	/* No room: the entry stays, and the peer's next segment tries again. */
	if ((tp = tcp_listen_accept(listener, ts, &ta)) == NULL) {
		tcp_seg_drop(ts);
		return;
	}
	/* RFC 6298 2.2: the SYN-ACK's is the first round trip measured, if it was sent once (Karn). */
	if (rtt != 0)
		tcp_rtt_sample(tp, rtt);
	if (sc != NULL) {
		tp->t_savedsyn = sc->sc_syn;
		sc->sc_syn = NULL;
		tcp_syncache_free(tv, sc);
	}
	TCPSTAT_INC(tv, tcps_sc_completed);
	if (!tcp_short_accepted(tp, ts))
		tcp_seg_scaled(tp, ts);
}

/* RFC 5961 3.2 here as well: only at RCV.NXT. */
void
tcp_syncache_rst(struct tcp_vnet *tv, struct tcp_seg *ts)
{
	struct syncache *sc = tcp_syncache_find(tv, ts);

	if (sc != NULL && !tcp_udp_same(ts, sc->sc_agreed.ta_udpport))
		return;
	tcp_seg_drop(ts);
	if (sc == NULL)
		return;
	if (ts->ts_seq == sc->sc_agreed.ta_irs + 1) {
		TCPSTAT_INC(tv, tcps_sc_reset);
		tcp_syncache_free(tv, sc);
	} else if (SEQ_IN(ts->ts_seq, sc->sc_agreed.ta_irs + 1, u32max(sc->sc_wnd, 1)) &&
		   tcp_challenge_ok(tv)) {
		tcp_syncache_respond(tv, sc, NULL);
	}
}

/* A hard ICMP error about our SYN-ACK: twice, for one may be forged or passing. */
void
tcp_syncache_unreach(
    struct tcp_vnet *tv, const struct inet_ctlmsg *ic, uint16_t lport, uint16_t fport, uint32_t seq)
{
	struct syncache *sc;

	sc = (struct syncache *)(void *)tcp_flow_find(
	    &tv->tv_syncache.sc_tab, ic->ic_ops, &ic->ic_src, lport, &ic->ic_dst, fport);
	if (sc == NULL || seq != sc->sc_agreed.ta_iss || ic->ic_cmd == INET_CTL_MSGSIZE ||
	    (sc->sc_rexmits < 2 && tv->tv_persona != TCP_PERSONA_LINUX))
		return;
	TCPSTAT_INC(tv, tcps_sc_unreach);
	tcp_syncache_free(tv, sc);
}

/* The listener it is for; NULL: it is gone. */
static struct inpcb *
tcp_syncache_listener(struct tcp_vnet *tv, const struct syncache *sc)
{
	struct inpcb *inp = in_pcblookup(&tv->tv_pcbs, sc->sc_ent.fe_flow.tf_ops,
	    &sc->sc_ent.fe_flow.tf_laddr, sc->sc_ent.fe_flow.tf_lport, &sc->sc_ent.fe_flow.tf_faddr, sc->sc_ent.fe_flow.tf_fport, true,
	    ifnet_byindex(tv->tv_vnet, sc->sc_ifindex));

	return (inp != NULL && intotcpcb(inp) != NULL && intotcpcb(inp)->t_state == TCPS_LISTEN ? inp : NULL);
}

static void
tcp_syncache_expire(struct tcp_vnet *tv, struct syncache *sc)
{
	const struct inpcb *listener = tcp_syncache_listener(tv, sc);

	if (sc->sc_acked && listener != NULL) {
		TAILQ_REMOVE(&tv->tv_syncache.sc_queue[sc->sc_at], sc, sc_link);
		tcp_syncache_wait(tv, sc);
		if (sc->sc_defer > vnet_now(tv->tv_vnet))
			return;
		sc->sc_acked = false;
		TCPSTAT_INC(tv, tcps_sc_retransmitted);
		tcp_syncache_respond(tv, sc, listener);
	} else if (sc->sc_at == SYNCACHE_SILENT) {
		TCPSTAT_INC(tv, tcps_sc_stale);
		tcp_syncache_free(tv, sc);
	} else if (listener == NULL) {
		TCPSTAT_INC(tv, tcps_sc_aborted);
		tcp_syncache_free(tv, sc);
	} else if (sc->sc_rexmits >= MIN((unsigned)tv->tv_sc_rexmtlimit, TCP_SYNCACHE_QUEUES - 1u)) {
		TAILQ_REMOVE(&tv->tv_syncache.sc_queue[sc->sc_at], sc, sc_link);
		tcp_syncache_enqueue(tv, sc, SYNCACHE_SILENT, SYNCACHE_PATIENCE);
	} else {
		TAILQ_REMOVE(&tv->tv_syncache.sc_queue[sc->sc_at], sc, sc_link);
		sc->sc_rexmits++;
		tcp_syncache_wait(tv, sc);
		TCPSTAT_INC(tv, tcps_sc_retransmitted);
		tcp_syncache_respond(tv, sc, listener);
	}
}

static void
tcp_syncache_timer(void *arg)
{
	struct tcp_vnet *tv = arg;
	struct tcp_syncaches *sch = &tv->tv_syncache;
	uint64_t now = vnet_now(tv->tv_vnet), next = 0;
	struct syncache *sc;

	/* From the last queue: what moves to the next one is not seen twice. */
	for (unsigned i = SYNCACHE_SILENT + 1; i-- > 0;) {
		while ((sc = TAILQ_FIRST(&sch->sc_queue[i])) != NULL && sc->sc_time <= now)
			tcp_syncache_expire(tv, sc);
	}
	for (unsigned i = 0; i <= SYNCACHE_SILENT; i++)
		if ((sc = TAILQ_FIRST(&sch->sc_queue[i])) != NULL &&
		    (next == 0 || sc->sc_time < next))
			next = sc->sc_time;
	if (next != 0)
		callout_reset_at(&sch->sc_callout, next);
}

void
tcp_syncache_list(struct tcp_vnet *tv, struct pcbscan *ps)
{
	struct vi_pcbinfo pi;
	struct syncache *sc;

	for (unsigned i = 0; i <= SYNCACHE_SILENT; i++)
		TAILQ_FOREACH(sc, &tv->tv_syncache.sc_queue[i], sc_link) {
			if (!pcbscan_take(ps))
				continue;
			pi = (struct vi_pcbinfo){.pi_proto = VI_IPPROTO_TCP,
			    .pi_type = VI_SOCK_STREAM,
			    .pi_state = TCPS_SYN_RECEIVED,
			    .pi_jail = sc->sc_jail,
			    .pi_fib = sc->sc_fib,
			    .pi_udpport = NTOHS(sc->sc_agreed.ta_udpport)};
			tcp_flow_names(&sc->sc_ent.fe_flow, &pi);
			tcp_pcbtimer(&pi, VI_PCBT_REXMT, sc->sc_time, vnet_now(tv->tv_vnet), sc->sc_rexmits);
			ps->ps_fn(ps->ps_arg, &pi);
		}
}
