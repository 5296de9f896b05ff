/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP of one vnet. */
#ifndef NETINET_UDP_UDP_VAR_H
#define NETINET_UDP_UDP_VAR_H

#include <stdint.h>

#include "netinet/inet_ops.h"
#include "netinet/pcb/in_pcb.h"
#include "vimage/vnet.h"

/* X(name, words of netstat -s). */
#define UDP_STATS(X) \
	X(udps_ipackets, "datagram%s received") \
	X(udps_hdrops, "with incomplete header") \
	X(udps_badlen, "with bad data length field") \
	X(udps_badsum, "with bad checksum") \
	X(udps_nosum, "with no checksum") \
	X(udps_noport, "dropped due to no socket") \
	X(udps_noportbcast, "broadcast/multicast datagram%s undelivered") \
	X(udps_blackholed, "datagram%s for no socket left without answer") \
	X(udps_fullsock, "dropped due to full socket buffers") \
	X(udps_minttl, "dropped for too small a TTL") \
	X(udps_shutdown, "dropped because the socket reads no more") \
	X(udps_nomem, "dropped for lack of memory") \
	X(udps_delivered, "delivered") \
	X(udps_opackets, "datagram%s output") \
	X(udps_oerrors, "datagram%s not sent because of an error")

struct udpstat {
#define UDP_STAT_MEMBER(name, text)	uint64_t name;
	UDP_STATS(UDP_STAT_MEMBER)
#undef UDP_STAT_MEMBER
};

struct udp_vnet {
	struct inpcbinfo uv_pcbs;
	struct udpstat	 uv_stat;
	uint32_t	 uv_recvspace, uv_maxdgram;
	int		 uv_cksum, uv_blackhole;
};
VNET_STATE_DECLARE(udp);

extern const struct protosw udp_protosw, udp6_protosw;

/* udp_input.c */
void	udp_input(struct mbuf *, const struct inet_pkt *);
void	udp_ctlinput(struct vnet *, const struct inet_ctlmsg *);
/* udp_output.c.  Consumes m. */
int	udp_send(struct socket *, struct mbuf *, const struct vi_msg *);

#endif
