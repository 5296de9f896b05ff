/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing sockets: what changes is read, in order and once; routes are changed by writing; who is slow learns that he missed something. */
#include <stdlib.h>

#include "tests/lib/tl.h"

#define IF	"lo0"
#define OWN	"192.0.2.1"
#define GW	"192.0.2.254"

/* A message, taken to pieces. */
struct msg {
	size_t		 len;
	union {
		uint8_t	 buf[VI_RTM_MAXMSG];
		struct vi_rt_msghdr rtm;
		struct vi_ifa_msghdr ifam;
		struct vi_if_msghdr ifm;
		struct vi_if_announcemsghdr ifan;
	};
};

struct rig {
	struct tl	 t;
	struct vi_vnet	*vn;
	struct vi_socket *so;
};

static struct vi_socket *
rtsocket(struct rig *g, int family)
{
	struct vi_socket *so;

	tl_ok(vi_socket(g->vn, VI_AF_ROUTE, VI_SOCK_RAW, family, &tl_root, &so));
	return (so);
}

static void
rig_begin(struct rig *g)
{
	tl_begin(&g->t, 5);
	g->vn = vi_vnet0(g->t.k);
	g->so = rtsocket(g, VI_AF_UNSPEC);
}

static void
rig_end(struct rig *g)
{
	vi_close(g->so);
	tl_end(&g->t);
}

static struct vi_sockaddr
link_named(const char *name)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_LINK };

	memcpy(sa.sa_bytes, name, strlen(name));
	return (sa);
}

/* The next message; false: there is none. */
static bool
next(struct rig *g, struct vi_socket *so, struct msg *m)
{
	int error;

	tl_settle(&g->t);
	if ((error = vi_recv(so, m->buf, sizeof(m->buf), 0, &m->len)) == EAGAIN)
		return (false);
	tl_ok(error);
	assert_int_equal(m->len, m->rtm.rtm_msglen);
	assert_int_equal(m->rtm.rtm_version, VI_RTM_VERSION);
	return (true);
}

/* One of this type, whatever comes before it. */
static void
expect(struct rig *g, struct vi_socket *so, unsigned type, struct msg *m)
{
	do {
		if (!next(g, so, m))
			fail_msg("no message of type %u", type);
	} while (m->rtm.rtm_type != type);
}

static void
quiet(struct rig *g, struct vi_socket *so)
{
	struct msg m;

	while (next(g, so, &m))
		;
}

static const struct vi_sockaddr *
address(const struct msg *m, size_t hdrlen, uint32_t addrs, uint32_t bit)
{
	const uint8_t *p = m->buf + hdrlen;

	if ((addrs & bit) == 0)
		return (NULL);
	for (uint32_t b = 1; b < bit; b <<= 1)
		p += (addrs & b) != 0 ? sizeof(struct vi_sockaddr) : 0;
	return ((const void *)p);
}

static void
expect_addr(const struct msg *m, uint32_t bit, const char *text)
{
	const struct vi_sockaddr *sa = address(m, sizeof(m->rtm), m->rtm.rtm_addrs, bit), want = tl_addr(text, 0);

	assert_non_null(sa);
	assert_true(tl_sameaddr(sa, &want));
}

/* The callers add in the order of the bits. */
static void
request(struct msg *m, unsigned type, uint32_t flags)
{
	*m = (struct msg){ .rtm = { .rtm_msglen = sizeof(m->rtm), .rtm_version = VI_RTM_VERSION, .rtm_type = (uint8_t)type,
	    .rtm_flags = flags, .rtm_seq = 42, .rtm_pid = 7 } };
}

static void
with(struct msg *m, uint32_t bit, struct vi_sockaddr sa)
{
	memcpy(m->buf + m->rtm.rtm_msglen, &sa, sizeof(sa));
	m->rtm.rtm_msglen = (uint16_t)(m->rtm.rtm_msglen + sizeof(sa));
	m->rtm.rtm_addrs |= bit;
}

static void
net_request(struct msg *m, unsigned type, const char *dst, const char *mask, const char *gw)
{
	request(m, type, gw != NULL ? VI_RTF_GATEWAY : 0);
	with(m, VI_RTA_DST, tl_addr(dst, 0));
	if (gw != NULL)
		with(m, VI_RTA_GATEWAY, tl_addr(gw, 0));
	if (mask != NULL)
		with(m, VI_RTA_NETMASK, tl_addr(mask, 0));
}

static int
put(struct rig *g, struct vi_socket *so, const struct msg *m)
{
	size_t done;

	(void)g;
	return (vi_send(so, m->buf, m->rtm.rtm_msglen, 0, &done));
}

/* Addresses and interfaces are told to all. */
static void
addresses(void **state)
{
	const struct vi_ifaddr ia = { .ia_addr = tl_addr(OWN, 0), .ia_prefixlen = 24 };
	const struct vi_sockaddr *sa, want = tl_addr(OWN, 0);
	struct msg m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_if_set_flags(g.vn, IF, VI_IFF_UP, 0));		/* which has IPv6 addresses of its own */
	quiet(&g, g.so);
	tl_ifaddr(g.vn, IF, OWN, 24);
	expect(&g, g.so, VI_RTM_NEWADDR, &m);
	sa = address(&m, sizeof(m.ifam), m.ifam.ifam_addrs, VI_RTA_IFA);
	assert_true(sa != NULL && tl_sameaddr(sa, &want));
	sa = address(&m, sizeof(m.ifam), m.ifam.ifam_addrs, VI_RTA_NETMASK);
	assert_true(sa != NULL && sa->sa_in == tl_addr("255.255.255.0", 0).sa_in);
	sa = address(&m, sizeof(m.ifam), m.ifam.ifam_addrs, VI_RTA_IFP);
	assert_true(sa != NULL && sa->sa_family == VI_AF_LINK && sa->sa_scope == m.ifam.ifam_index);
	assert_string_equal((const char *)sa->sa_bytes, IF);
	quiet(&g, g.so);
	tl_ok(vi_if_set_mtu(g.vn, IF, 9000));
	expect(&g, g.so, VI_RTM_IFINFO, &m);
	assert_int_equal(m.ifm.ifm_mtu, 9000);
	assert_true((m.ifm.ifm_flags & VI_IFF_LOOPBACK) != 0);
	tl_ok(vi_if_addr_del(g.vn, IF, &ia.ia_addr));
	expect(&g, g.so, VI_RTM_DELADDR, &m);
	rig_end(&g);
}

static void
announced(void **state)
{
	char name[VI_IFNAMSIZ];
	struct msg m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_if_create(g.vn, "epair", name));
	expect(&g, g.so, VI_RTM_IFANNOUNCE, &m);
	assert_int_equal(m.ifan.ifan_what, VI_IFAN_ARRIVAL);
	assert_string_equal(m.ifan.ifan_name, name);
	quiet(&g, g.so);
	/* Another name is another interface. */
	tl_ok(vi_if_rename(g.vn, name, "wan0"));
	expect(&g, g.so, VI_RTM_IFANNOUNCE, &m);
	assert_true(m.ifan.ifan_what == VI_IFAN_DEPARTURE && strcmp(m.ifan.ifan_name, name) == 0);
	expect(&g, g.so, VI_RTM_IFANNOUNCE, &m);
	assert_true(m.ifan.ifan_what == VI_IFAN_ARRIVAL && strcmp(m.ifan.ifan_name, "wan0") == 0);
	tl_ok(vi_if_destroy(g.vn, "wan0"));
	expect(&g, g.so, VI_RTM_IFANNOUNCE, &m);
	assert_int_equal(m.ifan.ifan_what, VI_IFAN_DEPARTURE);
	rig_end(&g);
}

/* What one writes all hear, once, with the asker's number. */
static void
written(void **state)
{
	struct vi_socket *other;
	struct vi_route rt;
	struct vi_sockaddr far = tl_addr("198.51.100.9", 0);
	struct msg m, req;
	struct rig g;

	(void)state;
	rig_begin(&g);
	other = rtsocket(&g, VI_AF_INET);
	tl_ifaddr(g.vn, IF, OWN, 24);
	quiet(&g, g.so);
	quiet(&g, other);
	net_request(&req, VI_RTM_ADD, "198.51.100.0", "255.255.255.0", GW);
	req.rtm.rtm_metric = 5;
	tl_ok(put(&g, g.so, &req));
	for (unsigned i = 0; i < 2; i++) {
		struct vi_socket *so = i == 0 ? g.so : other;

		assert_true(next(&g, so, &m));
		assert_int_equal(m.rtm.rtm_type, VI_RTM_ADD);
		assert_int_equal(m.rtm.rtm_seq, 42);
		assert_int_equal(m.rtm.rtm_pid, 7);
		assert_int_equal(m.rtm.rtm_metric, 5);
		assert_int_equal(m.rtm.rtm_errno, 0);
		assert_true((m.rtm.rtm_flags & (VI_RTF_DONE | VI_RTF_UP | VI_RTF_GATEWAY)) == (VI_RTF_DONE | VI_RTF_UP | VI_RTF_GATEWAY));
		expect_addr(&m, VI_RTA_DST, "198.51.100.0");
		expect_addr(&m, VI_RTA_GATEWAY, GW);
		assert_int_equal(address(&m, sizeof(m.rtm), m.rtm.rtm_addrs, VI_RTA_NETMASK)->sa_in, tl_addr("255.255.255.0", 0).sa_in);
		assert_false(next(&g, so, &m));
	}
	tl_ok(vi_route_get(g.vn, 0, &far, &rt));
	assert_int_equal(rt.rt_metric, 5);

	/* The same again cannot be: the asker alone hears of it. */
	tl_fails(put(&g, g.so, &req), EEXIST);
	assert_true(next(&g, g.so, &m));
	assert_int_equal(m.rtm.rtm_errno, EEXIST);
	assert_int_equal(m.rtm.rtm_flags & VI_RTF_DONE, 0);
	assert_false(next(&g, other, &m));

	net_request(&req, VI_RTM_CHANGE, "198.51.100.0", "255.255.255.0", NULL);
	req.rtm.rtm_mtu = 1400;
	tl_ok(put(&g, g.so, &req));
	expect(&g, other, VI_RTM_CHANGE, &m);
	assert_int_equal(m.rtm.rtm_mtu, 1400);
	assert_int_equal(m.rtm.rtm_expire, 0);
	quiet(&g, g.so);
	/* It could go by itself, but it shall not. */
	net_request(&req, VI_RTM_CHANGE, "198.51.100.0", "255.255.255.0", NULL);
	req.rtm.rtm_expire = 60 * TL_SEC;
	tl_ok(put(&g, g.so, &req));
	expect(&g, other, VI_RTM_CHANGE, &m);
	assert_int_equal(m.rtm.rtm_expire, 60 * TL_SEC);
	req.rtm.rtm_expire = VI_RT_NEVER;
	tl_ok(put(&g, g.so, &req));
	expect(&g, other, VI_RTM_CHANGE, &m);
	assert_int_equal(m.rtm.rtm_expire, 0);
	quiet(&g, g.so);

	/* Without the answers; and by somebody who does not read. */
	tl_ok(vi_setsockopt(g.so, VI_RO_USELOOPBACK, &(int){ 0 }, sizeof(int)));
	net_request(&req, VI_RTM_DELETE, "198.51.100.0", "255.255.255.0", NULL);
	tl_ok(put(&g, g.so, &req));
	tl_fails(put(&g, g.so, &req), ESRCH);
	assert_false(next(&g, g.so, &m));
	expect(&g, other, VI_RTM_DELETE, &m);
	tl_fails(vi_route_get(g.vn, 0, &far, &rt), ESRCH);
	vi_close(other);
	rig_end(&g);
}

static void
asked(void **state)
{
	struct vi_socket *other;
	struct msg m, req;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.vn, IF, OWN, 24);
	other = rtsocket(&g, VI_AF_UNSPEC);
	quiet(&g, g.so);
	request(&req, VI_RTM_GET, 0);
	with(&req, VI_RTA_DST, tl_addr(OWN, 0));
	tl_ok(put(&g, g.so, &req));
	assert_true(next(&g, g.so, &m));
	assert_int_equal(m.rtm.rtm_type, VI_RTM_GET);
	assert_int_equal(m.rtm.rtm_seq, 42);
	assert_true((m.rtm.rtm_flags & (VI_RTF_DONE | VI_RTF_LOCAL | VI_RTF_HOST)) == (VI_RTF_DONE | VI_RTF_LOCAL | VI_RTF_HOST));
	expect_addr(&m, VI_RTA_DST, OWN);
	assert_null(address(&m, sizeof(m.rtm), m.rtm.rtm_addrs, VI_RTA_NETMASK));

	/* Exactly this prefix, or nothing. */
	net_request(&req, VI_RTM_GET, "192.0.0.0", "255.255.0.0", NULL);
	tl_fails(put(&g, g.so, &req), ESRCH);
	assert_true(next(&g, g.so, &m));
	assert_int_equal(m.rtm.rtm_errno, ESRCH);
	assert_false(next(&g, other, &m));
	vi_close(other);
	rig_end(&g);
}

/* By interface, as its name or its index; IPv6; a route that leads nowhere. */
static void
kinds(void **state)
{
	const uint32_t index = 1;
	struct vi_sockaddr byindex = { .sa_family = VI_AF_LINK, .sa_scope = index };
	struct msg m, req;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.vn, IF, OWN, 24);
	quiet(&g, g.so);
	request(&req, VI_RTM_ADD, 0);
	with(&req, VI_RTA_DST, tl_addr("203.0.113.5", 0));
	with(&req, VI_RTA_GATEWAY, link_named(IF));
	tl_ok(put(&g, g.so, &req));
	expect(&g, g.so, VI_RTM_ADD, &m);
	assert_true((m.rtm.rtm_flags & VI_RTF_HOST) != 0);
	assert_int_equal(address(&m, sizeof(m.rtm), m.rtm.rtm_addrs, VI_RTA_GATEWAY)->sa_family, VI_AF_LINK);
	request(&req, VI_RTM_ADD, 0);
	with(&req, VI_RTA_DST, tl_addr("2001:db8::", 0));
	with(&req, VI_RTA_NETMASK, tl_addr("ffff:ffff:fff0::", 0));
	with(&req, VI_RTA_IFP, byindex);
	tl_ok(put(&g, g.so, &req));
	expect(&g, g.so, VI_RTM_ADD, &m);
	assert_int_equal(m.rtm.rtm_index, index);
	expect_addr(&m, VI_RTA_DST, "2001:db8::");
	expect_addr(&m, VI_RTA_NETMASK, "ffff:ffff:fff0::");
	request(&req, VI_RTM_ADD, VI_RTF_BLACKHOLE);
	with(&req, VI_RTA_DST, tl_addr("203.0.113.6", 0));
	tl_ok(put(&g, g.so, &req));
	expect(&g, g.so, VI_RTM_ADD, &m);
	assert_true((m.rtm.rtm_flags & VI_RTF_BLACKHOLE) != 0);
	rig_end(&g);
}

static void
filtered(void **state)
{
	const uint32_t types = 1u << VI_RTM_DELETE;
	struct vi_socket *six, *deletes, *fib1;
	struct msg m, req;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.vn, "net.fibs", "2", &tl_root));
	six = rtsocket(&g, VI_AF_INET6);
	deletes = rtsocket(&g, VI_AF_UNSPEC);
	fib1 = rtsocket(&g, VI_AF_UNSPEC);
	tl_ok(vi_setsockopt(deletes, VI_RO_MSGFILTER, &types, sizeof(types)));
	tl_ok(vi_setsockopt(fib1, VI_RO_FIBFILTER, &(int){ 1 }, sizeof(int)));
	tl_fails(vi_setsockopt(fib1, VI_RO_FIBFILTER, &(int){ 2 }, sizeof(int)), EINVAL);
	assert_int_equal(tl_optint(fib1, VI_RO_FIBFILTER), 1);
	assert_int_equal(tl_optint(deletes, VI_RO_MSGFILTER), types);
	assert_int_equal(tl_optint(deletes, VI_RO_USELOOPBACK), 1);
	tl_fails(vi_setsockopt(fib1, VI_IP_TTL, &(int){ 2 }, sizeof(int)), ENOPROTOOPT);
	for (uint32_t fib = 0; fib < 2; fib++) {
		request(&req, VI_RTM_ADD, VI_RTF_REJECT);
		with(&req, VI_RTA_DST, tl_addr("203.0.113.6", 0));
		req.rtm.rtm_fib = fib;
		tl_ok(put(&g, g.so, &req));
		req.rtm.rtm_type = VI_RTM_DELETE;
		tl_ok(put(&g, g.so, &req));
	}
	assert_false(next(&g, six, &m));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(next(&g, deletes, &m));
		assert_int_equal(m.rtm.rtm_type, VI_RTM_DELETE);
	}
	assert_false(next(&g, deletes, &m));
	assert_true(next(&g, fib1, &m));
	assert_int_equal(m.rtm.rtm_fib, 1);
	vi_close(six);
	vi_close(deletes);
	vi_close(fib1);
	rig_end(&g);
}

static void
refused(void **state)
{
	struct vi_socket *so;
	struct msg m, req;
	size_t done;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_fails(vi_socket(g.vn, VI_AF_ROUTE, VI_SOCK_DGRAM, 0, &tl_root, &so), ESOCKTNOSUPPORT);
	tl_fails(vi_socket(g.vn, VI_AF_ROUTE, VI_SOCK_RAW, 3, &tl_root, &so), EPROTONOSUPPORT);
	tl_ok(vi_socket(g.vn, VI_AF_ROUTE, VI_SOCK_RAW, 0, &tl_user, &so));
	tl_fails(vi_bind(so, &(struct vi_sockaddr){ .sa_family = VI_AF_ROUTE }), EOPNOTSUPP);
	request(&req, VI_RTM_ADD, VI_RTF_REJECT);
	with(&req, VI_RTA_DST, tl_addr("203.0.113.6", 0));
	tl_fails(put(&g, so, &req), EPERM);
	assert_true(next(&g, so, &m));
	assert_int_equal(m.rtm.rtm_errno, EPERM);
	req.rtm.rtm_type = VI_RTM_GET;			/* anybody's */
	tl_fails(put(&g, so, &req), ESRCH);
	vi_close(so);
	quiet(&g, g.so);

	/* Not messages: no answer. */
	req.rtm.rtm_version++;
	tl_fails(put(&g, g.so, &req), EINVAL);
	req.rtm.rtm_version--;
	req.rtm.rtm_type = VI_RTM_IFINFO;
	tl_fails(put(&g, g.so, &req), EINVAL);
	req.rtm.rtm_type = VI_RTM_ADD;
	req.rtm.rtm_addrs |= VI_RTA_IFP;		/* which is not there */
	tl_fails(put(&g, g.so, &req), EINVAL);
	req.rtm.rtm_addrs = 0;
	tl_fails(put(&g, g.so, &req), EINVAL);
	tl_fails(vi_send(g.so, req.buf, 3, 0, &done), EINVAL);
	assert_false(next(&g, g.so, &m));
	assert_int_equal(tl_stat(g.vn, "rtss_bad"), 5);

	/* Messages of nonsense. */
	net_request(&req, VI_RTM_ADD, "203.0.113.0", "255.0.255.0", NULL);
	tl_fails(put(&g, g.so, &req), EINVAL);
	assert_true(next(&g, g.so, &m));
	net_request(&req, VI_RTM_ADD, "203.0.113.0", "ffff::", NULL);
	tl_fails(put(&g, g.so, &req), EINVAL);
	request(&req, VI_RTM_ADD, 0);
	with(&req, VI_RTA_DST, tl_addr("203.0.113.6", 0));
	with(&req, VI_RTA_GATEWAY, link_named("nosuch0"));
	tl_fails(put(&g, g.so, &req), ENXIO);
	request(&req, VI_RTM_ADD, 0);
	with(&req, VI_RTA_DST, link_named(IF));
	tl_fails(put(&g, g.so, &req), EAFNOSUPPORT);
	rig_end(&g);
}

/* Who does not read loses messages, hears of it once, and is well again. */
static void
full(void **state)
{
	struct msg m, req;
	unsigned n = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	request(&req, VI_RTM_ADD, VI_RTF_REJECT);
	with(&req, VI_RTA_DST, tl_addr("203.0.113.6", 0));
	while (tl_stat(g.vn, "rtss_fullsock") == 0) {
		assert_true(n++ < 100000);
		req.rtm.rtm_type = n % 2 == 1 ? VI_RTM_ADD : VI_RTM_DELETE;
		if (put(&g, g.so, &req) == ENOBUFS)	/* the pending error */
			break;
	}
	/* Messages this short fill the buffer mostly with what each of them costs. */
	assert_true(n * sizeof(struct vi_rt_msghdr) > 12 * 1024);
	tl_fails(vi_recv(g.so, m.buf, sizeof(m.buf), 0, &m.len), ENOBUFS);
	quiet(&g, g.so);
	req.rtm.rtm_type = n % 2 == 1 ? VI_RTM_DELETE : VI_RTM_ADD;
	tl_ok(put(&g, g.so, &req));
	assert_true(next(&g, g.so, &m));
	rig_end(&g);
}

/* More changes between two turns than the ring holds. */
static void
overrun(void **state)
{
	struct vi_route rt = { .rt_dst = tl_addr("203.0.113.6", 0), .rt_flags = VI_RTF_REJECT | VI_RTF_HOST };
	struct msg m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	for (unsigned i = 0; i < 1000; i++) {
		tl_ok(vi_route_add(g.vn, &rt));
		tl_ok(vi_route_del(g.vn, &rt));
	}
	tl_settle(&g.t);
	assert_int_equal(tl_stat(g.vn, "rtss_overflows"), 1);
	tl_fails(vi_recv(g.so, m.buf, sizeof(m.buf), 0, &m.len), ENOBUFS);
	assert_true(next(&g, g.so, &m));
	rig_end(&g);
}

static void
missed(void **state)
{
	struct vi_socket *so;
	struct vi_sockaddr to = tl_addr("198.51.100.77", 9);
	struct vi_iovec iov = { .iov_base = (void *)(uintptr_t)"x", .iov_len = 1 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = to };
	unsigned n = 0;
	size_t done;
	struct msg m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.vn, "net.route.miss_rate", "3", &tl_root));
	tl_run(&g.t, TL_SEC);
	so = tl_socket(g.vn, VI_SOCK_DGRAM);
	for (unsigned i = 0; i < 5; i++)
		tl_fails(vi_sendmsg(so, &msg, &done), ENETUNREACH);
	for (; next(&g, g.so, &m); n++) {
		assert_int_equal(m.rtm.rtm_type, VI_RTM_MISS);
		expect_addr(&m, VI_RTA_DST, "198.51.100.77");
	}
	assert_int_equal(n, 3);
	tl_run(&g.t, 2 * TL_SEC);
	tl_fails(vi_sendmsg(so, &msg, &done), ENETUNREACH);
	assert_true(next(&g, g.so, &m));
	vi_close(so);
	rig_end(&g);
}

/* The stack ends with a socket open and a message in it; nothing is followed once nobody listens. */
static void
ends(void **state)
{
	struct vi_socket *so;
	struct vi_vnet *vn;
	size_t done;
	struct msg m;
	struct tl t;

	(void)state;
	tl_begin(&t, 5);
	vn = vi_vnet0(t.k);
	tl_ok(vi_socket(vn, VI_AF_ROUTE, VI_SOCK_RAW, 0, &tl_root, &so));
	tl_ifaddr(vn, IF, OWN, 24);
	vi_close(so);
	tl_settle(&t);
	tl_ok(vi_socket(vn, VI_AF_ROUTE, VI_SOCK_RAW, 0, &tl_root, &so));
	tl_fails(vi_recv(so, m.buf, sizeof(m.buf), 0, &done), EAGAIN);
	tl_ifaddr(vn, IF, "192.0.2.9", 32);
	vi_close(so);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(written),
		cmocka_unit_test(asked),
		cmocka_unit_test(kinds),
		cmocka_unit_test(filtered),
		cmocka_unit_test(refused),
		cmocka_unit_test(full),
		cmocka_unit_test(overrun),
		cmocka_unit_test(missed),
		cmocka_unit_test(ends),
		cmocka_unit_test(announced),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
