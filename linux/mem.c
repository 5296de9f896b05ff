/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of programs.  Everything is copied once and then only our copy is looked at.  The
 * thread that is named by a notification waits in its call; after each access the notification
 * is checked, so that a number that meanwhile belongs to another process is noticed.
 */
#include "linux/lx.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define PAGE	4096u

static int
mem_result(const struct lx_call *c, ssize_t n, size_t want)
{
	if (!lx_call_valid(c))
		return (ENOENT);
	return (n >= 0 && (size_t)n == want ? 0 : EFAULT);
}

int
lx_copyin(const struct lx_call *c, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = { buf, len }, remote = { (void *)(uintptr_t)addr, len };

	if (len == 0)
		return (0);
	return (mem_result(c, process_vm_readv(c->c_tid, &local, 1, &remote, 1, 0), len));
}

/* What is behind its end may not be there. */
int
lx_copyin_string(const struct lx_call *c, uint64_t addr, char *buf, size_t size)
{
	size_t n;
	int error;

	for (size_t got = 0; got < size; got += n) {
		n = PAGE - (addr + got) % PAGE;
		if (n > size - got)
			n = size - got;
		if ((error = lx_copyin(c, addr + got, buf + got, n)) != 0)
			return (error);
		if (memchr(buf + got, '\0', n) != NULL)
			return (0);
	}
	return (ENAMETOOLONG);
}

int
lx_copyout(const struct lx_call *c, uint64_t addr, const void *buf, size_t len)
{
	struct iovec local = {(void *)(uintptr_t)buf, len}, remote = {(void *)(uintptr_t)addr, len};

	if (len == 0)
		return (0);
	if (!lx_call_valid(c))
		return (ENOENT);
	return (mem_result(c, process_vm_writev(c->c_tid, &local, 1, &remote, 1, 0), len));
}

/*
 * The host looks at every page of what it is given, and puts one there where none was: of a large
 * buffer for a small message it shall see no more than the message needs.
 */
static int
mem_vec(const struct lx_call *c, const struct iovec *local, struct iovec *iov, unsigned n, bool out)
{
	size_t left = local->iov_len, whole;
	ssize_t done;
	unsigned i = 0;

	while (i + 1 < n && iov[i].iov_len < left)
		left -= iov[i++].iov_len;
	if (n == 0)
		return (EFAULT);
	whole = iov[i].iov_len;
	if (left < whole)
		iov[i].iov_len = left;
	done = out ? process_vm_writev(c->c_tid, local, 1, iov, i + 1, 0) : process_vm_readv(c->c_tid, local, 1, iov, i + 1, 0);
	iov[i].iov_len = whole;
	return (mem_result(c, done, local->iov_len));
}

int
lx_copyin_iov(const struct lx_call *c, struct iovec *iov, unsigned n, void *buf, size_t len)
{
	const struct iovec local = { buf, len };

	return (len == 0 ? 0 : mem_vec(c, &local, iov, n, false));
}

int
lx_copyout_iov(const struct lx_call *c, struct iovec *iov, unsigned n, const void *buf, size_t len)
{
	const struct iovec local = { (void *)(uintptr_t)buf, len };

	if (len == 0)
		return (0);
	return (lx_call_valid(c) ? mem_vec(c, &local, iov, n, true) : ENOENT);
}

int
lx_copyin_vec(struct lx_call *c, uint64_t addr, uint64_t n, size_t *total)
{
	struct iovec *iov = c->c_lx->lx_iov;
	int error;
	uint64_t i;

	if (n > LX_MAXIOV)
		return (EMSGSIZE);
	error = lx_copyin(c, addr, iov, n * sizeof(*iov));
	if (error != 0)
		return (error);
	*total = 0;
	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - *total)
			return (EINVAL);
		*total += iov[i].iov_len;
	}
	return (0);
}
