/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without control groups.  A limit: a real process that computes is stopped, and not once more when its jail has gone.  Shares: those of
 * jails in a jail hold as well.
 */
#include "daemon/cpusched.h"

#include <poll.h>
#include <sched.h>
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
	cpu_set_t first;
	pid_t init, told;
	int p[2];

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	assert_int_equal(pipe(p), 0);
	if ((init = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((told = fork()) == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			setsid();
			(void)sched_setaffinity(0, sizeof(first), &first);
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

static uint64_t
used(pid_t pid)
{
	struct proc p;

	assert_true(proc_read(pid, &p));
	return p.p_ns;
}

/* 3:1 within a jail, which has half. */
static void
nested(void **state)
{
	static const char *const paths[] = { "1/2", "1/3", "4" };
	uint64_t was[3], did[3];
	pid_t init[3], busy[3];
	struct cpusched cs;

	(void)state;
	if (geteuid() != 0 || access("/proc/self/autogroup", W_OK) != 0)
		skip();	/* others may say what they want ten times a second only */
	setenv("VIMAGE_CGROUP", "none", 1);
	cpusched_init(&cs);
	cpusched_set(&cs, "1", 100, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		init[i] = busy_jail(&busy[i]);
		cpusched_set(&cs, paths[i], i == 0 ? 300 : 100, 0, 0);
		cpusched_enter(&cs, paths[i], init[i]);
	}
	for (unsigned n = 0; n < 20; n++)
		tick(&cs);
	for (unsigned i = 0; i < 3; i++)
		was[i] = used(busy[i]);
	for (unsigned n = 0; n < 100; n++)
		tick(&cs);
	for (unsigned i = 0; i < 3; i++)
		did[i] = used(busy[i]) - was[i];
	assert_in_range(did[0] * 100 / (did[0] + did[1] + 1), 65, 85);
	assert_in_range(did[2] * 100 / (did[0] + did[1] + did[2] + 1), 40, 60);
	for (unsigned i = 0; i < 3; i++) {
		kill(busy[i], SIGKILL);
		kill(init[i], SIGKILL);
		assert_int_equal(waitpid(init[i], NULL, 0), init[i]);
		cpusched_died(&cs, init[i]);
		cpusched_gone(&cs, paths[i]);
	}
	cpusched_gone(&cs, "1");
	assert_true(LIST_EMPTY(&cs.cs_groups));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limit), cmocka_unit_test(nested) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
