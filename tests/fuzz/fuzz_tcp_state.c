/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: what a live TCP connection promises, whatever happens to its segments.
 *
 * Two stacks in virtual time, one connection.  The input says, after a byte of settings, what the two users do (send, receive, shut down, set options, time passes) and what
 * happens to the next segments towards either side: lost, doubled, held back, repeated much later, one bit of them flipped, or a field of the header rewritten as if the
 * sender had written it.  Both users send a stream that is a function of side and offset.  What must hold:
 *
 *	- what was delivered is a beginning of what was sent, unless a rewritten sequence number, data offset or urgent pointer (s_forged) put other bytes in its place;
 *	- if nothing was rewritten and nobody went away early, then, once the path is left in peace, everything arrives, and the ends of both streams;
 *	- when the users are gone both ends reach CLOSED in bounded time and with a bounded number of packets, and no account holds a byte.
 *
 * A flipped bit is always found by the checksum, so that it counts as a loss.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "tests/fuzz/target.h"
#include "tests/tcp/wire.h"

#define MAXOPS	200
#define MAXPLAN	8		/* segments of one direction that wait for their fate: fewer than a sender's patience */
#define MAXSENT	30000		/* packets after the last user is gone: more is a war of ACKs */
#define PERIOD	65521

enum fate { F_PASS, F_LOSE, F_DOUBLE, F_HOLD, F_FLIP, F_KEEP, F_ACK, F_WIN, F_FLAGS, F_OPTION, F_SEQ, F_OFFSET, F_URGENT, F_MAX };

struct plan { uint8_t p_fate, p_a, p_b; };

struct half {
	struct socket	*h_so;
	uint64_t	 h_sent, h_got;
	bool		 h_shut, h_eof;
	struct plan	 h_plan[MAXPLAN];	/* for segments towards it */
	unsigned	 h_nplans;
	struct wpkt	*h_kept;		/* a copy of an old one */
};

struct script {
	const uint8_t	*s_p, *s_end;
	struct wire	 s_wire;
	struct half	 s_half[2];
	struct socket	*s_listener;
	bool		 s_forged;	/* other bytes may be in the stream */
	bool		 s_hurt;	/* somebody went away early, or was told lies: the stream may end anywhere */
};

static uint8_t stream[PERIOD + 65536];

static void
stream_make(void)
{
	uint32_t x = 99;

	for (size_t i = 0; i < PERIOD; i++) {
		x = x * 1664525u + 1013904223u;
		stream[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = PERIOD; i < sizeof(stream); i++)
		stream[i] = stream[i - PERIOD];
}

/* What a side sends from this offset on: 64 KB are there. */
static const uint8_t *
stream_at(int side, uint64_t off)
{
	return (stream + (off + (side != 0 ? 31337 : 0)) % PERIOD);
}

static struct reuse reuse;

static uint8_t
next8(struct script *s)
{
	return (s->s_p < s->s_end ? *s->s_p++ : 0);
}

/* The path. */

static struct tcphdr *
wp_hdr(struct wpkt *wp)
{
	return ((struct tcphdr *)(void *)wp->wp_data);
}

/* Mostly near, sometimes anywhere. */
static uint32_t
distance(const struct plan *p)
{
	const uint32_t v = p->p_b;

	switch (p->p_a & 7) {
	case 0: return (v);
	case 1: return (0u - v);
	case 2: return (v << 8);
	case 3: return (0u - (v << 8));
	case 4: return (v << 16);
	case 5: return (v << 24);
	case 6: return (1);
	default: return (0u - 1);
	}
}

static void
forge_option(struct wpkt *wp, const struct plan *p)
{
	const unsigned hlen = th_hlen(wp_th(wp));

	if (hlen > TCP_MINHLEN)
		wp->wp_data[TCP_MINHLEN + p->p_a % (hlen - TCP_MINHLEN)] = p->p_b;
}

static void
forge_flags(struct script *s, struct wpkt *wp, const struct plan *p)
{
	const uint16_t was = th_flags(wp_th(wp)), is = was ^ (uint16_t)(1u << p->p_a % 8);

	th_set_flags(wp_hdr(wp), is);
	if (((was | is) & TH_URG) != 0)
		s->s_forged = true;
	/* What used to be the place of SYN and FIN in the sequence is data now, or the other way round. */
	if (((was ^ is) & TH_SYN) != 0)
		s->s_forged = true;
}

static void
forge(struct script *s, struct wpkt *wp, const struct plan *p)
{
	struct tcphdr *th = wp_hdr(wp);
	unsigned hlen;

	s->s_hurt = true;
	wp->wp_valid = true;
	switch (p->p_fate) {
	case F_ACK: th->th_ack = HTONL(NTOHL(th->th_ack) + distance(p)); break;
	case F_WIN: th->th_win = HTONS((uint16_t)(p->p_a << 8 | p->p_b)); break;
	case F_FLAGS: forge_flags(s, wp, p); break;
	case F_OPTION: forge_option(wp, p); break;
	case F_SEQ: th->th_seq = HTONL(NTOHL(th->th_seq) + distance(p)); s->s_forged = true; break;
	case F_OFFSET:
		hlen = p->p_a % 16 * 4;
		th_set_offflags(th, hlen < TCP_MINHLEN ? TCP_MINHLEN : hlen, th_flags(th));
		s->s_forged = true;
		break;
	default:
		th_set_flags(th, th_flags(th) | TH_URG);
		th->th_urp = HTONS((uint16_t)(p->p_a << 8 | p->p_b));
		s->s_forged = true;
		break;
	}
}

static struct wpkt *
wp_copy(const struct wpkt *wp)
{
	struct wpkt *copy = malloc(sizeof(*wp) + wp->wp_len);

	REQUIRE(copy != NULL);
	memcpy(copy, wp, sizeof(*wp) + wp->wp_len);
	return (copy);
}

static void
keep(struct half *h, const struct wpkt *wp)
{
	free(h->h_kept);
	h->h_kept = wp_copy(wp);
}

/* With FUZZ_TRACE in the environment: what an input does. */
static void
trace(const struct wire *w, const struct wpkt *wp, const struct half *h)
{
	const struct tcphdr *th = wp_th(wp);

	if (getenv("FUZZ_TRACE") != NULL)
		fprintf(stderr, "%llu us to %d: seq %u ack %u flags %#x win %u data %u, fate %d\n",
		    (unsigned long long)vi_sim_now(w->w_host) / 1000, wp->wp_to, NTOHL(th->th_seq), NTOHL(th->th_ack), th_flags(th),
		    NTOHS(th->th_win), wp_dlen(wp), h->h_nplans > 0 ? h->h_plan[0].p_fate : -1);
}

static enum wire_verdict
on_path(struct wire *w, struct wpkt *wp)
{
	struct script *s = w->w_arg;
	struct half *h = &s->s_half[wp->wp_to];
	struct plan p;

	trace(w, wp, h);
	w->w_dup = 0;
	if (h->h_nplans == 0)
		return (WIRE_PASS);
	p = h->h_plan[0];
	memmove(h->h_plan, h->h_plan + 1, --h->h_nplans * sizeof(p));
	/* A listener gives up after four SYN-ACKs, and one whose ACK was lost is told so by a reset. */
	if (s->s_half[1].h_so == NULL && (p.p_fate == F_LOSE || p.p_fate == F_HOLD || p.p_fate == F_FLIP))
		s->s_hurt = true;
	switch (p.p_fate) {
	case F_PASS: break;
	case F_LOSE: return (WIRE_LOSE);
	case F_DOUBLE: w->w_dup = 1000000; break;
	case F_HOLD: wp->wp_hold = (uint64_t)p.p_a * p.p_a * 100 * USEC; break;
	case F_FLIP:
		if (!w->w_cut)		/* there is no checksum yet */
			return (WIRE_LOSE);
		wp->wp_data[(unsigned)(p.p_a << 3 | p.p_b >> 5) % wp->wp_len] ^= (uint8_t)(1u << p.p_b % 8);
		break;
	case F_KEEP: keep(h, wp); break;
	default: forge(s, wp, &p); break;
	}
	return (WIRE_PASS);
}

/* The users. */

static void
user_send(struct script *s, int side, size_t len)
{
	struct half *h = &s->s_half[side];

	if (h->h_so != NULL && !h->h_shut)
		h->h_sent += wire_send(&s->s_wire, h->h_so, stream_at(side, h->h_sent), len, 0);
}

static void
user_recv(struct script *s, int side, size_t len)
{
	static uint8_t buf[65536];
	struct half *h = &s->s_half[side];
	size_t n;
	int error;

	if (h->h_so == NULL || h->h_eof)
		return;
	n = wire_recv(&s->s_wire, h->h_so, buf, len, &error);
	if (n > 0 && !s->s_forged) {
		REQUIRE(h->h_got + n <= s->s_half[1 - side].h_sent);
		REQUIRE(memcmp(buf, stream_at(1 - side, h->h_got), n) == 0);
	}
	h->h_got += n;
	h->h_eof = n == 0 && error == 0 && len > 0;
	if (error != 0 && error != EAGAIN && error != ENOTCONN)
		REQUIRE(s->s_hurt);	/* left in peace no connection breaks */
}

static void
user_option(struct script *s, int side, uint8_t which, int v)
{
	static const enum vi_sockopt opts[] = { VI_TCP_NODELAY, VI_TCP_CORK, VI_TCP_QUICKACK, VI_TCP_WINDOW_CLAMP,
	    VI_TCP_NOTSENT_LOWAT, VI_SO_RCVBUF, VI_SO_SNDBUF, VI_TCP_MAXSEG };

	if (s->s_half[side].h_so != NULL)
		(void)sosetopt(s->s_half[side].h_so, opts[which % NITEMS(opts)], &v, sizeof(v));
}

static void
user_shut(struct script *s, int side)
{
	struct half *h = &s->s_half[side];

	if (h->h_so == NULL || h->h_shut)
		return;
	if (soshutdown(h->h_so, VI_SHUT_WR) == 0)
		h->h_shut = true;
}

static void
user_close(struct script *s, int side, bool abort_it)
{
	const struct vi_linger l = { abort_it, 0 };
	struct half *h = &s->s_half[side];

	if (h->h_so == NULL)
		return;
	(void)sosetopt(h->h_so, VI_SO_LINGER, &l, sizeof(l));
	soclose(h->h_so);
	h->h_so = NULL;
	s->s_hurt = true;
}

static void
plan(struct script *s, int side)
{
	struct plan p = { .p_fate = next8(s) % F_MAX };
	struct half *h = &s->s_half[side];

	p.p_a = next8(s);
	p.p_b = next8(s);
	if (h->h_nplans < MAXPLAN)
		h->h_plan[h->h_nplans++] = p;
}

static void
repeat(struct script *s, int side)
{
	struct wpkt *wp = s->s_half[side].h_kept;

	if (wp == NULL)
		return;
	wire_deliver(&s->s_wire, wp_copy(wp));
	wire_run(&s->s_wire, 0);
}

static void
op(struct script *s)
{
	uint8_t o = next8(s), a = next8(s);
	int side = o & 1;

	if (getenv("FUZZ_TRACE") != NULL)
		fprintf(stderr, "side %d: operation %d, %d\n", side, o >> 1 & 15, a);
	switch (o >> 1 & 15) {
	case 0: case 1: user_send(s, side, a < 200 ? a + 1u : a * 200u); break;
	case 2: case 3: user_recv(s, side, 1 + a * 257u); break;
	case 4: wire_run(&s->s_wire, a * 100 * USEC); break;
	case 5: wire_run(&s->s_wire, a * 20 * MSEC); break;
	case 6: if (a < 32) user_shut(s, side); break;
	case 7: if (a < 32) user_close(s, side, a & 1); break;
	case 8: user_option(s, side, a, next8(s) << (a >> 4)); break;
	case 9: repeat(s, side); break;
	default: plan(s, side); break;
	}
}

/* Life. */

static void
begin(struct script *s)
{
	struct vi_sockaddr sa;
	uint8_t how = next8(s);

	if (reuse_first(&reuse))
		wire_init(&s->s_wire, 1);
	s->s_wire.w_filter = on_path;
	s->s_wire.w_arg = s;
	s->s_wire.w_cut = (how & 1) != 0;
	s->s_wire.w_dup = 0;
	for (int i = 0; i < 2; i++) {
		wire_tcp(&s->s_wire, i)->tv_sack = (how & 2) == 0;
		wire_tcp(&s->s_wire, i)->tv_rfc1323 = (how & 4) == 0;
		wire_tcp(&s->s_wire, i)->tv_recvspace = how & 8 ? 8192 : 131072;
		wire_tcp(&s->s_wire, i)->tv_syncookies_only = (how & 16) != 0;
	}
	s->s_listener = wire_listen(&s->s_wire, 1, 80, 4);
	s->s_half[0].h_so = wire_socket(&s->s_wire, 0);
	for (; how >> 5 > s->s_half[1].h_nplans;) {	/* the handshake suffers too */
		plan(s, 1);
		plan(s, 0);
	}
	wire_addr(1, 80, &sa);
	(void)soconnect(s->s_half[0].h_so, &sa);
	wire_run(&s->s_wire, 5 * MSEC);
}

static void
accept_it(struct script *s)
{
	struct vi_sockaddr sa;

	if (s->s_half[1].h_so == NULL && s->s_listener != NULL && soaccept(s->s_listener, &s->s_half[1].h_so, &sa) == 0) {
		soclose(s->s_listener);
		s->s_listener = NULL;
	}
}

/* The path is left in peace: what was sent arrives. */
static void
peace(struct script *s)
{
	for (int i = 0; i < 2; i++)
		s->s_half[i].h_nplans = 0;
	for (unsigned n = 0; n < 1000 && !s->s_hurt; n++) {
		accept_it(s);
		if (s->s_half[0].h_eof && s->s_half[1].h_eof)
			break;
		for (int i = 0; i < 2; i++) {
			user_shut(s, i);
			for (unsigned k = 0; k < 40; k++)
				user_recv(s, i, 65536);
		}
		wire_run(&s->s_wire, n < 100 ? 20 * MSEC : SEC);
	}
	if (s->s_hurt)
		return;
	REQUIRE(s->s_half[0].h_eof && s->s_half[1].h_eof);
	REQUIRE(s->s_half[0].h_got == s->s_half[1].h_sent);
	REQUIRE(s->s_half[1].h_got == s->s_half[0].h_sent);
}

static void
end(struct script *s)
{
	uint64_t sent;

	for (int i = 0; i < 2; i++) {
		if (s->s_half[i].h_so != NULL)
			soclose(s->s_half[i].h_so);
		free(s->s_half[i].h_kept);
	}
	if (s->s_listener != NULL)
		soclose(s->s_listener);
	sent = s->s_wire.w_nsent;
	wire_run(&s->s_wire, 3600 * SEC);
	REQUIRE(s->s_wire.w_nsent - sent <= MAXSENT);
	for (int i = 0; i < 2; i++)
		REQUIRE(TAILQ_EMPTY(&wire_tcp(&s->s_wire, i)->tv_pcbs.ipi_list));
	wire_quiet(&s->s_wire);
	if (reuse_last(&reuse))
		wire_fini(&s->s_wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script s;
	struct wire w = s.s_wire;

	if (stream[0] == 0 && stream[1] == 0)
		stream_make();
	memset(&s, 0, sizeof(s));
	s.s_wire = w;
	s.s_p = data;
	s.s_end = data + size;
	begin(&s);
	for (unsigned i = 0; i < MAXOPS && s.s_p < s.s_end; i++) {
		accept_it(&s);
		op(&s);
	}
	peace(&s);
	end(&s);
	return (0);
}
