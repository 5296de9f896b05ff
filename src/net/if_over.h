/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces above others of the same stack: a bridge above its members, a lagg above its ports, a vlan above its parent.
 *
 * The lower one has them on its if_extra: at most one port (it takes the frames first, so there can be but one), and any number of others.
 * No interface is above itself, and no more than IF_MAXLEVEL lie below another: frames climb by nested calls.
 */
#ifndef NET_IF_OVER_H
#define NET_IF_OVER_H

#include "net/if_int.h"

#define IF_MAXLEVEL	8

struct ether_info;

struct if_over {
	const struct if_over_ops *ov_ops;	/* (c) */
	struct ifnet	*ov_upper, *ov_lower;	/* (c) while it is there */
	LIST_ENTRY(if_over) ov_link;		/* all over ov_lower */
};

struct if_over_ops {
	bool	ovo_port;
	bool	ovo_merged;	/* ports only: the lower one's link is the upper one's (if_merged) */
	/* Ports only: a frame with a checked header that the lower one received.  What is left for the lower one's own stack. */
	struct mbuf *(*ovo_input)(struct if_over *, struct mbuf *, const struct ether_info *);
	/* Ports only: a frame of the lower one's own stack.  Consumes m. */
	int	(*ovo_output)(struct if_over *, struct mbuf *);
	/* The lower one's flags, MTU or link address changed. */
	void	(*ovo_changed)(struct if_over *);
	/* The lower one leaves the stack: calls if_over_remove. */
	void	(*ovo_leave)(struct if_over *);
};

/* With ov_ops, ov_upper and ov_lower set.  EBUSY: it has a port; ELOOP: a circle, or too many levels; ENOBUFS. */
int	if_over_add(struct if_over *);
void	if_over_remove(struct if_over *);
/* One MTU for an interface and those below it: the first one's, which later ones get.  EINVAL: one that cannot. */
int	if_over_mtu(struct ifnet *upper, struct ifnet *lower, bool first);

#endif
