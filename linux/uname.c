/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uname(2) of a jail that has a name or a release of the system for its programs.  All others are the host kernel's: programs that begin in them do not
 * ask us at all (filter.c), and those whose jail lost its names meanwhile are sent on.  So is one that asked for a release of 2.6 (personality(2), UNAME26).
 */
#include "linux/lx.h"
#include "linux/sysnum.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/personality.h>
#include <sys/utsname.h>

#include <vimage/jail.h>

#define OLDOLD_LEN	9	/* of each of the first five texts */

_Static_assert(sizeof(struct utsname) == 6 * 65, "the structure of uname(2)");

static unsigned long
persona(pid_t tid)
{
	char path[40], text[17] = "";
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/personality", (int)tid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return (n > 0 ? strtoul(text, NULL, 16) : 0);
}

static void
put(char to[65], const char *text)
{
	if (text[0] != '\0')
		snprintf(to, 65, "%.64s", text);
}

/* i386's two older calls lack the last text, and one cuts each short. */
static int
copyout(struct lx_call *c, const struct utsname *u)
{
	const char *const text[] = { u->sysname, u->nodename, u->release, u->version, u->machine };
	char old[5 * OLDOLD_LEN] = "";

	if (c->c_nr == -LX_I386_OLDUNAME)
		return (lx_copyout(c, c->c_arg[0], u, offsetof(struct utsname, domainname)));
	if (c->c_nr != -LX_I386_OLDOLDUNAME)
		return (lx_copyout(c, c->c_arg[0], u, sizeof(*u)));
	for (unsigned i = 0; i < LX_NITEMS(text); i++)
		snprintf(old + i * OLDOLD_LEN, OLDOLD_LEN, "%.*s", OLDOLD_LEN - 1, text[i]);
	return (lx_copyout(c, c->c_arg[0], old, sizeof(old)));
}

int64_t
lx_sys_uname(struct lx_call *c)
{
	struct vi_uname un;
	struct utsname u;
	unsigned long p;
	bool named;

	if (c->c_pr->pr_use.us_jid[VI_CLASS_VPROC] == 0)
		return (LX_CONTINUE);
	lx_manage(c->c_lx);
	named = vi_jail_uname(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VPROC], &un);
	lx_managed(c->c_lx);
	if (!named || ((p = persona(c->c_tid)) & UNAME26) != 0 || uname(&u) != 0)
		return (LX_CONTINUE);
	put(u.sysname, un.un_sysname);
	put(u.nodename, un.un_nodename);
	put(u.release, un.un_release);
	put(u.domainname, un.un_domainname);
	if ((p & PER_MASK) == PER_LINUX32)
		put(u.machine, "i686");
	return (-(int64_t)copyout(c, &u));
}
