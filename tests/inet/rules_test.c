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
	/* RFC 1122 3.1: nothing forwards unless told. */
	tl_ok(vi_sysctl_get(g.ch.c, "net.inet.ip.forwarding", (char *)in, sizeof(in)));
	assert_string_equal((char *)in, "0");
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
	/* What has options is not forwarded in a hurry. */
	assert_int_equal(tl_stat(g.ch.r, "ips_forward"), 2);
	assert_int_equal(tl_stat(g.ch.r, "ips_fastforward"), 0);
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

/* To the router by the link, which asks no questions; with a sum that is right, unless it shall not be. */
static void
send_by_link(struct rig *g, struct packet *pk, bool right)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x0800).sa_port };
	struct vi_iovec iov = { pk->p, pk->len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true };
	struct vi_socket *link;
	uint16_t sum;
	size_t n;

	pk->p[10] = pk->p[11] = 0;
	sum = (uint16_t)(inet_cksum(pk->p, (size_t)(pk->p[0] & 15) * 4) ^ (right ? 0 : 1));
	memcpy(pk->p + 10, &sum, 2);
	sa.sa_scope = tl_ifinfo(g->ch.c, g->ch.left.a).if_index;
	sa.sa_station.st_len = 6;
	memcpy(sa.sa_station.st_addr, tl_ifinfo(g->ch.r, g->ch.left.b).if_lladdr, 6);
	msg.msg_name = sa;
	tl_ok(vi_socket(g->ch.c, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &link));
	tl_ok(vi_sendmsg(link, &msg, &n));
	tl_run(&g->ch.t, 100 * TL_MS);
	vi_close(link);
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
	for (int i = 0; i < 3; i++) {
		uint8_t pseudo[32] = { [9] = 6, [11] = 20, [12] = 1000 >> 8, 1000 & 0xff, 0, 80, [24] = 0x50, 2, 0xff, 0xff };
		uint16_t sum;

		pk = packet(i == 0 ? "0.0.0.0" : "10.0.1.1", i == 1 ? "10.0.1.255" : "10.0.1.2", NULL, 0);
		pk.p[9] = 6;
		pk.p[3] = 40;
		pk.len = 40;
		memcpy(pseudo, pk.p + 12, 8);
		sum = inet_cksum(pseudo, sizeof(pseudo));
		memcpy(pseudo + 28, &sum, 2);
		memcpy(pk.p + 20, pseudo + 12, 20);
		send_by_link(&g, &pk, true);
		assert_int_equal(tl_stat(g.ch.r, "tcps_rcvmcast"), i < 2 ? i + 1 : 2);
		assert_int_equal(tl_stat(g.ch.r, "ips_localout") > 0, i == 2);	/* the last one is answered: nothing else was wrong */
	}
	vi_close(l);
	rig_end(&g);
}

/* RFC 9293 3.9.1.1, 3.9.2: whom one may connect to, from which address, with what time to live, and options of IP that nobody knows. */
static void
tcp_opens(void **state)
{
	static const char *const many[] = { "224.0.0.1", "10.0.1.255", "255.255.255.255" };
	static const uint8_t opts[4] = { 0x5e, 4, 1, 2 };
	struct vi_socket *so, *l, *raw, *s;
	struct vi_sockaddr to, name;
	struct vi_msg msg;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		so = tl_socket(g.ch.c, VI_SOCK_STREAM);
		to = tl_addr(many[i], 80);
		tl_fails(vi_connect(so, &to), ENETUNREACH);
		vi_close(so);
	}
	l = tl_listen(g.ch.s, "0.0.0.0", 80, 1);
	raw = inet_socket(g.ch.s, VI_SOCK_RAW, VI_IPPROTO_TCP, &tl_root);
	so = tl_socket(g.ch.c, VI_SOCK_STREAM);
	inet_setint(so, VI_IP_TTL, 33);
	tl_ok(vi_setsockopt(so, VI_IP_OPTIONS, opts, sizeof(opts)));
	to = tl_addr("10.0.2.1", 80);
	tl_fails(vi_connect(so, &to), EINPROGRESS);
	tl_wait(&g.ch.t, (vi_poll(l) & VI_POLLIN) != 0);
	tl_ok(vi_accept(l, &s, NULL));
	tl_ok(inet_recv(raw, &msg, in, sizeof(in), &n));
	assert_int_equal(in[0], 0x46);
	assert_memory_equal(in + 20, opts, sizeof(opts));
	assert_int_equal(in[8], 32);
	/* An address that came later is none of its business. */
	tl_ifaddr(g.ch.c, g.ch.left.a, "10.0.1.77", 24);
	tl_send(&g.ch.t, so, s, 3000);
	tl_ok(vi_sockname(so, &name));
	assert_int_equal(name.sa_in, tl_addr("10.0.1.1", 0).sa_in);
	vi_close(so);
	vi_close(s);
	vi_close(l);
	vi_close(raw);
	tl_run(&g.ch.t, TL_MSL2);
	rig_end(&g);
}

/* RFC 1812 5.2.2, RFC 1122 3.2.1.1, 3.2.1.2: headers that say nothing sensible, to a router. */
static void
wrong_headers(void **state)
{
	static const struct { unsigned at; uint8_t v; size_t len; const char *stat; } rows[] = {
		{ 0, 0x55, 28, "ips_badvers" }, { 0, 0x44, 28, "ips_badhlen" }, { 3, 19, 28, "ips_badlen" }, { 3, 29, 28, "ips_tooshort" },
		{ 3, 28, 19, "ips_toosmall" }, { 16, 0, 28, "ips_badaddr" },
	};
	struct packet pk;
	struct rig g;

	(void)state;
	rig_begin(&g);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pk = packet("10.0.1.1", "10.0.2.1", NULL, 0);
		pk.p[3] = 28;
		pk.p[rows[i].at] = rows[i].v;
		pk.len = rows[i].len;
		send_by_link(&g, &pk, true);
		assert_int_equal(tl_stat(g.ch.r, "ips_total"), i + 1);
		assert_int_equal(tl_stat(g.ch.r, rows[i].stat), 1);
	}
	pk = packet("10.0.1.1", "10.0.2.1", NULL, 0);
	pk.p[3] = 28;
	send_by_link(&g, &pk, false);
	assert_int_equal(tl_stat(g.ch.r, "ips_badsum"), 1);
	assert_int_equal(tl_stat(g.ch.r, "ips_forward"), 0);
	assert_int_equal(tl_stat(g.ch.r, "icps_error"), 0);
	assert_int_equal(tl_stat(g.ch.r, "ips_localout"), 0);
	send_by_link(&g, &pk, true);
	assert_int_equal(tl_stat(g.ch.r, "ips_forward"), 1);
	rig_end(&g);
}

/* RFC 1812 5.2.4.3: the next hop of a strict source route is a neighbour. */
static void
strict_needs_neighbour(void **state)
{
	static const char *const next[] = { "172.16.0.1", "10.0.2.1" };
	uint8_t strict[7] = { 137, 7, 4 };
	struct packet pk;
	struct rig g;

	(void)state;
	rig_begin(&g);
	inet_route(g.ch.r, "172.16.0.0", 16, "10.0.2.1");
	knob(g.ch.r, "net.inet.ip.sourceroute", "1");
	for (int i = 0; i < 2; i++) {
		put_addr(strict + 3, next[i]);
		pk = packet("10.0.1.1", "10.0.1.2", strict, sizeof(strict));
		send_packet(&g, &pk, "10.0.1.2");
		assert_int_equal(tl_stat(g.ch.r, "ips_forward"), i);
	}
	assert_true(told(&g) > 0);
	assert_int_equal(in[20], UNREACH);
	assert_int_equal(in[21], 5);
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

/* RFC 1122 3.2.2.8: time stamps are asked of one host, and its time is ours. */
static void
asked_by_broadcast(void **state)
{
	static const char *const to[] = { "10.0.1.2", "10.0.2.2", "10.0.1.255" };
	uint8_t ask[20] = { 13, [4] = 1, [7] = 1 };
	uint32_t first = 0, at;
	struct rig g;
	uint16_t sum;

	(void)state;
	rig_begin(&g);
	inet_setint(g.icmp, VI_SO_BROADCAST, 1);
	sum = inet_cksum(ask, sizeof(ask));
	memcpy(ask + 2, &sum, 2);
	for (int i = 0; i < 3; i++) {
		tl_ok(inet_sendto(g.icmp, ask, sizeof(ask), to[i], 0));
		tl_run(&g.ch.t, 10 * TL_SEC);
		while (told(&g) > 0 && in[20] != 14)
			;				/* our own copy of the broadcast */
		assert_int_equal(in[20], i < 2 ? 14 : 13);
		if (i == 2)
			break;
		assert_memory_equal(in + 12, &(uint32_t){ tl_addr(to[i], 0).sa_in }, 4);
		at = (uint32_t)in[32] << 24 | (uint32_t)in[33] << 16 | (uint32_t)in[34] << 8 | in[35];
		assert_true(at < 86400000);
		if (i == 1)
			assert_in_range((at + 86400000 - first) % 86400000, 9900, 10100);
		first = at;
	}
	assert_int_equal(tl_stat(g.ch.r, "icps_bmcasttstamp"), 1);
	/* RFC 1812 4.3.3.6: echo can be left unanswered, too. */
	knob(g.ch.r, "net.inet.icmp.ignore_echo", "1");
	tl_ok(inet_sendto(g.icmp, in, inet_echo(in, 1, 1, 8), "10.0.1.2", 0));
	tl_run(&g.ch.t, TL_SEC);
	assert_int_equal(told(&g), 0);
	assert_int_equal(tl_stat(g.ch.r, "icps_ignoredecho"), 1);
	rig_end(&g);
}

/* RFC 1122 3.3.7: every interface is in 224.0.0.1 without being told. */
static void
all_hosts(void **state)
{
	struct packet pk;
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_true((tl_ifinfo(g.ch.r, g.ch.left.b).if_flags & VI_IFF_MULTICAST) != 0);
	pk = packet("10.0.1.1", "224.0.0.1", NULL, 0);
	send_packet(&g, &pk, "224.0.0.1");
	assert_int_equal(tl_stat(g.ch.r, "ips_noproto"), 1);
	assert_int_equal(tl_stat(g.ch.r, "ips_notmember"), 0);
	assert_int_equal(told(&g), 0);
	pk = packet("10.0.1.1", "224.0.0.99", NULL, 0);
	send_packet(&g, &pk, "224.0.0.99");
	assert_int_equal(tl_stat(g.ch.r, "ips_notmember"), 1);
	rig_end(&g);
}

/* RFC 1122 4.1.3.4. */
static void
udp_wrong_sum(void **state)
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
	memcpy(pk.p + 20, (const uint8_t[]){ 0, 9, 2000 >> 8, 2000 & 0xff, 0, 8, 0x12, 0x34 }, 8);
	send_packet(&g, &pk, "10.0.2.1");
	tl_fails(inet_recv(so, &msg, in, sizeof(in), &n), EAGAIN);
	assert_int_equal(tl_stat(g.ch.s, "udps_badsum"), 1);
	assert_int_equal(tl_stat(g.ch.s, "icps_error"), 0);
	vi_close(so);
	rig_end(&g);
}

/* RFC 1191 4. */
static void
mtu_is_told(void **state)
{
	struct packet pk;
	uint8_t big[1000];
	struct rig g;

	(void)state;
	rig_begin(&g);
	inet_setmtu(g.ch.r, g.ch.right.a, 777);
	pk = packet("10.0.1.1", "10.0.2.1", NULL, 0);
	memset(big, 0, sizeof(big));
	memcpy(big, pk.p, 20);
	big[6] = 0x40;
	tl_ok(inet_sendto(g.raw, big, sizeof(big), "10.0.2.1", 0));
	tl_run(&g.ch.t, 100 * TL_MS);
	assert_int_equal(told(&g), 576);
	assert_int_equal(in[20], UNREACH);
	assert_int_equal(in[21], 4);
	assert_memory_equal(in + 24, ((const uint8_t[]){ 0, 0, 777 >> 8, 777 & 0xff }), 4);
	assert_int_equal(inet_cksum(in + 20, 556), 0);
	rig_end(&g);
}

/* RFC 1812 5.3.8: who answers where a packet seems to come from would answer another way, or none. */
static void
reverse_path(void **state)
{
	static const struct { const char *src, *filter; bool passes; } rows[] = {
		{ "10.0.1.1", "1", true }, { "10.0.2.77", "1", false }, { "10.0.2.77", "2", true }, { "10.0.2.77", "0", true },
		{ "198.51.100.9", "2", false }, { "198.51.100.9", "0", true }, { "192.0.2.9", "1", true }, { "192.0.2.9", "2", true },
		{ "203.0.113.9", "2", false },
	};
	const struct vi_route nowhere = { .rt_dst = tl_addr("203.0.113.0", 0), .rt_prefixlen = 24, .rt_flags = VI_RTF_BLACKHOLE,
		.rt_gateway = tl_addr("127.0.0.1", 0) };
	uint64_t dropped = 0, passed = 0;
	struct packet pk;
	struct rig g;

	(void)state;
	rig_begin(&g);
	/* Two ways: by either. */
	inet_route(g.ch.r, "192.0.2.0", 24, "10.0.2.1");
	inet_route(g.ch.r, "192.0.2.0", 24, "10.0.1.1");
	tl_ok(vi_route_add(g.ch.r, &nowhere));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		knob(g.ch.r, "net.ipv4.conf.all.rp_filter", rows[i].filter);
		pk = packet(rows[i].src, "10.0.2.1", NULL, 0);
		send_packet(&g, &pk, "10.0.2.1");
		dropped += !rows[i].passes;
		passed += rows[i].passes;
		assert_int_equal(tl_stat(g.ch.r, "ips_wrongway"), dropped);
		assert_int_equal(tl_stat(g.ch.r, "ips_forward"), passed);
	}
	assert_int_equal(tl_stat(g.ch.r, "icps_error"), 0);
	rig_end(&g);
}

/* RFC 1122 2.3.2.1: how long stations are remembered. */
static void
arp_age(void **state)
{
	struct packet pk;
	uint64_t asked;
	struct rig g;

	(void)state;
	rig_begin(&g);
	knob(g.ch.c, "net.link.ether.inet.max_age", "60");
	pk = packet("10.0.1.1", "10.0.2.1", NULL, 0);
	send_packet(&g, &pk, "10.0.2.1");
	asked = tl_stat(g.ch.c, "as_txrequests");
	tl_run(&g.ch.t, 20 * TL_SEC);
	send_packet(&g, &pk, "10.0.2.1");
	assert_int_equal(tl_stat(g.ch.c, "as_txrequests"), asked);
	tl_run(&g.ch.t, 70 * TL_SEC);
	send_packet(&g, &pk, "10.0.2.1");
	assert_int_equal(tl_stat(g.ch.c, "as_txrequests"), asked + 1);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_routes), cmocka_unit_test(no_redirect), cmocka_unit_test(strong_host), cmocka_unit_test(passed_unchanged),
		cmocka_unit_test(errors_are_ours), cmocka_unit_test(replies_keep_service), cmocka_unit_test(timestamps), cmocka_unit_test(ids_differ),
		cmocka_unit_test(udp_padding), cmocka_unit_test(tcp_with_nobody), cmocka_unit_test(no_address), cmocka_unit_test(ttl_of_zero),
		cmocka_unit_test(narrowest_link), cmocka_unit_test(no_destinations), cmocka_unit_test(asked_by_broadcast), cmocka_unit_test(all_hosts),
		cmocka_unit_test(udp_wrong_sum), cmocka_unit_test(arp_age), cmocka_unit_test(mtu_is_told), cmocka_unit_test(reverse_path),
		cmocka_unit_test(wrong_headers), cmocka_unit_test(tcp_opens), cmocka_unit_test(strict_needs_neighbour),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
