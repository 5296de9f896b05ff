/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail's /proc/net, /proc/sys/net and /sys/class/net, where the host has FUSE. */
#ifndef DAEMON_NETFS_H
#define DAEMON_NETFS_H

struct jproc;
struct netfs;

enum { NETFS_SYS, NETFS_CLASS, NETFS_N };	/* /proc/sys/net with /proc/net; /sys/class/net */

/* In the init of a jail: before the root directory changes.  -1: there is none. */
void	netfs_open(int fuse[NETFS_N]);
/* Puts them there.  What cannot be put is closed and -1 then; the rest is vimaged's end, to be sent. */
void	netfs_mount(int fuse[NETFS_N]);

/* In vimaged, main thread: consumed.  NULL: no memory, no thread. */
struct netfs *netfs_new(struct jproc *, int fd, unsigned which);
void	netfs_free(struct netfs *);	/* may be NULL */

#endif
