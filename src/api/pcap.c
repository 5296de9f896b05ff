/* SPDX-License-Identifier: BSD-2-Clause */
/* pcap.h. */
#include "net/pcap.h"

#include <errno.h>

#include "api/api.h"
#include "net/ifnet.h"

int
vi_pcap_new(struct vi_kernel *k, vi_pcap_write_fn *fn, void *arg, struct vi_pcap **pcp)
{
	struct pcap *pc;
	int error = pcap_new(api_kernel(k), fn, arg, &pc);

	*pcp = (struct vi_pcap *)pc;
	return (error);
}

int
vi_pcap_add(struct vi_pcap *pc, struct vi_vnet *vn, const char *ifname)
{
	struct ifnet *ifp = ifnet_byname(api_vnet(vn), ifname);

	return (ifp == NULL ? ENXIO : pcap_add((struct pcap *)pc, ifp));
}

int
vi_pcap_free(struct vi_pcap *pc)
{
	return (pcap_free((struct pcap *)pc));
}
