/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who of the jails' processes gets how much of the processors; in the spawner.
 */
#ifndef DAEMON_CPUSCHED_H
#define DAEMON_CPUSCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <bsd/sys/queue.h>

#include "daemon/cgroup.h"

#define CPU_PATH	240	/* "12/15": jails with a vcpu of their own, outermost first */

struct cpugroup;
struct cpumember;
LIST_HEAD(cpugroups, cpugroup);
LIST_HEAD(cpumembers, cpumember);

struct cpusched {
	struct cgroup_host cs_host;
	struct cpugroups cs_groups;
	struct cpumembers cs_members;	/* inits */
	bool		cs_ordinary;	/* the host's root is another, whatever we are called in a user namespace of ours */
	bool		cs_needed;	/* the host does not do it, and somebody wants it */
	uint64_t	cs_last, cs_next;	/* ns */
	unsigned	cs_idle;	/* ticks without work */
};

void	cpusched_init(struct cpusched *);
void	cpusched_set(struct cpusched *, const char *path, unsigned share, unsigned percent, uint64_t processes);
bool	cpusched_known(const struct cpusched *, const char *path);
void	cpusched_gone(struct cpusched *, const char *path);
void	cpusched_enter(struct cpusched *, const char *path, pid_t init);
void	cpusched_died(struct cpusched *, pid_t init);
int	cpusched_timeout(const struct cpusched *);	/* ms until cpusched_tick; -1 */
void	cpusched_tick(struct cpusched *);

#endif
