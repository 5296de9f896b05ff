/* SPDX-License-Identifier: BSD-2-Clause */
/* What a jail's privileges are to the host: the capabilities of its processes. */
#ifndef DAEMON_CAPS_H
#define DAEMON_CAPS_H

#include <stdbool.h>
#include <stdint.h>

uint64_t caps_of(uint64_t privs, bool userns);	/* a bit for each CAP_*; userns: the jail has a user namespace of its own */
/* The privileges that nobody has, acting for himself, who has given these capabilities up. */
uint64_t caps_denied(uint64_t lost);
/* Of these capabilities the ones that a process begun by root without a user namespace of its own can have here. */
uint64_t caps_bounded(uint64_t caps);
/*
 * In a process of the jail, while it has CAP_SETPCAP: whatever it executes will have no others.  Errno.
 */
int	caps_bound(uint64_t caps);
/* The process itself has no others from now on.  Errno. */
int	caps_limit(uint64_t caps);
/* It uses these of those that it has, and can use the others again.  Errno. */
int	caps_use(uint64_t caps);

#endif
