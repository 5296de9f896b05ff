/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/kmsg of a jail as a file system of one file (FUSE), where the host has it. */
#ifndef DAEMON_DEVKMSG_H
#define DAEMON_DEVKMSG_H

struct devkmsg;
struct jproc;

/* In vimaged, main thread.  The descriptor is consumed; NULL: no memory, no thread. */
struct devkmsg *devkmsg_new(struct jproc *, int fd);
void	devkmsg_free(struct devkmsg *);
void	devkmsg_feed(struct devkmsg *);		/* there may be new messages; with the kernel lock */

#endif
