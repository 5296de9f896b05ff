/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A jail's /proc/kmsg and, mostly, /dev/kmsg are FIFOs, made by the jail's init on a file system that nobody else sees and bound over the
 * host's files.  vimaged has their other ends.
 *
 * /proc/kmsg gives the jail's messages as Linux's does: each once, to whoever reads first; reading waits.  One page of them lies in
 * the FIFO, the others wait in the jail's buffer.
 *
 * What is written to /dev/kmsg becomes messages of the jail.  Where the host has FUSE it is devkmsg.c's and can be read as well;
 * nobody tells us who opens a FIFO, so reading that gives nothing, and programs fall back to syslog(2).
 */
#include "daemon/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vimage/jail.h>
#include <vimage/priv.h>

#include "daemon/daemon.h"
#include "daemon/devkmsg.h"
#include "daemon/fuse.h"
#include "daemon/jproc.h"

#define KMSG_PIPE	4096
#define KMSG_LINE	320
#define STAGING		"/proc/fs"	/* a directory of our own /proc that nobody needs while we mount */
#define LEVEL_DEFAULT	4		/* as Linux's default_message_loglevel */
#define FACILITY_USER	1

struct kmsg {
	struct jproc	*km_jproc;
	struct lx_event	 km_out;	/* /proc/kmsg */
	struct lx_event	 km_in;		/* /dev/kmsg, as a FIFO */
	struct devkmsg	*km_dev;	/* as a file; NULL: km_in */
	uint64_t	 km_seq;	/* messages up to here were given */
	bool		 km_full;
};

/*
 * In the init.
 */
/* There must be a file to mount over. */
static int
make_place(const char *over)
{
	struct stat sb;

	return stat(over, &sb) != 0 && mknod(over, S_IFREG | 0600, 0) != 0 ? errno : 0;
}

static int
make_fifo(const char *path, const char *over, int *fd)
{
	int error = over != NULL ? make_place(over) : 0;

	if (error != 0)
		return error;
	if (mkfifo(path, 0600) != 0 || (*fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		return errno;
	(void)fcntl(*fd, F_SETPIPE_SZ, KMSG_PIPE);
	return over != NULL && mount(path, over, NULL, MS_BIND, NULL) != 0 ? errno : 0;
}

int
kmsg_mount(int fuse, bool dev, int fds[KMSG_N])
{
	int error;

	fds[KMSG_PROC] = fds[KMSG_DEV] = -1;
	if (mount("kmsg", STAGING, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700,size=4k") != 0)
		return errno;
	if ((error = make_fifo(STAGING "/proc", "/proc/kmsg", &fds[KMSG_PROC])) == 0) {
		if (dev && fuse >= 0 && make_place("/dev/kmsg") == 0 && fuse_mount(fuse, "kmsg", "/dev/kmsg", S_IFREG | 0600) == 0)
			fds[KMSG_DEV] = fcntl(fuse, F_DUPFD_CLOEXEC, 3);
		else
			error = make_fifo(STAGING "/dev", dev ? "/dev/kmsg" : NULL, &fds[KMSG_DEV]);
	}
	(void)umount2(STAGING, MNT_DETACH);
	for (int i = 0; i < KMSG_N && error != 0; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return error;
}

/*
 * In vimaged: /proc/kmsg.
 */
static void
give(void *arg, const struct vi_logmsg *lm)
{
	struct kmsg *km = arg;
	char text[KMSG_LINE];
	size_t len;

	if (km->km_full)
		return;
	len = lx_log_format(lm, text, sizeof(text));
	/* All or nothing: it is shorter than PIPE_BUF. */
	if (write(km->km_out.le_fd, text, len) == (ssize_t)len)
		km->km_seq = lm->lm_seq;
	else
		km->km_full = true;
}

static void
feed(struct kmsg *km)
{
	struct daemon *d = km->km_jproc->jp_daemon;
	const int jid = jproc_logjid(km->km_jproc);
	bool was = km->km_full;

	/* A buffer that it shares is not given away like this. */
	if (jid < 0 || vi_jail_owner(d->d_kernel, jid, "vlog") != jid)
		return;
	km->km_full = false;
	(void)vi_jail_log_read(d->d_kernel, jid, km->km_seq, give, km);
	if (km->km_full != was)
		(void)lx_loop_mod(daemon_loop(d), &km->km_out, km->km_full ? EPOLLOUT : 0);
}

static void
out_event(struct lx_event *le, uint32_t events)
{
	struct kmsg *km = CONTAINER(le, struct kmsg, km_out);

	(void)events;
	daemon_manage(km->km_jproc->jp_daemon);
	feed(km);
	daemon_managed(km->km_jproc->jp_daemon);
}

void
kmsg_feed_all(struct daemon *d)
{
	struct jproc *jp;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link) {
		if (jp->jp_kmsg == NULL || jproc_logjid(jp) < 0)
			continue;
		if (!jp->jp_kmsg->km_full)
			feed(jp->jp_kmsg);
		if (jp->jp_kmsg->km_dev != NULL)
			devkmsg_feed(jp->jp_kmsg->km_dev);
	}
}

/*
 * /dev/kmsg.
 */

/* "<14>text": facility and level; the facility of the kernel is the kernel's own. */
static void
take_line(const struct jproc *jp, char *line)
{
	unsigned pri = LEVEL_DEFAULT, n;
	int end = 0;

	if (sscanf(line, "<%3u>%n", &n, &end) == 1 && end > 0 && n < 24 * 8) {
		pri = n;
		line += end;
	}
	if (pri < 8)
		pri |= FACILITY_USER << 3;
	if (*line != '\0')
		vi_jail_log_write(jp->jp_daemon->d_kernel, jproc_logjid(jp), pri, line);
}

void
kmsg_take(const struct jproc *jp, char *text, size_t len)
{
	char *line;

	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	while ((line = strsep(&text, "\n")) != NULL)
		take_line(jp, line);
}

static void
in_event(struct lx_event *le, uint32_t events)
{
	struct kmsg *km = CONTAINER(le, struct kmsg, km_in);
	struct daemon *d = km->km_jproc->jp_daemon;
	char buf[1024];
	ssize_t n = read(le->le_fd, buf, sizeof(buf) - 1);

	(void)events;
	if (n <= 0)
		return;
	daemon_manage(d);
	if ((vi_jail_privs(d->d_kernel, jproc_logjid(km->km_jproc)) >> VI_PRIV_LOG_WRITE & 1) != 0)
		kmsg_take(km->km_jproc, buf, (size_t)n);
	daemon_managed(d);
}

/*
 * Life.
 */
/* Opened again: O_NONBLOCK belongs to an opening, and who has the init's could take it off. */
static bool
own_fifo(int *fd)
{
	char path[40];
	struct stat sb;
	int own;

	if (fstat(*fd, &sb) != 0 || !S_ISFIFO(sb.st_mode))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	if ((own = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		return false;
	close(*fd);
	*fd = own;
	return true;
}

/* They are an init's, which may have sent anything: nothing that we write to may make us wait. */
void
kmsg_attach(struct jproc *jp, int fds[KMSG_N])
{
	struct lx_loop *loop = daemon_loop(jp->jp_daemon);
	struct kmsg *km = jp->jp_kmsg == NULL && own_fifo(&fds[KMSG_PROC]) ? calloc(1, sizeof(*km)) : NULL;

	if (km == NULL) {
		close(fds[KMSG_PROC]);
		close(fds[KMSG_DEV]);
		return;
	}
	km->km_jproc = jp;
	jp->jp_kmsg = km;
	km->km_in.le_fd = -1;
	km->km_out.le_fd = fds[KMSG_PROC];
	(void)fchmod(fds[KMSG_PROC], 0400);	/* as Linux's; before, it could not be opened for writing */
	if (own_fifo(&fds[KMSG_DEV]))
		km->km_in.le_fd = fds[KMSG_DEV];
	else
		km->km_dev = devkmsg_new(jp, fds[KMSG_DEV]);
	if (lx_loop_add(loop, &km->km_out, fds[KMSG_PROC], 0, out_event) != 0 ||
	    (km->km_in.le_fd >= 0 && lx_loop_add(loop, &km->km_in, km->km_in.le_fd, EPOLLIN, in_event) != 0)) {
		kmsg_free(km);
		return;
	}
	feed(km);
}

void
kmsg_free(struct kmsg *km)
{
	if (km == NULL)
		return;
	km->km_jproc->jp_kmsg = NULL;
	lx_loop_del(daemon_loop(km->km_jproc->jp_daemon), &km->km_out);
	close(km->km_out.le_fd);
	if (km->km_in.le_fd >= 0) {
		lx_loop_del(daemon_loop(km->km_jproc->jp_daemon), &km->km_in);
		close(km->km_in.le_fd);
	}
	if (km->km_dev != NULL)
		devkmsg_free(km->km_dev);
	free(km);
}
