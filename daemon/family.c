/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct member {
	pid_t	m_pid, m_ppid;
	bool	m_ours;
};

struct family {
	struct member	*f_list;
	size_t		 f_n, f_room;
};

pid_t
family_parent(pid_t pid)
{
	char path[40], buf[512], *end;
	pid_t ppid = -1;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	/* "pid (name) state ppid": the name may hold anything. */
	if ((end = strrchr(buf, ')')) == NULL || sscanf(end, ") %*c %d", &ppid) != 1)
		return -1;
	return ppid;
}

static bool
family_add(struct family *f, pid_t pid)
{
	struct member *more;
	pid_t ppid = family_parent(pid);

	if (ppid < 0)
		return true;
	if (f->f_n == f->f_room) {
		if ((more = realloc(f->f_list, (f->f_room * 2 + 64) * sizeof(*more))) == NULL)
			return false;
		f->f_list = more;
		f->f_room = f->f_room * 2 + 64;
	}
	f->f_list[f->f_n++] = (struct member){ .m_pid = pid, .m_ppid = ppid };
	return true;
}

static void
family_read(struct family *f)
{
	struct dirent *de;
	pid_t pid;
	DIR *dir;

	if ((dir = opendir("/proc")) == NULL)
		return;
	while ((de = readdir(dir)) != NULL)
		if ((pid = (pid_t)strtol(de->d_name, NULL, 10)) > 0 && !family_add(f, pid))
			break;
	closedir(dir);
}

static bool
spared(pid_t pid, const pid_t *spare)
{
	for (; spare != NULL && *spare != 0; spare++)
		if (*spare == pid)
			return true;
	return false;
}

/* Marks children of what is marked until nothing is added; pids are not in the order of birth. */
static void
family_mark(struct family *f, const pid_t *spare)
{
	pid_t self = getpid();
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < f->f_n; i++) {
			struct member *m = &f->f_list[i];
			bool ours = m->m_ppid == self;

			for (size_t k = 0; k < f->f_n && !ours && !m->m_ours; k++)
				ours = f->f_list[k].m_ours && f->f_list[k].m_pid == m->m_ppid;
			if (m->m_ours || !ours || spared(m->m_pid, spare))
				continue;
			m->m_ours = again = true;
		}
	}
}

unsigned
family_kill(int sig, const pid_t *spare)
{
	struct family f = { 0 };
	unsigned n = 0;

	family_read(&f);
	family_mark(&f, spare);
	for (size_t i = 0; i < f.f_n; i++)
		if (f.f_list[i].m_ours && kill(f.f_list[i].m_pid, sig) == 0)
			n++;
	free(f.f_list);
	return n;
}
