/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole stacks over links with properties, and what a capture shows of them. */
#include "tests/lib/tl.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <vimage/pcap.h>

#define ETHER_HLEN	14
#define SIZE		(2u << 20)

/* Both directions of the cable. */
static void
set(struct tl_pair *p, const struct vi_linkprops *lp)
{
	tl_ok(vi_if_set_link(p->a, p->cable.a, lp));
	tl_ok(vi_if_set_link(p->b, p->cable.b, lp));
}

static struct vi_linkstats
stats(struct vi_vnet *vn, const char *ifname)
{
	struct vi_linkstats lk;

	tl_ok(vi_if_get_link(vn, ifname, NULL, &lk));
	return (lk);
}

/* Checks each frame as a wire would: length, and every checksum there is. */
struct wire {
	unsigned	frames, tcp, bad, toolong;
};

static uint32_t
sum(const uint8_t *p, size_t len, uint32_t s)
{
	for (; len > 1; p += 2, len -= 2)
		s += (uint32_t)p[0] << 8 | p[1];
	if (len > 0)
		s += (uint32_t)p[0] << 8;
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (s);
}

static void
wire_frame(void *arg, const struct vi_frame *fr)
{
	const uint8_t *p = fr != NULL ? fr->fr_data : NULL, *ip = p != NULL ? p + ETHER_HLEN : NULL;
	struct wire *w = arg;
	uint32_t hlen, len, addrs, proto, alen;

	if (fr == NULL || p[12] == 0x08 || p[12] == 0x86) {
		if (fr == NULL || p[13] == 0x06)	/* ARP */
			return;
	}
	w->frames++;
	w->toolong += fr->fr_len > 1500 + ETHER_HLEN;
	if (p[12] == 0x08) {
		hlen = (uint32_t)(ip[0] & 15) * 4;
		len = ((uint32_t)ip[2] << 8 | ip[3]) - hlen;
		addrs = 12, alen = 8, proto = ip[9];
		w->bad += sum(ip, hlen, 0) != 0xffff;
	} else {
		hlen = 40;
		len = (uint32_t)ip[4] << 8 | ip[5];
		addrs = 8, alen = 32, proto = ip[6];
	}
	/* Also of a frame whose length was damaged. */
	if (hlen + len + ETHER_HLEN != fr->fr_len) {
		w->bad++;
		return;
	}
	if (proto != 6 && proto != 17)
		return;
	w->tcp++;
	w->bad += sum(ip + hlen, len, sum(ip + addrs, alen, proto + len)) != 0xffff;
}

/* What arrives is what was sent, whatever happens to frames. */
static void
hostile_links(void **state)
{
	static const struct vi_linkprops links[] = {
		{ .lp_delay = 10 * TL_MS, .lp_jitter = 2 * TL_MS, .lp_rate = 20000000, .lp_queue = 60 },
		{ .lp_delay = 5 * TL_MS, .lp_loss = 0.02, .lp_seed = 3 },
		{ .lp_delay = 5 * TL_MS, .lp_burst_p = 0.005, .lp_burst_r = 0.3, .lp_seed = 4 },
		{ .lp_delay = 5 * TL_MS, .lp_reorder = 0.05, .lp_reorder_delay = 3 * TL_MS, .lp_dup = 0.05 },
		{ .lp_delay = 5 * TL_MS, .lp_corrupt = 0.02, .lp_seed = 5 },
		{ .lp_pattern = "00000001", .lp_delay = TL_MS },
		{ .lp_delay = 8 * TL_MS, .lp_jitter = 4 * TL_MS, .lp_rate = 50000000, .lp_loss = 0.01, .lp_dup = 0.01, .lp_reorder = 0.02,
		    .lp_corrupt = 0.01 },
	};
	struct tl_pair p;
	struct tl_conn tc;
	struct tl t;

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct wire w = { 0 };

		tl_begin(&t, i + 1);
		tl_pair(&t, &p);
		set(&p, &links[i]);
		tl_ok(vi_if_capture(p.b, p.cable.b, wire_frame, &w));
		tl_conn(&t, &p, &tc);
		tl_send(&t, tc.c, tc.s, SIZE / 4);
		tl_send(&t, tc.s, tc.c, SIZE / 4);
		tl_hangup(&t, &tc);
		assert_true(w.tcp > SIZE / 4 / 1500);
		assert_int_equal(w.toolong, 0);
		assert_int_equal(w.bad != 0, links[i].lp_corrupt > 0);
		assert_int_equal(stats(p.b, p.cable.b).lk_held, 0);
		if (links[i].lp_corrupt > 0)
			assert_true(stats(p.b, p.cable.b).lk_corrupted > 0);
		tl_unpair(&p);
		tl_end(&t);
	}
}

static void
inet6_and_trains(void **state)
{
	const struct vi_linkprops lp = { .lp_delay = TL_MS, .lp_corrupt = 1e-9 };	/* sums are made, nothing is damaged */
	struct wire w = { 0 };
	struct vi_socket *l, *u, *r;
	struct vi_sockaddr to;
	uint8_t data[8000];
	struct tl_pair p;
	struct tl_conn tc = { NULL, NULL };
	int segment = 1000;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_ifaddr(p.a, p.cable.a, "2001:db8::1", 64);
	tl_ifaddr(p.b, p.cable.b, "2001:db8::2", 64);
	tl_run(&t, 3 * TL_SEC);
	set(&p, &lp);
	tl_ok(vi_if_capture(p.b, p.cable.b, wire_frame, &w));

	l = tl_listen(p.a, "2001:db8::1", 7, 1);
	tl_ok(vi_sockname(l, &to));
	tc.c = tl_socketof(p.b, VI_AF_INET6, VI_SOCK_STREAM);
	tl_fails(vi_connect(tc.c, &to), EINPROGRESS);
	tl_wait(&t, vi_accept(l, &tc.s, NULL) == 0);
	tl_send(&t, tc.c, tc.s, SIZE / 4);
	tl_hangup(&t, &tc);
	vi_close(l);
	assert_true(w.tcp > SIZE / 4 / 1500);
	assert_int_equal(w.bad + w.toolong, 0);

	w = (struct wire){ 0 };
	u = tl_udp(p.b, "192.0.2.2", 9);
	r = tl_udp(p.a, "192.0.2.1", 9);
	to = tl_addr("192.0.2.1", 9);
	tl_ok(vi_connect(u, &to));
	tl_ok(vi_setsockopt(u, VI_UDP_SEGMENT, &segment, sizeof(segment)));
	tl_pattern(data, sizeof(data), 0);
	tl_ok(vi_send(u, data, sizeof(data), 0, &n));
	tl_run(&t, TL_SEC);
	assert_int_equal(w.tcp, 8);
	assert_int_equal(w.bad + w.toolong, 0);
	segment = 300;		/* four that would fit into one */
	tl_ok(vi_setsockopt(u, VI_UDP_SEGMENT, &segment, sizeof(segment)));
	tl_ok(vi_send(u, data, 1200, 0, &n));
	tl_run(&t, TL_SEC);
	assert_int_equal(w.tcp, 12);
	assert_int_equal(w.bad, 0);
	assert_true(stats(p.b, p.cable.b).lk_frames > SIZE / 4 / 1500);
	set(&p, NULL);
	set(&p, &(struct vi_linkprops){ .lp_delay = TL_MS });	/* no need for sums, and still four */
	tl_ok(vi_send(u, data, 1200, 0, &n));
	tl_run(&t, TL_SEC);
	assert_int_equal(stats(p.b, p.cable.b).lk_frames, 4);
	for (unsigned i = 0; i < 16; i++) {
		tl_ok(vi_recv(r, data, sizeof(data), 0, &n));
		assert_int_equal(n, i < 8 ? 1000 : 300);
	}
	vi_close(r);
	vi_close(u);
	tl_unpair(&p);
	tl_end(&t);
}

/* Throughput is what the rate leaves it. */
static void
rate_is_kept(void **state)
{
	const struct vi_linkprops lp = { .lp_rate = 10000000, .lp_delay = 10 * TL_MS, .lp_queue = 50 };
	struct tl_pair p;
	struct tl_conn tc;
	struct tl t;
	uint64_t t0;
	double mbits;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	set(&p, &lp);
	tl_conn(&t, &p, &tc);
	t0 = tl_now(&t);
	tl_send(&t, tc.c, tc.s, SIZE);
	mbits = SIZE * 8.0 / (double)(tl_now(&t) - t0) * 1e3;
	assert_true(mbits < 10 * 1448.0 / 1514);
	assert_true(mbits > 8);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

/* The loopback interface has links too. */
static void
slow_loopback(void **state)
{
	const struct vi_linkprops lp = { .lp_delay = 20 * TL_MS };
	const struct vi_sockaddr sa = tl_addr("127.0.0.1", 7);
	struct vi_socket *l;
	struct tl_conn tc;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_ifaddr(vi_vnet0(t.k), "lo0", "127.0.0.1", 8);
	tl_ok(vi_if_set_link(vi_vnet0(t.k), "lo0", &lp));
	l = tl_listen(vi_vnet0(t.k), "127.0.0.1", 7, 1);
	tc.c = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	assert_int_equal(vi_connect(tc.c, &sa), EINPROGRESS);
	tl_run(&t, 59 * TL_MS);
	assert_int_equal(vi_accept(l, &tc.s, NULL), EAGAIN);
	tl_run(&t, 2 * TL_MS);
	tl_ok(vi_accept(l, &tc.s, NULL));		/* three ways */
	tl_send(&t, tc.c, tc.s, SIZE);
	vi_close(l);
	tl_hangup(&t, &tc);
	tl_end(&t);
}

/* A file of a run: the same seed makes the same one, to the byte; another seed another. */
struct file {
	uint8_t	*data;
	size_t	 len, size;
};

static int
file_write(void *arg, const void *data, size_t len)
{
	struct file *f = arg;

	while (f->len + len > f->size) {
		f->size = f->size == 0 ? 1 << 16 : 2 * f->size;
		if ((f->data = realloc(f->data, f->size)) == NULL)
			return (ENOMEM);
	}
	memcpy(f->data + f->len, data, len);
	f->len += len;
	return (0);
}

static void
record(uint64_t seed, struct file *f)
{
	const struct vi_linkprops lp = { .lp_delay = 5 * TL_MS, .lp_jitter = TL_MS, .lp_loss = 0.02, .lp_reorder = 0.01 };
	struct vi_pcap *pc;
	struct tl_pair p;
	struct tl_conn tc;
	struct tl t;

	tl_begin(&t, seed);
	tl_pair(&t, &p);
	set(&p, &lp);
	tl_ok(vi_pcap_new(t.k, file_write, f, &pc));
	tl_ok(vi_pcap_add(pc, p.a, p.cable.a));
	tl_ok(vi_pcap_add(pc, p.b, p.cable.b));
	tl_fails(vi_pcap_add(pc, p.b, "none"), ENXIO);
	tl_conn(&t, &p, &tc);
	tl_send(&t, tc.c, tc.s, SIZE / 8);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_ok(vi_pcap_free(pc));
	tl_end(&t);
}

static void
same_seed_same_file(void **state)
{
	struct file f[3] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		record(i < 2 ? 77 : 78, &f[i]);
	assert_true(f[0].len > SIZE / 8);
	assert_int_equal(f[0].len, f[1].len);
	assert_memory_equal(f[0].data, f[1].data, f[0].len);
	assert_true(f[0].len != f[2].len || memcmp(f[0].data, f[2].data, f[0].len) != 0);
	for (unsigned i = 0; i < 3; i++)
		free(f[i].data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_links),
		cmocka_unit_test(inet6_and_trains),
		cmocka_unit_test(rate_is_kept),
		cmocka_unit_test(slow_loopback),
		cmocka_unit_test(same_seed_same_file),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
