/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control groups of the host: the processor and the number of processes of jails, where we may make groups.
 */
#ifndef DAEMON_CGROUP_H
#define DAEMON_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

/* Our directories, one a hierarchy; "" where there is none. */
struct cgroup_host {
	enum cgroup_kind ch_kind;	/* of the processor's */
	char		ch_cpu[PATH_MAX];
	char		ch_pids[PATH_MAX];
	char		ch_left[PATH_MAX];	/* version 2: the group that vimaged was in, if it had to make room there */
};

/* In the spawner: makes them, and removes those that a killed vimaged left.  $VIMAGE_CGROUP=none: as if there were none. */
void	cgroup_find(struct cgroup_host *);
void	cgroup_clean(const struct cgroup_host *);	/* they go, with what is in them */
bool	cgroup_there(const struct cgroup_host *);	/* have they not gone yet? */
/* Groups are named by a path below ours: "12/15".  processes: with inits; 0: any number.  Where something cannot be done it is left. */
void	cgroup_make(const struct cgroup_host *, const char *path);
void	cgroup_set(const struct cgroup_host *, const char *path, unsigned share, unsigned percent, uint64_t processes);
void	cgroup_enter(const struct cgroup_host *, const char *path, pid_t);
void	cgroup_remove(const struct cgroup_host *, const char *path);

#endif
