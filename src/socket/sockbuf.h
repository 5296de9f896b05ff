/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket buffers.
 *
 * Streams: one mbuf chain of sb_cc bytes.  Datagrams: records linked by m_nextpkt; each begins with one mbuf that holds a struct sockdgram,
 * followed by the extension headers of its packet (sd_extlen, in mbufs of their own) and the payload; sb_cc counts payload only.
 */
#ifndef SOCKET_SOCKBUF_H
#define SOCKET_SOCKBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/socket.h>

#include "mbuf/mbuf.h"

struct acctset;
struct socket;

#define SB_MAX		(16u << 20)	/* bytes a buffer may be set to */
#define SB_FORCED	(256u << 20)	/* ... by the administrator */

enum sb_flags {
	SB_AUTOSIZE = 0x1,	/* protocol may grow it */
	SBS_CANTSENDMORE = 0x2,
	SBS_CANTRCVMORE = 0x4,
	SBS_RECORDS = 0x8,	/* M_RECORD may be in it */
};

struct sockbuf {
	struct mbuf	*sb_mb;		/* first buffer or record */
	struct mbuf	*sb_mbtail;	/* last buffer of a stream */
	struct mbuf	*sb_lastrecord;	/* last record of datagrams */
	struct mbuf	*sb_sndptr;	/* streams: buffer that holds offset sb_sndoff, a hint for sbsndptr */
	union {
		uint32_t sb_sndoff;	/* streams: offset of the first byte of sb_sndptr from the front */
		uint32_t sb_drops;	/* datagrams: those that found no room */
	};
	uint32_t	 sb_cc;		/* bytes of data */
	uint32_t	 sb_mbcnt;	/* bytes charged to accounts by it (approximately: m_charge sums) */
	uint32_t	 sb_hiwat;	/* most bytes wanted */
	uint32_t	 sb_lowat;
	uint32_t	 sb_records;	/* datagrams: records queued */
	uint32_t	 sb_flags;	/* enum sb_flags */
};

/* About one received datagram; the same facts as struct vi_msg gives out. */
struct sockdgram {
	struct vi_sockaddr sd_from;
	struct vi_sockaddr sd_dst;	/* destination address in the header */
	uint32_t	 sd_local;	/* IPv4: msg_local */
	uint32_t	 sd_ifindex;
	uint32_t	 sd_len;	/* payload */
	uint32_t	 sd_drops;	/* others that found no room before it */
	uint32_t	 sd_mark;	/* m_pkt.mark, as it came */
	uint16_t	 sd_segsz;	/* a train of datagrams of this length; 0 = one */
	uint8_t		 sd_ttl, sd_tos;
	uint8_t		 sd_optlen;
	bool		 sd_is6 : 1;	/* of IPv6: sd_6 */
	bool		 sd_summed : 1;	/* CSUM_SUMMED */
	uint16_t	 sd_fragmax;	/* the largest fragment; 0: it came whole */
	union {
		struct {
			uint32_t s6_flow;	/* flow label */
			uint32_t s6_pathmtu;	/* not 0: no datagram, but what became of the path to sd_from */
			uint16_t s6_extlen;	/* bytes of extension headers */
			uint8_t	 s6_extnxt;	/* the first of them */
		} sd_6;
		uint8_t	 sd_opts[40];	/* options of the IPv4 header, if asked for */
		struct vi_frameinfo sd_frame;	/* of packet sockets */
	};
	uint64_t	 sd_stamp;	/* realtime ns; 0 = not asked for */
};

static inline uint32_t
sockdgram_extlen(const struct sockdgram *sd)
{
	return (sd->sd_is6 ? sd->sd_6.s6_extlen : 0);
}

/* Room for more, by data and by memory. */
static inline uint32_t
sbspace(const struct sockbuf *sb)
{
	return (sb->sb_cc >= sb->sb_hiwat || sb->sb_mbcnt >= 2 * sb->sb_hiwat + 65536 ? 0 : sb->sb_hiwat - sb->sb_cc);
}

/* A datagram of that length: as on Linux the empty buffer takes any, and empty ones need room as well. */
static inline bool
sbfits(const struct sockbuf *sb, uint32_t len)
{
	return (sb->sb_records == 0 || sbspace(sb) >= (len > 0 ? len : 1));
}

int	 sbreserve(struct sockbuf *, uint32_t hiwat);	/* EINVAL, ENOBUFS (> SB_FORCED) */
/* Streams.  Consumes m. */
void	 sbappendchain(struct sockbuf *, struct mbuf *);
static inline void
sbappendstream(struct sockbuf *sb, struct mbuf *m)
{
	/* One buffer into nothing: what a trickle of messages is. */
	if (sb->sb_mb == NULL && m != NULL && m->m_next == NULL && m->m_len > 0) {
		sb->sb_mb = sb->sb_mbtail = m;
		sb->sb_cc = m->m_len;
		sb->sb_mbcnt = MSIZE + m->m_len;
		return;
	}
	sbappendchain(sb, m);
}
/* From the front. */
void	 sbdropsome(struct sockbuf *, uint32_t len);
static inline void
sbdrop(struct sockbuf *sb, uint32_t len)
{
	struct mbuf *m = sb->sb_mb;

	/* All there is, in one buffer. */
	if (len > 0 && len == sb->sb_cc && m->m_next == NULL) {
		sb->sb_mb = sb->sb_mbtail = sb->sb_sndptr = NULL;
		sb->sb_cc = sb->sb_mbcnt = 0;
		(void)m_free(m);
		return;
	}
	sbdropsome(sb, len);
}
/* Reference (copy) of [off, off + len) for transmission, charged like the buffer; NULL: no memory. */
struct mbuf *sbsndcopy(struct sockbuf *, uint32_t off, uint32_t len, struct acctset *);
/* Is byte off - 1 the last one of what the user sent in one piece (M_EOR, set by the protocol)? */
bool	 sbendsat(const struct sockbuf *, uint32_t off);
/* Of the len bytes from off on, those up to the end of the first record; 0: none ends there. */
uint32_t sbrecord(const struct sockbuf *, uint32_t off, uint32_t len);
/* Datagrams.  Consumes m, in which the extension headers come before the payload.  False: no room (m freed, caller counts). */
bool	 sbappenddgram(struct sockbuf *, const struct sockdgram *, struct mbuf *, struct acctset *);
const struct mbuf *sbdgram_data(const struct sockbuf *, void *ext, size_t extlen);	/* its payload; the extension headers, as much as fits, to ext */
const struct sockdgram *sbdgram(const struct sockbuf *);	/* of the first record, NULL */
void	 sbdropdgram(struct sockbuf *);
void	 sbflush(struct sockbuf *);

#endif
