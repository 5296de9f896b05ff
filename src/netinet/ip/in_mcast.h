/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups that this host listens to, per interface.  Members are counted; nothing is told to routers yet (IGMP is another module, to come).
 */
#ifndef NETINET_IP_IN_MCAST_H
#define NETINET_IP_IN_MCAST_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/socket.h>

#include "net/ifnet.h"
#include "vimage/vnet.h"

/* The interface a membership means: by index, by address, else by route.  EINVAL (no group), ENODEV. */
int	in_mcast_if(struct vnet *, uint32_t fib, const struct vi_mreq *, uint32_t *ifindex);
/* EADDRNOTAVAIL (no such interface), ENOBUFS. */
int	in_mcast_join(struct vnet *, uint32_t ifindex, uint32_t group);
/* Harmless when the interface is gone, and the membership with it. */
void	in_mcast_leave(struct vnet *, uint32_t ifindex, uint32_t group);
bool	in_mcast_ismember(const struct ifnet *, uint32_t group);
bool	in_mcast_anymember(const struct vnet *, uint32_t group);	/* on whatever interface */
/* Everything of one interface: it goes away. */
void	in_mcast_purge(struct ifnet *);

/* net.inet.ip.ttl. */
int	in_defttl(const struct vnet *);

#endif
