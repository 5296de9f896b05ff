/* SPDX-License-Identifier: BSD-2-Clause */
/* lagg: what its files share. */
#ifndef NET_IF_LAGG_H
#define NET_IF_LAGG_H

#include "kern/lane.h"
#include "net/if_over.h"
#include "wire/ether.h"
#include "wire/lacp.h"

enum lagg_proto { LAGG_NONE, LAGG_ROUNDROBIN, LAGG_FAILOVER, LAGG_LOADBALANCE, LAGG_LACP, LAGG_BROADCAST };
enum { LAGG_L2 = 0x1, LAGG_L3 = 0x2, LAGG_L4 = 0x4 };
enum { LAGG_PORT_MASTER = 0x1, LAGG_PORT_ACTIVE = 0x4, LAGG_PORT_COLLECTING = 0x8, LAGG_PORT_DISTRIBUTING = 0x10 };
#define LAGG_MAXPORTS	32u

enum lacp_mux { LACP_DETACHED, LACP_WAITING, LACP_ATTACHED, LACP_MUXCOLLECTING, LACP_MUXDISTRIBUTING };

struct lagg;
struct lagg_port {
	struct if_over	 lp_over;
	TAILQ_ENTRY(lagg_port) lp_link;
	struct lagg	*lp_sc;		/* (c) */
	struct ifnet	*lp_ifp;	/* (c) */
	uint8_t		 lp_lladdr[ETHER_ADDR_LEN];	/* its own, to be given back */
	/* LACP */
	struct lacp_end	 lp_actor, lp_partner;
	enum lacp_mux	 lp_mux;
	bool		 lp_selected, lp_ntt, lp_enabled;
	uint16_t	 lp_while, lp_periodic, lp_wait;	/* s */
	uint16_t	 lp_sent, lp_markers;	/* frames within this second */
};
TAILQ_HEAD(lagg_ports, lagg_port);

struct lagg {
	struct ifnet	*sc_ifp;	/* (c) */
	struct lagg_ports sc_ports;	/* the first is the primary one */
	unsigned	 sc_nports;
	enum lagg_proto	 sc_proto;
	uint8_t		 sc_hash;	/* LAGG_L* */
	bool		 sc_useflowid;
	uint32_t	 sc_rrlimit, sc_rrcount;
	struct lagg_port *sc_rrport;
	bool		 sc_strict, sc_fast;
	struct callout	 sc_tick;
	bool		 sc_ticking;
	const struct lagg_port *sc_active;	/* LACP: one of the aggregate that sends; NULL: none */
};

struct lagg_vnet {
	uint64_t	lv_nocarrier, lv_notactive, lv_badlacp, lv_lacpin, lv_lacpout, lv_ownout, lv_nomem, lv_toobig, lv_markers, lv_markersmany;
};
VNET_STATE_DECLARE(lagg);

/* if_lacp.c */
void	lacp_update(struct lagg *);	/* ports, flags, what is set changed */
void	lacp_input(struct lagg_port *, struct mbuf *);	/* consumes; a slow protocol's frame, header included */
void	lacp_portinit(struct lagg_port *);
bool	lacp_distributes(const struct lagg_port *);
bool	lacp_collects(const struct lagg_port *);

/* if_lagg_out.c */
int	lagg_transmit(struct ifnet *, struct mbuf *);
bool	lagg_port_up(const struct lagg_port *);
struct lagg_port *lagg_failover_port(const struct lagg *);	/* NULL: none is up */

#endif
