/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processors that the processes of jails may run on (vcpu.cpus), by sched_setaffinity(2).  Under daemon_manage.
 */
#ifndef DAEMON_JCPUSET_H
#define DAEMON_JCPUSET_H

#include "daemon/daemon.h"

struct jproc;

void	jcpuset_init(struct daemon *);		/* prison0 has those that we have */
/* Sets have changed: whose processes are not where they shall be. */
void	jcpuset_changed(struct daemon *);
/* lo_setaffinity; any worker, with the kernel lock */
int	jcpuset_set(void *daemon, pid_t tid, const struct vi_cpus *);

#endif
