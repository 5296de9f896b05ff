/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * To enter a namespace one needs rights in the user namespace that owns it, and entering that one gives them.  A jail may have
 * its IPC from further above than its processes: then the owner of the IPC namespace is an ancestor of the user namespace the
 * processes are in, and is entered first; from an outer user namespace one can always go on to an inner one.
 *
 * A program may have its IPC from any jail.  Who has rights over both user namespaces enters the IPC without entering its owner: root of the
 * host, and the spawner of an ordinary user from the user namespace above all jails.  Without that one cannot come from the one to the other.
 *
 * Mounts of another mount namespace cannot be bound; but a process in there can make copies of them that are mounted nowhere,
 * and hand these out.
 */
#include "daemon/nsjoin.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/nsfs.h>

#include "daemon/fuse.h"
#include "daemon/seqpacket.h"

static const char *const ns_name[NSJOIN_MAX] = {
	[NSJOIN_IPC] = "ipc", [NSJOIN_USER] = "user", [NSJOIN_PID] = "pid",
	[NSJOIN_NET] = "net", [NSJOIN_UTS] = "uts", [NSJOIN_MNT] = "mnt",
};

static bool
same(int a, int b)
{
	struct stat sa, sb;

	return a >= 0 && b >= 0 && fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int
own_ns(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
nsjoin_ino(pid_t pid, const char *name, uint64_t *ino)
{
	char path[64];
	struct stat sb;

	*ino = 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	if (stat(path, &sb) != 0)
		return errno;
	*ino = sb.st_ino;
	return 0;
}

int
nsjoin_open(struct nsjoin *nj, pid_t pid)
{
	char path[64];
	int error;

	for (int i = 0; i < NSJOIN_MAX; i++)
		nj->nj_fd[i] = -1;
	for (int i = 0; i < NSJOIN_MAX; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, ns_name[i]);
		if ((nj->nj_fd[i] = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
			continue;
		error = errno;
		nsjoin_close(nj);
		return error;
	}
	return 0;
}

void
nsjoin_close(struct nsjoin *nj)
{
	for (int i = 0; i < NSJOIN_MAX; i++) {
		if (nj->nj_fd[i] >= 0)
			close(nj->nj_fd[i]);
		nj->nj_fd[i] = -1;
	}
}

/* Entering the user namespace one is in is an error. */
static int
enter(int fd, const char *name)
{
	int own = own_ns(name), error = 0;

	if (!same(fd, own) && setns(fd, 0) != 0)
		error = errno;
	close(own);
	return error;
}

static bool
is_ours(const struct nsjoin *nj, enum nsjoin_kind kind)
{
	int own = own_ns(ns_name[kind]);
	bool yes = same(own, nj->nj_fd[kind]);

	close(own);
	return yes;
}

/*
 * IPC: at once where we have the right from our own user namespace, else its owner's user namespace first.
 * *done false: it is owned where the processes are, and is entered together with them.
 */
static int
enter_ipc(const struct nsjoin *ipc, const struct nsjoin *proc, bool *done)
{
	int owner, error = 0;

	if ((owner = ioctl(ipc->nj_fd[NSJOIN_IPC], NS_GET_USERNS)) < 0)
		return errno;
	*done = proc == NULL || !same(owner, proc->nj_fd[NSJOIN_USER]);
	if (*done && setns(ipc->nj_fd[NSJOIN_IPC], 0) != 0 && (error = enter(owner, "user")) == 0)
		error = enter(ipc->nj_fd[NSJOIN_IPC], "ipc");
	close(owner);
	return error;
}

static int
enter_proc(const struct nsjoin *proc, const struct nsjoin *ipc, bool done, int *fuse)
{
	int error = 0;

	for (int i = NSJOIN_USER; i < NSJOIN_MAX && error == 0; i++) {
		/* /proc of the new mount namespace need not show ourselves. */
		if (i == NSJOIN_MNT && fuse != NULL)
			*fuse = fuse_open();
		if (i == NSJOIN_MNT && !done && (error = enter(ipc->nj_fd[NSJOIN_IPC], "ipc")) != 0)
			break;
		error = enter(proc->nj_fd[i], ns_name[i]);
	}
	return error;
}

int
nsjoin_enter(const struct nsjoin *proc, const struct nsjoin *ipc, int *fuse, const char **what)
{
	bool done = ipc == NULL || is_ours(ipc, NSJOIN_IPC);
	int error = 0;

	*what = "IPC of the jail";
	if (!done)
		error = enter_ipc(ipc, proc, &done);
	if (error == 0 && proc != NULL) {
		*what = "processes of the jail";
		error = enter_proc(proc, ipc, done, fuse);
		if (error == EPERM && ipc != NULL && done)
			*what = "the host allows an ordinary user no processes of one jail with the IPC of another";
	}
	return error;
}

static int
clone_mount(const char *path)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* In a child: there, and back come the descriptors. */
static void __attribute__((noreturn))
send_mounts(const struct nsjoin *nj, int sock)
{
	struct seqmsg sm = { .sm_type = SPAWN_MADE };
	const char *what;
	int fds[2];
	unsigned n = 0;

	if (nj != NULL && nsjoin_enter(nj, NULL, NULL, &what) != 0)
		_exit(1);
	if ((fds[n] = clone_mount("/dev/shm")) >= 0) {
		sm.sm_flags |= 1;
		n++;
	}
	if ((fds[n] = clone_mount("/dev/mqueue")) >= 0) {
		sm.sm_flags |= 2;
		n++;
	}
	_exit(seq_send(sock, &sm, fds, n, 0));
}

int
nsjoin_ipcmounts(const struct nsjoin *nj, int fds[2])
{
	int got[SEQ_MAXFDS], pair[2], error, k = 0;
	struct seqmsg sm;
	unsigned n = 0;
	pid_t child;

	fds[0] = fds[1] = -1;
	if ((error = seq_pair(pair)) != 0)
		return error;
	if ((child = fork()) == 0)
		send_mounts(nj, pair[1]);
	close(pair[1]);
	error = child < 0 ? errno : seq_recv(pair[0], &sm, got, &n, 0);
	close(pair[0]);
	for (int i = 0; i < 2 && error == 0; i++)
		if ((sm.sm_flags & 1u << i) != 0 && k < (int)n)
			fds[i] = got[k++];
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	return error;
}
