/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket options: one table from Linux's (level, name) to the vnet's option and the form of
 * the value.
 *
 * What is not in the table is ENOPROTOOPT.  SO_RCVTIMEO and SO_SNDTIMEO are the host's, which keeps
 * them in native reads and writes; we note them for calls that wait with us.
 */
#include "linux/lx.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <vimage/sysctl.h>

#define OPT_MAXLEN	20480	/* Linux's optmem_max of old: lists of sources */
#define OPT_SHORT	256	/* all others */

#define LX_SO_RCVBUFFORCE	33
#define LX_SO_BINDTOIFINDEX	62
#define LX_SO_RCVMARK		75	/* Linux 5.19 */
#define LX_SOF_RX_SOFTWARE	(1 << 3)
#define LX_SOF_TX_COMPLETION	(1 << 18)	/* Linux 6.15 */
#define LX_SOF_MASK		((1 << 19) - 1)
#define LX_IPV6_RECVORIGDSTADDR	74	/* as IP_RECVORIGDSTADDR */
#define LX_IPV6_ADDR_PREFERENCES 72
#define LX_IPV6_MINHOPCOUNT	73
#define LX_IPV6_TRANSPARENT	75
#define LX_IPV6_FLOWINFO	11	/* glibc has not got these */
#define LX_IPV6_FLOWLABEL_MGR	32
#define LX_IPV6_FLOWINFO_SEND	33
#define LX_IPV6_HDRINCL		36
#define LX_IPV6_UNICAST_IF	76
#define LX_IPV6_RECVFRAGSIZE	77
#define LX_IP_CHECKSUM		23
#define LX_IP_RECVFRAGSIZE	25
#define LX_IP_RECVERR_RFC4884	26	/* Linux 5.9 */
#define LX_IPV6_RECVERR_RFC4884	31
#define LX_IP_LOCAL_PORT_RANGE	51
#define LX_IP_PROTOCOL		52
#define LX_TCP_AO_ADD_KEY	38	/* Linux 6.7 */
#define LX_TCP_AO_DEL_KEY	39
#define LX_TCP_AO_INFO		40
#define LX_TCP_AO_GET_KEYS	41
#define LX_TCP_AO_REPAIR	42
#define LX_TCP_IS_MPTCP		43
#define LX_SOL_UDPLITE		136
#define LX_UDPLITE_SEND_CSCOV	10
#define LX_UDPLITE_RECV_CSCOV	11
#define LX_SO_SNDBUFFORCE	32

enum form {
	F_INT,		/* int; at the IP level one byte will do */
	F_BUF,		/* int; kept doubled, as Linux does for its own overhead */
	F_U32,		/* four bytes, no more and no less */
	F_PROTOCOL,	/* get: a raw socket's protocol, another's port */
	F_LINGER,
	F_MREQ,		/* membership */
	F_MSRC,		/* one source of a membership */
	F_MSFILTER,	/* all of them */
	F_MCASTIF,
	F_DEVICE,	/* name */
	F_IFINDEX,	/* int: the same by its index */
	F_CPU,		/* int, of which nothing follows */
	F_NOCHECK,	/* int, of which something follows for UDP only */
	F_OOBINLINE,	/* int; the stack gives urgent bytes apart, the pair puts them in line */
	F_BYTES,
	F_FILTER,	/* uint32_t */
	F_FILTER6,	/* uint32_t[8] */
	F_MREQ6,	/* membership of IPv6 */
	F_TCPINFO,
	F_MD5SIG,
	F_AOADD, F_AODEL, F_AOINFO, F_AOKEYS,
	F_SAVEDSYN,	/* get: bytes, and how many in any case */
	F_CONGESTION,	/* name, 16 bytes, ours and Linux's */
	F_PACING,	/* 32 or 64 bits */
	F_CMSG,		/* int: ancillary data for which the stack need not be asked */
	F_STAMP,	/* int that only repair may set */
	F_STAMPING,	/* VI_SOF_*; Linux has the same numbers */
	F_CSCOV,	/* int, of UDP-Lite */
	F_CORK,		/* int, of datagrams */
	F_ULP,		/* get: nothing */
	F_EXT,		/* an extension header */
	F_INDEX,	/* an interface's, in network order */
	F_PKTINFO6,
	F_PATHMTU,
	F_SNDFLOW,	/* int: sin6_flowinfo means something */
	F_LABEL,	/* flowlabel.c */
	F_PKTOPTS,	/* get: ancillary data of a stream */
	F_ISOLATE,	/* int, of which nothing follows */
	F_ADDRFORM,	/* int: AF_INET */
	F_NODEFRAG,	/* int, raw: what it sends is not put together by a packet filter, of which there is none */
	F_CCINFO,	/* get: nothing, but of bbr */
	F_FPROG,	/* struct sock_fprog: sockfilter.c */
	F_PKTMREQ,	/* struct packet_mreq, the same as the stack's */
	F_PKTSTATS,
	F_MEMINFO,
	F_PACKET,	/* sock_packet.c */
	F_UNIX,		/* of AF_UNIX and netlink: as Linux since 6.16 */
	F_DEBUG,	/* int, of which nothing follows, and which takes a capability */
	F_PEERNAME,	/* get: getpeername(2) */
	F_NOPEER,	/* get: what is known of a process at the other end */
	F_LOCAL,	/* ours alone: opt_local_get, opt_local_set */
};

enum { O_GET = 1, O_SET = 2, O_RW = 3, O_ADMIN = 4, O_RAW = 8,	/* to set it takes CAP_NET_ADMIN, or CAP_NET_RAW as well */
    O_RAWONLY = 16,	/* ... CAP_NET_RAW, which the stack asks for */
    O_SHORT = 32,	/* a short value is 0 */
    O_ASK = 64 };	/* the stack may ask for a privilege: the caller's capability comes first */

struct opt {
	int		 o_level, o_name;
	int		 o_vi;		/* enum vi_sockopt; 0 for F_LOCAL */
	enum form	 o_form;
	uint8_t		 o_flags;
	uint32_t	 o_cmsg;	/* LXC_* that follows the value */
};

static const struct opt opt_table[] = {
	{ SOL_SOCKET, SO_ERROR,		0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_TYPE,		0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_DOMAIN,	0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_PROTOCOL,	0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_ACCEPTCONN,	0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_PEERCRED,	0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_PASSCRED,	0, F_UNIX, O_RW, 0 },
	{ SOL_SOCKET, SO_PASSSEC,	0, F_UNIX, O_RW, 0 },
	{ SOL_SOCKET, LX_SO_PASSPIDFD,	0, F_UNIX, O_RW, 0 },
	{ SOL_SOCKET, LX_SO_PASSRIGHTS,	0, F_UNIX, O_RW, 0 },
	{ SOL_SOCKET, SO_DEBUG,		0, F_DEBUG, O_RW | O_ASK, 0 },
	{ SOL_SOCKET, SO_BSDCOMPAT,	0, F_LOCAL, O_RW, 0 },
	{ SOL_SOCKET, SO_PEERNAME,	0, F_PEERNAME, O_GET, 0 },
	{ SOL_SOCKET, SO_PEERGROUPS,	0, F_NOPEER, O_GET, 0 },
	{ SOL_SOCKET, LX_SO_PEERPIDFD,	0, F_NOPEER, O_GET, 0 },
	{ SOL_SOCKET, SO_COOKIE,	0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_INCOMING_CPU,	0, F_CPU, O_RW, 0 },
	{ SOL_SOCKET, SO_MEMINFO,	0, F_MEMINFO, O_GET, 0 },
	{ SOL_SOCKET, SO_INCOMING_NAPI_ID, 0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_BPF_EXTENSIONS, 0, F_LOCAL, O_GET, 0 },
	{ SOL_SOCKET, SO_NO_CHECK,	VI_UDP_NO_CHECK, F_NOCHECK, O_RW, 0 },
	{ SOL_SOCKET, SO_ZEROCOPY,	0, F_LOCAL, O_RW, 0 },
	{ SOL_SOCKET, SO_BUSY_POLL,	0, F_LOCAL, O_RW, 0 },
	{ SOL_SOCKET, SO_PREFER_BUSY_POLL, 0, F_LOCAL, O_RW, 0 },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, VI_TCP_MAX_PACING_RATE, F_PACING, O_RW, 0 },
	{ SOL_SOCKET, SO_REUSEADDR,	VI_SO_REUSEADDR, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_REUSEPORT,	VI_SO_REUSEPORT, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_KEEPALIVE,	VI_SO_KEEPALIVE, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_BROADCAST,	VI_SO_BROADCAST, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_DONTROUTE,	VI_SO_DONTROUTE, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_OOBINLINE,	0, F_OOBINLINE, O_RW, 0 },
	{ SOL_SOCKET, SO_LINGER,	VI_SO_LINGER, F_LINGER, O_RW, 0 },
	{ SOL_SOCKET, SO_SNDBUF,	VI_SO_SNDBUF, F_BUF, O_RW, 0 },
	{ SOL_SOCKET, SO_RCVBUF,	VI_SO_RCVBUF, F_BUF, O_RW, 0 },
	{ SOL_SOCKET, LX_SO_SNDBUFFORCE, VI_SO_SNDBUFFORCE, F_BUF, O_SET | O_ADMIN, 0 },
	{ SOL_SOCKET, LX_SO_RCVBUFFORCE, VI_SO_RCVBUFFORCE, F_BUF, O_SET | O_ADMIN, 0 },
	{ SOL_SOCKET, SO_RCVLOWAT,	VI_SO_RCVLOWAT, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_SNDLOWAT,	VI_SO_SNDLOWAT, F_INT, O_GET, 0 },
	{ SOL_SOCKET, SO_BINDTODEVICE,	VI_SO_BINDTODEVICE, F_DEVICE, O_RW | O_ASK, 0 },
	{ SOL_SOCKET, LX_SO_BINDTOIFINDEX, VI_SO_BINDTODEVICE, F_IFINDEX, O_RW | O_ASK, 0 },
	{ SOL_SOCKET, SO_PRIORITY,	VI_SO_PRIORITY, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_MARK,		VI_SO_MARK, F_INT, O_RW | O_ASK, 0 },
	{ SOL_SOCKET, LX_SO_RCVMARK,	0, F_CMSG, O_RW | O_ADMIN | O_RAW, LXC_MARK },
	{ SOL_SOCKET, VI_LINUX_SO_VLAN_PCP, VI_SO_VLAN_PCP, F_INT, O_RW, 0 },
	{ SOL_SOCKET, SO_TIMESTAMP_OLD,	VI_SO_TIMESTAMP, F_INT, O_RW, LXC_STAMP },
	{ SOL_SOCKET, SO_TIMESTAMPNS_OLD, VI_SO_TIMESTAMP, F_INT, O_RW, LXC_STAMPNS },
	{ SOL_SOCKET, SO_RXQ_OVFL,	0, F_CMSG, O_RW, LXC_OVERFLOW },
	{ SOL_SOCKET, SO_TIMESTAMPING_OLD, VI_SO_TIMESTAMPING, F_STAMPING, O_RW, 0 },

	{ SOL_SOCKET, SO_ATTACH_FILTER,	VI_SO_FILTER, F_FPROG, O_RW, 0 },
	{ SOL_SOCKET, SO_DETACH_FILTER,	VI_SO_NOFILTER, F_INT, O_SET, 0 },
	{ SOL_SOCKET, SO_LOCK_FILTER,	VI_SO_LOCK_FILTER, F_INT, O_RW, 0 },

	{ SOL_PACKET, PACKET_ADD_MEMBERSHIP, VI_PKT_ADD_MEMBERSHIP, F_PKTMREQ, O_SET, 0 },
	{ SOL_PACKET, PACKET_DROP_MEMBERSHIP, VI_PKT_DROP_MEMBERSHIP, F_PKTMREQ, O_SET, 0 },
	{ SOL_PACKET, PACKET_STATISTICS, VI_PKT_STATISTICS, F_PKTSTATS, O_GET, 0 },
	{ SOL_PACKET, PACKET_AUXDATA,	0, F_CMSG, O_RW, LXC_AUXDATA },
	{ SOL_PACKET, PACKET_ORIGDEV,	VI_PKT_ORIGDEV, F_INT, O_RW, 0 },
	{ SOL_PACKET, PACKET_IGNORE_OUTGOING, VI_PKT_IGNORE_OUTGOING, F_INT, O_RW, 0 },
	{ SOL_PACKET, PACKET_VNET_HDR,	VI_PKT_VNET_HDR, F_INT, O_RW, 0 },
	{ SOL_PACKET, PACKET_FANOUT,	VI_PKT_FANOUT, F_INT, O_RW, 0 },
	{ SOL_PACKET, PACKET_FANOUT_DATA, VI_PKT_FANOUT_DATA, F_FPROG, O_SET, 0 },
	{ SOL_PACKET, PACKET_RX_RING,	0, F_PACKET, O_SET, 0 },
	{ SOL_PACKET, PACKET_VERSION,	0, F_PACKET, O_RW, 0 },
	{ SOL_PACKET, PACKET_HDRLEN,	0, F_PACKET, O_GET, 0 },
	{ SOL_PACKET, PACKET_RESERVE,	0, F_PACKET, O_RW, 0 },
	{ SOL_PACKET, PACKET_QDISC_BYPASS, 0, F_PACKET, O_RW, 0 },
	{ SOL_PACKET, PACKET_TIMESTAMP,	0, F_PACKET, O_RW, 0 },

	{ IPPROTO_IP, IP_TOS,		VI_IP_TOS, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, IP_TTL,		VI_IP_TTL, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_HDRINCL,	VI_IP_HDRINCL, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, IP_RECVTTL,	VI_IP_RECVTTL, F_INT, O_RW | O_SHORT, LXC_TTL },
	{ IPPROTO_IP, IP_RECVTOS,	VI_IP_RECVTOS, F_INT, O_RW | O_SHORT, LXC_TOS },
	{ IPPROTO_IP, IP_PKTINFO,	VI_IP_PKTINFO, F_INT, O_RW | O_SHORT, LXC_PKTINFO },
	{ IPPROTO_IP, IP_RECVERR,	VI_IP_RECVERR, F_INT, O_RW | O_SHORT, LXC_RECVERR },
	{ IPPROTO_IP, LX_IP_RECVERR_RFC4884, VI_IP_RECVERR_RFC4884, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, IP_MTU_DISCOVER,	VI_IP_MTU_DISCOVER, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, IP_MTU,		VI_IP_MTU, F_INT, O_GET, 0 },
	{ IPPROTO_IP, IP_OPTIONS,	VI_IP_OPTIONS, F_BYTES, O_RW, 0 },
	{ IPPROTO_IP, IP_RECVOPTS,	VI_IP_RECVOPTS, F_INT, O_RW | O_SHORT, LXC_OPTS },
	{ IPPROTO_IP, IP_RETOPTS,	VI_IP_RETOPTS, F_INT, O_RW | O_SHORT, LXC_RETOPTS },
	{ IPPROTO_IP, IP_RECVORIGDSTADDR, 0, F_CMSG, O_RW | O_SHORT, LXC_ORIGDST },
	{ IPPROTO_IP, IP_TRANSPARENT,	VI_IP_TRANSPARENT, F_INT, O_RW | O_ASK, 0 },
	{ IPPROTO_IP, IP_FREEBIND,	VI_IP_FREEBIND, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, VI_IP_BIND_NO_PORT, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, LX_IP_LOCAL_PORT_RANGE, VI_IP_PORTRANGE, F_U32, O_RW, 0 },
	{ IPPROTO_IP, LX_IP_PROTOCOL,	0, F_PROTOCOL, O_GET, 0 },
	{ IPPROTO_IP, IP_NODEFRAG,	0, F_NODEFRAG, O_RW | O_SHORT, 0 },
	{ IPPROTO_IP, IP_MINTTL,	VI_IP_MINTTL, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_MULTICAST_TTL,	VI_IP_MULTICAST_TTL, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, VI_IP_MULTICAST_LOOP, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_MULTICAST_IF,	VI_IP_MULTICAST_IF, F_MCASTIF, O_RW, 0 },
	{ IPPROTO_IP, IP_MULTICAST_ALL, VI_IP_MULTICAST_ALL, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_ADD_MEMBERSHIP, VI_MCAST_JOIN_GROUP, F_MREQ, O_SET, 0 },
	{ IPPROTO_IP, IP_DROP_MEMBERSHIP, VI_MCAST_LEAVE_GROUP, F_MREQ, O_SET, 0 },
	{ IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, VI_MCAST_JOIN_SOURCE_GROUP, F_MSRC, O_SET, 0 },
	{ IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, VI_MCAST_LEAVE_SOURCE_GROUP, F_MSRC, O_SET, 0 },
	{ IPPROTO_IP, IP_BLOCK_SOURCE,	VI_MCAST_BLOCK_SOURCE, F_MSRC, O_SET, 0 },
	{ IPPROTO_IP, IP_UNBLOCK_SOURCE, VI_MCAST_UNBLOCK_SOURCE, F_MSRC, O_SET, 0 },
	{ IPPROTO_IP, IP_MSFILTER,	VI_MCAST_MSFILTER, F_MSFILTER, O_RW, 0 },
#define MCAST_OPTS(level)                                                                          \
	{ level, MCAST_JOIN_GROUP,	VI_MCAST_JOIN_GROUP, F_MREQ, O_SET, 0 },                   \
	{ level, MCAST_LEAVE_GROUP,	VI_MCAST_LEAVE_GROUP, F_MREQ, O_SET, 0 },                  \
	{ level, MCAST_JOIN_SOURCE_GROUP, VI_MCAST_JOIN_SOURCE_GROUP, F_MSRC, O_SET, 0 },          \
	{ level, MCAST_LEAVE_SOURCE_GROUP, VI_MCAST_LEAVE_SOURCE_GROUP, F_MSRC, O_SET, 0 },        \
	{ level, MCAST_BLOCK_SOURCE,	VI_MCAST_BLOCK_SOURCE, F_MSRC, O_SET, 0 },                 \
	{ level, MCAST_UNBLOCK_SOURCE,	VI_MCAST_UNBLOCK_SOURCE, F_MSRC, O_SET, 0 },               \
	{ level, MCAST_MSFILTER,	VI_MCAST_MSFILTER, F_MSFILTER, O_RW, 0 }
	MCAST_OPTS(IPPROTO_IP),
	MCAST_OPTS(IPPROTO_IPV6),
#undef MCAST_OPTS
	{ IPPROTO_IPV6, IPV6_ADDRFORM,	VI_IPV6_ADDRFORM, F_ADDRFORM, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_ALL, VI_IPV6_MULTICAST_ALL, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_V6ONLY,	VI_IPV6_V6ONLY, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, VI_IPV6_UNICAST_HOPS, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VI_IPV6_MULTICAST_HOPS, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, VI_IPV6_MULTICAST_LOOP, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_IF, VI_IPV6_MULTICAST_IF, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, VI_IPV6_JOIN_GROUP, F_MREQ6, O_SET, 0 },
	{ IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, VI_IPV6_LEAVE_GROUP, F_MREQ6, O_SET, 0 },
	{ IPPROTO_IPV6, IPV6_JOIN_ANYCAST, VI_IPV6_JOIN_ANYCAST, F_MREQ6, O_SET | O_ADMIN, 0 },
	{ IPPROTO_IPV6, IPV6_LEAVE_ANYCAST, VI_IPV6_LEAVE_ANYCAST, F_MREQ6, O_SET, 0 },
	{ IPPROTO_IPV6, IPV6_TCLASS,	VI_IPV6_TCLASS, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, VI_IPV6_RECVTCLASS, F_INT, O_RW, LXC_TCLASS },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, VI_IPV6_RECVHOPLIMIT, F_INT, O_RW, LXC_HOPLIMIT },
	{ IPPROTO_IPV6, IPV6_2292HOPLIMIT, 0, F_CMSG, O_RW, LXC_HOPLIMIT_OLD },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, VI_IPV6_RECVPKTINFO, F_INT, O_RW, LXC_PKTINFO6 },
	{ IPPROTO_IPV6, IPV6_RECVERR,	VI_IPV6_RECVERR, F_INT, O_RW, LXC_RECVERR6 },
	{ IPPROTO_IPV6, LX_IPV6_RECVERR_RFC4884, VI_IPV6_RECVERR_RFC4884, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, VI_IPV6_MTU_DISCOVER, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_MTU,	VI_IPV6_MTU, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_DONTFRAG,	VI_IPV6_DONTFRAG, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IPV6, IPV6_HOPOPTS,	VI_IPV6_HOPOPTS, F_EXT, O_RW | O_RAWONLY | O_ASK, 0 },
	{ IPPROTO_IPV6, IPV6_RTHDRDSTOPTS, VI_IPV6_RTHDRDSTOPTS, F_EXT, O_RW | O_RAWONLY | O_ASK, 0 },
	{ IPPROTO_IPV6, IPV6_RTHDR,	VI_IPV6_RTHDR, F_EXT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_DSTOPTS,	VI_IPV6_DSTOPTS, F_EXT, O_RW | O_RAWONLY | O_ASK, 0 },
	{ IPPROTO_IPV6, IPV6_RECVHOPOPTS, 0, F_CMSG, O_RW, LXC_HOPOPTS },
	{ IPPROTO_IPV6, IPV6_RECVDSTOPTS, 0, F_CMSG, O_RW, LXC_DSTOPTS },
	{ IPPROTO_IPV6, IPV6_RECVRTHDR,	0, F_CMSG, O_RW, LXC_RTHDR },
	{ IPPROTO_IPV6, IPV6_2292PKTINFO, 0, F_CMSG, O_RW, LXC_PKTINFO6_OLD },
	{ IPPROTO_IPV6, IPV6_2292HOPOPTS, 0, F_CMSG, O_RW, LXC_HOPOPTS_OLD },
	{ IPPROTO_IPV6, IPV6_2292DSTOPTS, 0, F_CMSG, O_RW, LXC_DSTOPTS_OLD },
	{ IPPROTO_IPV6, IPV6_2292RTHDR,	0, F_CMSG, O_RW, LXC_RTHDR_OLD },
	{ IPPROTO_IPV6, IPV6_RECVPATHMTU, VI_IPV6_RECVPATHMTU, F_INT, O_RW, LXC_PATHMTU },
	{ IPPROTO_IPV6, IPV6_PATHMTU,	VI_IPV6_MTU, F_PATHMTU, O_GET, 0 },
	{ IPPROTO_IPV6, IPV6_PKTINFO,	VI_IPV6_PKTINFO, F_PKTINFO6, O_SET, 0 },
	{ IPPROTO_IPV6, LX_IPV6_UNICAST_IF, VI_IPV6_UNICAST_IF, F_INDEX, O_RW, 0 },
	{ IPPROTO_IP, IP_UNICAST_IF,	VI_IP_UNICAST_IF, F_INDEX, O_RW, 0 },
	{ IPPROTO_IPV6, LX_IPV6_RECVFRAGSIZE, 0, F_CMSG, O_RW | O_SHORT, LXC_FRAGSIZE6 },
	{ IPPROTO_IP, IP_PKTOPTIONS,	VI_IP_PKTOPTIONS, F_PKTOPTS, O_GET, 0 },
	{ IPPROTO_IP, LX_IP_CHECKSUM,	0, F_CMSG, O_RW | O_SHORT, LXC_CHECKSUM },
	{ IPPROTO_IP, LX_IP_RECVFRAGSIZE, 0, F_CMSG, O_RW | O_SHORT, LXC_FRAGSIZE },
	{ IPPROTO_IPV6, LX_IPV6_FLOWINFO, 0, F_CMSG, O_RW, LXC_FLOWINFO },
	{ IPPROTO_IPV6, LX_IPV6_FLOWINFO_SEND, 0, F_SNDFLOW, O_RW, 0 },
	{ IPPROTO_IPV6, LX_IPV6_FLOWLABEL_MGR, 0, F_LABEL, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_ROUTER_ALERT, VI_IPV6_ROUTER_ALERT, F_INT, O_RW, 0 },
	{ IPPROTO_IP, IP_ROUTER_ALERT,	VI_IP_ROUTER_ALERT, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IPV6, LX_IPV6_HDRINCL, VI_IPV6_HDRINCL, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_ROUTER_ALERT_ISOLATE, 0, F_ISOLATE, O_RW, 0 },
	{ IPPROTO_IPV6, LX_IPV6_RECVORIGDSTADDR, 0, F_CMSG, O_RW, LXC_ORIGDST6 },
	{ IPPROTO_IPV6, LX_IPV6_TRANSPARENT, VI_IP_TRANSPARENT, F_INT, O_RW | O_ASK, 0 },
	{ IPPROTO_IPV6, IPV6_FREEBIND,	VI_IPV6_FREEBIND, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, VI_IPV6_AUTOFLOWLABEL, F_INT, O_RW | O_SHORT, 0 },
	{ IPPROTO_IPV6, LX_IPV6_ADDR_PREFERENCES, VI_IPV6_ADDR_PREFERENCES, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, LX_IPV6_MINHOPCOUNT, VI_IPV6_MINHOPCOUNT, F_INT, O_RW, 0 },
	{ IPPROTO_IPV6, IPV6_CHECKSUM,	VI_IPV6_CHECKSUM, F_INT, O_RW, 0 },
	{ SOL_RAW, IPV6_CHECKSUM,	VI_IPV6_CHECKSUM, F_INT, O_RW, 0 },
	{ IPPROTO_ICMPV6, 1 /* ICMPV6_FILTER */, VI_ICMP6_FILTER, F_FILTER6, O_RW, 0 },
	{ SOL_RAW, 1 /* ICMP_FILTER */,	VI_ICMP_FILTER, F_FILTER, O_RW, 0 },

	{ IPPROTO_TCP, TCP_NODELAY,	VI_TCP_NODELAY, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_CORK,	VI_TCP_CORK, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_MAXSEG,	VI_TCP_MAXSEG, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_KEEPIDLE,	VI_TCP_KEEPIDLE, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_KEEPINTVL,	VI_TCP_KEEPINTVL, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_KEEPCNT,	VI_TCP_KEEPCNT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_SYNCNT,	VI_TCP_SYNCNT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, VI_TCP_DEFER_ACCEPT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_QUICKACK,	VI_TCP_QUICKACK, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, VI_TCP_USER_TIMEOUT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_CONGESTION,	VI_TCP_CONGESTION, F_CONGESTION, O_RW, 0 },
	{ IPPROTO_TCP, TCP_INFO,	VI_TCP_INFO, F_TCPINFO, O_GET, 0 },
	{ IPPROTO_TCP, TCP_LINGER2,	VI_TCP_LINGER2, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, VI_TCP_WINDOW_CLAMP, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_MD5SIG,	VI_TCP_AUTHKEY, F_MD5SIG, O_SET, 0 },
	{ IPPROTO_TCP, TCP_MD5SIG_EXT,	VI_TCP_AUTHKEY, F_MD5SIG, O_SET, 0 },
	{ IPPROTO_TCP, TCP_FASTOPEN,	VI_TCP_FASTOPEN, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_FASTOPEN_CONNECT, VI_TCP_FASTOPEN_CONNECT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, VI_TCP_FASTOPEN_NO_COOKIE, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_FASTOPEN_KEY, VI_TCP_FASTOPEN_KEY, F_BYTES, O_RW, 0 },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, VI_TCP_NOTSENT_LOWAT, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, VI_TCP_THIN_LINEAR_TIMEOUTS, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_TX_DELAY,	VI_TCP_TX_DELAY, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_TIMESTAMP,	VI_TCP_TIMESTAMP, F_STAMP, O_RW, 0 },
	{ IPPROTO_TCP, TCP_SAVE_SYN,	VI_TCP_SAVE_SYN, F_INT, O_RW, 0 },
	{ IPPROTO_TCP, TCP_SAVED_SYN,	VI_TCP_SAVED_SYN, F_SAVEDSYN, O_GET, 0 },
	{ IPPROTO_TCP, LX_TCP_AO_ADD_KEY, VI_TCP_AUTHKEY, F_AOADD, O_SET, 0 },
	{ IPPROTO_TCP, LX_TCP_AO_DEL_KEY, VI_TCP_AUTHKEY, F_AODEL, O_SET, 0 },
	{ IPPROTO_TCP, LX_TCP_AO_INFO,	VI_TCP_AUTHINFO, F_AOINFO, O_RW, 0 },
	{ IPPROTO_TCP, LX_TCP_AO_GET_KEYS, VI_TCP_AUTHKEYS, F_AOKEYS, O_GET, 0 },
	{ IPPROTO_TCP, LX_TCP_AO_REPAIR, 0, F_LOCAL, O_RW, 0 },
	{ IPPROTO_TCP, TCP_THIN_DUPACK,	0, F_LOCAL, O_RW, 0 },
	{ IPPROTO_TCP, LX_TCP_IS_MPTCP,	0, F_LOCAL, O_GET, 0 },
	{ IPPROTO_TCP, TCP_REPAIR,	0, F_LOCAL, O_RW, 0 },
	{ IPPROTO_TCP, TCP_REPAIR_QUEUE, 0, F_LOCAL, O_RW, 0 },
	{ IPPROTO_TCP, TCP_QUEUE_SEQ,	0, F_LOCAL, O_RW, 0 },
	{ IPPROTO_TCP, TCP_REPAIR_OPTIONS, 0, F_LOCAL, O_SET, 0 },
	{ IPPROTO_TCP, TCP_REPAIR_WINDOW, 0, F_LOCAL, O_SET, 0 },
	{ IPPROTO_TCP, TCP_CC_INFO,	VI_TCP_CC_INFO, F_CCINFO, O_GET, 0 },
	{ IPPROTO_TCP, TCP_ULP,		0, F_ULP, O_RW, 0 },

	{ IPPROTO_UDP, UDP_CORK,	0, F_CORK, O_RW, 0 },
	{ IPPROTO_UDP, UDP_SEGMENT,	VI_UDP_SEGMENT, F_INT, O_RW, 0 },
	{ IPPROTO_UDP, UDP_GRO,		VI_UDP_GRO, F_INT, O_RW, LXC_GRO },
	{ IPPROTO_UDP, UDP_NO_CHECK6_TX, VI_UDP_NO_CHECK6_TX, F_INT, O_RW, 0 },
	{ IPPROTO_UDP, UDP_NO_CHECK6_RX, VI_UDP_NO_CHECK6_RX, F_INT, O_RW, 0 },
	{ LX_SOL_UDPLITE, LX_UDPLITE_SEND_CSCOV, VI_UDPLITE_SEND_CSCOV, F_CSCOV, O_RW, 0 },
	{ LX_SOL_UDPLITE, LX_UDPLITE_RECV_CSCOV, VI_UDPLITE_RECV_CSCOV, F_CSCOV, O_RW, 0 },
};

static const struct opt *
opt_find(const struct lx_sock *ls, int level, int name)
{
	size_t i;

	if (level == IPPROTO_TCP && ls->ls_kind != LXK_STREAM)
		return (NULL);
	if ((level == IPPROTO_UDP || level == LX_SOL_UDPLITE) &&
	    (ls->ls_type != SOCK_DGRAM ||
		(ls->ls_proto != IPPROTO_UDP && ls->ls_proto != IPPROTO_UDPLITE)))
		return (NULL);
	if (level != SOL_SOCKET && (level == SOL_PACKET) != (ls->ls_family == AF_PACKET))
		return (NULL);
	if ((level == IPPROTO_IPV6 || level == IPPROTO_ICMPV6) && ls->ls_family != AF_INET6)
		return (NULL);
	if (level == IPPROTO_IP && ls->ls_family == AF_INET6 && ls->ls_type == SOCK_RAW)
		return (NULL);
	for (i = 0; i < LX_NITEMS(opt_table); i++)
		if (opt_table[i].o_level == level && opt_table[i].o_name == name)
			return (&opt_table[i]);
	return (NULL);
}

/* Set. */

static int
set_int(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	int value;

	if (len >= sizeof(value))
		memcpy(&value, buf, sizeof(value));
	else if (o->o_level == IPPROTO_IP && len > 0)
		value = buf[0];
	else if ((o->o_flags & O_SHORT) != 0)
		value = 0;
	else
		return (EINVAL);
	/* Linux looks at one byte, and of a stream at less. */
	if (o->o_vi == VI_IP_TOS)
		value &= 0xff;
	/* RFC 3542 3.1: ICMPv6's checksum is not chosen, but for Linux's level of its own. */
	if (o->o_vi == VI_IPV6_CHECKSUM && o->o_level == IPPROTO_IPV6 && ls->ls_type == SOCK_RAW && ls->ls_proto == IPPROTO_ICMPV6)
		return (EINVAL);
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &value, sizeof(value)));
}

/* What a stream has not, whatever the value: 0, or the error. */
static int
set_unfit(const struct lx_sock *ls, const struct opt *o)
{
	if (o->o_form == F_NODEFRAG && ls->ls_type != SOCK_RAW)
		return (ENOPROTOOPT);
	if (ls->ls_kind != LXK_STREAM)
		return ((o->o_vi == VI_IPV6_CHECKSUM || o->o_vi == VI_IPV6_HDRINCL) && ls->ls_type != SOCK_RAW ? ENOPROTOOPT : 0);
	switch (o->o_vi) {
	case VI_IP_MULTICAST_TTL:
	case VI_IP_MULTICAST_IF:
		return (EINVAL);
	case VI_IPV6_MULTICAST_HOPS:
	case VI_IPV6_MULTICAST_IF:
	case VI_IPV6_CHECKSUM:
		return (ENOPROTOOPT);
	case VI_IPV6_HDRINCL:
		return (ENOPROTOOPT);
	default:
		return (o->o_cmsg == LXC_FRAGSIZE ? EINVAL : 0);
	}
}

static uint32_t
buf_most(struct lx_sock *ls)
{
	char text[16] = "";

	lx_manage(ls->ls_lx);
	(void)vi_sysctl_get(ls->ls_vnet, "kern.ipc.maxsockbuf", text, sizeof(text));
	lx_managed(ls->ls_lx);
	return ((uint32_t)strtoul(text, NULL, 10));
}

/* Too much is not an error: the most there is. */
static int
set_buf(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	uint32_t value;
	int error;

	if (len < sizeof(value))
		return (EINVAL);
	memcpy(&value, buf, sizeof(value));
	if (value > INT32_MAX && (o->o_flags & O_ADMIN) != 0)	/* below 0 is nothing by force, and much otherwise */
		value = 0;
	if (value < 1152)			/* Linux's least */
		value = 1152;
	value = value > INT32_MAX / 2 ? INT32_MAX : value * 2;
	error = vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &value, sizeof(value));
	if (error != ENOBUFS)
		return (error);
	value = buf_most(ls);
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &value, sizeof(value)));
}

static int
set_linger(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	struct vi_linger vl;
	struct linger l;

	if (len < sizeof(l))
		return (EINVAL);
	memcpy(&l, buf, sizeof(l));
	vl = (struct vi_linger){ l.l_onoff, l.l_linger };
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &vl, sizeof(vl)));
}

/* struct in_addr, ip_mreq or ip_mreqn. */
static int
set_mcastif(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	struct vi_mreq vm = { 0 };
	struct ip_mreqn mr = { .imr_ifindex = 0 };
	int error;

	if (len < sizeof(struct in_addr))
		return (EINVAL);
	if (len < sizeof(struct ip_mreq))
		memcpy(&mr.imr_address, buf, sizeof(struct in_addr));
	else
		memcpy(&mr, buf, len < sizeof(mr) ? sizeof(struct ip_mreq) : sizeof(mr));
	vm.mr_addr = mr.imr_address.s_addr;
	vm.mr_ifindex = (uint32_t)mr.imr_ifindex;
	error = vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &vm, sizeof(vm));
	return (error == ENODEV ? EADDRNOTAVAIL : error);
}

static int
set_mreq6(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	struct vi_mreq6 vm = { .mr6_ifindex = 0 };
	struct ipv6_mreq mr;

	if (len < sizeof(mr))
		return (EINVAL);
	memcpy(&mr, buf, sizeof(mr));
	memcpy(vm.mr6_group, &mr.ipv6mr_multiaddr, sizeof(vm.mr6_group));
	vm.mr6_ifindex = mr.ipv6mr_interface;
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &vm, sizeof(vm)));
}

static int
set_name(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	char name[VI_IFNAMSIZ] = "";
	bool alias;
	int error;

	_Static_assert(
	    VI_IFNAMSIZ == 16, "device names and names of congestion controls are as long");
	if (len > sizeof(name) - 1)
		len = sizeof(name) - 1;
	memcpy(name, buf, len);
	alias = o->o_vi == VI_SO_BINDTODEVICE && strcmp(name, IFINFO_LOOPBACK) == 0;
	if (alias) {
		lx_manage(ls->ls_lx);
		ifinfo_realname(ls->ls_vnet, name);
		lx_managed(ls->ls_lx);
	}
	error = vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, name, sizeof(name));
	if (error == 0)
		ls->ls_onlo = alias;
	return (error);
}

/* Streams are stamped when they are sent, datagrams when they are received. */
static int
set_stamping(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	int error, value;

	if (len < sizeof(value))
		return (EINVAL);
	memcpy(&value, buf, sizeof(value));
	if (ls->ls_kind == LXK_STREAM) {
		if ((error = vi_setsockopt(ls->ls_so, VI_SO_TIMESTAMPING, &value, sizeof(value))) == 0)
			ls->ls_stamping = value;
		return (error);
	}
	if ((value & ~LX_SOF_MASK) != 0)
		return (EINVAL);
	if ((value & (LX_SOF_TX_COMPLETION | (int)(VI_SOF_TX | VI_SOF_TX_HARDWARE))) != 0)
		return (EOPNOTSUPP);
	ls->ls_stamping = value;
	return (0);
}

static int
set_ifindex(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	char name[VI_IFNAMSIZ] = "";
	int error = 0, index;

	if (len < sizeof(index))
		return (EINVAL);
	memcpy(&index, buf, sizeof(index));
	if (index < 0)
		return (EINVAL);
	if (index != 0) {
		lx_manage(ls->ls_lx);
		error = ifinfo_name(ls->ls_vnet, (uint32_t)index, name);
		lx_managed(ls->ls_lx);
	}
	ls->ls_onlo = false;
	return (error != 0 ? error : vi_setsockopt(ls->ls_so, VI_SO_BINDTODEVICE, name, sizeof(name)));
}

static int
set_filter(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	uint32_t filter = 0;
	size_t size = sizeof(filter);
	int error;

	if (ls->ls_type != SOCK_RAW || ls->ls_proto != IPPROTO_ICMP)
		return (ENOPROTOOPT);
	/* What a short one does not reach stays, as on Linux. */
	if ((error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &filter, &size)) != 0)
		return (error);
	memcpy(&filter, buf, len < sizeof(filter) ? len : sizeof(filter));
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &filter, sizeof(filter)));
}

static int
set_filter6(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	uint32_t filter[8] = { 0 };
	size_t size = sizeof(filter);
	int error;

	if (ls->ls_type != SOCK_RAW || ls->ls_proto != IPPROTO_ICMPV6)
		return (ENOPROTOOPT);
	if ((error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, filter, &size)) != 0)
		return (error);
	memcpy(filter, buf, len < sizeof(filter) ? len : sizeof(filter));
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, filter, sizeof(filter)));
}

static int
set_pktmreq(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	_Static_assert(sizeof(struct vi_pkt_mreq) == sizeof(struct packet_mreq) && VI_PKTMR_UNICAST == PACKET_MR_UNICAST, "memberships");
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, buf, len));
}

/* A socket that is connected: 0, else ENOTCONN; ENOPROTOOPT for one that has no ports. */
static int
addrform_state(struct lx_sock *ls)
{
	struct vi_sockaddr sa;
	struct tcp_info ti;
	size_t len = sizeof(ti);

	if (ls->ls_type == SOCK_RAW || (ls->ls_proto != IPPROTO_UDP && ls->ls_proto != IPPROTO_UDPLITE && ls->ls_proto != IPPROTO_TCP))
		return (ENOPROTOOPT);
	if (ls->ls_kind == LXK_STREAM)
		return (opt_get(ls, IPPROTO_TCP, TCP_INFO, (uint8_t *)&ti, &len) == 0 && ti.tcpi_state == 1 /* TCP_ESTABLISHED */ ? 0 : ENOTCONN);
	return (vi_peername(ls->ls_so, &sa) == 0 ? 0 : ENOTCONN);
}

static int
set_addrform(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	const int inet = VI_AF_INET;
	int error, value;

	if (len < sizeof(value))
		return (EINVAL);
	memcpy(&value, buf, sizeof(value));
	if (value != AF_INET)
		return (EINVAL);
	if ((error = addrform_state(ls)) != 0)
		return (error);
	return (vi_setsockopt(ls->ls_so, VI_IPV6_ADDRFORM, &inet, sizeof(inet)));
}

/*
 * What Linux lets nobody do without privilege or in a socket's ordinary life, and nobody does
 * here: its refusal, and ENOPROTOOPT where it would have agreed.
 */
static int
set_refused(const struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	int value = 0;

	memcpy(&value, buf, len < sizeof(value) ? len : sizeof(value));
	if (len < sizeof(value))
		return (EINVAL);
	if (o->o_level == SOL_SOCKET && o->o_name == SO_ZEROCOPY)
		return (EOPNOTSUPP);
	if (o->o_level == SOL_SOCKET && o->o_name == SO_BUSY_POLL && value < 0)
		return (EINVAL);
	if (o->o_level == SOL_SOCKET &&		/* none is what there is */
	    (o->o_name == SO_BUSY_POLL || o->o_name == SO_PREFER_BUSY_POLL))
		return (value == 0 ? 0 : ls->ls_raised ? ENOPROTOOPT : EPERM);
	if (o->o_level == SOL_SOCKET && o->o_name == SO_BSDCOMPAT)	/* Linux has forgotten what it meant */
		return (0);
	if (o->o_level != IPPROTO_TCP)
		return (ENOPROTOOPT);
	switch (o->o_name) {
	case TCP_THIN_DUPACK:		/* Linux keeps it for old programs: it has no effect */
		return (value < 0 || value > 1 ? EINVAL : 0);
	case TCP_REPAIR:
		return (ls->ls_raised ? ENOPROTOOPT : EPERM);
	case TCP_REPAIR_QUEUE:
	case TCP_REPAIR_WINDOW:
	case TCP_TIMESTAMP:
	case LX_TCP_AO_REPAIR:
		return (EPERM);
	case TCP_REPAIR_OPTIONS:
		return (EINVAL);
	case TCP_QUEUE_SEQ:
		return (ls->ls_state == LXS_IDLE ? EINVAL : EPERM);
	default:
		return (ENOPROTOOPT);
	}
}

static int
set_debug(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	int value;

	if (len < sizeof(value))
		return (EINVAL);
	memcpy(&value, buf, sizeof(value));
	if (value != 0 && !ls->ls_raised)
		return (EACCES);
	ls->ls_debug = value != 0;
	return (0);
}

static int
set_value(struct lx_sock *ls, const struct opt *o, const uint8_t *buf, size_t len)
{
	switch (o->o_form) {
	case F_INT:
	case F_CSCOV:
		return (set_int(ls, o, buf, len));
	case F_ADDRFORM:
		return (set_addrform(ls, buf, len));
	case F_U32:
		return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, buf, len));
	case F_BUF:
		return (set_buf(ls, o, buf, len));
	case F_LINGER:
		return (set_linger(ls, o, buf, len));
	case F_MREQ:
		return (mcast_set_group(ls, o->o_level, o->o_name, o->o_vi, buf, len));
	case F_MSRC:
		return (mcast_set_source(ls, o->o_level, o->o_name, o->o_vi, buf, len));
	case F_MSFILTER:
		return (mcast_set_filter(ls, o->o_level, o->o_name, buf, len));
	case F_MCASTIF:
		return (set_mcastif(ls, o, buf, len));
	case F_DEVICE:
		return (set_name(ls, o, buf, len));
	case F_STAMPING:
		return (set_stamping(ls, buf, len));
	case F_IFINDEX:
		return (set_ifindex(ls, buf, len));
	case F_CPU:
	case F_OOBINLINE:
		return (len < sizeof(int) ? EINVAL : 0);	/* set_local does it */
	case F_NOCHECK:
		return (len < sizeof(int) ? EINVAL : ls->ls_proto == IPPROTO_UDP ? set_int(ls, o, buf, len) : 0);
	case F_BYTES:
	case F_EXT:
		return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, buf, len));
	case F_FILTER:
		return (set_filter(ls, o, buf, len));
	case F_FILTER6:
		return (set_filter6(ls, o, buf, len));
	case F_MREQ6:
		return (set_mreq6(ls, o, buf, len));
	case F_CONGESTION:
		return (tcpopt_set_congestion(ls, buf, len));
	case F_PACING:
		return (tcpopt_set_pacing(ls, buf, len));
	case F_CMSG:
	case F_CORK:
	case F_SNDFLOW:
	case F_ISOLATE:
	case F_NODEFRAG:
		return (len < sizeof(int) && (o->o_flags & O_SHORT) == 0 ? EINVAL : 0);	/* set_local does it */
	case F_PKTINFO6:
		return (opt6_set_pktinfo(ls, buf, len));
	case F_INDEX:
		return (opt6_set_index(ls, (enum vi_sockopt)o->o_vi, buf, len));
	case F_MD5SIG:
		return (tcpauth_md5(ls, o->o_name == TCP_MD5SIG_EXT, buf, len));
	case F_AOADD:
		return (tcpauth_ao_add(ls, buf, len));
	case F_AODEL:
		return (tcpauth_ao_del(ls, buf, len));
	case F_AOINFO:
		return (tcpauth_ao_setinfo(ls, buf, len));
	case F_ULP:
		return (len < 1 ? EINVAL : ENOENT);	/* there is none of any name */
	case F_PKTMREQ:
		return (set_pktmreq(ls, o, buf, len));
	case F_PACKET:
		return (packet_setopt(ls, o->o_name, buf, len));
	case F_UNIX:
		return (len < sizeof(int) ? EINVAL : EOPNOTSUPP);
	case F_DEBUG:
		return (set_debug(ls, buf, len));
	default:
		return (set_refused(ls, o, buf, len));
	}
}

/*
 * A stream's bytes wait in the pair too: a program that wants small buffers gets a small pair.
 * More than our own size would only add delay.
 */
static void
set_pair(struct lx_call *c, bool snd, int size)
{
	struct lx_sock *ls = c->c_sock;

	if (size < 0 || size > LX_STREAMBUF)
		size = LX_STREAMBUF;
	if (!snd)
		(void)setsockopt(ls->ls_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	else {
		ls->ls_sndbuf = size > 0 ? size : 1;	/* 0: none was set */
		stream_resize(ls, c->c_fd);
	}
	if (snd && ls->ls_txblocked)	/* now it may find room, and who waits to write with it */
		stream_flush(ls);
}

/* The vnet notes the time while anybody wants it in any form. */
void
opt_stamps(struct lx_sock *ls)
{
	const unsigned software = VI_SOF_SOFTWARE | LX_SOF_RX_SOFTWARE;
	int on;

	if (ls->ls_kind == LXK_STREAM)
		return;
	ls->ls_cmsg &= ~(uint32_t)LXC_STAMPING;
	if (((unsigned)ls->ls_stamping & software) == software)
		ls->ls_cmsg |= LXC_STAMPING;
	ls->ls_stamped |= (ls->ls_cmsg & LXC_STAMPS) != 0;	/* as Linux, which goes on */
	on = ls->ls_stamped;
	(void)vi_setsockopt(ls->ls_so, VI_SO_TIMESTAMP, &on, sizeof(on));
}

/* The vnet keeps extension headers while anybody wants any of them. */
static void
set_exts(struct lx_sock *ls)
{
	int on = (ls->ls_cmsg & LXC_EXTS) != 0;

	(void)vi_setsockopt(ls->ls_so, VI_IPV6_RECVEXT, &on, sizeof(on));
}

/*
 * Which ancillary data to make is also ours to know; and the host's reads of the pair keep
 * SO_RCVLOWAT and SO_OOBINLINE themselves.
 */
static void
set_local(struct lx_call *c, const struct opt *o, const uint8_t *buf, size_t len)
{
	struct lx_sock *ls = c->c_sock;
	int value = 0;

	if (len >= sizeof(value) || (o->o_flags & O_SHORT) == 0 || o->o_level == IPPROTO_IP)
		memcpy(&value, buf, len < sizeof(value) ? len : sizeof(value));
	if (o->o_cmsg != 0) {
		if ((o->o_cmsg & (LXC_STAMP | LXC_STAMPNS)) != 0)
			ls->ls_cmsg &= ~(uint32_t)(LXC_STAMP | LXC_STAMPNS);
		ls->ls_cmsg = value != 0 ? ls->ls_cmsg | o->o_cmsg : ls->ls_cmsg & ~o->o_cmsg;
		if ((ls->ls_cmsg & o->o_cmsg & LXC_ERRORS) != 0)
			errpair_make(c);
	}
	if (o->o_vi == VI_SO_TIMESTAMP || o->o_form == F_STAMPING)
		opt_stamps(ls);
	if ((o->o_cmsg & LXC_EXTS) != 0 && ls->ls_kind == LXK_DGRAM)
		set_exts(ls);
	if (o->o_form == F_CPU)
		ls->ls_cpu = value;
	if (o->o_form == F_NOCHECK)
		ls->ls_nocheck = value != 0;
	if (o->o_form == F_SNDFLOW)
		ls->ls_sndflow = value != 0;
	if (o->o_form == F_ADDRFORM)
		ls->ls_family = AF_INET;
	if (o->o_form == F_ISOLATE)
		ls->ls_isolate = value != 0;
	if (o->o_form == F_NODEFRAG)
		ls->ls_nodefrag = value != 0;
	if (o->o_form == F_CORK)
		cork_set(ls, value != 0);
	if (o->o_form == F_BUF && ls->ls_kind == LXK_STREAM)
		set_pair(c, o->o_vi == VI_SO_SNDBUF || o->o_vi == VI_SO_SNDBUFFORCE, value);
	if (o->o_vi == VI_TCP_NOTSENT_LOWAT) {
		ls->ls_lowat = (uint32_t)value;
		stream_resize(ls, c->c_fd);
	}
	if (o->o_form == F_OOBINLINE) {
		ls->ls_oobinline = value != 0;
		lx_sock_inline(ls, c->c_fd);
	}
	if (o->o_vi == VI_SO_RCVLOWAT) {
		ls->ls_rcvlowat = value == 0 ? 1 : value < 0 ? INT_MAX : value;
		(void)setsockopt(c->c_fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
	}
}

int
opt_set(struct lx_sock *ls, int level, int name, const uint8_t *buf, size_t len)
{
	const struct opt *o = opt_find(ls, level, name);
	int error;

	/* Of these levels Linux looks at the length before the name. */
	if (o == NULL || (o->o_flags & O_SET) == 0)
		return (len < sizeof(int) && (level == SOL_SOCKET || (level == IPPROTO_TCP && ls->ls_kind == LXK_STREAM)) ? EINVAL : ENOPROTOOPT);
	if ((o->o_flags & O_ADMIN) != 0 && !ls->ls_raised)
		return (EPERM);
	if (ls->ls_so == NULL)
		return (ECONNABORTED);
	error = set_unfit(ls, o);
	return (error != 0 ? error : set_value(ls, o, buf, len));
}

/* Has the caller a capability that allows it? */
static bool
opt_raise(struct lx_call *c, int level, int name)
{
	const struct opt *o = opt_find(c->c_sock, level, name);

	if (c->c_sock->ls_so == NULL)
		return (false);
	if ((o->o_flags & O_RAWONLY) != 0)
		return (lx_sock_raise(c, LX_CAP(CAP_NET_RAW)));
	return (lx_sock_raise(c, LX_CAP(CAP_NET_ADMIN) | ((o->o_flags & (O_ADMIN | O_RAW)) != O_ADMIN ? LX_CAP(CAP_NET_RAW) : 0)));
}

/* For want of a capability, so that the stack was not even asked. */
static void
opt_refused(const struct lx_call *c, const struct opt *o)
{
	if ((o->o_flags & O_ADMIN) == 0 && (o->o_level != SOL_SOCKET || (o->o_name != SO_BUSY_POLL && o->o_name != SO_PREFER_BUSY_POLL)) &&
	    (o->o_level != IPPROTO_TCP || o->o_name != TCP_REPAIR))
		return;
	lx_log_refusal(c, o->o_vi == VI_IPV6_JOIN_ANYCAST ? VI_PRIV_NET_IFADDR : VI_PRIV_NET_SOCKOPT, "option", (unsigned)o->o_name);
}

/* A stream's program looks into the pair, where the host keeps the place; and it is the pair that says POLLERR, and then POLLPRI. */
static bool
opt_native(const struct lx_sock *ls, int level, int name)
{
	return (level == SOL_SOCKET && (name == SO_SELECT_ERR_QUEUE || (ls->ls_kind == LXK_STREAM && name == SO_PEEK_OFF)));
}

/* How long calls are to wait.  The host says what is wrong, and does not tell a negative time, which is not to wait, from none. */
static bool
opt_timeout(struct lx_call *c)
{
	const int name = (int)c->c_arg[2];
	const bool snd = name == SO_SNDTIMEO_OLD || name == SO_SNDTIMEO_NEW;
	struct timeval tv;

	if ((int)c->c_arg[1] != SOL_SOCKET || (!snd && name != SO_RCVTIMEO_OLD && name != SO_RCVTIMEO_NEW))
		return (false);
	if ((int)c->c_arg[4] >= (int)sizeof(tv) && lx_copyin(c, c->c_arg[3], &tv, sizeof(tv)) == 0 && tv.tv_usec >= 0 && tv.tv_usec < 1000000)
		c->c_sock->ls_timeo[snd] = tv;
	return (true);
}

int64_t
lx_sys_setsockopt(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	uint8_t buf[OPT_MAXLEN];
	int error, level = (int)c->c_arg[1], name = (int)c->c_arg[2];
	size_t len = (size_t)(int)c->c_arg[4];
	const struct opt *o;

	if (opt_timeout(c) || opt_native(ls, level, name))
		return (LX_CONTINUE);
	if (ls->ls_kind == LXK_NETLINK)
		return (nl_setsockopt(c));
	o = opt_find(ls, level, name);
	if (o != NULL && o->o_form == F_FPROG)
		return (sockfilter_set(c, (enum vi_sockopt)o->o_vi));
	if ((int)c->c_arg[4] < 0 || (o != NULL && o->o_form == F_EXT && len != 0 && c->c_arg[3] == 0))
		return (-EINVAL);
	if (o != NULL && o->o_form == F_LABEL)
		return (ls->ls_so == NULL ? -ECONNABORTED : label_setopt(c));
	if (len > sizeof(buf))
		len = sizeof(buf);
	memset(buf, 0, OPT_SHORT);
	error = lx_copyin(c, c->c_arg[3], buf, len);
	if (error != 0)
		return (-error);
	if (ls->ls_kind == LXK_STREAM)
		stream_flush(ls);
	else
		dgram_tx(ls);
	if (o != NULL && (o->o_flags & O_ASK) != 0)
		(void)opt_raise(c, level, name);
	error = opt_set(ls, level, name, buf, len);
	if (error == EPERM && o != NULL && (o->o_flags & O_ASK) == 0) {
		if (opt_raise(c, level, name))
			error = opt_set(ls, level, name, buf, len);
		else
			opt_refused(c, o);
	}
	lx_sock_lower(ls);
	if (error == 0)
		set_local(c, o, buf, len);
	return (-error);
}

/* Get: each fills buf and *len; *len comes in as the space. */

int
opt_put(uint8_t *buf, size_t *len, const void *value, size_t size)
{
	if (*len > size)
		*len = size;
	memcpy(buf, value, *len);
	return (0);
}

static int
get_int(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	size_t size = sizeof(int);
	int error, value;

	error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &value, &size);
	if (error != 0)
		return (error);
	if (o->o_cmsg != 0)
		value = (ls->ls_cmsg & o->o_cmsg) != 0;
	if (o->o_level == IPPROTO_IP && *len > 0 && *len < sizeof(value) && value >= 0 &&
	    value <= 255) {
		buf[0] = (uint8_t)value;	/* one byte, as old programs want it */
		*len = 1;
		return (0);
	}
	return (opt_put(buf, len, &value, sizeof(value)));
}

static int
get_mcastif(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	struct vi_mreq vm = { 0 };
	size_t size = sizeof(vm);
	int error;

	error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, &vm, &size);
	return (error != 0 ? error : opt_put(buf, len, &vm.mr_addr, sizeof(vm.mr_addr)));
}

/* Nothing bound: no byte at all. */
static int
get_device(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	char name[VI_IFNAMSIZ] = "";
	size_t size = sizeof(name);
	int error;

	error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, name, &size);
	if (error != 0)
		return (error);
	if (name[0] == '\0') {
		*len = 0;
		return (0);
	}
	if (*len < sizeof(name))
		return (EINVAL);
	if (ls->ls_onlo)
		return (opt_put(buf, len, IFINFO_LOOPBACK, sizeof(IFINFO_LOOPBACK)));
	return (opt_put(buf, len, name, strnlen(name, sizeof(name) - 1) + 1));
}

static int
get_ifindex(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	char name[VI_IFNAMSIZ] = "";
	size_t size = sizeof(name);
	uint32_t index = 0;
	int error;

	if ((error = vi_getsockopt(ls->ls_so, VI_SO_BINDTODEVICE, name, &size)) != 0)
		return (error);
	if (name[0] != '\0') {
		lx_manage(ls->ls_lx);
		index = ifinfo_index(ls->ls_vnet, name);
		lx_managed(ls->ls_lx);
	}
	return (opt_put(buf, len, &index, sizeof(index)));
}

static int
get_bytes(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	uint8_t value[64] = { 0 };
	size_t size = sizeof(value);
	int error;

	error = vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, value, &size);
	return (
	    error != 0 ? error : opt_put(buf, len, value, size < sizeof(value) ? size : sizeof(value)));
}

/* Memory: bytes that wait and what may, both ways; what only Linux has reads 0. */
static int
get_meminfo(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	static const struct { enum vi_sockopt opt; unsigned at; } part[] = { { VI_SO_NREAD, SK_MEMINFO_RMEM_ALLOC }, { VI_SO_RCVBUF, SK_MEMINFO_RCVBUF },
		{ VI_SO_NWRITE, SK_MEMINFO_WMEM_ALLOC }, { VI_SO_SNDBUF, SK_MEMINFO_SNDBUF }, { VI_SO_NWRITE, SK_MEMINFO_WMEM_QUEUED } };
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	size_t size;
	int error, v;

	for (unsigned i = 0; i < LX_NITEMS(part); i++) {
		size = sizeof(v);
		if ((error = vi_getsockopt(ls->ls_so, part[i].opt, &v, &size)) != 0)
			return (error);
		mem[part[i].at] = (uint32_t)v;
	}
	return (opt_put(buf, len, mem, sizeof(mem)));
}

static int
get_pktstats(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct tpacket_stats_v3 st = { 0 };
	struct vi_pkt_stats ps = { 0, 0 };
	size_t size = sizeof(ps);
	int error;

	if ((error = vi_getsockopt(ls->ls_so, VI_PKT_STATISTICS, &ps, &size)) != 0)
		return (error);
	st.tp_packets = ps.ps_packets;
	st.tp_drops = ps.ps_drops;
	return (opt_put(buf, len, &st, packet_version(ls) == TPACKET_V3 ? sizeof(st) : sizeof(struct tpacket_stats)));
}

static int
get_local(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	struct { int pid, uid, gid; } nobody = { 0, -1, -1 };
	uint64_t cookie = ls->ls_ino;
	int value = 0;

	if (o->o_level == IPPROTO_TCP && o->o_name == LX_TCP_AO_REPAIR)
		return (EPERM);
	if (o->o_level == IPPROTO_TCP)		/* of a socket that is not under repair */
		return (o->o_name == TCP_REPAIR_QUEUE || o->o_name == TCP_QUEUE_SEQ
			    ? EINVAL
			    : opt_put(buf, len, &value, sizeof(value)));
	switch (o->o_name) {
	case SO_TYPE:
		value = ls->ls_type;
		break;
	case SO_DOMAIN:
		value = ls->ls_family;
		break;
	case SO_PROTOCOL:
		value = ls->ls_proto;
		break;
	case SO_ACCEPTCONN:
		value = ls->ls_state == LXS_LISTEN;
		break;
	case SO_BPF_EXTENSIONS:
		value = 64;			/* SKF_AD_MAX */
		break;
	case SO_PEERCRED:
		return (opt_put(buf, len, &nobody, sizeof(nobody)));
	case SO_COOKIE:
		return (*len < sizeof(cookie) ? EINVAL : opt_put(buf, len, &cookie, sizeof(cookie)));
	}
	return (opt_put(buf, len, &value, sizeof(value)));
}

static int
get_error(struct lx_call *c, uint8_t *buf, size_t *len)
{
	const int value = c->c_sock->ls_kind == LXK_DGRAM ? dgram_pending(c) : lx_sock_failure(c);

	return (opt_put(buf, len, &value, sizeof(value)));
}

/* Linux keeps both in one place. */
static int
get_protocol(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct vi_sockaddr sa = { .sa_port = 0 };
	int value = ls->ls_proto;

	if (ls->ls_type != SOCK_RAW) {
		(void)vi_sockname(ls->ls_so, &sa);
		value = ntohs(sa.sa_port);
	}
	return (opt_put(buf, len, &value, sizeof(value)));
}

/* As much as there is room for. */
static int
get_pktopts(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct vi_pktoptions po;
	struct vi_sockaddr local;
	struct lx_control co;
	size_t size = sizeof(po);
	int error;

	if (ls->ls_type != SOCK_STREAM)
		return (ENOPROTOOPT);
	if ((error = vi_getsockopt(ls->ls_so, VI_IP_PKTOPTIONS, &po, &size)) != 0 || (error = vi_sockname(ls->ls_so, &local)) != 0)
		return (error);
	control_init(&co, *len);
	control_stream(&co, ls->ls_cmsg, &po, &local);
	return (opt_put(buf, len, co.co_buf, co.co_len));
}

/* struct so_timestamping: no clock of hardware is bound to it. */
static int
get_stamping(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	int what[2] = { ls->ls_stamping, 0 }, error;
	size_t size = sizeof(what[0]);

	if (ls->ls_kind == LXK_STREAM && (error = vi_getsockopt(ls->ls_so, VI_SO_TIMESTAMPING, &what[0], &size)) != 0)
		return (error);
	return (opt_put(buf, len, what, sizeof(what)));
}

/* As many bytes of it as were asked for, and not more than there are. */
static int
get_peername(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct sockaddr_storage ss;
	struct vi_sockaddr sa;

	if (vi_peername(ls->ls_so, &sa) != 0)
		return (ENOTCONN);
	return (*len > sockaddr_build(&sa, &ss) ? EINVAL : opt_put(buf, len, &ss, sizeof(ss)));
}

static int
get_addrform(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	const int family = ls->ls_family, error = addrform_state(ls);

	return (error != 0 ? error : opt_put(buf, len, &family, sizeof(family)));
}

/* What is kept in the socket alone. */
static bool
get_kept(const struct lx_sock *ls, const struct opt *o, int *value)
{
	switch (o->o_form) {
	case F_CPU: *value = ls->ls_cpu; break;
	case F_OOBINLINE: *value = ls->ls_oobinline; break;
	case F_NOCHECK: *value = ls->ls_nocheck; break;
	case F_CMSG: *value = (ls->ls_cmsg & o->o_cmsg) != 0; break;
	case F_CORK: *value = ls->ls_corked; break;
	case F_SNDFLOW: *value = ls->ls_sndflow; break;
	case F_ISOLATE: *value = ls->ls_isolate; break;
	case F_NODEFRAG: *value = ls->ls_nodefrag; break;
	case F_DEBUG: *value = ls->ls_debug; break;
	default: return (false);
	}
	return (true);
}

static int
get_value(struct lx_sock *ls, const struct opt *o, uint8_t *buf, size_t *len)
{
	int value;

	if (o->o_form == F_LOCAL)
		return (get_local(ls, o, buf, len));
	if (o->o_form == F_UNIX || o->o_form == F_NOPEER)
		return (o->o_form == F_UNIX ? EOPNOTSUPP : ENODATA);
	if (ls->ls_so == NULL)
		return (ECONNABORTED);
	if (get_kept(ls, o, &value))
		return (opt_put(buf, len, &value, sizeof(value)));
	switch (o->o_form) {
	case F_INT:
	case F_U32:
	case F_BUF:
	case F_STAMP:
		return (get_int(ls, o, buf, len));
	case F_MCASTIF:
		return (get_mcastif(ls, o, buf, len));
	case F_MSFILTER:
		return (mcast_get_filter(ls, o->o_level, o->o_name, buf, len));
	case F_DEVICE:
		return (get_device(ls, o, buf, len));
	case F_STAMPING:
		return (get_stamping(ls, buf, len));
	case F_IFINDEX:
		return (get_ifindex(ls, buf, len));
	case F_CONGESTION:
		return (tcpopt_get_congestion(ls, buf, len));
	case F_PACING:
		return (tcpopt_get_pacing(ls, buf, len));
	case F_CSCOV:		/* Linux keeps it in every UDP socket */
		return (ls->ls_proto != IPPROTO_UDP ? get_int(ls, o, buf, len) : opt_put(buf, len, &(int){ 0 }, sizeof(int)));
	case F_PKTOPTS:
		return (get_pktopts(ls, buf, len));
	case F_ADDRFORM:
		return (get_addrform(ls, buf, len));
	case F_PROTOCOL:
		return (get_protocol(ls, buf, len));
	case F_EXT:
		return (vi_getsockopt(ls->ls_so, (enum vi_sockopt)o->o_vi, buf, len));
	case F_INDEX:
		return (opt6_get_index(ls, (enum vi_sockopt)o->o_vi, buf, len));
	case F_PATHMTU:
		return (opt6_get_pathmtu(ls, buf, len));
	case F_ULP:
		*len = 0;
		return (0);
	case F_SAVEDSYN:
		return (vi_getsockopt(ls->ls_so, VI_TCP_SAVED_SYN, buf, len));
	case F_CCINFO:
		return (tcpopt_get_ccinfo(ls, buf, len));
	case F_TCPINFO:
		return (tcpopt_get_info(ls, buf, len));
	case F_PACKET:
		return (packet_getopt(ls, o->o_name, buf, len));
	case F_MEMINFO:
		return (get_meminfo(ls, buf, len));
	case F_PKTSTATS:
		return (get_pktstats(ls, buf, len));
	case F_PEERNAME:
		return (get_peername(ls, buf, len));
	default:
		return (get_bytes(ls, o, buf, len));
	}
}

int
opt_get(struct lx_sock *ls, int level, int name, uint8_t *buf, size_t *len)
{
	const struct opt *o = opt_find(ls, level, name);

	if (o == NULL || (o->o_flags & O_GET) == 0)
		return (ENOPROTOOPT);
	return (get_value(ls, o, buf, len));
}

/* A level that is none of the socket's: Linux tells reading and setting apart. */
static int
get_unknown(const struct lx_sock *ls, int level)
{
	const bool udp = ls->ls_proto == IPPROTO_UDP || ls->ls_proto == IPPROTO_UDPLITE;

	if (ls->ls_family != AF_INET || level == SOL_SOCKET || level == IPPROTO_IP)
		return (ENOPROTOOPT);
	switch (ls->ls_type) {
	case SOCK_STREAM:
		return (level == IPPROTO_TCP ? ENOPROTOOPT : EOPNOTSUPP);
	case SOCK_DGRAM:
		return (udp && (level == IPPROTO_UDP || level == LX_SOL_UDPLITE) ? ENOPROTOOPT : EOPNOTSUPP);
	default:
		return (level == SOL_RAW ? ENOPROTOOPT : EOPNOTSUPP);
	}
}

int64_t
lx_sys_getsockopt(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	uint8_t buf[OPT_MAXLEN];
	const struct opt *o;
	int error, space;
	size_t len;

	if (ls->ls_kind == LXK_NETLINK)
		return (nl_getsockopt(c));
	if (opt_native(ls, (int)c->c_arg[1], (int)c->c_arg[2]))
		return (LX_CONTINUE);
	if ((int)c->c_arg[1] == SOL_SOCKET && (int)c->c_arg[2] == SO_GET_FILTER)
		return (sockfilter_get(c));
	error = lx_copyin(c, c->c_arg[4], &space, sizeof(space));
	if (error != 0)
		return (-error);
	if (space < 0)
		return (-EINVAL);
	/* SO_ORIGINAL_DST and its like: asked on each connection, and there is never one. */
	if ((int)c->c_arg[1] == IPPROTO_IP && (int)c->c_arg[2] == 80)
		return (ls->ls_kind == LXK_STREAM ? -ENOENT : -ENOPROTOOPT);
	o = opt_find(ls, (int)c->c_arg[1], (int)c->c_arg[2]);
	if (o == NULL || (o->o_flags & O_GET) == 0)
		return (-get_unknown(ls, (int)c->c_arg[1]));
	if (o->o_form == F_AOINFO)
		return (-tcpauth_ao_getinfo(c, space));
	if (o->o_form == F_AOKEYS)
		return (-tcpauth_ao_getkeys(c, space));
	if (o->o_form == F_LABEL)
		return (label_getopt(c, space));
	len = (size_t)space < sizeof(buf) ? (size_t)space : sizeof(buf);
	if ((o->o_form == F_MSFILTER || o->o_form == F_PACKET) && (error = lx_copyin(c, c->c_arg[3], buf, len)) != 0)
		return (-error);
	if (ls->ls_kind == LXK_STREAM && o->o_form == F_TCPINFO)
		stream_flush(ls);
	error = o->o_name == SO_ERROR && o->o_level == SOL_SOCKET ? get_error(c, buf, &len) :
	    get_value(ls, o, buf, &len);
	if (error == 0)
		error = lx_copyout(c, c->c_arg[3], buf, len);
	space = (int)len;
	if (error == EINVAL && o->o_form == F_SAVEDSYN)
		(void)lx_copyout(c, c->c_arg[4], &space, sizeof(space));
	if (error == 0)
		error = lx_copyout(c, c->c_arg[4], &space, sizeof(space));
	return (-error);
}
