/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The medium of a tun, tap, wire or host interface, for programs.
 *
 * "tap" interfaces are Ethernets, "tun" interfaces carry bare IP packets; "wire" and "host" are Ethernets that vimaged joins to what is outside.  Whoever opens one is the wire: what the stack sends by the interface is
 * given to a function of his, and what he has for the stack he puts in.  An interface without such a user is down, whatever its flags say.
 *
 * vi_tap_open, _close, _release, _name, _vnet, _persist, _owner, _offload and _carrier are *management* (vimage.h).  vi_tap_input belongs to the thread that runs the vnet the
 * interface is in.
 */
#ifndef VIMAGE_TAP_H
#define VIMAGE_TAP_H

#include <vimage/ifnet.h>
#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vi_tap;

/*
 * What is left to be done to a frame by who gets it: offsets are from its beginning.  Only frames of TCP and UDP, with at most VLAN tags in front of IP, leave something.
 */
struct vi_tap_rest {
	uint16_t	 tr_csumstart;	/* 0: nothing; else the checksum of all from here on ... */
	uint16_t	 tr_csumat;	/* ... belongs here, where the pseudo header's sum is now */
	uint16_t	 tr_segsz;	/* not 0: to be cut into frames of so many bytes of payload */
	uint16_t	 tr_hdrlen;	/* then: of all headers */
	bool		 tr_cwr;	/* then: TCP's CWR is for the first (RFC 3168 6.1.2) */
	bool		 tr_good;	/* a frame for the stack: the checksum of TCP or UDP is known to be good */
};

/* A frame that the stack sends, complete: cut to the MTU and with its checksums.  Valid during the call. */
struct vi_tap_frame {
	const struct vi_iovec *tf_iov;
	unsigned	 tf_iovcnt;	/* at most VI_TAP_MAXIOV */
	uint32_t	 tf_len;
	uint16_t	 tf_type;	/* Ethernet's number of what is in it: 0x0800, 0x86dd, ... */
	struct vi_tap_rest tf_rest;	/* all zeroes without VI_TAP_REST */
};
#define VI_TAP_MAXIOV	64

struct vi_tap_params {
	bool	 tp_tap;	/* an Ethernet; else tun */
	const char *tp_kind;	/* the cloner: "wire", "host", which must exist; NULL: "tap" or "tun", as tp_tap says */
	bool	 tp_existing;	/* the interface must be there already: ENXIO */
	bool	 tp_nocarrier;	/* until vi_tap_carrier says so */
	/* Who opens it; not the administrator: an interface that exists, and has him or his group as owner (EPERM).  NULL: not asked. */
	const struct vi_cred *tp_cred;
	/*
	 * A frame to the wire, in the lane of the interface's vnet and in the midst of things: calls nothing of the library.  Not 0: there was no
	 * room, the frame counts as an output queue drop.
	 */
	int	(*tp_output)(void *arg, const struct vi_tap_frame *);
	/*
	 * Management: the interface went to a vnet of another worker, whose thread calls tp_output and is to call vi_tap_input from now on.  False, or
	 * NULL: that cannot be, and tp_gone follows.
	 */
	bool	(*tp_moved)(void *arg);
	/* The interface was destroyed, or moved too far; the vi_tap is no more after this call.  May be NULL. */
	void	(*tp_gone)(void *arg);
	void	*tp_arg;
	/* What ifconfig shows besides; may be NULL.  Management. */
	void	(*tp_show)(void *arg, vi_if_option_fn *fn, void *fnarg);
	const char *tp_who;	/* shown by ifconfig, up to 31 characters; may be NULL */
};

/*
 * Takes the interface of that name if there is one, else makes it.  NULL, "" and names with "%d" in them stand for the first that is free ("tun%d",
 * "tap%d").  Its vnet need not be vn's: it may have been lent.  EBUSY: somebody has it; EINVAL: bad name, or the interface is of another kind.
 */
VI_API int	vi_tap_open(struct vi_vnet *vn, const char *name, const struct vi_tap_params *, struct vi_tap **);
/* What vi_tap_open made is destroyed, unless it was made persistent.  tp_gone is not called. */
VI_API void	vi_tap_close(struct vi_tap *);
/* Takes the interface from whoever has it, who hears of it (tp_gone).  ENXIO; EINVAL: of another kind; ENOTCONN: nobody has it. */
VI_API int	vi_tap_release(struct vi_vnet *, const char *name);
VI_API void	vi_tap_name(const struct vi_tap *, char name[VI_IFNAMSIZ]);
VI_API bool	vi_tap_up(const struct vi_tap *);	/* does it take frames?  Of the thread that runs the vnet. */
VI_API struct vi_vnet *vi_tap_vnet(const struct vi_tap *);	/* where it is now */
VI_API void	vi_tap_persist(struct vi_tap *, bool);
VI_API bool	vi_tap_persistent(const struct vi_tap *);
/* Who may open it besides the administrator; VI_TAP_NOID leaves that one as it is. */
VI_API void	vi_tap_owner(struct vi_tap *, uint32_t uid, uint32_t gid);
#define VI_TAP_NOID	UINT32_MAX
/* TCP's super-packets of these families come whole, longer than the MTU, with a checksum over all of it; at first none do. */
VI_API void	vi_tap_offload(struct vi_tap *, unsigned);
/* With VI_TAP_REST they leave checksum and cutting to the user, and so do TCP and UDP the checksums of other frames. */
enum { VI_TAP_TSO4 = 0x1, VI_TAP_TSO6 = 0x2, VI_TAP_REST = 0x4 };
VI_API void	vi_tap_carrier(struct vi_tap *, bool);	/* is there a signal on the wire?  At first there is. */
/* A frame from the wire.  EINVAL: too long or empty; EIO: the interface is down; ENOBUFS: dropped and counted. */
VI_API int	vi_tap_input(struct vi_tap *, const void *, size_t len);
/* The same with something left to be done; what the stack cannot leave is done at once.  EINVAL: makes no sense. */
VI_API int	vi_tap_input_rest(struct vi_tap *, const void *, size_t len, const struct vi_tap_rest *);

/*
 * The header of virtio-net (virtio 1.1, 5.1.6; in the machine's byte order) says the same of a frame.  gso: how it is to be cut, if it is.
 * get: EINVAL: offsets beyond any frame.
 */
#define VI_VNETHDRLEN	10
enum { VI_VNETHDR_TCPV4 = 1, VI_VNETHDR_TCPV6 = 4, VI_VNETHDR_UDP = 5 };
VI_API void	vi_vnethdr_put(const struct vi_tap_rest *, uint8_t gso, uint8_t hdr[VI_VNETHDRLEN]);
VI_API int	vi_vnethdr_get(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *, uint8_t *gso);	/* gso: 0: not at all */

#ifdef __cplusplus
}
#endif
#endif
