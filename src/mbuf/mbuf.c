/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocation and ownership. Mbufs and clusters come from the free lists of the worker that runs the
 * owner's lane, and go back to those of whoever frees them.
 */
#include "mbuf/mbuf.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "kern/kernel.h"
#include "kern/kmem.h"
#include "mbuf/mbuf_int.h"

_Static_assert(MLEN > MAX_HDR + 40, "an mbuf holds the headers of a TCP segment");
_Static_assert(sizeof(struct mext) == 64, "the header that kmem's classes allow for");

static unsigned
mext_class(uint32_t size)
{
	return (size == MCLBYTES ? KMEM_CLUSTER : KMEM_JUMBO);
}

static __attribute__((noinline)) void *
mbuf_failed(struct acctset *as)
{
	as->as_cache->mc_mfails++;
	return (NULL);
}

/* It was charged, but there is no memory. */
static __attribute__((noinline)) void *
mbuf_nomem(struct acctset *as, uint32_t charge)
{
	acct_give(as, ACCT_MBUF, 1, charge);
	as->as_acct[ACCT_MBUF].ac_failures++;
	as->as_total.ac_failures++;
	return (mbuf_failed(as));
}

/* A bare mbuf that pays `charge`; its m_data is not set. */
static inline __attribute__((always_inline)) struct mbuf *
mbuf_new(struct acctset *as, uint32_t charge)
{
	struct memcache *mc = as->as_cache;
	struct mbuf *m;

	if (!acct_take(as, ACCT_MBUF, 1, charge))
		return (mbuf_failed(as));
	if ((m = memcache_get(mc, KMEM_256, MSIZE)) == NULL)
		return (mbuf_nomem(as, charge));
	mc->mc_mbufs++;
	m->m_next = m->m_nextpkt = NULL;
	m->m_as = as;
	m->m_ext = NULL;
	m->m_len = 0;
	m->m_charge = charge;
	m->m_flags = 0;
	return (m);
}

struct mext *
mext_new(struct memcache *mc, uint32_t size)
{
	unsigned class = mext_class(size);
	struct mext *me;

	if ((me = memcache_get(mc, class, sizeof(*me) + size)) == NULL)
		return (NULL);
	atomic_init(&me->me_refs, 1);
	me->me_size = size;
	if (size == MCLBYTES)
		mc->mc_clusters++;
	else
		mc->mc_jumbos++;
	return (me);
}

/*
 * The last one to let go frees. Who sees a count of 1 is alone with it and may skip the exchange.
 */
void
mext_release(struct memcache *mc, struct mext *me)
{
	uint32_t size = me->me_size;

	if (atomic_load_explicit(&me->me_refs, memory_order_acquire) != 1 &&
	    atomic_fetch_sub_explicit(&me->me_refs, 1, memory_order_acq_rel) != 1)
		return;
	if (size == MCLBYTES)
		mc->mc_clusters--;
	else
		mc->mc_jumbos--;
	memcache_put(mc, mext_class(size), me);
}

struct mbuf *
mbuf_ref(struct acctset *as, struct mext *me, uint8_t *data, uint32_t len)
{
	struct mbuf *m;

	if ((m = mbuf_new(as, MSIZE + len)) == NULL)
		return (NULL);
	atomic_fetch_add_explicit(&me->me_refs, 1, memory_order_relaxed);
	m->m_ext = me;
	m->m_data = data;
	m->m_len = len;
	return (m);
}

/* Clusters are recycled last in, first out: the one freed last is the one still in the cache. */
static struct mbuf *
mbuf_newcl(struct acctset *as, uint32_t size)
{
	struct mbuf *m;

	if ((m = mbuf_new(as, MSIZE + size)) == NULL)
		return (NULL);
	if ((m->m_ext = mext_new(as->as_cache, size)) == NULL) {
		as->as_acct[ACCT_MBUF].ac_failures++;
		as->as_total.ac_failures++;
		mbuf_failed(as);
		(void)m_free(m);
		return (NULL);
	}
	m->m_data = m->m_ext->me_data;
	return (m);
}

static void
mbuf_sethdr(struct mbuf *m)
{
	m->m_flags |= M_PKTHDR;
	memset(&m->m_pkt, 0, sizeof(m->m_pkt));
}

struct mbuf *
m_get(struct acctset *as)
{
	struct mbuf *m;

	if ((m = mbuf_new(as, MSIZE)) != NULL)
		m->m_data = m->m_dat;
	return (m);
}

struct mbuf *
m_gethdr(struct acctset *as)
{
	struct mbuf *m;

	if ((m = mbuf_new(as, MSIZE)) == NULL)
		return (NULL);
	m->m_data = m->m_dat + MAX_HDR;
	mbuf_sethdr(m);
	return (m);
}

struct mbuf *
m_getcl(struct acctset *as, size_t size, bool pkthdr)
{
	struct mbuf *m;

	VI_ASSERT(size <= MJUMBYTES);
	m = mbuf_newcl(as, size <= MCLBYTES ? MCLBYTES : MJUMBYTES);
	if (m != NULL && pkthdr)
		mbuf_sethdr(m);
	return (m);
}

/* Puts the mbuf onto the free lists of mc; who paid has been told. */
static struct mbuf *
mbuf_release(struct memcache *mc, struct mbuf *m)
{
	struct mbuf *next = m->m_next;

	if (m->m_ext != NULL)
		mext_release(mc, m->m_ext);
	mc->mc_mbufs--;
	memcache_put(mc, KMEM_256, m);
	return (next);
}

struct mbuf *
m_free(struct mbuf *m)
{
	struct acctset *as = m->m_as;

	VI_ASSERT(as != NULL);
	acct_give(as, ACCT_MBUF, 1, m->m_charge);
	return (mbuf_release(as->as_cache, m));
}

void
m_freem(struct mbuf *m)
{
	while (m != NULL)
		m = m_free(m);
}

void
m_freeq(struct mbuf *m)
{
	struct mbuf *next;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m_freem(m);
	}
}

void
m_freem_disowned(struct mbuf *m, struct acctset *as)
{
	while (m != NULL) {
		VI_ASSERT(m->m_as == NULL);
		m = mbuf_release(as->as_cache, m);
	}
}

void
m_disown(struct mbuf *m)
{
	for (; m != NULL; m = m->m_next) {
		if (m->m_as != NULL)
			acct_give(m->m_as, ACCT_MBUF, 1, m->m_charge);
		m->m_as = NULL;
	}
}

int
m_own(struct mbuf *m, struct acctset *as)
{
	uint64_t count = 0;
	size_t bytes = 0;

	if (m->m_next == NULL) {
		VI_ASSERT(m->m_as == NULL);
		if (!acct_take(as, ACCT_MBUF, 1, m->m_charge))
			return (ENOBUFS);
		m->m_as = as;
		return (0);
	}
	for (const struct mbuf *n = m; n != NULL; n = n->m_next) {
		VI_ASSERT(n->m_as == NULL);
		bytes += n->m_charge;
		count++;
	}
	if (!acct_take(as, ACCT_MBUF, count, bytes))
		return (ENOBUFS);
	for (; m != NULL; m = m->m_next)
		m->m_as = as;
	return (0);
}

/* The mbuf pays another sum than before. */
int
mbuf_recharge(struct mbuf *m, uint32_t charge)
{
	if (charge > m->m_charge) {
		if (!acct_take(m->m_as, ACCT_MBUF, 0, charge - m->m_charge))
			return (ENOBUFS);
	} else
		acct_give(m->m_as, ACCT_MBUF, 0, m->m_charge - charge);
	m->m_charge = charge;
	return (0);
}

void
mbuf_stat(struct kernel *k, struct mstat *ms)
{
	int64_t mbufs = 0, clusters = 0, jumbos = 0;
	const struct memcache *mc;

	memset(ms, 0, sizeof(*ms));
	for (unsigned i = 0; i < k->k_nworkers; i++) {
		mc = worker_cache(kernel_worker(k, i));
		mbufs += mc->mc_mbufs;
		clusters += mc->mc_clusters;
		jumbos += mc->mc_jumbos;
		ms->ms_fails += mc->mc_mfails;
	}
	ms->ms_mbufs = (uint64_t)mbufs;
	ms->ms_clusters = (uint64_t)clusters;
	ms->ms_jumbos = (uint64_t)jumbos;
	ms->ms_bytes =
	    ms->ms_mbufs * MSIZE + ms->ms_clusters * MCLBYTES + ms->ms_jumbos * MJUMBYTES;
}
