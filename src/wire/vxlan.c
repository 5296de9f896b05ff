/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/vxlan.h"

#include <string.h>

enum wire_error
vxlan_check(const void *p, size_t clen, size_t plen, uint32_t *vni)
{
	const uint8_t *h = p;

	if (plen < VXLAN_HLEN)
		return (WIRE_SHORT);
	if (clen < VXLAN_HLEN)
		return (WIRE_PULLUP);
	if ((h[0] & VXLAN_F_VNI) == 0)
		return (WIRE_BADOPT);
	*vni = (uint32_t)h[4] << 16 | (uint32_t)h[5] << 8 | h[6];
	return (WIRE_OK);
}

void
vxlan_build(void *p, uint32_t vni)
{
	uint8_t *h = p;

	memset(h, 0, VXLAN_HLEN);
	h[0] = VXLAN_F_VNI;
	h[4] = (uint8_t)(vni >> 16);
	h[5] = (uint8_t)(vni >> 8);
	h[6] = (uint8_t)vni;
}
