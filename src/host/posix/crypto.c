/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests by OpenSSL's libcrypto. */
#include "host/crypto.h"

#include <errno.h>
#include <stdbool.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static int
crypto_digest(const void *data, size_t len, uint8_t *mac)
{
	unsigned n = CRYPTO_MAXMAC;

	return (EVP_Digest(data, len, mac, &n, EVP_md5(), NULL) == 1 ? 0 : EOPNOTSUPP);
}

static int
crypto_mac(enum crypto_alg alg, const void *key, size_t keylen, const void *data, size_t len,
    uint8_t mac[CRYPTO_MAXMAC])
{
	bool cmac = alg == CRYPTO_AES128_CMAC;
	char sha1[] = "SHA1", aes[] = "AES-128-CBC";
	OSSL_PARAM params[2] = {
	    cmac ? OSSL_PARAM_construct_utf8_string("cipher", aes, 0)
		 : OSSL_PARAM_construct_utf8_string("digest", sha1, 0),
	    OSSL_PARAM_construct_end(),
	};
	size_t n;

	/* No configuration file: the library may run where there are none to be read. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	if (alg == CRYPTO_MD5)
		return (crypto_digest(data, len, mac));
	return (EVP_Q_mac(NULL, cmac ? "CMAC" : "HMAC", NULL, NULL, params, key, keylen, data, len,
		    mac, CRYPTO_MAXMAC, &n) != NULL ? 0 : EOPNOTSUPP);
}

const struct host_crypto host_crypto = { .hc_mac = crypto_mac };
