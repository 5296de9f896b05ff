/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/assert.h"

/*
 * The default end of a failed assertion.  It is weak so that a program which has somewhere to put
 * the text (a log ring, a standard error) may supply its own that writes first; it must not
 * return either.  The arguments are kept alive up to the trap so that a core file shows them in
 * their registers.
 */
__attribute__((weak)) _Noreturn void
vi_assert_fail(const char *expr, const char *file, int line)
{
	__asm__ volatile("" : : "r"(expr), "r"(file), "r"(line));
	__builtin_trap();
}
