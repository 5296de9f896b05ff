/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of processors, by the host's numbers. */
#ifndef VIMAGE_CPUS_H
#define VIMAGE_CPUS_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VI_MAXCPUS	1024

struct vi_cpus {
	uint64_t	cp_bits[VI_MAXCPUS / 64];	/* number n: bit n % 64 of word n / 64, as the host's own masks are */
};

static inline bool
vi_cpus_has(const struct vi_cpus *cp, unsigned n)
{
	return (n < VI_MAXCPUS && (cp->cp_bits[n / 64] >> n % 64 & 1) != 0);
}

static inline bool
vi_cpus_none(const struct vi_cpus *cp)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < VI_MAXCPUS / 64; i++)
		any |= cp->cp_bits[i];
	return (any == 0);
}

static inline bool
vi_cpus_equal(const struct vi_cpus *a, const struct vi_cpus *b)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < VI_MAXCPUS / 64; i++)
		differ |= a->cp_bits[i] ^ b->cp_bits[i];
	return (differ == 0);
}

/* Those that are in both. */
static inline struct vi_cpus
vi_cpus_both(const struct vi_cpus *a, const struct vi_cpus *b)
{
	struct vi_cpus both;

	for (unsigned i = 0; i < VI_MAXCPUS / 64; i++)
		both.cp_bits[i] = a->cp_bits[i] & b->cp_bits[i];
	return (both);
}

static inline bool
vi_cpus_within(const struct vi_cpus *cp, const struct vi_cpus *all)
{
	const struct vi_cpus both = vi_cpus_both(cp, all);

	return (vi_cpus_equal(&both, cp));
}

/* A list: "0-1,3".  EINVAL: it is none, or empty; ERANGE: a number that is too large.  Then nothing is stored. */
VI_API int	vi_cpus_parse(const char *list, struct vi_cpus *);
/* The list, cut off if it does not fit; "" for none. */
VI_API void	vi_cpus_format(const struct vi_cpus *, char *buf, size_t len);

#ifdef __cplusplus
}
#endif
#endif
