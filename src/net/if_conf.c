/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of drivers: the tables' users. */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "net/if_conf.h"
#include <vimage/jail.h>

int
ifopt_fail(char *err, int error, const char *fmt, ...)
{
	struct sbuf sb;
	va_list ap;

	sbuf_init(&sb, err, VI_ERRLEN);
	va_start(ap, fmt);
	sbuf_vprintf(&sb, fmt, ap);
	va_end(ap);
	return (error);
}

int
ifopt_number(const struct if_option *io, const char *text, long long *n, char *err)
{
	const bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	const char *p = hex ? text + 2 : text;
	const long long base = hex ? 16 : 10;
	long long v = 0;
	int d;

	if (*p == '\0')
		return (ifopt_fail(err, EINVAL, "%s: \"%s\" is not a number", io->io_name, text));
	for (; *p != '\0'; p++) {
		if ((d = hexdigit(*p)) < 0 || d >= base)
			return (ifopt_fail(err, EINVAL, "%s: \"%s\" is not a number", io->io_name, text));
		v = v * base + d;
		if (v > io->io_hi)
			break;
	}
	if (v < io->io_lo || v > io->io_hi)
		return (ifopt_fail(err, EINVAL, "%s: %s is not between %lld and %lld", io->io_name, text, io->io_lo, io->io_hi));
	*n = v;
	return (0);
}

static void *
ifopt_field(const struct ifnet *ifp, const struct if_option *io)
{
	return ((char *)ifp->if_softc + io->io_arg);
}

#define IFOPT_NUMBER(name, type)							\
int											\
name(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err) \
{											\
	long long n;									\
	int error;									\
											\
	(void)argc;									\
	if ((error = ifopt_number(io, argv[0], &n, err)) == 0)				\
		*(type *)ifopt_field(ifp, io) = (type)n;				\
	return (error);									\
}
IFOPT_NUMBER(ifopt_u8, uint8_t)
IFOPT_NUMBER(ifopt_u16, uint16_t)
IFOPT_NUMBER(ifopt_u32, uint32_t)

int
ifopt_flag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)argv, (void)argc, (void)err;
	*(bool *)ifopt_field(ifp, io) = io->io_name[0] != '-';
	return (0);
}

int
ifopt_interface(struct ifnet *ifp, const char *name, struct ifnet **other, char *err)
{
	if ((*other = ifnet_byname(ifp->if_vnet, name)) == NULL)
		return (ifopt_fail(err, ENXIO, "interface %s does not exist", name));
	return (0);
}

/* Of all Ethernets */

static int
opt_pcp(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	long long pcp = -1;
	int error;

	if (argc > 0 && (error = ifopt_number(io, argv[0], &pcp, err)) != 0)
		return (error);
	ifp->if_pcp = (uint8_t)(pcp + 1);
	ifp->if_linkgen++;		/* headers that are kept have no tag */
	return (0);
}

static const struct if_option ether_options[] = {
	{ "pcp", 1, 1, opt_pcp, 0, 0, 7 },
	{ "-pcp", 0, 0, opt_pcp, 0, 0, 0 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

/* NULL: none of that name. */
static const struct if_option *
ifopt_find(const struct if_option *io, const char *name)
{
	for (; io != NULL && io->io_name != NULL; io++)
		if (strcmp(io->io_name, name) == 0)
			return (io);
	return (NULL);
}

int
ifopt_set(struct ifnet *ifp, const char *option, const char *const *argv, unsigned argc, char *err)
{
	const struct if_option *io;

	err[0] = '\0';
	if ((io = ifopt_find(ifp->if_cloner->ifc_options, option)) == NULL && ifp->if_type == VI_IFT_ETHER)
		io = ifopt_find(ether_options, option);
	if (io == NULL)
		return (ifopt_fail(err, ENOENT, "%s: not an option of %s", option, ifp->if_xname));
	if (argc < io->io_min || argc > io->io_max)
		return (ifopt_fail(err, EINVAL, "%s: wrong number of arguments", option));
	return (io->io_set(ifp, io, argv, argc, err));
}

void
ifopt_show(const struct ifnet *ifp, vi_if_option_fn *fn, void *arg)
{
	const struct ifopt_show is = { .is_fn = fn, .is_arg = arg };

	if (ifp->if_cloner->ifc_show != NULL)
		ifp->if_cloner->ifc_show(ifp, &is);
	if (ifp->if_pcp != 0)
		ifopt_put(&is, NULL, NULL, "pcp", "%u", ifp->if_pcp - 1u);
}

int
ifopt_show_list(const struct ifnet *ifp, const char *list, vi_if_option_fn *fn, void *arg)
{
	const struct ifopt_show is = { .is_fn = fn, .is_arg = arg };

	return (ifp->if_cloner->ifc_show_list == NULL ? ENOENT : ifp->if_cloner->ifc_show_list(ifp, list, &is));
}

void
ifopt_put(const struct ifopt_show *is, const char *list, const char *item, const char *key, const char *fmt, ...)
{
	char value[512];
	struct sbuf sb;
	va_list ap;

	sbuf_init(&sb, value, sizeof(value));
	va_start(ap, fmt);
	sbuf_vprintf(&sb, fmt, ap);
	va_end(ap);
	is->is_fn(is->is_arg, list, item, key, value);
}
