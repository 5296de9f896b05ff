/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Congestion control: how snd_cwnd and snd_ssthresh move.  When a loss has happened, and what is
 * sent again, is TCP's business (tcp_ack.c, tcp_sack.c); how fast to go after it is decided here.
 *
 * An algorithm is one table.  Its state is t_ccpriv, CC_PRIVATE words, which cc_init clears.
 */
#ifndef NETINET_TCP_CC_CC_H
#define NETINET_TCP_CC_CC_H

#include <stdbool.h>
#include <stdint.h>

#include "netinet/tcp/tcp_lr.h"

struct tcpcb;
struct vi_tcp_ccinfo;

#define CC_NAMELEN	16

/*
 * Two kinds.  A window-based algorithm moves the window at cc_ack, and TCP (PRR, RFC 9937) leads it
 * down to the ssthresh that cc_loss sets.  A rate-based one has cc_rate: it is told of every ACK
 * with what that says of the path, and owns snd_cwnd and the pacing rate (tcp_pace_set) alone, in
 * recovery as well; only a timeout sets the window to one segment in either case.
 */
struct cc_ops {
	const char	*cc_name;
	void	(*cc_init)(struct tcpcb *);
	/*
	 * acked bytes left the network in order, no loss is being repaired, and the window was in
	 * use.
	 */
	void	(*cc_ack)(struct tcpcb *, uint32_t acked);
	/*
	 * A loss was seen, or a mark came, or the timer went off: sets snd_ssthresh (and nothing
	 * else of TCP's).
	 */
	void	(*cc_loss)(struct tcpcb *, enum cc_signal);
	/* Sending begins again after a pause; snd_cwnd was already cut (RFC 5681 4.1). */
	void	(*cc_idle)(struct tcpcb *);
	/* May be NULL: see above. */
	void	(*cc_rate)(struct tcpcb *, const struct tcp_rate *);
	/* A transmission was taken for lost (with SACK); it is still as it was sent.  May be NULL. */
	void	(*cc_lost)(struct tcpcb *, const struct tcp_rec *);
	/* The last cc_loss was for nothing; may be NULL: the first 8 words go back. */
	void	(*cc_undo)(struct tcpcb *);
	/* What it knows of the path; may be NULL. */
	void	(*cc_info)(struct tcpcb *, struct vi_tcp_ccinfo *);
	/* Another algorithm takes over; may be NULL. */
	void	(*cc_fini)(struct tcpcb *);
};

extern const struct cc_ops cc_newreno, cc_cubic, cc_bbr;

/* The algorithm of that name, or NULL. */
const struct cc_ops *cc_byname(const char *);
/* Shared: slow start by the bytes acknowledged; what is left after reaching ssthresh. */
uint32_t cc_slowstart(struct tcpcb *, uint32_t acked);
/* hystart.c, RFC 9406 */
void	 cc_hystart_begin(struct tcpcb *);
void	 cc_hystart_end(struct tcpcb *);
uint32_t cc_hystart(struct tcpcb *, uint32_t n);
void	 cc_hystart_classic(struct tcpcb *);
/* RFC 5681 equation 4's floor, with the given fraction num/den of what is in flight. */
void	 cc_halve(struct tcpcb *, uint32_t num, uint32_t den);

/*
 * cubic.c, for its test: bytes above (below) W_max at t after the epoch began, times in 1/1024 s.
 */
int64_t	 cubic_offset(int64_t t, int64_t k, uint32_t mss);
uint32_t cubic_k(uint64_t bytes, uint32_t mss);	/* time to climb that many bytes, 1/1024 s */

#endif
