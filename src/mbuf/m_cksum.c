/* SPDX-License-Identifier: BSD-2-Clause */
#include "mbuf/mbuf.h"

#include "base/assert.h"
#include "base/checksum.h"
#include "base/util.h"

/*
 * Pieces may be of odd length: each is added where it lies in the whole, not where it lies in
 * memory (RFC 1071 2 B).
 */
uint32_t
m_cksum(const struct mbuf *m, size_t off, size_t len, uint32_t sum)
{
	size_t done = 0, n;

	for (; m != NULL && off >= m->m_len && len > 0; m = m->m_next)
		off -= m->m_len;
	for (; done < len; m = m->m_next, off = 0) {
		VI_ASSERT(m != NULL);
		n = MIN(m->m_len - off, len - done);
		sum = cksum_add_at(m->m_data + off, n, sum, done);
		done += n;
	}
	return (sum);
}
