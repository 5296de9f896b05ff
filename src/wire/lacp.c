/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/lacp.h"

#include <string.h>

enum { TLV_ACTOR = 1, TLV_PARTNER, TLV_COLLECTOR };
#define ENDLEN		20	/* of a TLV that describes an end, header included */
#define COLLECTORLEN	16
#define ACTOR_OFF	2
#define PARTNER_OFF	(ACTOR_OFF + ENDLEN)
#define COLLECTOR_OFF	(PARTNER_OFF + ENDLEN)

static void
end_get(const uint8_t *b, struct lacp_end *le)
{
	le->le_sysprio = be16dec(b + 2);
	memcpy(le->le_sys, b + 4, ETHER_ADDR_LEN);
	le->le_key = be16dec(b + 10);
	le->le_portprio = be16dec(b + 12);
	le->le_port = be16dec(b + 14);
	le->le_state = b[16];
}

static void
end_put(uint8_t *b, uint8_t type, const struct lacp_end *le)
{
	b[0] = type;
	b[1] = ENDLEN;
	be16enc(b + 2, le->le_sysprio);
	memcpy(b + 4, le->le_sys, ETHER_ADDR_LEN);
	be16enc(b + 10, le->le_key);
	be16enc(b + 12, le->le_portprio);
	be16enc(b + 14, le->le_port);
	b[16] = le->le_state;
}

/* The first two descriptions have their places (5.4.2.2); what follows is not looked at, as later versions may add to it. */
enum wire_error
lacp_check(const void *p, size_t clen, size_t plen, struct lacpdu *lp)
{
	const uint8_t *b = p;

	memset(lp, 0, sizeof(*lp));
	lp->lp_need = 1;
	if (plen < 1)
		return (WIRE_SHORT);
	if (clen < 1)
		return (WIRE_PULLUP);
	if (b[0] != LACP_SUBTYPE)
		return (WIRE_BADPROTO);
	lp->lp_need = COLLECTOR_OFF;
	if (plen < LACP_LEN)
		return (WIRE_SHORT);
	if (clen < lp->lp_need)
		return (WIRE_PULLUP);
	if (b[1] == 0)
		return (WIRE_BADVERS);
	if (b[ACTOR_OFF] != TLV_ACTOR || b[ACTOR_OFF + 1] != ENDLEN || b[PARTNER_OFF] != TLV_PARTNER || b[PARTNER_OFF + 1] != ENDLEN)
		return (WIRE_BADOPT);
	end_get(b + ACTOR_OFF, &lp->lp_actor);
	end_get(b + PARTNER_OFF, &lp->lp_partner);
	return (ether_multicast(lp->lp_actor.le_sys) ? WIRE_BADADDR : WIRE_OK);
}

void
lacp_build(uint8_t b[LACP_LEN], const struct lacpdu *lp)
{
	memset(b, 0, LACP_LEN);
	b[0] = LACP_SUBTYPE;
	b[1] = 1;
	end_put(b + ACTOR_OFF, TLV_ACTOR, &lp->lp_actor);
	end_put(b + PARTNER_OFF, TLV_PARTNER, &lp->lp_partner);
	b[COLLECTOR_OFF] = TLV_COLLECTOR;
	b[COLLECTOR_OFF + 1] = COLLECTORLEN;
}
