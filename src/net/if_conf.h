/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of drivers, by the words of ifconfig(8): a cloner has a table of them, and a function that shows what is set.
 *
 * A row is one word ("addm", "-learn", "tunnel") and the number of words behind it.  All under the kernel lock.
 */
#ifndef NET_IF_CONF_H
#define NET_IF_CONF_H

#include <stdarg.h>

#include "net/ifnet.h"

struct if_option;
/* Sets one: 0 or an errno; err (VI_ERRLEN) by ifopt_fail(). */
typedef int if_option_fn(struct ifnet *, const struct if_option *, const char *const *argv, unsigned argc, char *err);

struct if_option {
	const char	*io_name;	/* NULL: the end of the table */
	uint8_t		 io_min, io_max;	/* words behind it */
	if_option_fn	*io_set;
	long long	 io_arg;	/* the row's own: a flag, an offset, a choice */
	long long	 io_lo, io_hi;	/* of a number */
};

/* Puts the sentence into err and returns error. */
int	ifopt_fail(char *err, int error, const char *fmt, ...) VI_PRINTF(3, 4);
/* argv[0] as a number of the row's range, decimal or 0x. */
int	ifopt_number(const struct if_option *, const char *text, long long *, char *err);
/* For rows whose io_arg is the offset of a field of the softc: a number of the row's range; a bool, which a minus before the word clears. */
if_option_fn ifopt_u8, ifopt_u16, ifopt_u32, ifopt_flag;
/* An interface of the same stack, by name.  ENXIO. */
int	ifopt_interface(struct ifnet *, const char *name, struct ifnet **, char *err);

int	ifopt_set(struct ifnet *, const char *option, const char *const *argv, unsigned argc, char *err);
void	ifopt_show(const struct ifnet *, vi_if_option_fn *, void *arg);
int	ifopt_show_list(const struct ifnet *, const char *list, vi_if_option_fn *, void *arg);

/* What a driver shows with: fn with a formatted value. */
struct ifopt_show {
	vi_if_option_fn	*is_fn;
	void		*is_arg;
};
void	ifopt_put(const struct ifopt_show *, const char *list, const char *item, const char *key, const char *fmt, ...) VI_PRINTF(5, 6);

#endif
