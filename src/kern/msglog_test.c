/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/msglog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "kern/kernel.h"

struct rig {
	struct vi_host	*h;
	struct kernel	*k;
	struct msglog	 ml;
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(3, &r->h), 0);
	kp.kp_host = r->h;
	vi_sim_advance(r->h, 5000);
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	msglog_init(&r->ml, &r->k->k_acct, "web");
	*state = r;
	return (0);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	msglog_fini(&r->ml);
	assert_int_equal(acctset_check(&r->k->k_acct, NULL, NULL), 0);
	kernel_fini(r->k);
	assert_int_equal(vi_sim_memory(r->h), 0);
	vi_host_sim_free(r->h);
	free(r);
	return (0);
}

struct seen {
	unsigned	n;
	uint64_t	first, last;
	char		text[300];
	unsigned	level;
};

static void
collect(void *arg, const struct vi_logmsg *lm)
{
	struct seen *s = arg;
	unsigned v;

	assert_string_equal(lm->lm_vnet, "web");
	if (s->n++ == 0)
		s->first = lm->lm_seq;
	else
		assert_int_equal(lm->lm_seq, s->last + 1);
	s->last = lm->lm_seq;
	s->level = lm->lm_level;
	snprintf(s->text, sizeof(s->text), "%s", lm->lm_text);
	if (sscanf(lm->lm_text, "line %u ", &v) == 1)
		assert_int_equal(v, lm->lm_seq);
}

static void
put_and_read(void **state)
{
	struct rig *r = *state;
	struct seen s = { 0 };

	assert_int_equal(msglog_read(&r->ml, 0, collect, &s), 0);
	assert_int_equal(
	    r->k->k_acct.as_acct[ACCT_LOG].ac_bytes, 0); /* nothing said, nothing taken */
	msglog_put(&r->ml, LOG_WARNING, "address %s in\nuse by \033[31m%d", "192.0.2.1", 42);
	assert_int_equal(msglog_read(&r->ml, 0, collect, &s), 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.level, LOG_WARNING);
	assert_string_equal(s.text, "address 192.0.2.1 in use by  [31m42");
	msglog_put(&r->ml, LOG_PRI(LOG_USER, LOG_DEBUG), "%0300d", 1);
	s.n = 0;
	assert_int_equal(msglog_read(&r->ml, 1, collect, &s), 2);
	assert_int_equal(s.n, 1);
	assert_int_equal(strlen(s.text), MSGLOG_LINE);
	assert_int_equal(s.level, LOG_DEBUG);
	msglog_clear(&r->ml);
	s.n = 0;
	assert_int_equal(msglog_read(&r->ml, 0, collect, &s), 2);
	assert_int_equal(s.n, 0);
}

/* Lines of all lengths, many times round: what is read is always the last lines without a gap. */
static void
ring_wraps(void **state)
{
	struct rig *r = *state;
	uint32_t seed = 5;
	unsigned total = 0;
	char fill[241];

	memset(fill, '.', sizeof(fill) - 1);
	fill[240] = '\0';
	for (unsigned i = 1; i <= 5000; i++) {
		struct seen s = { 0 };

		seed = seed * 1664525u + 1013904223u;
		vi_sim_advance(r->h, 100000000);
		msglog_put(&r->ml, LOG_INFO, "line %u %.*s", i, (int)((seed >> 8) % 235), fill);
		assert_int_equal(msglog_read(&r->ml, 0, collect, &s), i);
		assert_int_equal(s.last, i);
		assert_int_equal(s.n + r->ml.ml_lost, i);
		assert_true((i - 1) % 1000 < 200 || s.n >= MSGLOG_SIZE / 300 - 2);
		total += s.n;
		if (i % 1000 == 0) {
			msglog_clear(&r->ml);
			r->ml.ml_lost = i;
		}
	}
	assert_true(total > 5000 * 20);
}

static void
floods_are_cut(void **state)
{
	struct rig *r = *state;
	struct seen s = { 0 };

	for (unsigned i = 0; i < 1000; i++)
		msglog_put(&r->ml, LOG_ERR, "x");
	assert_int_equal(r->ml.ml_seq, 200);
	assert_int_equal(r->ml.ml_suppressed, 800);
	vi_sim_advance(r->h, 1000000000);
	for (unsigned i = 0; i < 1000; i++)
		msglog_put(&r->ml, LOG_ERR, "y");
	/* 50 more, and one line that tells of the 800. */
	assert_int_equal(r->ml.ml_seq, 251);
	vi_sim_advance(r->h, 20000000);
	msglog_put(&r->ml, LOG_ERR, "z");
	msglog_read(&r->ml, 251, collect, &s);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.text, "z");
	s.n = 0;
	msglog_read(&r->ml, 250, collect, &s);
	assert_int_equal(s.n, 3);
}

/* Without memory the message is lost and counted, and the next one may be kept. */
static void
no_memory(void **state)
{
	struct rig *r = *state;
	struct seen s = { 0 };

	kernel_fail_alloc(r->k, 1);
	msglog_put(&r->ml, LOG_ERR, "lost");
	msglog_put(&r->ml, LOG_ERR, "kept");
	assert_int_equal(msglog_read(&r->ml, 0, collect, &s), 2);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first, 2);
	assert_int_equal(r->ml.ml_lost, 1);
}

/* The limit that refuses the ring its memory is told of in that ring. */
static void
told_of_itself(void **state)
{
	struct rig *r = *state;
	struct acctset *as = &r->k->k_acct;
	struct seen s = { 0 };

	as->as_log = &r->ml;
	acctset_setlimit(as, 1);
	msglog_put(&r->ml, LOG_ERR, "lost");
	assert_int_equal(as->as_refused[LIMIT_MEMORY] > 0, 1);
	assert_int_equal(r->ml.ml_lost, 2);
	acctset_setlimit(as, 0);
	msglog_put(&r->ml, LOG_ERR, "kept");
	as->as_log = NULL;
	assert_int_equal(msglog_read(&r->ml, 0, collect, &s), 3);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.text, "kept");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(ring_wraps, setup, teardown),
		cmocka_unit_test_setup_teardown(floods_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(told_of_itself, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
