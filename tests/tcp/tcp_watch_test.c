/* SPDX-License-Identifier: BSD-2-Clause */
/* What a user is told of his data (VI_SO_TIMESTAMPING, VI_MSG_ZEROCOPY), and records (VI_MSG_EOR), on the wire of wire.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"

#define MAXSEEN	32

struct watch {
	struct wire	t_w;
	struct socket	*t_so[2];
	uint32_t	t_len[MAXSEEN];	/* of segments with data to 1 */
	unsigned	t_n;
};

static enum wire_verdict
watch(struct wire *w, struct wpkt *wp)
{
	struct watch *t = w->w_arg;

	if (wp->wp_to == 1 && wp_dlen(wp) > 0 && t->t_n < MAXSEEN)
		t->t_len[t->t_n++] = wp_dlen(wp);
	return (WIRE_PASS);
}

static void
begin(struct watch *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	wire_init(&t->t_w, seed);
	wire_pair(&t->t_w, t->t_so);
	t->t_w.w_filter = watch;
	t->t_w.w_arg = t;
}

static void
end(struct watch *t)
{
	soclose(t->t_so[0]);
	soclose(t->t_so[1]);
	wire_fini(&t->t_w);
}

static int
sends(struct watch *t, size_t len, unsigned flags)
{
	static uint8_t bytes[8000];
	struct vi_iovec iov = { bytes, len };
	struct vi_msg msg;
	size_t done;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovcnt = 1;
	msg.msg_flags = flags;
	wire_now(&t->t_w);
	return (sosend(t->t_so[0], &msg, &done));
}

static void
zerocopy(void **state)
{
	struct vi_sockerr se;
	struct watch t;
	char buf[8];

	(void)state;
	begin(&t, 1);
	/* Without the option the flag means nothing. */
	assert_int_equal(sends(&t, 1000, VI_MSG_ZEROCOPY), 0);
	wire_idle(&t.t_w);
	assert_int_equal(soerrdequeue(t.t_so[0], &se, buf, sizeof(buf)), EAGAIN);
	assert_int_equal(sosetopt(t.t_so[0], VI_SO_ZEROCOPY, &(int){ 2 }, sizeof(int)), EINVAL);
	wire_setint(t.t_so[0], VI_SO_ZEROCOPY, 1);
	t.t_w.w_delay = 10 * MSEC;
	assert_int_equal(sends(&t, 1000, VI_MSG_ZEROCOPY), 0);
	assert_int_equal(sends(&t, 1000, VI_MSG_ZEROCOPY), 0);
	wire_run(&t.t_w, 10 * MSEC);
	assert_int_equal(soerrdequeue(t.t_so[0], &se, buf, sizeof(buf)), EAGAIN);
	wire_run(&t.t_w, 100 * MSEC);		/* less than two full segments: the ACK is delayed */
	/* Both in one, with the truth told. */
	assert_true(sopoll(t.t_so[0]) & VI_POLLERR);
	assert_int_equal(soerrdequeue(t.t_so[0], &se, buf, sizeof(buf)), 0);
	assert_int_equal(se.se_origin, VI_SE_ZEROCOPY);
	assert_int_equal(se.se_code, VI_SE_ZEROCOPY_COPIED);
	assert_int_equal(se.se_errno, 0);
	assert_int_equal(se.se_info, 0);
	assert_int_equal(se.se_data, 1);
	assert_false(sopoll(t.t_so[0]) & VI_POLLERR);
	/* A reset gives the rest back. */
	assert_int_equal(sends(&t, 1000, VI_MSG_ZEROCOPY), 0);
	tcp_drop(sototcpcb(t.t_so[0]), ECONNRESET);
	assert_int_equal(soerrdequeue(t.t_so[0], &se, buf, sizeof(buf)), 0);
	assert_int_equal(se.se_info, 2);
	wire_idle(&t.t_w);
	end(&t);
}

/* Sent and acknowledged, in that order and a round trip apart. */
static void
stamps(void **state)
{
	const int all = VI_SOF_TX_SCHED | VI_SOF_TX_SOFTWARE | VI_SOF_TX_ACK | VI_SOF_SOFTWARE | VI_SOF_OPT_ID;
	static const uint32_t want[] = { VI_SE_STAMP_SCHED, VI_SE_STAMP_SND, VI_SE_STAMP_ACK };
	struct vi_sockerr se[3];
	struct socket *idle;
	struct watch t;
	char buf[8];

	(void)state;
	begin(&t, 2);
	idle = wire_socket(&t.t_w, 0);
	assert_int_equal(sosetopt(idle, VI_SO_TIMESTAMPING, &all, sizeof(all)), EINVAL);
	assert_int_equal(sosetopt(idle, VI_SO_TIMESTAMPING, &(int){ 1 << 30 }, sizeof(int)), EINVAL);
	soclose(idle);
	wire_setint(t.t_so[0], VI_SO_TIMESTAMPING, all);
	t.t_w.w_delay = 10 * MSEC;
	assert_int_equal(sends(&t, 3000, 0), 0);
	wire_idle(&t.t_w);
	for (unsigned i = 0; i < NITEMS(want); i++) {
		assert_int_equal(soerrdequeue(t.t_so[0], &se[i], buf, sizeof(buf)), 0);
		assert_int_equal(se[i].se_origin, VI_SE_TIMESTAMP);
		assert_int_equal(se[i].se_errno, ENOMSG);
		assert_int_equal(se[i].se_info, want[i]);
		assert_int_equal(se[i].se_data, 2999);
	}
	assert_int_equal(se[0].se_stamp, se[1].se_stamp);
	assert_in_range(se[2].se_stamp - se[1].se_stamp, 20 * MSEC, 21 * MSEC);
	assert_int_equal(soerrdequeue(t.t_so[0], &se[0], buf, sizeof(buf)), EAGAIN);
	end(&t);
}

/* What follows a record does not share its segment, first or again; the accounts are empty at the end. */
static void
records(void **state)
{
	struct watch t;

	(void)state;
	begin(&t, 3);
	wire_setint(t.t_so[0], VI_TCP_CORK, 1);
	assert_int_equal(sends(&t, 400, VI_MSG_EOR), 0);
	assert_int_equal(t.t_n, 0);
	assert_int_equal(sends(&t, 300, VI_MSG_EOR), 0);
	assert_int_equal(sends(&t, 200, 0), 0);
	assert_int_equal(sends(&t, 100, 0), 0);
	wire_setint(t.t_so[0], VI_TCP_CORK, 0);
	wire_run(&t.t_w, SEC);
	assert_int_equal(t.t_n, 3);
	assert_int_equal(t.t_len[0], 400);
	assert_int_equal(t.t_len[1], 300);
	assert_int_equal(t.t_len[2], 300);
	assert_int_equal(t.t_so[1]->so_rcv.sb_cc, 1000);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zerocopy),
		cmocka_unit_test(stamps),
		cmocka_unit_test(records),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
