/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the spawner is told.  It takes its time, a millisecond for each init, and we must not wait for it: what its socket does not
 * take stands in a queue, in order.  When many jails start at once that is some hundred messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/jproc.h"
#include "daemon/seqpacket.h"

#define MAXQUEUED	16384

struct spawnmsg {
	STAILQ_ENTRY(spawnmsg) sg_link;
	struct seqmsg	sg_msg;
	int		sg_fds[SEQ_MAXFDS];
	unsigned	sg_nfds;
};

static void
msg_free(struct spawnmsg *sg)
{
	while (sg->sg_nfds > 0)
		close(sg->sg_fds[--sg->sg_nfds]);
	free(sg);
}

static int
enqueue(struct spawner *sp, const struct seqmsg *sm, const int *fds, unsigned nfds)
{
	struct spawnmsg *sg;
	int error;

	if (sp->sp_nqueued == MAXQUEUED)
		return EAGAIN;
	if ((sg = calloc(1, sizeof(*sg))) == NULL)
		return ENOMEM;
	sg->sg_msg = *sm;
	for (; sg->sg_nfds < nfds; sg->sg_nfds++)
		if ((sg->sg_fds[sg->sg_nfds] = fcntl(fds[sg->sg_nfds], F_DUPFD_CLOEXEC, 0)) < 0) {
			error = errno;
			msg_free(sg);
			return error;
		}
	STAILQ_INSERT_TAIL(&sp->sp_queue, sg, sg_link);
	sp->sp_nqueued++;
	return lx_loop_mod(daemon_loop(sp->sp_daemon), &sp->sp_event, EPOLLIN | EPOLLOUT);
}

int
spawner_send(struct daemon *d, const struct seqmsg *sm, const int *fds, unsigned nfds)
{
	struct spawner *sp = d->d_spawner;
	int error = EAGAIN;

	if (sp->sp_sock < 0)
		return ESRCH;
	if (STAILQ_EMPTY(&sp->sp_queue))
		error = seq_send(sp->sp_sock, sm, fds, nfds, MSG_DONTWAIT);
	return error == EAGAIN ? enqueue(sp, sm, fds, nfds) : error;
}

void
spawner_flush(struct spawner *sp)
{
	struct spawnmsg *sg;

	/* When it is gone that is seen by reading. */
	while ((sg = STAILQ_FIRST(&sp->sp_queue)) != NULL &&
	    seq_send(sp->sp_sock, &sg->sg_msg, sg->sg_fds, sg->sg_nfds, MSG_DONTWAIT) != EAGAIN) {
		STAILQ_REMOVE_HEAD(&sp->sp_queue, sg_link);
		sp->sp_nqueued--;
		msg_free(sg);
	}
	if (STAILQ_EMPTY(&sp->sp_queue))
		(void)lx_loop_mod(daemon_loop(sp->sp_daemon), &sp->sp_event, EPOLLIN);
}

void
spawner_forget(struct spawner *sp)
{
	struct spawnmsg *sg;

	while ((sg = STAILQ_FIRST(&sp->sp_queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&sp->sp_queue, sg_link);
		msg_free(sg);
	}
	sp->sp_nqueued = 0;
}
