/* SPDX-License-Identifier: BSD-2-Clause */
/* MLD (RFC 9777, which replaces RFC 3810; RFC 2710): the host's part for IPv6 groups, for ip6_vnet()->i6v_mcproto. */
#ifndef NETINET_MLD_MLD_H
#define NETINET_MLD_MLD_H

#include "netinet/mcast/mcast.h"
#include "vimage/vnet.h"

struct mld_vnet {
	struct mcast_stat mv_stat;
	struct mcast_knobs mv_knobs;
};
VNET_STATE_DECLARE(mld);

extern const struct mcast_proto mld_proto;

/* mld_input.c: ICMPv6 130 to 132 and 143, checksum right, m_data at the ICMPv6 header.  Consumes m. */
void	mld_input(struct mbuf *, const struct inet_pkt *);

#endif
