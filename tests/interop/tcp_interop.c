/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_interop [long]: our TCP against the host kernel's.
 *
 * Theory of operation.  One thread has everything: our kernel on the real clock, the cable with a tap at its other end (relay.h), and the host kernel's sockets in an epoll
 * set.  A run opens many connections at once, in equal parts from either side and over IPv4 and IPv6.  On each the caller sends four bytes that say which connection it is;
 * then both send a stream that is a function of the connection, the direction and the offset, close their half, and read the other's to its end.  So every byte lost, doubled,
 * altered or crossed over from another connection is seen, as is an end that comes too early or never.  The runs differ in what the cable does.
 *
 * Exit 77 (skipped) where the host gives no namespace or no tap.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/interop/relay.h"
#include "tests/interop/tap.h"
#include "tests/lib/tl.h"

#define OUR_IN4		"10.99.0.2"
#define OUR_IN6		"fd99::2"
#define PORT		7000
#define PERIOD		65521		/* of the stream: a prime, so that it fits no buffer's size */
#define IOSIZE		16384
#define IDLEN		4
#define MAXFLOWS	1000
#define PATIENCE	120		/* s without a byte anywhere */

/* One end of a connection. */
struct half {
	int		 h_fd;		/* the host kernel's, or -1 */
	struct vi_socket *h_so;		/* ours, or NULL */
	bool		 h_caller;
	size_t		 h_idlen;	/* bytes of the identity sent or read so far */
	uint8_t		 h_id[IDLEN];
	struct flow	*h_flow;	/* NULL: not known yet */
	size_t		 h_sent, h_got;
	bool		 h_shut, h_eof;
};

struct flow {
	unsigned	 f_id;
	struct half	*f_half[2];	/* [0] the caller's */
};

static struct {
	struct tl	 t;		/* host and kernel, here the real one */
	struct vi_vnet	*vn;
	struct relay	 relay;
	int		 ep, lfd[2];
	struct vi_socket *lso[2];
	struct flow	 flow[MAXFLOWS];
	unsigned	 nflows, done;	/* done: halves that have all */
	size_t		 total;
	uint64_t	 moved;		/* when something moved last */
	uint8_t		 stream[PERIOD + IOSIZE];
} g;

/* The stream. */

static void
stream_make(void)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < PERIOD; i++) {
		x = x * 1664525u + 1013904223u;
		g.stream[i] = (uint8_t)(x >> 24);
	}
	memcpy(g.stream + PERIOD, g.stream, IOSIZE);
}

/* What the caller (or the called) of a connection sends from this offset on; IOSIZE bytes are there. */
static const uint8_t *
stream_at(const struct flow *f, bool caller, size_t off)
{
	return (g.stream + (off + f->f_id * 977u + (caller ? 0 : 31337u)) % PERIOD);
}

/* Either kind of socket: 0, EAGAIN, or the error. */

static int
half_send(struct half *h, const void *p, size_t len, size_t *n)
{
	ssize_t k;

	if (h->h_so != NULL)
		return (vi_send(h->h_so, p, len, 0, n));
	if ((k = send(h->h_fd, p, len, MSG_NOSIGNAL)) < 0)
		return (errno);
	*n = (size_t)k;
	return (0);
}

static int
half_recv(struct half *h, void *p, size_t len, size_t *n)
{
	ssize_t k;

	if (h->h_so != NULL)
		return (vi_recv(h->h_so, p, len, 0, n));
	if ((k = recv(h->h_fd, p, len, 0)) < 0)
		return (errno);
	*n = (size_t)k;
	return (0);
}

static int
half_shut(struct half *h)
{
	if (h->h_so != NULL)
		return (vi_shutdown(h->h_so, VI_SHUT_WR));
	return (shutdown(h->h_fd, SHUT_WR) != 0 ? errno : 0);
}

static void
half_fail(const struct half *h, const char *what, int error)
{
	fail_msg("connection %d, %s, %s: %s: %s (sent %zu, got %zu of %zu)", h->h_flow != NULL ? (int)h->h_flow->f_id : -1,
	    h->h_so != NULL ? "vimage" : "Linux", h->h_caller ? "caller" : "called", what, strerror(error), h->h_sent, h->h_got, g.total);
}

/* True: go on. */
static bool
half_may(const struct half *h, const char *what, int error)
{
	if (error == 0)
		g.moved = relay_clock();
	else if (error != EAGAIN && error != ENOTCONN)
		half_fail(h, what, error);
	return (error == 0);
}

/* The caller says which connection it is. */
static bool
half_tell(struct half *h)
{
	size_t n;

	while (h->h_idlen < IDLEN) {
		if (!half_may(h, "send", half_send(h, h->h_id + h->h_idlen, IDLEN - h->h_idlen, &n)))
			return (false);
		h->h_idlen += n;
	}
	return (true);
}

static bool
half_learn(struct half *h)
{
	unsigned id;
	size_t n;

	if (h->h_flow != NULL)
		return (true);
	while (h->h_idlen < IDLEN) {
		if (!half_may(h, "recv", half_recv(h, h->h_id + h->h_idlen, IDLEN - h->h_idlen, &n)))
			return (false);
		if (n == 0)
			half_fail(h, "end of file in the first bytes", 0);
		h->h_idlen += n;
	}
	id = (unsigned)(h->h_id[0] << 24 | h->h_id[1] << 16 | h->h_id[2] << 8 | h->h_id[3]);
	if (id >= g.nflows || g.flow[id].f_half[1] != NULL)
		half_fail(h, "says to be a connection that it is not", 0);
	h->h_flow = &g.flow[id];
	h->h_flow->f_half[1] = h;
	return (true);
}

static void
half_write(struct half *h)
{
	size_t n, len;

	while (h->h_sent < g.total) {
		len = g.total - h->h_sent < IOSIZE ? g.total - h->h_sent : IOSIZE;
		if (!half_may(h, "send", half_send(h, stream_at(h->h_flow, h->h_caller, h->h_sent), len, &n)))
			return;
		h->h_sent += n;
	}
	if (!h->h_shut && half_may(h, "shutdown", half_shut(h)))
		h->h_shut = true;
}

static void
half_read(struct half *h)
{
	uint8_t buf[IOSIZE];
	size_t n;

	while (!h->h_eof && half_may(h, "recv", half_recv(h, buf, sizeof(buf), &n))) {
		h->h_eof = n == 0;
		if (h->h_got + n > g.total)
			half_fail(h, "more than was sent", 0);
		if (memcmp(buf, stream_at(h->h_flow, !h->h_caller, h->h_got), n) != 0)
			half_fail(h, "altered", 0);
		h->h_got += n;
	}
	if (h->h_eof && h->h_got != g.total)
		half_fail(h, "end of file too early", 0);
}

static void
half_go(struct half *h)
{
	bool was = h->h_shut && h->h_eof;

	if (was || !(h->h_caller ? half_tell(h) : half_learn(h)))
		return;
	half_write(h);
	half_read(h);
	if (h->h_shut && h->h_eof)
		g.done++;
}

/* Life of halves. */

static void
half_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct half *h = arg;
	int error;

	if (vi_socket_dead(so))
		return;			/* a failed run is taken down */
	if ((events & VI_POLLERR) != 0 && (error = tl_sockerr(so)) != 0)
		half_fail(h, "socket", error);
	half_go(h);
}

static struct half *
half_new(int fd, struct vi_socket *so, struct flow *f)
{
	struct half *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->h_fd = fd;
	h->h_so = so;
	if ((h->h_flow = f) != NULL) {
		h->h_caller = true;
		f->f_half[0] = h;
		for (unsigned i = 0; i < IDLEN; i++)
			h->h_id[i] = (uint8_t)(f->f_id >> (24 - 8 * i));
	}
	return (h);
}

static void
half_free(struct half *h)
{
	if (h == NULL)
		return;
	if (h->h_so != NULL)
		vi_close(h->h_so);
	else
		close(h->h_fd);
	free(h);
}

static void
watch(int fd, void *data)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = data };

	assert_int_equal(epoll_ctl(g.ep, EPOLL_CTL_ADD, fd, &ev), 0);
}

/* Calls and listeners. */

static socklen_t
linux_addr(struct sockaddr_storage *ss, bool six, const char *text)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET6, text, &sin6.sin6_addr);
	inet_pton(AF_INET, text, &sin.sin_addr);
	memset(ss, 0, sizeof(*ss));
	if (six)
		memcpy(ss, &sin6, sizeof(sin6));
	else
		memcpy(ss, &sin, sizeof(sin));
	return (six ? sizeof(sin6) : sizeof(sin));
}

static int
linux_socket(bool six)
{
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return (fd);
}

static void
linux_call(struct flow *f, bool six)
{
	struct sockaddr_storage ss;
	socklen_t len = linux_addr(&ss, six, six ? OUR_IN6 : OUR_IN4);
	int fd = linux_socket(six);

	if (connect(fd, (struct sockaddr *)&ss, len) != 0)
		assert_int_equal(errno, EINPROGRESS);
	watch(fd, half_new(fd, NULL, f));
}

static void
our_call(struct flow *f, bool six)
{
	struct vi_sockaddr sa = tl_addr(six ? TAP_IN6 : TAP_IN4, PORT);
	struct vi_socket *so = tl_socketof(g.vn, six ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_STREAM);

	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	vi_socket_upcall(so, half_upcall, half_new(-1, so, f));
}

static void
our_accept(struct vi_socket *lso, unsigned events, void *arg)
{
	struct vi_socket *so;

	(void)events, (void)arg;
	while (vi_accept(lso, &so, NULL) == 0)
		vi_socket_upcall(so, half_upcall, half_new(-1, so, NULL));
}

static void
linux_accept(int lfd)
{
	int fd;

	while ((fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(fd, half_new(fd, NULL, NULL));
}

static void
linux_listen(int six)
{
	struct sockaddr_storage ss;
	socklen_t len = linux_addr(&ss, six, six ? TAP_IN6 : TAP_IN4);

	g.lfd[six] = linux_socket(six);
	assert_int_equal(bind(g.lfd[six], (struct sockaddr *)&ss, len), 0);
	assert_int_equal(listen(g.lfd[six], MAXFLOWS), 0);
	watch(g.lfd[six], &g.lfd[six]);
}

static void
our_listen(int six)
{
	const char *addr = six ? OUR_IN6 : OUR_IN4;
	struct vi_sockaddr sa = tl_addr(addr, PORT);

	g.lso[six] = tl_socketof(g.vn, six ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_STREAM);
	tl_ok(vi_bind(g.lso[six], &sa));
	tl_ok(vi_listen(g.lso[six], MAXFLOWS));
	vi_socket_upcall(g.lso[six], our_accept, NULL);
}

/* A run. */

static void
linux_events(int timeout)
{
	struct epoll_event ev[256];
	int n = epoll_wait(g.ep, ev, 256, timeout);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr == &g.lfd[0] || ev[i].data.ptr == &g.lfd[1])
			linux_accept(*(int *)ev[i].data.ptr);
		else if (ev[i].data.ptr != &g.relay)
			half_go(ev[i].data.ptr);
	}
}

static void
step(void)
{
	uint64_t wait, due;

	relay_run(&g.relay);
	wait = vi_kernel_poll(g.t.k);
	if ((due = relay_due(&g.relay)) < wait)
		wait = due;
	linux_events(wait > TL_SEC ? 1000 : (int)((wait + TL_MS - 1) / TL_MS));
	if (relay_clock() - g.moved > PATIENCE * TL_SEC)
		fail_msg("%u of %u halves done, and nothing moves", g.done, 2 * g.nflows);
}

static void
run(const struct ills *il, unsigned nflows, size_t total)
{
	uint64_t begin = relay_clock();

	relay_ills(&g.relay, il, 7);
	g.nflows = nflows;
	g.total = total;
	g.done = 0;
	g.moved = begin;
	for (unsigned i = 0; i < nflows; i++) {
		g.flow[i] = (struct flow){ .f_id = i };
		if (i & 1)
			our_call(&g.flow[i], (i & 2) != 0);
		else
			linux_call(&g.flow[i], (i & 2) != 0);
	}
	while (g.done < 2 * nflows)
		step();
	printf("%-10s %4u connections, 2 x %7zu bytes each, %6.2f s; frames %8llu lost %6llu doubled %6llu damaged %6llu late %6llu\n",
	    il->il_name, nflows, total, (double)(relay_clock() - begin) / 1e9, (unsigned long long)g.relay.r_count,
	    (unsigned long long)g.relay.r_lost, (unsigned long long)g.relay.r_doubled, (unsigned long long)g.relay.r_corrupted,
	    (unsigned long long)g.relay.r_late);
	fflush(stdout);
	for (unsigned i = 0; i < nflows; i++)
		for (int k = 0; k < 2; k++)
			half_free(g.flow[i].f_half[k]);
}

static const struct ills clean = { .il_name = "clean" },
    lossy = { .il_name = "loss", .il_loss = 20, .il_delay = 1000 },
    doubling = { .il_name = "dup", .il_dup = 50, .il_delay = 1000 },
    reordering = { .il_name = "reorder", .il_reorder = 50, .il_delay = 1000, .il_hold = 5000 },
    damaging = { .il_name = "corrupt", .il_corrupt = 20, .il_delay = 1000 },
    all = { .il_name = "all", .il_loss = 15, .il_dup = 15, .il_reorder = 30, .il_corrupt = 15, .il_delay = 2000, .il_hold = 8000 };

static void
a_short_while(void **state)
{
	(void)state;
	run(&clean, 40, 400000);
	run(&reordering, 40, 100000);
	run(&all, 100, 20000);
}

static void
at_length(void **state)
{
	(void)state;
	run(&clean, 400, 1000000);
	run(&lossy, 400, 200000);
	run(&doubling, 400, 500000);
	run(&reordering, 400, 500000);
	run(&damaging, 400, 200000);
	run(&all, 800, 200000);
}

static int
begin(void **state)
{
	const struct vi_posix_params pp = { 0 };
	const struct rlimit rl = { 4096, 4096 };
	char ifname[VI_IFNAMSIZ];
	int tap = *(int *)*state;
	struct vi_ifaddr ia;

	stream_make();
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	assert_true((g.ep = epoll_create1(EPOLL_CLOEXEC)) >= 0);
	tl_ok(vi_host_posix_new(&pp, &g.t.host));
	tl_ok(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = g.t.host }, &g.t.k));
	g.vn = tl_vnet(&g.t, "interop");
	/* As patient as the other side is made (tap.c). */
	tl_ok(vi_sysctl_set(g.vn, "net.inet.tcp.syn_retries", "9", &tl_root));
	tl_ok(vi_sysctl_set(g.vn, "net.inet.tcp.keepinit", "1000000", &tl_root));
	relay_init(&g.relay, g.vn, tap, ifname);
	watch(tap, &g.relay);
	tl_ifaddr(g.vn, ifname, OUR_IN4, 24);
	ia = (struct vi_ifaddr){ .ia_addr = tl_addr(OUR_IN6, 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_NODAD };
	tl_ok(vi_if_addr_add(g.vn, ifname, &ia, true));
	for (int six = 0; six < 2; six++) {
		linux_listen(six);
		our_listen(six);
	}
	return (0);
}

/* Nothing of ours may be left. */
static int
end(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		close(g.lfd[six]);
		vi_close(g.lso[six]);
	}
	tl_destroy(g.vn);
	assert_int_equal(vi_kernel_free(g.t.k, NULL, NULL), 0);
	relay_fini(&g.relay);
	vi_host_posix_free(g.t.host);
	close(g.ep);
	return (0);
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[1] = { cmocka_unit_test(a_short_while) };
	const char *why;
	int tap;

	if (argc == 2 && strcmp(argv[1], "long") == 0)
		tests[0] = (struct CMUnitTest)cmocka_unit_test(at_length);
	if ((tap = tap_open(&why)) < 0) {
		printf("skipped: %s\n", why);
		return (77);
	}
	tests[0].initial_state = &tap;
	tests[0].setup_func = begin;
	tests[0].teardown_func = end;
	return (cmocka_run_group_tests(tests, NULL, NULL) != 0);
}
