/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CUBIC (RFC 9438).  Windows in bytes, times in units of 2^-10 s.
 *
 *	W_cubic(t) = C (t - K)^3 + W_max		C = 0.4 segments / s^3
 *	K = cubic root((W_max - cwnd_epoch) / C)	beta = 0.7
 */
#include "netinet/tcp/cc/cc.h"

#include <string.h>

#include "base/assert.h"
#include "netinet/tcp/tcp_int.h"

#define CUBIC_HZ	1024		/* ticks a second */
#define CUBIC_C_NUM	2		/* C = 2/5 */
#define CUBIC_C_DEN	5
#define CUBIC_TMAX	(64 * CUBIC_HZ)	/* t - K is cut here, so that its cube fits */

struct cubic {
	uint64_t	cu_epoch;	/* ns; 0 = no epoch */
	uint64_t	cu_last;	/* the window could grow then, last */
	uint32_t	cu_wmax;	/* window before the last reduction */
	uint32_t	cu_origin;	/* the plateau aimed at: W_max, or cwnd if that is higher */
	uint32_t	cu_k;
	uint32_t	cu_west;	/* Reno-friendly estimate (RFC 9438 4.3) */
	uint32_t	cu_wprior;	/* cwnd when W_max was set, for alpha */
	uint32_t	cu_frac;	/* bytes acked that did not make a segment yet */
};
_Static_assert(sizeof(struct cubic) <= CC_PRIVATE * sizeof(uint64_t), "CUBIC's state");

static struct cubic *
tptocubic(struct tcpcb *tp)
{
	return ((struct cubic *)(void *)tp->t_ccpriv);
}

static uint32_t
cubic_root(uint64_t x)
{
	uint64_t lo = 0, hi = 1u << 21, mid;

	while (lo < hi) {
		mid = (lo + hi + 1) / 2;
		if (mid * mid * mid <= x)
			lo = mid;
		else
			hi = mid - 1;
	}
	return ((uint32_t)lo);
}

/* K^3 = (bytes / mss) / C in s^3; times 2^30 for ticks (RFC 9438 4.2). */
uint32_t
cubic_k(uint64_t bytes, uint32_t mss)
{
	uint64_t seg256 = bytes * 256 / mss;		/* segments times 2^8 */

	seg256 = u64min(seg256, UINT64_C(1) << 36);
	return (cubic_root(seg256 * CUBIC_C_DEN / CUBIC_C_NUM << 22));
}

int64_t
cubic_offset(int64_t t, int64_t k, uint32_t mss)
{
	int64_t d = t - k, cube;

	d = d > CUBIC_TMAX ? CUBIC_TMAX : d < -CUBIC_TMAX ? -CUBIC_TMAX : d;
	cube = d * d * d / CUBIC_HZ;			/* at most 2^38; s^3 times 2^20 */
	return (cube * CUBIC_C_NUM / CUBIC_C_DEN * (int64_t)mss / (1 << 20));
}

static void
cubic_init(struct tcpcb *tp)
{
	*tptocubic(tp) = (struct cubic){ .cu_epoch = 0 };
	tp->t_ccacked = 0;
	cc_hystart_begin(tp);
	tp->t_lr.lr_hystart.hs_classic = tcp_aslinux(tp);
}

static void
cubic_epoch_begin(struct tcpcb *tp, struct cubic *cu, uint64_t now)
{
	cu->cu_epoch = cu->cu_last = u64max(now, 1);
	cu->cu_west = tp->snd_cwnd;
	cu->cu_frac = 0;
	if (tp->snd_cwnd < cu->cu_wmax) {
		cu->cu_k = cubic_k(cu->cu_wmax - tp->snd_cwnd, tp->t_maxseg);
		cu->cu_origin = cu->cu_wmax;
	} else {
		cu->cu_k = 0;
		cu->cu_origin = tp->snd_cwnd;
	}
}

/* RFC 9438 4.2, 5.8: t leaves out the time when the window was not used, and did not grow. */
static void
cubic_pause(const struct tcpcb *tp, struct cubic *cu, uint64_t now)
{
	uint64_t rtt = (uint64_t)(tp->t_srtt >> 3) * USEC;

	if (now - cu->cu_last > 2 * rtt)
		cu->cu_epoch += now - cu->cu_last - rtt;
	cu->cu_last = now;
}

/* W_cubic(t + RTT), kept between cwnd and 1.5 cwnd (RFC 9438 4.2). */
static uint32_t
cubic_target(const struct tcpcb *tp, const struct cubic *cu, uint64_t now)
{
	uint64_t t =
	    (now - cu->cu_epoch + (uint64_t)(tp->t_srtt >> 3) * USEC) / MSEC * CUBIC_HZ / 1000;
	int64_t w = (int64_t)cu->cu_origin + cubic_offset((int64_t)t, cu->cu_k, tp->t_maxseg);

	if (w < (int64_t)tp->snd_cwnd)
		return (tp->snd_cwnd);
	return ((uint32_t)u64min((uint64_t)w, (uint64_t)tp->snd_cwnd + tp->snd_cwnd / 2));
}

/*
 * RFC 9438 4.3: the window Reno would have: alpha segments a round trip, alpha = 3 (1 - beta) / (1
 * + beta) = 9/17 until the window before the loss is reached again, 1 from there on.
 */
static void
cubic_friendly(struct tcpcb *tp, struct cubic *cu, uint32_t acked)
{
	uint64_t n = (uint64_t)acked * tp->t_maxseg;

	if (cu->cu_west < cu->cu_wprior || tcp_aslinux(tp))
		n = n * 9 / 17;
	n += cu->cu_frac;
	cu->cu_west += (uint32_t)(n / tp->snd_cwnd);
	cu->cu_frac = (uint32_t)(n % tp->snd_cwnd);
}

static void
cubic_ack(struct tcpcb *tp, uint32_t acked)
{
	struct cubic *cu = tptocubic(tp);
	uint64_t now = tcp_now(tp);
	uint32_t target;

	if ((acked = cc_slowstart(tp, acked)) == 0)
		return;
	if (cu->cu_epoch == 0)
		cubic_epoch_begin(tp, cu, now);
	cubic_pause(tp, cu, now);
	cubic_friendly(tp, cu, acked);
	target = cubic_target(tp, cu, now);
	if (cu->cu_west > target) {
		tp->snd_cwnd = u32max(tp->snd_cwnd, cu->cu_west);	/* Reno-friendly region */
		return;
	}
	/* (target - cwnd) / cwnd for each segment acknowledged. */
	tp->snd_cwnd += (uint32_t)((uint64_t)(target - tp->snd_cwnd) * u32min(acked, tp->snd_cwnd) /
				   tp->snd_cwnd);
}

/*
 * As Linux: of the window and not of what is in flight.  RFC 9438 4.6 wants then that an unused
 * window does not grow: tcp_flight.c sees to that.
 */
static uint32_t
cubic_ssthresh(uint32_t cwnd, uint32_t mss, bool mark)
{
	uint32_t segs = cwnd / mss * (mark ? 17 : 14) / 20;

	return (u32max(segs, 2) * mss);
}

/*
 * RFC 9438 4.6, 4.7: multiplicative decrease, and fast convergence if the last W_max was not
 * reached.  After a timeout the next congestion avoidance begins at its plateau, with the window it
 * finds (4.8).
 */
static void
cubic_loss(struct tcpcb *tp, enum cc_signal why)
{
	struct cubic *cu = tptocubic(tp);
	uint32_t cwnd = tp->snd_cwnd;

	cc_hystart_end(tp);
	cu->cu_epoch = 0;
	cu->cu_wprior = cwnd;
	cu->cu_wmax = cwnd < cu->cu_wmax ? (uint32_t)((uint64_t)cwnd * 17 / 20) : cwnd;
	if (why == CC_RTO)
		cu->cu_wmax = 0;
	/* RFC 8511 3.1: a mark comes from a shallow queue. */
	if (why == CC_ECN && tp->t_tv->tv_abe)
		cc_halve(tp, 17, 20);
	else
		cc_halve(tp, 7, 10);
	if (tcp_aslinux(tp))
		tp->snd_ssthresh =
		    cubic_ssthresh(cwnd, tp->t_maxseg, why == CC_ECN && tp->t_tv->tv_abe);
}

/* RFC 9438 5.8: time without sending must not count. */
static void
cubic_idle(struct tcpcb *tp)
{
	tptocubic(tp)->cu_epoch = 0;
}

const struct cc_ops cc_cubic = {
	.cc_name = "cubic",
	.cc_init = cubic_init,
	.cc_ack = cubic_ack,
	.cc_loss = cubic_loss,
	.cc_idle = cubic_idle,
};
