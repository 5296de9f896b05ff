/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on the knobs of a stack: sysctl.*. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vimage/jail.h>
#include <vimage/sysctl.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"

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
	json_t *o = json_object();

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
static void
jail_text(const struct ctl_request *rq, const char *what, char *buf, size_t len)
{
	bool outside = vi_jail_parent(rq->rq_kernel, rq->rq_jid) < 0;

	if (strcmp(what, "jailed") == 0)
		snprintf(buf, len, "%d", !outside);
	else if (strcmp(what, "vnet") == 0)
		snprintf(buf, len, "%d", vi_jail_owns_vnet(rq->rq_kernel, rq->rq_jid));
	else if (strcmp(what, "meta_maxbufsize") == 0)
		snprintf(buf, len, "%d", VI_META_MAX);
	else if (vi_jail_get(rq->rq_kernel, rq->rq_jid, rq->rq_jid, "env", buf, len) != 0)
		buf[0] = '\0';
}

static bool
is_asked(const char *name, const char *oid)
{
	size_t len = strlen(name);

	return len == 0 || (strncmp(oid, name, len) == 0 && (oid[len] == '\0' || oid[len] == '.'));
}

static unsigned
list_jail(struct ctl_request *rq, const char *name, struct ctl_list *list)
{
	static const struct { const char *what, *descr; enum vi_sysctl_type type; } oids[] = {
		{ "env", "What the jail was given to read (parameter env)", VI_CTL_STRING },
		{ "jailed", "Process in jail?", VI_CTL_INT },
		{ "meta_maxbufsize", "Bytes of meta and env", VI_CTL_INT },
		{ "vnet", "Jail owns its network stack?", VI_CTL_INT },
	};
	char oid[64], text[VI_PARAMLEN];
	struct vi_sysctl sy = { .sy_value = text };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		snprintf(oid, sizeof(oid), "security.jail.%s", oids[i].what);
		if (!is_asked(name, oid))
			continue;
		jail_text(rq, oids[i].what, text, sizeof(text));
		sy.sy_name = oid;
		sy.sy_descr = oids[i].descr;
		sy.sy_type = oids[i].type;
		add_oid(list, &sy);
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
	own = list_jail(rq, name, &list);
	if (error == ENOENT && own > 0)
		error = 0;
	return error == ENOENT ? ctl_fail(rq, error, "unknown oid '%.200s'", name) : error;
}

static int
explain(struct ctl_request *rq, int error, const char *name, const char *value)
{
	switch (error) {
	case ENOENT:
		return ctl_fail(rq, error, "unknown oid '%.200s'", name);
	case EISDIR:
		return ctl_fail(rq, error, "oid '%.200s' is not a leaf node", name);
	case EPERM:
		return ctl_fail(rq, error, "%.100s=%.100s: Operation not permitted", name, value);
	case EINVAL:
		return ctl_fail(rq, error, "%.100s=%.100s: Invalid argument", name, value);
	default:
		return error;
	}
}

static int
op_set(struct ctl_request *rq)
{
	char old[VALUE_MAX], new[VALUE_MAX];
	const char *name, *value;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s}", "name", &name, "value", &value)) != 0)
		return error;
	if (strncmp(name, "security.jail.", 14) == 0)
		return explain(rq, EPERM, name, value);
	/* An oid that does not exist is reported as such even to those who may not set any. */
	error = vi_sysctl_get(rq->rq_vnet, name, old, sizeof(old));
	if (error != 0)
		return explain(rq, error, name, value);
	if ((error = ctl_may(rq, VI_PRIV_NET_SYSCTL)) == 0)
		error = vi_sysctl_set(rq->rq_vnet, name, value, &rq->rq_cred);
	if (error == 0)
		error = vi_sysctl_get(rq->rq_vnet, name, new, sizeof(new));
	if (error != 0)
		return explain(rq, error, name, value);
	ctl_put_text(rq->rq_reply, "old", old);
	ctl_put_text(rq->rq_reply, "new", new);
	return 0;
}

const struct ctl_op ctl_sysctl_ops[] = {
	{ "sysctl.list", op_list },
	{ "sysctl.set", op_set },
	{ NULL, NULL },
};
