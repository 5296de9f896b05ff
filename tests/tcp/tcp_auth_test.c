/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed segments: TCP-MD5 (RFC 2385) and TCP-AO (RFC 5925, 5926), on the wire of wire.h, and the
 * packets of RFC 9235.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "kern/crypto.h"
#include "wire.h"

static void
makekey(struct vi_tcp_authkey *tk, int peer, int alg, int sndid, int rcvid, const char *key)
{
	memset(tk, 0, sizeof(*tk));
	wire_addr(peer, 0, &tk->tk_addr);
	tk->tk_prefix = 32;
	tk->tk_alg = (uint8_t)alg;
	tk->tk_sndid = (uint8_t)sndid;
	tk->tk_rcvid = (uint8_t)rcvid;
	tk->tk_len = (uint16_t)strlen(key);
	memcpy(tk->tk_key, key, strlen(key));
}

static int
trykey(struct socket *so, const struct vi_tcp_authkey *tk)
{
	return (sosetopt(so, VI_TCP_AUTHKEY, tk, sizeof(*tk)));
}

static void
setkey(struct socket *so, int peer, int alg, int sndid, int rcvid, const char *key)
{
	struct vi_tcp_authkey tk;

	makekey(&tk, peer, alg, sndid, rcvid, key);
	assert_int_equal(trykey(so, &tk), 0);
}

static int
setinfo(struct socket *so, unsigned flags, int current, int rnext)
{
	struct vi_tcp_authinfo ai = { .ai_flags = flags, .ai_current = (uint8_t)current, .ai_rnext = (uint8_t)rnext };

	return (sosetopt(so, VI_TCP_AUTHINFO, &ai, sizeof(ai)));
}

static struct vi_tcp_authinfo
getinfo(struct socket *so)
{
	struct vi_tcp_authinfo ai;
	size_t len = sizeof(ai);

	assert_int_equal(sogetopt(so, VI_TCP_AUTHINFO, &ai, &len), 0);
	return (ai);
}

struct auth {
	struct wire	t_w;
	struct socket	*t_ls, *t_so[2];
};

static void
auth_init(struct auth *t, int alg, const char *mykey, const char *herkey)
{
	memset(t, 0, sizeof(*t));
	wire_init(&t->t_w, 1);
	t->t_w.w_cut = true;
	t->t_ls = wire_listen(&t->t_w, 1, 179, 4);
	t->t_so[0] = wire_socket(&t->t_w, 0);
	if (herkey != NULL)
		setkey(t->t_ls, 0, alg, 2, 1, herkey);
	if (mykey != NULL)
		setkey(t->t_so[0], 1, alg, 1, 2, mykey);
}

static void
auth_fini(struct auth *t)
{
	for (int i = 0; i < 2; i++)
		if (t->t_so[i] != NULL)
			soclose(t->t_so[i]);
	soclose(t->t_ls);
	wire_run(&t->t_w, 5 * SEC);
	wire_fini(&t->t_w);
}

static uint64_t
good(struct auth *t, int side)
{
	return (wire_tcp(&t->t_w, side)->tv_stat.tcps_sig_rcvgoodsig);
}

static enum wire_verdict
all_signed(struct wire *w, struct wpkt *wp)
{
	struct tcp_opts to;

	(void)w;
	wire_options(wp, &to);
	assert_true(to.to_flags & (TOF_SIGNATURE | TOF_AO));
	return (WIRE_PASS);
}

/* A connection from beginning to end, losses and all: every segment is signed, and good. */
static void
whole_connection(int alg)
{
	struct tcp_vnet *tv;
	struct auth t;

	auth_init(&t, alg, "a secret", "a secret");
	t.t_w.w_filter = all_signed;
	t.t_w.w_loss = 20000;
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(sototcpcb(t.t_so[0])->t_maxseg,
	    1448 - (alg == VI_TCP_AUTH_MD5 ? 20 : 16));
	assert_int_equal(sototcpcb(t.t_so[0])->t_maxsuper, sototcpcb(t.t_so[0])->t_maxseg);
	wire_carry(&t.t_w, t.t_so, 300000);
	wire_carry(&t.t_w, (struct socket *[]){ t.t_so[1], t.t_so[0] }, 100000);
	t.t_w.w_loss = 0;
	wire_run(&t.t_w, 5 * SEC);
	soshutdown(t.t_so[0], VI_SHUT_WR);
	wire_run(&t.t_w, SEC);
	soclose(t.t_so[1]);
	t.t_so[1] = NULL;
	wire_run(&t.t_w, SEC);
	assert_int_equal(wire_tcp(&t.t_w, 0)->tv_timewait.tw_ring.tr_count, 1);
	for (int i = 0; i < 2; i++) {
		tv = wire_tcp(&t.t_w, i);
		assert_true(tv->tv_stat.tcps_sig_rcvgoodsig > 100);
		assert_int_equal(tv->tv_stat.tcps_sig_rcvbadsig, 0);
		assert_int_equal(tv->tv_stat.tcps_sig_err_nosigopt, 0);
	}
	auth_fini(&t);
}

static void
md5_connection(void **state)
{
	(void)state;
	whole_connection(VI_TCP_AUTH_MD5);
}

static void
ao_sha1_connection(void **state)
{
	(void)state;
	whole_connection(VI_TCP_AUTH_HMAC_SHA1);
}

static void
ao_cmac_connection(void **state)
{
	(void)state;
	whole_connection(VI_TCP_AUTH_AES128_CMAC);
}

/* Without the right key nothing happens, and each reason is counted. */
static void
wrong_keys(void **state)
{
	static const struct { const char *mine, *hers; int alg; } row[] = {
	    {"a secret", "another", VI_TCP_AUTH_MD5},
	    {"a secret", "another", VI_TCP_AUTH_HMAC_SHA1},
	    {"a secret", "another", VI_TCP_AUTH_AES128_CMAC},
	    {NULL, "a secret", VI_TCP_AUTH_MD5},
	    {NULL, "a secret", VI_TCP_AUTH_HMAC_SHA1},
	    {"a secret", NULL, VI_TCP_AUTH_MD5},
	    {"a secret", NULL, VI_TCP_AUTH_HMAC_SHA1},
	};
	const struct tcpstat *st;
	struct auth t;

	(void)state;
	for (unsigned i = 0; i < NITEMS(row); i++) {
		auth_init(&t, row[i].alg, row[i].mine, row[i].hers);
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), ETIMEDOUT);
		st = &wire_tcp(&t.t_w, 1)->tv_stat;
		assert_true(st->tcps_sig_rcvbadsig + st->tcps_sig_err_nosigopt +
				st->tcps_sig_err_sigopt >= 7);
		assert_int_equal(st->tcps_sig_rcvbadsig > 0, row[i].mine && row[i].hers);
		assert_int_equal(st->tcps_sig_err_nosigopt > 0, row[i].mine == NULL);
		assert_int_equal(st->tcps_sig_err_sigopt > 0, row[i].hers == NULL);
		assert_int_equal(st->tcps_sc_added, 0);
		auth_fini(&t);
	}
}

/* Forged segments, an RST at RCV.NXT among them, do nothing; changed ones neither. */
static void
forgery(void **state)
{
	struct inpcb *inp;
	struct tcpcb *tp;
	struct auth t;

	(void)state;
	for (int alg = VI_TCP_AUTH_MD5; alg <= VI_TCP_AUTH_AES128_CMAC; alg++) {
		auth_init(&t, alg, "0123456789abcdef", "0123456789abcdef");
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
		t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
		wire_idle(&t.t_w);
		inp = t.t_so[0]->so_pcb;
		tp = sototcpcb(t.t_so[0]);
		wire_inject(&t.t_w, 0, inp->inp_fport, inp->inp_lport, tp->rcv_nxt, tp->snd_nxt,
		    TH_RST | TH_ACK, 1000, NULL, 0);
		wire_inject(&t.t_w, 0, inp->inp_fport, inp->inp_lport, tp->rcv_nxt, tp->snd_nxt,
		    TH_ACK, 1000, "evil", 4);
		assert_int_equal(tp->t_state, TCPS_ESTABLISHED);
		assert_int_equal(t.t_so[0]->so_rcv.sb_cc, 0);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_sig_err_nosigopt, 2);
		/* Bits that flip on the way and escape the checksum. */
		t.t_w.w_cut = false;
		t.t_w.w_corrupt = 100000;
		wire_carry(&t.t_w, t.t_so, 100000);
		t.t_w.w_corrupt = 0;
		wire_run(&t.t_w, SEC);
		auth_fini(&t);
	}
}

/* Keys change while the connection lives (RFC 5925 7.5.1); segments of both keys are good. */
static void
rollover(void **state)
{
	struct vi_tcp_authkey tk;
	struct auth t;
	uint64_t n;

	(void)state;
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, "old key", "old key");
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[0]))->ak_sndid, 1);
	/* The caller has the new one first and asks for it; nothing changes until the other has it, too. */
	setkey(t.t_so[0], 1, VI_TCP_AUTH_AES128_CMAC, 11, 12, "new key");
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_int_equal(getinfo(t.t_so[0]).ai_rnext, 2);
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_RNEXT, 0, 12), 0);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[0]))->ak_sndid, 1);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[1]))->ak_sndid, 2);
	makekey(&tk, 0, VI_TCP_AUTH_AES128_CMAC, 12, 11, "new key");
	tk.tk_flags = VI_TCP_AUTH_RNEXT;
	assert_int_equal(trykey(t.t_so[1], &tk), 0);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[0]))->ak_sndid, 11);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[1]))->ak_sndid, 12);
	n = good(&t, 1);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_true(good(&t, 1) > n);
	for (int i = 0; i < 2; i++)
		assert_int_equal(wire_tcp(&t.t_w, i)->tv_stat.tcps_sig_rcvbadsig, 0);
	/* By hand, and back. */
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT, 1, 2), 0);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[0]))->ak_sndid, 1);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_int_equal(tcp_authkey(sototcpcb(t.t_so[1]))->ak_sndid, 2);
	auth_fini(&t);
}

/* RFC 5925 3.1: no key is changed or taken while it is used, none can be confused with another; as Linux. */
static void
keys_in_use(void **state)
{
	struct vi_tcp_authkey tk, keys[4];
	size_t len = sizeof(keys);
	struct auth t;

	(void)state;
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, "old key", "old key");
	makekey(&tk, 1, VI_TCP_AUTH_HMAC_SHA1, 1, 2, "other");
	assert_int_equal(trykey(t.t_so[0], &tk), EEXIST);
	tk.tk_rcvid = 9;
	assert_int_equal(trykey(t.t_so[0], &tk), EEXIST);	/* the SendID alone */
	tk.tk_sndid = 9;
	tk.tk_prefix = 0;
	tk.tk_rcvid = 2;
	assert_int_equal(trykey(t.t_so[0], &tk), EEXIST);	/* peers of a wider prefix */
	makekey(&tk, 1, VI_TCP_AUTH_MD5, 0, 0, "md5");
	assert_int_equal(trykey(t.t_so[0], &tk), EKEYREJECTED);
	makekey(&tk, 1, VI_TCP_AUTH_HMAC_SHA1, 7, 8, "third");
	tk.tk_flags = VI_TCP_AUTH_CURRENT;
	assert_int_equal(trykey(t.t_ls, &tk), EINVAL);		/* a listener has no current key */
	assert_int_equal(setinfo(t.t_ls, VI_TCP_AUTH_RNEXT, 0, 1), EINVAL);
	tk.tk_flags = 0;
	assert_int_equal(trykey(t.t_so[0], &tk), 0);
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT, 1, 3), ENOENT);
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT, 1, 2), 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(sogetopt(t.t_so[0], VI_TCP_AUTHKEYS, keys, &len), 0);
	assert_int_equal(len, 2 * sizeof(keys[0]));
	assert_int_equal(keys[0].tk_sndid, 7);
	assert_int_equal(keys[0].tk_flags, 0);
	assert_int_equal(keys[1].tk_flags, VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT);
	assert_true(keys[1].tk_good > 0);
	assert_memory_equal(keys[1].tk_key, "old key", 7);
	len = sizeof(keys[0]);
	assert_int_equal(sogetopt(t.t_so[0], VI_TCP_AUTHKEYS, keys, &len), 0);
	assert_int_equal(len, sizeof(keys[0]));
	/* Not for the peer; in use; handed over. */
	makekey(&tk, 0, VI_TCP_AUTH_HMAC_SHA1, 20, 20, "mine");
	assert_int_equal(trykey(t.t_so[0], &tk), EINVAL);
	makekey(&tk, 1, VI_TCP_AUTH_HMAC_SHA1, 1, 2, "");
	assert_int_equal(trykey(t.t_so[0], &tk), EBUSY);
	tk.tk_flags = VI_TCP_AUTH_CURRENT;
	tk.tk_current = 7;
	assert_int_equal(trykey(t.t_so[0], &tk), EBUSY);	/* still asked for */
	assert_int_equal(getinfo(t.t_so[0]).ai_current, 1);
	tk.tk_flags |= VI_TCP_AUTH_RNEXT;
	tk.tk_rnext = 9;
	assert_int_equal(trykey(t.t_so[0], &tk), ENOENT);
	tk.tk_rnext = 8;
	assert_int_equal(trykey(t.t_so[0], &tk), 0);
	assert_int_equal(getinfo(t.t_so[0]).ai_current, 7);
	assert_int_equal(getinfo(t.t_so[0]).ai_rnext, 8);
	makekey(&tk, 1, VI_TCP_AUTH_HMAC_SHA1, 7, 8, "");
	assert_int_equal(trykey(t.t_so[0], &tk), EBUSY);	/* the last one */
	auth_fini(&t);
}

/* Who began without AO stays without; who requires it does not begin. */
static void
required(void **state)
{
	struct vi_tcp_authinfo ai;
	size_t len = sizeof(ai);
	struct vi_tcp_authkey tk;
	struct auth t;

	(void)state;
	auth_init(&t, 0, NULL, NULL);
	assert_int_equal(sogetopt(t.t_so[0], VI_TCP_AUTHINFO, &ai, &len), ENOENT);
	assert_int_equal(sogetopt(t.t_so[0], VI_TCP_AUTHKEYS, &tk, &len), ENOENT);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	makekey(&tk, 1, VI_TCP_AUTH_HMAC_SHA1, 1, 2, "late");
	assert_int_equal(trykey(t.t_so[0], &tk), EISCONN);
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_REQUIRED, 0, 0), EISCONN);
	auth_fini(&t);

	/* A listener that requires it drops and counts what is not signed; a key of MD5 does not go with that. */
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, NULL, NULL);
	assert_int_equal(setinfo(t.t_ls, VI_TCP_AUTH_REQUIRED, 0, 0), 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), ETIMEDOUT);
	assert_true(getinfo(t.t_ls).ai_unsigned >= 7);
	assert_int_equal(getinfo(t.t_ls).ai_flags, VI_TCP_AUTH_REQUIRED);
	makekey(&tk, 0, VI_TCP_AUTH_MD5, 0, 0, "md5");
	assert_int_equal(trykey(t.t_ls, &tk), EKEYREJECTED);
	assert_int_equal(setinfo(t.t_ls, VI_TCP_AUTH_COUNTERS, 0, 0), 0);
	assert_int_equal(getinfo(t.t_ls).ai_unsigned, 0);
	assert_int_equal(trykey(t.t_ls, &tk), 0);
	assert_int_equal(setinfo(t.t_ls, VI_TCP_AUTH_REQUIRED, 0, 0), EKEYREJECTED);
	auth_fini(&t);

	/* As does who calls. */
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, NULL, "key");
	assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_REQUIRED, 0, 0), 0);
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), EKEYREJECTED);
	setkey(t.t_so[0], 1, VI_TCP_AUTH_HMAC_SHA1, 1, 2, "key");
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(getinfo(t.t_so[1]).ai_flags, VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT);
	auth_fini(&t);
}

/* Each fate of a segment has its counter, of the socket and of the key. */
static void
counters(void **state)
{
	struct vi_tcp_authkey tk;
	size_t len = sizeof(tk);
	struct auth t;

	(void)state;
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, "a key", "a kex");
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), ETIMEDOUT);
	assert_true(getinfo(t.t_ls).ai_bad >= 7);
	assert_int_equal(getinfo(t.t_ls).ai_good, 0);
	assert_int_equal(sogetopt(t.t_ls, VI_TCP_AUTHKEYS, &tk, &len), 0);
	assert_int_equal(tk.tk_bad, getinfo(t.t_ls).ai_bad);
	auth_fini(&t);

	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, NULL, "a key");
	setkey(t.t_so[0], 1, VI_TCP_AUTH_HMAC_SHA1, 5, 5, "a key");	/* ids that nobody knows */
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), ETIMEDOUT);
	assert_true(getinfo(t.t_ls).ai_nokey >= 7);
	auth_fini(&t);

	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, "a key", "a key");
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	wire_carry(&t.t_w, t.t_so, 10000);
	assert_true(getinfo(t.t_so[1]).ai_good >= 7);
	assert_int_equal(getinfo(t.t_so[1]).ai_bad + getinfo(t.t_so[1]).ai_nokey + getinfo(t.t_so[1]).ai_unsigned, 0);
	auth_fini(&t);
}

/* Sequence numbers pass zero, and the extension with them (RFC 5925 6.2). */
static void
extension(void **state)
{
	struct auth t;

	(void)state;
	auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, "key", "key");
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	wire_carry(&t.t_w, t.t_so, 1000);
	/* As if 4 GB had gone by: both ends agree, or nothing passes. */
	sototcpcb(t.t_so[0])->t_auth->ta_snd += 1ull << 32;
	wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
	wire_run(&t.t_w, SEC);
	assert_int_equal(t.t_so[1]->so_rcv.sb_cc, 0);
	assert_true(wire_tcp(&t.t_w, 1)->tv_stat.tcps_sig_rcvbadsig > 0);
	sototcpcb(t.t_so[1])->t_auth->ta_rcv += 1ull << 32;
	wire_run(&t.t_w, 5 * SEC);
	assert_int_equal(t.t_so[1]->so_rcv.sb_cc, 1);
	auth_fini(&t);
}

/* RFC 5925 7.8: who signs with AO does not believe a router; MD5 knows no such rule. */
static void
icmp_ignored(void **state)
{
	struct tcpcb *tp;
	struct auth t;

	(void)state;
	for (int alg = VI_TCP_AUTH_MD5; alg <= VI_TCP_AUTH_AES128_CMAC; alg++) {
		auth_init(&t, alg, "key", "key");
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
		t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
		tp = sototcpcb(t.t_so[0]);
		t.t_w.w_loss = 1000000;
		wire_send(&t.t_w, t.t_so[0], "x", 1, 0);
		wire_ctl(&t.t_w, 0, t.t_so[0]->so_pcb, INET_CTL_UNREACH_PORT, 0, tp->snd_una);
		wire_ctl(&t.t_w, 0, t.t_so[0]->so_pcb, INET_CTL_MSGSIZE, 1000, tp->snd_una);
		assert_int_equal(tp->t_state, TCPS_ESTABLISHED);
		assert_int_equal(tp->t_pmtu, alg == VI_TCP_AUTH_MD5 ? 1000 : 1500);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_icmpignored, alg == VI_TCP_AUTH_MD5);
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_icmpwindow, alg == VI_TCP_AUTH_MD5 ? 0 : 2);
		if (alg != VI_TCP_AUTH_MD5) {
			assert_int_equal(getinfo(t.t_so[0]).ai_icmp, 2);
			assert_int_equal(setinfo(t.t_so[0], VI_TCP_AUTH_ICMP, 0, 0), 0);
			wire_ctl(&t.t_w, 0, t.t_so[0]->so_pcb, INET_CTL_MSGSIZE, 1000, tp->snd_una);
			assert_int_equal(tp->t_pmtu, 1000);
			assert_int_equal(getinfo(t.t_so[0]).ai_icmp, 2);
		}
		t.t_w.w_loss = 0;
		auth_fini(&t);
	}
}

/* RFC 5925 2.2: an option that is too short, and two of them, are dropped; with a key or without. */
static void
malformed(void **state)
{
	static const uint8_t one[4] = { 29, 3, 1, 1 }, two[8] = { 29, 4, 1, 2, 29, 4, 1, 2 };
	struct tcpcb *tp;
	struct auth t;

	(void)state;
	for (int keyed = 0; keyed < 2; keyed++) {
		auth_init(&t, VI_TCP_AUTH_HMAC_SHA1, keyed ? "key" : NULL, keyed ? "key" : NULL);
		assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
		t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
		wire_idle(&t.t_w);
		tp = sototcpcb(t.t_so[0]);
		for (int i = 0; i < 2; i++) {
			wire_inject_opts(&t.t_w, 0, tp->t_inpcb.inp_fport, tp->t_inpcb.inp_lport, tp->rcv_nxt,
			    tp->snd_nxt, TH_RST | TH_ACK, 1000, i == 0 ? one : two, i == 0 ? 4 : 8);
			assert_int_equal(tp->t_state, TCPS_ESTABLISHED);
		}
		assert_int_equal(wire_tcp(&t.t_w, 0)->tv_stat.tcps_rcvbadopt, 2);
		auth_fini(&t);
	}
}

/* Limits and refusals of the option. */
static void
option(void **state)
{
	struct vi_tcp_authkey tk;
	struct auth t;

	(void)state;
	auth_init(&t, 0, NULL, NULL);
	memset(&tk, 0, sizeof(tk));
	wire_addr(1, 0, &tk.tk_addr);
	tk.tk_prefix = 33;
	tk.tk_len = 5;
	assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk)), EINVAL);
	tk.tk_prefix = 32;
	assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk) - 1), EINVAL);
	tk.tk_len = 81;
	assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk)), EINVAL);
	tk.tk_len = 0;
	assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk)), ENOENT);
	tk.tk_len = 5;
	for (unsigned i = 0; i < 64; i++) {
		tk.tk_addr.sa_in = HTONL(0x0a010000u + i);
		assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk)), 0);
	}
	tk.tk_addr.sa_in = HTONL(0x0a020000u);
	assert_int_equal(sosetopt(t.t_so[0], VI_TCP_AUTHKEY, &tk, sizeof(tk)), ENOSPC);
	/* None of these is for this peer. */
	assert_int_equal(wire_connect(&t.t_w, t.t_so[0], 1, 179), 0);
	t.t_so[1] = wire_accept(&t.t_w, t.t_ls);
	assert_int_equal(good(&t, 1), 0);
	auth_fini(&t);
}

/* RFC 2202 2 and RFC 4493 4: the library computes what we think it does. */
static void
vectors(void **state)
{
	static const uint8_t cmackey[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab,
	    0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t cmac[16] = {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3,
	    0x7d, 0x12, 0x9b, 0x75, 0x67, 0x46};
	static const uint8_t hmac[20] = {0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74,
	    0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79};
	static const uint8_t md5[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96,
	    0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
	uint8_t mac[CRYPTO_MAXMAC];

	(void)state;
	assert_int_equal(crypto_mac(CRYPTO_AES128_CMAC, cmackey, 16, "", 0, mac), 0);
	assert_memory_equal(mac, cmac, 16);
	assert_int_equal(crypto_mac(CRYPTO_HMAC_SHA1, "Jefe", 4, "what do ya want for nothing?", 28,
			     mac), 0);
	assert_memory_equal(mac, hmac, 20);
	assert_int_equal(crypto_mac(CRYPTO_MD5, NULL, 0, "abc", 3, mac), 0);
	assert_memory_equal(mac, md5, 16);
}

/* Packets of RFC 9235, with their IP headers; the master key is "testvector". */
static const struct { int alg; uint32_t lisn, fisn; const char *hex; } rfc9235[] = {
    {VI_TCP_AUTH_HMAC_SHA1, 0xfbfbab5a, 0,	/* 4.1.1 */
	"4500004cdd0f4000ff06bf6b0a0b0c0dac1b1c1de9d700b3fbfbab5a00000000e002ffffcac40000"
	"020405b4010303080402080a00155ab7000000001d103d542ee437c6f8ede6d7c4d602e7"},
    {VI_TCP_AUTH_HMAC_SHA1, 0x11c14261, 0xfbfbab5a,	/* 4.1.2 */
	"4500004c65064000ff063775ac1b1c1d0a0b0c0d00b3e9d711c14261fbfbab5be012ffff37760000"
	"020405b4010303080402080a84a50beb00155ab71d10543deeab0fe24c3010815116b3be"},
    {VI_TCP_AUTH_AES128_CMAC, 0x787a1ddf, 0,	/* 5.1.1 */
	"4500004c7b9f4000ff0620dc0a0b0c0dac1b1c1dc4fa00b3787a1ddf00000000e002ffff5a0f0000"
	"020405b4010303080402080a00017ed0000000001d103d54e477e99c8040765498e55091"},
    {VI_TCP_AUTH_AES128_CMAC, 0xa6744ecb, 0x193cccec,	/* 7.1.2 */
	"6e06152000380640fd000000000000000000000000000002fd000000000000000000000000000001"
	"00b3f85aa6744ecb193cccede012ffffeabb0000020405a0010303080402080a71daabc813e4ab99"
	"1d10543ddc2843a84e78a6bcfdc5ed80"},
    {VI_TCP_AUTH_AES128_CMAC, 0xa6744ecb, 0x193cccec,	/* 7.1.4 */
	"6e06152000730640fd000000000000000000000000000002fd000000000000000000000000000001"
	"00b3f85aa6744ecc193ccd30c018010052f400000101080a71daabd313e4aba31d10543dc1069b7d"
	"fd3d693a6df3f289ffffffffffffffffffffffffffffffff00430104fde800b40101017a26020601"
	"0400010001020280000202020002024200020641040000fde802084006006400010100"},
};

static size_t
unhex(const char *hex, uint8_t *p)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		p[n / 2] = (uint8_t)(p[n / 2] << 4 | (*hex <= '9' ? *hex - '0' : *hex - 'a' + 10));
		n++;
	}
	return (n / 2);
}

static void
rfc9235_packets(void **state)
{
	struct tcp_authkey ak = { .ak_len = 10, .ak_key = "testvector" };
	struct tcp_authctx ac = { .ac_key = &ak };
	uint8_t pkt[256], mac[TCP_AO_MACLEN], *opt;
	struct inet_flow fl;
	struct inet_ops io;
	size_t len, hlen;
	struct mbuf *m;
	struct wire w;
	int off;

	(void)state;
	wire_init(&w, 1);
	for (unsigned i = 0; i < NITEMS(rfc9235); i++) {
		memset(pkt, 0, sizeof(pkt));
		memset(&fl, 0, sizeof(fl));
		len = unhex(rfc9235[i].hex, pkt);
		hlen = pkt[0] >> 4 == 4 ? 20 : 40;
		io.io_family = hlen == 20 ? VI_AF_INET : VI_AF_INET6;
		memcpy(&fl.if_laddr, hlen == 20 ? pkt + 12 : pkt + 8, hlen == 20 ? 4 : 16);
		memcpy(&fl.if_faddr, hlen == 20 ? pkt + 16 : pkt + 24, hlen == 20 ? 4 : 16);
		ak.ak_alg = (uint8_t)rfc9235[i].alg;
		ac.ac_lisn = rfc9235[i].lisn;
		ac.ac_fisn = rfc9235[i].fisn;
		m = m_frombuf(vnet_acct(w.w_vn[0]), pkt + hlen, (uint32_t)(len - hlen), MAX_HDR);
		assert_non_null(m);
		off = tcp_opt_find(m->m_data + 20, th_hlen(mtod(m, struct tcphdr *)) - 20u,
		    TCPOPT_AO);
		assert_true(off >= 0);
		opt = m->m_data + 20 + off + 4;
		memcpy(mac, opt, sizeof(mac));
		memset(opt, 0, sizeof(mac));
		assert_int_equal(tcp_auth_sign(wire_tcp(&w, 0), &ac, &fl, &io, m), 0);
		assert_memory_equal(opt, mac, sizeof(mac));
		m_freem(m);
	}
	wire_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(rfc9235_packets),
		cmocka_unit_test(md5_connection),
		cmocka_unit_test(ao_sha1_connection),
		cmocka_unit_test(ao_cmac_connection),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(forgery),
		cmocka_unit_test(rollover),
		cmocka_unit_test(keys_in_use),
		cmocka_unit_test(required),
		cmocka_unit_test(counters),
		cmocka_unit_test(extension),
		cmocka_unit_test(option),
		cmocka_unit_test(icmp_ignored),
		cmocka_unit_test(malformed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
