/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's digests, for those above who may not include the host. */
#ifndef KERN_CRYPTO_H
#define KERN_CRYPTO_H

#include <stdbool.h>

#include "host/crypto.h"

static inline int
crypto_mac(enum crypto_alg alg, const void *key, size_t keylen, const void *data, size_t len,
    uint8_t mac[CRYPTO_MAXMAC])
{
	return (host_crypto.hc_mac(alg, key, keylen, data, len, mac));
}

/* The same bytes?  In a time that does not tell where they differ. */
static inline bool
crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned diff = 0;

	while (len-- > 0)
		diff |= (unsigned)(*a++ ^ *b++);
	return (diff == 0);
}

#endif
