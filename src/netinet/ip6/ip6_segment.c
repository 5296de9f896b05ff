/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets cut to size: super-packets into segments (TCP) or datagrams (UDP), and what the source may fragment into fragments (RFC 8200 4.5).
 * Super-packets have no extension headers; fragments are made of what has any, and each begins with those that every node on the way looks at.
 */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip6/ip6_var.h"
#include "wire/icmp6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

unsigned
ip6_segment_hdrlen(const struct mbuf *m)
{
	const struct ip6_hdr *ip6 = mtod(m, const struct ip6_hdr *);
	unsigned thlen;

	if (ip6->ip6_nxt == IPPROTO_UDP)
		return (IP6_HLEN + UDP_HDRLEN);
	if (ip6->ip6_nxt != IPPROTO_TCP || m->m_len < IP6_HLEN + sizeof(struct tcphdr))
		return (0);
	thlen = (unsigned)(m->m_data[IP6_HLEN + 12] >> 4) << 2;
	return (thlen < sizeof(struct tcphdr) ? 0 : IP6_HLEN + thlen);
}

static void
seg6_tcp(struct mbuf *s, uint32_t off, bool last)
{
	struct tcphdr *th = (struct tcphdr *)(void *)(s->m_data + IP6_HLEN);

	th->th_seq = HTONL(NTOHL(th->th_seq) + off);
	if (off > 0)
		s->m_data[IP6_HLEN + 13] &= (uint8_t)~TH_CWR;	/* RFC 3168 6.1.2: once */
	if (!last)
		s->m_data[IP6_HLEN + 13] &= (uint8_t)~(TH_FIN | TH_PUSH);
}

static void
seg6_headers(struct mbuf *s, const uint8_t *hdr, unsigned hdrlen, uint32_t off, bool last)
{
	struct ip6_hdr *ip6 = mtod(s, struct ip6_hdr *);
	const uint32_t plen = s->m_pkt.len - IP6_HLEN;
	uint16_t sum;

	memcpy(s->m_data, hdr, hdrlen);
	ip6->ip6_plen = HTONS(plen);
	sum = cksum_reduce(in6_pseudo(ip6->ip6_src, ip6->ip6_dst, ip6->ip6_nxt, plen));
	if (ip6->ip6_nxt == IPPROTO_TCP) {
		seg6_tcp(s, off, last);
		((struct tcphdr *)(void *)(s->m_data + IP6_HLEN))->th_sum = sum;
		s->m_pkt.csum_flags = CSUM_TCP;
	} else {
		((struct udphdr *)(void *)(s->m_data + IP6_HLEN))->uh_ulen = HTONS(plen);
		((struct udphdr *)(void *)(s->m_data + IP6_HLEN))->uh_sum = sum;
		s->m_pkt.csum_flags = CSUM_UDP;
	}
	s->m_pkt.l3hlen = IP6_HLEN;
}

struct mbuf *
ip6_segment(struct mbuf *m, unsigned *n)
{
	uint8_t hdr[IP6_HLEN + 60];
	unsigned hdrlen = ip6_segment_hdrlen(m);
	uint32_t off, len, dlen, segsz = m->m_pkt.segsz;
	struct mbuf *top = NULL, **mp = &top, *s;

	*n = 0;
	if (hdrlen == 0 || hdrlen > m->m_pkt.len || segsz == 0 || m_copydata(m, 0, hdrlen, hdr) != 0) {
		m_freem(m);
		return (NULL);
	}
	dlen = m->m_pkt.len - hdrlen;
	for (off = 0; off < dlen; off += len) {
		len = MIN(segsz, dlen - off);
		if ((s = ip_seg_make(m, hdrlen, hdrlen + off, len)) == NULL) {
			m_freeq(top);
			top = NULL;
			break;
		}
		seg6_headers(s, hdr, hdrlen, off, off + len == dlen);
		*mp = s;
		mp = &s->m_nextpkt;
		++*n;
	}
	m_freem(m);
	return (top);
}

/* RFC 7739: a counter for each hash of the two addresses, from an offset that is secret. */
static uint32_t
frag6_newid(struct vnet *vn, const struct ip6_hdr *ip6)
{
	const struct siphash_key sk = { vn->vn_kernel->k_hashkey[0], vn->vn_kernel->k_hashkey[1] ^ vn->vn_id };
	struct ip6_vnet *i6v = ip6_vnet(vn);
	const uint64_t h = siphash13(&sk, ip6->ip6_src, 32);

	return ((uint32_t)(h >> 32) + i6v->i6v_ids[h % IP6_NIDS]++);
}

/*
 * RFC 8200 4.5: the part that cannot be fragmented ends with hop-by-hop options and with a routing header and what is before it.  *len: bytes of it, with the
 * IPv6 header; *nxtat: where in it the first header behind it is named.  EINVAL: it is cut short.
 */
static int
frag6_unfragmentable(const struct mbuf *m, unsigned *len, unsigned *nxtat)
{
	unsigned off = IP6_HLEN, at = offsetof(struct ip6_hdr, ip6_nxt);
	uint8_t nxt = mtod(m, const struct ip6_hdr *)->ip6_nxt;
	struct ip6_ext ext;

	*len = off;
	*nxtat = at;
	for (unsigned n = 0; n < IP6_MAXEXT && (nxt == IPPROTO_HOPOPTS || nxt == IPPROTO_DSTOPTS || nxt == IPPROTO_ROUTING); n++) {
		if (m_copydata(m, off, sizeof(ext), &ext) != 0)
			return (EINVAL);
		at = off;
		off += (ext.ip6e_len + 1u) * 8;
		if (nxt != IPPROTO_DSTOPTS) {
			*len = off;
			*nxtat = at;
		}
		nxt = ext.ip6e_nxt;
	}
	return (off <= m->m_pkt.len ? 0 : EINVAL);
}

bool
ip6_canfragment(const struct mbuf *m, uint32_t mtu)
{
	unsigned unfrag, nxtat;

	return (frag6_unfragmentable(m, &unfrag, &nxtat) == 0 && unfrag + sizeof(struct ip6_frag) + 8 <= mtu);
}

/* [off, off + len) of what may be fragmented of m. */
static struct mbuf *
frag6_make(struct mbuf *m, unsigned unfrag, unsigned nxtat, const struct ip6_frag *fh, uint32_t off, uint32_t len)
{
	struct mbuf *f = ip_seg_make(m, sizeof(*fh), unfrag + off, len);

	if (f == NULL)
		return (NULL);
	memcpy(f->m_data, fh, sizeof(*fh));
	if ((f = m_prepend(f, unfrag)) == NULL)
		return (NULL);
	(void)m_copydata(m, 0, unfrag, f->m_data);
	f->m_data[nxtat] = IPPROTO_FRAGMENT;
	mtod(f, struct ip6_hdr *)->ip6_plen = HTONS(f->m_pkt.len - IP6_HLEN);
	f->m_pkt.csum_flags = 0;
	f->m_flags |= M_FRAG;
	return (f);
}

struct mbuf *
ip6_fragment(struct vnet *vn, struct mbuf *m, uint32_t mtu, unsigned *n)
{
	const uint32_t id = frag6_newid(vn, mtod(m, const struct ip6_hdr *));
	struct ip6_frag fh = { .ip6f_ident = HTONL(id) };
	struct mbuf *top = NULL, **mp = &top, *f;
	uint32_t off, len, dlen, room;
	unsigned unfrag, nxtat;

	*n = 0;
	(void)frag6_unfragmentable(m, &unfrag, &nxtat);
	(void)m_copydata(m, nxtat, sizeof(fh.ip6f_nxt), &fh.ip6f_nxt);
	dlen = m->m_pkt.len - unfrag;
	room = (mtu - unfrag - (uint32_t)sizeof(fh)) & ~7u;
	for (off = 0; off < dlen; off += len) {
		len = MIN(dlen - off, room);
		fh.ip6f_offlg = HTONS((off & IP6F_OFFMASK) | (off + len < dlen ? IP6F_MORE : 0));
		if ((f = frag6_make(m, unfrag, nxtat, &fh, off, len)) == NULL) {
			m_freeq(top);
			top = NULL;
			break;
		}
		*mp = f;
		mp = &f->m_nextpkt;
		++*n;
	}
	m_freem(m);
	return (top);
}

struct mbuf *
in6_delayed_cksum(struct mbuf *m)
{
	return (inet_delayed_cksum(m, IP6_HLEN));
}

/* The headers in one piece, as ip6_segment() wants them. */
static struct mbuf *
wire6_headers(struct mbuf *m)
{
	const uint32_t want = MIN(m->m_pkt.len, (uint32_t)IP6_HLEN + 60);

	if (m->m_len >= MIN(want, IP6_HLEN + sizeof(struct tcphdr)))
		return (m);
	return (m_pullup(m, want));
}

struct mbuf *
in6_wire(struct mbuf *m, bool sums)
{
	struct mbuf *top = NULL, **mp = &top, *next;
	unsigned n;

	if ((m = wire6_headers(m)) == NULL || m->m_pkt.len < IP6_HLEN)
		return (m);
	if (m->m_pkt.segsz != 0)
		m = ip6_segment(m, &n);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if (sums && (m = in6_delayed_cksum(m)) == NULL)
			continue;
		*mp = m;
		mp = &m->m_nextpkt;
	}
	return (top);
}
