/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of a vnet as Linux tells of them: what the stack knows, and what only we do. */
#ifndef LINUX_PCBS_H
#define LINUX_PCBS_H

#include "linux/lx.h"

#define LX_TCP_ESTABLISHED	1
#define LX_TCP_SYN_RECV		3
#define LX_TCP_TIME_WAIT	6
#define LX_TCP_CLOSE		7
#define LX_TCP_LISTEN		10
#define LX_PROTO_UDPLITE	136

/* Who looks: a jail that shares the stack knows of its own sockets and of those of the jails in it, the stack's owner of all. */
struct lx_viewer {
	struct vi_kernel *lv_kernel;
	int		 lv_jid;	/* 0: of all */
};
struct lx_viewer lx_viewer(struct vi_kernel *, int jid);
bool	 lx_viewer_sees(const struct lx_viewer *, int jail);	/* cr_jail of who made the socket */

/* A socket and, when a program holds it, our part of it. */
struct lx_pcb {
	struct vi_pcbinfo pc_info;
	struct lx_sock	*pc_ls;		/* NULL */
	ino_t		 pc_ino;	/* its number, 0: none */
};

struct lx_pcbs {
	struct lx_pcb	*pl_pcb;	/* the caller's to free() */
	size_t		 pl_n, pl_room;
	bool		 pl_nomem;	/* some are missing */
	const struct lx	*pl_lx;
	struct lx_viewer pl_viewer;
	struct vi_pcbmark pl_mark;
	int		 pl_proto;	/* those of this one, IPPROTO_RAW: raw sockets of all; 0: all */
};

/* With the kernel's lock: those of one protocol, in the order of their numbers, those without behind them. */
void	 lx_pcbs_list(struct lx_pcbs *, const struct lx *, struct vi_vnet *, int proto, const struct lx_viewer *);
/* Some of them, of a list that has only pl_proto and pl_viewer at first.  False: that were all. */
bool	 lx_pcbs_more(struct lx_pcbs *, const struct lx *, struct vi_vnet *);
/* Who holds one that the stack tells of just now; NULL: no program. */
struct lx_sock *lx_pcb_owner(const struct lx *, const struct vi_pcbinfo *);
/* The same some time later; NULL: nobody does any more. */
struct lx_sock *lx_pcb_again(const struct lx *, const struct vi_vnet *, const struct lx_pcb *);

uint8_t	 lx_pcb_state(const struct vi_pcbinfo *);	/* TCP_* of Linux */
uint8_t	 lx_pcb_family(const struct lx_pcb *);	/* AF_*: a socket of AF_INET6 that talks IPv4 shows mapped addresses */
/* One of its two addresses as that family writes it: 4 or 16 bytes, the others are left. */
void	 lx_pcb_address(const struct lx_pcb *, const struct vi_sockaddr *, uint32_t out[4]);
/* Is it in Linux's tables?  What was never bound is not. */
bool	 lx_pcb_bound(const struct vi_pcbinfo *);
/* Its bytes, those that lie between the program and the stack too; a listener's connections that wait, and how many may. */
void	 lx_pcb_queues(const struct lx_pcb *, uint32_t *recv, uint32_t *send);

#endif
