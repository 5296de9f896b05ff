/* SPDX-License-Identifier: BSD-2-Clause */
/* jail.h.  vnet.interface is handled here: prisons know nothing of interfaces. */
#include <vimage/jail.h>

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/jail_auto.h"
#include "base/sbuf.h"
#include "base/util.h"
#include "net/ifnet.h"
#include "vimage/prison.h"

#define API_MAXPARAMS	128
#define API_MAXIFS	256

/* Interfaces to lend, taken from the values of vnet.interface: "a,b" and repeated. */
struct iflist {
	unsigned	il_n;
	char		il_names[API_MAXIFS][VI_IFNAMSIZ];
	bool		il_moved[API_MAXIFS];
	struct autolist	il_auto;
};

static int
iflist_add(struct iflist *il, const char *value, struct sbuf *err)
{
	const char *end;
	size_t len;
	bool ours;
	int error;

	if (value == NULL) {
		sbuf_printf(err, "vnet.interface: needs a value");
		return (EINVAL);
	}
	for (; *value != '\0'; value = *end == ',' ? end + 1 : end) {
		end = strchr(value, ',');
		if (end == NULL)
			end = value + strlen(value);
		len = (size_t)(end - value);
		if ((error = autolist_add(&il->il_auto, value, len, &ours, err)) != 0)
			return (error);
		if (ours)
			continue;
		if (len == 0 || len >= VI_IFNAMSIZ || il->il_n == API_MAXIFS) {
			sbuf_printf(err, "vnet.interface: \"%.*s\" is not an interface name", (int)MIN(len, (size_t)64), value);
			return (EINVAL);
		}
		memcpy(il->il_names[il->il_n], value, len);
		il->il_names[il->il_n++][len] = '\0';
	}
	return (0);
}

static int
iflist_fail(struct sbuf *err, const char *name, int error)
{
	sbuf_printf(err, "vnet.interface: %s: %s", name, error == ENXIO ? "no such interface" : error == EEXIST ?
	    "the jail has an interface of that name" : error == EBUSY ? "busy" : error == EINVAL ? "cannot be lent" : error == ENOSPC ? "the limit of interfaces is reached" : "no memory");
	return (error);
}

/* Known before anything moves, because a moved interface has lost its addresses.  One that is there already is fine: "jail -m" may name it again. */
static int
iflist_check(const struct iflist *il, struct vnet *from, struct vnet *to, struct sbuf *err)
{
	for (unsigned i = 0; i < il->il_n; i++) {
		const char *name = il->il_names[i];
		struct ifnet *ifp = ifnet_byname(from, name), *there = ifnet_byname(to, name);

		if (ifp == NULL && there == NULL)
			return (iflist_fail(err, name, ENXIO));
		if (ifp != NULL && ifp == net_vnet(from)->nv_lo0)
			return (iflist_fail(err, name, EINVAL));
		if (ifp != NULL && there != NULL)
			return (iflist_fail(err, name, EEXIST));
	}
	return (0);
}

/* All or nothing: what was lent before a failure comes back. */
static int
iflist_lend(struct iflist *il, struct vnet *from, struct vnet *to, struct sbuf *err)
{
	struct ifnet *ifp;
	int error;

	if (from == to)
		return (0);
	if ((error = iflist_check(il, from, to, err)) != 0)
		return (error);
	for (unsigned i = 0; i < il->il_n; i++) {
		if ((ifp = ifnet_byname(from, il->il_names[i])) == NULL)
			continue;
		if ((error = if_vmove(ifp, to)) == 0) {
			il->il_moved[i] = true;
			continue;
		}
		while (i-- > 0)
			if (il->il_moved[i])
				(void)if_vmove(ifnet_byname(to, il->il_names[i]), from);
		return (iflist_fail(err, ifp->if_xname, error));
	}
	return (0);
}

struct lending {
	struct iflist	*le_ifs;
	struct sbuf	*le_err;
};

static int
jail_set_interfaces(struct prison *caller, struct prison *pr, void *arg)
{
	const struct lending *le = arg;
	struct autolist *au = &le->le_ifs->il_auto;
	int error;

	if (le->le_ifs->il_n == 0 && au->au_n == 0)
		return (0);
	if (!pr->pr_owns[VCLASS_VNET]) {
		sbuf_printf(le->le_err, "vnet.interface: the jail has no network stack of its own");
		return (EINVAL);
	}
	/* Who shares a stack has no interfaces to lend. */
	if ((caller->pr_privs & PRIV_BIT(VI_PRIV_NET_IFMOVE)) == 0) {
		sbuf_printf(le->le_err, "vnet.interface: the jail lacks net.if_move");
		return (EPERM);
	}
	if ((error = autolist_make(au, caller, pr, le->le_err)) != 0)
		return (error);
	if ((error = iflist_lend(le->le_ifs, prison_vnet(caller), prison_vnet(pr), le->le_err)) != 0)
		autolist_undo(au);
	return (error);
}

static int
jail_set(struct prison *caller, const struct vi_param *p, unsigned n, unsigned flags, int *jid, char *errbuf)
{
	struct prison *pr = NULL;
	struct vi_param rest[API_MAXPARAMS];
	struct iflist il = { 0 };
	struct sbuf err;
	struct lending le = { &il, &err };
	unsigned nrest = 0;
	int error;

	sbuf_init(&err, errbuf, VI_ERRLEN);
	if (n > API_MAXPARAMS) {
		sbuf_printf(&err, "more than %d parameters", API_MAXPARAMS);
		return (EINVAL);
	}
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(p[i].p_name, "vnet.interface") != 0)
			rest[nrest++] = p[i];
		else if ((error = iflist_add(&il, p[i].p_value, &err)) != 0)
			return (error);
	}
	if ((error = prison_set(caller, rest, nrest, flags, jail_set_interfaces, &le, &pr, errbuf)) != 0)
		return (error);
	if (jid != NULL)
		*jid = pr->pr_jid;
	return (0);
}

int
vi_jail_set(struct vi_kernel *k, int callerid, const struct vi_param *p, unsigned n, unsigned flags, int *jid, char *errbuf)
{
	struct prison *caller = api_prison(k, callerid);
	int error;

	errbuf[0] = '\0';
	if (caller == NULL)
		return (ENOENT);
	error = jail_set(caller, p, n, flags, jid, errbuf);
	/* It may repeat a value, and is one sentence on a terminal. */
	for (char *c = errbuf; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return (error);
}

/* prison_remove, for a jid that the caller may see. */
int
vi_jail_remove(struct vi_kernel *k, int callerid, int jid)
{
	struct prison *caller = api_prison(k, callerid), *pr = api_prison(k, jid);

	if (caller == NULL || pr == NULL || !prison_ischild(caller, pr))
		return (ENOENT);
	return (prison_remove(pr, NULL, NULL));
}

int
vi_jail_find(struct vi_kernel *k, int callerid, const char *name, int *jid)
{
	struct prison *caller = api_prison(k, callerid), *pr;

	if (caller == NULL || (pr = prison_find_name(caller, name)) == NULL)
		return (ENOENT);
	*jid = pr->pr_jid;
	return (0);
}

bool
vi_jail_visible(struct vi_kernel *k, int callerid, int jid)
{
	struct prison *caller = api_prison(k, callerid), *pr = api_prison(k, jid);

	return (caller != NULL && pr != NULL && (caller == pr || prison_ischild(caller, pr)));
}

int
vi_jail_get(struct vi_kernel *k, int callerid, int jid, const char *param, char *buf, size_t len)
{
	struct prison *caller = api_prison(k, callerid), *pr = api_prison(k, jid);

	if (!vi_jail_visible(k, callerid, jid))
		return (ENOENT);
	return (prison_getparam(caller, pr, param, buf, len));
}

int
vi_jail_params(struct vi_kernel *k, int callerid, int jid, void (*fn)(void *, const char *, const char *), void *arg)
{
	char buf[VI_PARAMLEN];
	const char *name;

	if (!vi_jail_visible(k, callerid, jid))
		return (ENOENT);
	for (unsigned i = 0; (name = prison_paramname(i)) != NULL; i++)
		if (vi_jail_get(k, callerid, jid, name, buf, sizeof(buf)) == 0)
			fn(arg, name, buf);
	return (0);
}

bool
vi_jail_paraminfo(unsigned i, struct vi_paraminfo *pi)
{
	return (prison_paraminfo(i, pi));
}

bool
vi_jail_settable(struct vi_kernel *k, int jid, const char *param)
{
	struct prison *pr = api_prison(k, jid);

	return (pr != NULL && prison_paramset(pr, param));
}

void
vi_jail_list(struct vi_kernel *k, int callerid, void (*fn)(void *, int), void *arg)
{
	struct prison *caller = api_prison(k, callerid), *pr;

	if (caller == NULL)
		return;
	for (pr = prison_first(api_kernel(k)); pr != NULL; pr = prison_next(pr))
		if (prison_ischild(caller, pr))
			fn(arg, pr->pr_jid);
}

void
vi_jail_below(struct vi_kernel *k, int jid, void (*fn)(void *, int), void *arg)
{
	const struct prison *top = api_prison(k, jid), *pr = top;

	while (pr != NULL && (pr = prison_below(top, pr)) != NULL)
		fn(arg, pr->pr_jid);
}

struct vi_vnet *
vi_jail_vnet(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? NULL : vnet_api(prison_vnet(pr)));
}

int
vi_vnet_jail(struct vi_vnet *vn)
{
	return (api_vnet(vn)->vn_jid);
}

bool
vi_jail_owns_vnet(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr != NULL && pr->pr_owns[VCLASS_VNET]);
}

int
vi_jail_parent(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL || pr->pr_parent == NULL ? -1 : pr->pr_parent->pr_jid);
}

uint64_t
vi_jail_log_read(struct vi_kernel *k, int jid, uint64_t after, void (*fn)(void *, const struct vi_logmsg *), void *arg)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? 0 : msglog_read(prison_log(pr), after, fn, arg));
}

void
vi_jail_log_clear(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	if (pr != NULL)
		msglog_clear(prison_log(pr));
}

int
vi_jail_log_get(struct vi_kernel *k, int jid, enum vi_logknob knob)
{
	struct prison *pr = api_prison(k, jid);

	if (pr == NULL)
		return (0);
	return (knob == VI_LOG_STAMP ? prison_log(pr)->ml_stamp : prison_log(pr)->ml_names);
}

int
vi_jail_log_set(struct vi_kernel *k, int jid, enum vi_logknob knob, int value)
{
	struct prison *pr = api_prison(k, jid);

	if (pr == NULL)
		return (ENOENT);
	if (value < 0 || value > (knob == VI_LOG_STAMP ? 2 : 1))
		return (EINVAL);
	*(knob == VI_LOG_STAMP ? &prison_log(pr)->ml_stamp : &prison_log(pr)->ml_names) = value;
	return (0);
}

void
vi_jail_log_write(struct vi_kernel *k, int jid, unsigned pri, const char *text)
{
	struct prison *pr = api_prison(k, jid);

	if (pr != NULL)
		msglog_put(prison_log(pr), pri, "%s", text);
}

static struct prison *
prison_owner(struct prison *pr, enum vclass vc)
{
	while (pr != NULL && !pr->pr_owns[vc])
		pr = pr->pr_container[vc] == NULL ? NULL : pr->pr_parent;
	return (pr);
}

int
vi_jail_rootdir(struct vi_kernel *k, int jid, char *buf, size_t len)
{
	const struct prison *pr = api_prison(k, jid);

	if (pr == NULL)
		return (ENOENT);
	if (strlen(pr->pr_conf.pc_path) >= len)
		return (ENAMETOOLONG);
	memcpy(buf, pr->pr_conf.pc_path, strlen(pr->pr_conf.pc_path) + 1);
	return (0);
}

int
vi_jail_owner(struct vi_kernel *k, int jid, const char *class)
{
	struct prison *pr = api_prison(k, jid);

	for (unsigned vc = 0; vc < VCLASS_MAX && pr != NULL; vc++)
		if (strcmp(vclass_table[vc]->vc_name, class) == 0)
			return ((pr = prison_owner(pr, (enum vclass)vc)) == NULL ? -1 : pr->pr_jid);
	return (-1);
}

const char *
vi_class_name(unsigned i)
{
	return (i < VCLASS_MAX ? vclass_table[i]->vc_name : NULL);
}

unsigned
vi_jail_ipcoff(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? 0 : pr->pr_container[VCLASS_VIPC] == NULL ? PR_IPC_ALL : pr->pr_conf.pc_ipcoff);
}

static void
uname_put(char to[65], const char *from)
{
	struct sbuf sb;

	sbuf_init(&sb, to, 65);
	sbuf_printf(&sb, "%s", from);
}

bool
vi_jail_uname(struct vi_kernel *k, int jid, struct vi_uname *un)
{
	struct prison *pr = api_prison(k, jid);
	const struct vprocg *vp;

	memset(un, 0, sizeof(*un));
	if (pr == NULL || (prison_osname(pr)[0] == '\0' && prison_osrelease(pr)[0] == '\0'))
		return (false);
	uname_put(un->un_sysname, prison_osname(pr));
	uname_put(un->un_release, prison_osrelease(pr));
	if ((vp = prison_vprocg(pr)) != NULL) {
		uname_put(un->un_nodename, vp->vp_hostname);
		uname_put(un->un_domainname, vp->vp_domainname);
	}
	return (true);
}

int
vi_jail_proc_attach(struct vi_kernel *k, int jid, int cpujid)
{
	struct prison *pr = api_prison(k, jid), *cpu = api_prison(k, cpujid);

	if (pr == NULL || pr->pr_dying || cpu == NULL || cpu->pr_dying)
		return (ENOENT);
	if (!prison_countprocs(cpu, cpu->pr_ncounted + 1, false)) {
		msglog_put(prison_log(cpu), LOG_WARNING, "limit.processes: reached");
		return (EAGAIN);
	}
	cpu->pr_nruns++;
	if (prison_vprocg(pr) != NULL)
		prison_vprocg(pr)->vp_nprocs++;
	pr->pr_nprocs++;
	pr->pr_hadprocs = true;
	return (0);
}

void
vi_jail_proc_detach(struct vi_kernel *k, int jid, int cpujid)
{
	struct prison *pr = api_prison(k, jid), *cpu = api_prison(k, cpujid);

	if (cpu != NULL && cpu->pr_nruns > 0) {
		cpu->pr_nruns--;
		(void)prison_countprocs(cpu, MAX(cpu->pr_ncounted, 1) - 1, true);
	}
	if (pr == NULL || pr->pr_nprocs == 0)
		return;
	pr->pr_nprocs--;
	if (prison_vprocg(pr) != NULL)
		prison_vprocg(pr)->vp_nprocs--;
}

void
vi_jail_proc_count(struct vi_kernel *k, int jid, unsigned n)
{
	struct prison *pr = api_prison(k, jid);

	if (pr != NULL)
		(void)prison_countprocs(pr, MAX(n, pr->pr_nruns), true);
}

void
vi_jail_proc_cputime(struct vi_kernel *k, int jid, uint64_t ns)
{
	struct prison *pr = api_prison(k, jid);

	if (pr != NULL)
		prison_addcputime(pr, ns);
}

unsigned
vi_jail_proc_cpulimit(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? 0 : vcpu_split(pr));
}

void
vi_kernel_setcpus(struct vi_kernel *k, const struct vi_cpus *cpus)
{
	vcpu_setcpus(api_prison(k, 0), cpus);
}

bool
vi_jail_cpus(struct vi_kernel *k, int jid, struct vi_cpus *cpus)
{
	const struct prison *pr = api_prison(k, jid);

	if (pr == NULL)
		return (false);
	*cpus = *prison_cpus(pr);
	return (true);
}

bool
vi_jail_expired(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr != NULL && !pr->pr_conf.pc_persist && pr->pr_nprocs == 0 && TAILQ_EMPTY(&pr->pr_children));
}
