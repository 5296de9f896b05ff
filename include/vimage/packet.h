/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet sockets: the frames of a stack's interfaces as they come and go, and frames of one's own.
 *
 * A socket of VI_AF_PACKET is for frames of one type (the protocol of vi_socket() or, unless 0, the sa_port of vi_bind(); VI_PKT_ALL: of every type, and then
 * also what is sent from here) of one interface (sa_scope of vi_bind()) or of all.  Type 0 receives nothing.  VI_SOCK_RAW has the link
 * header, VI_SOCK_DGRAM not; a tag of IEEE 802.1Q stands beside the frame, in msg_frame.  What is received is what the stack gives to who carries it,
 * or gets from there: super-packets are whole, and the checksums of TCP and UDP may be missing (VI_FRAME_UNSUMMED; VI_PKT_VNET_HDR tells all).  What goes
 * to a wire that takes none of that is seen cut and with checksums.  The loopback interface is seen as an Ethernet whose addresses are 0.
 *
 * To send, msg_name tells the interface, the type and with VI_SOCK_DGRAM the station; without it, it goes where the socket is bound.
 *
 * A socket that is bound to an interface gets ENETDOWN when that goes down or away.
 */
#ifndef VIMAGE_PACKET_H
#define VIMAGE_PACKET_H

#include <vimage/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VI_PKT_ALL	3	/* frames of every type */

enum {			/* st_pkttype */
	VI_PKT_HOST, VI_PKT_BROADCAST, VI_PKT_MULTICAST, VI_PKT_OTHERHOST, VI_PKT_OUTGOING,
};

#define VI_PKT_VNETHDRLEN	10

struct vi_pkt_mreq {
	uint32_t	pm_ifindex;
	uint16_t	pm_type;	/* VI_PKTMR_* */
	uint16_t	pm_alen;
	uint8_t		pm_addr[8];
};
enum { VI_PKTMR_MULTICAST, VI_PKTMR_PROMISC, VI_PKTMR_ALLMULTI, VI_PKTMR_UNICAST };

struct vi_pkt_stats { uint32_t ps_packets, ps_drops; };	/* the first counts both */

/* The packet sockets of a vnet, the last one made first.  *Management*. */
struct vi_packetinfo {
	char		 pi_ifname[VI_IFNAMSIZ];	/* bound to; "": all, or with pi_ifindex, one that is gone */
	uint32_t	 pi_ifindex;
	uint16_t	 pi_ethertype;	/* of frames it is for; VI_PKT_ALL; 0: none */
	bool		 pi_raw;	/* VI_SOCK_RAW: it makes link headers itself */
	bool		 pi_promisc;	/* a membership asks for all frames */
	bool		 pi_outgoing;	/* it hears what is sent from here */
	uint32_t	 pi_uid;
	uint64_t	 pi_frames;	/* offered to it, in its life */
	uint64_t	 pi_matched;	/* that its filter let pass */
	uint64_t	 pi_drops;	/* of these, for lack of room */
	uint32_t	 pi_waiting;	/* bytes to be received */
	const struct vi_socket *pi_socket;	/* identity only; NULL when nobody holds it */
};
typedef void vi_packet_fn(void *arg, const struct vi_packetinfo *);
VI_API void	vi_packets(struct vi_vnet *, vi_packet_fn *, void *arg);

/* VI_PKT_FANOUT: id | VI_FANOUT_* << 16.  Each frame is for one socket of the group. */
enum {
	VI_FANOUT_HASH = 0,	/* by flow */
	VI_FANOUT_LB = 1,	/* in turn */
	VI_FANOUT_CPU = 2,	/* by the worker */
	VI_FANOUT_ROLLOVER = 3,	/* the first until it is full */
	VI_FANOUT_RND = 4,
	VI_FANOUT_QM = 5,	/* by the queue, of which there is one */
	VI_FANOUT_CBPF = 6,
	VI_FANOUT_TYPE = 0xff,
	VI_FANOUT_F_ROLLOVER = 0x1000,	/* one that is full is passed over */
	VI_FANOUT_F_UNIQUEID = 0x2000,	/* id 0: one that is free */
	VI_FANOUT_F_IGNORE_OUTGOING = 0x4000,
};
#define VI_FANOUT_MAX	256	/* sockets of a group */

#ifdef __cplusplus
}
#endif
#endif
