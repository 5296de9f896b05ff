/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces in Linux's words. */
#ifndef LINUX_IFINFO_H
#define LINUX_IFINFO_H

#include <stdint.h>

#include <vimage/ifnet.h>

uint32_t ifinfo_flags(const struct vi_ifinfo *);	/* IFF_* of Linux, with IFF_LOWER_UP */
uint16_t ifinfo_arphrd(const struct vi_ifinfo *);	/* ARPHRD_* */
uint32_t ifinfo_addrflags(const struct vi_ifaddr *);	/* IFA_F_*; what lives for ever is permanent */
/* The IPv4 address that ioctls mean: the first, or the one with this label ("eth0:1"); NULL. */
const struct vi_ifaddr *ifinfo_inet(const struct vi_ifinfo *, const char *label);
int	 ifinfo_name(struct vi_vnet *, uint32_t index, char name[VI_IFNAMSIZ]);	/* ENODEV */
uint32_t ifinfo_index(struct vi_vnet *, const char *name);	/* 0: there is none */
#define IFINFO_LOOPBACK	"lo"
/* Programs call the loopback "lo": made the name of ours, unless there is an interface of that name.  With the kernel lock. */
/* The same of a path in which the name of an interface begins at that place (NULL: in none); buf has room for a byte more than the path. */
const char *ifinfo_realpath(struct vi_vnet *, const char *path, const char *at, char *buf, size_t size);
void	ifinfo_realname(struct vi_vnet *, char name[VI_IFNAMSIZ]);
uint32_t ifinfo_mask(unsigned prefixlen);		/* network order */
int	 ifinfo_masklen(uint32_t mask, uint8_t *len);	/* EINVAL: with holes */

/* Its link address; untouched when it is gone. */
void	 ifinfo_lladdr(struct vi_vnet *, const char *name, uint8_t lladdr[6]);

#endif
