/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP in one process: two stacks joined by an epair, driven through the public interface, in one
 * thread or in two.
 *
 *	inproc_tcp [-6jw] [-h sim|posix] [-t SECONDS] [-n ROUNDS] [-m MTU] [-o NAME=VALUE ...] [-p THREADS]
 *	    [-k AT-ONCE] [bulk|bulk0|rr|conn ...]
 *
 *	-6	over IPv6
 *	-k	conn: so many connections side by side, each step for all of them (1)
 *	-o	a variable of both stacks, as net.inet.tcp.cc.algorithm=bbr, net.inet.tcp.persona=linux
 *	-p	in so many threads at once, each with a kernel and two stacks of its own; the sum
 *	-w	a worker and a thread for each of the two stacks, neither of which ever sleeps; not bulk0, and
 *		on the real host; -k of conn is how many may be on their way to be established
 *	bulk	bytes a second, written and read with a copy each (vi_send, vi_recv)
 *	bulk0	the same without copies (vi_send_prepare, vi_recv_peek)
 *	rr	1-byte round trips a second
 *	conn	connect, accept, close, see the end, close, a second
 *
 * Each for SECONDS (2) of real time, on both hosts unless
 * told otherwise; rr and conn for ROUNDS instead if that is said, so that instructions can be counted
 * (bench/count.sh).  -j prints JSON.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/socket.h>
#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#define CHUNK	(128u * 1024)
#define MAXTHREADS	64
#define MAXOPTIONS	16
#define MAXATONCE	512	/* of the listener's queue of 1,024 */
#define MAXOPEN		4096	/* -w: that a server has accepted and not seen the end of */

struct bench {
	struct vi_host	*b_host;
	struct vi_kernel *b_kernel;
	struct vi_vnet	*b_vn[2];
	struct vi_socket *b_listener, *b_so[2];	/* [1] of a connection is the accepted end */
	unsigned	 b_atonce;
	bool		 b_sim, b_two;	/* -w */
	uint32_t	 b_mtu;
	char		*const *b_options;	/* NAME=VALUE, NULL behind them */
	double		 b_seconds;
	uint64_t	 b_rounds;	/* 0 = as many as the time allows */
	uint8_t		*b_out, *b_in;
	const struct kind *b_kind;
	double		 b_value;
	pthread_barrier_t *b_ready;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
check(const char *what, int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "inproc_tcp: %s: %s\n", what, strerror(error));
	exit(1);
}

static bool
enough(const struct bench *b, uint64_t rounds, double seconds)
{
	return (b->b_rounds != 0 ? rounds >= b->b_rounds : seconds >= b->b_seconds);
}

/* Runs until nothing is left to do at once.  On the simulated host each turn takes 2 us. */
static void
turn(struct bench *b)
{
	while (vi_kernel_poll(b->b_kernel) == 0)
		;
	if (b->b_sim)
		vi_sim_advance(b->b_host, 2000);
}

static bool over6;

static struct vi_sockaddr
addr(int side, uint16_t port)
{
	const uint8_t a[4] = { 192, 0, 2, (uint8_t)(1 + side) };
	const uint8_t a6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(1 + side) };
	struct vi_sockaddr sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_family = (uint8_t)(over6 ? VI_AF_INET6 : VI_AF_INET);
	sa.sa_port = (uint16_t)(port >> 8 | port << 8);
	if (over6)
		memcpy(sa.sa_bytes, a6, sizeof(a6));
	else
		memcpy(sa.sa_bytes, a, sizeof(a));
	return (sa);
}

static struct vi_socket *
newsocket(struct bench *b, int side)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct vi_socket *so;
	int on = 1;

	check("socket", vi_socket(b->b_vn[side], over6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_STREAM, 0, &cred, &so));
	check("NODELAY", vi_setsockopt(so, VI_TCP_NODELAY, &on, sizeof(on)));
	return (so);
}

static void
set_option(struct vi_vnet *vn, const char *option)
{
	const struct vi_cred cred = { .cr_priv = true };
	const size_t n = strcspn(option, "=");
	char name[128];

	if (option[n] == '\0' || n >= sizeof(name))
		check(option, EINVAL);
	memcpy(name, option, n);
	name[n] = '\0';
	check(option, vi_sysctl_set(vn, name, option + n + 1, &cred));
}

static void
plumb(struct bench *b)
{
	char name[2][VI_IFNAMSIZ];
	struct vi_ifaddr ia;

	check("epair", vi_if_create(b->b_vn[0], "epair", name[0]));
	memcpy(name[1], name[0], sizeof(name[1]));
	name[1][strlen(name[1]) - 1] = 'b';
	check("move", vi_if_move(b->b_vn[0], name[1], b->b_vn[1]));
	for (int i = 0; i < 2; i++) {
		memset(&ia, 0, sizeof(ia));
		ia.ia_addr = addr(i, 0);
		ia.ia_prefixlen = over6 ? 64 : 24;
		if (over6)
			ia.ia_flags = VI_IN6_IFF_NODAD;
		for (char *const *o = b->b_options; *o != NULL; o++)
			set_option(b->b_vn[i], *o);
		if (b->b_mtu != 0)
			check("mtu", vi_if_set_mtu(b->b_vn[i], name[i], b->b_mtu));
		check("addr", vi_if_addr_add(b->b_vn[i], name[i], &ia, false));
		check("up", vi_if_set_flags(b->b_vn[i], name[i], VI_IFF_UP, 0));
	}
}

static struct vi_socket *
connecting(struct bench *b)
{
	const struct vi_sockaddr sa = addr(1, 80);
	struct vi_socket *so = newsocket(b, 0);
	const int error = vi_connect(so, &sa);

	if (error != 0 && error != EINPROGRESS)
		check("connect", error);
	return (so);
}

static struct vi_socket *
accepted(struct bench *b)
{
	struct vi_socket *so;
	int error = EAGAIN;

	for (int i = 0; i < 1000000 && (error = vi_accept(b->b_listener, &so, NULL)) == EAGAIN; i++)
		turn(b);
	check("accept", error);
	return (so);
}

static void
setup(struct bench *b, bool sim)
{
	const struct vi_posix_params pp = { 0 };
	struct vi_kernel_params kp;
	struct vi_sockaddr sa = addr(1, 80);

	b->b_sim = sim;
	check("host", sim ? vi_host_sim_new(1, &b->b_host) : vi_host_posix_new(&pp, &b->b_host));
	memset(&kp, 0, sizeof(kp));
	kp.kp_host = b->b_host;
	kp.kp_workers = b->b_two ? 2 : 1;
	check("kernel", vi_kernel_new(&kp, &b->b_kernel));
	vi_kernel_lock(b->b_kernel);
	check("vnet", vi_vnet_create(b->b_kernel, "a", &b->b_vn[0]));
	check("vnet", vi_vnet_create(b->b_kernel, "b", &b->b_vn[1]));
	for (unsigned i = 0; i < kp.kp_workers; i++)
		check("worker", vi_vnet_set_worker(b->b_vn[i], i));
	plumb(b);
	b->b_listener = newsocket(b, 1);
	check("bind", vi_bind(b->b_listener, &sa));
	check("listen", vi_listen(b->b_listener, 1024));
	b->b_so[0] = connecting(b);
	vi_kernel_unlock(b->b_kernel);
	turn(b);
	vi_kernel_lock(b->b_kernel);
	b->b_so[1] = accepted(b);
	vi_kernel_unlock(b->b_kernel);
	b->b_out = malloc(CHUNK);
	b->b_in = malloc(CHUNK);
	memset(b->b_out, 'x', CHUNK);
	memset(b->b_in, 'y', CHUNK);
}

static void
teardown(struct bench *b)
{
	vi_kernel_lock(b->b_kernel);
	vi_close(b->b_so[0]);
	vi_close(b->b_so[1]);
	vi_close(b->b_listener);
	vi_kernel_unlock(b->b_kernel);
	turn(b);
	if (vi_kernel_free(b->b_kernel, NULL, NULL) != 0)
		fprintf(stderr, "inproc_tcp: something was left behind\n");
	if (b->b_sim)
		vi_host_sim_free(b->b_host);
	else
		vi_host_posix_free(b->b_host);
	free(b->b_out);
	free(b->b_in);
}

static double
bulk(struct bench *b)
{
	double t0 = now(), t = t0;
	uint64_t bytes = 0;
	size_t n;

	for (unsigned i = 1; t - t0 < b->b_seconds; i++) {
		while (vi_send(b->b_so[0], b->b_out, CHUNK, 0, &n) == 0 && n == CHUNK)
			;
		turn(b);
		while (vi_recv(b->b_so[1], b->b_in, CHUNK, 0, &n) == 0 && n > 0)
			bytes += n;
		turn(b);
		if (i % 64 == 0)
			t = now();
	}
	return ((double)bytes / (now() - t0));
}

static bool
send_nocopy(struct bench *b)
{
	struct vi_iovec iov[4];
	unsigned niov = 4;
	size_t n = 0;

	if (vi_send_prepare(b->b_so[0], CHUNK, iov, &niov) != 0)
		return (false);
	for (unsigned i = 0; i < niov; i++)
		n += iov[i].iov_len;
	return (vi_send_commit(b->b_so[0], n, 0) == 0);
}

static size_t
recv_nocopy(struct bench *b)
{
	struct vi_iovec iov[16];
	unsigned niov = 16;
	size_t n = 0;

	if (vi_recv_peek(b->b_so[1], SIZE_MAX, iov, &niov) != 0)
		return (0);
	for (unsigned i = 0; i < niov; i++)
		n += iov[i].iov_len;
	check("consume", vi_recv_consume(b->b_so[1], n));
	return (n);
}

static double
bulk0(struct bench *b)
{
	double t0 = now(), t = t0;
	uint64_t bytes = 0;
	size_t n;

	for (unsigned i = 1; t - t0 < b->b_seconds; i++) {
		while (send_nocopy(b))
			;
		turn(b);
		while ((n = recv_nocopy(b)) > 0)
			bytes += n;
		turn(b);
		if (i % 64 == 0)
			t = now();
	}
	return ((double)bytes / (now() - t0));
}

static void
pass(struct bench *b, int from)
{
	uint8_t c = 1;
	size_t n;
	int error;

	check("send", vi_send(b->b_so[from], &c, 1, 0, &n));
	do {
		turn(b);
		error = vi_recv(b->b_so[1 - from], &c, 1, 0, &n);
	} while (error == EAGAIN);
	check("recv", error);
}

/* The benchmark before may have left bytes on the way. */
static void
settle(struct bench *b)
{
	size_t n;

	for (int i = 0; i < 10000; i++) {
		turn(b);
		if (b->b_sim)
			vi_sim_advance(b->b_host, 100000);
		for (int s = 0; s < 2; s++)
			while (vi_recv(b->b_so[s], b->b_in, CHUNK, 0, &n) == 0 && n > 0)
				i = 0;
	}
}

static double
rr(struct bench *b)
{
	double t0, t;
	uint64_t rounds = 0;

	settle(b);
	t0 = t = now();
	while (!enough(b, rounds, t - t0)) {
		for (int i = 0; i < 256; i++) {
			pass(b, 0);
			pass(b, 1);
		}
		rounds += 256;
		t = now();
	}
	return ((double)rounds / (t - t0));
}

/* As a server does: it closes when it has read the end of what the client sent. */
static void
disconnected(struct bench *b, struct vi_socket *so)
{
	size_t n;

	check("recv", vi_recv(so, b->b_in, 1, 0, &n));
	if (n != 0)
		check("end of file", EPROTO);
	vi_close(so);
}

static double
conn(struct bench *b)
{
	struct vi_socket *client[MAXATONCE], *server[MAXATONCE];
	const unsigned n = b->b_atonce;
	double t0 = now(), t = t0;
	uint64_t rounds = 0;

	while (!enough(b, rounds, t - t0)) {
		for (unsigned done = 0; done < 64; done += n, rounds += n) {
			for (unsigned i = 0; i < n; i++)
				client[i] = connecting(b);
			turn(b);
			for (unsigned i = 0; i < n; i++)
				server[i] = accepted(b);
			for (unsigned i = 0; i < n; i++)
				vi_close(client[i]);
			turn(b);
			for (unsigned i = 0; i < n; i++)
				disconnected(b, server[i]);
			turn(b);
		}
		t = now();
	}
	return ((double)rounds / (t - t0));
}

/*
 * Two threads: what each does with its stack before it polls, between vi_worker_enter() and _leave().
 */

struct side {
	struct bench	*s_bench;
	unsigned	 s_i;		/* of the stack and its worker */
	bool		 s_sent;	/* rr: the answer is awaited */
	uint64_t	 s_done;
	struct vi_socket *s_open[MAXOPEN];	/* conn: from s_first on, s_n of them, the oldest first */
	unsigned	 s_first, s_n;
	atomic_bool	*s_stop;
};

static void
bulk_send(struct side *s)
{
	struct bench *b = s->s_bench;
	size_t n;

	while (vi_send(b->b_so[0], b->b_out, CHUNK, 0, &n) == 0 && n == CHUNK)
		;
}

static void
bulk_receive(struct side *s)
{
	struct bench *b = s->s_bench;
	size_t n;

	while (vi_recv(b->b_so[1], b->b_in, CHUNK, 0, &n) == 0 && n > 0)
		s->s_done += n;
}

static void
rr_ask(struct side *s)
{
	struct vi_socket *so = s->s_bench->b_so[0];
	uint8_t c = 1;
	size_t n;

	if (!s->s_sent)
		check("send", vi_send(so, &c, 1, 0, &n));
	s->s_sent = vi_recv(so, &c, 1, 0, &n) != 0;
	s->s_done += !s->s_sent;
}

static void
rr_answer(struct side *s)
{
	struct vi_socket *so = s->s_bench->b_so[1];
	uint8_t c;
	size_t n;

	if (vi_recv(so, &c, 1, 0, &n) == 0)
		check("send", vi_send(so, &c, 1, 0, &n));
}

static void
side_push(struct side *s, struct vi_socket *so)
{
	s->s_open[(s->s_first + s->s_n++) % MAXOPEN] = so;
}

static void
side_pop(struct side *s)
{
	vi_close(s->s_open[s->s_first]);
	s->s_first = (s->s_first + 1) % MAXOPEN;
	s->s_n--;
}

static void
conn_connect(struct side *s)
{
	while (s->s_n > 0 && (vi_poll(s->s_open[s->s_first]) & VI_POLLOUT) != 0)
		side_pop(s);
	while (s->s_n < s->s_bench->b_atonce)
		side_push(s, connecting(s->s_bench));
}

static void
conn_accept(struct side *s)
{
	struct vi_socket *so;
	size_t n;
	uint8_t c;

	while (s->s_n < MAXOPEN && vi_accept(s->s_bench->b_listener, &so, NULL) == 0)
		side_push(s, so);
	for (; s->s_n > 0 && vi_recv(s->s_open[s->s_first], &c, 1, 0, &n) == 0; s->s_done++)
		side_pop(s);
}

static const struct kind {
	const char	*name, *unit;
	double		(*run)(struct bench *);
	double		scale;
	void		(*step[2])(struct side *);	/* NULL: not in two threads */
	unsigned	counts;				/* which of them s_done is of */
} kinds[] = {
	{ "bulk", "GB/s", bulk, 1e-9, { bulk_send, bulk_receive }, 1 },
	{ "bulk0", "GB/s", bulk0, 1e-9, { NULL, NULL }, 0 },
	{ "rr", "round trips/s", rr, 1, { rr_ask, rr_answer }, 0 },
	{ "conn", "connections/s", conn, 1, { conn_connect, conn_accept }, 1 },
};

static void *
side_run(void *arg)
{
	struct side *s = arg;
	struct vi_worker *w = vi_kernel_worker(s->s_bench->b_kernel, s->s_i);

	while (!atomic_load_explicit(s->s_stop, memory_order_relaxed)) {
		vi_worker_enter(w);
		s->s_bench->b_kind->step[s->s_i](s);
		(void)vi_worker_poll(w);
		vi_worker_leave(w);
	}
	return (NULL);
}

static double
run_two(struct bench *b)
{
	struct side *s[2];
	atomic_bool stop = false;
	pthread_t thread[2];
	const double t0 = now();
	double took, done;

	for (unsigned i = 0; i < 2; i++) {
		if ((s[i] = calloc(1, sizeof(*s[i]))) == NULL)
			check("side", ENOMEM);
		s[i]->s_bench = b;
		s[i]->s_i = i;
		s[i]->s_stop = &stop;
		check("thread", pthread_create(&thread[i], NULL, side_run, s[i]));
	}
	usleep((useconds_t)(b->b_seconds * 1e6));
	atomic_store(&stop, true);
	took = now() - t0;
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	done = (double)s[b->b_kind->counts]->s_done;
	vi_kernel_lock(b->b_kernel);
	for (unsigned i = 0; i < 2; i++) {
		while (s[i]->s_n > 0)
			side_pop(s[i]);
		free(s[i]);
	}
	vi_kernel_unlock(b->b_kernel);
	return (done / took);
}

static bool
wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return (true);
	return (argc == 0);
}

static void *
run_thread(void *arg)
{
	struct bench *b = arg;

	setup(b, b->b_sim);
	pthread_barrier_wait(b->b_ready);
	b->b_value = b->b_two ? run_two(b) : b->b_kind->run(b);
	teardown(b);
	return (NULL);
}

/* The sum of what as many threads do at the same time. */
static double
run_threads(const struct bench *what, unsigned n)
{
	pthread_barrier_t ready;
	struct bench b[MAXTHREADS];
	pthread_t thread[MAXTHREADS];
	double sum = 0;

	pthread_barrier_init(&ready, NULL, n);
	for (unsigned i = 0; i < n; i++) {
		b[i] = *what;
		b[i].b_ready = &ready;
		check("thread", pthread_create(&thread[i], NULL, run_thread, &b[i]));
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(thread[i], NULL);
		sum += b[i].b_value;
	}
	pthread_barrier_destroy(&ready);
	return (sum);
}

static void
run_host(struct bench *b, unsigned threads, bool json, int argc, char **argv)
{
	const char *host = b->b_sim ? "sim" : "posix";
	double v;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = b->b_kind = &kinds[i];

		if (!wanted(kind->name, argc, argv) || (b->b_two && kind->step[0] == NULL))
			continue;
		v = run_threads(b, threads) * kind->scale;
		if (json)
			printf("{\"bench\": \"inproc_tcp\", \"host\": \"%s\", \"test\": \"%s\", \"threads\": %u, "
			    "\"value\": %.3f, \"unit\": \"%s\"}\n", host, kind->name, b->b_two ? 2 * threads : threads, v, kind->unit);
		else
			printf("%-6s %-6s %14.2f %s\n", host, kind->name, v, kind->unit);
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	char *options[MAXOPTIONS + 1] = { NULL };
	struct bench b = { .b_seconds = 2, .b_atonce = 1, .b_options = options };
	unsigned noptions = 0;
	const char *host = NULL;
	unsigned threads = 1;
	bool json = false;
	int c;

	while ((c = getopt(argc, argv, "6jh:k:t:m:n:o:p:w")) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case '6':
			over6 = true;
			break;
		case 'h':
			host = optarg;
			break;
		case 'w':
			b.b_two = true;
			break;
		case 't':
			b.b_seconds = strtod(optarg, NULL);
			break;
		case 'm':
			b.b_mtu = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			b.b_rounds = strtoull(optarg, NULL, 10);
			break;
		case 'o':
			if (noptions == MAXOPTIONS)
				goto usage;
			options[noptions++] = optarg;
			break;
		case 'k':
			b.b_atonce = (unsigned)strtoul(optarg, NULL, 10);
			if (b.b_atonce >= 1 && b.b_atonce <= MAXATONCE)
				break;
			goto usage;
		case 'p':
			threads = (unsigned)strtoul(optarg, NULL, 10);
			if (threads >= 1 && threads <= MAXTHREADS)
				break;
			/* FALLTHROUGH */
		default:
usage:
			fprintf(stderr, "usage: inproc_tcp [-6jw] [-h sim|posix] [-t seconds] [-n rounds] [-m mtu] "
			    "[-o name=value] [-p threads] [-k at-once] [bulk|bulk0|rr|conn ...]\n");
			return (64);
		}
	}
	for (int sim = 1; sim >= 0; sim--) {
		b.b_sim = sim != 0;
		if (b.b_sim && b.b_two)
			continue;
		if (host == NULL || strcmp(host, b.b_sim ? "sim" : "posix") == 0)
			run_host(&b, threads, json, argc - optind, argv + optind);
	}
	return (0);
}
