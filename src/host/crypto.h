/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests and message authentication codes, computed by the host's library.  No state: a table of
 * pure functions.
 */
#ifndef HOST_CRYPTO_H
#define HOST_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

enum crypto_alg {
	CRYPTO_MD5,		/* a digest, the key is not looked at; 16 bytes */
	CRYPTO_HMAC_SHA1,	/* RFC 2104; 20 bytes */
	CRYPTO_AES128_CMAC,	/* RFC 4493; 16 bytes, a key of 16 */
};
#define CRYPTO_MAXMAC	20

struct host_crypto {
	/* 0; ENOMEM; EOPNOTSUPP: the library has it not, or not in its present mode (FIPS). */
	int	(*hc_mac)(enum crypto_alg, const void *key, size_t keylen, const void *data,
	    size_t len, uint8_t mac[CRYPTO_MAXMAC]);
};
extern const struct host_crypto host_crypto;

#endif
