/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels of IP in IP: what gif, gre and stf share. */
#ifndef NETINET_TUNNEL_TUNNEL_H
#define NETINET_TUNNEL_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "net/if_conf.h"
#include "net/ifnet.h"
#include "netinet/inet_ops.h"
#include "vimage/vnet.h"

struct mbuf;

/* Counters: X(name, words of netstat -s). */
#define TUNNEL_STATS(X) \
	X(tns_opackets, "packet%s sent in tunnels") \
	X(tns_down, "packet%s not sent in a tunnel that is down or has no ends") \
	X(tns_nested, "packet%s not sent for being in too many tunnels already") \
	X(tns_toobig, "packet%s too big for the tunnel's path") \
	X(tns_badinner, "packet%s that cannot be sent in this tunnel") \
	X(tns_nomem, "packet%s dropped for lack of memory") \
	X(tns_ipackets, "packet%s received by tunnels") \
	X(tns_nobody, "packet%s for no tunnel of this host") \
	X(tns_short, "packet%s with nothing useful inside") \
	X(tns_badecn, "packet%s with congestion marks that may not be there (RFC 6040)") \
	X(tns_badheader, "packet%s with a bad GRE or EtherIP header") \
	X(tns_badsum, "packet%s with a bad GRE checksum") \
	X(tns_oldseq, "packet%s that came out of order") \
	X(tns_badsource, "packet%s from a source that does not fit the address inside") \
	X(tns_relayed, "error%s about tunnels passed on to who sent")

struct tunnelstat {
#define TUNNEL_STAT_MEMBER(name, text)	uint64_t name;
	TUNNEL_STATS(TUNNEL_STAT_MEMBER)
#undef TUNNEL_STAT_MEMBER
};

/* By what is found who has which ends; TUNNEL_GREUDP, in UDP (RFC 8086), is gre's for everything else. */
enum tunnel_kind { TUNNEL_GIF, TUNNEL_GRE, TUNNEL_NKINDS, TUNNEL_GREUDP = TUNNEL_NKINDS };

/* The softc of a gif or gre interface.  Changes under the kernel lock, is read in the lane. */
struct tunnel {
	LIST_ENTRY(tunnel) tn_link;	/* if tn_ops */
	struct ifnet	*tn_if;
	enum tunnel_kind tn_kind;
	const struct inet_ops *tn_ops;	/* of the packets outside; NULL: it has no ends */
	struct in_addr_any tn_src, tn_dst;
	uint32_t	 tn_fib;	/* where the packets outside are routed */
	/* gre */
	uint32_t	 tn_key;	/* 0: none */
	uint16_t	 tn_udpport;	/* the source port in UDP; 0: by the flow inside */
	bool		 tn_sum, tn_seq;
	uint32_t	 tn_oseq;	/* (v) of the next packet */
	uint32_t	 tn_iseq;	/* (v) the highest received */
	bool		 tn_iseqvalid;	/* (v) */
};
LIST_HEAD(tunnelhead, tunnel);

#define TUNNEL_NHASH	64
struct tunnel_vnet {
	struct tunnelstat tv_stat;
	struct tunnelhead tv_hash[TUNNEL_NHASH];
	struct ifnet	*tv_stf;	/* there is but one */
	struct socket	*tv_greso[2];	/* of GRE in UDP: over IPv4, IPv6; NULL: no tunnel is */
	int		 tv_stfprivate;	/* 6to4 may use private addresses */
	int		 tv_nesting[TUNNEL_NKINDS];
	int		 tv_ttl[TUNNEL_NKINDS], tv_hlim[TUNNEL_NKINDS];
};
VNET_STATE_DECLARE(tunnel);

/* What the packets outside are to be like. */
struct tunnel_out {
	const struct inet_ops *to_ops;
	struct in_addr_any to_src, to_dst;
	uint32_t	 to_fib;
	uint8_t		 to_proto, to_ttl;
	uint8_t		 to_overhead;	/* bytes between the headers */
};
/* A packet that is to be sent in a tunnel: what its header says. */
struct tunnel_inner {
	const struct inet_ops *ti_ops;	/* NULL: it is an Ethernet frame */
	uint8_t		 ti_tos;
	bool		 ti_df;		/* may not be fragmented */
};

/* tunnel.c */
struct tunnel *tunnel_lookup(const struct tunnel_vnet *, enum tunnel_kind, const struct inet_ops *, const struct in_addr_any *src,
	    const struct in_addr_any *dst, uint32_t key);
/* Gives it ends, or with ops NULL takes them.  EADDRNOTAVAIL: another tunnel of that kind has the same; errors of gre_udp_open. */
int	 tunnel_setends(struct tunnel *, const struct inet_ops *, const struct in_addr_any *src, const struct in_addr_any *dst);
void	 tunnel_unreach(struct mbuf *, const struct inet_pkt *);	/* no tunnel wants it; consumes */

/* tunnel_xmit.c: the ways in and out.  Each consumes m. */
int	 tunnel_drop(struct ifnet *, struct mbuf *, uint64_t *why, int error);
int	 tunnel_nomem(struct ifnet *);	/* counts what is gone already; ENOBUFS */
/* Each packet of m, complete and with its header contiguous, through encap; for ifo_transmit. */
int	 tunnel_transmit(struct ifnet *, struct mbuf *, int nesting, int (*encap)(struct ifnet *, struct mbuf *, const struct tunnel_inner *));
/* Is there room on the path?  NULL: no, and the sender was told.  *df: what the packet outside is to have. */
struct mbuf *tunnel_fit(struct ifnet *, struct mbuf *, const struct tunnel_inner *, const struct tunnel_out *, bool *df);
/* m_data at what follows the outer header; csum_flags are the caller's. */
int	 tunnel_send(struct ifnet *, struct mbuf *, const struct tunnel_inner *, const struct tunnel_out *, bool df);
/* A packet out of a tunnel, m_data at its header; inner: what it should be. */
void	 tunnel_receive(struct ifnet *, struct mbuf *, const struct inet_ops *inner, uint8_t outertos);
/* A frame out of a tunnel. */
void	 tunnel_receive_ether(struct ifnet *, struct mbuf *);
void	 tunnel_ifinput(struct ifnet *, struct mbuf *);		/* for ifo_input of those that carry frames */
/* An error about a packet outside; skip: bytes in front of the packet inside in what it quotes. */
void	 tunnel_relay(struct vnet *, const struct inet_ctlmsg *, const struct inet_ops *inner, unsigned skip);
/* RFC 6040 4.2.  False: the packet must be dropped. */
bool	 tunnel_ecn(uint8_t outer, uint8_t *inner);

/* tunnel_if.c: interfaces and their options */
int	 tunnel_create(struct vnet *, enum tunnel_kind, const struct if_clone *, uint32_t mtu, int unit, char name[IFNAMSIZ]);
if_option_fn tunnel_opt_ends, tunnel_opt_noends, tunnel_opt_fib;
void	 tunnel_show(const struct ifnet *, const struct ifopt_show *);
/* Of any family; no group, not unspecified; link-local with the zone of an interface of vn, or not at all if that is NULL.  EINVAL. */
int	 tunnel_address(struct vnet *, const char *text, const struct inet_ops **, struct in_addr_any *);
#define TUNNEL_ADDRLEN	64
char	*tunnel_ntop(struct vnet *, const struct inet_ops *, const struct in_addr_any *, char buf[TUNNEL_ADDRLEN]);

/* if_gif.c, if_gre.c, if_stf.c: by protocol number.  Each consumes m. */
void	 gif_input(struct mbuf *, const struct inet_pkt *);
void	 gif_ctlinput(struct vnet *, const struct inet_ctlmsg *);
void	 etherip_input(struct mbuf *, const struct inet_pkt *);
void	 gre_input(struct mbuf *, const struct inet_pkt *);
void	 gre_ctlinput(struct vnet *, const struct inet_ctlmsg *);
/* gre_udp.c: GRE in UDP.  A socket for tunnels over that family is there.  EADDRINUSE, ENOBUFS. */
int	 gre_udp_open(struct vnet *, const struct inet_ops *);
void	 gre_udp_close(struct vnet *);		/* those that no tunnel needs */
void	 gre_udp_stop(struct vnet *);
struct mbuf *gre_udp_header(const struct tunnel *, struct mbuf *, uint32_t flow);	/* NULL: no memory */
uint32_t gre_udp_flow(const struct tunnel *, const struct mbuf *);	/* of a packet that is to go into it */
/* if_gre.c: m_data at GRE's header, of no more than the packet.  Consumes m. */
void	 gre_receive(struct mbuf *, const struct inet_pkt *, enum tunnel_kind);
bool	 stf_input(struct mbuf *, const struct inet_pkt *);	/* false: not for it, m is untouched */

#endif
