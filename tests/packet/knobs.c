/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include <vimage/route.h>
#include <vimage/sysctl.h>

#include "net/ifnet.h"
#include "tests/packet/stack.h"

struct pd_knob {
	struct pd_knob	*pk_next;
	char		 pk_name[64];
	char		 pk_path[96];	/* in /proc/sys */
	char		 pk_value[256];	/* the namespace's, when last looked at */
};

static void
knob_new(void *arg, const struct vi_sysctl *sy)
{
	struct pd_stack *ps = arg;
	struct pd_knob *pk;

	if (!sy->sy_writable || (pk = calloc(1, sizeof(*pk))) == NULL)
		return;
	snprintf(pk->pk_name, sizeof(pk->pk_name), "%s", sy->sy_name);
	snprintf(pk->pk_path, sizeof(pk->pk_path), "/proc/sys/%s", sy->sy_name);
	for (char *p = pk->pk_path; *p != '\0'; p++)
		if (*p == '.')
			*p = '/';
	pk->pk_next = ps->ps_knobs;
	ps->ps_knobs = pk;
}

/* False: there is no such file. */
static bool
knob_read(const struct pd_knob *pk, char *buf, size_t size)
{
	int fd = open(pk->pk_path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (false);
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return (false);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	for (char *p = buf; *p != '\0'; p++)
		if (*p == '\t')
			*p = ' ';
	return (true);
}

/* What follows the word name in the line, a number; 0: it is not there. */
static unsigned
knob_word(const char *line, const char *name)
{
	const char *p = strstr(line, name);

	if (p == NULL)
		return (0);
	p += strlen(name);
	if (strncmp(p, "lock ", 5) == 0)
		p += 5;
	return ((unsigned)strtoul(p, NULL, 10));
}

/*
 * "DST via ... mtu lock N advmss N initcwnd N": a route to a host.  What is advertised follows from its MTU here, and the first
 * window is the stack's.
 */
static void
knob_route(struct pd_stack *ps, const char *line)
{
	struct vi_route rt = { .rt_flags = VI_RTF_UP | VI_RTF_STATIC | VI_RTF_HOST };
	unsigned cwnd = knob_word(line, " initcwnd ");
	char dst[64], value[16];
	int error = EINVAL;

	rt.rt_mtu = knob_word(line, " mtu ");
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
	if (error == 0 && cwnd != 0) {
		snprintf(value, sizeof(value), "%u", cwnd);
		error = vi_sysctl_set(ps->ps_vn, "net.inet.tcp.initcwnd_segments", value, &pd_cred);
	}
	if (error != 0)
		fprintf(stderr, "vimage: route %s: %s\n", line, strerror(error));
}

/* What a script told the host's kernel with ip(8) of remembered hosts and of routes. */
static void
knob_told(struct pd_stack *ps)
{
	const char *path = getenv("PD_FLUSH");
	char line[256];
	FILE *f;

	if (path == NULL || (f = fopen(path, "r")) == NULL)
		return;
	if (fseek(f, (long)ps->ps_told, SEEK_SET) == 0)
		while (fgets(line, sizeof(line), f) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			if (strcmp(line, "flush") != 0)
				knob_route(ps, line);
			else if (vi_sysctl_set(ps->ps_vn, "net.inet.tcp.hostcache.purgenow", "1", &pd_cred) != 0)
				fprintf(stderr, "vimage: the host cache stays\n");
		}
	ps->ps_told = ftell(f);
	fclose(f);
}

void
pd_knobs_carry(struct pd_stack *ps)
{
	char value[sizeof(ps->ps_knobs->pk_value)];
	int error;

	knob_told(ps);
	for (struct pd_knob *pk = ps->ps_knobs; pk != NULL; pk = pk->pk_next) {
		if (!knob_read(pk, value, sizeof(value)) || strcmp(value, pk->pk_value) == 0)
			continue;
		memcpy(pk->pk_value, value, sizeof(value));
		error = vi_sysctl_set(ps->ps_vn, pk->pk_name, value, &pd_cred);
		if (error != 0 && getenv("PD_VERBOSE") != NULL)
			fprintf(stderr, "vimage: %s=%s: %s\n", pk->pk_name, value, strerror(error));
	}
}

void
pd_knobs_init(struct pd_stack *ps)
{
	if (vi_sysctl_list(ps->ps_vn, "net.ipv4", knob_new, ps) != 0)
		fprintf(stderr, "vimage: the vnet has no net.ipv4\n");
	pd_knobs_carry(ps);
}

void
pd_knobs_fini(struct pd_stack *ps)
{
	struct pd_knob *pk;

	while ((pk = ps->ps_knobs) != NULL) {
		ps->ps_knobs = pk->pk_next;
		free(pk);
	}
}
