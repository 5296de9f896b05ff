/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extension headers (RFC 8200 4).  No more than IP6_MAXEXT are looked through, and all of them lie in the first buffer when the walk is over: transports find
 * what is in front of them there.
 */
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip6/ip6_var.h"

struct mbuf *
ip6_in_drop(struct mbuf *m, const struct ip6_in *ii, enum in6_ifstat st, uint64_t *counter)
{
	++*counter;
	in6_ifcount(ii->ii_ifp, st);
	m_freem(m);
	return (NULL);
}

/* A header that is wrong, or means what we do not do. */
static void
ext_bad(const struct ip6_in *ii, uint64_t *counter)
{
	++*counter;
	in6_ifcount(ii->ii_ifp, IN6S_IN_HDRERR);
}

/* The header at ii_off, contiguous with all in front of it.  Counted and answered when it is not there. */
static struct mbuf *
ext_pull(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_in *ii, uint32_t len)
{
	const uint32_t want = ii->ii_off + len;

	if (m->m_pkt.len < want)
		return (ip6_in_drop(m, ii, IN6S_IN_TRUNCATED, &i6v->i6v_stat.i6s_tooshort));
	if (m->m_len < want && (m = m_pullup(m, want)) == NULL) {
		i6v->i6v_stat.i6s_nomem++;
		in6_ifcount(ii->ii_ifp, IN6S_IN_DISCARD);
	}
	return (m);
}

/* An option nobody knows: its type says what to do.  NULL: dropped. */
static struct mbuf *
ext_unknown(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_in *ii, const struct ip6_opt *io)
{
	const uint8_t action = IP6OPT_ACTION(io->io6_type);
	const bool group = in6_multicast((const uint8_t *)ii->ii_dst.in6);

	if (action == IP6OPT_SKIP)
		return (m);
	ext_bad(ii, &i6v->i6v_stat.i6s_badoptions);
	if (action == IP6OPT_ICMP || (action == IP6OPT_ICMPUNI && !group))
		icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION, (uint32_t)ii->ii_off + io->io6_off);
	else
		m_freem(m);
	return (NULL);
}

/* Hop-by-hop or destination options at ii_off: looked at, and stepped over. */
static struct mbuf *
ext_options(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii, bool hop)
{
	enum wire_error we;
	struct ip6_opt io;
	size_t off = 2;
	uint32_t len;

	if ((m = ext_pull(i6v, m, ii, 8)) == NULL)
		return (NULL);
	len = ((uint32_t)m->m_data[ii->ii_off + 1] + 1) * 8;
	if ((m = ext_pull(i6v, m, ii, len)) == NULL)
		return (NULL);
	while ((we = ip6_opt_next(m->m_data + ii->ii_off, len, &off, &io)) == WIRE_OK) {
		/* What routers are alerted to (RFC 2711) are group messages, which come to us anyway. */
		if (hop && io.io6_type == IP6OPT_RTALERT) {
			ii->ii_rtalert = io.io6_len == 2;
			ii->ii_alert = io.io6_len == 2 ? be16dec(io.io6_p) : 0;
			continue;
		}
		if ((m = ext_unknown(i6v, m, ii, &io)) == NULL)
			return (NULL);
	}
	if (we != WIRE_END) {
		ext_bad(ii, &i6v->i6v_stat.i6s_badoptions);
		icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, (uint32_t)(ii->ii_off + off));
		return (NULL);
	}
	ii->ii_nxt = m->m_data[ii->ii_off];
	ii->ii_nxtoff = ii->ii_off;
	ii->ii_off = (uint16_t)(ii->ii_off + len);
	return (m);
}

struct mbuf *
ip6_hopopts(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	return (ext_options(i6v, m, ii, true));
}

/* RFC 8200 4.4, RFC 5095: no kind of routing header is followed; one with nothing left to do is stepped over. */
static struct mbuf *
ext_routing(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	const struct ip6_rthdr *rh;

	if ((m = ext_pull(i6v, m, ii, 8)) == NULL)
		return (NULL);
	rh = (const struct ip6_rthdr *)(const void *)(m->m_data + ii->ii_off);
	if (rh->ip6r_segleft != 0) {
		ext_bad(ii, &i6v->i6v_stat.i6s_badroute);
		icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER,
		    (uint32_t)ii->ii_off + offsetof(struct ip6_rthdr, ip6r_type));
		return (NULL);
	}
	ii->ii_nxt = rh->ip6r_nxt;
	ii->ii_nxtoff = ii->ii_off;
	ii->ii_off = (uint16_t)(ii->ii_off + (rh->ip6r_len + 1u) * 8);
	return (ext_pull(i6v, m, ii, 0));
}

static struct mbuf *
ext_step(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	switch (ii->ii_nxt) {
	case IPPROTO_HOPOPTS:		/* only at the front (RFC 8200 4.1) */
		ext_bad(ii, &i6v->i6v_stat.i6s_badoptions);
		icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, ii->ii_nxtoff);
		return (NULL);
	case IPPROTO_DSTOPTS:
		return (ext_options(i6v, m, ii, false));
	case IPPROTO_ROUTING:
		return (ext_routing(i6v, m, ii));
	default:
		ii->ii_frag = true;
		if ((m = ext_pull(i6v, m, ii, sizeof(struct ip6_frag))) == NULL)
			return (NULL);
		return (frag6_input(i6v, m, ii));
	}
}

struct mbuf *
ip6_exthdrs(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	unsigned n;

	for (n = 0; n < IP6_MAXEXT; n++) {
		if (ii->ii_nxt != IPPROTO_HOPOPTS && ii->ii_nxt != IPPROTO_DSTOPTS && ii->ii_nxt != IPPROTO_ROUTING && ii->ii_nxt != IPPROTO_FRAGMENT)
			return (m);
		if ((m = ext_step(i6v, m, ii)) == NULL)
			return (NULL);
	}
	return (ip6_in_drop(m, ii, IN6S_IN_HDRERR, &i6v->i6v_stat.i6s_exthdrtoolong));
}

enum ip6_skip
ip6_skip_exthdrs(const struct mbuf *m, uint8_t *proto, uint32_t *off, bool fragments)
{
	struct ip6_frag fh;
	uint8_t ext[2];

	for (unsigned n = 0; n < IP6_MAXEXT; n++) {
		switch (*proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_AH:
			if (m_copydata(m, *off, sizeof(ext), ext) != 0)
				return (IP6_SKIP_SHORT);
			*off += *proto == IPPROTO_AH ? (ext[1] + 2u) * 4 : (ext[1] + 1u) * 8;
			*proto = ext[0];
			break;
		case IPPROTO_FRAGMENT:
			if (!fragments)
				return (IP6_SKIPPED);
			if (m_copydata(m, *off, sizeof(fh), &fh) != 0)
				return (IP6_SKIP_SHORT);
			if ((NTOHS(fh.ip6f_offlg) & IP6F_OFFMASK) != 0)
				return (IP6_SKIP_LATER);
			*proto = fh.ip6f_nxt;
			*off += (uint32_t)sizeof(fh);
			break;
		default:
			return (IP6_SKIPPED);
		}
	}
	return (IP6_SKIP_MANY);
}
