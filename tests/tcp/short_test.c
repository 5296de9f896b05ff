/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short ways of the stack are the long ones: tcp_short.c, in_output_ready() and ip_input()'s
 * known pairs.  Each script runs twice with the same seed, the second time with
 * net.inet.tcp.shortpath=0 and a filter that passes everything, under which nothing is short.  Every
 * frame and all that VI_TCP_INFO says must be the same; and the first run must have been short.
 */
#include "tests/lib/tl.h"

#include <stdlib.h>

#include "net/pfil.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/in_pcb.h"

#define STEPS	400

struct watch {
	uint64_t	 w_hash, w_frames;
};

struct script {
	const char	*s_name;
	const char	*s_persona;
	size_t		 s_max;		/* bytes of a send */
	bool		 s_nodelay, s_lazy;	/* lazy: reads less than what is sent */
	bool		 s_shaken;	/* things change on which headers depend */
	uint32_t	 s_rcvbuf;
	const char	*s_ecn;		/* net.inet.tcp.ecn.enable; NULL: as it is */
	const char	*s_cc;
	struct vi_linkprops s_link;
};

struct run {
	struct tl	 r_t;
	struct tl_pair	 r_p;
	struct tl_conn	 r_c;
	struct vi_socket *r_l;		/* parted(): where the next one comes */
	struct watch	 r_w[2];
	uint64_t	 r_rng;
};

static uint32_t
draw(struct run *r, uint32_t n)
{
	r->r_rng = r->r_rng * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)(r->r_rng >> 33) % n);
}

static void
see(void *arg, const struct vi_frame *fr)
{
	const uint8_t *p = fr != NULL ? fr->fr_data : NULL;
	struct watch *w = arg;

	if (fr == NULL)
		return;
	w->w_frames++;
	w->w_hash = (w->w_hash ^ fr->fr_time) * 0x100000001b3u;
	w->w_hash = (w->w_hash ^ fr->fr_out) * 0x100000001b3u;
	for (uint32_t i = 0; i < fr->fr_len; i++)
		w->w_hash = (w->w_hash ^ p[i]) * 0x100000001b3u;
}

static enum pfil_verdict
pass(void *arg, struct mbuf **mp, struct ifnet *ifp, enum pfil_dir dir)
{
	(void)arg;
	(void)mp;
	(void)ifp;
	(void)dir;
	return (PFIL_PASS);
}

static void
lengthen(struct vi_vnet *vvn)
{
	struct ip_vnet *iv = ip_vnet((struct vnet *)vvn);

	tl_ok(vi_sysctl_set(vvn, "net.inet.tcp.shortpath", "0", &tl_root));
	tl_ok(pfil_add(&iv->iv_pfil[PFIL_IN], pass, NULL));
	tl_ok(pfil_add(&iv->iv_pfil[PFIL_OUT], pass, NULL));
}

static void
begin(struct run *r, const struct script *s, bool shortway)
{
	struct vi_vnet *vn[2];
	int on = 1;

	memset(r, 0, sizeof(*r));
	tl_begin(&r->r_t, 7);
	tl_pair(&r->r_t, &r->r_p);
	vn[0] = r->r_p.a;
	vn[1] = r->r_p.b;
	for (int i = 0; i < 2; i++) {
		if (!shortway)
			lengthen(vn[i]);
		if (s->s_persona != NULL)
			tl_ok(vi_sysctl_set(vn[i], "net.inet.tcp.persona", s->s_persona, &tl_root));
		if (s->s_ecn != NULL)
			tl_ok(vi_sysctl_set(vn[i], "net.inet.tcp.ecn.enable", s->s_ecn, &tl_root));
		if (s->s_cc != NULL)
			tl_ok(vi_sysctl_set(vn[i], "net.inet.tcp.cc.algorithm", s->s_cc, &tl_root));
		tl_ok(vi_if_capture(vn[i], i == 0 ? r->r_p.cable.a : r->r_p.cable.b, see, &r->r_w[i]));
		tl_ok(vi_if_set_link(vn[i], i == 0 ? r->r_p.cable.a : r->r_p.cable.b, &s->s_link));
	}
	tl_conn(&r->r_t, &r->r_p, &r->r_c);
	if (s->s_nodelay) {
		tl_ok(vi_setsockopt(r->r_c.c, VI_TCP_NODELAY, &on, sizeof(on)));
		tl_ok(vi_setsockopt(r->r_c.s, VI_TCP_NODELAY, &on, sizeof(on)));
	}
	if (s->s_rcvbuf != 0)
		tl_ok(vi_setsockopt(r->r_c.s, VI_SO_RCVBUF, &s->s_rcvbuf, sizeof(s->s_rcvbuf)));
}

static void
end(struct run *r)
{
	vi_close(r->r_c.c);
	vi_close(r->r_c.s);
	tl_run(&r->r_t, TL_MSL2);
	tl_unpair(&r->r_p);
	tl_end(&r->r_t);
}

static void
drain(struct run *r, struct vi_socket *so, size_t most)
{
	uint8_t buf[4096];
	size_t n;

	(void)r;
	while (most > 0 && vi_recv(so, buf, most < sizeof(buf) ? most : sizeof(buf), 0, &n) == 0 && n > 0)
		most -= n;
}

/* One thing that makes kept headers, or what is known of addresses, wrong. */
static void
shake(struct run *r)
{
	static const uint32_t mtu[] = { 1500, 1000, 9000 };
	const unsigned side = draw(r, 2);
	struct vi_vnet *vn = side == 0 ? r->r_p.a : r->r_p.b;
	const char *ifname = side == 0 ? r->r_p.cable.a : r->r_p.cable.b;
	const struct vi_sockaddr peer = tl_addr(side == 0 ? r->r_p.addrb : r->r_p.addra, 0);
	uint8_t lladdr[6] = { 2, 0, 0, 0, 0, (uint8_t)draw(r, 200) };
	const struct vi_ifaddr ia = { .ia_addr = tl_addr(side == 0 ? "198.51.100.1" : "198.51.100.2", 0), .ia_prefixlen = 24 };
	struct vi_neigh ne = { .ne_addr = peer };
	int error;

	switch (draw(r, 8)) {
	case 0:
		error = vi_neigh_del(vn, &peer, ifname);
		assert_true(error == 0 || error == ESRCH);
		break;
	case 1:
		tl_ok(vi_if_set_lladdr(vn, ifname, lladdr, sizeof(lladdr)));
		break;
	case 2:
		tl_ok(vi_if_set_mtu(vn, ifname, mtu[draw(r, 3)]));
		break;
	case 3:
		tl_ok(vi_sysctl_set(vn, "net.inet.ip.ttl", draw(r, 2) ? "64" : "33", &tl_root));
		break;
	case 4:
		tl_ok(vi_if_set_flags(vn, ifname, 0, VI_IFF_UP));
		tl_run(&r->r_t, draw(r, 400) * TL_MS);
		tl_ok(vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
		break;
	case 5:			/* wrong for a while */
		memcpy(ne.ne_lladdr, lladdr, sizeof(lladdr));
		tl_ok(vi_neigh_add(vn, &ne));
		tl_run(&r->r_t, draw(r, 400) * TL_MS);
		tl_ok(vi_neigh_del(vn, &peer, ifname));
		break;
	case 6:			/* near the end of what ARP believes */
		tl_run(&r->r_t, 1165 * TL_SEC);
		break;
	default:
		error = vi_if_addr_add(vn, ifname, &ia, true);
		assert_true(error == 0 || error == EEXIST);
		if (error == EEXIST)
			tl_ok(vi_if_addr_del(vn, ifname, &ia.ia_addr));
		break;
	}
}

/* One thing a program might do. */
static void
act(struct run *r, const struct script *s)
{
	static const uint64_t pause[] = { 0, 0, 2 * TL_US, 50 * TL_US, 3 * TL_MS, 45 * TL_MS, 400 * TL_MS, 3 * TL_SEC };
	struct vi_socket *so = draw(r, 2) ? r->r_c.c : r->r_c.s;
	static const uint8_t bytes[8192];
	int error, tos, on;
	size_t n;

	if (s->s_shaken && draw(r, 8) == 0)
		shake(r);
	switch (draw(r, 24)) {
	case 0:
		error = vi_send(so, bytes, 1 + draw(r, (uint32_t)s->s_max), VI_MSG_MORE, &n);
		break;
	case 1:
		error = vi_send(so, bytes, 1, VI_MSG_OOB, &n);
		break;
	case 2:
		tos = (int)draw(r, 256) & ~3;
		error = vi_setsockopt(so, VI_IP_TOS, &tos, sizeof(tos));
		break;
	case 3:
		on = (int)draw(r, 2);
		error = vi_setsockopt(so, VI_TCP_CORK, &on, sizeof(on));
		break;
	case 4:
		on = 1 + (int)draw(r, 255);
		error = vi_setsockopt(so, VI_IP_TTL, &on, sizeof(on));
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		drain(r, so, 1 + draw(r, s->s_lazy ? 1000 : 10000));
		error = 0;
		break;
	default:
		error = vi_send(so, bytes, 1 + draw(r, (uint32_t)s->s_max), 0, &n);
		break;
	}
	assert_true(error == 0 || error == EAGAIN);
	tl_run(&r->r_t, pause[draw(r, 8)]);
}

static void
info(struct vi_socket *so, struct vi_tcp_info *ti)
{
	size_t len = sizeof(*ti);

	memset(ti, 0, sizeof(*ti));
	tl_ok(vi_getsockopt(so, VI_TCP_INFO, ti, &len));
}

static void
same(const struct script *s, unsigned step, struct run *a, struct run *b)
{
	struct vi_tcp_info x, y;

	for (int i = 0; i < 2; i++) {
		if (a->r_w[i].w_frames != b->r_w[i].w_frames || a->r_w[i].w_hash != b->r_w[i].w_hash)
			fail_msg("%s, step %u: frames of side %d differ (%lu, %lu)", s->s_name, step, i,
			    (unsigned long)a->r_w[i].w_frames, (unsigned long)b->r_w[i].w_frames);
		info(i == 0 ? a->r_c.c : a->r_c.s, &x);
		info(i == 0 ? b->r_c.c : b->r_c.s, &y);
		if (memcmp(&x, &y, sizeof(x)) != 0) {
			for (size_t o = 0; o < sizeof(x); o += 4)
				if (memcmp((char *)&x + o, (char *)&y + o, 4) != 0)
					print_message("at %zu: %u, %u\n", o, *(uint32_t *)(void *)((char *)&x + o),
					    *(uint32_t *)(void *)((char *)&y + o));
			fail_msg("%s, step %u: facts of side %d differ", s->s_name, step, i);
		}
	}
}

static const struct script scripts[] = {
	{ .s_name = "turns", .s_max = 1, .s_nodelay = true },
	{ .s_name = "small", .s_max = 100, .s_nodelay = true },
	{ .s_name = "nagle", .s_max = 300 },
	{ .s_name = "linux", .s_max = 300, .s_persona = "linux" },
	{ .s_name = "any", .s_max = 8000 },
	{ .s_name = "linux any", .s_max = 8000, .s_persona = "linux" },
	{ .s_name = "ecn", .s_max = 3000, .s_ecn = "1" },
	{ .s_name = "bbr", .s_max = 2000, .s_cc = "bbr" },
	{ .s_name = "newreno", .s_max = 2000, .s_cc = "newreno" },
	{ .s_name = "window", .s_max = 2000, .s_rcvbuf = 3000 },
	{ .s_name = "closed", .s_max = 2000, .s_rcvbuf = 3000, .s_lazy = true },
	{ .s_name = "linux closed", .s_max = 8000, .s_lazy = true, .s_persona = "linux" },
	{ .s_name = "bytes closed", .s_max = 1, .s_rcvbuf = 1, .s_nodelay = true, .s_lazy = true },
	{ .s_name = "shaken", .s_max = 100, .s_nodelay = true, .s_shaken = true },
	{ .s_name = "linux shaken", .s_max = 2000, .s_persona = "linux", .s_shaken = true },
	{ .s_name = "path", .s_max = 2000, .s_link = { .lp_delay = 5 * TL_MS, .lp_jitter = TL_MS, .lp_seed = 1 } },
	{ .s_name = "loss", .s_max = 2000, .s_link = { .lp_delay = TL_MS, .lp_loss = 0.03, .lp_seed = 2 } },
	{ .s_name = "linux loss", .s_max = 500, .s_persona = "linux",
	    .s_link = { .lp_delay = TL_MS, .lp_loss = 0.03, .lp_seed = 3 } },
	{ .s_name = "order", .s_max = 2000, .s_nodelay = true,
	    .s_link = { .lp_delay = TL_MS, .lp_reorder = 0.05, .lp_dup = 0.02, .lp_seed = 4 } },
	{ .s_name = "corrupt", .s_max = 500, .s_nodelay = true, .s_link = { .lp_corrupt = 0.03, .lp_seed = 5 } },
};

/* Did the stack of so go short ways? */
static bool
shortened(struct vi_socket *vso)
{
	const struct socket *so = (const struct socket *)vso;
	const struct inpcb *inp = so->so_pcb;
	const struct ip_vnet *iv = ip_vnet(so->so_vnet);
	const uint64_t sent = tl_stat(vi_socket_vnet(vso), "tcps_shortsnd"), rcvd = tl_stat(vi_socket_vnet(vso), "tcps_shortrcv");
	bool known = false;

	for (unsigned i = 0; i < IP_NKNOWN; i++)
		known |= iv->iv_known[i].ik_dst == inp->inp_laddr.in4 && inp->inp_laddr.in4 != 0;
	assert_int_equal(sent > 0, inp->inp_ready.ir_gen != 0);
	return (known && sent > 0 && rcvd > 0);
}

static void
alike(void **state)
{
	const struct script *s = *state;
	struct run a, b;

	begin(&a, s, true);
	begin(&b, s, false);
	for (unsigned step = 0; step < STEPS; step++) {
		act(&a, s);
		act(&b, s);
		same(s, step, &a, &b);
	}
	assert_true(a.r_w[0].w_frames > 100);
	/* A rate-based control looks at every segment itself, marks are seldom without. */
	if (s->s_ecn == NULL && s->s_cc == NULL) {
		assert_true(shortened(a.r_c.c) && shortened(a.r_c.s));
		assert_false(shortened(b.r_c.c) || shortened(b.r_c.s));
	}
	end(&a);
	end(&b);
}

/*
 * An end, of one side after the other or of both at once, with data before it, behind it, or unread.  Then another connection.
 */
static void
part(struct run *r)
{
	static const uint64_t pause[] = { 0, 0, 0, 3 * TL_US, 2 * TL_MS, 300 * TL_MS, 2 * TL_SEC };
	struct vi_socket *first, *second;
	static const uint8_t bytes[300];
	const bool swap = draw(r, 2) != 0;
	size_t n;

	first = swap ? r->r_c.s : r->r_c.c;
	second = swap ? r->r_c.c : r->r_c.s;
	if (draw(r, 3) == 0)
		(void)vi_send(first, bytes, 1 + draw(r, sizeof(bytes)), 0, &n);
	if (draw(r, 6) == 0)
		(void)vi_send(second, bytes, 1 + draw(r, sizeof(bytes)), 0, &n);
	tl_run(&r->r_t, pause[draw(r, 7)]);
	if (draw(r, 2) == 0)
		drain(r, first, sizeof(bytes));
	if (draw(r, 3) == 0) {		/* the half of it, and the other side may go on */
		(void)vi_shutdown(first, VI_SHUT_WR);
		tl_run(&r->r_t, pause[draw(r, 7)]);
		if (draw(r, 2) == 0)
			(void)vi_send(second, bytes, 1 + draw(r, sizeof(bytes)), 0, &n);
		tl_run(&r->r_t, pause[draw(r, 7)]);
		drain(r, first, sizeof(bytes));
	} else {
		vi_close(first);
		first = NULL;
	}
	tl_run(&r->r_t, pause[draw(r, 7)]);
	if (draw(r, 2) == 0)
		drain(r, second, 2 * sizeof(bytes));
	vi_close(second);
	tl_run(&r->r_t, pause[draw(r, 7)]);
	if (first != NULL)
		vi_close(first);
	if (draw(r, 8) == 0)
		tl_run(&r->r_t, TL_MSL2);
	tl_connect(&r->r_t, r->r_p.b, r->r_l, &r->r_c);
}

/* Counters of the whole stack: all but those that say which way was taken. */
static void
sums(struct run *a, struct run *b)
{
	static const char *const name[] = { "tcps_sndtotal", "tcps_sndpack", "tcps_sndbyte", "tcps_sndctrl", "tcps_sndacks", "tcps_sndwinup",
		"tcps_rcvtotal", "tcps_rcvackpack", "tcps_rcvackbyte", "tcps_segstimed", "tcps_closed", "tcps_connects", "tcps_tw_added",
		"tcps_drops", "tcps_sndrst" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		assert_int_equal(tl_stat(a->r_p.a, name[i]), tl_stat(b->r_p.a, name[i]));
		assert_int_equal(tl_stat(a->r_p.b, name[i]), tl_stat(b->r_p.b, name[i]));
	}
}

static void
parted(void **state)
{
	const struct script *s = *state;
	struct run a, b;

	begin(&a, s, true);
	begin(&b, s, false);
	a.r_l = tl_listen(a.r_p.a, a.r_p.addra, 8, 16);
	b.r_l = tl_listen(b.r_p.a, b.r_p.addra, 8, 16);
	for (unsigned step = 0; step < STEPS; step++) {
		part(&a);
		part(&b);
		same(s, step, &a, &b);
	}
	sums(&a, &b);
	if (s->s_ecn == NULL && s->s_cc == NULL && s->s_link.lp_delay == 0) {
		assert_true(tl_stat(a.r_p.a, "tcps_shortsnd") > STEPS);
		assert_true(tl_stat(a.r_p.a, "tcps_shortrcv") > STEPS);
	}
	assert_int_equal(tl_stat(b.r_p.a, "tcps_shortsnd") + tl_stat(b.r_p.a, "tcps_shortrcv"), 0);
	vi_close(a.r_l);
	vi_close(b.r_l);
	end(&a);
	end(&b);
}

int
main(void)
{
	enum { N = sizeof(scripts) / sizeof(scripts[0]) };
	struct CMUnitTest tests[2 * N];

	for (size_t i = 0; i < N; i++) {
		tests[i] = (struct CMUnitTest){ scripts[i].s_name, alike, NULL, NULL, (void *)(uintptr_t)&scripts[i] };
		tests[N + i] = (struct CMUnitTest){ scripts[i].s_name, parted, NULL, NULL, (void *)(uintptr_t)&scripts[i] };
	}
	return (_cmocka_run_group_tests("short", tests, sizeof(tests) / sizeof(tests[0]), NULL, NULL));
}
