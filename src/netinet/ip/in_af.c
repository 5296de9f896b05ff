/* SPDX-License-Identifier: BSD-2-Clause */
/* The row of IPv4 in net's table of address families. */
#include "netinet/arp/arp.h"
#include "netinet/ip/in.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_segment.h"

const struct net_afops in_afops = {
	.nao_addr_add = in_addr_add,
	.nao_addr_del = in_addr_del,
	.nao_resolve = arp_resolve,
	.nao_known = arp_known,
	.nao_neigh_add = arp_neigh_add,
	.nao_neigh_get = arp_neigh_get,
	.nao_neigh_del = arp_neigh_del,
	.nao_neigh_list = arp_neigh_list,
	.nao_group_list = in_group_list,
	.nao_wire = in_wire,
};
