/* SPDX-License-Identifier: BSD-2-Clause */
/* A limit without control groups: a real process that computes is stopped, and not once more when its jail has gone. */
#include "daemon/cpusched.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/proctree.h"

/* An init and a child that computes; both are killed with us. */
static pid_t
busy_jail(pid_t *busy)
{
	pid_t init, told;
	int p[2];

	assert_int_equal(pipe(p), 0);
	if ((init = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((told = fork()) == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				;
		}
		if (write(p[1], &told, sizeof(told)) != (ssize_t)sizeof(told))
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(init > 0);
	assert_int_equal(read(p[0], busy, sizeof(*busy)), sizeof(*busy));
	close(p[0]);
	close(p[1]);
	return init;
}

static bool
stopped(pid_t pid)
{
	struct proc p;

	assert_true(proc_read(pid, &p));
	return p.p_state == 'T';
}

static void
tick(struct cpusched *cs)
{
	const int ms = cpusched_timeout(cs);

	assert_in_range(ms, 0, 250);
	(void)poll(NULL, 0, ms);
	cpusched_tick(cs);
}

static void
limit(void **state)
{
	struct cpusched cs;
	pid_t init, busy;

	(void)state;
	setenv("VIMAGE_CGROUP", "none", 1);
	cpusched_init(&cs);
	init = busy_jail(&busy);
	cpusched_set(&cs, "1", 100, 1, 0);
	cpusched_set(&cs, "2", 100, 50, 0);
	cpusched_enter(&cs, "1", init);
	for (unsigned n = 0; !stopped(busy); n++) {
		assert_in_range(n, 0, 200);
		tick(&cs);
	}
	assert_false(stopped(init));
	/* It goes on, that it can end, while others have limits. */
	cpusched_gone(&cs, "1");
	for (unsigned n = 0; n < 4; n++) {
		assert_false(stopped(busy));
		tick(&cs);
	}
	/* Without limits there is nothing to do. */
	cpusched_set(&cs, "2", 100, 0, 0);
	assert_int_equal(cpusched_timeout(&cs), -1);
	kill(busy, SIGKILL);
	kill(init, SIGKILL);
	assert_int_equal(waitpid(init, NULL, 0), init);
	cpusched_died(&cs, init);
	assert_false(cpusched_known(&cs, "1"));
	cpusched_gone(&cs, "2");
	assert_true(LIST_EMPTY(&cs.cs_groups));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
