/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is running: a number that no other living thread has, without a thread-local variable or a
 * call of the host. It is the thread pointer of the ABI; 0 on machines where we do not know how to
 * read it, where posts take the long way and assertions pass.
 */
#ifndef KERN_THREAD_H
#define KERN_THREAD_H

#include <stdint.h>

static inline uintptr_t
thread_self(void)
{
	uintptr_t self;

#if defined(__x86_64__)
	__asm__("movq %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
	__asm__("mrs %0, tpidr_el0" : "=r"(self));
#else
	self = 0;
#endif
	return (self);
}

#endif
