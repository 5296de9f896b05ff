/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAXDEPTH	4096

static int
compare(const void *va, const void *vb)
{
	const struct proc *a = va, *b = vb;

	return a->p_pid < b->p_pid ? -1 : a->p_pid > b->p_pid;
}

static struct proc *
find(const struct proctree *pt, pid_t pid)
{
	struct proc key = { .p_pid = pid };

	return pt->pt_n == 0 ? NULL : bsearch(&key, pt->pt_procs, pt->pt_n, sizeof(key), compare);
}

/* proc_pid_stat(5); the name may hold anything. */
static bool
parse(struct proc *p, const char *text)
{
	unsigned long long ut, st, cut, cst;
	const char *end = strrchr(text, ')');
	int ppid, sid;

	if (end == NULL ||
	    sscanf(end, ") %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &p->p_state, &ppid, &sid, &ut, &st, &cut, &cst) != 7)
		return false;
	p->p_ppid = ppid;
	p->p_sid = sid;
	p->p_ns = (ut + st + cut + cst) * (1000000000u / (unsigned)sysconf(_SC_CLK_TCK));
	p->p_root = -1;
	return true;
}

static int
add(struct proctree *pt, int procfd, const char *name)
{
	char path[300], text[512];
	struct proc *more;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", name);
	if ((fd = openat(procfd, path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (pt->pt_n == pt->pt_room) {
		if ((more = realloc(pt->pt_procs, (pt->pt_room * 2 + 256) * sizeof(*more))) == NULL)
			return ENOMEM;
		pt->pt_procs = more;
		pt->pt_room = pt->pt_room * 2 + 256;
	}
	pt->pt_procs[pt->pt_n].p_pid = (pid_t)strtol(name, NULL, 10);
	if (parse(&pt->pt_procs[pt->pt_n], text))
		pt->pt_n++;
	return 0;
}

static int
root_index(const pid_t *roots, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (roots[i] == pid)
			return (int)i;
	return -1;
}

static void
choose_roots(struct proctree *pt, const pid_t *roots, size_t nroots)
{
	for (size_t i = 0; i < nroots; i++) {
		struct proc *p = find(pt, roots[i]);

		if (p != NULL)
			p->p_root = root_index(roots, nroots, roots[i]);
	}
	for (size_t i = 0; i < pt->pt_n; i++) {
		struct proc *p = &pt->pt_procs[i], *up = p;

		for (unsigned depth = 0; up != NULL && up->p_root < 0 && depth < MAXDEPTH; depth++)
			up = up->p_ppid == 0 ? NULL : find(pt, up->p_ppid);
		p->p_root = up == NULL ? -1 : up->p_root;
	}
}

int
proctree_read(struct proctree *pt, const pid_t *roots, size_t nroots)
{
	struct dirent *de;
	int error = 0;
	DIR *dir;

	memset(pt, 0, sizeof(*pt));
	if ((dir = opendir("/proc")) == NULL)
		return 0;
	while (error == 0 && (de = readdir(dir)) != NULL)
		if (de->d_name[0] >= '1' && de->d_name[0] <= '9')
			error = add(pt, dirfd(dir), de->d_name);
	closedir(dir);
	if (error != 0) {
		proctree_free(pt);
		return error;
	}
	if (pt->pt_n > 0)
		qsort(pt->pt_procs, pt->pt_n, sizeof(*pt->pt_procs), compare);
	choose_roots(pt, roots, nroots);
	return 0;
}

void
proctree_free(struct proctree *pt)
{
	free(pt->pt_procs);
	memset(pt, 0, sizeof(*pt));
}

void
proctree_sums(const struct proctree *pt, const pid_t *roots, struct proctree_sum *sums, size_t nroots)
{
	memset(sums, 0, nroots * sizeof(*sums));
	for (size_t i = 0; i < pt->pt_n; i++) {
		const struct proc *p = &pt->pt_procs[i];

		if (p->p_root < 0 || (size_t)p->p_root >= nroots)
			continue;
		sums[p->p_root].ps_ns += p->p_ns;
		sums[p->p_root].ps_n += roots[p->p_root] != p->p_pid && p->p_state != 'Z';
	}
}
