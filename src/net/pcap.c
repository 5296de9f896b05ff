/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures into a file: the pcapng format (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3).
 *
 * A section header, an interface description for each interface when it is added, an enhanced packet for each frame; all
 * in the machine's byte order, which the section header tells.  A frame is put together from three pieces, so that nothing is
 * copied; the lock keeps the pieces of frames of different lanes apart.
 */
#include "net/pcap.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "host/host.h"
#include "net/ifnet.h"

#define PCAP_SHB	0x0a0d0d0au
#define PCAP_IDB	0x00000001u
#define PCAP_EPB	0x00000006u
#define PCAP_MAGIC	0x1a2b3c4du
#define PCAP_ETHERNET	1		/* LINKTYPE_ETHERNET */
#define PCAP_RAW	101		/* LINKTYPE_RAW: begins with the IP header */
#define PCAP_OPT_NAME	2		/* if_name */
#define PCAP_OPT_TSRES	9		/* if_tsresol */
#define PCAP_OPT_FLAGS	2		/* epb_flags */
#define PCAP_IN		1u
#define PCAP_OUT	2u
#define PCAP_MAXNAME	96		/* VNET:INTERFACE */

struct pcap_if {
	LIST_ENTRY(pcap_if) pi_link;
	struct pcap	*pi_pcap;
	struct ifnet	*pi_ifp;	/* NULL: it has gone */
	uint32_t	 pi_id;
};

struct pcap {
	struct kernel	*pc_kernel;
	vi_pcap_write_fn *pc_fn;
	void		*pc_arg;
	void		*pc_mutex;
	int		 pc_error;	/* the first */
	uint32_t	 pc_nifs;
	LIST_HEAD(, pcap_if) pc_ifs;
};

struct pcap_shb {
	uint32_t	type, len, magic;
	uint16_t	major, minor;
	uint32_t	seclen[2];	/* not known: all ones */
	uint32_t	trailer;
};

struct pcap_idb {
	uint32_t	type, len;
	uint16_t	linktype, reserved;
	uint32_t	snaplen;	/* 0: no limit */
	uint16_t	opt_res, opt_reslen;
	uint8_t		res[4];
	uint16_t	opt_name, opt_namelen;
};					/* the name, padded; end of options; trailer */

struct pcap_epb {
	uint32_t	type, len, ifid, tshigh, tslow, caplen, origlen;
};

struct pcap_epbtail {			/* behind the padding of the frame */
	uint8_t		pad[4];
	uint16_t	opt_flags, opt_flagslen;
	uint32_t	flags, endofopt, trailer;
};

static uint32_t
pcap_pad(size_t len)
{
	return ((uint32_t)(-len & 3));
}

static void
pcap_write(struct pcap *pc, const void *data, size_t len)
{
	if (pc->pc_error == 0)
		pc->pc_error = pc->pc_fn(pc->pc_arg, data, len);
}

static void
pcap_section(struct pcap *pc)
{
	const struct pcap_shb shb = { PCAP_SHB, sizeof(shb), PCAP_MAGIC, 1, 0, { UINT32_MAX, UINT32_MAX }, sizeof(shb) };

	_Static_assert(sizeof(shb) == 28, "pcapng 4.1");
	pcap_write(pc, &shb, sizeof(shb));
}

static void
pcap_interface(struct pcap *pc, const struct ifnet *ifp)
{
	char name[PCAP_MAXNAME] = "", zero[4] = "";
	struct pcap_idb idb = { .type = PCAP_IDB, .opt_res = PCAP_OPT_TSRES, .opt_reslen = 1, .res = { 9 }, .opt_name = PCAP_OPT_NAME };
	struct sbuf sb;
	uint32_t len;

	_Static_assert(sizeof(idb) == 28, "pcapng 4.2");
	sbuf_init(&sb, name, sizeof(name) - 4);
	sbuf_printf(&sb, "%s:%s", ifp->if_vnet->vn_name, ifp->if_xname);
	len = (uint32_t)strlen(name);
	idb.linktype = ifp->if_type == VI_IFT_ETHER ? PCAP_ETHERNET : PCAP_RAW;
	idb.opt_namelen = (uint16_t)len;
	len += pcap_pad(len);
	idb.len = (uint32_t)sizeof(idb) + len + 4 + 4;
	pcap_write(pc, &idb, sizeof(idb));
	pcap_write(pc, name, len);
	pcap_write(pc, zero, sizeof(zero));
	pcap_write(pc, &idb.len, sizeof(idb.len));
}

static void
pcap_packet(struct pcap *pc, uint32_t id, const struct vi_frame *fr)
{
	const uint32_t pad = pcap_pad(fr->fr_len);
	struct pcap_epbtail tail = { .opt_flags = PCAP_OPT_FLAGS, .opt_flagslen = 4, .flags = fr->fr_out ? PCAP_OUT : PCAP_IN };
	const struct pcap_epb epb = {
		.type = PCAP_EPB,
		.len = (uint32_t)(sizeof(epb) + fr->fr_len + pad + sizeof(tail) - sizeof(tail.pad)),
		.ifid = id,
		.tshigh = (uint32_t)(fr->fr_time >> 32),
		.tslow = (uint32_t)fr->fr_time,
		.caplen = fr->fr_len,
		.origlen = fr->fr_len,
	};

	_Static_assert(sizeof(epb) == 28 && sizeof(tail) == 20, "pcapng 4.3");
	tail.trailer = epb.len;
	pcap_write(pc, &epb, sizeof(epb));
	pcap_write(pc, fr->fr_data, fr->fr_len);
	pcap_write(pc, tail.pad + sizeof(tail.pad) - pad, sizeof(tail) - sizeof(tail.pad) + pad);
}

/* The interface's lane, or under the kernel lock when it goes. */
static void
pcap_frame(void *arg, const struct vi_frame *fr)
{
	struct pcap_if *pi = arg;
	struct pcap *pc = pi->pi_pcap;
	struct vi_host *h = kernel_host(pc->pc_kernel);

	if (fr == NULL) {
		pi->pi_ifp = NULL;
		return;
	}
	host_mutex_lock(h, pc->pc_mutex);
	pcap_packet(pc, pi->pi_id, fr);
	host_mutex_unlock(h, pc->pc_mutex);
}

int
pcap_new(struct kernel *k, vi_pcap_write_fn *fn, void *arg, struct pcap **pcp)
{
	struct pcap *pc = kmalloc(&k->k_acct, ACCT_MISC, sizeof(*pc));
	int error;

	*pcp = NULL;
	if (pc == NULL)
		return (ENOBUFS);
	pc->pc_kernel = k;
	pc->pc_fn = fn;
	pc->pc_arg = arg;
	LIST_INIT(&pc->pc_ifs);
	if ((pc->pc_mutex = host_mutex_new(kernel_host(k))) == NULL) {
		kfree(&k->k_acct, ACCT_MISC, pc, sizeof(*pc));
		return (ENOBUFS);
	}
	pcap_section(pc);
	if ((error = pc->pc_error) != 0)
		(void)pcap_free(pc);
	else
		*pcp = pc;
	return (error);
}

static bool
pcap_has(const struct pcap *pc, const struct ifnet *ifp)
{
	const struct pcap_if *pi;

	LIST_FOREACH(pi, &pc->pc_ifs, pi_link)
		if (pi->pi_ifp == ifp)
			return (true);
	return (false);
}

int
pcap_add(struct pcap *pc, struct ifnet *ifp)
{
	struct acctset *as = &pc->pc_kernel->k_acct;
	struct pcap_if *pi;
	int error;

	if (pcap_has(pc, ifp))
		return (EEXIST);
	if ((pi = kmalloc(as, ACCT_MISC, sizeof(*pi))) == NULL)
		return (ENOBUFS);
	pi->pi_pcap = pc;
	pi->pi_ifp = ifp;
	pi->pi_id = pc->pc_nifs;
	if ((error = if_capture(ifp, pcap_frame, pi)) != 0) {
		kfree(as, ACCT_MISC, pi, sizeof(*pi));
		return (error);
	}
	LIST_INSERT_HEAD(&pc->pc_ifs, pi, pi_link);
	pc->pc_nifs++;
	pcap_interface(pc, ifp);
	return (pc->pc_error);
}

int
pcap_free(struct pcap *pc)
{
	struct acctset *as;
	struct pcap_if *pi;
	int error;

	if (pc == NULL)
		return (0);
	as = &pc->pc_kernel->k_acct;
	while ((pi = LIST_FIRST(&pc->pc_ifs)) != NULL) {
		LIST_REMOVE(pi, pi_link);
		if (pi->pi_ifp != NULL)
			(void)if_uncapture(pi->pi_ifp, pcap_frame, pi);
		kfree(as, ACCT_MISC, pi, sizeof(*pi));
	}
	error = pc->pc_error;
	host_mutex_free(kernel_host(pc->pc_kernel), pc->pc_mutex);
	kfree(as, ACCT_MISC, pc, sizeof(*pc));
	return (error);
}
