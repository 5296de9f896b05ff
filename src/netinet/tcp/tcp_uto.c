/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user timeout option (RFC 5482): how long each end is willing to wait for an acknowledgment.
 * Off unless net.inet.tcp.uto.enable.  Without it VI_TCP_USER_TIMEOUT is ours alone.
 *
 * In the words of its section 3.1: ADV_UTO is the user's timeout, sent in the SYN and, because no
 * option is resent, in the first segments after it was set; REMOTE_UTO is the peer's.  Who set a
 * timeout himself is not CHANGEABLE: the peer's option is then only looked at.
 */
#include "netinet/tcp/tcp_int.h"

#define UTO_REPEAT	3	/* segments that carry a new value */

void
tcp_uto_set(struct tcpcb *tp, int ms)
{
	tp->t_usertimeout = (uint64_t)ms * MSEC;
	tp->t_usersettimeout = ms != 0;
	tp->t_utosends = ms != 0 && tp->t_tv->tv_uto ? UTO_REPEAT : 0;
}

/* RFC 5482 3.1: USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)). */
void
tcp_uto_rcvd(struct tcpcb *tp, uint16_t opt)
{
	const struct tcp_vnet *tv = tp->t_tv;
	uint64_t s = opt & (TCP_UTO_MINUTES - 1u);

	/* A number of zero means nothing (RFC 5482 3). */
	if (!tv->tv_uto || s == 0 || tp->t_usersettimeout)
		return;
	if (opt & TCP_UTO_MINUTES)
		s *= 60;
	s = u64min(u64max(s, (uint64_t)tv->tv_uto_lower), (uint64_t)tv->tv_uto_upper);
	tp->t_usertimeout = s * SEC;
}

bool
tcp_uto_fill(struct tcpcb *tp, struct tcp_opts *to)
{
	uint64_t s = (tp->t_usertimeout + SEC - 1) / SEC;

	if (!tp->t_tv->tv_uto || !tp->t_usersettimeout)
		return (false);
	if (tp->t_state >= TCPS_ESTABLISHED && tp->t_utosends > 0)
		tp->t_utosends--;
	to->to_flags |= TOF_UTO;
	to->to_uto = (uint16_t)(s < TCP_UTO_MINUTES ? s
				: TCP_UTO_MINUTES | u64min((s + 59) / 60, TCP_UTO_MINUTES - 1u));
	return (true);
}
