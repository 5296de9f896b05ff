/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay CORPUS: stands in for libFuzzer in an ordinary build.  It gives every
 * file of the corpus to the target, whole and cut at each length up to 128, so
 * that a fixed bug stays fixed with any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The copy has no spare byte, so a read beyond it is seen by the sanitizers. */
static void
give(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	copy = malloc(size != 0 ? size : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
replay_file(const char *dir, const char *name)
{
	static uint8_t data[1 << 20];
	char path[4096];
	size_t cut, size;
	FILE *fp;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fp = fopen(path, "rb");
	if (fp == NULL) {
		perror(path);
		return (1);
	}
	size = fread(data, 1, sizeof(data), fp);
	fclose(fp);
	for (cut = 0; cut < size && cut <= 128; cut++)
		give(data, cut);
	give(data, size);
	return (0);
}

int
main(int argc, char **argv)
{
	struct dirent *de;
	int error, files;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (dir == NULL) {
		fprintf(stderr, "usage: %s corpus-directory\n", argv[0]);
		return (1);
	}
	error = files = 0;
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		error |= replay_file(argv[1], de->d_name);
		files++;
	}
	closedir(dir);
	printf("%d files\n", files);
	return (error != 0 || files == 0);
}
