/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of privileges, the table of the parameters allow.*, and the one function that decides.
 *
 * A prison has two sets: what it could do with a stack of its own (pr_bound, which bounds its children), and what it may do (pr_privs).
 * A stack has its owner's (vn_privs); who shares it carries in his credential what he lacks.
 */
#ifndef VIMAGE_PRIV_INT_H
#define VIMAGE_PRIV_INT_H

#include <vimage/priv.h>

struct prison;
struct kernel;
struct msglog;
struct vnet;

typedef uint64_t privset;
#define PRIV_BIT(p)	((privset)1 << (p))
#define PRIV_ALL	(PRIV_BIT(VI_PRIV_MAX) - 1)
_Static_assert(VI_PRIV_MAX < 64, "a set of privileges is a word");

enum pr_allow {		/* allow.*; a child never has what its parent has not */
	PR_ALLOW_SET_HOSTNAME = 0x1,
	PR_ALLOW_RAW_SOCKETS = 0x2,
	PR_ALLOW_RESERVED_PORTS = 0x4,
	PR_ALLOW_SOCKET_AF = 0x8,
	PR_ALLOW_READ_MSGBUF = 0x10,
	PR_ALLOW_ROUTING = 0x20,
	PR_ALLOW_SUSER = 0x40,
	PR_ALLOW_MLOCK = 0x80,
	PR_ALLOW_CHFLAGS = 0x100,
	PR_ALLOW_MOUNT = 0x200,
	PR_ALLOW_SETTIME = 0x400,
	PR_ALLOW_ADJTIME = 0x800,
	PR_ALLOW_MOUNT_DEVFS = 0x2000,
	PR_ALLOW_MOUNT_FDESCFS = 0x4000,
	PR_ALLOW_MOUNT_FUSEFS = 0x8000,
	PR_ALLOW_MOUNT_NULLFS = 0x10000,
	PR_ALLOW_MOUNT_PROCFS = 0x20000,
	PR_ALLOW_MOUNT_LINPROCFS = 0x40000,
	PR_ALLOW_MOUNT_LINSYSFS = 0x80000,
	PR_ALLOW_MOUNT_TMPFS = 0x100000,
	PR_ALLOW_MOUNT_KINDS = 0x1fe000,
	PR_ALLOW_ALL = 0x1fefff,
	PR_ALLOW_DEFAULT = PR_ALLOW_SET_HOSTNAME | PR_ALLOW_RESERVED_PORTS | PR_ALLOW_SUSER,
};

/* Which privileges a prison has; its parent's sets are up to date. */
void	prison_priv_compute(struct prison *);
/* The decision: 0 or EPERM, which is logged. */
int	priv_check(privset, struct msglog *, const struct vi_cred *, enum vi_priv);
void	priv_refused(struct msglog *, const struct vi_cred *, enum vi_priv, const char *what);	/* only the line */
int	prison_priv_check(struct prison *, const struct vi_cred *, enum vi_priv);
int	vnet_priv_check(struct vnet *, const struct vi_cred *, enum vi_priv);
/*
 * A jail that shares a stack makes sockets of IPv4, IPv6 and for routes only, unless it has allow.socket_af.  0 or EAFNOSUPPORT.
 */
int	prison_check_af(struct kernel *, const struct vi_cred *, int family);
void	priv_describe(enum vi_priv, struct vi_privinfo *);
unsigned priv_class(enum vi_priv);	/* enum vclass */
enum vi_priv priv_byname(const char *);
/* "net.route,net.sysctl"; "" is the empty set.  *bad: the first name that is none, not terminated, of *badlen bytes. */
int	privset_parse(const char *, privset *, const char **bad, size_t *badlen);
size_t	privset_format(privset, char *buf, size_t len);
/* No jail can be given these. */
privset	privset_never(void);

#endif
