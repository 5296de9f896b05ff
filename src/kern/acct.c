/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounts and kmalloc. With VIMAGE_LEAKCHECK each allocation has a tag behind it, which links it
 * to its acctset and says where it was made:
 *
 *	| size bytes of the caller | at least 16 bytes that nobody may touch | struct kmtag |
 *
 * It also finds kfree calls with another size, type or account than kmalloc's.
 */
#include "kern/acct.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "kern/kmem.h"
#include "kern/kmem_int.h"
#include "kern/msglog.h"

#define X_NAME(tag, name) [ACCT_##tag] = name,
static const char *const acct_names[ACCT_MAX] = { ACCT_TYPES(X_NAME) };

#define KMALLOC_MAX	((size_t)1 << 40)

void
acctset_init(struct acctset *as, struct kernel *k, struct memcache *mc)
{
	memset(as, 0, sizeof(*as));
	as->as_kernel = k;
	as->as_cache = mc;
	as->as_grant = as->as_slack = as->as_mgrant = as->as_mslack = UINT64_MAX;
}

const char *
acct_name(enum acct_type type)
{
	return ((unsigned)type < ACCT_MAX ? acct_names[type] : "?");
}

/*
 * Marks.
 */

static uint64_t
mark_of(const struct acct *ac)
{
	return (ac->ac_limit == 0 ? ac->ac_peak : MIN(ac->ac_peak, ac->ac_limit));
}

/* Mbufs are granted by number, which bytes say nothing of: then each is a question. */
static void
acct_remark(struct acctset *as, enum acct_type type)
{
	as->as_acct[type].ac_mark = type == ACCT_MBUF && as->as_mgrant != UINT64_MAX ? 0 : mark_of(&as->as_acct[type]);
	as->as_total.ac_mark = MIN(mark_of(&as->as_total), as->as_grant);
}

void
acct_setlimit(struct acctset *as, enum acct_type type, uint64_t bytes)
{
	as->as_acct[type].ac_limit = bytes;
	acct_remark(as, type);
}

void
acctset_setlimit(struct acctset *as, uint64_t bytes)
{
	as->as_total.ac_limit = bytes;
	acct_remark(as, ACCT_MBUF);
}

uint64_t
acctset_count(const struct acctset *as)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ACCT_MAX; i++)
		n += as->as_acct[i].ac_count;
	return (n);
}

/*
 * Limits.
 */

#define GRANT_BYTES	(64u * 1024)
#define GRANT_MBUFS	64u

void
acctset_setlimits(struct acctset *as, struct limitset *ls, struct msglog *ml)
{
	as->as_limits = as->as_payer = ls;
	as->as_log = ml;
	acctset_relimit(as);
}

/* From an unlimited account to a granted one, and back.  What is there already is granted in any case. */
static void
grant_start(struct acctset *as, enum limit_type type, uint64_t now, uint64_t *grant, uint64_t *slack, uint64_t max)
{
	limit_force(as->as_payer, type, now);
	*grant = now;
	*slack = max;
}

static void
grant_end(struct acctset *as, enum limit_type type, uint64_t *grant, uint64_t *slack)
{
	limit_give(as->as_payer, type, *grant);
	*grant = *slack = UINT64_MAX;
}

void
acctset_relimit(struct acctset *as)
{
	bool memory = limit_isset(as->as_payer, LIMIT_MEMORY), mbufs = limit_isset(as->as_payer, LIMIT_MBUFS);

	as->as_pps = limit_isset(as->as_limits, LIMIT_PPS);
	if (memory && as->as_slack == UINT64_MAX)
		grant_start(as, LIMIT_MEMORY, as->as_total.ac_bytes, &as->as_grant, &as->as_slack, 2 * GRANT_BYTES);
	else if (!memory && as->as_slack != UINT64_MAX)
		grant_end(as, LIMIT_MEMORY, &as->as_grant, &as->as_slack);
	if (mbufs && as->as_mslack == UINT64_MAX)
		grant_start(as, LIMIT_MBUFS, as->as_acct[ACCT_MBUF].ac_count, &as->as_mgrant, &as->as_mslack, 2 * GRANT_MBUFS);
	else if (!mbufs && as->as_mslack != UINT64_MAX)
		grant_end(as, LIMIT_MBUFS, &as->as_mgrant, &as->as_mslack);
	as->as_granted = memory || mbufs;
	acct_remark(as, ACCT_MBUF);
}

void
acctset_ungrant(struct acctset *as)
{
	if (as->as_slack != UINT64_MAX)
		grant_end(as, LIMIT_MEMORY, &as->as_grant, &as->as_slack);
	if (as->as_mslack != UINT64_MAX)
		grant_end(as, LIMIT_MBUFS, &as->as_mgrant, &as->as_mslack);
	as->as_granted = false;
	acct_remark(as, ACCT_MBUF);
}

void
acctset_setpayer(struct acctset *as, struct limitset *ls)
{
	acctset_ungrant(as);
	limit_give(as->as_payer, LIMIT_STATES, as->as_states);
	as->as_payer = ls;
	limit_force(ls, LIMIT_STATES, as->as_states);
	acctset_relimit(as);
}

/* A piece if there is one, else what is needed and no more. */
static bool
grant_more(struct acctset *as, enum limit_type type, uint64_t need, uint64_t piece, uint64_t *grant)
{
	if (need < piece && limit_take(as->as_payer, type, piece))
		need = piece;
	else if (!limit_take(as->as_payer, type, need))
		return (false);
	*grant += need;
	return (true);
}

/* One line for the first time, the second, the fourth...: a stack at its limit is refused thousands of times a second. */
static void
limit_tell(struct acctset *as, enum limit_type type)
{
	uint64_t n = ++as->as_refused[type];

	if (as->as_log == NULL || as->as_telling || (n & (n - 1)) != 0)
		return;
	as->as_telling = true;		/* the log may want memory */
	msglog_put(as->as_log, LOG_WARNING, "limit.%s: reached (%llu times)", limit_name(type), (unsigned long long)n);
	as->as_telling = false;
}

static bool
extend_bytes(struct acctset *as, size_t bytes)
{
	return (as->as_total.ac_bytes + bytes <= as->as_grant ||
	    grant_more(as, LIMIT_MEMORY, as->as_total.ac_bytes + bytes - as->as_grant, GRANT_BYTES, &as->as_grant));
}

static bool
extend_mbufs(struct acctset *as, uint64_t n)
{
	uint64_t count = as->as_acct[ACCT_MBUF].ac_count + n;

	return (count <= as->as_mgrant || grant_more(as, LIMIT_MBUFS, count - as->as_mgrant, GRANT_MBUFS, &as->as_mgrant));
}

static bool
acct_admits(const struct acct *ac, size_t bytes)
{
	return (ac->ac_limit == 0 || (ac->ac_bytes <= ac->ac_limit && bytes <= ac->ac_limit - ac->ac_bytes));
}

static void
acct_grow(struct acct *ac, uint64_t n, size_t bytes)
{
	ac->ac_count += n;
	ac->ac_bytes += bytes;
	ac->ac_peak = MAX(ac->ac_peak, ac->ac_bytes);
}

static void
acctset_grow(struct acctset *as, enum acct_type type, uint64_t n, size_t bytes)
{
	acct_grow(&as->as_acct[type], n, bytes);
	acct_grow(&as->as_total, 0, bytes);
	acct_remark(as, type);
}

bool
acct_takemore(struct acctset *as, enum acct_type type, uint64_t n, size_t bytes)
{
	struct acct *ac = &as->as_acct[type];

	if (!acct_admits(&as->as_total, bytes) || (acct_admits(ac, bytes) && !extend_bytes(as, bytes))) {
		limit_tell(as, LIMIT_MEMORY);
	} else if (type == ACCT_MBUF && acct_admits(ac, bytes) && !extend_mbufs(as, n)) {
		limit_tell(as, LIMIT_MBUFS);
	} else if (acct_admits(ac, bytes)) {
		acctset_grow(as, type, n, bytes);
		return (true);
	}
	ac->ac_failures++;
	as->as_total.ac_failures++;
	return (false);
}

/* Too much lies idle (or, after acct_move, more is used than was granted). */
static void
grant_adjust(struct acctset *as, enum limit_type type, uint64_t used, uint64_t piece, uint64_t *grant)
{
	if (used > *grant)
		limit_force(as->as_payer, type, used - *grant);
	else if (*grant - used > piece)
		limit_give(as->as_payer, type, *grant - used - piece);
	else
		return;
	*grant = used > *grant ? used : used + piece;
}

void
acct_giveback(struct acctset *as)
{
	if (as->as_slack != UINT64_MAX)
		grant_adjust(as, LIMIT_MEMORY, as->as_total.ac_bytes, GRANT_BYTES, &as->as_grant);
	if (as->as_mslack != UINT64_MAX)
		grant_adjust(as, LIMIT_MBUFS, as->as_acct[ACCT_MBUF].ac_count, GRANT_MBUFS, &as->as_mgrant);
	acct_remark(as, ACCT_MBUF);
}

bool
acct_count(struct acctset *as, enum limit_type type, uint64_t n)
{
	if (limit_take(as->as_limits, type, n))
		return (true);
	limit_tell(as, type);
	return (false);
}

void
acct_uncount(struct acctset *as, enum limit_type type, uint64_t n)
{
	limit_give(as->as_limits, type, n);
}

bool
acct_addstate(struct acctset *as)
{
	if (!limit_take(as->as_payer, LIMIT_STATES, 1)) {
		limit_tell(as, LIMIT_STATES);
		return (false);
	}
	as->as_states++;
	return (true);
}

void
acct_delstates(struct acctset *as, uint64_t n)
{
	VI_ASSERT(as->as_states >= n);
	as->as_states -= n;
	limit_give(as->as_payer, LIMIT_STATES, n);
}

bool
acct_packet(struct acctset *as, uint64_t now)
{
	if (!as->as_pps || limit_packet(as->as_limits, now))
		return (true);
	limit_tell(as, LIMIT_PPS);
	return (false);
}

int
acct_charge(struct acctset *as, enum acct_type type, size_t bytes)
{
	/* A sum that is beyond all numbers would be below every mark. */
	return ((bytes <= KMALLOC_MAX ? acct_take(as, type, 1, bytes) : acct_takemore(as, type, 1, bytes)) ? 0 : ENOBUFS);
}

void
acct_uncharge(struct acctset *as, enum acct_type type, size_t bytes)
{
	acct_unchargeall(as, type, 1, bytes);
}

void
acct_unchargeall(struct acctset *as, enum acct_type type, uint64_t n, size_t bytes)
{
	VI_ASSERT(as->as_acct[type].ac_count >= n && as->as_acct[type].ac_bytes >= bytes);
	acct_give(as, type, n, bytes);
}

unsigned
acctset_check(const struct acctset *as, void (*fn)(void *, enum acct_type, const struct acct *),
    void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ACCT_MAX; i++) {
		if (as->as_acct[i].ac_count == 0 && as->as_acct[i].ac_bytes == 0)
			continue;
		n++;
		if (fn != NULL)
			fn(arg, (enum acct_type)i, &as->as_acct[i]);
	}
	return (n);
}

#ifdef VIMAGE_LEAKCHECK
#define TAG_MAGIC	0x7a61u

struct kmtag {
	struct kmtag	*kt_next, **kt_prevp;
	struct acctset	*kt_as;
	const char	*kt_file;
	size_t		 kt_size;
	int		 kt_line;
	uint16_t	 kt_type;
	uint16_t	 kt_magic;
};
#define TAG_ROOM	(sizeof(struct kmtag) + 31)

static struct kmtag *
tag_of(void *p, size_t size)
{
	return ((struct kmtag *)(void *)((uint8_t *)p + ROUNDUP2(size, (size_t)16) + 16));
}

static void
tag_link(struct kmtag *kt, struct acctset *as)
{
	kt->kt_as = as;
	kt->kt_next = as->as_live;
	if (kt->kt_next != NULL)
		kt->kt_next->kt_prevp = &kt->kt_next;
	kt->kt_prevp = &as->as_live;
	as->as_live = kt;
}

static void
tag_unlink(struct kmtag *kt)
{
	*kt->kt_prevp = kt->kt_next;
	if (kt->kt_next != NULL)
		kt->kt_next->kt_prevp = kt->kt_prevp;
}

static void
tag_set(struct acctset *as, enum acct_type type, void *p, size_t size, const char *file, int line)
{
	struct kmtag *kt = tag_of(p, size);
	uint8_t *end = (uint8_t *)p + MAX(size, (size_t)1);

	POISON(end, (size_t)((uint8_t *)kt - end));
	*kt = (struct kmtag){ .kt_file = file,
	    .kt_line = line,
	    .kt_size = size,
	    .kt_type = (uint16_t)type,
	    .kt_magic = TAG_MAGIC };
	tag_link(kt, as);
}

static struct kmtag *
tag_check(struct acctset *as, enum acct_type type, void *p, size_t size)
{
	struct kmtag *kt = tag_of(p, size);

	VI_ASSERT(kt->kt_magic == TAG_MAGIC && kt->kt_size == size);
	VI_ASSERT(kt->kt_type == type && kt->kt_as == as);
	return (kt);
}

static void
tag_clear(struct acctset *as, enum acct_type type, void *p, size_t size)
{
	struct kmtag *kt = tag_check(as, type, p, size);

	tag_unlink(kt);
	kt->kt_magic = 0;
}

static void
tag_move(struct acctset *from, struct acctset *to, enum acct_type type, void *p, size_t size)
{
	struct kmtag *kt = tag_check(from, type, p, size);

	tag_unlink(kt);
	tag_link(kt, to);
}

void
acctset_where(const struct acctset *as,
    void (*fn)(void *, enum acct_type, const char *file, int line, size_t), void *arg, unsigned max)
{
	const struct kmtag *kt;

	for (kt = as->as_live; kt != NULL && max > 0; kt = kt->kt_next, max--)
		fn(arg, (enum acct_type)kt->kt_type, kt->kt_file, kt->kt_line, kt->kt_size);
}
#else
#define TAG_ROOM	((size_t)0)
#define tag_set(as, type, p, size, file, line)	((void)(file), (void)(line))
#define tag_clear(as, type, p, size)		((void)0)
#define tag_move(from, to, type, p, size)	((void)(p))

void
acctset_where(const struct acctset *as,
    void (*fn)(void *, enum acct_type, const char *file, int line, size_t), void *arg, unsigned max)
{
	(void)as;
	(void)fn;
	(void)arg;
	(void)max;
}
#endif

/* Not inlined: where the size is known compilers clear word by word. */
__attribute__((noinline)) void *
kmalloc_at(struct acctset *as, enum acct_type type, size_t size, const char *file, int line)
{
	bool zeroed;
	void *p;

	if (size > KMALLOC_MAX || !acct_take(as, type, 1, size))
		return (NULL);
	if ((p = kmem_alloc(as->as_cache, size + TAG_ROOM, &zeroed)) == NULL) {
		acct_give(as, type, 1, size);
		as->as_acct[type].ac_failures++;
		as->as_total.ac_failures++;
		return (NULL);
	}
	if (!zeroed)
		memset(p, 0, size);
	tag_set(as, type, p, size, file, line);
	return (p);
}

void
kfree(struct acctset *as, enum acct_type type, void *p, size_t size)
{
	if (p == NULL)
		return;
	tag_clear(as, type, p, size);
	acct_uncharge(as, type, size);
	kmem_free(as->as_cache, p, size + TAG_ROOM);
}

char *
kstrdup(struct acctset *as, enum acct_type type, const char *str)
{
	size_t size = strlen(str) + 1;
	char *p = kmalloc(as, type, size);

	if (p != NULL)
		memcpy(p, str, size);
	return (p);
}

void
acct_move(struct acctset *from, struct acctset *to, enum acct_type type, void *p, size_t size)
{
	tag_move(from, to, type, p, size);
	acct_uncharge(from, type, size);
	acctset_grow(to, type, 1, size);
}
