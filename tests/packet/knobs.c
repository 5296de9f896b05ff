/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/sysctl.h>

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

void
pd_knobs_carry(struct pd_stack *ps)
{
	char value[sizeof(ps->ps_knobs->pk_value)];
	int error;

	for (struct pd_knob *pk = ps->ps_knobs; pk != NULL; pk = pk->pk_next) {
		if (!knob_read(pk, value, sizeof(value)) || strcmp(value, pk->pk_value) == 0)
			continue;
		memcpy(pk->pk_value, value, sizeof(value));
		error = vi_sysctl_set(ps->ps_vn, pk->pk_name, value, &pd_cred);
		if (error != 0 && getenv("PD_VERBOSE") != NULL)
			fprintf(stderr, "vimage: %s=%s: %s\n", pk->pk_name, value, strerror(error));
	}
	pd_host_told(ps);
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
