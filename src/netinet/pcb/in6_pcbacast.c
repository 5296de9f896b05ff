/* SPDX-License-Identifier: BSD-2-Clause */
/* VI_IPV6_JOIN_ANYCAST: the anycast addresses that a socket has joined, each as often as it did.  Bounded like memberships of groups. */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "vimage/priv.h"

struct in6_acast {
	struct in6_acast *ac_next;
	uint32_t	 ac_ifindex;
	uint8_t		 ac_addr[16];	/* with its zone */
};

static int
acast_join(struct inpcb *inp, const struct vi_mreq6 *mr)
{
	struct acctset *as = vnet_acct(inp->inp_vnet);
	struct in_pcbextra *ex = in_pcbextra(inp);
	struct in6_acast *ac;
	int error, n = 0;

	if (ex == NULL)
		return (ENOMEM);
	for (ac = ex->ex_acasts; ac != NULL; ac = ac->ac_next)
		n++;
	if (n >= inpcb_vnet(inp->inp_vnet)->iv_maxships || (ac = kmalloc(as, ACCT_PCB, sizeof(*ac))) == NULL)
		return (ENOMEM);
	if ((error = in6_acast_join(inp->inp_vnet, inp->inp_fib, mr, &ac->ac_ifindex, ac->ac_addr)) != 0) {
		kfree(as, ACCT_PCB, ac, sizeof(*ac));
		return (error);
	}
	ac->ac_next = ex->ex_acasts;
	ex->ex_acasts = ac;
	return (0);
}

static bool
acast_is(const struct in6_acast *ac, const struct vi_mreq6 *mr)
{
	uint8_t a[16];

	memcpy(a, mr->mr6_group, sizeof(a));
	if (in6_zoned(a))
		in6_setzone(a, ac->ac_ifindex);
	return ((mr->mr6_ifindex == 0 || mr->mr6_ifindex == ac->ac_ifindex) && memcmp(a, ac->ac_addr, sizeof(a)) == 0);
}

static void
acast_drop(struct inpcb *inp, struct in6_acast **acp)
{
	struct in6_acast *ac = *acp;

	*acp = ac->ac_next;
	in6_acast_leave(inp->inp_vnet, ac->ac_ifindex, ac->ac_addr);
	kfree(vnet_acct(inp->inp_vnet), ACCT_PCB, ac, sizeof(*ac));
}

static int
acast_leave(struct inpcb *inp, const struct vi_mreq6 *mr)
{
	struct in6_acast **acp;

	if (inp->inp_extra == NULL)
		return (ENOENT);
	for (acp = &inp->inp_extra->ex_acasts; *acp != NULL; acp = &(*acp)->ac_next)
		if (acast_is(*acp, mr)) {
			acast_drop(inp, acp);
			return (0);
		}
	return (ENOENT);
}

int
in6_pcbacast_set(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	struct vi_mreq6 mr;

	if (len < sizeof(mr))
		return (EINVAL);
	memcpy(&mr, val, sizeof(mr));
	if (opt == VI_IPV6_LEAVE_ANYCAST)
		return (acast_leave(inp, &mr));
	if (vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_IFADDR) != 0)
		return (EPERM);
	return (acast_join(inp, &mr));
}

void
in6_pcbacast_free(struct inpcb *inp)
{
	while (inp->inp_extra->ex_acasts != NULL)
		acast_drop(inp, &inp->inp_extra->ex_acasts);
}
