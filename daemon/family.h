/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes by their parents, from /proc. */
#ifndef DAEMON_FAMILY_H
#define DAEMON_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Sends sig to every descendant of this process but `spare` (and its descendants; NULL-
 * terminated by 0; may be NULL).  Returns how many.
 */
unsigned family_kill(int sig, const pid_t *spare);
pid_t	family_parent(pid_t);	/* -1: no such process */

#endif
