/* SPDX-License-Identifier: BSD-2-Clause */
/* From the public handles to the library's objects: the same thing under another name. */
#ifndef API_API_H
#define API_API_H

#include "kern/kernel.h"
#include "socket/socket.h"
#include "vimage/vnet.h"

static inline struct kernel *api_kernel(struct vi_kernel *k) { return ((struct kernel *)k); }
static inline struct vnet *api_vnet(struct vi_vnet *vn) { return ((struct vnet *)vn); }
static inline const struct vnet *api_cvnet(const struct vi_vnet *vn) { return ((const struct vnet *)vn); }
static inline struct socket *api_socket(struct vi_socket *so) { return ((struct socket *)so); }
static inline struct worker *api_worker(struct vi_worker *w) { return ((struct worker *)w); }
struct prison;
struct prison *api_prison(struct vi_kernel *, int jid);

static inline struct vi_vnet *vnet_api(struct vnet *vn) { return ((struct vi_vnet *)vn); }

#endif
