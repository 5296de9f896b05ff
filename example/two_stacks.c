/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two network stacks in one process, joined by a virtual cable, and a megabyte from one to the other over TCP, in virtual time.
 *	cc two_stacks.c $(pkg-config --cflags --libs vimage) && ./a.out
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>
#define TOTAL	(1024 * 1024)
#define CHECK(expr) do { int e_ = (expr); if (e_ != 0) { fprintf(stderr, "%s: %s\n", #expr, strerror(e_)); exit(1); } } while (0)

struct state { struct vi_socket *conn; size_t sent, received; bool done; };
static struct vi_sockaddr
addr(const char *text, uint16_t port)
{
	return ((struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = htons(port), .sa_in = inet_addr(text) });
}

static void
configure(struct vi_vnet *vn, const char *ifname, const char *text)
{
	struct vi_ifaddr ia = { .ia_addr = addr(text, 0), .ia_prefixlen = 24 };

	CHECK(vi_if_addr_add(vn, ifname, &ia, false));
	CHECK(vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
}

/* Upcalls: something about this socket has changed.  They come from vi_kernel_run, never from inside a call of ours. */
static void
client_ready(struct vi_socket *so, unsigned events, void *arg)
{
	struct state *st = arg;
	static const char data[TOTAL];
	size_t n;

	while ((events & VI_POLLOUT) && st->sent < TOTAL && vi_send(so, data, TOTAL - st->sent, 0, &n) == 0)
		st->sent += n;
}

static void
server_readable(struct vi_socket *so, unsigned events, void *arg)
{
	struct state *st = arg;
	char buf[65536];
	size_t n;

	while ((events & VI_POLLIN) && vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0)
		st->received += n;
	st->done = st->received >= TOTAL;
}

static void
listener_ready(struct vi_socket *so, unsigned events, void *arg)
{
	struct state *st = arg;

	if ((events & VI_POLLIN) && vi_accept(so, &st->conn, NULL) == 0)
		vi_socket_upcall(st->conn, server_readable, st);
}

int
main(void)
{
	const struct vi_cred root = { .cr_priv = true };
	struct vi_sockaddr server = addr("192.0.2.1", 80);
	struct vi_vnet *left, *right;
	struct vi_socket *listener, *client;
	struct vi_kernel *kernel;
	struct vi_host *host;
	struct state st = { 0 };
	char name[VI_IFNAMSIZ];		/* epair0a: the first end of the cable */
	CHECK(vi_host_sim_new(1, &host));		/* virtual time, seed 1; vi_host_posix_new for real time */
	CHECK(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = host }, &kernel));
	CHECK(vi_vnet_create(kernel, "left", &left));
	CHECK(vi_vnet_create(kernel, "right", &right));
	CHECK(vi_if_create(left, "epair", name));	/* epair0a and epair0b */
	CHECK(vi_if_move(left, "epair0b", right));
	configure(left, "epair0a", "192.0.2.1");
	configure(right, "epair0b", "192.0.2.2");

	CHECK(vi_socket(left, VI_AF_INET, VI_SOCK_STREAM, 0, &root, &listener));
	CHECK(vi_bind(listener, &server));
	CHECK(vi_listen(listener, 5));
	vi_socket_upcall(listener, listener_ready, &st);
	CHECK(vi_socket(right, VI_AF_INET, VI_SOCK_STREAM, 0, &root, &client));
	vi_socket_upcall(client, client_ready, &st);
	(void)vi_connect(client, &server);		/* EINPROGRESS: the upcall goes on */

	vi_kernel_run(kernel, 10000000000, &st.done);	/* at most ten virtual seconds */
	printf("%zu bytes arrived after %.6f virtual seconds\n", st.received, (double)vi_sim_now(host) / 1e9);
	st.done = vi_kernel_free(kernel, NULL, NULL) == 0 && st.received == TOTAL;	/* no leaks */
	vi_host_sim_free(host);
	return (st.done ? 0 : 1);
}
