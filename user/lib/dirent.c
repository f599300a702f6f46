// SPDX-License-Identifier: GPL-2.0-only
/* Directories, as POSIX has them: a stream over getdents64. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct __dirstream {
	int fd;
	int at;				/* next entry in buf */
	int end;
	long pos;			/* of the next entry, for telldir */
	char buf[2048] __attribute__((aligned(8)));
};

DIR *fdopendir(int fd)
{
	DIR *dir = malloc(sizeof(*dir));

	if (dir) {
		dir->fd = fd;
		dir->at = 0;
		dir->end = 0;
		dir->pos = 0;
	}
	return dir;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

/* The kernel's entries have the layout of struct dirent already. */
struct dirent *readdir(DIR *dir)
{
	struct dirent *d;

	if (dir->at >= dir->end) {
		ssize_t n = getdents64(dir->fd, dir->buf, sizeof(dir->buf));

		if (n <= 0)
			return NULL;
		dir->at = 0;
		dir->end = (int)n;
	}
	d = (struct dirent *)(void *)(dir->buf + dir->at);
	dir->at += d->d_reclen;
	dir->pos = d->d_off;
	return d;
}

void seekdir(DIR *dir, long pos)
{
	lseek(dir->fd, pos, SEEK_SET);
	dir->at = 0;
	dir->end = 0;
	dir->pos = pos;
}

void rewinddir(DIR *dir)
{
	seekdir(dir, 0);
}

long telldir(DIR *dir)
{
	return dir->pos;
}

int dirfd(DIR *dir)
{
	return dir->fd;
}

int closedir(DIR *dir)
{
	int fd = dir->fd;

	free(dir);
	return close(fd);
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_list(struct dirent **list, int n)
{
	while (n > 0)
		free(list[--n]);
	free(list);
}

int scandir(const char *path, struct dirent ***out, int (*keep)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	DIR *dir = opendir(path);
	struct dirent **list = NULL, *d;
	int n = 0, room = 0;

	if (!dir)
		return -1;
	while ((d = readdir(dir))) {
		if (keep && !keep(d))
			continue;
		if (n == room) {
			struct dirent **more;

			room = room ? 2 * room : 16;
			more = realloc(list, (size_t)room * sizeof(*list));
			if (!more)
				goto fail;
			list = more;
		}
		list[n] = malloc(sizeof(*d));
		if (!list[n])
			goto fail;
		memcpy(list[n++], d, d->d_reclen < sizeof(*d) ? d->d_reclen : sizeof(*d));
	}
	closedir(dir);
	if (compare)
		qsort(list, (size_t)n, sizeof(*list),
		      (int (*)(const void *, const void *))compare);
	*out = list;
	return n;
fail:
	free_list(list, n);
	closedir(dir);
	return -1;
}
