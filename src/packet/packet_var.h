/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets of one vnet. */
#ifndef PACKET_PACKET_VAR_H
#define PACKET_PACKET_VAR_H

#include <vimage/packet.h>

#include "net/ifnet.h"
#include "socket/socket.h"
#include "vimage/vnet.h"
#include "wire/ether.h"

/* X(name, words of netstat -s). */
#define PKT_STATS(X) \
	X(pkts_frames, "frame%s seen") \
	X(pkts_delivered, "delivered to sockets") \
	X(pkts_filtered, "not wanted by a socket's filter") \
	X(pkts_fullsock, "dropped due to full socket buffers") \
	X(pkts_nomem, "dropped for lack of memory") \
	X(pkts_oframes, "frame%s sent") \
	X(pkts_oerrors, "frame%s not sent because of an error")

struct pktstat {
#define PKT_STAT_MEMBER(name, text)	uint64_t name;
	PKT_STATS(PKT_STAT_MEMBER)
#undef PKT_STAT_MEMBER
};

/* A membership: what an interface is to let in for a socket. */
struct pktmreq {
	LIST_ENTRY(pktmreq) pm_link;
	struct vi_pkt_mreq pm_req;
	uint32_t	 pm_count;	/* so often */
};

struct pktpcb {
	LIST_ENTRY(pktpcb) pp_link;	/* all of the vnet */
	LIST_ENTRY(pktpcb) pp_hook;	/* if pp_hooked: pi_pcbs or pv_any */
	struct socket	*pp_socket;	/* (c) */
	uint32_t	 pp_ifindex;	/* bound to; 0: all */
	uint16_t	 pp_type;	/* of frames; VI_PKT_ALL; 0: none */
	bool		 pp_hooked;	/* it receives */
	bool		 pp_gone;	/* the interface it was bound to is no more */
	bool		 pp_origdev, pp_ignoreout, pp_vnethdr;
	struct vi_pkt_stats pp_stats;	/* since they were asked for */
	uint64_t	 pp_frames, pp_matched, pp_drops;
	LIST_HEAD(, pktmreq) pp_mreqs;
	struct pktfanout *pp_fanout;	/* NULL: in no group */
	uint32_t	 pp_ring;	/* VI_PKT_RING, charged */
};
LIST_HEAD(pktpcbs, pktpcb);

/* An interface that somebody listens to. */
struct pktif {
	LIST_ENTRY(pktif) pi_link;
	struct if_capture pi_capture;
	struct pktpcbs	 pi_pcbs;	/* bound to it */
};

/* Sockets that share frames. */
struct pktfanout {
	LIST_ENTRY(pktfanout) pf_link;
	uint16_t	 pf_id;
	uint8_t		 pf_how;	/* VI_FANOUT_* */
	uint16_t	 pf_flags;	/* VI_FANOUT_F_* */
	uint16_t	 pf_type;	/* of their frames and */
	uint32_t	 pf_ifindex;	/* interface */
	uint32_t	 pf_n;
	uint32_t	 pf_next;	/* VI_FANOUT_LB */
	uint64_t	 pf_frame;	/* pv_frame for which pf_chosen was chosen */
	struct pktpcb	*pf_chosen;
	struct so_filter *pf_filter;	/* VI_FANOUT_CBPF; NULL: the first is taken */
	struct pktpcb	*pf_member[VI_FANOUT_MAX];
};

struct packet_vnet {
	struct vnet	*pv_vnet;	/* (c) */
	struct pktpcbs	 pv_pcbs;	/* all */
	struct pktpcbs	 pv_any;	/* that receive from every interface */
	LIST_HEAD(, pktif) pv_ifs;
	LIST_HEAD(, pktfanout) pv_fanouts;
	const struct pktpcb *pv_sender;	/* it sends now, and does not hear itself */
	uint64_t	 pv_frame;	/* counts frames */
	uint32_t	 pv_recvspace;
	struct pktstat	 pv_stat;
};
VNET_STATE_DECLARE(packet);

/*
 * A frame as sockets see it: a head that differs from what the stack has (the tag of a VLAN taken out, an Ethernet header for lo), then the rest from m.
 */
struct pktview {
	struct ifnet	*pw_ifp;
	const struct if_frame *pw_frame;
	uint8_t		 pw_head[ETHER_HDR_LEN];
	uint32_t	 pw_headlen;	/* 0: all is in m */
	uint32_t	 pw_skip;	/* of m, for the head */
	uint32_t	 pw_len;
	uint32_t	 pw_net;	/* length of the link header */
	uint16_t	 pw_type;	/* as Linux has it: also frames of IEEE 802.3 have one */
	uint16_t	 pw_vlan, pw_tpid;
	uint8_t		 pw_pkttype;	/* VI_PKT_* */
};

/* packet_view.c */
uint16_t pkt_hatype(const struct ifnet *);
bool	 pktview_init(struct pktview *, struct ifnet *, const struct if_frame *);	/* false: shorter than its header */
void	 pktview_copy(const struct pktview *, uint32_t off, uint32_t len, uint8_t *);
uint32_t pktview_run(const struct pktview *, const struct so_filter *, uint32_t start);	/* of the frame from start on */
uint32_t pktview_hash(const struct pktview *);	/* of its flow, both ways the same */
/* len bytes from off on, lead bytes of nothing yet in front; NULL: no memory */
struct mbuf *pktview_mbuf(const struct pktview *, uint32_t off, uint32_t len, uint32_t lead);

/* packet_hook.c */
int	 pkt_hook(struct pktpcb *);	/* ENOBUFS */
void	 pkt_unhook(struct pktpcb *);
void	 pkt_event(struct vnet *, enum vnet_event, void *);

/* packet_send.c */
int	 pkt_send(struct socket *, struct mbuf *, const struct vi_msg *);

/* packet_vnethdr.c */
void	 pkt_vnethdr_make(const struct pktview *, uint8_t dst[VI_PKT_VNETHDRLEN]);	/* of a frame with its link header */
/* Takes the header off m, whose rest is then left to be done; EINVAL, EMSGSIZE, ENOBUFS: m is still the caller's. */
int	 pkt_vnethdr_take(const struct ifnet *, struct mbuf *);

/* packet_list.c */
void	 pkt_list(struct vnet *, vi_packet_fn *, void *arg);

/* packet_mreq.c */
int	 pkt_mreq_add(struct pktpcb *, const void *, size_t);
int	 pkt_mreq_drop(struct pktpcb *, const void *, size_t);
void	 pkt_mreq_leave(struct pktpcb *, uint32_t ifindex);	/* 0: all */

/* packet_fanout.c */
int	 pkt_fanout_join(struct pktpcb *, const void *, size_t);
int	 pkt_fanout_data(struct pktpcb *, const void *, size_t);
void	 pkt_fanout_leave(struct pktpcb *);
bool	 pkt_fanout_mine(struct pktpcb *, const struct pktview *);	/* is the frame for this one of its group? */

/* packet.c */
static inline bool pkt_israw(const struct pktpcb *pp) { return (pp->pp_socket->so_type == VI_SOCK_RAW); }
static inline struct packet_vnet *pkt_vnet(const struct pktpcb *pp) { return (packet_vnet(pp->pp_socket->so_vnet)); }

#endif
