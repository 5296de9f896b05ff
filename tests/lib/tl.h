/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the library: a fresh kernel on the simulated host for each test, topologies in one call, waiting in virtual
 * time, and the demand that nothing is left at the end.
 *
 * Usual shape:
 *	struct tl t;
 *	struct tl_pair p;
 *
 *	tl_begin(&t, 1);
 *	tl_pair(&t, &p);
 *	... assertions, tl_wait(&t, condition) ...
 *	tl_end(&t);
 *
 * In the build with a single stack a pair is one vnet with two addresses on lo0, so that tests of sockets run there too.
 */
#ifndef TESTS_LIB_TL_H
#define TESTS_LIB_TL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/route.h>
#include <vimage/socket.h>
#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#define TL_US	1000ull
#define TL_MS	1000000ull
#define TL_SEC	1000000000ull
#define TL_MSL2	(60 * TL_SEC)	/* longer than any TIME_WAIT */

/* A call that must succeed, and one that must fail with this errno; the report names both errors. */
#define tl_ok(expr)		tl_errno((expr), 0, #expr, __FILE__, __LINE__)
#define tl_fails(expr, want)	tl_errno((expr), (want), #expr, __FILE__, __LINE__)
void	tl_errno(int error, int want, const char *expr, const char *file, int line);

struct tl {
	struct vi_host	*host;
	struct vi_kernel *k;
};

void	tl_begin(struct tl *, uint64_t seed);
void	tl_end(struct tl *);		/* no leak, no byte */
extern const struct vi_cred tl_root, tl_user;

/* Runs one round, then lets time pass to the next timer; false: nothing will ever happen, or it is `deadline` (absolute ns). */
bool	tl_step(struct tl *, uint64_t deadline);
void	tl_run(struct tl *, uint64_t ns);	/* for so long */
void	tl_settle(struct tl *);			/* what is to be done now, no time passes */
#define tl_now(t)	vi_sim_now((t)->host)

/* Until the condition holds; the test fails if it does not within a virtual hour. */
#define tl_wait(t, cond) do {						\
	const uint64_t tl_deadline = tl_now(t) + 3600 * TL_SEC;		\
	while (!(cond))							\
		if (!tl_step((t), tl_deadline) && !(cond))		\
			fail_msg("never: %s", #cond);			\
} while (0)

/* Vnets. */
struct vi_vnet *tl_vnet(struct tl *, const char *name);
void	tl_destroy(struct vi_vnet *);		/* without a leak */
uint64_t tl_account(struct vi_vnet *, const char *account);	/* bytes */
uint64_t tl_stat(struct vi_vnet *, const char *name);		/* by its machine name; fails when unknown */

/* Addresses: tl_addr("192.0.2.1", 80), tl_addr("fe80::1%3", 80) with the interface's index. */
struct vi_sockaddr tl_addr(const char *, uint16_t port);
bool	tl_sameaddr(const struct vi_sockaddr *, const struct vi_sockaddr *);
void	tl_ifaddr(struct vi_vnet *, const char *ifname, const char *addr, unsigned prefixlen);	/* and up */
struct vi_ifinfo tl_ifinfo(struct vi_vnet *, const char *ifname);	/* pointers in it are not valid */
bool	tl_hasif(struct vi_vnet *, const char *ifname);
unsigned tl_naddrs(struct vi_vnet *, const char *ifname);
/* A new cable between two vnets, made in a.  The ends' names. */
struct tl_cable { char a[VI_IFNAMSIZ], b[VI_IFNAMSIZ]; };
void	tl_cable(struct vi_vnet *a, struct vi_vnet *b, struct tl_cable *);
void	tl_join(struct vi_vnet *a, const char *addra, struct vi_vnet *b, const char *addrb, struct tl_cable *);	/* with addresses, /24, up */

struct tl_pair {
	struct vi_vnet	*a, *b;
	const char	*addra, *addrb;		/* text */
	struct tl_cable	 cable;			/* "" in the build with a single stack */
};
void	tl_pair(struct tl *, struct tl_pair *);
void	tl_unpair(struct tl_pair *);		/* destroys both vnets */

/* Sockets. */
struct vi_socket *tl_socket(struct vi_vnet *, int type);	/* of VI_AF_INET */
struct vi_socket *tl_socketof(struct vi_vnet *, int family, int type);
struct vi_socket *tl_listen(struct vi_vnet *, const char *addr, uint16_t port, int backlog);
struct vi_socket *tl_udp(struct vi_vnet *, const char *addr, uint16_t port);	/* bound */
/* A connection from a to b:port; the two ends. */
struct tl_conn { struct vi_socket *c, *s; };
void	tl_connect(struct tl *, struct vi_vnet *from, struct vi_socket *listener, struct tl_conn *);
void	tl_conn(struct tl *, const struct tl_pair *, struct tl_conn *);	/* with a listener of its own, from b to a */
void	tl_hangup(struct tl *, struct tl_conn *);	/* closes both, runs until TIME_WAIT is over */
int	tl_sockerr(struct vi_socket *);			/* SO_ERROR */
int	tl_optint(struct vi_socket *, enum vi_sockopt);
/* Sends len bytes of a known pattern that begins at offset off, and expects the same. */
void	tl_send(struct tl *, struct vi_socket *from, struct vi_socket *to, size_t len);
void	tl_pattern(void *, size_t len, size_t off);
bool	tl_ispattern(const void *, size_t len, size_t off);

/* Jails: parameters as "name=value" or "name", NULL-ended. */
int	tl_jail(struct tl *, int caller, unsigned flags, int *jid, char err[VI_ERRLEN], ...);

#endif
