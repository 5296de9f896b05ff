/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.interface=auto: an epair is made, one end stays in the stack of who makes the jail, the
 * other goes to the jail; with auto:bridge0 the near end becomes a member of that bridge.
 *
 * The ends are called as FreeBSD's jib(8) does, e0a_NAME and e0b_NAME, the second pair e1a_NAME; a
 * name that is too long or has other letters is cut and gets some letters of its hash.  Names come
 * from the jail's full name alone, link addresses from it and the kernel's identity, so they are the same each time the jail is
 * made; a link address that is taken in one of the two stacks is hashed again.  The pair ends with
 * the jail.
 *
 * vnet.interface=unat: unat0 is made in the jail's own stack, if its maker may give it the host's network.
 */
#include "api/jail_auto.h"

#include <errno.h>
#include <string.h>

#include <vimage/jail.h>

#include "base/siphash.h"
#include "base/util.h"
#include "net/if_conf.h"

#define NAME_PLAIN	(IFNAMSIZ - 5)	/* "e0a_" and the end */
#define NAME_CUT	5

int
autolist_add(struct autolist *au, const char *word, size_t len, bool *ours, struct sbuf *err)
{
	const bool unat = len == 4 && strncmp(word, "unat", 4) == 0;

	*ours = unat || (len >= 4 && strncmp(word, "auto", 4) == 0 && (len == 4 || word[4] == ':'));
	if (!*ours)
		return (0);
	if (au->au_n == AUTO_MAX || len == 5 || len > 5 + IFNAMSIZ - 1) {
		sbuf_printf(err, au->au_n == AUTO_MAX ? "vnet.interface: more than 16 interfaces to be made" :
		    "vnet.interface: auto: needs the name of a bridge");
		return (EINVAL);
	}
	if (len > 5)
		memcpy(au->au_bridge[au->au_n], word + 5, len - 5);
	au->au_unat[au->au_n++] = unat;
	return (0);
}

/* The same for the same name whenever this kernel is asked, and with key NULL, any. */
static uint64_t
name_hash(const uint64_t *key, const char *name, unsigned unit, char end, unsigned turn)
{
	const struct siphash_key sk = { key != NULL ? key[0] : 0, key != NULL ? key[1] : 0 };
	char text[VI_NAMELEN + 32];
	struct sbuf sb;

	sbuf_init(&sb, text, sizeof(text));
	sbuf_printf(&sb, "%s/%u%c/%u", name, unit, end, turn);
	return (siphash24(&sk, text, sbuf_len(&sb)));
}

static bool
plain(const char *name)
{
	for (; *name != '\0'; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9') ||
		    *name == '-' || *name == '_'))
			return (false);
	return (true);
}

static void
end_name(char name[IFNAMSIZ], const char *jail, unsigned unit, char end)
{
	size_t room = unit < 10 ? NAME_PLAIN : NAME_PLAIN - 1;
	char cut[NAME_CUT + 1] = "";
	struct sbuf sb;

	sbuf_init(&sb, name, IFNAMSIZ);
	if (strlen(jail) <= room && plain(jail)) {
		sbuf_printf(&sb, "e%u%c_%s", unit, end, jail);
		return;
	}
	for (unsigned i = 0, n = 0; jail[i] != '\0' && n < NAME_CUT; i++) {
		cut[n] = jail[i];
		cut[n + 1] = '\0';
		if (plain(cut + n))
			n++;
		else
			cut[n] = '\0';
	}
	sbuf_printf(&sb, "e%u%c_%s%05x", unit, end, cut, (unsigned)(name_hash(NULL, jail, 0, 'n', 0) & 0xfffff));
}

static bool
lladdr_taken(struct vnet *vn, const struct ifnet *self, const uint8_t mac[6])
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (ifp != self && ifp->if_addrlen == 6 && memcmp(ifp->if_lladdr, mac, 6) == 0)
			return (true);
	return (false);
}

/* Locally administered, not a group. */
static int
end_lladdr(struct ifnet *ifp, const char *jail, unsigned unit, char end, struct vnet *a, struct vnet *b)
{
	uint8_t mac[6];
	uint64_t h;

	for (unsigned turn = 0; turn < 8; turn++) {
		h = name_hash(a->vn_kernel->k_hostkey, jail, unit, end, turn);
		for (unsigned i = 0; i < sizeof(mac); i++, h >>= 8)
			mac[i] = (uint8_t)h;
		mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
		if (!lladdr_taken(a, ifp, mac) && !lladdr_taken(b, ifp, mac))
			return (if_setlladdr(ifp, mac, sizeof(mac)));
	}
	return (EEXIST);
}

static int
auto_fail(struct sbuf *err, const char *name, int error)
{
	sbuf_printf(err, "vnet.interface: auto: %s: %s", name, error == EEXIST ? "there is an interface of that name" :
	    error == ENOSPC ? "the limit of interfaces is reached" : error == EBUSY ? "busy" : "no memory");
	return (error);
}

static int
join_bridge(struct vnet *vn, const char *bridge, const char *member, struct sbuf *err)
{
	struct ifnet *ifp = ifnet_byname(vn, bridge);
	char text[VI_ERRLEN] = "";
	int error;

	if (ifp == NULL) {
		sbuf_printf(err, "vnet.interface: auto:%s: no such interface", bridge);
		return (ENXIO);
	}
	if ((error = ifopt_set(ifp, "addm", &member, 1, text)) != 0)
		sbuf_printf(err, "vnet.interface: auto:%s: %s", bridge, text[0] != '\0' ? text : "not a bridge");
	return (error);
}

/* The near end is up, so that nothing but an address is missing to use it; the jail's own is the jail's affair. */
static int
make_one(struct autolist *au, unsigned i, struct vnet *from, struct prison *pr, struct sbuf *err)
{
	struct vnet *to = prison_vnet(pr);
	char name[IFNAMSIZ], a[IFNAMSIZ], b[IFNAMSIZ];
	struct ifnet *near, *far;
	int error;

	end_name(a, pr->pr_name, i, 'a');
	end_name(b, pr->pr_name, i, 'b');
	if (ifnet_byname(to, b) != NULL && ifnet_byname(from, a) != NULL)
		return (0);		/* "jail -m" says it again */
	if (ifnet_byname(from, a) != NULL || ifnet_byname(to, b) != NULL)
		return (auto_fail(err, ifnet_byname(to, b) != NULL ? b : a, EEXIST));
	if ((error = if_create(from, "epair", name)) != 0)
		return (auto_fail(err, "epair", error));
	near = ifnet_byname(from, name);
	far = near->if_cloner->ifc_peer(near);
	au->au_near[i] = near;
	if ((error = if_rename(near, a)) != 0 || (error = if_rename(far, b)) != 0 ||
	    (error = end_lladdr(near, pr->pr_name, i, 'a', from, to)) != 0 ||
	    (error = end_lladdr(far, pr->pr_name, i, 'b', from, to)) != 0 || (error = if_vmove(far, to)) != 0)
		return (auto_fail(err, error == EEXIST && ifnet_byname(from, b) != NULL ? b : a, error));
	if_goes_with(far);
	(void)if_setflags(near, IFF_UP, 0);
	return (au->au_bridge[i][0] == '\0' ? 0 : join_bridge(from, au->au_bridge[i], a, err));
}

static int
make_unat(struct autolist *au, unsigned i, struct prison *caller, struct prison *pr, struct sbuf *err)
{
	struct vnet *to = prison_vnet(pr);
	char name[IFNAMSIZ];
	int error;

	if ((caller->pr_privs & PRIV_BIT(VI_PRIV_NET_HOSTLINK)) == 0) {
		sbuf_printf(err, "vnet.interface: unat: permission denied: the jail lacks net.host_link");
		return (EPERM);
	}
	if (ifnet_byname(to, "unat0") != NULL)
		return (0);		/* "jail -m" says it again */
	if ((error = if_create(to, "unat0", name)) != 0) {
		sbuf_printf(err, "vnet.interface: unat: %s", error == EOPNOTSUPP ? "there is no way to the host's network" :
		    error == ENOSPC ? "the limit of interfaces is reached" : "no memory");
		return (error);
	}
	au->au_near[i] = ifnet_byname(to, name);
	return (0);
}

int
autolist_make(struct autolist *au, struct prison *caller, struct prison *pr, struct sbuf *err)
{
	int error;

	for (unsigned i = 0; i < au->au_n; i++) {
		error = au->au_unat[i] ? make_unat(au, i, caller, pr, err) : make_one(au, i, prison_vnet(caller), pr, err);
		if (error != 0) {
			autolist_undo(au);
			return (error);
		}
	}
	return (0);
}

void
autolist_undo(struct autolist *au)
{
	for (unsigned i = 0; i < au->au_n; i++) {
		if (au->au_near[i] != NULL)
			(void)if_destroy(au->au_near[i]->if_vnet, au->au_near[i]->if_xname);
		au->au_near[i] = NULL;
	}
}
