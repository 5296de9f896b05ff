/* SPDX-License-Identifier: BSD-2-Clause */
/* unat.h. */
#include <vimage/unat.h>

#include "api/api.h"
#include "net/if_unat.h"

int
vi_unat_handler(struct vi_kernel *k, const struct vi_unat_ops *ops, void *arg)
{
	return (unat_handler(api_kernel(k), ops, arg));
}

int
vi_unat_input(struct vi_unat *un, const void *packet, size_t len)
{
	return (unat_input((struct unat *)un, packet, len));
}

int
vi_unat_charge(struct vi_unat *un, size_t bytes)
{
	return (unat_charge((struct unat *)un, bytes));
}

void
vi_unat_uncharge(struct vi_unat *un, size_t bytes)
{
	unat_uncharge((struct unat *)un, bytes);
}

bool
vi_unat_addstate(struct vi_unat *un)
{
	return (unat_addstate((struct unat *)un));
}

void
vi_unat_delstate(struct vi_unat *un)
{
	unat_delstate((struct unat *)un);
}
