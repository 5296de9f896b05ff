/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/posix/pages.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/assert.h"

#define PAGE	4096u
#define LARGE	(2u << 20)	/* a large page: one entry where 4096-byte pages need 512 */

void *
pages_alloc(size_t size, size_t align)
{
	size_t head, room;
	uint8_t *p;

	if (size >= LARGE && align < LARGE)
		align = LARGE;
	room = align > PAGE ? size + align - PAGE : size;
	if (room < size)
		return (NULL);
	p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (NULL);
	/* Give back what lies before and behind the aligned piece. */
	head = -(uintptr_t)p & (align - 1);
	if (head > 0)
		(void)munmap(p, head);
	if (room - head > size)
		(void)munmap(p + head + size, room - head - size);
	if (size >= LARGE)
		(void)madvise(p + head, size, MADV_HUGEPAGE);	/* it may not want to: no harm */
	return (p + head);
}

void
pages_free(void *p, size_t size)
{
	int error = munmap(p, size);

	VI_ASSERT(error == 0);
}

void *
pmutex_new(struct vi_host *h)
{
	pthread_mutex_t *mtx = malloc(sizeof(*mtx));

	(void)h;
	if (mtx != NULL && pthread_mutex_init(mtx, NULL) != 0) {
		free(mtx);
		mtx = NULL;
	}
	return (mtx);
}

void
pmutex_free(struct vi_host *h, void *mtx)
{
	(void)h;
	if (mtx == NULL)
		return;
	(void)pthread_mutex_destroy(mtx);
	free(mtx);
}

void
pmutex_lock(struct vi_host *h, void *mtx)
{
	int error = pthread_mutex_lock(mtx);

	(void)h;
	VI_ASSERT(error == 0);
}

void
pmutex_unlock(struct vi_host *h, void *mtx)
{
	int error = pthread_mutex_unlock(mtx);

	(void)h;
	VI_ASSERT(error == 0);
}
