/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces inside the library.
 *
 * An ifnet belongs to the lane of the vnet it is in (if_vnet).  It is created by a cloner in its
 * home vnet (if_home) and may be lent to another. Packets leave by if_output (resolve the next hop,
 * add the link header) and if_transmit (hand to the medium).  A medium that ends in another
 * interface calls if_deliver() on it: that queues the packet to the other vnet's lane (never a
 * nested call), and there if_ops->ifo_input takes it.
 */
#ifndef NET_IFNET_H
#define NET_IFNET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/ifnet.h>
#include <vimage/priv.h>
#include <vimage/route.h>
#include <vimage/vimage.h>

#include "kern/lane.h"
#include "mbuf/mbuf.h"
#include "vimage/vnet.h"

struct mbuf;
struct ifnet;
struct if_clone;
struct if_option;
struct ifopt_show;
struct arp_entry;
struct if_extra;
struct mcast_if;
struct nhop;
struct vi_group;
struct vi_neigh;

/* BSD's flags, under their own names. */
enum {
	IFF_UP = VI_IFF_UP, IFF_BROADCAST = VI_IFF_BROADCAST, IFF_DEBUG = VI_IFF_DEBUG, IFF_LOOPBACK = VI_IFF_LOOPBACK,
	IFF_POINTOPOINT = VI_IFF_POINTOPOINT, IFF_RUNNING = VI_IFF_RUNNING, IFF_NOARP = VI_IFF_NOARP, IFF_PROMISC = VI_IFF_PROMISC,
	IFF_ALLMULTI = VI_IFF_ALLMULTI, IFF_SIMPLEX = VI_IFF_SIMPLEX, IFF_MULTICAST = VI_IFF_MULTICAST,
	IFF_MONITOR = VI_IFF_MONITOR, IFF_STATICARP = VI_IFF_STATICARP,
};
#define IFNAMSIZ VI_IFNAMSIZ

/* Address families the stack knows, as small indexes. */
enum net_af { NET_AF_INET, NET_AF_INET6, NET_AF_MAX };

/* A next hop's address: what if_output resolves. */
struct net_addr {
	uint8_t		na_af;		/* enum net_af */
	bool		na_inet;	/* IPv6 of a router for packets of IPv4 (RFC 8950) */
	union {
		uint32_t	na_in;	/* network order */
		uint8_t		na_in6[16];
	};
};

/* The family of packets that go to it. */
static inline enum net_af
net_addr_carries(const struct net_addr *na)
{
	return (na->na_inet ? NET_AF_INET : (enum net_af)na->na_af);
}

/* One address of an interface. */
struct ifaddr {
	TAILQ_ENTRY(ifaddr) ifa_link;	/* if_addrs, in order of addition */
	TAILQ_ENTRY(ifaddr) ifa_vlink;	/* family's own per-vnet hash or list */
	struct ifnet	*ifa_ifp;	/* (c) */
	struct net_addr	 ifa_addr;
	struct net_addr	 ifa_dst;	/* point-to-point */
	uint32_t	 ifa_broadcast;	/* IPv4; 0 = none */
	uint32_t	 ifa_mask;	/* IPv4, network order */
	uint8_t		 ifa_prefixlen;
	bool		 ifa_announced;	/* to the neighbours, since it was added */
	uint8_t		 ifa_flags;	/* IPv4: VI_IN6_IFF_TENTATIVE or _DUPLICATED on if_newaddrs */
	void		*ifa_probe;	/* netinet/arp's */
	uint64_t	 ifa_defended;	/* when it was last, host ns */
	bool		 ifa_waits;	/* IPv4: another address carries the route of its network */
	uint64_t	 ifa_vexpire, ifa_pexpire;	/* not valid, not preferred after that, host ns; 0: always */
	char		 ifa_label[IFNAMSIZ];	/* IPv4: what the administrator calls it */
	/* routes and PCBs do not hold references: IFADDR_DEL tells them */
};
TAILQ_HEAD(ifaddrhead, ifaddr);

struct ifstats {
	uint64_t	ifs_ipackets, ifs_ibytes, ifs_ierrors, ifs_imcasts, ifs_iqdrops, ifs_noproto;
	uint64_t	ifs_opackets, ifs_obytes, ifs_oerrors, ifs_omcasts, ifs_oqdrops, ifs_collisions;
};

struct ifnet_ops {
	/*
	 * Resolve nh (the next hop; for lo and point-to-point unused), add the link header,
	 * transmit.  Consumes m; 0 or errno.
	 */
	int	(*ifo_output)(struct ifnet *, struct mbuf *, const struct net_addr *nh);
	/*
	 * A complete frame to the medium.  Consumes m.  A super-packet goes whole over virtual
	 * links.
	 */
	int	(*ifo_transmit)(struct ifnet *, struct mbuf *);
	/*
	 * The link header that ifo_output would put in front of packets for nh, if_hdrlen bytes; false: not known
	 * now.  It stays right until if_linkgen moves.  NULL: never.
	 */
	bool	(*ifo_linkhdr)(struct ifnet *, const struct net_addr *nh, uint8_t *);
	/* A frame from the medium, in this interface's lane.  Consumes m. */
	void	(*ifo_input)(struct ifnet *, struct mbuf *);
	/* may refuse: EINVAL; NULL = 72..65535 */
	int	(*ifo_setmtu)(struct ifnet *, uint32_t);
	/* after if_flags changed; NULL = nothing to do */
	void	(*ifo_setflags)(struct ifnet *, uint32_t old);
	/* Is it carried as it is, super-packets whole and without checksum?  NULL: always. */
	bool	(*ifo_whole)(const struct ifnet *, const struct mbuf *);
};

/*
 * Packets on their way here from another lane (or from ourselves: lo).  Bounded; drops are counted
 * at the receiver as input queue drops.
 */
#define IFQ_MAXLEN	VI_IF_TXQLEN
#define IFQ_MAXBYTES	(8u << 20)
#define IFQ_BATCH	8	/* packets taken in one go */
#define IFQ_CLOCK	2	/* of them between two looks at the clock, but for the first */
struct ifqueue {
	/* Senders write here; what the receiver alone writes is in other lines of the cache. */
	_Atomic(struct mbuf **) ifq_tail __attribute__((aligned(64)));	/* (a) where the next one is hung: m_nextpkt of the last, or ifq_first */
	struct mbuf	*ifq_first;	/* (a) of a list that the receiver has not yet begun with */
	atomic_ullong	ifq_held;	/* packets that wait << 32 | their bytes */
	atomic_ullong	ifq_drops;
	struct work	ifq_work;	/* posted by who finds it empty, and by itself when something is left */
	unsigned	ifq_limit;	/* packets; changes under the kernel lock */
	struct mbuf	*ifq_ready __attribute__((aligned(64)));	/* (v) of the list that it has begun with */
};

static inline unsigned ifq_len(const struct ifqueue *q) { return ((unsigned)(atomic_load_explicit(&q->ifq_held, memory_order_relaxed) >> 32)); }
static inline unsigned ifq_bytes(const struct ifqueue *q) { return ((unsigned)atomic_load_explicit(&q->ifq_held, memory_order_relaxed)); }

struct ifnet {
	TAILQ_ENTRY(ifnet) if_link;	/* interfaces of if_vnet, by index */
	struct vnet	*if_vnet;	/* where it is; changes under the kernel lock */
	struct vnet	*if_home;	/* where it was created and returns to */
	char		 if_xname[IFNAMSIZ];
	char		 if_origname[IFNAMSIZ];	/* as created */
	char		 if_homename[IFNAMSIZ];	/* at home, when it was lent: what it returns under */
	char		 if_descr[64];
	uint32_t	 if_index;	/* in if_vnet */
	uint32_t	 if_flags;
	uint32_t	 if_mtu, if_metric, if_fib;
	uint32_t	 if_txqlen;	/* as it was told: if_settxqlen() */
	uint8_t		 if_type;	/* VI_IFT_* */
	uint8_t		 if_addrlen, if_hdrlen;
	uint8_t		 if_lladdr[8];
	bool		 if_linkup;
	bool		 if_dying;
	bool		 if_anydst;	/* (c) what comes in is for this host, whatever its destination */
	bool		 if_forwards[NET_AF_MAX];	/* netinet/ip, ip6: of a router's interfaces; IPv4: what comes by it is forwarded */
	uint8_t		 if_rpfilter;	/* netinet/ip: its own; iv_rpfilter counts as well */
	uint8_t		 if_martians;	/* ... what it takes that cannot be: IP_ACCEPT_LOCAL, IP_ROUTE_LOCALNET; and iv_martians */
	uint8_t		 if_level;	/* net/if_over.h: how many interfaces may lie below */
	uint8_t		 if_pcp;	/* 1 + priority of the frames of its stack, which then have a tag (IEEE 802.1Q 6.9); 0: none */
	char		*if_groups;	/* if_group.c; NULL: that of its kind */
	const struct ifnet_ops *if_ops;	/* (c) */
	const struct if_clone *if_cloner;	/* (c) */
	void		*if_softc;	/* the driver's */
	struct acctset	*if_acct;	/* who pays for the ifnet itself: its home */
	struct ifaddrhead if_addrs;
	struct ifaddrhead if_newaddrs;	/* IPv4: not in use (RFC 5227), known to nobody but ip and arp */
	struct ifstats	 if_stats;
	struct ifqueue	 if_inq;
	struct if_extra	*if_extra;	/* link properties, captures; NULL = none; (v) */
	void		*if_afdata[NET_AF_MAX];	/* per family, made at IFATTACH, gone at IFDETACH */
	uint32_t	 if_linkgen;	/* moves with if_lladdr and with every neighbour: link headers made before may be wrong */
	struct arp_entry *if_arplast;	/* netinet/arp: the one used last */
	struct mcast_if	*if_mcast[NET_AF_MAX];	/* netinet/mcast: groups listened to here; NULL: none ever */
	TAILQ_HEAD(, arp_entry) if_arps;	/* netinet/arp: all by this interface */
	/* net/route: next hops that use it, but for those of addresses (RTF_PINNED) */
	uint32_t	 if_nroutes;
	bool		 if_attached;	/* in if_vnet's tables */
	LIST_ENTRY(ifnet) if_hashlink;	/* by name, in if_vnet */
	bool		 if_ends;	/* with the vnet it is lent to */
	LIST_ENTRY(ifnet) if_homelink;	/* all of if_home, wherever they are */
};
TAILQ_HEAD(ifnethead, ifnet);
LIST_HEAD(ifnetlist, ifnet);

/* A type of interface that can be created by name. */
struct if_clone {
	const char	*ifc_name;	/* "epair" */
	bool		 ifc_carries;	/* bare IP packets, and a bridge's frames (M_ETHER) */
	bool		 ifc_asked6;	/* no link-local address, and no advertisements heard, until somebody asks for them: as FreeBSD's bridges */
	/* What if_new() makes its interfaces of. */
	const struct ifnet_ops *ifc_ops;
	size_t		 ifc_softsize;	/* of if_softc; 0: none */
	uint8_t		 ifc_type;	/* VI_IFT_* */
	/*
	 * unit < 0: next free.  Makes the interface(s) in vn with if_alloc/if_attach; name gets the
	 * first one's.
	 */
	int		(*ifc_create)(struct vnet *vn, int unit, char name[IFNAMSIZ]);
	enum vi_priv	 ifc_priv;	/* who makes one, or sets options of its kind, needs it too; 0: nothing more */
	/* and what belongs to it (the other end of an epair, wherever it is) */
	void		(*ifc_destroy)(struct ifnet *);
	/* the interface at the other end; NULL: there are none of that kind */
	struct ifnet	*(*ifc_peer)(const struct ifnet *);
	/* Makes one of a name of another form ("epair0a.42"); ENOENT: not of that form.  NULL: there is none. */
	int		(*ifc_create_named)(struct vnet *, const char *name);
	/* The interface leaves its vnet, for another or for good: lets go of others there.  NULL: it holds none. */
	void		(*ifc_leave)(struct ifnet *);
	/* It is in another vnet, if_attached. */
	void		(*ifc_arrive)(struct ifnet *);
	/* net/if_conf.h: what can be set beyond what all interfaces have; NULL: nothing */
	const struct if_option *ifc_options;
	void		(*ifc_show)(const struct ifnet *, const struct ifopt_show *);
	/* A long list by name; ENOENT.  NULL: there are none. */
	int		(*ifc_show_list)(const struct ifnet *, const char *list, const struct ifopt_show *);
};
extern const struct if_clone *const net_cloners[];	/* NULL-ended; net/if_clone.c */

/* net's per-vnet state: interfaces and the tables upper layers register in. */
/* link header already stripped; consumes m */
typedef void net_input_fn(struct ifnet *, struct mbuf *);
struct net_afops {		/* what an address family does for interfaces */
	int	(*nao_addr_add)(struct ifnet *, const struct vi_ifaddr *, bool alias);
	int	(*nao_addr_del)(struct ifnet *, const struct vi_sockaddr *);
	/* What the list shows of an address beyond its prefix length; NULL: net knows it all. */
	void	(*nao_addr_info)(const struct ifaddr *, struct vi_ifaddr *);
	/*
	 * Link address of a next hop: 0 and lladdr filled; EWOULDBLOCK: m is held or was dropped by
	 * the resolver (consumed); other errno: m consumed.
	 */
	int	(*nao_resolve)(struct ifnet *, struct mbuf *, const struct net_addr *, uint8_t *lladdr);
	/*
	 * The same without any effect: true if it is known and good until if_linkgen moves, whoever uses it how
	 * often.  NULL: never.
	 */
	bool	(*nao_known)(struct ifnet *, const struct net_addr *, uint8_t *lladdr);
	/* Flags the family keeps of an interface (IPv6: VI_ND6_IFF_*); NULL: none.  EINVAL. */
	uint32_t (*nao_getflags)(const struct ifnet *);
	int	(*nao_setflags)(struct ifnet *, uint32_t set, uint32_t clear);
	uint32_t (*nao_linkmtu)(const struct ifnet *);	/* that routers advertised; 0: none.  NULL: there is no such thing */
	/* Where a packet to dst that leaves by the interface comes from; false: no address will do.  NULL: routes know (rt_ifa). */
	bool	(*nao_source)(struct ifnet *, const struct net_addr *dst, struct net_addr *src);
	int	(*nao_neigh_add)(struct vnet *, const struct vi_neigh *);
	int	(*nao_neigh_del)(struct vnet *, const struct vi_sockaddr *, const char *ifname);
	int	(*nao_neigh_get)(struct vnet *, const struct vi_sockaddr *, const char *ifname, struct vi_neigh *);
	void	(*nao_neigh_list)(struct vnet *, void (*fn)(void *, const struct vi_neigh *), void *arg);
	/* Groups listened to; NULL: none. */
	void	(*nao_group_list)(struct vnet *, void (*fn)(void *, const struct vi_group *), void *arg);
	/* Its counters of an interface, of one protocol (NULL: all); NULL: it has none. */
	void	(*nao_ifstats)(const struct ifnet *, const char *proto, vi_stat_fn *, void *arg);
	/*
	 * What a wire would carry of a packet of this family (no link header): super-packets cut, with sums also
	 * checksums finished; a list by m_nextpkt.  Consumes m; NULL: no memory.
	 */
	struct mbuf *(*nao_wire)(struct mbuf *, bool sums);
};
/* What routers of IPv6 advertised; nd6's. */
struct net_ndops {
	void	(*ndo_routers)(struct vnet *, vi_nd_router_fn *, void *arg);
	void	(*ndo_prefixes)(struct vnet *, vi_nd_prefix_fn *, void *arg);
	int	(*ndo_flush)(struct vnet *, enum vi_nd_flush);
	void	(*ndo_dns)(struct vnet *, vi_nd_dns_fn *, void *arg);
};
struct net_proto { uint16_t np_ethertype; net_input_fn *np_input; };
#define NET_MAXPROTO	8
struct net_vnet {
	struct ifnethead nv_ifs;
	uint32_t	 nv_nifs;
	uint32_t	 nv_nextindex;
	struct ifnet	**nv_byindex;	/* nv_indexsize slots */
	uint32_t	 nv_indexsize;
	struct ifnet	*nv_lo0;
	struct net_proto nv_proto[NET_MAXPROTO];
	unsigned	 nv_nproto;
	const struct net_afops *nv_afops[NET_AF_MAX];
	const struct net_ndops *nv_ndops;	/* NULL: none */
	struct ifnetlist *nv_names;	/* hash by name; NULL while there are few interfaces */
	uint32_t	 nv_namesize;	/* a power of two */
	struct ifnetlist nv_home;	/* interfaces made here, some lent to others */
	uint64_t	 nv_looped;	/* packets of this stack for one of its own interfaces */
	uint64_t	 nv_shortat;	/* VNET_EV_SHORT is not told again before that */
};
VNET_STATE_DECLARE(net);

int	 net_proto_register(struct vnet *, uint16_t ethertype, net_input_fn *);
/* Dispatch of a packet whose link header is gone; unknown: dropped, ifs_noproto. */
void	 net_input(struct ifnet *, uint16_t ethertype, struct mbuf *);

/* For drivers (under the kernel lock). */
struct ifnet *if_alloc(struct vnet *home, const char *name, uint8_t type);
int	 if_attach(struct ifnet *);			/* into if_home; EEXIST */
/* out of if_vnet, IFDETACH told, queue purged */
void	 if_detach(struct ifnet *);
void	 if_free(struct ifnet *);
/* Hand a frame to the interface at the other end; any lane.  Consumes m.  0: whether it was taken is not the sender's to know. */
int	 if_deliver(struct ifnet *to, struct mbuf *);
bool	 if_merged(const struct ifnet *);	/* a port of an aggregate (lagg), whose link is its own no longer */
/* A frame that one interface received becomes another's of the same stack, counted and shown.  Consumes m. */
void	 if_receive(struct ifnet *, struct mbuf *);
/*
 * Frames as a wire would carry them: none longer than the MTU allows, with sums also with checksums; a list by
 * m_nextpkt.  What there is no memory for is dropped (output errors).  Consumes m; NULL: nothing left.
 */
struct mbuf *if_wire(struct ifnet *, struct mbuf *, bool sums);
/*
 * The name of a new interface: TYPE and the number, or with unit < 0 the first number whose name is free.  ENOSPC, EEXIST.
 */
int	if_clone_name(struct vnet *, const char *type, int unit, char name[IFNAMSIZ]);
const struct if_clone *if_clone_find(const char *type);	/* the kind that makes it; NULL: unknown, or known by the form of names */
#define IF_CLONE_MAXAUTO	32767	/* of the numbers it gives */
/*
 * One ifnet and one zeroed softc, of the sizes and functions that the cloner says, not attached; an Ethernet's link address is made of its name.
 * NULL: no memory.  _unit: with a name by if_clone_name.  Then if_new_attach(): all of it is gone on failure.
 */
struct ifnet *if_new(struct vnet *, const struct if_clone *, const char *name);
int	 if_new_unit(struct vnet *, const struct if_clone *, int unit, char name[IFNAMSIZ], struct ifnet **);
int	 if_new_attach(struct ifnet *);
void	 if_new_destroy(struct ifnet *);	/* for ifc_destroy */
/* For interfaces of bare IP packets that lead to one place: nothing is resolved, and what comes is told by its version.  Both consume m. */
int	 if_output_ip(struct ifnet *, struct mbuf *, const struct net_addr *);
void	 if_input_ip(struct ifnet *, struct mbuf *);
/* Those that live above net (netinet/tunnel). */
extern const struct if_clone gif_cloner, gre_cloner, stf_cloner, vxlan_cloner;
/* Locally administered: unique in the kernel as the units are, last says which end of them. */
void	 if_lladdr_make(struct kernel *, uint32_t unit, uint8_t last, uint8_t lladdr[6]);

/* For everybody in the lane. */
struct ifnet *ifnet_byname(struct vnet *, const char *);
struct ifnet *ifnet_byindex(struct vnet *, uint32_t);
/* It receives, if only for who watches. */
static inline bool if_listens(const struct ifnet *ifp) { return ((ifp->if_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING)); }
static inline bool if_up(const struct ifnet *ifp) { return ((ifp->if_flags & (IFF_UP | IFF_RUNNING | IFF_MONITOR)) == (IFF_UP | IFF_RUNNING)); }
static inline int if_output(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh) { return (ifp->if_ops->ifo_output(ifp, m, nh)); }
int	 if_outputq(struct ifnet *, struct mbuf *, const struct net_addr *);	/* of a list (m_nextpkt); the first error ends it */
int	 if_extra_transmit(struct ifnet *, struct mbuf *);
static inline int
if_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (ifp->if_extra == NULL ? ifp->if_ops->ifo_transmit(ifp, m) : if_extra_transmit(ifp, m));
}

/* An Ethernet frame by any interface that a bridge may have.  Consumes m. */
static inline int
if_transmit_ether(struct ifnet *ifp, struct mbuf *m)
{
	if (ifp->if_type != VI_IFT_ETHER)
		m->m_flags |= M_ETHER;
	return (if_transmit(ifp, m));
}

/* Management (under the kernel lock); api/ exports them one to one. */
/* what net keeps for the whole kernel; before kernel_fini */
void	 net_kernel_fini(struct kernel *);
int	 if_create(struct vnet *, const char *type, char name[IFNAMSIZ]);
int	 if_destroy(struct vnet *, const char *name);
int	 if_rename(struct ifnet *, const char *newname);
int	 if_setflags(struct ifnet *, uint32_t set, uint32_t clear);
int	 if_setcaps(struct ifnet *, uint32_t set, uint32_t clear);	/* VI_IFCAP_*; EINVAL, ENOBUFS */
void	 if_settxqlen(struct ifnet *, uint32_t);
int	 if_setmtu(struct ifnet *, uint32_t);
void	 if_setrunning(struct ifnet *, bool);	/* for drivers: the medium is there, or gone */
void	 if_setcarrier(struct ifnet *, bool);	/* for those above others: whether there is a carrier below */
const char *if_groups(const struct ifnet *);	/* with a blank between them */
int	 if_group_add(struct ifnet *, const char *group);	/* EINVAL, EEXIST, ENOSPC, ENOBUFS */
int	 if_group_del(struct ifnet *, const char *group);	/* ENOENT, ENOBUFS */
void	 if_group_reset(struct ifnet *);
int	 if_setnd6(struct ifnet *, uint32_t set, uint32_t clear);	/* VI_ND6_IFF_* */
int	 if_setlladdr(struct ifnet *, const uint8_t *, size_t);
/* Link properties of the sending direction; NULL or none set: removed.  EINVAL, ENOBUFS. */
int	 if_setlink(struct ifnet *, const struct vi_linkprops *);
void	 if_getlink(const struct ifnet *, struct vi_linkprops *, struct vi_linkstats *);
/*
 * Whoever is shown the frames of an interface.  Called in the lane, in the midst of sending and receiving.
 */
struct if_frame {
	const struct mbuf *f_m;		/* with its link header */
	const struct ifnet *f_from;	/* that it came in by, when this one lies above */
	uint64_t	 f_time;	/* realtime, ns */
	bool		 f_out;
};
struct if_capture {
	LIST_ENTRY(if_capture) ic_link;
	struct ifnet	*ic_ifp;
	void		(*ic_frame)(struct if_capture *, const struct if_frame *);
	void		(*ic_ended)(struct if_capture *);	/* the interface leaves the vnet; under the kernel lock */
	bool		 ic_loop;	/* also what comes back from lo */
	bool		 ic_whole;	/* frames as who carries them gets them, with what is left to be done; else as a wire would carry them */
};
/* In the lane with the vnet's account, or under the kernel lock with the interface's.  EBUSY: it is leaving; ENOBUFS. */
int	 if_capture_begin(struct ifnet *, struct if_capture *, struct acctset *);
/* The interface's capture whose frames go to this function; NULL: there is none. */
struct if_capture *if_capture_of(const struct ifnet *, void (*frame)(struct if_capture *, const struct if_frame *));
void	 if_capture_end(struct if_capture *);
/* So many more want it promiscuous, or all multicast; if_info() shows it.  In the lane.  ENOBUFS. */
int	 if_promisc(struct ifnet *, int promisc, int allmulti);
/* Frames in and out are shown to fn; EEXIST: it is there with that arg. */
int	 if_capture(struct ifnet *, vi_capture_fn *, void *arg);
int	 if_uncapture(struct ifnet *, vi_capture_fn *, void *arg);	/* ENOENT */
int	 if_vmove(struct ifnet *, struct vnet *to);	/* EEXIST, EBUSY, EINVAL (lo0), ENOBUFS */
/* A stack that ends destroys it, wherever it was made, instead of giving it back. */
void	 if_goes_with(struct ifnet *);
/* home, under a name that is free: its own, its original, or origname with a suffix */
int	 if_reclaim(struct ifnet *);
void	 if_info(struct ifnet *, vi_if_fn *, void *arg);
void	 if_addr_link(struct ifaddr *);			/* families: put on if_addrs */
void	 if_addr_unlink(struct ifaddr *);
void	 ifa_setlifetimes(struct ifaddr *, uint32_t vltime, uint32_t pltime);	/* s from now; VI_IFA_INFINITE */

/* Ethernet: output and input for Ethernet-like drivers. */
int	 ether_output(struct ifnet *, struct mbuf *, const struct net_addr *);
void	 ether_input(struct ifnet *, struct mbuf *);
bool	 ether_linkhdr(struct ifnet *, const struct net_addr *, uint8_t *);
void	 ether_ifinit(struct ifnet *, const uint8_t lladdr[6]);
/*
 * A payload whose destination is known: link header in front, transmitted.  Consumes m; 0 or errno.
 */
int	 ether_frame(struct ifnet *, struct mbuf *, uint16_t ethertype, const uint8_t dst[6]);
/* A frame with its header: to who is above the interface and takes them first (a bridge), or to the medium.  As above. */
int	 ether_transmit_over(struct ifnet *, struct mbuf *);
static inline int
ether_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (ifp->if_extra == NULL ? ifp->if_ops->ifo_transmit(ifp, m) : ether_transmit_over(ifp, m));
}
/* A frame that came by an interface of bare IP packets (M_ETHER), for who is above it.  Consumes m. */
void	 ether_input_carried(struct ifnet *, struct mbuf *);
/* A frame for the stack itself, whoever is above the interface; its header is checked.  Consumes m. */
struct ether_info;
void	 ether_input_stack(struct ifnet *, struct mbuf *, const struct ether_info *);
/*
 * Would a wire of this MTU refuse it?  A VLAN tag may come on top (IEEE 802.3 3.2.7); super-packets are judged by their segments.
 */
bool	 ether_toolong(const struct ifnet *, const struct mbuf *);

#endif
