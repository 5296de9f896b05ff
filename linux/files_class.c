/* SPDX-License-Identifier: BSD-2-Clause */
/* /sys/class/net: a directory for each interface, with files of one value. */
#include "linux/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>

#include "linux/ifinfo.h"

#define STATISTICS	"statistics/"

static void
put_bytes(FILE *out, const uint8_t *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s%02x", i > 0 ? ":" : "", bytes[i]);
	fputc('\n', out);
}

static void
put_address(FILE *out, const struct vi_ifinfo *i)
{
	put_bytes(out, i->if_lladdr, i->if_type == VI_IFT_LOOP ? 6 : i->if_addrlen);
}

static void
put_broadcast(FILE *out, const struct vi_ifinfo *i)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, none[6];

	put_bytes(out, (i->if_flags & VI_IFF_BROADCAST) != 0 ? all : none, i->if_type == VI_IFT_LOOP ? 6 : i->if_addrlen);
}

/* Linux's words: unknown is what has no carrier that could be lost. */
static void
put_operstate(FILE *out, const struct vi_ifinfo *i)
{
	const bool up = (i->if_flags & VI_IFF_UP) != 0;

	fputs(!up ? "down\n" : i->if_type == VI_IFT_LOOP ? "unknown\n" : i->if_linkup ? "up\n" : "down\n", out);
}

static void put_mtu(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%" PRIu32 "\n", i->if_mtu); }
static void put_index(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%" PRIu32 "\n", i->if_index); }
static void put_flags(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "0x%" PRIx32 "\n", ifinfo_flags(i) & 0xffff); }
static void put_type(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%u\n", ifinfo_arphrd(i)); }
static void put_addrlen(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%u\n", i->if_type == VI_IFT_LOOP ? 6u : i->if_addrlen); }
static void put_txqlen(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%" PRIu32 "\n", i->if_txqlen); }
static void put_carrier(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%d\n", i->if_linkup); }
static void put_dormant(FILE *o, const struct vi_ifinfo *i) { (void)i; fputs("0\n", o); }
static void put_duplex(FILE *o, const struct vi_ifinfo *i) { (void)i; fputs("full\n", o); }
static void put_speed(FILE *o, const struct vi_ifinfo *i) { (void)i; fputs("10000\n", o); }	/* Mbit/s, as ethtool says */
static void put_alias(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "%s%s", i->if_descr, i->if_descr[0] != '\0' ? "\n" : ""); }
static void put_uevent(FILE *o, const struct vi_ifinfo *i) { fprintf(o, "INTERFACE=%s\nIFINDEX=%" PRIu32 "\n", i->if_name, i->if_index); }

/* In the order of their names. */
static const struct { const char *name; void (*put)(FILE *, const struct vi_ifinfo *); } values[] = {
	{ "addr_len", put_addrlen },
	{ "address", put_address },
	{ "broadcast", put_broadcast },
	{ "carrier", put_carrier },
	{ "dormant", put_dormant },
	{ "duplex", put_duplex },
	{ "flags", put_flags },
	{ "ifalias", put_alias },
	{ "ifindex", put_index },
	{ "iflink", put_index },
	{ "mtu", put_mtu },
	{ "operstate", put_operstate },
	{ "speed", put_speed },
	{ "tx_queue_len", put_txqlen },
	{ "type", put_type },
	{ "uevent", put_uevent },
};

/* What the stack does not count is nothing that it could have seen. */
#define COUNTER(name, member)	{ name, offsetof(struct vi_ifinfo, member) }
static const struct { const char *name; size_t at; } counters[] = {
	COUNTER("collisions", if_collisions),
	COUNTER("multicast", if_imcasts),
	COUNTER("rx_bytes", if_ibytes),
	COUNTER("rx_dropped", if_iqdrops),
	COUNTER("rx_errors", if_ierrors),
	COUNTER("rx_packets", if_ipackets),
	COUNTER("tx_bytes", if_obytes),
	COUNTER("tx_dropped", if_oqdrops),
	COUNTER("tx_errors", if_oerrors),
	COUNTER("tx_packets", if_opackets),
};

#define NVALUES		(sizeof(values) / sizeof(values[0]))
#define NCOUNTERS	(sizeof(counters) / sizeof(counters[0]))

/* The interface's name, as the stack has it, and what stands behind it: "" is its directory. */
static const char *
split(struct vi_vnet *vn, const char *path, char name[VI_IFNAMSIZ])
{
	const size_t n = strcspn(path, "/");

	if (n == 0 || n >= VI_IFNAMSIZ)
		return (NULL);
	memcpy(name, path, n);
	name[n] = '\0';
	ifinfo_realname(vn, name);
	return (path + n + (path[n] == '/'));
}

static bool
put_file(FILE *out, const struct vi_ifinfo *info, const char *file)
{
	for (size_t i = 0; i < NVALUES; i++)
		if (strcmp(values[i].name, file) == 0) {
			if (out != NULL)
				values[i].put(out, info);
			return (true);
		}
	if (strncmp(file, STATISTICS, sizeof(STATISTICS) - 1) != 0)
		return (false);
	for (size_t i = 0; i < NCOUNTERS; i++)
		if (strcmp(counters[i].name, file + sizeof(STATISTICS) - 1) == 0) {
			if (out != NULL)
				fprintf(out, "%" PRIu64 "\n", *(const uint64_t *)(const void *)((const char *)info + counters[i].at));
			return (true);
		}
	return (false);
}

static void
ignore(void *arg, const struct vi_ifinfo *info)
{
	(void)arg;
	(void)info;
}

static enum lx_file
class_kind(struct vi_vnet *vn, const char *path)
{
	char name[VI_IFNAMSIZ];
	const char *file;

	if (*path == '\0')
		return (LX_FILE_DIR);
	if ((file = split(vn, path, name)) == NULL || vi_if_get(vn, name, ignore, NULL) != 0)
		return (LX_FILE_NONE);
	if (*file == '\0' || strcmp(file, "statistics") == 0)
		return (LX_FILE_DIR);
	return (put_file(NULL, NULL, file) ? LX_FILE_READ : LX_FILE_NONE);
}

struct names {
	lx_files_fn	*na_fn;
	void		*na_arg;
};

static void
take_name(void *arg, const struct vi_ifinfo *info)
{
	const struct names *na = arg;

	na->na_fn(na->na_arg, info->if_name, LX_FILE_DIR);
}

static void
class_list(struct vi_vnet *vn, const char *path, lx_files_fn *fn, void *arg)
{
	struct names na = { fn, arg };

	if (*path == '\0') {
		vi_if_list(vn, take_name, &na);
	} else if (strchr(path, '/') != NULL) {
		for (size_t i = 0; i < NCOUNTERS; i++)
			fn(arg, counters[i].name, LX_FILE_READ);
	} else {
		for (size_t i = 0; i < NVALUES; i++)
			fn(arg, values[i].name, LX_FILE_READ);
		fn(arg, "statistics", LX_FILE_DIR);
	}
}

struct read_arg {
	FILE		*ra_out;
	const char	*ra_file;
	bool		 ra_found;
};

static void
read_file(void *arg, const struct vi_ifinfo *info)
{
	struct read_arg *ra = arg;

	const bool up = (info->if_flags & VI_IFF_UP) != 0, cable = info->if_type == VI_IFT_ETHER;

	/* As Linux: nothing is known of the carrier of what is down, and only cards have a speed. */
	if ((strcmp(ra->ra_file, "carrier") == 0 && !up) ||
	    ((strcmp(ra->ra_file, "speed") == 0 || strcmp(ra->ra_file, "duplex") == 0) && !(up && cable)))
		return;
	ra->ra_found = put_file(ra->ra_out, info, ra->ra_file);
}

static int
class_read(struct lx *lx, struct vi_vnet *vn, const char *path, char **text, size_t *len)
{
	char name[VI_IFNAMSIZ];
	struct read_arg ra = { .ra_file = split(vn, path, name) };
	int error;

	(void)lx;
	if (ra.ra_file == NULL)
		return (ENOENT);
	if ((ra.ra_out = open_memstream(text, len)) == NULL)
		return (ENOMEM);
	error = vi_if_get(vn, name, read_file, &ra);
	if (fclose(ra.ra_out) != 0 && error == 0)
		error = ENOMEM;
	if (error == 0 && ra.ra_found)
		return (0);
	free(*text);
	return (error == ENXIO ? ENODEV : error != 0 ? error : EINVAL);
}

static int
class_write(struct vi_vnet *vn, const char *path, const char *text, const struct vi_cred *cred)
{
	(void)vn;
	(void)path;
	(void)text;
	(void)cred;
	return (EPERM);
}

static const char *
class_text(const char *path)
{
	(void)path;
	return (NULL);
}

const struct lx_files lx_files_class = { class_kind, class_list, class_read, class_text, class_write };
