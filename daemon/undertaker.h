/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The undertaker: a process that waits for nothing but the end of the spawner, and removes then what the host's kernel keeps.
 */
#ifndef DAEMON_UNDERTAKER_H
#define DAEMON_UNDERTAKER_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_host;

/* Does not return.  fd: what the others write to; its end is the spawner's. */
void	undertaker_run(int fd, const struct cgroup_host *) __attribute__((noreturn));
/* A mount below a jail's path that jail(8) made on the host, or took away.  From a memory file with its path. */
void	undertaker_mount(int fd, int memfile, uint64_t id, bool there);
/* The file of a socket that listens. */
void	undertaker_file(int fd, const char *path, uint64_t dev, uint64_t ino);

#endif
