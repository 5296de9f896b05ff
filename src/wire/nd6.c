/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/nd6.h"

enum wire_error
nd_opt_next(const void *msg, size_t len, size_t *off, struct nd_opt *out)
{
	const uint8_t *p = msg;

	if (*off == len)
		return (WIRE_END);
	if (*off > len || len - *off < 8 || p[*off + 1] == 0 || p[*off + 1] * 8u > len - *off)
		return (WIRE_BADOPT);
	out->no_type = p[*off];
	out->no_len = (uint16_t)(p[*off + 1] * 8u);
	out->no_p = p + *off;
	*off += out->no_len;
	return (WIRE_OK);
}
