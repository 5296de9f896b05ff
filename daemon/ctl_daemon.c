/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on the instance: daemon.status, daemon.mounted, daemon.shutdown. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/socket.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_serve.h"
#include "daemon/jproc.h"
#include "daemon/seqpacket.h"

struct status {
	struct ctl_request *st_rq;
	struct ctl_list	 st_jails;
	uint64_t	 st_memory;
};

static void
count_if(void *arg, const struct vi_ifinfo *ii)
{
	(void)ii;
	++*(unsigned *)arg;
}

static void
count_pcb(void *arg, const struct vi_pcbinfo *pi)
{
	(void)pi;
	++*(unsigned *)arg;
}

static void
put_vnet(json_t *o, struct vi_vnet *vn)
{
	unsigned ifs = 0, pcbs = 0;

	vi_if_list(vn, count_if, &ifs);
	vi_pcbs(vn, count_pcb, &pcbs);
	ctl_put_int(o, "memory", vi_vnet_memory(vn));
	ctl_put_int(o, "cputime", vi_vnet_cputime(vn));
	ctl_put_int(o, "interfaces", ifs);
	ctl_put_int(o, "sockets", pcbs);
}

/* "new", "inherit" or "disable" for each class of containers. */
static void
put_classes(struct ctl_request *rq, json_t *o, int jid)
{
	const char *class;
	char mode[16];

	for (unsigned i = 0; (class = vi_class_name(i)) != NULL; i++)
		if (vi_jail_get(rq->rq_kernel, rq->rq_caller, jid, class, mode, sizeof(mode)) == 0)
			ctl_put_text(o, class, mode);
}

static void
put_limits(struct ctl_request *rq, json_t *o, int jid)
{
	char text[VI_PARAMLEN];

	if (vi_jail_get(rq->rq_kernel, rq->rq_caller, jid, "limit.use", text, sizeof(text)) == 0 && text[0] != '\0')
		ctl_put_text(o, "limits", text);
}

static void
add_jail(void *arg, int jid)
{
	struct status *st = arg;
	struct ctl_request *rq = st->st_rq;
	struct vi_vnet *vn = vi_jail_vnet(rq->rq_kernel, jid);
	bool owns = vi_jail_owns_vnet(rq->rq_kernel, jid);
	char name[VI_NAMELEN];
	json_t *o = json_object();

	ctl_jail_name(rq, jid, name, sizeof(name));
	ctl_put_int(o, "jid", (uint64_t)jid);
	ctl_put_text(o, "name", name);
	if (jid != rq->rq_caller)
		ctl_put_int(o, "parent", (uint64_t)vi_jail_parent(rq->rq_kernel, jid));
	put_classes(rq, o, jid);
	ctl_put_text(o, "vnet_name", vi_vnet_name(vn));
	ctl_put_int(o, "processes", jproc_count(rq->rq_daemon, jid));
	if (owns) {
		put_vnet(o, vn);
		st->st_memory += vi_vnet_memory(vn);
	}
	put_limits(rq, o, jid);
	ctl_list_add(&st->st_jails, o);
}

static int
op_status(struct ctl_request *rq)
{
	struct status st = { .st_rq = rq };
	struct daemon *d = rq->rq_daemon;
	int error;

	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	ctl_list_begin(rq, "jails", &st.st_jails);
	add_jail(&st, rq->rq_caller);
	vi_jail_list(rq->rq_kernel, rq->rq_caller, add_jail, &st);
	ctl_put_text(rq->rq_reply, "instance", d->d_instance);
	ctl_put_int(rq->rq_reply, "pid", (uint64_t)getpid());
	ctl_put_text(rq->rq_reply, "version", vi_version());
	ctl_put_int(rq->rq_reply, "uptime", daemon_now(d) - d->d_started);
	ctl_put_int(rq->rq_reply, "workers", d->d_nworkers);
	ctl_put_int(rq->rq_reply, "memory", st.st_memory);
	ctl_put_text(rq->rq_reply, "isolation", spawner_lacks(d));
	return st.st_jails.l_error;
}

/* jail(8) has mounted something on the host: when we are killed somebody must take it away. */
static int
op_mounted(struct ctl_request *rq)
{
	struct seqmsg sm = { .sm_type = SPAWN_MOUNT };
	const char *path = NULL;
	json_int_t id = 0;
	int error, fd, there = 0;

	if ((error = ctl_args(rq, "{s:s,s:I,s:b}", "path", &path, "id", &id, "there", &there)) != 0)
		return error;
	if (rq->rq_caller != 0 || rq->rq_mixed || !rq->rq_cred.cr_priv)
		return ctl_refuse(rq, ctl_fail(rq, EPERM, "only from outside of every jail"));
	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return EINVAL;
	if ((error = memfile(path, strlen(path) + 1, &fd)) != 0)
		return error;
	sm.sm_ino[0] = (uint64_t)id;
	sm.sm_flags = there != 0;
	error = spawner_send(rq->rq_daemon, &sm, &fd, 1);
	close(fd);
	return error;
}

static int
op_shutdown(struct ctl_request *rq)
{
	int error;

	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	if (rq->rq_caller != 0 || rq->rq_mixed || !rq->rq_cred.cr_priv)
		return ctl_refuse(rq, ctl_fail(rq, EPERM, "only from outside of every jail"));
	rq->rq_client->cl_shutdown = true;
	daemon_stop(rq->rq_daemon);
	return CTL_LATER;
}

const struct ctl_op ctl_daemon_ops[] = {
	{ "daemon.status", op_status }, { "daemon.mounted", op_mounted }, { "daemon.shutdown", op_shutdown },
	{ NULL, NULL },
};
