/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups that this host listens to, of both families: who asked for them and with which source filters, what that makes of an interface as a
 * whole (RFC 3376 3.2, RFC 3810 4.2), and what routers are told of it.  IGMP and MLD bring their packet formats as a struct mcast_proto.
 */
#ifndef NETINET_MCAST_MCAST_H
#define NETINET_MCAST_MCAST_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <vimage/ifnet.h>

#include "kern/lane.h"
#include "net/ifnet.h"
#include "netinet/inet_ops.h"
#include "vimage/vnet.h"

struct mbuf;
struct mcast_if;

#define MCAST_MAXASKED	64	/* sources that one answer remembers; asked for more, it tells all */
#define MCAST_QI	125	/* s between general queries (8.2) */

/*
 * Protocol versions are counted by age: 0 knows sources (IGMPv3, MLDv2), 1 does not (IGMPv2, MLDv1), 2 cannot leave either (IGMPv1).
 */
#define MCAST_AGES	3

/* Record types of a report (RFC 3376 4.2.12, RFC 3810 5.2.12). */
enum mcast_rec { MCAST_IS_IN = 1, MCAST_IS_EX, MCAST_TO_IN, MCAST_TO_EX, MCAST_ALLOW, MCAST_BLOCK };

struct mcast_src {
	RB_ENTRY(mcast_src) ms_link;
	struct in_addr_any ms_addr;
	uint32_t	 ms_inc, ms_exc;	/* memberships that include and exclude it */
	uint8_t		 ms_rexmit;	/* change reports still to mention it */
	bool		 ms_was;	/* listed before the change being made */
};
RB_HEAD(mcast_srcs, mcast_src);
RB_PROTOTYPE(mcast_srcs, mcast_src, ms_link, mcast_srccmp);

struct mcast_group {
	RB_ENTRY(mcast_group) mg_link;	/* mi_groups */
	struct mcast_if	*mg_if;
	struct in_addr_any mg_addr;	/* IPv6: with its zone */
	LIST_HEAD(, mcast_member) mg_members;	/* sockets' */
	struct mcast_srcs mg_srcs;
	uint32_t	 mg_nsrcs;
	uint32_t	 mg_ninc, mg_nexc;	/* memberships by mode, the stack's own among those that exclude (nothing) */
	/* times are host ns; 0: none */
	uint64_t	 mg_change;	/* when a state change report is due */
	uint64_t	 mg_answer;	/* when a query about this group is answered */
	struct in_addr_any *mg_asked;	/* the sources it asked for; NULL: all */
	uint16_t	 mg_nasked;
	uint8_t		 mg_modechg;	/* change reports still to tell the mode */
	bool		 mg_busy;	/* being changed: stays */
	bool		 mg_wasinc, mg_wasexc;	/* before the change being made */
	bool		 mg_last;	/* older versions: we reported it last */
};
RB_HEAD(mcast_groups, mcast_group);
RB_PROTOTYPE(mcast_groups, mcast_group, mg_link, mcast_groupcmp);

/* Of one interface and family. */
struct mcast_if {
	struct ifnet	*mi_ifp;	/* (c) */
	struct vnet	*mi_vnet;	/* (c) */
	const struct mcast_proto **mi_proto;	/* (c) the family's, as long as it is there */
	struct mcast_groups mi_groups;
	uint32_t	 mi_ngroups;
	struct callout	 mi_timer;
	uint64_t	 mi_general;	/* when a general query is answered; 0: none */
	uint64_t	 mi_oldtil[MCAST_AGES];	/* older routers are believed to be there until then */
	uint32_t	 mi_qi;		/* s */
	uint8_t		 mi_rv;		/* as a router told; 0: none did */
	uint8_t		 mi_age;
	bool		 mi_unspec;	/* reported without a source address */
};

/* A socket's membership. */
struct mcast_member {
	struct mcast_member *mm_next;	/* the socket's list */
	LIST_ENTRY(mcast_member) mm_link;	/* mg_members */
	struct mcast_group *mm_group;	/* NULL: the interface went away */
	struct acctset	*mm_acct;
	uint32_t	 mm_ifindex;
	uint32_t	 mm_ifaddr;	/* IPv4: the user named the interface by this */
	struct in_addr_any mm_addr;
	bool		 mm_include;
	uint16_t	 mm_nsrcs, mm_space;
	struct in_addr_any *mm_srcs;	/* sorted */
};

/* What the administrator chooses (sysctls of igmp and mld). */
struct mcast_knobs {
	int	mk_version;	/* the newest to speak */
	int	mk_robustness;	/* until a router says */
	int	mk_unsolicited;	/* s, RFC 3376 8.11 */
};

/* Counters of both protocols: X(name, words of netstat -s). */
#define MCAST_STATS(X) \
	X(mcs_received, "message%s received") \
	X(mcs_tooshort, "message%s with too few bytes") \
	X(mcs_badsum, "message%s with bad checksum") \
	X(mcs_badttl, "message%s from beyond the link") \
	X(mcs_badsrc, "message%s from addresses that are none of the link") \
	X(mcs_noalert, "query message%s without router alert") \
	X(mcs_badquery, "query message%s with bad fields") \
	X(mcs_queries, "membership query message%s received") \
	X(mcs_general, "general query message%s received") \
	X(mcs_group, "group query message%s received") \
	X(mcs_gsr, "group-source query message%s received") \
	X(mcs_oldqueries, "query message%s of older versions received") \
	X(mcs_reports, "membership report%s received") \
	X(mcs_ourreports, "report%s for groups to which we belong") \
	X(mcs_leaves, "leave message%s received") \
	X(mcs_unknown, "message%s of unknown type") \
	X(mcs_nomem, "message%s dropped for lack of memory") \
	X(mcs_snd_reports, "membership report%s sent") \
	X(mcs_snd_records, "group record%s sent") \
	X(mcs_snd_leaves, "leave message%s sent") \
	X(mcs_snd_errors, "message%s that could not be sent")

struct mcast_stat {
#define MCAST_STAT_MEMBER(name, text)	uint64_t name;
	MCAST_STATS(MCAST_STAT_MEMBER)
#undef MCAST_STAT_MEMBER
};

struct mcast_proto {
	uint8_t	mp_addrlen;		/* bytes of an address in a record */
	uint8_t	mp_overhead;		/* bytes of a packet before the first record */
	int	mp_versions;		/* the newest there is */
	const struct mcast_knobs *(*mp_knobs)(const struct vnet *);
	struct mcast_stat *(*mp_stat)(const struct vnet *);
	bool	(*mp_reportable)(const struct vnet *, const struct in_addr_any *group);	/* is it routers' business? */
	/* Sends a report: m_data at its first record, room in front.  Consumes m.  False: without a source address. */
	bool	(*mp_report)(struct mcast_if *, struct mbuf *m, unsigned nrecs);
	/* The same of the older versions, and farewell. */
	bool	(*mp_oldreport)(struct mcast_if *, const struct in_addr_any *group);
	void	(*mp_oldleave)(struct mcast_if *, const struct in_addr_any *group);
	void	(*mp_input)(struct mbuf *, const struct inet_pkt *);	/* consumes m */
};

/* A query, parsed. */
struct mcast_query {
	uint8_t		 mq_age;	/* of its version */
	uint8_t		 mq_rv;		/* 0: not told */
	uint32_t	 mq_qi;		/* s, 0: not told */
	uint64_t	 mq_delay;	/* answer within so many ns */
	bool		 mq_general;
	struct in_addr_any mq_group;
	const uint8_t	*mq_srcs;	/* mq_nsrcs addresses as in the packet */
	uint16_t	 mq_nsrcs;
};

/* mcast_group.c */
/* The family's state of an interface, made when it is not there yet; NULL without memory. */
struct mcast_if *mcast_if_get(struct ifnet *, enum net_af, const struct mcast_proto **);
void	mcast_if_free(struct ifnet *, enum net_af);	/* memberships of sockets become empty */
struct mcast_group *mcast_find(const struct ifnet *, enum net_af, const struct in_addr_any *group);
/* For the stack itself: all sources, counted.  ENOBUFS. */
int	mcast_ref(struct mcast_if *, const struct in_addr_any *group);
void	mcast_unref(struct mcast_group *);
/* Does anybody here want what src sends to the group? */
bool	mcast_wants(const struct mcast_group *, const struct in_addr_any *src);
static inline bool mcast_hasstate(const struct mcast_group *mg) { return (mg->mg_nexc > 0 || mg->mg_ninc > 0); }
static inline bool mcast_excludes(const struct mcast_group *mg) { return (mg->mg_nexc > 0); }
/* Is the source in the list that belongs to the interface's mode? */
bool	mcast_listed(const struct mcast_group *, const struct mcast_src *);
struct mcast_src *mcast_src_find(const struct mcast_group *, const struct in_addr_any *);
/* Frees what nobody needs any more, the group itself too; true: it is gone. */
bool	mcast_reap(struct mcast_group *);
void	mcast_forget_asked(struct mcast_group *);

/* mcast_list.c: what management shows */
void	mcast_list(struct vnet *, enum net_af, void (*addr)(const struct in_addr_any *, struct vi_sockaddr *),
	    void (*fn)(void *, const struct vi_group *), void *arg);

/* mcast_member.c: memberships of sockets */
/* A new one, without sources.  ENOBUFS. */
int	mcast_member_new(struct mcast_if *, const struct in_addr_any *group, bool include, struct mcast_member **);
void	mcast_member_free(struct mcast_member *);
/* Another mode and other sources, in any order.  ENOBUFS: nothing changed. */
int	mcast_member_set(struct mcast_member *, bool include, const struct in_addr_any *srcs, unsigned n);
bool	mcast_member_has(const struct mcast_member *, const struct in_addr_any *src);
static inline bool mcast_member_allows(const struct mcast_member *mm, const struct in_addr_any *src) { return (mcast_member_has(mm, src) == mm->mm_include); }
/* Around changes of a group's counts. */
void	mcast_change_begin(struct mcast_group *);
void	mcast_change_end(struct mcast_group *);
struct mcast_group *mcast_group_find(struct mcast_if *, const struct in_addr_any *);	/* NULL: there is none */
struct mcast_group *mcast_group_get(struct mcast_if *, const struct in_addr_any *);	/* found or made; NULL without memory */
int	mcast_src_count(struct mcast_group *, const struct in_addr_any *, bool include, int by);	/* ENOBUFS */

/* mcast_report.c: what is told, and when */
void	mcast_timer(void *);
void	mcast_schedule(struct mcast_if *, uint64_t when);	/* the timer runs at that time or before */
uint64_t mcast_random(const struct mcast_if *, uint64_t max);	/* ns, up to max */
/* The counts changed: reports become due. */
void	mcast_changed(struct mcast_group *);
/* The versions that routers speak now; going to another one forgets all that is due. */
uint8_t	mcast_age(struct mcast_if *);
uint8_t	mcast_age_now(const struct mcast_if *);	/* and nothing else happens */
void	mcast_cancel(struct mcast_if *);	/* nothing is due any more */
unsigned mcast_robustness(const struct mcast_if *);
void	mcast_stop(struct vnet *, enum net_af);	/* the sockets are gone: says the last farewells, once */
void	mcast_ifup(struct mcast_if *);		/* everything is told anew */
void	mcast_event(enum net_af, enum vnet_event, void *obj);	/* for the module's vm_event */
bool	mcast_silent(const struct mcast_group *);	/* nothing is told of it now */

/* mcast_query.c */
void	mcast_query(struct mcast_if *, const struct mcast_query *);
/* Another host reported the group, in an older version: we need not. */
void	mcast_heard(struct mcast_if *, const struct in_addr_any *group);
/* RFC 3376 4.1.1, RFC 3810 5.1.3: 8-bit and 16-bit codes of times and intervals. */
uint32_t mcast_code8(uint8_t);
uint32_t mcast_code16(uint16_t);

#endif
