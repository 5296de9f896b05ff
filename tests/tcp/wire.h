/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two vnets joined by nothing but a wire at the level of struct inet_ops: TCP is tested alone, each
 * packet can be seen, lost, held back, doubled or changed on its way, and time is virtual.
 *
 * wire_socket() makes a TCP socket whose inpcb talks to the wire.  Side 0 has the address 10.0.0.1,
 * side 1 10.0.0.2.
 */
#ifndef TESTS_TCP_WIRE_H
#define TESTS_TCP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netinet/tcp/tcp_int.h"

struct wpkt {
	struct wpkt	*wp_next;
	uint64_t	 wp_time;	/* of arrival */
	uint64_t	 wp_seq;	/* order of sending, for equal times */
	int		 wp_to;		/* side */
	bool		 wp_valid;	/* checksum is known good, and not computed */
	uint32_t	 wp_segsz;
	uint64_t	 wp_hold;	/* set by w_filter: later by this */
	uint8_t		 wp_tos;	/* of the IP header that is not there */
	uint32_t	 wp_len;
	uint8_t		 wp_data[];	/* TCP header, options, data */
};

enum wire_verdict { WIRE_PASS, WIRE_LOSE };

struct wire {
	struct vi_host	*w_host;
	struct vi_kernel *w_vk;
	struct kernel	*w_k;
	struct vnet	*w_vn[2];
	struct wpkt	*w_queue;	/* by time */
	uint64_t	 w_nsent;
	uint64_t	 w_delay;	/* ns */
	uint64_t	 w_jitter;	/* at most this much is added: reorders */
	uint32_t	 w_loss, w_dup, w_corrupt;	/* of 1,000,000 */
	uint32_t	 w_mtu;
	bool		 w_cut;		/* cut super-packets into segments and compute checksums */
	/*
	 * To side 1, a bottleneck: bytes a second (0 = none), how much waits in front of it at most,
	 * and above how much waiting ECT packets are marked (0 = never).
	 */
	uint64_t	 w_rate, w_busy;
	uint32_t	 w_qlimit, w_qmark;
	uint64_t	 w_qdrops;
	uint64_t	 w_rng;
	uint64_t	 w_lost;
	int		 w_error;	/* io_output fails with it */
	/* Sees each packet before chance does; may change it. */
	enum wire_verdict (*w_filter)(struct wire *, struct wpkt *);
	void		*w_arg;
};

void	 wire_init(struct wire *, uint64_t seed);
/* Destroys everything; fails the test if any account is not zero. */
void	 wire_fini(struct wire *);
/* No connection is left: their accounts must be zero. */
void	 wire_quiet(struct wire *);
uint32_t wire_random(struct wire *);	/* the test's own chance */
struct socket *wire_socket(struct wire *, int side);
void	 wire_addr(int side, uint16_t port, struct vi_sockaddr *);
struct socket *wire_listen(struct wire *, int side, uint16_t port, int backlog);
/* Connects; runs until it is answered.  0 or the error. */
int	 wire_connect(struct wire *, struct socket *, int toside, uint16_t port);
struct socket *wire_accept(struct wire *, struct socket *listener);
/* A connected pair: [0] the caller on side 0, [1] on side 1.  The listener is closed. */
void	 wire_pair(struct wire *, struct socket *so[2]);
void	 wire_run(struct wire *, uint64_t ns);	/* that long */
bool	 wire_until(struct wire *, bool (*cond)(void *), void *arg, uint64_t ns);
/* until nothing is on its way and nothing due within 1 us */
void	 wire_idle(struct wire *);
/* both lanes learn the time: before calls of the user */
void	 wire_now(struct wire *);
/* what was taken */
size_t	 wire_send(struct wire *, struct socket *, const void *, size_t, int flags);
size_t	 wire_recv(struct wire *, struct socket *, void *, size_t, int *error);
/*
 * A segment made by hand, from the other side's socket's point of view: delivered now.  Checksum
 * not looked at.
 */
void wire_inject(struct wire *, int toside, uint16_t sport, uint16_t dport, uint32_t seq,
    uint32_t ack, uint16_t flags, uint16_t win, const void *data, size_t len);
/* An ICMP error about a segment of the pcb's beginning at seq; mtu counts for INET_CTL_MSGSIZE. */
void	 wire_ctl(struct wire *, int side, const struct inpcb *, enum inet_ctl, uint32_t mtu, uint32_t seq);
/* A segment of options alone, len a multiple of 4. */
void wire_inject_opts(struct wire *w, int toside, uint16_t sport, uint16_t dport, uint32_t seq,
    uint32_t ack, uint16_t flags, uint16_t win, const void *opts, size_t len);
void	 wire_deliver(struct wire *, struct wpkt *);
void	 wire_setint(struct socket *, enum vi_sockopt, int);
int	 wire_getint(struct socket *, enum vi_sockopt);
void	 wire_sysctl(struct wire *, int side, const char *name, const char *value);
void	 wire_options(const struct wpkt *, struct tcp_opts *);
/* so[0] sends so many bytes, so[1] takes them. */
void	 wire_carry(struct wire *, struct socket *so[2], uint32_t total);
static inline struct tcp_vnet *
wire_tcp(struct wire *w, int side)
{
	return (tcp_vnet(w->w_vn[side]));
}
static inline const struct tcphdr *
wp_th(const struct wpkt *wp)
{
	return ((const struct tcphdr *)(const void *)wp->wp_data);
}
static inline uint32_t wp_dlen(const struct wpkt *wp) { return (wp->wp_len - th_hlen(wp_th(wp))); }

#endif
