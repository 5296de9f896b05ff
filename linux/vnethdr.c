/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio 1.1, 5.1.6. */
#include "linux/vnethdr.h"

struct virtio_net_hdr
vnethdr_of(const struct vi_tap_frame *tf)
{
	const struct vi_tap_rest *tr = &tf->tf_rest;
	struct virtio_net_hdr vh = { .flags = 0 };

	if (tr->tr_csumstart == 0)
		return (vh);
	vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vh.csum_start = tr->tr_csumstart;
	vh.csum_offset = (uint16_t)(tr->tr_csumat - tr->tr_csumstart);
	if (tr->tr_segsz != 0) {
		vh.gso_type = tf->tf_type == 0x0800 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
		if (tr->tr_cwr)
			vh.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
		vh.gso_size = tr->tr_segsz;
		vh.hdr_len = tr->tr_hdrlen;
	}
	return (vh);
}

bool
vnethdr_rest(const struct virtio_net_hdr *vh, struct vi_tap_rest *tr)
{
	const uint8_t gso = vh->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	*tr = (struct vi_tap_rest){ .tr_good = (vh->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0 };
	if ((vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
		tr->tr_csumstart = vh->csum_start;
		tr->tr_csumat = (uint16_t)(vh->csum_start + vh->csum_offset);
	}
	if (gso == VIRTIO_NET_HDR_GSO_NONE)
		return (true);
	tr->tr_segsz = vh->gso_size;
	return (gso == VIRTIO_NET_HDR_GSO_TCPV4 || gso == VIRTIO_NET_HDR_GSO_TCPV6);
}
