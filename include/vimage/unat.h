/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unat: an Ethernet whose other end is a network stack that takes every packet for its own.
 *
 * The interface unatN is in somebody's stack, the other end in one that is made with it and belongs to nobody else: the far stack.  There the embedder
 * has sockets bound to whatever address is talked to (VI_IP_TRANSPARENT, raw sockets) and relays what comes to sockets of the host.  So that he can
 * ask the host before TCP answers, the first segment of each connection is shown to him, and kept out if he wants it.
 *
 * The jail that has the interface pays for the far stack's memory and mbufs.
 *
 * Without an embedder who has said vi_unat_handler() there are no such interfaces (EOPNOTSUPP).
 */
#ifndef VIMAGE_UNAT_H
#define VIMAGE_UNAT_H

#include <vimage/ifnet.h>
#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vi_unat;

struct vi_unat_ops {
	/* Management: one was made; its end "gate0" in the far stack is down and without an address.  An errno unmakes it. */
	int	(*uo_open)(void *arg, struct vi_unat *, struct vi_vnet *far, void **user);
	/* Management: it goes, and the far stack with its sockets a moment later. */
	void	(*uo_close)(void *user);
	/*
	 * In the far stack's lane, in the midst of things: calls nothing of the library but what counts (vi_unat_charge, vi_unat_addstate and their contraries).  An IPv4 or IPv6 packet that is complete and has in it a TCP segment with SYN and
	 * without ACK.  True: it is kept out; vi_unat_input() lets it in later.
	 */
	bool	(*uo_syn)(void *user, const void *packet, size_t len);
	/* Management: an option of the interface (vi_if_option), and what there is to show of all. */
	int	(*uo_option)(void *user, const char *option, const char *const *argv, unsigned argc, char *err);
	void	(*uo_show)(void *user, vi_if_option_fn *, void *arg);
};

VI_API int	vi_unat_handler(struct vi_kernel *, const struct vi_unat_ops *, void *arg);	/* management; NULL: none any more */
/* A packet for the far stack, as if the interface had sent it; in the thread that runs that.  EINVAL, EIO (down), ENOBUFS. */
VI_API int	vi_unat_input(struct vi_unat *, const void *packet, size_t len);
/*
 * Memory that the embedder has for the link: whoever has the interface pays, as he does for the far stack.  Management, or the thread that runs the far stack.
 * What is left when uo_close has returned is nobody's any more.  ENOBUFS: beyond a limit.
 */
VI_API int	vi_unat_charge(struct vi_unat *, size_t bytes);
VI_API void	vi_unat_uncharge(struct vi_unat *, size_t bytes);
/* A connection that the embedder relays counts as one of the states of whoever has the interface; as vi_unat_charge.  False: beyond limit.states. */
VI_API bool	vi_unat_addstate(struct vi_unat *);
VI_API void	vi_unat_delstate(struct vi_unat *);

#ifdef __cplusplus
}
#endif
#endif
