/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/kmsg of a jail as a file system of one file (FUSE), where the host has it. */
#ifndef DAEMON_DEVKMSG_H
#define DAEMON_DEVKMSG_H

struct daemon;
struct devkmsg;
struct jproc;

/* In the init of a jail: before the root directory changes, while the host's /dev can be named.  -1: there is none. */
int	devkmsg_open(void);
/* Puts it over /dev/kmsg.  errno; the descriptor stays the caller's, and is vimaged's end. */
int	devkmsg_mount(int fd);

/* In vimaged, main thread.  The descriptor is consumed; NULL: no memory, no thread. */
struct devkmsg *devkmsg_new(struct jproc *, int fd);
void	devkmsg_free(struct devkmsg *);
void	devkmsg_feed(struct devkmsg *);		/* there may be new messages; with the kernel lock */
void	devkmsg_fini(struct daemon *);		/* after the last one was freed */

#endif
