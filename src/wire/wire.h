/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdint.h>

/*
 * What the checked parsers share.
 *
 * Every x_check(p, clen, plen, out) looks at a header of which clen bytes are contiguous at p, in
 * a message of plen bytes in all (clen <= plen), and never reads past clen.  It checks form only;
 * checksums are verified apart (wire_sum_check and friends), because local traffic carries
 * "already valid". WIRE_PULLUP is not a drop: it asks the caller to make the out member x_need
 * bytes contiguous and to call again, and it is given only when plen has that many.
 */
#define	WIRE_ERRORS(X)							\
	X(OK,		"ok")						\
	X(PULLUP,	"header not contiguous")			\
	X(END,		"no more options")				\
	X(SHORT,	"shorter than its header")			\
	X(BADVERS,	"bad version")					\
	X(BADHLEN,	"bad header length")				\
	X(BADLEN,	"bad length")					\
	X(BADSUM,	"bad checksum")					\
	X(BADOPT,	"bad option")					\
	X(BADFRAG,	"bad fragment")					\
	X(BADTYPE,	"bad type")					\
	X(BADPROTO,	"bad protocol")					\
	X(BADOP,	"bad operation")				\
	X(BADADDR,	"bad address")

enum wire_error {
#define	WIRE_ENUM(name, text)	WIRE_##name,
	WIRE_ERRORS(WIRE_ENUM)
#undef WIRE_ENUM
	WIRE_NERRORS
};

/* The text of a drop reason, for logs and counters; never NULL. */
const char *wire_error_name(enum wire_error e);

/*
 * The verdict over a finished partial sum that includes the checksum field (and pseudo header, if
 * any).
 */
enum wire_error wire_sum_check(uint32_t sum);

/*
 * A structure that overlays packet bytes at any alignment.  may_alias: the bytes it overlays
 * belong to a buffer of another type.
 */
#define	WIRE_STRUCT	__attribute__((packed, may_alias))

#define	WIRE_ASSERT_SIZE(type, size)					\
	_Static_assert(sizeof(type) == (size), "wire size of " #type)
#define	WIRE_ASSERT_OFFSET(type, member, off)				\
	_Static_assert(__builtin_offsetof(type, member) == (off),	\
	    "wire offset of " #type "." #member)

#endif /* WIRE_WIRE_H */
