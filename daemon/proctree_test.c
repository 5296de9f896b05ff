/* SPDX-License-Identifier: BSD-2-Clause */
/* A family of real processes: who is below whom, and whom a signal reaches. */
#include "daemon/proctree.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that has a child and waits for a signal; both are killed with us. */
static pid_t
family(pid_t *grandchild)
{
	pid_t child, told;
	int p[2];

	assert_int_equal(pipe(p), 0);
	if ((child = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((told = fork()) == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (write(p[1], &told, sizeof(told)) != (ssize_t)sizeof(told))
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_int_equal(read(p[0], grandchild, sizeof(*grandchild)), sizeof(*grandchild));
	close(p[0]);
	close(p[1]);
	return child;
}

static void
roots(void **state)
{
	struct proctree_sum sums[2];
	pid_t child[2], grandchild[2], root[2];
	struct proctree pt;
	struct proc p;

	(void)state;
	child[0] = family(&grandchild[0]);
	child[1] = family(&grandchild[1]);
	assert_true(proc_read(grandchild[1], &p));
	assert_int_equal(p.p_ppid, child[1]);
	assert_false(proc_read(-1, &p));
	/* The nearest root counts, whatever the order. */
	root[0] = child[1];
	root[1] = getpid();
	assert_int_equal(proctree_read(&pt, root, 2), 0);
	proctree_sums(&pt, root, sums, 2);
	assert_int_equal(sums[0].ps_n, 1);
	assert_int_equal(sums[1].ps_n, 2);
	proctree_free(&pt);
	/* Who is spared, and who is below. */
	assert_int_equal(proctree_kill(SIGKILL, (const pid_t[]){ child[1], 0 }), 2);
	assert_int_equal(waitpid(child[0], NULL, 0), child[0]);
	assert_int_equal(kill(child[1], 0), 0);
	assert_int_equal(kill(grandchild[1], 0), 0);
	assert_int_equal(proctree_kill(SIGKILL, NULL), 2);
	assert_int_equal(waitpid(child[1], NULL, 0), child[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(roots) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
