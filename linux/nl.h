/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and replies of rtnetlink. */
#ifndef LINUX_NL_H
#define LINUX_NL_H

#include "linux/lx.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/*
 * A dump goes out in datagrams of this size: what Linux uses, and what fits the page that the
 * C library reads into.
 */
#define NL_GOODSIZE	3776

struct nl_sock {
	uint32_t	 nl_pid;	/* port; shown once bound */
	bool		 nl_bound;
	bool		 nl_capack;	/* errors quote the header only */
};

/* A request, checked.  Attributes that were absent are 0. */
struct nl_req {
	struct nlmsghdr	 rq_hdr;
	uint8_t		 rq_family;
	uint8_t		 rq_table;
	uint32_t	 rq_index;
	char		 rq_name[VI_IFNAMSIZ];
	struct vi_sockaddr rq_dst;	/* of rq_family */
	bool		 rq_hasdst;
};
/* One message of len bytes at buf (not more than nlmsg_len).  0, EINVAL. */
int	 nl_req_parse(const uint8_t *buf, size_t len, struct nl_req *);

/* Replies being collected. */
struct nl_out {
	struct lx_sock	*no_ls;
	uint32_t	 no_seq, no_pid;
	uint16_t	 no_flags;
	size_t		 no_len;	/* complete messages */
	size_t		 no_msg;	/* where the one being built begins */
	size_t		 no_end;
	bool		 no_over;	/* it did not fit */
	uint8_t		 no_buf[2 * NL_GOODSIZE];
};
void	 nl_out_init(struct nl_out *, struct lx_sock *, const struct nl_req *, uint16_t flags);
void	 nl_out_flush(struct nl_out *);
/* begin, attributes, end; the fixed part is copied. */
void	 nl_out_begin(struct nl_out *, uint16_t type, const void *fixed, size_t len);
void	 nl_out_attr(struct nl_out *, uint16_t type, const void *, size_t);
void	 nl_out_u32(struct nl_out *, uint16_t type, uint32_t);
void	 nl_out_u8(struct nl_out *, uint16_t type, uint8_t);
void	 nl_out_addr(struct nl_out *, uint16_t type, const struct vi_sockaddr *);	/* its bytes, by its family */
static inline bool nl_wants(const struct nl_req *rq, int family) { return (rq->rq_family == AF_UNSPEC || rq->rq_family == family); }
static inline uint8_t nl_family(const struct vi_sockaddr *sa) { return (sa->sa_family == VI_AF_INET6 ? AF_INET6 : AF_INET); }
void	 nl_out_end(struct nl_out *);

/* nl_link.c, nl_route.c: 0 or an errno for NLMSG_ERROR; called under the kernel's lock. */
int	 nl_getlink(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getaddr(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getroute(struct nl_out *, struct vi_vnet *, const struct nl_req *);
int	 nl_getneigh(struct nl_out *, struct vi_vnet *, const struct nl_req *);

#endif
