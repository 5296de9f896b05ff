/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

static bool
read_stat(struct proc *p, int procfd, pid_t pid)
{
	char path[32], text[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%d/stat", pid);
	if ((fd = openat(procfd, path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	p->p_pid = pid;
	return parse(p, text);
}

bool
proc_read(pid_t pid, struct proc *p)
{
	int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok = procfd >= 0 && read_stat(p, procfd, pid);

	if (procfd >= 0)
		close(procfd);
	return ok;
}

static int
add(struct proctree *pt, int procfd, pid_t pid)
{
	struct proc *more;

	if (pt->pt_n == pt->pt_room) {
		if ((more = realloc(pt->pt_procs, (pt->pt_room * 2 + 256) * sizeof(*more))) == NULL)
			return ENOMEM;
		pt->pt_procs = more;
		pt->pt_room = pt->pt_room * 2 + 256;
	}
	pt->pt_n += read_stat(&pt->pt_procs[pt->pt_n], procfd, pid);
	return 0;
}

static void
choose_roots(struct proctree *pt, const pid_t *roots, size_t nroots)
{
	for (size_t i = 0; i < nroots; i++) {
		struct proc *p = find(pt, roots[i]);

		if (p != NULL)
			p->p_root = (int)i;
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
			error = add(pt, dirfd(dir), (pid_t)strtol(de->d_name, NULL, 10));
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

unsigned
proctree_kill(int sig, const pid_t *spare)
{
	struct proctree pt;
	unsigned n = 0;
	size_t nroots = 1;
	pid_t *roots;

	for (const pid_t *p = spare; p != NULL && *p != 0; p++)
		nroots++;
	if ((roots = calloc(nroots, sizeof(*roots))) == NULL)
		return 0;
	roots[0] = getpid();
	if (nroots > 1)
		memcpy(roots + 1, spare, (nroots - 1) * sizeof(*roots));
	if (proctree_read(&pt, roots, nroots) == 0) {
		for (size_t i = 0; i < pt.pt_n; i++)
			if (pt.pt_procs[i].p_root == 0 && pt.pt_procs[i].p_pid != roots[0])
				n += kill(pt.pt_procs[i].p_pid, sig) == 0;
		proctree_free(&pt);
	}
	free(roots);
	return n;
}
