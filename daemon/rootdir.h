/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail's processes see as files: its root directory and what is mounted in there.
 */
#ifndef DAEMON_ROOTDIR_H
#define DAEMON_ROOTDIR_H

#include <stdbool.h>
#include <stddef.h>

struct rootdir {
	const char	*rd_path;	/* as vi_jail_rootdir says it */
	bool		 rd_mounts;	/* a mount namespace of its own; else chroot is all there is */
	bool		 rd_proc;	/* processes of its own: /proc shows them */
	bool		 rd_newipc;	/* IPC of its own: /dev/shm and /dev/mqueue are new */
	bool		 rd_noipc;	/* no IPC: nothing can be made there */
	unsigned	 rd_devfs;	/* which of FreeBSD's rulesets rules a /dev that is made */
	const int	*rd_ipcmounts;	/* else: the parent jail's (nsjoin.h), or NULL: the host's */
	char		*rd_lacks;	/* what could be done without is added here */
	size_t		 rd_lackslen;
};

bool	rootdir_devkmsg(unsigned ruleset);	/* is /dev/kmsg to be seen by this devfs_ruleset? */
/* 0, or an errno and the step that failed. */
int	rootdir_enter(struct rootdir *, char *what, size_t len);

#endif
