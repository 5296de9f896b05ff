/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The stages of vimaged, each a function:
 *
 *	options		what the command line says.  Must not touch the host.
 *	background	away from the terminal, unless the starter did that already (-R) or it is
 *			not wanted (-f).
 *	claim		the instance's files: one daemon per instance, by a lock that ends with the
 *			process.  Should leave nothing when it fails.
 *	spawner		the child that makes processes.  Must come before threads, the kernel and
 *			the socket, so that it has none of them.
 *	build		kernel, workers, timers, server.
 *	listen		the last thing that needs the host's files.
 *	sandbox		rights that are not needed any more go.  Must come before threads, which
 *			inherit it.
 *	ready		from here on clients come.
 *	run		until daemon_stop: no new requests, every process killed; then the files
 *			go, who waits is answered, the loop ends.
 *	destroy		in reverse order; what a stack leaves behind is logged.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "daemon/ctl_serve.h"
#include "daemon/fuse.h"
#include "daemon/jcpuset.h"
#include "daemon/jproc.h"
#include "daemon/sandbox.h"
#include "daemon/spawner.h"

#define LOCK_MOMENTS	100	/* of 10 ms */
#define MAXWORKERS	64
#define STOP_TIMEOUT	(5 * UINT64_C(1000000000))

struct options {
	const char	*o_instance;
	bool		 o_foreground, o_debug;
	unsigned	 o_workers;
	int		 o_ready;	/* pipe to who started us; -1 */
	char		*o_title;	/* the bytes of argv */
	size_t		 o_titlelen;
};

void
dlog(const char *fmt, ...)
{
	char text[512], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strftime(stamp, sizeof(stamp), "%F %T", localtime_r(&now, &tm));
	fprintf(stderr, "%s vimaged: %s\n", stamp, text);
}

uint64_t
daemon_now(const struct daemon *d)
{
	struct timespec ts;

	(void)d;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* To who started us, or to the terminal: why we do not run. */
static void
refuse(const struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
refuse(const struct options *o, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (o->o_ready >= 0)
		(void)!write(o->o_ready, text, strlen(text));
	else
		fprintf(stderr, "vimaged: %s\n", text);
}

/*
 * Options.
 */
static int
number(const char *text, long min, long max, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(text, &end, 10);
	return errno != 0 || end == text || *end != '\0' || *n < min || *n > max ? EINVAL : 0;
}

static int
usage(void)
{
	fprintf(stderr, "usage: vimaged [-df] [-L instance] [-w workers]\n");
	return EINVAL;
}

static int
read_options(struct options *o, int argc, char **argv)
{
	long n;
	int ch;

	*o = (struct options){ .o_instance = getenv("VIMAGE_INSTANCE"), .o_workers = 1 };
	o->o_ready = -1;
	o->o_title = argv[0];
	o->o_titlelen = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1;
	while ((ch = getopt(argc, argv, "dfL:R:w:")) != -1) {
		switch (ch) {
		case 'd': o->o_debug = true; break;
		case 'f': o->o_foreground = true; break;
		case 'L': o->o_instance = optarg; break;
		case 'R':
			if (number(optarg, 3, INT_MAX, &n) != 0 ||
			    fcntl((int)n, F_SETFD, FD_CLOEXEC) != 0)
				return usage();
			o->o_ready = (int)n;
			break;
		case 'w':
			if (number(optarg, 1, MAXWORKERS, &n) != 0) {
				fprintf(stderr, "vimaged: -w: %s is not between 1 and %d\n", optarg,
				    MAXWORKERS);
				return EINVAL;
			}
			o->o_workers = (unsigned)n;
			break;
		default: return usage();
		}
	}
	if (o->o_instance == NULL || o->o_instance[0] == '\0')
		o->o_instance = "default";
	return optind != argc ? usage() : 0;
}

/*
 * Background.
 */

/* The parent: waits for the word of the child, as a command that starts us does. */
static void __attribute__((noreturn))
await_child(int fd)
{
	char text[256];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n > 0 && text[0] == '\0')
		_exit(0);
	text[n > 0 ? n : 0] = '\0';
	fprintf(stderr, "vimaged: %s\n", n > 0 ? text : "it ended before it was ready");
	_exit(1);
}

static int
background(struct options *o)
{
	int p[2], null;
	pid_t pid;

	if (o->o_foreground || o->o_ready >= 0)
		return 0;
	if (pipe2(p, O_CLOEXEC) != 0)
		return errno;
	if ((pid = fork()) < 0)
		return errno;
	if (pid > 0) {
		close(p[1]);
		await_child(p[0]);
	}
	close(p[0]);
	setsid();
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0)
		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
	o->o_ready = p[1];
	return chdir("/") != 0 ? errno : 0;
}

/*
 * The files of the instance.
 */
static bool
path_of(char *buf, size_t len, const char *sock, const char *suffix)
{
	size_t stem = strlen(sock) - strlen(".sock");

	return (size_t)snprintf(buf, len, "%.*s%s", (int)stem, sock, suffix) < len;
}

/*
 * The lock is on a file that may be unlinked by who had it: it counts only if the name still
 * leads to it.
 */
static int
lock_pidfile(struct daemon *d)
{
	struct stat here, there;
	char text[24];
	int error, fd;

	for (;;) {
		if ((fd = open(d->d_pidpath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
			return errno;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			error = errno == EWOULDBLOCK ? EEXIST : errno;
			close(fd);
			return error;
		}
		if (fstat(fd, &here) == 0 && stat(d->d_pidpath, &there) == 0 &&
		    here.st_ino == there.st_ino)
			break;
		close(fd);
	}
	snprintf(text, sizeof(text), "%d\n", getpid());
	(void)!ftruncate(fd, 0);
	(void)!write(fd, text, strlen(text));
	d->d_pidfd = fd;
	return 0;
}

/* What is left of one that was killed has the lock for a moment yet. */
static int
lock_patiently(struct daemon *d)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	int error;

	for (int i = 0; (error = lock_pidfile(d)) == EEXIST && i < LOCK_MOMENTS && !ctl_answers(d->d_sockpath); i++)
		nanosleep(&moment, NULL);
	return error;
}

static int
open_log(struct daemon *d, const struct options *o)
{
	int fd;

	if (o->o_foreground)
		return 0;
	fd = open(d->d_logpath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	dup2(fd, 1);
	dup2(fd, 2);
	close(fd);
	setlinebuf(stderr);
	return 0;
}

static int
claim(struct daemon *d, const struct options *o)
{
	int error;

	umask(077);
	d->d_instance = o->o_instance;
	if ((error = ctl_instance_path(o->o_instance, d->d_sockpath, sizeof(d->d_sockpath))) != 0) {
		refuse(o, "%s: %s", o->o_instance, strerror(error));
		return error;
	}
	if (!path_of(d->d_pidpath, PATH_MAX, d->d_sockpath, ".pid") ||
	    !path_of(d->d_lockpath, PATH_MAX, d->d_sockpath, ".lock") ||
	    !path_of(d->d_logpath, PATH_MAX, d->d_sockpath, ".log"))
		return ENAMETOOLONG;
	if ((error = lock_patiently(d)) != 0) {
		refuse(o,
		    error == EEXIST ? "instance %s is running already" : "%s: cannot be locked",
		    o->o_instance);
		return error;
	}
	if ((error = open_log(d, o)) != 0)
		refuse(o, "%s: %s", d->d_logpath, strerror(error));
	return error;
}

/* Nobody who is just starting a daemon (and holds the lock) must lose its file. */
static void
unclaim(struct daemon *d)
{
	struct stat sb;
	int fd;

	unlink(d->d_sockpath);
	if (stat(d->d_logpath, &sb) == 0 && sb.st_size == 0)
		unlink(d->d_logpath);
	if ((fd = open(d->d_lockpath, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) >= 0) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlink(d->d_lockpath);
		close(fd);
	}
	if (d->d_pidfd >= 0) {
		unlink(d->d_pidpath);
		close(d->d_pidfd);
		d->d_pidfd = -1;
	}
}

/*
 * Installed, the BSD names have a directory of their own; in the build directory they are
 * beside us.
 */
static void
find_commands(struct daemon *d)
{
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	d->d_cmddir[0] = '\0';
	if (n <= 0)
		return;
	self[n] = '\0';
	snprintf(d->d_cmddir, sizeof(d->d_cmddir), "%s", dirname(self));
	snprintf(path, sizeof(path), "%s/../libexec/vimage", d->d_cmddir);
	if (access(path, X_OK) == 0)
		(void)!realpath(path, d->d_cmddir);
}

/* A copy that no jail can write to: its root may be the host's, and what runs is open to it. */
static void
load_commands(struct daemon *d)
{
	char path[PATH_MAX + 64];
	struct stat sb = { 0 };
	int fd, memory;

	snprintf(path, sizeof(path), "%s/vimage-static", d->d_cmddir);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	memory = memfd_create("vimage", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory >= 0 && fstat(fd, &sb) == 0)
		while (lseek(memory, 0, SEEK_CUR) < sb.st_size && sendfile(memory, fd, NULL, (size_t)sb.st_size) > 0)
			;
	if (memory >= 0 && fchmod(memory, 0555) == 0 && lseek(memory, 0, SEEK_CUR) == sb.st_size &&
	    fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		d->d_commands = memory;
	else if (memory >= 0)
		close(memory);
	close(fd);
}

/*
 * Building.
 */
static void
signal_event(struct lx_event *le, uint32_t events)
{
	struct daemon *d = CONTAINER(le, struct daemon, d_sigevent);
	struct signalfd_siginfo si;

	(void)events;
	daemon_manage(d);
	while (read(le->le_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		daemon_stop(d);
	daemon_managed(d);
}

static int
catch_signals(struct daemon *d)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if ((fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return errno;
	return lx_loop_add(daemon_loop(d), &d->d_sigevent, fd, EPOLLIN, signal_event);
}

static void
raise_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static void
kernel_log(void *arg, const struct vi_logmsg *lm)
{
	struct daemon *d = arg;

	logbell_ring(d);
	if (d->d_debug)
		dlog("<%u> %s: %s", lm->lm_level, lm->lm_vnet, lm->lm_text);
}

/* This instance of this user on this machine. */
static void
identify(const struct daemon *d, char *text, size_t len)
{
	char machine[64] = "";
	FILE *fp = fopen("/etc/machine-id", "re");

	if (fp == NULL || fgets(machine, sizeof(machine), fp) == NULL)
		(void)gethostname(machine, sizeof(machine) - 1);
	if (fp != NULL)
		fclose(fp);
	machine[strcspn(machine, "\n")] = '\0';
	snprintf(text, len, "%s/%u/%s", machine, (unsigned)geteuid(), d->d_sockpath);
}

static int
build_kernel(struct daemon *d, unsigned workers)
{
	char identity[PATH_MAX + 128];
	struct vi_posix_params pp = { .pp_wake = worker_wake, .pp_log = kernel_log, .pp_arg = d };
	struct vi_kernel_params kp = { .kp_workers = workers };
	int error;

	if ((error = vi_host_posix_new(&pp, &d->d_host)) != 0)
		return error;
	kp.kp_host = d->d_host;
	identify(d, identity, sizeof(identity));
	kp.kp_identity = identity;
	if ((error = vi_kernel_new(&kp, &d->d_kernel)) == 0)
		jcpuset_init(d);
	return error;
}

static int
build(struct daemon *d, const struct options *o, int spawner)
{
	int error;

	raise_limits();
	if ((d->d_ctl = calloc(1, sizeof(*d->d_ctl))) == NULL)
		return ENOMEM;
	d->d_ctl->cs_daemon = d;
	d->d_ctl->cs_fd = -1;
	if ((error = build_kernel(d, o->o_workers)) != 0 ||
	    (error = workers_new(d, o->o_workers)) != 0 || (error = timers_init(d)) != 0 ||
	    (error = catch_signals(d)) != 0 || (error = jprocs_init(d, spawner)) != 0 ||
	    (error = nats_init(d)) != 0)
		return error;
	return 0;
}

static int
start_listening(struct daemon *d)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int error, fd;

	if (strlen(d->d_sockpath) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	strcpy(sun.sun_path, d->d_sockpath);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return errno;
	unlink(d->d_sockpath);		/* of one that was killed */
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 || listen(fd, 512) != 0) {
		error = errno;
		close(fd);
		return error;
	}
	return ctl_server_start(d, fd);
}

/*
 * The end.
 */

/* Nobody is left: from here on another vimaged may be started. */
void
daemon_stopped(struct daemon *d)
{
	struct ctl_client *cl;

	if (d->d_quit)
		return;
	d->d_quit = true;
	unclaim(d);
	LIST_FOREACH(cl, &d->d_ctl->cs_clients, cl_link)
		if (cl->cl_shutdown)
			ctl_client_reply(cl, json_object(), true);
	__atomic_store_n(&d->d_workers[0].w_stop, true, __ATOMIC_RELEASE);
}

static void
stop_timeout(struct dtimer *dt)
{
	struct daemon *d = CONTAINER(dt, struct daemon, d_stoptimer);

	dlog("some processes do not end; leaving them to the spawner");
	daemon_stopped(d);
}

void
daemon_stop(struct daemon *d)
{
	struct jproc *jp, *next;

	if (d->d_stopping)
		return;
	d->d_stopping = true;
	for (jp = LIST_FIRST(&d->d_jprocs); jp != NULL; jp = next) {
		next = LIST_NEXT(jp, jp_link);
		if (jp->jp_jid >= 0)
			jproc_stop(jp, 0);
	}
	if (LIST_EMPTY(&d->d_jprocs))
		daemon_stopped(d);
	else
		dtimer_set(d, &d->d_stoptimer, STOP_TIMEOUT, stop_timeout);
}

static void
log_leak(void *arg, const struct vi_leak *lk)
{
	(void)arg;
	dlog("%llu bytes in %llu objects of %s were left behind", (unsigned long long)lk->lk_bytes,
	    (unsigned long long)lk->lk_count, lk->lk_zone);
}

static void
destroy(struct daemon *d)
{
	if (d->d_workers != NULL) {
		workers_stop(d);
		d->d_alone = true;
		ctl_server_fini(d);
		nats_fini(d);
		jprocs_fini(d);
		fuse_fini(d);
		removals_fini(d);
		timers_fini(d);
		workers_close(d);
	}
	/* What is at the other end of interfaces goes with them, and is in the workers' loops. */
	if (d->d_kernel != NULL)
		(void)vi_kernel_free(d->d_kernel, log_leak, d);
	if (d->d_workers != NULL)
		workers_free(d);
	if (d->d_host != NULL)
		vi_host_posix_free(d->d_host);
}

static int
run(struct daemon *d, const struct options *o)
{
	int error, spawner;

	if ((error = spawner_start(&spawner, o->o_title, o->o_titlelen)) == 0 &&
	    (error = build(d, o, spawner)) == 0 &&
	    (error = start_listening(d)) == 0 && (error = sandbox_enter()) == 0)
		error = workers_start(d);
	if (error != 0) {
		refuse(o, "%s", strerror(error));
		unclaim(d);
		return 1;
	}
	if (o->o_ready >= 0) {
		(void)!write(o->o_ready, "", 1);
		close(o->o_ready);
	}
	worker_loop(&d->d_workers[0]);
	destroy(d);
	return 0;
}

int
main(int argc, char **argv)
{
	struct daemon d = { .d_pidfd = -1, .d_commands = -1 };
	struct options o;

	if (read_options(&o, argc, argv) != 0)
		return 64;
	signal(SIGPIPE, SIG_IGN);
	if (background(&o) != 0 || claim(&d, &o) != 0)
		return 1;
	d.d_debug = o.o_debug;
	d.d_started = daemon_now(&d);
	find_commands(&d);
	load_commands(&d);
	return run(&d, &o);
}
