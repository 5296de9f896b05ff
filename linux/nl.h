/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and replies of rtnetlink. */
#ifndef LINUX_NL_H
#define LINUX_NL_H

#include "linux/lx.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

/*
 * A dump goes out in datagrams of this size: what Linux uses, and what fits the page that the
 * C library reads into.
 */
#define NL_GOODSIZE	3776

#define NL_MAXPENDING	(64u << 20)	/* of answers, for all sockets of one worker */

#define NL_NATTR	64	/* types of attributes that are looked at */

struct nl_sock {
	LIST_ENTRY(nl_sock) nl_link;	/* in lx_netlinks */
	struct lx_sock	*nl_ls;
	uint32_t	 nl_pid;	/* port; shown once bound */
	bool		 nl_bound;
	bool		 nl_strict;	/* NETLINK_GET_STRICT_CHK */
	bool		 nl_capack;	/* errors quote the header only */
	bool		 nl_extack, nl_bcerror;	/* kept for who asks */
	bool		 nl_noenobufs;	/* what found no room is not told */
	bool		 nl_passcred;	/* SO_PASSCRED */
	bool		 nl_pktinfo;	/* NETLINK_PKTINFO */
	bool		 nl_joined;	/* it has been in a group */
	int		 nl_rcvbuf;	/* SO_RCVBUF, which bounds what is told unasked; 0: as much as the pair takes */
	bool		 nl_watching;	/* the vnet tells us of changes */
	struct vi_cred	 nl_cred;	/* of whoever made it */
	bool		 nl_priv;	/* ... with CAP_NET_ADMIN: who asks for a change is to have it, too */
	bool		 nl_looked;	/* whether he has it is in nl_cred: looked at once for all messages of a datagram */
	uint64_t	 nl_userns;	/* of the jail */
	uid_t		 nl_rootuid;
	pid_t		 nl_tid;	/* that thread, or who sent or made a call about it last */
	int		 nl_jid;
	uint64_t	 nl_groups;	/* RTNLGRP_* less 1 */
	uint64_t	 nl_seq;	/* last event seen */
	STAILQ_HEAD(, nl_chunk) nl_pending;	/* answers that wait for room in the pair */
};

/* A request, checked.  Attributes that were absent are 0. */
struct nl_req {
	int		 rq_caller;	/* whose privileges count: the jail's, */
	const struct vi_cred *rq_cred;	/* and the socket's */
	struct nlmsghdr	 rq_hdr;
	uint8_t		 rq_family;
	uint8_t		 rq_table;
	uint32_t	 rq_index;
	char		 rq_name[VI_IFNAMSIZ];
	struct vi_sockaddr rq_dst;	/* of rq_family */
	bool		 rq_hasdst;
	struct { uint32_t on_index; uint8_t on_proto, on_type; bool on_table; } rq_only;	/* of a dump; 0: all; on_table: rq_table has to be there */
	const uint8_t	*rq_fixed;	/* what stands before the attributes; NULL: too short for it */
	struct nl_attr { const uint8_t *na_data; size_t na_len; } rq_attr[NL_NATTR];	/* NULL: absent */
};
/* One message of len bytes at buf (not more than nlmsg_len).  0, EINVAL.  Of NETLINK_ROUTE with what follows the header. */
int	 nl_req_parse(const uint8_t *buf, size_t len, int proto, struct nl_req *);

/* netlink.c */
int	 nl_attach(struct lx_sock *);	/* makes ls_nl, among those of the lx; nl_free() ends it.  ENOMEM */
int	 nl_may(struct lx_sock *, enum vi_priv);

static inline bool nl_has(const struct nl_req *rq, unsigned type) { return (rq->rq_attr[type].na_data != NULL); }
static inline bool nl_dump(const struct nl_req *rq) { return ((rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) != 0); }	/* as Linux: one of its two bits will do */
/* Attributes of a request; dflt when absent, 0 when too short. */
uint32_t nl_u32(const struct nl_req *, unsigned type, uint32_t dflt);
uint16_t nl_u16(const struct nl_req *, unsigned type, uint16_t dflt);
uint8_t	 nl_u8(const struct nl_req *, unsigned type, uint8_t dflt);
int	 nl_strict(struct nl_req *);	/* a dump is narrowed by what its request says; EINVAL */
/* Text with its end; false: absent, or it does not fit. */
bool	 nl_text(const struct nl_req *, unsigned type, char *, size_t);
/* An address of this family (AF_*); untouched when absent.  EINVAL, EAFNOSUPPORT. */
int	 nl_addr(const struct nl_req *, unsigned type, uint8_t family, struct vi_sockaddr *);
int	 nl_addr_parse(const uint8_t *, size_t, uint8_t family, struct vi_sockaddr *);
/* Calls fn for each attribute of a chain.  EINVAL: it is cut. */
int	 nl_attrs(const uint8_t *, size_t, void (*fn)(void *arg, uint16_t type, const uint8_t *, size_t), void *arg);

/* Replies being collected. */
struct nl_out {
	struct lx_sock	*no_ls;
	uint32_t	 no_seq, no_pid;
	uint16_t	 no_flags;
	size_t		 no_len;	/* complete messages */
	size_t		 no_msg;	/* where the one being built begins */
	size_t		 no_end;
	bool		 no_over;	/* it did not fit */
	uint32_t	 no_group;	/* no answer: told to all who want to know, in this group; 0: an answer */
	uint8_t		 no_buf[2 * NL_GOODSIZE];
};
void	 nl_out_init(struct nl_out *, struct lx_sock *, const struct nl_req *, uint16_t flags);
void	 nl_out_flush(struct nl_out *);
void	 nl_pump(struct lx_sock *);	/* what waits, as far as there is room */
void	 nl_pending_free(struct lx_sock *);
/* begin, attributes, end; the fixed part is copied. */
void	 nl_out_begin(struct nl_out *, uint16_t type, const void *fixed, size_t len);
void	 nl_out_attr(struct nl_out *, uint16_t type, const void *, size_t);
void	 nl_out_u32(struct nl_out *, uint16_t type, uint32_t);
void	 nl_out_u8(struct nl_out *, uint16_t type, uint8_t);
void	 nl_out_addr(struct nl_out *, uint16_t type, const struct vi_sockaddr *);	/* its bytes, by its family */
static inline bool nl_wants(const struct nl_req *rq, int family) { return (rq->rq_family == AF_UNSPEC || rq->rq_family == family); }
static inline uint8_t nl_family(const struct vi_sockaddr *sa) { return (sa->sa_family == VI_AF_INET6 ? AF_INET6 : AF_INET); }
void	 nl_out_end(struct nl_out *);

/* Linux's number of a table, and ours.  EINVAL: there is none; ENOENT: it was not made yet. */
uint32_t nl_table(struct vi_vnet *, uint32_t fib);
int	 nl_fib(struct vi_vnet *, uint32_t table, uint32_t *fib);
/* The same, and the table is made. */
int	 nl_fib_make(struct vi_vnet *, const struct vi_cred *, uint32_t table, uint32_t *fib);

/* Messages about one thing: type is RTM_NEW* or RTM_DEL*. */
void	 nl_put_link(struct nl_out *, uint16_t type, const struct vi_ifinfo *);
/* nl_kind.c: what it is, and what it is a port of */
void	 nl_put_kind(struct nl_out *, const struct vi_ifinfo *);
int	 nl_makelink(struct vi_vnet *, const struct nl_req *, char name[VI_IFNAMSIZ]);
int	 nl_setmaster(struct vi_vnet *, const struct nl_req *, const char *name, uint32_t index);	/* 0: none */
void	 nl_put_addr(struct nl_out *, uint16_t type, const struct vi_ifinfo *, const struct vi_ifaddr *);
void	 nl_put_routes(struct nl_out *, uint16_t type, const struct vi_route *, unsigned n);	/* next hops of one */
void	 nl_put_neigh(struct nl_out *, uint16_t type, uint32_t ifindex, const struct vi_neigh *);
void	 nl_put_nexthop(struct nl_out *, uint16_t type, const struct vi_nexthop *);
void	 nl_put_rule(struct nl_out *, uint16_t type, const struct vi_rule *, uint8_t family);

/* nl_uevent.c: sent at once; was: the name it had, or NULL */
void	 nl_put_uevent(struct nl_out *, const char *action, const char *was, const struct vi_rtevent *);

/* nl_event.c: groups and what is told to them */
int	 nl_subscribe(struct lx_sock *, uint64_t groups);	/* ENOMEM, ENOSPC */
void	 nl_unsubscribe(struct lx_sock *);
void	 nl_events(struct lx_sock *);

/* nl_link.c, nl_route.c, nl_rule.c, nl_nexthop.c, nl_change.c, nl_chroute.c: 0 or an errno for NLMSG_ERROR; called under the kernel's lock. */
int	 nl_getlink(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getqdisc(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getaddr(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getroute(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getneigh(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getrule(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getnexthop(struct nl_out *, struct vi_vnet *, const struct nl_req *);
/* nl_diag.c: without that lock; body is what follows the header. */
int	 nl_getdiag(struct nl_out *, struct lx_sock *, const struct nl_req *, const uint8_t *body);
int	 nl_getgeneric(struct nl_out *, const struct nl_req *, const uint8_t *body);	/* nl_generic.c */
/* What changes something: the vnet's, which the program was found to be allowed to change. */
int	 nl_setlink(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_dellink(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_newaddr(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_deladdr(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_newroute(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_delroute(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_newnexthop(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_delnexthop(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_newneigh(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_delneigh(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_newrule(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);
int	 nl_delrule(struct vi_vnet *, const struct nl_req *, const struct vi_cred *);

#endif
