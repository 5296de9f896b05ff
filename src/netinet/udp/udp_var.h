/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP of one vnet. */
#ifndef NETINET_UDP_UDP_VAR_H
#define NETINET_UDP_UDP_VAR_H

#include <stdint.h>

#include "netinet/inet_ops.h"
#include "netinet/pcb/in_pcb.h"
#include "netinet/udp/udp.h"
#include "vimage/vnet.h"

/* X(name, words of netstat -s). */
#define UDP_STATS(X) \
	X(udps_ipackets, "datagram%s received") \
	X(udps_hdrops, "with incomplete header") \
	X(udps_badlen, "with bad data length field") \
	X(udps_badsum, "with bad checksum") \
	X(udps_nosum, "with no checksum") \
	X(udps_nosum6, "of IPv6 dropped for having no checksum") \
	X(udps_coverage, "of UDP-Lite dropped for too little coverage") \
	X(udps_noport, "dropped due to no socket") \
	X(udps_noportbcast, "broadcast/multicast datagram%s undelivered") \
	X(udps_blackholed, "datagram%s for no socket left without answer") \
	X(udps_fullsock, "dropped due to full socket buffers") \
	X(udps_filtered, "not wanted by a socket's filter") \
	X(udps_minttl, "dropped for too small a TTL") \
	X(udps_shutdown, "dropped because the socket reads no more") \
	X(udps_nomem, "dropped for lack of memory") \
	X(udps_delivered, "delivered") \
	X(udps_supers, "super-packet%s delivered whole") \
	X(udps_tunnelled, "taken by tunnels") \
	X(udps_opackets, "datagram%s output") \
	X(udps_oerrors, "datagram%s not sent because of an error")

struct udpstat {
#define UDP_STAT_MEMBER(name, text)	uint64_t name;
	UDP_STATS(UDP_STAT_MEMBER)
#undef UDP_STAT_MEMBER
};

struct udpcb {
	struct inpcb	 u_inpcb;	/* first: intoudpcb() */
	udp_tunnel_fn	*u_tunnel;
	udp_tunnel_ctl_fn *u_tunnelctl;
	void		*u_tunnelarg;
	uint16_t	 u_segsz;	/* VI_UDP_SEGMENT */
	uint16_t	 u_sndcov, u_rcvcov;	/* VI_UDPLITE_*_CSCOV; 0 = all */
	bool		 u_sndcovset, u_rcvcovset;
	bool		 u_gro;
	bool		 u_nosum;	/* VI_UDP_NO_CHECK */
	bool		 u_nosum6tx, u_nosum6rx;	/* RFC 6935: this port does without checksums over IPv6 */
};
#define intoudpcb(inp)	((struct udpcb *)(uintptr_t)(inp))

#define UDP_MAXSEGS	128	/* datagrams in one super-packet, as Linux */

struct udp_vnet {
	struct inpcbinfo uv_pcbs, uv_lite;	/* UDP, UDP-Lite */
	struct udpstat	 uv_stat;
	uint32_t	 uv_recvspace, uv_maxdgram;
	int		 uv_cksum, uv_blackhole, uv_blackholelocal, uv_vain;
	int		 uv_nosum6port;	/* RFC 6935 for whoever listens here */
};
VNET_STATE_DECLARE(udp);

extern const struct protosw udp_protosw, udp6_protosw, udplite_protosw, udplite6_protosw;

static inline struct inpcbinfo *
udp_pcbinfo(struct udp_vnet *uv, uint8_t proto)
{
	return (proto == VI_IPPROTO_UDP ? &uv->uv_pcbs : &uv->uv_lite);
}

/* udp_opt.c */
int	udp_setopt(struct socket *, enum vi_sockopt, const void *, size_t);
int	udp_getopt(struct socket *, enum vi_sockopt, void *, size_t *);

/* udp_input.c */
void	udp_input(struct mbuf *, const struct inet_pkt *);
void	udp_ctlinput(struct vnet *, const struct inet_ctlmsg *);
void	udplite_ctlinput(struct vnet *, const struct inet_ctlmsg *);
/*
 * udp_output.c.  udp_header: the header in front of m, for the given addresses; without memory NULL, m is gone.  udp_train: a datagram or (m_pkt.segsz) a train
 * of them, for a path that carries packets of mtu bytes; hdrlen: of the network header.  EINVAL: such a train cannot be.
 */
struct mbuf *udp_header(struct mbuf *, const struct inpcb *, const struct inet_ops *, const struct in_addr_any *src, const struct in_addr_any *dst,
	    uint16_t dport);
int	udp_train(const struct inpcb *, const struct inet_ops *, struct mbuf *, const struct vi_msg *, unsigned hdrlen, uint32_t mtu);
/* For any packet, that has at most so much behind the header of IP. */
bool	udp_toolong(const struct udp_vnet *, const struct mbuf *, uint32_t most);
int	udp_fail(struct udp_vnet *, struct mbuf *, int error);
/* Consumes m. */
int	udp_send(struct socket *, struct mbuf *, const struct vi_msg *);
int	udp6_send(struct socket *, struct mbuf *, const struct vi_msg *);	/* udp6_output.c */

#endif
