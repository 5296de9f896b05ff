/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Below the group we are in a directory "vimage-PID" is made (PID: the spawner's), and in there one for each jail with a vcpu of
 * its own, one inside the other as the jails are.  With version 1 that is done in each hierarchy (cpu, pids) that we may
 * write to; with version 2 it is one, and only if the group was delegated to us with the controllers.
 *
 * A group of version 2 has processes or groups with controllers, not both.  If nobody but vimaged and its spawner is in ours (a service
 * of its own) they make room and go into "vimage-PID/vimaged"; otherwise the next group above is tried.
 *
 * Who is killed cannot tidy up: directories of a process that is no more are removed by the next one that looks for a place,
 * and by the spawner's undertaker (spawner.c).
 */
#include "daemon/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERIOD	100000		/* us */

static bool
put(const char *dir, const char *path, const char *file, const char *text)
{
	char name[PATH_MAX + 64];
	bool ok;
	int fd;

	if (dir[0] == '\0' || snprintf(name, sizeof(name), "%s/%s/%s", dir, path, file) >= (int)sizeof(name) ||
	    (fd = open(name, O_WRONLY | O_CLOEXEC)) < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static bool
put_number(const char *dir, const char *path, const char *file, int64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	return put(dir, path, file, text);
}

/*
 * Our place.
 */

/* Directories of processes that are no more. */
static void
remove_below(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *de;
	DIR *d;

	if ((d = opendir(dir)) != NULL) {
		while ((de = readdir(d)) != NULL)
			if (de->d_type == DT_DIR && de->d_name[0] != '.' &&
			    snprintf(path, sizeof(path), "%s/%s", dir, de->d_name) < (int)sizeof(path))
				remove_below(path);
		closedir(d);
	}
	(void)rmdir(dir);
}

static void
remove_stale(const char *parent)
{
	char path[PATH_MAX];
	struct dirent *de;
	DIR *d;
	int pid;

	if ((d = opendir(parent)) == NULL)
		return;
	while ((de = readdir(d)) != NULL)
		if (sscanf(de->d_name, "vimage-%d", &pid) == 1 && kill(pid, 0) != 0 && errno == ESRCH &&
		    snprintf(path, sizeof(path), "%s/%s", parent, de->d_name) < (int)sizeof(path))
			remove_below(path);
	closedir(d);
}

/* "N:controllers:path" of /proc/self/cgroup; version 2 has no controllers there. */
static bool
own_group(const char *controller, char *buf, size_t len)
{
	char line[PATH_MAX + 64], *names, *path, *name, *save;
	bool found = false;
	FILE *f;

	if ((f = fopen("/proc/self/cgroup", "re")) == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((names = strchr(line, ':')) == NULL || (path = strchr(++names, ':')) == NULL)
			continue;
		*path++ = '\0';
		if (controller == NULL)
			found = names[0] == '\0';
		for (name = strtok_r(names, ",", &save); name != NULL && !found; name = strtok_r(NULL, ",", &save))
			found = controller != NULL && strcmp(name, controller) == 0;
		if (found)
			snprintf(buf, len, "%s", strcmp(path, "/") == 0 ? "" : path);
	}
	fclose(f);
	return found;
}

static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += len)
		if ((p == list || p[-1] == ',' || p[-1] == ' ') && (p[len] == '\0' || p[len] == ',' || p[len] == ' ' || p[len] == '\n'))
			return true;
	return false;
}

/* Where is a hierarchy mounted?  controller NULL: version 2. */
static bool
mount_point(const char *controller, char *buf, size_t len)
{
	char line[PATH_MAX * 2], dir[PATH_MAX], type[32], options[512];
	bool found = false;
	FILE *f;

	if ((f = fopen("/proc/self/mounts", "re")) == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*s %4095s %31s %511s", dir, type, options) != 3)
			continue;
		found = controller == NULL ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_word(options, controller);
		if (found)
			snprintf(buf, len, "%s", dir);
	}
	fclose(f);
	return found;
}

/* The group we are in, and how much of its name is the mount point's. */
static bool
find_own(const char *controller, char dir[PATH_MAX], size_t *top)
{
	char own[PATH_MAX];

	if (!mount_point(controller, dir, PATH_MAX) || !own_group(controller, own, sizeof(own)))
		return false;
	*top = strlen(dir);
	return snprintf(dir + *top, PATH_MAX - *top, "%s", own) < (int)(PATH_MAX - *top);
}

/* Makes our directory. */
static bool
make_place(const char *parent, char place[PATH_MAX])
{
	remove_stale(parent);
	if (snprintf(place, PATH_MAX, "%s/vimage-%d", parent, getpid()) < PATH_MAX && mkdir(place, 0755) == 0)
		return true;
	place[0] = '\0';
	return false;
}

static bool
find_place(const char *controller, char place[PATH_MAX])
{
	char own[PATH_MAX];
	size_t top;

	return find_own(controller, own, &top) && make_place(own, place);
}

/* One by one: what the host does not have would refuse the others with it. */
static void
delegate(const char *dir)
{
	(void)put(dir, ".", "cgroup.subtree_control", "+cpu");
	(void)put(dir, ".", "cgroup.subtree_control", "+pids");
}

static bool
move(const char *dir, const char *path, pid_t pid)
{
	return put_number(dir, path, "cgroup.procs", pid);
}

enum tenants { TENANTS_NONE, TENANTS_US, TENANTS_OTHERS };

/* Whose processes are in a group?  The root may have controllers all the same, and has no type. */
static enum tenants
tenants(const char *dir)
{
	char path[PATH_MAX + 32];
	enum tenants who = TENANTS_NONE;
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "%s/cgroup.type", dir);
	if (access(path, F_OK) != 0)
		return TENANTS_NONE;
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	if ((f = fopen(path, "re")) == NULL)
		return TENANTS_OTHERS;
	while (who != TENANTS_OTHERS && fscanf(f, "%d", &pid) == 1)
		who = pid == getpid() || pid == getppid() ? TENANTS_US : TENANTS_OTHERS;
	fclose(f);
	return who;
}

/* vimaged and we go from the group we are in, where nobody else is, into one of ours. */
static bool
make_room(struct cgroup_host *ch, const char *own)
{
	char leaf[PATH_MAX + 16];

	snprintf(leaf, sizeof(leaf), "%s/vimaged", ch->ch_cpu);
	if (mkdir(leaf, 0755) == 0 && move(leaf, ".", getppid()) && move(leaf, ".", getpid())) {
		snprintf(ch->ch_left, sizeof(ch->ch_left), "%s", own);
		return true;
	}
	(void)move(own, ".", getppid());
	(void)rmdir(leaf);
	return false;
}

static bool
has_controller(const char *dir, const char *controller)
{
	char path[PATH_MAX + 32], have[256];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, have, sizeof(have) - 1);
		close(fd);
	}
	have[n > 0 ? n : 0] = '\0';
	return has_word(have, controller);
}

/* Below one group. */
static bool
place_v2(struct cgroup_host *ch, const char *parent)
{
	enum tenants who = tenants(parent);

	if (who == TENANTS_OTHERS || !has_controller(parent, "cpu") || !make_place(parent, ch->ch_cpu))
		return false;
	if ((who == TENANTS_NONE || make_room(ch, parent)) && put(parent, ".", "cgroup.subtree_control", "+cpu") &&
	    put(ch->ch_cpu, ".", "cgroup.subtree_control", "+cpu")) {
		(void)put(parent, ".", "cgroup.subtree_control", "+pids");
		if (put(ch->ch_cpu, ".", "cgroup.subtree_control", "+pids"))
			memcpy(ch->ch_pids, ch->ch_cpu, sizeof(ch->ch_pids));
		return true;
	}
	if (ch->ch_left[0] != '\0') {
		cgroup_clean(ch);
		(void)move(parent, ".", getppid());
	}
	remove_below(ch->ch_cpu);
	memset(ch, 0, sizeof(*ch));
	return false;
}

static bool
find_v2(struct cgroup_host *ch)
{
	char dir[PATH_MAX];
	bool found;
	size_t top;

	if (!find_own(NULL, dir, &top))
		return false;
	while (!(found = place_v2(ch, dir)) && strlen(dir) > top)
		*strrchr(dir, '/') = '\0';
	return found;
}

void
cgroup_find(struct cgroup_host *ch)
{
	const char *env = getenv("VIMAGE_CGROUP");

	memset(ch, 0, sizeof(*ch));
	if (env != NULL && strcmp(env, "none") == 0)
		return;
	if (find_v2(ch)) {
		ch->ch_kind = CGROUP_V2;
		return;
	}
	if (find_place("cpu", ch->ch_cpu))
		ch->ch_kind = CGROUP_V1;
	(void)find_place("pids", ch->ch_pids);
}

void
cgroup_clean(const struct cgroup_host *ch)
{
	const char *const dirs[] = { ch->ch_cpu, ch->ch_pids };

	for (size_t i = 0; i < 2; i++)
		if (dirs[i][0] != '\0')
			remove_below(dirs[i]);
	if (ch->ch_left[0] == '\0')
		return;
	/* Who tidies up is the last one in there: back to where we came from, for which that must have no controllers again. */
	for (size_t i = 0; i < 2; i++) {
		const char *dir = i == 0 ? ch->ch_cpu : ch->ch_left;

		(void)put(dir, ".", "cgroup.subtree_control", "-cpu");
		(void)put(dir, ".", "cgroup.subtree_control", "-pids");
	}
	if (move(ch->ch_left, ".", getpid()))
		remove_below(ch->ch_cpu);
}

bool
cgroup_there(const struct cgroup_host *ch)
{
	return (ch->ch_cpu[0] != '\0' && access(ch->ch_cpu, F_OK) == 0) || (ch->ch_pids[0] != '\0' && access(ch->ch_pids, F_OK) == 0);
}

/*
 * Groups.
 */
static void
make_in(const struct cgroup_host *ch, const char *dir, const char *path)
{
	char name[PATH_MAX];
	size_t len = strlen(dir);

	if (dir[0] == '\0' || snprintf(name, sizeof(name), "%s/%s", dir, path) >= (int)sizeof(name))
		return;
	for (char *p = name + len + 1; p != NULL; ) {
		if ((p = strchr(p, '/')) != NULL)
			*p = '\0';
		if (mkdir(name, 0755) == 0 && ch->ch_kind == CGROUP_V2 && p != NULL)
			delegate(name);
		if (p != NULL)
			*p++ = '/';
	}
}

/* Version 2 has processes in leaves only: a jail's own are in a group beside those of its children. */
static const char *
leaf(const struct cgroup_host *ch, const char *path, char buf[PATH_MAX])
{
	snprintf(buf, PATH_MAX, ch->ch_kind == CGROUP_V2 ? "%s/self" : "%s", path);
	return buf;
}

void
cgroup_make(const struct cgroup_host *ch, const char *path)
{
	char name[PATH_MAX];

	make_in(ch, ch->ch_cpu, leaf(ch, path, name));
	if (ch->ch_kind == CGROUP_V2)
		return;
	make_in(ch, ch->ch_pids, path);
}

void
cgroup_set(const struct cgroup_host *ch, const char *path, unsigned share, unsigned percent, uint64_t processes)
{
	char text[64];

	if (ch->ch_kind == CGROUP_V2) {
		(void)put_number(ch->ch_cpu, path, "cpu.weight", share);
		if (percent == 0)
			snprintf(text, sizeof(text), "max %u", PERIOD);
		else
			snprintf(text, sizeof(text), "%u %u", percent * (PERIOD / 100), PERIOD);
		(void)put(ch->ch_cpu, path, "cpu.max", text);
	} else if (ch->ch_kind == CGROUP_V1) {
		/* 1024 is ordinary there. */
		(void)put_number(ch->ch_cpu, path, "cpu.shares", (int64_t)share * 1024 / 100 < 2 ? 2 : (int64_t)share * 1024 / 100);
		(void)put_number(ch->ch_cpu, path, "cpu.cfs_period_us", PERIOD);
		(void)put_number(ch->ch_cpu, path, "cpu.cfs_quota_us", percent == 0 ? -1 : (int64_t)percent * (PERIOD / 100));
	}
	if (processes == 0)
		(void)put(ch->ch_pids, path, "pids.max", "max");
	else
		(void)put_number(ch->ch_pids, path, "pids.max", (int64_t)processes);
}

void
cgroup_enter(const struct cgroup_host *ch, const char *path, pid_t pid)
{
	char name[PATH_MAX];

	(void)put_number(ch->ch_cpu, leaf(ch, path, name), "cgroup.procs", pid);
	if (ch->ch_kind == CGROUP_V2)
		return;
	(void)put_number(ch->ch_pids, path, "cgroup.procs", pid);
}

void
cgroup_remove(const struct cgroup_host *ch, const char *path)
{
	const char *const dirs[] = { ch->ch_cpu, ch->ch_pids };
	char name[PATH_MAX];

	for (size_t i = 0; i < 2; i++)
		if (dirs[i][0] != '\0' && snprintf(name, sizeof(name), "%s/%s", dirs[i], path) < (int)sizeof(name))
			remove_below(name);
}
