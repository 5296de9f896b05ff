/* SPDX-License-Identifier: BSD-2-Clause */
/* What a route says of its path: the MSS that TCP asks for, its first windows, an MTU that stands whatever routers say. */
#include "tests/inet/inet.h"

#define MTU	700

struct rig {
	struct tl	 t;
	struct tl_pair	 p;
	struct vi_socket *l;
	bool		 six;
};

/* Of the frames that leave: the window of the SYN, and how many are marked DF. */
struct seen {
	unsigned	 synwin, df, plain, pieces;
};

static void
look(void *arg, const struct vi_frame *f)
{
	const uint8_t *ip = (const uint8_t *)f->fr_data + 14, *tcp = ip + 20;
	struct seen *s = arg;

	if (f->fr_len < 14 + 40 || ip[-2] != 8 || ip[-1] != 0 || ip[9] != 6)
		return;
	if ((tcp[13] & 2) != 0)
		s->synwin = (unsigned)tcp[14] << 8 | tcp[15];
	s->df += (ip[6] & 0x40) != 0;
	s->plain += (ip[6] & 0x40) == 0;
	s->pieces += (ip[6] & 0x20) != 0;
}

static void
begin(struct rig *g, bool six)
{
	memset(g, 0, sizeof(*g));
	tl_begin(&g->t, 5);
	tl_pair(&g->t, &g->p);
	g->six = six;
	if (six) {
		tl_ifaddr(g->p.a, g->p.cable.a, "fd00::1", 64);
		tl_ifaddr(g->p.b, g->p.cable.b, "fd00::2", 64);
		tl_run(&g->t, 5 * TL_SEC);
		g->l = tl_listen(g->p.b, "fd00::2", 80, 8);
	} else {
		g->l = tl_listen(g->p.b, g->p.addrb, 80, 8);
	}
}

static void
end(struct rig *g)
{
	vi_close(g->l);
	tl_unpair(&g->p);
	tl_end(&g->t);
}

static struct vi_route
host(const struct rig *g, struct vi_vnet *vn)
{
	const bool a = vn == g->p.a;
	struct vi_route rt = { .rt_prefixlen = g->six ? 128 : 32 };

	rt.rt_dst = tl_addr(g->six ? (a ? "fd00::2" : "fd00::1") : (a ? g->p.addrb : g->p.addra), 0);
	strcpy(rt.rt_ifname, a ? g->p.cable.a : g->p.cable.b);
	return (rt);
}

static struct vi_tcp_info
info(struct vi_socket *so)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);

	tl_ok(vi_getsockopt(so, VI_TCP_INFO, &ti, &len));
	return (ti);
}

/* The window, in segments. */
static unsigned
cwnd(struct vi_socket *so)
{
	const struct vi_tcp_info ti = info(so);

	return (ti.ti_snd_cwnd / ti.ti_snd_mss);
}

static void
join(struct rig *g, struct tl_conn *tc)
{
	const struct vi_sockaddr sa = tl_addr(g->six ? "fd00::2" : g->p.addrb, 80);

	tc->c = tl_socketof(g->p.a, g->six ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_STREAM);
	tl_fails(vi_connect(tc->c, &sa), EINPROGRESS);
	tl_wait(&g->t, vi_accept(g->l, &tc->s, NULL) == 0);
}

/* Either end: who calls and who is called. */
static void
first_windows(struct rig *g)
{
	struct vi_route a = host(g, g->p.a), b = host(g, g->p.b);
	const unsigned opts = 12, hdrs = g->six ? 60 : 40;
	struct tl_conn tc;

	join(g, &tc);
	assert_int_equal(cwnd(tc.c), 10);
	assert_int_equal(info(tc.s).ti_snd_mss, 1500 - hdrs - opts);
	tl_hangup(&g->t, &tc);

	a.rt_initcwnd = 23;
	a.rt_advmss = 900;
	b.rt_initcwnd = 3;
	b.rt_advmss = 800;
	tl_ok(vi_route_add(g->p.a, &a));
	tl_ok(vi_route_add(g->p.b, &b));
	join(g, &tc);
	assert_int_equal(cwnd(tc.c), 23);
	assert_int_equal(cwnd(tc.s), 3);
	assert_int_equal(info(tc.c).ti_snd_mss, 800 - opts);
	assert_int_equal(info(tc.s).ti_snd_mss, 900 - opts);
	tl_send(&g->t, tc.c, tc.s, 200000);
	tl_hangup(&g->t, &tc);

	/* Not more than the path carries. */
	b = host(g, g->p.b);
	b.rt_advmss = 9000;
	tl_ok(vi_route_change(g->p.b, &b));
	join(g, &tc);
	assert_int_equal(info(tc.c).ti_snd_mss, 1500 - hdrs - opts);
	assert_int_equal(cwnd(tc.s), 3);		/* as it was */
	tl_hangup(&g->t, &tc);
	tl_ok(vi_route_del(g->p.a, &a));
	tl_ok(vi_route_del(g->p.b, &b));
	join(g, &tc);
	assert_int_equal(cwnd(tc.c), 10);
	tl_hangup(&g->t, &tc);
}

static void
windows4(void **state)
{
	struct rig g;

	(void)state;
	begin(&g, false);
	first_windows(&g);
	end(&g);
}

static void
windows6(void **state)
{
	struct rig g;

	(void)state;
	begin(&g, true);
	first_windows(&g);
	end(&g);
}

/* What is offered before anything came. */
static void
offered(void **state)
{
	struct seen seen[2] = { { 0 }, { 0 } };
	struct tl_conn tc;
	struct vi_route rt;
	struct rig g;

	(void)state;
	begin(&g, false);
	for (unsigned i = 0; i < 2; i++) {
		struct vi_vnet *vn = i == 0 ? g.p.a : g.p.b;

		rt = host(&g, vn);
		rt.rt_initrwnd = (uint16_t)(3 + i);
		tl_ok(vi_route_add(vn, &rt));
		tl_ok(vi_if_capture(vn, i == 0 ? g.p.cable.a : g.p.cable.b, look, &seen[i]));
	}
	join(&g, &tc);
	tl_settle(&g.t);
	for (unsigned i = 0; i < 2; i++)
		tl_ok(vi_if_uncapture(i == 0 ? g.p.a : g.p.b, i == 0 ? g.p.cable.a : g.p.cable.b, look, &seen[i]));
	assert_in_range(seen[0].synwin, 3 * 1460, 4 * 1460);	/* both SYNs are seen at either end */
	assert_in_range(seen[1].synwin, 3 * 1460, 4 * 1460);
	tl_send(&g.t, tc.c, tc.s, 300000);
	tl_send(&g.t, tc.s, tc.c, 300000);
	tl_hangup(&g.t, &tc);
	end(&g);
}

/* A locked MTU: no DF, and nobody's message makes it smaller. */
static void
locked(void **state)
{
	struct seen seen = { 0 };
	struct vi_socket *udp;
	struct tl_conn tc;
	struct vi_route rt, now;
	struct rig g;

	(void)state;
	begin(&g, false);
	rt = host(&g, g.p.a);
	rt.rt_mtulock = true;
	tl_fails(vi_route_add(g.p.a, &rt), EINVAL);		/* which? */
	rt.rt_mtu = MTU;
	tl_ok(vi_route_add(g.p.a, &rt));
	tl_ok(vi_route_get(g.p.a, 0, &rt.rt_dst, &now));
	assert_true(now.rt_mtulock);
	assert_int_equal(now.rt_mtu, MTU);
	join(&g, &tc);
	tl_ok(vi_if_capture(g.p.a, g.p.cable.a, look, &seen));
	assert_int_equal(info(tc.c).ti_snd_mss, MTU - 40 - 12);
	tl_send(&g.t, tc.c, tc.s, 20000);
	tl_ok(vi_if_uncapture(g.p.a, g.p.cable.a, look, &seen));
	assert_true(seen.plain > 20);
	assert_int_equal(seen.pieces, 0);
	tl_hangup(&g.t, &tc);
	/* A datagram is cut as if nobody looked for the path's MTU. */
	udp = tl_udp(g.p.b, g.p.addrb, 9);
	{
		struct vi_socket *so = tl_socket(g.p.a, VI_SOCK_DGRAM);
		uint8_t buf[1200] = { 0 };
		struct vi_msg msg;

		tl_ok(inet_sendto(so, buf, sizeof(buf), g.p.addrb, 9));
		tl_pattern(buf, sizeof(buf), 0);
		tl_ok(inet_sendto(so, buf, sizeof(buf), g.p.addrb, 9));
		tl_settle(&g.t);
		{
			uint8_t in[1500];
			size_t n;

			tl_ok(inet_recv(udp, &msg, in, sizeof(in), &n));
			assert_int_equal(n, sizeof(buf));
			inet_expect(&g.t, udp, sizeof(buf), &msg);
		}
		vi_close(so);
	}
	vi_close(udp);
	/* Said anew without the lock. */
	rt.rt_mtulock = false;
	tl_ok(vi_route_change(g.p.a, &rt));
	seen = (struct seen){ 0 };
	join(&g, &tc);
	tl_ok(vi_if_capture(g.p.a, g.p.cable.a, look, &seen));
	tl_send(&g.t, tc.c, tc.s, 20000);
	tl_ok(vi_if_uncapture(g.p.a, g.p.cable.a, look, &seen));
	assert_true(seen.df > seen.plain);
	tl_hangup(&g.t, &tc);
	end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows4),
		cmocka_unit_test(windows6),
		cmocka_unit_test(offered),
		cmocka_unit_test(locked),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL) != 0);
}
