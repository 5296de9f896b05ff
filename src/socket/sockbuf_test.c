/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket buffers against a plain array. */
#include "socket/sockbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "host/host.h"
#include "kern/kernel.h"
#include "mbuf/mbuf.h"

struct rig {
	struct vi_host	*h;
	struct kernel	*k;
	struct acctset	 as;
	uint64_t	 rnd;
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(3, &r->h), 0);
	kp.kp_host = r->h;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	acctset_init(&r->as, r->k, worker_cache(kernel_worker(r->k, 0)));
	r->rnd = 99;
	*state = r;
	return (0);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	assert_int_equal(acctset_check(&r->as, NULL, NULL), 0);
	kernel_fini(r->k);
	assert_int_equal(vi_sim_memory(r->h), 0);
	vi_host_sim_free(r->h);
	free(r);
	return (0);
}

static uint32_t
rnd(struct rig *r, uint32_t limit)
{
	r->rnd = r->rnd * 6364136223846793005ull + 1442695040888963407ull;
	return ((uint32_t)((r->rnd >> 33) % limit));
}

/* A chain of a random shape with these bytes. */
static struct mbuf *
chain(struct rig *r, const uint8_t *p, uint32_t len)
{
	struct mbuf *top = NULL, **mp = &top, *m;
	uint32_t n;

	while (len > 0) {
		switch (rnd(r, 3)) {
		case 0: m = m_get(&r->as); break;
		case 1: m = m_getcl(&r->as, MCLBYTES, false); break;
		default: m = m_getcl(&r->as, MJUMBYTES, false); break;
		}
		assert_non_null(m);
		n = 1 + rnd(r, (uint32_t)m_bufsize(m));
		n = MIN(n, len);
		memcpy(m->m_data, p, n);
		m->m_len = n;
		p += n;
		len -= n;
		*mp = m;
		mp = &m->m_next;
	}
	return (top);
}

static void
check_sums(const struct sockbuf *sb)
{
	const struct mbuf *m, *last = NULL;
	uint32_t cc = 0, cnt = 0;

	for (m = sb->sb_mb; m != NULL; m = m->m_next) {
		assert_true(m->m_len > 0);
		cc += m->m_len;
		cnt += MSIZE + m->m_len;
		last = m;
	}
	assert_int_equal(cc, sb->sb_cc);
	assert_int_equal(cnt, sb->sb_mbcnt);
	assert_ptr_equal(last, sb->sb_mbtail);
}

static void
stream_is_an_array(void **state)
{
	enum { SIZE = 300000 };
	static uint8_t model[SIZE], out[SIZE];
	struct rig *r = *state;
	struct sockbuf sb = { .sb_hiwat = SIZE, .sb_lowat = 1 };
	uint32_t len = 0, n, off;
	uint8_t fill = 0;
	struct mbuf *m;

	for (unsigned i = 0; i < 30000; i++) {
		switch (rnd(r, 4)) {
		case 0:		/* append */
			n = MIN(rnd(r, rnd(r, 3) ? 50 : 20000), SIZE - len);
			for (uint32_t j = 0; j < n; j++)
				model[len + j] = (uint8_t)(fill += 7);
			sbappendstream(&sb, chain(r, model + len, n));
			len += n;
			break;
		case 1:		/* drop, often all of the first buffers */
			n = rnd(r, rnd(r, 2) ? len + 1 : MIN(len, 3000u) + 1);
			sbdrop(&sb, n);
			memmove(model, model + n, len - n);
			len -= n;
			break;
		default:	/* send from an offset that usually goes forward */
			if (len == 0)
				break;
			off = rnd(r, len);
			for (unsigned k = 0; k < 4 && off < len; k++) {
				n = 1 + rnd(r, MIN(len - off, 5000u));
				m = sbsndcopy(&sb, off, n, &r->as);
				assert_non_null(m);
				assert_int_equal(m_length(m), n);
				assert_int_equal(m_copydata(m, 0, n, out), 0);
				assert_memory_equal(out, model + off, n);
				m_freem(m);
				off += n;
			}
			break;
		}
		assert_int_equal(sb.sb_cc, len);
		check_sums(&sb);
	}
	sbflush(&sb);
	assert_int_equal(sb.sb_cc + sb.sb_mbcnt, 0);
	assert_null(sb.sb_mb);
}

/* A stream of single bytes does not cost an mbuf each. */
static void
trickle_is_packed(void **state)
{
	struct rig *r = *state;
	struct sockbuf sb = { .sb_hiwat = 65536, .sb_lowat = 1 };

	for (unsigned i = 0; i < 10000; i++) {
		struct mbuf *m = m_get(&r->as);

		m->m_len = 1;
		m->m_data[0] = (uint8_t)i;
		sbappendstream(&sb, m);
	}
	assert_int_equal(sb.sb_cc, 10000);
	assert_true(sb.sb_mbcnt < 4 * sb.sb_cc);
	sbflush(&sb);
}

/* What has been sent and is still referred to elsewhere is not written to by compression. */
static void
shared_buffers_are_left_alone(void **state)
{
	struct rig *r = *state;
	struct sockbuf sb = { .sb_hiwat = 65536, .sb_lowat = 1 };
	struct mbuf *m, *copy;
	uint8_t out[100];

	m = m_getcl(&r->as, MCLBYTES, false);
	memset(m->m_data, 'a', 100);
	m->m_len = 100;
	sbappendstream(&sb, m);
	copy = sbsndcopy(&sb, 0, 100, &r->as);
	sbdrop(&sb, 100);
	m = m_get(&r->as);
	memset(m->m_data, 'b', 50);
	m->m_len = 50;
	sbappendstream(&sb, m);
	assert_int_equal(m_copydata(copy, 0, 100, out), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(out[i], 'a');
	m_freem(copy);
	sbflush(&sb);
}

static void
datagrams_keep_their_shape(void **state)
{
	enum { MAXQ = 4096 };
	static uint8_t data[3000], out[3000];
	static uint32_t q[MAXQ], lost[MAXQ];
	struct rig *r = *state;
	struct sockbuf sb = { .sb_hiwat = 40000, .sb_lowat = 1 };
	unsigned head = 0, tail = 0, refused = 0;
	uint32_t sum = 0;

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	for (unsigned i = 0; i < 20000 && tail < MAXQ; i++) {
		if (rnd(r, 2)) {
			uint32_t len = rnd(r, 8) ? rnd(r, 3000) : 0;
			struct sockdgram sd = { .sd_dst.sa_in = tail };
			struct mbuf *m = m_gethdr(&r->as);

			m->m_next = chain(r, data, len);
			m->m_pkt.len = len;
			if (sbappenddgram(&sb, &sd, m, &r->as)) {
				lost[tail] = refused;
				q[tail++] = len;
				sum += len;
			} else {
				assert_true(sum + len > sb.sb_hiwat || sb.sb_mbcnt >= sb.sb_hiwat);
				refused++;
			}
		} else if (head < tail) {
			const struct sockdgram *sd = sbdgram(&sb);

			assert_int_equal(sd->sd_dst.sa_in, head);
			assert_int_equal(sd->sd_len, q[head]);
			assert_int_equal(sd->sd_drops, lost[head]);
			assert_int_equal(m_copydata(sb.sb_mb->m_next, 0, q[head], out), 0);
			assert_memory_equal(out, data, q[head]);
			sum -= q[head++];
			sbdropdgram(&sb);
		} else {
			assert_null(sbdgram(&sb));
		}
		assert_int_equal(sb.sb_cc, sum);
		assert_int_equal(sb.sb_records, tail - head);
	}
	assert_true(refused > 10 && head > 1000);
	sbflush(&sb);
	assert_int_equal(sb.sb_mbcnt + sb.sb_cc + sb.sb_records, 0);
}

/* Empty datagrams take memory too: a flood of them is bounded. */
static void
empty_datagrams_are_bounded(void **state)
{
	struct rig *r = *state;
	struct sockbuf sb = { .sb_hiwat = 10000, .sb_lowat = 1 };
	unsigned n;

	for (n = 0; n < 100000; n++)
		if (!sbappenddgram(&sb, &(struct sockdgram){ 0 }, m_gethdr(&r->as), &r->as))
			break;
	assert_true(n > 10 && n < 1000);
	sbflush(&sb);
}

static void
sizes_are_checked(void **state)
{
	struct sockbuf sb = { .sb_lowat = 1000 };

	(void)state;
	assert_int_equal(sbreserve(&sb, 0), EINVAL);
	assert_int_equal(sbreserve(&sb, SB_FORCED + 1), ENOBUFS);
	assert_int_equal(sbreserve(&sb, 500), 0);
	assert_int_equal(sb.sb_lowat, 500);
	assert_int_equal(sbspace(&sb), 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stream_is_an_array, setup, teardown),
		cmocka_unit_test_setup_teardown(trickle_is_packed, setup, teardown),
		cmocka_unit_test_setup_teardown(shared_buffers_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(datagrams_keep_their_shape, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_datagrams_are_bounded, setup, teardown),
		cmocka_unit_test(sizes_are_checked),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
