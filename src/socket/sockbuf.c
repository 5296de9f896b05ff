/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket/sockbuf.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "mbuf/mbuf.h"

int
sbreserve(struct sockbuf *sb, uint32_t hiwat)
{
	if (hiwat == 0)
		return (EINVAL);
	if (hiwat > SB_FORCED)
		return (ENOBUFS);
	sb->sb_hiwat = hiwat;
	if (sb->sb_lowat > hiwat)
		sb->sb_lowat = hiwat;
	return (0);
}

static void
sballoc(struct sockbuf *sb, const struct mbuf *m)
{
	sb->sb_cc += m->m_len;
	sb->sb_mbcnt += MSIZE + m->m_len;
}

static void
sbrelease(struct sockbuf *sb, const struct mbuf *m)
{
	sb->sb_cc -= m->m_len;
	sb->sb_mbcnt -= MSIZE + m->m_len;
}

/* Small buffers move into the room of the last one, so that a trickle of bytes does not cost an mbuf each. */
static bool
sbcompress(struct sockbuf *sb, const struct mbuf *m)
{
	struct mbuf *t = sb->sb_mbtail;

	if (t == NULL || (t->m_flags & M_RECORD) != 0 || m->m_len > MLEN / 2 || m_trailingspace(t) < m->m_len)
		return (false);
	memcpy(t->m_data + t->m_len, m->m_data, m->m_len);
	t->m_len += m->m_len;
	sb->sb_cc += m->m_len;
	sb->sb_mbcnt += m->m_len;
	return (true);
}

void
sbappendchain(struct sockbuf *sb, struct mbuf *m)
{
	struct mbuf *n;

	for (; m != NULL; m = n) {
		n = m->m_next;
		if (m->m_len == 0 || sbcompress(sb, m)) {
			m_free(m);
			continue;
		}
		m->m_next = NULL;
		if (sb->sb_mbtail == NULL)
			sb->sb_mb = m;
		else
			sb->sb_mbtail->m_next = m;
		sb->sb_mbtail = m;
		sballoc(sb, m);
	}
}

void
sbdropsome(struct sockbuf *sb, uint32_t len)
{
	uint32_t left = len;
	struct mbuf *m;

	VI_ASSERT(len <= sb->sb_cc);
	while (left > 0) {
		m = sb->sb_mb;
		if (m->m_len > left) {
			m->m_data += left;
			m->m_len -= left;
			sb->sb_cc -= left;
			sb->sb_mbcnt -= left;
			break;
		}
		left -= m->m_len;
		sbrelease(sb, m);
		if (m == sb->sb_sndptr)
			sb->sb_sndptr = NULL;
		sb->sb_mb = m_free(m);
		if (sb->sb_mb == NULL)
			sb->sb_mbtail = NULL;
	}
	if (sb->sb_sndptr != NULL)
		sb->sb_sndoff = sb->sb_sndoff > len ? sb->sb_sndoff - len : 0;
}

/* The buffer that holds offset off, and the offset in it; keeps the place for the next call, which usually goes on from there. */
static struct mbuf *
sbsndptr(struct sockbuf *sb, uint32_t off, uint32_t *moff)
{
	struct mbuf *m = sb->sb_mb;
	uint32_t pos = 0;

	if (sb->sb_sndptr != NULL && sb->sb_sndoff <= off) {
		m = sb->sb_sndptr;
		pos = sb->sb_sndoff;
	}
	while (m != NULL && off - pos >= m->m_len) {
		pos += m->m_len;
		m = m->m_next;
	}
	/* The first buffer shrinks as data is dropped; a hint at offset 0 would go stale, and is not needed. */
	sb->sb_sndptr = pos > 0 ? m : NULL;
	sb->sb_sndoff = pos;
	*moff = off - pos;
	return (m);
}

bool
sbendsat(const struct sockbuf *sb, uint32_t off)
{
	const struct mbuf *m = sb->sb_mb;
	uint32_t pos = 0;

	if (sb->sb_sndptr != NULL && sb->sb_sndoff < off) {
		m = sb->sb_sndptr;
		pos = sb->sb_sndoff;
	}
	for (; m != NULL && pos + m->m_len < off; m = m->m_next)
		pos += m->m_len;
	return (m != NULL && pos + m->m_len == off && (m->m_flags & M_EOR) != 0);
}

uint32_t
sbrecord(const struct sockbuf *sb, uint32_t off, uint32_t len)
{
	const struct mbuf *m = sb->sb_mb;
	uint32_t pos = 0;

	if (sb->sb_sndptr != NULL && sb->sb_sndoff < off) {
		m = sb->sb_sndptr;
		pos = sb->sb_sndoff;
	}
	for (; m != NULL && pos < off + len; m = m->m_next) {
		pos += m->m_len;
		if (pos > off && pos <= off + len && (m->m_flags & M_RECORD) != 0)
			return (pos - off);
	}
	return (0);
}

struct mbuf *
sbsndcopy(struct sockbuf *sb, uint32_t off, uint32_t len, struct acctset *as)
{
	struct mbuf *m;
	uint32_t moff;

	VI_ASSERT(off + len <= sb->sb_cc);
	m = sbsndptr(sb, off, &moff);
	return (m == NULL ? NULL : m_copym(m, moff, len, as));
}

bool
sbappenddgram(struct sockbuf *sb, const struct sockdgram *sd, struct mbuf *m, struct acctset *as)
{
	struct mbuf *h, *n;
	uint32_t len = (uint32_t)m_length(m) - sockdgram_extlen(sd);

	_Static_assert(sizeof(*sd) <= MLEN, "a datagram's facts fit one mbuf");
	if (!sbfits(sb, len) || (h = m_get(as)) == NULL) {
		sb->sb_drops++;
		m_freem(m);
		return (false);
	}
	memcpy(h->m_data, sd, sizeof(*sd));
	h->m_len = sizeof(*sd);
	mtod(h, struct sockdgram *)->sd_len = len;
	mtod(h, struct sockdgram *)->sd_drops = sb->sb_drops;
	h->m_next = m;
	h->m_nextpkt = NULL;
	if (sb->sb_lastrecord == NULL)
		sb->sb_mb = h;
	else
		sb->sb_lastrecord->m_nextpkt = h;
	sb->sb_lastrecord = h;
	sb->sb_records++;
	sb->sb_cc += len;
	for (n = h; n != NULL; n = n->m_next)
		sb->sb_mbcnt += MSIZE + n->m_len;
	return (true);
}

const struct sockdgram *
sbdgram(const struct sockbuf *sb)
{
	return (sb->sb_records == 0 ? NULL : mtod(sb->sb_mb, const struct sockdgram *));
}

const struct mbuf *
sbdgram_data(const struct sockbuf *sb, void *ext, size_t extlen)
{
	const struct mbuf *m = sb->sb_mb->m_next;
	uint32_t left = sockdgram_extlen(sbdgram(sb));

	if (left == 0)
		return (m);
	if (extlen > 0)
		(void)m_copydata(m, 0, extlen < left ? extlen : left, ext);
	for (; left > 0; left -= m->m_len, m = m->m_next)
		VI_ASSERT(left >= m->m_len);
	return (m);
}

void
sbdropdgram(struct sockbuf *sb)
{
	struct mbuf *h = sb->sb_mb, *n;

	VI_ASSERT(sb->sb_records > 0);
	sb->sb_cc -= mtod(h, const struct sockdgram *)->sd_len;
	for (n = h; n != NULL; n = n->m_next)
		sb->sb_mbcnt -= MSIZE + n->m_len;
	sb->sb_mb = h->m_nextpkt;
	if (--sb->sb_records == 0)
		sb->sb_lastrecord = NULL;
	h->m_nextpkt = NULL;
	m_freem(h);
}

void
sbflush(struct sockbuf *sb)
{
	if (sb->sb_records > 0)
		m_freeq(sb->sb_mb);
	else if (sb->sb_mb != NULL)
		m_freem(sb->sb_mb);
	sb->sb_mb = sb->sb_mbtail = sb->sb_lastrecord = sb->sb_sndptr = NULL;
	sb->sb_sndoff = sb->sb_cc = sb->sb_mbcnt = sb->sb_records = 0;
}
