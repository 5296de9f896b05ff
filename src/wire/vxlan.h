/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_VXLAN_H
#define WIRE_VXLAN_H

#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* VXLAN, RFC 7348 5: behind UDP, in front of an Ethernet frame. */
#define	VXLAN_HLEN	8
#define	VXLAN_PORT	4789
#define	VXLAN_MAXVNI	0xffffffu
#define	VXLAN_F_VNI	0x08		/* the I flag; other bits are ignored on receipt */

/* The network's number; it must be there (WIRE_BADOPT). */
enum wire_error vxlan_check(const void *p, size_t clen, size_t plen, uint32_t *vni);
void	vxlan_build(void *p, uint32_t vni);

#endif /* WIRE_VXLAN_H */
