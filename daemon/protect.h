/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the host's kernel a jail's root could reach through files. */
#ifndef DAEMON_PROTECT_H
#define DAEMON_PROTECT_H

#include <stddef.h>

/*
 * In the init of a jail, in its mount namespace, after its root directory and /proc are what they will be.  *lacks: what could not be
 * done (added).
 */
void	protect_enter(char *lacks, size_t lackslen);

#endif
