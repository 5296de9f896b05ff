/* SPDX-License-Identifier: BSD-2-Clause */
/* Link properties and captures, below everything that uses interfaces. */
#include "net/ifnet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/net_test.h"
#include "net/pcap.h"
#include "wire/ether.h"

#define TESTTYPE	0x88b5		/* IEEE 802: for experiments */
#define MAXSEEN		20000
#define MS		1000000ull

struct seen {
	uint64_t	s_time;
	uint32_t	s_number;
};

struct lt {
	struct nt	 nt;
	struct vnet	*b;
	struct ifnet	*ia, *ib;
	uint32_t	 sent;
};

static struct seen seen[MAXSEEN];
static uint32_t nseen;

static void
test_input(struct ifnet *ifp, struct mbuf *m)
{
	assert_true(nseen < MAXSEEN);
	seen[nseen].s_time = kernel_now(ifp->if_vnet->vn_kernel);
	assert_int_equal(m_copydata(m, 0, 4, &seen[nseen++].s_number), 0);
	m_freem(m);
}

static void
begin(struct lt *t)
{
	char name[IFNAMSIZ];

	memset(t, 0, sizeof(*t));
	nt_begin(&t->nt);
	assert_int_equal(vnet_create(t->nt.nt_k, "b", NULL, &t->b), 0);
	assert_int_equal(if_create(t->nt.nt_v0, "epair", name), 0);
	t->ia = nt_if(t->nt.nt_v0, name);
	t->ib = t->ia->if_cloner->ifc_peer(t->ia);
	assert_int_equal(if_vmove(t->ib, t->b), 0);
	assert_int_equal(if_setflags(t->ia, IFF_UP, 0), 0);
	assert_int_equal(if_setflags(t->ib, IFF_UP, 0), 0);
	assert_int_equal(net_proto_register(t->b, TESTTYPE, test_input), 0);
	nseen = 0;
}

static void
end(struct lt *t)
{
	nt_end(&t->nt);
}

static void
set(struct lt *t, struct vi_linkprops lp)
{
	assert_int_equal(if_setlink(t->ia, &lp), 0);
}

/* A frame of len bytes in all that carries its number. */
static void
send(struct lt *t, uint32_t len)
{
	static uint8_t data[65535];
	struct mbuf *m;

	memcpy(data, &t->sent, 4);
	t->sent++;
	m = m_frombuf(vnet_acct(t->ia->if_vnet), data, len - ETHER_HDR_LEN, 32);
	assert_non_null(m);
	assert_int_equal(ether_frame(t->ia, m, TESTTYPE, t->ib->if_lladdr), 0);
}

static void
settle(struct lt *t)
{
	while (kernel_poll(t->nt.nt_k) == 0)
		;
}

static void
run(struct lt *t)
{
	(void)kernel_run(t->nt.nt_k, UINT64_MAX / 2, NULL);
}

static uint64_t
now(struct lt *t)
{
	return (kernel_now(t->nt.nt_k));
}

/* One at a time, each before the next one leaves. */
static void
send_many(struct lt *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		send(t, 100);
		settle(t);
	}
	run(t);
}

static struct vi_linkstats
stats(struct lt *t)
{
	struct vi_linkstats lk;

	if_getlink(t->ia, NULL, &lk);
	return (lk);
}

static void
costs_nothing_when_unset(void **state)
{
	struct lt t;

	(void)state;
	begin(&t);
	assert_null(t.ia->if_extra);
	set(&t, (struct vi_linkprops){ .lp_seed = 5 });
	assert_null(t.ia->if_extra);
	set(&t, (struct vi_linkprops){ .lp_delay = 1 });
	assert_non_null(t.ia->if_extra);
	assert_int_equal(if_setlink(t.ia, NULL), 0);
	assert_null(t.ia->if_extra);
	end(&t);
}

static void
delay(void **state)
{
	struct lt t;
	uint64_t t0;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_delay = 10 * MS });
	t0 = now(&t);
	for (int i = 0; i < 200; i++)
		send(&t, 100);
	settle(&t);
	assert_int_equal(nseen, 0);
	assert_int_equal(stats(&t).lk_held, 200);
	run(&t);
	assert_int_equal(nseen, 200);
	for (uint32_t i = 0; i < nseen; i++) {
		assert_int_equal(seen[i].s_time, t0 + 10 * MS);
		assert_int_equal(seen[i].s_number, i);
	}
	assert_int_equal(t.ia->if_stats.ifs_opackets, 200);
	end(&t);
}

static void
rate_and_queue(void **state)
{
	struct lt t;
	uint64_t t0;

	(void)state;
	begin(&t);
	/* 1250 bytes take 1 ms. */
	set(&t, (struct vi_linkprops){ .lp_rate = 10000000, .lp_queue = 5, .lp_delay = 3 * MS });
	t0 = now(&t);
	for (int i = 0; i < 8; i++)
		send(&t, 1250);
	run(&t);
	assert_int_equal(nseen, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(seen[i].s_time, t0 + (i + 1) * MS + 3 * MS);
	assert_int_equal(stats(&t).lk_qdrops, 3);
	assert_int_equal(t.ia->if_stats.ifs_oqdrops, 3);

	/* The queue has room again as frames leave it, whether or not they have arrived; overhead counts. */
	nseen = 0;
	set(&t, (struct vi_linkprops){ .lp_rate = 10000000, .lp_queue = 2, .lp_delay = 3 * MS, .lp_overhead = 250 });
	t0 = now(&t);
	for (int i = 0; i < 4; i++) {
		send(&t, 1000);
		settle(&t);
		vi_sim_advance(t.nt.nt_host, MS);
		settle(&t);
	}
	run(&t);
	assert_int_equal(nseen, 4);
	assert_int_equal(seen[3].s_time, t0 + 7 * MS);
	end(&t);
}

/* A lost frame has had its time. */
static void
loss_takes_time(void **state)
{
	struct lt t;
	uint64_t t0;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_rate = 10000000, .lp_pattern = "110", .lp_pattern_once = true });
	t0 = now(&t);
	for (int i = 0; i < 4; i++)
		send(&t, 1250);
	run(&t);
	assert_int_equal(nseen, 2);
	assert_int_equal(seen[0].s_number, 2);
	assert_int_equal(seen[0].s_time, t0 + 3 * MS);
	assert_int_equal(seen[1].s_time, t0 + 4 * MS);
	assert_int_equal(stats(&t).lk_lost, 2);
	assert_int_equal(t.ia->if_stats.ifs_opackets, 4);
	end(&t);
}

static void
pattern(void **state)
{
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_pattern = "0010" });
	send_many(&t, 100);
	assert_int_equal(nseen, 75);
	for (uint32_t i = 0; i < nseen; i++)
		assert_int_not_equal(seen[i].s_number % 4, 2);
	end(&t);
}

static void
near(double got, double want, double tolerance)
{
	if (fabs(got - want) > tolerance)
		fail_msg("%f instead of %f +- %f", got, want, tolerance);
}

static void
random_loss(void **state)
{
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_loss = 0.1, .lp_seed = 42 });
	send_many(&t, 10000);
	near(10000 - nseen, 1000, 90);		/* three standard deviations */
	assert_int_equal(stats(&t).lk_lost, 10000 - nseen);
	nseen = 0;
	set(&t, (struct vi_linkprops){ .lp_loss = 1 });
	send_many(&t, 10);
	assert_int_equal(nseen, 0);
	end(&t);
}

/* Gilbert-Elliott: share p / (p + r) of the time bad, bursts of 1 / r. */
static void
bursty_loss(void **state)
{
	uint32_t next = 0, bursts = 0, lost = 0;
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_burst_p = 0.01, .lp_burst_r = 0.25, .lp_seed = 1 });
	send_many(&t, 15000);
	for (uint32_t i = 0; i < nseen; i++) {
		if (seen[i].s_number != next) {
			bursts++;
			lost += seen[i].s_number - next;
		}
		next = seen[i].s_number + 1;
	}
	near((double)lost / bursts, 4, 0.9);
	near((double)lost / 15000, 0.01 / 0.26, 0.01);
	end(&t);
}

/* Frames come late by up to the jitter, never before one sent earlier. */
static void
jitter_keeps_order(void **state)
{
	uint64_t least = UINT64_MAX, most = 0, took, t0;
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_delay = 5 * MS, .lp_jitter = 2 * MS });
	for (uint32_t i = 0; i < 1000; i++) {
		t0 = now(&t);
		send(&t, 100);
		run(&t);
		took = seen[i].s_time - t0;
		least = MIN(least, took);
		most = MAX(most, took);
	}
	assert_in_range(least, 3 * MS, 3 * MS + MS / 20);
	assert_in_range(most, 7 * MS - MS / 20, 7 * MS);
	for (uint32_t i = 0; i < 1000; i++)
		send(&t, 100);
	run(&t);
	assert_int_equal(nseen, 2000);
	for (uint32_t i = 1; i < nseen; i++)
		assert_true(seen[i].s_number == i && seen[i].s_time >= seen[i - 1].s_time);
	end(&t);
}

static void
reorder_and_duplicate(void **state)
{
	uint32_t late = 0, twice = 0, times[2000] = { 0 }, most = 0;
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_rate = 80000000, .lp_queue = 3000, .lp_reorder = 0.1, .lp_reorder_delay = 50000, .lp_dup = 0.05 });
	for (uint32_t i = 0; i < 2000; i++)
		send(&t, 100);		/* 10 us each */
	run(&t);
	for (uint32_t i = 0; i < nseen; i++) {
		late += seen[i].s_number < most;
		most = MAX(most, seen[i].s_number);
		twice += times[seen[i].s_number]++ == 1;
	}
	for (uint32_t i = 0; i < 2000; i++)
		assert_in_range(times[i], 1, 2);
	assert_int_equal(twice, stats(&t).lk_dups);
	near(twice, 100, 30);
	near((double)stats(&t).lk_reordered, 200, 42);
	assert_true(late >= stats(&t).lk_reordered);
	end(&t);
}

static uint32_t
numbers_hash(void)
{
	uint32_t h = 0;

	for (uint32_t i = 0; i < nseen; i++)
		h = h * 31 + seen[i].s_number;
	return (h);
}

/* The same seed hits the same frames, whatever else is set; another seed others. */
static void
seeds(void **state)
{
	uint32_t hash[3], n[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct lt t;

		begin(&t);
		set(&t, (struct vi_linkprops){ .lp_loss = 0.2, .lp_seed = i < 2 ? 9 : 10, .lp_delay = MS, .lp_jitter = i == 1 ? MS : 0 });
		send_many(&t, 500);
		hash[i] = numbers_hash();
		n[i] = nseen;
		end(&t);
	}
	assert_int_equal(hash[0], hash[1]);
	assert_int_equal(n[0], n[1]);
	assert_int_not_equal(hash[0], hash[2]);
}

static void
refusals(void **state)
{
	static const struct vi_linkprops bad[] = {
		{ .lp_loss = 1.5 }, { .lp_loss = -0.1 }, { .lp_dup = NAN }, { .lp_queue = 5 }, { .lp_delay = 1, .lp_overhead = 1 },
		{ .lp_rate = 7 }, { .lp_rate = 1000, .lp_queue = 65536 }, { .lp_delay = 1, .lp_jitter = 2 },
		{ .lp_delay = 3601000000000u }, { .lp_burst_p = 0.1 }, { .lp_burst_r = 0.1 }, { .lp_loss = 0.1, .lp_burst_loss = 0.1 },
		{ .lp_pattern = "012" }, { .lp_loss = 0.1, .lp_pattern_once = true }, { .lp_loss = 0.1, .lp_reorder_delay = 5 },
	};
	struct vi_linkprops lp;
	struct ifnet *lo;
	struct lt t;

	(void)state;
	begin(&t);
	for (unsigned i = 0; i < NITEMS(bad); i++)
		assert_int_equal(if_setlink(t.ia, &bad[i]), EINVAL);
	memset(&lp, '1', sizeof(lp));
	lp = (struct vi_linkprops){ .lp_delay = 0 };
	memset(lp.lp_pattern, '1', sizeof(lp.lp_pattern));
	assert_int_equal(if_setlink(t.ia, &lp), EINVAL);
	assert_null(t.ia->if_extra);
	lo = nt_if(t.nt.nt_v0, "lo0");
	lp = (struct vi_linkprops){ .lp_corrupt = 0.1 };
	assert_int_equal(if_setlink(lo, &lp), EOPNOTSUPP);
	end(&t);
}

static void
defaults_are_told(void **state)
{
	struct vi_linkprops lp;
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_rate = 1000000, .lp_reorder = 0.1, .lp_burst_p = 0.1, .lp_burst_r = 0.5 });
	if_getlink(t.ia, &lp, NULL);
	assert_int_equal(lp.lp_queue, 100);
	assert_int_equal(lp.lp_reorder_delay, MS);
	assert_true(lp.lp_burst_loss >= 1);
	assert_true(lp.lp_seed != 0);
	if_getlink(t.ib, &lp, NULL);
	assert_int_equal(lp.lp_rate, 0);
	end(&t);
}

/* Frames on their way: kept by a change, sent by the end of the properties, dropped by a move. */
static void
frames_held(void **state)
{
	struct vi_linkprops lp;
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_delay = 10 * MS });
	for (int i = 0; i < 50; i++)
		send(&t, 100);
	set(&t, (struct vi_linkprops){ .lp_delay = 20 * MS, .lp_rate = 1000000 });
	assert_int_equal(stats(&t).lk_held, 50);
	assert_int_equal(if_setlink(t.ia, NULL), 0);
	settle(&t);
	assert_int_equal(nseen, 50);

	set(&t, (struct vi_linkprops){ .lp_delay = 10 * MS });
	for (int i = 0; i < 50; i++)
		send(&t, 100);
	assert_int_equal(if_vmove(t.ia, t.b), 0);
	assert_int_equal(if_setflags(t.ia, IFF_UP, 0), 0);
	assert_int_equal(stats(&t).lk_held, 0);
	if_getlink(t.ia, &lp, NULL);
	assert_int_equal(lp.lp_delay, 10 * MS);
	nseen = 0;
	send(&t, 100);
	run(&t);
	assert_int_equal(nseen, 1);

	for (int i = 0; i < 50; i++)
		send(&t, 100);
	assert_int_equal(vnet_destroy(t.b, NULL, NULL), 0);
	end(&t);
}

/* In a vnet that may use no more, frames on their way are what it has used it for. */
static void
held_frames_are_charged(void **state)
{
	struct acctset *as;
	struct lt t;

	(void)state;
	begin(&t);
	as = vnet_acct(t.nt.nt_v0);
	set(&t, (struct vi_linkprops){ .lp_delay = 10 * MS });
	for (int i = 0; i < 100; i++)
		send(&t, 1000);
	assert_true(as->as_acct[ACCT_MBUF].ac_bytes >= 100 * 1000);
	run(&t);
	assert_int_equal(as->as_acct[ACCT_MBUF].ac_bytes, 0);
	end(&t);
}

/* Whatever allocation fails, what was there before is there after, and nothing is left at the end. */
static void
without_memory(void **state)
{
	const struct vi_linkprops lp = { .lp_rate = 10000000, .lp_queue = 300, .lp_delay = MS, .lp_dup = 0.5, .lp_seed = 1 };
	unsigned failed = 0;
	struct lt t;

	(void)state;
	for (uint64_t n = 1; n <= 40; n++) {
		begin(&t);
		kernel_fail_alloc(t.nt.nt_k, n);
		if (if_setlink(t.ia, &lp) != 0) {
			assert_null(t.ia->if_extra);
			failed++;
			set(&t, lp);
		}
		for (int i = 0; i < 20; i++) {
			struct mbuf *m = m_gethdr(vnet_acct(t.ia->if_vnet));

			if (m == NULL)
				continue;
			m->m_len = m->m_pkt.len = 40;
			memset(m->m_data, 0, 40);
			(void)ether_frame(t.ia, m, TESTTYPE, t.ib->if_lladdr);
		}
		run(&t);
		assert_in_range(nseen, 19, 40);
		kernel_fail_alloc(t.nt.nt_k, 0);
		assert_int_equal(if_setlink(t.ia, NULL), 0);
		assert_null(t.ia->if_extra);
		end(&t);
	}
	assert_int_equal(failed, 3);
}

/* Captures */

struct cap {
	unsigned	in, out, ended;
	uint64_t	time;
	uint32_t	len, number;
};

static void
cap_frame(void *arg, const struct vi_frame *fr)
{
	struct cap *c = arg;

	if (fr == NULL) {
		c->ended++;
		return;
	}
	*(fr->fr_out ? &c->out : &c->in) += 1;
	c->time = fr->fr_time;
	c->len = fr->fr_len;
	memcpy(&c->number, (const uint8_t *)fr->fr_data + ETHER_HDR_LEN, 4);
	assert_int_equal(fr->fr_type, VI_IFT_ETHER);
}

static void
captures(void **state)
{
	struct cap a = { 0 }, b = { 0 };
	struct lt t;

	(void)state;
	begin(&t);
	set(&t, (struct vi_linkprops){ .lp_delay = 10 * MS, .lp_pattern = "01" });
	assert_int_equal(if_capture(t.ia, cap_frame, &a), 0);
	assert_int_equal(if_capture(t.ia, cap_frame, &a), EEXIST);
	assert_int_equal(if_capture(t.ib, cap_frame, &b), 0);
	send(&t, 100);
	send(&t, 100);
	run(&t);
	assert_int_equal(a.out, 2);
	assert_int_equal(b.in, 1);
	assert_int_equal(a.in + b.out, 0);
	assert_int_equal(b.time - a.time, 10 * MS);
	assert_int_equal(b.len, 100);
	assert_int_equal(b.number, 0);
	assert_int_equal(if_uncapture(t.ia, cap_frame, &b), ENOENT);
	assert_int_equal(if_uncapture(t.ia, cap_frame, &a), 0);
	assert_int_equal(if_vmove(t.ib, t.nt.nt_v0), 0);	/* whoever looks at b does not see this one */
	assert_int_equal(a.ended, 0);
	assert_int_equal(b.ended, 1);
	assert_null(t.ib->if_extra);
	end(&t);
}

struct file {
	uint8_t		data[4096];
	size_t		len;
	size_t		limit;
};

static int
file_write(void *arg, const void *data, size_t len)
{
	struct file *f = arg;

	if (f->len + len > f->limit)
		return (ENOSPC);
	memcpy(f->data + f->len, data, len);
	f->len += len;
	return (0);
}

static uint32_t
word(const struct file *f, size_t off)
{
	uint32_t v;

	assert_true(off + 4 <= f->len);
	memcpy(&v, f->data + off, 4);
	return (v);
}

static void
pcap_file(void **state)
{
	static const uint32_t types[] = { 0x0a0d0d0a, 1, 1, 6, 6 };
	struct file f = { .limit = sizeof(f.data) };
	size_t off = 0, len;
	struct pcap *pc;
	struct lt t;

	(void)state;
	begin(&t);
	assert_int_equal(pcap_new(t.nt.nt_k, file_write, &f, &pc), 0);
	assert_int_equal(pcap_add(pc, t.ia), 0);
	assert_int_equal(pcap_add(pc, t.ib), 0);
	assert_int_equal(pcap_add(pc, t.ib), EEXIST);
	send(&t, 101);
	run(&t);
	for (unsigned i = 0; i < NITEMS(types); i++, off += len) {
		assert_int_equal(word(&f, off), types[i]);
		len = word(&f, off + 4);
		assert_true(len % 4 == 0 && off + len <= f.len);
		assert_int_equal(word(&f, off + len - 4), len);
		if (types[i] == 6) {
			assert_int_equal(word(&f, off + 8), i - 3);		/* the interface */
			assert_int_equal(word(&f, off + 20), 101);
			assert_int_equal(word(&f, off + len - 12), i == 3 ? 2 : 1);	/* out, in */
		}
	}
	assert_int_equal(off, f.len);
	assert_non_null(memmem(f.data, f.len, "b:epair0b", 9));
	/* One that went, and a disk that is full. */
	assert_int_equal(if_destroy(t.nt.nt_v0, "epair0a"), 0);
	assert_int_equal(pcap_free(pc), 0);
	f.limit = f.len + 10;
	assert_int_equal(pcap_new(t.nt.nt_k, file_write, &f, &pc), ENOSPC);
	assert_null(pc);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_nothing_when_unset),
		cmocka_unit_test(delay),
		cmocka_unit_test(rate_and_queue),
		cmocka_unit_test(loss_takes_time),
		cmocka_unit_test(pattern),
		cmocka_unit_test(random_loss),
		cmocka_unit_test(bursty_loss),
		cmocka_unit_test(jitter_keeps_order),
		cmocka_unit_test(reorder_and_duplicate),
		cmocka_unit_test(seeds),
		cmocka_unit_test(refusals),
		cmocka_unit_test(defaults_are_told),
		cmocka_unit_test(frames_held),
		cmocka_unit_test(held_frames_are_charged),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(captures),
		cmocka_unit_test(pcap_file),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
