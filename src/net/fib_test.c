/* SPDX-License-Identifier: BSD-2-Clause */
/* The trie and its index against a list that is searched from end to end. */
#include "net/fib_index.h"

#include <stdlib.h>

#include "net/net_test.h"

#define NREF 512

struct ref {
	uint32_t key[FIB_MAXWORDS];
	unsigned len;
	int	 value;		/* its address is the value in the trie */
	bool	 used;
};

struct model {
	struct nt	 m_nt;
	struct fib	 m_fib;
	unsigned	 m_bits;
	struct ref	 m_ref[NREF];
	unsigned	 m_n;
};

static struct acctset *
acct(struct model *m)
{
	return (&m->m_nt.nt_k->k_acct);
}

static void
model_begin(struct model *m, unsigned bits)
{
	memset(m, 0, sizeof(*m));
	m->m_bits = bits;
	fib_init(&m->m_fib, bits);
	nt_begin(&m->m_nt);
}

static bool
same(const uint32_t *a, const uint32_t *b, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (((a[i / 32] ^ b[i / 32]) >> (31 - i % 32) & 1) != 0)
			return (false);
	return (true);
}

static void
cut(uint32_t *key, unsigned len)
{
	for (unsigned i = len; i < FIB_MAXBITS; i++)
		key[i / 32] &= ~(1u << (31 - i % 32));
}

/* Prefixes from small corners of the address space, so that they nest and part at every bit. */
static void
pick(struct model *m, uint32_t key[FIB_MAXWORDS], unsigned *len)
{
	const bool any = nt_random(&m->m_nt) % 4 == 0;

	for (unsigned i = 0; i < FIB_MAXWORDS; i++) {
		uint32_t r = nt_random(&m->m_nt);

		key[i] = any ? r
			     : (r & 0x80000007u) |
			(nt_random(&m->m_nt) % 8) << (nt_random(&m->m_nt) % 30);
		if (i > 0 && nt_random(&m->m_nt) % 2 == 0)
			key[i] = 0;
	}
	*len = nt_random(&m->m_nt) % (m->m_bits + 1);
}

static struct ref *
ref_exact(struct model *m, const uint32_t *key, unsigned len)
{
	for (unsigned i = 0; i < NREF; i++)
		if (m->m_ref[i].used && m->m_ref[i].len == len && same(m->m_ref[i].key, key, len))
			return (&m->m_ref[i]);
	return (NULL);
}

static struct ref *
ref_match(struct model *m, const uint32_t *key)
{
	struct ref *best = NULL;

	for (unsigned i = 0; i < NREF; i++) {
		struct ref *r = &m->m_ref[i];

		if (r->used && same(key, r->key, r->len) && (best == NULL || r->len > best->len))
			best = r;
	}
	return (best);
}

static void
add(struct model *m, const uint32_t *key, unsigned len)
{
	struct ref *r = m->m_ref;

	while (r->used)
		r++;
	assert_int_equal(fib_insert(&m->m_fib, acct(m), key, len, &r->value), 0);
	*r = (struct ref){ .len = len, .used = true };
	memcpy(r->key, key, m->m_bits / 8);
	cut(r->key, len);
	m->m_n++;
}

static void
del(struct model *m, struct ref *r)
{
	assert_ptr_equal(fib_remove(&m->m_fib, acct(m), r->key, r->len), &r->value);
	r->used = false;
	m->m_n--;
}

/* Every way to do it says the same. */
static void
check_lookup(struct model *m, const uint32_t *key, const void *value)
{
	struct fib *f = &m->m_fib;

	for (unsigned n = 0; n < 3; n++)
		assert_ptr_equal(fib_lookup(f, acct(m), key), value);
	if (f->f_index == NULL)
		return;
	f->f_index->fi_match = fib_chunk_matcher(f->f_words, true);
	assert_ptr_equal(fib_lookup(f, acct(m), key), value);
	f->f_index->fi_match = fib_chunk_matcher(f->f_words, false);
}

static void
check_lookups(struct model *m)
{
	for (int i = 0; i < 60; i++) {
		const struct fib_node *path[FIB_MAXPATH];
		uint32_t key[FIB_MAXWORDS];
		unsigned len, n;
		struct ref *r;
		void *value;

		pick(m, key, &len);
		if (i % 2 == 0)		/* in one that is there, if only it is */
			memcpy(key, m->m_ref[nt_random(&m->m_nt) % NREF].key, m->m_bits / 8);
		r = ref_match(m, key);
		value = fib_match(&m->m_fib, key);
		assert_ptr_equal(value, r == NULL ? NULL : &r->value);
		check_lookup(m, key, value);
		n = fib_path(&m->m_fib, key, path);
		assert_true((n == 0) == (r == NULL) && (n == 0 || path[n - 1]->fn_value == value));
		for (unsigned j = 1; j < n; j++)
			assert_true(path[j - 1]->fn_len < path[j]->fn_len);
		for (unsigned j = 0; j < n; j++)
			assert_non_null(ref_exact(m, key, path[j]->fn_len));
	}
}

struct order {
	struct model *o_m;
	const uint32_t *o_last;
	unsigned o_len;
	unsigned o_n;
	unsigned o_left;	/* until it is left */
};

static bool
in_order(void *arg, const uint32_t *key, unsigned len, void *value)
{
	struct order *o = arg;
	int diff = 0;

	for (unsigned i = 0; o->o_n > 0 && i < o->o_m->m_bits / 32 && diff == 0; i++)
		diff = key[i] == o->o_last[i] ? 0 : key[i] > o->o_last[i] ? 1 : -1;
	assert_true(o->o_n == 0 || diff > 0 || (diff == 0 && len > o->o_len));
	o->o_last = key;
	o->o_len = len;
	o->o_n++;
	assert_ptr_equal(&ref_exact(o->o_m, key, len)->value, value);
	return (--o->o_left > 0);
}

/* In one piece, and in many: a prefix that is left may be there no more when it goes on. */
static void
check_whole(struct model *m)
{
	struct order o = { .o_m = m, .o_left = UINT32_MAX };
	unsigned pieces = 0;

	fib_walk(&m->m_fib, NULL, 0, in_order, &o);
	assert_int_equal(o.o_n, m->m_n);
	assert_int_equal(m->m_fib.f_n, m->m_n);
	o = (struct order){ .o_m = m };
	do {
		o.o_left = 1 + pieces++ % 5;
		fib_walk(&m->m_fib, o.o_last, o.o_len, in_order, &o);
	} while (o.o_left == 0);
	assert_int_equal(o.o_n, m->m_n);
}

struct behind {
	const uint32_t *b_key;
	unsigned b_len;
	bool b_found;
};

static bool
first_behind(void *arg, const uint32_t *key, unsigned len, void *value)
{
	struct behind *b = arg;

	(void)value;
	b->b_key = key;
	b->b_len = len;
	b->b_found = true;
	return (false);
}

/* In the order of a walk. */
static bool
before(const struct model *m, const uint32_t *a, unsigned alen, const uint32_t *b, unsigned blen)
{
	for (unsigned i = 0; i < m->m_bits / 32; i++)
		if (a[i] != b[i])
			return (a[i] < b[i]);
	return (alen < blen);
}

/* What follows a prefix, whether that is there or not, is the least of those that are greater. */
static void
check_behind(struct model *m, const uint32_t *key, unsigned len)
{
	struct behind b = { 0 };
	const struct ref *want = NULL;

	for (const struct ref *r = m->m_ref; r < m->m_ref + NREF; r++)
		if (r->used && before(m, key, len, r->key, r->len) && (want == NULL || before(m, r->key, r->len, want->key, want->len)))
			want = r;
	fib_walk(&m->m_fib, key, len, first_behind, &b);
	assert_int_equal(b.b_found, want != NULL);
	if (want != NULL)
		assert_true(b.b_len == want->len && same(b.b_key, want->key, b.b_len));
}

static void *
every_third(void *arg, const uint32_t *key, void *value)
{
	struct model *m = arg;
	struct ref *r = CONTAINER_OF((int *)value, struct ref, value);

	assert_true(same(key, r->key, r->len));
	if ((r - m->m_ref) % 3 != 0)
		return (value);
	r->used = false;
	m->m_n--;
	return (NULL);
}

/* A value moves to another place, which must be found then. */
static void
move(struct model *m, struct ref *r)
{
	struct ref *to = m->m_ref;

	while (to < m->m_ref + NREF && to->used)
		to++;
	if (to == m->m_ref + NREF)
		return;
	assert_ptr_equal(fib_replace(&m->m_fib, acct(m), r->key, r->len, &to->value), &r->value);
	*to = *r;
	r->used = false;
}

static void
step(struct model *m, int n)
{
	uint32_t key[FIB_MAXWORDS];
	unsigned len;
	struct ref *r;

	pick(m, key, &len);
	cut(key, len);
	if (n % 10 == 0)
		check_behind(m, key, len);
	r = ref_exact(m, key, len);
	assert_ptr_equal(fib_find(&m->m_fib, key, len), r == NULL ? NULL : &r->value);
	if (r != NULL && n % 2 == 0)
		move(m, r);
	else if (r != NULL)
		del(m, r);
	else if (n % 4000 > 3000) {		/* now and then it shrinks */
		assert_null(fib_remove(&m->m_fib, acct(m), key, len));
		if ((r = &m->m_ref[nt_random(&m->m_nt) % NREF])->used)
			del(m, r);
	} else if (m->m_n < NREF)
		add(m, key, len);
}

static void
against_a_list(unsigned bits)
{
	static struct model m;

	model_begin(&m, bits);
	for (int n = 0; n < 30000; n++) {
		step(&m, n);
		if (n % 50 == 0)
			check_lookups(&m);
		if (n % 500 == 0)
			check_whole(&m);
		if (n % 3000 == 2999) {
			fib_purge(&m.m_fib, acct(&m), every_third, &m);
			check_whole(&m);
			check_lookups(&m);
		}
	}
	for (unsigned i = 0; i < NREF; i++)
		if (m.m_ref[i].used)
			del(&m, &m.m_ref[i]);
	assert_null(m.m_fib.f_root);
	assert_null(m.m_fib.f_index);
	assert_int_equal(acct(&m)->as_acct[ACCT_HASH].ac_count, 0);
	assert_int_equal(acct(&m)->as_acct[ACCT_ROUTE].ac_count, 0);
	nt_end(&m.m_nt);
}

static void
against_a_list4(void **state)
{
	(void)state;
	against_a_list(32);
}

static void
against_a_list6(void **state)
{
	(void)state;
	against_a_list(128);
}

/* Some that are there, changed meanwhile, and any: the index and the trie agree. */
static void
check_index(struct model *m, const uint32_t *keys, const uint8_t *lens, unsigned n)
{
	uint32_t key[FIB_MAXWORDS], *at;

	for (unsigned i = 0; i < 4000; i++) {
		unsigned which = nt_random(&m->m_nt) % n;

		at = memcpy(key, keys + FIB_MAXWORDS * which, sizeof(key));
		if (i % 16 == 0)
			(void)fib_replace(&m->m_fib, acct(m), at, lens[which],
			    &m->m_ref[i % NREF].value);
		if (i % 3 == 0)
			at[0] ^= nt_random(&m->m_nt) & 0xfff;
		if (i % 7 == 0)
			at[3] ^= nt_random(&m->m_nt);
		for (int again = 0; again < 3; again++)
			assert_ptr_equal(fib_lookup(&m->m_fib, acct(m), at),
			    fib_match(&m->m_fib, at));
	}
}

/* As many as there are sizes of the index, up and down again. */
static void
large(unsigned bits, unsigned max)
{
	static struct model m;
	uint32_t *keys = calloc(max, FIB_MAXWORDS * sizeof(*keys)), *key;
	uint8_t *lens = calloc(max, 1);
	unsigned n = 0;

	model_begin(&m, bits);
	while (n < max) {
		key = keys + (size_t)FIB_MAXWORDS * n;
		for (unsigned i = 0; i < FIB_MAXWORDS; i++)
			key[i] = nt_random(&m.m_nt) & (bits == 32 ? ~0u : 0xf0ff0fffu);
		lens[n] = (uint8_t)(1 + nt_random(&m.m_nt) % bits);
		if (fib_find(&m.m_fib, key, lens[n]) != NULL)
			continue;
		assert_int_equal(fib_insert(&m.m_fib, acct(&m), key, lens[n],
		    &m.m_ref[n % NREF].value), 0);
		if (++n % (max / 8) == 0 || n == 200)
			check_index(&m, keys, lens, n);
	}
	assert_non_null(m.m_fib.f_index);
	while (n > 0) {
		n--;
		assert_non_null(fib_remove(&m.m_fib, acct(&m), keys + (size_t)FIB_MAXWORDS * n,
		    lens[n]));
		if (n > 0 && n % (max / 4) == 0)
			check_index(&m, keys, lens, n);
	}
	assert_int_equal(acct(&m)->as_acct[ACCT_HASH].ac_count, 0);
	assert_int_equal(acct(&m)->as_acct[ACCT_ROUTE].ac_count, 0);
	free(keys);
	free(lens);
	nt_end(&m.m_nt);
}

static void
large4(void **state)
{
	(void)state;
	large(32, 160000);
}

static void
large6(void **state)
{
	(void)state;
	large(128, 20000);
}

/* An index that cannot be made is done without. */
static void
without_memory_for_an_index(void **state)
{
	static struct model m;
	uint32_t key = 0;

	(void)state;
	model_begin(&m, 32);
	for (; key < 200; key++) {
		const uint32_t at = key << 20;

		add(&m, &at, 24);
	}
	assert_non_null(m.m_fib.f_index);
	for (uint64_t nth = 1; nth < 8; nth++) {
		fib_index_change(&m.m_fib, acct(&m), &key, 0);
		kernel_fail_alloc(m.m_nt.nt_k, nth);
		check_lookups(&m);
		check_lookups(&m);
	}
	kernel_fail_alloc(m.m_nt.nt_k, 0);
	for (unsigned i = 0; i < 200; i++)
		del(&m, &m.m_ref[i]);
	assert_int_equal(acct(&m)->as_acct[ACCT_HASH].ac_count, 0);
	nt_end(&m.m_nt);
}

/* Each allocation fails once; the table is as before. */
static void
without_memory(void **state)
{
	static struct model m;
	const uint32_t key = IP4(10, 2, 0, 0);

	(void)state;
	model_begin(&m, 32);
	add(&m, &(uint32_t){ IP4(10, 0, 0, 0) }, 8);
	add(&m, &(uint32_t){ IP4(10, 1, 0, 0) }, 16);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		kernel_fail_alloc(m.m_nt.nt_k, nth);
		assert_int_equal(fib_insert(&m.m_fib, acct(&m), &key, 16, &m), ENOBUFS);
		check_whole(&m);
	}
	kernel_fail_alloc(m.m_nt.nt_k, 0);
	del(&m, &m.m_ref[0]);
	del(&m, &m.m_ref[1]);
	nt_end(&m.m_nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_a_list4),
		cmocka_unit_test(against_a_list6),
		cmocka_unit_test(large4),
		cmocka_unit_test(large6),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(without_memory_for_an_index),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
