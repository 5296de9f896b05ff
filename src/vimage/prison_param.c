/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Every parameter of a jail is a row of param_table: how it is read and how it is set.  Setting goes into a struct change, which holds
 * a copy of the configuration and what else was asked for; nothing is touched until all of it is known to be good.
 * Booleans have a no-form: "nopersist", "allow.noraw_sockets".
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "vimage/prison_int.h"

#define JID_MAX 99999999

int
change_fail(struct change *ch, int error, const char *fmt, ...)
{
	struct sbuf sb;
	va_list ap;

	sbuf_init(&sb, ch->ch_err, VI_ERRLEN);
	va_start(ap, fmt);
	sbuf_vprintf(&sb, fmt, ap);
	va_end(ap);
	return (error);
}

/* What k, m, g, t, p and e mean behind a number, as for expand_number(3); -1: something else. */
static int
number_shift(const char *suffix)
{
	static const char letters[] = "kmgtpe";
	const char *p;

	if (*suffix == '\0')
		return (0);
	p = suffix[1] != '\0' ? NULL : strchr(letters, *suffix | 0x20);
	return (p == NULL ? -1 : 10 * (int)(p - letters + 1));
}

/* A decimal number, possibly negative, of at most 18 digits, with such a letter or without. */
static bool
number_parse(const char *p, int64_t *out)
{
	const bool minus = *p == '-';
	int64_t v = 0;
	unsigned digits = 0;
	int shift;

	for (p += minus; *p >= '0' && *p <= '9' && digits < 18; p++, digits++)
		v = v * 10 + (*p - '0');
	if (digits == 0 || (shift = number_shift(p)) < 0 || v > INT64_MAX >> shift)
		return (false);
	v <<= shift;
	*out = minus ? -v : v;
	return (true);
}

int
change_number(struct change *ch, const struct param *pa, const char *value, int64_t min, int64_t max, int64_t *out)
{
	if (!number_parse(value, out))
		return (change_fail(ch, EINVAL, "%s: \"%s\" is not a number", pa->pa_name, value));
	if (*out < min || *out > max)
		return (change_fail(ch, EINVAL, "%s: %s is not between %lld and %lld", pa->pa_name, value, (long long)min, (long long)max));
	return (0);
}

static int
change_string(struct change *ch, const struct param *pa, const char *value, char *buf, size_t size)
{
	if (strlen(value) >= size)
		return (change_fail(ch, ENAMETOOLONG, "%s: longer than %zu characters", pa->pa_name, size - 1));
	memcpy(buf, value, strlen(value) + 1);
	return (0);
}

/* The rows. */

static void
get_jid(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%d", pr->pr_jid);
}

static void
get_name(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)pa;
	sbuf_printf(sb, "%s", prison_relname(caller, pr));
}

static void
get_parent(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)pa;
	sbuf_printf(sb, "%d", pr->pr_parent == NULL || pr->pr_parent == caller ? 0 : pr->pr_parent->pr_jid);
}

static int
set_persist(struct change *ch, const struct param *pa, const char *value)
{
	(void)pa;
	ch->ch_conf.pc_persist = value[0] == 't';
	return (0);
}

static void
get_persist(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_conf.pc_persist ? "true" : "false");
}

static int
set_hostname(struct change *ch, const struct param *pa, const char *value)
{
	ch->ch_hostset = true;
	return (change_string(ch, pa, value, ch->ch_hostname, VI_HOSTNAMELEN));
}

static void
get_hostname(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vprocg *vp = prison_vprocg(pr);

	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", vp == NULL ? "" : vp->vp_hostname);
}

/* FreeBSD's way to say whose host name it has; here that goes with the processes. */
static int
set_host(struct change *ch, const struct param *pa, const char *value)
{
	if (strcmp(value, "new") != 0 && strcmp(value, "inherit") != 0)
		return (change_fail(ch, EINVAL, "%s: \"%s\" is neither new nor inherit", pa->pa_name, value));
	ch->ch_hostmode = value[0];
	return (0);
}

static void
get_host(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_owns[VCLASS_VPROCG] ? "new" : "inherit");
}

static int
set_domainname(struct change *ch, const struct param *pa, const char *value)
{
	ch->ch_domainset = true;
	return (change_string(ch, pa, value, ch->ch_domainname, VI_HOSTNAMELEN));
}

static void
get_domainname(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vprocg *vp = prison_vprocg(pr);

	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", vp == NULL ? "" : vp->vp_domainname);
}

static int
set_hostid(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, UINT32_MAX, &v)) != 0)
		return (error);
	ch->ch_hostidset = true;
	ch->ch_hostid = (uint32_t)v;
	return (0);
}

static void
get_hostid(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vprocg *vp = prison_vprocg(pr);

	(void)caller, (void)pa;
	sbuf_printf(sb, "%u", vp == NULL ? 0 : vp->vp_hostid);
}

static int
set_hostuuid(struct change *ch, const struct param *pa, const char *value)
{
	ch->ch_hostuuidset = true;
	return (change_string(ch, pa, value, ch->ch_hostuuid, sizeof(ch->ch_hostuuid)));
}

static void
get_hostuuid(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vprocg *vp = prison_vprocg(pr);

	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", vp == NULL ? "" : vp->vp_hostuuid);
}

static int
set_children_max(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, 999999, &v)) != 0)
		return (error);
	ch->ch_conf.pc_children_max = (int32_t)v;
	return (0);
}

static void
get_children_max(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%d", pr->pr_conf.pc_children_max);
}

static void
get_children_cur(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%d", pr->pr_nchildren);
}

static void
get_dying(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_dying ? "true" : "false");
}

static int
set_allow(struct change *ch, const struct param *pa, const char *value)
{
	if (value[0] != 't') {
		ch->ch_conf.pc_allow &= ~(uint32_t)pa->pa_arg;
		return (0);
	}
	if ((ch->ch_parent->pr_conf.pc_allow & pa->pa_arg) == 0)
		return (change_fail(ch, EPERM, "%s: the parent jail does not have it", pa->pa_name));
	ch->ch_conf.pc_allow |= pa->pa_arg;
	return (0);
}

static void
get_allow(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%s", pr->pr_conf.pc_allow & pa->pa_arg ? "true" : "false");
}

/* What a prison has of a class stays; nobody has one of his own of what the parent must not have. */
int
change_mode(struct change *ch, const char *name, enum vclass vc, enum vmode mode)
{
	const struct prison *pr = ch->ch_pr;
	bool off = pr != NULL && pr->pr_container[vc] == NULL;

	if (pr != NULL && (pr->pr_owns[vc] != (mode == VMODE_NEW) || (off != (mode == VMODE_DISABLE) && pr->pr_parent->pr_container[vc] != NULL)))
		return (change_fail(ch, EPERM, "%s: cannot be changed after creation", name));
	if (mode == VMODE_NEW && ch->ch_parent->pr_container[vc] == NULL)
		return (change_fail(ch, EPERM, "%s: the parent jail does not have it", name));
	ch->ch_modes[vc] = mode;
	ch->ch_modeset[vc] = true;
	return (0);
}

static int
set_cannot(struct change *ch, const struct param *pa, const char *value)
{
	if (value[0] != 't')
		return (0);
	return (change_fail(ch, EOPNOTSUPP, "%s: no jail on Linux can be given this", pa->pa_name));
}

static int
set_must(struct change *ch, const struct param *pa, const char *value)
{
	if (value[0] == 't')
		return (0);
	return (change_fail(ch, EOPNOTSUPP, "%s: the host's kernel decides this, for all jails", pa->pa_name));
}

static void
get_constant(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pr;
	sbuf_printf(sb, "%s", pa->pa_set == set_must ? "true" : "false");
}

static const struct { const char *word; int level; } logcopies[] = {
	{ "none", -1 }, { "errors", LOG_ERR }, { "warnings", LOG_WARNING }, { "notices", LOG_NOTICE }, { "all", LOG_DEBUG },
};

static int
set_logcopy(struct change *ch, const struct param *pa, const char *value)
{
	for (size_t i = 0; i < NITEMS(logcopies); i++) {
		if (strcmp(logcopies[i].word, value) != 0)
			continue;
		ch->ch_conf.pc_logcopy = logcopies[i].level;
		return (0);
	}
	return (change_fail(ch, EINVAL, "%s: \"%s\" is not none, errors, warnings, notices or all", pa->pa_name, value));
}

static void
get_logcopy(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	for (size_t i = 0; i < NITEMS(logcopies); i++)
		if (logcopies[i].level == pr->pr_conf.pc_logcopy)
			sbuf_printf(sb, "%s", logcopies[i].word);
}

static int
set_logrefusals(struct change *ch, const struct param *pa, const char *value)
{
	(void)pa;
	ch->ch_conf.pc_logrefusals = value[0] == 't';
	return (0);
}

static void
get_logrefusals(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_conf.pc_logrefusals ? "true" : "false");
}

static int
set_privs(struct change *ch, const struct param *pa, const char *value)
{
	char name[64];
	const char *bad;
	privset set, over;
	size_t len;

	if (privset_parse(value, &set, &bad, &len) != 0)
		return (change_fail(ch, EINVAL, "%s: \"%.*s\" is not a privilege", pa->pa_name, (int)MIN(len, (size_t)64), bad));
	if (pa->pa_arg == 0) {
		ch->ch_conf.pc_privdeny = set;
		return (0);
	}
	if ((over = set & privset_never()) == 0)
		over = set & ~ch->ch_parent->pr_bound;
	if (over != 0) {
		(void)privset_format(over & -over, name, sizeof(name));
		return (change_fail(ch, EPERM, "%s: %s %s", pa->pa_name, over & privset_never() ? "no jail can be given" :
		    "the parent jail does not have", name));
	}
	ch->ch_conf.pc_privallow = set;
	return (0);
}

static void
get_privs(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	char buf[1024];

	(void)caller;
	(void)privset_format(pa->pa_set == NULL ? pr->pr_privs : pa->pa_arg != 0 ? pr->pr_conf.pc_privallow : pr->pr_conf.pc_privdeny, buf, sizeof(buf));
	sbuf_printf(sb, "%s", buf);
}

static int
set_mode(struct change *ch, const struct param *pa, const char *value)
{
	enum vclass vc = (enum vclass)pa->pa_arg;
	enum vmode mode;

	if (strcmp(value, "new") == 0 || strcmp(value, "true") == 0)
		mode = VMODE_NEW;
	else if (strcmp(value, "inherit") == 0 || strcmp(value, "false") == 0)
		mode = VMODE_INHERIT;
	else if (strcmp(value, "disable") == 0 && vclass_table[vc]->vc_candisable)
		mode = VMODE_DISABLE;
	else
		return (change_fail(ch, EINVAL, vclass_table[vc]->vc_candisable ?
		    "%s: \"%s\" is neither new, inherit nor disable" : "%s: \"%s\" is neither new nor inherit", pa->pa_name, value));
	return (change_mode(ch, pa->pa_name, vc, mode));
}

static void
get_mode(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%s", pr->pr_owns[pa->pa_arg] ? "new" : pr->pr_container[pa->pa_arg] == NULL ? "disable" : "inherit");
}

static int
set_securelevel(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, -1, 3, &v)) != 0)
		return (error);
	if (v < ch->ch_parent->pr_conf.pc_securelevel)
		return (change_fail(ch, EPERM, "securelevel: below the parent's %d", ch->ch_parent->pr_conf.pc_securelevel));
	ch->ch_conf.pc_securelevel = (int32_t)v;
	return (0);
}

static void
get_securelevel(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%d", pr->pr_conf.pc_securelevel);
}

static int
set_stop_timeout(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, 3600, &v)) != 0)
		return (error);
	ch->ch_conf.pc_stop_timeout = (uint32_t)v;
	return (0);
}

static void
get_stop_timeout(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%u", pr->pr_conf.pc_stop_timeout);
}

/* FreeBSD's descriptions where it has the parameter. */
#define LIMIT_ROWS(name, type, what) \
	{ "limit." name, false, set_limit, get_limit, type, "Most " what ", 0: no limit", 0 }, \
	{ "limit." name ".cur", false, NULL, get_limitcur, type, "Current number of " what, 0 }, \
	{ "limit." name ".peak", false, NULL, get_limitpeak, type, "Highest number of " what, 0 },

static const struct param param_table[] = {
	{ "jid", false, NULL, get_jid, 0, "Jail ID", 0 },
	{ "name", false, NULL, get_name, 0, "Jail name", VI_NAMELEN },
	{ "path", false, set_path, get_path, 0, "Jail root path", 1024 },
	{ "parent", false, NULL, get_parent, 0, "Jail parent ID", 0 },
	{ "persist", true, set_persist, get_persist, 0, "Jail persistence", 0 },
	{ "dying", true, NULL, get_dying, 0, "Jail is in the process of shutting down", 0 },
	{ "vnet", false, set_mode, get_mode, VCLASS_VNET, "Virtual network stack", 0 },
	{ "vproc", false, set_mode, get_mode, VCLASS_VPROCG, "Processes, files and host names of its own", 0 },
	{ "vcpu", false, set_mode, get_mode, VCLASS_VCPU, "Share of the processors of its own", 0 },
	{ "vlog", false, set_mode, get_mode, VCLASS_VLOG, "Messages of its own", 0 },
	{ "vipc", false, set_mode, get_mode, VCLASS_VIPC, "Interprocess communication of its own", 0 },
	{ "vlog.copy", false, set_logcopy, get_logcopy, 0, "Messages of which level the host has copies of", 16 },
	{ "vlog.refusals", true, set_logrefusals, get_logrefusals, 0, "Signals and changes of ids that the host refuses are logged", 0 },
	{ "vcpu.share", false, set_share, get_share, 0, "Share of the processors, 100 is ordinary", 0 },
	{ "vcpu.limit", false, set_cpulimit, get_cpulimit, 0, "Percent of a processor it may use", 0 },
	{ "vcpu.usage", false, NULL, get_cpuusage, 0, "Seconds of processors it has used", 32 },
	{ "vcpu.cpus", false, set_cpus, get_cpus, 0, "Processors it may use", 0 },
	{ "cpuset.id", false, NULL, get_cpusetid, 0, "Jail cpuset ID", 0 },
	LIMIT_ROWS("memory", LIMIT_MEMORY, "bytes of its stacks")
	LIMIT_ROWS("sockets", LIMIT_SOCKETS, "sockets")
	LIMIT_ROWS("mbufs", LIMIT_MBUFS, "packet buffers")
	LIMIT_ROWS("routes", LIMIT_ROUTES, "routes")
	LIMIT_ROWS("interfaces", LIMIT_INTERFACES, "interfaces")
	LIMIT_ROWS("states", LIMIT_STATES, "connections kept at its border")
	LIMIT_ROWS("pps", LIMIT_PPS, "packets received in a second")
	LIMIT_ROWS("processes", LIMIT_PROCESSES, "processes")
	{ "limit.use", false, NULL, get_limituse, 0, "Limits that are set, and what there is", 512 },
	{ "limit.shm", false, set_ipclimit, get_ipclimit, VIPC_SHM, "Most bytes of System V shared memory", 0 },
	{ "limit.msgqueues", false, set_ipclimit, get_ipclimit, VIPC_MSGQUEUES, "Most System V message queues", 0 },
	{ "limit.semaphores", false, set_ipclimit, get_ipclimit, VIPC_SEMAPHORES, "Most System V semaphores", 0 },
	{ "limit.mqueues", false, set_ipclimit, get_ipclimit, VIPC_MQUEUES, "Most POSIX message queues", 0 },
	{ "sysvmsg", false, set_ipc, get_ipc, PR_IPC_SYSVMSG, "SYSV message queues", 0 },
	{ "sysvsem", false, set_ipc, get_ipc, PR_IPC_SYSVSEM, "SYSV semaphores", 0 },
	{ "sysvshm", false, set_ipc, get_ipc, PR_IPC_SYSVSHM, "SYSV shared memory", 0 },
	{ "mqueue", false, set_ipc, get_ipc, PR_IPC_MQUEUE, "POSIX message queues", 0 },
	{ "host", false, set_host, get_host, 0, "Jail host info", 0 },
	{ "host.hostname", false, set_hostname, get_hostname, 0, "Jail hostname", VI_HOSTNAMELEN },
	{ "host.domainname", false, set_domainname, get_domainname, 0, "Jail NIS domainname", VI_HOSTNAMELEN },
	{ "host.hostid", false, set_hostid, get_hostid, 0, "Jail host ID", 0 },
	{ "host.hostuuid", false, set_hostuuid, get_hostuuid, 0, "Jail host UUID", 64 },
	{ "enforce_statfs", false, set_statfs, get_stored, STORE_STATFS, "Jail cannot see all mounted file systems", 0 },
	{ "devfs_ruleset", false, set_devfs, get_stored, STORE_DEVFS, "Ruleset for in-jail devfs mounts", 0 },
	{ "osreldate", false, set_stored, get_stored, STORE_RELDATE, "Jail value for kern.osreldate and uname -K", 0 },
	{ "osrelease", false, set_stored, get_stored, STORE_RELEASE, "Jail value for kern.osrelease and uname -r", 64 },
	{ "linux", false, set_linux, get_linux, 0, "Jail Linux parameters", 0 },
	{ "linux.osname", false, set_linuxname, get_linuxname, STORE_LXNAME, "Jail Linux kernel OS name", 64 },
	{ "linux.osrelease", false, set_linuxname, get_linuxname, STORE_LXRELEASE, "Jail Linux kernel OS release", 64 },
	{ "linux.oss_version", false, set_linuxname, get_linuxname, STORE_OSSVERSION, "Jail Linux OSS version", 0 },
	{ "meta", false, set_meta, get_meta, 0, "Jail meta information hidden from the jail", VI_META_MAX },
	{ "env", false, set_meta, get_meta, 1, "Jail meta information readable by the jail", VI_META_MAX },
	{ "ip4", false, set_ipmode, get_ipmode, 4, "Jail IPv4 address virtualization", 0 },
	{ "ip4.addr", false, set_ipaddr, get_ipaddr, 4, "Jail IPv4 addresses", 0 },
	{ "ip4.saddrsel", true, set_saddrsel, get_saddrsel, 4, "Do (not) use IPv4 source address selection rather than the primary jail IPv4 address.", 0 },
	{ "ip6", false, set_ipmode, get_ipmode, 6, "Jail IPv6 address virtualization", 0 },
	{ "ip6.addr", false, set_ipaddr, get_ipaddr, 6, "Jail IPv6 addresses", 0 },
	{ "ip6.saddrsel", true, set_saddrsel, get_saddrsel, 6, "Do (not) use IPv6 source address selection rather than the primary jail IPv6 address.", 0 },
	{ "children.max", false, set_children_max, get_children_max, 0, "Maximum number of child jails", 0 },
	{ "children.cur", false, NULL, get_children_cur, 0, "Current number of child jails", 0 },
	{ "securelevel", false, set_securelevel, get_securelevel, 0, "Jail secure level", 0 },
	{ "stop.timeout", false, set_stop_timeout, get_stop_timeout, 0, "Seconds its processes have to end", 0 },
	{ "allow.set_hostname", true, set_allow, get_allow, PR_ALLOW_SET_HOSTNAME, "Jail may set hostname", 0 },
	{ "allow.raw_sockets", true, set_allow, get_allow, PR_ALLOW_RAW_SOCKETS, "Jail may create raw sockets", 0 },
	{ "allow.reserved_ports", true, set_allow, get_allow, PR_ALLOW_RESERVED_PORTS, "Jail may bind sockets to reserved ports", 0 },
	{ "allow.socket_af", true, set_allow, get_allow, PR_ALLOW_SOCKET_AF, "Jail may create sockets other than just UNIX/IPv4/IPv6/route", 0 },
	{ "allow.read_msgbuf", true, set_allow, get_allow, PR_ALLOW_READ_MSGBUF, "Jail may read the kernel message buffer", 0 },
	{ "allow.routing", true, set_allow, get_allow, PR_ALLOW_ROUTING, "Jail may modify routing table", 0 },
	{ "allow.suser", true, set_allow, get_allow, PR_ALLOW_SUSER, "Processes in jail with uid 0 have privilege", 0 },
	{ "allow.mlock", true, set_allow, get_allow, PR_ALLOW_MLOCK, "Jail may lock (unlock) physical pages in memory", 0 },
	{ "allow.chflags", true, set_allow, get_allow, PR_ALLOW_CHFLAGS, "Jail may alter system file flags", 0 },
	{ "allow.settime", true, set_allow, get_allow, PR_ALLOW_SETTIME, "Jail may set system time", 0 },
	{ "allow.adjtime", true, set_allow, get_allow, PR_ALLOW_ADJTIME, "Jail may adjust system time", 0 },
	{ "allow.sysvipc", true, set_sysvipc, get_sysvipc, 0, "Jail may use SYSV IPC", 0 },
	{ "allow.mount", true, set_allow, get_allow, PR_ALLOW_MOUNT, "Jail may mount/unmount jail-friendly file systems in general", 0 },
	{ "allow.mount.devfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_DEVFS, "Jail may mount the devfs file system", 0 },
	{ "allow.mount.fdescfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_FDESCFS, "Jail may mount the fdescfs file system", 0 },
	{ "allow.mount.fusefs", true, set_allow, get_allow, PR_ALLOW_MOUNT_FUSEFS, "Jail may mount the fusefs file system", 0 },
	{ "allow.mount.nullfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_NULLFS, "Jail may mount the nullfs file system", 0 },
	{ "allow.mount.procfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_PROCFS, "Jail may mount the procfs file system", 0 },
	{ "allow.mount.linprocfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_LINPROCFS, "Jail may mount the linprocfs file system", 0 },
	{ "allow.mount.linsysfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_LINSYSFS, "Jail may mount the linsysfs file system", 0 },
	{ "allow.mount.tmpfs", true, set_allow, get_allow, PR_ALLOW_MOUNT_TMPFS, "Jail may mount the tmpfs file system", 0 },
	{ "allow.mount.zfs", true, set_cannot, get_constant, 0, "Jail may mount the zfs file system", 0 },
	{ "allow.extattr", true, set_cannot, get_constant, 0, "Jail may set system-level filesystem extended attributes", 0 },
	{ "allow.nfsd", true, set_cannot, get_constant, 0, "Mountd/nfsd may run in the jail", 0 },
	{ "allow.quotas", true, set_cannot, get_constant, 0, "Jail may set file quotas", 0 },
	{ "allow.setaudit", true, set_cannot, get_constant, 0, "Jail may set and get audit session state", 0 },
	{ "allow.vmm", true, set_cannot, get_constant, 0, "Allow use of vmm in a jail.", 0 },
	{ "allow.vmm_ppt", true, set_cannot, get_constant, 0, "Allow use of ppt devices in a jail.", 0 },
	{ "allow.unprivileged_parent_tampering", true, set_cannot, get_constant, 0, "Unprivileged parent jail processes may tamper with same-uid processes", 0 },
	{ "allow.unprivileged_proc_debug", true, set_must, get_constant, 0, "Unprivileged processes may use process debugging facilities", 0 },
	{ "priv.allow", false, set_privs, get_privs, 1, "Privileges it has whatever else is said", 1024 },
	{ "priv.deny", false, set_privs, get_privs, 0, "Privileges it has not whatever else is said", 1024 },
	{ "priv.have", false, NULL, get_privs, 0, "Privileges it has", 1024 },
};

const char *
prison_paramname(unsigned i)
{
	return (i < NITEMS(param_table) ? param_table[i].pa_name : NULL);
}

/* Has it others below, as host and host.hostname? */
static bool
param_isnode(const struct param *pa)
{
	size_t len = strlen(pa->pa_name);

	for (size_t i = 0; i < NITEMS(param_table); i++)
		if (strncmp(param_table[i].pa_name, pa->pa_name, len) == 0 && param_table[i].pa_name[len] == '.')
			return (true);
	return (false);
}

bool
prison_paraminfo(unsigned i, struct vi_paraminfo *pi)
{
	if (i >= NITEMS(param_table))
		return (false);
	*pi = (struct vi_paraminfo){ .pi_name = param_table[i].pa_name, .pi_descr = param_table[i].pa_descr, .pi_len = param_table[i].pa_len,
	    .pi_node = param_isnode(&param_table[i]) };
	return (true);
}

const char *
prison_allowname(uint32_t allow)
{
	for (size_t i = 0; i < NITEMS(param_table); i++)
		if (param_table[i].pa_set == set_allow && param_table[i].pa_arg == allow)
			return (param_table[i].pa_name);
	return (NULL);
}

/* Which container must be its own for the parameter to be set; VCLASS_MAX: none. */
static enum vclass
param_class(const struct param *pa)
{
	if (pa->pa_set == set_hostname || pa->pa_set == set_domainname || pa->pa_set == set_hostid || pa->pa_set == set_hostuuid)
		return (VCLASS_VPROCG);
	if (pa->pa_set == set_share || pa->pa_set == set_cpulimit || pa->pa_set == set_cpus)
		return (VCLASS_VCPU);
	if (pa->pa_set == set_ipclimit)
		return (VCLASS_VIPC);
	return (pa->pa_set == set_limit && pa->pa_arg != LIMIT_PROCESSES ? VCLASS_VNET : VCLASS_MAX);
}

bool
prison_paramset(const struct prison *pr, const char *name)
{
	enum vclass vc;

	for (size_t i = 0; i < NITEMS(param_table); i++) {
		if (strcmp(param_table[i].pa_name, name) != 0)
			continue;
		vc = param_class(&param_table[i]);
		if (vc != VCLASS_MAX && !pr->pr_owns[vc])
			return (false);
		if (param_table[i].pa_set == set_linuxname && !pr->pr_conf.pc_linux)	/* it would no longer inherit */
			return (false);
		return (param_table[i].pa_set != NULL || i < 2);	/* jid and name: by who is meant */
	}
	return (true);
}

/* "meta.KEY", "env.KEY": the row, and the key; NULL when it is neither. */
static const char *
param_key(const char *name)
{
	const char *key = strncmp(name, "meta.", 5) == 0 ? name + 5 : strncmp(name, "env.", 4) == 0 ? name + 4 : "";

	for (const char *p = key; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("._-", *p) != NULL))
			return (NULL);
	return (*key == '\0' ? NULL : key);
}

/* Finds the row; *no: name is its no-form ("nopersist", "allow.noraw_sockets"). */
static const struct param *
param_find(const char *name, bool *no)
{
	const struct param *pa;
	const char *leaf, *plain;

	if (param_key(name) != NULL)
		name = name[0] == 'm' ? "meta" : "env";
	for (size_t i = 0; i < NITEMS(param_table); i++) {
		pa = &param_table[i];
		*no = false;
		if (strcmp(pa->pa_name, name) == 0)
			return (pa);
		if (!pa->pa_bool && pa->pa_set != set_mode)
			continue;
		*no = true;
		leaf = strrchr(name, '.');
		leaf = leaf == NULL ? name : leaf + 1;
		plain = strrchr(pa->pa_name, '.');
		plain = plain == NULL ? pa->pa_name : plain + 1;
		if (leaf - name == plain - pa->pa_name && strncmp(name, pa->pa_name, (size_t)(leaf - name)) == 0 &&
		    strncmp(leaf, "no", 2) == 0 && strcmp(leaf + 2, plain) == 0)
			return (pa);
	}
	return (NULL);
}

static int
change_param(struct change *ch, const struct vi_param *p)
{
	const struct param *pa;
	const char *value = p->p_value;
	bool no;

	if (strcmp(p->p_name, "jid") == 0 || strcmp(p->p_name, "name") == 0)
		return (0);
	if ((pa = param_find(p->p_name, &no)) == NULL)
		return (change_fail(ch, EINVAL, "unknown parameter: %s", p->p_name));
	if (pa->pa_set == NULL)
		return (change_fail(ch, EINVAL, "%s: read-only", p->p_name));
	if (no && value != NULL)
		return (change_fail(ch, EINVAL, "%s: takes no value", p->p_name));
	if (pa->pa_bool || (pa->pa_set == set_mode && value == NULL)) {
		if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0 && strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
			return (change_fail(ch, EINVAL, "%s: \"%s\" is not a boolean", p->p_name, value));
		value = no || (value != NULL && (value[0] == 'f' || value[0] == '0')) ? "false" : "true";
	}
	if (value == NULL && pa->pa_set != set_meta)
		return (change_fail(ch, EINVAL, "%s: needs a value", p->p_name));
	ch->ch_key = param_key(p->p_name);
	return (pa->pa_set(ch, pa, value));
}

static bool
name_ok(const char *name)
{
	const char *leaf = strrchr(name, '.');
	bool digits = true;

	leaf = leaf == NULL ? name : leaf + 1;
	if (*leaf == '\0' || name[0] == '.' || strstr(name, "..") != NULL)
		return (false);
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("/\"'=;{}*,", *p) != NULL)
			return (false);
	for (const char *p = leaf; *p != '\0'; p++)
		digits = digits && *p >= '0' && *p <= '9';
	return (!digits);
}

/* The full name, and the parent it implies: "a.b" below the caller's "x" is "x.a.b", a child of "x.a". */
static int
change_name(struct change *ch, const char *name)
{
	const char *dot = strrchr(name, '.');
	char parent[VI_NAMELEN];
	struct sbuf sb;

	if (!name_ok(name))
		return (change_fail(ch, EINVAL, "name: \"%s\" is not a jail name", name));
	if (strlen(ch->ch_caller->pr_name) + strlen(name) + 2 > VI_NAMELEN)
		return (change_fail(ch, ENAMETOOLONG, "name: too long"));
	sbuf_init(&sb, ch->ch_name, sizeof(ch->ch_name));
	if (ch->ch_caller->pr_parent != NULL)
		sbuf_printf(&sb, "%s.", ch->ch_caller->pr_name);
	sbuf_printf(&sb, "%s", name);
	ch->ch_named = true;
	if (dot != NULL) {
		memcpy(parent, name, (size_t)(dot - name));
		parent[dot - name] = '\0';
		if ((ch->ch_parent = prison_find_name(ch->ch_caller, parent)) == NULL)
			return (change_fail(ch, ENOENT, "jail \"%s\" not found", parent));
	}
	return (0);
}

/* Which jail is meant: by jid, by name, or by both (then the name is a new one). */
static int
change_identify(struct change *ch, const struct vi_param *p, unsigned n, unsigned flags)
{
	const char *name = NULL, *jid = NULL;
	struct prison *byname = NULL, *byid = NULL;
	int64_t v;
	int error;

	/* Who may have no children is not allowed to; who has as many as he may has reached a limit. */
	if ((flags & (VI_JAIL_CREATE | VI_JAIL_UPDATE)) == VI_JAIL_CREATE && ch->ch_caller->pr_conf.pc_children_max == 0)
		return (change_fail(ch, EPERM, "jail_set: Operation not permitted"));
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(p[i].p_name, "name") == 0)
			name = p[i].p_value;
		else if (strcmp(p[i].p_name, "jid") == 0)
			jid = p[i].p_value;
	}
	if (jid != NULL) {
		if ((error = change_number(ch, &param_table[0], jid, 1, JID_MAX, &v)) != 0)
			return (error);
		ch->ch_jid = (int)v;
		byid = prison_find(ch->ch_caller->pr_kernel, ch->ch_jid);
		if (byid != NULL && !prison_ischild(ch->ch_caller, byid))
			return (change_fail(ch, flags & VI_JAIL_CREATE ? EEXIST : ENOENT, "jail %d %s", ch->ch_jid,
			    flags & VI_JAIL_CREATE ? "already exists" : "not found"));
	}
	if (name != NULL) {
		byname = prison_find_name(ch->ch_caller, name);
		if (byname == ch->ch_caller)
			byname = NULL;
		if (byname == NULL && (error = change_name(ch, name)) != 0)
			return (error);
	}
	/* Numbers do not change: no jail has this one, and the one of that name has another. */
	if (jid != NULL && byid == NULL && byname != NULL && (flags & VI_JAIL_CREATE) == 0)
		return (change_fail(ch, ENOENT, "jail %d not found", ch->ch_jid));
	if (jid != NULL && byname != NULL && byid != byname)
		return (change_fail(ch, EEXIST, "jail \"%s\" already exists", name));
	ch->ch_pr = byname != NULL ? byname : byid;
	if (ch->ch_pr == NULL && (flags & VI_JAIL_CREATE) == 0)
		return (change_fail(ch, ENOENT, "jail \"%s\" not found", name != NULL ? name : jid != NULL ? jid : ""));
	if (ch->ch_pr != NULL && (flags & VI_JAIL_UPDATE) == 0)
		return (change_fail(ch, EEXIST, "jail \"%s\" already exists", name != NULL ? name : jid));
	return (0);
}

static int
change_limits(struct change *ch)
{
	struct prison *p;

	for (p = ch->ch_parent; p != NULL; p = p->pr_parent)
		if (p->pr_nchildren >= p->pr_conf.pc_children_max)
			return (change_fail(ch, EAGAIN, "prison limit exceeded"));
	return (0);
}

static int
jid_alloc(struct kernel *k)
{
	struct vimage_kern *vk = k->k_vimage;

	do {
		vk->vk_lastjid = vk->vk_lastjid % JID_MAX + 1;
	} while (prison_find(k, vk->vk_lastjid) != NULL);
	return (vk->vk_lastjid);
}

static int
change_create(struct change *ch)
{
	struct kernel *k = ch->ch_caller->pr_kernel;
	struct sbuf sb;
	int error;

	if ((error = change_limits(ch)) != 0)
		return (error);
	if (ch->ch_jid == 0)
		ch->ch_jid = jid_alloc(k);
	if (!ch->ch_named) {
		sbuf_init(&sb, ch->ch_name, sizeof(ch->ch_name));
		if (ch->ch_parent->pr_parent != NULL)
			sbuf_printf(&sb, "%s.", ch->ch_parent->pr_name);
		sbuf_printf(&sb, "%d", ch->ch_jid);
	}
	error = prison_create(ch->ch_parent, ch->ch_name, ch->ch_jid, ch->ch_modes, &ch->ch_pr);
	if (error != 0)
		return (change_fail(ch, error, error == EOPNOTSUPP ? "this build of vimage has one network stack only" : "no memory for the jail"));
	return (0);
}

/* Nothing here can fail. */
static void
change_apply(struct change *ch)
{
	struct prison *pr = ch->ch_pr;
	struct vprocg *vp = prison_vprocg(pr);

	pr->pr_conf = ch->ch_conf;
	change_meta_apply(ch);
	change_addrs_apply(ch);
	if (ch->ch_named && strcmp(ch->ch_name, pr->pr_name) != 0)
		prison_rename(pr, ch->ch_name);
	if (ch->ch_hostset)
		memcpy(vp->vp_hostname, ch->ch_hostname, sizeof(vp->vp_hostname));
	if (ch->ch_domainset)
		memcpy(vp->vp_domainname, ch->ch_domainname, sizeof(vp->vp_domainname));
	if (ch->ch_hostidset)
		vp->vp_hostid = ch->ch_hostid;
	if (ch->ch_hostuuidset)
		memcpy(vp->vp_hostuuid, ch->ch_hostuuid, sizeof(vp->vp_hostuuid));
	change_res_apply(ch);
	prison_apply(pr);
	prison_restrain(pr);
}

bool
change_owns(const struct change *ch, enum vclass vc)
{
	return (ch->ch_pr != NULL ? ch->ch_pr->pr_owns[vc] : ch->ch_modes[vc] == VMODE_NEW);
}

/* Which of what tells programs about the host was said; NULL. */
static const char *
change_hostinfo(const struct change *ch)
{
	return (ch->ch_hostset ? "host.hostname" : ch->ch_domainset ? "host.domainname" : ch->ch_hostidset ? "host.hostid" :
	    ch->ch_hostuuidset ? "host.hostuuid" : NULL);
}

static int
change_check(struct change *ch)
{
	int error;

	if (change_hostinfo(ch) != NULL && !change_owns(ch, VCLASS_VPROCG))
		return (change_fail(ch, EINVAL, "%s: the jail has no vproc of its own", change_hostinfo(ch)));
	if (ch->ch_hostmode != 0 && change_owns(ch, VCLASS_VPROCG) != (ch->ch_hostmode == 'n'))
		return (change_fail(ch, EINVAL, ch->ch_hostmode == 'n' ? "host: the jail has no vproc of its own" :
		    "host: a jail with processes of its own has a host name of its own (vproc=inherit has the parent's)"));
	if (ch->ch_pr != NULL && ch->ch_named && !TAILQ_EMPTY(&ch->ch_pr->pr_children))
		return (change_fail(ch, EBUSY, "name: cannot be changed while the jail has children"));
	if ((error = change_linux_check(ch)) != 0 || (error = change_addrs_check(ch)) != 0)
		return (error);
	return (change_res_check(ch));
}

/* What a new prison has if nothing else is said. */
static void
change_defaults(struct change *ch)
{
	const struct prison *parent = ch->ch_parent;

	ch->ch_conf.pc_allow = PR_ALLOW_DEFAULT & parent->pr_conf.pc_allow;
	ch->ch_conf.pc_securelevel = parent->pr_conf.pc_securelevel;
	ch->ch_conf.pc_stop_timeout = 10;
	ch->ch_conf.pc_logcopy = LOG_WARNING;
	memcpy(ch->ch_conf.pc_path, prison_root(parent), strlen(prison_root(parent)) + 1);
	ch->ch_conf.pc_ipcoff = parent->pr_conf.pc_ipcoff;
	ch->ch_conf.pc_store = parent->pr_conf.pc_store;
	ch->ch_conf.pc_store.ps_number[STORE_STATFS] = MAX(1, parent->pr_conf.pc_store.ps_number[STORE_STATFS]);
	change_linux_inherit(ch, parent);
	for (unsigned vc = 0; vc < VCLASS_MAX; vc++)
		ch->ch_modes[vc] = parent->pr_container[vc] == NULL ? VMODE_INHERIT : vclass_table[vc]->vc_default;
}

static int
change_run(struct change *ch, const struct vi_param *p, unsigned n, unsigned flags, prison_more_fn *more, void *arg)
{
	bool created = false;
	int error;

	if ((error = change_identify(ch, p, n, flags)) != 0)
		return (error);
	if (ch->ch_pr != NULL) {
		if (ch->ch_named && ch->ch_parent != ch->ch_pr->pr_parent)
			return (change_fail(ch, EINVAL, "name: \"%s\" is below another jail", ch->ch_name));
		ch->ch_conf = ch->ch_pr->pr_conf;
		ch->ch_parent = ch->ch_pr->pr_parent;
	} else {
		change_defaults(ch);
	}
	for (unsigned i = 0; i < n; i++)
		if ((error = change_param(ch, &p[i])) != 0)
			return (error);
	if ((error = change_check(ch)) != 0)
		return (error);
	if (ch->ch_pr == NULL) {
		if ((error = change_create(ch)) != 0)
			return (error);
		created = true;
	}
	if (more != NULL && (error = more(ch->ch_caller, ch->ch_pr, arg)) != 0) {
		if (created)
			(void)prison_destroy(ch->ch_pr, NULL, NULL);
		return (error);
	}
	change_apply(ch);
	return (0);
}

int
prison_set(struct prison *caller, const struct vi_param *p, unsigned n, unsigned flags, prison_more_fn *more, void *arg, struct prison **prp, char *err)
{
	struct change ch = { .ch_caller = caller, .ch_parent = caller, .ch_err = err };
	int error;

	err[0] = '\0';
	error = change_run(&ch, p, n, flags, more, arg);
	if (error == 0)
		*prp = ch.ch_pr;
	change_meta_free(&ch);
	change_addrs_free(&ch);
	return (error);
}

int
prison_getparam(struct prison *caller, struct prison *pr, const char *name, char *buf, size_t len)
{
	const struct param *pa;
	struct sbuf sb;
	bool no;

	if ((pa = param_find(name, &no)) == NULL || no)
		return (ENOENT);
	sbuf_init(&sb, buf, len);
	if (param_key(name) != NULL)
		return (get_metakey(pr, pa, param_key(name), &sb) ? 0 : ENODATA);
	pa->pa_get(caller, pr, pa, &sb);
	return (0);
}
