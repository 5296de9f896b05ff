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
	const struct vi_unat_ops *nk_unatops;	/* the embedder's; NULL: he has none */
	void		*nk_unatarg;
};
/* Made with the first call; NULL: no memory. */
struct net_kern *net_kern(struct kernel *);

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
int	ifq_drop(struct ifnet *, struct mbuf *);	/* what was sent to it, and is not taken: counted; 0 */

/* if_extra.c */
struct iflink;
struct if_over;
struct vlan_trunk;
struct if_extra {
	struct acctset	*ix_acct;	/* who pays for it: the interface's home, or the stack where it is */
	struct iflink	*ix_link;	/* NULL: none */
	LIST_HEAD(, if_capture) ix_captures;
	LIST_HEAD(, if_over) ix_overs;	/* interfaces above this one: if_over.h */
	struct if_over	*ix_port;	/* the one of them that takes frames first; NULL: none */
	struct vlan_trunk *ix_trunk;	/* if_vlan.c; NULL: no vlans */
	uint32_t	 ix_capsoff;	/* VI_IFCAP_* */
	uint32_t	 ix_promisc, ix_allmulti;	/* how many want it so, besides the flags: if_promisc() */
};
int	if_extra_make(struct ifnet *, struct acctset *);	/* there is one after, perhaps paid by this one; ENOBUFS */
void	if_extra_trim(struct ifnet *);		/* one with nothing in it goes */
void	if_extra_trim_in(struct ifnet *);	/* the same from the lane: if it is the stack's own */
/* Shows a frame that came in, by the interface `from`. */
void	if_extra_input(struct ifnet *, struct mbuf *, const struct ifnet *from);	/* and then ifo_input */
void	if_extra_leave(struct ifnet *);		/* leaves its vnet: frames held are dropped, captures end */
void	if_extra_arrive(struct ifnet *);

/* if_link.c: the properties of the way out of an interface */
void	iflink_output(struct iflink *, struct mbuf *);	/* consumes */
void	iflink_leave(struct iflink *);
void	iflink_arrive(struct iflink *);

/* if_capture.c */
/* Is there nothing left for if_wire() to do?  A train may fit the MTU whole, and is several frames all the same. */
bool	if_finished(const struct mbuf *, bool sums);
void	if_capture_show(struct ifnet *, const struct mbuf *, const struct ifnet *from, bool out);
void	if_capture_endall(struct ifnet *);

/* if_over.c */
void	if_over_changed(struct ifnet *);	/* its flags, MTU or link address did */
void	if_over_leave(struct ifnet *);		/* it leaves its vnet */

/* if_vlan.c: a frame with a tag that somebody above the interface has goes to him, with another it is dropped.  What is left is the interface's own. */
struct ether_info;
struct mbuf *vlan_input(struct ifnet *, struct mbuf *, const struct ether_info *);
/* The tag between the addresses and the type.  Consumes m; NULL: no memory. */
struct mbuf *vlan_tag(struct mbuf *, uint16_t proto, uint16_t tci);
void	vlan_untag(struct mbuf *);	/* its tagged header is contiguous and may be written */

/* if_vmove.c */
void	if_return(struct ifnet *);	/* home, or destroyed when that is impossible */

/* if_clone.c */
void	if_clone_destroy(struct ifnet *);	/* whatever it is, and wherever; lo0 too */


extern const struct if_clone bridge_cloner, disc_cloner, edsc_cloner, epair_cloner, lagg_cloner, lo_cloner, tap_cloner, tun_cloner,
    unat_cloner, vlan_cloner, wire_cloner, host_cloner;

#endif
