/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that only some kinds of interfaces have: if.option, and what if.list shows of them. */
#include <errno.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_link.h"
#include "daemon/ctl_server.h"
#include "daemon/daemon.h"

#define MAXWORDS 16

/* The member of an object that is an object; made when it is not there. */
static json_t *
member(json_t *o, const char *key)
{
	json_t *m = json_object_get(o, key);

	if (m == NULL) {
		m = json_object();
		json_object_set_new(o, key, m);
	}
	return m;
}

static void
put_option(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	json_t *o = arg;

	if (list != NULL)
		o = member(o, list);
	if (item != NULL)
		o = member(o, item);
	if (key != NULL)
		ctl_put_text(o, key, value);
}

void
ctl_put_config(json_t *o, struct vi_vnet *vn, const char *ifname)
{
	json_t *config = json_object();

	if (vi_if_options(vn, ifname, put_option, config) == 0 && json_object_size(config) > 0)
		json_object_set(o, "config", config);
	json_decref(config);
}

static int
get_words(struct ctl_request *rq, const json_t *args, const char *argv[MAXWORDS], unsigned *argc)
{
	const json_t *word;
	size_t i;

	*argc = 0;
	if (args != NULL && !json_is_array(args))
		return ctl_fail(rq, EINVAL, "args: not a list");
	if (json_array_size(args) > MAXWORDS)
		return ctl_fail(rq, EINVAL, "args: more than %d", MAXWORDS);
	json_array_foreach(args, i, word) {
		if ((argv[i] = json_string_value(word)) == NULL)
			return ctl_fail(rq, EINVAL, "args: not a text");
		(*argc)++;
	}
	return 0;
}

static int
op_option(struct ctl_request *rq)
{
	const char *name, *option, *argv[MAXWORDS];
	char err[VI_ERRLEN];
	json_t *args = NULL;
	enum vi_priv priv;
	unsigned argc;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s,s?o}", "name", &name, "option", &option, "args", &args)) != 0 ||
	    (error = get_words(rq, args, argv, &argc)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_IFSET)) != 0)
		return error;
	if ((priv = vi_if_option_priv(rq->rq_vnet, name)) != VI_PRIV_MAX && (error = ctl_may(rq, priv)) != 0)
		return error;
	if (rq->rq_nfds == 1)
		rq->rq_daemon->d_passed = &rq->rq_fds[0];
	error = vi_if_option(rq->rq_vnet, name, option, argv, argc, err);
	if (rq->rq_nfds == 1)
		rq->rq_daemon->d_passed = NULL;
	if (error == ENXIO && err[0] == '\0')
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	if (error != 0)
		return ctl_fail(rq, error, "%s", err[0] != '\0' ? err : strerrordesc_np(error));
	return 0;
}

/* A list that is too long to be shown with the rest: an object for each item. */
struct items {
	struct ctl_list	 it_list;
	json_t		*it_now;	/* of it_name; NULL: none yet */
	char		 it_name[64];
};

static void
flush_item(struct items *it)
{
	if (it->it_now != NULL)
		ctl_list_add(&it->it_list, it->it_now);
	it->it_now = NULL;
}

static void
put_item(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	struct items *it = arg;

	(void)list;
	if (it->it_now == NULL || strcmp(it->it_name, item) != 0) {
		flush_item(it);
		it->it_now = json_object();
		strncpy(it->it_name, item, sizeof(it->it_name) - 1);
	}
	ctl_put_text(it->it_now, key, value);
}

static int
op_addresses(struct ctl_request *rq)
{
	struct items it = { .it_now = NULL };
	const char *name;
	int error;

	if ((error = ctl_args(rq, "{s:s}", "name", &name)) != 0)
		return error;
	ctl_list_begin(rq, "addresses", &it.it_list);
	error = vi_if_option_list(rq->rq_vnet, name, "address", put_item, &it);
	flush_item(&it);
	if (error == ENXIO)
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	if (error != 0)
		return ctl_fail(rq, error, "%.15s learns no addresses", name);
	return it.it_list.l_error;
}

const struct ctl_op ctl_option_ops[] = {
	{ "if.addresses", op_addresses },
	{ "if.option", op_option },
	{ NULL, NULL },
};
