/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All processes of the host at one moment, and which of them are below some: the inits of jails.
 */
#ifndef DAEMON_PROCTREE_H
#define DAEMON_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	pid_t		p_pid, p_ppid, p_sid;
	char		p_state;
	uint64_t	p_ns;		/* CPU time, with that of children it has waited for */
	int		p_root;		/* index among the roots; -1: below none */
};

struct proctree {
	struct proc	*pt_procs;	/* by pid */
	size_t		 pt_n, pt_room;
};

/* What a jail has: its init is not counted. */
struct proctree_sum {
	uint64_t	ps_ns;
	unsigned	ps_n;
};

bool	proc_read(pid_t, struct proc *);	/* one; false: there is none */
/* roots in any order; the nearest above counts.  ENOMEM; a host without /proc has no processes. */
int	proctree_read(struct proctree *, const pid_t *roots, size_t nroots);
void	proctree_free(struct proctree *);
void	proctree_sums(const struct proctree *, const pid_t *roots, struct proctree_sum *, size_t nroots);
/*
 * Sends sig to every process below this one, but not to those spared (the list ends with 0; NULL: none) and what is below them.
 * Returns how many.
 */
unsigned proctree_kill(int sig, const pid_t *spare);

#endif
