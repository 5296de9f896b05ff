/* SPDX-License-Identifier: BSD-2-Clause */
/* The spanning tree of a bridge (IEEE 802.1D-2004): bridgestp.c receives, sends and keeps time; bstp_role.c has the state machines. */
#ifndef NET_BRIDGESTP_H
#define NET_BRIDGESTP_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "kern/lane.h"
#include "wire/bpdu.h"

struct ifnet;
struct mbuf;

enum bstp_state { BSTP_DISABLED, BSTP_LISTENING, BSTP_LEARNING, BSTP_FORWARDING, BSTP_BLOCKING, BSTP_DISCARDING };
enum bstp_role { BSTP_ROLE_DISABLED, BSTP_ROLE_ROOT, BSTP_ROLE_DESIGNATED, BSTP_ROLE_ALTERNATE, BSTP_ROLE_BACKUP };
enum bstp_info { BSTP_INFO_DISABLED, BSTP_INFO_AGED, BSTP_INFO_MINE, BSTP_INFO_RECEIVED };

/* A priority vector (17.5): the lower the better. */
struct bstp_vec {
	uint64_t	 bv_root;
	uint32_t	 bv_cost;
	uint64_t	 bv_bridge;
	uint16_t	 bv_port;
};
struct bstp_times {	/* s */
	uint16_t	 bt_age, bt_maxage, bt_hello, bt_fwddelay;
};

struct bstp_port {	/* the names of 17.19, without their prefixes */
	TAILQ_ENTRY(bstp_port) bp_link;		/* if bp_active */
	struct bstp	*bp_bs;
	struct ifnet	*bp_ifp;
	bool		 bp_active;		/* takes part */
	enum bstp_state	 bp_state;		/* what frames go by */
	uint8_t		 bp_priority;
	uint32_t	 bp_cost;		/* 0: by default */
	bool		 bp_adminedge, bp_autoedge, bp_autoptp, bp_ptp;
	/* machines */
	enum bstp_role	 bp_role, bp_selectedrole;
	enum bstp_info	 bp_infois;
	enum { TC_INACTIVE, TC_LEARNING, TC_ACTIVE } bp_tcstate;
	struct bstp_vec	 bp_portvec, bp_desvec, bp_msgvec;
	struct bstp_times bp_porttimes, bp_destimes, bp_msgtimes;
	struct bpdu	 bp_msg;
	bool		 bp_agree, bp_agreed, bp_disputed, bp_operedge, bp_forward, bp_forwarding, bp_learn, bp_learning, bp_newinfo,
			 bp_proposed, bp_proposing, bp_rcvdmsg, bp_rcvdrstp, bp_rcvdstp, bp_rcvdtc, bp_rcvdtcack, bp_rcvdtcn,
			 bp_reroot, bp_reselect, bp_selected, bp_sendrstp, bp_sync, bp_synced, bp_tcack, bp_tcprop, bp_updtinfo,
			 bp_enabled, bp_sensing;
	/* timers, s */
	uint16_t	 bp_edgedelaywhile, bp_fdwhile, bp_hellowhen, bp_mdelaywhile, bp_rbwhile, bp_rcvdinfowhile, bp_rrwhile, bp_tcwhile,
			 bp_txcount;
};

struct bstp {
	struct ifnet	*bs_ifp;	/* (c) the bridge */
	TAILQ_HEAD(, bstp_port) bs_ports;
	bool		 bs_running;
	/* as set */
	uint16_t	 bs_priority;
	uint16_t	 bs_maxage, bs_hello, bs_fwddelay, bs_holdcnt;
	bool		 bs_rstp;
	/* as it is */
	uint64_t	 bs_id;
	struct bstp_vec	 bs_rootvec;
	struct bstp_times bs_roottimes;
	struct bstp_port *bs_rootport;	/* NULL: we are the root */
	struct callout	 bs_tick;
	/* Addresses learned there are to be forgotten. */
	void		(*bs_flush)(struct bstp_port *);
};

#define BSTP_MIGRATE	3	/* s, 17.13.9 */
#define BSTP_COST	2000	/* of 10 Gbit/s, 17.14 */

void	bstp_init(struct bstp *, struct ifnet *, void (*flush)(struct bstp_port *));
void	bstp_port_init(struct bstp *, struct bstp_port *, struct ifnet *);
void	bstp_enable(struct bstp_port *);	/* takes part from now on */
void	bstp_disable(struct bstp_port *);
void	bstp_update(struct bstp *);		/* the bridge or a port went up or down, or what is set changed */
void	bstp_input(struct bstp_port *, struct mbuf *);	/* consumes; its Ethernet header is checked and contiguous */
uint16_t bstp_portid(const struct bstp_port *);
uint32_t bstp_pathcost(const struct bstp_port *);

/* bstp_role.c */
void	bstp_machines(struct bstp *);		/* until nothing changes */
void	bstp_received(struct bstp_port *, const struct bpdu *);
void	bstp_transmit(struct bstp_port *, uint8_t type);	/* bridgestp.c's */

#endif
