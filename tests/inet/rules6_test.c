/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of IPv6 and ICMPv6 (RFC 8200, RFC 4443), one after the other: packets made by hand, and what becomes of them. */
#include "tests/inet/inet.h"

#include <vimage/tap.h>

enum { UNREACH = 1, TOOBIG = 2, TIMXCEED = 3, PARAMPROB = 4, ECHO = 128, REPLY = 129, NOBODYS = 253, NONEXT = 59 };

#define CLIENT	"2001:db8:1::1"
#define SERVER	"2001:db8:2::1"

static uint8_t in[65536];

/* c -- r -- s with IPv6. */
struct rig {
	struct chain	 ch;
	struct vi_socket *link;		/* the client's: frames to the router */
	struct vi_socket *icmp;		/* what the client is told */
};

static void
rig_begin(struct rig *g)
{
	static const int errors[] = { UNREACH, TOOBIG, TIMXCEED, PARAMPROB, REPLY };
	uint32_t filter[8];

	chain_begin(&g->ch);
	tl_ifaddr(g->ch.c, g->ch.left.a, CLIENT, 64);
	tl_ifaddr(g->ch.r, g->ch.left.b, "2001:db8:1::2", 64);
	tl_ifaddr(g->ch.r, g->ch.right.a, "2001:db8:2::2", 64);
	tl_ifaddr(g->ch.s, g->ch.right.b, SERVER, 64);
	inet_route(g->ch.c, "::", 0, "2001:db8:1::2");
	inet_route(g->ch.s, "::", 0, "2001:db8:2::2");
	tl_ok(vi_sysctl_set(g->ch.r, "net.inet6.ip6.forwarding", "1", &tl_root));
	tl_run(&g->ch.t, 3 * TL_SEC);
	tl_ok(vi_socket(g->ch.c, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &g->link));
	tl_ok(vi_socket(g->ch.c, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &g->icmp));
	memset(filter, 0xff, sizeof(filter));
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		filter[errors[i] >> 5] &= ~(1u << (errors[i] & 31));
	tl_ok(vi_setsockopt(g->icmp, VI_ICMP6_FILTER, filter, sizeof(filter)));
}

static void
rig_end(struct rig *g)
{
	vi_close(g->link);
	vi_close(g->icmp);
	chain_end(&g->ch);
}

/* From src to dst by the router's station: the next header, and what follows the fixed one. */
static void
send_from(struct rig *g, const char *src, const char *dst, uint8_t nxt, uint8_t hlim, const void *p, size_t len)
{
	static uint8_t pkt[2000];
	struct vi_iovec iov = { pkt, 40 + len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true,
		.msg_name = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x86dd).sa_port } };
	size_t n;

	memset(pkt, 0, sizeof(pkt));
	pkt[0] = 0x60;
	pkt[4] = (uint8_t)(len >> 8);
	pkt[5] = (uint8_t)len;
	pkt[6] = nxt;
	pkt[7] = hlim;
	memcpy(pkt + 8, tl_addr(src, 0).sa_in6, 16);
	memcpy(pkt + 24, tl_addr(dst, 0).sa_in6, 16);
	memcpy(pkt + 40, p, len);
	msg.msg_name.sa_scope = tl_ifinfo(g->ch.c, g->ch.left.a).if_index;
	msg.msg_name.sa_station.st_len = 6;
	memcpy(msg.msg_name.sa_station.st_addr, tl_ifinfo(g->ch.r, g->ch.left.b).if_lladdr, 6);
	tl_ok(vi_sendmsg(g->link, &msg, &n));
	tl_run(&g->ch.t, 10 * TL_MS);
}

static void
send_packet(struct rig *g, const char *dst, uint8_t nxt, uint8_t hlim, const void *p, size_t len)
{
	send_from(g, CLIENT, dst, nxt, hlim, p, len);
}

/* The length of what the client was told, from ICMP's header on; 0: nothing. */
static size_t
told(struct rig *g, struct vi_msg *msg)
{
	struct vi_msg own;
	size_t n;

	if (inet_recv(g->icmp, msg != NULL ? msg : &own, in, sizeof(in), &n) != 0)
		return (0);
	return (n);
}

static void
expect(struct rig *g, uint8_t type, uint8_t code, uint32_t arg)
{
	assert_true(told(g, NULL) >= 48);
	assert_int_equal(in[0], type);
	assert_int_equal(in[1], code);
	assert_int_equal((uint32_t)in[4] << 24 | (uint32_t)in[5] << 16 | (uint32_t)in[6] << 8 | in[7], arg);
}

/* RFC 8200 4, 4.1, 4.7: headers that nobody knows, that are none, and that stand where they must not. */
static void
next_headers(void **state)
{
	static const uint8_t opts[16] = { 0, 0, 1, 4, [8] = NONEXT, 0, 1, 4 };	/* a header of options, behind it one of hop-by-hop options */
	struct rig g;

	(void)state;
	rig_begin(&g);
	send_packet(&g, "2001:db8:1::2", NOBODYS, 64, "12345678", 8);
	expect(&g, PARAMPROB, 1, 6);
	assert_int_equal(in[8 + 6], NOBODYS);	/* what it quotes */
	send_packet(&g, "2001:db8:1::2", NONEXT, 64, "12345678", 8);
	assert_int_equal(told(&g, NULL), 0);
	send_packet(&g, "2001:db8:1::2", 60, 64, opts, sizeof(opts));
	expect(&g, PARAMPROB, 1, 40);
	rig_end(&g);
}

/* RFC 4443 3.3, 2.4 (c): the hop limit runs out, and how much is quoted. */
static void
time_exceeded(void **state)
{
	static uint8_t big[1400];
	struct vi_msg msg;
	struct rig g;

	(void)state;
	rig_begin(&g);
	send_packet(&g, SERVER, NOBODYS, 1, big, sizeof(big));
	assert_int_equal(told(&g, &msg), 1280 - 40);
	assert_int_equal(in[0], TIMXCEED);
	assert_int_equal(in[1], 0);
	assert_int_equal(in[8 + 7], 1);
	assert_true(tl_sameaddr(&msg.msg_name, &(struct vi_sockaddr[]){ tl_addr("2001:db8:1::2", 0) }[0]));
	assert_int_equal(tl_stat(g.ch.r, "i6s_forward"), 0);
	rig_end(&g);
}

/* RFC 4443 2.4 (f): so many errors a second, as many as the administrator says. */
static void
limited(void **state)
{
	struct rig g;
	uint64_t sent;

	(void)state;
	rig_begin(&g);
	for (unsigned limit = 5; limit <= 7; limit += 2) {
		tl_ok(vi_sysctl_set(g.ch.r, "net.inet6.icmp6.errppslimit", limit == 5 ? "5" : "7", &tl_root));
		tl_run(&g.ch.t, 5 * TL_SEC);
		sent = tl_stat(g.ch.r, "ic6s_outhist_3");
		for (unsigned i = 0; i < 9; i++)
			send_packet(&g, SERVER, NOBODYS, 1, "12345678", 8);	/* within a second */
		assert_int_equal(tl_stat(g.ch.r, "ic6s_outhist_3") - sent, limit);
	}
	assert_int_equal(tl_stat(g.ch.r, "ic6s_toofreq"), 4 + 2);
	rig_end(&g);
}

/* The sum of an ICMPv6 message. */
static void
finish_from(uint8_t *icmp, size_t len, const char *src, const char *dst)
{
	uint8_t buf[256] = { 0 };
	uint16_t sum;

	icmp[2] = icmp[3] = 0;
	memcpy(buf, tl_addr(src, 0).sa_in6, 16);
	memcpy(buf + 16, tl_addr(dst, 0).sa_in6, 16);
	buf[35] = (uint8_t)len;
	buf[39] = 58;
	memcpy(buf + 40, icmp, len);
	sum = inet_cksum(buf, 40 + len);
	memcpy(icmp + 2, &sum, 2);
}

static void
finish(uint8_t *icmp, size_t len, const char *dst)
{
	finish_from(icmp, len, CLIENT, dst);
}

/* RFC 4443 2.4 (e): what no error is about. */
static void
no_errors(void **state)
{
	uint8_t m[56] = { TIMXCEED, [8] = 0x60 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	finish(m, sizeof(m), SERVER);
	send_packet(&g, SERVER, 58, 1, m, sizeof(m));		/* an error on its way dies here */
	m[0] = 137;						/* so does a redirect */
	finish(m, sizeof(m), SERVER);
	send_packet(&g, SERVER, 58, 1, m, sizeof(m));
	assert_int_equal(tl_stat(g.ch.r, "i6s_hlimexceeded"), 2);
	assert_int_equal(tl_stat(g.ch.r, "ic6s_canterror"), 2);
	send_packet(&g, "ff02::1", NOBODYS, 64, "12345678", 8);
	send_from(&g, "::", "2001:db8:1::2", NOBODYS, 64, "12345678", 8);
	assert_int_equal(tl_stat(g.ch.r, "ic6s_outhist_4"), 0);
	assert_int_equal(told(&g, NULL), 0);
	/* But about an echo request. */
	m[0] = ECHO;
	finish(m, sizeof(m), SERVER);
	send_packet(&g, SERVER, 58, 1, m, sizeof(m));
	assert_true(told(&g, NULL) > 0);
	rig_end(&g);
}

/* RFC 4861 7.1.1: who has no address yet asks the group of the address, and tells none of the link. */
static void
nobody_asks(void **state)
{
	static const char *const group = "ff02::1:ff00:2", *const node = "2001:db8:1::2";
	uint8_t ns[32] = { 135, [24] = 1, [25] = 1, [26] = 2, [31] = 9 };
	uint64_t told_before;
	struct rig g;

	(void)state;
	rig_begin(&g);
	told_before = tl_stat(g.ch.r, "ic6s_outhist_136");
	memcpy(ns + 8, tl_addr(node, 0).sa_in6, 16);
	finish_from(ns, 32, "::", group);
	send_from(&g, "::", group, 58, 255, ns, 32);		/* with a link address */
	finish_from(ns, 24, "::", node);
	send_from(&g, "::", node, 58, 255, ns, 24);		/* to one host */
	assert_int_equal(tl_stat(g.ch.r, "ns_badform") + tl_stat(g.ch.r, "ns_badsource"), 2);
	assert_int_equal(tl_stat(g.ch.r, "ic6s_outhist_136"), told_before);
	finish_from(ns, 24, "::", group);
	send_from(&g, "::", group, 58, 255, ns, 24);
	assert_int_equal(tl_stat(g.ch.r, "ic6s_outhist_136"), told_before + 1);
	rig_end(&g);
}

/* RFC 8200 3: sources that cannot be, lengths that are not there. */
static void
wrong_headers(void **state)
{
	struct rig g;
	uint64_t bad;

	(void)state;
	rig_begin(&g);
	bad = tl_stat(g.ch.r, "i6s_badaddr");
	send_from(&g, "ff02::1", SERVER, NOBODYS, 64, "12345678", 8);
	send_from(&g, "::1", SERVER, NOBODYS, 64, "12345678", 8);
	send_from(&g, CLIENT, "::1", NOBODYS, 64, "12345678", 8);
	assert_int_equal(tl_stat(g.ch.r, "i6s_badaddr") - bad, 3);
	assert_int_equal(tl_stat(g.ch.r, "i6s_forward"), 0);
	assert_int_equal(told(&g, NULL), 0);
	rig_end(&g);
}

/* RFC 4443 2.4 (b), 2.3, 4.2: messages that nobody knows, with wrong sums, and echo to a group. */
static void
messages(void **state)
{
	uint8_t m[16] = { 200 };
	struct vi_msg msg;
	struct rig g;

	(void)state;
	rig_begin(&g);
	finish(m, sizeof(m), "2001:db8:1::2");
	send_packet(&g, "2001:db8:1::2", 58, 64, m, sizeof(m));
	assert_int_equal(tl_stat(g.ch.r, "ic6s_unknown"), 1);
	m[0] = ECHO;
	m[2] = m[3] = 0;
	send_packet(&g, "2001:db8:1::2", 58, 64, m, sizeof(m));
	assert_int_equal(tl_stat(g.ch.r, "ic6s_checksum"), 1);
	assert_int_equal(told(&g, NULL), 0);
	finish(m, sizeof(m), "ff02::1");
	send_packet(&g, "ff02::1", 58, 64, m, sizeof(m));
	assert_int_equal(told(&g, &msg), sizeof(m));
	assert_int_equal(in[0], REPLY);
	assert_true(tl_sameaddr(&msg.msg_name, &(struct vi_sockaddr[]){ tl_addr("2001:db8:1::2", 0) }[0]));
	rig_end(&g);
}

/* RFC 8200 6: a flow has one label; RFC 8021: and what fits no fragment header, whatever a router says. */
static void
labels_and_fragments(void **state)
{
	uint8_t tb[56] = { TOOBIG, [6] = 1000 >> 8, 1000 & 0xff, [8] = 0x60, [13] = 8, 17, 64 };
	struct vi_sockaddr any = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x86dd).sa_port };
	struct vi_socket *a[2], *b[2], *tap, *raw;
	uint32_t label[2][2];
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	any.sa_scope = tl_ifinfo(g.ch.r, g.ch.left.b).if_index;
	for (int i = 0; i < 2; i++) {
		a[i] = tl_socketof(g.ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
		inet_connect(a[i], SERVER, (uint16_t)(2000 + i));
		b[i] = tl_socketof(g.ch.s, VI_AF_INET6, VI_SOCK_DGRAM);
		tl_ok(vi_bind(b[i], &(struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = tl_addr("::", (uint16_t)(2000 + i)).sa_port }));
	}
	tl_ok(inet_sendto(a[0], "x", 1, NULL, 0));
	tl_run(&g.ch.t, TL_SEC);
	tl_ok(vi_socket(g.ch.r, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &tap));
	tl_ok(vi_bind(tap, &any));
	for (int i = 0; i < 4; i++) {
		tl_ok(inet_sendto(a[i / 2], "x", 1, NULL, 0));
		do
			inet_wait(&g.ch.t, tap, &msg, in, sizeof(in), &n);
		while (in[6] != 17);
		label[i / 2][i % 2] = (uint32_t)(in[1] & 15) << 16 | (uint32_t)in[2] << 8 | in[3];
	}
	assert_int_not_equal(label[0][0], 0);
	assert_int_equal(label[0][0], label[0][1]);
	assert_int_equal(label[1][0], label[1][1]);
	assert_int_not_equal(label[0][0], label[1][0]);
	/* A router says 1000. */
	tl_ok(vi_socket(g.ch.r, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &raw));
	memcpy(tb + 16, tl_addr(CLIENT, 0).sa_in6, 16);
	memcpy(tb + 32, tl_addr(SERVER, 0).sa_in6, 16);
	tl_ok(inet_sendto(raw, tb, sizeof(tb), CLIENT, 0));
	tl_run(&g.ch.t, 100 * TL_MS);
	while (inet_recv(tap, &msg, in, sizeof(in), &n) == 0)
		;
	memset(in, 0, 1200);
	tl_ok(inet_sendto(a[0], in, 1200, NULL, 0));
	do
		inet_wait(&g.ch.t, tap, &msg, in, sizeof(in), &n);
	while (in[6] != 17 && in[6] != 44);
	assert_int_equal(in[6], 17);
	assert_int_equal(n, 40 + 8 + 1200);
	for (int i = 0; i < 2; i++) {
		vi_close(a[i]);
		vi_close(b[i]);
	}
	vi_close(tap);
	vi_close(raw);
	rig_end(&g);
}

/* RFC 4862 5.4, 5.5.4: an anycast address needs no check, and a deprecated one is still heard. */
static void
special_addresses(void **state)
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr("2001:db8:1::77", 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_ANYCAST,
		.ia_vltime = VI_IFA_INFINITE, .ia_pltime = VI_IFA_INFINITE };
	uint8_t m[16] = { ECHO };
	struct vi_msg msg;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_if_addr_add(g.ch.r, g.ch.left.b, &ia, true));
	finish(m, sizeof(m), "2001:db8:1::77");
	send_packet(&g, "2001:db8:1::77", 58, 64, m, sizeof(m));	/* at once */
	assert_int_equal(told(&g, &msg), sizeof(m));
	/* RFC 4443 4.2: the answer comes from an address of the interface that is of one host. */
	assert_true(tl_sameaddr(&msg.msg_name, &(struct vi_sockaddr[]){ tl_addr("2001:db8:1::2", 0) }[0]));
	ia = (struct vi_ifaddr){ .ia_addr = tl_addr("2001:db8:1::78", 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_DEPRECATED };
	tl_ok(vi_if_addr_add(g.ch.r, g.ch.left.b, &ia, true));
	tl_run(&g.ch.t, 3 * TL_SEC);
	finish(m, sizeof(m), "2001:db8:1::78");
	send_packet(&g, "2001:db8:1::78", 58, 64, m, sizeof(m));
	assert_int_equal(told(&g, &msg), sizeof(m));
	assert_true(tl_sameaddr(&msg.msg_name, &(struct vi_sockaddr[]){ tl_addr("2001:db8:1::78", 0) }[0]));
	rig_end(&g);
}

/* RFC 8201 4, 5.3: less than 1280 is not believed; what is believed stays for more than five minutes, and is forgotten after ten. */
static void
path_mtu(void **state)
{
	uint8_t tb[56] = { TOOBIG, [8] = 0x60, [12] = 1500 >> 8, 1500 & 0xff, 17, 64 };
	struct vi_socket *a, *b, *raw;
	struct vi_sockaddr own;
	struct rig g;

	(void)state;
	rig_begin(&g);
	a = tl_socketof(g.ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	inet_connect(a, SERVER, 2000);
	b = tl_socketof(g.ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	inet_connect(b, "2001:db8:2::77", 2000);
	tl_ok(vi_sockname(a, &own));
	memcpy(tb + 16, tl_addr(CLIENT, 0).sa_in6, 16);
	memcpy(tb + 32, tl_addr(SERVER, 0).sa_in6, 16);
	memcpy(tb + 48, &own.sa_port, 2);
	tb[50] = 2000 >> 8;
	tb[51] = 2000 & 0xff;
	tl_ok(vi_socket(g.ch.r, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &raw));
	for (unsigned mtu = 1279; mtu <= 1400; mtu += 121) {
		tb[6] = (uint8_t)(mtu >> 8);
		tb[7] = (uint8_t)mtu;
		tl_ok(inet_sendto(raw, tb, sizeof(tb), CLIENT, 0));
		tl_run(&g.ch.t, 100 * TL_MS);
		assert_int_equal(tl_optint(a, VI_IPV6_MTU), mtu < 1280 ? 1500 : mtu);
		assert_int_equal(tl_optint(b, VI_IPV6_MTU), 1500);	/* another destination */
	}
	tl_run(&g.ch.t, 5 * 60 * TL_SEC);
	assert_int_equal(tl_optint(a, VI_IPV6_MTU), 1400);
	tl_run(&g.ch.t, 5 * 60 * TL_SEC + 10 * TL_SEC);
	assert_int_equal(tl_optint(a, VI_IPV6_MTU), 1500);
	vi_close(a);
	vi_close(b);
	vi_close(raw);
	rig_end(&g);
}

/* RFC 4443 3.1: why a packet goes nowhere; RFC 4861 7.2.2: a neighbour who does not answer, asked three times. */
static void
unreachables(void **state)
{
	char name[32];
	uint64_t asked;
	struct rig g;

	(void)state;
	rig_begin(&g);
	send_packet(&g, "2001:db8:99::1", NOBODYS, 64, "12345678", 8);
	expect(&g, UNREACH, 0, 0);
	/* From an address of the link, for another. */
	snprintf(name, sizeof(name), "fe80::c%%%u", tl_ifinfo(g.ch.c, g.ch.left.a).if_index);
	tl_ifaddr(g.ch.c, g.ch.left.a, name, 64);
	snprintf(name, sizeof(name), "fe80::1%%%u", tl_ifinfo(g.ch.r, g.ch.left.b).if_index);
	tl_ifaddr(g.ch.r, g.ch.left.b, name, 64);
	tl_run(&g.ch.t, 3 * TL_SEC);
	send_from(&g, "fe80::c", SERVER, NOBODYS, 64, "12345678", 8);
	tl_run(&g.ch.t, TL_SEC);
	expect(&g, UNREACH, 2, 0);
	asked = tl_stat(g.ch.r, "ns_solout");
	send_packet(&g, "2001:db8:2::99", NOBODYS, 64, "12345678", 8);
	tl_run(&g.ch.t, 2500 * TL_MS);
	assert_int_equal(told(&g, NULL), 0);
	assert_int_equal(tl_stat(g.ch.r, "ns_solout"), asked + 3);
	tl_run(&g.ch.t, TL_SEC);
	expect(&g, UNREACH, 3, 0);
	rig_end(&g);
}

/* RFC 8200 4.1: extension headers in whatever order. */
static void
header_order(void **state)
{
	uint8_t m[8 * 4 + 16] = { 60, 0, 1, 4, [8] = 43, 0, 1, 4, [16] = 60, 0, 253, 0, [24] = 58, 0, 1, 4, [32] = ECHO };
	struct rig g;

	(void)state;
	rig_begin(&g);
	finish(m + 32, 16, "2001:db8:1::2");
	send_packet(&g, "2001:db8:1::2", 60, 64, m, sizeof(m));
	assert_int_equal(told(&g, NULL), 16);
	assert_int_equal(in[0], REPLY);
	rig_end(&g);
}

struct noted { size_t len; uint8_t b[1500]; };

static int
note(void *arg, const struct vi_tap_frame *tf)
{
	struct noted *no = arg;

	no->len = 0;
	for (unsigned i = 0; i < tf->tf_iovcnt; i++) {
		memcpy(no->b + no->len, tf->tf_iov[i].iov_base, tf->tf_iov[i].iov_len);
		no->len += tf->tf_iov[i].iov_len;
	}
	return (0);
}

/* RFC 4443 3.1: on a link with two ends what comes from the other one, for an address that nobody has, does not go back there for ever. */
static void
two_ends(void **state)
{
	struct noted no = { .len = 0 };
	const struct vi_tap_params tp = { .tp_output = note, .tp_arg = &no };
	uint8_t pkt[48] = { 0x60, [5] = 8, NOBODYS, 64 };
	struct vi_tap *tap;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_tap_open(g.ch.r, "tun0", &tp, &tap));
	tl_ifaddr(g.ch.r, "tun0", "2001:db8:7::1", 64);
	tl_run(&g.ch.t, 5 * TL_SEC);
	no.len = 0;
	memcpy(pkt + 8, tl_addr("2001:db8:7::2", 0).sa_in6, 16);
	memcpy(pkt + 24, tl_addr("2001:db8:7::77", 0).sa_in6, 16);
	tl_ok(vi_tap_input(tap, pkt, sizeof(pkt)));
	tl_run(&g.ch.t, TL_SEC);
	assert_int_equal(no.len, 40 + 8 + sizeof(pkt));
	assert_int_equal(no.b[40], UNREACH);
	assert_int_equal(no.b[41], 3);
	assert_int_equal(tl_stat(g.ch.r, "i6s_forward"), 0);
	vi_tap_close(tap);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_headers), cmocka_unit_test(time_exceeded), cmocka_unit_test(limited), cmocka_unit_test(messages),
		cmocka_unit_test(labels_and_fragments), cmocka_unit_test(special_addresses),
		cmocka_unit_test(path_mtu), cmocka_unit_test(two_ends), cmocka_unit_test(unreachables), cmocka_unit_test(header_order),
		cmocka_unit_test(no_errors), cmocka_unit_test(nobody_asks), cmocka_unit_test(wrong_headers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
