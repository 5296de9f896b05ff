/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has which socket, and which routing table a process asked for. */
#include "linux/lx.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/route.h>

void
lx_owners(struct lx *lx, const struct vi_vnet *vn, lx_owner_fn *fn, void *arg)
{
	struct lx_sock *ls;

	TAILQ_FOREACH(ls, &lx->lx_socks, ls_link)
		if (ls->ls_vnet == vn && ls->ls_so != NULL)
			fn(arg, ls->ls_so, ls->ls_ino);
}

/* The value of a variable in what /proc/PID/environ holds; NULL. */
static const char *
environ_value(const char *env, size_t len, const char *name)
{
	const size_t n = strlen(name);

	for (const char *p = env; p < env + len; p += strlen(p) + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return (p + n + 1);
	return (NULL);
}

/*
 * setfib(1) says it in the environment with which it starts a program, because that is what goes on to the children of a process and can be read from
 * outside.  It is asked for only where there is more than one table.
 */
uint32_t
lx_process_fib(pid_t pid, uint32_t nfibs)
{
	char path[40], *env;
	const char *value;
	uint32_t fib = 0;
	unsigned long n;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return (0);
	if ((env = malloc(LX_MAXENVIRON + 1)) != NULL && (len = read(fd, env, LX_MAXENVIRON)) > 0) {
		env[len] = '\0';
		value = environ_value(env, (size_t)len, "VIMAGE_FIB");
		n = value != NULL ? strtoul(value, NULL, 10) : 0;
		fib = n < nfibs ? (uint32_t)n : 0;
	}
	free(env);
	close(fd);
	return (fib);
}
