/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.h. */
#include <vimage/tap.h>

#include <string.h>

#include "api/api.h"
#include "net/if_tuntap.h"
#include "net/ifnet.h"

static struct tuntap *
api_tap(struct vi_tap *tap)
{
	return ((struct tuntap *)tap);
}

static const struct tuntap *
api_ctap(const struct vi_tap *tap)
{
	return ((const struct tuntap *)tap);
}

int
vi_tap_open(struct vi_vnet *vn, const char *name, const struct vi_tap_params *tp, struct vi_tap **tapp)
{
	struct tuntap *tt = NULL;
	int error;

	error = tuntap_open(api_vnet(vn), name, tp, &tt);
	*tapp = (struct vi_tap *)tt;
	return (error);
}

void
vi_tap_close(struct vi_tap *tap)
{
	tuntap_close(api_tap(tap));
}

int
vi_tap_release(struct vi_vnet *vn, const char *name)
{
	return (tuntap_release(api_vnet(vn), name));
}

void
vi_tap_name(const struct vi_tap *tap, char name[VI_IFNAMSIZ])
{
	memcpy(name, tuntap_ifnet(api_ctap(tap))->if_xname, VI_IFNAMSIZ);
}

bool
vi_tap_up(const struct vi_tap *tap)
{
	return (if_up(tuntap_ifnet(api_ctap(tap))));
}

struct vi_vnet *
vi_tap_vnet(const struct vi_tap *tap)
{
	return (vnet_api(tuntap_ifnet(api_ctap(tap))->if_vnet));
}

void
vi_tap_persist(struct vi_tap *tap, bool on)
{
	tuntap_persist(api_tap(tap), on);
}

bool
vi_tap_persistent(const struct vi_tap *tap)
{
	return (tuntap_persistent(api_ctap(tap)));
}

void
vi_tap_owner(struct vi_tap *tap, uint32_t uid, uint32_t gid)
{
	tuntap_owner(api_tap(tap), uid, gid);
}

void
vi_tap_offload(struct vi_tap *tap, unsigned what)
{
	tuntap_offload(api_tap(tap), what);
}

void
vi_tap_carrier(struct vi_tap *tap, bool on)
{
	tuntap_carrier(api_tap(tap), on);
}

int
vi_tap_input(struct vi_tap *tap, const void *buf, size_t len)
{
	return (tuntap_input(api_tap(tap), buf, len, NULL));
}

void
vi_vnethdr_put(const struct vi_tap_rest *tr, uint8_t gso, uint8_t hdr[VI_VNETHDRLEN])
{
	vnethdr_put(tr, gso, hdr);
}

int
vi_vnethdr_get(const uint8_t hdr[VI_VNETHDRLEN], struct vi_tap_rest *tr, uint8_t *gso)
{
	return (vnethdr_get(hdr, tr, gso));
}

int
vi_tap_input_rest(struct vi_tap *tap, const void *buf, size_t len, const struct vi_tap_rest *tr)
{
	return (tuntap_input(api_tap(tap), buf, len, tr));
}
