/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters of sockets: SO_ATTACH_FILTER and what else is given as a struct sock_fprog. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <linux/filter.h>

_Static_assert(sizeof(struct vi_bpf_insn) == sizeof(struct sock_filter) && offsetof(struct vi_bpf_insn, bi_k) == offsetof(struct sock_filter, k),
    "the stack's instructions are the host's");
_Static_assert(VI_BPF_MAXINSNS == BPF_MAXINSNS && VI_BPF_MAXINSNS * sizeof(struct vi_bpf_insn) <= LX_BUFSIZE, "any program fits the buffer");

int64_t
sockfilter_set(struct lx_call *c, enum vi_sockopt opt)
{
	struct lx_sock *ls = c->c_sock;
	struct sock_fprog prog;
	size_t size;
	int error;

	if (ls->ls_so == NULL)
		return (-ECONNABORTED);
	if ((int)c->c_arg[4] != sizeof(prog))
		return (-EINVAL);
	if (ls->ls_kind == LXK_DGRAM)
		dgram_tx(ls);		/* before the buffer is used */
	if ((error = lx_copyin(c, c->c_arg[3], &prog, sizeof(prog))) != 0)
		return (-error);
	if (prog.filter == NULL || prog.len == 0 || prog.len > VI_BPF_MAXINSNS)
		return (-EINVAL);
	size = prog.len * sizeof(struct vi_bpf_insn);
	if ((error = lx_copyin(c, (uintptr_t)prog.filter, c->c_lx->lx_buf, size)) != 0)
		return (-error);
	return (-vi_setsockopt(ls->ls_so, opt, c->c_lx->lx_buf, size));
}

/* Lengths are numbers of instructions here. */
int64_t
sockfilter_get(struct lx_call *c)
{
	size_t size = LX_BUFSIZE;
	int error, n, space;

	if (c->c_sock->ls_so == NULL)
		return (-ECONNABORTED);
	if ((error = lx_copyin(c, c->c_arg[4], &space, sizeof(space))) != 0)
		return (-error);
	if ((error = vi_getsockopt(c->c_sock->ls_so, VI_SO_FILTER, c->c_lx->lx_buf, &size)) != 0)
		return (-error);
	n = (int)(size / sizeof(struct vi_bpf_insn));
	if (space < 0 || (space != 0 && space < n))
		return (-EINVAL);
	if (space != 0 && (error = lx_copyout(c, c->c_arg[3], c->c_lx->lx_buf, size)) != 0)
		return (-error);
	return (-lx_copyout(c, c->c_arg[4], &n, sizeof(n)));
}
