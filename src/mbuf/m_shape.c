/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Functions that change the shape of a chain, or copy from and to it.
 *
 * External storage is shared by references. A piece of a chain is copied by making an mbuf that
 * refers to the same storage, unless it is so short (M_COPYMAX) that copying is cheaper than
 * keeping the storage alive; inline data is always copied, into inline data. What is shared must
 * not be written: m_pullup, m_prepend and m_copyback make private what they promise to be writable.
 *
 * Any mbuf has room for a packet header, so a header moves to another mbuf by copying m_pkt and
 * M_PKTHDR.
 *
 * New mbufs are paid for by whoever pays for the mbuf they come from, unless the caller names
 * another (m_copym, m_dup, m_frombuf).
 */
#include "mbuf/mbuf.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "mbuf/mbuf_int.h"

/* Flags of the packet, which go with its header. */
#define M_COPYFLAGS (M_PKTHDR | M_BCAST | M_MCAST | M_LOOP | M_PROMISC | M_FRAG | M_RXOWN | M_EOR | M_ETHER)

static void
mbuf_copyhdr(struct mbuf *to, const struct mbuf *from)
{
	to->m_flags = (uint16_t)((to->m_flags & ~M_COPYFLAGS) | (from->m_flags & M_COPYFLAGS));
	to->m_pkt = from->m_pkt;
}

static void
mbuf_movehdr(struct mbuf *to, struct mbuf *from)
{
	mbuf_copyhdr(to, from);
	from->m_flags &= (uint16_t)~M_COPYFLAGS;
}

struct mbuf *
m_last(struct mbuf *m)
{
	while (m->m_next != NULL)
		m = m->m_next;
	return (m);
}

size_t
m_length(const struct mbuf *m)
{
	size_t len = 0;

	for (; m != NULL; m = m->m_next)
		len += m->m_len;
	return (len);
}

/* An empty mbuf with room for len bytes, inline if it fits. */
static struct mbuf *
mbuf_room(struct acctset *as, size_t len)
{
	return (len <= MLEN ? m_get(as) : m_getcl(as, len, false));
}

/* The mbuf that holds byte *off, which becomes the offset in it; NULL at or past the end. */
static struct mbuf *
mbuf_seek(struct mbuf *m, size_t *off)
{
	for (; m != NULL && *off >= m->m_len; m = m->m_next)
		*off -= m->m_len;
	return (m);
}

/* Is there something to read between off and off + len? */
static bool
mbuf_reaches(const struct mbuf *m, size_t off, size_t len)
{
	size_t have = 0;

	if (off + len < off)
		return (false);
	for (; m != NULL && have < off + len; m = m->m_next)
		have += m->m_len;
	return (have >= off + len);
}

/* Copies len bytes from off on; they exist. */
static void
mbuf_read(const struct mbuf *m, size_t off, size_t len, void *buf)
{
	uint8_t *p = buf;
	size_t n;

	m = mbuf_seek((struct mbuf *)(uintptr_t)m, &off);
	for (; len > 0; m = m->m_next, off = 0) {
		n = MIN(m->m_len - off, len);
		memcpy(p, m->m_data + off, n);
		p += n;
		len -= n;
	}
}

int
m_copydata(const struct mbuf *m, size_t off, size_t len, void *buf)
{
	if (!mbuf_reaches(m, off, len))
		return (EINVAL);
	mbuf_read(m, off, len, buf);
	return (0);
}

/* Contiguity. */

/*
 * Moves up to len bytes from the front of the chain n behind the data of m; what is emptied goes.
 * Returns what is left of n.
 */
static struct mbuf *
mbuf_pull(struct mbuf *m, struct mbuf *n, size_t len)
{
	size_t k;

	while (n != NULL && (len > 0 || n->m_len == 0)) {
		k = MIN((size_t)n->m_len, len);
		memcpy(m->m_data + m->m_len, n->m_data, k);
		m->m_len += (uint32_t)k;
		n->m_data += k;
		n->m_len -= (uint32_t)k;
		len -= k;
		if (n->m_len == 0)
			n = m_free(n);
	}
	return (n);
}

/* A new first mbuf with the first len bytes; there are that many. */
static struct mbuf *
mbuf_regather(struct mbuf *m, size_t len)
{
	struct mbuf *n;
	size_t lead;

	if (len > MJUMBYTES || (n = mbuf_room(m->m_as, len)) == NULL) {
		m_freem(m);
		return (NULL);
	}
	/* Room in front for the headers of a lower layer, as far as there is any. */
	lead = MIN((size_t)MAX_HDR, m_bufsize(n) - len);
	n->m_data += ROUNDDOWN2(lead, (size_t)4);
	n->m_nextpkt = m->m_nextpkt;
	if (m->m_flags & M_PKTHDR)
		mbuf_movehdr(n, m);
	n->m_next = mbuf_pull(n, m, len);
	return (n);
}

struct mbuf *
m_pullup(struct mbuf *m, size_t len)
{
	if (len == 0 || (m->m_len >= len && m_writable(m)))
		return (m);
	if (!mbuf_reaches(m, 0, len)) {
		m_freem(m);
		return (NULL);
	}
	if (m->m_len < len && m_trailingspace(m) >= len - m->m_len) {
		m->m_next = mbuf_pull(m, m->m_next, len - m->m_len);
		return (m);
	}
	return (mbuf_regather(m, len));
}

/* The data goes to the end of a new mbuf, so that the next m_prepend finds room. */
static struct mbuf *
mbuf_prependnew(struct mbuf *m, size_t len)
{
	struct mbuf *n;

	if (len > MJUMBYTES || (n = mbuf_room(m->m_as, len)) == NULL) {
		m_freem(m);
		return (NULL);
	}
	n->m_data += ROUNDDOWN2(m_bufsize(n) - len, (size_t)4);
	n->m_len = (uint32_t)len;
	n->m_nextpkt = m->m_nextpkt;
	m->m_nextpkt = NULL;
	if (m->m_flags & M_PKTHDR)
		mbuf_movehdr(n, m);
	n->m_next = m;
	return (n);
}

struct mbuf *
m_prepend(struct mbuf *m, size_t len)
{
	if (m_leadingspace(m) >= len) {
		m->m_data -= len;
		m->m_len += (uint32_t)len;
	} else if ((m = mbuf_prependnew(m, len)) == NULL)
		return (NULL);
	if (m->m_flags & M_PKTHDR)
		m->m_pkt.len += (uint32_t)len;
	return (m);
}

/* Trimming. */

static size_t
mbuf_trimfront(struct mbuf *m, size_t len)
{
	size_t n, done = 0;

	for (; m != NULL && done < len; m = m->m_next) {
		n = MIN((size_t)m->m_len, len - done);
		m->m_data += n;
		m->m_len -= (uint32_t)n;
		done += n;
	}
	return (done);
}

/* Keeps the first `keep` bytes; mbufs behind the last one kept are freed. */
static void
mbuf_truncate(struct mbuf *m, size_t keep)
{
	while (keep > m->m_len) {
		keep -= m->m_len;
		m = m->m_next;
	}
	m->m_len = (uint32_t)keep;
	m_freem(m->m_next);
	m->m_next = NULL;
}

void
m_adjchain(struct mbuf *m, ptrdiff_t n)
{
	size_t len, done;

	if (n >= 0)
		done = mbuf_trimfront(m, (size_t)n);
	else {
		len = m_length(m);
		done = MIN(len, -(size_t)n);
		mbuf_truncate(m, len - done);
	}
	if (m->m_flags & M_PKTHDR)
		m->m_pkt.len -= (uint32_t)done;
}

/* Copying. */

/*
 * len bytes at off of the one mbuf m: a reference, or a copy with `lead` bytes in front if they
 * fit.
 */
static struct mbuf *
mbuf_piece(const struct mbuf *m, size_t off, size_t len, size_t lead, struct acctset *as)
{
	struct mbuf *n;

	if (m->m_ext != NULL && len > M_COPYMAX)
		return (mbuf_ref(as, m->m_ext, m->m_data + off, (uint32_t)len));
	if ((n = m_get(as)) == NULL)
		return (NULL);
	n->m_data += MIN(lead, MLEN - len);
	memcpy(n->m_data, m->m_data + off, len);
	n->m_len = (uint32_t)len;
	return (n);
}

/* Is the piece short enough to be copied behind the data of last? */
static bool
mbuf_mergeable(const struct mbuf *last, size_t len)
{
	return (last != NULL && last->m_ext == NULL && len <= M_COPYMAX &&
		len <= m_trailingspace(last));
}

/* len bytes from off on, which exist, as a chain without a packet header. */
static struct mbuf *
mbuf_copychain(struct mbuf *m, size_t off, size_t len, size_t lead, struct acctset *as)
{
	struct mbuf *top = NULL, **mp = &top, *last = NULL;
	size_t n;

	for (m = mbuf_seek(m, &off); len > 0; m = m->m_next, off = 0) {
		if ((n = MIN(m->m_len - off, len)) == 0)
			continue;
		len -= n;
		if (mbuf_mergeable(last, n)) {
			memcpy(last->m_data + last->m_len, m->m_data + off, n);
			last->m_len += (uint32_t)n;
			continue;
		}
		if ((last = *mp = mbuf_piece(m, off, n, top == NULL ? lead : 0, as)) == NULL) {
			m_freem(top);
			return (NULL);
		}
		mp = &last->m_next;
	}
	return (top != NULL ? top : m_get(as));
}

struct mbuf *
m_copym(struct mbuf *m, size_t off, size_t len, struct acctset *as)
{
	bool hdr = off == 0 && (m->m_flags & M_PKTHDR) != 0;
	size_t total;
	struct mbuf *n;

	if (len == SIZE_MAX) {
		total = m_length(m);
		if (off > total)
			return (NULL);
		len = total - off;
	} else if (!mbuf_reaches(m, off, len))
		return (NULL);
	if ((n = mbuf_copychain(m, off, len, hdr ? MAX_HDR : 0, as)) != NULL && hdr) {
		mbuf_copyhdr(n, m);
		n->m_pkt.len = (uint32_t)len;
	}
	return (n);
}

/* A packet with room for len bytes behind `lead`; m_len says how many go into each mbuf. */
static struct mbuf *
mbuf_blank(struct acctset *as, size_t len, size_t lead)
{
	struct mbuf *top = NULL, **mp = &top, *m;
	size_t n;

	if (lead >= MJUMBYTES || len > SIZE_MAX / 2)
		return (NULL);
	do {
		n = MIN(lead + len, (size_t)MJUMBYTES);
		if ((m = *mp = mbuf_room(as, n)) == NULL) {
			m_freem(top);
			return (NULL);
		}
		m->m_data += lead;
		m->m_len = (uint32_t)(n - lead);
		len -= n - lead;
		lead = 0;
		mp = &m->m_next;
	} while (len > 0);
	top->m_flags |= M_PKTHDR;
	memset(&top->m_pkt, 0, sizeof(top->m_pkt));
	return (top);
}

struct mbuf *
m_frombuf(struct acctset *as, const void *buf, size_t len, size_t lead)
{
	const uint8_t *p = buf;
	struct mbuf *top, *m;

	if ((top = mbuf_blank(as, len, lead)) == NULL)
		return (NULL);
	for (m = top; m != NULL; m = m->m_next) {
		memcpy(m->m_data, p, m->m_len);
		p += m->m_len;
	}
	top->m_pkt.len = (uint32_t)len;
	return (top);
}

struct mbuf *
m_dup(const struct mbuf *m, struct acctset *as)
{
	size_t len = m_length(m), off = 0;
	struct mbuf *top, *n;

	if ((top = mbuf_blank(as, len, MAX_HDR)) == NULL)
		return (NULL);
	for (n = top; n != NULL; n = n->m_next) {
		mbuf_read(m, off, n->m_len, n->m_data);
		off += n->m_len;
	}
	if (m->m_flags & M_PKTHDR)
		mbuf_copyhdr(top, m);
	else
		top->m_flags &= (uint16_t)~M_PKTHDR;
	return (top);
}

/* Cutting and joining. */

/* Header and lengths of the two halves. */
static void
split_header(struct mbuf *m, struct mbuf *n, size_t len)
{
	if ((m->m_flags & M_PKTHDR) == 0)
		return;
	mbuf_copyhdr(n, m);
	n->m_pkt.len = m->m_pkt.len - (uint32_t)len;
	m->m_pkt.len = (uint32_t)len;
}

struct mbuf *
m_split(struct mbuf *m, size_t len)
{
	struct mbuf *at, *n, *prev = NULL;
	size_t off = len;

	for (at = m; at != NULL && off >= at->m_len; prev = at, at = at->m_next)
		off -= at->m_len;
	if (at == NULL)
		return (NULL);
	if (off == 0 && prev != NULL) {
		n = at;
		prev->m_next = NULL;
	} else {
		if ((n = mbuf_piece(at, off, at->m_len - off, 0, at->m_as)) == NULL)
			return (NULL);
		n->m_next = at->m_next;
		at->m_next = NULL;
		at->m_len = (uint32_t)off;
	}
	split_header(m, n, len);
	return (n);
}

void
m_cat(struct mbuf *m, struct mbuf *n)
{
	m_last(m)->m_next = n;
	n->m_flags &= (uint16_t)~M_PKTHDR;
}

/* Writing. */

/* Gives the mbuf storage of its own, with the same content. */
static int
mbuf_unshare(struct mbuf *m)
{
	uint32_t size = m->m_len <= MLEN ? 0 : m->m_len <= MCLBYTES ? MCLBYTES : MJUMBYTES;
	struct mext *me = NULL;
	uint8_t *data = m->m_dat;

	if (size != 0) {
		if ((me = mext_new(m->m_as->as_cache, size)) == NULL)
			return (ENOBUFS);
		data = me->me_data;
	}
	if (mbuf_recharge(m, MSIZE + size) != 0) {
		if (me != NULL)
			mext_release(m->m_as->as_cache, me);
		return (ENOBUFS);
	}
	memcpy(data, m->m_data, m->m_len);
	mext_release(m->m_as->as_cache, m->m_ext);
	m->m_ext = me;
	m->m_data = data;
	return (0);
}

int
m_copyback(struct mbuf *m, size_t off, size_t len, const void *buf)
{
	const uint8_t *p = buf;
	struct mbuf *first, *n;
	size_t o, left;
	int error;

	if (!mbuf_reaches(m, off, len))
		return (EINVAL);
	first = mbuf_seek(m, &off);
	/* First all that can fail, so that a failure leaves the content as it was. */
	for (n = first, o = off, left = len; left > 0;
	     left -= MIN(n->m_len - o, left), n = n->m_next, o = 0)
		if (n->m_len > o && !m_writable(n) && (error = mbuf_unshare(n)) != 0)
			return (error);
	for (n = first, o = off; len > 0; n = n->m_next, o = 0) {
		left = MIN(n->m_len - o, len);
		memcpy(n->m_data + o, p, left);
		p += left;
		len -= left;
	}
	return (0);
}
