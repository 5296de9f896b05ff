/* SPDX-License-Identifier: BSD-2-Clause */
/* The sysctl tree and the statistics of a vnet: the tables of its modules, in module order. */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "vimage/prison.h"
#include "vimage/vimage.h"

#define CTL_TEXT 4096
#define CTL_NAMELEN 128

static int
ctl_feature_vimage(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	(void)vn, (void)sd, (void)value;
	if (len < 2)
		return (ENOMEM);
	memcpy(buf, "1", 2);
	return (0);
}

static int
ctl_text(char *buf, size_t len, const char *text)
{
	if (strlen(text) >= len)
		return (ENOMEM);
	memcpy(buf, text, strlen(text) + 1);
	return (0);
}

static int
ctl_ostype(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	(void)vn, (void)sd, (void)value;
	return (ctl_text(buf, len, "vimage"));
}

static int
ctl_osrelease(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct prison *pr = prison_ofvnet(vn);
	const char *set = pr != NULL ? pr->pr_conf.pc_store.ps_text[STORE_RELEASE - STORE_NNUMBERS] : "";

	(void)sd, (void)value;
	return (ctl_text(buf, len, set[0] != '\0' ? set : vi_version()));
}

/* What belongs to no module. */
static const struct sysctl_desc kern_sysctls[] = {
	CTL_PROC("kern.features.vimage", VI_CTL_INT, CTL_RD | CTL_KERNEL, ctl_feature_vimage, "Network stacks are virtual"),
	CTL_PROC("kern.osrelease", VI_CTL_STRING, CTL_RD | CTL_KERNEL, ctl_osrelease, "Version of vimage, or what osrelease says"),
	CTL_PROC("kern.ostype", VI_CTL_STRING, CTL_RD | CTL_KERNEL, ctl_ostype, "Name of the system"),
	CTL_END
};

/* Table i of the vnet and where its values are; NULL: no more. */
static const struct sysctl_desc *
ctl_table(struct vnet *vn, unsigned i, void **base)
{
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;

	*base = NULL;
	if (i == 0)
		return (kern_sysctls);
	*base = vn->vn_state[vk->vk_modules[i - 1]->vm_slot];
	return (vk->vk_modules[i - 1]->vm_sysctls);
}

/* Is it the name, or one that a '*' stands for? */
static bool
ctl_named(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t head, tail, len;

	if (star == NULL)
		return (strcmp(pattern, name) == 0);
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	len = strlen(name);
	return (len > head + tail && strncmp(name, pattern, head) == 0 && strcmp(name + len - tail, star + 1) == 0);
}

const struct sysctl_desc *
vnet_sysctl_find(struct vnet *vn, const char *name, void **base)
{
	const struct sysctl_desc *sd;

	for (unsigned i = 0; i <= vn->vn_kernel->k_vimage->vk_nmodules; i++)
		for (sd = ctl_table(vn, i, base); sd != NULL && sd->sd_name != NULL; sd++)
			if (ctl_named(sd->sd_name, name))
				return (sd);
	return (NULL);
}

static int
ctl_read(struct vnet *vn, const struct sysctl_desc *sd, const char *name, void *base, char *buf, size_t len)
{
	struct sysctl_desc meant = *sd;

	meant.sd_name = name;
	return (sd->sd_fn != NULL ? sd->sd_fn(vn, &meant, NULL, buf, len) : sysctl_desc_get(sd, base, buf, len));
}

/* Is name the leaf itself, the node above it, or everything? */
static bool
ctl_below(const char *leaf, const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	return (len == 0 || (strncmp(leaf, name, len) == 0 && (leaf[len] == '\0' || leaf[len] == '.')));
}

struct ctl_walk {
	struct vnet	*cw_vnet;
	const char	*cw_below;
	vi_sysctl_fn	*cw_fn;
	void		*cw_arg;
	bool		 cw_found;
	char		 cw_value[CTL_TEXT];
};

static void
ctl_show(struct ctl_walk *cw, const struct sysctl_desc *sd, const char *name, void *base)
{
	if (!ctl_below(name, cw->cw_below) || ctl_read(cw->cw_vnet, sd, name, base, cw->cw_value, sizeof(cw->cw_value)) != 0)
		return;
	cw->cw_found = true;
	cw->cw_fn(cw->cw_arg, &(struct vi_sysctl){ .sy_name = name, .sy_descr = sd->sd_descr, .sy_type = sd->sd_type,
	    .sy_writable = (sd->sd_flags & CTL_RW) != 0, .sy_vnet = (sd->sd_flags & CTL_KERNEL) == 0, .sy_value = cw->cw_value,
	    .sy_secret = (sd->sd_flags & CTL_SECRET) != 0 });
}

/* One for each instance. */
static void
ctl_show_all(struct ctl_walk *cw, const struct sysctl_desc *sd, void *base)
{
	const char *star = strchr(sd->sd_name, '*');
	char list[CTL_TEXT], name[CTL_NAMELEN], *next = list, *p;
	struct sbuf sb;

	if (star == NULL) {
		ctl_show(cw, sd, sd->sd_name, base);
		return;
	}
	if (ctl_read(cw->cw_vnet, sd, sd->sd_name, base, list, sizeof(list)) != 0)
		return;
	while ((p = strsep(&next, " ")) != NULL) {
		sbuf_init(&sb, name, sizeof(name));
		sbuf_bcat(&sb, sd->sd_name, (size_t)(star - sd->sd_name));
		sbuf_cat(&sb, p);
		sbuf_cat(&sb, star + 1);
		if (sbuf_finish(&sb) == 0)
			ctl_show(cw, sd, name, base);
	}
}

int
vnet_sysctl_list(struct vnet *vn, const char *name, vi_sysctl_fn *fn, void *arg)
{
	struct ctl_walk cw = { .cw_vnet = vn, .cw_below = name, .cw_fn = fn, .cw_arg = arg };
	const struct sysctl_desc *sd;
	void *base;

	for (unsigned i = 0; i <= vn->vn_kernel->k_vimage->vk_nmodules; i++)
		for (sd = ctl_table(vn, i, &base); sd != NULL && sd->sd_name != NULL; sd++)
			ctl_show_all(&cw, sd, base);
	return (cw.cw_found ? 0 : ENOENT);
}

static void
ctl_count(void *arg, const struct vi_sysctl *sy)
{
	(void)sy;
	++*(unsigned *)arg;
}

int
vnet_sysctl_set(struct vnet *vn, const char *name, const char *value, bool priv)
{
	struct sysctl_desc meant;
	const struct sysctl_desc *sd;
	unsigned below = 0;
	void *base;
	int error;

	if ((sd = vnet_sysctl_find(vn, name, &base)) == NULL) {
		(void)vnet_sysctl_list(vn, name, ctl_count, &below);
		return (below > 0 && name[0] != '\0' ? EISDIR : ENOENT);
	}
	if (!priv || (sd->sd_flags & CTL_RW) == 0)
		return (EPERM);
	if ((sd->sd_flags & CTL_KERNEL) && vn != vn->vn_kernel->k_vimage->vk_vnet0)
		return (EPERM);
	meant = *sd;
	meant.sd_name = name;
	if (sd->sd_fn != NULL && (error = sd->sd_fn(vn, &meant, value, NULL, 0)) != SYSCTL_STORE)
		return (error);
	return (sysctl_desc_set(sd, base, value));
}

int
vnet_sysctl_get(struct vnet *vn, const char *name, char *buf, size_t len)
{
	const struct sysctl_desc *sd;
	void *base;

	if ((sd = vnet_sysctl_find(vn, name, &base)) == NULL)
		return (ENOENT);
	return (ctl_read(vn, sd, name, base, buf, len));
}

void
vnet_stats(struct vnet *vn, const char *proto, vi_stat_fn *fn, void *arg)
{
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;
	const struct stat_desc *st;
	const char *base;

	for (unsigned i = 0; i < vk->vk_nmodules; i++) {
		base = vn->vn_state[vk->vk_modules[i]->vm_slot];
		for (st = vk->vk_modules[i]->vm_stats; st != NULL && st->st_name != NULL; st++) {
			if (proto != NULL && strcmp(proto, st->st_proto) != 0)
				continue;
			fn(arg, &(struct vi_stat){ .st_proto = st->st_proto, .st_name = st->st_name, .st_text = st->st_text,
			    .st_value = *(const uint64_t *)(const void *)(base + st->st_off) });
		}
	}
}

/* Every row counts up only, so none says what is there now. */
void
vnet_stats_clear(struct vnet *vn, const char *proto)
{
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;
	const struct stat_desc *st;
	char *base;

	for (unsigned i = 0; i < vk->vk_nmodules; i++) {
		base = vn->vn_state[vk->vk_modules[i]->vm_slot];
		for (st = vk->vk_modules[i]->vm_stats; st != NULL && st->st_name != NULL; st++)
			if (proto == NULL || strcmp(proto, st->st_proto) == 0)
				*(uint64_t *)(void *)(base + st->st_off) = 0;
	}
}
