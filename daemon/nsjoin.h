/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces that are shared: a jail's with the jail it is in, a program's with several jails.
 */
#ifndef DAEMON_NSJOIN_H
#define DAEMON_NSJOIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum nsjoin_kind { NSJOIN_IPC, NSJOIN_USER, NSJOIN_PID, NSJOIN_NET, NSJOIN_UTS, NSJOIN_MNT, NSJOIN_MAX };

struct nsjoin {
	int	nj_fd[NSJOIN_MAX];	/* -1: not open */
};

/* Which one a process is in, by its name in /proc.  errno, and *ino is 0. */
int	nsjoin_ino(pid_t, const char *name, uint64_t *ino);
/* Those of a process.  errno; an init can be looked into before it runs, later only by the host's root. */
int	nsjoin_open(struct nsjoin *, pid_t);
void	nsjoin_close(struct nsjoin *);
/*
 * Enters the process group (pids, names, files) of one and the IPC of one; NULL: ours stays.  The pid namespace is that of children only.
 * fuse (NULL: no): gets fuse_open() of the user namespace that is entered, before its mounts are.  errno; *what: of what.
 */
int	nsjoin_enter(const struct nsjoin *proc, const struct nsjoin *ipc, int *fuse, const char **what);
/*
 * Copies of two mounts that processes in there (NULL: here) see, to be mounted elsewhere: /dev/shm and /dev/mqueue.  -1: not there.
 * errno.
 */
int	nsjoin_ipcmounts(const struct nsjoin *, int fds[2]);

#endif
