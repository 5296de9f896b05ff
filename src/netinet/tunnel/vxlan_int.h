/* SPDX-License-Identifier: BSD-2-Clause */
/* vxlan: between its files. */
#ifndef NETINET_TUNNEL_VXLAN_INT_H
#define NETINET_TUNNEL_VXLAN_INT_H

#include "base/sbuf.h"
#include "netinet/tunnel/tunnel.h"
#include "socket/socket.h"
#include "wire/ether.h"
#include "wire/vxlan.h"

#define VXLAN_STATS(X) \
	X(vxs_opackets, "frame%s sent") \
	X(vxs_down, "frame%s not sent on an interface that is down or not set up") \
	X(vxs_nested, "frame%s not sent for being in too many tunnels already") \
	X(vxs_toobig, "frame%s longer than the MTU not sent") \
	X(vxs_nomem, "frame%s dropped for lack of memory") \
	X(vxs_ipackets, "frame%s received") \
	X(vxs_badheader, "datagram%s without a network's number") \
	X(vxs_nobody, "frame%s of networks that nobody here is in") \
	X(vxs_short, "frame%s too short") \
	X(vxs_full, "address%s not learned, the table was full")

struct vxlanstat {
#define VXLAN_STAT_MEMBER(name, text)	uint64_t name;
	VXLAN_STATS(VXLAN_STAT_MEMBER)
#undef VXLAN_STAT_MEMBER
};

/* Where a station is. */
struct vxlan_entry {
	LIST_ENTRY(vxlan_entry) ve_link;
	uint8_t		 ve_lladdr[ETHER_ADDR_LEN];
	struct in_addr_any ve_where;
	uint64_t	 ve_expire;	/* host ns; UINT64_MAX: entered by hand */
};
LIST_HEAD(vxlan_bucket, vxlan_entry);
#define VXLAN_NHASH	64	/* networks on a socket; of a table at first */

/* One port of one family; all networks on it share it. */
struct vxlan_socket {
	LIST_ENTRY(vxlan_socket) vs_link;
	LIST_HEAD(, vxlan) vs_vxlans;
	LIST_HEAD(, vxlan) vs_vnis[VXLAN_NHASH];
	struct vnet	*vs_vnet;
	struct socket	*vs_so;
	const struct inet_ops *vs_ops;
	uint16_t	 vs_port;	/* host order */
};

struct vxlan {
	LIST_ENTRY(vxlan) vx_link, vx_vnilink;	/* if vx_socket */
	struct ifnet	*vx_if;
	struct vxlan_socket *vx_socket;	/* NULL: not set up */
	/* as the administrator said */
	uint32_t	 vx_vni;	/* UINT32_MAX: not said */
	const struct inet_ops *vx_lops, *vx_rops;	/* of the addresses; NULL: not said */
	struct in_addr_any vx_local, vx_remote;
	bool		 vx_group;	/* vx_remote is one */
	char		 vx_dev[IFNAMSIZ];	/* of the group */
	uint16_t	 vx_lport, vx_rport, vx_minport, vx_maxport;
	uint8_t		 vx_ttl;
	bool		 vx_learn;
	uint32_t	 vx_maxaddr, vx_timeout;	/* s */
	/* (v) */
	uint32_t	 vx_devindex;	/* 0: none */
	struct vxlan_bucket *vx_table;	/* vx_tablesize of them; NULL: none yet */
	uint32_t	 vx_tablesize;	/* a power of two */
	uint32_t	 vx_naddrs;
	uint64_t	 vx_nextscan;	/* host ns: not before then is a full table looked through again */
};

struct vxlan_vnet {
	struct vxlanstat xv_stat;
	LIST_HEAD(, vxlan_socket) xv_sockets;
};
VNET_STATE_DECLARE(vxlan);

/* vxlan_table.c */
const struct in_addr_any *vxlan_find(struct vxlan *, const uint8_t lladdr[ETHER_ADDR_LEN]);	/* NULL: not known */
void	 vxlan_learn(struct vxlan *, const uint8_t lladdr[ETHER_ADDR_LEN], const struct in_addr_any *);
int	 vxlan_enter(struct vxlan *, const uint8_t lladdr[ETHER_ADDR_LEN], const struct in_addr_any *);	/* by hand; ENOSPC, ENOBUFS */
int	 vxlan_forget(struct vxlan *, const uint8_t lladdr[ETHER_ADDR_LEN]);	/* ENOENT */
void	 vxlan_flush(struct vxlan *, bool all);	/* but those entered by hand, or all */
void	 vxlan_table_end(struct vxlan *);
void	 vxlan_table_show(const struct vxlan *, const struct ifopt_show *);

/* vxlan_conf.c */
extern const struct if_option vxlan_options[];
void	 vxlan_show(const struct ifnet *, const struct ifopt_show *);
int	 vxlan_show_list(const struct ifnet *, const char *list, const struct ifopt_show *);

/* if_vxlan.c */
int	 vxlan_start(struct vxlan *);	/* if all is said that is needed; EADDRINUSE, ... */
void	 vxlan_stop(struct vxlan *);

#endif
