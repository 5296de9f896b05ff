/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network namespace of the test's own with a tap interface in it: the host kernel's stack at the other end of a cable whose frames the test carries.  Nothing outside
 * of this process is touched, and all of it goes with the process.
 */
#ifndef TESTS_INTEROP_TAP_H
#define TESTS_INTEROP_TAP_H

#define TAP_IN4		"10.99.0.1"	/* the host kernel's addresses; prefixes /24 and /64 */
#define TAP_IN6		"fd99::1"

/* The tap's descriptor, non-blocking; -1 and *why (a sentence) where the host does not allow it. */
int	tap_open(const char **why);

#endif
