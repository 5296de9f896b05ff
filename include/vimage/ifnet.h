/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces.  All calls are *management* (vimage.h).  An interface is named by its vnet and its name.
 */
#ifndef VIMAGE_IFNET_H
#define VIMAGE_IFNET_H

#include <vimage/priv.h>
#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {			/* if_flags: BSD's values */
	VI_IFF_UP = 0x1, VI_IFF_BROADCAST = 0x2, VI_IFF_DEBUG = 0x4, VI_IFF_LOOPBACK = 0x8, VI_IFF_POINTOPOINT = 0x10,
	VI_IFF_RUNNING = 0x40, VI_IFF_NOARP = 0x80, VI_IFF_PROMISC = 0x100, VI_IFF_ALLMULTI = 0x200,
	VI_IFF_SIMPLEX = 0x800, VI_IFF_MULTICAST = 0x8000,
	VI_IFF_MONITOR = 0x40000,	/* what it receives is shown to captures only; it sends nothing */
	VI_IFF_STATICARP = 0x80000,	/* only neighbours that were entered are sent to, nobody is asked */
};

enum {			/* if_caps: BSD's values, but for the last */
	VI_IFCAP_RXCSUM = 0x1, VI_IFCAP_TXCSUM = 0x2,	/* checksums of TCP and UDP over IPv4 are taken for good, and left out */
	VI_IFCAP_TSO4 = 0x100, VI_IFCAP_TSO6 = 0x200,	/* TCP's super-packets are sent whole */
	VI_IFCAP_LRO = 0x400,				/* super-packets are received whole */
	VI_IFCAP_RXCSUM6 = 0x200000, VI_IFCAP_TXCSUM6 = 0x400000,
	VI_IFCAP_GSO = 0x40000000,			/* trains of datagrams (VI_UDP_SEGMENT) are sent whole */
	VI_IFCAP_ALL = 0x40600703,
};

enum { VI_IFT_OTHER = 1, VI_IFT_ETHER = 6, VI_IFT_LOOP = 24, VI_IFT_TUNNEL = 131 };

struct vi_ifaddr {
	struct vi_sockaddr ia_addr;
	struct vi_sockaddr ia_broadcast;	/* sa_family 0 when none */
	struct vi_sockaddr ia_dst;		/* point-to-point */
	uint8_t		 ia_prefixlen;
	uint32_t	 ia_flags;		/* VI_IN6_IFF_*; on add of IPv6: AUTOCONF, TEMPORARY, NODAD, ANYCAST, DEPRECATED, PREFER_SOURCE */
	uint32_t	 ia_vltime, ia_pltime;	/* s left valid, preferred; VI_IFA_INFINITE.  0 on add: infinite */
	char		 ia_label[VI_IFNAMSIZ];	/* IPv4: a name of its own, kept for who asks; "": none */
};
#define VI_IFA_INFINITE	0xffffffffu
enum {			/* ia_flags: BSD's values */
	VI_IN6_IFF_ANYCAST = 0x01, VI_IN6_IFF_TENTATIVE = 0x02, VI_IN6_IFF_DUPLICATED = 0x04, VI_IN6_IFF_DETACHED = 0x08,
	VI_IN6_IFF_DEPRECATED = 0x10, VI_IN6_IFF_NODAD = 0x20, VI_IN6_IFF_AUTOCONF = 0x40, VI_IN6_IFF_TEMPORARY = 0x80,
	VI_IN6_IFF_PREFER_SOURCE = 0x100,
};
enum {			/* per-interface ND flags: BSD's values */
	VI_ND6_IFF_PERFORMNUD = 0x1, VI_ND6_IFF_ACCEPT_RTADV = 0x2, VI_ND6_IFF_IFDISABLED = 0x8, VI_ND6_IFF_AUTO_LINKLOCAL = 0x20,
	VI_ND6_IFF_NO_RADR = 0x40, VI_ND6_IFF_NO_PREFER_IFACE = 0x80, VI_ND6_IFF_NO_DAD = 0x100,
	VI_ND6_IFF_STABLEADDR = 0x800,	/* RFC 7217 */
	VI_ND6_IFF_DEFAULTIF = 0x10000,
};

struct vi_ifinfo {
	char		 if_name[VI_IFNAMSIZ];
	char		 if_origname[VI_IFNAMSIZ];	/* name it was created with */
	char		 if_descr[64];
	uint32_t	 if_index;
	uint32_t	 if_flags;		/* VI_IFF_* */
	uint32_t	 if_mtu, if_metric, if_fib;
	uint32_t	 if_caps;		/* VI_IFCAP_*: what is on */
	uint32_t	 if_txqlen;
	uint8_t		 if_type;		/* VI_IFT_* */
	uint8_t		 if_addrlen;		/* of the link address */
	uint8_t		 if_lladdr[8];
	bool		 if_linkup;
	uint32_t	 if_peer_vnet;		/* epair: id of the vnet that has the other end, 0 = none */
	uint32_t	 if_home_vnet;		/* id of the vnet it returns to */
	uint32_t	 if_master;		/* index of the bridge or lagg it is a port of, 0 = none */
	const char	*if_driver;		/* cloner's name: "lo", "epair" */
	const char	*if_masterdriver;	/* of if_master; NULL = none */
	const char	*if_groups;		/* "epair", "lo", space separated */
	uint32_t	 if_nd6flags;		/* VI_ND6_IFF_* */
	uint32_t	 if_linkmtu6;		/* of IPv6: if_mtu, or less that routers advertised */
	uint32_t	 if_naddrs;
	const struct vi_ifaddr *if_addrs;
	uint64_t	 if_ipackets, if_ibytes, if_ierrors, if_iqdrops;
	uint64_t	 if_opackets, if_obytes, if_oerrors, if_oqdrops, if_collisions;
	uint64_t	 if_imcasts, if_omcasts;
};
typedef void vi_if_fn(void *arg, const struct vi_ifinfo *);

/* type: a cloner ("lo", "epair", next free unit) or a name ("lo7", "epair3").  name gets the result ("epair0a"). */
VI_API enum vi_priv vi_if_create_priv(const char *type);	/* what it takes to make one besides net.ifcreate; VI_PRIV_MAX: nothing */
VI_API int	vi_if_create(struct vi_vnet *, const char *type, char name[VI_IFNAMSIZ]);
/* A cable between two vnets: an epair made in a, whose other end moves to b.  The ends' names ("epair3a", "epair3b"). */
VI_API int	vi_if_cable(struct vi_vnet *a, struct vi_vnet *b, char namea[VI_IFNAMSIZ], char nameb[VI_IFNAMSIZ]);
VI_API int	vi_if_destroy(struct vi_vnet *, const char *name);	/* either end of an epair destroys both */
VI_API void	vi_if_list(struct vi_vnet *, vi_if_fn *, void *arg);	/* by index */
VI_API int	vi_if_get(struct vi_vnet *, const char *name, vi_if_fn *, void *arg);	/* ENXIO */
VI_API int	vi_if_name(struct vi_vnet *, uint32_t index, char name[VI_IFNAMSIZ]);	/* ENXIO */
VI_API void	vi_if_cloners(struct vi_kernel *, void (*)(void *arg, const char *name), void *arg);
VI_API int	vi_if_rename(struct vi_vnet *, const char *name, const char *newname);		/* EEXIST */
VI_API int	vi_if_set_flags(struct vi_vnet *, const char *name, uint32_t set, uint32_t clear);	/* UP, PROMISC, NOARP, DEBUG, MONITOR, STATICARP */
VI_API int	vi_if_set_mtu(struct vi_vnet *, const char *name, uint32_t mtu);		/* 72..65535 as the type allows: EINVAL */
VI_API int	vi_if_set_lladdr(struct vi_vnet *, const char *name, const uint8_t *, size_t len);
VI_API int	vi_if_set_descr(struct vi_vnet *, const char *name, const char *);
/* Groups: at first that of its kind; an interface that moves has that alone again.  EINVAL: a name that ends in a digit, or too long; EEXIST; ENOENT; ENOSPC. */
VI_API int	vi_if_add_group(struct vi_vnet *, const char *name, const char *group);
VI_API int	vi_if_del_group(struct vi_vnet *, const char *name, const char *group);
/* VI_IFCAP_*: all are on at first; without its TXCSUM a family's packets are cut as well.  EINVAL. */
VI_API int	vi_if_set_caps(struct vi_vnet *, const char *name, uint32_t set, uint32_t clear);
/* Frames that may wait at the other end of an epair, or on lo, from 1 to VI_IF_TXQLEN; other kinds have no queue, and keep the number. */
#define VI_IF_TXQLEN	1000
VI_API int	vi_if_set_txqlen(struct vi_vnet *, const char *name, uint32_t);
VI_API int	vi_if_set_metric(struct vi_vnet *, const char *name, uint32_t);
VI_API int	vi_if_set_nd6(struct vi_vnet *, const char *name, uint32_t set, uint32_t clear);	/* VI_ND6_IFF_*; EINVAL */
VI_API int	vi_if_set_fib(struct vi_vnet *, const char *name, uint32_t);
/*
 * Lend to another vnet, or take back a lent one.  Addresses and routes go; name, link address, counters stay; the interface is down after.
 * EEXIST: the name is taken there; ENXIO; EBUSY: one of the two is going away.
 */
VI_API int	vi_if_move(struct vi_vnet *from, const char *name, struct vi_vnet *to);
VI_API int	vi_if_reclaim(struct vi_vnet *from, const char *name, struct vi_vnet *home);

/*
 * What only some kinds of interfaces have (members of a bridge, a tag, the ends of a tunnel): options by the words of ifconfig(8).  argv: the words behind
 * the option.  ENOENT: no such option here; EINVAL: wrong words or number of them; others as the option says.  On failure err (VI_ERRLEN bytes)
 * holds one sentence, or "" when the errno tells enough.
 */
VI_API int	vi_if_option(struct vi_vnet *, const char *name, const char *option, const char *const *argv, unsigned argc, char *err);
VI_API enum vi_priv vi_if_option_priv(struct vi_vnet *, const char *name);	/* what it takes besides net.ifset to set those of its kind; VI_PRIV_MAX: nothing */
/* Shows them in order.  list: NULL, or what item is one of ("member"); texts live for the call only. */
typedef void vi_if_option_fn(void *arg, const char *list, const char *item, const char *key, const char *value);
VI_API int	vi_if_options(struct vi_vnet *, const char *name, vi_if_option_fn *, void *arg);	/* ENXIO */
/* What is too long to be among them: "address", all that a bridge has learned.  ENOENT: no such list here. */
VI_API int	vi_if_option_list(struct vi_vnet *, const char *name, const char *list, vi_if_option_fn *, void *arg);

/*
 * Addresses.  The first address, or one with alias, is added; without alias it replaces the first of its family (BSD).
 * prefixlen 0xff: by class.  EEXIST: already there with that prefix.  Connected and host routes follow.
 */
VI_API int	vi_if_addr_add(struct vi_vnet *, const char *name, const struct vi_ifaddr *, bool alias);
VI_API int	vi_if_addr_del(struct vi_vnet *, const char *name, const struct vi_sockaddr *);	/* EADDRNOTAVAIL */

/*
 * Properties of a link, for experiments: what happens to frames on the way out of one interface; the other direction of a cable is the
 * other interface's.  A frame waits in the queue of a transmitter of lp_rate, is then lost, damaged, doubled or not, and arrives after lp_delay.
 * Any interface has them; nothing set means that nothing stands in the way, at no cost.
 *
 * With properties set an interface sends what a wire would carry: super-packets are cut into frames of the MTU first, and where
 * frames may be damaged checksums are computed and verified.  Probabilities are 0..1.  Each property draws from a
 * generator of its own, all made from lp_seed: with the same seed the same frames, by number, suffer.
 * They stay with an interface that moves; the frames held are dropped then, and sent at once when the properties are removed.
 */
#define VI_LINKPATTERN	129	/* a pattern with its NUL */
struct vi_linkprops {
	uint64_t lp_delay;		/* ns; at most an hour */
	uint64_t lp_jitter;		/* ns: the delay is uniform within lp_delay +- lp_jitter, but no frame overtakes another */
	uint64_t lp_rate;		/* bits/s, from 8; 0 = no limit */
	uint32_t lp_queue;		/* frames the transmitter has, the one being sent included, 1..65535; further ones are dropped; 0 = 100 */
	uint32_t lp_overhead;		/* bytes that the rate counts for each frame beyond its own (Ethernet: 24), at most 1000 */
	double	 lp_loss;		/* of each frame */
	/* Gilbert-Elliott: a state without (lp_loss holds) and one with bursts of loss; at each frame it may change. */
	double	 lp_burst_p;		/* into the bad state; 0 = there is none */
	double	 lp_burst_r;		/* out of it: bursts are 1/r frames long on average */
	double	 lp_burst_loss;		/* in it; 0 = all are lost */
	char	 lp_pattern[VI_LINKPATTERN];	/* "0010": the third of every four is lost; "" = none */
	bool	 lp_pattern_once;	/* only of the first four */
	double	 lp_dup;		/* arrives twice */
	double	 lp_reorder;		/* arrives lp_reorder_delay late, others overtake it */
	uint64_t lp_reorder_delay;	/* ns; 0 = 1 ms; at most an hour */
	double	 lp_corrupt;		/* has one bit of its IP packet wrong; other protocols, without checksums, are spared */
	uint64_t lp_seed;		/* 0 = from the host's randomness (which is seeded on the simulated host) */
};
struct vi_linkstats {
	uint64_t lk_frames;		/* that came to the transmitter */
	uint64_t lk_qdrops;		/* found its queue full */
	uint64_t lk_lost, lk_corrupted, lk_dups, lk_reordered;
	uint64_t lk_nomem;		/* dropped: no memory, or too many on the way */
	uint32_t lk_held;		/* on their way now */
};
/* NULL, or nothing but a seed: removed.  EINVAL: out of range, or what only modifies something that is not set. */
VI_API int	vi_if_set_link(struct vi_vnet *, const char *name, const struct vi_linkprops *);
/* As they are, with defaults and the seed filled in; zeroes when none are set.  Either may be NULL. */
VI_API int	vi_if_get_link(struct vi_vnet *, const char *name, struct vi_linkprops *, struct vi_linkstats *);

/*
 * Frames that an interface sends (before its link properties) and receives, complete, cut and summed as a wire would carry them; on lo without link
 * header, and once.  fn is called in the lane of the vnet, in the midst of things: it takes what it wants and calls nothing of the library.
 * When the interface leaves the vnet or is destroyed, fn is called once more, with NULL.  pcap.h writes files.
 */
struct vi_frame {
	uint64_t	 fr_time;	/* realtime ns of the host */
	const void	*fr_data;
	uint32_t	 fr_len;
	bool		 fr_out;
	uint8_t		 fr_type;	/* VI_IFT_*: of the interface */
};
typedef void vi_capture_fn(void *arg, const struct vi_frame *);
VI_API int	vi_if_capture(struct vi_vnet *, const char *name, vi_capture_fn *, void *arg);	/* EEXIST: so already */
VI_API int	vi_if_uncapture(struct vi_vnet *, const char *name, vi_capture_fn *, void *arg);	/* ENOENT */

#ifdef __cplusplus
}
#endif
#endif
