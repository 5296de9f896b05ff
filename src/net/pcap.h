/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures into a file; <vimage/pcap.h> says what each does. */
#ifndef NET_PCAP_H
#define NET_PCAP_H

#include <vimage/pcap.h>

struct ifnet;
struct kernel;
struct pcap;

int	pcap_new(struct kernel *, vi_pcap_write_fn *, void *arg, struct pcap **);
int	pcap_add(struct pcap *, struct ifnet *);	/* EEXIST: it is there */
int	pcap_free(struct pcap *);

#endif
