/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message ring. Records lie one behind the other in ml_buf, each with a header and the text,
 * and never wrap: where the rest of the ring is too short for a record, a header of length 0 (or
 * too little room even for that) says "go on at the start". ml_head is where the oldest record
 * begins and ml_tail where the next one will; they are equal when the ring is empty, and a full
 * ring always keeps a gap.
 */
#include "kern/msglog.h"

#include <stdatomic.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "host/host.h"
#include "kern/kernel.h"

#define RATE_BURST	200u
#define RATE_NS		(1000000000u / 50u)	/* between two lines in the long run */
#define COPY_BURST	20u
#define COPY_NS		(1000000000u / 10u)

struct msgrec {
	uint64_t	mr_seq;
	uint64_t	mr_time;
	uint64_t	mr_uptime;
	uint16_t	mr_size;	/* of the record, a multiple of 8; 0: go on at the start */
	uint8_t		mr_level;
	uint8_t		mr_facility;
	uint8_t		mr_pad[4];
};

static struct msgrec *
rec_at(const struct msglog *ml, uint32_t off)
{
	return ((struct msgrec *)(void *)(ml->ml_buf + off));
}

/* Does the ring end here, for a reader at off? */
static bool
rec_isend(const struct msglog *ml, uint32_t off)
{
	return (MSGLOG_SIZE - off < sizeof(struct msgrec) || rec_at(ml, off)->mr_size == 0);
}

/* Before the ring is locked: when memory is refused that may be told, here. */
static void *
ring_reserve(const struct msglog *ml)
{
	return (ml->ml_buf == NULL ? kmalloc(ml->ml_acct, ACCT_LOG, MSGLOG_SIZE) : NULL);
}

void
msglog_init(struct msglog *ml, struct acctset *as, const char *name)
{
	size_t len = MIN(strlen(name), sizeof(ml->ml_name) - 1);

	memset(ml, 0, sizeof(*ml));
	ml->ml_acct = as;
	ml->ml_names = 1;
	memcpy(ml->ml_name, name, len);
	ml->ml_tokens = RATE_BURST;
	ml->ml_copytokens = COPY_BURST;
	ml->ml_tokens_time = ml->ml_copytime = kernel_now(as->as_kernel);
}

void
msglog_copyto(struct msglog *ml, struct msglog *to, int level, bool instead)
{
	void *buf;

	/* A ring that hands its lines on is not where they end. */
	while (to != NULL && to->ml_instead)
		to = to->ml_copy;
	if (to == ml)
		to = NULL;
	if (to != NULL && (buf = ring_reserve(to)) != NULL)
		to->ml_buf = buf;
	ml->ml_copy = to;
	ml->ml_copylevel = level;
	ml->ml_instead = to != NULL && instead;
}

void
msglog_fini(struct msglog *ml)
{
	kfree(ml->ml_acct, ACCT_LOG, ml->ml_buf, MSGLOG_SIZE);
	ml->ml_buf = NULL;
	ml->ml_head = ml->ml_tail = 0;
}

void
msglog_clear(struct msglog *ml)
{
	ml->ml_head = ml->ml_tail = 0;
}

/* Forgets the oldest record. */
static void
ring_forget(struct msglog *ml)
{
	ml->ml_head += rec_at(ml, ml->ml_head)->mr_size;
	if (ml->ml_head != ml->ml_tail && rec_isend(ml, ml->ml_head))
		ml->ml_head = 0;
	ml->ml_lost++;
}

/*
 * Room for size bytes at ml_tail, from which the record must not reach ml_head: equal means empty.
 * Where it does not fit before the end, the records up to there are forgotten and it starts over.
 */
static struct msgrec *
ring_room(struct msglog *ml, uint32_t size)
{
	if (MSGLOG_SIZE - ml->ml_tail < size) {
		while (ml->ml_head > ml->ml_tail)
			ring_forget(ml);
		if (ml->ml_head == ml->ml_tail)
			ml->ml_head = 0;		/* it was empty */
		else {
			while (ml->ml_head == 0)
				ring_forget(ml);	/* the tail must not meet it */
			if (MSGLOG_SIZE - ml->ml_tail >= sizeof(struct msgrec))
				rec_at(ml, ml->ml_tail)->mr_size = 0;
		}
		ml->ml_tail = 0;
	}
	while (ml->ml_head > ml->ml_tail && ml->ml_head - ml->ml_tail <= size)
		ring_forget(ml);
	return (rec_at(ml, ml->ml_tail));
}

static void
ring_put(struct msglog *ml, const struct vi_logmsg *lm)
{
	size_t len = strlen(lm->lm_text);
	uint32_t size = ROUNDUP2((uint32_t)(sizeof(struct msgrec) + len + 1), 8u);
	struct msgrec *mr;

	mr = ring_room(ml, size);
	*mr = (struct msgrec){.mr_seq = lm->lm_seq,
	    .mr_time = lm->lm_time,
	    .mr_uptime = lm->lm_uptime,
	    .mr_size = (uint16_t)size,
	    .mr_level = lm->lm_level,
	    .mr_facility = lm->lm_facility};
	memcpy(mr + 1, lm->lm_text, len + 1);
	ml->ml_tail += size;
}

/* own: in the ring's own lane, where memory can be had. */
static void
log_line(struct msglog *ml, unsigned pri, const char *text, bool own)
{
	struct kernel *k = ml->ml_acct->as_kernel;
	struct vi_host *h = kernel_host(k);
	struct vi_logmsg lm = {
	    .lm_time = host_realtime(h),
	    .lm_uptime = host_now(h),
	    .lm_level = (uint8_t)(pri & 7),
	    .lm_facility = (uint8_t)(pri >> 3),
	    .lm_vnet = ml->ml_name,
	    .lm_text = text};

	void *buf = own ? ring_reserve(ml) : NULL;

	while (atomic_exchange_explicit(&ml->ml_lock, true, memory_order_acquire))
		;
	if (buf != NULL)
		ml->ml_buf = buf;
	lm.lm_seq = ++ml->ml_seq;
	if (ml->ml_buf != NULL)
		ring_put(ml, &lm);
	else
		ml->ml_lost++;
	atomic_store_explicit(&ml->ml_lock, false, memory_order_release);
	host_log(h, &lm);
}

/* A token bucket; it fills while nobody looks. */
static bool
bucket_take(struct msglog *ml, uint64_t *last, uint32_t *tokens, uint32_t burst, uint64_t ns)
{
	uint64_t now = kernel_now(ml->ml_acct->as_kernel), gained = (now - *last) / ns;

	if (gained >= burst - *tokens) {
		*tokens = burst;
		*last = now;
	} else {
		*tokens += (uint32_t)gained;
		*last += gained * ns;
	}
	if (*tokens == 0)
		return (false);
	--*tokens;
	return (true);
}

static bool
log_admits(struct msglog *ml)
{
	if (bucket_take(ml, &ml->ml_tokens_time, &ml->ml_tokens, RATE_BURST, RATE_NS))
		return (true);
	ml->ml_suppressed++;
	ml->ml_lost++;
	return (false);
}

/* A noisy ring must not push others' lines out of the one it copies to: fewer go there. */
static void
log_copy(struct msglog *ml, unsigned pri, const char *text)
{
	char line[MSGLOG_LINE + 1];
	struct sbuf sb;

	if (ml->ml_copy == NULL || (int)(pri & 7) > ml->ml_copylevel ||
	    !bucket_take(ml, &ml->ml_copytime, &ml->ml_copytokens, COPY_BURST, COPY_NS))
		return;
	sbuf_init(&sb, line, sizeof(line));
	if (ml->ml_copy->ml_names)
		sbuf_printf(&sb, "%s: ", ml->ml_name);
	sbuf_cat(&sb, text);
	log_line(ml->ml_copy, pri, line, false);
}

static void
log_out(struct msglog *ml, unsigned pri, const char *text)
{
	if (!ml->ml_instead)
		log_line(ml, pri, text, true);
	log_copy(ml, pri, text);
}

/*
 * A line is one line: control characters of whoever made the text do not reach the terminal of
 * whoever reads it.
 */
static void
log_clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void
msglog_vput(struct msglog *ml, unsigned pri, const char *fmt, va_list ap)
{
	char text[MSGLOG_LINE + 1];
	struct sbuf sb;

	if (!log_admits(ml))
		return;
	if (ml->ml_suppressed > 0) {
		sbuf_init(&sb, text, sizeof(text));
		sbuf_printf(&sb, "%u messages suppressed", ml->ml_suppressed);
		ml->ml_suppressed = 0;
		log_out(ml, LOG_NOTICE, text);
	}
	sbuf_init(&sb, text, sizeof(text));
	sbuf_vprintf(&sb, fmt, ap);
	log_clean(text);
	log_out(ml, pri, text);
}

void
msglog_put(struct msglog *ml, unsigned pri, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msglog_vput(ml, pri, fmt, ap);
	va_end(ap);
}

uint64_t
msglog_read(const struct msglog *ml, uint64_t after, vi_log_fn *fn, void *arg)
{
	const struct msgrec *mr;
	uint32_t off = ml->ml_head;

	if (after >= ml->ml_seq)
		return (ml->ml_seq);
	while (off != ml->ml_tail) {
		if (rec_isend(ml, off)) {
			off = 0;
			continue;
		}
		mr = rec_at(ml, off);
		off += mr->mr_size;
		if (mr->mr_seq > after)
			fn(arg, &(struct vi_logmsg){.lm_seq = mr->mr_seq,
				    .lm_time = mr->mr_time,
				    .lm_uptime = mr->mr_uptime,
				    .lm_level = mr->mr_level,
				    .lm_facility = mr->mr_facility,
				    .lm_vnet = ml->ml_name,
				    .lm_text = (const char *)(mr + 1)});
	}
	return (ml->ml_seq);
}
