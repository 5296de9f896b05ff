/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Privileges: what the administrator of a jail may do.  One table (priv(4), vi_priv_describe) says for each: in any jail, by a parameter
 * allow.*, only with a network stack of its own, or in no jail at all.  A jail never has what its parent has not.
 */
#ifndef VIMAGE_PRIV_H
#define VIMAGE_PRIV_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vi_priv {
	VI_PRIV_NET_RAW,		/* raw sockets */
	VI_PRIV_NET_RESERVEDPORT,	/* ports below net.inet.ip.portrange.reservedhigh */
	VI_PRIV_NET_BINDANY,		/* addresses that are not the stack's */
	VI_PRIV_NET_SOCKOPT,		/* options of sockets for administrators */
	VI_PRIV_NET_IFCREATE,
	VI_PRIV_NET_IFDESTROY,
	VI_PRIV_NET_IFMOVE,		/* to another stack and back */
	VI_PRIV_NET_IFADDR,
	VI_PRIV_NET_IFSET,		/* flags, name, MTU, link-level address, fib, ... */
	VI_PRIV_NET_LINK,		/* delay, loss, bandwidth of a link */
	VI_PRIV_NET_NEIGHBOR,		/* ARP and neighbour entries */
	VI_PRIV_NET_ROUTE,
	VI_PRIV_NET_SYSCTL,
	VI_PRIV_NET_CAPTURE,
	VI_PRIV_NET_BRIDGE,
	VI_PRIV_NET_VLAN,
	VI_PRIV_NET_LAGG,
	VI_PRIV_NET_TUNNEL,
	VI_PRIV_NET_TUN,
	VI_PRIV_NET_FIREWALL,
	VI_PRIV_NET_DIVERT,
	VI_PRIV_NET_DUMMYNET,
	VI_PRIV_NET_NETGRAPH,
	VI_PRIV_NET_IPSEC,
	VI_PRIV_NET_MROUTE,
	VI_PRIV_NET_HOSTLINK,		/* interfaces, ports and files of the host */
	VI_PRIV_JAIL_CREATE,
	VI_PRIV_JAIL_MODIFY,
	VI_PRIV_JAIL_REMOVE,
	VI_PRIV_JAIL_ATTACH,
	VI_PRIV_HOST_SETNAME,
	VI_PRIV_LOG_READ,
	VI_PRIV_LOG_CLEAR,
	VI_PRIV_LOG_WRITE,
	VI_PRIV_LOG_SHARED,		/* the log of a stack that is the parent's */
	VI_PRIV_PROC_SIGNAL,
	VI_PRIV_PROC_SETID,
	VI_PRIV_PROC_DEBUG,
	VI_PRIV_PROC_SCHED,
	VI_PRIV_PROC_LIMIT,
	VI_PRIV_PROC_CHROOT,
	VI_PRIV_IPC_ADMIN,
	VI_PRIV_VFS_ACCESS,
	VI_PRIV_VFS_ADMIN,
	VI_PRIV_VFS_CHOWN,
	VI_PRIV_VFS_SETCAP,
	VI_PRIV_VFS_CHFLAGS,
	VI_PRIV_VFS_MOUNT,
	VI_PRIV_VFS_MKNOD,
	VI_PRIV_VFS_HANDLE,
	VI_PRIV_VM_MLOCK,
	VI_PRIV_TIME_SET,
	VI_PRIV_TIME_ADJUST,
	VI_PRIV_HOST_REBOOT,
	VI_PRIV_HOST_MODULE,
	VI_PRIV_HOST_RAWIO,
	VI_PRIV_HOST_AUDIT,
	VI_PRIV_HOST_TRACE,
	VI_PRIV_MAX
};

struct vi_privinfo {
	const char	*pi_name;	/* "net.raw_sockets" */
	const char	*pi_when;	/* "always", "allow.raw_sockets", "vnet", "vnet or allow.routing", "never" */
	const char	*pi_text;
	int		 pi_securelevel;	/* from which on it is lost; 0: never */
};

struct vi_kernel;
struct vi_vnet;

VI_API void	vi_priv_describe(enum vi_priv, struct vi_privinfo *);
VI_API unsigned	vi_priv_class(enum vi_priv);	/* enum vi_class (jail.h): of which container it is a right */
VI_API enum vi_priv vi_priv_byname(const char *);	/* VI_PRIV_MAX: none */

/* May this prison, acting with cred?  0 or EPERM (ENOENT: no such jail); a refusal is logged in the jail's log. */
VI_API int	vi_jail_priv(struct vi_kernel *, int jid, const struct vi_cred *, enum vi_priv);
/* Somebody else refused it, as the host's kernel does with processes: a line in the jail's log that names what it was about. */
VI_API void	vi_jail_refused(struct vi_kernel *, int jid, const struct vi_cred *, enum vi_priv, const char *what);
/*
 * May `caller`, acting with cred, use the privilege on this stack?  Its own one, the one it shares by what it has; one of a jail below it if it
 * could have the privilege with a stack of its own.
 */
VI_API int	vi_vnet_priv(struct vi_vnet *, int caller, const struct vi_cred *, enum vi_priv);
/* The set, a bit for each: 0 when there is no such jail.  Nothing is logged. */
VI_API uint64_t	vi_jail_privs(struct vi_kernel *, int jid);
/* What its processes' credentials must carry in cr_denied: all that it lacks of what the owner of its stack has. */
VI_API uint64_t	vi_jail_denied(struct vi_kernel *, int jid);

#ifdef __cplusplus
}
#endif
#endif
