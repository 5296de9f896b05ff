/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups through sockets: who hears what with which source filter (RFC 3678), and Linux's errors.  Two senders and a listener on a chain of cables. */
#include "tests/inet/inet.h"

#define G4	"239.1.1.1"
#define G6	"ff0e::1:1"
#define PORT	5000

/* b has a cable to a and one to c; a and c send, b listens. */
struct rig {
	struct tl	 t;
	struct vi_vnet	*a, *b, *c;
	struct tl_cable	 ab, bc;
	bool		 v6;
	uint32_t	 ifab, ifbc;	/* b's interfaces */
};

static void
rig_begin(struct rig *g, bool v6)
{
	*g = (struct rig){ .v6 = v6 };
	tl_begin(&g->t, 9);
	g->a = tl_vnet(&g->t, "a");
	g->b = tl_vnet(&g->t, "b");
	g->c = tl_vnet(&g->t, "c");
	tl_join(g->a, "10.0.1.1", g->b, "10.0.1.2", &g->ab);
	tl_join(g->b, "10.0.2.2", g->c, "10.0.2.1", &g->bc);
	if (v6) {
		tl_ifaddr(g->a, g->ab.a, "2001:db8:1::1", 64);
		tl_ifaddr(g->a, g->ab.a, "2001:db8:1::3", 64);
		tl_ifaddr(g->b, g->ab.b, "2001:db8:1::2", 64);
		tl_ifaddr(g->b, g->bc.a, "2001:db8:2::2", 64);
		tl_ifaddr(g->c, g->bc.b, "2001:db8:2::1", 64);
	} else {
		tl_ifaddr(g->a, g->ab.a, "10.0.1.3", 24);
	}
	g->ifab = tl_ifinfo(g->b, g->ab.b).if_index;
	g->ifbc = tl_ifinfo(g->b, g->bc.a).if_index;
	tl_run(&g->t, 5 * TL_SEC);
}

static void
rig_end(struct rig *g)
{
	tl_destroy(g->a);
	tl_destroy(g->b);
	tl_destroy(g->c);
	tl_end(&g->t);
}

static struct vi_sockaddr
group(const struct rig *g)
{
	return (tl_addr(g->v6 ? G6 : G4, 0));
}

/* The senders' addresses: 1 and 3 are a's, 2 is c's. */
static struct vi_sockaddr
source(const struct rig *g, int who)
{
	static const char *const v4[] = { NULL, "10.0.1.1", "10.0.2.1", "10.0.1.3" };
	static const char *const v6[] = { NULL, "2001:db8:1::1", "2001:db8:2::1", "2001:db8:1::3" };

	return (tl_addr(g->v6 ? v6[who] : v4[who], 0));
}

static struct vi_socket *
listener(const struct rig *g)
{
	struct vi_socket *so = tl_socketof(g->b, g->v6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_DGRAM);
	const struct vi_sockaddr any = tl_addr(g->v6 ? "::" : "0.0.0.0", PORT);
	const int on = 1;

	tl_ok(vi_setsockopt(so, VI_SO_REUSEADDR, &on, sizeof(on)));
	tl_ok(vi_bind(so, &any));
	return (so);
}

static void
send_from(struct rig *g, int who)
{
	struct vi_vnet *vn = who == 2 ? g->c : g->a;
	struct vi_socket *so = tl_socketof(vn, g->v6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_DGRAM);
	struct vi_sockaddr sa = source(g, who), to = group(g);
	struct vi_iovec iov = { (char[]){ (char)who }, 1 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true };
	size_t n;

	sa.sa_port = 0;
	tl_ok(vi_bind(so, &sa));
	to.sa_port = tl_addr("0.0.0.0", PORT).sa_port;
	msg.msg_name = to;
	msg.msg_set = VI_MSGSET_IFINDEX;
	msg.msg_ifindex = tl_ifinfo(vn, who == 2 ? g->bc.b : g->ab.a).if_index;
	tl_ok(vi_sendmsg(so, &msg, &n));
	vi_close(so);
	tl_run(&g->t, TL_MS);
}

/* Whom does the socket hear when all three send?  A digit each. */
static unsigned
heard(struct rig *g, struct vi_socket *so)
{
	struct vi_msg msg;
	unsigned all = 0;
	char buf[8];
	size_t n;

	for (int who = 1; who <= 3; who++)
		send_from(g, who);
	while (inet_recv(so, &msg, buf, sizeof(buf), &n) == 0)
		all = all * 10 + (unsigned)buf[0];
	return (all);
}

static int
join(const struct rig *g, struct vi_socket *so, enum vi_sockopt opt, uint32_t ifindex)
{
	const struct vi_group_req gr = { .gr_ifindex = ifindex, .gr_group = group(g) };

	return (vi_setsockopt(so, opt, &gr, sizeof(gr)));
}

static int
src(const struct rig *g, struct vi_socket *so, enum vi_sockopt opt, uint32_t ifindex, int who)
{
	const struct vi_group_source_req gsr = { .gsr_ifindex = ifindex, .gsr_group = group(g), .gsr_source = source(g, who) };

	return (vi_setsockopt(so, opt, &gsr, sizeof(gsr)));
}

union filter {
	struct vi_group_filter gf;
	uint8_t	room[sizeof(struct vi_group_filter) + 80 * sizeof(struct vi_sockaddr)];
};

static int
filter(const struct rig *g, struct vi_socket *so, uint32_t ifindex, uint32_t mode, unsigned n, const int *who)
{
	union filter u;

	memset(&u, 0, sizeof(u));
	u.gf = (struct vi_group_filter){ .gf_ifindex = ifindex, .gf_group = group(g), .gf_fmode = mode, .gf_numsrc = n };
	for (unsigned i = 0; i < n; i++)
		u.gf.gf_slist[i] = source(g, who[i]);
	return (vi_setsockopt(so, VI_MCAST_MSFILTER, &u.gf, sizeof(u.gf) + n * sizeof(u.gf.gf_slist[0])));
}

static void
ssm(struct rig *g)
{
	struct vi_socket *so = listener(g);

	assert_int_equal(heard(g, so), 0);
	tl_ok(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 1));
	assert_int_equal(heard(g, so), 1);
	tl_ok(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 3));
	assert_int_equal(heard(g, so), 13);
	tl_ok(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifbc, 2));
	assert_int_equal(heard(g, so), 123);
	tl_fails(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 1), EADDRNOTAVAIL);
	tl_ok(src(g, so, VI_MCAST_LEAVE_SOURCE_GROUP, g->ifab, 1));
	assert_int_equal(heard(g, so), 23);
	tl_fails(src(g, so, VI_MCAST_LEAVE_SOURCE_GROUP, g->ifab, 1), EADDRNOTAVAIL);
	/* The last source is the membership. */
	tl_ok(src(g, so, VI_MCAST_LEAVE_SOURCE_GROUP, g->ifab, 3));
	tl_fails(src(g, so, VI_MCAST_LEAVE_SOURCE_GROUP, g->ifab, 3), EINVAL);
	assert_int_equal(heard(g, so), 2);
	vi_close(so);
}

static void
blocking(struct rig *g)
{
	struct vi_socket *so = listener(g);

	tl_fails(src(g, so, VI_MCAST_BLOCK_SOURCE, g->ifab, 1), EINVAL);
	tl_ok(join(g, so, VI_MCAST_JOIN_GROUP, g->ifab));
	tl_fails(join(g, so, VI_MCAST_JOIN_GROUP, g->ifab), EADDRINUSE);
	assert_int_equal(heard(g, so), 13);
	tl_fails(src(g, so, VI_MCAST_UNBLOCK_SOURCE, g->ifab, 1), EADDRNOTAVAIL);
	tl_ok(src(g, so, VI_MCAST_BLOCK_SOURCE, g->ifab, 1));
	tl_fails(src(g, so, VI_MCAST_BLOCK_SOURCE, g->ifab, 1), EADDRNOTAVAIL);
	/* A list does not change its mode. */
	tl_fails(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 3), EINVAL);
	assert_int_equal(heard(g, so), 3);
	tl_ok(src(g, so, VI_MCAST_UNBLOCK_SOURCE, g->ifab, 1));
	assert_int_equal(heard(g, so), 13);
	tl_ok(join(g, so, VI_MCAST_LEAVE_GROUP, g->ifab));
	tl_fails(join(g, so, VI_MCAST_LEAVE_GROUP, g->ifab), EADDRNOTAVAIL);
	assert_int_equal(heard(g, so), 0);
	vi_close(so);
}

/* Two sockets on one port: each hears what its own filter lets pass, and who joined nothing what anybody joined. */
static void
each_its_own(struct rig *g)
{
	const enum vi_sockopt all = g->v6 ? VI_IPV6_MULTICAST_ALL : VI_IP_MULTICAST_ALL;
	struct vi_socket *x = listener(g), *y = listener(g), *z = listener(g);

	assert_int_equal(tl_optint(z, all), 1);
	tl_ok(src(g, x, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 1));
	tl_ok(join(g, y, VI_MCAST_JOIN_GROUP, g->ifab));
	tl_ok(src(g, y, VI_MCAST_BLOCK_SOURCE, g->ifab, 1));
	assert_int_equal(heard(g, x), 13 / 10);
	assert_int_equal(heard(g, y), 33);	/* once more, from before */
	inet_setint(z, all, 0);
	assert_int_equal(tl_optint(z, all), 0);
	assert_int_equal(heard(g, z), 1313);
	assert_int_equal(heard(g, z), 0);
	vi_close(y);
	inet_setint(z, all, 1);
	assert_int_equal(heard(g, z), 1);
	vi_close(x);
	vi_close(z);
}

struct listed { const char *ifname; unsigned n, members, numsrc; bool include; };

static void
list_one(void *arg, const struct vi_group *vg)
{
	struct listed *l = arg;

	if (strcmp(vg->vg_ifname, l->ifname) != 0 || (vg->vg_group.sa_family == VI_AF_INET6 && vg->vg_group.sa_in6[1] == 2))
		return;
	l->n++;
	l->members = vg->vg_members;
	l->numsrc = vg->vg_numsrc;
	l->include = vg->vg_include;
}

static struct listed
list(const struct rig *g)
{
	struct listed l = { .ifname = g->ab.b };

	vi_group_list(g->b, list_one, &l);
	return (l);
}

static void
listing(struct rig *g)
{
	struct vi_socket *x = listener(g), *y = listener(g);
	struct listed l;

	assert_int_equal(list(g).n, 0);
	tl_ok(src(g, x, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 1));
	tl_ok(src(g, y, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 3));
	l = list(g);
	assert_true(l.n == 1 && l.members == 2 && l.numsrc == 2 && l.include);
	tl_ok(filter(g, y, g->ifab, VI_MCAST_EXCLUDE, 0, NULL));
	l = list(g);
	assert_true(l.n == 1 && l.members == 2 && l.numsrc == 0 && !l.include);
	vi_close(x);
	vi_close(y);
	assert_int_equal(list(g).n, 0);
}

static void
whole_filters(struct rig *g)
{
	struct vi_socket *so = listener(g);
	const int one[] = { 1 }, twice[] = { 3, 1, 3 };
	size_t len = sizeof(union filter);
	union filter u;

	tl_fails(filter(g, so, g->ifab, VI_MCAST_EXCLUDE, 1, one), EINVAL);
	tl_ok(join(g, so, VI_MCAST_JOIN_GROUP, g->ifab));
	tl_ok(filter(g, so, g->ifab, VI_MCAST_EXCLUDE, 1, one));
	assert_int_equal(heard(g, so), 3);
	tl_ok(filter(g, so, g->ifab, VI_MCAST_INCLUDE, 3, twice));
	assert_int_equal(heard(g, so), 13);
	tl_fails(filter(g, so, g->ifab, 2, 1, one), EINVAL);
	memset(&u, 0, sizeof(u));
	u.gf = (struct vi_group_filter){ .gf_ifindex = g->ifab, .gf_group = group(g), .gf_numsrc = 1 };
	tl_ok(vi_getsockopt(so, VI_MCAST_MSFILTER, &u.gf, &len));
	assert_int_equal(u.gf.gf_fmode, VI_MCAST_INCLUDE);
	assert_int_equal(u.gf.gf_numsrc, 2);
	assert_int_equal(len, sizeof(u.gf) + sizeof(struct vi_sockaddr));
	assert_true(tl_sameaddr(&u.gf.gf_slist[0], &(struct vi_sockaddr[]){ source(g, 1) }[0]));
	/* To include nobody is to leave. */
	tl_ok(filter(g, so, g->ifab, VI_MCAST_INCLUDE, 0, NULL));
	len = sizeof(u);
	u.gf.gf_numsrc = 1;
	tl_fails(vi_getsockopt(so, VI_MCAST_MSFILTER, &u.gf, &len), EADDRNOTAVAIL);
	tl_ok(join(g, so, VI_MCAST_JOIN_GROUP, g->ifab));
	vi_close(so);
}

static void
bounds(struct rig *g)
{
	const unsigned max = g->v6 ? 64 : 10;
	struct vi_socket *so = listener(g);
	struct vi_group_source_req gsr = { .gsr_ifindex = g->ifab, .gsr_group = group(g), .gsr_source = source(g, 1) };
	struct vi_group_req gr = { .gr_ifindex = g->ifab, .gr_group = group(g) };
	uint8_t *last = g->v6 ? gsr.gsr_source.sa_in6 + 15 : (uint8_t *)&gsr.gsr_source.sa_in + 3;
	uint8_t *glast = g->v6 ? gr.gr_group.sa_in6 + 15 : (uint8_t *)&gr.gr_group.sa_in + 3;

	for (unsigned i = 0; i < max; i++, ++*last)
		tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)));
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)), ENOBUFS);
	tl_ok(vi_sysctl_set(g->b, g->v6 ? "net.ipv6.mld_max_msf" : "net.ipv4.igmp_max_msf", "100", &tl_root));
	tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)));
	for (unsigned i = 1; i < 20; i++) {
		++*glast;
		tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)));
	}
	++*glast;
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)), ENOBUFS);
	tl_ok(vi_sysctl_set(g->b, "net.inet.igmp.max_memberships", "21", &tl_root));
	tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)));
	vi_close(so);
	tl_run(&g->t, 10 * TL_SEC);
}

static void
mistakes(struct rig *g)
{
	struct vi_socket *so = listener(g), *tcp = tl_socketof(g->b, g->v6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_STREAM);
	struct vi_group_source_req gsr = { .gsr_ifindex = g->ifab, .gsr_group = group(g), .gsr_source = source(g, 1) };

	tl_fails(vi_setsockopt(tcp, g->v6 ? VI_IPV6_JOIN_GROUP : VI_IP_ADD_MEMBERSHIP, &gsr, sizeof(gsr)), EPROTO);
	tl_ok(join(g, tcp, VI_MCAST_JOIN_GROUP, g->ifab));
	tl_fails(join(g, so, VI_MCAST_JOIN_GROUP, 999), ENODEV);
	/* RFC 3493 5.2: index 0 is any, which then cannot be joined again. */
	tl_ok(join(g, so, VI_MCAST_JOIN_GROUP, 0));
	tl_fails(join(g, so, VI_MCAST_JOIN_GROUP, 0), EADDRINUSE);
	tl_ok(join(g, so, VI_MCAST_LEAVE_GROUP, 0));
	tl_fails(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, 999, 1), ENODEV);
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr) - 1), EINVAL);
	gsr.gsr_group = source(g, 2);
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)), EINVAL);
	gsr.gsr_group = group(g);
	gsr.gsr_source.sa_family = g->v6 ? VI_AF_INET : VI_AF_INET6;
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)), EADDRNOTAVAIL);
	gsr.gsr_source.sa_family = VI_AF_UNSPEC;
	tl_fails(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)), EADDRNOTAVAIL);
	vi_close(so);
	vi_close(tcp);
}

/* RFC 3678 4.1.2, 5.1.2: who leaves a group drops all the sources that he asked for. */
static void
drops_all(struct rig *g)
{
	struct vi_socket *so = listener(g);

	tl_ok(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 1));
	tl_ok(src(g, so, VI_MCAST_JOIN_SOURCE_GROUP, g->ifab, 3));
	assert_int_equal(heard(g, so), 13);
	tl_ok(join(g, so, VI_MCAST_LEAVE_GROUP, g->ifab));
	assert_int_equal(heard(g, so), 0);
	tl_fails(src(g, so, VI_MCAST_LEAVE_SOURCE_GROUP, g->ifab, 1), EINVAL);
	vi_close(so);
}

/* What one sends oneself comes back by the interface it leaves by. */
static void
loops(struct rig *g)
{
	struct vi_socket *so = listener(g);
	struct vi_iovec iov = { (char[]){ 1 }, 1 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = group(g) };
	struct vi_msg in;
	char buf[8];
	size_t n;

	msg.msg_name.sa_port = tl_addr("0.0.0.0", PORT).sa_port;
	msg.msg_set = VI_MSGSET_IFINDEX;
	msg.msg_ifindex = g->ifab;
	inet_setint(so, g->v6 ? VI_IPV6_RECVPKTINFO : VI_IP_PKTINFO, 1);
	tl_ok(join(g, so, VI_MCAST_JOIN_GROUP, g->ifab));
	tl_ok(vi_sendmsg(so, &msg, &n));
	inet_wait(&g->t, so, &in, buf, sizeof(buf), &n);
	assert_int_equal(in.msg_ifindex, g->ifab);
	msg.msg_ifindex = g->ifbc;		/* not joined there */
	tl_ok(vi_sendmsg(so, &msg, &n));
	tl_run(&g->t, TL_SEC);
	tl_fails(inet_recv(so, &in, buf, sizeof(buf), &n), EAGAIN);
	vi_close(so);
}

static void
both(void (*fn)(struct rig *))
{
	struct rig g;

	for (int v6 = 0; v6 < 2; v6++) {
		rig_begin(&g, v6 != 0);
		fn(&g);
		rig_end(&g);
	}
}

#define BOTH(name)	static void test_##name(void **state) { (void)state; both(name); }
BOTH(ssm)
BOTH(blocking)
BOTH(each_its_own)
BOTH(whole_filters)
BOTH(bounds)
BOTH(mistakes)
BOTH(loops)
BOTH(drops_all)
BOTH(listing)

/* Routers hear of it: a raw socket on the other end of the cable. */
static void
routers_hear(void **state)
{
	const struct vi_mreq mr = { .mr_group = tl_addr("224.0.0.22", 0).sa_in, .mr_addr = tl_addr("10.0.1.1", 0).sa_in };
	struct vi_socket *raw, *so;
	struct vi_msg msg;
	uint8_t buf[128];
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g, false);
	raw = inet_socket(g.a, VI_SOCK_RAW, 2, &tl_root);
	tl_ok(vi_setsockopt(raw, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	so = listener(&g);
	tl_ok(join(&g, so, VI_MCAST_JOIN_GROUP, g.ifab));
	inet_wait(&g.t, raw, &msg, buf, sizeof(buf), &n);
	assert_int_equal(n, 24 + 8 + 8);
	assert_memory_equal(buf + 12, "\x0a\0\1\2\xe0\0\0\x16\x94\4\0\0", 12);
	assert_memory_equal(buf + 28, "\0\0\0\1\4\0\0\0\xef\1\1\1", 12);
	vi_close(so);
	vi_close(raw);
	rig_end(&g);
}

/* A stack that is destroyed leaves its groups, by IGMPv3 and MLDv2: "to include nobody". */
static void
hears_farewell(bool v6)
{
	const struct vi_mreq mr = { .mr_group = tl_addr("224.0.0.22", 0).sa_in, .mr_addr = tl_addr("10.0.1.1", 0).sa_in };
	struct vi_group_req gr = { .gr_group = tl_addr("ff02::16", 0) };
	struct vi_socket *raw, *so;
	uint8_t buf[256];
	struct vi_msg msg;
	bool left = false;
	struct rig g;
	size_t n = 0;

	rig_begin(&g, v6);
	so = listener(&g);
	tl_ok(join(&g, so, VI_MCAST_JOIN_GROUP, g.ifab));
	tl_run(&g.t, 60 * TL_SEC);
	tl_ok(vi_socket(g.a, v6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_RAW, v6 ? VI_IPPROTO_ICMPV6 : 2, &tl_root, &raw));
	if (v6) {
		gr.gr_ifindex = tl_ifinfo(g.a, g.ab.a).if_index;
		tl_ok(vi_setsockopt(raw, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)));
	} else {
		tl_ok(vi_setsockopt(raw, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	}
	tl_destroy(g.b);
	tl_run(&g.t, TL_SEC);
	while (!left && inet_recv(raw, &msg, buf, sizeof(buf), &n) == 0)
		left = v6 ? buf[0] == 143 && n >= 28 && buf[8] == 3 && memcmp(buf + 12, "\xff\x0e", 2) == 0 :
			    buf[24] == 0x22 && buf[32] == 3 && memcmp(buf + 36, "\xef\1\1\1", 4) == 0;
	assert_true(left);
	vi_close(raw);
	vi_close(so);
	g.b = tl_vnet(&g.t, "another");
	rig_end(&g);
}

static void
routers_hear_farewells(void **state)
{
	(void)state;
	hears_farewell(false);
	hears_farewell(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssm),
		cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_each_its_own),
		cmocka_unit_test(test_whole_filters),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_drops_all),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(routers_hear),
		cmocka_unit_test(routers_hear_farewells),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
