/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of virtio-net in front of frames (net/if_taprest.c): what is left to be done to them, checksum and cutting,
 * by who reads what is received, and by us to what is sent.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_tuntap.h"
#include "packet/packet_var.h"

_Static_assert(VI_VNETHDRLEN == VI_PKT_VNETHDRLEN, "one header");

/* Received frames */

static uint8_t
vnethdr_gso(const struct pktview *pw)
{
	if ((pw->pw_frame->f_m->m_pkt.csum_flags & CSUM_UDP) != 0)
		return (VI_VNETHDR_UDP);
	return (pw->pw_type == ETHERTYPE_IP ? VI_VNETHDR_TCPV4 : VI_VNETHDR_TCPV6);
}

void
pkt_vnethdr_make(const struct pktview *pw, uint8_t dst[VI_PKT_VNETHDRLEN])
{
	const struct mbuf *m = pw->pw_frame->f_m;
	const uint32_t moved = pw->pw_headlen - pw->pw_skip;	/* of the frame's bytes against those of m */
	struct vi_tap_rest tr;

	if (taprest_out(m, pw->pw_ifp->if_type == VI_IFT_ETHER, &tr) && tr.tr_csumstart != 0) {
		tr.tr_csumstart = (uint16_t)(tr.tr_csumstart + moved);
		tr.tr_csumat = (uint16_t)(tr.tr_csumat + moved);
		tr.tr_hdrlen = (uint16_t)(tr.tr_hdrlen + moved);
	} else {
		tr = (struct vi_tap_rest){ .tr_good = (m->m_pkt.csum_flags & CSUM_DATA_VALID) != 0 };
	}
	vnethdr_put(&tr, vnethdr_gso(pw), dst);
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

	if ((m->m_pkt.csum_flags & CSUM_UDP) != 0 ? gso != VI_VNETHDR_UDP : gso != VI_VNETHDR_TCPV4 && gso != VI_VNETHDR_TCPV6)
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
	uint8_t hdr[VI_VNETHDRLEN], gso;
	struct vi_tap_rest tr;
	int error;

	if (m_copydata(m, 0, sizeof(hdr), hdr) != 0)
		return (EINVAL);
	m_adj(m, sizeof(hdr));
	if ((error = vnethdr_get(hdr, &tr, &gso)) != 0)
		return (error);
	tr.tr_good = false;		/* who sends it may say what he likes */
	if (gso != 0 && tr.tr_segsz == 0)
		return (EINVAL);
	if ((error = taprest_in(m, ether, &tr)) != 0 || tr.tr_segsz == 0)
		return (error);
	return (vnethdr_check(ifp, m, ether, gso));
}
