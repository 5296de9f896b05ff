/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pfil.h"

#include <errno.h>

int
pfil_add(struct pfil_head *ph, pfil_fn *fn, void *arg)
{
	for (unsigned i = 0; i < ph->ph_n; i++)
		if (ph->ph_hooks[i].ph_fn == fn && ph->ph_hooks[i].ph_arg == arg)
			return (EEXIST);
	if (ph->ph_n == PFIL_MAXHOOKS)
		return (ENOSPC);
	ph->ph_hooks[ph->ph_n].ph_fn = fn;
	ph->ph_hooks[ph->ph_n++].ph_arg = arg;
	return (0);
}

void
pfil_remove(struct pfil_head *ph, pfil_fn *fn, void *arg)
{
	unsigned i;

	for (i = 0; i < ph->ph_n; i++)
		if (ph->ph_hooks[i].ph_fn == fn && ph->ph_hooks[i].ph_arg == arg)
			break;
	if (i == ph->ph_n)
		return;
	for (ph->ph_n--; i < ph->ph_n; i++)
		ph->ph_hooks[i] = ph->ph_hooks[i + 1];
}

enum pfil_verdict
pfil_run(struct pfil_head *ph, struct mbuf **mp, struct ifnet *ifp, enum pfil_dir dir)
{
	enum pfil_verdict v;

	for (unsigned i = 0; i < ph->ph_n; i++)
		if ((v = ph->ph_hooks[i].ph_fn(ph->ph_hooks[i].ph_arg, mp, ifp, dir)) != PFIL_PASS)
			return (v);
	return (PFIL_PASS);
}
