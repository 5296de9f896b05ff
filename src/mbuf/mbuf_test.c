/* SPDX-License-Identifier: BSD-2-Clause */
#include "mbuf/mbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/util.h"
#include "host/host.h"
#include "kern/kernel.h"

struct rig {
	struct vi_host	*h;
	struct kernel	*k;
	struct acctset	 as, as2;
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(11, &r->h), 0);
	kp.kp_host = r->h;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	acctset_init(&r->as, r->k, worker_cache(kernel_worker(r->k, 0)));
	acctset_init(&r->as2, r->k, worker_cache(kernel_worker(r->k, 0)));
	*state = r;
	return (0);
}

static int
teardown(void **state)
{
	struct rig *r = *state;
	struct mstat ms;

	assert_int_equal(acctset_check(&r->as, NULL, NULL), 0);
	assert_int_equal(acctset_check(&r->as2, NULL, NULL), 0);
	mbuf_stat(r->k, &ms);
	assert_int_equal(ms.ms_mbufs + ms.ms_clusters + ms.ms_jumbos, 0);
	kernel_fini(r->k);
	assert_int_equal(vi_sim_memory(r->h), 0);
	vi_host_sim_free(r->h);
	free(r);
	return (0);
}

/* What must hold for every chain. */
static void
check_chain(const struct mbuf *m)
{
	const struct mbuf *n;

	for (n = m; n != NULL; n = n->m_next) {
		assert_true(n->m_data >= m_bufstart(n));
		assert_true(n->m_data + n->m_len <= m_bufstart(n) + m_bufsize(n));
		assert_true(n == m || (n->m_flags & M_PKTHDR) == 0);
	}
	if (m->m_flags & M_PKTHDR)
		assert_int_equal(m->m_pkt.len, m_length(m));
}

static void
check_content(const struct mbuf *m, const uint8_t *p, size_t len)
{
	uint8_t *buf = malloc(len + 1);
	uint32_t sum;

	check_chain(m);
	assert_int_equal(m_length(m), len);
	assert_int_equal(m_copydata(m, 0, len, buf), 0);
	assert_memory_equal(buf, p, len);
	assert_int_equal(m_copydata(m, 0, len + 1, buf), EINVAL);
	assert_int_equal(m_copydata(m, len, 1, buf), EINVAL);
	assert_int_equal(m_copydata(m, 1, SIZE_MAX, buf), EINVAL);
	sum = cksum_add(p, len, 0x1234);
	assert_int_equal(cksum_fold(m_cksum(m, 0, len, 0x1234)), cksum_fold(sum));
	free(buf);
}

static void
kinds(void **state)
{
	struct rig *r = *state;
	struct mbuf *m;
	struct mstat ms;

	m = m_get(&r->as);
	assert_int_equal(m_trailingspace(m), MLEN);
	assert_int_equal(m_leadingspace(m), 0);
	assert_int_equal(r->as.as_acct[ACCT_MBUF].ac_bytes, MSIZE);
	assert_null(m_free(m));
	m = m_gethdr(&r->as);
	assert_int_equal(m_leadingspace(m), MAX_HDR);
	assert_int_equal(m->m_flags, M_PKTHDR);
	assert_int_equal(m->m_pkt.len, 0);
	assert_null(m->m_pkt.rcvif);
	m_freem(m);
	m = m_getcl(&r->as, 1500, true);
	assert_int_equal(m_trailingspace(m), MCLBYTES);
	assert_int_equal((uintptr_t)m->m_data % 64, 0);
	assert_int_equal(r->as.as_acct[ACCT_MBUF].ac_bytes, MSIZE + MCLBYTES);
	m->m_next = m_getcl(&r->as, MCLBYTES + 1, false);
	assert_int_equal(m_trailingspace(m->m_next), MJUMBYTES);
	memset(m->m_next->m_data, 1, MJUMBYTES);
	mbuf_stat(r->k, &ms);
	assert_int_equal(ms.ms_mbufs, 2);
	assert_int_equal(ms.ms_clusters, 1);
	assert_int_equal(ms.ms_jumbos, 1);
	m->m_nextpkt = m_gethdr(&r->as);
	m_freeq(m);
	m_freem(NULL);
	m_freeq(NULL);
}

static void
ownership(void **state)
{
	struct rig *r = *state;
	uint8_t data[5000] = { 1, 2, 3 };
	struct mbuf *m, *c;
	uint64_t bytes;

	m = m_frombuf(&r->as, data, sizeof(data), 100);
	bytes = r->as.as_total.ac_bytes;
	assert_int_equal(bytes, MSIZE + MJUMBYTES);
	/* A copy by reference is paid for by whom it is for. */
	c = m_copym(m, 0, SIZE_MAX, &r->as2);
	assert_ptr_equal(c->m_ext, m->m_ext);
	assert_int_equal(r->as2.as_total.ac_bytes, MSIZE + sizeof(data));
	m_freem(c);
	m_disown(m);
	assert_int_equal(r->as.as_total.ac_bytes, 0);
	acct_setlimit(&r->as2, ACCT_MBUF, bytes - 1);
	assert_int_equal(m_own(m, &r->as2), ENOBUFS);
	assert_null(m->m_as);
	assert_int_equal(r->as2.as_acct[ACCT_MBUF].ac_failures, 1);
	acct_setlimit(&r->as2, ACCT_MBUF, bytes);
	assert_int_equal(m_own(m, &r->as2), 0);
	assert_ptr_equal(m->m_as, &r->as2);
	assert_int_equal(r->as2.as_total.ac_bytes, bytes);
	assert_null(m_get(&r->as2));
	assert_null(m_gethdr(&r->as2));
	assert_null(m_getcl(&r->as2, 1, true));
	assert_null(m_copym(m, 0, 10, &r->as2));
	check_content(m, data, sizeof(data));
	m_disown(m);
	m_freem_disowned(m, &r->as);
	assert_int_equal(r->as.as_total.ac_bytes + r->as2.as_total.ac_bytes, 0);
}

static void
shared_is_not_written(void **state)
{
	struct rig *r = *state;
	uint8_t data[1000], changed[1000];
	struct mbuf *m, *c;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = changed[i] = (uint8_t)i;
	m = m_frombuf(&r->as, data, sizeof(data), MAX_HDR);
	c = m_copym(m, 0, SIZE_MAX, &r->as2);
	assert_false(m_writable(m));
	assert_int_equal(m_leadingspace(c), 0);
	assert_int_equal(m_trailingspace(c), 0);
	/* m_pullup makes the headers private, m_copyback all it writes. */
	c = m_pullup(c, 20);
	assert_true(m_writable(c));
	assert_true(m_leadingspace(c) >= MAX_HDR - 4);
	c->m_data[0] = 0xff;
	check_content(m, data, sizeof(data));
	memset(changed + 10, 0xee, 500);
	changed[0] = 0xff;
	assert_int_equal(m_copyback(c, 10, 500, changed + 10), 0);
	check_content(c, changed, sizeof(changed));
	check_content(m, data, sizeof(data));
	/* m_prepend must not write into what another packet shows. */
	m_freem(c);
	c = m_copym(m, 0, SIZE_MAX, &r->as);
	m_adj(c, 100);
	c = m_prepend(c, 100);
	memset(c->m_data, 0xdd, 100);
	check_content(m, data, sizeof(data));
	m_freem(c);
	assert_true(m_writable(m));
	assert_int_equal(m_leadingspace(m), MAX_HDR);
	m_freem(m);
}

static void
copyback_fails_whole(void **state)
{
	struct rig *r = *state;
	uint8_t data[6000], zero[6000] = { 0 };
	struct mbuf *m, *c, *n;

	memset(data, 7, sizeof(data));
	m = m_frombuf(&r->as, data, 3000, 0);
	n = m_frombuf(&r->as, data, 3000, 0);
	m_cat(m, n);
	m->m_pkt.len = 6000;
	c = m_copym(m, 0, SIZE_MAX, &r->as2);
	/* Enough for the first of the two, not for the second. */
	acctset_setlimit(&r->as2, r->as2.as_total.ac_bytes + MJUMBYTES);
	assert_int_equal(m_copyback(c, 0, 6000, zero), ENOBUFS);
	check_content(c, data, 6000);
	acctset_setlimit(&r->as2, 0);
	assert_int_equal(m_copyback(c, 0, 6001, zero), EINVAL);
	assert_int_equal(m_copyback(c, 0, 6000, zero), 0);
	check_content(c, zero, 6000);
	check_content(m, data, 6000);
	m_freem(c);
	m_freem(m);
}

static void
header_goes_along(void **state)
{
	struct rig *r = *state;
	uint8_t data[300];
	struct mbuf *m, *n;

	memset(data, 3, sizeof(data));
	m = m_frombuf(&r->as, data, sizeof(data), 0);
	m->m_pkt.mark = 77;
	m->m_flags |= M_BCAST;
	m = m_prepend(m, 60);
	memcpy(m->m_data, data, 60);
	assert_int_equal(m->m_pkt.mark, 77);
	assert_int_equal(m->m_pkt.len, 360);
	assert_int_equal(m->m_flags, M_PKTHDR | M_BCAST);
	assert_int_equal(m->m_next->m_flags, 0);
	n = m_split(m, 200);
	assert_int_equal(n->m_pkt.mark, 77);
	assert_int_equal(n->m_pkt.len, 160);
	assert_int_equal(m->m_pkt.len, 200);
	check_chain(m);
	check_chain(n);
	assert_null(m_split(n, 160));
	assert_null(m_split(n, 1000));
	assert_int_equal(m_length(n), 160);
	m_freem(n);
	n = m_copym(m, 0, 100, &r->as);
	assert_int_equal(n->m_pkt.len, 100);
	assert_int_equal(n->m_flags, M_PKTHDR | M_BCAST);
	m_freem(n);
	n = m_copym(m, 1, 100, &r->as);
	assert_int_equal(n->m_flags, 0);
	m_freem(n);
	assert_null(m_copym(m, 0, 201, &r->as));
	assert_null(m_copym(m, 201, SIZE_MAX, &r->as));
	n = m_copym(m, 200, SIZE_MAX, &r->as);
	assert_int_equal(m_length(n), 0);
	m_freem(n);
	n = m_dup(m, &r->as);
	assert_int_equal(n->m_pkt.mark, 77);
	assert_int_equal(m_leadingspace(n), MAX_HDR);
	assert_null(n->m_next);
	m_freem(n);
	assert_null(m_pullup(m, 201));		/* and m is gone */
}

/* Random operations on packets and on plain arrays; both must agree all the time. */

#define NPKT	6
#define MAXLEN	150000

struct flat {
	struct mbuf	*m;
	uint8_t		*p;		/* MAXLEN bytes */
	size_t		 len;
};

struct model {
	struct rig	*r;
	struct flat	 f[NPKT];
	uint64_t	 failures;
	bool		 failing;	/* allocations may fail */
};

static uint32_t
rnd(struct model *mo, uint32_t limit)
{
	return (kernel_random_below(mo->r->k, limit));
}

static size_t
rnd_len(struct model *mo, size_t max)
{
	static const uint32_t tops[] = { 4, 50, 200, 3000, 70000 };

	return (szmin(rnd(mo, tops[rnd(mo, NITEMS(tops))]), max));
}

static struct acctset *
rnd_as(struct model *mo)
{
	return (rnd(mo, 2) ? &mo->r->as : &mo->r->as2);
}

static void
flat_drop(struct flat *f)
{
	m_freem(f->m);
	f->m = NULL;
	f->len = 0;
}

static void
op_new(struct model *mo, struct flat *f)
{
	size_t lead = rnd(mo, 4) ? rnd(mo, 100) : rnd(mo, 3000);

	flat_drop(f);
	f->len = rnd_len(mo, MAXLEN);
	for (size_t i = 0; i < f->len; i++)
		f->p[i] = (uint8_t)(i * 7 + f->len);
	f->m = m_frombuf(rnd_as(mo), f->p, f->len, lead);
	assert_true(f->m != NULL || mo->failing);
	assert_true(f->m == NULL || m_leadingspace(f->m) == lead);
}

static void
op_prepend(struct model *mo, struct flat *f)
{
	size_t n = rnd_len(mo, MIN((size_t)60000, MAXLEN - f->len));

	if (n > 2000 && rnd(mo, 10) != 0)
		n %= 100;
	f->m = m_prepend(f->m, n);
	assert_true(f->m != NULL || mo->failing);
	if (f->m == NULL)
		return;
	memmove(f->p + n, f->p, f->len);
	memset(f->p, 0x5a, n);
	assert_true(f->m->m_len >= n);
	assert_true(n == 0 || m_writable(f->m));
	memset(f->m->m_data, 0x5a, n);
	f->len += n;
}

static void
op_adj(struct model *mo, struct flat *f)
{
	size_t n = rnd_len(mo, MAXLEN), k = MIN(n, f->len);

	if (rnd(mo, 2)) {
		m_adj(f->m, (ptrdiff_t)n);
		memmove(f->p, f->p + k, f->len - k);
	} else
		m_adj(f->m, -(ptrdiff_t)n);
	f->len -= k;
}

static void
op_pullup(struct model *mo, struct flat *f)
{
	size_t n = rnd_len(mo, f->len);

	f->m = m_pullup(f->m, n);
	assert_true(f->m != NULL || mo->failing || n > MJUMBYTES);
	if (f->m == NULL)
		return;
	assert_true(f->m->m_len >= n);
	if (n > 0) {
		assert_true(m_writable(f->m));
		f->m->m_data[n - 1] = f->p[n - 1] = (uint8_t)rnd(mo, 256);
	}
}

static void
op_copym(struct model *mo, struct flat *f, struct flat *g)
{
	size_t off = rnd_len(mo, f->len), len = rnd(mo, 2) ? SIZE_MAX : rnd_len(mo, f->len - off);

	if (f == g)
		return;
	flat_drop(g);
	if (rnd(mo, 4) == 0) {
		g->m = m_dup(f->m, rnd_as(mo));
		off = 0;
		len = f->len;
		assert_true(g->m == NULL || m_writable(g->m));
	} else
		g->m = m_copym(f->m, off, len, rnd_as(mo));
	assert_true(g->m != NULL || mo->failing);
	if (g->m == NULL)
		return;
	g->len = len == SIZE_MAX ? f->len - off : len;
	memcpy(g->p, f->p + off, g->len);
}

static void
op_split(struct model *mo, struct flat *f, struct flat *g)
{
	size_t n = rnd_len(mo, f->len);

	if (f == g)
		return;
	flat_drop(g);
	g->m = m_split(f->m, n);
	assert_true(g->m != NULL || mo->failing || n == f->len);
	if (g->m == NULL)
		return;
	g->len = f->len - n;
	memcpy(g->p, f->p + n, g->len);
	f->len = n;
}

static void
op_cat(struct flat *f, struct flat *g)
{
	if (f == g || g->m == NULL || f->len + g->len > MAXLEN)
		return;
	memcpy(f->p + f->len, g->p, g->len);
	f->len += g->len;
	m_cat(f->m, g->m);
	g->m = NULL;
	g->len = 0;
	if (f->m->m_flags & M_PKTHDR)
		f->m->m_pkt.len = (uint32_t)f->len;
}

static void
op_copyback(struct model *mo, struct flat *f)
{
	size_t off = rnd_len(mo, f->len), len = rnd_len(mo, f->len - off);
	uint8_t *buf = malloc(len + 1);
	int error;

	memset(buf, (int)rnd(mo, 256), len);
	error = m_copyback(f->m, off, len, buf);
	assert_true(error == 0 || (mo->failing && error == ENOBUFS));
	if (error == 0)
		memcpy(f->p + off, buf, len);
	free(buf);
}

static void
op_hand(struct model *mo, struct flat *f)
{
	m_disown(f->m);
	if (m_own(f->m, rnd_as(mo)) != 0) {
		assert_true(mo->failing);
		m_freem_disowned(f->m, rnd_as(mo));
		f->m = NULL;
	}
}

static void
step(struct model *mo)
{
	struct flat *f = &mo->f[rnd(mo, NPKT)], *g = &mo->f[rnd(mo, NPKT)];

	if (mo->failing && rnd(mo, 3) == 0)
		kernel_fail_alloc(mo->r->k, 1 + rnd(mo, 4));
	if (f->m == NULL) {
		op_new(mo, f);
	} else switch (rnd(mo, 11)) {
	case 0: op_new(mo, f); break;
	case 1: case 2: op_prepend(mo, f); break;
	case 3: op_adj(mo, f); break;
	case 4: case 5: op_pullup(mo, f); break;
	case 6: op_copym(mo, f, g); break;
	case 7: op_split(mo, f, g); break;
	case 8: op_cat(f, g); break;
	case 9: op_copyback(mo, f); break;
	case 10: op_hand(mo, f); break;
	}
	kernel_fail_alloc(mo->r->k, 0);
	if (f->m == NULL) {
		f->len = 0;
		mo->failures++;
	}
}

static void
run_model(struct rig *r, unsigned steps, bool failing)
{
	struct model mo = { .r = r, .failing = failing };
	struct flat *f;
	size_t off, len;

	for (unsigned i = 0; i < NPKT; i++)
		mo.f[i].p = calloc(1, MAXLEN);
	for (unsigned n = 0; n < steps; n++) {
		step(&mo);
		for (unsigned i = 0; i < NPKT; i++) {
			f = &mo.f[i];
			if (f->m == NULL)
				continue;
			check_content(f->m, f->p, f->len);
			off = rnd_len(&mo, f->len);
			len = rnd_len(&mo, f->len - off);
			assert_int_equal(cksum_fold(m_cksum(f->m, off, len, 0)),
			    cksum_fold(cksum_add(f->p + off, len, 0)));
		}
	}
	for (unsigned i = 0; i < NPKT; i++) {
		flat_drop(&mo.f[i]);
		free(mo.f[i].p);
	}
	if (failing)
		assert_true(mo.failures > steps / 100);
}

static void
random_shapes(void **state)
{
	run_model(*state, 6000, false);
}

static void
random_failures(void **state)
{
	run_model(*state, 6000, true);
}

/*
 * Every function, with each of its allocations failing in turn: no leak, and what is promised to be
 * untouched is.
 */
static void
each_allocation_fails(void **state)
{
	struct rig *r = *state;
	uint8_t data[70000];
	struct mbuf *m, *c = NULL, *s;
	uint64_t nth;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 3);
	for (nth = 1; nth < 30; nth++) {
		kernel_fail_alloc(r->k, nth);
		if ((m = m_frombuf(&r->as, data, sizeof(data), 50)) == NULL)
			continue;
		if ((c = m_dup(m, &r->as2)) != NULL &&
		    (s = m_copym(m, 5, 66000, &r->as2)) != NULL) {
			m_freem(s);
			if ((s = m_split(c, 30000)) == NULL)
				check_content(c, data, sizeof(data));
			m_freem(s);
			if (m_copyback(c, 20, 2000, data + 20) == 0)
				c = m_pullup(c, 20000);
		}
		m_freem(c);
		check_content(m, data, sizeof(data));
		m_freem(m);
		assert_int_equal(
		    acctset_check(&r->as, NULL, NULL) + acctset_check(&r->as2, NULL, NULL), 0);
	}
	assert_true(worker_cache(kernel_worker(r->k, 0)) != NULL);
	kernel_fail_alloc(r->k, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(ownership, setup, teardown),
		cmocka_unit_test_setup_teardown(shared_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(copyback_fails_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(header_goes_along, setup, teardown),
		cmocka_unit_test_setup_teardown(random_shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(random_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(each_allocation_fails, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
