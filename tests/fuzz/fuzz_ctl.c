/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes the control protocol from the socket to the operations on a stack, on a fresh kernel with a simulated host.  The first byte says how:
 *
 *	0..254	what a client writes: the rest are bytes of the stream, which arrive in pieces of that size plus one, and each message that comes out is carried out;
 *	255	requests without the stream, so that chance need not find JSON: records of an operation, who asks, and arguments made of words (request.c).
 *
 * prison0 asks, or the root of a jail with a stack of its own.  jail.set of this target goes to the library with the same arguments, for a daemon's starts processes.
 * Besides not crashing:
 *	- a message is an object and its descriptors are none;
 *	- after an error of the framing nothing more is read;
 *	- an operation returns 0 or an errno with at most one line, and its answer can be sent;
 *	- all that JSON was made of is given back.
 *
 * JSON's memory is not malloc()'s, but a piece of one block; and an input that has been told ENOUGH is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/vimage.h>

#include "ctl/ctl.h"
#include "daemon/ctl_serve.h"
#include "daemon/ctl_server.h"
#include "daemon/jproc.h"
#include "tests/fuzz/request.h"
#include "tests/fuzz/target.h"

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))
#define MAXRECORDS	24
#define MAXPARAMS	8
#define BLOCK		(64 << 20)
#define ENOUGH		(256 << 10)
#define GUARD		16	/* in front: the length */

static int op_jail_set(struct ctl_request *), op_jail_remove(struct ctl_request *), op_jail_params(struct ctl_request *);

static const struct ctl_op jail_ops[] = {
	{ "jail.set", op_jail_set },
	{ "jail.remove", op_jail_remove },
	{ "jail.params", op_jail_params },
	{ NULL, NULL },
};

static const struct ctl_op *const tables[] = {
	ctl_if_ops, ctl_link_ops, ctl_option_ops, ctl_nd_ops, ctl_route_ops, ctl_rule_ops, ctl_sysctl_ops, ctl_stat_ops, jail_ops,
};

/* Who asks, and for which jail. */
struct party {
	struct vi_kernel *pa_kernel;
	int		 pa_caller, pa_jid;
};

void
jproc_hostname(struct daemon *d, int jid, bool domain, const char *name)
{
	(void)d, (void)jid, (void)domain, (void)name;
}

/* Nobody waits here. */
int
ctl_monitor_begin(struct ctl_request *rq, uint64_t seq)
{
	(void)rq, (void)seq;
	return CTL_LATER;
}

/* JSON's memory. */

static struct { uint8_t *block; size_t used, pieces; } json_memory;

static void *
json_take(size_t size)
{
	const size_t whole = (size + GUARD - 1) / GUARD * GUARD;
	uint8_t *p = json_memory.block + json_memory.used + GUARD;

	REQUIRE(whole < BLOCK && json_memory.used + whole + 2 * GUARD <= BLOCK);
	ASAN_UNPOISON_MEMORY_REGION(p - GUARD, GUARD + size);
	memcpy(p - GUARD, &whole, sizeof(whole));
	ASAN_POISON_MEMORY_REGION(p - GUARD, GUARD);
	json_memory.used += GUARD + whole;
	json_memory.pieces++;
	return p;
}

static void
json_give(void *p)
{
	size_t whole;

	if (p == NULL)
		return;
	ASAN_UNPOISON_MEMORY_REGION((uint8_t *)p - GUARD, GUARD);
	memcpy(&whole, (uint8_t *)p - GUARD, sizeof(whole));
	ASAN_POISON_MEMORY_REGION((uint8_t *)p - GUARD, GUARD + whole);
	REQUIRE(json_memory.pieces-- > 0);
}

static void
json_begin(void)
{
	if (json_memory.block != NULL)
		return;
	REQUIRE((json_memory.block = malloc(BLOCK)) != NULL);
	ASAN_POISON_MEMORY_REGION(json_memory.block, BLOCK);
	json_set_alloc_funcs(json_take, json_give);
}

static void
json_end(void)
{
	REQUIRE(json_memory.pieces == 0);
	json_memory.used = 0;
}

static int
json_nowhere(const char *text, size_t len, void *arg)
{
	(void)text, (void)len, (void)arg;
	return 0;
}

/* The server's part: sends what there is and empties it. */
int
ctl_more(struct ctl_request *rq)
{
	json_object_clear(rq->rq_reply);
	return 0;
}

static int
keep_error(struct ctl_request *rq, int error, const char *err)
{
	if (error != 0)
		snprintf(rq->rq_err, sizeof(rq->rq_err), "%.200s", err);
	return error;
}

static int
op_jail_set(struct ctl_request *rq)
{
	struct vi_param params[MAXPARAMS];
	char err[VI_ERRLEN] = "";
	unsigned n = 0;
	const char *key;
	json_t *v;
	int jid;

	json_object_foreach((json_t *)rq->rq_args, key, v)
		if (strcmp(key, "op") != 0 && n < MAXPARAMS)
			params[n++] = (struct vi_param){ key, json_string_value(v) };
	return keep_error(rq, vi_jail_set(rq->rq_kernel, rq->rq_caller, params, n, VI_JAIL_CREATE | VI_JAIL_UPDATE, &jid, err), err);
}

static int
op_jail_remove(struct ctl_request *rq)
{
	const char *name = json_string_value(json_object_get(rq->rq_args, "name"));
	int jid, error;

	if (name == NULL || (error = vi_jail_find(rq->rq_kernel, rq->rq_caller, name, &jid)) != 0)
		return ENOENT;
	return vi_jail_remove(rq->rq_kernel, rq->rq_caller, jid);
}

static void
see_param(void *arg, const char *name, const char *value)
{
	json_object_set_new(arg, name, value != NULL ? json_stringn_nocheck(value, strlen(value)) : json_null());
}

static int
op_jail_params(struct ctl_request *rq)
{
	return vi_jail_params(rq->rq_kernel, rq->rq_caller, rq->rq_jid, see_param, rq->rq_reply);
}

static const struct ctl_op *
find_op(const char *name)
{
	for (size_t i = 0; name != NULL && i < NITEMS(tables); i++)
		for (const struct ctl_op *op = tables[i]; op->op_name != NULL; op++)
			if (strcmp(op->op_name, name) == 0)
				return op;
	return NULL;
}

static const struct ctl_op *
nth_op(unsigned n)
{
	for (size_t i = 0; i < NITEMS(tables); i++)
		for (const struct ctl_op *op = tables[i]; op->op_name != NULL; op++)
			if (n-- == 0)
				return op;
	return NULL;
}

static void
carry_out(const struct party *pa, const struct ctl_op *op, const json_t *msg)
{
	struct ctl_request rq = { .rq_kernel = pa->pa_kernel, .rq_caller = pa->pa_caller, .rq_jid = pa->pa_jid, .rq_vnet = vi_jail_vnet(pa->pa_kernel, pa->pa_jid),
	    .rq_args = msg, .rq_cred = { .cr_priv = true } };
	int error;

	if (op == NULL || rq.rq_vnet == NULL)
		return;
	rq.rq_reply = json_object();
	while ((error = op->op_fn(&rq)) == CTL_AGAIN)
		REQUIRE(rq.rq_state != NULL);
	free(rq.rq_state);
	REQUIRE(error >= 0 || error == CTL_LATER);
	REQUIRE(strlen(rq.rq_err) < sizeof(rq.rq_err) && strchr(rq.rq_err, '\n') == NULL);
	if (error == 0)
		REQUIRE(json_dump_callback(rq.rq_reply, json_nowhere, NULL, JSON_COMPACT) == 0);
	json_decref(rq.rq_reply);
}

/* The stream. */

/* Takes every complete message; false after an error. */
static bool
take_messages(struct ctl_conn *cc, const struct party *pa)
{
	json_t *msg;
	int error;

	while ((error = ctl_recv(cc, &msg, NULL, NULL)) == 0) {
		REQUIRE(json_is_object(msg));
		carry_out(pa, find_op(json_string_value(json_object_get(msg, "op"))), msg);
		json_decref(msg);
	}
	REQUIRE(msg == NULL);
	return error == EAGAIN;
}

static void
feed(const struct party *pa, const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? 1 + data[0] : 1;
	struct ctl_conn *cc;
	bool good = true;
	int fd[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	REQUIRE(ctl_conn_new(fd[0], &cc) == 0);
	for (size_t at = 1; at < size && good && json_memory.used < ENOUGH; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		REQUIRE(write(fd[1], data + at, n) == (ssize_t)n);
		good = take_messages(cc, pa);
	}
	close(fd[1]);
	if (good)
		REQUIRE(!take_messages(cc, pa));
	ctl_conn_free(cc);
}

/* Records. */

static void
record(struct party *pa, struct input *in)
{
	const struct ctl_op *op = nth_op(input8(in) & 63);
	uint8_t how = input8(in);	/* arguments; 0x40: for the jail, 0x80: asked by it */
	json_t *msg = json_object();
	int jid;

	request_args(msg, in, how & 7);
	pa->pa_caller = pa->pa_jid = 0;
	if ((how & 0xc0) != 0 && vi_jail_find(pa->pa_kernel, 0, "j", &jid) == 0) {
		pa->pa_jid = jid;
		pa->pa_caller = how & 0x80 ? jid : 0;
	}
	carry_out(pa, op, msg);
	json_decref(msg);
	for (unsigned i = 0; i < 100 && vi_kernel_poll(pa->pa_kernel) == 0; i++)
		;
}

/* A jail, and a pair whose one end is its. */
static void
furnish(struct vi_kernel *k)
{
	static const struct vi_param params[] = { { "name", "j" }, { "vnet", "new" }, { "persist", NULL }, { "children.max", "2" }, { "limit.memory", "8m" } };
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	int jid;

	(void)vi_jail_set(k, 0, params, NITEMS(params), VI_JAIL_CREATE, &jid, err);
	(void)vi_if_create(vi_vnet0(k), "epair0", name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vi_kernel_params kp;
	static struct reuse reuse;
	static struct vi_kernel *k;
	struct party pa;

	if (reuse_first(&reuse))
		k = target_kernel(&kp);
	json_begin();
	pa = (struct party){ .pa_kernel = k };
	if (size > 0 && data[0] == 255) {
		struct input in = { data + 1, data + size };

		furnish(k);
		for (unsigned i = 0; i < MAXRECORDS && in.p < in.end && json_memory.used < ENOUGH; i++)
			record(&pa, &in);
		vi_sim_advance(kp.kp_host, 1000000000);
		for (unsigned i = 0; i < 1000 && vi_kernel_poll(k) == 0; i++)
			;
	} else {
		feed(&pa, data, size);
	}
	json_end();
	if (reuse_last(&reuse))
		target_kernel_free(k, &kp);
	return 0;
}
