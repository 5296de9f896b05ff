/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ip.h"

#include "base/assert.h"

/* Decodes the fields that are there as soon as the fixed header is. */
static void
ip_decode(const struct ip *ip, struct ip_info *out)
{
	uint16_t off = NTOHS(ip->ip_off);

	out->ii_hlen = (uint16_t)ip_hlen(ip);
	out->ii_len = NTOHS(ip->ip_len);
	out->ii_id = NTOHS(ip->ip_id);
	out->ii_off = (uint16_t)((off & IP_OFFMASK) << 3);
	out->ii_df = (off & IP_DF) != 0;
	out->ii_mf = (off & IP_MF) != 0;
	out->ii_rf = (off & IP_RF) != 0;
	out->ii_frag = (off & (IP_MF | IP_OFFMASK)) != 0;
	out->ii_tos = ip->ip_tos;
	out->ii_ttl = ip->ip_ttl;
	out->ii_p = ip->ip_p;
	out->ii_src = ip->ip_src;
	out->ii_dst = ip->ip_dst;
}

/*
 * RFC 791 3.2: every piece but the last holds a multiple of 8 bytes, and no datagram is longer than
 * 65535; a piece that says otherwise can only harm the reassembly.
 */
static bool
ip_frag_valid(const struct ip_info *ii)
{
	if (ii->ii_mf && (ii->ii_plen & 7) != 0)
		return (false);
	if (ii->ii_mf && ii->ii_plen == 0)
		return (false);
	return ((uint32_t)ii->ii_hlen + ii->ii_off + ii->ii_plen <= IP_MAXPACKET);
}

enum wire_error
ip_check(const void *p, size_t clen, size_t plen, struct ip_info *out)
{
	const struct ip *ip = p;

	*out = (struct ip_info){ .ii_need = IP_MINHLEN };
	if (plen < IP_MINHLEN)
		return (WIRE_SHORT);
	if (clen < IP_MINHLEN)
		return (WIRE_PULLUP);
	/* RFC 1122 3.2.1.1: another version is discarded silently. */
	if (ip_v(ip) != IPVERSION)
		return (WIRE_BADVERS);
	ip_decode(ip, out);
	if (out->ii_hlen < IP_MINHLEN)
		return (WIRE_BADHLEN);
	if (out->ii_len < out->ii_hlen || out->ii_len > plen)
		return (WIRE_BADLEN);
	out->ii_need = out->ii_hlen;
	if (clen < out->ii_hlen)
		return (WIRE_PULLUP);
	out->ii_optlen = (uint16_t)(out->ii_hlen - IP_MINHLEN);
	out->ii_plen = (uint16_t)(out->ii_len - out->ii_hlen);
	if (out->ii_frag && !ip_frag_valid(out))
		return (WIRE_BADFRAG);
	return (WIRE_OK);
}

/* Five words are the rule, so they are spared the general loop. */
static inline uint32_t
ip_sum(const uint8_t *p, size_t hlen)
{
	uint64_t sum;

	if (hlen != IP_MINHLEN)
		return (cksum_add(p, hlen, 0));
	sum = (uint64_t)u32load(p) + u32load(p + 4) + u32load(p + 8) + u32load(p + 12) +
	    u32load(p + 16);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return ((uint32_t)((sum & 0xffff) + (sum >> 16)));
}

enum wire_error
ip_sum_check(const void *p, size_t hlen)
{
	return (wire_sum_check(ip_sum(p, hlen)));
}

uint16_t
ip_sum_make(const void *p, size_t hlen)
{
	return (cksum_fold(ip_sum(p, hlen)));
}

void
ip_ttl_decrement(struct ip *ip)
{
	uint16_t old = u16load(&ip->ip_ttl), new;	/* the word of ip_ttl and ip_p */

	ip->ip_ttl = (uint8_t)(ip->ip_ttl - IPTTLDEC);
	new = u16load(&ip->ip_ttl);
	ip->ip_sum = cksum_update16(ip->ip_sum, old, new);
}

void
ip_opt_init(struct ip_opt_iter *it, const void *p, size_t hlen)
{
	VI_ASSERT(hlen >= IP_MINHLEN && hlen <= IP_MAXHLEN);
	*it = (struct ip_opt_iter){ .it_hdr = p, .it_off = IP_MINHLEN, .it_end = (uint8_t)hlen };
}

/*
 * Routes and timestamps hold a pointer (counted from 1) to the next free slot of the given size.
 * RFC 791 3.1: a pointer past the option means it is full, which is fine; room for part of a slot
 * is an error.
 */
static uint8_t
bad_slots(const uint8_t *o, uint8_t len, uint8_t minptr, uint8_t slot)
{
	uint8_t ptr;

	if (len < minptr - 1)
		return (IPOPT_OLEN);
	ptr = o[IPOPT_OFFSET];
	if (ptr < minptr)
		return (IPOPT_OFFSET);
	if (ptr <= len && len - ptr + 1 < slot)
		return (IPOPT_OFFSET);
	return (0);
}

static uint8_t
bad_timestamp(const uint8_t *o, uint8_t len)
{
	uint8_t flags;

	if (len < IPOPT_TS_MINOFF - 1)
		return (IPOPT_OLEN);
	flags = o[3] & 0x0f;
	if (flags != IPOPT_TS_TSONLY && flags != IPOPT_TS_TSANDADDR && flags != IPOPT_TS_PRESPEC)
		return (3);
	return (bad_slots(o, len, IPOPT_TS_MINOFF, flags == IPOPT_TS_TSONLY ? 4 : 8));
}

/*
 * Offset in the option of its first wrong byte, or 0.  The extent is known to be inside the
 * header.
 */
static uint8_t
ip_opt_bad(const uint8_t *o, uint8_t len)
{
	switch (o[IPOPT_OPTVAL]) {
	case IPOPT_RR:
	case IPOPT_LSRR:
	case IPOPT_SSRR:
		return (bad_slots(o, len, IPOPT_MINOFF, 4));
	case IPOPT_TS:
		return (bad_timestamp(o, len));
	case IPOPT_RA:		/* RFC 2113 2.1; the stream id, of the same length, is ignored whatever it is (RFC 1122 3.2.1.8 b) */
		return (len == 4 ? 0 : IPOPT_OLEN);
	default:
		return (0);
	}
}

static enum wire_error
ip_opt_fail(struct ip_opt_iter *it, unsigned int bad)
{
	it->it_bad = (uint8_t)bad;
	it->it_off = it->it_end;	/* nothing after it can be trusted */
	return (WIRE_BADOPT);
}

enum wire_error
ip_opt_next(struct ip_opt_iter *it, struct ip_opt *out)
{
	const uint8_t *o;
	uint8_t bad, len, room;

	while (it->it_off < it->it_end && it->it_hdr[it->it_off] == IPOPT_NOP)
		it->it_off++;
	if (it->it_off >= it->it_end || it->it_hdr[it->it_off] == IPOPT_EOL) {
		it->it_off = it->it_end;
		return (WIRE_END);
	}
	o = it->it_hdr + it->it_off;
	room = (uint8_t)(it->it_end - it->it_off);
	if (room < 2)
		return (ip_opt_fail(it, it->it_off));
	len = o[IPOPT_OLEN];
	if (len < 2 || len > room)
		return (ip_opt_fail(it, it->it_off + IPOPT_OLEN));
	if ((bad = ip_opt_bad(o, len)) != 0)
		return (ip_opt_fail(it, (unsigned int)it->it_off + bad));
	*out = (struct ip_opt){ .io_type = o[0], .io_len = len, .io_off = it->it_off, .io_p = o };
	it->it_off = (uint8_t)(it->it_off + len);
	return (WIRE_OK);
}

bool
ip_opt_has(const void *p, size_t hlen, uint8_t type)
{
	struct ip_opt_iter it;
	struct ip_opt opt;

	ip_opt_init(&it, p, hlen);
	while (ip_opt_next(&it, &opt) == WIRE_OK)
		if (opt.io_type == type)
			return (true);
	return (false);
}
