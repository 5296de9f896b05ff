/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces, as the files of this directory see them. */
#ifndef NET_IF_INT_H
#define NET_IF_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/ifnet.h"

#define IF_MAXUNIT	999999	/* of a cloner; "epair999999a" fits a name */
#define IF_MAXMTU	65535
#define IF_MINMTU	72

/* What interfaces of the whole kernel share. */
struct net_kern {
	uint64_t	*nk_epairs;	/* units in use */
	uint32_t	 nk_nepairs;	/* bits of nk_epairs */
	uint32_t	 nk_epairhint;	/* none below is free */
};

/* ifnet.c */
bool	if_name_ok(const char *);
/* Room for one more interface in the vnet, so that if_link cannot fail.  ENOBUFS. */
int	if_reserve(struct vnet *);
/* Into to's tables (with room reserved) and out of if_vnet's, with the events. */
void	if_link(struct ifnet *, struct vnet *to);
void	if_unlink(struct ifnet *);

/* if_queue.c */
void	ifq_init(struct ifqueue *);
void	ifq_purge(struct ifnet *);	/* under the kernel lock */

/* if_vmove.c */
void	if_return(struct ifnet *);	/* home, or destroyed when that is impossible */

/* if_clone.c */
void	if_clone_destroy(struct ifnet *);	/* whatever it is, and wherever; lo0 too */

extern const struct if_clone lo_cloner, epair_cloner;

#endif
