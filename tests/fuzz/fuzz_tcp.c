/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A live TCP connection between two stacks, in virtual time, and somebody on the path: the input is
 * a script of what the two users do, of what happens to packets on their way, and of segments put
 * in between with numbers close to the right ones.  Whatever the script says, nothing may be read
 * past, no invariant may break, and in the end, when all sockets are closed and time has passed,
 * nothing may be left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "tests/fuzz/target.h"
#include "tests/tcp/wire.h"

#define MAXOPS	400
#define MAXSENT	30000		/* packets after the last user is gone: more is a war of ACKs */

struct script {
	const uint8_t	*s_p, *s_end;
	struct wire	 s_wire;
	struct socket	*s_so[2], *s_listener;
	struct inpcb	*s_inp[2];
	uint16_t	 s_port[2];
	uint32_t	 s_seq[2], s_ack[2];	/* last seen towards each side */
	unsigned	 s_mutate;		/* packets still to be damaged */
};

static struct reuse reuse;

static uint8_t
next8(struct script *s)
{
	return (s->s_p < s->s_end ? *s->s_p++ : 0);
}

static uint32_t
next16(struct script *s)
{
	uint32_t hi = next8(s);

	return (hi << 8 | next8(s));
}

/* A distance, mostly short: the interesting numbers lie beside the edges. */
static uint32_t
nearby(struct script *s)
{
	uint8_t k = next8(s);
	uint32_t v = next8(s);

	switch (k & 7) {
	case 0: return (0);
	case 1: return (v);
	case 2: return (0u - v);
	case 3: return (v << 8);
	case 4: return (0u - (v << 8));
	case 5: return (v << 16);
	case 6: return (v << 24);
	default: return (1);
	}
}

/* On the path: damage within the header or the first data, lost, or cut. */
static enum wire_verdict
on_path(struct wire *w, struct wpkt *wp)
{
	struct script *s = w->w_arg;
	unsigned n;

	s->s_seq[wp->wp_to] = NTOHL(wp_th(wp)->th_seq) + wp_dlen(wp);
	s->s_ack[wp->wp_to] = NTOHL(wp_th(wp)->th_ack);
	s->s_port[wp->wp_to] = wp_th(wp)->th_sport;
	if (s->s_mutate == 0)
		return (WIRE_PASS);
	s->s_mutate--;
	n = next8(s) % 4;
	if (n == 0)
		return (WIRE_LOSE);
	for (unsigned i = 0; i < n; i++)
		wp->wp_data[next8(s) % wp->wp_len] = next8(s);
	if (next8(s) % 8 == 0)
		wp->wp_len = TCP_MINHLEN + next8(s) % (wp->wp_len - TCP_MINHLEN + 1);
	if (next8(s) % 8 == 0)
		wp->wp_segsz = next16(s);
	return (WIRE_PASS);
}

/* A segment from nowhere, with options. */
static void
op_inject(struct script *s)
{
	uint8_t raw[20 + 40 + 64];
	struct tcphdr *th = (struct tcphdr *)(void *)raw;
	unsigned optlen = next8(s) % 11 * 4, dlen = next8(s) % 64;
	int to = next8(s) & 1;
	struct wpkt *wp;

	memset(raw, 0, sizeof(raw));
	th->th_sport = s->s_port[to];
	th->th_dport = s->s_port[1 - to];
	th->th_seq = HTONL(s->s_seq[to] + nearby(s));
	th->th_ack = HTONL(s->s_ack[to] + nearby(s));
	th_set_offflags(th, TCP_MINHLEN + optlen, (uint16_t)next8(s));
	th->th_win = HTONS((uint16_t)next16(s));
	th->th_urp = HTONS((uint16_t)next8(s));
	for (unsigned i = 0; i < optlen; i++)
		raw[20 + i] = next8(s);
	wp = calloc(1, sizeof(*wp) + 20 + optlen + dlen);
	if (wp == NULL)
		abort();
	wp->wp_to = to;
	wp->wp_valid = true;
	wp->wp_len = 20 + optlen + dlen;
	memcpy(wp->wp_data, raw, wp->wp_len);
	wire_deliver(&s->s_wire, wp);
}

static void
op_icmp(struct script *s)
{
	uint8_t quoted[8];
	int side = next8(s) & 1;
	struct inet_ctlmsg ic = {.ic_cmd = (enum inet_ctl)(next8(s) % (INET_CTL_REDIRECT + 1)),
	    .ic_errno = 111,
	    .ic_mtu = next16(s),
	    .ic_len = 8,
	    .ic_data = quoted,
	    .ic_ops = &in_ops};

	ic.ic_src = in4_any(HTONL(0x0a000001u + (uint32_t)side));
	ic.ic_dst = in4_any(HTONL(0x0a000002u - (uint32_t)side));
	memcpy(quoted, &s->s_port[1 - side], 2);
	memcpy(quoted + 2, &s->s_port[side], 2);
	be32enc(quoted + 4, s->s_seq[1 - side] + nearby(s));
	wire_now(&s->s_wire);
	tcp_ctlinput(s->s_wire.w_vn[side], &ic);
}

static void
op_send(struct script *s, int side)
{
	static const uint8_t zeros[65536];
	const int flags[4] = { 0, VI_MSG_MORE, VI_MSG_OOB, 0 };
	size_t len = next8(s);

	len = len < 200 ? len + 1 : len * 200;
	(void)wire_send(&s->s_wire, s->s_so[side], zeros, len, flags[next8(s) & 3]);
}

static void
op_setopt(struct script *s, int side)
{
	static const enum vi_sockopt opts[] = {VI_TCP_NODELAY, VI_TCP_CORK, VI_TCP_QUICKACK,
	    VI_TCP_MAXSEG, VI_TCP_WINDOW_CLAMP, VI_TCP_KEEPIDLE, VI_TCP_KEEPINTVL, VI_TCP_KEEPCNT,
	    VI_TCP_USER_TIMEOUT, VI_TCP_LINGER2, VI_SO_KEEPALIVE, VI_SO_RCVBUF, VI_SO_SNDBUF,
	    VI_SO_OOBINLINE};
	int v = (int)next16(s);

	(void)sosetopt(s->s_so[side], opts[next8(s) % NITEMS(opts)], &v, sizeof(v));
}

static void
op_close(struct script *s, int side)
{
	struct vi_linger l = { next8(s) & 1, 0 };

	(void)sosetopt(s->s_so[side], VI_SO_LINGER, &l, sizeof(l));
	soclose(s->s_so[side]);
	s->s_so[side] = NULL;
}

static void
op_user(struct script *s, uint8_t op)
{
	static uint8_t buf[65536];
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);
	int side = op & 1, error;

	if (s->s_so[side] == NULL)
		return;
	switch (op >> 1 & 7) {
	case 0:
	case 1: op_send(s, side); break;
	case 2:
	case 3:
		(void)wire_recv(
		    &s->s_wire, s->s_so[side], buf, 1 + next16(s) % sizeof(buf), &error);
		break;
	case 4: (void)soshutdown(s->s_so[side], next8(s) % 3); break;
	case 5: op_setopt(s, side); break;
	case 6: (void)sogetopt(s->s_so[side], VI_TCP_INFO, &ti, &len); break;
	default: if (next8(s) % 4 == 0) op_close(s, side); break;
	}
}

static void
op(struct script *s)
{
	uint8_t o = next8(s);

	switch (o >> 4 & 7) {
	case 0:
	case 1: op_user(s, o); break;
	case 2: op_inject(s); break;
	case 3: s->s_mutate = o & 7; break;
	case 4: wire_run(&s->s_wire, (uint64_t)(o & 15) * 500 * USEC); break;
	case 5: wire_run(&s->s_wire, (uint64_t)(o & 15) * 100 * MSEC); break;
	case 6: op_icmp(s); break;
	default:
		s->s_wire.w_error = o & 8 ? 105 : 0;	/* ENOBUFS */
		s->s_wire.w_cut = (o & 4) != 0;
		s->s_wire.w_mtu = o & 2 ? 1500 : 600;
		break;
	}
}

static void
begin(struct script *s)
{
	struct vi_sockaddr sa;
	uint8_t how = next8(s);

	if (reuse_first(&reuse))
		wire_init(&s->s_wire, 1);
	s->s_wire.w_cut = false;
	s->s_wire.w_filter = on_path;
	s->s_wire.w_arg = s;
	for (int i = 0; i < 2; i++) {
		wire_tcp(&s->s_wire, i)->tv_sack = (how & 1) == 0;
		wire_tcp(&s->s_wire, i)->tv_rfc1323 = (how & 2) == 0;
		wire_tcp(&s->s_wire, i)->tv_recvspace = how & 4 ? 8192 : 131072;
		wire_tcp(&s->s_wire, i)->tv_syncookies_only = (how & 8) != 0;
	}
	s->s_listener = wire_listen(&s->s_wire, 1, 80, 4);
	s->s_so[0] = wire_socket(&s->s_wire, 0);
	wire_addr(1, 80, &sa);
	(void)soconnect(s->s_so[0], &sa);
	if (how & 16)
		s->s_mutate = how >> 5;
	wire_run(&s->s_wire, 5 * MSEC);
	(void)soaccept(s->s_listener, &s->s_so[1], &sa);
}

/* After so long no connection without a user may be left. */
static void
left(struct script *s, int side)
{
	struct inpcb *inp = TAILQ_FIRST(&wire_tcp(&s->s_wire, side)->tv_pcbs.ipi_list);
	const struct tcpcb *tp;

	if (inp == NULL)
		return;
	tp = intotcpcb(inp);
	fprintf(stderr,
	    "side %d: state %u flags %#x una %u nxt %u max %u wnd %u cc %u rxtshift %u\n", side,
	    tp->t_state, tp->t_flags, tp->snd_una - tp->iss, tp->snd_nxt - tp->iss,
	    tp->snd_max - tp->iss, tp->snd_wnd, inp->inp_socket->so_snd.sb_cc, tp->t_rxtshift);
	for (unsigned t = 0; t < TT_MAX; t++)
		fprintf(stderr, "timer %u: %lld ms\n", t, tp->t_deadline[t] == 0 ? -1 :
		    (long long)(tp->t_deadline[t] - tcp_now(tp)) / 1000000);
	abort();
}

static void
end(struct script *s)
{
	uint64_t sent;

	s->s_mutate = 0;
	s->s_wire.w_error = 0;
	s->s_wire.w_mtu = 1500;
	for (int i = 0; i < 2; i++)
		if (s->s_so[i] != NULL)
			soclose(s->s_so[i]);
	soclose(s->s_listener);
	sent = s->s_wire.w_nsent;
	wire_run(&s->s_wire, 3600 * SEC);
	if (s->s_wire.w_nsent - sent > MAXSENT) {
		fprintf(stderr, "%llu packets without a user\n",
		    (unsigned long long)(s->s_wire.w_nsent - sent));
		abort();
	}
	left(s, 0);
	left(s, 1);
	wire_quiet(&s->s_wire);
	if (reuse_last(&reuse))
		wire_fini(&s->s_wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script s;
	struct wire w = s.s_wire;

	memset(&s, 0, sizeof(s));
	s.s_wire = w;
	s.s_p = data;
	s.s_end = data + size;
	begin(&s);
	for (unsigned i = 0; i < MAXOPS && s.s_p < s.s_end; i++)
		op(&s);
	end(&s);
	return (0);
}
