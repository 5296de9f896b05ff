/* SPDX-License-Identifier: BSD-2-Clause */
#include "vimage/priv.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "vimage/prison.h"

enum priv_when {
	PW_ALWAYS,		/* in any jail */
	PW_ALLOW,		/* with pv_allow */
	PW_VNET,		/* with a stack of its own; on a shared one with pv_allow, if there is one */
	PW_NEVER,		/* prison0 alone */
};

struct priv {
	const char	*pv_name;
	enum priv_when	 pv_when;
	uint32_t	 pv_allow;
	int		 pv_securelevel;	/* from which on nobody has it; 0: none */
	const char	*pv_text;
};

#define ALWAYS	PW_ALWAYS, 0, 0
#define ALLOW(f) PW_ALLOW, PR_ALLOW_##f, 0
#define VNET	PW_VNET, 0, 0
#define NEVER	PW_NEVER, 0, 0

static const struct priv priv_table[VI_PRIV_MAX] = {
	[VI_PRIV_NET_RAW] = { "net.raw_sockets", ALLOW(RAW_SOCKETS), "make raw and, with net.capture, packet sockets; send options in IPv6" },
	[VI_PRIV_NET_RESERVEDPORT] = { "net.reserved_ports", ALLOW(RESERVED_PORTS), "bind to reserved ports" },
	[VI_PRIV_NET_BINDANY] = { "net.bindany", VNET, "bind to addresses that the stack does not have" },
	[VI_PRIV_NET_SOCKOPT] = { "net.socket_options", ALWAYS, "set the socket options that Linux keeps for administrators" },
	[VI_PRIV_NET_IFCREATE] = { "net.if_create", VNET, "create interfaces" },
	[VI_PRIV_NET_IFDESTROY] = { "net.if_destroy", VNET, "destroy interfaces" },
	[VI_PRIV_NET_IFMOVE] = { "net.if_move", VNET, "lend interfaces to child jails and take them back" },
	[VI_PRIV_NET_IFADDR] = { "net.if_addr", VNET, "add and delete addresses of interfaces" },
	[VI_PRIV_NET_IFSET] = { "net.if_set", VNET, "set flags, name, MTU and the like of interfaces" },
	[VI_PRIV_NET_LINK] = { "net.link", VNET, "set properties of links" },
	[VI_PRIV_NET_NEIGHBOR] = { "net.neighbor", VNET, "change ARP and neighbour entries" },
	[VI_PRIV_NET_ROUTE] = { "net.route", PW_VNET, PR_ALLOW_ROUTING, 0, "change routes and routing rules" },
	[VI_PRIV_NET_SYSCTL] = { "net.sysctl", VNET, "set the stack's sysctls" },
	[VI_PRIV_NET_CAPTURE] = { "net.capture", VNET, "see the packets of interfaces" },
	[VI_PRIV_NET_BRIDGE] = { "net.bridge", VNET, "configure bridges" },
	[VI_PRIV_NET_VLAN] = { "net.vlan", VNET, "configure VLANs" },
	[VI_PRIV_NET_LAGG] = { "net.lagg", VNET, "configure link aggregation" },
	[VI_PRIV_NET_TUNNEL] = { "net.tunnel", VNET, "configure tunnels" },
	[VI_PRIV_NET_TUN] = { "net.tun", VNET, "open tun and tap devices" },
	[VI_PRIV_NET_FIREWALL] = { "net.firewall", PW_VNET, 0, 3, "change firewall rules and address translation" },
	[VI_PRIV_NET_DIVERT] = { "net.divert", VNET, "make divert sockets" },
	[VI_PRIV_NET_DUMMYNET] = { "net.dummynet", PW_VNET, 0, 3, "change pipes, queues and schedulers" },
	[VI_PRIV_NET_NETGRAPH] = { "net.netgraph", VNET, "change the netgraph" },
	[VI_PRIV_NET_IPSEC] = { "net.ipsec", VNET, "change security policies and associations" },
	[VI_PRIV_NET_MROUTE] = { "net.multicast_route", VNET, "route multicast" },
	[VI_PRIV_NET_HOSTLINK] = { "net.host_link", NEVER, "connect stacks with interfaces, ports and files of the host" },
	[VI_PRIV_JAIL_CREATE] = { "jail.create", ALWAYS, "create child jails, within children.max" },
	[VI_PRIV_JAIL_MODIFY] = { "jail.modify", ALWAYS, "change parameters of child jails" },
	[VI_PRIV_JAIL_REMOVE] = { "jail.remove", ALWAYS, "remove child jails" },
	[VI_PRIV_JAIL_ATTACH] = { "jail.attach", ALWAYS, "run programs in child jails and in the jail itself" },
	[VI_PRIV_HOST_SETNAME] = { "host.set_hostname", ALLOW(SET_HOSTNAME), "set host and domain name" },
	[VI_PRIV_LOG_READ] = { "log.read", ALWAYS, "read the jail's messages" },
	[VI_PRIV_LOG_CLEAR] = { "log.clear", PW_ALWAYS, 0, 1, "clear the jail's messages" },
	[VI_PRIV_LOG_WRITE] = { "log.write", ALWAYS, "write to the jail's messages" },
	[VI_PRIV_LOG_SHARED] = { "log.shared", ALLOW(READ_MSGBUF), "read the messages of a stack that is the parent's" },
	[VI_PRIV_PROC_SIGNAL] = { "proc.signal", ALWAYS, "signal processes of other users of the jail" },
	[VI_PRIV_PROC_SETID] = { "proc.setid", ALWAYS, "change user and group" },
	[VI_PRIV_PROC_DEBUG] = { "proc.debug", ALWAYS, "trace processes of other users of the jail" },
	[VI_PRIV_PROC_SCHED] = { "proc.sched", ALWAYS, "set priorities and processors of processes of other users of the jail" },
	[VI_PRIV_PROC_LIMIT] = { "proc.limit", ALWAYS, "set resource limits of processes of other users of the jail" },
	[VI_PRIV_PROC_CHROOT] = { "proc.chroot", ALWAYS, "change the root directory" },
	[VI_PRIV_IPC_ADMIN] = { "ipc.admin", ALWAYS, "access IPC objects of other users of the jail" },
	[VI_PRIV_VFS_ACCESS] = { "vfs.access", ALWAYS, "access files of other users" },
	[VI_PRIV_VFS_ADMIN] = { "vfs.admin", ALWAYS, "change attributes of files of other users" },
	[VI_PRIV_VFS_CHOWN] = { "vfs.chown", ALWAYS, "change owners of files" },
	[VI_PRIV_VFS_SETCAP] = { "vfs.set_capability", ALWAYS, "give files capabilities" },
	[VI_PRIV_VFS_CHFLAGS] = { "vfs.chflags", PW_ALLOW, PR_ALLOW_CHFLAGS, 1, "make files immutable" },
	[VI_PRIV_VFS_MOUNT] = { "vfs.mount", ALLOW(MOUNT), "mount and unmount" },
	[VI_PRIV_VFS_MKNOD] = { "vfs.mknod", NEVER, "make device files" },
	[VI_PRIV_VFS_HANDLE] = { "vfs.open_handle", NEVER, "open files by handle, which knows no root directory" },
	[VI_PRIV_VM_MLOCK] = { "vm.mlock", ALLOW(MLOCK), "lock memory beyond the limit" },
	[VI_PRIV_TIME_SET] = { "time.set", PW_ALLOW, PR_ALLOW_SETTIME, 2, "set the clock" },
	[VI_PRIV_TIME_ADJUST] = { "time.adjust", ALLOW(ADJTIME), "adjust the clock" },
	[VI_PRIV_HOST_REBOOT] = { "host.reboot", NEVER, "reboot" },
	[VI_PRIV_HOST_MODULE] = { "host.module", NEVER, "load kernel modules" },
	[VI_PRIV_HOST_RAWIO] = { "host.raw_io", NEVER, "reach memory and ports of the machine" },
	[VI_PRIV_HOST_AUDIT] = { "host.audit", NEVER, "control auditing" },
	[VI_PRIV_HOST_TRACE] = { "host.trace", NEVER, "trace the kernel" },
};

static privset
privset_when(enum priv_when when)
{
	privset set = 0;

	for (unsigned p = 0; p < VI_PRIV_MAX; p++)
		if (priv_table[p].pv_when == when)
			set |= PRIV_BIT(p);
	return (set);
}

privset
privset_never(void)
{
	return (privset_when(PW_NEVER));
}

/* What the flags give, apart from the stack. */
static privset
privset_allowed(const struct prison_conf *pc)
{
	uint32_t allow = pc->pc_allow;
	privset set = 0;

	/* As in BSD it takes both, although the host's kernel does not let us tell the kinds apart, and a jail that may see what is mounted. */
	if ((allow & PR_ALLOW_MOUNT_KINDS) == 0 || pc->pc_store.ps_number[STORE_STATFS] > 1)
		allow &= ~(uint32_t)PR_ALLOW_MOUNT;
	for (unsigned p = 0; p < VI_PRIV_MAX; p++)
		if (priv_table[p].pv_allow != 0 && (allow & priv_table[p].pv_allow) != 0)
			set |= PRIV_BIT(p);
	return (set);
}

static privset
privset_secure(int32_t securelevel)
{
	privset set = PRIV_ALL;

	for (unsigned p = 0; p < VI_PRIV_MAX; p++)
		if (priv_table[p].pv_securelevel != 0 && securelevel >= priv_table[p].pv_securelevel)
			set &= ~PRIV_BIT(p);
	return (set);
}

/*
 * On a shared stack the privileges that belong to a stack are had only by name or flag, and only as far as the parent has them there.
 */
void
prison_priv_compute(struct prison *pr)
{
	const struct prison_conf *pc = &pr->pr_conf;
	const privset given = (privset_allowed(pc) | pc->pc_privallow) & ~pc->pc_privdeny;
	const privset vnet = privset_when(PW_VNET);

	if (pr->pr_parent == NULL) {
		pr->pr_bound = pr->pr_privs = PRIV_ALL & privset_secure(pc->pc_securelevel);
		return;
	}
	pr->pr_bound = (privset_when(PW_ALWAYS) | vnet | given) & ~pc->pc_privdeny & ~privset_never() & privset_secure(pc->pc_securelevel) &
	    pr->pr_parent->pr_bound;
	if ((pc->pc_allow & PR_ALLOW_SUSER) == 0)
		pr->pr_bound = 0;
	pr->pr_privs = pr->pr_bound;
	if (!pr->pr_owns[VCLASS_VNET])
		pr->pr_privs &= ~vnet | (given & pr->pr_parent->pr_privs);
}

int
priv_check(privset set, struct msglog *ml, const struct vi_cred *cred, enum vi_priv priv)
{
	if (cred->cr_priv && (set & ~cred->cr_denied & PRIV_BIT(priv)) != 0)
		return (0);
	msglog_put(ml, LOG_NOTICE, "privilege %s refused to uid %u", priv_table[priv].pv_name, cred->cr_uid);
	return (EPERM);
}

void
priv_refused(struct msglog *ml, const struct vi_cred *cred, enum vi_priv priv, const char *what)
{
	msglog_put(ml, LOG_NOTICE, "privilege %s refused to uid %u: %s", priv_table[priv].pv_name, cred->cr_uid, what);
}

int
prison_priv_check(struct prison *pr, const struct vi_cred *cred, enum vi_priv priv)
{
	return (priv_check(pr->pr_privs, prison_log(pr), cred, priv));
}

int
vnet_priv_check(struct vnet *vn, const struct vi_cred *cred, enum vi_priv priv)
{
	return (priv_check(vn->vn_privs, &vn->vn_log, cred, priv));
}

int
prison_check_af(struct kernel *k, const struct vi_cred *cred, int family)
{
	const struct prison *pr;

	if (cred->cr_jail == 0 || family == VI_AF_INET || family == VI_AF_INET6 || family == VI_AF_ROUTE)
		return (0);
	pr = prison_find(k, cred->cr_jail);
	return (pr != NULL && (pr->pr_conf.pc_allow & PR_ALLOW_SOCKET_AF) == 0 ? EAFNOSUPPORT : 0);
}

static enum vi_priv
priv_find(const char *name, size_t len)
{
	unsigned p;

	for (p = 0; p < VI_PRIV_MAX; p++)
		if (strlen(priv_table[p].pv_name) == len && memcmp(priv_table[p].pv_name, name, len) == 0)
			break;
	return ((enum vi_priv)p);
}

int
privset_parse(const char *list, privset *set, const char **bad, size_t *badlen)
{
	const char *end;
	enum vi_priv p;

	*set = 0;
	for (; *list != '\0'; list = *end == ',' ? end + 1 : end) {
		end = strchr(list, ',');
		if (end == NULL)
			end = list + strlen(list);
		*bad = list;
		*badlen = (size_t)(end - list);
		if ((p = priv_find(list, *badlen)) == VI_PRIV_MAX)
			return (EINVAL);
		*set |= PRIV_BIT(p);
	}
	return (0);
}

size_t
privset_format(privset set, char *buf, size_t len)
{
	struct sbuf sb;
	const char *comma = "";

	sbuf_init(&sb, buf, len);
	for (unsigned p = 0; p < VI_PRIV_MAX; p++) {
		if ((set & PRIV_BIT(p)) == 0)
			continue;
		sbuf_printf(&sb, "%s%s", comma, priv_table[p].pv_name);
		comma = ",";
	}
	return (strlen(buf));
}

enum vi_priv
priv_byname(const char *name)
{
	return (priv_find(name, strlen(name)));
}

/* Where a program has its containers from several jails, the one that has this container decides. */
unsigned
priv_class(enum vi_priv p)
{
	static const struct { const char *prefix; enum vclass vc; } of[] = {
		{ "net.", VCLASS_VNET }, { "proc.sched", VCLASS_VCPU }, { "ipc.", VCLASS_VIPC }, { "log.", VCLASS_VLOG },
	};

	for (unsigned i = 0; i < NITEMS(of); i++)
		if (strncmp(priv_table[p].pv_name, of[i].prefix, strlen(of[i].prefix)) == 0)
			return (of[i].vc);
	return (VCLASS_VPROCG);
}

static const char *
priv_when(const struct priv *pv)
{
	switch (pv->pv_when) {
	case PW_ALWAYS:
		return ("always");
	case PW_ALLOW:
		return (prison_allowname(pv->pv_allow));
	case PW_VNET:
		return (pv->pv_allow == PR_ALLOW_ROUTING ? "vnet or allow.routing" : "vnet");
	case PW_NEVER:
		break;
	}
	return ("never");
}

void
priv_describe(enum vi_priv p, struct vi_privinfo *pi)
{
	const struct priv *pv = &priv_table[p];

	*pi = (struct vi_privinfo){ .pi_name = pv->pv_name, .pi_when = priv_when(pv), .pi_text = pv->pv_text, .pi_securelevel = pv->pv_securelevel };
}
