/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets inside the library, and what a protocol gives them (struct protosw).
 *
 * A socket has two owners: its user (until soclose) and its protocol control block (until the protocol calls sodetached()).  It is freed when
 * both are gone.  Its memory is charged to its vnet; a socket whose vnet was destroyed is "dead": no pcb, no buffers, so_vnet NULL, charged to its worker until soclose.
 *
 * Listening: the protocol calls sonewconn(head) for a connection that is complete; accept takes them in order.
 *
 * Protocols tell changes by sorwakeup/sowwakeup/soisconnected...; the user's upcall runs later from the lane, never nested.
 */
#ifndef SOCKET_SOCKET_H
#define SOCKET_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/packet.h>
#include <vimage/socket.h>

#include "kern/lane.h"
#include "socket/sockbuf.h"
#include "vimage/vnet.h"

struct mbuf;
struct socket;

enum so_state {
	SS_ISCONNECTED = 0x001,
	SS_ISCONNECTING = 0x002,
	SS_ISDISCONNECTING = 0x004,
	SS_ISDISCONNECTED = 0x008,
	SS_NOFDREF = 0x010,	/* the user is gone */
	SS_COMP = 0x020,	/* waits in so_head's queue */
	SS_DEAD = 0x040,	/* its vnet is gone */
	SS_PROTOREF = 0x080,	/* the pcb still points here */
	SS_WASCONNECTED = 0x100,
	SS_FASTOPEN = 0x200,	/* connecting, but not before there is data to take along */
	SS_FASTSENT = 0x400,	/* VI_MSG_FASTOPEN began the connection; nobody was told yet that it is there */
};

enum so_options {
	SO_REUSEADDR = 0x001, SO_REUSEPORT = 0x002, SO_KEEPALIVE = 0x004, SO_BROADCAST = 0x008, SO_DONTROUTE = 0x010,
	SO_OOBINLINE = 0x020, SO_LINGER = 0x040, SO_ACCEPTCONN = 0x080, SO_TIMESTAMP = 0x100,
	SO_BOUND_SNDBUF = 0x200, SO_BOUND_RCVBUF = 0x400,	/* size was set by the user: no autosizing */
};

TAILQ_HEAD(socketq, socket);

struct bpf_packet;
struct so_filter;
struct sockerrq;	/* pending ICMP errors of a datagram socket (VI_IP_RECVERR) */

struct socket {
	struct vnet	*so_vnet;	/* NULL when dead */
	const struct protosw *so_proto;	/* (c) */
	void		*so_pcb;
	uint16_t	 so_state;	/* enum so_state */
	uint16_t	 so_options;	/* enum so_options */
	int16_t		 so_linger;	/* s */
	uint8_t		 so_type;	/* VI_SOCK_* */
	bool		 so_filterlocked;	/* VI_SO_LOCK_FILTER */
	uint16_t	 so_protocol;	/* the number the user sees */
	uint8_t		 so_pcp;	/* 1 + VI_SO_VLAN_PCP; 0: none */
	int		 so_error;	/* pending */
	struct vi_cred	 so_cred;
	uint32_t	 so_fib;
	uint32_t	 so_priority, so_mark;
	struct sockbuf	 so_rcv, so_snd;
	/* listening */
	struct socketq	 so_comp;	/* complete connections */
	uint32_t	 so_qlen, so_qlimit;
	struct socket	*so_head;
	TAILQ_ENTRY(socket) so_list;	/* in so_head's queue, or in sv_starved */
	TAILQ_ENTRY(socket) so_vlink;	/* every socket of the vnet */
	/* the user */
	vi_upcall_fn	*so_upcall;
	void		*so_upcallarg;
	struct work	 so_work;
	struct sockerrq	*so_errq;
	struct so_filter *so_filter;	/* VI_SO_FILTER; NULL: all is wanted */
	uint32_t	 so_oobmark;	/* offset in so_rcv of the urgent mark, or SO_NOOOB */
	uint8_t		 so_oobbyte;
	bool		 so_zerocopy;	/* VI_SO_ZEROCOPY */
	bool		 so_zcpending;	/* completions so_zcfirst to so_zclast are to be told */
	bool		 so_hasoob;
	bool		 so_starved;	/* no memory for what it is to send */
	uint32_t	 so_stamping;	/* VI_SOF_*; changes count from so_stampbase */
	uint32_t	 so_stampbase;
	uint32_t	 so_zcnext, so_zcfirst, so_zclast;
	struct mbuf	*so_prepared;	/* vi_send_prepare: buffers being filled */
	struct acctset	*so_acct;	/* who pays: the vnet, when dead the worker */
};
#define SO_NOOOB	UINT32_MAX

enum pr_flags {
	PR_ATOMIC = 0x1,	/* datagrams */
	PR_ADDR = 0x2,		/* each with an address */
	PR_CONNREQUIRED = 0x4,
	PR_ANYPROTO = 0x8,	/* pr_protocol says nothing */
};

/*
 * A look at the sockets of a protocol, which may be one of several: those with numbers come in the order of these, then those that have none.
 */
struct pcbscan {
	vi_pcb_fn	*ps_fn;
	void		*ps_arg;
	uint64_t	 ps_after;	/* numbers up to this were told */
	uint32_t	 ps_skip;	/* and so many of the others, */
	uint32_t	 ps_seen;	/* of so many so far */
	unsigned	 ps_left;	/* may still be told */
	bool		 ps_more;	/* ... and others not any more */
};

/* One without a number: is it told? */
static inline bool
pcbscan_take(struct pcbscan *ps)
{
	if (ps->ps_more || ps->ps_seen++ < ps->ps_skip)
		return (false);
	if (ps->ps_left == 0) {
		ps->ps_more = true;
		return (false);
	}
	ps->ps_left--;
	ps->ps_skip++;
	return (true);
}

/*
 * A protocol.  All functions run in the socket's lane; NULL = EOPNOTSUPP (connect, listen...) or nothing to do.
 * Errors are errnos.
 */
struct protosw {
	uint8_t		pr_family;	/* VI_AF_* */
	uint8_t		pr_type;	/* VI_SOCK_* */
	uint8_t		pr_protocol;
	uint8_t		pr_flags;
	uint32_t	pr_sndspace, pr_rcvspace;	/* initial sizes; the protocol may change them in attach */
	int	(*pr_attach)(struct socket *, int proto);
	/* The user closed.  The protocol may keep the pcb and the socket (TCP closing); it calls sodetached() when done, possibly at once. */
	void	(*pr_close)(struct socket *);
	/* Destroy at once and silently or with RST as fits; must call sodetached() before returning.  (vnet teardown, aborts of queued connections.) */
	void	(*pr_abort)(struct socket *);
	int	(*pr_bind)(struct socket *, const struct vi_sockaddr *);
	int	(*pr_listen)(struct socket *, int backlog);
	int	(*pr_connect)(struct socket *, const struct vi_sockaddr *);	/* EINPROGRESS is not returned: the socket layer says it */
	int	(*pr_disconnect)(struct socket *);	/* datagrams: forget the foreign address */
	int	(*pr_shutdown)(struct socket *);	/* no more will be sent; socantsendmore() was called */
	/* Streams: data was appended to so_snd by the socket layer; send what may be sent.  flags: VI_MSG_OOB, VI_MSG_MORE. */
	int	(*pr_output)(struct socket *, int flags);
	/* Streams, optional: tell when what was just appended went out or is acknowledged; zcid: sozerocopied() it then. */
	uint32_t (*pr_position)(struct socket *);	/* with pr_mark: where in the stream the next mark counts from */
	int	(*pr_mark)(struct socket *, uint32_t wanted, const uint32_t *zcid);
	/*
	 * Streams, optional: bytes so_snd may still take by the protocol's own rule, whatever room it has; wake: as poll
	 * sees it, which waits for more than one byte's worth.
	 */
	uint32_t (*pr_sendroom)(struct socket *, bool wake);
	uint32_t (*pr_sendslack)(struct socket *);	/* ... and what one send(2) that finds less may take all the same */
	/* Datagrams: one datagram; msg gives the address (may be NULL) and what to override.  Consumes m. */
	int	(*pr_send)(struct socket *, struct mbuf *, const struct vi_msg *);
	void	(*pr_rcvd)(struct socket *);		/* the user took data from so_rcv */
	int	(*pr_sockaddr)(struct socket *, struct vi_sockaddr *);
	int	(*pr_peeraddr)(struct socket *, struct vi_sockaddr *);
	/* Options the socket layer does not know.  ENOPROTOOPT. */
	int	(*pr_setopt)(struct socket *, enum vi_sockopt, const void *, size_t);
	int	(*pr_getopt)(struct socket *, enum vi_sockopt, void *, size_t *);
	void	(*pr_pcblist)(struct vnet *, struct pcbscan *);	/* one per protocol */
	void	(*pr_packets)(struct vnet *, vi_packet_fn *, void *arg);	/* of packet sockets, likewise */
};

/* Registry: each vnet's table of protocols, filled at attach by udp, tcp, rip.  socket/proto.c */
#define SOCKET_MAXPROTO 16
struct socket_vnet {
	const struct protosw *sv_proto[SOCKET_MAXPROTO];
	unsigned	 sv_nproto;
	/* What socket() asked for last, and got; sf_proto NULL: nothing. */
	struct { int sf_family, sf_type, sf_number; const struct protosw *sf_proto; } sv_found;
	struct socketq	 sv_sockets;	/* all */
	struct socketq	 sv_starved;	/* of these, so_starved */
	struct callout	 sv_look;	/* pending while one of them waits */
	uint32_t	 sv_nsockets;
	uint32_t	 sv_maxsockets;	/* kern.ipc.maxsockets */
	uint32_t	 sv_somaxconn;	/* kern.ipc.somaxconn */
	uint32_t	 sv_sbmax;	/* kern.ipc.maxsockbuf */
};
VNET_STATE_DECLARE(socket);
int	 proto_register(struct vnet *, const struct protosw *);

/* The user's side (api/ exports it). */
int	 socreate(struct vnet *, int family, int type, int proto, const struct vi_cred *, struct socket **);
void	 soclose(struct socket *);
/* It is of another family from now on, of the same type and protocol; false: that has none. */
bool	 sofamily(struct socket *, int family);
int	 sobind(struct socket *, const struct vi_sockaddr *);
int	 solisten(struct socket *, int backlog);
int	 soconnect(struct socket *, const struct vi_sockaddr *);
int	 soaccept(struct socket *, struct socket **, struct vi_sockaddr *);
int	 soshutdown(struct socket *, int how);
int	 sosend(struct socket *, const struct vi_msg *, size_t *done);
int	 soreceive(struct socket *, struct vi_msg *, size_t *done);
/* The same of bytes alone, with a shorter way for a few of them in a stream. */
int	 sosend_bytes(struct socket *, const void *, size_t, int flags, size_t *done);
int	 soreceive_bytes(struct socket *, void *, size_t, int flags, size_t *done);
int	 sosend_prepare(struct socket *, size_t want, struct vi_iovec *, unsigned *niov);
int	 sosend_commit(struct socket *, size_t, int flags);
int	 soreceive_peek(struct socket *, size_t want, struct vi_iovec *, unsigned *niov);
int	 soreceive_consume(struct socket *, size_t);
int	 soerrdequeue(struct socket *, struct vi_sockerr *, void *buf, size_t len);
int	 sosetopt(struct socket *, enum vi_sockopt, const void *, size_t);
int	 sogetopt(struct socket *, enum vi_sockopt, void *, size_t *);
unsigned sopoll(struct socket *);

/* The protocol's side. */
/* A complete connection for a listener: a socket with SS_ISCONNECTED, queued; its pcb is the caller's to attach.  NULL: queue full or no memory. */
struct socket *sonewconn(struct socket *head);
bool	 soqueuefull(const struct socket *head);
void	 soisconnecting(struct socket *);
void	 soisconnected(struct socket *);
void	 soisdisconnecting(struct socket *);
void	 soisdisconnected(struct socket *);	/* both directions over; so_error says why if not 0 */
void	 socantsendmore(struct socket *);
void	 socantrcvmore(struct socket *);	/* FIN received */
void	 sorwakeup(struct socket *);		/* data, connection or error can be read */
void	 sowwakeup(struct socket *);		/* room */
void	 soerror(struct socket *, int error);	/* pending error and wake-up */
void	 sodetached(struct socket *);		/* the pcb is gone; frees the socket if the user is too.  so may be gone after. */
void	 sohasoutofband(struct socket *);
/* An ICMP error about a datagram of ours, kept when the socket asked for it.  m: the offending payload, borrowed. */
void	 sozerocopied(struct socket *, uint32_t id);	/* VI_MSG_ZEROCOPY: the buffer of that send is not needed any more */
void	 soerrqueue(struct socket *, const struct vi_sockerr *, const struct mbuf *m, size_t off);
/* A program that says how many bytes of a packet are wanted, 0: none.  EINVAL, ENOMEM. */
int	 sofilter_make(struct acctset *, const void *insns, size_t len, struct so_filter **);
void	 sofilter_drop(struct acctset *, struct so_filter *);	/* NULL: nothing */
/* Protocols ask when so_filter is set. */
uint32_t sofilter_run(const struct so_filter *, const struct bpf_packet *);
/* A datagram whose header has been taken off, and what a filter may ask of it. */
struct so_dgram {
	const void	*sd_hdr;	/* as it was on the wire */
	uint32_t	 sd_hlen;
	uint32_t	 sd_ifindex;
	uint16_t	 sd_ethertype;
	uint8_t		 sd_pkttype;	/* VI_PKT_* */
};
/* Does the socket want it?  Then m, the data, is as long as it wants it. */
bool	 sofilter_dgram(const struct socket *, struct mbuf *, const struct so_dgram *);
/* Option helper: checks the length and copies an int. */
int	 sooptint(const void *val, size_t len, int *out);
int	 sooptput(void *buf, size_t *len, const void *val, size_t vallen);
int	 sooptputint(void *buf, size_t *len, int);

#endif
