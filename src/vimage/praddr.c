/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters ip4, ip6, ip4.addr, ip6.addr, ip4.saddrsel, ip6.saddrsel: what a prison may use of a stack that it shares.  With a stack of its own
 * there is nothing to restrict: "new" is what it has.
 */
#include "vimage/praddr.h"

#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "vimage/prison_int.h"

static const struct praddrs praddrs_none;

const struct praddrs *
praddrs_of(const struct prison *pr, enum praddr_fam fam)
{
	for (; !pr->pr_owns[VCLASS_VNET]; pr = pr->pr_parent)
		if (pr->pr_addrs[fam] != NULL)
			return (pr->pr_addrs[fam]);
	return (NULL);
}

const struct praddrs *
praddrs_find(struct kernel *k, int jid, enum praddr_fam fam)
{
	const struct prison *pr = prison_find(k, jid);

	return (pr == NULL ? &praddrs_none : praddrs_of(pr, fam));
}

bool
praddrs_select(struct kernel *k, int jid, enum praddr_fam fam)
{
	const struct prison *pr = prison_find(k, jid);

	return (pr != NULL && !pr->pr_conf.pc_nosaddrsel[fam]);
}

bool
praddrs_has(const struct praddrs *pa, const uint32_t addr[PRADDR_WORDS])
{
	for (uint32_t i = 0; i < pa->pa_n; i++)
		if (memcmp(pa->pa_addr[i], addr, sizeof(pa->pa_addr[i])) == 0)
			return (true);
	return (false);
}

static enum praddr_fam
param_fam(const struct param *pa)
{
	return (pa->pa_arg == 4 ? PRADDR_IP4 : PRADDR_IP6);
}

static void
addr_print(struct sbuf *sb, enum praddr_fam fam, const uint32_t *a)
{
	char text[IN6ADDR_STRLEN];

	sbuf_printf(sb, "%s", fam == PRADDR_IP4 ? inaddr_ntop(text, sizeof(text), a[0]) : in6addr_ntop(text, (const uint8_t *)a));
}

/* A set of its own, empty when it had none. */
static struct praddrs *
change_addrs(struct change *ch, enum praddr_fam fam)
{
	const struct praddrs *had = ch->ch_pr == NULL ? NULL : ch->ch_pr->pr_addrs[fam];
	struct change_addrs *ca = &ch->ch_addrs[fam];

	if (ca->ca_new == NULL && (ca->ca_new = kmalloc(&ch->ch_caller->pr_kernel->k_acct, ACCT_PRISON, sizeof(*ca->ca_new))) != NULL && had != NULL)
		*ca->ca_new = *had;
	return (ca->ca_new);
}

/* new and disable differ in what may follow: addresses. */
int
set_ipmode(struct change *ch, const struct param *pa, const char *value)
{
	struct change_addrs *ca = &ch->ch_addrs[param_fam(pa)];
	struct praddrs *set;

	if (strcmp(value, "inherit") != 0 && strcmp(value, "new") != 0 && strcmp(value, "disable") != 0)
		return (change_fail(ch, EINVAL, "%s: \"%s\" is neither new, inherit nor disable", pa->pa_name, value));
	ca->ca_mode = value[0];
	if (value[0] == 'i')
		return (0);
	if ((set = change_addrs(ch, param_fam(pa))) == NULL)
		return (change_fail(ch, ENOMEM, "%s: no memory", pa->pa_name));
	if (value[0] == 'd')
		set->pa_n = 0;
	return (0);
}

void
get_ipmode(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct praddrs *own = pr->pr_addrs[param_fam(pa)];

	(void)caller;
	sbuf_printf(sb, "%s", pr->pr_owns[VCLASS_VNET] ? "new" : own == NULL ? "inherit" : own->pa_n == 0 ? "disable" : "new");
}

static bool
addr_parse(enum praddr_fam fam, const char *text, size_t len, uint32_t *a)
{
	char buf[IN6ADDR_STRLEN];

	if (len == 0 || len >= sizeof(buf))
		return (false);
	memcpy(buf, text, len);
	buf[len] = '\0';
	memset(a, 0, PRADDR_WORDS * sizeof(*a));
	return ((fam == PRADDR_IP4 ? inaddr_pton(buf, a) : in6addr_pton(buf, (uint8_t *)a)) == 0);
}

/* Any, groups and, of IPv4, broadcast are no addresses to have. */
static bool
addr_usable(enum praddr_fam fam, const uint32_t *a)
{
	if (fam == PRADDR_IP4)
		return (!in_anyaddr(a[0]) && !in_multicast(a[0]) && !in_broadcast(a[0]));
	return ((a[0] | a[1] | a[2] | a[3]) != 0 && ((const uint8_t *)a)[0] != 0xff);
}

int
set_ipaddr(struct change *ch, const struct param *pa, const char *value)
{
	const enum praddr_fam fam = param_fam(pa);
	struct praddrs *set = change_addrs(ch, fam);
	size_t len;

	if (set == NULL)
		return (change_fail(ch, ENOMEM, "%s: no memory", pa->pa_name));
	ch->ch_addrs[fam].ca_given = true;
	for (set->pa_n = 0; *value != '\0'; value += len + (value[len] == ',')) {
		uint32_t *a = set->pa_addr[set->pa_n];

		len = strcspn(value, ",");
		if (set->pa_n == PRADDR_MAX)
			return (change_fail(ch, EINVAL, "%s: more than %d addresses", pa->pa_name, PRADDR_MAX));
		if (!addr_parse(fam, value, len, a) || !addr_usable(fam, a))
			return (change_fail(ch, EINVAL, "%s: \"%.*s\" is not an IPv%u address", pa->pa_name, (int)MIN(len, (size_t)64), value, pa->pa_arg));
		if (!praddrs_has(set, a))
			set->pa_n++;
	}
	return (0);
}

void
get_ipaddr(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const enum praddr_fam fam = param_fam(pa);
	const struct praddrs *set = pr->pr_addrs[fam];

	(void)caller;
	for (uint32_t i = 0; set != NULL && i < set->pa_n; i++) {
		sbuf_printf(sb, "%s", i > 0 ? "," : "");
		addr_print(sb, fam, set->pa_addr[i]);
	}
}

int
set_saddrsel(struct change *ch, const struct param *pa, const char *value)
{
	ch->ch_conf.pc_nosaddrsel[param_fam(pa)] = value[0] != 't';
	return (0);
}

void
get_saddrsel(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%s", pr->pr_conf.pc_nosaddrsel[param_fam(pa)] ? "false" : "true");
}

/* With a stack of its own: "new" is what that is, and anything that would have to restrict is refused. */
static int
check_own(struct change *ch, const struct change_addrs *ca)
{
	if (ca->ca_mode == 'i')
		return (change_fail(ch, EINVAL, "ip4, ip6: a jail with a network stack of its own inherits no addresses"));
	if (ca->ca_mode == 'd' || (ca->ca_given && ca->ca_new->pa_n > 0))
		return (change_fail(ch, EINVAL, "vnet jails cannot have IP address restrictions"));
	return (0);
}

/* Nobody has what his parent has not. */
static int
check_shared(struct change *ch, enum praddr_fam fam)
{
	const struct change_addrs *ca = &ch->ch_addrs[fam];
	const struct praddrs *parent = praddrs_of(ch->ch_parent, fam);
	const char *name = fam == PRADDR_IP4 ? "ip4" : "ip6";
	char text[IN6ADDR_STRLEN];
	struct sbuf sb;

	if (ca->ca_given && ca->ca_new->pa_n > 0 && (ca->ca_mode == 'i' || ca->ca_mode == 'd'))
		return (change_fail(ch, EINVAL, "%s.addr: not with %s=%s", name, name, ca->ca_mode == 'i' ? "inherit" : "disable"));
	for (uint32_t i = 0; parent != NULL && ca->ca_new != NULL && ca->ca_mode != 'i' && i < ca->ca_new->pa_n; i++) {
		if (praddrs_has(parent, ca->ca_new->pa_addr[i]))
			continue;
		sbuf_init(&sb, text, sizeof(text));
		addr_print(&sb, fam, ca->ca_new->pa_addr[i]);
		return (change_fail(ch, EPERM, "%s.addr: the parent jail does not have %s", name, text));
	}
	return (0);
}

int
change_addrs_check(struct change *ch)
{
	const bool own = change_owns(ch, VCLASS_VNET);
	int error = 0;

	for (unsigned fam = 0; fam < PRADDR_NFAM && error == 0; fam++)
		error = own ? check_own(ch, &ch->ch_addrs[fam]) : check_shared(ch, (enum praddr_fam)fam);
	return (error);
}

/* What is replaced is freed with the change. */
void
change_addrs_apply(struct change *ch)
{
	for (unsigned fam = 0; fam < PRADDR_NFAM; fam++) {
		struct change_addrs *ca = &ch->ch_addrs[fam];
		struct praddrs *had = ch->ch_pr->pr_addrs[fam], *want = ca->ca_mode == 'i' ? NULL : ca->ca_new;

		if ((ca->ca_mode == 0 && !ca->ca_given) || ch->ch_pr->pr_owns[VCLASS_VNET])
			continue;
		if (want != NULL)
			ca->ca_new = NULL;
		ch->ch_pr->pr_addrs[fam] = want;
		kfree(&ch->ch_pr->pr_kernel->k_acct, ACCT_PRISON, had, sizeof(*had));
	}
}

void
change_addrs_free(struct change *ch)
{
	for (unsigned fam = 0; fam < PRADDR_NFAM; fam++)
		kfree(&ch->ch_caller->pr_kernel->k_acct, ACCT_PRISON, ch->ch_addrs[fam].ca_new, sizeof(struct praddrs));
}

void
prison_addrs_free(struct prison *pr)
{
	for (unsigned fam = 0; fam < PRADDR_NFAM; fam++)
		kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, pr->pr_addrs[fam], sizeof(struct praddrs));
}

/* Its parent may have fewer now. */
void
prison_addrs_restrain(struct prison *pr)
{
	for (unsigned fam = 0; fam < PRADDR_NFAM; fam++) {
		const struct praddrs *parent = praddrs_of(pr->pr_parent, (enum praddr_fam)fam);
		struct praddrs *own = pr->pr_addrs[fam];
		uint32_t n = 0;

		for (uint32_t i = 0; parent != NULL && own != NULL && i < own->pa_n; i++)
			if (praddrs_has(parent, own->pa_addr[i]))
				memmove(own->pa_addr[n++], own->pa_addr[i], sizeof(own->pa_addr[i]));
		if (parent != NULL && own != NULL)
			own->pa_n = n;
	}
}
