/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets over IPv6: names and zones, what comes and goes with a datagram, errors, groups, trains. */
#include "tests/inet/inet.h"

static uint8_t out[65536], in[65536];

struct one {
	struct tl	 t;
	struct vi_vnet	*vn;
	uint32_t	 lo;	/* lo0's index */
};

static void
one_begin(struct one *o)
{
	tl_begin(&o->t, 3);
	o->vn = tl_vnet(&o->t, "v");
	tl_ifaddr(o->vn, "lo0", "127.0.0.1", 8);
	tl_ifaddr(o->vn, "lo0", "2001:db8::1", 64);
	o->lo = tl_ifinfo(o->vn, "lo0").if_index;
	tl_run(&o->t, 3 * TL_SEC);	/* addresses are verified */
}

static int
send6(struct vi_socket *so, size_t len, const char *addr, uint16_t port)
{
	tl_pattern(out, len, 0);
	return (inet_sendto(so, out, len, addr, port));
}

static void
name_is(const struct vi_sockaddr *got, const char *want, uint16_t port)
{
	struct vi_sockaddr sa = tl_addr(want, port);

	if (port == 0)
		sa.sa_port = got->sa_port;
	if (!tl_sameaddr(got, &sa)) {
		for (unsigned i = 0; i < 16; i++)
			fprintf(stderr, "%02x", got->sa_in6[i]);
		fail_msg(" is not %s (family %u, zone %u)", want, got->sa_family, got->sa_scope);
	}
}

static void
datagrams(void **state)
{
	static const size_t lens[] = { 0, 1, 1232, 1500, 16384, 65507, 65520, 65527 };
	struct vi_socket *a, *b, *four;
	struct vi_sockaddr sa;
	struct vi_msg msg;
	struct one o;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(o.vn, "::", 2000);
	four = tl_udp(o.vn, "0.0.0.0", 3000);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		tl_ok(send6(a, lens[i], "::1", 2000));
		inet_expect(&o.t, b, lens[i], &msg);
		name_is(&msg.msg_name, "::1", 0);
		name_is(&msg.msg_dst, "::1", 0);
		assert_int_equal(msg.msg_ttl, 64);
		assert_int_equal(msg.msg_ifindex, o.lo);
	}
	tl_ok(send6(a, 10, "2001:db8::1", 2000));
	inet_expect(&o.t, b, 10, &msg);
	name_is(&msg.msg_name, "2001:db8::1", 0);
	tl_ok(send6(a, 10, "::", 2000));		/* is here */
	inet_expect(&o.t, b, 10, &msg);
	name_is(&msg.msg_dst, "::1", 0);
	/* The same socket to either family. */
	tl_ok(send6(a, 10, "::ffff:127.0.0.1", 3000));
	inet_expect(&o.t, four, 10, &msg);
	name_is(&msg.msg_name, "127.0.0.1", 0);
	/* RFC 5082, of each family apart. */
	inet_setint(a, VI_IPV6_UNICAST_HOPS, 254);
	inet_setint(b, VI_IP_MINTTL, 255);
	tl_ok(send6(a, 10, "::1", 2000));
	inet_expect(&o.t, b, 10, &msg);
	assert_int_equal(msg.msg_ttl, 254);
	inet_setint(b, VI_IPV6_MINHOPCOUNT, 255);
	tl_ok(send6(a, 10, "::1", 2000));
	tl_run(&o.t, TL_SEC);
	assert_int_equal(tl_stat(o.vn, "udps_minttl"), 1);
	inet_setint(a, VI_IPV6_UNICAST_HOPS, 255);
	tl_ok(send6(a, 10, "::1", 2000));
	inet_expect(&o.t, b, 10, &msg);
	inet_setint(a, VI_IPV6_UNICAST_HOPS, -1);
	inet_setint(b, VI_IPV6_MINHOPCOUNT, 0);
	tl_fails(send6(a, 10, "::1", 0), EINVAL);
	tl_fails(send6(four, 10, "::1", 2000), EAFNOSUPPORT);
	tl_fails(send6(a, 10, "fe80::1", 2000), EINVAL);
	tl_fails(send6(a, 10, "2001:db8:ffff::1", 2000), ENETUNREACH);
	/* Connected. */
	sa = tl_addr("::", 2000);
	tl_ok(vi_connect(a, &sa));
	tl_ok(vi_peername(a, &sa));
	name_is(&sa, "::1", 2000);
	tl_ok(vi_sockname(a, &sa));
	name_is(&sa, "::1", 0);
	tl_ok(send6(a, 77, NULL, 0));
	inet_expect(&o.t, b, 77, NULL);
	assert_int_equal(tl_optint(a, VI_IPV6_MTU), tl_ifinfo(o.vn, "lo0").if_mtu);
	sa = (struct vi_sockaddr){ .sa_family = VI_AF_UNSPEC };
	tl_ok(vi_connect(a, &sa));
	tl_ok(vi_sockname(a, &sa));
	name_is(&sa, "::", 0);
	vi_close(a);
	vi_close(b);
	vi_close(four);
	tl_end(&o.t);
}

static void
refused(void **state)
{
	static const size_t toolong[] = { 16385, 65535 };
	struct vi_sockaddr sa = tl_addr("::1", 9);
	struct vi_sockerr se;
	struct vi_socket *a;
	struct vi_msg msg;
	struct one o;
	size_t n;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(vi_connect(a, &sa));
	tl_ok(send6(a, 10, NULL, 0));
	tl_wait(&o.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), ECONNREFUSED);
	inet_setint(a, VI_IP_RECVERR, 1);	/* of IPv4: means nothing here */
	tl_ok(send6(a, 10, NULL, 0));
	tl_wait(&o.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_fails(vi_recverr(a, &se, in, sizeof(in)), EAGAIN);
	tl_fails(tl_sockerr(a), ECONNREFUSED);
	inet_setint(a, VI_IPV6_RECVERR, 1);
	tl_ok(send6(a, 30, NULL, 0));
	tl_wait(&o.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_ok(vi_recverr(a, &se, in, sizeof(in)));
	assert_int_equal(se.se_errno, ECONNREFUSED);
	assert_int_equal(se.se_type, 1);	/* RFC 4443 3.1: port unreachable */
	assert_int_equal(se.se_code, 4);
	assert_int_equal(se.se_len, 30);
	assert_true(tl_ispattern(in, 30, 0));
	name_is(&se.se_offender, "::1", 0);
	name_is(&se.se_dst, "::1", 9);
	(void)tl_sockerr(a);
	/* What is too long to leave is told with the length of the path. */
	inet_setint(a, VI_IPV6_MTU_DISCOVER, 2);
	for (size_t i = 0; i < sizeof(toolong) / sizeof(toolong[0]); i++) {
		tl_fails(vi_send(a, in, toolong[i], 0, &n), EMSGSIZE);
		tl_ok(vi_recverr(a, &se, in, sizeof(in)));
		assert_int_equal(se.se_origin, VI_SE_LOCAL);
		assert_int_equal(se.se_errno, EMSGSIZE);
		assert_int_equal(se.se_info, 16384);
		assert_int_equal(se.se_len, 0);
		name_is(&se.se_dst, "::1", 9);
		tl_fails(vi_recverr(a, &se, in, sizeof(in)), EAGAIN);
	}
	vi_close(a);
	tl_end(&o.t);
}

/* RFC 3542 6: what one message overrides, and the socket's own settings. */
static void
ancillary(void **state)
{
	struct vi_iovec iov = { out, 10 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("::1", 2000),
		.msg_set = VI_MSGSET_TTL | VI_MSGSET_TOS | VI_MSGSET_ADDR, .msg_ttl = 7, .msg_tos = 0x28, .msg_dst = tl_addr("2001:db8::7", 0) };
	struct vi_socket *a, *b;
	struct vi_msg got;
	struct one o;
	size_t n;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(o.vn, "::", 2000);
	tl_pattern(out, 10, 0);
	tl_fails(vi_sendmsg(a, &msg, &n), EINVAL);
	msg.msg_dst = tl_addr("2001:db8::1", 0);
	tl_ok(vi_sendmsg(a, &msg, &n));
	inet_expect(&o.t, b, 10, &got);
	assert_int_equal(got.msg_ttl, 7);
	assert_int_equal(got.msg_tos, 0x28);
	name_is(&got.msg_name, "2001:db8::1", 0);
	msg.msg_dst = tl_addr("::ffff:127.0.0.1", 0);
	tl_fails(vi_sendmsg(a, &msg, &n), EINVAL);
	msg.msg_set = VI_MSGSET_TTL;
	msg.msg_ttl = 256;
	tl_fails(vi_sendmsg(a, &msg, &n), EINVAL);
	msg.msg_set = VI_MSGSET_IFINDEX;
	msg.msg_ifindex = 99;
	msg.msg_name = tl_addr("2001:db8:1::1", 2000);
	tl_fails(vi_sendmsg(a, &msg, &n), ENODEV);
	msg.msg_name = tl_addr("2001:db8::1", 2000);	/* our own, which has no way */
	tl_fails(vi_sendmsg(a, &msg, &n), ENODEV);
	msg.msg_ifindex = o.lo;
	tl_ok(vi_sendmsg(a, &msg, &n));
	inet_expect(&o.t, b, 10, NULL);
	tl_fails(send6(a, 65528, "::1", 2000), EMSGSIZE);
	inet_setint(a, VI_IPV6_UNICAST_HOPS, 33);
	inet_setint(a, VI_IPV6_TCLASS, 0x10);
	inet_setint(a, VI_IP_TTL, 5);			/* of IPv4 */
	tl_ok(send6(a, 10, "::1", 2000));
	inet_expect(&o.t, b, 10, &got);
	assert_int_equal(got.msg_ttl, 33);
	assert_int_equal(got.msg_tos, 0x10);
	vi_close(a);
	vi_close(b);
	tl_end(&o.t);
}

static void
trains(void **state)
{
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct one o;
	size_t n;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(o.vn, "::1", 2000);
	inet_setint(a, VI_UDP_SEGMENT, 1000);
	tl_ok(send6(a, 3500, "::1", 2000));
	for (size_t off = 0; off < 3500; off += n) {
		inet_wait(&o.t, b, &msg, in, sizeof(in), &n);
		assert_int_equal(n, off == 3000 ? 500 : 1000);
		assert_true(tl_ispattern(in, n, off));
	}
	inet_setint(b, VI_UDP_GRO, 1);
	tl_ok(send6(a, 3500, "::1", 2000));
	inet_expect(&o.t, b, 3500, &msg);
	assert_int_equal(msg.msg_segsz, 1000);
	vi_close(a);
	vi_close(b);
	tl_end(&o.t);
}

/* RFC 8200 8.1: a datagram must have a checksum, unless both sides agreed that it need not (RFC 6935). */
static void
no_checksum(void **state)
{
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct one o;
	size_t n;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(o.vn, "::1", 2000);
	inet_setint(a, VI_UDP_NO_CHECK6_TX, 1);
	tl_ok(send6(a, 10, "::1", 2000));
	tl_run(&o.t, TL_SEC);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	assert_int_equal(tl_stat(o.vn, "udps_nosum6"), 1);
	/* Nor is it answered where there is nobody. */
	tl_ok(send6(a, 10, "::1", 2001));
	tl_run(&o.t, TL_SEC);
	assert_int_equal(tl_stat(o.vn, "udps_nosum6"), 2);
	assert_int_equal(tl_stat(o.vn, "udps_noport"), 0);
	inet_setint(b, VI_UDP_NO_CHECK6_RX, 1);
	tl_ok(send6(a, 10, "::1", 2000));
	inet_expect(&o.t, b, 10, NULL);
	inet_setint(b, VI_UDP_NO_CHECK6_RX, 0);
	tl_ok(vi_sysctl_set(o.vn, "net.inet6.udp6.rfc6935_port", "2000", &tl_root));
	tl_ok(send6(a, 10, "::1", 2000));
	inet_expect(&o.t, b, 10, NULL);
	vi_close(a);
	vi_close(b);
	tl_end(&o.t);
}

static int
membership(struct vi_socket *so, enum vi_sockopt opt, const char *group, uint32_t ifindex)
{
	struct vi_sockaddr sa = tl_addr(group, 0);
	struct vi_mreq6 mr = { .mr6_ifindex = ifindex };

	memcpy(mr.mr6_group, sa.sa_in6, sizeof(mr.mr6_group));
	return (vi_setsockopt(so, opt, &mr, sizeof(mr)));
}

static void
groups(void **state)
{
	struct vi_socket *a, *b, *bound, *tcp;
	struct vi_msg msg;
	struct one o;
	size_t n;

	(void)state;
	one_begin(&o);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(o.vn, "::", 2000);
	tcp = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_STREAM);
	tl_fails(membership(b, VI_IPV6_JOIN_GROUP, "2001:db8::1", o.lo), EINVAL);
	tl_fails(membership(b, VI_IPV6_JOIN_GROUP, "ff15::7", 99), ENODEV);
	tl_fails(membership(tcp, VI_IPV6_JOIN_GROUP, "ff15::7", o.lo), EPROTO);
	tl_fails(membership(b, VI_IPV6_LEAVE_GROUP, "ff15::7", o.lo), EADDRNOTAVAIL);
	tl_ok(membership(b, VI_IPV6_JOIN_GROUP, "ff15::7", o.lo));
	tl_fails(membership(b, VI_IPV6_JOIN_GROUP, "ff15::7", o.lo), EADDRINUSE);
	inet_setint(a, VI_IPV6_MULTICAST_IF, (int)o.lo);
	tl_ok(send6(a, 20, "ff15::7", 2000));
	inet_expect(&o.t, b, 20, &msg);
	name_is(&msg.msg_dst, "ff15::7", 0);
	assert_int_equal(msg.msg_ttl, 1);
	bound = tl_udp(o.vn, "ff15::7", 3000);		/* hears it, and sends from an address of the host */
	tl_ok(send6(bound, 20, "::1", 2000));
	inet_expect(&o.t, b, 20, &msg);
	name_is(&msg.msg_name, "::1", 3000);
	vi_close(bound);
	tl_ok(membership(b, VI_IPV6_LEAVE_GROUP, "ff15::7", 0));
	tl_ok(send6(a, 20, "ff15::7", 2000));
	tl_run(&o.t, TL_SEC);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	tl_ok(membership(b, VI_IPV6_JOIN_GROUP, "ff12::9", o.lo));	/* closed as a member */
	vi_close(a);
	vi_close(b);
	vi_close(tcp);
	tl_end(&o.t);
}

/* Over a cable: a group needs no neighbour, only a zone. */
static void
cable_groups(void **state)
{
	struct vi_socket *a, *b;
	struct vi_vnet *va, *vb;
	struct tl_cable cable;
	struct vi_msg msg;
	char group[40], from[40];
	uint32_t zonea, zoneb;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 4);
	va = tl_vnet(&t, "a");
	vb = tl_vnet(&t, "b");
	tl_cable(va, vb, &cable);
	tl_ifaddr(va, cable.a, "fe80::a", 64);
	tl_ifaddr(vb, cable.b, "fe80::b", 64);
	tl_run(&t, 3 * TL_SEC);
	zonea = tl_ifinfo(va, cable.a).if_index;
	zoneb = tl_ifinfo(vb, cable.b).if_index;
	a = tl_udp(va, "::", 1000);
	b = tl_udp(vb, "::", 2000);
	tl_ok(membership(b, VI_IPV6_JOIN_GROUP, "ff02::99", zoneb));
	tl_fails(send6(a, 10, "ff02::99", 2000), EINVAL);
	snprintf(group, sizeof(group), "ff02::99%%%u", zonea);
	snprintf(from, sizeof(from), "fe80::a%%%u", zoneb);
	tl_ok(send6(a, 10, group, 2000));
	inet_expect(&t, b, 10, &msg);
	name_is(&msg.msg_name, from, 1000);
	assert_int_equal(msg.msg_ifindex, zoneb);
	assert_int_equal(msg.msg_dst.sa_scope, zoneb);
	/* VI_IPV6_MULTICAST_IF is as good as a zone. */
	inet_setint(a, VI_IPV6_MULTICAST_IF, (int)zonea);
	tl_ok(send6(a, 1400, "ff02::99", 2000));
	inet_expect(&t, b, 1400, NULL);
	tl_ok(send6(a, 5000, "ff02::99", 2000));	/* in fragments */
	inet_expect(&t, b, 5000, NULL);
	tl_ok(membership(b, VI_IPV6_LEAVE_GROUP, "ff02::99", zoneb));
	tl_ok(send6(a, 10, "ff02::99", 2000));
	tl_run(&t, TL_SEC);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	vi_close(a);
	vi_close(b);
	tl_end(&t);
}

/* Link-local addresses mean something only with their zone (RFC 4007). */
static void
zones(void **state)
{
	struct vi_socket *a, *b, *tcp;
	struct vi_sockaddr sa;
	struct tl_cable cable;
	struct vi_msg msg;
	char own[40], far[40];
	uint32_t zone;
	struct one o;

	(void)state;
	one_begin(&o);
	tl_cable(o.vn, o.vn, &cable);
	tl_ifaddr(o.vn, cable.a, "fe80::7", 64);
	zone = tl_ifinfo(o.vn, cable.a).if_index;
	snprintf(own, sizeof(own), "fe80::7%%%u", zone);
	snprintf(far, sizeof(far), "fe80::9%%%u", zone);
	tl_run(&o.t, 3 * TL_SEC);
	a = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	sa = tl_addr("fe80::7", 1000);
	tl_fails(vi_bind(a, &sa), EINVAL);
	sa.sa_scope = 999;
	tl_fails(vi_bind(a, &sa), ENODEV);
	sa.sa_scope = o.lo;
	tl_fails(vi_bind(a, &sa), EADDRNOTAVAIL);
	sa.sa_scope = zone;
	tl_ok(vi_bind(a, &sa));
	tl_ok(vi_sockname(a, &sa));
	name_is(&sa, own, 1000);
	b = tl_udp(o.vn, "::", 2000);
	tl_ok(send6(a, 10, own, 2000));
	inet_expect(&o.t, b, 10, &msg);
	name_is(&msg.msg_name, own, 1000);
	name_is(&msg.msg_dst, own, 0);
	/* The interface of the socket, or of the message, is the zone as well. */
	tl_ok(vi_setsockopt(b, VI_SO_BINDTODEVICE, cable.a, strlen(cable.a)));
	sa = tl_addr("fe80::9", 9);
	tl_ok(vi_connect(b, &sa));
	tl_ok(vi_peername(b, &sa));
	name_is(&sa, far, 9);
	tl_ok(vi_sockname(b, &sa));
	name_is(&sa, own, 2000);
	sa = tl_addr("fe80::9", 9);
	sa.sa_scope = o.lo;
	tl_fails(vi_connect(b, &sa), EINVAL);
	tcp = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_STREAM);
	sa = tl_addr("ff02::1", 9);
	sa.sa_scope = zone;
	tl_fails(vi_connect(tcp, &sa), ENETUNREACH);
	vi_close(a);
	vi_close(b);
	vi_close(tcp);
	tl_end(&o.t);
}

static void
streams(void **state)
{
	static const char *const from[] = { "::1", "2001:db8::1", "::", "::ffff:127.0.0.1" };
	struct vi_socket *l;
	struct vi_sockaddr sa;
	struct tl_conn tc;
	struct one o;

	(void)state;
	one_begin(&o);
	l = tl_listen(o.vn, "::", 80, 8);
	for (unsigned i = 0; i < 4; i++) {
		tc.c = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_STREAM);
		sa = tl_addr(from[i], 80);
		tl_fails(vi_connect(tc.c, &sa), EINPROGRESS);
		tl_wait(&o.t, (vi_poll(tc.c) & VI_POLLOUT) != 0);
		tl_ok(tl_sockerr(tc.c));
		tl_wait(&o.t, vi_accept(l, &tc.s, &sa) == 0);
		name_is(&sa, i == 2 ? "::1" : from[i], 0);
		tl_ok(vi_sockname(tc.s, &sa));
		name_is(&sa, i == 2 ? "::1" : from[i], 80);
		tl_send(&o.t, tc.c, tc.s, 300000);
		tl_send(&o.t, tc.s, tc.c, 300000);
		tl_hangup(&o.t, &tc);
	}
	vi_close(l);
	/* Nobody there. */
	tc.c = tl_socketof(o.vn, VI_AF_INET6, VI_SOCK_STREAM);
	sa = tl_addr("::1", 81);
	tl_fails(vi_connect(tc.c, &sa), EINPROGRESS);
	tl_wait(&o.t, (vi_poll(tc.c) & VI_POLLERR) != 0);
	tl_fails(tl_sockerr(tc.c), ECONNREFUSED);
	sa = tl_addr("2001:db8:ffff::1", 81);
	tl_fails(vi_connect(tc.c, &sa), ENETUNREACH);
	sa = tl_addr("fe80::1", 81);
	tl_fails(vi_connect(tc.c, &sa), EINVAL);
	vi_close(tc.c);
	tl_end(&o.t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams), cmocka_unit_test(refused), cmocka_unit_test(ancillary), cmocka_unit_test(trains),
		cmocka_unit_test(no_checksum), cmocka_unit_test(groups), cmocka_unit_test(cable_groups),
		cmocka_unit_test(zones), cmocka_unit_test(streams),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
