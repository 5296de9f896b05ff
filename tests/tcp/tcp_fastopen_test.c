/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP Fast Open (RFC 7413), both sides, on the wire of wire.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#include "wire.h"

/* The last SYN and SYN-ACK that passed. */
struct seen {
	uint32_t	s_syndata, s_nsyn, s_nsynack, s_back;
	int		s_syncookie, s_ackcookie;	/* length of the option's, -1: no option */
	uint32_t	s_lose;		/* so many SYN-ACKs yet */
	bool		s_losedata;	/* SYNs with data */
	bool		s_exp;		/* the last SYN's option was in the experimental form */
	uint8_t		s_sent[TFO_COOKIELEN], s_given[TFO_COOKIELEN];	/* the last cookies of a SYN and of a SYN-ACK */
};

static enum wire_verdict
watch(struct wire *w, struct wpkt *wp)
{
	struct seen *s = w->w_arg;
	uint16_t flags = th_flags(wp_th(wp));
	struct tcp_opts to;
	int cookie;

	if (wp->wp_to == 0)
		s->s_back += wp_dlen(wp);
	if ((flags & TH_SYN) == 0)
		return (WIRE_PASS);
	wire_options(wp, &to);
	cookie = to.to_flags & TOF_FASTOPEN ? to.to_tfolen : -1;
	if (flags & TH_ACK) {
		s->s_nsynack++;
		s->s_ackcookie = cookie;
		if (cookie == TFO_COOKIELEN)
			memcpy(s->s_given, to.to_tfo, TFO_COOKIELEN);
		return (s->s_lose > 0 && s->s_lose-- > 0 ? WIRE_LOSE : WIRE_PASS);
	}
	s->s_nsyn++;
	s->s_syncookie = cookie;
	if (cookie == TFO_COOKIELEN)
		memcpy(s->s_sent, to.to_tfo, TFO_COOKIELEN);
	s->s_exp = (to.to_flags & TOF_TFOEXP) != 0;
	s->s_syndata = wp_dlen(wp);
	return (s->s_losedata && s->s_syndata > 0 ? WIRE_LOSE : WIRE_PASS);
}

struct tfo {
	struct wire	t_w;
	struct seen	t_seen;
	struct socket	*t_ls;
};

static void
tfo_init(struct tfo *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	wire_init(&t->t_w, seed);
	t->t_w.w_filter = watch;
	t->t_w.w_arg = &t->t_seen;
	wire_sysctl(&t->t_w, 1, "net.inet.tcp.fastopen.server_enable", "1");
	t->t_ls = wire_listen(&t->t_w, 1, 80, 8);
	wire_setint(t->t_ls, VI_TCP_FASTOPEN, 4);
}

/* One sendmsg with address and data. */
static int
tfo_sendto(struct tfo *t, struct socket *so, const void *p, size_t len, size_t *done)
{
	struct vi_iovec iov = { (void *)(uintptr_t)p, len };
	struct vi_msg msg;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovcnt = 1;
	msg.msg_flags = VI_MSG_FASTOPEN;
	msg.msg_hasname = true;
	wire_addr(1, 80, &msg.msg_name);
	wire_now(&t->t_w);
	return (sosend(so, &msg, done));
}

/* From a new socket, with that answer. */
static struct socket *
tfo_call(struct tfo *t, const char *words, int error)
{
	struct socket *so = wire_socket(&t->t_w, 0);
	size_t done;

	assert_int_equal(tfo_sendto(t, so, words, strlen(words), &done), error);
	assert_int_equal(done, error == 0 ? strlen(words) : 0);
	return (so);
}

static void
tfo_fini(struct tfo *t, struct socket *so, struct socket *as)
{
	if (so != NULL)
		soclose(so);
	if (as != NULL)
		soclose(as);
	soclose(t->t_ls);
	wire_fini(&t->t_w);
}

/* A first connection brings the cookie. */
static void
tfo_learn(struct tfo *t)
{
	struct socket *so = wire_socket(&t->t_w, 0), *as;
	size_t done;

	assert_int_equal(tfo_sendto(t, so, "x", 1, &done), EINPROGRESS);
	assert_int_equal(done, 0);
	assert_int_equal(t->t_seen.s_syncookie, 0);
	as = wire_accept(&t->t_w, t->t_ls);
	assert_int_equal(t->t_seen.s_ackcookie, 8);
	assert_int_equal(wire_send(&t->t_w, so, "x", 1, 0), 1);
	wire_idle(&t->t_w);
	assert_int_equal(as->so_rcv.sb_cc, 1);
	soclose(so);
	soclose(as);
	wire_run(&t->t_w, SEC);
}

static void
data_in_syn(void **state)
{
	static uint8_t big[5000];
	struct socket *so, *as;
	struct tfo t;
	size_t done;
	char buf[100];
	int error;

	(void)state;
	tfo_init(&t, 1);
	tfo_learn(&t);
	so = wire_socket(&t.t_w, 0);
	t.t_w.w_delay = 50 * MSEC;
	assert_int_equal(tfo_sendto(&t, so, "request", 7, &done), 0);
	assert_int_equal(done, 7);
	assert_int_equal(t.t_seen.s_syncookie, 8);
	assert_int_equal(t.t_seen.s_syndata, 7);
	/* Half a round trip later the server has it, and may answer at once. */
	wire_run(&t.t_w, 51 * MSEC);
	assert_int_equal(t.t_ls->so_qlen, 1);
	as = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(sototcpcb(as)->snd_cwnd, 10 * sototcpcb(as)->t_maxseg);	/* RFC 6928 */
	assert_int_equal(wire_recv(&t.t_w, as, buf, sizeof(buf), &error), 7);
	assert_memory_equal(buf, "request", 7);
	t.t_seen.s_back = 0;
	assert_int_equal(wire_send(&t.t_w, as, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(t.t_seen.s_back, sizeof(big));
	assert_int_equal(sototcpcb(as)->t_tfo, TFO_SYNACK_SENT);
	wire_run(&t.t_w, 50 * MSEC);
	assert_int_equal(so->so_rcv.sb_cc, sizeof(big));
	assert_int_equal(so->so_snd.sb_cc, 0);		/* the SYN-ACK took the data */
	assert_true(so->so_state & SS_ISCONNECTED);
	wire_run(&t.t_w, 60 * MSEC);
	assert_int_equal(sototcpcb(as)->t_tfo, TFO_NONE);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_dataacked, 1);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_accepts, 1);
	/* It is a connection like any other. */
	wire_carry(&t.t_w, (struct socket *[]){ so, as }, 200000);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_sndrexmitpack, 0);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_sndrexmitpack, 0);
	tfo_fini(&t, so, as);
}

/* connect() says yes at once; the first write goes with the SYN, as much as a segment holds. */
static void
connect_option(void **state)
{
	static uint8_t big[5000];
	struct vi_sockaddr sa;
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	tfo_init(&t, 2);
	tfo_learn(&t);
	so = wire_socket(&t.t_w, 0);
	wire_setint(so, VI_TCP_FASTOPEN_CONNECT, 1);
	wire_addr(1, 80, &sa);
	t.t_seen.s_nsyn = 0;
	assert_int_equal(soconnect(so, &sa), 0);
	assert_int_equal(soconnect(so, &sa), EISCONN);
	wire_run(&t.t_w, SEC);
	assert_int_equal(t.t_seen.s_nsyn, 0);
	assert_int_equal(sopoll(so), VI_POLLOUT);
	/* No more is taken than the SYN takes, with room for all the options there might be. */
	assert_int_equal(wire_send(&t.t_w, so, big, sizeof(big), 0), 1460 - TCP_MAXOLEN);
	assert_int_equal(t.t_seen.s_syndata, 1460 - TCP_MAXOLEN);
	assert_int_equal(sopoll(so), 0);
	wire_idle(&t.t_w);
	as = wire_accept(&t.t_w, t.t_ls);
	wire_run(&t.t_w, 100 * MSEC);
	assert_int_equal(as->so_rcv.sb_cc, 1460 - TCP_MAXOLEN);
	assert_int_equal(wire_send(&t.t_w, so, big, 1000, 0), 1000);
	wire_run(&t.t_w, 100 * MSEC);
	assert_int_equal(as->so_rcv.sb_cc, 2460 - TCP_MAXOLEN);
	soclose(so);
	soclose(as);
	/* Closed before anything was said. */
	so = wire_socket(&t.t_w, 0);
	wire_setint(so, VI_TCP_FASTOPEN_CONNECT, 1);
	assert_int_equal(soconnect(so, &sa), 0);
	soclose(so);
	/* The client side switched off. */
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_enable", "0");
	so = wire_socket(&t.t_w, 0);
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int)),
	    EOPNOTSUPP);
	tfo_fini(&t, so, NULL);
}

/* The SYN-ACK is lost: it comes again, and so does the answer's data. */
static void
synack_lost(void **state)
{
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	tfo_init(&t, 3);
	tfo_learn(&t);
	t.t_seen.s_lose = 2;
	t.t_seen.s_nsynack = 0;
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(wire_send(&t.t_w, as, "answer", 6, 0), 6);
	wire_run(&t.t_w, 10 * SEC);
	assert_true(t.t_seen.s_nsynack >= 3);
	assert_true(so->so_state & SS_ISCONNECTED);
	assert_int_equal(so->so_rcv.sb_cc, 6);
	assert_int_equal(as->so_rcv.sb_cc, 7);
	assert_int_equal(sototcpcb(as)->t_tfo, TFO_NONE);
	tfo_fini(&t, so, as);
}

/* A SYN-ACK that goes again brings no cookie: neither to who asked for one nor to who had an old one. */
static void
synack_again(void **state)
{
	struct socket *so, *as;
	struct tfo t;
	size_t done;

	(void)state;
	for (int old = 0; old < 2; old++) {
		tfo_init(&t, 18);
		if (old) {
			tfo_learn(&t);
			wire_sysctl(&t.t_w, 1, "net.ipv4.tcp_fastopen_key", "00000001-00000002-00000003-00000004,"
			    "00000005-00000006-00000007-00000008");
			so = wire_socket(&t.t_w, 0);	/* a cookie of the second key */
			assert_int_equal(tfo_sendto(&t, so, "x", 1, &done), 0);
			wire_run(&t.t_w, 100 * MSEC);
			soclose(so);
			wire_sysctl(&t.t_w, 1, "net.ipv4.tcp_fastopen_key", "00000009-00000002-00000003-00000004,"
			    "00000001-00000002-00000003-00000004");
		}
		t.t_seen.s_lose = 1;
		t.t_seen.s_nsynack = 0;
		so = wire_socket(&t.t_w, 0);
		assert_int_equal(tfo_sendto(&t, so, "x", 1, &done), old ? 0 : EINPROGRESS);
		wire_run(&t.t_w, 10 * MSEC);
		assert_int_equal(t.t_seen.s_ackcookie, 8);
		wire_run(&t.t_w, 5 * SEC);
		assert_true(t.t_seen.s_nsynack >= 2);
		assert_int_equal(t.t_seen.s_ackcookie, -1);
		assert_true(so->so_state & SS_ISCONNECTED);
		as = wire_accept(&t.t_w, t.t_ls);
		tfo_fini(&t, so, as);
	}
}

/* Somebody on the path loses SYNs with data: the next one is plain, and so are later ones. */
static void
syn_lost(void **state)
{
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	tfo_init(&t, 4);
	tfo_learn(&t);
	t.t_seen.s_losedata = true;
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(t.t_seen.s_syncookie, -1);
	wire_idle(&t.t_w);
	assert_int_equal(as->so_rcv.sb_cc, 7);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_disabled, 1);
	soclose(so);
	soclose(as);
	so = tfo_call(&t, "request", EINPROGRESS);
	assert_int_equal(t.t_seen.s_syncookie, -1);
	soclose(so);
	wire_run(&t.t_w, 901 * SEC);
	t.t_seen.s_losedata = false;
	so = tfo_call(&t, "request", 0);
	tfo_fini(&t, so, NULL);
}

/* Keys change; the cookie of the last one is good and replaced, an older one is not. */
static void
key_rotation(void **state)
{
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	tfo_init(&t, 5);
	tfo_learn(&t);
	for (int round = 0; round < 3; round++) {
		wire_run(&t.t_w, (round < 2 ? 121 : 300) * SEC);
		so = tfo_call(&t, "request", 0);
		as = wire_accept(&t.t_w, t.t_ls);
		wire_run(&t.t_w, 100 * MSEC);
		assert_int_equal(as->so_rcv.sb_cc, 7);
		assert_int_equal(t.t_seen.s_ackcookie, 8);
		assert_int_equal(
		    wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_accepts, round < 2 ? round + 1 : 2);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_badcookie, round == 2);
		soclose(so);
		soclose(as);
		wire_run(&t.t_w, SEC);
	}
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_datalost, 1);
	tfo_fini(&t, NULL, NULL);
}

static enum wire_verdict
lose_bare(struct wire *w, struct wpkt *wp)
{
	(void)w;
	return (wp->wp_to == 1 && (th_flags(wp_th(wp)) & TH_SYN) == 0 ? WIRE_LOSE : WIRE_PASS);
}

/* At most so many whose SYN-ACK is not acknowledged (RFC 7413 5.1). */
static void
pending_limit(void **state)
{
	struct socket *so[6];
	struct tfo t;
	size_t done;

	(void)state;
	tfo_init(&t, 6);
	tfo_learn(&t);
	t.t_w.w_filter = lose_bare;
	for (int i = 0; i < 6; i++) {
		so[i] = wire_socket(&t.t_w, 0);
		assert_int_equal(tfo_sendto(&t, so[i], "request", 7, &done), 0);
	}
	wire_run(&t.t_w, 10 * MSEC);
	assert_int_equal(t.t_ls->so_qlen, 4);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_overflow, 2);
	t.t_w.w_filter = NULL;
	wire_run(&t.t_w, 5 * SEC);
	assert_int_equal(t.t_ls->so_qlen, 6);
	for (int i = 0; i < 6; i++)
		soclose(so[i]);
	tfo_fini(&t, NULL, NULL);
}

/* A server that has it off does nothing of it, data in the SYN is not taken. */
static void
server_off(void **state)
{
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	tfo_init(&t, 7);
	tfo_learn(&t);
	wire_sysctl(&t.t_w, 1, "net.inet.tcp.fastopen.server_enable", "0");
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(t.t_seen.s_ackcookie, -1);
	wire_run(&t.t_w, 100 * MSEC);
	assert_int_equal(as->so_rcv.sb_cc, 7);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_accepts, 0);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_datalost, 1);
	soclose(so);
	soclose(as);
	/* RFC 7413 4.1.3.1: that is remembered, but for a while only. */
	so = tfo_call(&t, "request", EINPROGRESS);
	assert_int_equal(t.t_seen.s_syncookie, -1);
	soclose(so);
	wire_sysctl(&t.t_w, 1, "net.inet.tcp.fastopen.server_enable", "1");
	wire_run(&t.t_w, 901 * SEC);
	/* The cookie is too old by now; it is replaced, which is no refusal. */
	for (int i = 0; i < 2; i++) {
		so = tfo_call(&t, "request", 0);
		wire_run(&t.t_w, 100 * MSEC);
		assert_int_equal(sototcpcb(so)->t_tfodata, i == 1);
		soclose(so);
	}
	tfo_fini(&t, NULL, NULL);
}

/* An ICMP error about a SYN with data: the data goes after the handshake, and later SYNs are plain for a while. */
static void
icmp_error(void **state)
{
	static const enum inet_ctl what[] = { INET_CTL_MSGSIZE, INET_CTL_UNREACH_HOST };
	struct socket *so;
	struct tfo t;

	(void)state;
	for (unsigned i = 0; i < NITEMS(what); i++) {
		tfo_init(&t, 17);
		tfo_learn(&t);
		t.t_seen.s_losedata = true;
		so = tfo_call(&t, "request", 0);
		wire_ctl(&t.t_w, 0, so->so_pcb, what[i], 1000, sototcpcb(so)->iss);
		assert_int_equal(sototcpcb(so)->t_state, i == 0 ? TCPS_SYN_SENT : TCPS_CLOSED);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_disabled, 1);
		wire_run(&t.t_w, SEC);
		assert_int_equal((so->so_state & SS_ISCONNECTED) != 0, i == 0);
		soclose(so);
		so = tfo_call(&t, "request", EINPROGRESS);
		assert_int_equal(t.t_seen.s_syncookie, -1);
		tfo_fini(&t, so, NULL);
	}
}

/* One about the SYN-ACK of a connection that waits for its client's ACK: Linux takes it at its word. */
static void
icmp_error_server(void **state)
{
	struct socket *so, *as;
	struct tfo t;
	char buf[16];
	size_t n;

	(void)state;
	for (unsigned linux = 0; linux < 2; linux++) {
		tfo_init(&t, 18);
		tfo_learn(&t);
		if (linux)
			wire_sysctl(&t.t_w, 1, "net.inet.tcp.persona", "linux");
		t.t_seen.s_lose = 100;
		so = tfo_call(&t, "request", 0);
		assert_non_null(as = wire_accept(&t.t_w, t.t_ls));
		assert_int_equal(sototcpcb(as)->t_tfo, TFO_SYNACK_SENT);
		wire_ctl(&t.t_w, 1, as->so_pcb, INET_CTL_UNREACH_HOST, 0, sototcpcb(as)->iss - 1);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_icmpwindow, 1);
		wire_ctl(&t.t_w, 1, as->so_pcb, INET_CTL_UNREACH_HOST, 0, sototcpcb(as)->iss);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_icmpwindow, 1);
		assert_int_equal(soreceive_bytes(as, buf, sizeof(buf), 0, &n), 0);
		assert_int_equal(n, 7);
		assert_int_equal(soreceive_bytes(as, buf, sizeof(buf), 0, &n), linux ? ECONNREFUSED : EAGAIN);
		tfo_fini(&t, so, as);
	}
}

/* As Linux: data that went with a SYN and was not taken counts as retransmitted when it goes again. */
static void
data_again(void **state)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	for (unsigned linux = 0; linux < 2; linux++) {
		tfo_init(&t, 19);
		if (linux)
			wire_sysctl(&t.t_w, 0, "net.inet.tcp.persona", "linux");
		tfo_learn(&t);
		wire_sysctl(&t.t_w, 1, "net.inet.tcp.fastopen.server_enable", "0");
		so = tfo_call(&t, "request", 0);
		while ((so->so_state & SS_ISCONNECTED) == 0)
			wire_run(&t.t_w, MSEC / 10);
		assert_int_equal(sogetopt(so, VI_TCP_INFO, &ti, &len), 0);
		assert_int_equal(ti.ti_unacked, 7);
		assert_int_equal(ti.ti_retrans, linux ? 7 : 0);
		wire_run(&t.t_w, SEC);
		assert_int_equal(sogetopt(so, VI_TCP_INFO, &ti, &len), 0);
		assert_int_equal(ti.ti_unacked, 0);
		assert_int_equal(ti.ti_retrans, 0);
		assert_non_null(as = wire_accept(&t.t_w, t.t_ls));
		tfo_fini(&t, so, as);
	}
}

/* To a host of which nothing is known: 536 bytes less the options, or as Linux what the path takes. */
static void
unknown_mss(void **state)
{
	static char words[2000];
	struct socket *so;
	struct tfo t;
	size_t done;

	(void)state;
	for (unsigned linux = 0; linux < 2; linux++) {
		tfo_init(&t, 20);
		if (linux)
			wire_sysctl(&t.t_w, 0, "net.inet.tcp.persona", "linux");
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_needless", "1");
		so = wire_socket(&t.t_w, 0);
		assert_int_equal(tfo_sendto(&t, so, words, sizeof(words), &done), 0);
		assert_int_equal(done, linux ? 1420 : 496);
		assert_int_equal(t.t_seen.s_syndata, done);
		tfo_fini(&t, so, NULL);
	}
}

/* The vnets go away while connections are in every stage. */
static void
torn_down(void **state)
{
	struct socket *so;
	struct tfo t;

	(void)state;
	tfo_init(&t, 8);
	tfo_learn(&t);
	so = tfo_call(&t, "request", 0);
	t.t_w.w_filter = lose_bare;
	wire_run(&t.t_w, 10 * MSEC);
	soclose(t.t_ls);		/* resets what waits for it */
	wire_run(&t.t_w, 10 * MSEC);
	assert_int_equal(so->so_error, ECONNRESET);
	wire_fini(&t.t_w);
	tfo_init(&t, 9);
	tfo_learn(&t);
	so = tfo_call(&t, "request", 0);
	wire_run(&t.t_w, 1500 * USEC);
	wire_fini(&t.t_w);
}

/* Servers behind one address share a key, also with Linux: the cookies are the same. */
static void
cookies_as_linux(void **state)
{
	static const uint8_t want[TFO_COOKIELEN] = { 0x00, 0xab, 0xaa, 0xab, 0xe8, 0xe9, 0x54, 0xc2 };
	const struct in_addr_any local = in4_any(HTONL(0xc0a80002u)), remote = in4_any(HTONL(0x0af80002u));
	const struct vi_cred cred = { .cr_priv = true };
	uint8_t cookie[TFO_COOKIELEN];
	struct vi_vnet *vn;
	char buf[128];
	struct tfo t;

	(void)state;
	tfo_init(&t, 10);
	vn = (struct vi_vnet *)(void *)t.t_w.w_vn[1];
	assert_int_equal(vi_sysctl_set(vn, "net.ipv4.tcp_fastopen_key", "a0bf63f7-ed803d81-cd641d30-cebc4a90", &cred), 0);
	tcp_tfo_cookie(sototcpcb(t.t_ls), &local, &remote, cookie);
	assert_memory_equal(cookie, want, sizeof(want));
	assert_int_equal(vi_sysctl_get(vn, "net.ipv4.tcp_fastopen_key", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "a0bf63f7-ed803d81-cd641d30-cebc4a90");
	wire_fini(&t.t_w);
}

/* Asked to, a SYN takes data along without ever having seen a cookie; the listener has to want it. */
static void
no_cookie(void **state)
{
	struct socket *so, *as;
	struct tfo t;
	size_t done;

	(void)state;
	tfo_init(&t, 12);
	so = wire_socket(&t.t_w, 0);
	wire_setint(so, VI_TCP_FASTOPEN_NO_COOKIE, 1);
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_NO_COOKIE, &(int){ 2 }, sizeof(int)), EINVAL);
	assert_int_equal(tfo_sendto(&t, so, "request", 7, &done), 0);
	assert_int_equal(t.t_seen.s_syncookie, -1);
	assert_int_equal(t.t_seen.s_syndata, 7);
	as = wire_accept(&t.t_w, t.t_ls);
	wire_run(&t.t_w, SEC);
	assert_false(sototcpcb(so)->t_tfodata);
	assert_int_equal(as->so_rcv.sb_cc, 7);
	soclose(so);
	soclose(as);
	wire_run(&t.t_w, 901 * SEC);	/* it was refused, and that is remembered */
	wire_setint(t.t_ls, VI_TCP_FASTOPEN_NO_COOKIE, 1);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_needless", "1");
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	wire_run(&t.t_w, SEC);
	assert_true(sototcpcb(so)->t_tfodata);
	tfo_fini(&t, so, as);
}

/* Who gives no cookie is asked once more in the form of the experiment, and then not for a while; as a Linux, as before. */
static void
experimental_form(void **state)
{
	static const bool want[] = { false, true, false, false };
	struct socket *so, *as;
	struct tfo t;

	(void)state;
	for (unsigned linux = 0; linux < 2; linux++) {
		tfo_init(&t, 13);
		if (linux)
			wire_sysctl(&t.t_w, 0, "net.inet.tcp.persona", "linux");
		wire_setint(t.t_ls, VI_TCP_FASTOPEN, 0);
		for (unsigned i = 0; i < NITEMS(want); i++) {
			so = tfo_call(&t, "x", EINPROGRESS);
			assert_int_equal(t.t_seen.s_syncookie, i < 2 || linux ? 0 : -1);
			assert_int_equal(t.t_seen.s_exp, want[i]);
			as = wire_accept(&t.t_w, t.t_ls);
			soclose(so);
			soclose(as);
			wire_run(&t.t_w, SEC);
		}
		for (unsigned i = 0; i < 2; i++) {
			wire_run(&t.t_w, i == 0 ? 901 * SEC : SEC);
			so = tfo_call(&t, "x", EINPROGRESS);
			assert_int_equal(t.t_seen.s_syncookie, i == 0 || linux ? 0 : -1);
			as = wire_accept(&t.t_w, t.t_ls);
			soclose(so);
			soclose(as);
		}
		tfo_fini(&t, NULL, NULL);
	}
}

/* A listener's own keys: of two the second is good as well, and its cookie is replaced. */
static void
own_key(void **state)
{
	static const char keys[] = "0123456789abcdefFEDCBA9876543210";
	struct socket *so, *as;
	struct tfo t;
	char buf[40];
	size_t len = sizeof(buf);

	(void)state;
	tfo_init(&t, 14);
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_FASTOPEN_KEY, keys, 15), EINVAL);
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_FASTOPEN_KEY, keys + 16, 16), 0);
	tfo_learn(&t);
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_FASTOPEN_KEY, keys, 32), 0);
	assert_int_equal(sogetopt(t.t_ls, VI_TCP_FASTOPEN_KEY, buf, &len), 0);
	assert_int_equal(len, 32);
	assert_memory_equal(buf, keys, 32);
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	wire_run(&t.t_w, SEC);
	assert_true(sototcpcb(so)->t_tfodata);
	assert_int_equal(t.t_seen.s_ackcookie, 8);
	soclose(so);
	soclose(as);
	/* Another key: the data is not taken. */
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_FASTOPEN_KEY, "another-sixteen-", 16), 0);
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	wire_run(&t.t_w, SEC);
	assert_false(sototcpcb(so)->t_tfodata);
	tfo_fini(&t, so, as);
}

/* Connections that fall silent close Fast Open to all hosts, for a time that doubles. */
static void
black_hole(void **state)
{
	struct socket *so;
	struct tfo t;

	(void)state;
	tfo_init(&t, 15);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.blackhole_timeout", "100");
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.path_disable_time", "0");
	tfo_learn(&t);
	for (unsigned i = 1; i <= 2; i++) {
		so = tfo_call(&t, "request", 0);
		wire_tcp(&t.t_w, 0)->tv_syn_retries = 4;
		soclose(t.t_ls);
		wire_sysctl(&t.t_w, 1, "net.inet.tcp.blackhole", "2");
		t.t_seen.s_lose = 100;
		wire_run(&t.t_w, 1);
		sototcpcb(so)->t_rxtshift = 2;
		tcp_tfo_timeout(sototcpcb(so), false);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_tfo.tf_holes, i);
		soclose(so);
		so = tfo_call(&t, "request", EINPROGRESS);
		assert_int_equal(t.t_seen.s_syncookie, -1);
		soclose(so);
		t.t_seen.s_lose = 0;
		wire_sysctl(&t.t_w, 1, "net.inet.tcp.blackhole", "0");
		t.t_ls = wire_listen(&t.t_w, 1, 80, 8);
		wire_setint(t.t_ls, VI_TCP_FASTOPEN, 4);
		wire_run(&t.t_w, (i == 1 ? 101 : 150) * SEC);
	}
	/* The second time a hundred seconds were not enough. */
	so = tfo_call(&t, "request", EINPROGRESS);
	soclose(so);
	wire_run(&t.t_w, 60 * SEC);
	so = tfo_call(&t, "request", 0);
	tfo_fini(&t, so, NULL);
}

/* With cookie_needless the data of any SYN is taken, and no cookie is given. */
static void
data_without_cookie(void **state)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct socket *so;
	struct tfo t;

	(void)state;
	tfo_init(&t, 11);
	tfo_learn(&t);
	assert_int_equal(vi_sysctl_set((struct vi_vnet *)(void *)t.t_w.w_vn[1], "net.inet.tcp.fastopen.cookie_needless", "1", &cred), 0);
	assert_int_equal(vi_sysctl_set((struct vi_vnet *)(void *)t.t_w.w_vn[1], "net.ipv4.tcp_fastopen_key", "1-2-3-4", &cred), 0);
	so = tfo_call(&t, "request", 0);
	wire_run(&t.t_w, 10 * MSEC);
	assert_int_equal(sototcpcb(so)->snd_una - sototcpcb(so)->iss, 8);
	assert_true(sototcpcb(so)->t_tfodata);
	soclose(so);
	wire_run(&t.t_w, 10 * MSEC);
	wire_fini(&t.t_w);
}

static void
tfo_sysctl(struct tfo *t, const char *name, const char *value, int want)
{
	const struct vi_cred cred = { .cr_priv = true };
	char full[64];

	snprintf(full, sizeof(full), "net.inet.tcp.fastopen.%s", name);
	assert_int_equal(vi_sysctl_set((struct vi_vnet *)(void *)t->t_w.w_vn[1], full, value, &cred), want);
}

/* FreeBSD's knobs of keys: the last of two stays good; with acceptany each cookie is, with none there is no data all the same. */
static void
keys_by_hand(void **state)
{
	static const char *const bad[] = { "0123", "000102030405060708090a0b0c0d0e0g", "000102030405060708090a0b0c0d0e0f0" };
	struct socket *so;
	struct tfo t;
	char buf[64];

	(void)state;
	tfo_init(&t, 11);
	tfo_learn(&t);
	for (unsigned i = 0; i < NITEMS(bad); i++)
		tfo_sysctl(&t, "setkey", bad[i], EINVAL);
	for (int i = 0; i < 3; i++) {
		if (i < 2)
			tfo_sysctl(&t, "setkey", i == 0 ? "000102030405060708090a0b0c0d0e0f" : "100102030405060708090a0b0c0d0e0f", 0);
		else
			tfo_sysctl(&t, "acceptany", "1", 0);
		if (i == 1)				/* the cookie that came with the last connection is of the key before */
			tfo_sysctl(&t, "setkey", "200102030405060708090a0b0c0d0e0f", 0);
		so = tfo_call(&t, "request", 0);
		wire_run(&t.t_w, 10 * MSEC);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_accepts, i == 0 ? 1 : i);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_tfo_badcookie, i == 0 ? 0 : 1);
		soclose(so);
		wire_run(&t.t_w, SEC);
		if (i == 1) {				/* which brought a good one: make it bad again */
			tfo_sysctl(&t, "setkey", "300102030405060708090a0b0c0d0e0f", 0);
			tfo_sysctl(&t, "setkey", "400102030405060708090a0b0c0d0e0f", 0);
		}
	}
	assert_int_equal(vi_sysctl_get((struct vi_vnet *)(void *)t.t_w.w_vn[1], "net.inet.tcp.fastopen.numkeys", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "2");
	assert_int_equal(vi_sysctl_get((struct vi_vnet *)(void *)t.t_w.w_vn[1], "net.inet.tcp.fastopen.setkey", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	wire_fini(&t.t_w);
}

static void
tfo_value(struct tfo *t, int side, const char *name, char *buf, size_t len)
{
	char full[64];

	snprintf(full, sizeof(full), "net.inet.tcp.fastopen.%s", name);
	assert_int_equal(vi_sysctl_get((struct vi_vnet *)(void *)t->t_w.w_vn[side], full, buf, len), 0);
}

/* A call with that pre-shared key (NULL: none); true: the data was taken with the SYN. */
static bool
tfo_pskcall(struct tfo *t, const char *psk)
{
	struct vi_tcp_fastopen tf = { .tf_enable = 1 };
	struct socket *so = wire_socket(&t->t_w, 0), *as;
	const uint64_t before = wire_tcp(&t->t_w, 1)->tv_stat.tcps_tfo_accepts;
	size_t done;

	if (psk != NULL) {
		memcpy(tf.tf_psk, psk, sizeof(tf.tf_psk));
		assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), 0);
	}
	assert_int_equal(tfo_sendto(t, so, "request", 7, &done), 0);
	as = wire_accept(&t->t_w, t->t_ls);
	wire_run(&t->t_w, 100 * MSEC);
	assert_int_equal(as->so_rcv.sb_cc, 7);		/* sooner or later */
	soclose(so);
	soclose(as);
	wire_run(&t->t_w, SEC);
	return (wire_tcp(&t->t_w, 1)->tv_stat.tcps_tfo_accepts > before);
}

/* FreeBSD's pre-shared keys: everybody gets the cookie, but only with the code of it under a key is data taken. */
static void
shared_key(void **state)
{
	static const char *const hex[] = { "30313233343536373839616263646566", "46454443424139383736353433323130",
	    "4645444342413938373635343332313f" };
	static const char *const psk[] = { "0123456789abcdef", "FEDCBA9876543210" };
	uint8_t want[TFO_COOKIELEN];
	struct siphash_key key;
	struct tfo t;
	char buf[64];
	uint64_t h;

	(void)state;
	tfo_init(&t, 21);
	wire_sysctl(&t.t_w, 1, "net.ipv4.tcp_fastopen_key", "1-2-3-4");
	tfo_value(&t, 1, "maxpsks", buf, sizeof(buf));
	assert_string_equal(buf, "2");
	tfo_sysctl(&t, "setpsk", "0123", EINVAL);
	tfo_sysctl(&t, "numpsks", "1", EPERM);
	tfo_sysctl(&t, "psk_enable", "1", 0);
	tfo_learn(&t);
	assert_false(tfo_pskcall(&t, psk[0]));		/* the server knows none yet */
	tfo_sysctl(&t, "setpsk", hex[0], 0);
	tfo_value(&t, 1, "numpsks", buf, sizeof(buf));
	assert_string_equal(buf, "1");
	tfo_value(&t, 1, "setpsk", buf, sizeof(buf));
	assert_string_equal(buf, "");
	assert_false(tfo_pskcall(&t, NULL));
	assert_memory_equal(t.t_seen.s_sent, t.t_seen.s_given, TFO_COOKIELEN);
	assert_false(tfo_pskcall(&t, psk[1]));
	assert_true(tfo_pskcall(&t, psk[0]));
	/* On the wire there is SipHash-2-4 of the cookie; a good one is not answered with another. */
	siphash_key_init(&key, (const uint8_t *)psk[0]);
	h = HTOLE64(siphash24(&key, t.t_seen.s_given, TFO_COOKIELEN));
	memcpy(want, &h, sizeof(want));
	assert_memory_equal(t.t_seen.s_sent, want, sizeof(want));
	assert_int_equal(t.t_seen.s_ackcookie, -1);
	/* That others need no cookie does not count where a key is asked for. */
	tfo_sysctl(&t, "cookie_needless", "1", 0);
	assert_false(tfo_pskcall(&t, NULL));
	tfo_sysctl(&t, "cookie_needless", "0", 0);
	/* Of two keys both are good, of three the last two. */
	tfo_sysctl(&t, "setpsk", hex[1], 0);
	assert_true(tfo_pskcall(&t, psk[0]));
	assert_true(tfo_pskcall(&t, psk[1]));
	tfo_sysctl(&t, "setpsk", hex[2], 0);
	assert_false(tfo_pskcall(&t, psk[0]));
	assert_true(tfo_pskcall(&t, psk[1]));
	/* The cookie's own key changes: what is made of the one before is good, and replaced. */
	tfo_sysctl(&t, "setkey", hex[0], 0);
	assert_true(tfo_pskcall(&t, psk[1]));
	assert_int_equal(t.t_seen.s_ackcookie, 8);
	assert_true(tfo_pskcall(&t, psk[1]));
	assert_int_equal(t.t_seen.s_ackcookie, -1);
	/* Switched off the keys are gone, and whose code was good is a stranger. */
	tfo_sysctl(&t, "psk_enable", "0", 0);
	tfo_value(&t, 1, "numpsks", buf, sizeof(buf));
	assert_string_equal(buf, "0");
	assert_false(tfo_pskcall(&t, psk[1]));
	assert_true(tfo_pskcall(&t, NULL));
	tfo_fini(&t, NULL, NULL);
}

/* The key is the socket's own until it is taken back, through a failure and another attempt. */
static void
shared_key_option(void **state)
{
	struct vi_tcp_fastopen tf = { .tf_enable = 1, .tf_psk = "0123456789abcde" };
	struct vi_sockaddr sa;
	struct socket *so;
	struct tfo t;

	(void)state;
	tfo_init(&t, 22);
	tfo_learn(&t);
	so = wire_socket(&t.t_w, 0);
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), 0);
	assert_int_equal(wire_getint(so, VI_TCP_FASTOPEN_CONNECT), 1);
	assert_int_equal(wire_connect(&t.t_w, so, 1, 81), ECONNREFUSED);
	wire_addr(1, 80, &sa);
	assert_int_equal(soconnect(so, &sa), 0);
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), EINVAL);
	assert_int_equal(wire_send(&t.t_w, so, "x", 1, 0), 1);
	assert_memory_not_equal(t.t_seen.s_sent, t.t_seen.s_given, TFO_COOKIELEN);
	soclose(so);
	so = wire_socket(&t.t_w, 0);
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), 0);
	tf.tf_enable = 2;
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), EINVAL);
	tf.tf_enable = 0;
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), 0);
	assert_int_equal(wire_getint(so, VI_TCP_FASTOPEN_CONNECT), 0);
	assert_null(sototcpcb(so)->t_tfopsk);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_enable", "0");
	tf.tf_enable = 1;
	assert_int_equal(sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &tf, sizeof(tf)), EOPNOTSUPP);
	assert_null(sototcpcb(so)->t_tfopsk);
	tfo_fini(&t, so, NULL);
}

/* A call to that port; the length of the cookie that went with it. */
static int
tfo_port(struct tfo *t, uint16_t port)
{
	struct socket *so = wire_socket(&t->t_w, 0);
	struct vi_sockaddr sa;

	wire_setint(so, VI_TCP_FASTOPEN_CONNECT, 1);
	wire_addr(1, port, &sa);
	wire_now(&t->t_w);
	if (soconnect(so, &sa) == 0)
		(void)wire_send(&t->t_w, so, "x", 1, 0);
	wire_run(&t->t_w, 100 * MSEC);
	soclose(so);
	wire_run(&t->t_w, 100 * MSEC);
	return (t->t_seen.s_syncookie);
}

/* What is known is of a path, which has a port, but as a Linux; it is shown, bounded and forgotten. */
static void
cookie_cache(void **state)
{
	struct socket *second;
	char text[1024];
	struct tfo t;

	(void)state;
	tfo_init(&t, 23);
	second = wire_listen(&t.t_w, 1, 81, 8);
	wire_setint(second, VI_TCP_FASTOPEN, 4);
	assert_int_equal(tfo_port(&t, 80), 0);
	assert_int_equal(tfo_port(&t, 80), 8);
	assert_int_equal(tfo_port(&t, 81), 0);
	assert_int_equal(tfo_port(&t, 81), 8);
	/* What fails at one port does not close the other. */
	t.t_seen.s_losedata = true;
	assert_int_equal(tfo_port(&t, 80), 8);
	wire_run(&t.t_w, 5 * SEC);
	t.t_seen.s_losedata = false;
	wire_tcp(&t.t_w, 0)->tv_tfo.tf_holes = 0;
	t.t_seen.s_losedata = false;
	tfo_value(&t, 0, "ccache_list", text, sizeof(text));
	assert_non_null(strstr(text, "10.0.0.1             10.0.0.2                80  1460"));
	assert_non_null(strstr(text, "10.0.0.1             10.0.0.2                81  1460       No "));
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.ccache_bucket_limit", "1");
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.ccache_buckets", "1");
	tfo_value(&t, 0, "ccache_list", text, sizeof(text));
	assert_null(strstr(text, "10.0.0"));
	assert_int_equal(tfo_port(&t, 80), 0);
	assert_int_equal(tfo_port(&t, 81), 0);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_tfo_cacheoverflow, 1);
	assert_int_equal(tfo_port(&t, 81), 8);
	assert_int_equal(tfo_port(&t, 80), 0);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.ccache_bucket_limit", "2");
	assert_int_equal(tfo_port(&t, 81), 0);
	assert_int_equal(tfo_port(&t, 80), 8);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.ccache_bucket_limit", "1");
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_ccache.ck_count, 1);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_enable", "0");
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_ccache.ck_count, 0);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.client_enable", "1");
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.persona", "linux");
	assert_int_equal(tfo_port(&t, 80), 0);
	assert_int_equal(tfo_port(&t, 81), 8);
	soclose(second);
	tfo_fini(&t, NULL, NULL);
}

/* No memory for another entry: the last of its chain goes; none for the table: nothing is kept. */
static void
cookie_memory(void **state)
{
	struct tcpcb tp = { 0 };
	struct tfo t;

	(void)state;
	tfo_init(&t, 24);
	tp.t_inpcb.inp_ops = t.t_ls->so_pcb != NULL ? ((struct inpcb *)t.t_ls->so_pcb)->inp_ops : NULL;
	tp.t_inpcb.inp_fport = 1;
	tp.t_tv = wire_tcp(&t.t_w, 0);
	for (unsigned nth = 1; nth <= 2; nth++) {
		kernel_fail_alloc(t.t_w.w_k, nth);
		tcp_ccache_set(&tp, &(struct tcp_tfohost){ .th_len = 4 });
		assert_int_equal(tp.t_tv->tv_ccache.ck_count, 0);
		assert_null(tp.t_tv->tv_ccache.ck_bucket);
	}
	assert_int_equal(vi_sysctl_set((struct vi_vnet *)(void *)t.t_w.w_vn[0], "net.inet.tcp.fastopen.ccache_buckets", "3",
	    &(struct vi_cred){ .cr_priv = true }), EINVAL);
	wire_sysctl(&t.t_w, 0, "net.inet.tcp.fastopen.ccache_buckets", "1");
	for (unsigned nth = 0; nth < 2; nth++) {
		kernel_fail_alloc(t.t_w.w_k, nth);
		tp.t_inpcb.inp_fport++;
		tcp_ccache_set(&tp, &(struct tcp_tfohost){ .th_len = 4 });
		assert_int_equal(tp.t_tv->tv_ccache.ck_count, 1);
	}
	assert_int_equal(tp.t_tv->tv_stat.tcps_tfo_cacheoverflow, 1);
	kernel_fail_alloc(t.t_w.w_k, 0);
	tfo_fini(&t, NULL, NULL);
}

/* FreeBSD: a server that stops forgets its keys. */
static void
keys_forgotten(void **state)
{
	struct tfo t;
	char buf[16];

	(void)state;
	tfo_init(&t, 25);
	tfo_sysctl(&t, "setkey", "000102030405060708090a0b0c0d0e0f", 0);
	tfo_sysctl(&t, "psk_enable", "1", 0);
	tfo_sysctl(&t, "setpsk", "000102030405060708090a0b0c0d0e0f", 0);
	tfo_sysctl(&t, "server_enable", "0", 0);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_tfo.tf_keys.tk_n, 0);
	tfo_value(&t, 1, "numpsks", buf, sizeof(buf));
	assert_string_equal(buf, "0");
	tfo_value(&t, 1, "psk_enable", buf, sizeof(buf));
	assert_string_equal(buf, "1");
	tfo_fini(&t, NULL, NULL);
}

/* Who asks for Fast Open and then calls keeps what he asked for, and may still listen. */
static void
listener_called(void **state)
{
	struct vi_tcp_authinfo ai = { .ai_flags = VI_TCP_AUTH_REQUIRED };
	struct socket *so, *as;
	struct vi_sockaddr sa;
	struct tfo t;

	(void)state;
	tfo_init(&t, 26);
	soclose(t.t_ls);
	t.t_ls = wire_socket(&t.t_w, 1);
	wire_setint(t.t_ls, VI_TCP_FASTOPEN, 4);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(wire_connect(&t.t_w, t.t_ls, 0, 9), ECONNREFUSED);
		assert_int_equal(sototcpcb(t.t_ls)->t_tfolimit, 4);
		wire_setint(t.t_ls, VI_TCP_FASTOPEN, 4);
	}
	soclose(t.t_ls);
	/* Here not even a SYN leaves. */
	t.t_ls = wire_socket(&t.t_w, 1);
	wire_setint(t.t_ls, VI_TCP_FASTOPEN, 4);
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_AUTHINFO, &ai, sizeof(ai)), 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_ls, 0, 9), EKEYREJECTED);
	ai.ai_flags = 0;
	assert_int_equal(sosetopt(t.t_ls, VI_TCP_AUTHINFO, &ai, sizeof(ai)), 0);
	wire_addr(1, 80, &sa);
	assert_int_equal(sobind(t.t_ls, &sa), 0);
	assert_int_equal(solisten(t.t_ls, 8), 0);
	tfo_learn(&t);
	so = tfo_call(&t, "request", 0);
	as = wire_accept(&t.t_w, t.t_ls);
	/* While it is pending its keys are the listener's. */
	assert_int_equal(sosetopt(as, VI_TCP_FASTOPEN_KEY, "sixteen bytes...", 16), EINVAL);
	wire_run(&t.t_w, SEC);
	assert_true(sototcpcb(so)->t_tfodata);
	assert_int_equal(sosetopt(as, VI_TCP_FASTOPEN_KEY, "sixteen bytes...", 16), 0);
	tfo_fini(&t, so, as);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_in_syn),
		cmocka_unit_test(connect_option),
		cmocka_unit_test(synack_lost),
		cmocka_unit_test(synack_again),
		cmocka_unit_test(syn_lost),
		cmocka_unit_test(key_rotation),
		cmocka_unit_test(pending_limit),
		cmocka_unit_test(server_off),
		cmocka_unit_test(icmp_error),
		cmocka_unit_test(icmp_error_server),
		cmocka_unit_test(data_again),
		cmocka_unit_test(unknown_mss),
		cmocka_unit_test(torn_down),
		cmocka_unit_test(cookies_as_linux),
		cmocka_unit_test(data_without_cookie),
		cmocka_unit_test(keys_by_hand),
		cmocka_unit_test(no_cookie),
		cmocka_unit_test(experimental_form),
		cmocka_unit_test(own_key),
		cmocka_unit_test(black_hole),
		cmocka_unit_test(shared_key),
		cmocka_unit_test(shared_key_option),
		cmocka_unit_test(cookie_cache),
		cmocka_unit_test(cookie_memory),
		cmocka_unit_test(keys_forgotten),
		cmocka_unit_test(listener_called),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
