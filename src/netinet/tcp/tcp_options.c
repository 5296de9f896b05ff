/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of outgoing segments of a connection. */
#include "netinet/tcp/tcp_int.h"

#include <string.h>

/* What every segment after the handshake carries. */
uint32_t
tcp_options_len(const struct tcpcb *tp)
{
	const struct tcp_authkey *ak = tcp_authkey(tp);

	return ((tp->t_flags & TF_RCVD_TSTMP ? TCPOLEN_TSTAMP_APPA : 0u) +
		(ak != NULL ? tcp_auth_optlen(ak) : 0));
}

/* Room for the signature of a connection that has a key. */
static size_t
tcp_options_auth(const struct tcpcb *tp, uint8_t *buf, size_t room)
{
	struct tcp_opts to = { .to_flags = 0 };
	uint8_t ids[TCP_AO_OPTLEN];
	struct tcp_authctx ac;

	tcp_auth_ctx(tp, tp->snd_max, &ac);
	tcp_auth_fill(&ac, &to, ids);
	return (tcp_opts_build(&to, buf, room));
}

/* RFC 7323 3.2: timestamps in an RST are optional; they help the peer's PAWS. */
size_t
tcp_options_rst(const struct tcpcb *tp, uint8_t buf[TCP_MAXOLEN], uint64_t now)
{
	size_t len = 0;

	if (tp->t_flags & TF_RCVD_TSTMP) {
		tcp_opts_put_ts(buf, tcp_ts(now, tp->t_tsoff), tp->ts_recent);
		len = TCPOLEN_TSTAMP_APPA;
	}
	if (tcp_authkey(tp) != NULL)
		len += tcp_options_auth(tp, buf + len, TCP_MAXOLEN - len);
	return (len);
}

/*
 * Timestamps, and SACK blocks while there are holes: as many as fit (RFC 2018 3, at most three
 * beside timestamps).
 */
size_t
tcp_options_fill(struct tcpcb *tp, uint8_t buf[TCP_MAXOLEN], uint64_t now)
{
	size_t len = tcp_options_rst(tp, buf, now);
	struct tcp_opts to;

	if (tp->t_utosends > 0) {
		to.to_flags = 0;
		if (tcp_uto_fill(tp, &to))
			len += tcp_opts_build(&to, buf + len, TCP_MAXOLEN - len);
	}
	if (tp->t_nrsack == 0 && tp->t_dsack.sb_start == tp->t_dsack.sb_end)
		return (len);
	if ((tp->t_flags & TF_SACK_PERMIT) == 0)
		return (len);
	to.to_nsack = tcp_rsack_fill(
	    tp, to.to_sack, (unsigned)(TCP_MAXOLEN - len - TCPOLEN_SACKHDR) / TCPOLEN_SACK);
	if (to.to_nsack == 0)
		return (len);
	to.to_flags = TOF_SACK;
	TCPSTAT_INC(tp->t_tv, tcps_sack_send_blocks);
	return (len + tcp_opts_build(&to, buf + len, TCP_MAXOLEN - len));
}

/*
 * A SYN offers what the sysctls allow; a SYN-ACK (simultaneous open, Fast Open) answers only what was offered
 * (RFC 7323 2.2, 3.2).
 */
size_t
tcp_options_syn(struct tcpcb *tp, uint16_t mss, uint8_t buf[TCP_MAXOLEN], uint64_t now)
{
	bool answer = tp->t_state != TCPS_SYN_SENT;
	struct tcp_opts to = { .to_flags = TOF_MSS | tcp_persona_synopts(tp->t_tv) };
	uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE], ids[TCP_AO_OPTLEN];
	struct tcp_authctx ac;

	to.to_mss = mss;
	if (tp->t_flags & (answer ? TF_RCVD_SCALE : TF_REQ_SCALE)) {
		to.to_flags |= TOF_SCALE;
		to.to_wscale = tp->rcv_scale;
	}
	if (tp->t_flags & (answer ? TF_SACK_PERMIT : TF_REQ_SACK))
		to.to_flags |= TOF_SACKPERM;
	if (tp->t_flags & (answer ? TF_RCVD_TSTMP : TF_REQ_TSTMP)) {
		to.to_flags |= TOF_TS;
		to.to_tsval = tcp_ts(now, tp->t_tsoff);
		to.to_tsecr = tp->ts_recent;
	}
	(void)tcp_uto_fill(tp, &to);
	if (tcp_authkey(tp) != NULL) {
		tcp_auth_ctx(tp, tp->iss, &ac);
		tcp_auth_fill(&ac, &to, ids);
	} else {
		tcp_tfo_options(tp, &to, cookie);
	}
	return (tcp_opts_build(&to, buf, TCP_MAXOLEN));
}
