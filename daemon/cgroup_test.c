/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written where, for both versions of control groups.  The hierarchies are ordinary directories: mkdir() and rmdir() are
 * ours, which make and remove a group's files as the host's kernel would.
 */
#include "daemon/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const files[] = { "cgroup.subtree_control", "cgroup.procs", "cpu.weight", "cpu.max", "cpu.shares", "cpu.cfs_period_us",
	"cpu.cfs_quota_us", "pids.max" };

int
mkdir(const char *path, mode_t mode)
{
	char name[PATH_MAX];
	int fd;

	if (mkdirat(AT_FDCWD, path, mode) != 0)
		return -1;
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		if ((fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0)
			close(fd);
	}
	return 0;
}

int
rmdir(const char *path)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		(void)unlink(name);
	}
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

struct groups {
	char	g_root[64];
	struct cgroup_host g_host;
};

static void
begin(struct groups *g, enum cgroup_kind kind)
{
	memset(g, 0, sizeof(*g));
	strcpy(g->g_root, "/tmp/cgroup_test.XXXXXX");
	assert_non_null(mkdtemp(g->g_root));
	g->g_host.ch_kind = kind;
	snprintf(g->g_host.ch_cpu, PATH_MAX, "%s/cpu", g->g_root);
	snprintf(g->g_host.ch_pids, PATH_MAX, "%s/%s", g->g_root, kind == CGROUP_V2 ? "cpu" : "pids");
	assert_int_equal(mkdir(g->g_host.ch_cpu, 0700), 0);
	assert_true(kind == CGROUP_V2 || mkdir(g->g_host.ch_pids, 0700) == 0);
}

static void
end(struct groups *g)
{
	assert_true(cgroup_there(&g->g_host));
	cgroup_clean(&g->g_host);
	assert_false(cgroup_there(&g->g_host));
	assert_int_equal(rmdir(g->g_root), 0);
}

static const char *
content(const struct groups *g, const char *file)
{
	static char text[256];
	char name[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%s/%s", g->g_root, file);
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return "(none)";
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* One step: what is done to a group, and then what its files say. */
struct step {
	const char *s_path;	/* NULL: as before; "-3/4": that one is removed */
	unsigned s_share, s_percent;
	uint64_t s_processes;
	pid_t s_pid;
	const char *s_file, *s_text;
};

static void
do_step(const struct groups *g, const struct step *s)
{
	if (s->s_path != NULL && s->s_path[0] == '-') {
		cgroup_remove(&g->g_host, s->s_path + 1);
	} else if (s->s_path != NULL) {
		cgroup_make(&g->g_host, s->s_path);
		cgroup_set(&g->g_host, s->s_path, s->s_share, s->s_percent, s->s_processes);
		if (s->s_pid != 0)
			cgroup_enter(&g->g_host, s->s_path, s->s_pid);
	}
	if (strcmp(content(g, s->s_file), s->s_text) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", s->s_file, content(g, s->s_file), s->s_text);
}

static void
do_steps(enum cgroup_kind kind, const struct step *steps, size_t n)
{
	struct groups g;

	begin(&g, kind);
	for (size_t i = 0; i < n; i++)
		do_step(&g, &steps[i]);
	end(&g);
}

/* Processes are in leaves only, limits above them; an overwritten file shows the last word. */
static void
version2(void **state)
{
	static const struct step steps[] = {
		{ "3", 300, 50, 10, 4711, "cpu/3/self/cgroup.procs", "4711" },
		{ .s_file = "cpu/3/cgroup.procs", .s_text = "" },
		{ .s_file = "cpu/3/cpu.weight", .s_text = "300" },
		{ .s_file = "cpu/3/cpu.max", .s_text = "50000 100000" },
		{ .s_file = "cpu/3/pids.max", .s_text = "10" },
		{ .s_file = "cpu/3/cgroup.subtree_control", .s_text = "+pids" },
		{ .s_file = "cpu/3/self/cgroup.subtree_control", .s_text = "" },
		/* A child jail beside the parent's own processes. */
		{ "3/4", 100, 0, 0, 4712, "cpu/3/4/self/cgroup.procs", "4712" },
		{ .s_file = "cpu/3/4/cpu.max", .s_text = "max 100000" },
		{ .s_file = "cpu/3/4/pids.max", .s_text = "max" },
		{ .s_file = "cpu/3/self/cgroup.procs", .s_text = "4711" },
		{ .s_path = "-3/4", .s_file = "cpu/3/4/cpu.max", .s_text = "(none)" },
		{ .s_file = "cpu/3/cpu.weight", .s_text = "300" },
	};

	(void)state;
	do_steps(CGROUP_V2, steps, COUNT(steps));
}

static void
version1(void **state)
{
	static const struct step steps[] = {
		{ "3/4", 50, 250, 5, 4711, "cpu/3/4/cpu.shares", "512" },
		{ .s_file = "cpu/3/4/cpu.cfs_quota_us", .s_text = "250000" },
		{ .s_file = "cpu/3/4/cpu.cfs_period_us", .s_text = "100000" },
		{ .s_file = "cpu/3/4/cgroup.procs", .s_text = "4711" },
		{ .s_file = "pids/3/4/cgroup.procs", .s_text = "4711" },
		{ .s_file = "pids/3/4/pids.max", .s_text = "5" },
		/* "10" over "512", as a file keeps it. */
		{ "3/4", 1, 0, 0, 0, "cpu/3/4/cpu.shares", "102" },
	};

	(void)state;
	do_steps(CGROUP_V1, steps, COUNT(steps));
}

/* Nowhere to write: nothing happens. */
static void
nowhere(void **state)
{
	struct cgroup_host ch = { .ch_kind = CGROUP_NONE };

	(void)state;
	cgroup_make(&ch, "3");
	cgroup_set(&ch, "3", 100, 50, 10);
	cgroup_enter(&ch, "3", 1);
	cgroup_remove(&ch, "3");
	assert_false(cgroup_there(&ch));
	assert_int_equal(setenv("VIMAGE_CGROUP", "none", 1), 0);
	cgroup_find(&ch);
	assert_int_equal(ch.ch_kind, CGROUP_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version2),
		cmocka_unit_test(version1),
		cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
