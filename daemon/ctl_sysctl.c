/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on the knobs of a stack: sysctl.*. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/jail.h>
#include <vimage/sysctl.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/jproc.h"

#define VALUE_MAX	1024

static void
add_oid(void *arg, const struct vi_sysctl *sy)
{
	static const char *const types[] = {
		[VI_CTL_INT] = "int",
		[VI_CTL_UINT] = "uint",
		[VI_CTL_U64] = "u64",
		[VI_CTL_STRING] = "string",
	};
	const struct ctl_list *list = arg;
	const struct ctl_request *rq = list->l_rq;
	json_t *o;

	if (sy->sy_secret && (!rq->rq_cred.cr_priv || (rq->rq_cred.cr_denied >> VI_PRIV_NET_SYSCTL & 1) != 0 ||
	    !vi_jail_visible(rq->rq_kernel, rq->rq_caller, vi_vnet_jail(rq->rq_vnet))))
		return;
	o = json_object();
	ctl_put_text(o, "name", sy->sy_name);
	ctl_put_text(o, "description", sy->sy_descr != NULL ? sy->sy_descr : "");
	ctl_put_text(o, "type", types[sy->sy_type]);
	json_object_set_new(o, "writable", json_boolean(sy->sy_writable));
	json_object_set_new(o, "vnet", json_boolean(sy->sy_vnet));
	ctl_put_text(o, "value", sy->sy_value);
	ctl_list_add(arg, o);
}

/*
 * What a jail knows of itself; not of its stack, which may be another's.
 */
enum jail_oid {
	OID_HOSTNAME, OID_DOMAINNAME, OID_HOSTID, OID_HOSTUUID, OID_SECURELEVEL,	/* can be set */
	OID_LOGSTAMP, OID_LOGNAMES,						/* of its messages: also the host's */
	OID_OSRELDATE, OID_SUSER, OID_CHILDREN_CUR, OID_CHILDREN_MAX, OID_STATFS, OID_ENV, OID_JAILED, OID_MAX_IPS, OID_META_MAX, OID_VNET, OID_MAX
};

static const struct {
	const char	*jo_name, *jo_descr, *jo_param;	/* the jail's parameter, or NULL */
	enum vi_sysctl_type jo_type;
} jail_oids[OID_MAX] = {
	[OID_HOSTNAME] = { "kern.hostname", "Hostname", "host.hostname", VI_CTL_STRING },
	[OID_DOMAINNAME] = { "kern.domainname", "Name of the current YP/NIS domain", "host.domainname", VI_CTL_STRING },
	[OID_HOSTID] = { "kern.hostid", "Host ID", "host.hostid", VI_CTL_UINT },
	[OID_HOSTUUID] = { "kern.hostuuid", "Host UUID", "host.hostuuid", VI_CTL_STRING },
	[OID_SECURELEVEL] = { "kern.securelevel", "Current secure level", "securelevel", VI_CTL_INT },
	[OID_LOGSTAMP] = { "kern.msgbuf_show_timestamp", "Show timestamp in msgbuf", NULL, VI_CTL_INT },
	[OID_LOGNAMES] = { "kern.msgbuf_show_jail", "Copies of other jails' messages say whose they are", NULL, VI_CTL_INT },
	[OID_OSRELDATE] = { "kern.osreldate", "What osreldate says, or 0", "osreldate", VI_CTL_INT },
	[OID_SUSER] = { "security.bsd.suser_enabled", "Processes with uid 0 have privilege", "allow.suser", VI_CTL_INT },
	[OID_CHILDREN_CUR] = { "security.jail.children.cur", "Current number of child jails", "children.cur", VI_CTL_INT },
	[OID_CHILDREN_MAX] = { "security.jail.children.max", "Maximum number of child jails", "children.max", VI_CTL_INT },
	[OID_STATFS] = { "security.jail.enforce_statfs", "Processes in jail cannot see all mounted file systems", "enforce_statfs", VI_CTL_INT },
	[OID_MAX_IPS] = { "security.jail.jail_max_af_ips", "Number of IP addresses a jail may have at most per address family", NULL, VI_CTL_UINT },
	[OID_ENV] = { "security.jail.env", "What the jail was given to read (parameter env)", "env", VI_CTL_STRING },
	[OID_JAILED] = { "security.jail.jailed", "Process in jail?", NULL, VI_CTL_INT },
	[OID_META_MAX] = { "security.jail.meta_maxbufsize", "Bytes of meta and env", NULL, VI_CTL_INT },
	[OID_VNET] = { "security.jail.vnet", "Jail owns its network stack?", NULL, VI_CTL_INT },
};

/* The number that gethostid(3) tells if somebody set one; without, that would ask name servers. */
static uint32_t
hostid(void)
{
	int fd = open("/etc/hostid", O_RDONLY | O_CLOEXEC);
	uint32_t id = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &id, sizeof(id)) != (ssize_t)sizeof(id))
		id = 0;
	close(fd);
	return id;
}

/* What the host says of itself, and of jails without a name; false: the jail says more. */
static bool
host_text(const struct ctl_request *rq, unsigned oid, char *buf, size_t len)
{
	if (oid > OID_HOSTID)
		return false;
	if (vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vproc") != 0 && (oid == OID_HOSTID ||
	    vi_jail_get(rq->rq_kernel, rq->rq_jid, rq->rq_jid, jail_oids[oid].jo_param, buf, len) != 0 || buf[0] != '\0'))
		return false;
	if (oid == OID_HOSTNAME)
		(void)gethostname(buf, len);
	else if (oid == OID_DOMAINNAME)
		(void)getdomainname(buf, len);
	else
		snprintf(buf, len, "%u", hostid());
	return true;
}

static bool
is_log(unsigned oid)
{
	return oid == OID_LOGSTAMP || oid == OID_LOGNAMES;
}

static enum vi_logknob
log_knob(unsigned oid)
{
	return oid == OID_LOGSTAMP ? VI_LOG_STAMP : VI_LOG_NAMES;
}

static void
jail_text(const struct ctl_request *rq, unsigned oid, char *buf, size_t len)
{
	buf[0] = '\0';
	if (host_text(rq, oid, buf, len))
		return;
	if (oid == OID_JAILED)
		snprintf(buf, len, "%d", vi_jail_parent(rq->rq_kernel, rq->rq_jid) >= 0);
	else if (oid == OID_MAX_IPS)
		snprintf(buf, len, "%d", VI_JAIL_MAXIPS);
	else if (is_log(oid))
		snprintf(buf, len, "%d", vi_jail_log_get(rq->rq_kernel, rq->rq_jid, log_knob(oid)));
	else if (oid == OID_VNET)
		snprintf(buf, len, "%d", vi_jail_owns_vnet(rq->rq_kernel, rq->rq_jid));
	else if (oid == OID_META_MAX)
		snprintf(buf, len, "%d", VI_META_MAX);
	else if (vi_jail_get(rq->rq_kernel, rq->rq_jid, rq->rq_jid, jail_oids[oid].jo_param, buf, len) != 0)
		buf[0] = '\0';
	if (oid == OID_SUSER)
		snprintf(buf, len, "%d", strcmp(buf, "true") == 0);
}

static bool
is_asked(const char *name, const char *oid)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	return len == 0 || (strncmp(oid, name, len) == 0 && (oid[len] == '\0' || oid[len] == '.'));
}

static unsigned
list_jail(const struct ctl_request *rq, const char *name, vi_sysctl_fn *fn, void *arg)
{
	char text[VI_PARAMLEN];
	unsigned n = 0;

	for (unsigned i = 0; i < OID_MAX; i++) {
		if (!is_asked(name, jail_oids[i].jo_name))
			continue;
		jail_text(rq, i, text, sizeof(text));
		fn(arg, &(struct vi_sysctl){ .sy_name = jail_oids[i].jo_name, .sy_descr = jail_oids[i].jo_descr, .sy_type = jail_oids[i].jo_type,
		    .sy_writable = is_log(i) || (i <= OID_SECURELEVEL && rq->rq_jid != 0), .sy_value = text });
		n++;
	}
	return n;
}

/* The parameters of jails: there they are, and how long their texts are.  One with others below is written as a node. */
static unsigned
list_params(const char *name, vi_sysctl_fn *fn, void *arg)
{
	struct vi_paraminfo pi;
	char oid[128], len[16];
	unsigned n = 0;

	for (unsigned i = 0; vi_jail_paraminfo(i, &pi); i++) {
		snprintf(oid, sizeof(oid), "security.jail.param.%s%s", pi.pi_name, pi.pi_node ? "." : "");
		if (!is_asked(name, oid))
			continue;
		snprintf(len, sizeof(len), "%u", pi.pi_len);
		fn(arg, &(struct vi_sysctl){ .sy_name = oid, .sy_descr = pi.pi_descr, .sy_type = pi.pi_len > 0 ? VI_CTL_STRING : VI_CTL_INT, .sy_value = len });
		n++;
	}
	return n;
}

static int
op_list(struct ctl_request *rq)
{
	struct ctl_list list;
	const char *name = "";
	unsigned own;
	int error;

	ctl_list_begin(rq, "sysctls", &list);
	if ((error = ctl_args(rq, "{s?s}", "name", &name)) != 0)
		return error;
	error = vi_sysctl_list(rq->rq_vnet, name, add_oid, &list);
	own = list_jail(rq, name, add_oid, &list) + list_params(name, add_oid, &list);
	if (error == ENOENT && own > 0)
		error = 0;
	return error == ENOENT ? ctl_fail(rq, error, "unknown oid '%.200s'", name) : error;
}

/* What there is of a name: the leaf, or only leaves below it. */
struct meant {
	const char	*me_name;
	bool		 me_below, me_found, me_writable;
	enum vi_sysctl_type me_type;
	char		 me_value[VI_PARAMLEN];
};

static void
note_oid(void *arg, const struct vi_sysctl *sy)
{
	struct meant *me = arg;

	me->me_below = true;
	if (strcmp(sy->sy_name, me->me_name) != 0)
		return;
	me->me_found = true;
	me->me_writable = sy->sy_writable;
	me->me_type = sy->sy_type;
	snprintf(me->me_value, sizeof(me->me_value), "%s", sy->sy_value);
}

/* In FreeBSD's words, before the stack says why it takes no value. */
static int
check_value(struct ctl_request *rq, const struct meant *me, const char *value)
{
	static const char *const types[] = { [VI_CTL_INT] = "integer", [VI_CTL_UINT] = "unsigned integer", [VI_CTL_U64] = "uint64_t" };
	char *end;

	if (!me->me_below)
		return ctl_fail(rq, ENOENT, "unknown oid '%.200s'", me->me_name);
	if (!me->me_found)
		return ctl_fail(rq, EISDIR, "oid '%.200s' isn't a leaf node", me->me_name);
	if (!me->me_writable)
		return ctl_fail(rq, EPERM, "oid '%.200s' is read only", me->me_name);
	if (me->me_type == VI_CTL_STRING)
		return 0;
	if (value[0] == '\0')
		return ctl_fail(rq, EINVAL, "empty numeric value");
	(void)strtoll(value, &end, 0);
	return *end == '\0' ? 0 : ctl_fail(rq, EINVAL, "invalid %s '%.100s'", types[me->me_type], value);
}

static int
explain(struct ctl_request *rq, int error, const char *name, const char *value)
{
	switch (error) {
	case ENOENT:
		return ctl_fail(rq, error, "unknown oid '%.200s'", name);
	case EPERM:
		return ctl_fail(rq, error, "%.100s=%.100s: Operation not permitted", name, value);
	case EINVAL:
		return ctl_fail(rq, error, "%.100s=%.100s: Invalid argument", name, value);
	default:
		return error;
	}
}

static unsigned
jail_oid_find(const char *name)
{
	unsigned i;

	for (i = 0; i < OID_MAX; i++)
		if (strcmp(jail_oids[i].jo_name, name) == 0)
			break;
	return i;
}

/* By who manages the jail; the jail's own root may have a name, by privilege, and may give up what a higher level takes. */
static int
may_set_jail(struct ctl_request *rq, unsigned oid, const struct meant *me, const char *value)
{
	const bool own = rq->rq_jid == rq->rq_caller;
	const enum vi_priv priv = own ? VI_PRIV_HOST_SETNAME : VI_PRIV_JAIL_MODIFY;

	if (own && oid == OID_SECURELEVEL)
		return rq->rq_cred.cr_priv && strtol(value, NULL, 0) >= strtol(me->me_value, NULL, 0) ? 0 : EPERM;
	return vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, priv);
}

/* By who may clear the messages: the buffer's owner and those above. */
static int
set_log(struct ctl_request *rq, unsigned oid, const struct meant *me, const char *value)
{
	int error = vi_jail_visible(rq->rq_kernel, rq->rq_caller, vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vlog")) ?
	    vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_LOG_CLEAR) : EPERM;
	const long n = strtol(value, NULL, 0);
	char new[16];

	if (error != 0)
		return ctl_refuse(rq, explain(rq, error, me->me_name, value));
	if ((error = vi_jail_log_set(rq->rq_kernel, rq->rq_jid, log_knob(oid), n < 0 || n > INT_MAX ? -1 : (int)n)) != 0)
		return explain(rq, error, me->me_name, value);
	ctl_put_text(rq->rq_reply, "old", me->me_value);
	jail_text(rq, oid, new, sizeof(new));
	ctl_put_text(rq->rq_reply, "new", new);
	return 0;
}

static int
set_jail(struct ctl_request *rq, unsigned oid, const struct meant *me, const char *value)
{
	char jid[16], new[VI_PARAMLEN], err[VI_ERRLEN];
	const struct vi_param p[] = { { "jid", jid }, { jail_oids[oid].jo_param, value } };
	int error;

	if ((error = may_set_jail(rq, oid, me, value)) != 0)
		return ctl_refuse(rq, explain(rq, error, me->me_name, value));
	snprintf(jid, sizeof(jid), "%d", rq->rq_jid);
	if (vi_jail_set(rq->rq_kernel, 0, p, 2, VI_JAIL_UPDATE, NULL, err) != 0)
		return ctl_fail(rq, EINVAL, "%.100s=%.100s: %s", me->me_name, value, err);
	jail_text(rq, oid, new, sizeof(new));
	if (oid == OID_HOSTNAME || oid == OID_DOMAINNAME)
		jproc_hostname(rq->rq_daemon, rq->rq_jid, oid == OID_DOMAINNAME, new);
	ctl_put_text(rq->rq_reply, "old", me->me_value);
	ctl_put_text(rq->rq_reply, "new", new);
	return 0;
}

static int
op_set(struct ctl_request *rq)
{
	struct meant me = { .me_name = "" };
	char new[VALUE_MAX];
	const char *name, *value;
	unsigned oid;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s}", "name", &name, "value", &value)) != 0)
		return error;
	me.me_name = name;
	if (name[0] != '\0')
		(void)vi_sysctl_list(rq->rq_vnet, name, note_oid, &me);
	(void)list_jail(rq, name, note_oid, &me);
	(void)list_params(name, note_oid, &me);
	/* Also to those who may not set any. */
	if ((error = check_value(rq, &me, value)) != 0)
		return error;
	if (is_log(oid = jail_oid_find(name)))
		return set_log(rq, oid, &me, value);
	if (oid < OID_MAX)
		return set_jail(rq, oid, &me, value);
	if ((error = ctl_may(rq, VI_PRIV_NET_SYSCTL)) == 0)
		error = vi_sysctl_set(rq->rq_vnet, name, value, &rq->rq_cred);
	if (error == 0)
		error = vi_sysctl_get(rq->rq_vnet, name, new, sizeof(new));
	if (error != 0)
		return explain(rq, error, name, value);
	ctl_put_text(rq->rq_reply, "old", me.me_value);
	ctl_put_text(rq->rq_reply, "new", new);
	return 0;
}

const struct ctl_op ctl_sysctl_ops[] = {
	{ "sysctl.list", op_list },
	{ "sysctl.set", op_set },
	{ NULL, NULL },
};
