/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/bpdu.h"

#include <string.h>

/* How long a unit of the type must be at least (9.3.4); 0: no such type. */
static size_t
bpdu_minlen(uint8_t version, uint8_t type)
{
	if (type == BPDU_TCN)
		return (BPDU_TCNLEN);
	if (type == BPDU_CONFIG)
		return (BPDU_CONFIGLEN);
	return (type == BPDU_RST && version >= 2 ? BPDU_RSTLEN : 0);
}

enum wire_error
bpdu_check(const void *p, size_t clen, size_t plen, struct bpdu *bd)
{
	const uint8_t *b = p;
	size_t len;

	*bd = (struct bpdu){ .bd_need = BPDU_LLCLEN + BPDU_TCNLEN };
	if (plen < bd->bd_need)
		return (WIRE_SHORT);
	if (clen < bd->bd_need)
		return (WIRE_PULLUP);
	if (b[0] != 0x42 || b[1] != 0x42 || b[2] != 0x03 || be16dec(b + 3) != 0)
		return (WIRE_BADPROTO);
	bd->bd_version = b[5];
	bd->bd_type = b[6];
	if ((len = bpdu_minlen(bd->bd_version, bd->bd_type)) == 0)
		return (WIRE_BADTYPE);
	bd->bd_need = BPDU_LLCLEN + len;
	if (plen < bd->bd_need)
		return (WIRE_SHORT);
	if (clen < bd->bd_need)
		return (WIRE_PULLUP);
	if (bd->bd_type == BPDU_TCN)
		return (WIRE_OK);
	b += BPDU_LLCLEN;
	bd->bd_flags = b[4];
	bd->bd_root = be64dec(b + 5);
	bd->bd_cost = be32dec(b + 13);
	bd->bd_bridge = be64dec(b + 17);
	bd->bd_port = be16dec(b + 25);
	bd->bd_age = be16dec(b + 27);
	bd->bd_maxage = be16dec(b + 29);
	bd->bd_hello = be16dec(b + 31);
	bd->bd_fwddelay = be16dec(b + 33);
	/* A message that is too old is not to be looked at (9.3.4 b). */
	return (bd->bd_age < bd->bd_maxage ? WIRE_OK : WIRE_BADLEN);
}

size_t
bpdu_build(uint8_t *b, const struct bpdu *bd)
{
	memset(b, 0, BPDU_LLCLEN + BPDU_RSTLEN);
	b[0] = b[1] = 0x42;
	b[2] = 0x03;
	b += BPDU_LLCLEN;
	b[2] = bd->bd_version;
	b[3] = bd->bd_type;
	if (bd->bd_type == BPDU_TCN)
		return (BPDU_LLCLEN + BPDU_TCNLEN);
	b[4] = bd->bd_flags;
	be64enc(b + 5, bd->bd_root);
	be32enc(b + 13, bd->bd_cost);
	be64enc(b + 17, bd->bd_bridge);
	be16enc(b + 25, bd->bd_port);
	be16enc(b + 27, bd->bd_age);
	be16enc(b + 29, bd->bd_maxage);
	be16enc(b + 31, bd->bd_hello);
	be16enc(b + 33, bd->bd_fwddelay);
	return (BPDU_LLCLEN + (bd->bd_type == BPDU_RST ? (size_t)BPDU_RSTLEN : BPDU_CONFIGLEN));
}
