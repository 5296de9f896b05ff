/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SBUF_H
#define BASE_SBUF_H

#include <stdarg.h>
#include <stddef.h>

/*
 * A bounded string builder.  The bytes live in the caller's buffer, or in one that the caller's
 * grow function supplies.  The first failure sticks: later calls do nothing, the text so far
 * stays ended by a zero byte, and sbuf_finish() reports it, so call sites need not check each
 * step.
 */
struct sbuf {
	char	*s_buf;
	size_t	 s_size;	/* bytes at s_buf */
	size_t	 s_len;		/* bytes of text, less than s_size */
	int	 s_error;	/* the first failure: ENOMEM, or what s_grow returned */
	int	(*s_grow)(void *arg, char **bufp, size_t *sizep, size_t need);
	void	*s_arg;
};

/* Builds into size bytes at buf; size is at least 1.  Text that does not fit is cut: ENOMEM. */
void sbuf_init(struct sbuf *sb, char *buf, size_t size);

/*
 * Builds into memory from grow(), which moves *bufp (NULL at first) to at least need bytes,
 * keeping its content, and sets *sizep; it returns 0 or an errno and then changes nothing.  The
 * caller frees s_buf.
 */
void sbuf_init_grow(struct sbuf *sb, int (*grow)(void *, char **, size_t *, size_t), void *arg);

void sbuf_clear(struct sbuf *sb);
void sbuf_bcat(struct sbuf *sb, const void *p, size_t len);
void sbuf_cat(struct sbuf *sb, const char *str);
void sbuf_putc(struct sbuf *sb, char c);
void sbuf_printf(struct sbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sbuf_vprintf(struct sbuf *sb, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Returns 0, or the first failure; the text is usable either way. */
int sbuf_finish(struct sbuf *sb);

/* The text, ended by a zero byte, "" if there is none. */
static inline const char *
sbuf_data(const struct sbuf *sb)
{
	return (sb->s_buf != NULL ? sb->s_buf : "");
}

static inline size_t
sbuf_len(const struct sbuf *sb)
{
	return (sb->s_len);
}

#endif /* BASE_SBUF_H */
