/* SPDX-License-Identifier: BSD-2-Clause */
/* Extension headers and flow labels of a program's own (RFC 3542, RFC 8200 4, RFC 6437): on the wire, in fragments and trains, of streams, and as they are received. */
#include "tests/inet/inet.h"

#include <arpa/inet.h>

#define ANY_ETHERTYPE	3	/* what is sent as well */
#define HDR		40

static uint8_t out[65536], in[65536];

static const uint8_t hbh[8] = { 0, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t dst[16] = { 0, 1, 0x1e, 4, 1, 2, 3, 4, 1, 6 };	/* an option nobody knows, to be passed over */
static const uint8_t dst0[8] = { 0, 0, 0x1e, 4, 9, 9, 9, 9 };

struct two {
	struct tl	 t;
	struct vi_vnet	*a, *b;
	struct tl_cable	 c;
	struct vi_socket *wire;	/* what b's end of the cable sees */
};

static void
two_begin(struct two *w)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = htons(ANY_ETHERTYPE) };

	tl_begin(&w->t, 7);
	w->a = tl_vnet(&w->t, "a");
	w->b = tl_vnet(&w->t, "b");
	tl_cable(w->a, w->b, &w->c);
	tl_ifaddr(w->a, w->c.a, "2001:db8::1", 64);
	tl_ifaddr(w->b, w->c.b, "2001:db8::2", 64);
	tl_run(&w->t, 3 * TL_SEC);	/* addresses are verified */
	sa.sa_scope = tl_ifinfo(w->b, w->c.b).if_index;
	tl_ok(vi_socket(w->b, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &w->wire));
	tl_ok(vi_bind(w->wire, &sa));
}

static void
two_end(struct two *w)
{
	vi_close(w->wire);
	tl_destroy(w->a);
	tl_destroy(w->b);
	tl_end(&w->t);
}

/* The next packet of that protocol or chain, in `in`; its length, 0: none. */
static size_t
seen(struct two *w, uint8_t nxt)
{
	struct vi_msg msg;
	size_t n;

	tl_settle(&w->t);
	while (inet_recv(w->wire, &msg, in, sizeof(in), &n) == 0)
		if (n >= HDR && in[0] >> 4 == 6 && in[6] == nxt && in[HDR] != 0x88 && in[HDR] != 0x87)
			return (n);
	return (0);
}

static struct vi_socket *
sender(struct two *w, const struct vi_cred *cred)
{
	struct vi_socket *so;

	tl_ok(vi_socket(w->a, VI_AF_INET6, VI_SOCK_DGRAM, 0, cred, &so));
	return (so);
}

/* The sum of what is behind off, which is of `final`: RFC 8200 8.1. */
static bool
summed(const uint8_t *p, size_t len, size_t off, const char *final, uint8_t proto)
{
	static uint8_t pseudo[65536 + HDR];
	const struct vi_sockaddr sa = tl_addr(final, 0);
	const size_t n = len - off;

	memcpy(pseudo, p + 8, 16);
	memcpy(pseudo + 16, sa.sa_in6, 16);
	memset(pseudo + 32, 0, 8);
	pseudo[34] = (uint8_t)(n >> 8);
	pseudo[35] = (uint8_t)n;
	pseudo[39] = proto;
	memcpy(pseudo + HDR, p + off, n);
	return (inet_cksum(pseudo, HDR + n) == 0);
}

static int
sendext(struct vi_socket *so, const struct vi_exthdrs *eh, size_t len)
{
	struct vi_iovec iov = { out, len };
	const struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("2001:db8::2", 2000),
		.msg_set = VI_MSGSET_EXT, .msg_exthdrs = eh };
	size_t n;

	tl_pattern(out, len, 0);
	return (vi_sendmsg(so, &msg, &n));
}

static int
send6(struct vi_socket *so, size_t len)
{
	tl_pattern(out, len, 0);
	return (inet_sendto(so, out, len, "2001:db8::2", 2000));
}

/* One datagram of the pattern, with the headers it came with. */
static void
expectext(struct two *w, struct vi_socket *so, size_t len, const void *ext, size_t extlen, struct vi_msg *msg)
{
	static uint8_t buf[65536], got[4096];
	struct vi_iovec iov = { buf, sizeof(buf) };
	size_t n;

	tl_settle(&w->t);
	tl_wait(&w->t, (vi_poll(so) & VI_POLLIN) != 0);
	*msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1, .msg_ext = got, .msg_extlen = sizeof(got) };
	tl_ok(vi_recvmsg(so, msg, &n));
	assert_int_equal(n, len);
	assert_true(tl_ispattern(buf, len, 0));
	assert_int_equal(msg->msg_extlen, extlen);
	assert_memory_equal(got, ext, extlen);
}

static void
sticky(void **state)
{
	static const uint8_t chain[24] = { 60, 0, 1, 4, 0, 0, 0, 0, 17, 1, 0x1e, 4, 1, 2, 3, 4, 1, 6 };
	struct vi_socket *a, *b, *user;
	uint8_t back[64];
	struct vi_msg msg;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_root);
	user = sender(&w, &tl_user);
	b = tl_udp(w.b, "::", 2000);
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, hbh, sizeof(hbh)));
	tl_ok(vi_setsockopt(a, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	tl_ok(vi_setsockopt(a, VI_IPV6_RTHDRDSTOPTS, dst0, sizeof(dst0)));	/* goes nowhere without a routing header */
	n = sizeof(back);
	tl_ok(vi_getsockopt(a, VI_IPV6_DSTOPTS, back, &n));
	assert_int_equal(n, sizeof(dst));
	assert_memory_equal(back, dst, sizeof(dst));
	tl_ok(send6(a, 100));
	assert_int_equal(seen(&w, 0), HDR + sizeof(chain) + 8 + 100);
	assert_memory_equal(in + HDR, chain, sizeof(chain));
	assert_true(summed(in, HDR + sizeof(chain) + 108, HDR + sizeof(chain), "2001:db8::2", 17));
	expectext(&w, b, 100, NULL, 0, &msg);		/* it did not ask */
	inet_setint(b, VI_IPV6_RECVEXT, 1);
	tl_ok(send6(a, 100));
	expectext(&w, b, 100, chain, sizeof(chain), &msg);
	assert_int_equal(msg.msg_extnxt, 0);
	tl_ok(send6(a, 0));
	expectext(&w, b, 0, chain, sizeof(chain), &msg);
	tl_ok(send6(user, 100));
	expectext(&w, b, 100, NULL, 0, &msg);
	/* Who may not, and what cannot be. */
	tl_fails(vi_setsockopt(user, VI_IPV6_HOPOPTS, hbh, sizeof(hbh)), EPERM);
	tl_fails(vi_setsockopt(user, VI_IPV6_DSTOPTS, hbh, 0), EPERM);
	tl_fails(vi_setsockopt(a, VI_IPV6_HOPOPTS, hbh, 4), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IPV6_HOPOPTS, dst, 8), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IPV6_DSTOPTS, out, 2048), EINVAL);
	/* Taken back. */
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, NULL, 0));
	tl_ok(vi_setsockopt(a, VI_IPV6_DSTOPTS, NULL, 0));
	n = sizeof(back);
	tl_ok(vi_getsockopt(a, VI_IPV6_HOPOPTS, back, &n));
	assert_int_equal(n, 0);
	tl_ok(send6(a, 100));
	assert_int_equal(seen(&w, 17), HDR + 108);
	vi_close(a);
	vi_close(b);
	vi_close(user);
	two_end(&w);
}

static void
bymessage(void **state)
{
	static const uint8_t chain[16] = { 17, 1, 0x1e, 4, 1, 2, 3, 4, 1, 6 };
	const struct vi_exthdrs eh = { .ex_hdr[VI_EXT_DSTOPTS] = { (void *)(uintptr_t)dst, sizeof(dst) } };
	const struct vi_exthdrs shorter = { .ex_hdr[VI_EXT_DSTOPTS] = { (void *)(uintptr_t)dst, 8 } };
	struct vi_socket *a, *b, *user;
	struct vi_msg msg;
	struct two w;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_root);
	user = sender(&w, &tl_user);
	b = tl_udp(w.b, "::", 2000);
	inet_setint(b, VI_IPV6_RECVEXT, 1);
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, hbh, sizeof(hbh)));
	tl_ok(sendext(a, &eh, 64));		/* instead of, not besides */
	expectext(&w, b, 64, chain, sizeof(chain), &msg);
	tl_fails(sendext(user, &eh, 64), EPERM);
	tl_fails(sendext(a, &shorter, 64), EINVAL);
	vi_close(a);
	vi_close(b);
	vi_close(user);
	two_end(&w);
}

/* The header of Mobile IPv6, and a list of segments: the packet leaves for who is named there, and its sum is of who gets it. */
static void
routing(void **state)
{
	struct vi_socket *a;
	struct two w;
	const struct vi_sockaddr hop = tl_addr("2001:db8::77", 0), final = tl_addr("2001:db8::2", 0);
	uint8_t home[24] = { 0, 2, 2, 1 }, segs[48] = { 0, 5, 4, 1, 1 }, old[24] = { 0, 2, 0, 1 };

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_user);
	tl_ok(vi_setsockopt(w.wire, VI_PKT_IGNORE_OUTGOING, &(int){ 1 }, sizeof(int)));
	memcpy(home + 8, hop.sa_in6, 16);
	memcpy(segs + 24, hop.sa_in6, 16);
	tl_fails(vi_setsockopt(a, VI_IPV6_RTHDR, old, sizeof(old)), EINVAL);	/* RFC 5095 */
	home[3] = 2;
	tl_fails(vi_setsockopt(a, VI_IPV6_RTHDR, home, sizeof(home)), EINVAL);
	home[3] = 1;
	tl_ok(vi_setsockopt(a, VI_IPV6_RTHDR, home, sizeof(home)));
	tl_ifaddr(w.b, w.c.b, "2001:db8::77", 64);
	tl_run(&w.t, 3 * TL_SEC);
	tl_ok(send6(a, 64));
	assert_int_equal(seen(&w, 43), HDR + 24 + 72);
	assert_memory_equal(in + 24, hop.sa_in6, 16);
	assert_memory_equal(in + HDR + 8, final.sa_in6, 16);
	assert_true(summed(in, HDR + 24 + 72, HDR + 24, "2001:db8::2", 17));
	tl_fails(vi_setsockopt(a, VI_IPV6_RTHDR, segs, 40), EINVAL);
	segs[4] = 2;
	tl_fails(vi_setsockopt(a, VI_IPV6_RTHDR, segs, sizeof(segs)), EINVAL);	/* there are not so many */
	segs[4] = 1;
	segs[3] = 2;
	tl_fails(vi_setsockopt(a, VI_IPV6_RTHDR, segs, sizeof(segs)), EINVAL);
	segs[3] = 1;
	segs[41] = 6;
	tl_ok(vi_setsockopt(a, VI_IPV6_RTHDR, segs, sizeof(segs)));	/* with a TLV behind */
	tl_ok(send6(a, 64));
	assert_int_equal(seen(&w, 43), HDR + 48 + 72);
	assert_memory_equal(in + 24, hop.sa_in6, 16);
	assert_memory_equal(in + HDR + 8, final.sa_in6, 16);
	assert_memory_equal(in + HDR + 24, hop.sa_in6, 16);
	assert_true(summed(in, HDR + 48 + 72, HDR + 48, "2001:db8::2", 17));
	/* To a group nothing is routed by hand. */
	memcpy(segs + 24, tl_addr("ff0e::1", 0).sa_in6, 16);
	tl_ok(vi_setsockopt(a, VI_IPV6_RTHDR, segs, sizeof(segs)));
	tl_fails(send6(a, 64), EINVAL);
	vi_close(a);
	two_end(&w);
}

/* RFC 8200 4.5: hop-by-hop options in each fragment, destination options in the first alone. */
static void
fragments(void **state)
{
	static const uint8_t chain[24] = { 60, 0, 1, 4, 0, 0, 0, 0, 17, 1, 0x1e, 4, 1, 2, 3, 4, 1, 6 };
	static const uint8_t first[8] = { 44, 0, 1, 4, 0, 0, 0, 0 };
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct two w;
	unsigned frags;
	size_t n;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_root);
	b = tl_udp(w.b, "::", 2000);
	inet_setint(b, VI_IPV6_RECVEXT, 1);
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, hbh, sizeof(hbh)));
	tl_ok(vi_setsockopt(a, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	for (size_t len = 1400; len < 1470; len++) {	/* one byte from one to two */
		tl_ok(send6(a, len));
		expectext(&w, b, len, chain, sizeof(chain), &msg);
		assert_int_equal(msg.msg_fragmax != 0, HDR + sizeof(chain) + 8 + len > 1500);
	}
	while (seen(&w, 0) != 0)
		;
	tl_ok(send6(a, 5000));
	for (frags = 0; (n = seen(&w, 0)) != 0; frags++) {
		assert_true(n <= 1500);
		assert_memory_equal(in + HDR, first, sizeof(first));
		assert_int_equal(in[HDR + 8], 60);
		if (frags == 0)
			assert_memory_equal(in + HDR + 16, chain + 8, 16);
	}
	assert_int_equal(frags, 4);
	expectext(&w, b, 5000, chain, sizeof(chain), &msg);
	assert_int_equal(msg.msg_fragmax, HDR + 16 + 1440);
	/* A smaller MTU of its own; one so small that there is none. */
	tl_fails(vi_setsockopt(a, VI_IPV6_MTU, &(int){ 1279 }, sizeof(int)), EINVAL);
	inet_setint(a, VI_IPV6_MTU, 1280);
	tl_ok(send6(a, 5000));
	expectext(&w, b, 5000, chain, sizeof(chain), &msg);
	assert_int_equal(msg.msg_fragmax, 1280);
	/* Headers that leave no room. */
	memset(out, 0, 2040);
	out[1] = 254;
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, out, 2040));
	tl_fails(send6(a, 5000), EMSGSIZE);
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, NULL, 0));
	tl_fails(send6(a, 65507), EMSGSIZE);
	vi_close(a);
	vi_close(b);
	two_end(&w);
}

static void
train(void **state)
{
	static const uint8_t chain[16] = { 17, 1, 0x1e, 4, 1, 2, 3, 4, 1, 6 };
	struct vi_socket *a, *b;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_root);
	b = tl_udp(w.b, "::", 2000);
	tl_ok(vi_setsockopt(a, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	inet_setint(a, VI_UDP_SEGMENT, 1436);
	tl_ok(send6(a, 3000));
	for (unsigned i = 0; i < 3; i++) {
		n = i < 2 ? 1436 : 3000 - 2 * 1436;
		assert_int_equal(seen(&w, 60), HDR + sizeof(chain) + 8 + n);
		assert_true(summed(in, HDR + sizeof(chain) + 8 + n, HDR + sizeof(chain), "2001:db8::2", 17));
	}
	assert_int_equal(seen(&w, 60), 0);
	inet_setint(a, VI_UDP_SEGMENT, 1437);		/* none may need fragments */
	tl_fails(send6(a, 3000), EINVAL);
	vi_close(a);
	vi_close(b);
	two_end(&w);
}

/* Every segment carries them and none is longer for it, in both directions. */
static void
stream(void **state)
{
	struct vi_socket *l, *c, *s;
	struct two w;
	size_t n, packets = 0, big = 0;

	(void)state;
	two_begin(&w);
	tl_ok(vi_socket(w.b, VI_AF_INET6, VI_SOCK_STREAM, 0, &tl_root, &l));
	tl_ok(vi_setsockopt(l, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	tl_ok(vi_bind(l, &(struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = htons(80) }));
	tl_ok(vi_listen(l, 5));
	tl_ok(vi_socket(w.a, VI_AF_INET6, VI_SOCK_STREAM, 0, &tl_root, &c));
	tl_ok(vi_setsockopt(c, VI_IPV6_HOPOPTS, hbh, sizeof(hbh)));
	assert_int_equal(vi_connect(c, &(struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = htons(80), .sa_in6 = { 0x20, 1, 0xd, 0xb8, [15] = 2 } }), EINPROGRESS);
	tl_wait(&w.t, vi_accept(l, &s, NULL) == 0);
	while (seen(&w, 0) != 0)
		;
	tl_ok(vi_send(c, out, 20000, 0, &n));
	assert_int_equal(n, 20000);
	tl_run(&w.t, TL_SEC);
	while ((n = seen(&w, 0)) != 0) {
		assert_true(n <= 1500 && in[HDR] == 6);
		assert_true(summed(in, n, HDR + 8, "2001:db8::2", 6));
		packets++;
		big += n == 1500;
	}
	assert_true(packets >= 14 && big >= 13);
	tl_ok(vi_recv(s, in, sizeof(in), 0, &n));
	assert_int_equal(n, 20000);
	tl_ok(vi_send(s, out, 5000, 0, &n));		/* what it has of the listener */
	tl_run(&w.t, TL_SEC);
	assert_true(seen(&w, 60) != 0);
	tl_ok(vi_recv(c, in, sizeof(in), 0, &n));
	assert_int_equal(n, 5000);
	/* Given to one that is there: its segments shrink, and the next are as long as the path takes. */
	tl_ok(vi_setsockopt(c, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	tl_ok(vi_send(c, out, 20000, 0, &n));
	for (packets = 0; (n = seen(&w, 0)) != 0; packets++)
		assert_true(n <= 1500);
	tl_run(&w.t, TL_SEC);
	tl_ok(vi_recv(s, in, sizeof(in), 0, &n));
	assert_int_equal(n, 20000);
	/* So much that no segment fits: nothing comes through, and nothing turns in circles. */
	memset(out, 0, 2040);
	out[1] = 254;
	tl_ok(vi_setsockopt(c, VI_IPV6_HOPOPTS, out, 2040));
	tl_ok(vi_send(c, out, 3000, 0, &n));
	tl_run(&w.t, TL_SEC);
	assert_int_equal(vi_recv(s, in, sizeof(in), 0, &n), EAGAIN);
	tl_ok(vi_setsockopt(c, VI_IPV6_HOPOPTS, NULL, 0));
	tl_run(&w.t, 30 * TL_SEC);
	tl_ok(vi_recv(s, in, sizeof(in), 0, &n));
	assert_int_equal(n, 3000);
	vi_close(c);
	vi_close(s);
	vi_close(l);
	tl_run(&w.t, TL_MSL2);
	two_end(&w);
}

/* A listener's answer has its headers, whether it remembers the question or not; who answers over IPv4 has none. */
static void
answers(void **state)
{
	const struct vi_sockaddr to = { .sa_family = VI_AF_INET6, .sa_port = htons(80), .sa_in6 = { 0x20, 1, 0xd, 0xb8, [15] = 2 } }, four = tl_addr("10.0.0.2", 80);
	struct vi_socket *l, *c, *s;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	tl_ifaddr(w.a, w.c.a, "10.0.0.1", 24);
	tl_ifaddr(w.b, w.c.b, "10.0.0.2", 24);
	tl_ok(vi_socket(w.b, VI_AF_INET6, VI_SOCK_STREAM, 0, &tl_root, &l));
	tl_ok(vi_setsockopt(l, VI_IPV6_DSTOPTS, dst, sizeof(dst)));
	tl_ok(vi_bind(l, &(struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = htons(80) }));
	tl_ok(vi_listen(l, 5));
	for (int cookies = 0; cookies < 2; cookies++) {
		tl_ok(vi_sysctl_set(w.b, "net.inet.tcp.syncookies_only", cookies ? "1" : "0", &tl_root));
		while (seen(&w, 60) != 0)
			;
		tl_ok(vi_socket(w.a, VI_AF_INET6, VI_SOCK_STREAM, 0, &tl_root, &c));
		assert_int_equal(vi_connect(c, &to), EINPROGRESS);
		n = seen(&w, 60);
		assert_true(n >= HDR + sizeof(dst) + 20);
		assert_int_equal(in[HDR], 6);
		assert_memory_equal(in + HDR + 1, dst + 1, sizeof(dst) - 1);
		assert_int_equal(in[HDR + sizeof(dst) + 13], 0x12);
		assert_true(summed(in, n, HDR + sizeof(dst), "2001:db8::1", 6));
		tl_wait(&w.t, vi_accept(l, &s, NULL) == 0);
		vi_close(c);
		vi_close(s);
	}
	tl_ok(vi_sysctl_set(w.b, "net.inet.tcp.syncookies_only", "0", &tl_root));
	tl_ok(vi_socket(w.a, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &c));
	assert_int_equal(vi_connect(c, &four), EINPROGRESS);
	tl_wait(&w.t, vi_accept(l, &s, NULL) == 0);
	vi_close(c);
	vi_close(s);
	vi_close(l);
	tl_run(&w.t, TL_MSL2);
	two_end(&w);
}

static void
pathmtu(void **state)
{
	struct vi_socket *a;
	struct vi_msg msg;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_user);
	inet_setint(a, VI_IPV6_DONTFRAG, 1);
	tl_fails(send6(a, 1500), EMSGSIZE);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), EAGAIN);
	inet_setint(a, VI_IPV6_RECVPATHMTU, 1);
	assert_int_equal(tl_optint(a, VI_IPV6_RECVPATHMTU), 1);
	tl_fails(send6(a, 1500), EMSGSIZE);
	inet_wait(&w.t, a, &msg, in, sizeof(in), &n);
	assert_int_equal(n, 0);
	assert_int_equal(msg.msg_pathmtu, 1500);
	assert_memory_equal(msg.msg_name.sa_in6, tl_addr("2001:db8::2", 0).sa_in6, 16);
	vi_close(a);
	two_end(&w);
}

static void
flows(void **state)
{
	const struct vi_sockaddr to = tl_addr("2001:db8::2", 2000);
	struct vi_iovec iov = { out, 10 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = to, .msg_set = VI_MSGSET_FLOW, .msg_flow = 0x0ab12345 };
	struct vi_socket *a, *b;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_user);
	b = tl_udp(w.b, "::", 2000);
	tl_pattern(out, 10, 0);
	tl_ok(vi_sendmsg(a, &msg, &n));
	assert_int_equal(seen(&w, 17), HDR + 18);
	assert_int_equal(in[0] << 24 | in[1] << 16 | in[2] << 8 | in[3], 0x6ab12345);
	inet_expect(&w.t, b, 10, &msg);
	assert_int_equal(msg.msg_flow, 0x0ab12345);
	inet_setint(a, VI_IPV6_FLOW, 0x54321);
	inet_setint(a, VI_IPV6_TCLASS, 8);
	tl_ok(vi_connect(a, &to));
	tl_ok(vi_send(a, out, 10, 0, &n));
	inet_expect(&w.t, b, 10, &msg);
	assert_int_equal(msg.msg_flow, 0x00854321);
	/* Without one it is as the stack likes it: one of the flow's own, always the same. */
	inet_setint(a, VI_IPV6_FLOW, 0);
	tl_ok(vi_send(a, out, 10, 0, &n));
	inet_expect(&w.t, b, 10, &msg);
	assert_int_not_equal(msg.msg_flow, 0x00800000);
	inet_setint(a, VI_IPV6_AUTOFLOWLABEL, 0);
	tl_ok(vi_send(a, out, 10, 0, &n));
	inet_expect(&w.t, b, 10, &msg);
	assert_int_equal(msg.msg_flow, 0x00800000);
	vi_close(a);
	vi_close(b);
	two_end(&w);
}

/* An interface for what is sent, without being bound to it. */
static void
unicastif(void **state)
{
	struct vi_socket *a, *four;
	struct two w;
	int lo, wire;

	(void)state;
	two_begin(&w);
	a = sender(&w, &tl_user);
	tl_ok(vi_socket(w.a, VI_AF_INET, VI_SOCK_DGRAM, 0, &tl_user, &four));
	lo = (int)tl_ifinfo(w.a, "lo0").if_index;
	wire = (int)tl_ifinfo(w.a, w.c.a).if_index;
	tl_fails(vi_setsockopt(a, VI_IPV6_UNICAST_IF, &(int){ 77 }, sizeof(int)), EADDRNOTAVAIL);
	tl_fails(vi_setsockopt(four, VI_IP_UNICAST_IF, &(int){ 77 }, sizeof(int)), EADDRNOTAVAIL);
	inet_setint(a, VI_IPV6_UNICAST_IF, wire);
	assert_int_equal(tl_optint(a, VI_IPV6_UNICAST_IF), wire);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:5::5", 7));	/* there is no route */
	tl_run(&w.t, TL_SEC);
	inet_setint(a, VI_IPV6_UNICAST_IF, 0);
	tl_fails(inet_sendto(a, out, 10, "2001:db8:5::5", 7), ENETUNREACH);
	inet_setint(a, VI_IPV6_PKTINFO, wire);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:5::5", 7));
	tl_ifaddr(w.a, w.c.a, "10.0.0.1", 24);
	tl_fails(inet_sendto(four, out, 10, "192.0.2.1", 7), ENETUNREACH);
	inet_setint(four, VI_IP_UNICAST_IF, wire);
	tl_ok(inet_sendto(four, out, 10, "192.0.2.1", 7));
	tl_ok(vi_setsockopt(a, VI_SO_BINDTODEVICE, w.c.a, VI_IFNAMSIZ));
	tl_fails(vi_setsockopt(a, VI_IPV6_UNICAST_IF, &lo, sizeof(int)), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IPV6_PKTINFO, &lo, sizeof(int)), EINVAL);
	tl_run(&w.t, 10 * TL_SEC);
	vi_close(a);
	vi_close(four);
	two_end(&w);
}

/* a -- r -- b, r a router of both families. */
struct three {
	struct tl	 t;
	struct vi_vnet	*a, *r, *b;
	struct tl_cable	 left, right;
};

static void
three_begin(struct three *h)
{
	tl_begin(&h->t, 9);
	h->a = tl_vnet(&h->t, "a");
	h->r = tl_vnet(&h->t, "r");
	h->b = tl_vnet(&h->t, "b");
	tl_cable(h->a, h->r, &h->left);
	tl_cable(h->r, h->b, &h->right);
	tl_ifaddr(h->a, h->left.a, "2001:db8:1::1", 64);
	tl_ifaddr(h->r, h->left.b, "2001:db8:1::2", 64);
	tl_ifaddr(h->r, h->right.a, "2001:db8:2::2", 64);
	tl_ifaddr(h->b, h->right.b, "2001:db8:2::1", 64);
	tl_ifaddr(h->a, h->left.a, "10.0.1.1", 24);
	tl_ifaddr(h->r, h->left.b, "10.0.1.2", 24);
	tl_ifaddr(h->r, h->right.a, "10.0.2.2", 24);
	tl_ifaddr(h->b, h->right.b, "10.0.2.1", 24);
	inet_route(h->a, "2001:db8:2::", 64, "2001:db8:1::2");
	inet_route(h->a, "10.0.2.0", 24, "10.0.1.2");
	tl_ok(vi_sysctl_set(h->r, "net.inet6.ip6.forwarding", "1", &tl_root));
	tl_ok(vi_sysctl_set(h->r, "net.inet.ip.forwarding", "1", &tl_root));
	tl_run(&h->t, 3 * TL_SEC);
}

static void
three_end(struct three *h)
{
	tl_destroy(h->a);
	tl_destroy(h->r);
	tl_destroy(h->b);
	tl_end(&h->t);
}

/* RFC 2711: what asks for a router's attention goes to who gives it, and else on. */
static void
alerts(void **state)
{
	static const uint8_t zero[8] = { 0, 0, 5, 2, 0, 0, 1, 0 }, seven[8] = { 0, 0, 5, 2, 0, 7, 1, 0 };
	struct vi_socket *a, *b, *r, *other;
	struct vi_msg msg;
	struct three h;
	size_t n;

	(void)state;
	three_begin(&h);
	tl_ok(vi_socket(h.a, VI_AF_INET6, VI_SOCK_DGRAM, 0, &tl_root, &a));
	b = tl_udp(h.b, "::", 2000);
	tl_ok(vi_socket(h.r, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root, &r));
	tl_ok(vi_socket(h.r, VI_AF_INET6, VI_SOCK_RAW, 253, &tl_root, &other));
	tl_fails(vi_setsockopt(other, VI_IPV6_ROUTER_ALERT, &(int){ 0 }, sizeof(int)), ENOPROTOOPT);
	tl_pattern(out, 50, 0);
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, zero, sizeof(zero)));
	tl_ok(inet_sendto(a, out, 50, "2001:db8:2::1", 2000));
	inet_expect(&h.t, b, 50, &msg);			/* nobody there is interested */
	inet_setint(r, VI_IPV6_ROUTER_ALERT, 0);
	tl_fails(vi_setsockopt(r, VI_IPV6_ROUTER_ALERT, &(int){ 7 }, sizeof(int)), EADDRINUSE);
	tl_ok(inet_sendto(a, out, 50, "2001:db8:2::1", 2000));
	inet_wait(&h.t, r, &msg, in, sizeof(in), &n);
	assert_int_equal(n, HDR + 8 + 58);		/* whole, from its header on */
	assert_memory_equal(in + HDR + 1, zero + 1, 7);
	assert_int_equal(in[7], 64);
	assert_int_equal(tl_stat(h.r, "rips_alerts"), 1);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	/* Of another value: RFC 6398, what is not known is none of its business. */
	tl_ok(vi_setsockopt(a, VI_IPV6_HOPOPTS, seven, sizeof(seven)));
	tl_ok(inet_sendto(a, out, 50, "2001:db8:2::1", 2000));
	inet_expect(&h.t, b, 50, &msg);
	inet_setint(r, VI_IPV6_ROUTER_ALERT, -1);
	inet_setint(r, VI_IPV6_ROUTER_ALERT, 7);
	tl_ok(inet_sendto(a, out, 50, "2001:db8:2::1", 2000));
	inet_wait(&h.t, r, &msg, in, sizeof(in), &n);
	/* What is for the router itself is not on its way through. */
	tl_ok(inet_sendto(a, out, 50, "2001:db8:1::2", 2000));
	tl_run(&h.t, TL_SEC);
	tl_fails(inet_recv(r, &msg, in, sizeof(in), &n), EAGAIN);
	vi_close(a);
	vi_close(b);
	vi_close(r);
	vi_close(other);
	three_end(&h);
}

/* RFC 2113, by the packet's protocol. */
static void
alerts4(void **state)
{
	static const uint8_t alert[4] = { 148, 4, 0, 0 };
	struct vi_socket *a, *b, *udp, *tcp;
	struct vi_msg msg;
	struct three h;
	size_t n;

	(void)state;
	three_begin(&h);
	tl_ok(vi_socket(h.a, VI_AF_INET, VI_SOCK_DGRAM, 0, &tl_root, &a));
	b = tl_udp(h.b, "0.0.0.0", 2000);
	tl_ok(vi_socket(h.r, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_UDP, &tl_root, &udp));
	tl_ok(vi_socket(h.r, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_TCP, &tl_root, &tcp));
	tl_ok(vi_setsockopt(a, VI_IP_OPTIONS, alert, sizeof(alert)));
	inet_setint(tcp, VI_IP_ROUTER_ALERT, 1);
	tl_pattern(out, 50, 0);
	tl_ok(inet_sendto(a, out, 50, "10.0.2.1", 2000));
	inet_expect(&h.t, b, 50, &msg);
	inet_setint(udp, VI_IP_ROUTER_ALERT, 1);
	tl_fails(vi_setsockopt(udp, VI_IP_ROUTER_ALERT, &(int){ 1 }, sizeof(int)), EADDRINUSE);
	tl_fails(vi_setsockopt(a, VI_IP_ROUTER_ALERT, &(int){ 1 }, sizeof(int)), EINVAL);
	tl_ok(inet_sendto(a, out, 50, "10.0.2.1", 2000));
	inet_wait(&h.t, udp, &msg, in, sizeof(in), &n);
	assert_int_equal(n, 24 + 58);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	tl_fails(inet_recv(tcp, &msg, in, sizeof(in), &n), EAGAIN);
	vi_close(a);
	vi_close(b);
	vi_close(udp);
	vi_close(tcp);
	three_end(&h);
}

/* A whole packet of a program's own, as it is. */
static void
hdrincl(void **state)
{
	uint8_t pkt[HDR + 4] = { 0x6a, 0xb1, 0x23, 0x45, 0, 4, 253, 33, [HDR] = 1, 2, 3, 4 };
	struct vi_socket *a, *b, *user;
	struct vi_msg msg;
	struct two w;
	size_t n;

	(void)state;
	two_begin(&w);
	memcpy(pkt + 8, tl_addr("2001:db8::99", 0).sa_in6, 16);
	memcpy(pkt + 24, tl_addr("2001:db8::2", 0).sa_in6, 16);
	tl_ok(vi_socket(w.a, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root, &a));
	tl_fails(vi_socket(w.a, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_user, &user), EPERM);
	tl_ok(vi_socket(w.b, VI_AF_INET6, VI_SOCK_RAW, 253, &tl_root, &b));
	assert_int_equal(tl_optint(a, VI_IPV6_HDRINCL), 1);
	tl_ok(inet_sendto(a, pkt, sizeof(pkt), "2001:db8::2", 0));
	assert_int_equal(seen(&w, 253), sizeof(pkt));
	assert_memory_equal(in, pkt, sizeof(pkt));
	inet_wait(&w.t, b, &msg, in, sizeof(in), &n);
	assert_int_equal(n, 4);
	assert_int_equal(msg.msg_ttl, 33);
	tl_fails(inet_sendto(a, pkt, HDR - 1, "2001:db8::2", 0), EINVAL);
	tl_fails(inet_sendto(a, out, 1501, "2001:db8::2", 0), EMSGSIZE);
	assert_int_equal(tl_optint(b, VI_IPV6_HDRINCL), 0);
	vi_close(a);
	vi_close(b);
	two_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sticky),
		cmocka_unit_test(bymessage),
		cmocka_unit_test(routing),
		cmocka_unit_test(fragments),
		cmocka_unit_test(train),
		cmocka_unit_test(stream), cmocka_unit_test(answers),
		cmocka_unit_test(pathmtu),
		cmocka_unit_test(flows),
		cmocka_unit_test(unicastif),
		cmocka_unit_test(alerts),
		cmocka_unit_test(alerts4),
		cmocka_unit_test(hdrincl),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
