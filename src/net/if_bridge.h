/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge: what its files share. */
#ifndef NET_IF_BRIDGE_H
#define NET_IF_BRIDGE_H

#include "net/bridgestp.h"
#include "net/if_conf.h"
#include "net/if_over.h"
#include "wire/ether.h"

/* Of members: ifconfig(8)'s values; those of spanning tree ports (EDGE to AUTOPTP) are bridgestp.h's. */
enum {
	IFBIF_LEARNING = 0x1, IFBIF_DISCOVER = 0x2, IFBIF_STP = 0x4, IFBIF_SPAN = 0x8, IFBIF_STICKY = 0x10, IFBIF_EDGE = 0x20,
	IFBIF_AUTOEDGE = 0x40, IFBIF_PTP = 0x80, IFBIF_AUTOPTP = 0x100, IFBIF_PRIVATE = 0x800,
};

/* Of addresses; those of the bridge and its members themselves are kept with the rest but never shown. */
enum { IFBAF_DYNAMIC = 0, IFBAF_STATIC = 0x1, IFBAF_STICKY = 0x2, IFBAF_LOCAL = 0x80 };

#define BRIDGE_MAXADDR		2000u	/* sc_maxaddr's default */
#define BRIDGE_TIMEOUT		1200u	/* s: sc_timeout's default */
#define BRIDGE_VLANS		4096u
#define BRIDGE_MAXHOPS		255u	/* bridges that a frame may go through */

struct bridge;
struct bridge_port;

struct bridge_rt {
	LIST_ENTRY(bridge_rt) rt_hash;
	LIST_ENTRY(bridge_rt) rt_portlink;	/* all of rt_port */
	uint64_t	 rt_key;	/* vlan, address */
	struct bridge_port *rt_port;	/* NULL: local, of the bridge itself */
	uint64_t	 rt_expire;	/* lane's ns; dynamic ones */
	uint8_t		 rt_flags;	/* IFBAF_* */
};
LIST_HEAD(bridge_rtlist, bridge_rt);

/* A member, or a span. */
struct bridge_port {
	struct if_over	 bp_over;
	TAILQ_ENTRY(bridge_port) bp_link;
	struct bridge	*bp_sc;		/* (c) */
	struct ifnet	*bp_ifp;	/* (c) */
	struct bstp_port bp_stp;
	uint32_t	 bp_flags;	/* IFBIF_* */
	uint32_t	 bp_addrmax;	/* 0 = no limit of its own */
	uint32_t	 bp_naddrs;	/* dynamic and sticky ones */
	bool		 bp_waspromisc;	/* before it became a member */
	uint16_t	 bp_pvid;	/* of untagged frames, with vlanfilter; 0 = none */
	uint64_t	*bp_tagged;	/* set of 4096; NULL = none */
	struct bridge_rtlist bp_rts;
	struct bridge_rt *bp_last;	/* the source it saw last */
};
TAILQ_HEAD(bridge_ports, bridge_port);

/* A frame that was flooded, by its beginning, and where it came in. */
struct bridge_seen {
	uint32_t	 bs_hash;
	uint32_t	 bs_when;	/* ms of the stack's clock, modulo 2^32; 0: never */
	const struct bridge_port *bs_from;	/* to be compared only */
};
#define BRIDGE_SEEN	128u	/* a power of two */

struct bridge {
	struct ifnet	*sc_ifp;	/* (c) */
	struct bridge_ports sc_members, sc_spans;
	struct bstp	 sc_stp;
	bool		 sc_vlanfilter;
	uint8_t		 sc_lladdr[ETHER_ADDR_LEN];	/* its own, while it has a member's */
	/* addresses */
	struct bridge_rtlist *sc_rts;	/* sc_rtsize slots; NULL until there are members */
	uint32_t	 sc_rtsize;	/* a power of two */
	uint32_t	 sc_nrts;	/* all in the table */
	uint32_t	 sc_nlearned;	/* of them, those that maxaddr counts */
	uint32_t	 sc_maxaddr;
	uint32_t	 sc_timeout;	/* s; 0 = never */
	struct bridge_rtlist sc_local;	/* of the bridge itself */
	struct callout	 sc_prune;	/* while there are any learned */
	struct bridge_seen sc_seen[BRIDGE_SEEN];	/* by hash */
};

struct bridge_vnet {
	uint64_t	bv_forwarded, bv_flooded, bv_local, bv_blocked, bv_looped, bv_limit, bv_full, bv_toobig, bv_down, bv_private,
			bv_filtered, bv_nomem, bv_same, bv_moved, bv_toofar, bv_again;
	uint32_t	bv_inherit_mac;
};
VNET_STATE_DECLARE(bridge);

/* if_bridge_rt.c: addresses */
static inline uint64_t
bridge_key(const uint8_t *mac, uint16_t vid)
{
	return ((uint64_t)vid << 48 | (uint64_t)be16dec(mac) << 32 | be32dec(mac + 2));
}
int	bridge_rt_begin(struct bridge *);	/* the table is there after; ENOBUFS */
void	bridge_rt_end(struct bridge *);		/* all go */
struct bridge_rt *bridge_rt_find(struct bridge *, uint64_t key);
/* The source of a frame.  ENOSPC: a limit; the member's own: bp_addrmax. */
int	bridge_rt_learn(struct bridge_port *, uint64_t key);
int	bridge_rt_static(struct bridge_port *, uint64_t key);	/* EEXIST: local */
int	bridge_rt_delete(struct bridge *, uint64_t key);	/* ENOENT */
void	bridge_rt_flush(struct bridge *, bool all);		/* but static ones, or all */
void	bridge_rt_flushport(struct bridge_port *, bool all);
/* An own address, of a member (NULL: the bridge) as it is now. */
int	bridge_rt_local(struct bridge *, struct bridge_port *);
void	bridge_rt_unlocal(struct bridge *, struct bridge_port *);
struct ifopt_show;
void	bridge_rt_show(const struct bridge *, const struct ifopt_show *);

/* if_bridge_fwd.c: frames */
struct mbuf *bridge_input(struct if_over *, struct mbuf *, const struct ether_info *);
int	bridge_member_output(struct if_over *, struct mbuf *);
int	bridge_transmit(struct ifnet *, struct mbuf *);

/* if_bridge_opt.c */
extern const struct if_option bridge_options[];
void	bridge_show(const struct ifnet *, const struct ifopt_show *);
int	bridge_show_list(const struct ifnet *, const char *list, const struct ifopt_show *);

/* if_bridge.c: members */
struct bridge_port *bridge_member(const struct bridge *, const char *name);	/* NULL: none */
int	bridge_addmember(struct bridge *, struct ifnet *, char *err);
int	bridge_addspan(struct bridge *, struct ifnet *, char *err);
void	bridge_remove(struct bridge_port *);

#endif
