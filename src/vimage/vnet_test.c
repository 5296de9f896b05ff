/* SPDX-License-Identifier: BSD-2-Clause */
/* Vnets of made-up modules: order, failure, three phases, events, leaks. */
#include "vimage/vnet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "host/host.h"
#include "vimage/prison.h"
#include "vimage/vimage.h"

/* What the modules did, as text: "+a" attach, "!a" stop, "-a" detach, "?a" event. */
struct rig {
	struct vi_host	*h;
	struct kernel	*k;
};

struct mod_state {
	int		 ms_number;
	void		*ms_memory;
};

static char trace[512];		/* of the vnet under test */
static const char *fail_attach;
static bool leak;

static void
note(char what, const char *name)
{
	size_t len = strlen(trace);

	assert_true(len + 3 < sizeof(trace));
	snprintf(trace + len, sizeof(trace) - len, "%c%s", what, name);
}

static int
mod_attach(struct vnet *vn, enum vnet_slot slot, const char *name)
{
	struct mod_state *ms = vn->vn_state[slot];

	if (fail_attach != NULL && strcmp(fail_attach, name) == 0)
		return (ENOBUFS);
	assert_int_equal(ms->ms_number, 42);
	if ((ms->ms_memory = kmalloc(vnet_acct(vn), ACCT_MISC, 100)) == NULL)
		return (ENOMEM);
	note('+', name);
	return (acct_charge(vnet_acct(vn), ACCT_ROUTE, 7));
}

static void
mod_detach(struct vnet *vn, enum vnet_slot slot, const char *name)
{
	struct mod_state *ms = vn->vn_state[slot];

	assert_int_equal(vn->vn_phase, VNET_DRAINED);
	note('-', name);
	kfree(vnet_acct(vn), ACCT_MISC, ms->ms_memory, 100);
	if (!leak)
		acct_uncharge(vnet_acct(vn), ACCT_ROUTE, 7);
}

/* Module `name` sits in the slot of a real one. */
#define MODULE(name, slot, after)									\
static int name##_attach(struct vnet *vn) { return (mod_attach(vn, VNET_SLOT_##slot, #name)); }	\
static void name##_stop(struct vnet *vn) { assert_int_equal(vn->vn_phase, VNET_STOPPING); note('!', #name); }	\
static void name##_detach(struct vnet *vn) { mod_detach(vn, VNET_SLOT_##slot, #name); }		\
static void name##_event(struct vnet *vn, enum vnet_event ev, void *obj) { (void)vn, (void)ev, (void)obj; note('?', #name); }	\
static const struct mod_state name##_defaults = { .ms_number = 42 };					\
static const struct vnet_module mod_##name = { .vm_name = #name, .vm_slot = VNET_SLOT_##slot, .vm_size = sizeof(struct mod_state),	\
	.vm_defaults = &name##_defaults, .vm_after = (after), .vm_attach = name##_attach, .vm_stop = name##_stop, .vm_detach = name##_detach,	\
	.vm_event = name##_event }

MODULE(a, net, NULL);
MODULE(b, lo, "a");
MODULE(c, ether, "b a");
MODULE(d, epair, "c");

static const struct vnet_module *const modules[] = { &mod_d, &mod_b, &mod_c, &mod_a };

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(1, &r->h), 0);
	kp.kp_host = r->h;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	fail_attach = NULL;
	leak = false;
	trace[0] = '\0';
	*state = r;
	return (0);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	kernel_fini(r->k);
	assert_int_equal(vi_sim_memory(r->h), 0);
	vi_host_sim_free(r->h);
	free(r);
	return (0);
}

static void
order_is_independent_of_the_list(void **state)
{
	const struct vnet_module *in[4], *out[4];
	static const unsigned perms[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 0, 3, 2 }, { 2, 3, 0, 1 }, { 1, 3, 2, 0 } };

	(void)state;
	for (size_t i = 0; i < NITEMS(perms); i++) {
		for (unsigned j = 0; j < 4; j++)
			in[j] = modules[perms[i][j]];
		assert_int_equal(vnet_modules_sort(in, 4, out), 0);
		assert_ptr_equal(out[0], &mod_a);
		assert_ptr_equal(out[1], &mod_b);
		assert_ptr_equal(out[2], &mod_c);
		assert_ptr_equal(out[3], &mod_d);
	}
}

static void
bad_orders_are_refused(void **state)
{
	static const struct vnet_module x = { .vm_name = "x", .vm_after = "y" }, y = { .vm_name = "y", .vm_after = "x" };
	static const struct vnet_module z = { .vm_name = "z", .vm_after = "a nobody" }, part = { .vm_name = "part", .vm_after = "net2" };
	const struct vnet_module *out[4];

	(void)state;
	assert_int_equal(vnet_modules_sort((const struct vnet_module *const[]){ &x, &y }, 2, out), EINVAL);
	assert_int_equal(vnet_modules_sort((const struct vnet_module *const[]){ &mod_a, &z }, 2, out), EINVAL);
	assert_int_equal(vnet_modules_sort((const struct vnet_module *const[]){ &mod_a, &part }, 2, out), EINVAL);
}

static void
life_in_order(void **state)
{
	struct rig *r = *state;

	assert_int_equal(vimage_init(r->k, modules, NITEMS(modules)), 0);
	assert_string_equal(trace, "+a+b+c+d");
	trace[0] = '\0';
	vnet_event(r->k->k_vimage->vk_vnet0, VNET_EV_IFATTACH, NULL);
	assert_string_equal(trace, "?a?b?c?d");
	trace[0] = '\0';
	vnet_event(r->k->k_vimage->vk_vnet0, VNET_EV_IFDETACH, NULL);
	assert_string_equal(trace, "?d?c?b?a");
	trace[0] = '\0';
	assert_int_equal(vimage_fini(r->k, NULL, NULL), 0);
	assert_string_equal(trace, "!d!c!b!a-d-c-b-a");
}

static void
attach_may_fail(void **state)
{
	static const struct { const char *module, *trace; } table[] = {
		{ "a", "" }, { "b", "+a!a-a" }, { "c", "+a+b!b!a-b-a" }, { "d", "+a+b+c!c!b!a-c-b-a" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < NITEMS(table); i++) {
		trace[0] = '\0';
		fail_attach = table[i].module;
		assert_int_equal(vimage_init(r->k, modules, NITEMS(modules)), ENOBUFS);
		assert_string_equal(trace, table[i].trace);
		assert_null(r->k->k_vimage);
	}
}

struct report { unsigned n; uint64_t count, bytes; char zone[32]; };

#if !VIMAGE_SINGLE
static void
count_leak(void *arg, const struct vi_leak *lk)
{
	struct report *rp = arg;

	rp->n++;
	rp->count = lk->lk_count;
	rp->bytes = lk->lk_bytes;
	snprintf(rp->zone, sizeof(rp->zone), "%s", lk->lk_zone);
}

static void
leaks_are_reported(void **state)
{
	struct rig *r = *state;
	struct report rp = { 0 };
	struct vnet *vn;

	assert_int_equal(vimage_init(r->k, modules, NITEMS(modules)), 0);
	assert_int_equal(vnet_create(r->k, "leaky", NULL, &vn), 0);
	leak = true;
	assert_int_equal(vnet_destroy(vn, count_leak, &rp), 1);
	leak = false;
	assert_int_equal(rp.n, 1);
	assert_int_equal(rp.count, 4);
	assert_int_equal(rp.bytes, 28);
	assert_string_equal(rp.zone, "route");
	assert_int_equal(vimage_fini(r->k, NULL, NULL), 0);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_independent_of_the_list),
		cmocka_unit_test(bad_orders_are_refused),
		cmocka_unit_test_setup_teardown(life_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(attach_may_fail, setup, teardown),
#if !VIMAGE_SINGLE
		cmocka_unit_test_setup_teardown(leaks_are_reported, setup, teardown),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
