/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly of IPv6 (netinet/ip/reass.c): fragments of one source, destination and id (RFC 8200 4.5) belong together.  A fragment that is the whole (atomic) is
 * never mixed with others (RFC 6946).  A datagram waits 60 seconds.
 */
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip6/ip6_var.h"

#define FRAG6_MAXHDR	200	/* headers in front of a fragment's data */

static void
frag6_expired(struct vnet *vn, struct mbuf *m)
{
	icmp6_error(vn, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, 0);
}

static void
frag6_lost(const struct mbuf *m)
{
	in6_ifcount(m->m_pkt.rcvif, IN6S_REASS_FAIL);
}

static const struct reass_ops frag6_ops = {
	.ro_ttl = 60 * UINT64_C(1000000000),	/* RFC 8200 4.5 */
	.ro_keywords = 9,
	.ro_sticky = true,
	.ro_expired = frag6_expired,
	.ro_lost = frag6_lost,
};

void
frag6_init(struct ip6_vnet *i6v)
{
	const struct reass_counters rc = { &i6v->i6v_stat.i6s_fragdropped, &i6v->i6v_stat.i6s_fragoverlap, &i6v->i6v_stat.i6s_fragtimeout };

	reass_init(&i6v->i6v_reass, i6v->i6v_vnet, &frag6_ops, &rc);
}

/*
 * The fragment header at ii_off goes: what is in front of it moves up.  m_data at the IPv6 header, all headers contiguous and writable.
 */
static struct mbuf *
frag6_strip(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii, uint8_t nxt, bool ce)
{
	struct ip6_hdr *ip6;

	if (!m_writable(m) && (m = m_pullup(m, ii->ii_off + sizeof(struct ip6_frag))) == NULL) {
		i6v->i6v_stat.i6s_nomem++;
		in6_ifcount(ii->ii_ifp, IN6S_REASS_FAIL);
		return (NULL);
	}
	m->m_data[ii->ii_nxtoff] = nxt;
	memmove(m->m_data + sizeof(struct ip6_frag), m->m_data, ii->ii_off);
	m_adj(m, sizeof(struct ip6_frag));
	ip6 = mtod(m, struct ip6_hdr *);
	ip6->ip6_plen = HTONS(m->m_pkt.len - IP6_HLEN);
	if (ce)
		ip6->ip6_flow |= HTONL((uint32_t)IPTOS_ECN_CE << 20);
	ii->ii6.i6_tclass = ip6_tclass(ip6);
	ii->ii6.i6_plen = (uint16_t)(m->m_pkt.len - IP6_HLEN);
	ii->ii_nxt = nxt;
	return (m);
}

static struct mbuf *
frag6_complete(struct ip6_vnet *i6v, struct mbuf *m, const struct reass_whole *rw, struct ip6_in *ii)
{
	ii->ii_nxtoff = (uint16_t)(rw->rw_note >> 8);
	ii->ii_fragmax = rw->rw_fragmax;
	ii->ii_off = (uint16_t)(m->m_pkt.l3hlen - sizeof(struct ip6_frag));
	m->m_pkt.csum_flags = 0;
	if (rw->rw_badecn || m->m_pkt.len - sizeof(struct ip6_frag) > IP6_HLEN + IPV6_MAXPACKET)
		return (ip6_in_drop(m, ii, IN6S_REASS_FAIL, &i6v->i6v_stat.i6s_fragbad));
	i6v->i6v_stat.i6s_reassembled++;
	in6_ifcount(ii->ii_ifp, IN6S_REASS_OK);
	return (frag6_strip(i6v, m, ii, (uint8_t)rw->rw_note, rw->rw_ce));
}

/* RFC 8200 4.5: lengths that cannot be.  True: counted, answered, gone. */
static bool
frag6_bad(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_in *ii, uint32_t off, uint32_t len, bool more)
{
	uint32_t at;

	if (more && len % 8 != 0)
		at = offsetof(struct ip6_hdr, ip6_plen);
	else if (off + len > IPV6_MAXPACKET)
		at = ii->ii_off + (uint32_t)offsetof(struct ip6_frag, ip6f_offlg);
	else
		return (false);
	i6v->i6v_stat.i6s_fragbad++;
	in6_ifcount(ii->ii_ifp, IN6S_REASS_FAIL);
	icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, at);
	return (true);
}

/* The least a first fragment has of these. */
static uint32_t
frag6_upperlen(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return (20);
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
		return (8);
	default:
		return (0);
	}
}

/* RFC 8200 4.5, RFC 7112 5: do all headers lie in the first fragment?  off: of what is behind the fragment header. */
static bool
frag6_headers(const struct mbuf *m, uint32_t off, uint8_t proto)
{
	if (ip6_skip_exthdrs(m, &proto, &off, false) == IP6_SKIP_SHORT)
		return (false);
	return (off + frag6_upperlen(proto) <= m->m_pkt.len);
}

static struct mbuf *
frag6_add(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii, const struct ip6_frag *fh)
{
	const uint16_t offlg = NTOHS(fh->ip6f_offlg);
	const unsigned hlen = ii->ii_off + (unsigned)sizeof(*fh);
	struct reass_frag rf = {
		.rf_hlen = hlen,
		.rf_off = offlg & IP6F_OFFMASK,
		.rf_len = m->m_pkt.len - hlen,
		.rf_last = (offlg & IP6F_MORE) == 0,
		.rf_ecn = ii->ii6.i6_tclass & IPTOS_ECN_MASK,
		/* where the chain of headers names the fragment header, and what that names */
		.rf_note = (uint32_t)ii->ii_nxtoff << 8 | fh->ip6f_nxt,
	};
	struct reass_whole rw;

	memcpy(rf.rf_key, ii->ii_src.in6, 16);
	memcpy(rf.rf_key + 4, ii->ii_dst.in6, 16);
	rf.rf_key[8] = fh->ip6f_ident;
	if ((m = reass_add(&i6v->i6v_reass, m, &rf, &rw)) == NULL)
		return (NULL);
	return (frag6_complete(i6v, m, &rw, ii));
}

struct mbuf *
frag6_input(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	struct ip6_frag fh;
	uint32_t len;
	uint16_t offlg;

	i6v->i6v_stat.i6s_fragments++;
	in6_ifcount(ii->ii_ifp, IN6S_REASS_REQD);
	memcpy(&fh, m->m_data + ii->ii_off, sizeof(fh));
	offlg = NTOHS(fh.ip6f_offlg);
	len = m->m_pkt.len - ii->ii_off - (uint32_t)sizeof(fh);
	if (ii->ii_off + sizeof(fh) > FRAG6_MAXHDR)
		return (ip6_in_drop(m, ii, IN6S_REASS_FAIL, &i6v->i6v_stat.i6s_exthdrtoolong));
	if (frag6_bad(i6v, m, ii, offlg & IP6F_OFFMASK, len, (offlg & IP6F_MORE) != 0))
		return (NULL);
	if ((offlg & (IP6F_OFFMASK | IP6F_MORE)) == 0) {	/* RFC 6946: by itself */
		i6v->i6v_stat.i6s_atomicfrags++;
		in6_ifcount(ii->ii_ifp, IN6S_REASS_OK);
		ii->ii_fragmax = (uint16_t)MIN(m->m_pkt.len, (uint32_t)UINT16_MAX);
		return (frag6_strip(i6v, m, ii, fh.ip6f_nxt, false));
	}
	if (len == 0)
		return (ip6_in_drop(m, ii, IN6S_REASS_FAIL, &i6v->i6v_stat.i6s_fragbad));
	if ((offlg & IP6F_OFFMASK) == 0 && !frag6_headers(m, ii->ii_off + (uint32_t)sizeof(fh), fh.ip6f_nxt)) {
		i6v->i6v_stat.i6s_fragbad++;
		in6_ifcount(ii->ii_ifp, IN6S_REASS_FAIL);
		icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_FIRSTFRAG, 0);
		return (NULL);
	}
	return (frag6_add(i6v, m, ii, &fh));
}
