/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of RFC 9293, and of those beside it (2883, 5681, 5961, 6298, 7323), one at a time: a connection of side 0 with a
 * peer that is made by hand.  What leaves for the peer is kept and lost; what it says is injected.
 * Virtual time.
 *
 * The peer's sequence numbers begin with 5000; it offers no scaling; timestamps and SACK where a test
 * says so.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"

#define PEER	HTONS(4000)
#define IRS	5000u

struct hand {
	struct wire	 w;
	struct socket	*so;
	struct tcpcb	*tp;
	uint16_t	 port;		/* ours */
	uint32_t	 nxt;		/* the peer's next number */
	/* What left for the peer: how many, and the last one. */
	unsigned	 n, ndata;
	uint32_t	 seq, ack, len, maxlen;
	uint16_t	 flags, win, urp;
	uint8_t		 tos;
	struct tcp_opts	 to;
	bool		 sack;		/* the peer permits it */
	bool		 answers;	/* each segment draws an ACK of ackof, with a closed window */
	uint32_t	 ackof;
};

static uint8_t data[65536];

static enum wire_verdict
keep(struct wire *w, struct wpkt *wp)
{
	struct hand *h = w->w_arg;
	const struct tcphdr *th = wp_th(wp);

	if (wp->wp_to != 1)
		return (WIRE_PASS);
	assert_true(++h->n < 100000);	/* a storm, in no time */
	h->ndata += wp_dlen(wp) > 0;
	h->seq = NTOHL(th->th_seq);
	h->ack = NTOHL(th->th_ack);
	h->len = wp_dlen(wp);
	h->maxlen = u32max(h->maxlen, h->len);
	h->flags = th_flags(th);
	h->win = NTOHS(th->th_win);
	h->urp = NTOHS(th->th_urp);
	h->tos = wp->wp_tos;
	h->port = th->th_sport;
	wire_options(wp, &h->to);
	return (WIRE_LOSE);
}

static void
prepare(struct hand *h)
{
	memset(h, 0, sizeof(*h));
	wire_init(&h->w, 1);
	h->w.w_cut = true;
	h->w.w_filter = keep;
	h->w.w_arg = h;
	h->so = wire_socket(&h->w, 0);
	h->tp = sototcpcb(h->so);
}

static void
say(struct hand *h, uint16_t flags, uint32_t seq, uint32_t ack, uint16_t win, size_t len)
{
	wire_inject(&h->w, 0, PEER, h->port, seq, ack, flags, win, data, len);
}

static void
say_opts(struct hand *h, uint16_t flags, uint32_t seq, uint32_t ack, const struct tcp_opts *to)
{
	uint8_t buf[TCP_MAXOLEN];
	size_t len = tcp_opts_build(to, buf, sizeof(buf));

	wire_inject_opts(&h->w, 0, PEER, h->port, seq, ack, flags, 65535, buf, len);
}

static void
call(struct hand *h)
{
	struct vi_sockaddr sa;

	wire_addr(1, 4000, &sa);
	wire_now(&h->w);
	assert_int_equal(soconnect(h->so, &sa), EINPROGRESS);
	assert_int_equal(h->flags & (TH_SYN | TH_ACK), TH_SYN);
}

/* The handshake; mss 0: the peer does not say. */
static void
open_with(struct hand *h, uint16_t mss, bool ts)
{
	struct tcp_opts to = {.to_flags = (mss != 0 ? TOF_MSS : 0u) | (ts ? TOF_TS : 0u) |
	    (h->sack ? TOF_SACKPERM : 0u), .to_mss = mss,
	    .to_tsval = 1000, .to_tsecr = h->to.to_tsval};

	call(h);
	say_opts(h, TH_SYN | TH_ACK, IRS, h->seq + 1, &to);
	assert_int_equal(h->tp->t_state, TCPS_ESTABLISHED);
	h->nxt = IRS + 1;
	h->n = h->ndata = 0;
}

static void
start(struct hand *h)
{
	prepare(h);
	open_with(h, 1000, false);
}

static void
stop(struct hand *h)
{
	if (h->so != NULL)
		soclose(h->so);
	h->w.w_filter = NULL;
	wire_run(&h->w, 200 * SEC);
	wire_fini(&h->w);
}

/* Fills the receive buffer until nothing more is offered. */
static void
fill(struct hand *h)
{
	uint32_t n;

	wire_setint(h->so, VI_SO_RCVBUF, 8192);
	for (unsigned i = 0; i < 1000 && SEQ_GT(h->tp->rcv_adv, h->tp->rcv_nxt); i++) {
		n = u32min(h->tp->rcv_adv - h->tp->rcv_nxt, 1000);
		say(h, TH_ACK, h->nxt, h->tp->snd_una, 65535, n);
		h->nxt += n;
		assert_int_equal(h->tp->rcv_nxt, h->nxt);
	}
	wire_run(&h->w, SEC);
	assert_int_equal(h->tp->rcv_adv, h->tp->rcv_nxt);
	assert_int_equal(h->win, 0);
}

/* RFC 9293 3.4, MUST-66: through a closed window ACK, URG and RST, with data or without. */
static void
closed_window(void **state)
{
	struct hand h;
	struct wpkt *wp;

	(void)state;
	for (int bytes = 0; bytes < 2; bytes++) {
		start(&h);
		assert_int_equal(wire_send(&h.w, h.so, data, 100, 0), 100);
		fill(&h);
		say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 1);
		assert_int_equal(h.tp->snd_una, h.tp->snd_max);
		assert_int_equal(h.tp->rcv_nxt, h.nxt);
		/* An urgent pointer far ahead. */
		wp = calloc(1, sizeof(*wp) + TCP_MINHLEN);
		assert_non_null(wp);
		wp->wp_len = TCP_MINHLEN;
		wp->wp_valid = true;
		*(struct tcphdr *)(void *)wp->wp_data = (struct tcphdr){.th_sport = PEER,
		    .th_dport = h.port, .th_seq = HTONL(h.nxt), .th_ack = HTONL(h.tp->snd_una),
		    .th_win = 0xffff, .th_urp = HTONS(777)};
		th_set_offflags((struct tcphdr *)(void *)wp->wp_data, TCP_MINHLEN, TH_ACK | TH_URG);
		wire_deliver(&h.w, wp);
		assert_int_equal(h.tp->rcv_up, h.nxt + 777);
		/* The wrong number draws no more than an ACK. */
		say(&h, TH_RST, h.nxt + 1, 0, 0, 0);
		assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
		say(&h, TH_RST, h.nxt, 0, 0, bytes ? 20 : 0);
		assert_int_equal(h.tp->t_state, TCPS_CLOSED);
		assert_int_equal(h.so->so_error, ECONNRESET);
		stop(&h);
	}
}

static enum wire_verdict
keep_and_answer(struct wire *w, struct wpkt *wp)
{
	struct hand *h = w->w_arg;
	uint16_t to = (uint16_t)wp->wp_to;
	uint32_t len = wp_dlen(wp);

	(void)keep(w, wp);
	/* Not from inside the stack: the answer is on the wire. */
	if (to == 1 && len > 0 && h->answers) {
		struct tcphdr *th = (struct tcphdr *)(void *)wp->wp_data;

		wp->wp_to = 0;
		wp->wp_valid = true;
		wp->wp_len = TCP_MINHLEN;
		*th = (struct tcphdr){.th_sport = PEER, .th_dport = h->port, .th_seq = HTONL(h->nxt),
		    .th_ack = HTONL(h->ackof)};
		th_set_offflags(th, TCP_MINHLEN, TH_ACK);
		return (WIRE_PASS);
	}
	return (to == 1 ? WIRE_LOSE : WIRE_PASS);
}

/* 20,000 bytes are on their way, with a user's limit (ms, 0: none), and the peer takes its window back.  Where they begin. */
static uint32_t
take_back(struct hand *h, int sack, int limit)
{
	uint32_t una;

	prepare(h);
	h->sack = sack;
	open_with(h, 1000, false);
	h->w.w_filter = keep_and_answer;
	if (limit != 0)
		wire_setint(h->so, VI_TCP_USER_TIMEOUT, limit);
	assert_int_equal(wire_send(&h->w, h->so, data, 20000, 0), 20000);
	assert_int_equal(h->ndata, 10);
	una = h->tp->snd_una;
	say(h, TH_ACK, h->nxt, una + 4000, 0, 0);
	assert_int_equal(h->tp->snd_wnd, 0);
	h->answers = true;
	h->ackof = una + 4000;
	return (una);
}

/*
 * RFC 9293 3.8.6, MUST-34, MUST-35, MUST-37, SHLD-15, SHLD-17: the peer takes its window back with data
 * outstanding, and answers what comes.  It is probed, ever more rarely, and nothing new goes; the
 * connection lives, and goes on when the window opens.
 */
static void
shrunken_window(void **state)
{
	struct hand h;
	uint32_t una, max;
	unsigned n;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		una = take_back(&h, sack, 0);
		max = h.tp->snd_max;
		n = h.ndata;
		wire_run(&h.w, 7200 * SEC);
		assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
		assert_int_equal(h.tp->snd_max, max);
		assert_in_range(h.ndata - n, 100, 200);
		/* It opens: all of it goes. */
		h.answers = false;
		say(&h, TH_ACK, h.nxt, una + 4000, 65535, 0);
		for (int i = 0; i < 30 && h.tp->snd_una != una + 20000; i++) {
			wire_run(&h.w, SEC);
			say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 0);
		}
		assert_int_equal(h.tp->snd_una, una + 20000);
		/* Silence is another thing. */
		assert_int_equal(wire_send(&h.w, h.so, data, 2000, 0), 2000);
		say(&h, TH_ACK, h.nxt, una + 20000, 0, 0);
		assert_int_equal(h.tp->snd_wnd, 0);
		wire_run(&h.w, 1200 * SEC);
		assert_int_equal(h.tp->t_state, TCPS_CLOSED);
		assert_int_equal(h.so->so_error, ETIMEDOUT);
		stop(&h);
	}
}

/* RFC 5482 2, with MUST-37: a user's limit is for silence then, and probes do not come one on the other once it is over. */
static void
shrunken_window_limited(void **state)
{
	struct hand h;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		(void)take_back(&h, sack, 100000);
		h.n = 0;
		wire_run(&h.w, 3600 * SEC);
		assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
		assert_in_range(h.n, 50, 200);
		h.answers = false;
		wire_run(&h.w, 201 * SEC);
		assert_int_equal(h.tp->t_state, TCPS_CLOSED);
		assert_int_equal(h.so->so_error, ETIMEDOUT);
		stop(&h);
	}
}

/* RFC 9293 3.10.7.4: the window of an ACK that is as new as the last one counts, also when it is smaller. */
static void
same_ack_window(void **state)
{
	struct hand h;

	(void)state;
	start(&h);
	say(&h, TH_ACK, h.nxt, h.tp->snd_una, 40000, 0);
	assert_int_equal(h.tp->snd_wnd, 40000);
	say(&h, TH_ACK, h.nxt, h.tp->snd_una, 3000, 0);
	assert_int_equal(h.tp->snd_wnd, 3000);
	/* Of an older segment not. */
	say(&h, TH_ACK, h.nxt - 1, h.tp->snd_una, 50000, 0);
	assert_int_equal(h.tp->snd_wnd, 3000);
	assert_int_equal(wire_send(&h.w, h.so, data, 9000, 0), 9000);
	assert_int_equal(h.tp->snd_max - h.tp->snd_una, 3000);
	stop(&h);
}

/* RFC 9293 3.7.1, MUST-15, MUST-16, SHLD-5, SHLD-6: who says no MSS takes 536 bytes, with IPv6 1220. */
static void
segment_size(void **state)
{
	static const uint8_t nops[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	struct hand h;

	(void)state;
	prepare(&h);
	h.w.w_mtu = 1200;
	open_with(&h, 0, false);
	assert_int_equal(wire_send(&h.w, h.so, data, 5000, 0), 5000);
	assert_int_equal(h.maxlen, 536);
	assert_int_equal(tcp_mssunsaid(&in6_ops), 1220);
	stop(&h);

	prepare(&h);
	h.w.w_mtu = 1200;
	call(&h);
	assert_true(h.to.to_flags & TOF_MSS);
	assert_int_equal(h.to.to_mss, 1160);
	stop(&h);

	/* Options of either layer take their room from what the peer takes, and from the path. */
	for (int when = 0; when < 2; when++) {
		prepare(&h);
		if (when == 0)
			assert_int_equal(sosetopt(h.so, VI_IP_OPTIONS, nops, 8), 0);
		open_with(&h, 1000, true);
		if (when == 1)
			assert_int_equal(sosetopt(h.so, VI_IP_OPTIONS, nops, 8), 0);
		assert_int_equal(wire_send(&h.w, h.so, data, 5000, 0), 5000);
		assert_int_equal(h.maxlen, 1000 - 8 - 12);
		stop(&h);
	}
	prepare(&h);
	open_with(&h, 4000, true);
	assert_int_equal(sosetopt(h.so, VI_IP_OPTIONS, nops, 8), 0);
	assert_int_equal(wire_send(&h.w, h.so, data, 5000, 0), 5000);
	assert_int_equal(h.maxlen, 1500 - 40 - 8 - 12);
	stop(&h);
}

/*
 * RFC 9293 3.10.7.4, MUST-11: an RST, or a SYN of another connection, for one that is being made
 * sends it back to LISTEN; nobody is told.  MUST-41: a listener disturbs nobody.
 */
static void
back_to_listen(void **state)
{
	struct socket *ls;
	struct hand h;

	(void)state;
	prepare(&h);
	ls = wire_listen(&h.w, 0, 80, 5);
	h.port = HTONS(80);
	say(&h, TH_SYN, 100, 0, 1000, 0);
	assert_int_equal(h.flags & (TH_SYN | TH_ACK), TH_SYN | TH_ACK);
	assert_int_equal(h.ack, 101);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_syncache.sc_tab.ft_count, 1);
	say(&h, TH_RST, 101, 0, 0, 0);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_syncache.sc_tab.ft_count, 0);
	assert_int_equal(ls->so_error, 0);
	assert_int_equal(ls->so_qlen, 0);
	say(&h, TH_SYN, 200, 0, 1000, 0);
	say(&h, TH_SYN, 300, 0, 1000, 0);
	assert_int_equal(h.ack, 301);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_syncache.sc_tab.ft_count, 1);
	say(&h, TH_ACK, 301, h.seq + 1, 1000, 0);
	assert_int_equal(ls->so_qlen, 1);
	/* 3.10.7.2: an RST to a listener does nothing, an ACK draws an RST. */
	h.n = 0;
	wire_inject(&h.w, 0, HTONS(4001), h.port, 1, 1, TH_RST | TH_ACK, 0, NULL, 0);
	assert_int_equal(h.n, 0);
	wire_inject(&h.w, 0, HTONS(4001), h.port, 1, 777, TH_ACK, 0, NULL, 0);
	assert_int_equal(h.flags, TH_RST);
	assert_int_equal(h.seq, 777);
	assert_int_equal(ls->so_qlen, 1);
	soclose(ls);
	stop(&h);
}

/* 3.9.1.1, MUST-41: listening at a port again, or at another of its addresses, leaves the port's connections alone. */
static void
listen_beside(void **state)
{
	struct socket *ls[2], *so[2];
	struct wire w;

	(void)state;
	wire_init(&w, 41);
	ls[0] = wire_socket(&w, 1);
	ls[1] = wire_socket(&w, 1);
	for (int i = 0; i < 2; i++) {
		struct vi_sockaddr sa = { .sa_family = VI_AF_INET, .sa_port = HTONS(80) };

		wire_setint(ls[i], VI_SO_REUSEADDR, 1);
		assert_int_equal(sobind(ls[i], &sa), 0);
		assert_int_equal(solisten(ls[i], 5), 0);
		if (i > 0)
			break;
		so[0] = wire_socket(&w, 0);
		assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
		so[1] = wire_accept(&w, ls[0]);
		soclose(ls[0]);
	}
	assert_int_equal(sototcpcb(so[1])->t_state, TCPS_ESTABLISHED);
	wire_carry(&w, so, 10000);
	assert_int_equal(ls[1]->so_qlen, 0);
	soclose(so[0]);
	soclose(so[1]);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	so[1] = wire_accept(&w, ls[1]);
	wire_carry(&w, so, 1000);
	soclose(so[0]);
	soclose(so[1]);
	soclose(ls[1]);
	wire_fini(&w);
}

/* The window of a Linux begins with what its SYN told, from either side, and grows by what comes; the other persona's is the buffer's at once. */
static void
offer_grows(void **state)
{
	struct socket *so[2];
	struct tcpcb *tp;
	struct wire w;
	uint32_t win;

	(void)state;
	for (int linux = 0; linux < 2; linux++)
		for (int side = 0; side < 2; side++) {
			wire_init(&w, 43);
			if (linux)
				wire_sysctl(&w, side, "net.inet.tcp.persona", "linux");
			wire_sysctl(&w, side, "net.inet.tcp.recvspace", "1000000");
			wire_pair(&w, so);
			tp = sototcpcb(so[side]);
			win = 65535 - 65535 % 1460;
			for (uint32_t i = 1; i <= 3; i++) {
				assert_int_equal(wire_send(&w, so[!side], data, 1000, 0), 1000);
				wire_run(&w, SEC);
				assert_in_range(tp->rcv_adv - tp->rcv_nxt, linux ? win - 1000 * i : 990000, linux ? win + 2 * 1460 * i + 1460 : 1000000);
				if (linux && i > 1)
					assert_true(tp->rcv_adv - tp->rcv_nxt > win);
			}
			/* A small one adds nothing. */
			win = tp->t_rcvgrown;
			assert_int_equal(wire_send(&w, so[!side], data, 100, 0), 100);
			wire_run(&w, SEC);
			assert_int_equal(tp->t_rcvgrown, win);
			wire_carry(&w, (struct socket *[]){ so[!side], so[side] }, 3000000);
			if (linux)
				assert_in_range(tp->t_rcvgrown, 900000, 2000000);
			soclose(so[0]);
			soclose(so[1]);
			wire_fini(&w);
		}
}

/* RFC 5961 3.2: in SYN_SENT an RST counts only with the ACK of our SYN. */
static void
reset_of_syn(void **state)
{
	struct hand h;

	(void)state;
	prepare(&h);
	call(&h);
	h.n = 0;
	say(&h, TH_RST, IRS, 0, 0, 0);
	say(&h, TH_RST | TH_ACK, IRS, h.seq, 0, 0);
	say(&h, TH_RST | TH_ACK, IRS, h.seq + 2, 0, 0);
	assert_int_equal(h.n, 0);
	assert_int_equal(h.tp->t_state, TCPS_SYN_SENT);
	say(&h, TH_RST | TH_ACK, IRS, h.seq + 1, 0, 0);
	assert_int_equal(h.tp->t_state, TCPS_CLOSED);
	assert_int_equal(h.so->so_error, ECONNREFUSED);
	stop(&h);
}

/* Linux wants a SYN-ACK to echo a time at which there was a SYN. */
static void
echo_of_syn(void **state)
{
	for (unsigned linux = 0; linux < 2; linux++) {
		for (int late = -1; late <= 1; late++) {
			uint8_t opts[12] = { 1, 1, 8, 10, 0, 0, 0, 9 };
			struct hand h;

			(void)state;
			prepare(&h);
			if (linux)
				wire_sysctl(&h.w, 0, "net.inet.tcp.persona", "linux");
			call(&h);
			assert_true(h.to.to_flags & TOF_TS);
			assert_int_equal(h.to.to_tsecr, 0);	/* RFC 7323 3.2: there is nothing to echo yet */
			be32enc(opts + 8, h.to.to_tsval + (uint32_t)(1000 * late));
			h.n = 0;
			wire_inject_opts(&h.w, 0, PEER, h.port, IRS, h.seq + 1, TH_SYN | TH_ACK, 65535, opts, sizeof(opts));
			wire_run(&h.w, MSEC);
			assert_int_equal(h.n, 1);
			assert_int_equal(h.flags, linux && late != 0 ? TH_RST : TH_ACK);
			assert_int_equal(h.tp->t_state, linux && late != 0 ? TCPS_SYN_SENT : TCPS_ESTABLISHED);
			stop(&h);
		}
	}
}

/* RFC 7323 3.2: what a segment without ACK echoes means nothing. */
static void
echo_without_ack(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_TS, .to_tsval = 1000};
	struct hand h;

	(void)state;
	prepare(&h);
	call(&h);
	to.to_tsecr = h.to.to_tsval - 5000;
	say_opts(&h, TH_SYN, IRS, 0, &to);
	assert_int_equal(h.tp->t_state, TCPS_SYN_RECEIVED);
	assert_int_equal(h.tp->t_srtt, 0);
	assert_int_equal(h.to.to_tsecr, 1000);		/* ours has an ACK */
	stop(&h);
}

/* RFC 9293 3.10.7.4, fourth step: of two ends that called at once only the SYN that came first comes again; no other is data's beginning. */
static void
syn_after_syn(void **state)
{
	struct hand h;
	uint32_t iss;

	(void)state;
	prepare(&h);
	call(&h);
	iss = h.seq;
	say(&h, TH_SYN, IRS, 0, 65535, 0);
	assert_int_equal(h.tp->t_state, TCPS_SYN_RECEIVED);
	say(&h, TH_SYN | TH_ACK, IRS + 1, iss + 1, 65535, 10);
	assert_int_equal(h.tp->t_state, TCPS_SYN_RECEIVED);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_stat.tcps_challenge_acks, 1);
	say(&h, TH_SYN | TH_ACK, IRS, iss + 1, 65535, 10);
	assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
	assert_int_equal(h.so->so_rcv.sb_cc, 10);
	stop(&h);
}

/* RFC 5961 4.2: the peer forgot the connection and calls again with the same ports: a challenge ACK, its RST, and all is free. */
static void
peer_restarted(void **state)
{
	struct socket *so[2], *again;
	struct vi_sockaddr sa;
	struct tcpcb *tp;
	uint16_t port;
	struct wire w;

	(void)state;
	wire_init(&w, 1);
	wire_pair(&w, so);
	port = ((struct inpcb *)so[0]->so_pcb)->inp_lport;
	tp = sototcpcb(so[1]);
	wire_carry(&w, so, 1000);
	/* Nothing is heard of its end. */
	w.w_loss = 1000000;
	tcp_close(sototcpcb(so[0]), ECONNRESET);
	soclose(so[0]);
	wire_idle(&w);
	w.w_loss = 0;
	assert_int_equal(tp->t_state, TCPS_ESTABLISHED);
	again = wire_socket(&w, 0);
	wire_addr(0, NTOHS(port), &sa);
	assert_int_equal(sobind(again, &sa), 0);
	wire_addr(1, 80, &sa);
	assert_int_equal(soconnect(again, &sa), EINPROGRESS);
	wire_run(&w, 100 * MSEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_challenge_acks, 1);
	assert_int_equal(tp->t_state, TCPS_CLOSED);
	assert_int_equal(so[1]->so_error, ECONNRESET);
	soclose(again);
	soclose(so[1]);
	wire_run(&w, 100 * SEC);
	wire_fini(&w);
}

/*
 * RFC 9293 3.4.1, MUST-8, MUST-9, SHLD-1; RFC 6528 3: a clock of 4 us and what only we know of the
 * four addresses.  RFC 7323 7: so are timestamps.
 */
static void
initial_numbers(void **state)
{
	uint32_t isn[4], ts[4];
	struct hand h;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct vi_sockaddr own;

		prepare(&h);
		/* 0: the first.  1: a second later.  2: another port.  3: another stack. */
		if (i == 1)
			wire_run(&h.w, SEC);
		if (i == 3)
			siphash_key_init(&wire_tcp(&h.w, 0)->tv_isnkey, (const uint8_t[16]){ 1 });
		wire_addr(0, i == 2 ? 2001 : 2000, &own);
		assert_int_equal(sobind(h.so, &own), 0);
		call(&h);
		isn[i] = h.seq;
		ts[i] = h.to.to_tsval;
		stop(&h);
	}
	assert_int_equal(isn[1] - isn[0], 250000);
	assert_int_equal(ts[1] - ts[0], 1000);
	assert_true(ts[2] - ts[0] > 100000 && ts[0] - ts[2] > 100000);
	assert_true(isn[2] - isn[0] > 1000000 && isn[0] - isn[2] > 1000000);
	assert_true(isn[3] - isn[0] > 1000000 && isn[0] - isn[3] > 1000000);
}

/* RFC 6528 4: what makes them is the host's chance: the same only where that is. */
static void
secrets(void **state)
{
	struct siphash_key key[3];
	struct wire w;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		wire_init(&w, 1 + i % 2);
		key[i] = wire_tcp(&w, 0)->tv_isnkey;
		assert_memory_not_equal(&key[i], &wire_tcp(&w, 1)->tv_isnkey, sizeof(key[i]));
		wire_fini(&w);
	}
	assert_memory_equal(&key[0], &key[2], sizeof(key[0]));
	assert_memory_not_equal(&key[0], &key[1], sizeof(key[0]));
}

/* RFC 9293 3.9.1.2, MUST-61, SHLD-27, SHLD-28: full segments, and PSH where nothing follows. */
static void
pushes(void **state)
{
	struct hand h;

	(void)state;
	start(&h);
	assert_int_equal(wire_send(&h.w, h.so, data, 300, 0), 300);
	assert_true(h.flags & TH_PUSH);
	for (int i = 0; i < 6; i++)
		assert_int_equal(wire_send(&h.w, h.so, data, 300, 0), 300);
	/* Six pieces, one full segment; the rest waits for more or for the ACK (Nagle). */
	assert_int_equal(h.ndata, 2);
	assert_int_equal(h.len, 1000);
	assert_false(h.flags & TH_PUSH);
	say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 0);
	assert_int_equal(h.ndata, 3);
	assert_int_equal(h.len, 800);
	assert_true(h.flags & TH_PUSH);
	stop(&h);
}

/* RFC 9293 3.9.1.9, MUST-48, SHLD-21, SHLD-22: DSCP is the user's, at any time. */
static void
diffserv(void **state)
{
	struct hand h;

	(void)state;
	prepare(&h);
	wire_setint(h.so, VI_IP_TOS, 0x28);
	open_with(&h, 1000, false);
	assert_int_equal(h.tos, 0x28);
	assert_int_equal(wire_send(&h.w, h.so, data, 300, 0), 300);
	assert_int_equal(h.tos, 0x28);
	say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 0);
	wire_setint(h.so, VI_IP_TOS, 0xb8);
	assert_int_equal(wire_send(&h.w, h.so, data, 300, 0), 300);
	assert_int_equal(h.tos, 0xb8);
	stop(&h);
}

/* RFC 6298 5.7: the SYN had to go again, and nothing was measured: data waits three seconds for its ACK; 2.1: else one. */
static void
after_lost_syn(void **state)
{
	struct hand h;

	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		prepare(&h);
		if (lost) {
			call(&h);
			assert_int_equal(h.tp->t_rxtcur, 1000000);
			wire_run(&h.w, 1500 * MSEC);
			assert_int_equal(h.n, 2);
			say(&h, TH_SYN | TH_ACK, IRS, h.seq + 1, 65535, 0);
			h.nxt = IRS + 1;
		} else {
			open_with(&h, 1000, false);
		}
		assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
		assert_int_equal(h.tp->t_srtt != 0, !lost);
		assert_int_equal(wire_send(&h.w, h.so, data, 500, 0), 500);
		h.ndata = 0;
		wire_run(&h.w, 2990 * MSEC);
		assert_int_equal(h.ndata != 0, !lost);
		wire_run(&h.w, 20 * MSEC);
		assert_true(h.ndata > 0);
		stop(&h);
	}
}

/* RFC 5681 3.1: as many bytes in shorter segments would be a longer burst. */
static void
shorter_segments(void **state)
{
	struct hand h;

	(void)state;
	prepare(&h);
	open_with(&h, 1460, false);
	assert_int_equal(h.tp->snd_cwnd, 14600);
	assert_int_equal(wire_send(&h.w, h.so, data, 20000, 0), 20000);
	assert_int_equal(h.ndata, 10);
	h.w.w_mtu = 576;
	wire_ctl(&h.w, 0, h.so->so_pcb, INET_CTL_MSGSIZE, 576, h.tp->snd_una);
	assert_int_equal(h.tp->t_maxseg, 536);
	assert_in_range(h.tp->snd_cwnd / 536, 9, 10);
	assert_in_range(h.ndata - 10, 9, 10);
	stop(&h);
}

static void
say_ts(struct hand *h, uint32_t seq, uint32_t tsval, size_t len)
{
	struct tcp_opts to = {.to_flags = TOF_TS, .to_tsval = tsval, .to_tsecr = h->to.to_tsval};
	struct wpkt *wp = calloc(1, sizeof(*wp) + TCP_MINHLEN + TCP_MAXOLEN + len);
	struct tcphdr *th;
	size_t hlen;

	assert_non_null(wp);
	hlen = TCP_MINHLEN + tcp_opts_build(&to, wp->wp_data + TCP_MINHLEN, TCP_MAXOLEN);
	th = (struct tcphdr *)(void *)wp->wp_data;
	*th = (struct tcphdr){.th_sport = PEER, .th_dport = h->port, .th_seq = HTONL(seq),
	    .th_ack = HTONL(h->tp->snd_una), .th_win = 0xffff};
	th_set_offflags(th, (uint32_t)hlen, TH_ACK);
	wp->wp_len = (uint32_t)(hlen + len);
	wp->wp_valid = true;
	wire_deliver(&h->w, wp);
}

/*
 * RFC 7323 4.3: (A) of segments whose ACK is delayed the first is echoed, (B) before a hole what came
 * before it, (C) and then what fills it; a segment that begins before the last ACK counts, though
 * its front is old.
 */
static void
echoed_timestamps(void **state)
{
	struct hand h;

	(void)state;
	prepare(&h);
	open_with(&h, 1000, true);
	say_ts(&h, h.nxt, 1010, 100);
	say_ts(&h, h.nxt + 100, 1020, 100);
	wire_run(&h.w, SEC);
	assert_int_equal(h.ack, h.nxt + 200);
	assert_int_equal(h.to.to_tsecr, 1010);
	h.nxt += 200;
	say_ts(&h, h.nxt + 100, 1040, 100);
	assert_int_equal(h.to.to_tsecr, 1010);
	say_ts(&h, h.nxt, 1030, 100);
	assert_int_equal(h.ack, h.nxt + 200);
	assert_int_equal(h.to.to_tsecr, 1030);
	h.nxt += 200;
	say_ts(&h, h.nxt, 1050, 100);
	assert_int_equal(h.tp->last_ack_sent, h.nxt);
	say_ts(&h, h.nxt, 1060, 200);
	wire_run(&h.w, SEC);
	assert_int_equal(h.ack, h.nxt + 200);
	assert_int_equal(h.to.to_tsecr, 1060);
	/* 5.3: older than that, it is not taken, and answered. */
	h.n = 0;
	say_ts(&h, h.nxt + 200, 1059, 100);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.ack, h.nxt + 200);
	stop(&h);
}

/* RFC 2883 4: what came twice is told once, in the first block; of a segment that part. */
static void
duplicates_told(void **state)
{
	struct hand h;
	uint32_t r;

	(void)state;
	prepare(&h);
	h.sack = true;
	open_with(&h, 1000, false);
	r = h.nxt;
	say(&h, TH_ACK, r, h.tp->snd_una, 65535, 500);
	say(&h, TH_ACK, r, h.tp->snd_una, 65535, 500);
	assert_int_equal(h.to.to_nsack, 1);
	assert_int_equal(h.to.to_sack[0].sb_start, r);
	assert_int_equal(h.to.to_sack[0].sb_end, r + 500);
	/* Behind a hole: 1000 to 1500 comes, then 700 to 2000. */
	say(&h, TH_ACK, r + 1000, h.tp->snd_una, 65535, 500);
	assert_int_equal(h.to.to_nsack, 1);
	say(&h, TH_ACK, r + 1200, h.tp->snd_una, 65535, 800);
	assert_int_equal(h.to.to_nsack, 2);
	assert_int_equal(h.to.to_sack[0].sb_start, r + 1200);
	assert_int_equal(h.to.to_sack[0].sb_end, r + 1500);
	assert_int_equal(h.to.to_sack[1].sb_start, r + 1000);
	assert_int_equal(h.to.to_sack[1].sb_end, r + 2000);
	/* What fills the hole goes beyond it. */
	say(&h, TH_ACK, r + 500, h.tp->snd_una, 65535, 900);
	assert_int_equal(h.ack, r + 2000);
	assert_int_equal(h.to.to_nsack, 1);
	assert_int_equal(h.to.to_sack[0].sb_start, r + 1000);
	assert_int_equal(h.to.to_sack[0].sb_end, r + 1400);
	say(&h, TH_ACK, r + 3000, h.tp->snd_una, 65535, 500);
	assert_int_equal(h.to.to_nsack, 1);
	assert_int_equal(h.to.to_sack[0].sb_start, r + 3000);
	stop(&h);
}

/* RFC 8985 6.2 step 4: a DSACK widens the reordering window, once a round, for sixteen recoveries. */
static void
widened_window(void **state)
{
	struct hand h;

	(void)state;
	prepare(&h);
	h.sack = true;
	open_with(&h, 1000, false);
	assert_int_equal(wire_send(&h.w, h.so, data, 3000, 0), 3000);
	tcp_rack_dsack(h.tp);
	tcp_rack_dsack(h.tp);
	assert_int_equal(h.tp->t_lr.lr_rack.rk_reomult, 2);
	for (int i = 0; i < 15; i++)
		tcp_rack_recovered(h.tp);
	assert_int_equal(h.tp->t_lr.lr_rack.rk_reomult, 2);
	tcp_rack_recovered(h.tp);
	assert_int_equal(h.tp->t_lr.lr_rack.rk_reomult, 1);
	say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 0);
	stop(&h);
}

/* Sends until the window is full, and acknowledges it all, with ECE. */
static void
mark_window(struct hand *h)
{
	size_t room = sbspace(&h->so->so_snd);

	(void)wire_send(&h->w, h->so, data, szmin(room, sizeof(data)), 0);
	wire_run(&h->w, 20 * MSEC);
	say(h, TH_ACK | TH_ECE, h->nxt, h->tp->snd_max, 65535, 0);
}

/*
 * RFC 3168 6.1.2, RFC 9438 4.6: marks bring the window down to one segment; from there on one leaves
 * each timeout.  6.1.2, 6.1.6: CWR goes with new data, once, and not with a window probe.
 */
static void
marks_to_one(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_MSS, .to_mss = 1000};
	struct hand h;
	uint64_t rto;

	(void)state;
	prepare(&h);
	wire_sysctl(&h.w, 0, "net.inet.tcp.ecn.enable", "1");
	call(&h);
	assert_int_equal(h.flags & (TH_ECE | TH_CWR), TH_ECE | TH_CWR);
	assert_int_equal(h.tos & 3, 0);
	say_opts(&h, TH_SYN | TH_ACK | TH_ECE, IRS, h.seq + 1, &to);
	h.nxt = IRS + 1;
	for (int i = 0; i < 12; i++)
		mark_window(&h);
	assert_int_equal(h.tp->snd_cwnd, 1000);
	rto = (uint64_t)h.tp->t_rxtcur * USEC;
	assert_true(rto > 100 * MSEC);
	mark_window(&h);
	assert_int_equal(h.tp->snd_cwnd, 1000);
	h.ndata = 0;
	wire_run(&h.w, rto - 30 * MSEC);
	assert_int_equal(h.ndata, 0);
	wire_run(&h.w, 60 * MSEC);
	assert_int_equal(h.ndata, 1);
	assert_int_equal(h.flags & TH_CWR, TH_CWR);
	assert_int_equal(h.tos & 3, 2);
	/* Without marks it grows again. */
	for (int i = 0; i < 6; i++) {
		wire_run(&h.w, 20 * MSEC);
		say(&h, TH_ACK, h.nxt, h.tp->snd_max, 65535, 0);
	}
	assert_true(h.tp->snd_cwnd > 2000);
	say(&h, TH_ACK | TH_ECE, h.nxt, h.tp->snd_max, 0, 0);
	assert_true(h.tp->t_ecn & TE_SNDCWR);
	h.ndata = 0;
	wire_run(&h.w, 5 * SEC);
	assert_in_range(h.ndata, 1, 5);
	assert_int_equal(h.len, 1);
	assert_int_equal(h.flags & TH_CWR, 0);
	assert_int_equal(h.tos & 3, 0);
	stop(&h);
}

/*
 * RFC 3168 6.1.1: a SYN that does not ask for ECN, after one that does, is believed.  6.1.5: the mark of
 * what lies outside the window is not.
 */
static void
marks_refused(void **state)
{
	struct socket *ls, *so;
	struct wpkt *wp;
	struct hand h;

	(void)state;
	for (int again = 0; again < 2; again++) {
		prepare(&h);
		ls = wire_listen(&h.w, 0, 80, 5);
		h.port = HTONS(80);
		say(&h, TH_SYN | TH_ECE | TH_CWR, IRS, 0, 1000, 0);
		assert_true(h.flags & TH_ECE);
		if (again)
			say(&h, TH_SYN, IRS, 0, 1000, 0);
		assert_int_equal(h.flags & TH_ECE, again ? 0 : TH_ECE);
		say(&h, TH_ACK, IRS + 1, h.seq + 1, 1000, 100);
		assert_non_null(so = wire_accept(&h.w, ls));
		assert_int_equal((sototcpcb(so)->t_ecn & TE_PERMIT) != 0, !again);
		for (int inside = 0; inside < 2 && !again; inside++) {
			wp = calloc(1, sizeof(*wp) + TCP_MINHLEN + 100);
			assert_non_null(wp);
			wp->wp_len = TCP_MINHLEN + 100;
			wp->wp_valid = true;
			wp->wp_tos = 3;
			*(struct tcphdr *)(void *)wp->wp_data = (struct tcphdr){.th_sport = PEER,
			    .th_dport = h.port, .th_seq = HTONL(IRS + 1 + (inside ? 100 : 0)),
			    .th_ack = HTONL(h.seq), .th_win = 0xffff};
			th_set_offflags((struct tcphdr *)(void *)wp->wp_data, TCP_MINHLEN, TH_ACK);
			wire_deliver(&h.w, wp);
			wire_run(&h.w, SEC);
			assert_int_equal(h.flags & TH_ECE, inside ? TH_ECE : 0);
		}
		soclose(so);
		soclose(ls);
		stop(&h);
	}
}

/*
 * RFC 3522 3.2: after a timeout an ACK echoes what was sent before the retransmission, so the timeout was
 * for nothing; step 5: but not if that ACK tells of a duplicate, or is of everything and the peer never
 * told of one: then it may be that all ACKs were lost.
 */
static void
eifel_of_all(void **state)
{
	static const struct { uint32_t acked; uint32_t earlier; bool now, undone; } row[] = {
		{ 1000, 0, false, true }, { 3000, 0, false, false }, { 3000, 1, false, true },
		{ 2000, 0, true, false } };
	struct tcp_opts to;
	uint32_t una, then;
	struct hand h;

	(void)state;
	for (unsigned i = 0; i < NITEMS(row); i++) {
		prepare(&h);
		wire_sysctl(&h.w, 0, "net.inet.tcp.rack", "0");
		h.sack = true;
		open_with(&h, 1012, true);
		assert_int_equal(wire_send(&h.w, h.so, data, 3000, 0), 3000);
		assert_int_equal(h.ndata, 3);
		then = h.to.to_tsval;
		una = h.tp->snd_una;
		wire_run(&h.w, 2 * SEC);
		assert_true(h.ndata > 3);
		h.tp->t_dsackdups = row[i].earlier;
		to = (struct tcp_opts){.to_flags = TOF_TS | (row[i].now ? TOF_SACK : 0u), .to_tsval = 1001,
		    .to_tsecr = then, .to_nsack = row[i].now};
		to.to_sack[0] = (struct tcp_sackblk){ una, una + 500 };
		say_opts(&h, TH_ACK, h.nxt, una + row[i].acked, &to);
		assert_int_equal(h.tp->snd_una, una + row[i].acked);
		assert_int_equal(wire_tcp(&h.w, 0)->tv_stat.tcps_undo_eifel, row[i].undone);
		assert_int_equal(h.tp->snd_ssthresh > 100000, row[i].undone);
		stop(&h);
	}
}

/* RFC 9293 3.9.2.2, MUST-55: source quench; SHLD-25: what explains a timeout; SHLD-9: VI_TCP_INFO tells of one. */
static void
icmp_and_info(void **state)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);
	uint32_t cwnd;
	struct hand h;

	(void)state;
	start(&h);
	assert_int_equal(wire_send(&h.w, h.so, data, 3000, 0), 3000);
	cwnd = h.tp->snd_cwnd;
	wire_ctl(&h.w, 0, h.so->so_pcb, INET_CTL_QUENCH, 0, h.tp->snd_una);
	assert_int_equal(h.tp->snd_cwnd, cwnd);
	assert_int_equal(h.tp->t_softerror, 0);
	wire_run(&h.w, 5 * SEC);
	assert_int_equal(sogetopt(h.so, VI_TCP_INFO, &ti, &len), 0);
	assert_in_range(ti.ti_retransmits, 2, 6);
	wire_ctl(&h.w, 0, h.so->so_pcb, INET_CTL_UNREACH_NET, 0, h.tp->snd_una);
	assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
	wire_run(&h.w, 2000 * SEC);
	assert_int_equal(h.tp->t_state, TCPS_CLOSED);
	assert_int_equal(h.so->so_error, ECONNREFUSED);		/* what wire_ctl() says of each */
	stop(&h);
}

/* RFC 9293 3.8.4, MUST-25, MUST-28: no keepalives by default, and after two hours where they are wished. */
static void
keepalive_default(void **state)
{
	struct hand h;

	(void)state;
	start(&h);
	wire_run(&h.w, 40000 * SEC);
	assert_int_equal(h.n, 0);
	wire_setint(h.so, VI_SO_KEEPALIVE, 1);
	say(&h, TH_ACK, h.nxt, h.tp->snd_una, 65535, 0);
	wire_run(&h.w, 7199 * SEC);
	assert_int_equal(h.n, 0);
	wire_run(&h.w, 2 * SEC);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.len, 0);
	assert_int_equal(h.seq, h.tp->snd_una - 1);
	stop(&h);
}

/* RFC 5482 4.2: with a user timeout it alone says how long keepalives go unanswered. */
static void
keepalive_and_timeout(void **state)
{
	struct hand h;

	(void)state;
	for (int limited = 0; limited < 2; limited++) {
		start(&h);
		wire_setint(h.so, VI_SO_KEEPALIVE, 1);
		wire_setint(h.so, VI_TCP_KEEPIDLE, 10);
		wire_setint(h.so, VI_TCP_KEEPINTVL, 2);
		wire_setint(h.so, VI_TCP_KEEPCNT, 3);
		if (limited)
			wire_setint(h.so, VI_TCP_USER_TIMEOUT, 60000);
		wire_run(&h.w, 30 * SEC);
		assert_int_equal(h.tp->t_state, limited ? TCPS_ESTABLISHED : TCPS_CLOSED);
		wire_run(&h.w, 35 * SEC);
		assert_int_equal(h.tp->t_state, TCPS_CLOSED);
		assert_int_equal(h.so->so_error, ETIMEDOUT);
		stop(&h);
	}
}

/* RFC 7323 2.2: the window of a SYN is as it stands there; of what follows it is scaled. */
static void
syn_window(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_MSS | TOF_SCALE, .to_mss = 1000, .to_wscale = 2};
	struct hand h;

	(void)state;
	prepare(&h);
	wire_setint(h.so, VI_SO_RCVBUF, 1000000);
	call(&h);
	assert_true(h.to.to_flags & TOF_SCALE);
	assert_true(h.to.to_wscale > 0);
	assert_int_equal(h.win, 65535);
	say_opts(&h, TH_SYN | TH_ACK, IRS, h.seq + 1, &to);
	assert_int_equal(h.tp->t_state, TCPS_ESTABLISHED);
	assert_int_equal(h.tp->snd_wnd, 65535);		/* theirs as well */
	h.nxt = IRS + 1;
	say(&h, TH_ACK, h.nxt, h.tp->snd_una, 1000, 100);
	wire_run(&h.w, SEC);
	assert_int_equal(h.tp->snd_wnd, 4000);
	assert_in_range((uint64_t)h.win << h.tp->rcv_scale, 100000, 1000000);
	stop(&h);
}

/* RFC 5482 3.3: a call takes as long as calls do, whatever the user timeout.  3.4: zero is neither said nor believed. */
static void
user_timeouts(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_UTO, .to_uto = 300};
	struct hand h;

	(void)state;
	prepare(&h);
	wire_sysctl(&h.w, 0, "net.inet.tcp.uto.enable", "1");
	wire_setint(h.so, VI_TCP_USER_TIMEOUT, 500);
	call(&h);
	assert_true(h.to.to_flags & TOF_UTO);
	assert_int_equal(h.to.to_uto, 1);		/* the least there is */
	wire_run(&h.w, 6 * SEC);
	assert_int_equal(h.tp->t_state, TCPS_SYN_SENT);
	assert_int_equal(h.n, 3);
	stop(&h);
	prepare(&h);
	wire_sysctl(&h.w, 0, "net.inet.tcp.uto.enable", "1");
	open_with(&h, 1000, false);
	say_opts(&h, TH_ACK, h.nxt, h.tp->snd_una, &to);
	assert_int_equal(wire_getint(h.so, VI_TCP_USER_TIMEOUT), 300000);
	for (unsigned i = 0; i < 2; i++) {
		to.to_uto = i ? TCP_UTO_MINUTES : 0;
		say_opts(&h, TH_ACK, h.nxt, h.tp->snd_una, &to);
		assert_int_equal(wire_getint(h.so, VI_TCP_USER_TIMEOUT), 300000);
	}
	wire_setint(h.so, VI_TCP_USER_TIMEOUT, 0);
	assert_int_equal(wire_send(&h.w, h.so, data, 500, 0), 500);
	assert_int_equal(h.to.to_flags & TOF_UTO, 0);
	stop(&h);
}

/* RFC 3042 2: each of the first two duplicates lets a segment out, if the peer's window has room for it. */
static void
limited_by_window(void **state)
{
	struct hand h;

	(void)state;
	for (unsigned room = 0; room < 2; room++) {
		start(&h);
		say(&h, TH_ACK, h.nxt, h.tp->snd_una, room ? 65535 : 10000, 0);
		assert_int_equal(wire_send(&h.w, h.so, data, 20000, 0), 20000);
		assert_int_equal(h.ndata, 10);
		for (unsigned i = 1; i <= 2; i++) {
			say(&h, TH_ACK, h.nxt, h.tp->snd_una, room ? 65535 : 10000, 0);
			assert_int_equal(h.ndata, 10 + (room ? i : 0));
		}
		stop(&h);
	}
}

/* RFC 6582 3.2 step 1: the very first loss is beyond what recover says at the beginning. */
static void
first_recovery(void **state)
{
	struct hand h;
	uint32_t una;

	(void)state;
	prepare(&h);
	call(&h);
	assert_int_equal(h.tp->snd_recover, h.seq);
	stop(&h);
	start(&h);
	una = h.tp->snd_una;
	assert_int_equal(wire_send(&h.w, h.so, data, 10000, 0), 10000);
	for (unsigned i = 0; i < 3; i++)
		say(&h, TH_ACK, h.nxt, una, 65535, 0);
	assert_int_equal(h.seq, una);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_stat.tcps_fastrexmit, 1);
	assert_int_equal(h.tp->snd_recover, una + 10000);
	stop(&h);
}

/* RFC 2018 3: SACKs go only to who permits them.  RFC 9293 3.10.7.4, MUST-59: all that waits is taken before its one ACK goes. */
static void
holes_told(void **state)
{
	struct hand h;

	(void)state;
	for (unsigned sack = 0; sack < 2; sack++) {
		prepare(&h);
		h.sack = sack;
		open_with(&h, 1000, false);
		say(&h, TH_ACK, h.nxt + 2000, h.tp->snd_una, 65535, 1000);
		say(&h, TH_ACK, h.nxt + 1000, h.tp->snd_una, 65535, 500);
		say(&h, TH_ACK, h.nxt + 1500, h.tp->snd_una, 65535, 500);
		assert_int_equal(h.n, 3);
		assert_int_equal(h.ack, h.nxt);
		assert_int_equal((h.to.to_flags & TOF_SACK) != 0, sack);
		say(&h, TH_ACK, h.nxt, h.tp->snd_una, 65535, 1000);
		assert_int_equal(h.n, 4);
		assert_int_equal(h.ack, h.nxt + 3000);
		assert_int_equal(h.so->so_rcv.sb_cc, 3000);
		stop(&h);
	}
}

/* A segment of one byte at seq, with a mark of congestion. */
static void
say_marked(struct hand *h, uint32_t seq)
{
	struct wpkt *wp = calloc(1, sizeof(*wp) + TCP_MINHLEN + 1);

	assert_non_null(wp);
	wp->wp_len = TCP_MINHLEN + 1;
	wp->wp_valid = true;
	wp->wp_tos = 3;
	*(struct tcphdr *)(void *)wp->wp_data = (struct tcphdr){.th_sport = PEER, .th_dport = h->port, .th_seq = HTONL(seq),
	    .th_ack = HTONL(h->tp->snd_una), .th_win = 0xffff};
	th_set_offflags((struct tcphdr *)(void *)wp->wp_data, TCP_MINHLEN, TH_ACK);
	wire_deliver(&h->w, wp);
}

/* RFC 3168 6.1.6: the peer probes our closed window, and is told of the mark that its probe came with. */
static void
marked_probe(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_MSS, .to_mss = 1000};
	struct hand h;

	(void)state;
	prepare(&h);
	wire_sysctl(&h.w, 0, "net.inet.tcp.ecn.enable", "1");
	call(&h);
	say_opts(&h, TH_SYN | TH_ACK | TH_ECE, IRS, h.seq + 1, &to);
	h.nxt = IRS + 1;
	fill(&h);
	assert_int_equal(h.flags & TH_ECE, 0);
	h.n = 0;
	say_marked(&h, h.nxt);
	wire_run(&h.w, SEC);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.flags & TH_ECE, TH_ECE);
	assert_int_equal(h.win, 0);
	stop(&h);
}

/* RFC 8985 7.2: where nothing is measured yet (the SYN went twice) a lost tail is probed after a second, before the timeout. */
static void
unmeasured_probe(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_MSS | TOF_SACKPERM, .to_mss = 1000};
	struct hand h;

	(void)state;
	prepare(&h);
	call(&h);
	wire_run(&h.w, 1500 * MSEC);
	assert_int_equal(h.n, 2);
	say_opts(&h, TH_SYN | TH_ACK, IRS, h.seq + 1, &to);
	h.nxt = IRS + 1;
	assert_int_equal(h.tp->t_srtt, 0);
	assert_int_equal(wire_send(&h.w, h.so, data, 500, 0), 500);
	assert_int_equal(h.ndata, 1);
	wire_run(&h.w, 990 * MSEC);
	assert_int_equal(h.ndata, 1);
	wire_run(&h.w, 20 * MSEC);
	assert_int_equal(h.ndata, 2);
	assert_int_equal(wire_tcp(&h.w, 0)->tv_stat.tcps_tlp_probes, 1);
	stop(&h);
}

/* What is measured by an ACK after 100 ms that echoes the time of what it is of. */
static uint32_t
measured(bool stamps, bool advance)
{
	struct tcp_opts to = {.to_flags = TOF_TS, .to_tsval = 1001};
	struct hand h;
	uint32_t srtt;

	prepare(&h);
	open_with(&h, 1012, stamps);
	h.tp->t_srtt = 0;		/* as after a SYN that went twice */
	assert_int_equal(wire_send(&h.w, h.so, data, 3000, 0), 3000);
	to.to_tsecr = h.to.to_tsval;
	h.tp->t_rtttime = 0;		/* and after a retransmission */
	wire_run(&h.w, 100 * MSEC);
	say_opts(&h, TH_ACK, h.nxt, h.tp->snd_una + (advance ? 1000 : 0), &to);
	srtt = h.tp->t_srtt;
	stop(&h);
	return (srtt);
}

/* RFC 7323 4.1: what an ACK echoes that acknowledges nothing new measures nothing. */
static void
echo_of_nothing_new(void **state)
{
	(void)state;
	assert_in_range(measured(true, true) >> 3, 99000, 102000);
	assert_int_equal(measured(true, false), 0);
}

/* RFC 9937 4: as a Linux the window comes down evenly after a mark, as after a loss; else at once (RFC 3168). */
static void
mark_evenly(void **state)
{
	struct tcp_opts to = {.to_flags = TOF_MSS | TOF_SACKPERM, .to_mss = 1000};
	struct hand h;

	(void)state;
	for (unsigned linux = 0; linux < 2; linux++) {
		prepare(&h);
		if (linux)
			wire_sysctl(&h.w, 0, "net.inet.tcp.persona", "linux");
		wire_sysctl(&h.w, 0, "net.inet.tcp.ecn.enable", "1");
		call(&h);
		say_opts(&h, TH_SYN | TH_ACK | TH_ECE, IRS, h.seq + 1, &to);
		h.nxt = IRS + 1;
		assert_int_equal(wire_send(&h.w, h.so, data, 30000, 0), 30000);
		assert_int_equal(h.tp->snd_cwnd, 10000);
		say(&h, TH_ACK | TH_ECE, h.nxt, h.tp->snd_una + 1000, 65535, 0);
		assert_in_range(h.tp->snd_ssthresh, 7000, 8000);	/* CUBIC: 0.7 of it */
		if (linux)
			assert_in_range(h.tp->snd_cwnd, h.tp->snd_ssthresh + 1000, 10000);
		else
			assert_int_equal(h.tp->snd_cwnd, h.tp->snd_ssthresh);
		for (unsigned i = 0; i < 9; i++)
			say(&h, TH_ACK, h.nxt, h.tp->snd_una + 1000, 65535, 0);
		assert_in_range(h.tp->snd_cwnd, h.tp->snd_ssthresh - 1000, h.tp->snd_ssthresh + 1000);
		stop(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_window),
		cmocka_unit_test(shrunken_window),
		cmocka_unit_test(shrunken_window_limited),
		cmocka_unit_test(same_ack_window),
		cmocka_unit_test(segment_size),
		cmocka_unit_test(back_to_listen), cmocka_unit_test(listen_beside), cmocka_unit_test(offer_grows),
		cmocka_unit_test(reset_of_syn),
		cmocka_unit_test(syn_after_syn),
		cmocka_unit_test(echo_of_syn),
		cmocka_unit_test(echo_without_ack),
		cmocka_unit_test(peer_restarted),
		cmocka_unit_test(initial_numbers),
		cmocka_unit_test(secrets),
		cmocka_unit_test(pushes),
		cmocka_unit_test(diffserv),
		cmocka_unit_test(after_lost_syn),
		cmocka_unit_test(shorter_segments),
		cmocka_unit_test(echoed_timestamps),
		cmocka_unit_test(duplicates_told),
		cmocka_unit_test(eifel_of_all),
		cmocka_unit_test(widened_window),
		cmocka_unit_test(marks_to_one),
		cmocka_unit_test(marks_refused),
		cmocka_unit_test(icmp_and_info),
		cmocka_unit_test(keepalive_default),
		cmocka_unit_test(keepalive_and_timeout),
		cmocka_unit_test(user_timeouts), cmocka_unit_test(limited_by_window), cmocka_unit_test(first_recovery), cmocka_unit_test(holes_told),
		cmocka_unit_test(marked_probe), cmocka_unit_test(unmeasured_probe), cmocka_unit_test(echo_of_nothing_new),
		cmocka_unit_test(mark_evenly), cmocka_unit_test(syn_window),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
