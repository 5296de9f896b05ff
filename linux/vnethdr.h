/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of virtio-net in front of frames, as tun devices and packet sockets have it, and what the library calls the same. */
#ifndef LINUX_VNETHDR_H
#define LINUX_VNETHDR_H

#include <stdbool.h>
#include <linux/virtio_net.h>

#include <vimage/tap.h>

struct virtio_net_hdr vnethdr_of(const struct vi_tap_frame *);
/* False: it asks for a kind of cutting that is not TCP's. */
bool	 vnethdr_rest(const struct virtio_net_hdr *, struct vi_tap_rest *);

#endif
