/* SPDX-License-Identifier: BSD-2-Clause */
/* Address conflict detection (RFC 5227): addresses that are asked for before they are used, and what is done when another uses one. */
#include "tests/inet/inet.h"

#define OURS	"10.0.1.1"

struct rig {
	struct tl	 t;
	struct vi_vnet	*a, *b;
	struct tl_cable	 cable;
};

static void
rig_begin(struct rig *g)
{
	tl_begin(&g->t, 13);
	g->a = tl_vnet(&g->t, "a");
	g->b = tl_vnet(&g->t, "b");
	tl_cable(g->a, g->b, &g->cable);
	tl_ok(vi_sysctl_set(g->a, "net.link.ether.inet.probes", "3", &tl_root));
	tl_ifaddr(g->b, g->cable.b, "10.0.1.2", 24);
	tl_settle(&g->t);
}

static void
rig_end(struct rig *g)
{
	tl_destroy(g->a);
	tl_destroy(g->b);
	tl_end(&g->t);
}

static void
find_flags(void *arg, const struct vi_ifinfo *ii)
{
	const struct vi_sockaddr want = tl_addr(OURS, 0);
	int *flags = arg;

	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		if (tl_sameaddr(&ii->if_addrs[i].ia_addr, &want))
			*flags = (int)ii->if_addrs[i].ia_flags;
}

/* Of a's address; -1: it is not there. */
static int
flags(struct rig *g)
{
	int f = -1;

	tl_ok(vi_if_get(g->a, g->cable.a, find_flags, &f));
	return (f);
}

/* May a program use it? */
static int
try_bind(struct rig *g)
{
	struct vi_socket *so = tl_socket(g->a, VI_SOCK_DGRAM);
	const struct vi_sockaddr sa = tl_addr(OURS, 0);
	const int error = vi_bind(so, &sa);

	vi_close(so);
	return (error);
}

static void
alone(void **state)
{
	const struct vi_sockaddr sa = tl_addr(OURS, 0);
	uint64_t t0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	t0 = tl_now(&g.t);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	assert_int_equal(flags(&g), VI_IN6_IFF_TENTATIVE);
	tl_fails(try_bind(&g), EADDRNOTAVAIL);
	tl_wait(&g.t, flags(&g) == 0);
	/* up to 1 s before the first of three, 1 to 2 s between, 2 s after; a step ends at the timer behind, at most 2 s later */
	assert_in_range(tl_now(&g.t) - t0, 4 * TL_SEC, 9 * TL_SEC);
	tl_ok(try_bind(&g));
	assert_int_equal(tl_stat(g.a, "as_probes"), 3);
	assert_int_equal(tl_stat(g.a, "as_announced"), 1);
	tl_run(&g.t, 10 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_announced"), 2);
	assert_int_equal(tl_stat(g.b, "as_dupips"), 0);
	/* It goes as any other does, before it is in use and after. */
	tl_ok(vi_if_addr_del(g.a, g.cable.a, &sa));
	assert_int_equal(flags(&g), -1);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, TL_SEC);
	tl_ok(vi_if_addr_del(g.a, g.cable.a, &sa));
	tl_fails(vi_if_addr_del(g.a, g.cable.a, &sa), EADDRNOTAVAIL);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	rig_end(&g);
}

/* While it is not ours nobody gets an answer from it. */
static void
not_yet_ours(void **state)
{
	struct vi_socket *so;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	so = tl_udp(g.b, "10.0.1.2", 7);
	tl_ok(inet_sendto(so, "x", 1, OURS, 7));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_txreplies"), 0);
	assert_int_equal(tl_stat(g.a, "ips_total"), 0);
	tl_run(&g.t, 30 * TL_SEC);
	tl_ok(inet_sendto(so, "x", 1, OURS, 7));
	tl_run(&g.t, TL_SEC);
	assert_true(tl_stat(g.a, "ips_delivered") > 0);
	vi_close(so);
	rig_end(&g);
}

static void
taken(void **state)
{
	const struct vi_sockaddr sa = tl_addr(OURS, 0);
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.b, g.cable.b, OURS, 24);	/* b does not probe */
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(flags(&g), VI_IN6_IFF_DUPLICATED);
	tl_fails(try_bind(&g), EADDRNOTAVAIL);
	assert_int_equal(tl_stat(g.a, "as_duplicates"), 1);
	assert_int_equal(tl_stat(g.a, "as_announced"), 0);
	assert_int_equal(tl_stat(g.b, "as_dupips"), 0);
	/* The link comes up anew, and the other one is gone. */
	tl_ok(vi_if_addr_del(g.b, g.cable.b, &sa));
	tl_ok(vi_if_set_flags(g.a, g.cable.a, 0, VI_IFF_UP));
	tl_ok(vi_if_set_flags(g.a, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(flags(&g), 0);
	tl_ok(try_bind(&g));
	rig_end(&g);
}

/* Both ask at once: neither has it. */
static void
both_ask(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.b, "net.link.ether.inet.probes", "3", &tl_root));
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_ifaddr(g.b, g.cable.b, OURS, 24);
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_duplicates") + tl_stat(g.b, "as_duplicates") > 0, 1);
	assert_true(flags(&g) == VI_IN6_IFF_DUPLICATED || tl_stat(g.b, "as_duplicates") == 1);
	rig_end(&g);
}

/* b takes the address that a uses, and gives it up when a defends it: with policy "2" a keeps it, with "1" it gives it up the second time, with "0" the first. */
static void
defence(void **state)
{
	static const struct { const char *policy; int first, second; } want[] = {
		{ "2", 0, 0 }, { "1", 0, VI_IN6_IFF_DUPLICATED }, { "0", VI_IN6_IFF_DUPLICATED, VI_IN6_IFF_DUPLICATED },
	};
	const struct vi_sockaddr sa = tl_addr(OURS, 0);
	struct rig g;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		rig_begin(&g);
		tl_ok(vi_sysctl_set(g.a, "net.link.ether.inet.defend", want[i].policy, &tl_root));
		tl_ok(vi_sysctl_set(g.b, "net.link.ether.inet.defend", "0", &tl_root));
		tl_ifaddr(g.a, g.cable.a, OURS, 24);
		tl_run(&g.t, 20 * TL_SEC);
		tl_ifaddr(g.b, g.cable.b, OURS, 24);
		tl_run(&g.t, TL_SEC);
		assert_int_equal(flags(&g), want[i].first);
		tl_ok(vi_if_addr_del(g.b, g.cable.b, &sa));
		tl_ifaddr(g.b, g.cable.b, OURS, 24);
		tl_run(&g.t, TL_SEC);
		assert_int_equal(flags(&g), want[i].second);
		tl_fails(try_bind(&g), want[i].second == 0 ? 0 : EADDRNOTAVAIL);
		assert_int_equal(tl_stat(g.a, "as_givenup"), want[i].second != 0);
		rig_end(&g);
	}
}

/* RFC 5227 2.1: a link that comes up may be another one: the address waits until it is known again, with its connections. */
static void
link_comes_back(void **state)
{
	const struct vi_sockaddr sa = tl_addr("10.0.1.2", 80);
	struct vi_socket *lso, *cso, *aso;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, 20 * TL_SEC);
	lso = tl_listen(g.b, "10.0.1.2", 80, 1);
	cso = tl_socket(g.a, VI_SOCK_STREAM);
	tl_fails(vi_connect(cso, &sa), EINPROGRESS);
	tl_run(&g.t, TL_SEC);
	tl_ok(vi_accept(lso, &aso, NULL));
	tl_ok(vi_if_set_flags(g.a, g.cable.a, 0, VI_IFF_UP));
	tl_ok(vi_if_set_flags(g.a, g.cable.a, VI_IFF_UP, 0));
	assert_int_equal(flags(&g), VI_IN6_IFF_TENTATIVE);
	tl_fails(try_bind(&g), EADDRNOTAVAIL);
	tl_ok(vi_send(aso, "x", 1, 0, &n));
	tl_run(&g.t, 30 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_probes"), 6);
	assert_int_equal(flags(&g), 0);
	tl_ok(vi_recv(cso, &(char){ 0 }, 1, 0, &n));
	vi_close(lso);
	vi_close(aso);
	vi_close(cso);
	rig_end(&g);
}

/* RFC 5227 2.4: what is given up is given up openly: the peer hears of it. */
static void
connections_end(void **state)
{
	const struct vi_sockaddr sa = tl_addr("10.0.1.2", 80), ours = tl_addr(OURS, 0);
	struct vi_socket *lso, *cso, *aso;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.a, "net.link.ether.inet.defend", "0", &tl_root));
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, 20 * TL_SEC);
	lso = tl_listen(g.b, "10.0.1.2", 80, 1);
	cso = tl_socket(g.a, VI_SOCK_STREAM);
	tl_fails(vi_connect(cso, &sa), EINPROGRESS);
	tl_run(&g.t, TL_SEC);
	tl_ok(vi_accept(lso, &aso, NULL));
	tl_ifaddr(g.b, g.cable.b, OURS, 24);	/* announced, and believed */
	tl_ok(vi_if_addr_del(g.b, g.cable.b, &ours));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(flags(&g), VI_IN6_IFF_DUPLICATED);
	tl_fails(vi_recv(cso, &(char){ 0 }, 1, 0, &n), ECONNABORTED);
	tl_fails(vi_recv(aso, &(char){ 0 }, 1, 0, &n), ECONNRESET);
	vi_close(lso);
	vi_close(aso);
	vi_close(cso);
	rig_end(&g);
}

/* The interface goes while an address waits, and comes to another stack. */
static void
interface_leaves(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, TL_SEC);
	tl_ok(vi_if_destroy(g.a, g.cable.a));
	tl_run(&g.t, 20 * TL_SEC);
	rig_end(&g);
}

/* net.link.ether.inet.garp_rexmit_count: after 1, 2 and 4 s, and not for an address that went. */
static void
announced_again(void **state)
{
	const struct vi_sockaddr sa = tl_addr(OURS, 0);
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.a, "net.link.ether.inet.probes", "0", &tl_root));
	tl_ok(vi_sysctl_set(g.a, "net.link.ether.inet.garp_rexmit_count", "3", &tl_root));
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	assert_int_equal(tl_stat(g.a, "as_announced"), 1);
	tl_run(&g.t, TL_SEC + TL_SEC / 2);
	assert_int_equal(tl_stat(g.a, "as_announced"), 2);
	tl_run(&g.t, 2 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_announced"), 3);
	tl_run(&g.t, 4 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_announced"), 4);
	tl_run(&g.t, 60 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_announced"), 4);
	tl_ok(vi_if_addr_del(g.a, g.cable.a, &sa));
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_ok(vi_if_addr_del(g.a, g.cable.a, &sa));
	tl_run(&g.t, 60 * TL_SEC);
	assert_int_equal(tl_stat(g.a, "as_announced"), 5);
	tl_ifaddr(g.a, g.cable.a, OURS, 24);	/* the stack ends with a timer set */
	tl_ifaddr(g.a, g.cable.a, "2001:db8::1", 64);	/* which is no matter of ARP's */
	rig_end(&g);
}

/* The ARP messages that reach b: their number, and the last one with its header of Ethernet. */
static unsigned
arp_frames(struct vi_socket *so, uint8_t out[64])
{
	uint8_t buf[64];
	struct vi_iovec iov = { buf, sizeof(buf) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1 };
	unsigned n = 0;
	size_t len;

	for (; vi_recvmsg(so, &msg, &len) == 0; n++)
		memcpy(out, buf, sizeof(buf));
	return (n);
}

/* RFC 5227 2.1.1: what a probe says; 2.6: answers go to who asked. */
static void
messages(void **state)
{
	struct vi_sockaddr any = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x0806).sa_port };
	const uint8_t nobody[6] = { 0 }, everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, nowhere[4] = { 0 };
	const uint32_t ours = tl_addr(OURS, 0).sa_in;
	struct vi_socket *tap, *so;
	uint8_t f[64];
	struct rig g;

	(void)state;
	rig_begin(&g);
	any.sa_scope = tl_ifinfo(g.b, g.cable.b).if_index;
	tl_ok(vi_socket(g.b, VI_AF_PACKET, VI_SOCK_RAW, 0, &tl_root, &tap));
	tl_ok(vi_bind(tap, &any));
	tl_ifaddr(g.a, g.cable.a, OURS, 24);
	tl_run(&g.t, 1100 * TL_MS);
	assert_true(arp_frames(tap, f) > 0);
	assert_memory_equal(f, everybody, 6);
	assert_int_equal(f[14 + 7], 1);				/* a request */
	assert_memory_equal(f + 14 + 8, tl_ifinfo(g.a, g.cable.a).if_lladdr, 6);
	assert_memory_equal(f + 14 + 14, nowhere, 4);
	assert_memory_equal(f + 14 + 18, nobody, 6);
	assert_memory_equal(f + 14 + 24, &ours, 4);
	tl_run(&g.t, 30 * TL_SEC);
	(void)arp_frames(tap, f);
	so = tl_udp(g.b, "10.0.1.2", 7);
	(void)vi_neigh_del(g.b, &(struct vi_sockaddr[]){ tl_addr(OURS, 0) }[0], g.cable.b);
	tl_ok(inet_sendto(so, "x", 1, OURS, 7));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(arp_frames(tap, f), 1);
	assert_int_equal(f[14 + 7], 2);				/* a reply */
	assert_memory_equal(f, tl_ifinfo(g.b, g.cable.b).if_lladdr, 6);
	vi_close(so);
	vi_close(tap);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(not_yet_ours),
		cmocka_unit_test(taken),
		cmocka_unit_test(both_ask),
		cmocka_unit_test(defence),
		cmocka_unit_test(link_comes_back),
		cmocka_unit_test(connections_end),
		cmocka_unit_test(interface_leaves),
		cmocka_unit_test(announced_again),
		cmocka_unit_test(messages),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
