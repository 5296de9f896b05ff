/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left to be done to frames between a stack and who carries them: checksums and cutting.
 *
 * A mbuf says it by flags, and the headers are found when it is done; others (a network card, the host's kernel) want offsets.  Only TCP and UDP right
 * behind IP, whose headers lie where the two ends agree, pass from one form to the other.
 */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_tuntap.h"
#include "wire/ether.h"
#include "wire/ip.h"
#include "wire/ip6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* The transport header of a frame: where it is and whose. */
struct place {
	unsigned	pl_at;
	uint8_t		pl_proto;
	unsigned	pl_len;		/* its segment, as IP says */
	uint32_t	pl_addrs;	/* partial sum of the addresses */
};

static uint16_t
get_type(const struct mbuf *m, unsigned at)
{
	uint16_t type;

	return (m_copydata(m, at, sizeof(type), &type) == 0 ? NTOHS(type) : 0);
}

static bool
place_ip(const struct mbuf *m, unsigned at, struct place *pl)
{
	struct ip ip;

	if (m_copydata(m, at, sizeof(ip), &ip) != 0 || ip_hlen(&ip) < IP_MINHLEN || (ip.ip_off & HTONS(IP_OFFMASK | IP_MF)) != 0)
		return (false);
	*pl = (struct place){ at + ip_hlen(&ip), ip.ip_p, NTOHS(ip.ip_len) - u32min(ip_hlen(&ip), NTOHS(ip.ip_len)),
		cksum_add(&ip.ip_src, 2 * sizeof(ip.ip_src), 0) };
	return (true);
}

static bool
place_ip6(const struct mbuf *m, unsigned at, struct place *pl)
{
	struct ip6_hdr ip6;

	if (m_copydata(m, at, sizeof(ip6), &ip6) != 0)
		return (false);
	*pl = (struct place){ at + IP6_HLEN, ip6.ip6_nxt, NTOHS(ip6.ip6_plen), cksum_add(&ip6.ip6_src, 2 * sizeof(ip6.ip6_src), 0) };
	return (true);
}

/* Bare packets. */
static bool
place_bare(const struct mbuf *m, struct place *pl)
{
	uint8_t vhl;

	if (m_copydata(m, 0, 1, &vhl) != 0)
		return (false);
	return (vhl >> 4 == 4 ? place_ip(m, 0, pl) : vhl >> 4 == 6 && place_ip6(m, 0, pl));
}

static bool
place_find(const struct mbuf *m, bool ether, struct place *pl)
{
	unsigned at = ETHER_HDR_LEN;
	uint16_t type;

	if (!ether)
		return (place_bare(m, pl));
	type = get_type(m, at - 2);
	for (int tags = 0; (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && tags < 2; tags++) {
		at += ETHER_VLAN_ENCAP_LEN;
		type = get_type(m, at - 2);
	}
	if (type == ETHERTYPE_IP)
		return (place_ip(m, at, pl));
	return (type == ETHERTYPE_IPV6 && place_ip6(m, at, pl));
}

/* TCP's header is the longest of all. */
static unsigned
place_hdrlen(const struct mbuf *m, const struct place *pl)
{
	uint8_t off = 0;

	if (pl->pl_proto == IPPROTO_UDP)
		return (pl->pl_at + UDP_HDRLEN);
	if (m_copydata(m, pl->pl_at + 12, 1, &off) != 0 || off >> 4 < 5)
		return (0);
	return (pl->pl_at + (unsigned)(off >> 4) * 4);
}

static unsigned
sum_offset(uint8_t proto)
{
	return (proto == IPPROTO_TCP ? (unsigned)offsetof(struct tcphdr, th_sum) : (unsigned)offsetof(struct udphdr, uh_sum));
}

bool
taprest_out(const struct mbuf *m, bool ether, struct vi_tap_rest *tr)
{
	const uint16_t csum = m->m_pkt.csum_flags & CSUM_DELAY_DATA;
	struct place pl;
	uint8_t flags = 0;

	*tr = (struct vi_tap_rest){ 0 };
	if (csum == 0)
		return (m->m_pkt.segsz == 0);
	if (!place_find(m, ether, &pl) || pl.pl_proto != (csum == CSUM_TCP ? IPPROTO_TCP : IPPROTO_UDP))
		return (false);
	tr->tr_csumstart = (uint16_t)pl.pl_at;
	tr->tr_csumat = (uint16_t)(pl.pl_at + sum_offset(pl.pl_proto));
	tr->tr_hdrlen = (uint16_t)place_hdrlen(m, &pl);
	tr->tr_segsz = m->m_pkt.segsz;
	tr->tr_cwr = pl.pl_proto == IPPROTO_TCP && m_copydata(m, pl.pl_at + 13, 1, &flags) == 0 && (flags & TH_CWR) != 0;
	return (tr->tr_hdrlen != 0 && tr->tr_hdrlen <= m->m_pkt.len);
}

/* A checksum at once. */
static int
taprest_sum(struct mbuf *m, const struct vi_tap_rest *tr)
{
	uint16_t sum = cksum_fold(m_cksum(m, tr->tr_csumstart, m->m_pkt.len - tr->tr_csumstart, 0));

	if (sum == 0)
		sum = UINT16_MAX;	/* to UDP zero is none, and to others both are the same */
	return (m_copyback(m, tr->tr_csumat, sizeof(sum), &sum));
}

/*
 * To be cut, with the checksum of the whole in it: it is looked at here, for what is cut gets others, which begin with the sum of the
 * pseudo header.
 */
static int
taprest_cut(struct mbuf *m, bool ether, const struct vi_tap_rest *tr)
{
	struct place pl;
	uint32_t pseudo;
	uint16_t field;

	if (!place_find(m, ether, &pl) || pl.pl_proto != IPPROTO_TCP || place_hdrlen(m, &pl) == 0 || pl.pl_len > m->m_pkt.len - pl.pl_at ||
	    place_hdrlen(m, &pl) > pl.pl_at + pl.pl_len)
		return (EINVAL);
	pseudo = pl.pl_addrs + HTONS(IPPROTO_TCP) + HTONS(pl.pl_len);
	if (!tr->tr_good && cksum_fold(m_cksum(m, pl.pl_at, pl.pl_len, pseudo)) != 0)
		return (EINVAL);
	field = cksum_reduce(pseudo);
	m->m_pkt.segsz = tr->tr_segsz;
	m->m_pkt.csum_flags |= CSUM_TCP | CSUM_TSO;
	return (m_copyback(m, pl.pl_at + sum_offset(IPPROTO_TCP), sizeof(field), &field));
}

int
taprest_in(struct mbuf *m, bool ether, const struct vi_tap_rest *tr)
{
	struct place pl = { .pl_at = 0 };

	if (tr->tr_csumstart == 0 && tr->tr_segsz != 0)
		return (taprest_cut(m, ether, tr));
	if (tr->tr_csumstart == 0) {
		if (tr->tr_good)
			m->m_pkt.csum_flags |= CSUM_DATA_VALID;
		return (0);
	}
	if (tr->tr_csumat < tr->tr_csumstart || tr->tr_csumat + 2u > m->m_pkt.len)
		return (EINVAL);
	if (!place_find(m, ether, &pl) || pl.pl_at != tr->tr_csumstart || (pl.pl_proto != IPPROTO_TCP && pl.pl_proto != IPPROTO_UDP) ||
	    tr->tr_csumat != pl.pl_at + sum_offset(pl.pl_proto))
		return (tr->tr_segsz == 0 ? taprest_sum(m, tr) : EINVAL);
	m->m_pkt.csum_flags |= pl.pl_proto == IPPROTO_TCP ? CSUM_TCP : CSUM_UDP;
	if (tr->tr_segsz == 0)
		return (0);
	if (place_hdrlen(m, &pl) == 0 || place_hdrlen(m, &pl) > m->m_pkt.len)
		return (EINVAL);
	m->m_pkt.segsz = tr->tr_segsz;
	if (pl.pl_proto == IPPROTO_TCP)
		m->m_pkt.csum_flags |= CSUM_TSO;
	return (0);
}

/* Virtio's header (virtio 1.1, 5.1.6) */

struct vnethdr {
	uint8_t		vh_flags, vh_gso;
	uint16_t	vh_hdrlen, vh_gsosize, vh_csumstart, vh_csumoff;
};
#define VNETHDR_NEEDS_CSUM	1
#define VNETHDR_DATA_VALID	2
#define VNETHDR_ECN		0x80
_Static_assert(sizeof(struct vnethdr) == VI_VNETHDRLEN, "virtio 5.1.6");

void
vnethdr_put(const struct vi_tap_rest *tr, uint8_t gso, uint8_t hdr[VI_VNETHDRLEN])
{
	struct vnethdr vh = { .vh_flags = tr->tr_good ? VNETHDR_DATA_VALID : 0 };

	if (tr->tr_csumstart != 0) {
		vh.vh_flags = VNETHDR_NEEDS_CSUM;
		vh.vh_csumstart = tr->tr_csumstart;
		vh.vh_csumoff = (uint16_t)(tr->tr_csumat - tr->tr_csumstart);
		if (tr->tr_segsz != 0) {
			vh.vh_gso = (uint8_t)(gso | (tr->tr_cwr ? VNETHDR_ECN : 0));
			vh.vh_gsosize = tr->tr_segsz;
			vh.vh_hdrlen = tr->tr_hdrlen;
		}
	}
	memcpy(hdr, &vh, sizeof(vh));
}

int
vnethdr_get(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *tr, uint8_t *gso)
{
	struct vnethdr vh;

	memcpy(&vh, hdr, sizeof(vh));
	*gso = vh.vh_gso & (uint8_t)~VNETHDR_ECN;
	*tr = (struct vi_tap_rest){ .tr_good = (vh.vh_flags & VNETHDR_DATA_VALID) != 0, .tr_segsz = *gso != 0 ? vh.vh_gsosize : 0 };
	if ((vh.vh_flags & VNETHDR_NEEDS_CSUM) != 0) {
		if ((uint32_t)vh.vh_csumstart + vh.vh_csumoff > UINT16_MAX)
			return (EINVAL);
		tr->tr_csumstart = vh.vh_csumstart;
		tr->tr_csumat = (uint16_t)(vh.vh_csumstart + vh.vh_csumoff);
	}
	return (0);
}
