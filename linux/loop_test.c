/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/epoll.h>

#include "linux/lx.h"

#define TRIES	1000		/* the host may make a pause between any two steps */
#define MUCH	((const void *)1)
#define LITTLE	((const void *)2)

struct ear {
	struct lx_event	 e_event;
	struct lx_loop	*e_loop;
	int		 e_pipe[2];
	uint64_t	 e_spin;	/* ns that a callback takes */
	int		 e_calls;
	uint32_t	 e_events;	/* of the last */
	bool		 e_again, e_over;
};

static void
heard(struct lx_event *le, uint32_t events)
{
	struct ear *e = LX_CONTAINER(le, struct ear, e_event);
	uint64_t until = lx_now() + e->e_spin;

	e->e_calls++;
	e->e_events = events;
	while (lx_now() < until)
		;
	e->e_over = lx_loop_over(e->e_loop);
	if (e->e_again)
		lx_loop_again(e->e_loop, le);
	e->e_again = false;
}

static void
ear_open(struct ear *e, struct lx_loop *l, const void *owner)
{
	memset(e, 0, sizeof(*e));
	e->e_loop = l;
	e->e_event.le_owner = owner;
	assert_int_equal(pipe(e->e_pipe), 0);
	assert_int_equal(lx_loop_add(l, &e->e_event, e->e_pipe[0], EPOLLIN, heard), 0);
}

static void
ear_close(struct ear *e)
{
	lx_loop_del(e->e_loop, &e->e_event);
	close(e->e_pipe[0]);
	close(e->e_pipe[1]);
}

static void
say(struct ear *e)
{
	assert_int_equal(write(e->e_pipe[1], "x", 1), 1);
}

static void
hush(struct ear *e)
{
	char c;

	assert_int_equal(read(e->e_pipe[0], &c, 1), 1);
}

static void
another_turn(void **state)
{
	struct lx_loop *l;
	struct ear e;

	(void)state;
	assert_int_equal(lx_loop_new(&l), 0);
	ear_open(&e, l, NULL);
	say(&e);
	e.e_again = true;
	lx_loop_wait(l, 0);
	hush(&e);
	assert_int_equal(e.e_calls, 1);
	assert_true(lx_loop_waiting(l));
	assert_false(lx_loop_late(l));
	assert_int_equal(e.e_calls, 2);
	assert_int_equal(e.e_events, LX_AGAIN);
	/* Who is deleted is forgotten. */
	lx_loop_again(l, &e.e_event);
	ear_close(&e);
	lx_loop_again(l, &e.e_event);
	assert_false(lx_loop_waiting(l));
	assert_false(lx_loop_late(l));
	assert_int_equal(e.e_calls, 2);
	lx_loop_free(l);
}

/* True: much was made to wait, and little was not. */
static bool
much_waited(struct ear *much, struct ear *little)
{
	struct lx_loop *l = much->e_loop;

	lx_loop_wait(l, 0);
	(void)lx_loop_late(l);
	much->e_calls = little->e_calls = 0;
	lx_loop_wait(l, 0);
	if (much->e_calls != 0 || little->e_calls != 1 || !lx_loop_waiting(l) || !lx_loop_shared(l))
		return (false);
	assert_false(lx_loop_late(l));
	assert_int_equal(much->e_calls, 1);
	assert_int_equal(much->e_events, EPOLLIN);
	return (much->e_over);
}

static void
who_uses_much_waits(void **state)
{
	struct ear much, little;
	struct lx_loop *l;
	int tries = 0;

	(void)state;
	assert_int_equal(lx_loop_new(&l), 0);
	ear_open(&much, l, MUCH);
	ear_open(&little, l, LITTLE);
	much.e_spin = 100000;
	say(&much);
	say(&little);
	while (!much_waited(&much, &little))
		assert_true(++tries < TRIES);
	ear_close(&much);
	ear_close(&little);
	lx_loop_free(l);
}

/* Alone he has as much time as he wants. */
static void
who_is_alone_does_not(void **state)
{
	struct lx_loop *l;
	struct ear much;

	(void)state;
	assert_int_equal(lx_loop_new(&l), 0);
	ear_open(&much, l, MUCH);
	much.e_spin = 1200000;		/* the first time he was one who uses little */
	say(&much);
	for (int i = 1; i <= 5; i++) {
		lx_loop_wait(l, 0);
		(void)lx_loop_late(l);
		assert_int_equal(much.e_calls, i);
		if (i > 1 && !lx_loop_shared(l))
			assert_false(much.e_over);
	}
	ear_close(&much);
	lx_loop_free(l);
}

/* What a wire brings waits for a program of another stack; true: the host made no pause meanwhile. */
static bool
stood_back(struct ear *wire, struct ear *program)
{
	struct lx_loop *l = wire->e_loop;
	const uint64_t began = lx_now();
	bool early;

	program->e_calls = 0;
	for (int i = 0; i < 2; i++)		/* the wire may have been first */
		lx_loop_wait(l, 0);
	if (program->e_calls == 0 || !lx_loop_standing(l))
		return (false);
	wire->e_calls = 0;
	if (lx_loop_back(l, true))		/* it has waited long enough */
		return (false);
	assert_int_equal(wire->e_calls, 0);
	assert_true(lx_loop_back(l, false));
	assert_int_equal(wire->e_calls, 1);
	assert_int_equal(wire->e_events, EPOLLIN);
	/* Now the program is to have its chance; when it took it there is time for the wire. */
	hush(program);
	lx_loop_wait(l, 0);
	early = !lx_loop_standing(l) || lx_loop_back(l, false);
	say(program);
	lx_loop_wait(l, 0);
	return (!early && lx_loop_back(l, false) && lx_now() - began < 10000);
}

static void
what_comes_from_outside_stands_back(void **state)
{
	struct ear wire, program;
	struct lx_loop *l;
	int tries = 0;

	(void)state;
	assert_int_equal(lx_loop_new(&l), 0);
	ear_open(&wire, l, MUCH);
	wire.e_event.le_home = MUCH;
	ear_open(&program, l, LITTLE);
	say(&wire);
	say(&program);
	while (!stood_back(&wire, &program))
		assert_true(++tries < TRIES);
	/* However much there is to do, it gets its turn. */
	tries = wire.e_calls;
	for (uint64_t end = lx_now() + 2000000; lx_now() < end;) {
		lx_loop_wait(l, 0);
		(void)lx_loop_back(l, true);
	}
	assert_true(wire.e_calls > tries);
	ear_close(&wire);
	ear_close(&program);
	lx_loop_free(l);
}

/* For the programs of its own stack it does not. */
static void
but_not_at_home(void **state)
{
	struct ear wire, program;
	struct lx_loop *l;

	(void)state;
	assert_int_equal(lx_loop_new(&l), 0);
	ear_open(&wire, l, MUCH);
	wire.e_event.le_home = LITTLE;
	ear_open(&program, l, LITTLE);
	say(&wire);
	say(&program);
	for (int i = 1; i < 100; i++) {
		lx_loop_wait(l, 0);
		assert_false(lx_loop_standing(l));
		while (lx_loop_waiting(l))
			(void)lx_loop_late(l);
		assert_int_equal(wire.e_calls, i);
	}
	ear_close(&wire);
	ear_close(&program);
	lx_loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_turn),
		cmocka_unit_test(who_uses_much_waits),
		cmocka_unit_test(who_is_alone_does_not),
		cmocka_unit_test(what_comes_from_outside_stands_back),
		cmocka_unit_test(but_not_at_home),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
