/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: non-blocking calls plus a readiness callback.
 *
 * Every call belongs to the thread that runs the socket's vnet (vimage.h, "Threads").  No call blocks: what would
 * returns EAGAIN or EINPROGRESS, and the upcall tells when to try again.
 *
 * The upcall is made by vi_worker_poll, vi_kernel_poll and vi_vnet_run, never from inside another call.  It is coalesced: one call after any number
 * of changes, with the events that hold at that time.  It may make any call on any socket of the same vnet, vi_close included.
 *
 * When the vnet is destroyed its sockets turn dead: VI_POLLERR|VI_POLLHUP, so_error ECONNABORTED; one last upcall is made from
 * the destruction itself, in which only vi_close and vi_poll may be called.  A dead socket stays until vi_close.
 */
#ifndef VIMAGE_SOCKET_H
#define VIMAGE_SOCKET_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vi_socktype {
	VI_SOCK_STREAM = 1,	/* TCP */
	VI_SOCK_DGRAM = 2,	/* UDP; with protocol ICMP an echo socket ("ping"); of VI_AF_PACKET, frames without their link header */
	VI_SOCK_RAW = 3,	/* and routing sockets, and frames whole */
};

enum {			/* protocols: the IANA numbers */
	VI_IPPROTO_IP = 0,
	VI_IPPROTO_ICMP = 1,
	VI_IPPROTO_TCP = 6,
	VI_IPPROTO_UDP = 17,
	VI_IPPROTO_ICMPV6 = 58,
	VI_IPPROTO_UDPLITE = 136,	/* RFC 3828 */
	VI_IPPROTO_RAW = 255,	/* raw, header included */
};

enum {			/* readiness, the values of poll(2) */
	VI_POLLIN = 0x001,
	VI_POLLPRI = 0x002,
	VI_POLLOUT = 0x004,
	VI_POLLERR = 0x008,
	VI_POLLHUP = 0x010,
	VI_POLLRDHUP = 0x2000,
};

enum {			/* flags of send and recv */
	VI_MSG_OOB = 0x1,
	VI_MSG_PEEK = 0x2,
	VI_MSG_DONTROUTE = 0x4,
	VI_MSG_TRUNC = 0x20,	/* datagrams: return the real length; also an output flag */
	VI_MSG_FASTOPEN = 0x20000000,	/* TCP: connect to msg_name and send, in one (RFC 7413) */
	VI_MSG_EOR = 0x80,	/* streams: nothing sent later goes into a segment with this */
	VI_MSG_ZEROCOPY = 0x4000000,	/* TCP with VI_SO_ZEROCOPY: vi_recverr() tells when it was acknowledged (it is copied all the same) */
	VI_MSG_MORE = 0x8000,	/* more will follow: hold back a short segment */
};

/* By this number of SOL_SOCKET programs in jails set VI_SO_VLAN_PCP: Linux has none for it. */
#define VI_LINUX_SO_VLAN_PCP	0x7650

enum { VI_SHUT_RD = 0, VI_SHUT_WR = 1, VI_SHUT_RDWR = 2 };

/*
 * Options.  The value is an int unless said otherwise.  An unknown option, or one that the socket's protocol has not,
 * gives ENOPROTOOPT; a bad value EINVAL; a short buffer EINVAL.
 */
enum vi_sockopt {
	VI_SO_REUSEADDR = 1, VI_SO_REUSEPORT, VI_SO_KEEPALIVE, VI_SO_BROADCAST, VI_SO_DONTROUTE, VI_SO_OOBINLINE,
	VI_SO_LINGER,		/* struct vi_linger */
	VI_SO_SNDBUF, VI_SO_RCVBUF,	/* bytes as the stack counts them; setting one ends autosizing */
	VI_SO_SNDLOWAT, VI_SO_RCVLOWAT,
	VI_SO_ERROR,		/* get: and clear */
	VI_SO_TYPE, VI_SO_PROTOCOL, VI_SO_DOMAIN, VI_SO_ACCEPTCONN,	/* get */
	VI_SO_BINDTODEVICE,	/* char[VI_IFNAMSIZ], "" = none */
	VI_SO_FIB,		/* routing table */
	VI_SO_PRIORITY, VI_SO_MARK,	/* int, kept; MARK needs the administrator */
	VI_SO_TIMESTAMP,	/* datagrams: fill msg_stamp */
	VI_SO_NREAD,		/* get: bytes (datagrams: of the first) that can be read */
	VI_SO_NWRITE,		/* get: bytes sent and not yet acknowledged, or unsent */
	VI_SO_NUNSENT,		/* get: bytes not yet sent */
	VI_SO_ZEROCOPY,		/* TCP: VI_MSG_ZEROCOPY is heeded; EOPNOTSUPP */
	VI_SO_VLAN_PCP,		/* datagrams: -1, or the priority that their frames get on an Ethernet (IEEE 802.1Q), 0..7 */
	VI_SO_TIMESTAMPING,	/* TCP: VI_SOF_*; EOPNOTSUPP, and EINVAL for VI_SOF_OPT_ID before the connection is there */
	VI_SO_FILTER,		/* struct vi_bpf_insn[], not on streams (EOPNOTSUPP): what it does not want is not received; get: the program.  EPERM when locked */
	VI_SO_NOFILTER,		/* set: takes the filter off.  ENOENT, EPERM */
	VI_SO_SNDBUFFORCE, VI_SO_RCVBUFFORCE,	/* set: as those without FORCE, beyond kern.ipc.maxsockbuf, too; the administrator's */
	VI_SO_LOCK_FILTER,	/* the filter stays as it is; EPERM for taking that back */

	VI_IP_TOS = 100, VI_IP_TTL, VI_IP_HDRINCL, VI_IP_RECVTTL, VI_IP_RECVTOS, VI_IP_PKTINFO, VI_IP_RECVERR,
	VI_IP_MTU_DISCOVER,	/* int: 0 never DF, 1 per route, 2 DF always, 3 DF and ignore path MTU (values as Linux) */
	VI_IP_MTU,		/* get: connected sockets */
	VI_IP_OPTIONS,		/* bytes, up to 40 */
	VI_IP_RECVOPTS, VI_IP_FREEBIND, VI_IP_BIND_NO_PORT, VI_IP_MINTTL,
	VI_IP_MULTICAST_TTL, VI_IP_MULTICAST_LOOP, VI_IP_MULTICAST_IF,	/* MULTICAST_IF: struct vi_mreq */
	VI_IP_ADD_MEMBERSHIP, VI_IP_DROP_MEMBERSHIP,	/* struct vi_mreq */
	VI_IP_RETOPTS,	/* fills msg_opts, as VI_IP_RECVOPTS does */
	VI_IP_TRANSPARENT,	/* any address may be bound and sent from; the administrator's */
	VI_ICMP_FILTER,		/* uint32_t bitmap of types that are NOT passed (raw ICMP) */
	VI_IP_MULTICAST_ALL,	/* also what is sent to groups that only others here have joined; on */
	VI_IP_ROUTER_ALERT,	/* raw, but VI_IPPROTO_RAW: packets of its protocol on their way through that have the option (RFC 2113) are received, and not forwarded */
	VI_IP_UNICAST_IF,	/* interface that datagrams leave by which go to no group, ifindex; 0 = by route.  EADDRNOTAVAIL, EINVAL (bound to another) */
	/*
	 * uint32_t: the ports that one is chosen from, host order, the first and << 16 the last; 0 in a half, or what is not between the stack's own first and last: those.
	 * EINVAL: the first is greater.
	 */
	VI_IP_PORTRANGE,
	VI_IP_PKTOPTIONS,	/* get: TCP: struct vi_pktoptions */
	VI_IP_RECVERR_RFC4884,	/* error queue: where the extensions of an error begin (RFC 4884); 0 or 1 */

	/* IPv6 (RFC 3493, 3542).  A dual-stack socket's IPv4 traffic obeys its VI_IP_* options. */
	VI_IPV6_V6ONLY = 300, VI_IPV6_UNICAST_HOPS, VI_IPV6_MULTICAST_HOPS,	/* hops: -1 = the vnet's default */
	VI_IPV6_MULTICAST_LOOP, VI_IPV6_MULTICAST_IF,	/* MULTICAST_IF: uint32_t ifindex, 0 = by route */
	VI_IPV6_JOIN_GROUP, VI_IPV6_LEAVE_GROUP,	/* struct vi_mreq6 */
	VI_IPV6_TCLASS, VI_IPV6_RECVTCLASS, VI_IPV6_RECVHOPLIMIT, VI_IPV6_RECVPKTINFO, VI_IPV6_RECVERR,
	VI_IPV6_MTU_DISCOVER, VI_IPV6_MTU, VI_IPV6_DONTFRAG,	/* as VI_IP_MTU_DISCOVER; MTU: get */
	VI_IPV6_FREEBIND, VI_IPV6_AUTOFLOWLABEL,
	VI_IPV6_CHECKSUM,	/* raw: offset of the checksum to fill in and check, -1 none; always on for ICMPv6 */
	VI_ICMP6_FILTER,	/* uint32_t[8]: bit set = type is NOT passed (Linux's sense) */
	VI_IPV6_MULTICAST_ALL,	/* as VI_IP_MULTICAST_ALL */
	VI_IPV6_ADDR_PREFERENCES,	/* VI_PREFER_SRC_* (RFC 5014) */
	VI_IPV6_MINHOPCOUNT,	/* as VI_IP_MINTTL */
	/*
	 * Extension headers of what is sent (RFC 3542 6 to 9), as they are to be on the wire; of no bytes: none.  All but RTHDR are privileged (EPERM);
	 * EINVAL: not as long as it says, or a routing header of an old kind.  RTHDRDSTOPTS goes only where there is an RTHDR.
	 */
	VI_IPV6_HOPOPTS, VI_IPV6_RTHDRDSTOPTS, VI_IPV6_RTHDR, VI_IPV6_DSTOPTS,
	VI_IPV6_RECVEXT,	/* datagrams: fill msg_ext */
	VI_IPV6_RECVPATHMTU,	/* datagrams: news of the path are received, messages without data whose msg_pathmtu is not 0 (RFC 3542 11.3) */
	VI_IPV6_PKTINFO,	/* interface that datagrams to no zone leave by, ifindex; 0 = by route.  EINVAL: bound to another */
	VI_IPV6_UNICAST_IF,	/* ... and to no group; EADDRNOTAVAIL, and EINVAL for who is bound to one */
	/*
	 * raw with VI_IPPROTO_RAW: packets on their way through this router whose hop-by-hop options have a router alert of this value are received, whole, and not
	 * forwarded (RFC 2711); -1 = none.  EADDRINUSE.  Reads as whether the last value was not 0.
	 */
	VI_IPV6_ROUTER_ALERT,
	VI_IPV6_HDRINCL,	/* raw: the IPv6 header is the user's */
	/*
	 * set: VI_AF_INET makes one that is connected to ::ffff:a.b.c.d one of IPv4, for good.  EINVAL: another family; ENOTCONN, EADDRNOTAVAIL (its other
	 * end is no such address); ENOPROTOOPT: raw.
	 */
	VI_IPV6_ADDRFORM,
	VI_IPV6_FLOW,		/* traffic class and flow label of what a connected socket sends, 28 bits, besides VI_IPV6_TCLASS; label 0 = automatic */
	/*
	 * struct vi_mreq6: while a socket has joined it the address is an anycast address of the interface (RFC 4291 2.6); interface 0: the route's.  As often as it
	 * was joined it is left, by closing, too.  JOIN: the administrator's; EINVAL (a group, an address of the interface), ENODEV, EADDRNOTAVAIL (in no prefix of a
	 * host's interface; on another).  LEAVE: ENOENT.
	 */
	VI_IPV6_JOIN_ANYCAST, VI_IPV6_LEAVE_ANYCAST,
	VI_IPV6_RECVERR_RFC4884,	/* as VI_IP_RECVERR_RFC4884 */

	/* Groups of both families with sources (RFC 3678); the family is that of the group. */
	VI_MCAST_JOIN_GROUP = 350, VI_MCAST_LEAVE_GROUP,	/* struct vi_group_req */
	VI_MCAST_BLOCK_SOURCE, VI_MCAST_UNBLOCK_SOURCE,		/* of a group joined for all sources; struct vi_group_source_req */
	VI_MCAST_JOIN_SOURCE_GROUP, VI_MCAST_LEAVE_SOURCE_GROUP,
	VI_MCAST_MSFILTER,	/* struct vi_group_filter and its sources; get: gf_numsrc comes back as how many there are */

	VI_TCP_NODELAY = 200, VI_TCP_CORK, VI_TCP_MAXSEG, VI_TCP_KEEPIDLE, VI_TCP_KEEPINTVL, VI_TCP_KEEPCNT,	/* seconds, count */
	VI_TCP_SYNCNT, VI_TCP_DEFER_ACCEPT, VI_TCP_QUICKACK, VI_TCP_USER_TIMEOUT,	/* ms for USER_TIMEOUT, s for DEFER_ACCEPT */
	VI_TCP_CONGESTION,	/* char[16]: "cubic", "newreno" */
	VI_TCP_INFO,		/* get: struct vi_tcp_info */
	VI_TCP_LINGER2, VI_TCP_WINDOW_CLAMP, VI_TCP_NOTSENT_LOWAT,
	VI_TCP_FASTOPEN,	/* listener: connections whose SYN brought data and that are not acknowledged, at most; 0 = off */
	VI_TCP_AUTHKEY,		/* set: struct vi_tcp_authkey */
	VI_TCP_FASTOPEN_CONNECT,	/* vi_connect may wait for the first data, and succeed at once; set: or struct vi_tcp_fastopen; EOPNOTSUPP */
	VI_TCP_MAX_PACING_RATE,	/* uint64_t: bytes a second, UINT64_MAX = none */
	VI_TCP_CC_INFO,		/* get: struct vi_tcp_ccinfo, or nothing */
	VI_TCP_TIMESTAMP,	/* get: the clock of its timestamps */
	VI_TCP_THIN_LINEAR_TIMEOUTS,	/* the first six timeouts are not doubled while less than four segments are out */
	VI_TCP_FASTOPEN_NO_COOKIE,	/* the SYN takes data along, or a listener takes it, without a cookie */
	VI_TCP_FASTOPEN_KEY,	/* a listener's own key of cookies, VI_TCP_TFOKEYLEN bytes; behind it perhaps one that is good as well */
	VI_TCP_REMOTE_UDP_ENCAPS_PORT,	/* before connecting: TCP in UDP, to that port; needs net.inet.tcp.udp_tunneling_port */

	VI_TCP_SAVE_SYN,	/* the listener's connections keep the network's and TCP's header of their SYN; 2, the link's as well, is EOPNOTSUPP */
	VI_TCP_SAVED_SYN,	/* get: these headers, once; nothing where there are none.  EINVAL: they are *len bytes */

	VI_TCP_TX_DELAY,	/* us that each segment waits before it leaves, below 2^28; listeners' connections inherit it */
	VI_TCP_AUTHINFO,	/* struct vi_tcp_authinfo */
	VI_TCP_AUTHKEYS,	/* get: struct vi_tcp_authkey[], TCP-AO's, the newest first, as many as there is room for.  ENOENT: nothing of AO */

	VI_UDP_SEGMENT = 400,	/* one send is many datagrams of so many bytes; 0 = off */
	VI_UDP_GRO,		/* such a train is received in one piece, msg_segsz saying how to cut it */
	VI_UDP_NO_CHECK,	/* no checksums over IPv4 (RFC 1122 4.1.3.4) */
	VI_UDP_NO_CHECK6_TX, VI_UDP_NO_CHECK6_RX,	/* RFC 6935: no checksums over IPv6 */
	VI_UDPLITE_SEND_CSCOV, VI_UDPLITE_RECV_CSCOV,	/* bytes that the checksum covers (RFC 3828), 0 = all */

	/* Packet sockets (packet.h). */
	VI_PKT_ADD_MEMBERSHIP = 500, VI_PKT_DROP_MEMBERSHIP,	/* struct vi_pkt_mreq */
	VI_PKT_STATISTICS,	/* get, and begin anew: struct vi_pkt_stats */
	VI_PKT_ORIGDEV,		/* the address tells the interface that a frame came in by, not the one above it that it is for */
	VI_PKT_IGNORE_OUTGOING,	/* what is sent here is not for it */
	VI_PKT_VNET_HDR,	/* VI_PKT_VNETHDRLEN bytes in front of each frame, of virtio-net */
	VI_PKT_FANOUT,		/* uint32_t: VI_FANOUT_*; once */
	VI_PKT_FANOUT_DATA,	/* struct vi_bpf_insn[]: what a group of VI_FANOUT_CBPF goes by */
	VI_PKT_RING,		/* int, set: bytes that its user holds for its frames, and that the stack's account pays for; ENOBUFS */

	/* Routing sockets (route.h). */
	VI_RO_USELOOPBACK = 450,	/* the answers to what it writes come to it; on */
	VI_RO_MSGFILTER,	/* uint32_t: messages wanted, 1 << VI_RTM_*; 0 = all */
	VI_RO_FIBFILTER,	/* only routes of this table; -1 = all */
};

/*
 * VI_TCP_AUTHKEY: segments of peers in a prefix are signed with this key, and must be.  The longest prefix counts, of equals the
 * newest.  Up to 64 keys a socket (ENOSPC); tk_len 0 removes one (ENOENT).  A listener's connections inherit what fits.
 * TCP-MD5: a new key replaces that of the same prefix, at once.  TCP-AO, as on Linux: EEXIST (a key for such peers has one of the ids),
 * EBUSY (the key is current, or asked for), EISCONN (the connection is not signed with AO), EINVAL (not for its peer).  Both: EKEYREJECTED
 * (a peer of one kind cannot have keys of the other).
 */
enum vi_tcp_authalg {
	VI_TCP_AUTH_MD5,		/* TCP-MD5, RFC 2385: no ids */
	VI_TCP_AUTH_HMAC_SHA1,		/* TCP-AO, RFC 5925 and 5926: HMAC-SHA-1-96 */
	VI_TCP_AUTH_AES128_CMAC,	/* the same with AES-128-CMAC-96 */
};
#define VI_TCP_AUTHKEYLEN	80
#define VI_TCP_TFOKEYLEN	16
/*
 * VI_TCP_FASTOPEN_CONNECT with a pre-shared key: servers that want one (net.inet.tcp.fastopen.psk_enable) take only cookies to which it was
 * added.  Before vi_connect, EINVAL.
 */
struct vi_tcp_fastopen {
	int32_t		tf_enable;	/* 0, and the socket has no key any more, or 1 */
	uint8_t		tf_psk[VI_TCP_TFOKEYLEN];
};
enum {	/* of TCP-AO */
	VI_TCP_AUTH_CURRENT = 1,	/* the key that signs */
	VI_TCP_AUTH_RNEXT = 2,		/* the key that the peer is asked to sign with */
	VI_TCP_AUTH_REQUIRED = 4,	/* without AO there is no connection; EKEYREJECTED */
	VI_TCP_AUTH_COUNTERS = 8,	/* set: the counters become these */
	VI_TCP_AUTH_ICMP = 16,		/* ICMP's errors are believed, which RFC 5925 7.8 advises against */
	VI_TCP_AUTH_ALL = 31,
};
struct vi_tcp_authkey {
	struct vi_sockaddr tk_addr;	/* family and address */
	uint8_t		tk_prefix;	/* bits of it */
	uint8_t		tk_alg;		/* enum vi_tcp_authalg */
	uint8_t		tk_sndid, tk_rcvid;	/* RFC 5925 3.1: SendID, RecvID */
	uint8_t		tk_flags;	/* CURRENT, RNEXT: it becomes or is such; when a key is removed, those below do */
	uint8_t		tk_current, tk_rnext;	/* removing: SendID, RecvID of what takes over */
	uint16_t	tk_len;
	uint8_t		tk_key[VI_TCP_AUTHKEYLEN];
	uint64_t	tk_good, tk_bad;	/* get: segments with it */
};
/* VI_TCP_AUTHINFO: TCP-AO of a socket.  ENOENT (get: nothing of AO; set: no such key), EISCONN, EINVAL (a listener has no current key). */
struct vi_tcp_authinfo {
	uint32_t	ai_flags;	/* VI_TCP_AUTH_*; set: without CURRENT and RNEXT these stay, REQUIRED and ICMP do not */
	uint8_t		ai_current, ai_rnext;	/* SendID, RecvID */
	uint64_t	ai_good, ai_bad;	/* segments */
	uint64_t	ai_nokey, ai_unsigned;	/* whose key is not there; that should have been signed */
	uint64_t	ai_icmp;	/* ICMP's errors not believed */
};

/* One instruction of a filter (VI_SO_FILTER): the classic machine of BSD, with the extensions of Linux. */
struct vi_bpf_insn { uint16_t bi_code; uint8_t bi_jt, bi_jf; uint32_t bi_k; };
#define VI_BPF_MAXINSNS	4096

/* VI_IP_PKTOPTIONS: of the packet that made a listener's connection of IPv4; of others no interface, TTL 1. */
struct vi_pktoptions { uint32_t po_ifindex; uint8_t po_ttl, po_tos; };

struct vi_linger { int l_onoff; int l_linger; /* s */ };
struct vi_mreq6 { uint8_t mr6_group[16]; uint32_t mr6_ifindex; };
/*
 * VI_MCAST_*.  The interface is named by its index, in IPv4 else by an address of it, else it is the route's.  EINVAL (no group; a source of a group
 * that was not joined, or was joined in the other mode), ENODEV, EADDRINUSE (joined already), EADDRNOTAVAIL (no such membership or source, or the source is there
 * already; another family), ENOBUFS (too many memberships, sources).  EPROTO: VI_IP_ADD_MEMBERSHIP, VI_IPV6_JOIN_GROUP and
 * their opposites on a stream.
 */
struct vi_group_req { uint32_t gr_ifindex; uint32_t gr_ifaddr; struct vi_sockaddr gr_group; };
struct vi_group_source_req { uint32_t gsr_ifindex; uint32_t gsr_ifaddr; struct vi_sockaddr gsr_group, gsr_source; };
enum { VI_MCAST_EXCLUDE, VI_MCAST_INCLUDE };
struct vi_group_filter {
	uint32_t	gf_ifindex, gf_ifaddr;
	struct vi_sockaddr gf_group;
	uint32_t	gf_fmode;	/* VI_MCAST_* */
	uint32_t	gf_numsrc;
	struct vi_sockaddr gf_slist[];
};
struct vi_mreq { uint32_t mr_group; uint32_t mr_addr; /* network order */ uint32_t mr_ifindex; };

enum vi_tcp_state {	/* RFC 9293 3.3.2, the order BSD uses */
	VI_TCPS_CLOSED, VI_TCPS_LISTEN, VI_TCPS_SYN_SENT, VI_TCPS_SYN_RECEIVED, VI_TCPS_ESTABLISHED, VI_TCPS_CLOSE_WAIT,
	VI_TCPS_FIN_WAIT_1, VI_TCPS_CLOSING, VI_TCPS_LAST_ACK, VI_TCPS_FIN_WAIT_2, VI_TCPS_TIME_WAIT,
};

/* VI_TCP_CC_INFO: what a control that measures the path makes of it. */
struct vi_tcp_ccinfo {
	uint64_t	ci_bw;		/* bytes a second */
	uint32_t	ci_minrtt;	/* us, 0 = unknown */
	uint32_t	ci_pacinggain, ci_cwndgain;	/* of 256 */
};

struct vi_tcp_info {
	uint8_t		ti_state;	/* enum vi_tcp_state */
	uint8_t		ti_ca_state;	/* 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss */
	uint8_t		ti_options;	/* 1 timestamps, 2 SACK, 4 window scale, 8 ECN, 32 the SYN's data was taken */
	uint8_t		ti_snd_wscale, ti_rcv_wscale;
	uint8_t		ti_backoff, ti_probes, ti_retransmits;
	uint32_t	ti_rto, ti_ato;			/* us */
	uint32_t	ti_snd_mss, ti_rcv_mss, ti_advmss, ti_pmtu;
	uint32_t	ti_rtt, ti_rttvar, ti_min_rtt, ti_rcv_rtt;	/* us */
	uint32_t	ti_snd_ssthresh, ti_snd_cwnd;	/* bytes */
	uint32_t	ti_rcv_space, ti_snd_wnd, ti_rcv_wnd;
	uint32_t	ti_rcv_limit;	/* the largest window that its buffer and scale let it offer now */
	uint32_t	ti_unacked, ti_sacked, ti_lost, ti_retrans;	/* bytes in flight of each kind; listeners, as on Linux: connections pending, backlog */
	uint32_t	ti_total_retrans;		/* segments */
	uint32_t	ti_reordering;
	/* acked: with a SYN that called and a FIN, as Linux counts */
	uint64_t	ti_bytes_acked, ti_bytes_received, ti_bytes_sent, ti_bytes_retrans;
	uint64_t	ti_segs_out, ti_segs_in;
	uint64_t	ti_last_data_sent, ti_last_data_recv, ti_last_ack_recv;	/* ns ago */
	uint64_t	ti_pacing_rate, ti_delivery_rate;	/* bytes per second, 0 = unknown */
	uint32_t	ti_notsent;
	uint64_t	ti_max_pacing_rate;
	uint64_t	ti_delivered, ti_delivered_ce;	/* bytes; of these when marks of congestion were told */
	uint64_t	ti_data_segs_out, ti_data_segs_in;
	uint32_t	ti_dsack_dups;			/* duplicates that the peer told of */
	uint32_t	ti_reord_seen;			/* times that reordering was seen */
	uint32_t	ti_rcv_ooopack;			/* segments received out of order */
	uint32_t	ti_total_rto, ti_total_rto_recoveries;	/* timeouts; runs of them that ended well */
	uint64_t	ti_total_rto_time;		/* ns spent in such runs */
	uint64_t	ti_busy_time;			/* ns with data to send or to be acknowledged */
	uint64_t	ti_rwnd_limited, ti_sndbuf_limited;	/* of these, waiting for window or buffer */
};

/* What a packet socket's frame does not say itself. */
struct vi_frameinfo {
	uint32_t	fi_len;		/* before a filter made it shorter */
	uint16_t	fi_net;		/* where the network header is */
	uint16_t	fi_vlan, fi_tpid;	/* its tag, which was taken out, in host order */
	uint16_t	fi_flags;	/* VI_FRAME_* */
};
enum {
	VI_FRAME_VLAN = 1,	/* it had a tag */
	VI_FRAME_SUMMED = 2,	/* the checksums in it are known to be right */
	VI_FRAME_UNSUMMED = 4,	/* that of TCP or UDP is not made yet: its field has the pseudo header's */
	VI_FRAME_VNETHDR = 8,	/* virtio's header is in front, of VI_PKT_VNETHDRLEN bytes that fi_len and fi_net do not count */
};

enum { VI_EXT_HOPOPTS, VI_EXT_RTHDRDSTOPTS, VI_EXT_RTHDR, VI_EXT_DSTOPTS, VI_EXT_N };	/* in the order of RFC 8200 4.1 */
/* Extension headers of one message to be sent, in place of all that the socket has: see VI_IPV6_HOPOPTS. */
struct vi_exthdrs {
	struct vi_iovec	ex_hdr[VI_EXT_N];	/* of no bytes: none */
};

/* One datagram with what is known of it; on streams only the data. */
struct vi_msg {
	struct vi_iovec	*msg_iov;
	unsigned	 msg_iovcnt;
	unsigned	 msg_flags;	/* in: VI_MSG_*; out of recvmsg: VI_MSG_TRUNC */
	bool		 msg_hasname;	/* send: msg_name is meant; recv: it was filled in */
	struct vi_sockaddr msg_name;	/* send: to; recv: from */
	/* receive: about the packet; send: used where msg_set says so */
	unsigned	 msg_set;	/* VI_MSGSET_* */
	uint32_t	 msg_ifindex;	/* interface it came in / should go out by */
	struct vi_sockaddr msg_dst;	/* recv: destination in the header; send: source to use; the port means nothing */
	/* recv, IPv4: the address to answer from, network order: msg_dst, or with VI_IP_PKTINFO, where that is a group or a broadcast, one of ours; 0: none */
	uint32_t	 msg_local;
	int		 msg_ttl, msg_tos;
	uint64_t	 msg_stamp;	/* realtime ns of reception */
	uint32_t	 msg_drops;	/* recv: datagrams that had found no room in the socket's buffer before this one came */
	size_t		 msg_len;	/* recv: length of the whole datagram, even if truncated */
	uint8_t		 msg_optlen, msg_opts[40];	/* recv with VI_IP_RECVOPTS: options of the IPv4 header as they came */
	uint32_t	 msg_mark;	/* recv: of a sender in the same stack; send: in place of VI_SO_MARK, and as privileged */
	uint32_t	 msg_segsz;	/* VI_UDP_SEGMENT for this call; recv with VI_UDP_GRO: datagrams are so long, 0 = it is one */
	struct vi_frameinfo msg_frame;	/* recv: of VI_AF_PACKET */
	const struct vi_exthdrs *msg_exthdrs;	/* send */
	uint32_t	 msg_flow;	/* traffic class and flow label, 28 bits: recv: of the packet; send: as VI_IPV6_FLOW */
	uint32_t	 msg_pathmtu;	/* recv: not 0: this is no datagram, but packets to msg_name have so much room now */
	uint16_t	 msg_fragmax;	/* recv: the largest fragment of a datagram that came in fragments, with its headers; 0: it did not */
	bool		 msg_summed;	/* recv: UDP: it had a checksum that was computed here, not one that is known to be right otherwise */
	/* recv with VI_IPV6_RECVEXT: the extension headers as they came, without fragment headers */
	uint8_t		 msg_extnxt;	/* number of the first */
	void		*msg_ext;	/* in: room for them */
	size_t		 msg_extlen;	/* in: the room; out: bytes they are, though there was no room for so many */
};
enum {			/* VI_IPV6_ADDR_PREFERENCES, the values of Linux: temporary addresses or not; the rest makes no difference here */
	VI_PREFER_SRC_TMP = 0x1, VI_PREFER_SRC_PUBLIC = 0x2, VI_PREFER_SRC_COA = 0x4, VI_PREFER_SRC_CGA = 0x8,
	VI_PREFER_SRC_PUBTMP_DEFAULT = 0x100, VI_PREFER_SRC_HOME = 0x400, VI_PREFER_SRC_NONCGA = 0x800,
};

enum { VI_MSGSET_IFINDEX = 1, VI_MSGSET_ADDR = 2, VI_MSGSET_TTL = 4, VI_MSGSET_TOS = 8, VI_MSGSET_SEGSZ = 16, VI_MSGSET_MARK = 32,
    VI_MSGSET_EXT = 64, VI_MSGSET_FLOW = 128, VI_MSGSET_DONTFRAG = 256 /* this one is not fragmented */, VI_MSGSET_MAYFRAG = 512 /* this one is */ };

/*
 * A new socket.  EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT (combination), EPERM (raw without the right), ENOBUFS, ENOMEM.
 * proto 0 chooses the type's usual protocol.  cred is copied.
 */
VI_API int	vi_socket(struct vi_vnet *, int family, int type, int proto, const struct vi_cred *cred, struct vi_socket **);
/* The caller's handle is gone.  TCP goes on closing by itself; SO_LINGER {1,0} and unread data reset (RFC 1122 4.2.2.13). */
VI_API void	vi_close(struct vi_socket *);
VI_API int	vi_bind(struct vi_socket *, const struct vi_sockaddr *);
/* From now on the socket asks for privileges with these.  Who owns it stays. */
VI_API void	vi_socket_cred(struct vi_socket *, const struct vi_cred *);
VI_API int	vi_listen(struct vi_socket *, int backlog);
VI_API int	vi_connect(struct vi_socket *, const struct vi_sockaddr *);	/* VI_AF_UNSPEC undoes a connection: TCP resets it */
/* EAGAIN when none waits; ECONNABORTED as accept(2).  peer may be NULL. */
VI_API int	vi_accept(struct vi_socket *, struct vi_socket **, struct vi_sockaddr *peer);
VI_API int	vi_shutdown(struct vi_socket *, int how);	/* VI_SHUT_* */
VI_API int	vi_sockname(struct vi_socket *, struct vi_sockaddr *);
VI_API int	vi_peername(struct vi_socket *, struct vi_sockaddr *);
/* Streams take what fits (*done may be less than len; EAGAIN if nothing fits).  EPIPE after shutdown; the pending error once. */
VI_API int	vi_send(struct vi_socket *, const void *, size_t len, int flags, size_t *done);
VI_API int	vi_recv(struct vi_socket *, void *, size_t len, int flags, size_t *done);	/* *done 0 with error 0: end of file */
VI_API int	vi_sendmsg(struct vi_socket *, const struct vi_msg *, size_t *done);
VI_API int	vi_recvmsg(struct vi_socket *, struct vi_msg *, size_t *done);

/*
 * Streams without a copy.  prepare: up to *niov spans of fresh buffer, at most `want` and at most what the send buffer has room for;
 * fill them and commit the first n bytes (0 gives all back).  Nothing else may be done with the socket in between.
 * peek: spans of the data at the head of the receive buffer, valid until the next call on the socket; consume takes n bytes off.
 */
VI_API int	vi_send_prepare(struct vi_socket *, size_t want, struct vi_iovec *, unsigned *niov);
VI_API int	vi_send_commit(struct vi_socket *, size_t n, int flags);
VI_API int	vi_recv_peek(struct vi_socket *, size_t want, struct vi_iovec *, unsigned *niov);	/* EAGAIN; 0 with *niov 0 at EOF */
VI_API int	vi_recv_consume(struct vi_socket *, size_t n);
/* An urgent byte is there (VI_MSG_OOB), and all before it was read: what peek gives comes behind it. */
VI_API bool	vi_recv_atmark(struct vi_socket *);

VI_API int	vi_setsockopt(struct vi_socket *, enum vi_sockopt, const void *, size_t len);
VI_API int	vi_getsockopt(struct vi_socket *, enum vi_sockopt, void *, size_t *len);
VI_API unsigned	vi_poll(struct vi_socket *);			/* VI_POLL* that hold now, with TCP's meaning on Linux */
VI_API size_t	vi_sendspace(struct vi_socket *);		/* room in the send buffer */
typedef void vi_upcall_fn(struct vi_socket *, unsigned events, void *arg);
VI_API void	vi_socket_upcall(struct vi_socket *, vi_upcall_fn *, void *arg);	/* also makes a first call if events hold */
/* The arg of its upcall, if that is fn; else NULL.  Of pi_socket while vi_pcbs tells of it. */
VI_API void	*vi_socket_upcallarg(const struct vi_socket *, vi_upcall_fn *fn);
VI_API struct vi_vnet *vi_socket_vnet(struct vi_socket *);	/* NULL when dead */
VI_API bool	vi_socket_dead(struct vi_socket *);
VI_API int	vi_tcp_abort(struct vi_socket *);		/* send RST now, as SO_LINGER {1,0} and close would */

enum {			/* VI_SO_TIMESTAMPING, the values of Linux; there is no hardware that stamps */
	VI_SOF_TX_HARDWARE = 0x1, VI_SOF_TX_SOFTWARE = 0x2, VI_SOF_RX_HARDWARE = 0x4, VI_SOF_SOFTWARE = 0x10,
	VI_SOF_SYS_HARDWARE = 0x20, VI_SOF_RAW_HARDWARE = 0x40, VI_SOF_OPT_ID = 0x80, VI_SOF_TX_SCHED = 0x100,
	VI_SOF_TX_ACK = 0x200, VI_SOF_OPT_TSONLY = 0x800,
};
#define VI_SOF_TX	(VI_SOF_TX_SOFTWARE | VI_SOF_TX_SCHED | VI_SOF_TX_ACK)
#define VI_SOF_KNOWN	0xbf7u

enum {			/* se_origin */
	VI_SE_ICMP = 0,
	VI_SE_LOCAL = 1,	/* not sent: longer than the path, whose MTU is se_info, and not to be fragmented */
	VI_SE_TIMESTAMP = 4,	/* se_stamp: when the byte se_data (with VI_SOF_OPT_ID) went the step se_info */
	VI_SE_ZEROCOPY = 5,	/* sends se_info to se_data, counted from 0, are done with */
};
enum { VI_SE_STAMP_SND = 0, VI_SE_STAMP_SCHED = 1, VI_SE_STAMP_ACK = 2 };	/* se_info */
enum { VI_SE_ZEROCOPY_COPIED = 1 };	/* se_code */
/*
 * Error queue: one ICMP error of a datagram socket with VI_IP_RECVERR, or one piece of news of what was sent.
 * EAGAIN when empty.
 */
struct vi_sockerr {
	int		 se_errno;
	uint8_t		 se_origin;
	uint32_t	 se_data;
	uint64_t	 se_stamp;		/* realtime, ns */
	uint8_t		 se_type, se_code;	/* ICMP */
	uint32_t	 se_info;		/* path MTU; where a bad octet is; of IPv6 the message's four bytes */
	uint16_t	 se_extoff;		/* VI_IP_RECVERR_RFC4884: where in the payload the extensions begin; 0: there are none */
	bool		 se_extbad;		/* they are not what they say, or their checksum is wrong */
	struct vi_sockaddr se_offender;		/* who sent it */
	struct vi_sockaddr se_dst;		/* where the datagram went */
	size_t		 se_len;		/* bytes of the offending payload copied to the caller's buffer */
};
VI_API int	vi_recverr(struct vi_socket *, struct vi_sockerr *, void *buf, size_t len);

/* Every protocol control block of a vnet, for netstat -an and the like (management). */
/* The timer of a connection that will go off first, of those that somebody waits for. */
enum vi_pcbtimer { VI_PCBT_NONE, VI_PCBT_REXMT, VI_PCBT_KEEP, VI_PCBT_TIMEWAIT, VI_PCBT_PERSIST };
struct vi_pcbinfo {
	int		 pi_proto, pi_type;
	struct vi_sockaddr pi_local, pi_foreign;
	uint32_t	 pi_recvq, pi_sendq;	/* bytes; listeners: pending and backlog */
	uint32_t	 pi_drops;		/* datagrams that found no room in its buffer */
	uint8_t		 pi_state;		/* enum vi_tcp_state for TCP */
	uint8_t		 pi_timer;		/* enum vi_pcbtimer */
	uint8_t		 pi_retrans;		/* that it went off already, without an answer */
	uint32_t	 pi_expires;		/* ms from now */
	uint32_t	 pi_uid;
	int		 pi_jail;		/* whose it is, of those that share the stack; 0: its owner's */
	uint32_t	 pi_fib;		/* routing table */
	uint16_t	 pi_udpport;		/* the other's, of TCP in UDP, host order; 0: it is not */
	uint64_t	 pi_id;			/* unique in the vnet's life; 0: there is no control block */
	uint32_t	 pi_flowid;		/* hash of its packets' flow; 0: it is not connected */
	const struct vi_socket *pi_socket;	/* identity only; NULL when nobody holds it */
};
typedef void vi_pcb_fn(void *arg, const struct vi_pcbinfo *);
VI_API void	vi_pcbs(struct vi_vnet *, vi_pcb_fn *, void *arg);
/*
 * The same piece by piece: n more of them behind a mark, which is zero at first.  False: that were all.  What changes between two calls may be missed or, of those
 * without a number, be told twice; nothing else is.
 */
struct vi_pcbmark { uint64_t pm_id; uint32_t pm_skip; unsigned pm_proto; };
VI_API bool	vi_pcbs_next(struct vi_vnet *, struct vi_pcbmark *, unsigned n, vi_pcb_fn *, void *arg);

#ifdef __cplusplus
}
#endif
#endif
