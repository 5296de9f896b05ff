/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knobs under FreeBSD's names and Linux's, each set and then measured in what it does: how often,
 * when, how long.  What tcp_sysctl_test.c sees in a SYN or an answer is not repeated here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"

struct knob {
	struct wire	 k_w;
	struct socket	*k_so[2];
	unsigned	 k_sent;	/* to side 1, of the flags that are watched */
	unsigned	 k_back;	/* to side 0: without data */
	unsigned	 k_sacks, k_rsts;
	uint16_t	 k_watch;	/* 0: data; otherwise flags */
	uint32_t	 k_longest;
	uint64_t	 k_times[64];	/* of what is counted in k_sent */
	uint64_t	 k_backtime;
	bool		 k_silent;	/* side 1 hears nothing */
};

static uint8_t data[1 << 20];

static enum wire_verdict
watch(struct wire *w, struct wpkt *wp)
{
	struct knob *k = w->w_arg;
	const uint16_t flags = th_flags(wp_th(wp));
	struct tcp_opts to;

	k->k_rsts += (flags & TH_RST) != 0;
	if (wp->wp_to == 0) {
		k->k_back += wp_dlen(wp) == 0;
		k->k_backtime = vi_sim_now(w->w_host);
		wire_options(wp, &to);
		k->k_sacks += (to.to_flags & TOF_SACK) != 0;
		return (WIRE_PASS);
	}
	if (k->k_watch == 0 ? wp_dlen(wp) > 0 : (flags & k->k_watch) == k->k_watch) {
		if (k->k_sent < NITEMS(k->k_times))
			k->k_times[k->k_sent] = vi_sim_now(w->w_host);
		k->k_sent++;
	}
	k->k_longest = u32max(k->k_longest, wp_dlen(wp));
	return (k->k_silent ? WIRE_LOSE : WIRE_PASS);
}

static void
pair(struct knob *k)
{
	wire_pair(&k->k_w, k->k_so);
	wire_idle(&k->k_w);
	k->k_sent = k->k_back = k->k_longest = 0;
}

/* Seconds until the first socket is told of an error; at most 2000. */
static unsigned
patience(struct knob *k)
{
	const uint64_t t0 = vi_sim_now(k->k_w.w_host);

	while (k->k_so[0]->so_error == 0 && vi_sim_now(k->k_w.w_host) - t0 < 2000 * SEC)
		wire_run(&k->k_w, SEC / 4);
	return ((unsigned)((vi_sim_now(k->k_w.w_host) - t0 + SEC / 2) / SEC));
}

static unsigned
keepalive(struct knob *k)
{
	pair(k);
	wire_setint(k->k_so[0], VI_SO_KEEPALIVE, 1);
	k->k_silent = true;
	return (patience(k));
}

static unsigned
probes_unasked(struct knob *k)
{
	pair(k);
	wire_run(&k->k_w, 60 * SEC);
	return (k->k_back);
}

static unsigned
handshake(struct knob *k)
{
	struct vi_sockaddr sa;

	k->k_silent = true;
	k->k_so[0] = wire_socket(&k->k_w, 0);
	wire_addr(1, 80, &sa);
	wire_now(&k->k_w);
	assert_int_equal(soconnect(k->k_so[0], &sa), EINPROGRESS);
	return (patience(k));
}

/* Transmissions of a byte that nobody hears. */
static unsigned
transmissions(struct knob *k)
{
	pair(k);
	k->k_silent = true;
	wire_send(&k->k_w, k->k_so[0], "x", 1, 0);
	(void)patience(k);
	return (k->k_sent);
}

static unsigned
orphans_transmissions(struct knob *k)
{
	pair(k);
	k->k_silent = true;
	wire_send(&k->k_w, k->k_so[0], "x", 1, 0);
	soclose(k->k_so[0]);
	k->k_so[0] = NULL;
	wire_run(&k->k_w, 1000 * SEC);
	return (k->k_sent);
}

/* Seconds that a connection stays in FIN_WAIT_2 when its user is gone. */
static unsigned
finwait2(struct knob *k)
{
	const uint64_t t0 = vi_sim_now(k->k_w.w_host);

	pair(k);
	soclose(k->k_so[0]);
	k->k_so[0] = NULL;
	while (wire_tcp(&k->k_w, 0)->tv_pcbs.ipi_count > 0 &&
	       vi_sim_now(k->k_w.w_host) - t0 < 2000 * SEC)
		wire_run(&k->k_w, SEC / 4);
	return ((unsigned)((vi_sim_now(k->k_w.w_host) - t0 + SEC / 2) / SEC));
}

/* Ms until a lone byte is acknowledged, of which the wire takes one. */
static unsigned
acknowledgment(struct knob *k)
{
	uint64_t t0;

	pair(k);
	wire_carry(&k->k_w, k->k_so, 3000);
	wire_run(&k->k_w, SEC);
	t0 = vi_sim_now(k->k_w.w_host);
	wire_send(&k->k_w, k->k_so[0], "x", 1, 0);
	wire_run(&k->k_w, SEC);
	return ((unsigned)((k->k_backtime - t0) / MSEC));
}

static unsigned
first_flight(struct knob *k)
{
	k->k_w.w_cut = true;
	pair(k);
	k->k_w.w_delay = 100 * MSEC;
	wire_send(&k->k_w, k->k_so[0], data, 100000, 0);
	wire_run(&k->k_w, 50 * MSEC);
	return (k->k_sent);
}

static unsigned
timewaits(struct knob *k)
{
	pair(k);
	for (int i = 0; i < 2; i++) {
		soclose(k->k_so[i]);
		k->k_so[i] = NULL;
		wire_idle(&k->k_w);
	}
	return (wire_tcp(&k->k_w, 0)->tv_timewait.tw_ring.tr_count);
}

static unsigned
resets(struct knob *k)
{
	for (uint16_t i = 1; i <= 10; i++)
		wire_inject(&k->k_w, 1, HTONS(i), HTONS(99), 1, 1, TH_ACK, 100, NULL, 0);
	return (k->k_rsts);
}

static unsigned
challenges(struct knob *k)
{
	const struct inpcb *inp;
	const struct tcpcb *tp;

	pair(k);
	inp = k->k_so[1]->so_pcb;
	tp = sototcpcb(k->k_so[1]);
	for (int i = 0; i < 50; i++)
		wire_inject(&k->k_w, 1, inp->inp_fport, inp->inp_lport, tp->rcv_nxt + 10,
		    tp->snd_nxt, TH_SYN, 100, NULL, 0);
	return (k->k_back);
}

/* Runs of data beyond holes that are kept. */
static unsigned
holes(struct knob *k)
{
	const struct inpcb *inp;
	const struct tcpcb *tp;

	pair(k);
	inp = k->k_so[1]->so_pcb;
	tp = sototcpcb(k->k_so[1]);
	for (uint32_t i = 1; i <= 10; i++)
		wire_inject(&k->k_w, 1, inp->inp_fport, inp->inp_lport, tp->rcv_nxt + 100 * i,
		    tp->snd_nxt, TH_ACK, 100, data, 10);
	return (tp->t_segqlen);
}

static unsigned
duplicate(struct knob *k)
{
	const struct inpcb *inp;
	const struct tcpcb *tp;

	pair(k);
	wire_carry(&k->k_w, k->k_so, 3000);
	inp = k->k_so[1]->so_pcb;
	tp = sototcpcb(k->k_so[1]);
	k->k_sacks = 0;
	wire_inject(&k->k_w, 1, inp->inp_fport, inp->inp_lport, tp->rcv_nxt - 1000, tp->snd_nxt,
	    TH_ACK, 100, data, 500);
	return (k->k_sacks);
}

static unsigned
longest(struct knob *k)
{
	pair(k);
	wire_carry(&k->k_w, k->k_so, 1000000);
	return (k->k_longest);
}

static void
bulk(struct knob *k)
{
	size_t n;
	int error;

	k->k_w.w_delay = 10 * MSEC;
	pair(k);
	for (int i = 0; i < 400; i++) {
		wire_send(&k->k_w, k->k_so[0], data, sizeof(data), 0);
		wire_run(&k->k_w, 2 * MSEC);
		do
			n = wire_recv(&k->k_w, k->k_so[1], data, sizeof(data), &error);
		while (n > 0);
	}
}

static unsigned
rcvbuf(struct knob *k)
{
	bulk(k);
	return (k->k_so[1]->so_rcv.sb_hiwat);
}

static unsigned
sndbuf(struct knob *k)
{
	bulk(k);
	return (k->k_so[0]->so_snd.sb_hiwat);
}

static unsigned
ecn_asked(struct knob *k)
{
	k->k_watch = TH_SYN | TH_ECE | TH_CWR;
	wire_pair(&k->k_w, k->k_so);
	return (k->k_sent);
}

/* Hosts remembered some minutes after a connection. */
static unsigned
remembered(struct knob *k)
{
	pair(k);
	wire_carry(&k->k_w, k->k_so, 300000);
	for (int i = 0; i < 2; i++) {
		soclose(k->k_so[i]);
		k->k_so[i] = NULL;
		wire_idle(&k->k_w);
	}
	wire_run(&k->k_w, 400 * SEC);
	return (wire_tcp(&k->k_w, 0)->tv_hc.hc_count);
}

/* Ms between probes of a closed window: the first two, and two late ones. */
static unsigned
probe_gap(struct knob *k, unsigned i)
{
	pair(k);
	wire_send(&k->k_w, k->k_so[0], data, sizeof(data), 0);
	wire_run(&k->k_w, 2 * SEC);
	k->k_watch = TH_ACK;
	k->k_sent = 0;
	wire_run(&k->k_w, 600 * SEC);
	assert_true(k->k_sent > i + 1);
	return ((unsigned)((k->k_times[i + 1] - k->k_times[i]) / MSEC));
}

static unsigned probe_first(struct knob *k) { return (probe_gap(k, 0)); }
static unsigned probe_late(struct knob *k) { return (probe_gap(k, 12)); }

#define KEEP	"keepidle=5000 keepintvl=1000 keepcnt=3"

static const struct row {
	unsigned	(*r_measure)(struct knob *);
	const char	*r_base;	/* set before, below net.inet.tcp */
	const char	*r_name, *r_value;
	unsigned	 r_min, r_max;
} rows[] = {
    {keepalive, KEEP, "net.inet.tcp.keepidle", "10000", 13, 13},
    {keepalive, KEEP, "net.inet.tcp.keepintvl", "4000", 17, 17},
    {keepalive, KEEP, "net.inet.tcp.keepcnt", "6", 11, 11},
    {keepalive, KEEP, "net.ipv4.tcp_keepalive_time", "20", 23, 23},
    {keepalive, KEEP, "net.ipv4.tcp_keepalive_intvl", "3", 14, 14},
    {keepalive, KEEP, "net.ipv4.tcp_keepalive_probes", "10", 15, 15},
    {probes_unasked, KEEP, "net.inet.tcp.always_keepalive", "0", 0, 0},
    {probes_unasked, KEEP, "net.inet.tcp.always_keepalive", "1", 10, 13},
    {handshake, "syn_retries=100", "net.inet.tcp.keepinit", "9000", 9, 9},
    {handshake, "", "net.inet.tcp.syn_retries", "1", 3, 3},
    {handshake, "", "net.ipv4.tcp_syn_retries", "3", 15, 15},
    {transmissions, "rack=0", "net.inet.tcp.retries", "3", 4, 4},
    {transmissions, "rack=0", "net.ipv4.tcp_retries2", "5", 6, 6},
    {orphans_transmissions, "rack=0", "net.inet.tcp.orphan_retries", "2", 3, 3},
    {orphans_transmissions, "rack=0", "net.ipv4.tcp_orphan_retries", "4", 5, 5},
    {finwait2, "", "net.inet.tcp.finwait2_timeout", "9000", 9, 9},
    {finwait2, "", "net.ipv4.tcp_fin_timeout", "17", 17, 17},
    {acknowledgment, "", "net.inet.tcp.delayed_ack", "0", 1, 2},
    {acknowledgment, "", "net.inet.tcp.delayed_ack", "1", 41, 42},
    {acknowledgment, "", "net.inet.tcp.delacktime", "100", 101, 102},
    {first_flight, "rack=0", "net.inet.tcp.initcwnd_segments", "4", 4, 4},
    {first_flight, "rack=0", "net.inet.tcp.initcwnd_segments", "20", 20, 20},
    {timewaits, "", "net.inet.tcp.maxtcptw", "0", 0, 0},
    {timewaits, "", "net.inet.tcp.maxtcptw", "1", 1, 1},
    {timewaits, "", "net.ipv4.tcp_max_tw_buckets", "0", 0, 0},
    {resets, "", "net.inet.tcp.rst_limit", "3", 3, 3},
    {resets, "", "net.inet.tcp.rst_limit", "0", 10, 10},
    {challenges, "", "net.inet.tcp.ack_war_cnt", "2", 1, 3},
    {challenges, "", "net.inet.tcp.ack_war_cnt", "0", 50, 50},
    {challenges, "", "net.ipv4.tcp_challenge_ack_limit", "4", 2, 6},
    {holes, "", "net.inet.tcp.reass.maxqueuelen", "3", 3, 3},
    {holes, "", "net.inet.tcp.reass.maxqueuelen", "100", 10, 10},
    {duplicate, "", "net.inet.tcp.dsack.enable", "1", 1, 1},
    {duplicate, "", "net.inet.tcp.dsack.enable", "0", 0, 0},
    {duplicate, "", "net.ipv4.tcp_dsack", "0", 0, 0},
    {duplicate, "", "net.ipv4.tcp_sack", "0", 0, 0},
    {longest, "", "net.inet.tcp.tso", "0", 1448, 1448},
    {longest, "", "net.inet.tcp.tso", "1", 2896, 65535},
    {rcvbuf, "", "net.inet.tcp.recvbuf_auto", "0", 131072, 131072},
    {rcvbuf, "", "net.inet.tcp.recvbuf_auto", "1", 200000, 4u << 20},
    {rcvbuf, "", "net.inet.tcp.recvbuf_max", "150000", 150000, 150000},
    {rcvbuf, "", "net.ipv4.tcp_moderate_rcvbuf", "0", 131072, 131072},
    {rcvbuf, "", "net.ipv4.tcp_rmem", "4096 50000 70000", 70000, 70000},
    {sndbuf, "", "net.inet.tcp.sendbuf_auto", "0", 131072, 131072},
    {sndbuf, "", "net.inet.tcp.sendbuf_auto", "1", 200000, 4u << 20},
    {sndbuf, "", "net.inet.tcp.sendbuf_max", "150000", 150000, 150000},
    {sndbuf, "", "net.ipv4.tcp_wmem", "4096 50000 70000", 70000, 70000},
    {ecn_asked, "", "net.inet.tcp.ecn.enable", "0", 0, 0},
    {ecn_asked, "", "net.inet.tcp.ecn.enable", "1", 1, 1},
    {ecn_asked, "", "net.inet.tcp.ecn.enable", "2", 0, 0},
    {ecn_asked, "", "net.ipv4.tcp_ecn", "1", 1, 1},
    {remembered, "hostcache.prune=10", "net.inet.tcp.hostcache.expire", "100", 0, 0},
    {remembered, "hostcache.prune=10", "net.inet.tcp.hostcache.expire", "1000", 1, 1},
    {remembered, "hostcache.expire=100", "net.inet.tcp.hostcache.prune", "2000", 1, 1},
    {remembered, "", "net.inet.tcp.hostcache.enable", "0", 0, 0},
    {remembered, "", "net.inet.tcp.hostcache.cachelimit", "0", 0, 0},
    {remembered, "", "net.ipv4.tcp_no_metrics_save", "1", 0, 0},
    {probe_first, "", "net.inet.tcp.persmin", "20000", 20000, 60000},
    {probe_late, "", "net.inet.tcp.persmax", "7000", 7000, 7010},
};

/* "a=1 b=2": on both sides. */
static void
set_base(struct knob *k, const char *base)
{
	char name[80], value[20];
	size_t n;

	while (*base != '\0') {
		strcpy(name, "net.inet.tcp.");
		n = strcspn(base, "=");
		memcpy(name + 13, base, n);
		name[13 + n] = '\0';
		base += n + 1;
		n = strcspn(base, " ");
		memcpy(value, base, n);
		value[n] = '\0';
		base += n + (base[n] == ' ');
		wire_sysctl(&k->k_w, 0, name, value);
		wire_sysctl(&k->k_w, 1, name, value);
	}
}

static void
effects(void **state)
{
	unsigned got, wrong = 0;
	struct knob k;

	(void)state;
	for (const struct row *r = rows; r < rows + NITEMS(rows); r++) {
		memset(&k, 0, sizeof(k));
		wire_init(&k.k_w, 3);
		k.k_w.w_filter = watch;
		k.k_w.w_arg = &k;
		set_base(&k, r->r_base);
		wire_sysctl(&k.k_w, 0, r->r_name, r->r_value);
		wire_sysctl(&k.k_w, 1, r->r_name, r->r_value);
		got = r->r_measure(&k);
		if (got < r->r_min || got > r->r_max) {
			print_message("%s=%s: %u, not %u to %u\n", r->r_name, r->r_value, got,
			    r->r_min, r->r_max);
			wrong++;
		}
		k.k_silent = false;
		for (int i = 0; i < 2; i++)
			if (k.k_so[i] != NULL)
				soclose(k.k_so[i]);
		wire_fini(&k.k_w);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effects),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
