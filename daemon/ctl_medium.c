/* SPDX-License-Identifier: BSD-2-Clause */
/* What is at the other end of an interface: if.medium. */
#include <errno.h>
#include <string.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/medium.h"

static const struct kind {
	const char	*k_name;
	medium_open_fn	*k_open;
	bool		 k_address, k_remote;	/* which texts it needs */
} kinds[] = {
	{ "hostdev", medium_tap_open, false, false },
	{ "connect", medium_connect_open, true, false },
	{ "listen", medium_listen_open, true, false },
	{ "dgram", medium_dgram_open, true, true },
	{ "dev", medium_packet_open, true, false },
	{ "record", medium_record_open, true, false },
	{ "replay", medium_replay_open, true, false },
};

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < NITEMS(kinds); i++)
		if (strcmp(kinds[i].k_name, name) == 0)
			return &kinds[i];
	return NULL;
}

static int
release(struct ctl_request *rq, const char *name)
{
	int error = vi_tap_release(rq->rq_vnet, name);

	if (error == ENXIO)
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	return error != 0 ? ctl_fail(rq, error, "%.15s is not connected to anything", name) : 0;
}

static int
connect_to(struct ctl_request *rq, const struct kind *k, const char *name)
{
	struct medium *m;
	int error;

	if ((error = k->k_open(rq, &m)) != 0)
		return rq->rq_err[0] != '\0' ? error : ctl_fail(rq, error, "%.15s: %s", name, strerrordesc_np(error));
	switch (error = medium_attach(m, rq, name)) {
	case 0:
		return 0;
	case ENXIO:
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	case EBUSY:
		return ctl_fail(rq, error, "%.15s: a program or a device has it already", name);
	case EINVAL:
		return ctl_fail(rq, error, "%.15s: not for interfaces of this kind: %s", name, k->k_name);
	default:
		return ctl_fail(rq, error, "%.15s: %s", name, strerrordesc_np(error));
	}
}

static int
op_medium(struct ctl_request *rq)
{
	const char *name, *kind, *address = NULL, *remote = NULL;
	const struct kind *k;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s,s?s,s?s}", "name", &name, "kind", &kind, "address", &address, "remote", &remote)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_HOSTLINK)) != 0)
		return error;
	if (strcmp(kind, "none") == 0)
		return release(rq, name);
	if ((k = find_kind(kind)) == NULL)
		return ctl_fail(rq, EINVAL, "%.32s: no such medium", kind);
	if (k->k_address != (address != NULL) || k->k_remote != (remote != NULL))
		return ctl_fail(rq, EINVAL, "%s: wrong number of addresses", kind);
	return connect_to(rq, k, name);
}

const struct ctl_op ctl_medium_ops[] = {
	{ "if.medium", op_medium },
	{ NULL, NULL },
};
