/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lx_harness [-ksv] [-d ms] [-w port] PROGRAM [ARGUMENT...] [-- PROGRAM [ARGUMENT...]]
 *
 * Runs one program in vnet A and one in vnet B of a kernel made for the purpose: no daemon, no
 * jail, no namespace.  Both vnets have lo0 with 127.0.0.1; an epair joins 192.0.2.1/24 (A) and
 * 192.0.2.2/24 (B).
 *
 *	-d	destroy vnet A this many milliseconds after its program began
 *	-k	end A (SIGTERM) when B has ended
 *	-w	start B when something in A is bound to this port
 *	-s	both programs in vnet A
 *	-v	counters at the end
 *
 * The status is B's when there is one, otherwise A's.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <vimage/ifnet.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#include "linux/linux.h"
#include "linux/loop.h"

struct prog {
	char	**argv;
	struct vi_vnet *vnet;
	struct lx_program *program;
	pid_t	 pid;
	int	 status;
	bool	 gone;
};

struct harness {
	struct vi_kernel *kernel;
	struct vi_worker *worker;
	struct lx_loop *loop;
	struct lx *lx;
	struct lx_event sigev;
	int	 sigfd;
	struct prog prog[2];
	int	 nprogs;
	bool	 kill, verbose, same;
	uint16_t port;
	bool	 bound;
	uint64_t doom;		/* when vnet A goes; 0: never */
	unsigned leaks;
};

static void
check(const char *what, int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "lx_harness: %s: %s\n", what, strerror(error));
	exit(99);
}

static void
address(struct vi_vnet *vn, const char *ifname, const char *addr, uint8_t plen)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET }, .ia_prefixlen = plen };

	inet_pton(AF_INET, addr, &ia.ia_addr.sa_in);
	check(addr, vi_if_addr_add(vn, ifname, &ia, false));
	check(ifname, vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
}

static void
net_make(struct harness *h)
{
	char name[VI_IFNAMSIZ], other[VI_IFNAMSIZ];
	struct vi_vnet *vn0 = vi_vnet0(h->kernel);
	int i;

	check("vnet a", vi_vnet_create(h->kernel, "a", &h->prog[0].vnet));
	check("vnet b", vi_vnet_create(h->kernel, "b", &h->prog[1].vnet));
	check("epair", vi_if_create(vn0, "epair", name));
	snprintf(other, sizeof(other), "%s", name);
	other[strlen(other) - 1] = 'b';
	check("move", vi_if_move(vn0, name, h->prog[0].vnet));
	check("move", vi_if_move(vn0, other, h->prog[1].vnet));
	for (i = 0; i < 2; i++)
		address(h->prog[i].vnet, "lo0", "127.0.0.1", 8);
	address(h->prog[0].vnet, name, "192.0.2.1", 24);
	address(h->prog[1].vnet, other, "192.0.2.2", 24);
	if (h->same)
		h->prog[1].vnet = h->prog[0].vnet;
}

static void
child(char **argv, int up, int down)
{
	sigset_t none;
	int fd;
	char go;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd = lx_filter_install(0);
	if (fd < 0) {
		perror("lx_filter_install");
		_exit(98);
	}
	if (write(up, &fd, sizeof(fd)) != sizeof(fd) || read(down, &go, 1) != 1)
		_exit(97);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static void
prog_start(struct harness *h, struct prog *p)
{
	struct lx_program_params params = {
	    .pr_vnet = p->vnet, .pr_cookie = p};
	int up[2], down[2], fd, pidfd;

	for (unsigned i = 0; i < VI_CLASS_MAX; i++)
		params.pr_use.us_jid[i] = p == h->prog ? 1 : 2;
	if (pipe(up) != 0 || pipe(down) != 0)
		check("pipe", errno);
	p->pid = fork();
	if (p->pid == 0) {
		close(up[0]);
		close(down[1]);
		child(p->argv, up[1], down[0]);
	}
	close(up[1]);
	close(down[0]);
	if (read(up[0], &fd, sizeof(fd)) != sizeof(fd))
		check("listener", EPROTO);
	pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	params.pr_listener = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (params.pr_listener < 0)
		check("pidfd_getfd", errno);
	params.pr_rootuid = getuid();
	params.pr_rootgid = getgid();
	params.pr_userns = lx_userns(p->pid);	/* an ordinary user's run makes one for all of us */
	params.pr_witness = -1;
	check("lx_attach", lx_attach(h->lx, &params, &p->program));
	(void)!write(down[1], "", 1);
	close(pidfd);
	close(up[0]);
	close(down[1]);
}

static void
reap(struct lx_event *le, uint32_t events)
{
	struct harness *h =
	    (struct harness *)(void *)((char *)le - offsetof(struct harness, sigev));
	struct signalfd_siginfo si;
	int i, status;
	pid_t pid;

	(void)events;
	(void)!read(h->sigfd, &si, sizeof(si));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < h->nprogs; i++)
			if (h->prog[i].pid == pid) {
				h->prog[i].gone = true;
				h->prog[i].status = WIFEXITED(status) ? WEXITSTATUS(status)
								      : 128 + WTERMSIG(status);
				if (i == 1 && h->kill && !h->prog[0].gone)
					kill(h->prog[0].pid, SIGTERM);
			}
}

static void
bound(void *arg, const struct vi_pcbinfo *pi)
{
	struct harness *h = arg;

	if (ntohs(pi->pi_local.sa_port) == h->port)
		h->bound = true;
}

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec);
}

static void
leak(void *arg, const struct vi_leak *lk)
{
	(void)arg;
	fprintf(stderr, "lx_harness: leak: %s: %llu objects, %llu bytes\n", lk->lk_zone,
	    (unsigned long long)lk->lk_count, (unsigned long long)lk->lk_bytes);
}

/* As the daemon does it when a jail is removed, but the program lives on to see it. */
static uint64_t
doom(struct harness *h, uint64_t wait)
{
	uint64_t t = now();

	if (h->doom == 0 || t < h->doom)
		return (h->doom != 0 && h->doom - t < wait ? h->doom - t : wait);
	h->doom = 0;
	lx_vnet_gone(h->lx, h->prog[0].vnet);
	h->leaks += vi_vnet_destroy(h->prog[0].vnet, leak, NULL);
	return (0);
}

static bool
finished(struct harness *h)
{
	return (h->prog[0].gone && (h->nprogs == 1 || h->prog[1].pid == 0 || h->prog[1].gone));
}

static void
run(struct harness *h)
{
	uint64_t wait = 0;
	bool again;

	if (h->doom != 0)
		h->doom = now() + h->doom * 1000000;
	prog_start(h, &h->prog[0]);
	while (!finished(h)) {
		if (h->nprogs == 2 && h->prog[1].pid == 0) {
			if (h->port != 0)
				vi_pcbs(h->prog[0].vnet, bound, h);
			if (h->port == 0 || h->bound)
				prog_start(h, &h->prog[1]);
		}
		lx_loop_sleep(h->loop, wait);
		vi_worker_enter(h->worker);
		lx_loop_dispatch(h->loop);
		again = lx_loop_late(h->loop);
		wait = vi_worker_poll(h->worker);
		if (again)
			wait = 0;
		vi_worker_leave(h->worker);
		wait = doom(h, wait);
	}
}

static void
gone(void *arg, struct lx_program *pr, void *cookie)
{
	(void)arg;
	(void)pr;
	((struct prog *)cookie)->program = NULL;
}

static void
options(struct harness *h, int argc, char **argv)
{
	int ch, i;

	while ((ch = getopt(argc, argv, "+d:ksvw:")) != -1)
		switch (ch) {
		case 'd':
			h->doom = (uint64_t)atoi(optarg);
			break;
		case 'k':
			h->kill = true;
			break;
		case 's':
			h->same = true;
			break;
		case 'v':
			h->verbose = true;
			break;
		case 'w':
			h->port = (uint16_t)atoi(optarg);
			break;
		default:
			exit(64);
		}
	if (optind == argc)
		exit(64);
	h->prog[0].argv = argv + optind;
	h->nprogs = 1;
	for (i = optind; i < argc; i++)
		if (strcmp(argv[i], "--") == 0 && h->nprogs == 1) {
			argv[i] = NULL;
			h->prog[1].argv = argv + i + 1;
			h->nprogs = 2;
		}
}

static void
wake(void *arg, unsigned worker)
{
	struct harness *h = arg;

	(void)worker;
	if (h->loop != NULL)
		lx_loop_wake(h->loop);
}

int
main(int argc, char **argv)
{
	static struct harness h;
	static const struct lx_ops ops = { .lo_program_gone = gone };
	struct rlimit rl = { 65536, 65536 };
	struct vi_kernel_params kp = { .kp_workers = 1 };
	struct vi_posix_params pp = { .pp_wake = wake, .pp_arg = &h };
	struct lx_stats st;
	sigset_t set;
	unsigned leaks;

	options(&h, argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	h.sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	check("host", vi_host_posix_new(&pp, &kp.kp_host));
	check("kernel", vi_kernel_new(&kp, &h.kernel));
	net_make(&h);
	h.worker = vi_kernel_worker(h.kernel, 0);
	check("loop", lx_loop_new(&h.loop));
	check("signals", lx_loop_add(h.loop, &h.sigev, h.sigfd, EPOLLIN, reap));
	check("lx", lx_new(h.worker, h.loop, &ops, &h, &h.lx));
	run(&h);
	lx_stats_get(h.lx, &st);
	if (h.verbose)
		fprintf(stderr,
		    "notifications %llu sockets %llu continued %llu lost %llu in %llu out %llu\n",
		    (unsigned long long)st.ls_notifications, (unsigned long long)st.ls_sockets,
		    (unsigned long long)st.ls_continued, (unsigned long long)st.ls_lost,
		    (unsigned long long)st.ls_bytes_in, (unsigned long long)st.ls_bytes_out);
	lx_free(h.lx);
	leaks = vi_kernel_free(h.kernel, leak, NULL);
	lx_loop_del(h.loop, &h.sigev);
	lx_loop_free(h.loop);
	vi_host_posix_free(kp.kp_host);
	if (leaks + h.leaks != 0)
		return (96);
	return (h.prog[h.nprogs - 1].status);
}
