/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces that a jail shares with the jail it is in.
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
 * Enters them: those of its process group (pids, names, files), its IPC, or both.  The pid namespace is that of children only.
 * errno.
 */
int	nsjoin_enter(const struct nsjoin *, bool proc, bool ipc);
/*
 * Copies of two mounts that processes in there see, to be mounted elsewhere: /dev/shm and /dev/mqueue.  -1: not there.
 * errno.
 */
int	nsjoin_ipcmounts(const struct nsjoin *, int fds[2]);

#endif
