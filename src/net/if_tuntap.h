/* SPDX-License-Identifier: BSD-2-Clause */
/* tun and tap: for api/, which exports these one to one (vimage/tap.h). */
#ifndef NET_IF_TUNTAP_H
#define NET_IF_TUNTAP_H

#include <vimage/tap.h>

struct ifnet;
struct mbuf;
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
/* rest NULL: nothing is left to be done */
int	 tuntap_input(struct tuntap *, const void *, size_t, const struct vi_tap_rest *);

/* if_taprest.c: frames of an Ethernet, or bare packets.  What m leaves to be done; false: something that cannot be left to others. */
bool	 taprest_out(const struct mbuf *, bool ether, struct vi_tap_rest *);
/* Makes m one that has that left; EINVAL, ENOBUFS.  m stays the caller's. */
int	 taprest_in(struct mbuf *, bool ether, const struct vi_tap_rest *);
/* The same as virtio has it: vi_vnethdr_put(), vi_vnethdr_get(). */
void	 vnethdr_put(const struct vi_tap_rest *, uint8_t gso, uint8_t hdr[VI_VNETHDRLEN]);
int	 vnethdr_get(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *, uint8_t *gso);

#endif
