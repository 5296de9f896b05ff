/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes between sockets of the vnet and descriptors of the host: pipes and files. */
#include "tests/packet/adapter.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/mman.h>

bool
pd_mapped(const void *p, size_t len)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)p & ~(page - 1);
	const uintptr_t span = (uintptr_t)p + len - first;
	unsigned char vec[256];

	if (len == 0)
		return (true);
	if (p == NULL || span > sizeof(vec) * page)
		return (p != NULL);
	return (mincore((void *)first, span, vec) == 0);
}

int
pd_pipe(void *u, int fd[2])
{
	(void)u;
	return (pipe(fd));
}

/* One round: what a read gives is written, all of it or nothing. */
static ssize_t
pd_move(int in, int out, size_t len)
{
	char buf[65536];
	ssize_t n;

	if (len > sizeof(buf))
		len = sizeof(buf);
	n = in >= PD_FIRSTFD ? pd_recv(NULL, in, buf, len, 0) : read(in, buf, len);
	if (n <= 0)
		return (n);
	return (out >= PD_FIRSTFD ? pd_send(NULL, out, buf, (size_t)n, 0) : write(out, buf, (size_t)n));
}

/* As Linux: an urgent byte, which is no part of the stream, ends it for once. */
int
pd_splice(void *u, int in, loff_t *inoff, int out, loff_t *outoff, size_t len, unsigned flags)
{
	(void)u;
	(void)flags;
	(void)inoff;		/* neither side has positions */
	(void)outoff;
	if (in >= PD_FIRSTFD && pd_hasurgent(in))
		return (0);
	return ((int)pd_move(in, out, len));
}

/* packetdrill calls it by name, which <sys/sendfile.h> would change. */
PD_EXPORT ssize_t sendfile(int, int, off_t *, size_t);

PD_EXPORT ssize_t
sendfile(int out, int in, off_t *offset, size_t len)
{
	ssize_t (*host)(int, int, off_t *, size_t) = (ssize_t (*)(int, int, off_t *, size_t))dlsym(RTLD_NEXT, "sendfile");
	ssize_t n;

	if (out < PD_FIRSTFD)
		return (host(out, in, offset, len));
	if (offset != NULL && lseek(in, *offset, SEEK_SET) < 0)
		return (-1);
	n = pd_move(in, out, len);
	if (n > 0 && offset != NULL)
		*offset += n;
	return (n);
}
