/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the unit tests of this directory: a tcpcb of an unconnected socket in vnet0 of a kernel on
 * the simulated host.
 */
#ifndef NETINET_TCP_TCP_TEST_H
#define NETINET_TCP_TCP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "netinet/tcp/tcp_int.h"

struct tcp_fixture {
	struct vi_host	*tf_host;
	struct vi_kernel *tf_kernel;
	struct vnet	*tf_vnet;
	struct socket	*tf_so;
	struct tcpcb	*tf_tp;
};

static inline struct tcpcb *
tcp_fixture_init(struct tcp_fixture *tf)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct vi_kernel_params kp = { .kp_workers = 1 };

	assert_int_equal(vi_host_sim_new(1, &tf->tf_host), 0);
	kp.kp_host = tf->tf_host;
	assert_int_equal(vi_kernel_new(&kp, &tf->tf_kernel), 0);
	tf->tf_vnet = (struct vnet *)(void *)vi_vnet0(tf->tf_kernel);
	assert_int_equal(
	    socreate(tf->tf_vnet, VI_AF_INET, VI_SOCK_STREAM, 0, &cred, &tf->tf_so), 0);
	tf->tf_tp = sototcpcb(tf->tf_so);
	return (tf->tf_tp);
}

static inline void
tcp_fixture_fini(struct tcp_fixture *tf)
{
	soclose(tf->tf_so);
	assert_int_equal(vi_kernel_free(tf->tf_kernel, NULL, NULL), 0);
	vi_host_sim_free(tf->tf_host);
}

static inline uint32_t
tcp_test_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)(*state >> 33));
}

#endif
