/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types shared by the public interface and the library.
 *
 * Every call that can fail returns `int`: 0 or a positive errno of the host (<errno.h>).
 * Addresses and ports are in network byte order unless a comment says otherwise; times are
 * nanoseconds, sizes are bytes.
 */
#ifndef VIMAGE_TYPES_H
#define VIMAGE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define VI_API		__attribute__((visibility("default")))
#define VI_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#else
#define VI_API
#define VI_PRINTF(f, a)
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct vi_host;		/* the outside world of a kernel: clock, entropy, memory; host.h */
struct vi_kernel;	/* one kernel: prisons, vnets, workers; vimage.h */
struct vi_worker;	/* a thread's place in a kernel; vimage.h */
struct vi_vnet;		/* one network stack; vimage.h */
struct vi_socket;	/* socket.h */

#define VI_IFNAMSIZ	16	/* interface name with its NUL */
#define VI_NAMELEN	256	/* jail name with its NUL */
#define VI_FOREVER	UINT64_MAX

enum vi_family {
	VI_AF_UNSPEC = 0,
	VI_AF_INET = 2,
	VI_AF_ROUTE = 17,	/* routing sockets; route.h */
	VI_AF_LINK = 18,	/* an interface, in their messages */
	VI_AF_INET6 = 28,
	VI_AF_PACKET = 38,	/* packet sockets; packet.h */
};

/* A station on a link, of VI_AF_PACKET: there sa_port is the type of the frame and sa_scope the interface's index. */
struct vi_station {
	uint8_t		st_addr[8];
	uint8_t		st_len;		/* of st_addr */
	uint8_t		st_pkttype;	/* VI_PKT_*: whom the frame is for */
	uint16_t	st_hatype;	/* of link, RFC 826's numbers and those that Linux added */
};

/* An address of a socket.  sa_port and sa_addr are in network byte order. */
struct vi_sockaddr {
	uint8_t		sa_family;	/* enum vi_family */
	uint8_t		sa_pad;
	uint16_t	sa_port;	/* network byte order */
	uint32_t	sa_scope;	/* IPv6 zone index, host byte order */
	union {
		uint32_t	sa_in;		/* IPv4, network byte order */
		uint8_t		sa_in6[16];
		uint8_t		sa_bytes[16];
		struct vi_station sa_station;
	};
};

struct vi_iovec {
	void	*iov_base;
	size_t	 iov_len;
};

/* Who asks: checked against the prison's privileges. */
struct vi_cred {
	uint32_t	cr_uid;
	uint32_t	cr_gid;
	int		cr_jail;	/* his jail, when the stack is another's: ip4.addr and ip6.addr hold for him; else 0 */
	bool		cr_priv;	/* acts as the jail's administrator (uid 0 in the jail) */
	uint64_t	cr_denied;	/* privileges that his jail lacks of those of the stack's owner (vi_jail_denied) */
};

#ifdef __cplusplus
}
#endif
#endif
