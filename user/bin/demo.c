// SPDX-License-Identifier: GPL-2.0-only
/*
 * demo: one scene, told by facts the kernel gives.
 *
 * A group of eight threads whose leader has already exited holds most of memory.  Suspend begins.
 * While the group is in the refrigerator a kernel thread eats what is left, and the OOM killer
 * strikes.  What comes of it depends on how the kernel counts its victims: boot with another oom=
 * and look again.  Besides the story there is one line a fact, `result key=value`, on /dev/ttyS1.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS		7
#define OOM		"/sys/kernel/debug/oom"
#define EATER		"/sys/kernel/debug/oom_eater"
#define MIB		(1024UL * 1024)

/* ---- small files ---- */

static int put(const char *path, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return errno;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return (int)n;
}

/* The rest of the line of `path` that begins with `key`, blanks skipped; "" if there is none. */
static const char *get(const char *path, const char *key)
{
	static char line[256];
	FILE *f = fopen(path, "r");
	size_t n = strlen(key);

	while (f && fgets(line, sizeof(line), f)) {
		char *value = line + n;

		if (strncmp(line, key, n) || (*value != ' ' && *value != ':' && *value != '\t'))
			continue;
		fclose(f);
		value += strspn(value, ": \t");
		value[strcspn(value, "\n")] = 0;
		return value;
	}
	if (f)
		fclose(f);
	return "";
}

static unsigned long number(const char *path, const char *key)
{
	return strtoul(get(path, key), NULL, 10);
}

static void result(const char *key, const char *fmt, ...)
{
	static int fd = -2;
	char value[64], line[128];
	va_list ap;

	if (fd == -2)
		fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "result %s=%s\n", key, value);
	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		warn("/dev/ttyS1");
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* ---- the group ---- */

static char *hoard;
static unsigned long share;		/* bytes for each worker */
static int ready[2];

/* Take a share of memory; the first one also writes to a disk, and leaves the write pending. */
static void *worker(void *arg)
{
	long n = (long)arg;

	for (unsigned long at = 0; at < share; at += 4096)
		hoard[(unsigned long)n * share + at] = 1;
	if (n == 0) {
		int fd = open("/dev/ram0", O_WRONLY);

		if (fd >= 0 && write(fd, hoard, 4096) < 0)
			warn("/dev/ram0");
	}
	if (write(ready[1], "", 1) < 0)
		warn("pipe");
	for (;;)
		pause();
	return NULL;
}

/* In the child: start the workers, then leave without ending the process. */
static void be_group(unsigned long bytes)
{
	pthread_t t;

	put("/proc/self/oom_score_adj", "1000");
	share = bytes / WORKERS / 4096 * 4096;
	hoard = mmap(NULL, share * WORKERS, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hoard == MAP_FAILED)
		err(1, "mmap");
	for (long i = 0; i < WORKERS; i++)
		if (pthread_create(&t, NULL, worker, (void *)i) != 0)
			errx(1, "thread %ld does not start", i);
	syscall(SYS_exit, 0);
}

static pid_t start_group(unsigned long bytes)
{
	char c;
	pid_t pid;

	if (pipe(ready) != 0)
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		be_group(bytes);
	close(ready[1]);
	for (int i = 0; i < WORKERS; i++)
		if (read(ready[0], &c, 1) != 1)
			errx(1, "the group did not get its memory");
	close(ready[0]);
	return pid;
}

/* ---- looking at it ---- */

/* Count the threads, and those in the refrigerator; states gets one letter for each. */
static int look(pid_t pid, char *states, size_t size, int *frozen)
{
	char path[300], line[256], *end;
	struct dirent *d;
	DIR *dir;
	size_t n = 0;
	FILE *f;

	*frozen = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)) && n + 1 < size) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, d->d_name);
		*frozen += !strcmp(get(path, "Freezer"), "frozen");
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", pid, d->d_name);
		f = fopen(path, "r");
		end = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		if (end && end[1] == ' ')
			states[n++] = end[2];
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	states[n] = 0;
	return (int)n;
}

static int sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	return nanosleep(&t, NULL);
}

/* Give it three seconds to be gone; 1 if it is. */
static int wait_gone(pid_t pid, int *status)
{
	for (int i = 0; i < 300; i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;
		sleep_ms(10);
	}
	return 0;
}

static const char *suspend(void)
{
	int error = put("/sys/power/state", "freeze");

	switch (error) {
	case 0: return "ok";
	case EBUSY: return "EBUSY";
	case EINTR: return "EINTR";
	}
	return strerror(error);
}

static void tell_the_group(pid_t pid)
{
	char states[64];
	int frozen, n = 0;

	for (int i = 0; i < 100; i++) {
		n = look(pid, states, sizeof(states), &frozen);
		if (strchr(states, 'Z'))
			break;
		sleep_ms(10);
	}
	say("   Process %d has %d threads in the states %s; Z is the leader.", pid, n, states);
	say("   %lu MiB are free.", number("/proc/meminfo", "MemFree") / 1024);
}

int main(void)
{
	unsigned long available, hog, eaten, io_before, kills_before;
	char design[32], text[160];
	const char *ended;
	int status = 0, frozen, error, gone;
	char states[64];
	pid_t pid;

	if (access(EATER, W_OK) != 0)
		errx(1, "%s is not there: the scene needs Thaw and its test door", EATER);
	snprintf(design, sizeof(design), "%.31s", get(OOM, "design"));
	put("/proc/self/oom_score_adj", "-1000");
	put("/sys/module/suspend/parameters/pm_test_delay", "0");
	put("/sys/power/pm_freeze_timeout", "3000");
	put("/sys/power/pm_test", "freezer");
	io_before = number("/proc/vmstat", "io_after_barrier");
	kills_before = number("/proc/vmstat", "oom_kill");

	available = number("/proc/meminfo", "MemAvailable");
	if (!available)
		available = number("/proc/meminfo", "MemFree");
	hog = available / 10 * 6;
	say("1. How victims are counted: %s.", design);
	say("2. Eight threads take %lu of %lu MiB; then their leader exits.", hog / 1024,
	    available / 1024);
	pid = start_group(hog * 1024);
	tell_the_group(pid);

	available = number("/proc/meminfo", "MemAvailable");
	if (!available)
		available = number("/proc/meminfo", "MemFree");
	eaten = available + hog / 2;
	error = put(EATER, "disable_oom %lu", eaten);
	if (error)
		errx(1, "%s: %s", EATER, strerror(error));
	say("3. Suspend begins. When all users are frozen, a kernel thread will want %lu MiB.",
	    eaten / 1024);
	ended = suspend();
	look(pid, states, sizeof(states), &frozen);

	snprintf(text, sizeof(text), "%s", get(EATER, "disable_oom"));
	say("4. Suspend has come back: %s. The eater says: %s", ended, *text ? text : "nothing");
	say("   The OOM killer has killed %lu.", number("/proc/vmstat", "oom_kill") - kills_before);
	if (*get(OOM, "frozen_victims"))
		frozen = (int)number(OOM, "frozen_victims");
	say("   Threads of the victim that stayed in the refrigerator until the thaw: %d.", frozen);
	say("   oom_killer_disable: %s.", get(OOM, "last_disable"));
	say("   Block requests submitted by user tasks after it: %lu.",
	    number("/proc/vmstat", "io_after_barrier") - io_before);
	result("fridge", "%d", frozen);
	result("disable", "%s", get(OOM, "last_disable"));
	result("io_after_barrier", "%lu", number("/proc/vmstat", "io_after_barrier") - io_before);
	result("suspend", "%s", ended);

	gone = wait_gone(pid, &status);
	if (gone && WIFSIGNALED(status))
		say("5. The group is gone, killed by signal %d, and its parent has reaped it.",
		    WTERMSIG(status));
	else
		say("5. The group %s.", gone ? "is gone, but not killed" : "is still there");
	say("   Instructions from the kill to all its memory free, idle time included: %s.",
	    get(OOM, "last_kill_insns"));
	result("kill_insns", "%s", get(OOM, "last_kill_insns"));
	say("   Victims still counted: %lu.", number(OOM, "victims"));
	result("victims", "%lu", number(OOM, "victims"));
	if (number(OOM, "victims")) {
		say("6. Nobody is left to lower the count. Suspend once more:");
		say("   %s; oom_killer_disable: %s.", suspend(), get(OOM, "last_disable"));
	}
	if (!gone)
		kill(pid, SIGKILL);
	return 0;
}
