/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes the packet parsers of src/wire and the text and checksum functions
 * of src/base.  The first byte selects the parser, the second says how much of the rest is
 * contiguous and how much longer the message claims to be; the contiguous part is handed over in
 * a block of exactly its size.  Besides not crashing:
 *	- WIRE_PULLUP asks for more than there is and no more than the message has;
 *	- making more contiguous until it stops asking ends with the verdict on the whole;
 *	- what is accepted has lengths that add up, and survives being built and parsed again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "wire/arp.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/igmp.h"
#include "wire/mld.h"
#include "wire/ip.h"
#include "wire/ip6.h"
#include "wire/nd6.h"
#include "wire/tcp.h"
#include "wire/udp.h"
#include "tests/fuzz/target.h"

/* One parser: verdict, and how many contiguous bytes it asked for. */
struct target {
	enum wire_error	(*t_check)(const uint8_t *p, size_t clen, size_t plen, size_t *need);
	void		(*t_whole)(const uint8_t *p, size_t len);
};

static enum wire_error
check_ether(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct ether_info ei;
	enum wire_error e = ether_check(p, clen, plen, &ei);

	*need = ei.ei_need;
	if (e == WIRE_OK)
		REQUIRE(ei.ei_hlen == ETHER_HDR_LEN && (ei.ei_type == 0 || ei.ei_len8023 == 0) &&
		    ei.ei_hlen + (size_t)ei.ei_len8023 <= plen);
	return (e);
}

static enum wire_error
check_vlan(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	uint16_t tag, type;

	*need = sizeof(struct ether_vlan_header);
	return (ether_vlan_check(p, clen, plen, &tag, &type));
}

static enum wire_error
check_arp(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct ether_arp ea;
	struct arp_info ai;
	enum wire_error e = arp_check(p, clen, plen, &ai);

	*need = ai.ai_need;
	if (e == WIRE_OK) {
		arp_build(&ea, ai.ai_op, ai.ai_sha, ai.ai_spa, ai.ai_tha, ai.ai_tpa);
		REQUIRE(memcmp((uint8_t *)&ea + 2, p + 2, sizeof(ea) - 2) == 0);
	}
	return (e);
}

static enum wire_error
check_ip(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct ip_info ii;
	enum wire_error e = ip_check(p, clen, plen, &ii);

	*need = ii.ii_need;
	if (e == WIRE_OK) {
		REQUIRE(ii.ii_hlen <= clen && ii.ii_len <= plen);
		REQUIRE(ii.ii_hlen + ii.ii_plen == ii.ii_len);
		REQUIRE(ii.ii_frag == (ii.ii_mf || ii.ii_off != 0));
		REQUIRE(ii.ii_hlen == IP_MINHLEN + ii.ii_optlen);
	}
	return (e);
}

/* The header alone: options, checksum, time to live. */
static void
whole_ip(const uint8_t *p, size_t len)
{
	uint8_t hdr[IP_MAXHLEN];
	struct ip *ip = (struct ip *)hdr;
	struct ip_opt_iter it;
	struct ip_info ii;
	struct ip_opt o;
	enum wire_error e;
	unsigned int end = IP_MINHLEN;

	if (ip_check(p, len, len, &ii) != WIRE_OK)
		return;
	memcpy(hdr, p, ii.ii_hlen);
	ip_opt_init(&it, p, ii.ii_hlen);
	while ((e = ip_opt_next(&it, &o)) == WIRE_OK) {
		REQUIRE(o.io_off >= end && o.io_len >= 2 && o.io_p == p + o.io_off);
		end = (unsigned int)o.io_off + o.io_len;
		REQUIRE(end <= ii.ii_hlen);
	}
	REQUIRE(e == WIRE_END || (it.it_bad >= end && it.it_bad < ii.ii_hlen));
	REQUIRE(ip_opt_next(&it, &o) == WIRE_END);
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(hdr, ii.ii_hlen);
	REQUIRE(ip_sum_check(hdr, ii.ii_hlen) == WIRE_OK);
	ip_ttl_decrement(ip);
	REQUIRE(ip_sum_check(hdr, ii.ii_hlen) == WIRE_OK);
}

static enum wire_error
check_icmp(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct icmp_info ic;
	enum wire_error e = icmp_check(p, clen, plen, &ic);

	*need = ic.ic_need;
	if (e == WIRE_OK && ic.ic_error)
		REQUIRE(ic.ic_toff == ICMP_MINLEN + ic.ic_ihlen && ic.ic_toff + 8u <= clen);
	return (e);
}

static enum wire_error
check_igmp(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct igmp_info ig;
	enum wire_error e = igmp_check(p, clen, plen, &ig);

	*need = ig.ig_need;
	if (e == WIRE_OK && ig.ig_nsrcs > 0)
		REQUIRE(ig.ig_srcs >= p && ig.ig_srcs + ig.ig_nsrcs * 4 <= p + clen);
	return (e);
}

static enum wire_error
check_mld(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct mld_info ml;
	enum wire_error e = mld_query_check(p, clen, plen, &ml);

	*need = ml.ml_need;
	if (e == WIRE_OK && ml.ml_nsrcs > 0)
		REQUIRE(ml.ml_srcs >= p && ml.ml_srcs + ml.ml_nsrcs * 16 <= p + clen);
	return (e);
}

static enum wire_error
check_ip6(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct ip6_info i6;
	enum wire_error e = ip6_check(p, clen, plen, &i6);

	*need = i6.i6_need;
	if (e == WIRE_OK)
		REQUIRE(clen >= sizeof(struct ip6_hdr) && sizeof(struct ip6_hdr) + i6.i6_plen <= plen);
	return (e);
}

/* An options header, and the options of a message of neighbour discovery: each lies within, behind the one before. */
static void
whole_ip6_opts(const uint8_t *p, size_t len)
{
	size_t off = 2, end = 2;
	struct ip6_opt o;
	enum wire_error e;

	if (len < 2)
		return;
	while ((e = ip6_opt_next(p, len, &off, &o)) == WIRE_OK) {
		REQUIRE(o.io6_off >= end && o.io6_p == p + o.io6_off + 2 && o.io6_p + o.io6_len <= p + len);
		end = (size_t)o.io6_off + 2 + o.io6_len;
	}
	REQUIRE(e == WIRE_END || (e == WIRE_BADOPT && off < len));
}

static void
whole_nd_opts(const uint8_t *p, size_t len)
{
	const uint8_t *end = p;
	struct nd_opt o;
	size_t off = 0;
	enum wire_error e;

	while ((e = nd_opt_next(p, len, &off, &o)) == WIRE_OK) {
		REQUIRE(o.no_p >= end && o.no_len >= 8 && o.no_len % 8 == 0 && o.no_p + o.no_len <= p + len);
		end = o.no_p + o.no_len;
	}
	REQUIRE(e == WIRE_END || e == WIRE_BADOPT);
}

static enum wire_error
check_udp(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct udp_info ui;
	enum wire_error e = udp_check(p, clen, plen, &ui);

	*need = ui.ui_need;
	if (e == WIRE_OK)
		REQUIRE(ui.ui_len <= plen && ui.ui_dlen + UDP_HDRLEN == ui.ui_len);
	return (e);
}

static enum wire_error
check_tcp(const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	struct tcp_hdr_info hi;
	enum wire_error e = tcp_check(p, clen, plen, &hi);

	*need = hi.hi_need;
	if (e == WIRE_OK)
		REQUIRE(hi.hi_hlen <= clen && (size_t)hi.hi_hlen + hi.hi_dlen == plen &&
		    hi.hi_hlen == TCP_MINHLEN + hi.hi_optlen);
	return (e);
}

/* What was parsed, built again and parsed again, says the same, as far as it fits. */
static void
rebuild_tcp_opts(const struct tcp_opts *to, bool syn)
{
	uint8_t buf[TCP_MAXOLEN + 1];
	struct tcp_opts again;
	size_t len, need, room;

	if ((to->to_flags & TOF_AO) != 0 && to->to_aolen == 0)
		return;			/* a wrong one, which nobody builds */
	need = tcp_opts_need(to);
	for (room = 0; room <= TCP_MAXOLEN; room++) {
		buf[room] = 0x5a;
		len = tcp_opts_build(to, buf, room);
		REQUIRE(len <= room && len % 4 == 0 && buf[room] == 0x5a);
		REQUIRE(tcp_opts_parse(buf, len, syn, &again) == WIRE_OK);
		REQUIRE((again.to_flags & ~to->to_flags) == 0);
		if (len < need)
			continue;
		REQUIRE(again.to_flags == (to->to_flags & ~TOF_UNKNOWN));
		REQUIRE(again.to_mss == to->to_mss && again.to_wscale == to->to_wscale);
		REQUIRE(again.to_tsval == to->to_tsval && again.to_tsecr == to->to_tsecr);
		REQUIRE(again.to_nsack == to->to_nsack && again.to_tfolen == to->to_tfolen);
		REQUIRE(memcmp(again.to_sack, to->to_sack,
		    to->to_nsack * sizeof(to->to_sack[0])) == 0);
	}
}

static void
whole_tcp_opts(const uint8_t *p, size_t len)
{
	struct tcp_opts to;
	uint32_t ecr, val;
	int off, syn;

	len = MIN(len, TCP_MAXOLEN);
	for (syn = 0; syn < 2; syn++) {
		tcp_opts_parse(p, len, syn, &to);
		REQUIRE(to.to_nsack <= TCP_MAX_SACK && to.to_wscale <= TCP_MAX_WINSHIFT);
		if ((to.to_flags & TOF_FASTOPEN) != 0)
			REQUIRE(to.to_tfo >= p && to.to_tfo + to.to_tfolen <= p + len);
		if ((to.to_flags & TOF_AO) != 0)
			REQUIRE(to.to_ao >= p && to.to_ao + to.to_aolen <= p + len);
		if ((to.to_flags & TOF_SIGNATURE) != 0)
			REQUIRE(to.to_md5 >= p && to.to_md5 + 16 <= p + len);
		rebuild_tcp_opts(&to, syn);
	}
	if (tcp_opts_fast_ts(p, len, &val, &ecr))
		REQUIRE(to.to_flags == TOF_TS && to.to_tsval == val && to.to_tsecr == ecr);
	if (len > 0) {
		off = tcp_opt_find(p, len, p[len - 1]);
		REQUIRE(off == -1 || ((size_t)off + 1 < len && (size_t)off + p[off + 1] <= len &&
		    p[off] == p[len - 1]));
	}
}

static void
whole_tcp(const uint8_t *p, size_t len)
{
	struct tcp_hdr_info hi;

	if (tcp_check(p, len, len, &hi) == WIRE_OK)
		whole_tcp_opts(p + TCP_MINHLEN, hi.hi_optlen);
}

static void
whole_checksum(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	uint32_t pieces, sum = cksum_add(p, len, 0);
	size_t cut = len > 0 ? p[0] % (len + 1) : 0;

	REQUIRE(copy != NULL && sum <= 0xffff);
	copy[len] = 0x5a;
	REQUIRE(cksum_add_plain(p, len, 0) == sum);
	REQUIRE(cksum_copy(copy, p, len, 0) == sum);
	REQUIRE((len == 0 || memcmp(copy, p, len) == 0) && copy[len] == 0x5a);
	pieces = cksum_add_at(p + cut, len - cut, cksum_add(p, cut, 0), cut);
	REQUIRE(pieces % 0xffff == sum % 0xffff);
	free(copy);
}

static void
whole_text(const uint8_t *p, size_t len)
{
	char buf[INADDR_STRLEN], mac[ETHER_STRLEN], *str = malloc(len + 1);
	uint8_t a[ETHER_ADDR_LEN], again[ETHER_ADDR_LEN];
	uint32_t addr;

	REQUIRE(str != NULL);
	if (len > 0)
		memcpy(str, p, len);
	str[len] = '\0';
	if (inaddr_pton(str, &addr) == 0)
		REQUIRE(inaddr_ntop(buf, sizeof(buf), addr) == buf && strcmp(buf, str) == 0);
	if (ether_addr_pton(str, a) == 0) {
		REQUIRE(ether_addr_ntop(mac, sizeof(mac), a) == mac);
		REQUIRE(ether_addr_pton(mac, again) == 0 && ether_equal(a, again));
	}
	free(str);
}

static const struct target targets[] = {
	{ check_ether,	NULL },
	{ check_vlan,	NULL },
	{ check_arp,	NULL },
	{ check_ip,	whole_ip },
	{ check_icmp,	NULL },
	{ check_udp,	NULL },
	{ check_tcp,	whole_tcp },
	{ NULL,		whole_tcp_opts },
	{ NULL,		whole_checksum },
	{ NULL,		whole_text },
	{ check_igmp,	NULL },
	{ check_mld,	NULL },
	{ check_ip6,	NULL },
	{ NULL,		whole_ip6_opts },
	{ NULL,		whole_nd_opts },
};

/* Calls the parser with clen bytes in a block of their own. */
static enum wire_error
check_block(const struct target *t, const uint8_t *p, size_t clen, size_t plen, size_t *need)
{
	uint8_t *block = malloc(clen > 0 ? clen : 1);
	enum wire_error e;

	REQUIRE(block != NULL);
	if (clen > 0)
		memcpy(block, p, clen);
	e = t->t_check(block, clen, plen, need);
	REQUIRE((unsigned int)e < WIRE_NERRORS && wire_error_name(e) != NULL);
	free(block);
	return (e);
}

static void
check_pullup(const struct target *t, const uint8_t *p, size_t clen, size_t size, size_t plen)
{
	enum wire_error e, whole;
	size_t need;

	whole = check_block(t, p, size, plen, &need);
	while ((e = check_block(t, p, clen, plen, &need)) == WIRE_PULLUP) {
		REQUIRE(need > clen && need <= plen);
		if (need > size)	/* the message claims bytes that this input does not have */
			return;
		clen = need;
	}
	REQUIRE(e == whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct target *t;
	size_t extra;

	if (size < 2)
		return (0);
	t = &targets[data[0] % NITEMS(targets)];
	extra = (data[1] & 0x80) != 0 ? (size_t)(data[1] & 0x7f) * 512 : 0;
	if (t->t_check != NULL)
		check_pullup(t, data + 2, (size - 2) * (data[1] & 0x0f) / 15, size - 2,
		    size - 2 + extra);
	if (t->t_whole != NULL)
		t->t_whole(data + 2, size - 2);
	return (0);
}
