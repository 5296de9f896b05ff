/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/pcapread.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct file {
	bool	 f_big;		/* byte order */
	size_t	 f_len;
	uint8_t	 f_bytes[1024];
};

static void
put(struct file *f, unsigned size, uint64_t v)
{
	for (unsigned i = 0; i < size; i++)
		f->f_bytes[f->f_len + (f->f_big ? size - 1 - i : i)] = (uint8_t)(v >> 8 * i);
	f->f_len += size;
}

static void
put_old(struct file *f, uint32_t magic, uint32_t linktype)
{
	put(f, 4, magic);
	put(f, 2, 2);
	put(f, 2, 4);
	put(f, 8, 0);
	put(f, 4, 65535);
	put(f, 4, linktype);
}

static void
put_record(struct file *f, uint32_t sec, uint32_t frac, uint32_t len, uint32_t whole)
{
	put(f, 4, sec);
	put(f, 4, frac);
	put(f, 4, len);
	put(f, 4, whole);
	for (uint32_t i = 0; i < len; i++)
		put(f, 1, i);
}

/* A block: its body was put behind a hole of eight bytes at start. */
static void
put_block(struct file *f, size_t start, uint32_t type)
{
	const size_t end = f->f_len;
	const uint32_t len = (uint32_t)(end - start + 4);

	f->f_len = start;
	put(f, 4, type);
	put(f, 4, len);
	f->f_len = end;
	put(f, 4, len);
}

static void
put_section(struct file *f)
{
	size_t start = f->f_len;

	f->f_len += 8;
	put(f, 4, 0x1a2b3c4d);
	put(f, 2, 1);
	put(f, 2, 0);
	put(f, 8, UINT64_MAX);
	put_block(f, start, 0x0a0d0d0a);
}

/* resol 0xff: not said */
static void
put_interface(struct file *f, uint16_t linktype, uint8_t resol)
{
	size_t start = f->f_len;

	f->f_len += 8;
	put(f, 2, linktype);
	put(f, 2, 0);
	put(f, 4, 0);
	if (resol != 0xff) {
		put(f, 2, 2);		/* if_name, of three bytes */
		put(f, 2, 3);
		put(f, 4, 0);
		put(f, 2, 9);
		put(f, 2, 1);
		put(f, 1, resol);
		f->f_len += 3;
		put(f, 4, 0);
	}
	put_block(f, start, 1);
}

static void
put_packet(struct file *f, uint32_t ifid, uint64_t t, uint32_t len, uint32_t whole)
{
	size_t start = f->f_len;

	f->f_len += 8;
	put(f, 4, ifid);
	put(f, 4, t >> 32);
	put(f, 4, t & UINT32_MAX);
	put(f, 4, len);
	put(f, 4, whole);
	f->f_len += (len + 3) & ~3u;
	put_block(f, start, 6);
}

/* Reads until something is no frame; the last answer.  Every shorter piece must ask for more. */
static int
read_all(const struct file *f, struct pcapread_frame *frames, unsigned *n)
{
	struct pcapread pr = { 0 };
	struct pcapread_frame pf;
	size_t at = 0, used;
	int error;

	*n = 0;
	while ((error = pcapread_next(&pr, f->f_bytes + at, f->f_len - at, &pf, &used)) == 0) {
		struct pcapread piece = pr;
		size_t no;

		assert_true(used <= f->f_len - at);
		assert_int_equal(pcapread_next(&piece, f->f_bytes + at + used, 3, &(struct pcapread_frame){ 0 }, &no), EAGAIN);
		at += used;
		if (pf.pf_data != NULL)
			frames[(*n)++] = pf;
	}
	return error;
}

static void
old(void **state)
{
	struct pcapread_frame fr[8];
	unsigned n;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct file f = { .f_big = (i & 1) != 0 };

		put_old(&f, i < 2 ? PCAP_USEC : PCAP_NSEC, 1);
		put_record(&f, 5, 7, 60, 60);
		put_record(&f, 6, 0, 0, 1500);
		assert_int_equal(read_all(&f, fr, &n), EAGAIN);
		assert_int_equal(n, 2);
		assert_int_equal(fr[0].pf_len, 60);
		assert_int_equal(fr[0].pf_data[59], 59);
		assert_true(fr[0].pf_time == UINT64_C(5000000000) + (i < 2 ? 7000 : 7));
		assert_false(fr[0].pf_cut);
		assert_true(fr[1].pf_cut);
	}
}

static void
ng(void **state)
{
	struct pcapread_frame fr[8];
	unsigned n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct file f = { .f_big = i != 0 };

		put_section(&f);
		put_interface(&f, 1, 0xff);	/* us */
		put_interface(&f, 101, 9);	/* no Ethernet */
		put_interface(&f, 1, 9);	/* ns */
		put_interface(&f, 1, 0x80 | 10);	/* 1/1024 s */
		put_packet(&f, 0, 3, 5, 5);
		put_packet(&f, 1, 3, 5, 5);
		put_packet(&f, 2, 3, 6, 7);
		put_packet(&f, 3, 1024 + 512, 8, 8);
		put_section(&f);
		put_interface(&f, 1, 0xff);
		put_packet(&f, 0, 1, 1, 1);
		assert_int_equal(read_all(&f, fr, &n), EAGAIN);
		assert_int_equal(n, 4);
		assert_int_equal(fr[0].pf_time, 3000);
		assert_int_equal(fr[0].pf_len, 5);
		assert_int_equal(fr[1].pf_time, 3);
		assert_true(fr[1].pf_cut);
		assert_int_equal(fr[2].pf_time, 1500000000);
		assert_int_equal(fr[3].pf_len, 1);
		put_packet(&f, 1, 1, 1, 1);		/* no such interface in this section */
		assert_int_equal(read_all(&f, fr, &n), EINVAL);
	}
}

/* Offsets and values that make a good file of one block of each kind bad. */
static void
damaged(void **state)
{
	static const struct { size_t at; uint8_t v; } bad[] = {
		{ 4, 8 }, { 4, 29 }, { 6, 0xff }, { 8, 0 }, { 12, 2 }, { 24, 0 },	/* section */
		{ 28 + 18, 0xff }, { 28 + 36, 9 },					/* interface: length of an option; trailer */
		{ 28 + 40 + 8, 1 }, { 28 + 40 + 20, 200 },				/* packet: interface; length */
	};
	struct pcapread_frame fr[8];
	struct file good = { 0 }, f;
	unsigned n;

	(void)state;
	put_section(&good);
	put_interface(&good, 1, 9);
	assert_int_equal(good.f_len, 28 + 40);
	put_packet(&good, 0, 1, 10, 10);
	assert_int_equal(read_all(&good, fr, &n), EAGAIN);
	assert_int_equal(n, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = good;
		f.f_bytes[bad[i].at] = bad[i].v;
		assert_int_equal(read_all(&f, fr, &n), EINVAL);
	}
	f = (struct file){ 0 };
	put_old(&f, PCAP_USEC, 1);
	put_record(&f, 0, 0, 20, 20);
	f.f_bytes[24 + 11] = 1;
	assert_int_equal(read_all(&f, fr, &n), EINVAL);
	f.f_bytes[20] = 101;
	assert_int_equal(read_all(&f, fr, &n), EPROTONOSUPPORT);
	f.f_bytes[0] = 0;
	assert_int_equal(read_all(&f, fr, &n), EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old),
		cmocka_unit_test(ng),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
