/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpuset(1): the processors of programs, which the host's kernel keeps, and the sets of jails, which vimaged does.  A set belongs to the jail that has it:
 * it is shown and changed, and nobody makes one, or goes into another.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/cpus.h>

#include "cmd/cmd.h"

enum which { WHICH_TID, WHICH_PID, WHICH_SET, WHICH_JAIL };
enum level { LEVEL_ROOT, LEVEL_SET, LEVEL_WHICH };

struct cpuset {
	struct cmd_ctx	*cs_cx;
	enum which	 cs_which;
	enum level	 cs_level;
	bool		 cs_get, cs_id, cs_change;
	unsigned	 cs_nwhich;
	long long	 cs_number;	/* -1: ourselves */
	const char	*cs_jail;
	const char	*cs_list;
	struct vi_cpus	 cs_cpus;	/* of cs_list */
};

_Static_assert(sizeof(cpu_set_t) == sizeof(struct vi_cpus), "sched_setaffinity(2)");

static int
fail(const struct cpuset *cs, const char *what, int error)
{
	cmd_warnx(cs->cs_cx, "%s: %s", what, strerror(error));
	return 1;
}

/*
 * Sets.
 */
/* Its jid, vcpu.cpus and cpuset.id, in an answer; jail NULL: of all jails.  The message is ours. */
static int
ask(const struct cpuset *cs, const char *jail, json_t **r)
{
	json_t *req = json_pack("{s:s,s:[s,s,s]}", "op", "jail.list", "params", "jid", "vcpu.cpus", "cpuset.id");

	if (jail != NULL)
		json_object_set_new(req, "jail", json_string(jail));
	return cmd_call(cs->cs_cx, req, r) == 0 ? 0 : 1;
}

/* The first jail with that set, which is the outermost; we are in one, too.  It is the caller's. */
static int
find_set(const struct cpuset *cs, const char *what, json_t **found)
{
	json_t *r, *jail;
	char id[24];
	size_t i;

	snprintf(id, sizeof(id), "%lld", cs->cs_number);
	for (int all = 0; all < 2; all++) {
		if (ask(cs, all ? NULL : "0", &r) != 0)
			return 1;
		json_array_foreach(json_object_get(r, "jails"), i, jail)
			if (strcmp(cmd_str(jail, "cpuset.id"), id) == 0) {
				*found = json_incref(jail);
				json_decref(r);
				return 0;
			}
		json_decref(r);
	}
	return fail(cs, what, ESRCH);
}

static int
find(const struct cpuset *cs, const char *what, json_t **found)
{
	json_t *r;

	if (cs->cs_which == WHICH_SET)
		return find_set(cs, what, found);
	if (ask(cs, cs->cs_which == WHICH_JAIL ? cs->cs_jail : "0", &r) != 0)
		return 1;
	*found = json_incref(json_array_get(json_object_get(r, "jails"), 0));
	json_decref(r);
	return *found == NULL ? fail(cs, what, ESRCH) : 0;
}

/*
 * Showing.
 */
static const char *
which_name(enum which which)
{
	return which == WHICH_TID ? "tid" : which == WHICH_PID ? "pid" : which == WHICH_SET ? "cpuset" : "jail";
}

static const char *
level_name(enum level level)
{
	return level == LEVEL_ROOT ? " root" : level == LEVEL_SET ? " cpuset" : "";
}

static void
show_cpus(const struct cpuset *cs, long long number, const struct vi_cpus *cpus)
{
	const char *comma = "";

	printf("%s %lld%s mask: ", which_name(cs->cs_which), number, level_name(cs->cs_level));
	for (unsigned n = 0; n < VI_MAXCPUS; n++) {
		if (!vi_cpus_has(cpus, n))
			continue;
		printf("%s%u", comma, n);
		comma = ", ";
	}
	putchar('\n');
}

static int
show_set(const struct cpuset *cs)
{
	const char *what = cs->cs_id ? "getid" : "getaffinity";
	enum level level = cs->cs_level;
	struct vi_cpus cpus;
	json_t *jail;
	long long number;

	if (find(cs, what, &jail) != 0)
		return 1;
	number = cs->cs_which == WHICH_JAIL ? strtoll(cmd_str(jail, "jid"), NULL, 10) : cs->cs_number;
	if (level == LEVEL_WHICH && cs->cs_which != WHICH_SET)
		level = LEVEL_SET;	/* only a set has a number */
	if (cs->cs_id)
		printf("%s %lld%s id: %s\n", which_name(cs->cs_which), number, level_name(level), cmd_str(jail, "cpuset.id"));
	else if (vi_cpus_parse(cmd_str(jail, "vcpu.cpus"), &cpus) == 0)
		show_cpus(cs, number, &cpus);
	json_decref(jail);
	return 0;
}

/* As the kernel does: what one of its threads may. */
static int
add_thread(const char *tid, void *arg)
{
	struct vi_cpus *all = arg;
	cpu_set_t mask;
	struct vi_cpus its;

	if (sched_getaffinity((pid_t)strtol(tid, NULL, 10), sizeof(mask), &mask) != 0)
		return errno;
	memcpy(&its, &mask, sizeof(its));
	for (unsigned i = 0; i < VI_MAXCPUS / 64; i++)
		all->cp_bits[i] |= its.cp_bits[i];
	return 0;
}

static int
put_thread(const char *tid, void *arg)
{
	cpu_set_t mask;

	memcpy(&mask, arg, sizeof(mask));
	return sched_setaffinity((pid_t)strtol(tid, NULL, 10), sizeof(mask), &mask) == 0 ? 0 : errno;
}

/* The thread, or all of the process, until fn fails. */
static int
each_thread(const struct cpuset *cs, int (*fn)(const char *, void *), void *arg)
{
	const struct dirent *de;
	char path[48], tid[24];
	int error = 0;
	DIR *dir;

	snprintf(tid, sizeof(tid), "%lld", cs->cs_number < 0 ? (long long)getpid() : cs->cs_number);
	if (cs->cs_which == WHICH_TID)
		return fn(tid, arg);
	snprintf(path, sizeof(path), "/proc/%s/task", tid);
	if ((dir = opendir(path)) == NULL)
		return errno == ENOENT ? ESRCH : errno;
	while (error == 0 && (de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.')
			error = fn(de->d_name, arg);
	closedir(dir);
	return error;
}

static int
show(const struct cpuset *cs)
{
	struct vi_cpus cpus = { { 0 } };
	int error;

	if (cs->cs_which >= WHICH_SET || cs->cs_id || cs->cs_level != LEVEL_WHICH) {
		if (cs->cs_which < WHICH_SET && cs->cs_number >= 0) {
			cmd_warnx(cs->cs_cx, "of another process only its processors are known, not its set");
			return 1;
		}
		return show_set(cs);
	}
	if ((error = each_thread(cs, add_thread, &cpus)) != 0)
		return fail(cs, "getaffinity", error);
	show_cpus(cs, cs->cs_number, &cpus);
	return 0;
}

/*
 * Changing.
 */
static int
change_set(const struct cpuset *cs)
{
	struct cmd_error ce;
	const char *jid;
	json_t *jail;
	int error;

	if (find(cs, "setaffinity", &jail) != 0)
		return 1;
	jid = cmd_str(jail, "jid");
	/* The one we are in is for those outside. */
	if (cs->cs_which < WHICH_SET || strcmp(jid, "0") == 0)
		error = fail(cs, "setaffinity", EPERM);
	else if ((error = cmd_try(cs->cs_cx, json_pack("{s:s,s:b,s:b,s:[[s,s],[s,s]]}", "op", "jail.set", "create", 0, "update", 1, "params",
	    "jid", jid, "vcpu.cpus", cs->cs_list), NULL, &ce)) == EINVAL || error == EDEADLK || error == EPERM)
		error = fail(cs, "setaffinity", error);
	else if (error != 0)
		cmd_warnx(cs->cs_cx, "%s", ce.ce_text);
	json_decref(jail);
	return error != 0;
}

static int
change(struct cpuset *cs)
{
	int error;

	if (cs->cs_which >= WHICH_SET || cs->cs_level == LEVEL_SET) {
		if (cs->cs_which >= WHICH_SET || cs->cs_number < 0)
			return change_set(cs);
		cmd_warnx(cs->cs_cx, "of another process only its processors can be changed, not its set");
		return 1;
	}
	error = each_thread(cs, put_thread, &cs->cs_cpus);
	return error != 0 ? fail(cs, "setaffinity", error) : 0;
}

static int
run(struct cpuset *cs, char **argv)
{
	if (cs->cs_list != NULL && put_thread("0", &cs->cs_cpus) != 0)
		return fail(cs, "setaffinity", errno);
	ctl_conn_free(cs->cs_cx->cx_conn);
	cs->cs_cx->cx_conn = NULL;
	execvp(argv[0], argv);
	cmd_warnx(cs->cs_cx, "%s: %s", argv[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

/*
 * The command line.
 */
static bool
choose(struct cpuset *cs, enum which which, const char *text)
{
	cs->cs_which = which;
	cs->cs_nwhich++;
	if (which == WHICH_JAIL) {
		cs->cs_jail = text;
		return true;
	}
	if (cmd_number(text, 0, INT32_MAX, &cs->cs_number))
		return true;
	cmd_warnx(cs->cs_cx, "\"%s\" is not a number", text);
	return false;
}

/* "all" are those that there are; whoever keeps them leaves out the others. */
static bool
take_list(struct cpuset *cs, const char *list)
{
	int error = 0;

	cs->cs_list = strcasecmp(list, "all") == 0 ? "all" : list;
	if (strcmp(cs->cs_list, "all") == 0)
		memset(&cs->cs_cpus, 0xff, sizeof(cs->cs_cpus));
	else if ((error = vi_cpus_parse(list, &cs->cs_cpus)) == ERANGE)
		cmd_warnx(cs->cs_cx, "List entry exceeds maximum of %d", VI_MAXCPUS - 1);
	else if (error != 0)
		cmd_warnx(cs->cs_cx, "Malformed cpu-list %s", list);
	return error == 0;
}

/* FreeBSD's that mean nothing here. */
static bool
refuse(const struct cpuset *cs, int ch)
{
	cmd_warnx(cs->cs_cx, ch == 'C' ? "-C: sets are made with jails, by jail(8)" : ch == 'x' ? "-x: interrupts are the host's" :
	    "-%c: there are no memory domains here", ch);
	return false;
}

/* 0; 1 after a message; else what getopt(3) said. */
static int
parse(struct cpuset *cs, int argc, char **argv)
{
	bool ok = true;
	int ch;

	while (ok && (ch = getopt(argc, argv, "+:Ccd:gij:l:n:p:rs:t:x:")) != -1) {
		switch (ch) {
		case 'c': cs->cs_level = LEVEL_SET; cs->cs_change = true; break;
		case 'g': cs->cs_get = true; break;
		case 'i': cs->cs_id = true; break;
		case 'j': ok = choose(cs, WHICH_JAIL, optarg); break;
		case 'l': ok = take_list(cs, optarg); break;
		case 'p': ok = choose(cs, WHICH_PID, optarg); break;
		case 'r': cs->cs_level = LEVEL_ROOT; break;
		case 's': ok = choose(cs, WHICH_SET, optarg); break;
		case 't': ok = choose(cs, WHICH_TID, optarg); break;
		case 'C': case 'd': case 'n': case 'x': ok = refuse(cs, ch); break;
		default: return ch;
		}
	}
	return ok ? 0 : 1;
}

/* FreeBSD's rules. */
static bool
contradicts(const struct cpuset *cs, bool program)
{
	if (cs->cs_nwhich > 1)
		return true;
	if (cs->cs_get)
		return program || cs->cs_list != NULL;
	return cs->cs_id || cs->cs_level == LEVEL_ROOT || (program ? cs->cs_nwhich > 0 || cs->cs_change : cs->cs_list == NULL);
}

int
cmd_cpuset(struct cmd_ctx *cx, int argc, char **argv)
{
	struct cpuset cs = { .cs_cx = cx, .cs_which = WHICH_PID, .cs_level = LEVEL_WHICH, .cs_number = -1 };
	int ch = parse(&cs, argc, argv);

	if (ch == 1)
		return 1;
	if (ch != 0 || contradicts(&cs, optind < argc))
		return cmd_usage(cx, ch, 1);
	if (cs.cs_get)
		return show(&cs);
	return optind < argc ? run(&cs, argv + optind) : change(&cs);
}
