/* SPDX-License-Identifier: BSD-2-Clause */
/* doc/simulation.md explains this program. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <vimage/ifnet.h>
#include <vimage/pcap.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#define TRY(call) do { if ((call) != 0) { fprintf(stderr, "failed: %s\n", #call); exit(1); } } while (0)
#define MS 1000000ull

static struct vi_kernel *kernel;
static struct vi_vnet *node[2];
static struct vi_socket *socket_of[2];
static char end[2][VI_IFNAMSIZ];				/* of the cable */
static unsigned sent, received;

static void
send_one(void *arg)						/* an event: every 10 ms */
{
	size_t n;

	sent += vi_send(socket_of[0], "hello", 5, 0, &n) == 0;
	TRY(vi_kernel_at(kernel, vi_sim_now(vi_kernel_host(kernel)) + 10 * MS, send_one, arg));
}

static void
take_all(struct vi_socket *so, unsigned events, void *arg)	/* an upcall: the socket has something to say */
{
	char buf[64];
	size_t n;

	(void)arg;
	while ((events & VI_POLLIN) && vi_recv(so, buf, sizeof(buf), 0, &n) == 0)
		received++;
}

static void
set_loss(void *arg)						/* an event, too */
{
	TRY(vi_if_set_link(node[0], end[0], &(struct vi_linkprops){ .lp_delay = 20 * MS, .lp_jitter = 5 * MS, .lp_loss = *(double *)arg }));
}

static int file_write(void *arg, const void *data, size_t len) { return (fwrite(data, len, 1, arg) == 1 ? 0 : 1); }

int
main(int argc, char **argv)
{
	double little = 0.05, much = 0.5;
	struct vi_host *host;
	struct vi_pcap *pcap;
	FILE *f = fopen(argc > 2 ? argv[2] : "/dev/null", "wb");

	TRY(vi_host_sim_new(argc > 1 ? strtoull(argv[1], NULL, 0) : 1, &host));	/* the seed */
	TRY(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = host }, &kernel));
	TRY(vi_vnet_create(kernel, "left", &node[0]) || vi_vnet_create(kernel, "right", &node[1]));
	TRY(vi_if_cable(node[0], node[1], end[0], end[1]));
	for (unsigned i = 0; i < 2; i++) {
		struct vi_sockaddr self = { .sa_family = VI_AF_INET, .sa_port = htons(7), .sa_in = htonl(0xc0000201 + i) };	/* 192.0.2.1, .2 */

		TRY(vi_if_addr_add(node[i], end[i], &(struct vi_ifaddr){ .ia_addr = self, .ia_prefixlen = 24 }, false));	/* and up */
		TRY(vi_socket(node[i], VI_AF_INET, VI_SOCK_DGRAM, 0, &(struct vi_cred){ .cr_priv = true }, &socket_of[i]));
		TRY(vi_bind(socket_of[i], &self));
	}
	TRY(vi_connect(socket_of[0], &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = htons(7), .sa_in = inet_addr("192.0.2.2") }));
	vi_socket_upcall(socket_of[1], take_all, NULL);
	TRY(f == NULL || vi_pcap_new(kernel, file_write, f, &pcap) || vi_pcap_add(pcap, node[1], end[1]));
	TRY(vi_kernel_at(kernel, 0, set_loss, &little) || vi_kernel_at(kernel, 3000 * MS, set_loss, &much));
	TRY(vi_kernel_at(kernel, 0, send_one, NULL));
	for (unsigned second = 1; second <= 6; second++) {
		vi_kernel_run(kernel, second * 1000 * MS, NULL);
		printf("%u s: %u sent, %u received\n", second, sent, received);
	}
	TRY(vi_pcap_free(pcap) || fclose(f));
	TRY(vi_kernel_free(kernel, NULL, NULL));	/* says how much was left behind: nothing */
	vi_host_sim_free(host);
	return (0);
}
