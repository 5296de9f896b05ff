/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spawner: a small single-threaded child of vimaged, forked before anything big is
 * allocated, that makes the jails' inits.  The seam for another way of making processes.
 */
#ifndef DAEMON_SPAWNER_H
#define DAEMON_SPAWNER_H

/* Forks it; *sock is our end, on which SPAWN_* messages go and come.  errno. */
int	spawner_start(int *sock);

#endif
