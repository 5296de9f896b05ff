/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this directory share. */
#ifndef SOCKET_SO_INT_H
#define SOCKET_SO_INT_H

#include "socket/socket.h"

struct sockerrq {
	STAILQ_HEAD(, sockerrent) eq_list;
	unsigned	eq_n;
};

/* A new socket in vn, on its list; SS_PROTOREF is the caller's to set. */
struct socket *soalloc(struct vnet *, const struct protosw *);
void	 sofree_maybe(struct socket *);		/* frees it when nobody holds it */
void	 soerrq_free(struct socket *);
void	 sofilter_free(struct socket *);
int	 sofilter_set(struct socket *, enum vi_sockopt, const void *, size_t);
int	 sofilter_get(const struct socket *, void *, size_t *);
void	 so_die(struct socket *);		/* its vnet goes away */
void	 so_flushprepared(struct socket *);
bool	 so_errpending(const struct socket *);
int	 so_takeerror(struct socket *);
/* so_starve.c: there is no memory for what a stream is to send: EAGAIN, and it will be woken. */
int	 so_starve(struct socket *);
void	 so_feed(struct socket *);		/* it waits no more */
void	 so_starve_init(struct vnet *);
void	 so_starve_stop(struct vnet *);

/* Its vnet is gone: every call but soclose, sopoll and SO_ERROR says ECONNABORTED. */
static inline bool so_isdead(const struct socket *so) { return ((so->so_state & SS_DEAD) != 0); }
/* Bytes a stream takes now. */
size_t	 so_sendroom(struct socket *);
static inline bool so_haspcb(const struct socket *so) { return ((so->so_state & SS_PROTOREF) != 0); }

#endif
