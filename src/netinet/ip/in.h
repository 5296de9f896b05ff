/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 addresses of interfaces: what net's table of address families calls. */
#ifndef NETINET_IP_IN_H
#define NETINET_IP_IN_H

#include <stdbool.h>

#include "net/ifnet.h"

extern const struct net_afops in_afops;

/* EINVAL, EAFNOSUPPORT, EEXIST, ENOBUFS. */
int	in_addr_add(struct ifnet *, const struct vi_ifaddr *, bool alias);
int	in_addr_del(struct ifnet *, const struct vi_sockaddr *);	/* EADDRNOTAVAIL */
void	in_ifdetach(struct ifnet *);	/* all addresses of it go */

#endif
