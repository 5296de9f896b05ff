/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules for hosts and routers (RFC 1122, RFC 1812), one after the other: packets made by hand, and what becomes of them. */
#include "tests/inet/inet.h"

enum { UNREACH = 3, REDIRECT = 5, TIMXCEED = 11, PARAMPROB = 12, PROTO = 253 };

static uint8_t in[65536];

struct rig {
	struct chain	 ch;
	struct vi_socket *raw;		/* the client's: whole packets */
	struct vi_socket *icmp;		/* what it is told */
	struct vi_socket *srv;		/* the server's, of PROTO */
};

static void
rig_begin(struct rig *g)
{
	chain_begin(&g->ch);
	g->raw = inet_socket(g->ch.c, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root);
	g->icmp = inet_socket(g->ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	g->srv = inet_socket(g->ch.s, VI_SOCK_RAW, PROTO, &tl_root);
}

static void
rig_end(struct rig *g)
{
	vi_close(g->raw);
	vi_close(g->icmp);
	vi_close(g->srv);
	chain_end(&g->ch);
}

static void
knob(struct vi_vnet *vn, const char *name, const char *value)
{
	tl_ok(vi_sysctl_set(vn, name, value, &tl_root));
}

static void
put_addr(uint8_t *p, const char *addr)
{
	const uint32_t a = tl_addr(addr, 0).sa_in;

	memcpy(p, &a, 4);
}

/* A header with options, and eight bytes. */
struct packet {
	uint8_t	p[68];
	size_t	len;
};

static struct packet
packet(const char *src, const char *dst, const void *opts, size_t optlen)
{
	struct packet pk = { .p = { 0x45, [5] = 1, [8] = 64, PROTO } };
	const size_t padded = (optlen + 3) & ~(size_t)3;

	pk.p[0] = (uint8_t)(0x45 + padded / 4);
	put_addr(pk.p + 12, src);
	put_addr(pk.p + 16, dst);
	if (optlen > 0)
		memcpy(pk.p + 20, opts, optlen);
	pk.len = 28 + padded;
	return (pk);
}

static void
send_packet(struct rig *g, const struct packet *pk, const char *dst)
{
	tl_ok(inet_sendto(g->raw, pk->p, pk->len, dst, 0));
	tl_run(&g->ch.t, 100 * TL_MS);
}

/* The one error that the client was told, whole, in in[]; 0: none. */
static size_t
told(struct rig *g)
{
	struct vi_msg msg;
	size_t n;

	if (inet_recv(g->icmp, &msg, in, sizeof(in), &n) != 0)
		return (0);
	return (n);
}

/* RFC 1122 3.2.1.3 and 3.3.5, RFC 1812 5.2.2 and 5.2.4.1: source routes that are not taken. */
static void
source_routes(void **state)
{
	uint8_t strict[7] = { 137, 7, 4 }, loose[7] = { 131, 7, 4 };
	struct packet ps, pl, pr;
	struct rig g;

	(void)state;
	rig_begin(&g);
	put_addr(strict + 3, "10.0.2.9");
	put_addr(loose + 3, "10.0.2.1");
	ps = packet("10.0.1.1", "10.0.2.1", strict, sizeof(strict));
	pl = packet("10.0.1.1", "10.0.2.1", loose, sizeof(loose));
	pr = packet("10.0.1.1", "10.0.1.2", loose, sizeof(loose));
	send_packet(&g, &ps, "10.0.2.1");
	assert_int_equal(told(&g), 20 + 8 + ps.len);
	assert_int_equal(in[20], PARAMPROB);
	assert_int_equal(in[24], 16);
	assert_memory_equal(in + 28 + 12, ps.p + 12, ps.len - 12);	/* as it came */
	send_packet(&g, &pl, "10.0.2.1");
	assert_true(told(&g) > 0);
	assert_int_equal(in[20], UNREACH);
	assert_int_equal(in[21], 5);
	send_packet(&g, &pr, "10.0.1.2");
	assert_true(told(&g) > 0);
	assert_int_equal(in[20], UNREACH);
	assert_int_equal(in[21], 5);
	/* A host: what is for others is none of its business, what names it as a hop is. */
	knob(g.ch.r, "net.inet.ip.forwarding", "0");
	send_packet(&g, &ps, "10.0.2.1");
	send_packet(&g, &pl, "10.0.2.1");
	assert_int_equal(told(&g), 0);
	send_packet(&g, &pr, "10.0.1.2");
	assert_true(told(&g) > 0);
	assert_int_equal(in[21], 5);
	assert_int_equal(tl_stat(g.ch.s, "ips_total"), 0);
	rig_end(&g);
}

/* RFC 792, RFC 1812 5.2.7.2: no redirect for what has a source route, whoever names its next hop. */
static void
no_redirect(void **state)
{
	uint8_t loose[7] = { 131, 7, 4 };
	struct packet transit, here, plain;
	struct rig g;

	(void)state;
	rig_begin(&g);
	inet_route(g.ch.r, "172.16.0.0", 16, "10.0.1.3");
	knob(g.ch.r, "net.inet.ip.sourceroute", "1");
	put_addr(loose + 3, "172.16.0.1");
	transit = packet("10.0.1.1", "172.16.0.1", loose, sizeof(loose));
	here = packet("10.0.1.1", "10.0.1.2", loose, sizeof(loose));
	plain = packet("10.0.1.1", "172.16.0.1", NULL, 0);
	send_packet(&g, &transit, "172.16.0.1");
	send_packet(&g, &here, "10.0.1.2");
	assert_int_equal(tl_stat(g.ch.r, "ips_forward"), 2);
	assert_int_equal(tl_stat(g.ch.r, "icps_outhist_5"), 0);
	send_packet(&g, &plain, "172.16.0.1");
	assert_int_equal(tl_stat(g.ch.r, "icps_outhist_5"), 1);
	assert_true(told(&g) > 0);
	assert_int_equal(in[20], REDIRECT);
	assert_int_equal(in[21], 1);		/* for a host, from the network that it is sent to */
	assert_memory_equal(in + 12, &(uint32_t){ tl_addr("10.0.1.2", 0).sa_in }, 4);
	assert_memory_equal(in + 24, &(uint32_t){ tl_addr("10.0.1.3", 0).sa_in }, 4);
	rig_end(&g);
}

/* RFC 1122 3.3.4.2 (A), when asked for; else one's addresses are one's own by whatever interface. */
static void
strong_host(void **state)
{
	struct vi_socket *so;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	knob(g.ch.r, "net.inet.ip.forwarding", "0");
	so = tl_udp(g.ch.r, "0.0.0.0", 2000);
	for (int i = 0; i < 2; i++) {
		struct vi_socket *a = tl_udp(g.ch.c, "0.0.0.0", 1000);

		tl_ok(inet_sendto(a, "x", 1, "10.0.2.2", 2000));
		tl_run(&g.ch.t, 100 * TL_MS);
		if (i == 0)
			tl_ok(inet_recv(so, &msg, in, sizeof(in), &n));
		else
			tl_fails(inet_recv(so, &msg, in, sizeof(in), &n), EAGAIN);
		assert_int_equal(tl_stat(g.ch.r, "ips_cantforward"), i);
		tl_ok(inet_sendto(a, "x", 1, "10.0.1.2", 2000));
		tl_run(&g.ch.t, 100 * TL_MS);
		tl_ok(inet_recv(so, &msg, in, sizeof(in), &n));
		vi_close(a);
		knob(g.ch.r, "net.inet.ip.check_interface", "1");
	}
	vi_close(so);
	rig_end(&g);
}

/* RFC 1812 4.2.2.3, 5.2.5, 5.3.3.3: reserved bits, type of service and precedence pass a router, also one that cuts. */
static void
passed_unchanged(void **state)
{
	static const uint8_t opts[12] = { 130, 4, 1, 2, 136, 4, 3, 4, 0x5e, 4, 5, 6 };	/* security (of a length of old), stream id, nobody's */
	struct packet pk;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	pk = packet("10.0.1.1", "10.0.2.1", opts, sizeof(opts));
	pk.p[1] = 0xff;
	pk.p[6] = 0x80;
	send_packet(&g, &pk, "10.0.2.1");
	tl_ok(inet_recv(g.srv, &msg, in, sizeof(in), &n));
	assert_int_equal(n, pk.len);
	assert_int_equal(in[1], 0xff);
	assert_int_equal(in[6], 0x80);
	assert_int_equal(in[8], 63);
	assert_memory_equal(in + 20, opts, sizeof(opts));
	/* RFC 1122 3.2.1.8 (b): a stream id is ignored, whatever is in it. */
	pk = packet("10.0.1.1", "10.0.1.2", (const uint8_t[]){ 136, 3, 9, 0 }, 4);
	send_packet(&g, &pk, "10.0.1.2");
	assert_true(told(&g) > 0);
	assert_int_equal(in[20], UNREACH);	/* of the protocol: nothing was wrong before */
	assert_int_equal(in[21], 2);
	rig_end(&g);
}

/* RFC 1812 4.3.2.2, 4.3.2.3, 4.3.2.5: what errors have of their own and what of the packet. */
static void
errors_are_ours(void **state)
{
	struct packet pk;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	pk = packet("10.0.1.1", "172.16.0.1", NULL, 0);
	pk.p[1] = 0x2b;
	pk.p[8] = 3;
	send_packet(&g, &pk, "172.16.0.1");
	n = told(&g);
	assert_int_equal(n, 56);
	assert_int_equal(in[1], 0xc0);		/* internetwork control, and no type of service */
	assert_int_equal(in[8], 64);
	assert_int_equal(in[36], 3);		/* quoted as it came */
	assert_int_equal(in[29], 0x2b);
	knob(g.ch.r, "net.inet.ip.ttl", "77");
	knob(g.ch.r, "net.inet.icmp.error_keeptos", "1");
	send_packet(&g, &pk, "172.16.0.1");
	assert_int_equal(told(&g), 56);
	assert_int_equal(in[1], 0x28);
	assert_int_equal(in[8], 77);
	rig_end(&g);
}

/* RFC 1812 4.3.2.5: an answer has the type of service and the precedence of the question. */
static void
replies_keep_service(void **state)
{
	uint8_t echo[64];
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	inet_setint(g.icmp, VI_IP_TOS, 0xb8);
	n = inet_echo(echo, 1, 1, 8);
	tl_ok(inet_sendto(g.icmp, echo, n, "10.0.2.1", 0));
	tl_run(&g.ch.t, 100 * TL_MS);
	assert_int_equal(told(&g), 20 + n);
	assert_int_equal(in[20], 0);
	assert_int_equal(in[1], 0xb8);
	rig_end(&g);
}

/* RFC 1122 3.2.1.8 (e): who sends a timestamp option writes the first, and who answers adds one, not two. */
static void
timestamps(void **state)
{
	static const uint8_t both[36] = { 68, 36, 5, 1 };
	uint8_t pre[20] = { 68, 20, 5, 3 }, echo[64];
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_setsockopt(g.icmp, VI_IP_OPTIONS, both, sizeof(both)));
	n = inet_echo(echo, 1, 1, 8);
	tl_ok(inet_sendto(g.icmp, echo, n, "10.0.2.1", 0));
	tl_run(&g.ch.t, 100 * TL_MS);
	assert_int_equal(told(&g), 20 + 36 + n);
	assert_int_equal(in[56], 0);
	/* Ours, the router's, the server's, the router's; ours again found no room. */
	assert_int_equal(in[22], 37);
	assert_int_equal(in[23], 0x11);
	assert_memory_equal(in + 24, &(uint32_t){ tl_addr("10.0.1.1", 0).sa_in }, 4);
	assert_memory_equal(in + 32, &(uint32_t){ tl_addr("10.0.2.2", 0).sa_in }, 4);
	assert_memory_equal(in + 40, &(uint32_t){ tl_addr("10.0.2.1", 0).sa_in }, 4);
	assert_memory_equal(in + 48, &(uint32_t){ tl_addr("10.0.1.2", 0).sa_in }, 4);
	/* Named addresses: ours first, then one that nobody has. */
	put_addr(pre + 4, "10.0.1.1");
	put_addr(pre + 12, "203.0.113.1");
	tl_ok(vi_setsockopt(g.icmp, VI_IP_OPTIONS, pre, sizeof(pre)));
	tl_ok(inet_sendto(g.icmp, echo, n, "10.0.1.2", 0));
	tl_run(&g.ch.t, 100 * TL_MS);
	assert_int_equal(told(&g), 20 + 20 + n);
	assert_int_equal(in[22], 13);
	assert_memory_equal(in + 24, pre + 4, 4);
	assert_memory_equal(in + 32, pre + 12, 8);
	rig_end(&g);
}

/* RFC 6864 4.2: ids of what may be cut differ, for a while. */
static void
ids_differ(void **state)
{
	static bool seen[65536];
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	memset(seen, 0, sizeof(seen));
	a = tl_udp(g.ch.c, "0.0.0.0", 1000);
	inet_setint(a, VI_IP_MTU_DISCOVER, 0);
	b = inet_socket(g.ch.s, VI_SOCK_RAW, VI_IPPROTO_UDP, &tl_root);
	for (int i = 0; i < 1000; i++) {
		tl_ok(inet_sendto(a, "x", 1, "10.0.2.1", 2000));
		inet_wait(&g.ch.t, b, &msg, in, sizeof(in), &n);
		assert_false(seen[in[4] << 8 | in[5]]);
		seen[in[4] << 8 | in[5]] = true;
	}
	vi_close(a);
	vi_close(b);
	rig_end(&g);
}

/* RFC 768: what lies behind the length that UDP says is no data. */
static void
udp_padding(void **state)
{
	struct vi_socket *so;
	struct vi_msg msg;
	struct packet pk;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	so = tl_udp(g.ch.s, "0.0.0.0", 2000);
	pk = packet("10.0.1.1", "10.0.2.1", NULL, 0);
	pk.p[9] = VI_IPPROTO_UDP;
	memcpy(pk.p + 20, (const uint8_t[]){ 1000 >> 8, 1000 & 0xff, 2000 >> 8, 2000 & 0xff, 0, 11, 0, 0, 'a', 'b', 'c', 'd', 'e' }, 13);
	pk.len = 33;
	send_packet(&g, &pk, "10.0.2.1");
	tl_ok(inet_recv(so, &msg, in, sizeof(in), &n));
	assert_int_equal(n, 3);
	assert_memory_equal(in, "abc", 3);
	pk.p[25] = 14;		/* more than came */
	send_packet(&g, &pk, "10.0.2.1");
	tl_fails(inet_recv(so, &msg, in, sizeof(in), &n), EAGAIN);
	assert_int_equal(tl_stat(g.ch.s, "udps_badlen"), 1);
	vi_close(so);
	rig_end(&g);
}

/* RFC 1122 3.2.1.3 (a), RFC 9293 MUST-57: no connection with nobody, nor with many. */
static void
tcp_with_nobody(void **state)
{
	struct vi_socket *l;
	struct packet pk;
	struct rig g;

	(void)state;
	rig_begin(&g);
	l = tl_listen(g.ch.r, "0.0.0.0", 80, 1);
	inet_setint(g.raw, VI_SO_BROADCAST, 1);
	for (int i = 0; i < 2; i++) {
		const char *dst = i == 0 ? "10.0.1.2" : "10.0.1.255";
		uint8_t pseudo[32] = { [9] = 6, [11] = 20, [12] = 1000 >> 8, 1000 & 0xff, 0, 80, [24] = 0x50, 2, 0xff, 0xff };
		uint16_t sum;

		/* A raw socket would fill in a source of 0: by the link, then. */
		struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x0800).sa_port };
		struct vi_iovec iov;
		struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true };
		struct vi_socket *link;
		size_t n;

		pk = packet(i == 0 ? "0.0.0.0" : "10.0.1.1", dst, NULL, 0);
		pk.p[9] = 6;
		pk.p[3] = 40;
		memcpy(pseudo, pk.p + 12, 8);
		sum = inet_cksum(pseudo, sizeof(pseudo));
		memcpy(pseudo + 28, &sum, 2);
		memcpy(pk.p + 20, pseudo + 12, 20);
		sum = inet_cksum(pk.p, 20);
		memcpy(pk.p + 10, &sum, 2);
		iov = (struct vi_iovec){ pk.p, 40 };
		sa.sa_scope = tl_ifinfo(g.ch.c, g.ch.left.a).if_index;
		sa.sa_station.st_len = 6;
		memcpy(sa.sa_station.st_addr, tl_ifinfo(g.ch.r, g.ch.left.b).if_lladdr, 6);
		msg.msg_name = sa;
		tl_ok(vi_socket(g.ch.c, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &link));
		tl_ok(vi_sendmsg(link, &msg, &n));
		tl_run(&g.ch.t, 100 * TL_MS);
		assert_int_equal(tl_stat(g.ch.r, "tcps_rcvmcast"), i + 1);
		assert_int_equal(tl_stat(g.ch.r, "ips_localout"), 0);
		vi_close(link);
	}
	vi_close(l);
	rig_end(&g);
}

/* RFC 1122 3.2.1.3 (a): 0.0.0.0 is a source only for who has no address by that interface. */
static void
no_address(void **state)
{
	const struct vi_sockaddr own = tl_addr("10.0.1.1", 0);
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	a = tl_udp(g.ch.c, "0.0.0.0", 68);
	inet_setint(a, VI_SO_BROADCAST, 1);
	tl_ok(vi_setsockopt(a, VI_SO_BINDTODEVICE, g.ch.left.a, strlen(g.ch.left.a)));
	b = tl_udp(g.ch.r, "0.0.0.0", 67);
	for (int i = 0; i < 2; i++) {
		tl_ok(inet_sendto(a, "x", 1, "255.255.255.255", 67));
		tl_run(&g.ch.t, 100 * TL_MS);
		tl_ok(inet_recv(b, &msg, in, sizeof(in), &n));
		assert_int_equal(msg.msg_name.sa_in, i == 0 ? own.sa_in : 0);
		if (i == 0)
			tl_ok(vi_if_addr_del(g.ch.c, g.ch.left.a, &own));
	}
	vi_close(a);
	vi_close(b);
	rig_end(&g);
}

/* RFC 1122 3.2.1.7: nothing leaves with a time to live of 0; to a group it stays here. */
static void
ttl_of_zero(void **state)
{
	struct vi_mreq mr = { .mr_group = tl_addr("239.1.2.3", 0).sa_in, .mr_addr = tl_addr("10.0.1.1", 0).sa_in };
	struct vi_socket *a;
	struct vi_msg msg;
	uint64_t before;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	a = tl_udp(g.ch.c, "0.0.0.0", 1000);
	tl_fails(vi_setsockopt(a, VI_IP_TTL, &(int){ 0 }, sizeof(int)), EINVAL);
	tl_ok(vi_setsockopt(a, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	tl_run(&g.ch.t, 100 * TL_SEC);		/* it was told */
	before = tl_stat(g.ch.r, "ips_total");
	inet_setint(a, VI_IP_MULTICAST_TTL, 0);
	tl_ok(inet_sendto(a, "x", 1, "239.1.2.3", 1000));
	tl_run(&g.ch.t, TL_SEC);
	tl_ok(inet_recv(a, &msg, in, sizeof(in), &n));
	assert_int_equal(tl_stat(g.ch.r, "ips_total"), before);
	vi_close(a);
	rig_end(&g);
}

/* RFC 791 3.2: 68 bytes pass every link; none is allowed that takes less than 72. */
static void
narrowest_link(void **state)
{
	struct vi_socket *a, *b;
	struct rig g;
	uint8_t out[700];

	(void)state;
	rig_begin(&g);
	tl_fails(vi_if_set_mtu(g.ch.r, g.ch.right.a, 71), EINVAL);
	inet_setmtu(g.ch.r, g.ch.right.a, 72);
	a = tl_udp(g.ch.c, "0.0.0.0", 1000);
	b = tl_udp(g.ch.s, "0.0.0.0", 2000);
	tl_pattern(out, sizeof(out), 0);
	inet_setint(a, VI_IP_MTU_DISCOVER, 2);
	tl_ok(inet_sendto(a, out, 40, "10.0.2.1", 2000));	/* 68 bytes with all headers */
	inet_expect(&g.ch.t, b, 40, NULL);
	assert_int_equal(tl_stat(g.ch.r, "ips_fragmented"), 0);
	inet_setint(a, VI_IP_MTU_DISCOVER, 0);
	tl_ok(inet_sendto(a, out, sizeof(out), "10.0.2.1", 2000));
	inet_expect(&g.ch.t, b, sizeof(out), NULL);
	assert_int_equal(tl_stat(g.ch.r, "ips_fragmented"), 1);
	vi_close(a);
	vi_close(b);
	rig_end(&g);
}

/* RFC 1812 5.3.7, RFC 2644: class E is nobody, and the broadcast address of another network of ours is not ours from here. */
static void
no_destinations(void **state)
{
	struct vi_socket *so;
	struct packet pk;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	so = inet_socket(g.ch.r, VI_SOCK_RAW, PROTO, &tl_root);
	pk = packet("10.0.1.1", "240.0.0.1", NULL, 0);
	send_packet(&g, &pk, "240.0.0.1");
	assert_int_equal(tl_stat(g.ch.r, "ips_badaddr"), 1);
	pk = packet("10.0.1.1", "10.0.2.255", NULL, 0);
	send_packet(&g, &pk, "10.0.2.255");
	assert_int_equal(tl_stat(g.ch.r, "ips_cantforward"), 1);
	tl_fails(inet_recv(so, &msg, in, sizeof(in), &n), EAGAIN);
	assert_int_equal(told(&g), 0);
	vi_close(so);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_routes), cmocka_unit_test(no_redirect), cmocka_unit_test(strong_host), cmocka_unit_test(passed_unchanged),
		cmocka_unit_test(errors_are_ours), cmocka_unit_test(replies_keep_service), cmocka_unit_test(timestamps), cmocka_unit_test(ids_differ),
		cmocka_unit_test(udp_padding), cmocka_unit_test(tcp_with_nobody), cmocka_unit_test(no_address), cmocka_unit_test(ttl_of_zero),
		cmocka_unit_test(narrowest_link), cmocka_unit_test(no_destinations),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
