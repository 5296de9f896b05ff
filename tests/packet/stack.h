/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One vnet in virtual time whose only link ends in the test: what it sends is kept, in order and with the time, and
 * what the test makes up arrives.
 *
 * Time moves by pd_run() alone, a microsecond at least.
 */
#ifndef TESTS_PACKET_STACK_H
#define TESTS_PACKET_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/ifnet.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#define PD_US	1000ull
#define PD_SEC	1000000000ull

struct pd_packet {
	struct pd_packet *pp_next;
	uint64_t	 pp_time;	/* ns */
	size_t		 pp_len;
	uint8_t		 pp_data[];	/* from the IP header on */
};

struct pd_stack {
	struct vi_host	*ps_host;
	struct vi_kernel *ps_kernel;
	struct vi_vnet	*ps_vn;
	struct ifnet	*ps_if;
	struct pd_packet *ps_head, **ps_tail;
	struct pd_knob	*ps_knobs;	/* knobs.c */
	long		 ps_told;	/* bytes of $PD_HOST/told read */
	uint16_t	 ps_cut;	/* bytes of the segments that received packets were made of; 0: each is one */
	bool		 ps_refuses;	/* the device's queue has no room */
};

extern const struct vi_cred pd_cred;

/* The link's addresses, at most one of a family; the default routes go out by it. */
void	 pd_stack_init(struct pd_stack *, const struct vi_ifaddr *, unsigned n, unsigned mtu);
void	 pd_stack_fini(struct pd_stack *);
uint64_t pd_now(const struct pd_stack *);
/* What can be done now. */
void	 pd_settle(struct pd_stack *);
/* One step: to the next timer, but not beyond `until`.  False: that is where it is. */
bool	 pd_step(struct pd_stack *, uint64_t until);
int	 pd_inject(struct pd_stack *, const void *packet, size_t len);
struct pd_packet *pd_take(struct pd_stack *);	/* the oldest one sent, or NULL; free() it */

/*
 * knobs.c: net.ipv4.tcp_* of this process's network namespace, which scripts change with sysctl(8), are carried over
 * into the vnet.  What the vnet does not have, or a value it does not take, is named once on stderr when PD_VERBOSE is set.
 */
void	 pd_knobs_init(struct pd_stack *);
void	 pd_knobs_fini(struct pd_stack *);
void	 pd_knobs_carry(struct pd_stack *);

/* host.c: what scripts have commands tell the host, and what these show them. */
void	 pd_host_told(struct pd_stack *);
void	 pd_host_show(struct pd_stack *);

#endif
