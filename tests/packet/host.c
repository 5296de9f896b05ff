/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scripts do with commands of the host: in the directory $PD_HOST the commands' stand-ins (run) leave what is told the
 * kernel, a line each in the file "told", and find what it would show: "nstat" and, of /proc/net, "tcp" and "tcp6".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include <vimage/route.h>
#include <vimage/sysctl.h>

#include "linux/lx.h"
#include "net/ifnet.h"
#include "tests/packet/stack.h"

static FILE *
host_file(const char *name, const char *mode)
{
	const char *dir = getenv("PD_HOST");
	char path[512];

	if (dir == NULL || snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return (NULL);
	return (fopen(path, mode));
}

/* What follows the word name in the line, a number; 0: it is not there. */
static unsigned
host_word(const char *line, const char *name)
{
	const char *p = strstr(line, name);

	if (p == NULL)
		return (0);
	p += strlen(name);
	if (strncmp(p, "lock ", 5) == 0)
		p += 5;
	return ((unsigned)strtoul(p, NULL, 10));
}

/* "DST via ... mtu lock N advmss N initcwnd N": a route to a host. */
static void
host_route(struct pd_stack *ps, const char *line)
{
	struct vi_route rt = { .rt_flags = VI_RTF_UP | VI_RTF_STATIC | VI_RTF_HOST };
	char dst[64];
	int error = EINVAL;

	rt.rt_mtu = host_word(line, " mtu ");
	rt.rt_mtulock = strstr(line, " mtu lock ") != NULL;
	rt.rt_advmss = (uint16_t)host_word(line, " advmss ");
	rt.rt_initcwnd = (uint16_t)host_word(line, " initcwnd ");
	if (sscanf(line, "%63s", dst) == 1 && inet_pton(AF_INET, dst, &rt.rt_dst.sa_in) == 1) {
		rt.rt_dst.sa_family = VI_AF_INET;
		rt.rt_prefixlen = 32;
		error = 0;
	} else if (inet_pton(AF_INET6, dst, &rt.rt_dst.sa_in6) == 1) {
		rt.rt_dst.sa_family = VI_AF_INET6;
		rt.rt_prefixlen = 128;
		error = 0;
	}
	snprintf(rt.rt_ifname, sizeof(rt.rt_ifname), "%s", ps->ps_if->if_xname);
	if (error == 0 && (error = vi_route_change(ps->ps_vn, &rt)) == ESRCH)
		error = vi_route_add(ps->ps_vn, &rt);
	if (error != 0)
		fprintf(stderr, "vimage: route %s: %s\n", line, strerror(error));
}

/* The queue of the device: one of no length refuses what the stack sends, any other does nothing to it. */
static void
host_queue(struct pd_stack *ps, const char *line)
{
	ps->ps_refuses = strstr(line, " limit 0") != NULL;
}

static void
host_flush(struct pd_stack *ps)
{
	/* What one cache of the other system's holds is in two of ours. */
	if (vi_sysctl_set(ps->ps_vn, "net.inet.tcp.hostcache.purgenow", "1", &pd_cred) != 0 ||
	    vi_sysctl_set(ps->ps_vn, "net.inet.tcp.fastopen.ccache_buckets", "512", &pd_cred) != 0)
		fprintf(stderr, "vimage: the caches stay\n");
}

void
pd_host_told(struct pd_stack *ps)
{
	char line[256];
	FILE *f;

	if ((f = host_file("told", "r")) == NULL)
		return;
	if (fseek(f, ps->ps_told, SEEK_SET) == 0)
		while (fgets(line, sizeof(line), f) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			if (strncmp(line, "route ", 6) == 0)
				host_route(ps, line + 6);
			else if (strncmp(line, "qdisc ", 6) == 0)
				host_queue(ps, line);
			else if (strncmp(line, "congestion ", 11) == 0)
				(void)vi_sysctl_set(ps->ps_vn, "net.ipv4.tcp_congestion_control", line + 11, &pd_cred);
			else if (strcmp(line, "flush") == 0)
				host_flush(ps);
		}
	ps->ps_told = ftell(f);
	fclose(f);
}

/* Our counters that scripts ask for, by the other system's names. */
static void
host_counter(void *arg, const struct vi_stat *st)
{
	static const struct { const char *ours, *theirs; } names[] = {
		{ "tcps_icmpwindow", "TcpExtOutOfWindowIcmps" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (st->st_value != 0 && strcmp(st->st_name, names[i].ours) == 0)
			fprintf(arg, "%-32s%-19ju0.0\n", names[i].theirs, (uintmax_t)st->st_value);
}

struct host_list { FILE *hl_file; uint8_t hl_family; unsigned hl_n; };

static void
host_address(FILE *f, const struct vi_sockaddr *sa)
{
	uint32_t word[4] = { 0 };
	const unsigned n = sa->sa_family == VI_AF_INET6 ? 4 : 1;

	memcpy(word, n == 4 ? (const void *)sa->sa_in6 : (const void *)&sa->sa_in, 4 * n);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%08X", word[i]);
	fprintf(f, ":%04X ", ntohs(sa->sa_port));
}

/* A line of /proc/net/tcp, up to the state. */
static void
host_connection(void *arg, const struct vi_pcbinfo *pi)
{
	struct host_list *hl = arg;

	if (pi->pi_proto != IPPROTO_TCP || pi->pi_local.sa_family != hl->hl_family)
		return;
	fprintf(hl->hl_file, "%4u: ", hl->hl_n++);
	host_address(hl->hl_file, &pi->pi_local);
	host_address(hl->hl_file, &pi->pi_foreign);
	fprintf(hl->hl_file, "%02X \n", tcpinfo_state(pi->pi_state));
}

static void
host_connections(struct pd_stack *ps, const char *name, uint8_t family)
{
	struct host_list hl = { host_file(name, "w"), family, 0 };

	if (hl.hl_file == NULL)
		return;
	fprintf(hl.hl_file, "  sl  local_address rem_address   st\n");
	vi_pcbs(ps->ps_vn, host_connection, &hl);
	fclose(hl.hl_file);
}

void
pd_host_show(struct pd_stack *ps)
{
	FILE *f = host_file("nstat", "w");

	if (f == NULL)
		return;
	vi_stats(ps->ps_vn, "tcp", host_counter, f);
	fclose(f);
	host_connections(ps, "tcp", VI_AF_INET);
	host_connections(ps, "tcp6", VI_AF_INET6);
}
