/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tun or tap device of the host as the wire of an interface of ours: if.hostdev.
 *
 * The command opens the device, with its caller's rights, and passes the descriptor; nobody needs more than he has.  Frames go from one to the
 * other in the worker that runs the stack.  When the device goes, or the interface, so does the connection between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <vimage/tap.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/daemon.h"

#define HOSTTAP_TURN	32	/* frames taken in one go */
#define HOSTTAP_FRAME	(65535 + 14)

struct hosttap {
	struct daemon	*ht_daemon;
	struct worker	*ht_worker;
	struct lx_event	 ht_event;
	int		 ht_fd;
	struct vi_tap	*ht_tap;
	char		 ht_buf[HOSTTAP_FRAME];
};

static int
hosttap_output(void *arg, const struct vi_tap_frame *tf)
{
	const struct hosttap *ht = arg;
	struct iovec iov[VI_TAP_MAXIOV];

	for (unsigned i = 0; i < tf->tf_iovcnt; i++)
		iov[i] = (struct iovec){ tf->tf_iov[i].iov_base, tf->tf_iov[i].iov_len };
	return writev(ht->ht_fd, iov, (int)tf->tf_iovcnt) < 0 ? errno : 0;
}

static void
hosttap_free(struct hosttap *ht)
{
	lx_loop_del(ht->ht_worker->w_loop, &ht->ht_event);
	close(ht->ht_fd);
	free(ht);
}

/* The interface went; all workers stand still. */
static void
hosttap_gone(void *arg)
{
	hosttap_free(arg);
}

/* The device went. */
static void
hosttap_end(struct hosttap *ht)
{
	struct daemon *d = ht->ht_daemon;
	struct worker *w = ht->ht_worker;
	const bool several = d->d_nworkers > 1;

	if (several) {
		vi_worker_leave(w->w_worker);
		vi_kernel_lock(d->d_kernel);
	}
	vi_tap_close(ht->ht_tap);
	if (several) {
		vi_kernel_unlock(d->d_kernel);
		vi_worker_enter(w->w_worker);
	}
	hosttap_free(ht);
}

static void
hosttap_event(struct lx_event *le, uint32_t events)
{
	struct hosttap *ht = (struct hosttap *)(void *)((char *)le - offsetof(struct hosttap, ht_event));
	ssize_t n = 0;

	for (int i = 0; i < HOSTTAP_TURN && (n = read(ht->ht_fd, ht->ht_buf, sizeof(ht->ht_buf))) > 0; i++)
		(void)vi_tap_input(ht->ht_tap, ht->ht_buf, (size_t)n);	/* what is dropped is counted there */
	if ((n < 0 && errno != EAGAIN && errno != EINTR && errno != EIO) || (events & (EPOLLERR | EPOLLHUP)) != 0)
		hosttap_end(ht);
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

static int
hosttap_open(struct ctl_request *rq, const char *name, const struct ifreq *ifr)
{
	struct hosttap *ht = calloc(1, sizeof(*ht));
	struct vi_tap_params tp = { .tp_tap = (ifr->ifr_flags & IFF_TAP) != 0, .tp_existing = true, .tp_who = ifr->ifr_name,
		.tp_output = hosttap_output, .tp_gone = hosttap_gone, .tp_arg = ht };
	int error;

	if (ht == NULL)
		return ENOMEM;
	ht->ht_daemon = rq->rq_daemon;
	ht->ht_worker = &rq->rq_daemon->d_workers[vi_vnet_worker(rq->rq_vnet)];
	ht->ht_fd = rq->rq_fds[0];
	if ((error = lx_loop_add(ht->ht_worker->w_loop, &ht->ht_event, ht->ht_fd, EPOLLIN, hosttap_event)) == 0 &&
	    (error = vi_tap_open(rq->rq_vnet, name, &tp, &ht->ht_tap)) == 0) {
		rq->rq_fds[0] = -1;
		return 0;
	}
	lx_loop_del(ht->ht_worker->w_loop, &ht->ht_event);
	free(ht);
	return error;
}

static int
op_hostdev(struct ctl_request *rq)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	const char *name;
	int error;

	if ((error = ctl_args(rq, "{s:s}", "name", &name)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_HOSTLINK)) != 0)
		return error;
	if (rq->rq_nfds != 1)
		return ctl_fail(rq, EINVAL, "one descriptor is needed, not %u", rq->rq_nfds);
	if ((error = hosttap_device(rq, rq->rq_fds[0], &ifr)) != 0)
		return error;
	switch (error = hosttap_open(rq, name, &ifr)) {
	case 0:
		return 0;
	case ENXIO:
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	case EBUSY:
		return ctl_fail(rq, error, "%.15s: a program or a device has it already", name);
	case EINVAL:
		return ctl_fail(rq, error, "%.15s and %.15s are not both tun or both tap", name, ifr.ifr_name);
	default:
		return ctl_fail(rq, error, "%.15s: %s", name, strerrordesc_np(error));
	}
}

const struct ctl_op ctl_hosttap_ops[] = {
	{ "if.hostdev", op_hostdev },
	{ NULL, NULL },
};
