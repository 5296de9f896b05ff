/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes the control protocol from the socket to the operations on a stack.
 * The input is what a client writes: the first byte says in pieces of which size it arrives, the
 * rest are bytes of the stream.  Each message that comes out is looked up and carried out, on a
 * fresh kernel with a simulated host, as a request of prison0.  Besides not crashing:
 *	- a message is an object and its descriptors are none;
 *	- after an error of the framing nothing more is read;
 *	- an operation returns 0 or an errno with at most one line, and its answer can be sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vimage/vimage.h>

#include "ctl/ctl.h"
#include "daemon/ctl_server.h"
#include "tests/fuzz/reuse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(expr) do {						\
	if (!(expr))							\
		abort();						\
} while (0)

static const struct ctl_op *const tables[] = {
	ctl_if_ops, ctl_link_ops, ctl_option_ops, ctl_route_ops, ctl_sysctl_ops, ctl_stat_ops,
};

/* The server's part: sends what there is and empties it. */
int
ctl_more(struct ctl_request *rq)
{
	json_object_clear(rq->rq_reply);
	return 0;
}

static const struct ctl_op *
find_op(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct ctl_op *op = tables[i]; op->op_name != NULL; op++)
			if (strcmp(op->op_name, name) == 0)
				return op;
	return NULL;
}

static void
carry_out(struct vi_kernel *k, const json_t *msg)
{
	const struct ctl_op *op = find_op(json_string_value(json_object_get(msg, "op")));
	struct ctl_request rq = { .rq_kernel = k, .rq_vnet = vi_vnet0(k), .rq_args = msg,
	    .rq_cred = { .cr_priv = true } };
	char *text;
	int error;

	if (op == NULL)
		return;
	rq.rq_reply = json_object();
	error = op->op_fn(&rq);
	REQUIRE(error >= 0);
	REQUIRE(strlen(rq.rq_err) < sizeof(rq.rq_err) && strchr(rq.rq_err, '\n') == NULL);
	if (error == 0) {
		text = json_dumps(rq.rq_reply, JSON_COMPACT);
		REQUIRE(text != NULL);
		free(text);
	}
	json_decref(rq.rq_reply);
}

/* Takes every complete message; false after an error. */
static bool
take_messages(struct ctl_conn *cc, struct vi_kernel *k)
{
	json_t *msg;
	int error;

	while ((error = ctl_recv(cc, &msg, NULL, NULL)) == 0) {
		REQUIRE(json_is_object(msg));
		carry_out(k, msg);
		json_decref(msg);
	}
	REQUIRE(msg == NULL);
	return error == EAGAIN;
}

static void
feed(struct vi_kernel *k, const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? 1 + data[0] : 1;
	struct ctl_conn *cc;
	bool good = true;
	int fd[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	REQUIRE(ctl_conn_new(fd[0], &cc) == 0);
	for (size_t at = 1; at < size && good; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		REQUIRE(write(fd[1], data + at, n) == (ssize_t)n);
		good = take_messages(cc, k);
	}
	close(fd[1]);
	if (good)
		REQUIRE(!take_messages(cc, k));
	ctl_conn_free(cc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vi_kernel_params kp = { .kp_workers = 1, .kp_maxmem = 64 << 20 };
	static struct reuse reuse;
	static struct vi_kernel *k;

	if (reuse_first(&reuse)) {
		REQUIRE(vi_host_sim_new(1, &kp.kp_host) == 0);
		REQUIRE(vi_kernel_new(&kp, &k) == 0);
	}
	feed(k, data, size);
	if (!reuse_last(&reuse))
		return 0;
	REQUIRE(vi_kernel_free(k, NULL, NULL) == 0);
	vi_host_sim_free(kp.kp_host);
	return 0;
}
