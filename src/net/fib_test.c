/* SPDX-License-Identifier: BSD-2-Clause */
/* The trie against a list that is searched from end to end. */
#include "net/fib.h"

#include "net/net_test.h"

#define NREF 512

struct ref {
	uint32_t key;
	unsigned len;
	int	 value;		/* its address is the value in the trie */
	bool	 used;
};

struct model {
	struct nt	 m_nt;
	struct fib	 m_fib;
	struct ref	 m_ref[NREF];
	unsigned	 m_n;
};

static struct acctset *
acct(struct model *m)
{
	return (&m->m_nt.nt_k->k_acct);
}

/* Prefixes from a small corner of the address space, so that they nest and part at every bit. */
static void
pick(struct model *m, uint32_t *key, unsigned *len)
{
	uint32_t r = nt_random(&m->m_nt);

	*len = r % 33;
	r = nt_random(&m->m_nt);
	*key = (r & 0x80000007u) | (nt_random(&m->m_nt) % 8) << (nt_random(&m->m_nt) % 30);
	if (nt_random(&m->m_nt) % 4 == 0)
		*key = nt_random(&m->m_nt);
}

static struct ref *
ref_exact(struct model *m, uint32_t key, unsigned len)
{
	for (unsigned i = 0; i < NREF; i++)
		if (m->m_ref[i].used && m->m_ref[i].len == len &&
		    m->m_ref[i].key == (key & fib_mask(len)))
			return (&m->m_ref[i]);
	return (NULL);
}

static struct ref *
ref_match(struct model *m, uint32_t key)
{
	struct ref *best = NULL;

	for (unsigned i = 0; i < NREF; i++) {
		struct ref *r = &m->m_ref[i];

		if (r->used && ((key ^ r->key) & fib_mask(r->len)) == 0 &&
		    (best == NULL || r->len > best->len))
			best = r;
	}
	return (best);
}

static void
add(struct model *m, uint32_t key, unsigned len)
{
	struct ref *r = m->m_ref;

	while (r->used)
		r++;
	assert_int_equal(fib_insert(&m->m_fib, acct(m), key, len, &r->value), 0);
	*r = (struct ref){ .key = key & fib_mask(len), .len = len, .used = true };
	m->m_n++;
}

static void
check_lookups(struct model *m)
{
	for (int i = 0; i < 60; i++) {
		const struct fib_node *fn, *path[33];
		uint32_t key;
		unsigned len, n;
		struct ref *r;

		pick(m, &key, &len);
		r = ref_match(m, key);
		fn = fib_match(&m->m_fib, key);
		assert_ptr_equal(fn == NULL ? NULL : fn->fn_value, r == NULL ? NULL : &r->value);
		n = fib_path(&m->m_fib, key, path);
		assert_true((n == 0) == (r == NULL) && (n == 0 || path[n - 1] == fn));
		for (unsigned j = 1; j < n; j++)
			assert_true(path[j - 1]->fn_len < path[j]->fn_len);
		for (unsigned j = 0; j < n; j++)
			assert_non_null(ref_exact(m, key, path[j]->fn_len));
	}
}

struct order {
	struct model *o_m;
	uint64_t o_last;
	unsigned o_n;
};

static void
in_order(void *arg, uint32_t key, unsigned len, void *value)
{
	struct order *o = arg;
	uint64_t pos = (uint64_t)key << 6 | len;

	assert_true(o->o_n == 0 || pos > o->o_last);
	o->o_last = pos;
	o->o_n++;
	assert_ptr_equal(&ref_exact(o->o_m, key, len)->value, value);
}

static void
check_whole(struct model *m)
{
	struct order o = { .o_m = m };

	fib_walk(&m->m_fib, in_order, &o);
	assert_int_equal(o.o_n, m->m_n);
	assert_int_equal(m->m_fib.f_n, m->m_n);
	assert_true(acct(m)->as_acct[ACCT_ROUTE].ac_count <= (m->m_n == 0 ? 0 : 2 * m->m_n - 1));
}

static bool
every_third(void *arg, void *value)
{
	struct model *m = arg;
	struct ref *r = CONTAINER_OF((int *)value, struct ref, value);

	if ((r - m->m_ref) % 3 != 0)
		return (false);
	r->used = false;
	m->m_n--;
	return (true);
}

static void
against_a_list(void **state)
{
	static struct model m;

	(void)state;
	memset(&m, 0, sizeof(m));
	nt_begin(&m.m_nt);
	for (int step = 0; step < 30000; step++) {
		uint32_t key;
		unsigned len;
		struct ref *r;

		pick(&m, &key, &len);
		r = ref_exact(&m, key, len);
		assert_true((fib_find(&m.m_fib, key, len) != NULL) == (r != NULL));
		if (r != NULL || step % 4000 > 3000) {	/* now and then it shrinks */
			assert_ptr_equal(fib_remove(&m.m_fib, acct(&m), key, len),
			    r == NULL ? NULL : &r->value);
			if (r != NULL) {
				r->used = false;
				m.m_n--;
			}
		} else if (m.m_n < NREF) {
			add(&m, key, len);
		}
		if (step % 50 == 0)
			check_lookups(&m);
		if (step % 500 == 0)
			check_whole(&m);
		if (step % 3000 == 2999) {
			fib_purge(&m.m_fib, acct(&m), every_third, &m);
			check_whole(&m);
			check_lookups(&m);
		}
	}
	for (unsigned i = 0; i < NREF; i++)
		if (m.m_ref[i].used)
			assert_ptr_equal(fib_remove(&m.m_fib, acct(&m), m.m_ref[i].key,
			    m.m_ref[i].len),
			    &m.m_ref[i].value);
	assert_null(m.m_fib.f_root);
	assert_int_equal(acct(&m)->as_acct[ACCT_ROUTE].ac_count, 0);
	nt_end(&m.m_nt);
}

/* Each allocation fails once; the table is as before. */
static void
without_memory(void **state)
{
	static struct model m;

	(void)state;
	memset(&m, 0, sizeof(m));
	nt_begin(&m.m_nt);
	add(&m, IP4(10, 0, 0, 0), 8);
	add(&m, IP4(10, 1, 0, 0), 16);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		kernel_fail_alloc(m.m_nt.nt_k, nth);
		assert_int_equal(fib_insert(&m.m_fib, acct(&m), IP4(10, 2, 0, 0), 16, &m), ENOBUFS);
		check_whole(&m);
	}
	kernel_fail_alloc(m.m_nt.nt_k, 0);
	assert_non_null(fib_remove(&m.m_fib, acct(&m), IP4(10, 0, 0, 0), 8));
	assert_non_null(fib_remove(&m.m_fib, acct(&m), IP4(10, 1, 0, 0), 16));
	nt_end(&m.m_nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_a_list),
		cmocka_unit_test(without_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
