/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tun or tap device of the host as the wire of an interface of ours.
 *
 * The command opens the device, with its caller's rights, and passes the descriptor; nobody needs more than he has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/medium.h"

struct hosttap {
	struct medium	 ht_medium;
	struct lx_event	 ht_event;
	int		 ht_fd;
	char		 ht_buf[MEDIUM_FRAME];
};

static int
hosttap_output(struct medium *m, const struct vi_tap_frame *tf)
{
	struct hosttap *ht = CONTAINER(m, struct hosttap, ht_medium);
	struct iovec iov[VI_TAP_MAXIOV];

	if (writev(ht->ht_fd, iov, (int)medium_iov(tf, iov)) >= 0)
		return 0;
	return medium_unsent(m, errno);
}

static void
hosttap_free(struct medium *m)
{
	struct hosttap *ht = CONTAINER(m, struct hosttap, ht_medium);

	lx_loop_del(m->m_worker->w_loop, &ht->ht_event);
	close(ht->ht_fd);
	medium_fini(m);
	free(ht);
}

static void
hosttap_event(struct lx_event *le, uint32_t events)
{
	struct hosttap *ht = CONTAINER(le, struct hosttap, ht_event);
	ssize_t n = 0;

	if (!medium_begin(&ht->ht_medium))
		return;
	for (int i = 0; medium_goeson(&ht->ht_medium, i) && (n = read(ht->ht_fd, ht->ht_buf, sizeof(ht->ht_buf))) > 0; i++)
		medium_input(&ht->ht_medium, ht->ht_buf, (size_t)n);
	medium_done(&ht->ht_medium);
	if ((n < 0 && errno != EAGAIN && errno != EINTR && errno != EIO) || (events & (EPOLLERR | EPOLLHUP)) != 0)
		medium_end(&ht->ht_medium);
}

/* Is it a device that is attached, and which? */
static int
hosttap_device(struct ctl_request *rq, int fd, struct ifreq *ifr)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(10, 200) || ioctl(fd, TUNGETIFF, ifr) != 0)
		return ctl_fail(rq, EINVAL, "no tun or tap device of the host was passed");
	if ((ifr->ifr_flags & IFF_NO_PI) == 0 || (ifr->ifr_flags & IFF_VNET_HDR) != 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) != 0)
		return ctl_fail(rq, EINVAL, "%.15s: its frames have headers of their own", ifr->ifr_name);
	return 0;
}

static const struct medium_ops hosttap_ops = {
	.mo_name = "hostdev",
	.mo_output = hosttap_output,
	.mo_free = hosttap_free,
};

int
medium_tap_open(struct ctl_request *rq, struct medium **mp)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	struct hosttap *ht;
	int error, fd;

	if ((error = medium_take_fd(rq, &fd)) != 0 || (error = hosttap_device(rq, fd, &ifr)) != 0)
		return error;
	if ((ht = calloc(1, sizeof(*ht))) == NULL)
		return ENOMEM;
	medium_init(&ht->ht_medium, &hosttap_ops, rq);
	if ((error = lx_loop_add(ht->ht_medium.m_worker->w_loop, &ht->ht_event, fd, EPOLLIN, hosttap_event)) != 0) {
		medium_fini(&ht->ht_medium);
		free(ht);
		return error;
	}
	ht->ht_fd = fd;
	ht->ht_medium.m_events[0] = &ht->ht_event;
	rq->rq_fds[0] = -1;
	ht->ht_medium.m_ether = (ifr.ifr_flags & IFF_TAP) != 0;
	snprintf(ht->ht_medium.m_name, sizeof(ht->ht_medium.m_name), "%.15s", ifr.ifr_name);
	*mp = &ht->ht_medium;
	return 0;
}
