/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of those in TIME_WAIT against a model: who of some flows is there, in chains of any length, with holes and without. */
#include "netinet/tcp/tcp_twring.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "netinet/tcp/tcp_test.h"

#define FLOWS	60
#define NOBODY	UINT32_MAX

struct model {
	struct tcp_fixture md_tf;
	struct tcp_twring md_tr;
	struct tcp_flow	 md_flow[FLOWS];
	uint32_t	 md_came[FLOWS];	/* in which order; NOBODY = not there */
	uint32_t	 md_n;
};

static void
model_init(struct model *md)
{
	struct tcp_flow *f;

	memset(md, 0, sizeof(*md));
	(void)tcp_fixture_init(&md->md_tf);
	tcp_twring_init(&md->md_tr, vnet_acct(md->md_tf.tf_vnet), &md->md_tf.tf_tp->t_tv->tv_pcbs);
	for (unsigned i = 0; i < FLOWS; i++) {
		f = &md->md_flow[i];
		f->tf_ops = &in_ops;
		f->tf_lport = (uint16_t)i;
		f->tf_hash = in_pcbhashval(md->md_tr.tr_pcbs, &f->tf_laddr, f->tf_lport, &f->tf_faddr, f->tf_fport);
		md->md_came[i] = NOBODY;
	}
}

static void
model_fini(struct model *md)
{
	struct tcptw *tw;

	while ((tw = tcp_twring_first(&md->md_tr)) != NULL)
		tcp_twring_remove(&md->md_tr, tw);
	assert_int_equal(tcp_twring_span(&md->md_tr), 0);
	assert_int_equal(tcp_twring_resize(&md->md_tr, 0), 0);
	assert_null(md->md_tr.tr_slot);
	tcp_fixture_fini(&md->md_tf);
}

static struct tcptw *
model_find(struct model *md, unsigned i)
{
	const struct tcp_flow *f = &md->md_flow[i];

	return (tcp_twring_find(&md->md_tr, &in_ops, &f->tf_laddr, f->tf_lport, &f->tf_faddr, f->tf_fport));
}

static unsigned
model_oldest(const struct model *md)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < FLOWS; i++)
		if (md->md_came[i] < md->md_came[oldest])
			oldest = i;
	return (oldest);
}

static void
model_check(struct model *md)
{
	const unsigned oldest = model_oldest(md);
	unsigned n = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		const struct tcptw *tw = model_find(md, i);

		assert_true((tw != NULL) == (md->md_came[i] != NOBODY));
		assert_true(tw == NULL || tw->tw_flow.tf_lport == i);
		n += tw != NULL;
	}
	assert_int_equal(md->md_tr.tr_count, n);
	if (n != 0)
		assert_int_equal(tcp_twring_first(&md->md_tr)->tw_flow.tf_lport, oldest);
	else
		assert_null(tcp_twring_first(&md->md_tr));
}

static void
model_come(struct model *md, unsigned i)
{
	struct tcp_twring *tr = &md->md_tr;

	if (tcp_twring_span(tr) == tr->tr_size)
		assert_int_equal(tcp_twring_resize(tr, MAX(2 * tr->tr_count, 1)), 0);
	tcp_twring_new(tr)->tw_flow = md->md_flow[i];
	tcp_twring_push(tr);
	md->md_came[i] = md->md_n++;
}

static void
model_go(struct model *md, unsigned i)
{
	tcp_twring_remove(&md->md_tr, model_find(md, i));
	md->md_came[i] = NOBODY;
}

/* One in so many who go is the oldest. */
static void
come_and_go(uint64_t seed, unsigned oldest)
{
	struct model md;
	unsigned k;

	model_init(&md);
	for (unsigned i = 0; i < 5000; i++) {
		k = tcp_test_random(&seed) % FLOWS;
		if (md.md_came[k] == NOBODY)
			model_come(&md, k);
		else
			model_go(&md, i % oldest == 0 ? model_oldest(&md) : k);
		if (i % 97 == 0)
			assert_int_equal(tcp_twring_resize(&md.md_tr, md.md_tr.tr_count), 0);
		model_check(&md);
	}
	model_fini(&md);
}

static void
chains(void **state)
{
	(void)state;
	come_and_go(1, 1);
	come_and_go(2, 2);
	come_and_go(3, 100);
}

/* Sixteen slots, over which numbers go round many times: heads keep numbers that were given up long ago. */
static void
round_and_round(void **state)
{
	struct model md;

	(void)state;
	model_init(&md);
	for (unsigned i = 0; i < 3000; i++) {
		const unsigned k = i % FLOWS;

		while (tcp_twring_span(&md.md_tr) == 16)
			model_go(&md, model_oldest(&md));
		model_come(&md, k);
		if (i % 7 == 0)
			model_go(&md, k);
		model_check(&md);
	}
	assert_int_equal(md.md_tr.tr_size, 16);
	model_fini(&md);
}

/* Numbers wrap, and are there again that heads and chains keep from before. */
static void
wrap(void **state)
{
	struct model md;

	(void)state;
	model_init(&md);
	for (unsigned i = 0; i < 12; i++)
		model_come(&md, i);
	for (unsigned i = 0; i < 12; i++)
		model_go(&md, i);
	md.md_tr.tr_first = md.md_tr.tr_next = UINT32_MAX - 5;
	for (unsigned i = 0; i < 12; i++) {
		model_come(&md, i);
		model_check(&md);
	}
	for (unsigned i = 0; i < 12; i += 2) {
		model_go(&md, i);
		model_check(&md);
	}
	model_fini(&md);
}

static void
no_memory(void **state)
{
	struct model md;

	(void)state;
	model_init(&md);
	acct_setlimit(md.md_tr.tr_acct, ACCT_HASH, 1);
	assert_int_equal(tcp_twring_resize(&md.md_tr, 1), ENOBUFS);
	assert_null(md.md_tr.tr_slot);
	acct_setlimit(md.md_tr.tr_acct, ACCT_HASH, 0);
	model_come(&md, 3);
	acct_setlimit(md.md_tr.tr_acct, ACCT_TIMEWAIT, 1);
	assert_int_equal(tcp_twring_resize(&md.md_tr, 1), ENOBUFS);
	model_check(&md);
	acct_setlimit(md.md_tr.tr_acct, ACCT_TIMEWAIT, 0);
	model_fini(&md);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(round_and_round),
		cmocka_unit_test(wrap),
		cmocka_unit_test(no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
