/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of virtio-net in front of frames (virtio 1.1, 5.1.6; in the machine's byte order): what is left to be done to them, checksum and cutting,
 * by who reads what is received, and by us to what is sent.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_tuntap.h"
#include "packet/packet_var.h"

struct vnethdr {
	uint8_t		vh_flags, vh_gso;
	uint16_t	vh_hdrlen, vh_gsosize, vh_csumstart, vh_csumoff;
};
#define VNETHDR_NEEDS_CSUM	1
#define VNETHDR_DATA_VALID	2
#define VNETHDR_TCPV4		1
#define VNETHDR_TCPV6		4
#define VNETHDR_UDP_L4		5
#define VNETHDR_ECN		0x80
_Static_assert(sizeof(struct vnethdr) == VI_PKT_VNETHDRLEN, "virtio 5.1.6");

/* Received frames */

static uint8_t
vnethdr_gso(const struct pktview *pw, const struct vi_tap_rest *tr)
{
	if ((pw->pw_frame->f_m->m_pkt.csum_flags & CSUM_UDP) != 0)
		return (VNETHDR_UDP_L4);
	return (uint8_t)((pw->pw_type == ETHERTYPE_IP ? VNETHDR_TCPV4 : VNETHDR_TCPV6) | (tr->tr_cwr ? VNETHDR_ECN : 0));
}

void
pkt_vnethdr_make(const struct pktview *pw, uint8_t dst[VI_PKT_VNETHDRLEN])
{
	const struct mbuf *m = pw->pw_frame->f_m;
	const uint32_t moved = pw->pw_headlen - pw->pw_skip;	/* of the frame's bytes against those of m */
	struct vnethdr vh = { .vh_flags = (m->m_pkt.csum_flags & CSUM_DATA_VALID) != 0 ? VNETHDR_DATA_VALID : 0 };
	struct vi_tap_rest tr;

	if (taprest_out(m, pw->pw_ifp->if_type == VI_IFT_ETHER, &tr) && tr.tr_csumstart != 0) {
		vh.vh_flags = VNETHDR_NEEDS_CSUM;
		vh.vh_csumstart = (uint16_t)(tr.tr_csumstart + moved);
		vh.vh_csumoff = (uint16_t)(tr.tr_csumat - tr.tr_csumstart);
		if (tr.tr_segsz != 0) {
			vh.vh_gso = vnethdr_gso(pw, &tr);
			vh.vh_gsosize = tr.tr_segsz;
			vh.vh_hdrlen = (uint16_t)(tr.tr_hdrlen + moved);
		}
	}
	memcpy(dst, &vh, sizeof(vh));
}

/* Frames to be sent */

/* The longest piece's link header. */
static uint32_t
vnethdr_linklen(const struct mbuf *m, bool ether)
{
	uint16_t type;

	if (!ether || m_copydata(m, offsetof(struct ether_header, ether_type), sizeof(type), &type) != 0)
		return (0);
	return (ETHER_HDR_LEN + (type == HTONS(ETHERTYPE_VLAN) || type == HTONS(ETHERTYPE_QINQ) ? ETHER_VLAN_ENCAP_LEN : 0u));
}

/* Is it what the header calls it, and are it and its pieces not too long? */
static int
vnethdr_check(const struct ifnet *ifp, const struct mbuf *m, bool ether, uint8_t gso)
{
	struct vi_tap_rest tr;
	uint32_t linklen;

	gso &= (uint8_t)~VNETHDR_ECN;
	if ((m->m_pkt.csum_flags & CSUM_UDP) != 0 ? gso != VNETHDR_UDP_L4 : gso != VNETHDR_TCPV4 && gso != VNETHDR_TCPV6)
		return (EINVAL);
	if (!taprest_out(m, ether, &tr))
		return (EINVAL);
	linklen = vnethdr_linklen(m, ether);
	return (m->m_pkt.len - linklen > UINT16_MAX || (uint32_t)tr.tr_hdrlen + tr.tr_segsz > ifp->if_mtu + linklen ? EMSGSIZE : 0);
}

int
pkt_vnethdr_take(const struct ifnet *ifp, struct mbuf *m)
{
	const bool ether = ifp->if_type == VI_IFT_ETHER || ifp->if_type == VI_IFT_LOOP;
	struct vi_tap_rest tr = { .tr_csumstart = 0 };
	struct vnethdr vh;
	int error;

	if (m_copydata(m, 0, sizeof(vh), &vh) != 0)
		return (EINVAL);
	m_adj(m, sizeof(vh));
	if ((vh.vh_flags & VNETHDR_NEEDS_CSUM) != 0) {
		if ((uint32_t)vh.vh_csumstart + vh.vh_csumoff > UINT16_MAX)
			return (EINVAL);
		tr.tr_csumstart = vh.vh_csumstart;
		tr.tr_csumat = (uint16_t)(vh.vh_csumstart + vh.vh_csumoff);
	}
	tr.tr_segsz = vh.vh_gso != 0 ? vh.vh_gsosize : 0;
	if (vh.vh_gso != 0 && tr.tr_segsz == 0)
		return (EINVAL);
	if ((error = taprest_in(m, ether, &tr)) != 0 || tr.tr_segsz == 0)
		return (error);
	return (vnethdr_check(ifp, m, ether, vh.vh_gso));
}
