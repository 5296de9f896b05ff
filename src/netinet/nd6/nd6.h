/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery (RFC 4861) as the rest of IPv6 sees it: a table of functions that the module nd6 registers when it attaches
 * (ip6_vnet()->i6v_nd).  Without it no neighbour is found and addresses need no check.
 */
#ifndef NETINET_ND6_ND6_H
#define NETINET_ND6_ND6_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

#include "net/ifnet.h"
#include "netinet/inet_ops.h"
#include "netinet/ip6/in6_ifstat.h"

struct in6_ifaddr;

struct nd6_ops {
	/* As nao_resolve (net/ifnet.h). */
	int	(*no_resolve)(struct ifnet *, struct mbuf *, const struct net_addr *, uint8_t *lladdr);
	/* Something that shows that the neighbour lives was heard of beyond it (RFC 4861 7.3.1); worth a call while i6v_ndoubt is not 0. */
	void	(*no_heard)(struct ifnet *, const uint8_t addr[16]);
	/* ICMPv6 133 to 137: checksum right, m_data at the ICMPv6 header, the IPv6 header in front of it.  Consumes m. */
	void	(*no_input)(struct mbuf *, const struct inet_pkt *);
	/* The address is in the tables: begins duplicate address detection (sets VI_IN6_IFF_TENTATIVE) where it is due. */
	void	(*no_addr_added)(struct in6_ifaddr *);
	void	(*no_addr_changed)(struct in6_ifaddr *);	/* its lifetimes */
	void	(*no_addr_removed)(struct in6_ifaddr *);
	/* m (a packet just forwarded, quoted by the message) could have gone to gw at once.  Does not consume m.  True: its sender is told. */
	bool	(*no_redirect)(struct ifnet *, struct mbuf *m, const struct net_addr *gw);
	uint32_t (*no_linkmtu)(const struct ifnet *);	/* 0: the interface's */
	uint8_t	(*no_hoplimit)(const struct ifnet *);	/* 0: the vnet's */
	int	(*no_neigh_add)(struct vnet *, const struct vi_neigh *);
	int	(*no_neigh_del)(struct vnet *, const struct vi_sockaddr *, const char *ifname);
	int	(*no_neigh_get)(struct vnet *, const struct vi_sockaddr *, const char *ifname, struct vi_neigh *);
	void	(*no_neigh_list)(struct vnet *, void (*fn)(void *, const struct vi_neigh *), void *arg);
	uint32_t (*no_getflags)(const struct ifnet *);	/* VI_ND6_IFF_* */
	int	(*no_setflags)(struct ifnet *, uint32_t set, uint32_t clear);	/* EINVAL */
};

static inline bool
nd6_disabled(const struct ifnet *ifp)
{
	const struct in6_ifhead *ih = ifp->if_afdata[NET_AF_INET6];

	return (ih != NULL && (ih->ih_flags & VI_ND6_IFF_IFDISABLED) != 0);
}

#endif
