/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sbuf.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"

void
sbuf_init(struct sbuf *sb, char *buf, size_t size)
{
	VI_ASSERT(size > 0);
	*sb = (struct sbuf){ .s_buf = buf, .s_size = size };
	buf[0] = '\0';
}

void
sbuf_init_grow(struct sbuf *sb, int (*grow)(void *, char **, size_t *, size_t), void *arg)
{
	*sb = (struct sbuf){ .s_grow = grow, .s_arg = arg };
}

void
sbuf_clear(struct sbuf *sb)
{
	sb->s_len = 0;
	sb->s_error = 0;
	if (sb->s_buf != NULL)
		sb->s_buf[0] = '\0';
}

/* Bytes that can still be added, besides the zero byte. */
static size_t
sbuf_room(const struct sbuf *sb)
{
	return (sb->s_size == 0 ? 0 : sb->s_size - 1 - sb->s_len);
}

/* Makes room for len more bytes, or sets the error and returns false. */
static int
sbuf_extend(struct sbuf *sb, size_t len)
{
	size_t need;

	if (sb->s_error != 0)
		return (0);
	if (len <= sbuf_room(sb) && sb->s_buf != NULL)
		return (1);
	if (sb->s_grow == NULL || len > SIZE_MAX - 1 - sb->s_len) {
		sb->s_error = ENOMEM;
		return (0);
	}
	need = sb->s_len + len + 1;
	sb->s_error = sb->s_grow(sb->s_arg, &sb->s_buf, &sb->s_size, need);
	VI_ASSERT(sb->s_error != 0 || sb->s_size >= need);
	return (sb->s_error == 0);
}

void
sbuf_bcat(struct sbuf *sb, const void *p, size_t len)
{
	if (sb->s_error != 0 || len == 0)
		return;
	if (!sbuf_extend(sb, len)) {
		if (len > sbuf_room(sb))
			len = sbuf_room(sb);
		if (len == 0)
			return;
	}
	memcpy(sb->s_buf + sb->s_len, p, len);
	sb->s_len += len;
	sb->s_buf[sb->s_len] = '\0';
}

void
sbuf_cat(struct sbuf *sb, const char *str)
{
	sbuf_bcat(sb, str, strlen(str));
}

void
sbuf_putc(struct sbuf *sb, char c)
{
	sbuf_bcat(sb, &c, 1);
}

/*
 * vsnprintf is the one function of its family in the library: it writes to memory and touches no
 * stream.  It is called by the compiler's name for it because <stdio.h> is not for this side of
 * the host.
 */
void
sbuf_vprintf(struct sbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (sb->s_error != 0)
		return;
	va_copy(again, ap);
	n = __builtin_vsnprintf(sb->s_buf == NULL ? NULL : sb->s_buf + sb->s_len,
	    sb->s_size - sb->s_len, fmt, ap);
	if (n < 0) {
		sb->s_error = EINVAL;
		if (sb->s_buf != NULL)
			sb->s_buf[sb->s_len] = '\0';
	} else if ((size_t)n <= sbuf_room(sb) && sb->s_buf != NULL) {
		sb->s_len += (size_t)n;
	} else if (sbuf_extend(sb, (size_t)n)) {
		__builtin_vsnprintf(sb->s_buf + sb->s_len, sb->s_size - sb->s_len, fmt, again);
		sb->s_len += (size_t)n;
	} else {
		sb->s_len += sbuf_room(sb);	/* the first call has filled it */
	}
	va_end(again);
}

void
sbuf_printf(struct sbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(sb, fmt, ap);
	va_end(ap);
}

int
sbuf_finish(struct sbuf *sb)
{
	return (sb->s_error);
}
