/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vnets by the thousand: each is created, gets one end of an epair (the other stays in vnet0), an address, and is brought up; then all are
 * destroyed.  For each N of the command line one line of JSON: microseconds each, and bytes each as the accounts say and as the process grew.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/vimage.h>

#define CHECK(expr) do { int e_ = (expr); if (e_ != 0) { fprintf(stderr, "%s: %s\n", #expr, strerror(e_)); exit(1); } } while (0)

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3);
}

static size_t
resident(void)
{
	unsigned long size = 0, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL && fscanf(f, "%lu %lu", &size, &rss) != 2)
		rss = 0;
	if (f != NULL)
		fclose(f);
	return (rss * (size_t)sysconf(_SC_PAGESIZE));
}

static struct vi_vnet *
one(struct vi_kernel *k, unsigned i)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET, .sa_in = inet_addr("192.0.2.1") }, .ia_prefixlen = 24 };
	char name[VI_IFNAMSIZ], vname[32];
	struct vi_vnet *vn;

	snprintf(vname, sizeof(vname), "v%u", i);
	CHECK(vi_vnet_create(k, vname, &vn));
	CHECK(vi_if_create(vi_vnet0(k), "epair", name));
	name[strlen(name) - 1] = 'b';
	CHECK(vi_if_move(vi_vnet0(k), name, vn));
	CHECK(vi_if_addr_add(vn, name, &ia, false));
	CHECK(vi_if_set_flags(vn, name, VI_IFF_UP, 0));
	name[strlen(name) - 1] = 'a';
	CHECK(vi_if_set_flags(vi_vnet0(k), name, VI_IFF_UP, 0));
	while (vi_kernel_poll(k) == 0)
		;
	return (vn);
}

/* The cable first, from the end that stayed (both ends go), then the vnet. */
static void
gone(struct vi_kernel *k, struct vi_vnet *vn, unsigned i)
{
	char name[32];

	snprintf(name, sizeof(name), "epair%ua", i);
	CHECK(vi_if_destroy(vi_vnet0(k), name));
	if (vi_vnet_destroy(vn, NULL, NULL) != 0) {
		fprintf(stderr, "vnets: a leak\n");
		exit(1);
	}
}

static void
measure(unsigned n)
{
	struct vi_vnet **vns = calloc(n, sizeof(*vns));
	struct vi_kernel *k;
	struct vi_host *host;
	double t0, t1, t2, t3;
	size_t rss0, rss1, bytes = 0;

	CHECK(vi_host_posix_new(&(struct vi_posix_params){ 0 }, &host));
	CHECK(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = host }, &k));
	rss0 = resident();
	t0 = now_us();
	for (unsigned i = 0; i < n; i++)
		vns[i] = one(k, i);
	t1 = now_us();
	rss1 = resident();
	for (unsigned i = 0; i < n; i++)
		bytes += vi_vnet_memory(vns[i]);
	bytes += vi_vnet_memory(vi_vnet0(k));
	t2 = now_us();
	for (unsigned i = 0; i < n; i++)
		gone(k, vns[i], i);
	t3 = now_us();
	printf("{\"vnets\": %u, \"create_us\": %.2f, \"destroy_us\": %.2f, \"bytes\": %zu, \"rss\": %zu}\n", n, (t1 - t0) / n, (t3 - t2) / n, bytes / n,
	    rss1 > rss0 ? (rss1 - rss0) / n : 0);
	fflush(stdout);
	free(vns);
	if (vi_kernel_free(k, NULL, NULL) != 0)
		exit(1);
	vi_host_posix_free(host);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		measure((unsigned)atoi(argv[i]));
	return (0);
}
