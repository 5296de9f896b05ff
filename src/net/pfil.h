/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet filter hooks: where a firewall sits.  One head per family and direction in each vnet;
 * hooks run in order of registration.
 */
#ifndef NET_PFIL_H
#define NET_PFIL_H

#include <stdint.h>

struct mbuf;
struct ifnet;
struct vnet;

enum pfil_dir { PFIL_IN, PFIL_OUT, PFIL_FWD };
enum pfil_verdict { PFIL_PASS, PFIL_DROPPED, PFIL_CONSUMED };	/* the last two: *mp is gone */
typedef enum pfil_verdict pfil_fn(void *arg, struct mbuf **mp, struct ifnet *, enum pfil_dir);

#define PFIL_MAXHOOKS 4
struct pfil_head {
	struct { pfil_fn *ph_fn; void *ph_arg; } ph_hooks[PFIL_MAXHOOKS];
	unsigned ph_n;
};

int	pfil_add(struct pfil_head *, pfil_fn *, void *arg);
void	pfil_remove(struct pfil_head *, pfil_fn *, void *arg);
enum pfil_verdict pfil_run(struct pfil_head *, struct mbuf **mp, struct ifnet *, enum pfil_dir);

#endif
