/* SPDX-License-Identifier: BSD-2-Clause */
/* unat: for api/, which exports these one to one (vimage/unat.h). */
#ifndef NET_IF_UNAT_H
#define NET_IF_UNAT_H

#include <vimage/unat.h>

struct kernel;
struct unat;

int	 unat_handler(struct kernel *, const struct vi_unat_ops *, void *arg);
int	 unat_input(struct unat *, const void *, size_t);
int	 unat_charge(struct unat *, size_t);
void	 unat_uncharge(struct unat *, size_t);
bool	 unat_addstate(struct unat *);
void	 unat_delstate(struct unat *);

#endif
