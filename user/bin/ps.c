// SPDX-License-Identifier: GPL-2.0-only
/* ps [-T]: processes, or with -T threads, from /proc; F after the state says that it is frozen. */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small file as a string, "" if it cannot be read. */
static void read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, buf, size - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = 0;
}

static long field(const char *status, const char *name)
{
	const char *p = strstr(status, name);

	return p ? strtol(p + strlen(name), NULL, 10) : 0;
}

static void show(const char *dir)
{
	char path[64], stat[512], status[4096], *name, *end, state;
	long pid, ppid;

	snprintf(path, sizeof(path), "%.50s/stat", dir);
	read_file(path, stat, sizeof(stat));
	snprintf(path, sizeof(path), "%.50s/status", dir);
	read_file(path, status, sizeof(status));
	/* the name may contain anything, so look for its last parenthesis */
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!name || !end || sscanf(end + 1, " %c %ld", &state, &ppid) != 2)
		return;
	*end = 0;
	pid = strtol(stat, NULL, 10);
	printf("%5ld %5ld %c%c %8ld %5ld %s\n", pid, ppid, state,
	       strstr(status, "Freezer:\tfrozen") ? 'F' : ' ', field(status, "\nVmRSS:"),
	       field(status, "\nThreads:"), name + 1);
}

static int is_number(const struct dirent *d)
{
	return isdigit((unsigned char)d->d_name[0]);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void each(const char *dir, void (*fn)(const char *))
{
	struct dirent **list;
	int n = scandir(dir, &list, is_number, by_number);
	char path[64];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%.40s/%.20s", dir, list[i]->d_name);
		fn(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void show_threads(const char *dir)
{
	char path[64];

	snprintf(path, sizeof(path), "%.50s/task", dir);
	each(path, show);
}

int main(int argc, char **argv)
{
	int threads = argc > 1 && !strcmp(argv[1], "-T");

	if (access("/proc/self/stat", R_OK) != 0)
		err(1, "/proc");
	printf("%5s %5s %s %8s %5s %s\n", "PID", "PPID", "S ", "RSS/KiB", "THR", "NAME");
	each("/proc", threads ? show_threads : show);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return 0;
}
