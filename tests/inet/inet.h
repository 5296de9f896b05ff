/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of this directory: datagrams in one line each, and a chain of client, router, server. */
#ifndef TESTS_INET_INET_H
#define TESTS_INET_INET_H

#include "tests/lib/tl.h"

/* client 10.0.1.1 -- 10.0.1.2 router 10.0.2.2 -- 10.0.2.1 server; default routes to the router. */
struct chain {
	struct tl	 t;
	struct vi_vnet	*c, *r, *s;
	struct tl_cable	 left, right;	/* c-r and r-s */
};
void	chain_begin(struct chain *);
void	chain_end(struct chain *);
void	inet_route(struct vi_vnet *, const char *dst, unsigned prefixlen, const char *gateway);

struct vi_socket *inet_socket(struct vi_vnet *, int type, int proto, const struct vi_cred *);
void	inet_connect(struct vi_socket *, const char *addr, uint16_t port);
void	inet_setint(struct vi_socket *, enum vi_sockopt, int);
int	inet_sendto(struct vi_socket *, const void *, size_t, const char *addr, uint16_t port);
/* One datagram that is there now; the message and its bytes in buf.  EAGAIN. */
int	inet_recv(struct vi_socket *, struct vi_msg *, void *buf, size_t size, size_t *n);
/* Waits for one. */
void	inet_wait(struct tl *, struct vi_socket *, struct vi_msg *, void *buf, size_t size, size_t *n);
/* Waits for one of the test pattern with this length. */
void	inet_expect(struct tl *, struct vi_socket *, size_t len, struct vi_msg *);
/* Waits for an error in the error queue. */
void	inet_expecterr(struct tl *, struct vi_socket *, struct vi_sockerr *, int error, const char *offender);
uint16_t inet_cksum(const void *, size_t);
/* An echo request with len bytes of pattern behind its header; returns all of its length. */
size_t	inet_echo(uint8_t *, uint16_t id, uint16_t seq, size_t len);
void	inet_setmtu(struct vi_vnet *, const char *ifname, uint32_t);

#endif
