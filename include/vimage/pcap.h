/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of captured frames, in the pcapng format that Wireshark and tcpdump read.
 *
 * One file holds any number of interfaces, each named VNET:INTERFACE; times are those of the host to the nanosecond, and each frame says whether
 * it went out or came in.  On the simulated host the same run gives the same bytes.
 */
#ifndef VIMAGE_PCAP_H
#define VIMAGE_PCAP_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vi_pcap;

/*
 * Takes the next bytes of the file; 0 or an errno.  After the first error nothing more is written.  Called in the midst of things, as a vi_capture_fn is
 * (ifnet.h), by one thread at a time.
 */
typedef int vi_pcap_write_fn(void *arg, const void *data, size_t len);

/* All of them are *management*.  EIO and the like: what fn said. */
VI_API int	vi_pcap_new(struct vi_kernel *, vi_pcap_write_fn *, void *arg, struct vi_pcap **);
/* From now on the frames of this interface too, until it leaves its vnet. */
VI_API int	vi_pcap_add(struct vi_pcap *, struct vi_vnet *, const char *ifname);
/* Ends all its captures; before vi_kernel_free.  The first error of writing, or 0.  NULL is fine. */
VI_API int	vi_pcap_free(struct vi_pcap *);

#ifdef __cplusplus
}
#endif
#endif
