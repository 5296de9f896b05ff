/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame is a datagram: UDP, or the unix family; another vimaged, or QEMU's "-netdev dgram".
 *
 * The command makes the socket, with its caller's rights and in his network namespace, and binds it.  One of UDP is connected by it, so that the host's
 * kernel lets nobody else in.  One of the unix family is not: the other's socket may come later and be made anew, and who may write is a
 * matter of the file's rights.  Nobody tells whether there is another side: the interface always has a carrier.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/medium.h"

struct dgram {
	struct medium	 dg_medium;
	struct lx_event	 dg_event;
	int		 dg_fd;
	struct sockaddr_storage dg_remote;	/* unix */
	socklen_t	 dg_remotelen;	/* 0: connected */
	struct medium_file dg_file;
	char		 dg_buf[MEDIUM_FRAME + 1];
};

/* An error that an earlier datagram met is told in the place of this one. */
static int
dgram_output(struct medium *m, const struct vi_tap_frame *tf)
{
	struct dgram *dg = CONTAINER(m, struct dgram, dg_medium);
	struct iovec iov[VI_TAP_MAXIOV];
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = medium_iov(tf, iov) };

	if (dg->dg_remotelen > 0) {
		mh.msg_name = &dg->dg_remote;
		mh.msg_namelen = dg->dg_remotelen;
	}
	for (int i = 0; i < 2; i++) {
		if (sendmsg(dg->dg_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != ECONNREFUSED || dg->dg_remotelen > 0)
			break;
	}
	return medium_unsent(m, errno);
}

/* One frame; false: there is none. */
static bool
dgram_receive(struct dgram *dg)
{
	ssize_t n = recv(dg->dg_fd, dg->dg_buf, sizeof(dg->dg_buf), MSG_DONTWAIT);

	if (n < 0 && errno == ECONNREFUSED)
		medium_drop(&dg->dg_medium, MEDIUM_REFUSED, 0);
	else if (n < 0)
		return false;
	else if (n == 0 || n > MEDIUM_FRAME)
		medium_drop(&dg->dg_medium, n == 0 ? MEDIUM_GARBAGE : MEDIUM_TOOLONG, 0);
	else
		medium_input(&dg->dg_medium, dg->dg_buf, (size_t)n);
	return true;
}

static void
dgram_event(struct lx_event *le, uint32_t events)
{
	struct dgram *dg = CONTAINER(le, struct dgram, dg_event);

	(void)events;
	if (!medium_begin(&dg->dg_medium))
		return;
	for (int i = 0; medium_goeson(&dg->dg_medium, i) && dgram_receive(dg); i++)
		;
	medium_done(&dg->dg_medium);
}

static void
dgram_free(struct medium *m)
{
	struct dgram *dg = CONTAINER(m, struct dgram, dg_medium);

	lx_loop_del(m->m_worker->w_loop, &dg->dg_event);
	close(dg->dg_fd);
	medium_file_remove(&dg->dg_file);
	medium_fini(m);
	free(dg);
}

static const struct medium_ops dgram_ops = {
	.mo_name = "dgram",
	.mo_kind = "wire",
	.mo_output = dgram_output,
	.mo_free = dgram_free,
};

/* A datagram socket of that family; connected, unless it is a unix one. */
static int
dgram_check(struct ctl_request *rq, int fd, int family)
{
	struct sockaddr_storage ss;
	socklen_t sslen = sizeof(ss);

	if (!medium_socket(fd, family, SOCK_DGRAM) || (family != AF_UNIX && getpeername(fd, (struct sockaddr *)(void *)&ss, &sslen) != 0))
		return ctl_fail(rq, EINVAL, "no datagram socket of that kind was passed");
	return 0;
}

int
medium_dgram_open(struct ctl_request *rq, struct medium **mp)
{
	const char *local = medium_arg(rq, "address"), *remote = medium_arg(rq, "remote");
	struct sockaddr_storage ss;
	struct dgram *dg;
	socklen_t len;
	int error, fd;

	if ((error = hostaddr_parse(remote, &ss, &len)) != 0)
		return ctl_fail(rq, error, "%.127s: bad address", remote);
	if ((error = medium_take_fd(rq, &fd)) != 0 || (error = dgram_check(rq, fd, ss.ss_family)) != 0)
		return error;
	if ((dg = calloc(1, sizeof(*dg))) == NULL)
		return ENOMEM;
	medium_init(&dg->dg_medium, &dgram_ops, rq);
	if ((error = lx_loop_add(dg->dg_medium.m_worker->w_loop, &dg->dg_event, fd, EPOLLIN, dgram_event)) != 0) {
		medium_fini(&dg->dg_medium);
		free(dg);
		return error;
	}
	dg->dg_fd = fd;
	dg->dg_medium.m_events[0] = &dg->dg_event;
	rq->rq_fds[0] = -1;
	dg->dg_remote = ss;
	dg->dg_remotelen = ss.ss_family == AF_UNIX ? len : 0;
	medium_file_note(rq->rq_daemon, &dg->dg_file, local);
	snprintf(dg->dg_medium.m_name, sizeof(dg->dg_medium.m_name), "%.127s --> %.127s", local, remote);
	*mp = &dg->dg_medium;
	return 0;
}
