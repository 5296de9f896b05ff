/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/ctl_arg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>

#include "daemon/ctl_server.h"

int
ctl_fail(struct ctl_request *rq, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rq->rq_err, sizeof(rq->rq_err), fmt, ap);
	va_end(ap);
	ctl_plain(rq->rq_err);		/* it may repeat what the caller wrote */
	return error;
}

void
ctl_plain(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

int
ctl_refuse(struct ctl_request *rq, int error)
{
	const char *op = json_string_value(json_object_get(rq->rq_args, "op"));
	char said[sizeof(rq->rq_err)], text[sizeof(rq->rq_err) + 80];

	if ((error != EPERM && error != EAGAIN) || rq->rq_caller == 0)
		return error;
	memcpy(said, rq->rq_err, sizeof(said));
	(void)ctl_fail(rq, error, "%s", said);	/* without what would disturb a terminal */
	snprintf(text, sizeof(text), "%.40s refused: %s", op, rq->rq_err);
	vi_jail_log_write(rq->rq_kernel, rq->rq_log, 5, text);
	return error;
}

int
ctl_args(struct ctl_request *rq, const char *fmt, ...)
{
	/* A shallow copy: the members stay the request's. */
	json_t *args = json_copy((json_t *)rq->rq_args);
	json_error_t je;
	va_list ap;
	int error = 0;

	if (args == NULL)
		return ENOMEM;
	json_object_del(args, "op");
	json_object_del(args, "jail");
	va_start(ap, fmt);
	if (json_vunpack_ex(args, &je, JSON_STRICT, fmt, ap) != 0)
		error = ctl_fail(rq, EINVAL, "bad arguments: %s", je.text);
	va_end(ap);
	json_decref(args);
	return error;
}

#define PART	500	/* members; of the longest, jails with all parameters, that is below CTL_MAXMSG */

static void
new_part(struct ctl_list *l)
{
	l->l_array = json_array();
	json_object_set_new(l->l_rq->rq_reply, l->l_key, l->l_array);
}

void
ctl_list_begin(struct ctl_request *rq, const char *key, struct ctl_list *l)
{
	*l = (struct ctl_list){ .l_rq = rq, .l_key = key };
	new_part(l);
}

void
ctl_list_add(struct ctl_list *l, json_t *o)
{
	json_array_append_new(l->l_array, o);
	if (json_array_size(l->l_array) < PART || l->l_error != 0)
		return;
	l->l_error = ctl_more(l->l_rq);
	new_part(l);
}

bool
ctl_gave_up(struct ctl_request *rq, enum vi_priv priv)
{
	struct vi_privinfo pi;

	if (!rq->rq_cred.cr_priv || (rq->rq_cred.cr_denied >> priv & 1) == 0)
		return false;
	vi_priv_describe(priv, &pi);
	(void)ctl_fail(rq, EPERM, "permission denied: the capability for %s was given up", pi.pi_name);
	return true;
}

/* A jail that shares its parent's stack looks, but touches only what it was given by name. */
int
ctl_may(struct ctl_request *rq, enum vi_priv priv)
{
	int error = vi_vnet_priv(rq->rq_vnet, rq->rq_caller, &rq->rq_cred, priv);
	struct vi_privinfo pi;

	if (error == 0 && rq->rq_mixed && priv == VI_PRIV_NET_HOSTLINK)
		return ctl_fail(rq, EPERM, "a program with containers of several jails has no right to the host");
	if (error == 0 || ctl_gave_up(rq, priv))
		return error;
	if (rq->rq_cred.cr_priv &&
	    !vi_jail_visible(rq->rq_kernel, rq->rq_caller, vi_vnet_jail(rq->rq_vnet)))
		return ctl_fail(
		    rq, EPERM, "the jail shares its parent's network and may not change it");
	if (!rq->rq_cred.cr_priv)
		return ctl_fail(rq, error, "permission denied: only root may change this");
	vi_priv_describe(priv, &pi);
	return ctl_fail(rq, error, "permission denied: the jail lacks %s", pi.pi_name);
}

int
ctl_range(struct ctl_request *rq, const char *key, json_int_t value, json_int_t min, json_int_t max)
{
	if (value >= min && value <= max)
		return 0;
	return ctl_fail(rq, EINVAL, "%s: %lld is not between %lld and %lld", key, (long long)value,
	    (long long)min, (long long)max);
}

static void
take_index(void *arg, const struct vi_ifinfo *ii)
{
	*(uint32_t *)arg = ii->if_index;
}

/* "fe80::1%epair0a" */
static int
get_inet6(struct ctl_request *rq, const char *key, const char *text, struct vi_sockaddr *sa)
{
	const char *zone = strchr(text, '%');
	size_t len = zone != NULL ? (size_t)(zone - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];

	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET6;
	memcpy(host, text, len < sizeof(host) ? len : 0);
	host[len < sizeof(host) ? len : 0] = '\0';
	if (inet_pton(AF_INET6, host, sa->sa_in6) != 1)
		return ctl_fail(rq, EINVAL, "%s: %.60s is no address", key, text);
	if (zone != NULL && vi_if_get(rq->rq_vnet, zone + 1, take_index, &sa->sa_scope) != 0)
		return ctl_fail(rq, ENXIO, "interface %.40s does not exist", zone + 1);
	return 0;
}

int
ctl_get_addr(struct ctl_request *rq, const char *key, const char *text, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	if (text == NULL)
		return 0;
	sa->sa_family = VI_AF_INET;
	if (inet_pton(AF_INET, text, &sa->sa_in) == 1)
		return 0;
	return get_inet6(rq, key, text, sa);
}

int
ctl_get_mac(struct ctl_request *rq, const char *text, uint8_t mac[6])
{
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		&mac[3], &mac[4], &mac[5], &end) == 6 &&
	    end == CTL_MACLEN - 1 && text[end] == '\0')
		return 0;
	return ctl_fail(rq, EINVAL, "%.40s is no link-level address", text);
}

void
ctl_put_addr(json_t *o, const char *key, const struct vi_sockaddr *sa)
{
	ctl_put_zoned(o, key, sa, NULL);
}

void
ctl_put_zoned(json_t *o, const char *key, const struct vi_sockaddr *sa, const char *zone)
{
	char text[CTL_ADDRLEN];
	size_t len;

	if (sa->sa_family == VI_AF_INET)
		inet_ntop(AF_INET, &sa->sa_in, text, sizeof(text));
	else if (sa->sa_family == VI_AF_INET6)
		inet_ntop(AF_INET6, sa->sa_in6, text, sizeof(text));
	else
		return;
	len = strlen(text);
	if (sa->sa_scope != 0 && zone != NULL)
		snprintf(text + len, sizeof(text) - len, "%%%s", zone);
	else if (sa->sa_scope != 0)
		snprintf(text + len, sizeof(text) - len, "%%%u", sa->sa_scope);
	json_object_set_new(o, key, json_string(text));
}

void
ctl_put_mac(json_t *o, const char *key, const uint8_t m[6])
{
	char text[CTL_MACLEN];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
	    m[5]);
	json_object_set_new(o, key, json_string(text));
}

void
ctl_put_int(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

void
ctl_put_text(json_t *o, const char *key, const char *text)
{
	json_t *s = json_string(text);

	json_object_set_new(o, key, s != NULL ? s : json_string("?"));
}
