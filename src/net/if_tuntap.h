/* SPDX-License-Identifier: BSD-2-Clause */
/* tun and tap: for api/, which exports these one to one (vimage/tap.h). */
#ifndef NET_IF_TUNTAP_H
#define NET_IF_TUNTAP_H

#include <vimage/tap.h>

struct ifnet;
struct tuntap;
struct vnet;

int	 tuntap_open(struct vnet *, const char *name, const struct vi_tap_params *, struct tuntap **);
void	 tuntap_close(struct tuntap *);
int	 tuntap_release(struct vnet *, const char *name);
struct ifnet *tuntap_ifnet(const struct tuntap *);
void	 tuntap_persist(struct tuntap *, bool);
bool	 tuntap_persistent(const struct tuntap *);
void	 tuntap_owner(struct tuntap *, uint32_t uid, uint32_t gid);
void	 tuntap_offload(struct tuntap *, unsigned);
void	 tuntap_carrier(struct tuntap *, bool);
int	 tuntap_input(struct tuntap *, const void *, size_t);

#endif
