/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/ip6/ip6_exts.h"

#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "mbuf/mbuf.h"
#include "wire/ip6.h"

#define RTHDR_HOME	2	/* RFC 6275 6.4 */
#define RTHDR_SEGMENTS	4	/* RFC 8754 2 */
#define RTHDR_ADDRS	8	/* where the addresses of both begin */

static const uint8_t ext_proto[VI_EXT_N] = {
	[VI_EXT_HOPOPTS] = IPPROTO_HOPOPTS,
	[VI_EXT_RTHDRDSTOPTS] = IPPROTO_DSTOPTS,
	[VI_EXT_RTHDR] = IPPROTO_ROUTING,
	[VI_EXT_DSTOPTS] = IPPROTO_DSTOPTS,
};

/* The type-length-values behind the segments fill the header exactly. */
static bool
segments_tlvs(const uint8_t *p, size_t len, size_t at)
{
	while (at < len) {
		if (len - at < 2)
			return (false);
		at += 2u + p[at + 1];
	}
	return (at == len);
}

/* RFC 8754 2: Last Entry is the number of segments less one. */
static bool
segments_ok(const uint8_t *p, size_t len)
{
	const unsigned last = p[4], left = ((const struct ip6_rthdr *)(const void *)p)->ip6r_segleft;

	return (left <= last && RTHDR_ADDRS + (last + 1u) * 16 <= len && segments_tlvs(p, len, RTHDR_ADDRS + (last + 1u) * 16));
}

static bool
rthdr_ok(const uint8_t *p, size_t len)
{
	const struct ip6_rthdr *rh = (const struct ip6_rthdr *)(const void *)p;

	if (rh->ip6r_type == RTHDR_HOME)
		return (len == RTHDR_ADDRS + 16 && rh->ip6r_segleft == 1);
	return (rh->ip6r_type == RTHDR_SEGMENTS && segments_ok(p, len));
}

int
ip6_ext_check(unsigned kind, const uint8_t *p, size_t len)
{
	if (len < 8 || len != ((size_t)p[1] + 1) * 8)
		return (EINVAL);
	return (kind == VI_EXT_RTHDR && !rthdr_ok(p, len) ? EINVAL : 0);
}

static bool
exts_has(const struct ip6_exts *ie, unsigned kind)
{
	return (ie->ie_hdr[kind] != NULL && (kind != VI_EXT_RTHDRDSTOPTS || ie->ie_hdr[VI_EXT_RTHDR] != NULL));
}

uint32_t
ip6_exts_len(const struct ip6_exts *ie)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < VI_EXT_N; i++)
		if (exts_has(ie, i))
			len += ie->ie_len[i];
	return (len);
}

const uint8_t *
ip6_exts_hop(const struct ip6_exts *ie)
{
	const uint8_t *p = ie->ie_hdr[VI_EXT_RTHDR];

	if (p == NULL)
		return (NULL);
	return (p + RTHDR_ADDRS + (p[2] == RTHDR_HOME ? 0 : (size_t)p[3] * 16));
}

/* The destination's place in a routing header is the last one: the first in the list of segments, which is the wrong way round. */
static struct mbuf *
exts_push(struct mbuf *m, const struct ip6_exts *ie, unsigned kind, const uint8_t *final, uint8_t nxt)
{
	if ((m = m_prepend(m, ie->ie_len[kind])) == NULL)
		return (NULL);
	memcpy(m->m_data, ie->ie_hdr[kind], ie->ie_len[kind]);
	m->m_data[0] = nxt;
	if (kind == VI_EXT_RTHDR) {
		memcpy(m->m_data + RTHDR_ADDRS, final, 16);
		in6_setzone(m->m_data + RTHDR_ADDRS, 0);
	}
	return (m);
}

struct mbuf *
ip6_exts_prepend(struct mbuf *m, const struct ip6_exts *ie, const uint8_t final[16], uint8_t proto, uint8_t *nxt)
{
	*nxt = proto;
	for (unsigned i = VI_EXT_N; i-- > 0 && m != NULL;) {
		if (!exts_has(ie, i))
			continue;
		m = exts_push(m, ie, i, final, *nxt);
		*nxt = ext_proto[i];
	}
	return (m);
}
