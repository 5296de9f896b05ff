/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hard limits of time.  A quota is so much of each period, for the lanes that have it and for quotas that are part of it; what is used
 * beyond it is paid for in the next ones.  A lane whose quota is used up is not run before there is some again (lane.c).
 *
 * Programs that belong to the lanes run elsewhere, and whoever runs them can hold them to a limit, too.  Both have one limit together:
 * quota_split looks what each has used, and says how much each gets from now on.  When nobody has called it for QUOTA_STALE there are no
 * programs, and lanes get all.
 */
#ifndef KERN_QUOTA_H
#define KERN_QUOTA_H

#include <stdatomic.h>
#include <stdint.h>

#define QUOTA_PERIOD	100000000	/* ns; as control groups */
#define QUOTA_STALE	UINT64_C(10000000000)	/* ns */

struct quota {
	struct quota	*q_up;		/* (k) of which it is a part; NULL */
	uint32_t	 q_percent;	/* (k) of a processor, for lanes and programs */
	uint32_t	 q_programs;	/* (k) of it, what programs get */
	_Atomic uint64_t q_limit;	/* (a) ns of a period, what lanes get */
	_Atomic uint64_t q_period;	/* (a) its number */
	_Atomic uint64_t q_used;	/* (a) ns of it */
	_Atomic uint64_t q_lanetime;	/* (a) ns ever */
	uint64_t	 q_programtime;	/* (k) ns ever */
	_Atomic uint64_t q_split;	/* (a) when it was looked at, */
	uint64_t	 q_lanethen, q_programthen;	/* (k) and what had been used then */
};

/* Under the kernel lock. */
void	quota_set(struct quota *, uint32_t percent, uint64_t now);
void	quota_programs(struct quota *, uint64_t ns);	/* programs have used so much */
uint32_t quota_split(struct quota *, uint64_t now);	/* percent that programs get */
/* Any worker. */
void	quota_charge(struct quota *, uint64_t now, uint64_t ns);
uint64_t quota_wait(struct quota *, uint64_t now);	/* 0, or the time from which on there is some */

#endif
