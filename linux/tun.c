/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev/net/tun of a jail: a program makes a tun or tap interface of its vnet and is its wire.
 *
 * Theory of operation.  Opening the file costs nothing and is not seen: what is opened is a
 * device of the host's that does no harm (the jail's /dev/net/tun is /dev/null under another
 * name; where there is no private one, the host's tun device, which nobody has attached yet).
 * The filter sends us the ioctls of that device.  TUNSETIFF opens the interface with
 * vi_tap_open() and puts one end of a SOCK_SEQPACKET pair in the place of the file, under the
 * same number.  From then on read, write, poll and close are the host's own, and keep the
 * boundaries of packets; the other ioctls find the interface by the inode of the pair.
 *
 * A copy of the descriptor that was made before TUNSETIFF still is the other file, and an epoll
 * set has to be told of it after.  Programs do both in that order.
 *
 * Packets from the vnet go into the pair at once; when it is full they are dropped, which the
 * interface counts.  The program's are taken in turns; it waits, or finds EAGAIN, when we do
 * not keep up.  When the last copy of the descriptor is closed the interface goes, or stays
 * without a carrier if TUNSETPERSIST said so.  When the interface goes first (ifconfig destroy)
 * the program reads an end of file and what it writes is thrown away.
 */
#include "linux/ifinfo.h"
#include "linux/lx.h"
#include "linux/vnethdr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <vimage/tap.h>

#define TUN_MAJOR	10
#define TUN_MINOR	200
#define TUN_TURN	32	/* packets taken from a program in one go */
#define TUN_MAXFRAME	(65535 + 14)
#define TUN_FLAGS	(IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR)	/* those we know what to do with */
#define TUN_MAXVNETHDR	64	/* longest that TUNSETVNETHDRSZ takes */

/* The last two came with Linux 6.2. */
#define TUN_OFFLOADS	(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_UFO | 0x20 | 0x40)

struct lx_tun {
	TAILQ_ENTRY(lx_tun) lt_link;
	struct lx	*lt_lx;
	const struct vi_vnet *lt_vnet;	/* identity only: it may be gone */
	struct vi_tap	*lt_tap;	/* NULL: the interface has gone */
	struct lx_event	 lt_event;
	int		 lt_fd;
	ino_t		 lt_ino;	/* of the program's end */
	unsigned	 lt_flags;	/* IFF_TUN or IFF_TAP, IFF_NO_PI, IFF_VNET_HDR */
	int		 lt_vnethdr;	/* length of virtio's header, if there is one */
	int		 lt_sndbuf;
	uint64_t	 lt_turn;	/* lx_loop_turn() when a packet came in last */
};

/* Packets */

static int
tun_output(void *arg, const struct vi_tap_frame *tf)
{
	const struct lx_tun *lt = arg;
	uint8_t vnethdr[TUN_MAXVNETHDR] = { 0 };
	struct tun_pi pi = { .proto = htons(tf->tf_type) };
	struct iovec iov[2 + VI_TAP_MAXIOV];
	struct msghdr mh = { .msg_iov = iov };

	if ((lt->lt_flags & IFF_NO_PI) == 0)
		iov[mh.msg_iovlen++] = (struct iovec){ &pi, sizeof(pi) };
	if ((lt->lt_flags & IFF_VNET_HDR) != 0) {
		vnethdr_of(tf, vnethdr);
		iov[mh.msg_iovlen++] = (struct iovec){ vnethdr, (size_t)lt->lt_vnethdr };
	}
	for (unsigned i = 0; i < tf->tf_iovcnt; i++)
		iov[mh.msg_iovlen++] = (struct iovec){ tf->tf_iov[i].iov_base, tf->tf_iov[i].iov_len };
	if (sendmsg(lt->lt_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return (errno);
	lt->lt_lx->lx_stats.ls_bytes_in += tf->tf_len;
	return (0);
}

/* The program is not killed by SIGPIPE for what it writes: so our end stays open. */
static void
tun_gone(void *arg)
{
	struct lx_tun *lt = arg;

	lt->lt_tap = NULL;
	(void)shutdown(lt->lt_fd, SHUT_WR);
}

static void
tun_free(struct lx_tun *lt)
{
	struct lx *lx = lt->lt_lx;

	TAILQ_REMOVE(&lx->lx_tuns, lt, lt_link);
	lx_loop_del(lx->lx_loop, &lt->lt_event);
	lx_manage(lx);
	if (lt->lt_tap != NULL)
		vi_tap_close(lt->lt_tap);
	lx_managed(lx);
	close(lt->lt_fd);
	free(lt);
}

static void
tun_input(struct lx_tun *lt, char *buf, size_t len)
{
	const size_t pi = (lt->lt_flags & IFF_NO_PI) == 0 ? sizeof(struct tun_pi) : 0;
	const size_t skip = pi + ((lt->lt_flags & IFF_VNET_HDR) != 0 ? (size_t)lt->lt_vnethdr : 0);
	uint8_t vh[VI_VNETHDRLEN] = { 0 };
	struct vi_tap_rest tr;

	if (lt->lt_tap == NULL || len <= skip)
		return;
	if ((lt->lt_flags & IFF_VNET_HDR) != 0)
		memcpy(vh, buf + pi, sizeof(vh));
	lt->lt_lx->lx_stats.ls_bytes_out += len - skip;
	if (vnethdr_rest(vh, &tr))
		(void)vi_tap_input_rest(lt->lt_tap, buf + skip, len - skip, &tr);	/* counted there */
}

/* What the program wrote: at most TUN_TURN packets.  True: there may be more. */
static bool
tun_take(struct lx_tun *lt)
{
	char *buf = lt->lt_lx->lx_buf;
	ssize_t len = 0;
	int n;

	for (n = 0; n == 0 || (n < TUN_TURN && !lx_loop_over(lt->lt_lx->lx_loop)); n++) {
		if ((len = recv(lt->lt_fd, buf, LX_BUFSIZE, MSG_DONTWAIT)) <= 0)
			break;
		tun_input(lt, buf, (size_t)len);
	}
	if (n > 0)
		lt->lt_turn = lx_loop_turn(lt->lt_lx->lx_loop);
	return (len > 0);
}

/* True: the program has closed, and lt is gone. */
static bool
tun_drain(struct lx_tun *lt, bool hup)
{
	if (tun_take(lt) || !hup)
		return (false);
	tun_free(lt);
	return (true);
}

/* On Linux a packet has been received when the write of it is over. */
uint64_t
lx_tuns_input(struct lx *lx, const struct vi_vnet *vn)
{
	uint64_t last = 0, now = lx_loop_turn(lx->lx_loop);
	struct lx_tun *lt;

	TAILQ_FOREACH(lt, &lx->lx_tuns, lt_link) {
		if (lt->lt_vnet != vn)
			continue;
		(void)tun_take(lt);
		if (lt->lt_turn > last)
			last = lt->lt_turn;
	}
	return (last == 0 ? LX_FOREVER : now - last);
}

bool
lx_tuns_fresh(const struct lx *lx, const struct vi_vnet *vn)
{
	const struct lx_tun *lt;

	TAILQ_FOREACH(lt, &lx->lx_tuns, lt_link)
		if (lt->lt_vnet == vn && lt->lt_turn == lx_loop_turn(lx->lx_loop))
			return (true);
	return (false);
}

static void
tun_event(struct lx_event *le, uint32_t events)
{
	(void)tun_drain(LX_CONTAINER(le, struct lx_tun, lt_event), (events & EPOLLHUP) != 0);
}

/* Nobody tells us of a close before our turn; who asks for interfaces after it finds what is so. */
void
lx_tuns_reap(struct lx *lx, const struct vi_vnet *vn)
{
	struct pollfd pfd = { .events = 0 };
	struct lx_tun *lt, *tmp;

	TAILQ_FOREACH_SAFE(lt, &lx->lx_tuns, lt_link, tmp) {
		if (lt->lt_vnet != vn)
			continue;
		pfd.fd = lt->lt_fd;
		while (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLHUP) != 0)
			if (tun_drain(lt, true))
				break;
	}
}

/* Finding it */

struct lx_tun *
lx_tun_find(const struct lx_call *c)
{
	struct lx_tun *lt;
	struct stat st;

	if (TAILQ_EMPTY(&c->c_lx->lx_tuns) || c->c_fd < 0 || fstat(c->c_fd, &st) != 0 || !S_ISSOCK(st.st_mode))
		return (NULL);
	TAILQ_FOREACH(lt, &c->c_lx->lx_tuns, lt_link)
		if (lt->lt_ino == st.st_ino)
			break;
	return (lt);
}

/* The host's device, or what stands in its place in a jail, which only its name tells from others. */
static bool
tun_isfile(int fd)
{
	static const char name[] = "/net/tun";
	char link[40], path[256];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode))
		return (false);
	if (st.st_rdev == makedev(TUN_MAJOR, TUN_MINOR))
		return (true);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return (n >= (ssize_t)sizeof(name) - 1 && n < (ssize_t)sizeof(path) &&
	    memcmp(path + n - (sizeof(name) - 1), name, sizeof(name) - 1) == 0);
}

/* TUNSETIFF */

static int
tun_new(struct lx *lx, const struct vi_vnet *vn, unsigned flags, struct lx_tun **ltp, int *appfd)
{
	struct lx_tun *lt = calloc(1, sizeof(*lt));
	int fd[2], error;
	struct stat st;

	if (lt == NULL)
		return (ENOMEM);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0) {
		error = errno;
		free(lt);
		return (error);
	}
	(void)lx_sock_buffer(fd[0], LX_DGRAMBUF);
	(void)lx_sock_buffer(fd[1], LX_DGRAMBUF);
	*lt = (struct lx_tun){ .lt_lx = lx, .lt_vnet = vn, .lt_fd = fd[0], .lt_flags = flags, .lt_sndbuf = INT32_MAX,
	    .lt_vnethdr = VI_VNETHDRLEN };
	lt->lt_event.le_owner = vn;
	error = fstat(fd[1], &st) == 0 ? lx_loop_add(lx->lx_loop, &lt->lt_event, fd[0], EPOLLIN, tun_event) : errno;
	if (error != 0) {
		close(fd[0]);
		close(fd[1]);
		free(lt);
		return (error);
	}
	lt->lt_ino = st.st_ino;
	TAILQ_INSERT_TAIL(&lx->lx_tuns, lt, lt_link);
	*appfd = fd[1];
	*ltp = lt;
	return (0);
}

static int
tun_open(struct lx_call *c, struct lx_tun *lt, const char *name)
{
	char who[32];
	struct vi_cred cr;
	const struct vi_tap_params tp = { .tp_tap = (lt->lt_flags & IFF_TAP) != 0, .tp_cred = &cr,
	    .tp_output = tun_output, .tp_gone = tun_gone, .tp_arg = lt, .tp_who = who };
	char real[VI_IFNAMSIZ];
	int error;

	snprintf(who, sizeof(who), "PID %d", (int)c->c_tid);
	snprintf(real, sizeof(real), "%s", name);
	lx_manage(c->c_lx);
	ifinfo_realname(c->c_pr->pr_vnet, real);
	if ((error = lx_call_cred(c, &cr)) == 0) {
		cr.cr_priv = false;		/* to open one of one's own takes no right */
		error = vi_tap_open(c->c_pr->pr_vnet, real, &tp, &lt->lt_tap);
	}
	if (error == EPERM && (error = lx_call_netcred(c, c->c_pr->pr_vnet, VI_PRIV_NET_TUN, &cr)) == 0)
		error = vi_tap_open(c->c_pr->pr_vnet, real, &tp, &lt->lt_tap);
	lx_managed(c->c_lx);
	return (error);
}

static void
tun_ifreq(const struct lx_tun *lt, struct ifreq *ifr)
{
	unsigned flags = lt->lt_flags;

	lx_manage(lt->lt_lx);
	if (lt->lt_tap != NULL) {
		vi_tap_name(lt->lt_tap, ifr->ifr_name);
		if (vi_tap_persistent(lt->lt_tap))
			flags |= IFF_PERSIST;
	}
	lx_managed(lt->lt_lx);
	ifr->ifr_flags = (short)flags;
}

/* As Linux does, flags that we do not know are not set; TUNGETIFF tells.  More queues would fail later. */
static int64_t
tun_setiff(struct lx_call *c)
{
	struct lx_tun *lt = NULL;
	struct ifreq ifr;
	unsigned flags;
	int error, appfd = -1;

	if ((error = lx_copyin(c, c->c_arg[2], &ifr, sizeof(ifr))) != 0)
		return (-error);
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = '\0';
	flags = (unsigned short)ifr.ifr_flags;
	if ((flags & (IFF_TUN | IFF_TAP)) == 0 || (flags & (IFF_TUN | IFF_TAP)) == (IFF_TUN | IFF_TAP) ||
	    (flags & IFF_MULTI_QUEUE) != 0)
		return (-EINVAL);
	if (c->c_pr->pr_vnet == NULL)
		return (-ENETDOWN);
	lx_tuns_reap(c->c_lx, c->c_pr->pr_vnet);
	if ((error = tun_new(c->c_lx, c->c_pr->pr_vnet, flags & (IFF_TUN | IFF_TAP | TUN_FLAGS), &lt, &appfd)) != 0)
		return (-error);
	if ((error = tun_open(c, lt, ifr.ifr_name)) == 0) {
		tun_ifreq(lt, &ifr);
		ifr.ifr_flags = (short)flags;
		error = lx_copyout(c, c->c_arg[2], &ifr, sizeof(ifr));
	}
	if (error == 0 && (error = lx_replace_fd(c, appfd)) == 0)
		c->c_effect = true;
	close(appfd);
	if (error != 0)
		tun_free(lt);
	return (error == ENOENT ? LX_DONE : -error);
}

/* The others */

static int64_t
tun_getfeatures(struct lx_call *c)
{
	unsigned features = IFF_TUN | IFF_TAP | TUN_FLAGS;

	return (-lx_copyout(c, c->c_arg[2], &features, sizeof(features)));
}

static int64_t
tun_getiff(struct lx_call *c, const struct lx_tun *lt)
{
	struct ifreq ifr = { 0 };

	tun_ifreq(lt, &ifr);
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_NOFILTER);	/* there is none attached */
	return (-lx_copyout(c, c->c_arg[2], &ifr, sizeof(ifr)));
}

static int64_t
tun_setsndbuf(struct lx_call *c, struct lx_tun *lt)
{
	int size, error;

	if ((error = lx_copyin(c, c->c_arg[2], &size, sizeof(size))) != 0)
		return (-error);
	if (size <= 0)
		return (-EINVAL);
	lt->lt_sndbuf = size;
	(void)lx_sock_buffer(c->c_fd, size < LX_DGRAMBUF ? size : LX_DGRAMBUF);
	return (0);
}

static int64_t
tun_setvnethdrsz(struct lx_call *c, struct lx_tun *lt)
{
	int size, error;

	if ((error = lx_copyin(c, c->c_arg[2], &size, sizeof(size))) != 0)
		return (-error);
	if (size < VI_VNETHDRLEN || size > TUN_MAXVNETHDR)
		return (-EINVAL);
	lt->lt_vnethdr = size;
	return (0);
}

static int64_t
tun_setcarrier(struct lx_call *c, struct lx_tun *lt)
{
	int on, error;

	if ((error = lx_copyin(c, c->c_arg[2], &on, sizeof(on))) != 0)
		return (-error);
	lx_manage(c->c_lx);
	if (lt->lt_tap != NULL)
		vi_tap_carrier(lt->lt_tap, on != 0);
	lx_managed(c->c_lx);
	return (0);
}

/* Whom a persistent interface belongs to, and whether it stays. */
static int64_t
tun_setkeep(struct lx_call *c, struct lx_tun *lt, unsigned cmd)
{
	if (lt->lt_tap == NULL)
		return (-EBADFD);
	lx_manage(c->c_lx);
	if (cmd == TUNSETPERSIST)
		vi_tap_persist(lt->lt_tap, c->c_arg[2] != 0);
	else if (cmd == TUNSETOWNER)
		vi_tap_owner(lt->lt_tap, (uint32_t)c->c_arg[2], VI_TAP_NOID);
	else
		vi_tap_owner(lt->lt_tap, VI_TAP_NOID, (uint32_t)c->c_arg[2]);
	lx_managed(c->c_lx);
	return (0);
}

/* What the program can take, not what it must get: checksums are finished all the same, and UDP comes in single datagrams. */
static int64_t
tun_setoffload(struct lx_call *c, struct lx_tun *lt)
{
	const uint64_t f = c->c_arg[2];

	if ((f & ~(uint64_t)TUN_OFFLOADS) != 0 || ((f & (TUN_F_TSO4 | TUN_F_TSO6)) != 0 && (f & TUN_F_CSUM) == 0))
		return (-EINVAL);
	lx_manage(c->c_lx);
	if (lt->lt_tap != NULL)
		vi_tap_offload(lt->lt_tap, ((f & TUN_F_TSO4) != 0 ? VI_TAP_TSO4 : 0u) | ((f & TUN_F_TSO6) != 0 ? VI_TAP_TSO6 : 0u) |
		    ((f & TUN_F_CSUM) != 0 && (lt->lt_flags & IFF_VNET_HDR) != 0 ? VI_TAP_REST : 0u));
	lx_managed(c->c_lx);
	return (0);
}

/* The type is what it is. */
static int64_t
tun_attached(struct lx_call *c, struct lx_tun *lt, unsigned cmd)
{
	const int type = (lt->lt_flags & IFF_TAP) != 0 ? ARPHRD_ETHER : ARPHRD_NONE;

	switch (cmd) {
	case TUNGETIFF:
		return (tun_getiff(c, lt));
	case TUNSETIFF:
		return (-EEXIST);
	case TUNSETPERSIST:
	case TUNSETOWNER:
	case TUNSETGROUP:
		return (tun_setkeep(c, lt, cmd));
	case TUNSETLINK:
		return ((int)c->c_arg[2] == type ? 0 : -EINVAL);
	case TUNSETNOCSUM:
		return (0);		/* Linux does nothing for it either */
	case TUNSETOFFLOAD:
		return (tun_setoffload(c, lt));
	case TUNGETSNDBUF:
		return (-lx_copyout(c, c->c_arg[2], &lt->lt_sndbuf, sizeof(lt->lt_sndbuf)));
	case TUNSETSNDBUF:
		return (tun_setsndbuf(c, lt));
	case TUNGETVNETHDRSZ:
		return (-lx_copyout(c, c->c_arg[2], &lt->lt_vnethdr, sizeof(lt->lt_vnethdr)));
	case TUNSETVNETHDRSZ:
		return (tun_setvnethdrsz(c, lt));
	case TUNSETCARRIER:
		return (tun_setcarrier(c, lt));
	default:
		return (-EINVAL);
	}
}

int64_t
lx_sys_tun(struct lx_call *c)
{
	const unsigned cmd = (unsigned)c->c_arg[1];
	struct lx_tun *lt = lx_tun_find(c);

	if (lt == NULL && !tun_isfile(c->c_fd))
		return (LX_CONTINUE);
	if (!lx_call_valid(c))
		return (LX_DONE);
	if (cmd == TUNGETFEATURES)
		return (tun_getfeatures(c));
	if (lt != NULL)
		return (tun_attached(c, lt, cmd));
	return (cmd == TUNSETIFF ? tun_setiff(c) : -EBADFD);
}

void
lx_tuns_free(struct lx *lx)
{
	struct lx_tun *lt;

	while ((lt = TAILQ_FIRST(&lx->lx_tuns)) != NULL)
		tun_free(lt);
}
