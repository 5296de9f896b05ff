/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

/*
 * VI_ASSERT stays in every build: a broken invariant in a kernel that serves many instances must
 * stop before it spreads from one to the next.  VI_DASSERT is for checks too dear for the packet
 * path and exists only when VI_DEBUG is defined; its expression is still compiled, so it cannot
 * rot.
 */
_Noreturn void vi_assert_fail(const char *expr, const char *file, int line);

#define	VI_ASSERT(expr)							\
	(__builtin_expect(!!(expr), 1) ? (void)0 :			\
	    vi_assert_fail(#expr, __FILE__, __LINE__))

#ifdef VI_DEBUG
#define	VI_DASSERT(expr)	VI_ASSERT(expr)
#else
#define	VI_DASSERT(expr)	((void)sizeof(!(expr)))
#endif

#define	VI_UNREACHABLE()	vi_assert_fail("unreachable", __FILE__, __LINE__)

#define	VI_STATIC_ASSERT(expr, msg)	_Static_assert(expr, msg)

#endif /* BASE_ASSERT_H */
