/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads captures: the old pcap format and pcapng (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng), of any byte order and resolution.
 *
 * The bytes are the caller's: he gives what he has of the file from a place on, and is told how much of it was understood.
 */
#ifndef DAEMON_PCAPREAD_H
#define DAEMON_PCAPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPREAD_MAX	(256u << 10)	/* the longest record or block that is understood */
#define PCAPREAD_IFS	32		/* interfaces of a section; frames of further ones are left out */

#define PCAP_USEC	0xa1b2c3d4u	/* the old format's magic numbers */
#define PCAP_NSEC	0xa1b23c4du
#define PCAP_ETHERNET	1u		/* LINKTYPE_ETHERNET */

struct pcapread {
	enum { PCAPREAD_NEW, PCAPREAD_OLD, PCAPREAD_NG } pr_format;
	bool		 pr_swap;	/* not our byte order */
	uint32_t	 pr_usec;	/* old: 1000 if times are in microseconds, else 1 */
	uint32_t	 pr_nifs;	/* ng */
	struct {
		bool	 ethernet;
		uint8_t	 tsresol;	/* if_tsresol */
	} pr_if[PCAPREAD_IFS];
};

struct pcapread_frame {
	const uint8_t	*pf_data;	/* in the caller's bytes; NULL: what was read holds no frame */
	uint32_t	 pf_len;
	bool		 pf_cut;	/* the capture has only the beginning */
	uint64_t	 pf_time;	/* ns; 0: unknown */
};

/*
 * The next record or block: 0, and *used bytes of buf are done.  EAGAIN: more bytes are needed, PCAPREAD_MAX are enough.  EINVAL: no capture, or damaged;
 * EPROTONOSUPPORT: no Ethernet frames in it.
 */
int	pcapread_next(struct pcapread *, const uint8_t *buf, size_t len, struct pcapread_frame *, size_t *used);

#endif
