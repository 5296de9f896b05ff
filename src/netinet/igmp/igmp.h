/* SPDX-License-Identifier: BSD-2-Clause */
/* IGMP (RFC 9776, which replaces RFC 3376; RFC 2236, RFC 1112): the host's part for IPv4 groups, for ip_vnet()->iv_mcproto. */
#ifndef NETINET_IGMP_IGMP_H
#define NETINET_IGMP_IGMP_H

#include "netinet/mcast/mcast.h"
#include "vimage/vnet.h"

struct igmp_vnet {
	struct mcast_stat gv_stat;
	struct mcast_knobs gv_knobs;
	int		 gv_sendlocal;	/* reports of 224.0.0.0/24 too */
	int		 gv_requirealert;
};
VNET_STATE_DECLARE(igmp);

extern const struct mcast_proto igmp_proto;

/* igmp_input.c.  Consumes m. */
void	igmp_input(struct mbuf *, const struct inet_pkt *);

#endif
