/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing sockets, as the files of this directory see them. */
#ifndef RTSOCK_RTSOCK_INT_H
#define RTSOCK_RTSOCK_INT_H

#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/route.h>

#include "kern/lane.h"
#include "socket/socket.h"
#include "vimage/vnet.h"

struct ifnet;

/* X(name, words of netstat -s). */
#define RTS_STATS(X) \
	X(rtss_events, "change%s told") \
	X(rtss_delivered, "message%s delivered") \
	X(rtss_fullsock, "message%s dropped due to full socket buffers") \
	X(rtss_nomem, "message%s dropped for lack of memory") \
	X(rtss_overflows, "time%s that changes came too fast") \
	X(rtss_requests, "request%s") \
	X(rtss_bad, "request%s that were no message") \
	X(rtss_refused, "request%s refused")

struct rtsstat {
#define RTS_STAT_MEMBER(name, text)	uint64_t name;
	RTS_STATS(RTS_STAT_MEMBER)
#undef RTS_STAT_MEMBER
};

struct rtspcb {
	LIST_ENTRY(rtspcb) rp_link;
	struct socket	*rp_socket;	/* (c) */
	uint8_t		 rp_family;	/* (c) VI_AF_UNSPEC: all */
	bool		 rp_loopback;
	uint32_t	 rp_types;	/* 1 << VI_RTM_*; 0: all */
	int		 rp_fib;	/* -1: all */
};

/* A message, whole. */
struct rtmsg {
	uint8_t		 rm_family;	/* of what it is about; VI_AF_UNSPEC: none */
	int		 rm_fib;	/* -1: of none */
	union {
		uint8_t	 rm_buf[VI_RTM_MAXMSG];
		struct vi_rt_msghdr rm_rtm;	/* all begin like this one */
		struct vi_ifa_msghdr rm_ifam;
		struct vi_if_msghdr rm_ifm;
		struct vi_if_announcemsghdr rm_ifan;
	};
};

/* What was written. */
struct rtreq {
	struct vi_rt_msghdr rq_hdr;
	struct vi_route	 rq_route;
	bool		 rq_exact;	/* the prefix was named, not a host */
};

struct rtsock_vnet {
	struct vnet	*rs_vnet;	/* (c) */
	LIST_HEAD(, rtspcb) rs_pcbs;
	struct work	 rs_work;	/* there are events */
	uint64_t	 rs_seq;	/* of the last one told */
	struct rtspcb	*rs_asker;	/* its request is being done */
	const struct rtreq *rs_request;
	uint32_t	 rs_recvspace;
	struct rtsstat	 rs_stat;
};
VNET_STATE_DECLARE(rtsock);

/* rt_msg.c */
void	 rtmsg_route(struct rtmsg *, enum vi_rtm_type, const struct vi_route *);
void	 rtmsg_addr(struct rtmsg *, enum vi_rtm_type, const struct vi_rtevent *);
void	 rtmsg_if(struct rtmsg *, const struct vi_rtevent *, const struct ifnet *);
void	 rtmsg_announce(struct rtmsg *, const struct vi_rtevent *, unsigned what);
void	 rtmsg_miss(struct rtmsg *, uint32_t fib, const struct vi_sockaddr *dst);
/* The request back, refused. */
void	 rtmsg_error(struct rtmsg *, const struct rtreq *, const void *msg, size_t len, int error);
/* EINVAL: no message.  Else 0, and *error says whether it can be done: ENXIO, EAFNOSUPPORT, EINVAL. */
int	 rtmsg_parse(struct vnet *, const void *, size_t, struct rtreq *, int *error);

#endif
