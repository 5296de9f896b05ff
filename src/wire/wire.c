/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/wire.h"

#include "base/checksum.h"

static const char *const wire_error_names[WIRE_NERRORS] = {
#define	WIRE_TEXT(name, text)	[WIRE_##name] = text,
	WIRE_ERRORS(WIRE_TEXT)
#undef WIRE_TEXT
};

const char *
wire_error_name(enum wire_error e)
{
	return ((unsigned int)e < WIRE_NERRORS ? wire_error_names[e] : "unknown");
}

enum wire_error
wire_sum_check(uint32_t sum)
{
	return (cksum_fold(sum) == 0 ? WIRE_OK : WIRE_BADSUM);
}
