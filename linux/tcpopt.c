/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of streams whose value has a form of its own: names, rates, what is known of the path. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>

/* Congestion controls have other names here. */
int
tcpopt_set_congestion(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	char name[VI_IFNAMSIZ] = "";

	if (len < 1)
		return (EINVAL);
	memcpy(name, buf, len < sizeof(name) - 1 ? len : sizeof(name) - 1);
	if (strcmp(name, "reno") == 0)
		strcpy(name, "newreno");
	else if (strcmp(name, "newreno") == 0)
		return (ENOENT);
	return (vi_setsockopt(ls->ls_so, VI_TCP_CONGESTION, name, sizeof(name)));
}

/* An int of 32 bits as ~0 for all there is, or 64 bits. */
int
tcpopt_set_pacing(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	uint64_t rate;
	uint32_t word;

	if (len >= sizeof(rate)) {
		memcpy(&rate, buf, sizeof(rate));
	} else if (len >= sizeof(word)) {
		memcpy(&word, buf, sizeof(word));
		rate = word == UINT32_MAX ? UINT64_MAX : word;
	} else
		return (EINVAL);
	/* As on Linux where no queue paces, as fq does: kept, for who asks. */
	ls->ls_pacing = rate + 1;
	if (ls->ls_kind == LXK_DGRAM)
		return (0);
	return (vi_setsockopt(ls->ls_so, VI_TCP_MAX_PACING_RATE, &rate, sizeof(rate)));
}

int
tcpopt_get_congestion(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	char name[VI_IFNAMSIZ] = "";
	size_t size = sizeof(name);
	int error;

	error = vi_getsockopt(ls->ls_so, VI_TCP_CONGESTION, name, &size);
	if (error != 0)
		return (error);
	if (strcmp(name, "newreno") == 0) {
		memset(name, 0, sizeof(name));
		strcpy(name, "reno");
	}
	return (opt_put(buf, len, name, sizeof(name)));
}

/* On Linux only a few controls say anything, and of these we have bbr. */
int
tcpopt_get_ccinfo(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct vi_tcp_ccinfo ci = { 0 };
	struct { uint32_t bw_lo, bw_hi, min_rtt, pacing_gain, cwnd_gain; } bbr;
	size_t size = sizeof(ci);
	int error;

	error = vi_getsockopt(ls->ls_so, VI_TCP_CC_INFO, &ci, &size);
	if (error != 0)
		return (error);
	if (size == 0) {
		*len = 0;
		return (0);
	}
	bbr.bw_lo = (uint32_t)ci.ci_bw;
	bbr.bw_hi = (uint32_t)(ci.ci_bw >> 32);
	bbr.min_rtt = ci.ci_minrtt;
	bbr.pacing_gain = ci.ci_pacinggain;
	bbr.cwnd_gain = ci.ci_cwndgain;
	return (opt_put(buf, len, &bbr, sizeof(bbr)));
}

/* As much of it as was asked for: more than an int holds is all there is. */
int
tcpopt_get_pacing(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	uint64_t rate;
	size_t size = sizeof(rate);
	uint32_t word;
	int error;

	rate = ls->ls_pacing - 1;
	error = ls->ls_kind == LXK_DGRAM ? 0 : vi_getsockopt(ls->ls_so, VI_TCP_MAX_PACING_RATE, &rate, &size);
	if (error != 0)
		return (error);
	if (ls->ls_pacing == 1)		/* 0, for which the stack has its least, a byte a second */
		rate = 0;
	if (*len >= sizeof(rate))
		return (opt_put(buf, len, &rate, sizeof(rate)));
	word = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
	return (opt_put(buf, len, &word, sizeof(word)));
}

int
tcpopt_get_info(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct vi_tcp_info ti;
	size_t size = sizeof(ti);
	int error;

	memset(&ti, 0, sizeof(ti));
	error = vi_getsockopt(ls->ls_so, VI_TCP_INFO, &ti, &size);
	if (error == 0)
		*len = tcpinfo_build(&ti, buf, *len);
	return (error);
}
