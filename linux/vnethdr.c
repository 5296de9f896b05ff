/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/vnethdr.h"

void
vnethdr_of(const struct vi_tap_frame *tf, uint8_t hdr[VI_VNETHDRLEN])
{
	vi_vnethdr_put(&tf->tf_rest, tf->tf_type == 0x0800 ? VI_VNETHDR_TCPV4 : VI_VNETHDR_TCPV6, hdr);
}

bool
vnethdr_rest(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *tr)
{
	uint8_t gso;

	return (vi_vnethdr_get(hdr, tr, &gso) == 0 && (gso == 0 || gso == VI_VNETHDR_TCPV4 || gso == VI_VNETHDR_TCPV6));
}
