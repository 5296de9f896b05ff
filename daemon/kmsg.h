/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/kmsg and /dev/kmsg of a jail. */
#ifndef DAEMON_KMSG_H
#define DAEMON_KMSG_H

#include <stdbool.h>
#include <stddef.h>

struct daemon;
struct jproc;
struct kmsg;

enum { KMSG_PROC, KMSG_DEV, KMSG_N };

/* In the init of a jail, in its mount namespace: puts the two there, of /dev/kmsg only an end that nobody finds unless dev.  fuse: of fuse_open(), or -1.  0 and their descriptors, or an errno. */
int	kmsg_mount(int fuse, bool dev, int fds[KMSG_N]);

/* In vimaged: its ends, from now on fed and read; consumed. */
void	kmsg_attach(struct jproc *, int fds[KMSG_N]);
void	kmsg_free(struct kmsg *);	/* may be NULL */
/* What was written to /dev/kmsg, with room for an end: with the kernel lock. */
void	kmsg_take(const struct jproc *, char *text, size_t len);
/* There may be new messages; with the kernel lock. */
void	kmsg_feed_all(struct daemon *);

#endif
