/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A jail's init is cloned with a user, pid, mount, ipc, uts and an empty network namespace.  An
 * ordinary user becomes root in there (own id = 0), with the ranges of /etc/subuid and
 * /etc/subgid behind when newuidmap(1) and newgidmap(1) exist: once for all jails, in a user
 * namespace above theirs (spawner.c), whose ids they keep, as with root they keep every id that
 * its own namespace has, so that file access is the same as outside.  When the host refuses user
 * namespaces root makes the others directly; otherwise only the network part is left, which
 * needs nothing of the host but seccomp.
 *
 * A jail may have processes and IPC of its own or its parent's, each by itself; what it shares with a jail it joins
 * (nsjoin.c), what it shares with the host it simply keeps.  Files are rootdir.c's.
 */
#include "daemon/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/rootdir.h"

#define NS_PROC	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET)
#define NS_IPC	(CLONE_NEWIPC | CLONE_NEWNS)

enum iso_mode
isolation_first(void)
{
	const char *env = getenv("VIMAGE_ISOLATION");

	if (env != NULL && strcmp(env, "none") == 0)
		return ISO_NONE;
	if (env != NULL && strcmp(env, "root") == 0)
		return ISO_ROOT;
	return ISO_USER;
}

/* The user's line of /etc/subuid: "name:first:count" or "uid:first:count". */
static bool
find_range(const char *file, const char *name, unsigned long id, char *out, size_t len)
{
	char line[256], key[128];
	unsigned long first, count;
	bool found = false;
	FILE *f;

	if ((f = fopen(file, "re")) == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%127[^:]:%lu:%lu", key, &first, &count) != 3 || count == 0)
			continue;
		if (strcmp(key, name) != 0 && strtoul(key, NULL, 10) != id)
			continue;
		snprintf(out, len, "%lu %lu", first, count);
		found = true;
	}
	fclose(f);
	return found;
}

/* A container's root often has not: what needs it takes a user namespace. */
static bool
may_admin(void)
{
	cap_flag_value_t have = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps == NULL || cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &have) != 0)
		have = CAP_CLEAR;
	cap_free(caps);
	return have == CAP_SET;
}

void
isolation_init(struct isolation *is, enum iso_mode mode, bool ordinary)
{
	struct passwd *pw;

	memset(is, 0, sizeof(*is));
	is->is_mode = mode;
	is->is_ordinary = ordinary || !may_admin();
	if (mode != ISO_USER || geteuid() == 0 || (pw = getpwuid(getuid())) == NULL)
		return;
	is->is_ranges =
	    access("/usr/bin/newuidmap", X_OK) == 0 && access("/usr/bin/newgidmap", X_OK) == 0 &&
	    find_range("/etc/subuid", pw->pw_name, getuid(), is->is_uids, sizeof(is->is_uids)) &&
	    find_range("/etc/subgid", pw->pw_name, getuid(), is->is_gids, sizeof(is->is_gids));
}

/*
 * Without processes of its own a jail still gets an empty network, if it does not join the parent jail, which has one; root
 * needs no user namespace for that.
 */
int
isolation_flags(const struct isolation *is, const struct init_params *ip, bool join)
{
	int flags = (ip->ip_ownipc ? NS_IPC : 0) | (ip->ip_ipcmounts || ip->ip_kmsg ? CLONE_NEWNS : 0);

	if (is->is_mode == ISO_NONE)
		return 0;
	if (ip->ip_ownproc)
		flags |= NS_PROC | (is->is_mode == ISO_USER ? CLONE_NEWUSER : 0);
	else if (!join)
		flags |= CLONE_NEWNET | (is->is_mode == ISO_USER && is->is_ordinary ? CLONE_NEWUSER : 0);
	return flags;
}

/*
 * Maps.
 */
static int
write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int error = 0, fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Every id that we have, under its own number. */
static int
map_identity(pid_t pid, const char *name)
{
	char path[64], text[4096] = "", line[64];
	unsigned long first, host, count;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	if ((f = fopen(path, "re")) == NULL)
		return errno;
	while (fscanf(f, "%lu %lu %lu", &first, &host, &count) == 3) {
		snprintf(line, sizeof(line), "%lu %lu %lu\n", first, first, count);
		if (strlen(text) + strlen(line) < sizeof(text))
			strcat(text, line);
	}
	fclose(f);
	return write_file(pid, name, text);
}

static int
map_self(pid_t pid, const char *name, unsigned long id)
{
	char text[64];

	snprintf(text, sizeof(text), "0 %lu 1\n", id);
	return write_file(pid, name, text);
}

/* newuidmap PID 0 ID 1 1 FIRST COUNT */
static pid_t
start_tool(const char *tool, pid_t pid, unsigned long id, const char *range)
{
	char pids[16], ids[24], first[32], count[32];
	pid_t child;
	int fd;

	if (sscanf(range, "%31s %31s", first, count) != 2)
		return -1;
	if ((child = fork()) != 0)
		return child;
	snprintf(pids, sizeof(pids), "%d", pid);
	snprintf(ids, sizeof(ids), "%lu", id);
	if ((fd = open("/dev/null", O_RDWR)) >= 0)
		dup2(fd, 2);
	execl(tool, tool, pids, "0", ids, "1", "1", first, count, (char *)NULL);
	_exit(127);
}

static bool
tool_done(pid_t pid)
{
	int status = -1;

	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

static bool
map_ranges(const struct isolation *is, pid_t pid)
{
	pid_t u, g;
	bool uok, gok;

	u = start_tool("/usr/bin/newuidmap", pid, getuid(), is->is_uids);
	g = start_tool("/usr/bin/newgidmap", pid, getgid(), is->is_gids);
	uok = tool_done(u);
	gok = tool_done(g);
	return uok && gok;
}

int
isolation_map(const struct isolation *is, pid_t pid, int flags)
{
	int error;

	if ((flags & CLONE_NEWUSER) == 0)
		return 0;
	if (geteuid() == 0) {
		error = map_identity(pid, "gid_map");
		return error != 0 ? error : map_identity(pid, "uid_map");
	}
	if (is->is_ranges && map_ranges(is, pid))
		return 0;
	/* Kernels before 3.19 do not have the file. */
	error = write_file(pid, "setgroups", "deny");
	if (error != 0 && error != ENOENT)
		return error;
	if ((error = map_self(pid, "gid_map", getegid())) != 0)
		return error;
	return map_self(pid, "uid_map", geteuid());
}

/*
 * In the new namespaces.
 */
static int
failed(char *what, size_t len, const char *text)
{
	int error = errno;

	snprintf(what, len, "%s", text);
	return error;
}

/*
 * The knobs of the IPC namespace are opened before /proc/sys becomes read-only for the jail, and stay with its init.
 */
void
isolation_openipc(struct iso_ipc *ii)
{
	static const char *const knobs[ISO_NIPCKNOBS] = { "/proc/sys/kernel/shmmax", "/proc/sys/kernel/shmall", "/proc/sys/kernel/msgmni",
		"/proc/sys/kernel/sem", "/proc/sys/fs/mqueue/queues_max" };

	for (size_t i = 0; i < ISO_NIPCKNOBS; i++)
		ii->ii_fd[i] = open(knobs[i], O_WRONLY | O_CLOEXEC);
}

/* One limit; 0 is what the host gave. */
static int
limit_ipc(int fd, uint64_t n, const char *fmt, uint64_t more)
{
	char text[128];

	if (n == 0)
		return 0;
	snprintf(text, sizeof(text), fmt, (unsigned long long)n, (unsigned long long)more);
	return fd < 0 ? EACCES : pwrite(fd, text, strlen(text), 0) < 0 ? errno : 0;
}

int
isolation_ipclimits(const struct iso_ipc *ii, const uint64_t limit[ISO_NIPCLIMITS])
{
	const uint64_t page = 4096;
	char text[32];
	int error[ISO_NIPCKNOBS];

	error[0] = limit_ipc(ii->ii_fd[0], limit[0], "%llu", 0);
	error[1] = limit_ipc(ii->ii_fd[1], (limit[0] + page - 1) / page, "%llu", 0);
	error[2] = limit_ipc(ii->ii_fd[2], limit[1], "%llu", 0);
	error[3] = limit_ipc(ii->ii_fd[3], limit[2], "32000 %llu 500 %llu", limit[2] < 32000 ? limit[2] : 32000);
	error[4] = limit_ipc(ii->ii_fd[4], limit[3], "%llu", 0);
	snprintf(text, sizeof(text), "size=%llu", (unsigned long long)limit[0]);
	/* POSIX shared memory is files; refused where the mount is not ours. */
	if (limit[0] != 0)
		(void)mount("none", "/dev/shm", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, text);
	for (size_t i = 0; i < ISO_NIPCKNOBS; i++)
		if (error[i] != 0)
			return error[i];
	return 0;
}

void
isolation_lack(char *lacks, size_t len, const char *text)
{
	size_t used = strlen(lacks);

	snprintf(lacks + used, len - used, "%s%s", used > 0 ? ", " : "", text);
}

static int
enter_names(const struct init_params *ip, char *what, size_t len)
{
	if (ip->ip_hostname[0] != '\0' && sethostname(ip->ip_hostname, strlen(ip->ip_hostname)) != 0)
		return failed(what, len, "host.hostname");
	if (ip->ip_domainname[0] != '\0' && setdomainname(ip->ip_domainname, strlen(ip->ip_domainname)) != 0)
		return failed(what, len, "host.domainname");
	return 0;
}

int
isolation_enter(const struct init_params *ip, int flags, const int *ipcmounts, struct iso_ipc *ii, char *what, size_t len,
    char *lacks, size_t lackslen)
{
	struct rootdir rd = { .rd_path = ip->ip_path,
		.rd_mounts = (flags & CLONE_NEWNS) != 0,
		.rd_proc = ip->ip_ownproc,
		.rd_newipc = (flags & CLONE_NEWIPC) != 0,
		.rd_noipc = ip->ip_noipc,
		.rd_devfs = ip->ip_devfs,
		.rd_ipcmounts = ipcmounts,
		.rd_lacks = lacks,
		.rd_lackslen = lackslen };
	int error;

	if ((ip->ip_ownproc || rd.rd_mounts) && (error = rootdir_enter(&rd, what, len)) != 0)
		return error;
	if (rd.rd_newipc)
		isolation_openipc(ii);
	if (rd.rd_newipc && isolation_ipclimits(ii, ip->ip_ipclimit) != 0)
		isolation_lack(lacks, lackslen, "no limits of IPC");
	return ip->ip_ownproc && (flags & CLONE_NEWUTS) != 0 ? enter_names(ip, what, len) : 0;
}

void
isolation_describe(enum iso_mode mode, int error, const char *lacks, char *text, size_t len)
{
	if (mode == ISO_NONE)
		snprintf(text, len,
		    "the host refuses namespaces (%s): jails have networks of their own, but share "
		    "processes, files and names with the host",
		    error != 0 ? strerrordesc_np(error) : "switched off");
	else if (lacks[0] != '\0')
		snprintf(text, len, "the host does not allow everything: jails have %s", lacks);
	else
		text[0] = '\0';
}
