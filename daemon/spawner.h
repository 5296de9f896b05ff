/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spawner: a small single-threaded child of vimaged, forked before anything big is
 * allocated, that makes the jails' inits.  The seam for another way of making processes.
 */
#ifndef DAEMON_SPAWNER_H
#define DAEMON_SPAWNER_H

#include <stddef.h>

/*
 * Forks it; *sock is our end, on which SPAWN_* messages go and come.  errno.  title: the bytes of
 * our arguments, where it and its inits write what ps(1) shall show.
 */
int	spawner_start(int *sock, char *title, size_t len);

#endif
