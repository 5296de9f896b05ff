/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of the control protocol from the bytes of an input, made of words that mean something, so that chance need not find them. */
#ifndef TESTS_FUZZ_REQUEST_H
#define TESTS_FUZZ_REQUEST_H

#include <stdint.h>
#include <jansson.h>

struct input { const uint8_t *p, *end; };

uint8_t	input8(struct input *);			/* 0 behind the end */
const char *request_key(struct input *);	/* an argument's or a parameter's name */
const char *request_word(struct input *);
/* Puts up to n arguments into an object. */
void	request_args(json_t *, struct input *, unsigned n);

#endif
