/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of flows against a model: which of some flows are in it, in chains of any length. */
#include "netinet/tcp/tcp_flow.h"

#include <stdbool.h>

#include "base/util.h"
#include "netinet/tcp/tcp_test.h"

#define FLOWS	60

static void
all_there(const struct tcp_flowtab *ft, struct tcp_flow *f, const bool *in)
{
	for (unsigned i = 0; i < FLOWS; i++)
		assert_ptr_equal(tcp_flow_find(ft, &in_ops, &f[i].tf_laddr, f[i].tf_lport, &f[i].tf_faddr, f[i].tf_fport),
		    in[i] ? &f[i] : NULL);
}

static void
come_and_go(uint32_t chains)
{
	struct tcp_flow f[FLOWS] = { 0 };
	bool in[FLOWS] = { false };
	struct tcp_fixture tf;
	struct tcp_flowtab ft;
	uint64_t seed = chains;
	unsigned k;

	(void)tcp_fixture_init(&tf);
	tcp_flowtab_init(&ft, vnet_acct(tf.tf_vnet), &tf.tf_tp->t_tv->tv_pcbs);
	assert_int_equal(tcp_flowtab_limit(&ft, chains), 0);
	for (unsigned i = 0; i < FLOWS; i++) {
		f[i].tf_ops = &in_ops;
		f[i].tf_lport = (uint16_t)i;
		f[i].tf_hash = in_pcbhashval(ft.ft_pcbs, &f[i].tf_laddr, f[i].tf_lport, &f[i].tf_faddr, f[i].tf_fport);
	}
	for (unsigned i = 0; i < 5000; i++) {
		k = tcp_test_random(&seed) % FLOWS;
		if (in[k])
			tcp_flow_remove(&ft, &f[k]);
		else
			assert_int_equal(tcp_flow_insert(&ft, &f[k]), 0);
		in[k] = !in[k];
		all_there(&ft, f, in);
	}
	for (unsigned i = 0; i < FLOWS; i++)
		if (in[i])
			tcp_flow_remove(&ft, &f[i]);
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
