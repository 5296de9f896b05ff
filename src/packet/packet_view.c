/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames as packet sockets see them, which is as Linux shows them: a VLAN's tag stands beside the frame, and the loopback interface is an Ethernet of
 * addresses that are 0.
 */
#include <string.h>

#include "base/bpf.h"
#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "packet/packet_var.h"
#include "wire/ip.h"
#include "wire/ip6.h"

/* What Linux calls frames that have a length in the place of the type. */
#define TYPE_8023	0x0001	/* of Novell's own kind */
#define TYPE_8022	0x0004

/* RFC 826's number for Ethernet, the others are Linux's. */
#define HATYPE_ETHER	1
#define HATYPE_LOOPBACK	772
#define HATYPE_NONE	0xfffe

uint16_t
pkt_hatype(const struct ifnet *ifp)
{
	return (ifp->if_type == VI_IFT_ETHER ? HATYPE_ETHER : ifp->if_type == VI_IFT_LOOP ? HATYPE_LOOPBACK : HATYPE_NONE);
}

static uint8_t
view_pkttype(const struct pktview *pw, const uint8_t *dst)
{
	if (pw->pw_frame->f_out)
		return (VI_PKT_OUTGOING);
	if (ether_broadcast(dst))
		return (VI_PKT_BROADCAST);
	if (ether_multicast(dst))
		return (VI_PKT_MULTICAST);
	return (ether_equal(dst, pw->pw_ifp->if_lladdr) ? VI_PKT_HOST : VI_PKT_OTHERHOST);
}

/* A frame with a length: what it is, is told by its first two bytes. */
static uint16_t
view_type(const struct pktview *pw, uint16_t type)
{
	uint16_t first;

	if (type >= ETHERTYPE_MIN)
		return (type);
	if (pw->pw_len < ETHER_HDR_LEN + sizeof(first))
		return (TYPE_8022);
	pktview_copy(pw, ETHER_HDR_LEN, sizeof(first), (uint8_t *)&first);
	return (first == 0xffff ? TYPE_8023 : TYPE_8022);
}

static bool
view_ether(struct pktview *pw)
{
	const struct mbuf *m = pw->pw_frame->f_m;
	struct ether_vlan_header evl;
	const bool tagged = m_copydata(m, 0, sizeof(evl), &evl) == 0 &&
	    (evl.evl_encap_proto == HTONS(ETHERTYPE_VLAN) || evl.evl_encap_proto == HTONS(ETHERTYPE_QINQ));

	if (m_copydata(m, 0, ETHER_HDR_LEN, pw->pw_head) != 0)
		return (false);
	pw->pw_pkttype = view_pkttype(pw, pw->pw_head);
	pw->pw_net = ETHER_HDR_LEN;
	pw->pw_len = m->m_pkt.len;
	if (tagged) {
		pw->pw_tpid = NTOHS(evl.evl_encap_proto);
		pw->pw_vlan = NTOHS(evl.evl_tag);
		memcpy(pw->pw_head + offsetof(struct ether_header, ether_type), &evl.evl_proto, sizeof(evl.evl_proto));
		pw->pw_headlen = ETHER_HDR_LEN;
		pw->pw_skip = sizeof(evl);
		pw->pw_len -= ETHER_VLAN_ENCAP_LEN;
	}
	pw->pw_type = view_type(pw, NTOHS(((const struct ether_header *)(const void *)pw->pw_head)->ether_type));
	return (true);
}

/* Bare packets, but on lo with the header that Linux has there. */
static bool
view_bare(struct pktview *pw)
{
	const struct mbuf *m = pw->pw_frame->f_m;
	struct ether_header eh = { .ether_type = 0 };
	uint8_t vhl;

	if (m_copydata(m, 0, 1, &vhl) != 0)
		return (false);
	pw->pw_type = vhl >> 4 == 4 ? ETHERTYPE_IP : vhl >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
	pw->pw_pkttype = pw->pw_frame->f_out ? VI_PKT_OUTGOING : VI_PKT_HOST;
	pw->pw_len = m->m_pkt.len;
	if (pw->pw_ifp->if_type != VI_IFT_LOOP)
		return (true);
	eh.ether_type = HTONS(pw->pw_type);
	memcpy(pw->pw_head, &eh, sizeof(eh));
	pw->pw_headlen = pw->pw_net = ETHER_HDR_LEN;
	pw->pw_len += ETHER_HDR_LEN;
	return (true);
}

bool
pktview_init(struct pktview *pw, struct ifnet *ifp, const struct if_frame *fr)
{
	memset(pw, 0, sizeof(*pw));
	pw->pw_ifp = ifp;
	pw->pw_frame = fr;
	return (ifp->if_type == VI_IFT_ETHER ? view_ether(pw) : view_bare(pw));
}

void
pktview_copy(const struct pktview *pw, uint32_t off, uint32_t len, uint8_t *dst)
{
	const uint32_t n = off < pw->pw_headlen ? u32min(len, pw->pw_headlen - off) : 0;

	if (n > 0)
		memcpy(dst, pw->pw_head + off, n);
	if (n < len)
		(void)m_copydata(pw->pw_frame->f_m, off + n - pw->pw_headlen + pw->pw_skip, len - n, dst + n);
}

struct mbuf *
pktview_mbuf(const struct pktview *pw, uint32_t off, uint32_t len, uint32_t lead)
{
	struct acctset *as = vnet_acct(pw->pw_ifp->if_vnet);
	struct mbuf *top = NULL, **mp = &top, *m;
	uint32_t n;

	do {
		m = len + lead <= MLEN ? m_get(as) : m_getcl(as, MCLBYTES, false);
		if (m == NULL) {
			m_freem(top);
			return (NULL);
		}
		n = u32min(len, (uint32_t)m_trailingspace(m) - lead);
		pktview_copy(pw, off, n, m->m_data + lead);
		m->m_len = n + lead;
		off += n;
		len -= n;
		lead = 0;
		*mp = m;
		mp = &m->m_next;
	} while (len > 0);
	return (top);
}

/* Filters */

/* Where the payload of the transport begins, or that of the network if it is none we know. */
static uint32_t
view_payload(const struct pktview *pw)
{
	uint8_t hdr[sizeof(struct ip6_hdr)], proto, off;
	uint32_t at = pw->pw_net, hlen;

	if (pw->pw_type == ETHERTYPE_IP && pw->pw_len >= at + sizeof(struct ip)) {
		pktview_copy(pw, at, sizeof(struct ip), hdr);
		hlen = (uint32_t)(hdr[0] & 0xf) << 2;
		proto = hdr[9];
		if (hlen < sizeof(struct ip) || (hdr[6] & 0x1f) != 0 || hdr[7] != 0)
			return (at);
	} else if (pw->pw_type == ETHERTYPE_IPV6 && pw->pw_len >= at + sizeof(struct ip6_hdr)) {
		pktview_copy(pw, at, sizeof(struct ip6_hdr), hdr);
		hlen = sizeof(struct ip6_hdr);
		proto = hdr[6];
	} else
		return (at);
	at += hlen;
	if (proto == IPPROTO_UDP || proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		return (at + 8);
	if (proto != IPPROTO_TCP || pw->pw_len < at + 13)
		return (at);
	pktview_copy(pw, at + 12, 1, &off);
	return (at + ((uint32_t)(off >> 4) << 2));
}

static uint32_t
view_fact(const struct bpf_packet *bp, enum bpf_anc which)
{
	const struct pktview *pw = bp->bp_arg;
	struct kernel *k = pw->pw_ifp->if_vnet->vn_kernel;
	uint32_t v = 0;

	switch (which) {
	case BPF_ANC_PROTOCOL:
		return (pw->pw_type);
	case BPF_ANC_PKTTYPE:
		return (pw->pw_pkttype);
	case BPF_ANC_IFINDEX:
		return (pw->pw_ifp->if_index);
	case BPF_ANC_HATYPE:
		return (pkt_hatype(pw->pw_ifp));
	case BPF_ANC_MARK:
		return (pw->pw_frame->f_m->m_pkt.mark);
	case BPF_ANC_RXHASH:
		return (pktview_hash(pw));
	case BPF_ANC_VLAN_TAG:
		return (pw->pw_vlan);
	case BPF_ANC_VLAN_TAG_PRESENT:
		return (pw->pw_tpid != 0);
	case BPF_ANC_VLAN_TPID:
		return (pw->pw_tpid);
	case BPF_ANC_PAY_OFFSET:
		v = view_payload(pw);
		return (v > bp->bp_start ? v - bp->bp_start : 0);
	case BPF_ANC_RANDOM:
		host_random(kernel_host(k), &v, sizeof(v));
		return (v);
	default:	/* one queue, one CPU, no attributes */
		return (0);
	}
}

static void
view_bpfcopy(const struct bpf_packet *bp, uint32_t off, uint32_t len, uint8_t *dst)
{
	pktview_copy(bp->bp_arg, off, len, dst);
}

uint32_t
pktview_run(const struct pktview *pw, const struct so_filter *sf, uint32_t start)
{
	const struct mbuf *m = pw->pw_frame->f_m;
	const struct bpf_packet bp = {
		.bp_data = pw->pw_headlen == 0 ? m->m_data : pw->pw_head,
		.bp_contig = pw->pw_headlen == 0 ? u32min(m->m_len, pw->pw_len) : pw->pw_headlen,
		.bp_len = pw->pw_len,
		.bp_start = start,
		.bp_net = pw->pw_net,
		.bp_copy = view_bpfcopy,
		.bp_fact = view_fact,
		.bp_arg = pw,
	};

	return (sofilter_run(sf, &bp));
}

/* Addresses and ports of either direction give the same. */
uint32_t
pktview_hash(const struct pktview *pw)
{
	const bool v4 = pw->pw_type == ETHERTYPE_IP;
	const uint32_t hlen = v4 ? sizeof(struct ip) : sizeof(struct ip6_hdr), at = v4 ? 12 : 8, alen = v4 ? 4 : 16;
	uint8_t hdr[sizeof(struct ip6_hdr)], port[4] = { 0 }, proto;
	uint32_t h = 0, w, l4 = pw->pw_net + hlen;

	if ((!v4 && pw->pw_type != ETHERTYPE_IPV6) || pw->pw_len < l4)
		return (0);
	pktview_copy(pw, pw->pw_net, hlen, hdr);
	for (uint32_t i = 0; i < 2 * alen; i += 4) {
		memcpy(&w, hdr + at + i, sizeof(w));
		h ^= w;
	}
	proto = v4 ? hdr[9] : hdr[6];
	if (v4)
		l4 = pw->pw_net + ((uint32_t)(hdr[0] & 0xf) << 2);
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && (!v4 || ((hdr[6] & 0x3f) == 0 && hdr[7] == 0)) && pw->pw_len >= l4 + sizeof(port))
		pktview_copy(pw, l4, sizeof(port), port);
	h ^= (uint32_t)(port[0] ^ port[2]) << 8 | (uint32_t)(port[1] ^ port[3]);
	h ^= (uint32_t)proto << 24;
	h = (h ^ h >> 16) * 0x7feb352du;
	h = (h ^ h >> 15) * 0x846ca68bu;
	return (h ^ h >> 16);
}
