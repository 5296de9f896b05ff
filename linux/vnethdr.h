/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of virtio-net in front of frames, as tun devices and packet sockets have it, and what the library calls the same. */
#ifndef LINUX_VNETHDR_H
#define LINUX_VNETHDR_H

#include <stdbool.h>

#include <vimage/tap.h>

void	 vnethdr_of(const struct vi_tap_frame *, uint8_t hdr[VI_VNETHDRLEN]);
/* False: it makes no sense, or asks for a kind of cutting that is not TCP's. */
bool	 vnethdr_rest(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *);

#endif
