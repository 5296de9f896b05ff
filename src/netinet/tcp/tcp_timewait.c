/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TIME_WAIT (RFC 9293 3.6.1): what must be remembered of a connection for 2 MSL, without socket or
 * control block.
 *
 * All entries live equally long, so one ring and one callout do.  There are at
 * most net.inet.tcp.maxtcptw; beyond that the oldest goes early.  RSTs are ignored (RFC 1337 3, fix
 * 1).  A new SYN takes the pair over if it is provably newer (RFC 9293 MAY-2, RFC 6191); so may an
 * active open of ours, with sequence numbers and timestamps above the old ones, as net.inet.tcp.tw_reuse
 * says: 0 never, 1 where timestamps were in use (RFC 6191), 2 only on the loopback.
 *
 * Who binds a port wants to know whether somebody waits there.  They are counted by port, in pages that come with the first of their ports and go
 * when nobody waits any more, so that the answer does not take longer the more there are elsewhere.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"
#include "base/util.h"

#define TCPTW_LOOK	1024	/* entries looked at for one with an address */

static void	tcp_timewait_timer(void *);

void
tcp_timewait_init(struct tcp_vnet *tv)
{
	struct tcp_timewaits *tws = &tv->tv_timewait;
	uint64_t drawn[2];

	/* No key any more: but who repeats a simulation is to draw for the rest what he drew before. */
	kernel_random(tv->tv_vnet->vn_kernel, drawn, sizeof(drawn));
	tcp_twring_init(&tws->tw_ring, vnet_acct(tv->tv_vnet), &tv->tv_pcbs);
	callout_init(&tws->tw_callout, &tv->tv_vnet->vn_lane, tcp_timewait_timer, tv);
}

/* How many wait at a port; NULL: nobody does, of either family. */
static uint32_t *
tcp_timewait_at(const struct tcp_timewaits *tws, uint16_t lport)
{
	const uint16_t port = NTOHS(lport);
	struct tcptw_ports *tp = tws->tw_ports != NULL ? tws->tw_ports[port / TCPTW_PORTS] : NULL;

	return (tp != NULL ? tp->tp_n[port % TCPTW_PORTS] : NULL);
}

static uint32_t *
tcp_timewait_counter(const struct tcp_timewaits *tws, const struct tcptw *tw)
{
	return (&tcp_timewait_at(tws, tw->tw_flow.tf_lport)[in_pcbfam(tw->tw_flow.tf_ops) == INP_IPV6]);
}

/* There is a counter for the port afterwards, or ENOBUFS. */
static int
tcp_timewait_page(struct tcp_vnet *tv, uint16_t lport)
{
	struct tcp_timewaits *tws = &tv->tv_timewait;
	struct acctset *as = vnet_acct(tv->tv_vnet);
	struct tcptw_ports **tpp;

	if (tws->tw_ports == NULL && (tws->tw_ports = kmalloc(as, ACCT_HASH, TCPTW_PORTS * sizeof(struct tcptw_ports *))) == NULL)
		return (ENOBUFS);
	tpp = &tws->tw_ports[NTOHS(lport) / TCPTW_PORTS];
	if (*tpp == NULL && (*tpp = kmalloc(as, ACCT_HASH, sizeof(**tpp))) == NULL)
		return (ENOBUFS);
	return (0);
}

static void
tcp_timewait_nopages(struct tcp_vnet *tv)
{
	struct tcp_timewaits *tws = &tv->tv_timewait;
	struct acctset *as = vnet_acct(tv->tv_vnet);

	if (tws->tw_ports == NULL)
		return;
	for (unsigned i = 0; i < TCPTW_PORTS; i++)
		if (tws->tw_ports[i] != NULL)
			kfree(as, ACCT_HASH, tws->tw_ports[i], sizeof(*tws->tw_ports[i]));
	kfree(as, ACCT_HASH, tws->tw_ports, TCPTW_PORTS * sizeof(struct tcptw_ports *));
	tws->tw_ports = NULL;
}

static void
tcp_timewait_unsign(struct tcp_vnet *tv, struct tcptw *tw)
{
	if (tw->tw_auth == NULL)
		return;
	tcp_authkey_unref(tw->tw_auth->ac_key);
	kfree(vnet_acct(tv->tv_vnet), ACCT_TIMEWAIT, tw->tw_auth, sizeof(*tw->tw_auth));
	tw->tw_auth = NULL;
}

static void
tcp_timewait_free(struct tcp_vnet *tv, struct tcptw *tw)
{
	--*tcp_timewait_counter(&tv->tv_timewait, tw);
	tcp_timewait_unsign(tv, tw);
	tcp_twring_remove(&tv->tv_timewait.tw_ring, tw);
}

/* Nobody waits. */
static void
tcp_timewait_nothing(struct tcp_vnet *tv)
{
	(void)tcp_twring_resize(&tv->tv_timewait.tw_ring, 0);
	tcp_timewait_nopages(tv);
}

void
tcp_timewait_stop(struct tcp_vnet *tv)
{
	struct tcptw *tw;

	callout_stop(&tv->tv_timewait.tw_callout);
	while ((tw = tcp_twring_first(&tv->tv_timewait.tw_ring)) != NULL)
		tcp_timewait_free(tv, tw);
	tcp_timewait_nothing(tv);
}

void
tcp_timewait_fini(struct tcp_vnet *tv)
{
	VI_ASSERT(tv->tv_timewait.tw_ring.tr_size == 0);
	(void)tv;
}

/* Behind all others, who may have to wait a little longer for it. */
static void
tcp_timewait_again(struct tcp_twring *tr, struct tcptw *tw)
{
	const struct tcptw again = *tw;

	tcp_twring_remove(tr, tw);
	tw = tcp_twring_new(tr);
	*tw = again;
	tw->tw_due = tw->tw_expire;
	tcp_twring_push(tr);
}

static void
tcp_timewait_timer(void *arg)
{
	struct tcp_vnet *tv = arg;
	struct tcp_twring *tr = &tv->tv_timewait.tw_ring;
	uint64_t now = vnet_now(tv->tv_vnet);
	struct tcptw *tw;

	while ((tw = tcp_twring_first(tr)) != NULL && tw->tw_due <= now)
		if (tw->tw_expire <= now)
			tcp_timewait_free(tv, tw);
		else
			tcp_timewait_again(tr, tw);
	if (tw == NULL) {
		tcp_timewait_nothing(tv);
		return;
	}
	callout_reset_at(&tv->tv_timewait.tw_callout, tw->tw_due);
	if (MAX(8 * tr->tr_count, TCP_TWRING_MIN) < tr->tr_size)
		(void)tcp_twring_resize(tr, 2 * tr->tr_count);
}

static uint64_t
tcp_timewait_end(const struct tcp_vnet *tv)
{
	return (vnet_now(tv->tv_vnet) + 2 * (uint64_t)tv->tv_msl * MSEC);
}

/* The options by which a port is shared. */
static uint8_t
tcp_timewait_share(const struct inpcb *inp)
{
	return (inp->inp_socket == NULL ? 0 : inp->inp_socket->so_options & (SO_REUSEADDR | SO_REUSEPORT));
}

static void
tcp_timewait_fill(struct tcptw *tw, struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;

	tw->tw_flow.tf_hash = inp->inp_flowid;
	tw->tw_flow.tf_laddr = inp->inp_laddr;
	tw->tw_flow.tf_faddr = inp->inp_faddr;
	tw->tw_flow.tf_lport = inp->inp_lport;
	tw->tw_flow.tf_fport = inp->inp_fport;
	tw->tw_flow.tf_ops = inp->inp_ops;
	tw->tw_flow.tf_sock6 = (inp->inp_flags & INP_SOCK6) != 0;
	tw->tw_snd_nxt = tp->snd_max;
	tw->tw_rcv_nxt = tp->rcv_nxt;
	tw->tw_win = (uint16_t)u32min(tp->rcv_wnd >> tp->rcv_scale, TCP_MAXWIN);
	tw->tw_ts = (tp->t_flags & TF_RCVD_TSTMP) != 0;
	tw->tw_ts_recent = tp->ts_recent;
	tw->tw_tsoff = tp->t_tsoff;
	tw->tw_udpport = tp->t_udpport;
	tw->tw_fib = inp->inp_fib;
	tw->tw_share = tcp_timewait_share(inp);
	tw->tw_jail = inp->inp_cred.cr_jail;
	tw->tw_tos = in_pcbtos(inp, inp->inp_ops);
	tw->tw_ttl = in_pcbttl(inp, inp->inp_ops);
	tw->tw_uid = inp->inp_cred.cr_uid;
	tw->tw_expire = tw->tw_due = tcp_timewait_end(tp->t_tv);
}

/* The key that signs; ENOBUFS. */
static int
tcp_timewait_sign(struct tcptw *tw, struct tcpcb *tp)
{
	tw->tw_auth = NULL;
	if (tcp_authkey(tp) == NULL)
		return (0);
	if ((tw->tw_auth = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TIMEWAIT, sizeof(*tw->tw_auth))) == NULL)
		return (ENOBUFS);
	tcp_auth_ctx(tp, tp->snd_max, tw->tw_auth);
	tcp_authkey_ref(tw->tw_auth->ac_key);
	return (0);
}

static void
tcp_timewait_recycle(struct tcp_vnet *tv)
{
	TCPSTAT_INC(tv, tcps_tw_recycles);
	tcp_timewait_free(tv, tcp_twring_first(&tv->tv_timewait.tw_ring));
}

/*
 * A place for one more; NULL: there is no memory, or none may wait.  Holes count as if they waited: were they filled up, that would be a walk through all of
 * them.  The ring grows where at least half of it is no holes.
 */
static struct tcptw *
tcp_timewait_place(struct tcp_vnet *tv)
{
	struct tcp_twring *tr = &tv->tv_timewait.tw_ring;
	const uint32_t most = (uint32_t)tv->tv_maxtw;

	if (most == 0)
		return (NULL);
	while (tcp_twring_span(tr) >= most)	/* more might wait before */
		tcp_timewait_recycle(tv);
	if (tcp_twring_span(tr) == tr->tr_size && tcp_twring_resize(tr, MAX(2 * tr->tr_count, 1)) != 0) {
		if (tr->tr_size == 0)
			return (NULL);
		tcp_timewait_recycle(tv);
	}
	return (tcp_twring_new(tr));
}

/* Without memory the connection just ends: a late segment of the peer's then draws an RST. */
void
tcp_timewait_start(struct tcpcb *tp)
{
	struct tcp_vnet *tv = tp->t_tv;
	struct tcp_timewaits *tws = &tv->tv_timewait;
	struct tcptw *tw = tcp_timewait_place(tv);

	if (tw != NULL && tcp_timewait_page(tv, tp->t_inpcb.inp_lport) == 0 && tcp_timewait_sign(tw, tp) == 0) {
		tcp_timewait_fill(tw, tp);
		++*tcp_timewait_counter(tws, tw);
		tcp_twring_push(&tws->tw_ring);
		if (!callout_pending(&tws->tw_callout))
			callout_reset_at(&tws->tw_callout, tw->tw_due);
		TCPSTAT_INC(tv, tcps_tw_added);
	}
	tcp_close(tp, 0);
}

/* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>. */
static void
tcp_timewait_ack(struct tcp_vnet *tv, const struct tcptw *tw)
{
	struct tcp_opts to = { .to_flags = 0 };
	struct tcp_reply tr = {
	    .tr_flow = {.if_laddr = tw->tw_flow.tf_laddr,
		.if_faddr = tw->tw_flow.tf_faddr,
		.if_fib = tw->tw_fib,
		.if_flowid = tw->tw_flow.tf_hash,
		.if_tos = tw->tw_tos,
		.if_ttl = tw->tw_ttl},
	    .tr_ops = tw->tw_flow.tf_ops,
	    .tr_lport = tw->tw_flow.tf_lport,
	    .tr_fport = tw->tw_flow.tf_fport,
	    .tr_udpport = tw->tw_udpport,
	    .tr_seq = tw->tw_snd_nxt,
	    .tr_ack = tw->tw_rcv_nxt,
	    .tr_flags = TH_ACK,
	    .tr_win = tw->tw_win,
	    .tr_opts = &to,
	};

	if (tw->tw_auth != NULL)
		tr.tr_auth = *tw->tw_auth;
	if (tw->tw_ts) {
		to.to_tsval = tcp_ts(vnet_now(tv->tv_vnet), tw->tw_tsoff);
		to.to_tsecr = tw->tw_ts_recent;
		to.to_flags = TOF_TS;
	}
	TCPSTAT_INC(tv, tcps_sndacks);
	(void)tcp_respond(tv, &tr);
}

/* RFC 9293 3.10.7.4, MAY-2; RFC 6191 2: is this SYN newer than anything of the old connection? */
static bool
tcp_timewait_newer(const struct tcptw *tw, const struct tcp_seg *ts)
{
	if (tw->tw_ts && (ts->ts_to.to_flags & TOF_TS) != 0) {
		if (TSTMP_GT(ts->ts_to.to_tsval, tw->tw_ts_recent))
			return (true);
		return (
		    ts->ts_to.to_tsval == tw->tw_ts_recent && SEQ_GT(ts->ts_seq, tw->tw_rcv_nxt));
	}
	return (SEQ_GT(ts->ts_seq, tw->tw_rcv_nxt));
}

bool
tcp_timewait_input(struct tcp_seg *ts, bool listening)
{
	struct tcp_vnet *tv = ts->ts_tv;
	struct tcptw *tw;

	tw = tcp_twring_find(&tv->tv_timewait.tw_ring, ts->ts_pkt->ip_ops, &ts->ts_pkt->ip_dst, ts->ts_dport, &ts->ts_pkt->ip_src, ts->ts_sport);
	if (tw == NULL)
		return (false);
	if (!tcp_udp_same(ts, tw->tw_udpport))
		return (true);
	if (ts->ts_flags & TH_RST) {
		TCPSTAT_INC(tv, tcps_tw_resets);
		tcp_seg_drop(ts);
		return (true);
	}
	if ((ts->ts_flags & (TH_SYN | TH_ACK)) == TH_SYN && listening &&
	    tcp_timewait_newer(tw, ts)) {
		TCPSTAT_INC(tv, tcps_tw_reused);
		tcp_timewait_free(tv, tw);
		return (false);
	}
	/*
	 * The peer's FIN again: our ACK was lost; the wait begins anew (RFC 9293 3.10.7.4, eighth
	 * step).  Its place in the ring stays: who repeats FINs shall not fill that with holes.
	 */
	if (ts->ts_flags & TH_FIN) {
		tw->tw_expire = tcp_timewait_end(tv);
		tcp_timewait_ack(tv, tw);
	} else if ((ts->ts_len > 0 || (ts->ts_flags & TH_SYN) != 0 ||
		       ts->ts_seq != tw->tw_rcv_nxt) &&
		   tcp_challenge_ok(tv)) {
		tcp_timewait_ack(tv, tw);
	}
	tcp_seg_drop(ts);
	return (true);
}

static bool
tcp_timewait_loopback(const struct tcp_flow *f)
{
	if (f->tf_ops->io_family == VI_AF_INET)
		return ((NTOHL(f->tf_faddr.in4) >> 24) == 127);
	return ((f->tf_faddr.in6[0] | f->tf_faddr.in6[1] | f->tf_faddr.in6[2]) == 0 &&
		f->tf_faddr.in6[3] == HTONL(1));
}

/* Without timestamps an old segment could not be told from a new one. */
static bool
tcp_timewait_reusable(const struct tcp_vnet *tv, const struct tcptw *tw)
{
	const uint64_t since = tw->tw_expire - 2 * (uint64_t)tv->tv_msl * MSEC;

	if (!tw->tw_ts || !tcp_tstampok(tv) || tv->tv_tw_reuse == 0 ||
	    (tv->tv_tw_reuse == 2 && !tcp_timewait_loopback(&tw->tw_flow)))
		return (false);
	return (vnet_now(tv->tv_vnet) >= since + tcp_persona_twmin(tv));
}

int
tcp_timewait_reuse(struct inpcb *inp, uint32_t *iss)
{
	struct tcp_vnet *tv = tcp_vnet(inp->inp_vnet);
	const uint32_t *at = tcp_timewait_at(&tv->tv_timewait, inp->inp_lport);
	struct tcptw *tw;

	if (at == NULL || at[0] + at[1] == 0)
		return (0);
	tw = tcp_twring_find(&tv->tv_timewait.tw_ring, inp->inp_ops, &inp->inp_laddr, inp->inp_lport, &inp->inp_faddr, inp->inp_fport);
	if (tw == NULL)
		return (0);
	if (!tcp_timewait_reusable(tv, tw))
		return (EADDRINUSE);
	/*
	 * Beyond the old connection's window, so that the peer, should it wait too, takes the SYN
	 * for new.
	 */
	if (!SEQ_GT(*iss, tw->tw_snd_nxt + TCP_MAXWIN))
		*iss = tw->tw_snd_nxt + TCP_MAXWIN + 1;
	TCPSTAT_INC(tv, tcps_tw_reused);
	tcp_timewait_free(tv, tw);
	return (0);
}

/*
 * Linux's rules: both want to share, by the same option.  With an address, or who wants to, the entries of the port must be looked at: latest first,
 * since a server that ended just now asks.  No more than TCPTW_LOOK, for nobody is to wait until thousands were; who is let in too early is still
 * kept off the pairs themselves (tcp_timewait_reuse).
 */
bool
tcp_timewait_lingers(const struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport)
{
	const struct tcp_timewaits *tws = &CONTAINER_OF(inp->inp_info, struct tcp_vnet, tv_pcbs)->tv_timewait;
	const struct tcp_twring *tr = &tws->tw_ring;
	const uint32_t *at = tcp_timewait_at(tws, lport), fam = inp->inp_flags & (INP_IPV4 | INP_IPV6);
	const uint8_t share = tcp_timewait_share(inp);
	const struct tcptw *tw;
	uint32_t n, look = TCPTW_LOOK;

	if (at == NULL || (n = ((fam & INP_IPV4) != 0 ? at[0] : 0) + ((fam & INP_IPV6) != 0 ? at[1] : 0)) == 0)
		return (false);
	if (laddr == NULL && share == 0)
		return (true);
	for (uint32_t i = tr->tr_next; n != 0 && look-- != 0 && i-- != tr->tr_first; ) {
		tw = tcp_twring_slot(tr, i);
		if (tw->tw_gone || tw->tw_flow.tf_lport != lport || (in_pcbfam(tw->tw_flow.tf_ops) & fam) == 0)
			continue;
		if ((laddr == NULL || in_addr_eq(laddr, &tw->tw_flow.tf_laddr)) && (tw->tw_share & share) == 0)
			return (true);
		n--;
	}
	return (false);
}

void
tcp_timewait_list(struct tcp_vnet *tv, struct pcbscan *ps)
{
	struct vi_pcbinfo pi;
	const struct tcp_twring *tr = &tv->tv_timewait.tw_ring;
	const struct tcptw *tw;

	for (uint32_t n = tr->tr_first; n != tr->tr_next; n++) {
		tw = tcp_twring_slot(tr, n);
		if (tw->tw_gone || !pcbscan_take(ps))
			continue;
		pi = (struct vi_pcbinfo){.pi_proto = VI_IPPROTO_TCP,
		    .pi_type = VI_SOCK_STREAM,
		    .pi_state = TCPS_TIME_WAIT,
		    .pi_uid = tw->tw_uid,
		    .pi_jail = tw->tw_jail,
		    .pi_fib = tw->tw_fib,
		    .pi_udpport = NTOHS(tw->tw_udpport)};
		tcp_flow_names(&tw->tw_flow, &pi);
		tcp_pcbtimer(&pi, VI_PCBT_TIMEWAIT, tw->tw_expire, vnet_now(tv->tv_vnet), 0);
		ps->ps_fn(ps->ps_arg, &pi);
	}
}
