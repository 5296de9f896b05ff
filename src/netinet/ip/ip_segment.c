/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/ip/ip_segment.h"

#include <string.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "wire/ip.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* Room for link headers in front of headers that fill most of an mbuf. */
#define SEG_LEAD	16

_Static_assert(SEG_LEAD + IP_MAXHLEN + 60 <= MLEN, "the longest headers fit one mbuf");

struct mbuf *
ip_seg_make(struct mbuf *m, unsigned hlen, uint32_t off, uint32_t len)
{
	struct mbuf *h = m_gethdr(m->m_as);

	if (h == NULL)
		return (NULL);
	if (m_trailingspace(h) < hlen)
		h->m_data = m_bufstart(h) + SEG_LEAD;
	h->m_len = hlen;
	if (len > 0 && (h->m_next = m_copym(m, off, len, m->m_as)) == NULL) {
		m_freem(h);
		return (NULL);
	}
	h->m_pkt = m->m_pkt;
	h->m_pkt.len = hlen + len;
	h->m_pkt.segsz = 0;
	h->m_flags |= m->m_flags & (M_BCAST | M_MCAST | M_LOOP);
	return (h);
}

unsigned
ip_segment_hdrlen(const struct mbuf *m)
{
	const struct ip *ip = mtod(m, const struct ip *);
	unsigned hlen = ip_hlen(ip), thlen;

	if (ip->ip_p == IPPROTO_UDP)
		return (hlen + UDP_HDRLEN);
	if (ip->ip_p != IPPROTO_TCP || m->m_len < hlen + sizeof(struct tcphdr))
		return (0);
	thlen = (unsigned)(m->m_data[hlen + 12] >> 4) << 2;
	return (thlen < sizeof(struct tcphdr) ? 0 : hlen + thlen);
}

/* The fields of TCP that differ from one to the next (RFC 9293 3.1). */
static void
seg_tcp(struct mbuf *s, unsigned hlen, uint32_t off, bool last)
{
	struct tcphdr *th = (struct tcphdr *)(void *)(s->m_data + hlen);
	const struct ip *ip = mtod(s, struct ip *);

	th->th_seq = HTONL(NTOHL(th->th_seq) + off);
	if (off > 0)
		s->m_data[hlen + 13] &= (uint8_t)~TH_CWR;	/* RFC 3168 6.1.2: once */
	if (!last)
		s->m_data[hlen + 13] &= (uint8_t)~(TH_FIN | TH_PUSH);
	th->th_sum = cksum_reduce(in_pseudo(ip->ip_src, ip->ip_dst, IPPROTO_TCP, (uint16_t)(s->m_pkt.len - hlen)));
	s->m_pkt.csum_flags = CSUM_TCP | CSUM_IP_VALID;
}

/* Each is a datagram.  One without checksum stays so. */
static void
seg_udp(struct mbuf *s, unsigned hlen)
{
	struct udphdr *uh = (struct udphdr *)(void *)(s->m_data + hlen);
	const struct ip *ip = mtod(s, struct ip *);
	uint16_t len = (uint16_t)(s->m_pkt.len - hlen);

	uh->uh_ulen = HTONS(len);
	s->m_pkt.csum_flags = CSUM_IP_VALID;
	if (uh->uh_sum == 0)
		return;
	uh->uh_sum = cksum_reduce(in_pseudo(ip->ip_src, ip->ip_dst, IPPROTO_UDP, len));
	s->m_pkt.csum_flags |= CSUM_UDP;
}

/* The headers of the segment at data offset off. */
static void
seg_headers(struct mbuf *s, const uint8_t *hdr, unsigned hlen, unsigned hdrlen, uint32_t off, bool last)
{
	struct ip *ip = mtod(s, struct ip *);

	memcpy(s->m_data, hdr, hdrlen);
	ip->ip_len = HTONS(s->m_pkt.len);
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
	if (ip->ip_p == IPPROTO_TCP)
		seg_tcp(s, hlen, off, last);
	else
		seg_udp(s, hlen);
	s->m_pkt.l3hlen = (uint8_t)hlen;
}

struct mbuf *
ip_segment(struct mbuf *m, unsigned *n)
{
	uint8_t hdr[IP_MAXHLEN + 60];
	unsigned hlen = ip_hlen(mtod(m, struct ip *)), hdrlen = ip_segment_hdrlen(m);
	uint32_t off, len, dlen, segsz = m->m_pkt.segsz;
	struct mbuf *top = NULL, **mp = &top, *s;

	*n = 0;
	if (hdrlen == 0 || hdrlen > m->m_pkt.len || segsz == 0 ||
	    m_copydata(m, 0, hdrlen, hdr) != 0) {
		m_freem(m);
		return (NULL);
	}
	dlen = m->m_pkt.len - hdrlen;
	for (off = 0; off < dlen || off == 0; off += len) {
		len = MIN(segsz, dlen - off);
		if ((s = ip_seg_make(m, hdrlen, hdrlen + off, len)) == NULL) {
			m_freeq(top);
			top = NULL;
			break;
		}
		seg_headers(s, hdr, hlen, hdrlen, off, off + len == dlen);
		/* RFC 6864: each is a datagram of its own. */
		((struct ip *)(void *)hdr)->ip_id = HTONS(NTOHS(((struct ip *)(void *)hdr)->ip_id) + 1);
		*mp = s;
		mp = &s->m_nextpkt;
		++*n;
		if (dlen == 0)
			break;
	}
	m_freem(m);
	return (top);
}

static void
frag_header(struct mbuf *f, const uint8_t *hdr, unsigned hlen, const uint8_t *opts, unsigned optlen, uint32_t off, bool more)
{
	struct ip *ip = mtod(f, struct ip *);
	const struct ip *oip = (const struct ip *)(const void *)hdr;
	uint16_t ooff = NTOHS(oip->ip_off);

	memcpy(f->m_data, hdr, off == 0 ? hlen : IP_MINHLEN);
	if (off != 0)
		memcpy(f->m_data + IP_MINHLEN, opts, optlen);
	ip_set_vhl(ip, off == 0 ? hlen : IP_MINHLEN + optlen);
	ip->ip_len = HTONS(f->m_pkt.len);
	ip->ip_off = HTONS((ooff & (IP_RF | IP_MF)) | (more ? IP_MF : 0) | ((ooff & IP_OFFMASK) + (off >> 3)));
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, ip_hlen(ip));
	f->m_pkt.csum_flags = CSUM_IP_VALID;
	f->m_flags |= M_FRAG;
}

struct mbuf *
ip_fragment(struct mbuf *m, uint32_t mtu, unsigned *n)
{
	uint8_t hdr[IP_MAXHLEN], opts[MAX_IPOPTLEN];
	unsigned hlen = ip_hlen(mtod(m, struct ip *)), optlen, fhlen;
	uint32_t off, len, dlen = m->m_pkt.len - hlen;
	struct mbuf *top = NULL, **mp = &top, *f;

	*n = 0;
	memcpy(hdr, m->m_data, hlen);
	optlen = ip_optcopy(hdr, hlen, opts);
	for (off = 0; off < dlen; off += len) {
		fhlen = off == 0 ? hlen : IP_MINHLEN + optlen;
		len = MIN(dlen - off, (mtu - fhlen) & ~7u);
		if ((f = ip_seg_make(m, fhlen, hlen + off, len)) == NULL) {
			m_freeq(top);
			top = NULL;
			break;
		}
		frag_header(f, hdr, hlen, opts, optlen, off, off + len < dlen);
		*mp = f;
		mp = &f->m_nextpkt;
		++*n;
	}
	m_freem(m);
	return (top);
}

struct mbuf *
inet_delayed_cksum(struct mbuf *m, unsigned hlen)
{
	unsigned at;
	uint16_t sum;

	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) == 0)
		return (m);
	at = hlen + (m->m_pkt.csum_flags & CSUM_TCP ? (unsigned)offsetof(struct tcphdr, th_sum) : (unsigned)offsetof(struct udphdr, uh_sum));
	/* The field holds the pseudo header's sum and is part of what is summed. */
	sum = cksum_fold(m_cksum(m, hlen, m->m_pkt.len - hlen, 0));
	if (m->m_pkt.csum_flags & CSUM_UDP)
		sum = udp_sum_field(sum);
	if (m_copyback(m, at, sizeof(sum), &sum) != 0) {
		m_freem(m);
		return (NULL);
	}
	m->m_pkt.csum_flags = (uint16_t)((m->m_pkt.csum_flags & ~CSUM_DELAY_DATA) | CSUM_DATA_VALID);
	return (m);
}

struct mbuf *
in_delayed_cksum(struct mbuf *m)
{
	return (inet_delayed_cksum(m, ip_hlen(mtod(m, const struct ip *))));
}

/* The headers in one piece, as ip_segment() wants them. */
static struct mbuf *
wire_headers(struct mbuf *m)
{
	const uint32_t want = MIN(m->m_pkt.len, (uint32_t)IP_MAXHLEN + 60);
	unsigned hlen;

	if (m->m_len < MIN(want, IP_MINHLEN) && (m = m_pullup(m, want)) == NULL)
		return (NULL);
	hlen = ip_hlen(mtod(m, const struct ip *));
	if (m->m_len >= MIN(want, hlen + sizeof(struct tcphdr)))
		return (m);
	return (m_pullup(m, want));
}

struct mbuf *
in_wire(struct mbuf *m, bool sums)
{
	struct mbuf *top = NULL, **mp = &top, *next;
	unsigned n;

	if ((m = wire_headers(m)) == NULL || m->m_pkt.len < IP_MINHLEN)
		return (m);
	if (m->m_pkt.segsz != 0)
		m = ip_segment(m, &n);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if (sums && (m = in_delayed_cksum(m)) == NULL)
			continue;
		*mp = m;
		mp = &m->m_nextpkt;
	}
	return (top);
}
