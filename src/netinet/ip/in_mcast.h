/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 groups that this host listens to, per interface.  The memberships are netinet/mcast's.
 */
#ifndef NETINET_IP_IN_MCAST_H
#define NETINET_IP_IN_MCAST_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/socket.h>

#include "net/ifnet.h"
#include "vimage/vnet.h"

struct mcast_if;

/* The interface a membership means: by index, by address, else by route.  EINVAL (no group), ENODEV. */
int	in_mcast_if(struct vnet *, uint32_t fib, const struct vi_mreq *, uint32_t *ifindex);
struct mcast_if *in_mcast_ifget(struct ifnet *);	/* NULL without memory */
bool	in_mcast_ismember(const struct ifnet *, uint32_t group);
/* A packet of src to the group: is it for this host? */
bool	in_mcast_accept(const struct ifnet *, uint32_t group, uint32_t src, uint8_t proto);

/* nao_group_list. */
void	in_group_list(struct vnet *, void (*fn)(void *, const struct vi_group *), void *arg);

/* net.inet.ip.ttl. */
int	in_defttl(const struct vnet *);

#endif
