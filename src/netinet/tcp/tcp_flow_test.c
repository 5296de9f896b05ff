/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of flows against a model: which of some flows are in it, in chains of any length. */
#include "netinet/tcp/tcp_flow.h"

#include <stdbool.h>

#include "base/util.h"
#include "netinet/tcp/tcp_test.h"

#define FLOWS	60

static void
all_there(const struct tcp_flowtab *ft, struct tcp_flowent *fe, const bool *in)
{
	for (unsigned i = 0; i < FLOWS; i++)
		assert_ptr_equal(tcp_flow_find(ft, &in_ops, &fe[i].fe_flow.tf_laddr, fe[i].fe_flow.tf_lport, &fe[i].fe_flow.tf_faddr,
		    fe[i].fe_flow.tf_fport), in[i] ? &fe[i] : NULL);
}

static void
come_and_go(uint32_t chains)
{
	struct tcp_flowent fe[FLOWS] = { 0 };
	struct tcp_flow *f;
	bool in[FLOWS] = { false };
	struct tcp_fixture tf;
	struct tcp_flowtab ft;
	uint64_t seed = chains;
	unsigned k;

	(void)tcp_fixture_init(&tf);
	tcp_flowtab_init(&ft, vnet_acct(tf.tf_vnet), &tf.tf_tp->t_tv->tv_pcbs);
	assert_int_equal(tcp_flowtab_limit(&ft, chains), 0);
	for (unsigned i = 0; i < FLOWS; i++) {
		f = &fe[i].fe_flow;
		f->tf_ops = &in_ops;
		f->tf_lport = (uint16_t)i;
		f->tf_hash = in_pcbhashval(ft.ft_pcbs, &f->tf_laddr, f->tf_lport, &f->tf_faddr, f->tf_fport);
	}
	for (unsigned i = 0; i < 5000; i++) {
		k = tcp_test_random(&seed) % FLOWS;
		if (in[k])
			tcp_flow_remove(&ft, &fe[k]);
		else
			assert_int_equal(tcp_flow_insert(&ft, &fe[k]), 0);
		in[k] = !in[k];
		all_there(&ft, fe, in);
	}
	for (unsigned i = 0; i < FLOWS; i++)
		if (in[i])
			tcp_flow_remove(&ft, &fe[i]);
	tcp_flowtab_fini(&ft);
	tcp_fixture_fini(&tf);
}

static void
chains_of_any_length(void **state)
{
	(void)state;
	come_and_go(1);
	come_and_go(16);
	come_and_go(64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_of_any_length),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
