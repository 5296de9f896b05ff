/* SPDX-License-Identifier: BSD-2-Clause */
/* Control blocks against a model that looks at all of them each time. */
#include "netinet/pcb/in_pcb_int.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/util.h"
#include "host/host.h"
#include "vimage/vimage.h"
#include "vimage/priv.h"

/* A network layer with two addresses of its own, everything reachable. */
#define ADDR_A	HTONL(0x0a000001)
#define ADDR_B	HTONL(0x0a000002)
#define FAR	HTONL(0xc0000201)
#define NOWAY	HTONL(0xcb007101)

static const struct ifnet *
t_localif(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn;
	(void)a;
	return (NULL);
}

static bool
t_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn;
	return (a->in4 == ADDR_A || a->in4 == ADDR_B);
}

static bool
t_isusable(struct vnet *vn, const struct in_addr_any *a, bool raw)
{
	(void)raw;
	return (t_islocal(vn, a));
}

static bool
t_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn;
	return ((a->in4 & HTONL(0xf0000000)) == HTONL(0xe0000000));
}

static int
t_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	(void)inp;
	*laddr = in4_any(ADDR_A);
	return (faddr->in4 == NOWAY ? ENETUNREACH : 0);
}

static void
t_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = port, .sa_in = a->in4 };
}

static const struct inet_ops t_ops = {
	.io_family = VI_AF_INET, .io_islocal = t_islocal, .io_localif = t_localif, .io_isusable = t_isusable, .io_isbcast = t_isbcast, .io_source = t_source, .io_sockaddr = t_sockaddr,
};

struct fix {
	struct vi_host	*f_host;
	struct kernel	*f_k;
	struct vnet	*f_vn;
	struct inpcbinfo f_ipi;
	struct socket	 f_so[512];
	uint32_t	 f_rand;
};

static int
setup_proto(void **state, uint8_t proto)
{
	/* Nothing here looks up a route; the name is needed for the order. */
	static const struct vnet_module noroute = { .vm_name = "route", .vm_slot = VNET_SLOT_route };
	static const struct vnet_module *const mods[] = { &noroute, &socket_vnet_module, &inpcb_vnet_module };
	static struct fix fix;
	struct vi_kernel_params kp = { 0 };

	memset(&fix, 0, sizeof(fix));
	assert_int_equal(vi_host_sim_new(7, &fix.f_host), 0);
	kp.kp_host = fix.f_host;
	assert_int_equal(kernel_init(&kp, &fix.f_k), 0);
	assert_int_equal(vimage_init(fix.f_k, mods, NITEMS(mods)), 0);
	fix.f_vn = vnet_first(fix.f_k);
	assert_int_equal(in_pcbinfo_init(&fix.f_ipi, fix.f_vn, proto, ACCT_PCB, sizeof(struct inpcb)), 0);
	*state = &fix;
	return (0);
}

static int
setup(void **state)
{
	return (setup_proto(state, VI_IPPROTO_UDP));
}

static int
setup_tcp(void **state)
{
	return (setup_proto(state, VI_IPPROTO_TCP));
}

static int
teardown(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp;

	while ((inp = TAILQ_FIRST(&f->f_ipi.ipi_list)) != NULL)
		in_pcbfree(inp);
	in_pcbinfo_fini(&f->f_ipi);
	assert_int_equal(vimage_fini(f->f_k, NULL, NULL), 0);
	kernel_fini(f->f_k);
	assert_int_equal(vi_sim_memory(f->f_host), 0);
	vi_host_sim_free(f->f_host);
	return (0);
}

static uint32_t
rnd(struct fix *f, uint32_t n)
{
	f->f_rand = f->f_rand * 1664525u + 1013904223u;
	return ((f->f_rand >> 8) % n);
}

static struct vi_sockaddr
insock(uint32_t addr, unsigned port)
{
	return ((struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = HTONS(port), .sa_in = addr });
}

static struct inpcb *
new(struct fix *f, unsigned n, uint16_t options, uint32_t uid)
{
	struct inpcb *inp;

	memset(&f->f_so[n], 0, sizeof(f->f_so[n]));
	f->f_so[n].so_options = options;
	f->f_so[n].so_cred = (struct vi_cred){ .cr_uid = uid, .cr_priv = uid == 0 };
	assert_int_equal(in_pcballoc(&f->f_ipi, &f->f_so[n], &t_ops, &inp), 0);
	return (inp);
}

static int
bindto(struct inpcb *inp, uint32_t addr, unsigned port)
{
	struct vi_sockaddr sa = insock(addr, port);

	return (in_pcbbind(inp, &sa));
}

static int
connectto(struct inpcb *inp, uint32_t addr, unsigned port)
{
	struct vi_sockaddr sa = insock(addr, port);

	return (in_pcbconnect(inp, &sa));
}

static void
bind_errors(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp = new(f, 0, 0, 1000), *root = new(f, 1, 0, 0);
	struct vi_sockaddr sa = insock(0, 5000);

	sa.sa_family = VI_AF_INET6;
	assert_int_equal(in_pcbbind(inp, &sa), EAFNOSUPPORT);
	assert_int_equal(bindto(inp, FAR, 5000), EADDRNOTAVAIL);
	assert_int_equal(bindto(inp, 0, 80), EACCES);
	assert_int_equal(bindto(root, 0, 80), 0);
	f->f_vn->vn_privs &= ~PRIV_BIT(VI_PRIV_NET_RESERVEDPORT);
	assert_int_equal(bindto(new(f, 2, 0, 0), 0, 81), EACCES);
	f->f_vn->vn_privs |= PRIV_BIT(VI_PRIV_NET_RESERVEDPORT);
	assert_int_equal(bindto(inp, HTONL(0xe0000005), 5000), 0);
	assert_int_equal(bindto(inp, 0, 5001), EINVAL);
	inp = new(f, 3, 0, 1000);
	inp->inp_flags |= INP_BINDANY;
	assert_int_equal(bindto(inp, FAR, 5000), 0);
}

/* Two sockets on one port: who may. */
static void
bind_sharing(void **state)
{
	static const struct { uint16_t o1, o2; uint32_t u1, u2, a1, a2; int error; } t[] = {
		{ 0, 0, 1, 1, 0, 0, EADDRINUSE },
		{ 0, 0, 1, 1, ADDR_A, ADDR_B, 0 },
		{ 0, 0, 1, 1, ADDR_A, 0, EADDRINUSE },
		{ SO_REUSEADDR, 0, 1, 1, 0, 0, EADDRINUSE },
		{ SO_REUSEADDR, SO_REUSEADDR, 1, 2, 0, 0, 0 },
		{ SO_REUSEADDR | SO_ACCEPTCONN, SO_REUSEADDR, 1, 1, 0, 0, EADDRINUSE },
		{ SO_REUSEADDR | SO_ACCEPTCONN, SO_REUSEADDR, 1, 1, ADDR_A, ADDR_B, 0 },
		{ SO_REUSEPORT, SO_REUSEPORT, 1, 1, 0, 0, 0 },
		{ SO_REUSEPORT | SO_ACCEPTCONN, SO_REUSEPORT, 1, 1, 0, 0, 0 },
		{ SO_REUSEPORT, SO_REUSEPORT, 1, 2, 0, 0, EADDRINUSE },
		{ SO_REUSEPORT, SO_REUSEADDR, 1, 1, 0, 0, EADDRINUSE },
	};
	struct fix *f = *state;

	for (unsigned i = 0; i < NITEMS(t); i++) {
		struct inpcb *a = new(f, 0, t[i].o1, t[i].u1), *b = new(f, 1, t[i].o2, t[i].u2);

		assert_int_equal(bindto(a, t[i].a1, 6000), 0);
		if (bindto(b, t[i].a2, 6000) != t[i].error)
			fail_msg("case %u", i);
		in_pcbfree(a);
		in_pcbfree(b);
	}
}

static void
bind_device(void **state)
{
	struct fix *f = *state;
	struct inpcb *a = new(f, 0, 0, 1), *b = new(f, 1, 0, 1), *c = new(f, 2, 0, 1);
	struct ifnet if1 = { .if_index = 1 }, if2 = { .if_index = 2 };
	const struct in_addr_any l = in4_any(ADDR_A), r = in4_any(FAR);

	a->inp_boundif = 1;
	b->inp_boundif = 2;
	assert_int_equal(bindto(a, 0, 7000), 0);
	assert_int_equal(bindto(b, 0, 7000), 0);
	assert_int_equal(bindto(c, 0, 7000), EADDRINUSE);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &l, HTONS(7000), &r, 1, true, &if1), a);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &l, HTONS(7000), &r, 1, true, &if2), b);
	assert_null(in_pcblookup(&f->f_ipi, &t_ops, &l, HTONS(7000), &r, 1, true, NULL));
}

static void
ports_all(void **state)
{
	struct fix *f = *state;
	bool seen[200] = { false };
	struct inpcb *inp[200];
	unsigned port;

	inpcb_vnet(f->f_vn)->iv_first = 20000;
	inpcb_vnet(f->f_vn)->iv_last = 20199;
	for (unsigned i = 0; i < 200; i++) {
		inp[i] = new(f, i, 0, 1);
		assert_int_equal(bindto(inp[i], 0, 0), 0);
		port = NTOHS(inp[i]->inp_lport);
		assert_in_range(port, 20000, 20199);
		assert_false(seen[port - 20000]);
		seen[port - 20000] = true;
	}
	assert_int_equal(bindto(new(f, 200, SO_REUSEADDR | SO_REUSEPORT, 1), 0, 0), EADDRINUSE);
	/* And none for connections, for each is somebody's. */
	assert_int_equal(connectto(new(f, 201, 0, 1), FAR, 80), EADDRNOTAVAIL);
}

/* Connections share ports with each other as long as the other ends differ. */
static void
ports_connected(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp;

	inpcb_vnet(f->f_vn)->iv_first = 20003;
	inpcb_vnet(f->f_vn)->iv_last = 20000;	/* either way round */
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(connectto(new(f, i, 0, 1), FAR, 80 + i / 4), 0);
	assert_int_equal(connectto(new(f, 12, 0, 1), FAR, 80), EADDRNOTAVAIL);
	inp = new(f, 13, 0, 1);
	assert_int_equal(bindto(inp, 0, 20000), EADDRINUSE);
	assert_int_equal(connectto(inp, NOWAY, 80), ENETUNREACH);
	assert_int_equal(inp->inp_lport, 0);
}

/* RFC 6056 3.3.4: a destination's ports come in turn, and others hardly move them. */
static void
ports_secret(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp[43];
	unsigned range, step;

	inpcb_vnet(f->f_vn)->iv_first = 20000;
	inpcb_vnet(f->f_vn)->iv_last = 29999;
	range = 10000;
	for (unsigned i = 0; i < 43; i++) {
		inp[i] = new(f, i, 0, 1);
		assert_int_equal(connectto(inp[i], FAR, i < 2 || i == 42 ? 80 : 100 + i), 0);
	}
	step = (NTOHS(inp[1]->inp_lport) + range - NTOHS(inp[0]->inp_lport)) % range;
	assert_int_equal(step, 1);
	/* With one counter for all it would be 41. */
	step = (NTOHS(inp[42]->inp_lport) + range - NTOHS(inp[1]->inp_lport)) % range;
	assert_in_range(step, 1, 20);
}

/* ... and none comes again before all others have, how often ever. */
static void
ports_in_turn(void **state)
{
	enum { RANGE = 25000 };
	static unsigned last[RANGE];
	struct fix *f = *state;
	struct inpcb *inp = new(f, 0, 0, 1);
	unsigned port;

	inpcb_vnet(f->f_vn)->iv_first = 20000;
	inpcb_vnet(f->f_vn)->iv_last = 20000 + RANGE - 1;
	memset(last, 0, sizeof(last));
	for (unsigned i = 1; i < 70000; i++) {
		assert_int_equal(connectto(inp, FAR, 80), 0);
		port = NTOHS(inp->inp_lport) - 20000u;
		assert_int_equal(last[port], i > RANGE ? i - RANGE : 0);
		last[port] = i;
		in_pcbdisconnect(inp);
	}
}

static void
disconnect_forgets(void **state)
{
	struct fix *f = *state;
	struct inpcb *a = new(f, 0, 0, 1), *b = new(f, 1, 0, 1);
	const struct in_addr_any l = in4_any(ADDR_A), r = in4_any(FAR);

	assert_int_equal(connectto(a, FAR, 80), 0);
	assert_int_equal(a->inp_laddr.in4, ADDR_A);
	in_pcbdisconnect(a);
	assert_int_equal(a->inp_laddr.in4, 0);
	assert_int_equal(a->inp_lport, 0);
	assert_int_equal(bindto(b, 0, 8000), 0);
	assert_int_equal(connectto(b, FAR, 80), 0);
	assert_null(in_pcblookup(&f->f_ipi, &t_ops, &l, HTONS(8000), &r, HTONS(81), true, NULL));
	in_pcbdisconnect(b);
	assert_int_equal(b->inp_lport, HTONS(8000));
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &l, HTONS(8000), &r, HTONS(81), true, NULL), b);
}

static void
insconn_beside_listener(void **state)
{
	struct fix *f = *state;
	struct inpcb *l = new(f, 0, SO_ACCEPTCONN, 1), *c = new(f, 1, 0, 1), *d = new(f, 2, 0, 1);
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);

	f->f_ipi.ipi_proto = VI_IPPROTO_TCP;
	assert_int_equal(bindto(l, 0, 9000), 0);
	assert_int_equal(in_pcbinsconn(c, &la, HTONS(9000), &fa, HTONS(1)), 0);
	assert_int_equal(in_pcbinsconn(d, &la, HTONS(9000), &fa, HTONS(1)), EADDRINUSE);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(1), true, NULL), c);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(2), true, NULL), l);
	l->inp_socket->so_options = 0;
	assert_null(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(2), true, NULL));
	f->f_ipi.ipi_proto = VI_IPPROTO_UDP;
}

/* A group shares the flows: all get some, and a flow stays with one. */
static void
reuseport_spreads(void **state)
{
	struct fix *f = *state;
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);
	unsigned hits[4] = { 0 };
	struct inpcb *inp[4], *got;

	for (unsigned i = 0; i < 4; i++) {
		inp[i] = new(f, i, SO_REUSEPORT, 1);
		assert_int_equal(bindto(inp[i], 0, 9000), 0);
	}
	for (uint16_t port = 1; port <= 400; port++) {
		got = in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, port, true, NULL);
		assert_ptr_equal(got, in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, port, true, NULL));
		for (unsigned i = 0; i < 4; i++)
			hits[i] += got == inp[i];
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(hits[i], 50, 150);
}

/* When members come and go, and when the tables grow, only the flows of those members move. */
static void
reuseport_stays(void **state)
{
	struct fix *f = *state;
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);
	struct inpcb *inp[4], *had[400], *got;
	unsigned moved = 0;

	for (unsigned i = 0; i < 4; i++) {
		inp[i] = new(f, i, SO_REUSEPORT, 1);
		assert_int_equal(bindto(inp[i], 0, 9000), 0);
	}
	for (unsigned p = 0; p < NITEMS(had); p++)
		had[p] = in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(1 + p), true, NULL);
	for (unsigned i = 10; i < 300; i++)
		assert_int_equal(bindto(new(f, i, 0, 1), 0, 10000 + i), 0);
	for (unsigned p = 0; p < NITEMS(had); p++)
		assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(1 + p), true, NULL), had[p]);
	in_pcbfree(inp[2]);
	for (unsigned p = 0; p < NITEMS(had); p++) {
		got = in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(9000), &fa, HTONS(1 + p), true, NULL);
		if (had[p] == inp[2])
			moved++;
		else
			assert_ptr_equal(got, had[p]);
	}
	assert_in_range(moved, 50, 150);
}

/* Two families */

/* 2001:db8::1 is ours; everything is reachable, ff00::/8 is a group. */
static bool
t6_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	const struct in_addr_any own = { .in6 = { HTONL(0x20010db8), 0, 0, HTONL(1) } };

	(void)vn;
	return (in_addr_eq(a, &own) || (a->in6[3] == HTONL(1) && (a->in6[0] | a->in6[1] | a->in6[2]) == 0));
}

static bool
t6_isusable(struct vnet *vn, const struct in_addr_any *a, bool raw)
{
	(void)raw;
	return (t6_islocal(vn, a));
}

static bool
t6_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn;
	return (*(const uint8_t *)a->in6 == 0xff);
}

static int
t6_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	(void)inp, (void)faddr;
	*laddr = (struct in_addr_any){ .in6 = { HTONL(0x20010db8), 0, 0, HTONL(1) } };
	return (0);
}

static void
t6_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = port };
	memcpy(sa->sa_in6, a->in6, 16);
}

static const struct inet_ops t6_ops = {
	.io_family = VI_AF_INET6, .io_islocal = t6_islocal, .io_localif = t_localif, .io_isusable = t6_isusable, .io_isbcast = t6_isbcast, .io_source = t6_source, .io_sockaddr = t6_sockaddr,
};

/* Words in host order. */
static struct vi_sockaddr
in6sock(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3, unsigned port)
{
	const uint32_t w[4] = { HTONL(w0), HTONL(w1), HTONL(w2), HTONL(w3) };
	struct vi_sockaddr sa = { .sa_family = VI_AF_INET6, .sa_port = HTONS(port) };

	memcpy(sa.sa_in6, w, sizeof(w));
	return (sa);
}
#define ANY6(port)	in6sock(0, 0, 0, 0, port)
#define OWN6(port)	in6sock(0x20010db8, 0, 0, 1, port)
#define FAR6(port)	in6sock(0x20010db8, 0, 0, 2, port)
#define MAPPED(a, port)	in6sock(0, 0, 0xffff, NTOHL(a), port)

static struct inpcb *
new6(struct fix *f, unsigned n, uint16_t options, bool v6only)
{
	struct inpcb *inp;

	f->f_ipi.ipi_ops4 = &t_ops;
	f->f_ipi.ipi_ops6 = &t6_ops;
	memset(&f->f_so[n], 0, sizeof(f->f_so[n]));
	f->f_so[n].so_options = options;
	f->f_so[n].so_cred = (struct vi_cred){ .cr_uid = 1 };
	assert_int_equal(in_pcballoc(&f->f_ipi, &f->f_so[n], &t6_ops, &inp), 0);
	assert_int_equal(in_pcbsetopt(inp, VI_IPV6_V6ONLY, &(int){ v6only }, sizeof(int)), 0);
	return (inp);
}

static int
bind6(struct inpcb *inp, struct vi_sockaddr sa)
{
	return (in_pcbbind(inp, &sa));
}

static int
connect6(struct inpcb *inp, struct vi_sockaddr sa)
{
	return (in_pcbconnect(inp, &sa));
}

static bool
same(const struct vi_sockaddr *a, struct vi_sockaddr b)
{
	return (a->sa_family == b.sa_family && a->sa_port == b.sa_port && a->sa_scope == b.sa_scope && memcmp(a->sa_in6, b.sa_in6, 16) == 0);
}

/* Who may have one port: rows and columns are what is bound first and second. */
static void
bind_families(void **state)
{
	enum { V4ANY, V4A, ANY, ANYONLY, OWN, MAPANY, MAPA, N };
	static const char *const want[N] = {	/* x: EADDRINUSE */
		[V4ANY] =	"xxx..xx",
		[V4A] =		"xxx..xx",
		[ANY] =		"xxxxxxx",
		[ANYONLY] =	"..xxx..",
		[OWN] =		"..xxx..",
		[MAPANY] =	"xxx..xx",
		[MAPA] =	"xxx..xx",
	};
	struct fix *f = *state;
	struct inpcb *inp[2];
	int error[2];

	for (unsigned i = 0; i < N * N; i++) {
		for (unsigned k = 0; k < 2; k++) {
			switch (k == 0 ? i / N : i % N) {
			case V4ANY:	inp[k] = new(f, k, 0, 1); error[k] = bindto(inp[k], 0, 6000); break;
			case V4A:	inp[k] = new(f, k, 0, 1); error[k] = bindto(inp[k], ADDR_A, 6000); break;
			case ANY:	inp[k] = new6(f, k, 0, false); error[k] = bind6(inp[k], ANY6(6000)); break;
			case ANYONLY:	inp[k] = new6(f, k, 0, true); error[k] = bind6(inp[k], ANY6(6000)); break;
			case OWN:	inp[k] = new6(f, k, 0, false); error[k] = bind6(inp[k], OWN6(6000)); break;
			case MAPANY:	inp[k] = new6(f, k, 0, false); error[k] = bind6(inp[k], MAPPED(0, 6000)); break;
			default:	inp[k] = new6(f, k, 0, false); error[k] = bind6(inp[k], MAPPED(ADDR_A, 6000)); break;
			}
		}
		assert_int_equal(error[0], 0);
		if (error[1] != (want[i / N][i % N] == 'x' ? EADDRINUSE : 0))
			fail_msg("%u then %u: %d", i / N, i % N, error[1]);
		in_pcbfree(inp[0]);
		in_pcbfree(inp[1]);
	}
}

static void
bind6_errors(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp = new6(f, 0, 0, false), *only = new6(f, 1, 0, true);

	assert_int_equal(bindto(inp, ADDR_A, 6000), EAFNOSUPPORT);
	assert_int_equal(bind6(inp, FAR6(6000)), EADDRNOTAVAIL);
	assert_int_equal(bind6(inp, MAPPED(FAR, 6000)), EADDRNOTAVAIL);
	assert_int_equal(bind6(only, MAPPED(ADDR_A, 6000)), EINVAL);
	assert_int_equal(bind6(inp, in6sock(0xfe800000, 0, 0, 1, 6000)), EINVAL);	/* no zone */
	assert_int_equal(bind6(inp, in6sock(0xff020000, 0, 0, 1, 6000)), EINVAL);
	assert_int_equal(bind6(inp, in6sock(0xff0e0000, 0, 0, 1, 6000)), 0);
	assert_int_equal(in_pcbsetopt(inp, VI_IPV6_V6ONLY, &(int){ 1 }, sizeof(int)), EINVAL);
	f->f_ipi.ipi_proto = VI_IPPROTO_TCP;
	assert_int_equal(bind6(only, in6sock(0xff0e0000, 0, 0, 1, 6001)), EINVAL);
	f->f_ipi.ipi_proto = VI_IPPROTO_UDP;
	inp = new(f, 2, 0, 1);
	assert_int_equal(in_pcbsetopt(inp, VI_IPV6_V6ONLY, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	assert_int_equal(in_pcbgetopt(inp, VI_IPV6_TCLASS, &(int){ 1 }, &(size_t){ sizeof(int) }), ENOPROTOOPT);
}

/* Connecting narrows the pcb to one family, disconnecting gives it both again. */
static void
connect_families(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp = new6(f, 0, 0, false), *only = new6(f, 1, 0, true);
	struct vi_sockaddr sa;

	assert_int_equal(connect6(inp, MAPPED(FAR, 80)), 0);
	assert_ptr_equal(inp->inp_ops, &t_ops);
	assert_int_equal(in_pcbsockaddr(inp, &sa), 0);
	assert_true(same(&sa, MAPPED(ADDR_A, NTOHS(inp->inp_lport))));
	assert_int_equal(in_pcbpeeraddr(inp, &sa), 0);
	assert_true(same(&sa, MAPPED(FAR, 80)));
	in_pcbdisconnect(inp);
	assert_ptr_equal(inp->inp_ops, &t6_ops);
	assert_int_equal(in_pcbsockaddr(inp, &sa), 0);
	assert_true(same(&sa, ANY6(0)));
	assert_int_equal(connect6(inp, MAPPED(NOWAY, 80)), ENETUNREACH);
	assert_int_equal(inp->inp_flags & (INP_IPV4 | INP_IPV6), INP_IPV4 | INP_IPV6);
	assert_int_equal(connect6(inp, FAR6(80)), 0);
	assert_int_equal(in_pcbsockaddr(inp, &sa), 0);
	assert_true(same(&sa, OWN6(NTOHS(inp->inp_lport))));
	in_pcbdisconnect(inp);
	assert_int_equal(connect6(inp, ANY6(80)), 0);		/* is ::1 */
	assert_int_equal(in_pcbpeeraddr(inp, &sa), 0);
	assert_true(same(&sa, in6sock(0, 0, 0, 1, 80)));
	in_pcbdisconnect(inp);
	assert_int_equal(connectto(inp, FAR, 80), 0);		/* a plain IPv4 address, as on Linux */
	in_pcbdisconnect(inp);
	assert_int_equal(connect6(only, MAPPED(FAR, 80)), ENETUNREACH);
	assert_int_equal(connectto(only, FAR, 80), EAFNOSUPPORT);
	assert_int_equal(bind6(inp, MAPPED(ADDR_A, 6000)), 0);
	assert_int_equal(connect6(inp, FAR6(80)), EAFNOSUPPORT);
	assert_int_equal(connect6(inp, MAPPED(FAR, 80)), 0);
	f->f_ipi.ipi_proto = VI_IPPROTO_TCP;
	assert_int_equal(connectto(new6(f, 2, 0, false), FAR, 80), EAFNOSUPPORT);
	f->f_ipi.ipi_proto = VI_IPPROTO_UDP;
}

/* Addresses of the same bits are different ones, and a socket of the packet's own family comes first. */
static void
lookup_families(void **state)
{
	struct fix *f = *state;
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR), own = { .in6 = { HTONL(0x20010db8), 0, 0, HTONL(1) } };
	struct inpcb *dual = new6(f, 0, SO_REUSEADDR, false), *four = new(f, 1, SO_REUSEADDR, 1), *only, *conn;
	struct inpcbinfo *ipi = &f->f_ipi;

	assert_int_equal(bind6(dual, ANY6(7000)), 0);
	assert_ptr_equal(in_pcblookup(ipi, &t_ops, &la, HTONS(7000), &fa, 1, true, NULL), dual);
	assert_ptr_equal(in_pcblookup(ipi, &t6_ops, &own, HTONS(7000), &fa, 1, true, NULL), dual);
	assert_int_equal(bindto(four, 0, 7000), 0);
	assert_ptr_equal(in_pcblookup(ipi, &t_ops, &la, HTONS(7000), &fa, 1, true, NULL), four);
	assert_ptr_equal(in_pcblookup(ipi, &t6_ops, &own, HTONS(7000), &fa, 1, true, NULL), dual);
	in_pcbfree(dual);
	assert_null(in_pcblookup(ipi, &t6_ops, &own, HTONS(7000), &fa, 1, true, NULL));
	only = new6(f, 2, 0, true);
	assert_int_equal(bind6(only, ANY6(7001)), 0);
	assert_null(in_pcblookup(ipi, &t_ops, &la, HTONS(7001), &fa, 1, true, NULL));
	conn = new(f, 3, 0, 1);
	assert_int_equal(in_pcbinsconn(conn, &la, HTONS(7002), &fa, 1), 0);
	assert_ptr_equal(in_pcblookup(ipi, &t_ops, &la, HTONS(7002), &fa, 1, true, NULL), conn);
	assert_null(in_pcblookup(ipi, &t6_ops, &la, HTONS(7002), &fa, 1, true, NULL));
}

/* Two datagram sockets may be connected alike; the later one hears. */
static void
connected_alike(void **state)
{
	struct fix *f = *state;
	struct inpcb *a = new(f, 0, SO_REUSEADDR, 1), *b = new(f, 1, SO_REUSEADDR, 1);
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);

	assert_int_equal(bindto(a, ADDR_A, 7000), 0);
	assert_int_equal(bindto(b, ADDR_A, 7000), 0);
	assert_int_equal(connectto(a, FAR, 80), 0);
	assert_int_equal(connectto(b, FAR, 80), 0);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(7000), &fa, HTONS(80), true, NULL), b);
	/* Tables that grow do not change that. */
	for (unsigned i = 2; i < 12; i++) {
		assert_int_equal(connectto(new(f, i, 0, 1), FAR, 80), 0);
		assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(7000), &fa, HTONS(80), true, NULL), b);
	}
	in_pcbfree(b);
	assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, HTONS(7000), &fa, HTONS(80), true, NULL), a);
}

/* The model. */

static bool
m_conn(const struct inpcb *inp)
{
	return (inp->inp_faddr.in4 != 0);
}

static struct inpcb *
m_exact(struct fix *f, uint32_t la, uint16_t lp, uint32_t fa, uint16_t fp)
{
	struct inpcb *t;

	TAILQ_FOREACH(t, &f->f_ipi.ipi_list, inp_list)
		if (m_conn(t) && t->inp_laddr.in4 == la && t->inp_lport == lp && t->inp_faddr.in4 == fa && t->inp_fport == fp)
			return (t);
	return (NULL);
}

/* Of several that are connected alike any will do. */
static bool
m_same(const struct inpcb *a, const struct inpcb *b)
{
	return (m_conn(a) && in_addr_eq(&a->inp_laddr, &b->inp_laddr) && in_addr_eq(&a->inp_faddr, &b->inp_faddr) &&
	    a->inp_lport == b->inp_lport && a->inp_fport == b->inp_fport);
}

/* The best score among the unconnected; 0: none. */
static unsigned
m_wild(struct fix *f, uint32_t la, uint16_t lp)
{
	unsigned best = 0, score;
	struct inpcb *t;

	TAILQ_FOREACH(t, &f->f_ipi.ipi_list, inp_list) {
		score = t->inp_laddr.in4 == la ? 2 : t->inp_laddr.in4 == 0 ? 1 : 0;
		if (!m_conn(t) && lp != 0 && t->inp_lport == lp && score > best)
			best = score;
	}
	return (best);
}

static void
m_check(struct fix *f)
{
	static const uint32_t las[] = { ADDR_A, ADDR_B }, fas[] = { FAR, HTONL(0xc0000202) };

	for (unsigned i = 0; i < 40; i++) {
		const struct in_addr_any la = in4_any(las[rnd(f, 2)]), fa = in4_any(fas[rnd(f, 2)]);
		uint16_t lp = HTONS(5000 + rnd(f, 12)), fp = HTONS(1 + rnd(f, 3));
		struct inpcb *got = in_pcblookup(&f->f_ipi, &t_ops, &la, lp, &fa, fp, true, NULL);
		struct inpcb *exact = m_exact(f, la.in4, lp, fa.in4, fp);
		unsigned wild = f->f_ipi.ipi_proto == VI_IPPROTO_TCP ? 0 : m_wild(f, la.in4, lp);	/* no stream listens here */

		assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &la, lp, &fa, fp, false, NULL), exact == NULL ? NULL : got);
		if (exact != NULL) {
			assert_true(m_same(got, exact));
		} else if (wild == 0) {
			assert_null(got);
		} else {
			assert_non_null(got);
			assert_false(m_conn(got));
			assert_int_equal(got->inp_lport, lp);
			assert_int_equal(got->inp_laddr.in4, wild == 2 ? la.in4 : 0);
		}
	}
}

static bool
m_bindok(struct fix *f, struct inpcb *inp, uint32_t la, uint16_t lp)
{
	struct inpcb *t;
	uint16_t both;

	TAILQ_FOREACH(t, &f->f_ipi.ipi_list, inp_list) {
		if (t == inp || t->inp_lport != lp || (la != 0 && t->inp_laddr.in4 != 0 && la != t->inp_laddr.in4))
			continue;
		both = inp->inp_socket->so_options & t->inp_socket->so_options;
		if ((both & SO_REUSEADDR) == 0 && ((both & SO_REUSEPORT) == 0 || inp->inp_cred.cr_uid != t->inp_cred.cr_uid))
			return (false);
	}
	return (true);
}

static void
against_model(void **state)
{
	static const uint32_t las[] = { 0, ADDR_A, ADDR_B }, fas[] = { FAR, HTONL(0xc0000202) };
	static const uint16_t opts[] = { 0, 0, SO_REUSEADDR, SO_REUSEPORT, SO_REUSEADDR | SO_REUSEPORT };
	struct fix *f = *state;
	struct inpcb *pcb[200] = { NULL }, **pp, *inp;
	int want;

	for (unsigned round = 0; round < 30000; round++) {
		unsigned n = rnd(f, NITEMS(pcb));
		uint32_t la = las[rnd(f, 3)], fa = fas[rnd(f, 2)];
		unsigned lp = 5000 + rnd(f, 12), fp = 1 + rnd(f, 3);

		pp = &pcb[n];
		if (*pp == NULL) {
			*pp = new(f, n, opts[rnd(f, NITEMS(opts))], 1 + rnd(f, 2));
			continue;
		}
		inp = *pp;
		switch (rnd(f, 5)) {
		case 0:
		case 1:
			want = inp->inp_lport != 0 || inp->inp_laddr.in4 != 0 ? EINVAL : m_bindok(f, inp, la, HTONS(lp)) ? 0 : EADDRINUSE;
			assert_int_equal(bindto(inp, la, lp), want);
			break;
		case 2:
			if (m_conn(inp) || inp->inp_lport == 0)
				break;
			/* Datagrams: others may be connected alike. */
			want = f->f_ipi.ipi_proto == VI_IPPROTO_TCP && m_exact(f, inp->inp_laddr.in4 != 0 ? inp->inp_laddr.in4 : ADDR_A,
			    inp->inp_lport, fa, (uint16_t)HTONS(fp)) != NULL ? EADDRINUSE : 0;
			assert_int_equal(connectto(inp, fa, fp), want);
			break;
		case 3:
			if (m_conn(inp))
				in_pcbdisconnect(inp);
			break;
		default:
			in_pcbfree(inp);
			*pp = NULL;
			break;
		}
		m_check(f);
	}
}

/* Broadcast: everybody on the port, once. */
static void
bcast_all(void **state)
{
	struct fix *f = *state;
	struct inet_pkt pk = { .ip_ops = &t_ops, .ip_src = in4_any(FAR), .ip_dst = in4_any(0xffffffff) };
	struct inpcb *a = new(f, 0, SO_REUSEADDR, 1), *b = new(f, 1, SO_REUSEADDR, 1), *c = new(f, 2, SO_REUSEADDR, 1), *inp;
	unsigned n = 0;

	assert_int_equal(bindto(a, 0, 5000), 0);
	assert_int_equal(bindto(b, ADDR_A, 5000), 0);
	assert_int_equal(bindto(c, 0, 5000), 0);
	assert_int_equal(connectto(c, FAR, 9), 0);
	for (inp = NULL; (inp = in_pcbnext_bcast(&f->f_ipi, inp, &pk, HTONS(5000), HTONS(9))) != NULL; n++)
		assert_true(inp == a || inp == c);
	assert_int_equal(n, 2);
	assert_ptr_equal(in_pcbnext_bcast(&f->f_ipi, NULL, &pk, HTONS(5000), HTONS(8)), a);
}

static void
tables_grow_and_shrink(void **state)
{
	struct fix *f = *state;
	struct inpcb *inp[500];

	for (unsigned i = 0; i < 500; i++) {
		inp[i] = new(f, i, 0, 1);
		assert_int_equal(connectto(inp[i], FAR, 80), 0);
	}
	assert_in_range(f->f_ipi.ipi_tab[INP_BYFLOW].it_size, 1000, 1024);
	assert_in_range(f->f_ipi.ipi_tab[INP_BYPORT].it_size, 1000, 1024);
	for (unsigned i = 0; i < 500; i++)
		assert_ptr_equal(in_pcblookup(&f->f_ipi, &t_ops, &inp[i]->inp_laddr, inp[i]->inp_lport, &inp[i]->inp_faddr, HTONS(80), false, NULL), inp[i]);
	for (unsigned i = 0; i < 500; i++)
		in_pcbfree(inp[i]);
	assert_int_equal(f->f_ipi.ipi_tab[INP_BYFLOW].it_size, INPCB_KEEPHASH);
	assert_int_equal(f->f_ipi.ipi_tab[INP_BYPORT].it_size, INPCB_KEEPHASH);
}

/* Both ends have one hash, of either family, and who is said it finds its pcb at once; who is said something else finds nobody. */
static void
one_hash(void **state)
{
	const struct in_addr_any six = { .in6 = { HTONL(0x20010db8), 0, 0, 1 } }, other = { .in6 = { HTONL(0x20010db8), 0, 0, 2 } };
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);
	struct inet_pkt pkt = { .ip_ops = &t_ops, .ip_dst = la, .ip_src = fa };
	struct fix *f = *state;
	struct inpcbinfo *ipi = &f->f_ipi;
	struct inpcb *inp;

	for (uint16_t p = 1; p < 80; p++) {
		assert_int_equal(in_pcbhashval(ipi, &la, p, &fa, 80), in_pcbhashval(ipi, &fa, 80, &la, p));
		assert_int_equal(in_pcbhashval(ipi, &la, p, &la, 80), in_pcbhashval(ipi, &la, 80, &la, p));
		assert_int_equal(in_pcbhashval(ipi, &six, p, &other, 80), in_pcbhashval(ipi, &other, 80, &six, p));
		assert_int_equal(in_pcbhashval(ipi, &six, p, &six, 80), in_pcbhashval(ipi, &six, 80, &six, p));
		assert_int_not_equal(in_pcbhashval(ipi, &la, p, &fa, 80), in_pcbhashval(ipi, &fa, p, &la, 80));
	}
	assert_int_equal(in_pcballoc(ipi, NULL, &t_ops, &inp), 0);
	assert_int_equal(in_pcbinsconn(inp, &la, 5, &fa, 6), 0);
	assert_ptr_equal(in_pcbhinted(ipi, in_pcbhashval(ipi, &fa, 6, &la, 5), &pkt, 5, 6), inp);
	assert_null(in_pcbhinted(ipi, in_pcbhashval(ipi, &fa, 6, &la, 5), &pkt, 5, 7));
	for (uint32_t said = 0; said < 100; said++)
		assert_true(in_pcbhinted(ipi, said, &pkt, 6, 5) == NULL);
	inp->inp_boundif = 1;		/* in_pcblookup() compares that */
	assert_null(in_pcbhinted(ipi, inp->inp_flowid, &pkt, 5, 6));
	in_pcbfree(inp);
}

/* How many of a port's chain bind looks at, if none stops it. */
static unsigned
chain(struct fix *f, unsigned port)
{
	const struct inpcb *inp;
	unsigned n = 0;

	LIST_FOREACH(inp, in_pcbporthead(&f->f_ipi, HTONS(port)), inp_chain[INP_BYPORT])
		n += inp->inp_lport == HTONS(port);
	return (n);
}

/*
 * Four hundred connections at a port are one to who binds there; those that differ are looked at, also when they come to differ later and when the
 * first goes.
 */
static void
bind_among_connections(void **state)
{
	struct fix *f = *state;
	const struct in_addr_any la = in4_any(ADDR_A), fa = in4_any(FAR);
	struct inpcb *ls = new(f, 0, SO_REUSEADDR | SO_ACCEPTCONN, 1), *inp[400], *b;

	assert_int_equal(bindto(ls, 0, 8080), 0);
	for (unsigned i = 0; i < 400; i++) {
		assert_int_equal(in_pcballoc(&f->f_ipi, NULL, &t_ops, &inp[i]), 0);
		inp[i]->inp_cred = ls->inp_cred;
		assert_int_equal(in_pcbinsconn(inp[i], &la, HTONS(8080), &fa, HTONS(1000 + i)), 0);
		memset(&f->f_so[1 + i], 0, sizeof(f->f_so[1 + i]));
		f->f_so[1 + i].so_options = SO_REUSEADDR;
		in_pcbsetsocket(inp[i], &f->f_so[1 + i]);
	}
	assert_int_equal(chain(f, 8080), 2);
	in_pcbfree(ls);
	assert_int_equal(chain(f, 8080), 1);
	b = new(f, 450, SO_REUSEADDR, 1);
	assert_int_equal(bindto(b, 0, 8080), 0);
	in_pcbfree(b);
	b = new(f, 450, 0, 1);
	assert_int_equal(bindto(b, 0, 8080), EADDRINUSE);
	in_pcbfree(b);
	/* One takes back that it shares. */
	inp[7]->inp_socket->so_options = 0;
	assert_int_equal(in_pcbsetopt(inp[7], VI_SO_REUSEADDR, &(int){ 0 }, sizeof(int)), 0);
	assert_int_equal(chain(f, 8080), 2);
	b = new(f, 450, SO_REUSEADDR, 1);
	assert_int_equal(bindto(b, 0, 8080), EADDRINUSE);
	assert_int_equal(bindto(b, ADDR_B, 8080), 0);
	in_pcbfree(b);
	inp[7]->inp_socket->so_options = SO_REUSEADDR;
	assert_int_equal(in_pcbsetopt(inp[7], VI_SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	assert_int_equal(chain(f, 8080), 1);
	/* In whatever order they go, the port is taken until the last one has gone. */
	for (unsigned i = 0; i < 400; i++) {
		b = new(f, 450, 0, 1);
		assert_int_equal(bindto(b, ADDR_A, 8080), EADDRINUSE);
		in_pcbfree(b);
		if (i % 3 == 0)
			in_pcbdisconnect(inp[i * 7 % 400]);
		in_pcbfree(inp[i * 7 % 400]);
		assert_true(chain(f, 8080) <= 1);
	}
	b = new(f, 450, 0, 1);
	assert_int_equal(bindto(b, 0, 8080), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bind_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(bind_sharing, setup, teardown),
		cmocka_unit_test_setup_teardown(bind_device, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_all, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_connected, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_in_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(disconnect_forgets, setup, teardown),
		cmocka_unit_test_setup_teardown(insconn_beside_listener, setup, teardown),
		cmocka_unit_test_setup_teardown(reuseport_spreads, setup, teardown),
		cmocka_unit_test_setup_teardown(reuseport_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(bind_families, setup, teardown),
		cmocka_unit_test_setup_teardown(bind6_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(connect_families, setup, teardown),
		cmocka_unit_test_setup_teardown(lookup_families, setup, teardown),
		cmocka_unit_test_setup_teardown(connected_alike, setup, teardown),
		cmocka_unit_test_setup_teardown(against_model, setup, teardown),
		cmocka_unit_test_setup_teardown(against_model, setup_tcp, teardown),
		cmocka_unit_test_setup_teardown(one_hash, setup_tcp, teardown),
		cmocka_unit_test_setup_teardown(bind_among_connections, setup_tcp, teardown),
		cmocka_unit_test_setup_teardown(bcast_all, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_grow_and_shrink, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
