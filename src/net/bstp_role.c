/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: the state machines of rapid spanning tree (IEEE 802.1D-2004 17.15 to 17.31).
 *
 * Each machine is a function that makes one transition, if one is due, and says so; bstp_machines() calls them all until none is.  The variables
 * are the standard's; where its figures have a state for a moment only, here is a statement.  Every transition makes what led
 * to it untrue, so it ends; a bound makes sure of it.
 *
 *	migrate()	17.24 port protocol migration	edge()	17.25 bridge detection
 *	info()		17.27 port information		select_roles()	17.28 port role selection
 *	role_*()	17.29 port role transitions	state()	17.30 port state transitions
 *	topology()	17.31 topology change		send()	17.26 port transmit
 */
#include "net/bridgestp.h"

#include <string.h>

#include "base/util.h"
#include "net/if_int.h"

#define MAXROUNDS	1000

static int
vec_cmp(const struct bstp_vec *a, const struct bstp_vec *b)
{
	if (a->bv_root != b->bv_root)
		return (a->bv_root < b->bv_root ? -1 : 1);
	if (a->bv_cost != b->bv_cost)
		return (a->bv_cost < b->bv_cost ? -1 : 1);
	if (a->bv_bridge != b->bv_bridge)
		return (a->bv_bridge < b->bv_bridge ? -1 : 1);
	return (a->bv_port == b->bv_port ? 0 : a->bv_port < b->bv_port ? -1 : 1);
}

static bool
times_equal(const struct bstp_times *a, const struct bstp_times *b)
{
	return (a->bt_age == b->bt_age && a->bt_maxage == b->bt_maxage && a->bt_hello == b->bt_hello && a->bt_fwddelay == b->bt_fwddelay);
}

/* From the very port that the information we have came from (17.6). */
static bool
same_sender(const struct bstp_vec *a, const struct bstp_vec *b)
{
	const uint64_t mac = (1ull << 48) - 1;

	return (((a->bv_bridge ^ b->bv_bridge) & mac) == 0 && ((a->bv_port ^ b->bv_port) & 0xfff) == 0);
}

/* 17.20: a port that waits does so for a hello where partners answer. */
static uint16_t
forward_delay(const struct bstp_port *bp)
{
	return (bp->bp_sendrstp ? bp->bp_destimes.bt_hello : bp->bp_destimes.bt_fwddelay);
}

/* What came */

/* Seconds, within what anybody may set (table 17-1): nobody makes us wait for hours. */
static uint16_t
clamp(uint16_t wire, uint16_t min, uint16_t max)
{
	return ((uint16_t)MIN(MAX(wire / 256, min), max));
}

void
bstp_received(struct bstp_port *bp, const struct bpdu *bd)
{
	bp->bp_msg = *bd;
	bp->bp_operedge = false;
	bp->bp_edgedelaywhile = BSTP_MIGRATE;
	if (bd->bd_type == BPDU_RST)
		bp->bp_rcvdrstp = true;
	else
		bp->bp_rcvdstp = true;
	bp->bp_msgvec = (struct bstp_vec){ bd->bd_root, bd->bd_cost, bd->bd_bridge, bd->bd_port };
	bp->bp_msgtimes = (struct bstp_times){
		.bt_age = (uint16_t)((bd->bd_age + 255) / 256),
		.bt_maxage = clamp(bd->bd_maxage, 6, 40),
		.bt_hello = clamp(bd->bd_hello, 1, 10),
		.bt_fwddelay = clamp(bd->bd_fwddelay, 4, 30),
	};
	bp->bp_rcvdmsg = true;
}

static bool
migrate(struct bstp_port *bp)
{
	if (!bp->bp_sensing) {
		if (bp->bp_mdelaywhile != 0)
			return (false);
		bp->bp_sensing = true;
		bp->bp_rcvdrstp = bp->bp_rcvdstp = false;
		return (true);
	}
	if (bp->bp_bs->bs_rstp ? !bp->bp_sendrstp && bp->bp_rcvdrstp : bp->bp_sendrstp)
		bp->bp_sendrstp = bp->bp_bs->bs_rstp;
	else if (bp->bp_sendrstp && bp->bp_rcvdstp)
		bp->bp_sendrstp = false;
	else
		return (false);
	bp->bp_mdelaywhile = BSTP_MIGRATE;
	bp->bp_sensing = false;
	return (true);
}

static bool
edge(struct bstp_port *bp)
{
	if (bp->bp_operedge && !bp->bp_enabled && !bp->bp_adminedge) {
		bp->bp_operedge = false;
		return (true);
	}
	if (bp->bp_operedge ||
	    !((!bp->bp_enabled && bp->bp_adminedge) ||
	    (bp->bp_edgedelaywhile == 0 && bp->bp_autoedge && bp->bp_sendrstp && bp->bp_proposing)))
		return (false);
	bp->bp_operedge = true;
	return (true);
}

static void
info_reselect(struct bstp_port *bp, enum bstp_info is)
{
	bp->bp_infois = is;
	bp->bp_reselect = true;
	bp->bp_selected = false;
}

/* 17.21.1; new: what the information is about to be. */
static bool
better_or_same(const struct bstp_port *bp, enum bstp_info new)
{
	if (new != bp->bp_infois)
		return (false);
	return (vec_cmp(new == BSTP_INFO_RECEIVED ? &bp->bp_msgvec : &bp->bp_desvec, &bp->bp_portvec) <= 0);
}

static void
record_tcflags(struct bstp_port *bp)
{
	if ((bp->bp_msg.bd_flags & BPDU_TC) != 0)
		bp->bp_rcvdtc = true;
	if (bp->bp_msg.bd_type == BPDU_CONFIG && (bp->bp_msg.bd_flags & BPDU_TCACK) != 0)
		bp->bp_rcvdtcack = true;
}

static void
record_proposal(struct bstp_port *bp)
{
	if (bp->bp_msg.bd_type == BPDU_RST && (bp->bp_msg.bd_flags & BPDU_PROPOSAL) != 0 && bp->bp_ptp)
		bp->bp_proposed = true;
}

/* 17.21.23: three hellos without a message, and the sender is gone; one too old is none. */
static void
record_while(struct bstp_port *bp)
{
	bp->bp_rcvdinfowhile = bp->bp_porttimes.bt_age + 1 <= bp->bp_porttimes.bt_maxage ? (uint16_t)(3 * bp->bp_porttimes.bt_hello) : 0;
}

static void
superior(struct bstp_port *bp)
{
	bp->bp_agreed = bp->bp_proposing = false;
	record_proposal(bp);
	record_tcflags(bp);
	bp->bp_agree = bp->bp_agree && better_or_same(bp, BSTP_INFO_RECEIVED);
	bp->bp_portvec = bp->bp_msgvec;
	bp->bp_porttimes = bp->bp_msgtimes;
	record_while(bp);
	info_reselect(bp, BSTP_INFO_RECEIVED);
}

/* 17.21.10: the other end takes a worse place for the designated one, and lets frames in already. */
static void
inferior(struct bstp_port *bp)
{
	if (bp->bp_msg.bd_type != BPDU_RST || (bp->bp_msg.bd_flags & BPDU_LEARNING) == 0)
		return;
	bp->bp_disputed = true;
	bp->bp_agreed = false;
}

static void
agreement(struct bstp_port *bp)
{
	if (bp->bp_bs->bs_rstp && bp->bp_ptp && (bp->bp_msg.bd_flags & BPDU_AGREEMENT) != 0) {
		bp->bp_agreed = true;
		bp->bp_proposing = false;
	} else {
		bp->bp_agreed = false;
	}
	record_tcflags(bp);
}

/* 17.21.8, and what follows. */
static void
info_receive(struct bstp_port *bp)
{
	const int cmp = vec_cmp(&bp->bp_msgvec, &bp->bp_portvec);
	const bool designated = bp->bp_msg.bd_type == BPDU_CONFIG || BPDU_ROLE(bp->bp_msg.bd_flags) == BPDU_ROLE_DESIGNATED;

	bp->bp_rcvdmsg = false;
	if (bp->bp_msg.bd_type == BPDU_TCN) {
		bp->bp_rcvdtcn = true;
	} else if (!designated) {
		if (BPDU_ROLE(bp->bp_msg.bd_flags) != BPDU_ROLE_UNKNOWN && cmp >= 0)
			agreement(bp);
	} else if (cmp == 0 && bp->bp_infois == BSTP_INFO_RECEIVED && times_equal(&bp->bp_msgtimes, &bp->bp_porttimes)) {
		record_proposal(bp);
		record_tcflags(bp);
		record_while(bp);
	} else if (cmp < 0 || (bp->bp_infois == BSTP_INFO_RECEIVED && same_sender(&bp->bp_msgvec, &bp->bp_portvec))) {
		superior(bp);
	} else if (cmp > 0) {
		inferior(bp);
	}
}

static bool
info(struct bstp_port *bp)
{
	if (!bp->bp_enabled) {
		bp->bp_rcvdmsg = false;
		if (bp->bp_infois == BSTP_INFO_DISABLED)
			return (false);
		bp->bp_proposing = bp->bp_proposed = bp->bp_agree = bp->bp_agreed = false;
		bp->bp_rcvdinfowhile = 0;
		info_reselect(bp, BSTP_INFO_DISABLED);
	} else if (bp->bp_infois == BSTP_INFO_DISABLED) {
		bp->bp_mdelaywhile = BSTP_MIGRATE;
		bp->bp_sensing = false;
		bp->bp_sendrstp = bp->bp_bs->bs_rstp;
		bp->bp_edgedelaywhile = BSTP_MIGRATE;
		info_reselect(bp, BSTP_INFO_AGED);
	} else if (bp->bp_selected && bp->bp_updtinfo) {
		bp->bp_proposing = bp->bp_proposed = false;
		bp->bp_agreed = bp->bp_agreed && better_or_same(bp, BSTP_INFO_MINE);
		bp->bp_synced = bp->bp_synced && bp->bp_agreed;
		bp->bp_portvec = bp->bp_desvec;
		bp->bp_porttimes = bp->bp_destimes;
		bp->bp_updtinfo = false;
		bp->bp_infois = BSTP_INFO_MINE;
		bp->bp_newinfo = true;
	} else if (bp->bp_updtinfo) {
		return (false);
	} else if (bp->bp_rcvdmsg) {
		info_receive(bp);
	} else if (bp->bp_infois == BSTP_INFO_RECEIVED && bp->bp_rcvdinfowhile == 0) {
		info_reselect(bp, BSTP_INFO_AGED);
	} else {
		return (false);
	}
	return (true);
}

/* Roles */

/* The best way to the root: the port, or NULL when that is us. */
static void
select_root(struct bstp *bs)
{
	struct bstp_vec best = { bs->bs_id, 0, bs->bs_id, 0 }, v;
	struct bstp_port *bp, *port = NULL;
	int cmp;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		if (bp->bp_infois != BSTP_INFO_RECEIVED || bp->bp_portvec.bv_bridge == bs->bs_id)
			continue;
		v = bp->bp_portvec;
		v.bv_cost += bstp_pathcost(bp);
		cmp = vec_cmp(&v, &best);
		if (cmp < 0 || (cmp == 0 && port != NULL && bstp_portid(bp) < bstp_portid(port))) {
			best = v;
			port = bp;
		}
	}
	bs->bs_rootvec = best;
	bs->bs_rootport = port;
	bs->bs_roottimes = (struct bstp_times){ 0, bs->bs_maxage, bs->bs_hello, bs->bs_fwddelay };
	if (port != NULL) {
		bs->bs_roottimes = port->bp_porttimes;
		bs->bs_roottimes.bt_age++;
	}
}

static void
select_role(struct bstp *bs, struct bstp_port *bp)
{
	bp->bp_desvec = (struct bstp_vec){ bs->bs_rootvec.bv_root, bs->bs_rootvec.bv_cost, bs->bs_id, bstp_portid(bp) };
	bp->bp_destimes = bs->bs_roottimes;
	bp->bp_updtinfo = false;
	switch (bp->bp_infois) {
	case BSTP_INFO_DISABLED:
		bp->bp_selectedrole = BSTP_ROLE_DISABLED;
		break;
	case BSTP_INFO_AGED:
		bp->bp_updtinfo = true;
		bp->bp_selectedrole = BSTP_ROLE_DESIGNATED;
		break;
	case BSTP_INFO_MINE:
		bp->bp_selectedrole = BSTP_ROLE_DESIGNATED;
		bp->bp_updtinfo = vec_cmp(&bp->bp_portvec, &bp->bp_desvec) != 0 || !times_equal(&bp->bp_porttimes, &bp->bp_destimes);
		break;
	case BSTP_INFO_RECEIVED:
		if (bp == bs->bs_rootport) {
			bp->bp_selectedrole = BSTP_ROLE_ROOT;
		} else if (vec_cmp(&bp->bp_desvec, &bp->bp_portvec) < 0) {
			bp->bp_selectedrole = BSTP_ROLE_DESIGNATED;
			bp->bp_updtinfo = true;
		} else {
			bp->bp_selectedrole = bp->bp_portvec.bv_bridge == bs->bs_id ? BSTP_ROLE_BACKUP : BSTP_ROLE_ALTERNATE;
		}
		break;
	}
}

static bool
select_roles(struct bstp *bs)
{
	struct bstp_port *bp;
	bool any = false;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		any |= bp->bp_reselect;
		bp->bp_reselect = false;
	}
	if (!any)
		return (false);
	select_root(bs);
	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
		select_role(bs, bp);
		bp->bp_selected = true;
	}
	return (true);
}

/* 17.20.3, 17.20.10 */
static bool
all_synced(const struct bstp *bs)
{
	const struct bstp_port *bp;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link)
		if (!bp->bp_selected || bp->bp_updtinfo || bp->bp_role != bp->bp_selectedrole ||
		    (!bp->bp_synced && bp->bp_role != BSTP_ROLE_ROOT))
			return (false);
	return (true);
}

static bool
rerooted(const struct bstp_port *root)
{
	const struct bstp_port *bp;

	TAILQ_FOREACH(bp, &root->bp_bs->bs_ports, bp_link)
		if (bp != root && bp->bp_rrwhile != 0)
			return (false);
	return (true);
}

static void
set_sync(struct bstp *bs)
{
	struct bstp_port *bp;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link)
		bp->bp_sync = true;
}

static void
set_reroot(struct bstp *bs)
{
	struct bstp_port *bp;

	TAILQ_FOREACH(bp, &bs->bs_ports, bp_link)
		bp->bp_reroot = true;
}

/* A port without a role, or one that waits behind a better one: closed, and in agreement with everything. */
static bool
role_closed(struct bstp_port *bp, uint16_t delay)
{
	if (bp->bp_learn || bp->bp_forward) {
		bp->bp_learn = bp->bp_forward = false;
		return (true);
	}
	if (bp->bp_learning || bp->bp_forwarding ||
	    (bp->bp_fdwhile == delay && !bp->bp_sync && !bp->bp_reroot && bp->bp_synced && bp->bp_rrwhile == 0))
		return (false);
	bp->bp_fdwhile = delay;
	bp->bp_synced = true;
	bp->bp_rrwhile = 0;
	bp->bp_sync = bp->bp_reroot = false;
	return (true);
}

static bool
role_alternate(struct bstp_port *bp)
{
	const uint16_t backup = (uint16_t)(2 * bp->bp_destimes.bt_hello);

	if (bp->bp_proposed && !bp->bp_agree) {
		set_sync(bp->bp_bs);
		bp->bp_proposed = false;
		return (true);
	}
	if (bp->bp_role == BSTP_ROLE_BACKUP && bp->bp_rbwhile != backup) {
		bp->bp_rbwhile = backup;
		return (true);
	}
	if (role_closed(bp, forward_delay(bp)))
		return (true);
	if ((all_synced(bp->bp_bs) && !bp->bp_agree) || (bp->bp_proposed && bp->bp_agree)) {
		bp->bp_proposed = false;
		bp->bp_agree = true;
		bp->bp_newinfo = true;
		return (true);
	}
	return (false);
}

static bool
role_root(struct bstp_port *bp)
{
	const bool may = bp->bp_fdwhile == 0 || (rerooted(bp) && bp->bp_rbwhile == 0 && bp->bp_bs->bs_rstp);

	if (bp->bp_proposed && !bp->bp_agree) {
		set_sync(bp->bp_bs);
		bp->bp_proposed = false;
	} else if ((all_synced(bp->bp_bs) && !bp->bp_agree) || (bp->bp_proposed && bp->bp_agree)) {
		bp->bp_proposed = bp->bp_sync = false;
		bp->bp_agree = bp->bp_newinfo = true;
	} else if (!bp->bp_forward && !bp->bp_reroot) {
		set_reroot(bp->bp_bs);
	} else if (bp->bp_rrwhile != bp->bp_destimes.bt_fwddelay) {
		bp->bp_rrwhile = bp->bp_destimes.bt_fwddelay;
	} else if (bp->bp_reroot && bp->bp_forward) {
		bp->bp_reroot = false;
	} else if (may && !bp->bp_learn) {
		bp->bp_fdwhile = forward_delay(bp);
		bp->bp_learn = true;
	} else if (may && !bp->bp_forward) {
		bp->bp_fdwhile = 0;
		bp->bp_forward = true;
	} else {
		return (false);
	}
	return (true);
}

static bool
role_designated_open(struct bstp_port *bp)
{
	if ((bp->bp_fdwhile != 0 && !bp->bp_agreed && !bp->bp_operedge) || (bp->bp_rrwhile != 0 && bp->bp_reroot) || bp->bp_sync)
		return (false);
	if (!bp->bp_learn) {
		bp->bp_learn = true;
		bp->bp_fdwhile = forward_delay(bp);
	} else if (!bp->bp_forward) {
		bp->bp_forward = true;
		bp->bp_fdwhile = 0;
		bp->bp_agreed = bp->bp_sendrstp;
	} else {
		return (false);
	}
	return (true);
}

static bool
role_designated(struct bstp_port *bp)
{
	if (!bp->bp_forward && !bp->bp_agreed && !bp->bp_proposing && !bp->bp_operedge) {
		bp->bp_proposing = bp->bp_newinfo = true;
		bp->bp_edgedelaywhile = bp->bp_ptp ? BSTP_MIGRATE : bp->bp_destimes.bt_maxage;
	} else if ((!bp->bp_synced && ((!bp->bp_learning && !bp->bp_forwarding) || bp->bp_agreed || bp->bp_operedge)) ||
	    (bp->bp_sync && bp->bp_synced)) {
		bp->bp_rrwhile = 0;
		bp->bp_synced = true;
		bp->bp_sync = false;
	} else if (bp->bp_rrwhile == 0 && bp->bp_reroot) {
		bp->bp_reroot = false;
	} else if (((bp->bp_sync && !bp->bp_synced) || (bp->bp_reroot && bp->bp_rrwhile != 0) || bp->bp_disputed) && !bp->bp_operedge &&
	    (bp->bp_learn || bp->bp_forward)) {
		bp->bp_learn = bp->bp_forward = bp->bp_disputed = false;
		bp->bp_fdwhile = forward_delay(bp);
	} else {
		return (role_designated_open(bp));
	}
	return (true);
}

static bool
role(struct bstp_port *bp)
{
	if (!bp->bp_selected || bp->bp_updtinfo)
		return (false);
	if (bp->bp_role != bp->bp_selectedrole) {
		bp->bp_role = bp->bp_selectedrole;
		if (bp->bp_role == BSTP_ROLE_DISABLED || bp->bp_role == BSTP_ROLE_ALTERNATE || bp->bp_role == BSTP_ROLE_BACKUP)
			bp->bp_learn = bp->bp_forward = false;
		else if (!bp->bp_forward && bp->bp_fdwhile == 0)
			bp->bp_fdwhile = bp->bp_destimes.bt_fwddelay;
		return (true);
	}
	switch (bp->bp_role) {
	case BSTP_ROLE_DISABLED:
		return (role_closed(bp, bp->bp_destimes.bt_fwddelay));
	case BSTP_ROLE_ROOT:
		return (role_root(bp));
	case BSTP_ROLE_DESIGNATED:
		return (role_designated(bp));
	default:
		return (role_alternate(bp));
	}
}

/* What frames go by */
static bool
state(struct bstp_port *bp)
{
	if (bp->bp_learning == bp->bp_learn && bp->bp_forwarding == bp->bp_forward)
		return (false);
	bp->bp_learning = bp->bp_learn;
	bp->bp_forwarding = bp->bp_forward;
	bp->bp_state = bp->bp_forwarding ? BSTP_FORWARDING : bp->bp_learning ? BSTP_LEARNING : BSTP_DISCARDING;
	return (true);
}

/* Topology changes */

static void
new_tcwhile(struct bstp_port *bp)
{
	if (bp->bp_tcwhile != 0)
		return;
	if (bp->bp_sendrstp) {
		bp->bp_tcwhile = (uint16_t)(bp->bp_destimes.bt_hello + 1);
		bp->bp_newinfo = true;
	} else {
		bp->bp_tcwhile = (uint16_t)(bp->bp_bs->bs_roottimes.bt_maxage + bp->bp_bs->bs_roottimes.bt_fwddelay);
	}
}

static void
tell_others(struct bstp_port *from)
{
	struct bstp_port *bp;

	TAILQ_FOREACH(bp, &from->bp_bs->bs_ports, bp_link)
		if (bp != from)
			bp->bp_tcprop = true;
}

static bool
topology_active(struct bstp_port *bp)
{
	if ((bp->bp_role != BSTP_ROLE_ROOT && bp->bp_role != BSTP_ROLE_DESIGNATED) || bp->bp_operedge) {
		bp->bp_tcstate = TC_LEARNING;
	} else if (bp->bp_rcvdtcn || bp->bp_rcvdtc) {
		if (bp->bp_rcvdtcn)
			new_tcwhile(bp);
		bp->bp_rcvdtcn = bp->bp_rcvdtc = false;
		bp->bp_tcack = bp->bp_role == BSTP_ROLE_DESIGNATED;
		tell_others(bp);
	} else if (bp->bp_tcprop) {
		new_tcwhile(bp);
		bp->bp_bs->bs_flush(bp);
		bp->bp_tcprop = false;
	} else if (bp->bp_rcvdtcack) {
		bp->bp_tcwhile = 0;
		bp->bp_rcvdtcack = false;
	} else {
		return (false);
	}
	return (true);
}

static bool
topology(struct bstp_port *bp)
{
	const bool open = (bp->bp_role == BSTP_ROLE_ROOT || bp->bp_role == BSTP_ROLE_DESIGNATED) && bp->bp_forward && !bp->bp_operedge;
	const bool heard = bp->bp_rcvdtc || bp->bp_rcvdtcn || bp->bp_rcvdtcack || bp->bp_tcprop;

	if (bp->bp_tcstate == TC_ACTIVE)
		return (topology_active(bp));
	bp->bp_rcvdtc = bp->bp_rcvdtcn = bp->bp_rcvdtcack = bp->bp_tcprop = false;
	if (bp->bp_tcstate == TC_INACTIVE) {
		if (bp->bp_learn)
			bp->bp_tcstate = TC_LEARNING;
		return (bp->bp_learn);
	}
	if (open) {
		new_tcwhile(bp);
		tell_others(bp);
		bp->bp_newinfo = true;
		bp->bp_tcstate = TC_ACTIVE;
		return (true);
	}
	if (!bp->bp_learn && !bp->bp_learning && !heard) {
		bp->bp_bs->bs_flush(bp);
		bp->bp_tcwhile = 0;
		bp->bp_tcack = false;
		bp->bp_tcstate = TC_INACTIVE;
		return (true);
	}
	return (false);
}

static bool
send(struct bstp_port *bp)
{
	if (!bp->bp_enabled || !bp->bp_selected || bp->bp_updtinfo)
		return (false);
	if (bp->bp_hellowhen == 0) {
		bp->bp_newinfo = bp->bp_newinfo || bp->bp_role == BSTP_ROLE_DESIGNATED ||
		    (bp->bp_role == BSTP_ROLE_ROOT && bp->bp_tcwhile != 0);
		bp->bp_hellowhen = bp->bp_destimes.bt_hello > 0 ? bp->bp_destimes.bt_hello : 1;
		return (true);
	}
	if (!bp->bp_newinfo || bp->bp_txcount >= bp->bp_bs->bs_holdcnt)
		return (false);
	bp->bp_newinfo = false;
	if (bp->bp_sendrstp && bp->bp_role != BSTP_ROLE_DISABLED)
		bstp_transmit(bp, BPDU_RST);
	else if (bp->bp_role == BSTP_ROLE_DESIGNATED)
		bstp_transmit(bp, BPDU_CONFIG);
	else if (bp->bp_role == BSTP_ROLE_ROOT)
		bstp_transmit(bp, BPDU_TCN);
	else
		return (true);
	bp->bp_txcount++;
	bp->bp_tcack = false;
	return (true);
}

void
bstp_machines(struct bstp *bs)
{
	struct bstp_port *bp;
	bool changed = true;

	for (unsigned round = 0; changed && round < MAXROUNDS; round++) {
		changed = false;
		TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
			changed |= migrate(bp);
			changed |= edge(bp);
			changed |= info(bp);
		}
		changed |= select_roles(bs);
		TAILQ_FOREACH(bp, &bs->bs_ports, bp_link) {
			changed |= role(bp);
			changed |= state(bp);
			changed |= topology(bp);
		}
		if (changed)
			continue;
		TAILQ_FOREACH(bp, &bs->bs_ports, bp_link)
			changed |= send(bp);
	}
}
