/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that the host's kernel does, if the jail has the privilege.  The decision looks at nothing but who calls and what the
 * call is: arguments in memory may change before the host's kernel reads them.
 */
#include "linux/lx.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include <vimage/jail.h>

#define LX_ADJ_SETOFFSET	0x0100
#define LX_ADJ_READONLY	0xa000	/* of adjtime(3), and without effect */

bool
lx_call_may(const struct lx_call *c, enum vi_priv priv)
{
	struct vi_cred cr;
	int error;

	if (lx_call_cred(c, &cr) != 0)
		return (false);
	cr.cr_denied = 0;	/* that is about the stack; the jail's own set is asked here */
	lx_manage(c->c_lx);
	error = vi_jail_priv(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[vi_priv_class(priv)], &cr, priv);
	lx_managed(c->c_lx);
	return (error == 0);
}

bool
lx_on_host(const struct lx_call *c)
{
	return (c->c_pr->pr_use.us_jid[VI_CLASS_VPROC] == 0);
}

/* Mounting and unmounting, the old calls and the new ones.  In prison0 the host decides alone. */
int64_t
lx_sys_mount(struct lx_call *c)
{
	return (lx_on_host(c) || lx_call_may(c, VI_PRIV_VFS_MOUNT) ? LX_CONTINUE : -EPERM);
}

/* A character device of number 0 is what overlay file systems take for a file that is not there; anybody may make it. */
static bool
is_whiteout(const struct lx_call *c)
{
	const unsigned mode = c->c_nr == SYS_mknod ? 1 : 2;

	return ((c->c_nr == SYS_mknod || c->c_nr == SYS_mknodat) && (c->c_arg[mode] & S_IFMT) == S_IFCHR &&
		(uint32_t)c->c_arg[mode + 1] == 0);
}

static enum vi_priv
host_priv(int nr)
{
	switch (nr) {
	case SYS_init_module: case SYS_finit_module: case SYS_delete_module:
		return (VI_PRIV_HOST_MODULE);
	case SYS_iopl: case SYS_ioperm: case SYS_swapon: case SYS_swapoff:
		return (VI_PRIV_HOST_RAWIO);
	case SYS_acct:
		return (VI_PRIV_HOST_AUDIT);
	case SYS_settimeofday: case SYS_clock_settime:
		return (VI_PRIV_TIME_SET);
	case SYS_bpf:
		return (VI_PRIV_HOST_TRACE);
	case SYS_mknod: case SYS_mknodat:
		return (VI_PRIV_VFS_MKNOD);
	case SYS_open_by_handle_at:
		return (VI_PRIV_VFS_HANDLE);
	default:
		return (VI_PRIV_HOST_REBOOT);
	}
}

/* The jail may, but in a user namespace nobody sets the host's clock. */
static int64_t
clock_continue(const struct lx_call *c, enum vi_priv priv)
{
	if (lx_host_lacks(c, CAP_SYS_TIME))
		lx_log_refusal(c, priv, "the host's clock", UINT32_MAX);
	return (LX_CONTINUE);
}

/*
 * The host's kernel would refuse these by itself, without a word in the jail's log; but for handles of files, with which root of a jail without a user
 * namespace would find those outside of its root directory.
 */
int64_t
lx_sys_host(struct lx_call *c)
{
	const enum vi_priv priv = host_priv(c->c_nr);

	if (lx_on_host(c) || is_whiteout(c))
		return (LX_CONTINUE);
	if (!lx_call_may(c, priv))
		return (-EPERM);
	return (priv == VI_PRIV_TIME_SET ? clock_continue(c, priv) : LX_CONTINUE);
}

/* Anybody may look: no modes, or those that only read.  To step the clock is to set it. */
int64_t
lx_sys_adjtime(struct lx_call *c)
{
	const uint64_t tx = c->c_arg[c->c_nr == SYS_adjtimex ? 0 : 1];
	enum vi_priv priv;
	uint32_t modes = 0;

	if (lx_on_host(c) || lx_copyin(c, tx, &modes, sizeof(modes)) != 0)
		return (LX_CONTINUE);
	if (modes == 0 || (modes & LX_ADJ_READONLY) == LX_ADJ_READONLY)
		return (LX_CONTINUE);
	priv = (modes & LX_ADJ_SETOFFSET) != 0 ? VI_PRIV_TIME_SET : VI_PRIV_TIME_ADJUST;
	return (lx_call_may(c, priv) ? clock_continue(c, priv) : -EPERM);
}

/* In a user namespace that a program made for itself the host's kernel decides. */
int64_t
lx_sys_chroot(struct lx_call *c)
{
	struct vi_cred cr;

	if (lx_on_host(c) || !lx_call_lacks(c, CAP_SYS_CHROOT) || lx_call_cred(c, &cr) != 0)
		return (LX_CONTINUE);
	cr.cr_priv = false;
	lx_manage(c->c_lx);
	(void)vi_jail_priv(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VPROC], &cr, VI_PRIV_PROC_CHROOT);
	lx_managed(c->c_lx);
	return (-EPERM);
}

/* The jail's parameter follows; a name that the host's kernel will not take is not looked at. */
static void
note_name(const struct lx_call *c, const char *param)
{
	char name[65] = "", jid[16], err[VI_ERRLEN];
	const struct vi_param p[] = { { "jid", jid }, { param, name } };

	if (c->c_arg[1] >= sizeof(name) || lx_copyin(c, c->c_arg[0], name, (size_t)c->c_arg[1]) != 0 ||
	    strlen(name) != c->c_arg[1])
		return;
	snprintf(jid, sizeof(jid), "%d", c->c_pr->pr_use.us_jid[VI_CLASS_VPROC]);
	if (!lx_call_has(c, CAP_SYS_ADMIN))	/* the host's kernel will refuse it */
		return;
	lx_manage(c->c_lx);
	(void)vi_jail_set(c->c_lx->lx_kernel, 0, p, 2, VI_JAIL_UPDATE, NULL, err);
	lx_managed(c->c_lx);
}

int64_t
lx_sys_sethostname(struct lx_call *c)
{
	if (lx_on_host(c))
		return (LX_CONTINUE);
	if (!lx_call_may(c, VI_PRIV_HOST_SETNAME))
		return (-EPERM);
	note_name(c, c->c_nr == SYS_sethostname ? "host.hostname" : "host.domainname");
	return (LX_CONTINUE);
}
