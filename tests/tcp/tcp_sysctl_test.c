/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's knobs do what they say, under FreeBSD's names and under Linux's.  On the wire of wire.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"

/* What passed: options of the last SYN, segments with some flag, when. */
struct seen {
	struct tcp_opts	s_syn;
	uint16_t	s_synwin;
	unsigned	s_nsyn, s_nsynack, s_nrst, s_nacks;
	uint64_t	s_times[16];	/* of SYNs, SYN-ACKs or data to side 1 */
	unsigned	s_ntimes;
	uint16_t	s_watch;	/* flags of those */
	uint16_t	s_lose;		/* flags of what is lost on the way to side 1 */
};

static enum wire_verdict
watch(struct wire *w, struct wpkt *wp)
{
	struct seen *s = w->w_arg;
	uint16_t flags = th_flags(wp_th(wp));

	s->s_nsyn += (flags & (TH_SYN | TH_ACK)) == TH_SYN;
	s->s_nsynack += (flags & (TH_SYN | TH_ACK)) == (TH_SYN | TH_ACK);
	s->s_nrst += (flags & TH_RST) != 0;
	s->s_nacks += flags == TH_ACK && wp_dlen(wp) == 0;
	if (flags & TH_SYN) {
		wire_options(wp, &s->s_syn);
		s->s_synwin = NTOHS(wp_th(wp)->th_win);
	}
	if (flags == s->s_watch && s->s_ntimes < NITEMS(s->s_times))
		s->s_times[s->s_ntimes++] = vi_sim_now(w->w_host);
	return (s->s_lose != 0 && wp->wp_to == 1 && (flags & s->s_lose) != 0 ? WIRE_LOSE
									      : WIRE_PASS);
}

struct ctl {
	struct wire	t_w;
	struct seen	t_seen;
	struct socket	*t_so[2];
};

static void
ctl_init(struct ctl *t, const char *name, const char *value)
{
	memset(t, 0, sizeof(*t));
	wire_init(&t->t_w, 1);
	t->t_w.w_filter = watch;
	t->t_w.w_arg = &t->t_seen;
	if (name != NULL) {
		wire_sysctl(&t->t_w, 0, name, value);
		wire_sysctl(&t->t_w, 1, name, value);
	}
}

static void
ctl_pair(struct ctl *t, const char *name, const char *value)
{
	ctl_init(t, name, value);
	wire_pair(&t->t_w, t->t_so);
	wire_idle(&t->t_w);
}

static void
ctl_fini(struct ctl *t)
{
	for (int i = 0; i < 2; i++)
		if (t->t_so[i] != NULL)
			soclose(t->t_so[i]);
	wire_fini(&t->t_w);
}

/* Ms between the first and the second of what was watched. */
static unsigned
gap(const struct ctl *t)
{
	assert_true(t->t_seen.s_ntimes >= 2);
	return ((unsigned)((t->t_seen.s_times[1] - t->t_seen.s_times[0]) / MSEC));
}

static void
get(struct ctl *t, const char *name, char *buf, size_t len)
{
	assert_int_equal(vi_sysctl_get((struct vi_vnet *)(void *)t->t_w.w_vn[0], name, buf, len),
	    0);
}

/* Each of Linux's names, what is set there, and where it is seen. */
static void
linux_names(void **state)
{
	static const struct { const char *lx, *set, *bsd, *seen; } row[] = {
	    {"tcp_ecn", "2", "ecn.enable", "2"},
	    {"tcp_sack", "0", "sack.enable", "0"},
	    {"tcp_dsack", "0", "dsack.enable", "0"},
	    {"tcp_recovery", "0", "rack", "0"},
	    {"tcp_keepalive_probes", "3", "keepcnt", "3"},
	    {"tcp_keepalive_time", "60", "keepidle", "60000"},
	    {"tcp_keepalive_intvl", "10", "keepintvl", "10000"},
	    {"tcp_fin_timeout", "30", "finwait2_timeout", "30000"},
	    {"tcp_syn_retries", "2", "syn_retries", "2"},
	    {"tcp_synack_retries", "5", "syncache.rexmtlimit", "5"},
	    {"tcp_retries2", "15", "retries", "15"},
	    {"tcp_orphan_retries", "4", "orphan_retries", "4"},
	    {"tcp_max_orphans", "100", "max_orphans", "100"},
	    {"tcp_max_tw_buckets", "77", "maxtcptw", "77"},
	    {"tcp_tw_reuse", "2", "tw_reuse", "2"},
	    {"tcp_max_syn_backlog", "55", "syncache.cachelimit", "55"},
	    {"tcp_moderate_rcvbuf", "0", "recvbuf_auto", "0"},
	    {"tcp_challenge_ack_limit", "9", "ack_war_cnt", "9"},
	    {"tcp_base_mss", "1024", "pmtud_blackhole_mss", "1024"},
	    {"tcp_notsent_lowat", "16384", "notsent_lowat", "16384"},
	    {"tcp_syncookies", "2", "syncookies_only", "1"},
	    {"tcp_syncookies", "0", "syncookies", "0"},
	    {"tcp_mtu_probing", "2", "pmtud_probing", "2"},
	    {"tcp_mtu_probe_floor", "100", "pmtud_probe_floor", "100"},
	    {"tcp_probe_threshold", "20", "pmtud_probe_threshold", "20"},
	    {"tcp_probe_interval", "60", "pmtud_probe_interval", "60"},
	    {"tcp_no_metrics_save", "1", "hostcache.enable", "0"},
	    {"tcp_fastopen", "2", "fastopen.server_enable", "1"},
	    {"tcp_fastopen", "2", "fastopen.client_enable", "0"},
	    {"tcp_fastopen", "514", "fastopen.cookie_needless", "1"},
	    {"tcp_fastopen", "1026", "fastopen.every_listener", "1"},
	    {"tcp_timestamps", "0", "rfc1323", "2"},
	    {"tcp_window_scaling", "0", "rfc1323", "0"},
	    {"tcp_timestamps", "1", "rfc1323", "3"},
	    {"tcp_window_scaling", "1", "rfc1323", "1"},
	    {"tcp_rmem", "4096 50000 60000", "recvspace", "50000"},
	    {"tcp_wmem", "4096 50000 70000", "sendbuf_max", "70000"},
	    {"tcp_congestion_control", "newreno", "cc.algorithm", "newreno"},
	};
	char name[100], buf[100];
	struct ctl t;

	(void)state;
	ctl_init(&t, NULL, NULL);
	for (unsigned i = 0; i < NITEMS(row); i++) {
		strcpy(name, "net.ipv4.");
		strcat(name, row[i].lx);
		wire_sysctl(&t.t_w, 0, name, row[i].set);
		get(&t, name, buf, sizeof(buf));
		if (strchr(row[i].set, ' ') == NULL)
			assert_string_equal(buf, row[i].set);
		strcpy(name, "net.inet.tcp.");
		strcat(name, row[i].bsd);
		get(&t, name, buf, sizeof(buf));
		assert_string_equal(buf, row[i].seen);
	}
	ctl_fini(&t);
}

static void
linux_names_refuse(void **state)
{
	static const char *const row[][2] = {{"tcp_fastopen", "-1"}, {"tcp_syncookies", "3"},
	    {"tcp_fastopen_key", "1-2-3"}, {"tcp_fastopen_key", "1-2-3-4x"}, {"tcp_fastopen_key", "1-2-3-4,"},
	    {"tcp_keepalive_time", "0"}, {"tcp_rmem", "1 2"}, {"tcp_rmem", "8192 50000 60000"},
	    {"tcp_rmem", "4096 60000 50000"}, {"tcp_timestamps", "x"}};
	struct vi_cred cred = { .cr_priv = true };
	char name[100];
	struct ctl t;

	(void)state;
	ctl_init(&t, NULL, NULL);
	for (unsigned i = 0; i < NITEMS(row); i++) {
		strcpy(name, "net.ipv4.");
		strcat(name, row[i][0]);
		assert_int_equal(vi_sysctl_set((struct vi_vnet *)(void *)t.t_w.w_vn[0], name,
				     row[i][1], &cred), EINVAL);
	}
	ctl_fini(&t);
}

/* What a SYN and its answer offer. */
static void
syn_options(void **state)
{
	static const struct { const char *name, *value; uint32_t has, hasnot; } row[] = {
	    {"net.inet.tcp.rfc1323", "0", TOF_MSS | TOF_SACKPERM, TOF_TS | TOF_SCALE},
	    {"net.inet.tcp.rfc1323", "1", TOF_TS | TOF_SCALE, 0},
	    {"net.inet.tcp.rfc1323", "2", TOF_SCALE, TOF_TS},
	    {"net.inet.tcp.rfc1323", "3", TOF_TS, TOF_SCALE},
	    {"net.ipv4.tcp_timestamps", "0", TOF_SCALE, TOF_TS},
	    {"net.inet.tcp.sack.enable", "0", TOF_TS, TOF_SACKPERM},
	};
	struct tcpcb *tp;
	struct ctl t;

	(void)state;
	for (unsigned i = 0; i < NITEMS(row); i++) {
		ctl_pair(&t, row[i].name, row[i].value);
		assert_int_equal(t.t_seen.s_syn.to_flags & row[i].has, row[i].has);
		assert_int_equal(t.t_seen.s_syn.to_flags & row[i].hasnot, 0);
		tp = sototcpcb(t.t_so[1]);
		assert_int_equal((tp->t_flags & TF_RCVD_TSTMP) != 0,
		    (t.t_seen.s_syn.to_flags & TOF_TS) != 0);
		assert_int_equal((tp->t_flags & TF_RCVD_SCALE) != 0,
		    (t.t_seen.s_syn.to_flags & TOF_SCALE) != 0);
		assert_int_equal((tp->t_flags & TF_SACK_PERMIT) != 0,
		    (t.t_seen.s_syn.to_flags & TOF_SACKPERM) != 0);
		wire_carry(&t.t_w, t.t_so, 100000);
		ctl_fini(&t);
	}
}

static void
buffers(void **state)
{
	struct ctl t;

	(void)state;
	ctl_pair(&t, "net.inet.tcp.recvspace", "20000");
	assert_int_equal(t.t_so[0]->so_rcv.sb_hiwat, 20000);
	assert_int_equal(t.t_seen.s_synwin, 20000);
	ctl_fini(&t);
	ctl_pair(&t, "net.ipv4.tcp_rmem", "4096 30000 40000");
	assert_int_equal(t.t_seen.s_synwin, 30000);
	ctl_fini(&t);
	ctl_pair(&t, "net.inet.tcp.sendspace", "20000");
	assert_int_equal(t.t_so[0]->so_snd.sb_hiwat, 20000);
	ctl_fini(&t);
}

static void
blackhole(void **state)
{
	struct socket *so;
	struct ctl t;

	(void)state;
	for (int level = 0; level <= 2; level++) {
		ctl_init(&t, "net.inet.tcp.blackhole", level == 0 ? "0" : level == 1 ? "1" : "2");
		so = wire_socket(&t.t_w, 0);
		assert_int_equal(wire_connect(&t.t_w, so, 1, 99),
		    level == 0 ? ECONNREFUSED : ETIMEDOUT);
		assert_int_equal(t.t_seen.s_nrst, level == 0);
		wire_inject(&t.t_w, 1, HTONS(5), HTONS(99), 1, 1, TH_ACK, 100, NULL, 0);
		assert_int_equal(t.t_seen.s_nrst, level == 0 ? 2 : level == 1);
		soclose(so);
		ctl_fini(&t);
	}
}

static void
drop_synfin(void **state)
{
	struct socket *ls;
	struct ctl t;

	(void)state;
	for (int on = 0; on < 2; on++) {
		ctl_init(&t, "net.inet.tcp.drop_synfin", on ? "1" : "0");
		ls = wire_listen(&t.t_w, 1, 80, 4);
		wire_inject(&t.t_w, 1, HTONS(5), HTONS(80), 1, 0, TH_SYN | TH_FIN, 100, NULL, 0);
		assert_int_equal(t.t_seen.s_nsynack, !on);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_rcvsynfin, on);
		soclose(ls);
		ctl_fini(&t);
	}
}

/* RFC 5961's strictness, and without it. */
static void
insecure(void **state)
{
	static const char *const name[] = {"net.inet.tcp.insecure_rst", "net.inet.tcp.insecure_syn"};
	struct inpcb *inp;
	struct tcpcb *tp;
	struct ctl t;

	(void)state;
	for (int i = 0; i < 4; i++) {
		ctl_pair(&t, name[i / 2], i % 2 ? "1" : "0");
		inp = t.t_so[0]->so_pcb;
		tp = sototcpcb(t.t_so[0]);
		wire_inject(&t.t_w, 0, inp->inp_fport, inp->inp_lport, tp->rcv_nxt + 10,
		    tp->snd_nxt, i / 2 ? TH_SYN : TH_RST, 100, NULL, 0);
		assert_int_equal(tp->t_state, i % 2 ? TCPS_CLOSED : TCPS_ESTABLISHED);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_challenge_acks, !(i % 2));
		ctl_fini(&t);
	}
}

static void
icmp_may_rst(void **state)
{
	struct vi_sockaddr sa;
	struct ctl t;

	(void)state;
	for (int on = 0; on < 2; on++) {
		ctl_init(&t, "net.inet.tcp.icmp_may_rst", on ? "1" : "0");
		t.t_seen.s_lose = TH_SYN;
		t.t_so[0] = wire_socket(&t.t_w, 0);
		wire_addr(1, 80, &sa);
		wire_now(&t.t_w);
		assert_int_equal(soconnect(t.t_so[0], &sa), EINPROGRESS);
		wire_ctl(&t.t_w, 0, t.t_so[0]->so_pcb, INET_CTL_UNREACH_PORT, 0, sototcpcb(t.t_so[0])->iss);
		assert_int_equal(sototcpcb(t.t_so[0])->t_state,
		    on ? TCPS_CLOSED : TCPS_SYN_SENT);
		ctl_fini(&t);
	}
}

static void
missing_timestamps(void **state)
{
	struct inpcb *inp;
	struct tcpcb *tp;
	struct ctl t;

	(void)state;
	for (int on = 0; on < 2; on++) {
		ctl_pair(&t, "net.inet.tcp.tolerate_missing_ts", on ? "1" : "0");
		inp = t.t_so[0]->so_pcb;
		tp = sototcpcb(t.t_so[0]);
		wire_inject(&t.t_w, 0, inp->inp_fport, inp->inp_lport, tp->rcv_nxt, tp->snd_nxt,
		    TH_ACK, 100, "data", 4);
		assert_int_equal(t.t_so[0]->so_rcv.sb_cc, on ? 4 : 0);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_rcvmissingts, !on);
		if (!on)
			wire_carry(&t.t_w, t.t_so, 10000);
		ctl_fini(&t);
	}
}

/* What the options of the first and of the last SYN are, and whether the connection goes without them. */
static void
drop_options(void **state)
{
	struct vi_sockaddr sa;
	struct socket *ls;
	struct ctl t;

	(void)state;
	for (int on = 0; on < 2; on++) {
		ctl_init(&t, "net.inet.tcp.rexmit_drop_options", on ? "1" : "0");
		ls = wire_listen(&t.t_w, 1, 80, 1);
		t.t_seen.s_lose = TH_SYN;
		t.t_so[0] = wire_socket(&t.t_w, 0);
		wire_addr(1, 80, &sa);
		wire_now(&t.t_w);
		soconnect(t.t_so[0], &sa);
		wire_run(&t.t_w, 4 * SEC);
		assert_int_equal(t.t_seen.s_nsyn, 3);
		assert_true((t.t_seen.s_syn.to_flags & (TOF_SCALE | TOF_TS | TOF_SACKPERM)) == (TOF_SCALE | TOF_TS | TOF_SACKPERM));
		t.t_seen.s_lose = 0;
		wire_run(&t.t_w, 10 * SEC);
		t.t_so[1] = wire_accept(&t.t_w, ls);
		assert_int_equal(sototcpcb(t.t_so[0])->t_state, TCPS_ESTABLISHED);
		assert_int_equal((sototcpcb(t.t_so[1])->t_flags & TF_SACK_PERMIT) != 0, !on);
		assert_int_equal((sototcpcb(t.t_so[0])->t_flags & TF_RCVD_SCALE) != 0, !on);
		wire_carry(&t.t_w, t.t_so, 200000);
		soclose(ls);
		ctl_fini(&t);
	}
}

/* Lowered while the SYN-ACK is on its way: no round trip of a minute. */
static void
lowered_in_handshake(void **state)
{
	struct socket *ls;
	struct ctl t;

	(void)state;
	ctl_init(&t, "net.inet.tcp.rexmit_initial", "1000");
	wire_sysctl(&t.t_w, 1, "net.inet.tcp.rexmit_initial", "60000");
	ls = wire_listen(&t.t_w, 1, 80, 5);
	t.t_seen.s_lose = TH_ACK;
	t.t_so[0] = wire_socket(&t.t_w, 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 80), 0);
	wire_sysctl(&t.t_w, 1, "net.inet.tcp.rexmit_initial", "10");
	t.t_seen.s_lose = 0;
	wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
	wire_run(&t.t_w, 100 * MSEC);
	t.t_so[1] = wire_accept(&t.t_w, ls);
	assert_int_equal(t.t_so[1]->so_rcv.sb_cc, 1);
	assert_in_range(sototcpcb(t.t_so[1])->t_srtt >> 3, 0, 1000000);
	soclose(ls);
	ctl_fini(&t);
}

static void
times(void **state)
{
	struct vi_sockaddr sa;
	struct ctl t;

	(void)state;
	/* The first SYN again. */
	ctl_init(&t, "net.inet.tcp.rexmit_initial", "300");
	t.t_seen.s_lose = t.t_seen.s_watch = TH_SYN;
	t.t_so[0] = wire_socket(&t.t_w, 0);
	wire_addr(1, 80, &sa);
	wire_now(&t.t_w);
	soconnect(t.t_so[0], &sa);
	wire_run(&t.t_w, 5 * SEC);
	assert_int_equal(gap(&t), 300);
	ctl_fini(&t);
	/* With some more. */
	ctl_init(&t, "net.inet.tcp.rexmit_slop", "250");
	t.t_seen.s_lose = t.t_seen.s_watch = TH_SYN;
	t.t_so[0] = wire_socket(&t.t_w, 0);
	soconnect(t.t_so[0], &sa);
	wire_run(&t.t_w, 5 * SEC);
	assert_int_equal(gap(&t), 1000);
	assert_int_equal((t.t_seen.s_times[2] - t.t_seen.s_times[1]) / MSEC, 2250);
	ctl_fini(&t);
	/* Attempts. */
	ctl_init(&t, "net.ipv4.tcp_syn_retries", "2");
	t.t_seen.s_lose = TH_SYN;
	t.t_so[0] = wire_socket(&t.t_w, 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 80), ETIMEDOUT);
	assert_int_equal(t.t_seen.s_nsyn, 3);
	ctl_fini(&t);
	/* Data again, not sooner than so; and never later. */
	for (int i = 0; i < 2; i++) {
		ctl_pair(&t, i ? "net.inet.tcp.rexmit_max" : "net.inet.tcp.rexmit_min",
		    i ? "1000" : "3000");
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.rack", "0");
		t.t_seen.s_lose = TH_PUSH;
		t.t_seen.s_watch = TH_PUSH | TH_ACK;
		wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
		wire_run(&t.t_w, 20 * SEC);
		if (i == 0)
			assert_in_range(gap(&t), 3000, 3010);
		else
			assert_int_equal((t.t_seen.s_times[7] - t.t_seen.s_times[6]) / SEC, 1);
		ctl_fini(&t);
	}
	/* The delayed ACK. */
	ctl_pair(&t, "net.inet.tcp.delacktime", "200");
	wire_carry(&t.t_w, t.t_so, 3000);
	wire_run(&t.t_w, SEC);
	t.t_seen.s_nacks = 0;
	wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
	wire_run(&t.t_w, 150 * MSEC);
	assert_int_equal(t.t_seen.s_nacks, 0);
	wire_run(&t.t_w, 100 * MSEC);
	assert_int_equal(t.t_seen.s_nacks, 1);
	ctl_fini(&t);
	/* TIME_WAIT. */
	ctl_pair(&t, "net.inet.tcp.msl", "1000");
	soclose(t.t_so[0]);
	wire_idle(&t.t_w);
	soclose(t.t_so[1]);
	t.t_so[0] = t.t_so[1] = NULL;
	wire_run(&t.t_w, 1900 * MSEC);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_timewait.tw_ring.tr_count, 1);
	wire_run(&t.t_w, 200 * MSEC);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_timewait.tw_ring.tr_count, 0);
	ctl_fini(&t);
}

static void
syncache(void **state)
{
	struct socket *ls;
	struct ctl t;

	(void)state;
	/* Retransmissions of the SYN-ACK. */
	ctl_init(&t, "net.ipv4.tcp_synack_retries", "1");
	ls = wire_listen(&t.t_w, 1, 80, 4);
	t.t_w.w_loss = 1000000;
	wire_inject(&t.t_w, 1, HTONS(5), HTONS(80), 1, 0, TH_SYN, 100, NULL, 0);
	t.t_seen.s_nsynack = 0;
	wire_tcp(&t.t_w, 0)->tv_blackhole = 2;
	wire_run(&t.t_w, 60 * SEC);
	assert_int_equal(t.t_seen.s_nsynack, 1);
	soclose(ls);
	ctl_fini(&t);
	/* Entries; the oldest goes without cookies. */
	ctl_init(&t, "net.inet.tcp.syncache.cachelimit", "2");
	wire_sysctl(&t.t_w, 1, "net.inet.tcp.syncookies", "0");
	wire_tcp(&t.t_w, 0)->tv_blackhole = 2;
	ls = wire_listen(&t.t_w, 1, 80, 4);
	for (uint16_t i = 1; i <= 5; i++)
		wire_inject(&t.t_w, 1, HTONS(i), HTONS(80), 1, 0, TH_SYN, 100, NULL, 0);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_syncache.sc_tab.ft_count, 2);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_sc_overflow, 3);
	wire_sysctl(&t.t_w, 1, "net.ipv4.tcp_syncookies", "1");
	wire_inject(&t.t_w, 1, HTONS(9), HTONS(80), 1, 0, TH_SYN, 100, NULL, 0);
	assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_sc_sendcookie, 1);
	soclose(ls);
	ctl_fini(&t);
}

/* Chains: how many, and how much each holds. */
static void
syncache_chains(void **state)
{
	const struct tcp_vnet *tv;
	struct socket *ls;
	struct ctl t;

	(void)state;
	for (int cookies = 0; cookies < 2; cookies++) {
		ctl_init(&t, "net.inet.tcp.syncookies", cookies ? "1" : "0");
		tv = wire_tcp(&t.t_w, 1);
		wire_tcp(&t.t_w, 0)->tv_blackhole = 2;
		ls = wire_listen(&t.t_w, 1, 80, 4);
		for (uint16_t i = 1; i <= 100; i++)
			wire_inject(&t.t_w, 1, HTONS(i), HTONS(80), 1, 0, TH_SYN, 100, NULL, 0);
		assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 100);
		assert_true(tv->tv_syncache.sc_tab.ft_size > 2);
		/* All into two chains, which may not hold more. */
		wire_sysctl(&t.t_w, 1, "net.inet.tcp.syncache.hashsize", "2");
		assert_int_equal(tv->tv_syncache.sc_tab.ft_size, 2);
		wire_sysctl(&t.t_w, 1, "net.inet.tcp.syncache.bucketlimit", "20");
		for (uint16_t i = 101; i <= 200; i++)
			wire_inject(&t.t_w, 1, HTONS(i), HTONS(80), 1, 0, TH_SYN, 100, NULL, 0);
		assert_int_equal(tv->tv_syncache.sc_tab.ft_size, 2);
		assert_int_equal(tv->tv_syncache.sc_tab.ft_count, cookies ? 100 : 40);
		assert_int_equal(tv->tv_stat.tcps_sc_sendcookie, cookies ? 100 : 0);
		assert_int_equal(tv->tv_stat.tcps_sc_bucketoverflow, cookies ? 100 : 160);
		soclose(ls);
		ctl_fini(&t);
	}
}

/* What a cookie can agree on rides in the timestamp; without one, nothing. */
static void
cookie_options(void **state)
{
	const struct tcpcb *tp;
	struct ctl t;

	(void)state;
	for (int i = 0; i < 8; i++) {
		const bool ts = (i & 1) != 0, ecn = (i & 2) != 0, sack = (i & 4) != 0;

		ctl_init(&t, "net.inet.tcp.syncookies_only", "1");
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.rfc1323", ts ? "1" : "2");
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.ecn.enable", ecn ? "1" : "0");
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.sack.enable", sack ? "1" : "0");
		wire_pair(&t.t_w, t.t_so);
		wire_idle(&t.t_w);
		assert_int_equal(wire_tcp(&t.t_w, 1)->tv_stat.tcps_sc_recvcookie, 1);
		for (int side = 0; side < 2; side++) {
			tp = sototcpcb(t.t_so[side]);
			assert_int_equal((tp->t_ecn & TE_PERMIT) != 0, ts && ecn);
			assert_int_equal((tp->t_flags & TF_SACK_PERMIT) != 0, ts && sack);
			assert_int_equal((tp->t_flags & TF_RCVD_SCALE) != 0, ts);
		}
		wire_carry(&t.t_w, t.t_so, 300000);
		ctl_fini(&t);
	}
}

/* A pair in TIME_WAIT for a connection of ours: when, and as which system. */
static void
tw_reuse(void **state)
{
	static const struct { const char *persona, *reuse; int error, later; } row[] = {
	    {"freebsd", "0", EADDRNOTAVAIL, EADDRNOTAVAIL}, {"freebsd", "1", 0, 0},
	    {"freebsd", "2", EADDRNOTAVAIL, EADDRNOTAVAIL}, {"linux", NULL, EADDRNOTAVAIL, EADDRNOTAVAIL},
	    {"linux", "1", EADDRNOTAVAIL, 0},
	};
	struct vi_sockaddr sa;
	struct socket *ls;
	struct ctl t;

	(void)state;
	for (unsigned i = 0; i < 2 * NITEMS(row); i++) {
		const bool later = i >= NITEMS(row);
		const unsigned r = i % NITEMS(row);

		ctl_init(&t, "net.inet.tcp.persona", row[r].persona);
		if (row[r].reuse != NULL)
			wire_sysctl(&t.t_w, 0, "net.ipv4.tcp_tw_reuse", row[r].reuse);
		ls = wire_listen(&t.t_w, 1, 80, 4);
		wire_addr(0, 4000, &sa);
		t.t_so[0] = wire_socket(&t.t_w, 0);
		wire_setint(t.t_so[0], VI_SO_REUSEADDR, 1);
		assert_int_equal(sobind(t.t_so[0], &sa), 0);
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 80), 0);
		t.t_so[1] = wire_accept(&t.t_w, ls);
		soclose(t.t_so[0]);
		wire_idle(&t.t_w);
		soclose(t.t_so[1]);
		wire_run(&t.t_w, (later ? 1500 : 100) * MSEC);
		t.t_so[0] = wire_socket(&t.t_w, 0);
		t.t_so[1] = NULL;
		wire_setint(t.t_so[0], VI_SO_REUSEADDR, 1);
		assert_int_equal(sobind(t.t_so[0], &sa), 0);
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 80), later ? row[r].later : row[r].error);
		soclose(ls);
		ctl_fini(&t);
	}
}

/* The kinds of the options of the last SYN to side 1, and its window. */
static enum wire_verdict
fingerprint(struct wire *w, struct wpkt *wp)
{
	uint8_t *kinds = w->w_arg;
	const uint8_t *o = wp->wp_data + TCP_MINHLEN, *end = wp->wp_data + th_hlen(wp_th(wp));

	if ((th_flags(wp_th(wp)) & TH_SYN) == 0)
		return (WIRE_PASS);
	memcpy(kinds, &wp_th(wp)->th_win, 2);
	for (kinds += 2; o < end; o += *o <= 1 ? 1 : o[1])
		*kinds++ = *o;
	*kinds = 99;
	return (WIRE_PASS);
}

static void
persona(void **state)
{
	static const uint8_t bsd[] = {0xff, 0xff, 2, 1, 3, 4, 8, 99},
			     lx[] = {64240 >> 8, 64240 & 0xff, 2, 4, 8, 1, 3, 99};
	uint8_t seen[60];
	char buf[20];
	struct ctl t;

	(void)state;
	for (int on = 0; on < 2; on++) {
		ctl_init(&t, "net.inet.tcp.persona", on ? "linux" : "freebsd");
		t.t_w.w_filter = fingerprint;
		t.t_w.w_arg = seen;
		/* SYN and SYN-ACK alike. */
		wire_sysctl(&t.t_w, 0, "net.inet.tcp.syn_retries", "1");
		t.t_so[0] = wire_socket(&t.t_w, 0);
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 80), ECONNREFUSED);
		assert_memory_equal(seen, on ? lx : bsd, sizeof(lx));
		soclose(t.t_so[0]);
		wire_pair(&t.t_w, t.t_so);
		assert_memory_equal(seen, on ? lx : bsd, sizeof(lx));
		get(&t, "net.inet.tcp.keepcnt", buf, sizeof(buf));
		assert_string_equal(buf, on ? "9" : "8");
		get(&t, "net.inet.tcp.retries", buf, sizeof(buf));
		assert_string_equal(buf, on ? "15" : "12");
		get(&t, "net.ipv4.tcp_rmem", buf, sizeof(buf));
		assert_string_equal(buf, on ? "4096\t131072\t6291456" : "4096\t65536\t2097152");
		get(&t, "net.ipv4.tcp_wmem", buf, sizeof(buf));
		assert_string_equal(buf, on ? "4096\t16384\t4194304" : "4096\t32768\t2097152");
		assert_int_equal(sototcpcb(t.t_so[0])->rcv_scale, on ? 7 : 6);
		/* Linux acknowledges the first segments of a one-way flow at once. */
		wire_idle(&t.t_w);
		memset(&t.t_seen, 0, sizeof(t.t_seen));
		t.t_w.w_filter = watch;
		t.t_w.w_arg = &t.t_seen;
		wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
		wire_run(&t.t_w, 10 * MSEC);
		assert_int_equal(t.t_seen.s_nacks, on);
		wire_carry(&t.t_w, t.t_so, 100000);
		wire_run(&t.t_w, SEC);
		t.t_seen.s_nacks = 0;
		wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
		wire_run(&t.t_w, 10 * MSEC);
		assert_int_equal(t.t_seen.s_nacks, 0);
		ctl_fini(&t);
	}
}

/*
 * One side closes: FreeBSD acknowledges its FIN at once; Linux when a delayed ACK is due, 40 ms after data,
 * or, where there was none, with the next tick of its clock, unless the other side's FIN tells it before.
 */
static void
persona_fin(void **state)
{
	static const struct { unsigned before, with, due; bool closes; } row[] = {
		{ 0, 0, 4, false }, { 100, 0, 40, false }, { 0, 100, 40, false }, { 100, 100, 40, true }, { 0, 0, 4, true },
	};
	struct ctl t;

	(void)state;
	for (unsigned i = 0; i < 2 * NITEMS(row); i++) {
		const unsigned r = i / 2;
		const bool on = i % 2 != 0;
		uint8_t data[256] = { 0 };
		int error;

		ctl_pair(&t, "net.inet.tcp.persona", on ? "linux" : "freebsd");
		if (row[r].before != 0)
			wire_send(&t.t_w, t.t_so[0], data, row[r].before, 0);
		wire_run(&t.t_w, SEC);
		if (row[r].with != 0) {
			wire_setint(t.t_so[0], VI_TCP_CORK, 1);
			wire_send(&t.t_w, t.t_so[0], data, row[r].with, 0);
		}
		t.t_seen.s_nacks = 0;
		assert_int_equal(soshutdown(t.t_so[0], VI_SHUT_WR), 0);
		wire_run(&t.t_w, row[r].due * MSEC - MSEC);
		assert_int_equal(t.t_seen.s_nacks, !on);
		assert_int_equal(sototcpcb(t.t_so[1])->t_state, TCPS_CLOSE_WAIT);
		assert_int_equal(sototcpcb(t.t_so[0])->t_state, on ? TCPS_FIN_WAIT_1 : TCPS_FIN_WAIT_2);
		if (row[r].closes) {
			wire_recv(&t.t_w, t.t_so[1], data, sizeof(data), &error);
			wire_now(&t.t_w);
			soclose(t.t_so[1]);
			t.t_so[1] = NULL;
		}
		wire_run(&t.t_w, 2 * MSEC);
		/* Of who closed second, too: the last ACK. */
		assert_int_equal(t.t_seen.s_nacks, row[r].closes && !on ? 2 : 1);
		ctl_fini(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_names),
		cmocka_unit_test(linux_names_refuse),
		cmocka_unit_test(syn_options),
		cmocka_unit_test(buffers),
		cmocka_unit_test(blackhole),
		cmocka_unit_test(drop_synfin),
		cmocka_unit_test(insecure),
		cmocka_unit_test(icmp_may_rst),
		cmocka_unit_test(missing_timestamps),
		cmocka_unit_test(drop_options),
		cmocka_unit_test(lowered_in_handshake),
		cmocka_unit_test(times),
		cmocka_unit_test(syncache),
		cmocka_unit_test(syncache_chains),
		cmocka_unit_test(cookie_options),
		cmocka_unit_test(tw_reuse),
		cmocka_unit_test(persona),
		cmocka_unit_test(persona_fin),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
