/* SPDX-License-Identifier: BSD-2-Clause */
/* jail.conf(5): any bytes are a configuration or an error with a place. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jailconf/jailconf.h"
#include "tests/fuzz/target.h"

/* "fuzz:LINE:COLUMN: sentence", or "command line:..." */
static void
check_error(const struct jc_conf *jc)
{
	int line = 0, column = 0, end = 0;

	if (sscanf(jc->jc_err, "fuzz:%d:%d: %n", &line, &column, &end) != 2 || end == 0 ||
	    line < 1 || column < 1 || jc->jc_err[end] == '\0')
		abort();
}

static void
ask(struct jc_conf *jc, const char *name)
{
	struct jc_params list;

	if (jc_params(jc, name, NULL, &list) != 0) {
		check_error(jc);
		return;
	}
	(void)jc_param_bool(&list, "persist", false);
	jc_params_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct jc_block *bk;
	struct jc_conf jc;

	jc_init(&jc);
	jc.jc_depth = JC_MAXDEPTH;	/* opens no file */
	if (jc_read_text(&jc, "fuzz", (const char *)data, size) != 0) {
		check_error(&jc);
	} else {
		STAILQ_FOREACH(bk, &jc.jc_blocks, bk_link)
			if (bk->bk_name != NULL && !bk->bk_wild) {
				jc.jc_err[0] = '\0';
				ask(&jc, bk->bk_name);
			}
	}
	jc_clear(&jc);
	return 0;
}
