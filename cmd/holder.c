/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool
add_holder(struct holders *hs, unsigned long long ino, int pid, int fd)
{
	struct holder *new;

	if (hs->hs_n == hs->hs_size) {
		hs->hs_size = hs->hs_size == 0 ? 256 : 2 * hs->hs_size;
		if ((new = reallocarray(hs->hs_list, hs->hs_size, sizeof(*new))) == NULL)
			return false;
		hs->hs_list = new;
	}
	hs->hs_list[hs->hs_n++] = (struct holder){ ino, pid, fd, false };
	return true;
}

static bool
scan_process(struct holders *hs, int pid)
{
	char path[64], link[64];
	unsigned long long ino;
	struct dirent *de;
	bool ok = true;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if ((dir = opendir(path)) == NULL)
		return true;
	while (ok && (de = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)de->d_name[0]) || (n = readlinkat(dirfd(dir), de->d_name, link, sizeof(link) - 1)) <= 0)
			continue;
		link[n] = '\0';
		if (sscanf(link, "socket:[%llu]", &ino) == 1)
			ok = add_holder(hs, ino, pid, atoi(de->d_name));
	}
	closedir(dir);
	return ok;
}

static int
holder_cmp(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->ho_ino != y->ho_ino)
		return x->ho_ino < y->ho_ino ? -1 : 1;
	return x->ho_pid != y->ho_pid ? (x->ho_pid > y->ho_pid) - (x->ho_pid < y->ho_pid) : (x->ho_fd > y->ho_fd) - (x->ho_fd < y->ho_fd);
}

bool
holders_scan(struct holders *hs)
{
	struct dirent *de;
	bool ok = true;
	DIR *dir;

	if ((dir = opendir("/proc")) == NULL)
		return true;
	while (ok && (de = readdir(dir)) != NULL)
		if (isdigit((unsigned char)de->d_name[0]))
			ok = scan_process(hs, atoi(de->d_name));
	closedir(dir);
	if (ok && hs->hs_n > 1)
		qsort(hs->hs_list, hs->hs_n, sizeof(hs->hs_list[0]), holder_cmp);
	return ok;
}

struct holder *
holder_find(const struct holders *hs, unsigned long long ino)
{
	size_t lo = 0, hi = hs->hs_n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (hs->hs_list[mid].ho_ino < ino)
			lo = mid + 1;
		else
			hi = mid;
	}
	return ino != 0 && lo < hs->hs_n && hs->hs_list[lo].ho_ino == ino ? &hs->hs_list[lo] : NULL;
}

struct holder *
holder_next(const struct holders *hs, const struct holder *ho)
{
	const size_t i = (size_t)(ho - hs->hs_list) + 1;

	return i < hs->hs_n && hs->hs_list[i].ho_ino == ho->ho_ino ? &hs->hs_list[i] : NULL;
}

void
holders_free(struct holders *hs)
{
	free(hs->hs_list);
}

void
holder_command(int pid, char *comm, size_t len)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, comm, len - 1);
		close(fd);
	}
	comm[n > 0 ? n - (comm[n - 1] == '\n') : 0] = '\0';
}
