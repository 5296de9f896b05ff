/* SPDX-License-Identifier: BSD-2-Clause */
/* What targets that give packets to a stack share. */
#ifndef TESTS_FUZZ_PACKET_H
#define TESTS_FUZZ_PACKET_H

#include "mbuf/mbuf.h"
#include "socket/socket.h"
#include "tests/fuzz/target.h"

/* In one piece, or the first third apart from the rest. */
static inline struct mbuf *
packet_make(struct acctset *as, const uint8_t *p, size_t len, bool split)
{
	const size_t first = split ? len / 3 : len;
	struct mbuf *m, *n;

	REQUIRE((m = m_frombuf(as, p, first, 16)) != NULL);
	if (first < len) {
		REQUIRE((n = m_frombuf(as, p + first, len - first, 0)) != NULL);
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	m->m_pkt.len = (uint32_t)len;
	return (m);
}

/* Extension headers of what has come are a chain of whole ones, which who looks for one of them believes. */
static inline void
packet_exthdrs(const struct vi_msg *msg, const uint8_t *ext, size_t room)
{
	uint8_t nxt = msg->msg_extnxt;

	if (msg->msg_extlen > room)
		return;
	for (size_t at = 0; at < msg->msg_extlen; at += (ext[at + 1] + 1u) * 8) {
		REQUIRE(nxt == 0 || nxt == 43 || nxt == 60);	/* hop-by-hop options, routing, destination options */
		REQUIRE(msg->msg_extlen - at >= 8 && (ext[at + 1] + 1u) * 8 <= msg->msg_extlen - at);
		nxt = ext[at];
	}
}

/* Takes what has come for a socket, errors too. */
static inline void
packet_read(struct socket *so)
{
	static uint8_t buf[65536], ext[16384];
	struct vi_iovec iov = { buf, sizeof(buf) };
	struct vi_sockerr se;
	struct vi_msg msg;
	size_t n;

	for (unsigned k = 0; k < 100; k++) {
		msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1, .msg_ext = ext, .msg_extlen = sizeof(ext) };
		if (soreceive(so, &msg, &n) == 0)
			packet_exthdrs(&msg, ext, sizeof(ext));
		else if (soerrdequeue(so, &se, buf, sizeof(buf)) != 0 && k > 0)
			break;
	}
}

#endif
