/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processors' time of jails, as vimaged sees it: the spawner is told who shall have how much, and what was used is counted.
 * Main thread only, under daemon_manage where the kernel changes.
 */
#ifndef DAEMON_JCPU_H
#define DAEMON_JCPU_H

#include <stddef.h>

#include "daemon/daemon.h"

/* The jails with a vcpu of their own that it is in, as a path: "12/15"; "" in prison0's. */
void	jcpu_path(struct daemon *, int jid, char *buf, size_t len);
/* Before its first process: the groups it needs. */
void	jcpu_prepare(struct daemon *, int jid);
/* Parameters may have changed. */
void	jcpu_changed(struct daemon *, int jid);
/* It will be gone. */
void	jcpu_gone(struct daemon *, int jid);
/* Looks at all processes: their number and time become the jails'. */
void	jcpu_sample(struct daemon *);
/* Its last process has ended, and its init will: what was used since the last look is counted. */
struct jproc;
void	jcpu_last(struct jproc *);
/* A program starts: from now on it is looked at now and then. */
void	jcpu_start(struct daemon *);

#endif
