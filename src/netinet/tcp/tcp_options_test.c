/* SPDX-License-Identifier: BSD-2-Clause */
/* Which options go out when, and how long segments may be beside them. */
#include "netinet/tcp/tcp_test.h"

#include <string.h>

static void
syn_options(void **state)
{
	uint8_t buf[TCP_MAXOLEN];
	struct tcp_fixture tf;
	struct tcp_opts to;
	struct tcpcb *tp;
	size_t len;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_inpcb.inp_faddr = in4_any(HTONL(0x7f000001));
	tp->t_usermaxseg = 1000;
	tp->rcv_scale = 7;
	tp->t_state = TCPS_SYN_SENT;
	len = tcp_options_syn(tp, tcp_ourmss(tp), buf, 0);
	memset(&to, 0, sizeof(to));
	assert_int_equal(tcp_opts_parse(buf, len, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_MSS);
	tp->t_flags |= TF_REQ_SCALE | TF_REQ_TSTMP | TF_REQ_SACK;
	tp->t_tsoff = 5;
	len = tcp_options_syn(tp, tcp_ourmss(tp), buf, 3 * MSEC);
	memset(&to, 0, sizeof(to));
	assert_int_equal(tcp_opts_parse(buf, len, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_MSS | TOF_SCALE | TOF_TS | TOF_SACKPERM);
	assert_int_equal(to.to_wscale, 7);
	assert_int_equal(to.to_tsval, 8);
	assert_int_equal(to.to_tsecr, 0);
	/* An answer offers only what was offered (RFC 7323 2.2, 3.2). */
	tp->t_state = TCPS_SYN_RECEIVED;
	tp->t_flags |= TF_RCVD_TSTMP;
	tp->ts_recent = 77;
	len = tcp_options_syn(tp, tcp_ourmss(tp), buf, 0);
	memset(&to, 0, sizeof(to));
	assert_int_equal(tcp_opts_parse(buf, len, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_MSS | TOF_TS);
	assert_int_equal(to.to_tsecr, 77);
	tp->t_state = TCPS_CLOSED;
	tcp_fixture_fini(&tf);
}

static void
sack_beside_timestamps(void **state)
{
	uint8_t buf[TCP_MAXOLEN];
	struct tcp_fixture tf;
	struct tcp_opts to;
	struct tcpcb *tp;
	size_t len;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_flags |= TF_RCVD_TSTMP | TF_SACK_PERMIT;
	assert_int_equal(tcp_options_fill(tp, buf, 0), TCPOLEN_TSTAMP_APPA);
	for (uint32_t i = 1; i <= 5; i++)
		tcp_rsack_note(tp, 1000 * i, 1000 * i + 1);
	len = tcp_options_fill(tp, buf, 0);
	assert_int_equal(len, 40);
	memset(&to, 0, sizeof(to));
	assert_int_equal(tcp_opts_parse(buf, len, false, &to), WIRE_OK);
	assert_int_equal(to.to_nsack, 3);		/* RFC 2018 3 */
	tp->t_flags &= ~(uint32_t)TF_RCVD_TSTMP;
	len = tcp_options_fill(tp, buf, 0);
	memset(&to, 0, sizeof(to));
	assert_int_equal(tcp_opts_parse(buf, len, false, &to), WIRE_OK);
	assert_int_equal(to.to_nsack, 4);
	tcp_fixture_fini(&tf);
}

/*
 * RFC 9293 3.7.1, RFC 6691: options come off the segment; super-packets are whole segments within
 * 65535.
 */
static void
segment_sizes(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_peermss = 1460;
	tp->t_pmtu = 1500;
	tcp_setmss(tp);
	assert_int_equal(tp->t_maxseg, 1460);
	assert_int_equal(tp->t_maxsuper, 44 * 1460);
	tp->t_flags |= TF_RCVD_TSTMP;
	tcp_setmss(tp);
	assert_int_equal(tp->t_maxseg, 1448);
	assert_int_equal(tp->t_maxsuper, 45 * 1448);
	tp->t_peermss = 65535;
	tp->t_pmtu = 65535;
	tcp_setmss(tp);
	assert_int_equal(tp->t_maxseg, 65535 - 52);
	assert_int_equal(tp->t_maxsuper, 65535 - 52);
	tp->t_peermss = 1;				/* wants us to work */
	tcp_setmss(tp);
	assert_int_equal(tp->t_maxseg, 216 - 12);
	tp->t_usermaxseg = 500;
	tp->t_peermss = 1460;
	tcp_setmss(tp);
	assert_int_equal(tp->t_maxseg, 488);
	tcp_fixture_fini(&tf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syn_options),
		cmocka_unit_test(sack_beside_timestamps),
		cmocka_unit_test(segment_sizes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
