/* SPDX-License-Identifier: BSD-2-Clause */
/* What AddressSanitizer is told about our own free lists; nothing in other builds. */
#ifndef KERN_POISON_H
#define KERN_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define KERN_POISON	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KERN_POISON	1
#endif
#endif
#ifndef KERN_POISON
#define KERN_POISON	0
#endif

#if KERN_POISON
void	__asan_poison_memory_region(const volatile void *, size_t);
void	__asan_unpoison_memory_region(const volatile void *, size_t);
int	__asan_address_is_poisoned(const volatile void *);
#define POISON(p, size)		__asan_poison_memory_region((p), (size))
#define UNPOISON(p, size)	__asan_unpoison_memory_region((p), (size))
#define POISONED(p)		(__asan_address_is_poisoned((p)) != 0)
#else
#define POISON(p, size)		((void)(p), (void)(size))
#define UNPOISON(p, size)	((void)(p), (void)(size))
#define POISONED(p)		((void)(p), 0)
#endif

#endif
