/* SPDX-License-Identifier: BSD-2-Clause */
#include <vimage/vimage.h>

const char *
vi_version(void)
{
	return (VI_VERSION);
}
