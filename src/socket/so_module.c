/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "socket": the protocols of a vnet and its sockets. */
#include <errno.h>

#include "socket/so_int.h"

VNET_STATE_DEFINE(socket);

static const struct socket_vnet socket_defaults = {
	.sv_maxsockets = 65536,
	.sv_somaxconn = 4096,
	.sv_sbmax = SB_MAX,
};

static const struct sysctl_desc socket_sysctls[] = {
	CTL_UINT("kern.ipc.maxsockets", CTL_RW, struct socket_vnet, sv_maxsockets, 16, 1 << 20, "Sockets this stack may have"),
	CTL_UINT("kern.ipc.numopensockets", CTL_RD, struct socket_vnet, sv_nsockets, 0, UINT32_MAX, "Sockets it has"),
	CTL_UINT("kern.ipc.somaxconn", CTL_RW, struct socket_vnet, sv_somaxconn, 1, 65535, "Longest accept queue"),
	CTL_UINT("net.core.somaxconn", CTL_RW, struct socket_vnet, sv_somaxconn, 1, 65535, "As kern.ipc.somaxconn"),
	CTL_UINT("kern.ipc.maxsockbuf", CTL_RW, struct socket_vnet, sv_sbmax, 4096, SB_MAX, "Largest socket buffer, bytes"),
	CTL_UINT("net.core.rmem_max", CTL_RW, struct socket_vnet, sv_sbmax, 4096, SB_MAX, "As kern.ipc.maxsockbuf"),
	CTL_UINT("net.core.wmem_max", CTL_RW, struct socket_vnet, sv_sbmax, 4096, SB_MAX, "As kern.ipc.maxsockbuf"),
	CTL_END
};

int
proto_register(struct vnet *vn, const struct protosw *pr)
{
	struct socket_vnet *sv = socket_vnet(vn);

	if (sv->sv_nproto == SOCKET_MAXPROTO)
		return (ENOSPC);
	sv->sv_proto[sv->sv_nproto++] = pr;
	sv->sv_found.sf_proto = NULL;
	return (0);
}

static int
socket_attach(struct vnet *vn)
{
	TAILQ_INIT(&socket_vnet(vn)->sv_sockets);
	so_starve_init(vn);
	return (0);
}

static void
socket_stop(struct vnet *vn)
{
	struct socket_vnet *sv = socket_vnet(vn);
	struct socket *so, *next;

	/* Listeners' queues first: what waits there has no user and goes with them. */
	for (so = TAILQ_FIRST(&sv->sv_sockets); so != NULL; so = next) {
		next = TAILQ_NEXT(so, so_vlink);
		if (so_haspcb(so))
			so->so_proto->pr_abort(so);
	}
	TAILQ_FOREACH(so, &sv->sv_sockets, so_vlink) {
		struct socket *c;

		while ((c = TAILQ_FIRST(&so->so_comp)) != NULL) {
			TAILQ_REMOVE(&so->so_comp, c, so_list);
			so->so_qlen--;
			c->so_head = NULL;
			c->so_state = (uint16_t)((c->so_state & ~SS_COMP) | SS_NOFDREF);
		}
	}
	while ((so = TAILQ_FIRST(&sv->sv_sockets)) != NULL)
		so_die(so);
	so_starve_stop(vn);
}

VNET_MODULE(socket,
	.vm_size = sizeof(struct socket_vnet),
	.vm_defaults = &socket_defaults,
	.vm_attach = socket_attach,
	.vm_stop = socket_stop,
	.vm_sysctls = socket_sysctls);
