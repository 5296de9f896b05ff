/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links to the host's network (vimage/unat.h): what vimaged does behind the other end.
 *
 * One struct nat for each interface unatN.  All of it belongs to the thread that runs the far stack; making, options, showing and unmaking are
 * management, with that thread standing still.
 */
#ifndef DAEMON_UNAT_H
#define DAEMON_UNAT_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/socket.h>
#include <vimage/unat.h>

#include "daemon/daemon.h"
#include "linux/loop.h"

struct nat_forward;

#define NAT_HASH	512	/* a power of two */
#define NAT_MAXFLOWS	4096	/* of one link: each has a descriptor of the host */
#define NAT_SEC		1000000000ull

#define NAT_NRAW	4
#define NAT_BUF		65536	/* the longest packet */

/* What is on the link besides the jail. */
struct nat_net {
	struct vi_sockaddr nn_gate, nn_dns;	/* dns is the address behind */
	uint8_t		 nn_prefixlen;
	struct vi_sockaddr nn_resolver;	/* the host's first; family 0: none of this family */
};

/* Two ends as the jail sees them. */
struct nat_pair {
	struct vi_sockaddr np_jail, np_far;
};

/*
 * What is relayed: a connection, or the datagrams of one socket of the jail.  Begins the structure of its kind.
 */
struct nat_flow;
struct nat_kind {
	void	(*nk_free)(struct nat_flow *);		/* closes what it has, and frees it */
	void	(*nk_expire)(struct nat_flow *);	/* its time is over: it goes */
	/* The jail is told of what is in the error queue.  The MTU that the host itself spoke of; 0: it did not. */
	uint32_t (*nk_errors)(struct nat_flow *);
};
struct nat_flow {
	LIST_ENTRY(nat_flow) nf_link;	/* of its bucket */
	const struct nat_kind *nf_kind;
	struct nat	*nf_nat;
	struct nat_pair	 nf_pair;	/* np_far: zero for datagrams, which go anywhere but when a resolver of the other family is asked */
	struct lx_event	 nf_event;
	int		 nf_fd;		/* -1: none yet */
	bool		 nf_whole;	/* unat_host.c: it does not fragment */
	uint64_t	 nf_until;	/* ns; 0: no limit */
	size_t		 nf_buffered;	/* bytes that the host's socket was seen to have: charged to the jail */
};
LIST_HEAD(nat_flows, nat_flow);

struct nat_tcp;
struct nat_listener;
struct nat_udp;

struct nat {
	LIST_ENTRY(nat)	 na_link;
	struct daemon	*na_daemon;
	struct worker	*na_worker;
	struct vi_unat	*na_unat;
	struct vi_vnet	*na_far;
	bool		 na_closed;	/* the interface is gone: everything is about to be freed */
	struct post	 na_lastpost;	/* which frees it */
	bool		 na_drained;	/* has nothing of the host any more */
	bool		 na_loopback;	/* the gateway's address is the host's loopback */
	struct nat_net	 na_net[2];	/* IPv4, IPv6 */
	struct lx_event	 na_kick;	/* an eventfd: connections to be begun */
	struct lx_event	 na_timer;
	struct lx_event	 na_ratimer;	/* unat_ra.c */
	bool		 na_ticking;
	uint32_t	 na_seed;	/* of the buckets */
	struct nat_flows na_flows[NAT_HASH];
	unsigned	 na_nflows;
	size_t		 na_buffered;	/* by all flows */
	STAILQ_HEAD(, nat_tcp) na_new;	/* wait for na_kick */
	LIST_HEAD(, nat_listener) na_listeners;
	LIST_HEAD(, nat_forward) na_forwards;
	struct vi_socket *na_raw[NAT_NRAW];	/* unat_raw.c */
	uint32_t	 na_gateindex;	/* of gate0 */
	uint64_t	 na_resolverread;	/* nn_resolver: when; 0: never */
	uint64_t	 na_began;	/* ns: nat_begin */
	uint64_t	 na_refused;	/* not begun: too many, or from nobody on the link */
	uint8_t		 na_buf[NAT_BUF] __attribute__((aligned(8)));	/* the packet at hand */
};

/* unat.c */
uint64_t nat_now(const struct nat *);
/* Around what a callback of the loop does: the jail pays for the time between.  False: nothing is to be done. */
bool	nat_begin(struct nat *);
void	nat_done(struct nat *);
/* Zeroed memory that the jail pays for; NULL: beyond its limit.  nat_release: NULL is fine. */
void	*nat_alloc(struct nat *, size_t);
void	nat_release(struct nat *, void *, size_t);
struct nat_flow *nat_flow_find(const struct nat *, const struct nat_kind *, const struct nat_pair *);
/* False: too many; f is not touched. */
bool	nat_flow_add(struct nat *, struct nat_flow *, const struct nat_kind *, const struct nat_pair *);
/* Out of the table, its event and descriptor gone. */
void	nat_flow_remove(struct nat_flow *);
void	nat_kick(struct nat *);
/* Puts the sentence into err (VI_ERRLEN) and returns error. */
int	nat_fail(char *err, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A socket of the far stack may be whoever the jail means. */
int	nat_transparent(struct vi_socket *, int family);
/* An option of a socket, an int. */
int	nat_setint(struct vi_socket *, enum vi_sockopt, int);

static inline const struct nat_net *
nat_net(const struct nat *na, uint8_t family)
{
	return &na->na_net[family == VI_AF_INET6];
}

/* Has the host's socket of a mapping for datagrams IPv6? */
static inline bool
nat_hostinet6(const struct nat_pair *np)
{
	return (np->np_jail.sa_family == VI_AF_INET6) != (np->np_far.sa_family != 0);
}

/* unat_map.c */
/* Where the host finds what the jail calls far.  EACCES: forbidden. */
int	nat_map(struct nat *, const struct vi_sockaddr *far, struct vi_sockaddr *host);
/* What the jail calls an address of the host's; dns: it may have asked the resolver.  False: the jail must not hear of it. */
bool	nat_unmap(const struct nat *, struct vi_sockaddr *, bool dns);
bool	nat_isgateway(const struct nat *, const struct vi_sockaddr *);	/* or the resolver's name: no hop lies between */
bool	nat_isresolver(const struct nat *, const struct vi_sockaddr *);	/* with its port */
/* Is it the resolver of the host that answers for the one of that family on the link? */
bool	nat_answers(const struct nat *, uint8_t family, const struct vi_sockaddr *);
bool	nat_isunicast(const struct vi_sockaddr *);	/* and means something beyond the link */
bool	nat_islinklocal(const struct vi_sockaddr *);	/* of IPv6 */
bool	nat_isonlink(const struct nat *, const struct vi_sockaddr *);	/* of the link's network, and not the gateway */

void	nat_loopback(struct vi_sockaddr *);	/* the host's, with the same port */

/* unat_forward.c: in the link's thread */
int	nat_forward_add(struct nat *, const char *const *argv, char *err);
int	nat_forward_remove(struct nat *, const char *const *argv, char *err);
void	nat_forward_show(const struct nat *, vi_if_option_fn *, void *arg);
void	nat_forward_fini(struct nat *);

/* unat_udp.c: what a forward makes; fd is the mapping's from now on, also when it fails.  EEXIST: another has it. */
int	nat_udp_fix(struct nat *, const struct vi_sockaddr *jail, int fd, struct nat_udp **);
void	nat_udp_unfix(struct nat_udp *);

/* unat_tcp.c */
bool	nat_tcp_syn(struct nat *, const uint8_t *packet, size_t len);
void	nat_tcp_begin(struct nat *);	/* what na_new holds */
void	nat_tcp_fini(struct nat *);	/* listeners; flows are gone */

/* unat_icmp.c */
/* Tells the jail that its segment (a packet, from its IP header on) met an error of the host's; those that are no news are not told. */
void	nat_unreach(struct nat *, const struct nat_pair *, const uint8_t *packet, size_t len, int error);

/* unat_ra.c */
void	nat_ra_event(struct lx_event *, uint32_t);	/* of na_ratimer */
void	nat_ra_solicited(struct nat *);

#endif
