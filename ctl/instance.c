/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRLEN	256
#define AF_CTL	0x5649		/* the family that the daemon answers in jails (linux.h) */

static int
fail(char *err, int error, const char *fmt, ...)
{
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		vsnprintf(err, ERRLEN, fmt, ap);
		va_end(ap);
	}
	return error;
}

/* A name that is one component of a path. */
static bool
name_ok(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) <= 64;
}

static int
choose_dir(char *dir, size_t len)
{
	const char *env;
	int n;

	if ((env = getenv("VIMAGE_DIR")) != NULL && env[0] != '\0')
		n = snprintf(dir, len, "%s", env);
	else if ((env = getenv("XDG_RUNTIME_DIR")) != NULL && env[0] == '/')
		n = snprintf(dir, len, "%s/vimage", env);
	else if (geteuid() == 0)
		n = snprintf(dir, len, "/run/vimage");
	else
		n = snprintf(dir, len, "/tmp/vimage-%lu", (unsigned long)geteuid());
	return n < 0 || (size_t)n >= len ? ENAMETOOLONG : 0;
}

/* Whoever can write to the folder can pretend to be the daemon. */
static int
make_dir(const char *dir)
{
	struct stat sb;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return errno;
	if (lstat(dir, &sb) != 0)
		return errno;
	if (!S_ISDIR(sb.st_mode))
		return ENOTDIR;
	return sb.st_uid != geteuid() || (sb.st_mode & 022) != 0 ? EPERM : 0;
}

static int
instance_file(const char *instance, const char *suffix, char *buf, size_t len)
{
	char dir[PATH_MAX];
	int error, n;

	if (!name_ok(instance))
		return EINVAL;
	if ((error = choose_dir(dir, sizeof(dir))) != 0 || (error = make_dir(dir)) != 0)
		return error;
	n = snprintf(buf, len, "%s/%s%s", dir, instance, suffix);
	return n < 0 || (size_t)n >= len ? ENAMETOOLONG : 0;
}

int
ctl_instance_path(const char *instance, char *buf, size_t len)
{
	return instance_file(instance, ".sock", buf, len);
}

/*
 * Connecting.
 */
static int
connect_path(const char *path, int *fdp)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int error, fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		error = errno;
		close(fd);
		return error;
	}
	*fdp = fd;
	return 0;
}

static bool
nobody_listens(int error)
{
	return error == ENOENT || error == ECONNREFUSED;
}

bool
ctl_answers(const char *path)
{
	int error, fd = -1;

	if ((error = connect_path(path, &fd)) == 0)
		close(fd);
	return !nobody_listens(error);
}

/*
 * Starting the daemon.
 */
static void
exec_daemon(const char *instance, int ready)
{
	char self[PATH_MAX], path[PATH_MAX + 16], fdarg[16];
	ssize_t n;
	int null;

	/* The daemon outlives the command and its terminal; only the pipe's end stays open. */
	if (dup2(ready, 3) < 0 || (null = open("/dev/null", O_RDWR)) < 0)
		_exit(1);
	for (int fd = 0; fd <= 2; fd++)
		if (null != fd)
			dup2(null, fd);
	closefrom(4);
	fcntl(3, F_SETFD, 0);
	snprintf(fdarg, sizeof(fdarg), "%d", 3);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		snprintf(path, sizeof(path), "%s/vimaged", dirname(self));
		execl(path, "vimaged", "-L", instance, "-R", fdarg, (char *)NULL);
	}
	execlp("vimaged", "vimaged", "-L", instance, "-R", fdarg, (char *)NULL);
	n = dprintf(3, "vimaged: %s", strerrordesc_np(errno));
	_exit(n < 0);
}

/* A grandchild, so that no command ever has the daemon among its children. */
static int
spawn_daemon(const char *instance, int ready)
{
	pid_t pid;
	int status;

	if ((pid = fork()) < 0)
		return errno;
	if (pid == 0) {
		setsid();
		if ((pid = fork()) != 0)
			_exit(pid < 0);
		exec_daemon(instance, ready);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return status == 0 ? 0 : EAGAIN;
}

/* What the daemon says through the pipe: one zero byte, or a sentence and its end. */
static int
wait_ready(int fd, char *err)
{
	char text[ERRLEN];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1) {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (text[0] == '\0')
			return 0;	/* whoever else may still hold the pipe's end */
	}
	text[len] = '\0';
	return fail(err, ECONNREFUSED, "%s", len > 0 ? text : "vimaged ended before it was ready");
}

static int
start_daemon(const char *instance, char *err)
{
	int error, p[2];

	if (pipe2(p, O_CLOEXEC) != 0)
		return fail(err, errno, "pipe: %s", strerror(errno));
	error = spawn_daemon(instance, p[1]);
	close(p[1]);
	error = error != 0 ? fail(err, error, "cannot start vimaged: %s", strerror(error)) :
	    wait_ready(p[0], err);
	close(p[0]);
	return error;
}

/* With the lock held: look again, somebody may have been faster, then start. */
static int
start_and_connect(const char *instance, const char *path, int *fdp, char *err)
{
	int error;

	error = connect_path(path, fdp);
	if (nobody_listens(error)) {
		if ((error = start_daemon(instance, err)) != 0)
			return error;
		error = connect_path(path, fdp);
	}
	return error == 0 ? 0 : fail(err, error, "%s: %s", path, strerror(error));
}

/* A daemon that ends may unlink the file: the lock counts only if the name still leads to it. */
static int
take_lock(const char *lock, int *fdp)
{
	struct stat here, there;
	int error, fd;

	for (;;) {
		if ((fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
			return errno;
		while ((error = flock(fd, LOCK_EX) == 0 ? 0 : errno) == EINTR)
			continue;
		if (error == 0 && fstat(fd, &here) == 0 && stat(lock, &there) == 0 &&
		    here.st_ino == there.st_ino)
			break;
		close(fd);
		if (error != 0)
			return error;
	}
	*fdp = fd;
	return 0;
}

static int
locked_start(const char *instance, const char *path, int *fdp, char *err)
{
	char lock[PATH_MAX];
	int error, fd = -1;

	if ((error = instance_file(instance, ".lock", lock, sizeof(lock))) != 0 ||
	    (error = take_lock(lock, &fd)) != 0)
		return fail(err, error, "%s: %s", lock, strerror(error));
	error = start_and_connect(instance, path, fdp, err);
	close(fd);
	return error;
}

static int
connect_instance(const char *instance, bool start, int *fdp, char *err)
{
	char path[PATH_MAX];
	int error;

	if ((error = ctl_instance_path(instance, path, sizeof(path))) != 0) {
		char dir[PATH_MAX] = "";

		choose_dir(dir, sizeof(dir));
		return error == EPERM ?
		    fail(err, error, "%s must belong to you and be writable by nobody else", dir) :
		    error == EINVAL ? fail(err, error, "%s: bad instance name", instance) :
		    fail(err, error, "%s: %s", dir, strerror(error));
	}
	error = connect_path(path, fdp);
	if (error == 0)
		return 0;
	if (!nobody_listens(error))
		return fail(err, error, "%s: %s", path, strerror(error));
	if (!start)
		return fail(err, error, "instance %s is not running", instance);
	return locked_start(instance, path, fdp, err);
}

int
ctl_connect(const char *instance, bool start, struct ctl_conn **ccp, char *err)
{
	int error = 0, fd;

	fd = socket(AF_CTL, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 && errno != EAFNOSUPPORT && errno != EPERM && errno != EINVAL)
		return fail(err, errno, "control socket: %s", strerror(errno));
	if (fd < 0 && (error = connect_instance(instance, start, &fd, err)) != 0)
		return error;
	if ((error = ctl_conn_new(fd, ccp)) != 0) {
		close(fd);
		return fail(err, error, "%s", strerror(error));
	}
	return 0;
}
