/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CMD_PING_INT_H
#define CMD_PING_INT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/cmd.h"

#define PING_SEQS	65536

struct ping {
	struct cmd_ctx	*p_cx;
	/* options */
	bool		 p_four, p_six;	/* asked for */
	bool		 p_audible, p_dontfrag, p_flood, p_names, p_one, p_quiet, p_verbose;
	bool		 p_debug, p_dontroute, p_misser, p_noerrors, p_noloop, p_record;
	long long	 p_count;	/* 0: no end */
	uint64_t	 p_interval, p_timeout, p_waittime;	/* ns; timeout 0: none */
	int		 p_ttl, p_mttl;	/* of groups; 0: the system's */
	int		 p_tos;		/* -1: the system's */
	uint8_t		 p_type;	/* of requests: echo, or over IPv4 timestamp or mask */
	int		 p_bufsize;	/* of the socket, IPv6 only; 0: the system's */
	int		 p_pcp;		/* of frames; -1: the interface's */
	long long	 p_preload;
	size_t		 p_size;	/* of the next packet */
	struct {
		size_t	 min, max, step;	/* step 0: all have one size */
		long long each;		/* packets of one size */
	} p_sweep;
	uint8_t		 p_pattern[16];
	size_t		 p_patlen;
	const char	*p_host, *p_source;
	const char	*p_interface;	/* for groups; NULL */
	int		 p_family;	/* AF_UNSPEC until the host is known */
	/* the socket */
	int		 p_sock;
	bool		 p_raw;		/* the IP header comes along, and errors come as packets */
	uint16_t	 p_ident;
	struct sockaddr_in p_to, p_from;
	struct sockaddr_in6 p_to6, p_from6;
	uint8_t		*p_packet;	/* to send: header and pattern */
	uint8_t		*p_buffer;	/* to receive */
	size_t		 p_room;
	size_t		 p_optlen;	/* of IP, in the packet just received; raw */
	uint8_t		 p_rr[36];	/* the last recorded route */
	size_t		 p_rrlen;
	/* what happened */
	uint64_t	 p_sent[PING_SEQS];	/* when; 0: not yet */
	bool		 p_seen[PING_SEQS];
	long long	 p_ntransmitted, p_nreceived, p_ndup;
	uint64_t	 p_min, p_max;
	double		 p_sum, p_sumsq;	/* ns */
};

uint64_t ping_now(void);
int	ping_open(struct ping *);		/* 0 or an exit status, after a message */
void	ping_send(struct ping *);
/* Takes one packet or one queued error; false: nothing was there. */
bool	ping_receive(struct ping *);

int	ping_fail(const struct ping *, const char *what, int status);	/* says errno */
/* An echo reply of len bytes, of which ICMP's header is the same in both families. */
void	ping_reply(struct ping *, const void *, size_t len, const char *from, int ttl);

int	ping_options(const struct ping *);	/* 0 or an exit status, after a message */
/* The route among the options of a reply, behind its line. */
void	ping_print_record(struct ping *, const uint8_t *options, size_t len);
int	ping6_options(const struct ping *);
int	ping6_start(const struct ping *);	/* prints the first line */
bool	ping6_receive(struct ping *, int flags);
/* Between ICMP's header and the pattern, in requests and replies: bytes; their making; their showing. */
size_t	ping_extra(const struct ping *);
void	ping_put_extra(const struct ping *, uint8_t *);
void	ping_print_extra(const struct ping *, const uint8_t *);
void	ping_icmp6_text(int type, int code, uint32_t info, char *buf, size_t len);

uint16_t ping_checksum(const void *, size_t);
/* "Destination Host Unreachable" and the like; info is the MTU or the gateway. */
void	ping_icmp_text(int type, int code, uint32_t info, char *buf, size_t len);

#endif
