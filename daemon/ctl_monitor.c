/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route.events with "wait": the answer comes when there is something to tell.  Events come in the stack's lane, or while all stand still, where
 * only a note of them can be made; a moment later worker 0's loop answers whoever has one.
 */
#include "daemon/ctl_serve.h"

#include <errno.h>
#include <stdlib.h>

#include <vimage/jail.h>
#include <vimage/route.h>

#include "daemon/ctl_arg.h"

#define MONITOR_DELAY	(2 * UINT64_C(1000000))	/* what comes together is told together */

struct monitor {
	struct ctl_client *mo_client;
	int		 mo_jid;
	struct vi_vnet	*mo_vnet;	/* of it, when it began */
	uint64_t	 mo_seq;	/* the last event that is known */
	bool		 mo_rung;	/* atomic */
};

static void wake(void *);

/* Its stack may be gone, and the watch with it. */
static bool
monitor_holds(const struct monitor *mo)
{
	return vi_jail_vnet(mo->mo_client->cl_daemon->d_kernel, mo->mo_jid) == mo->mo_vnet;
}

void
ctl_monitor_end(struct ctl_client *cl)
{
	struct monitor *mo = cl->cl_monitor;

	if (mo == NULL)
		return;
	if (monitor_holds(mo))
		(void)vi_route_unwatch(mo->mo_vnet, wake, mo);
	cl->cl_monitor = NULL;
	free(mo);
}

static void
answer(struct monitor *mo)
{
	struct ctl_client *cl = mo->mo_client;
	struct ctl_request rq = { .rq_daemon = cl->cl_daemon, .rq_kernel = cl->cl_daemon->d_kernel, .rq_caller = cl->cl_caller,
		.rq_jid = mo->mo_jid, .rq_vnet = mo->mo_vnet, .rq_cred = cl->cl_cred, .rq_reply = json_object(), .rq_client = cl };
	uint64_t seq = mo->mo_seq;
	int error = monitor_holds(mo) ? ctl_route_events(&rq, &seq) : ctl_fail(&rq, ENOENT, "the jail is gone");

	ctl_monitor_end(cl);
	if (error == 0)
		ctl_client_reply(cl, json_incref(rq.rq_reply), true);
	else
		ctl_client_fail(cl, error, rq.rq_err, false, true);
	json_decref(rq.rq_reply);
}

static void
answer_all(struct dtimer *dt)
{
	struct ctl_server *cs = CONTAINER(dt, struct ctl_server, cs_belltimer);
	struct ctl_client *cl;

	__atomic_store_n(&cs->cs_bell, false, __ATOMIC_RELEASE);
	daemon_manage(cs->cs_daemon);
	LIST_FOREACH(cl, &cs->cs_clients, cl_link)
		if (cl->cl_monitor != NULL && __atomic_load_n(&cl->cl_monitor->mo_rung, __ATOMIC_ACQUIRE))
			answer(cl->cl_monitor);
	daemon_managed(cs->cs_daemon);
}

static void
set_timer(void *arg)
{
	struct ctl_server *cs = arg;

	if (!cs->cs_daemon->d_stopping)
		dtimer_set(cs->cs_daemon, &cs->cs_belltimer, MONITOR_DELAY, answer_all);
}

static void
wake(void *arg)
{
	struct monitor *mo = arg;
	struct ctl_server *cs = mo->mo_client->cl_daemon->d_ctl;

	__atomic_store_n(&mo->mo_rung, true, __ATOMIC_RELEASE);
	if (__atomic_exchange_n(&cs->cs_bell, true, __ATOMIC_ACQ_REL))
		return;
	if (worker_post(cs->cs_daemon, 0, set_timer, cs) != 0)		/* the next event tells */
		__atomic_store_n(&cs->cs_bell, false, __ATOMIC_RELEASE);
}

int
ctl_monitor_begin(struct ctl_request *rq, uint64_t seq)
{
	struct monitor *mo;
	int error;

	if ((mo = calloc(1, sizeof(*mo))) == NULL)
		return ENOMEM;
	*mo = (struct monitor){ .mo_client = rq->rq_client, .mo_jid = rq->rq_jid, .mo_vnet = rq->rq_vnet, .mo_seq = seq };
	if ((error = vi_route_watch(rq->rq_vnet, wake, mo)) != 0) {
		free(mo);
		return error;
	}
	rq->rq_client->cl_monitor = mo;
	return CTL_LATER;
}
