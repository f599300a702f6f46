// SPDX-License-Identifier: GPL-2.0-only
/* fork, exec, wait, clone. */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

extern char **environ;

/* The child has one thread, this one, under a new tid and with no robust list in the kernel. */
pid_t fork(void)
{
	struct pthread *self = thread_self();
	long pid;

	__run_atfork(ATFORK_PREPARE);
	__locks_before_fork();
	pid = sys0(__NR_fork);
	if (pid == 0) {
		self->tid = (int)sys0(__NR_gettid);
		self->robust_known = 0;
		self->robust.list.next = &self->robust.list;
		__thread_count = 1;
	}
	__locks_after_fork();
	__run_atfork(pid == 0 ? ATFORK_CHILD : ATFORK_PARENT);
	return (pid_t)sys_ret(pid);
}

/* The arguments that follow are those of the flags: int *ptid, void *tls, int *ctid. */
int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	va_list ap;
	int *ptid, *ctid;
	void *tls;

	va_start(ap, arg);
	ptid = va_arg(ap, int *);
	tls = va_arg(ap, void *);
	ctid = va_arg(ap, int *);
	va_end(ap);
	if (!fn || !stack) {
		errno = EINVAL;
		return -1;
	}
	return (int)sys_ret(__clone((unsigned int)flags, stack, ptid, ctid, tls, fn, arg));
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)sys_ret(sys3(__NR_execve, (long)path, (long)argv, (long)envp));
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

/* Try every directory of PATH; "not there" loses against any other reason. */
int execvpe(const char *file, char *const argv[], char *const envp[])
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];
	int reason = ENOENT;

	if (!*file || strchr(file, '/'))
		return execve(file, argv, envp);
	if (!dirs)
		dirs = "/bin:/usr/bin";
	while (*dirs) {
		size_t n = strcspn(dirs, ":");

		if (n + strlen(file) + 2 <= sizeof(path)) {
			memcpy(path, dirs, n);
			strcpy(path + n, n ? "/" : "");
			strcat(path, file);
			execve(path, argv, envp);
			if (errno != ENOENT && errno != ENOTDIR)
				reason = errno;
			if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
				break;
		}
		dirs += n + (dirs[n] == ':');
	}
	errno = reason;
	return -1;
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* execl's list as an array on the stack; p stays after the NULL, where execle's environment is. */
#define COLLECT(argv, first, ap) \
	int argc = 1; \
	va_list count; \
	va_copy(count, ap); \
	while (va_arg(count, char *)) \
		argc++; \
	va_end(count); \
	char *argv[argc + 1]; \
	argv[0] = (char *)(first); \
	for (int i = 1; i <= argc; i++) \
		argv[i] = va_arg(ap, char *)

int execl(const char *path, const char *arg, ...)
{
	va_list ap;

	va_start(ap, arg);
	COLLECT(argv, arg, ap);
	va_end(ap);
	return execve(path, argv, environ);
}

int execlp(const char *file, const char *arg, ...)
{
	va_list ap;

	va_start(ap, arg);
	COLLECT(argv, arg, ap);
	va_end(ap);
	return execvp(file, argv);
}

int execle(const char *path, const char *arg, ...)
{
	va_list ap;
	char **envp;

	va_start(ap, arg);
	COLLECT(argv, arg, ap);
	envp = va_arg(ap, char **);
	va_end(ap);
	return execve(path, argv, envp);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return (pid_t)sys_ret(sys4(__NR_wait4, pid, (long)status, options, (long)usage));
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	return (int)sys_ret(sys6(__NR_waitid, type, id, (long)info, options, 0, 0));
}
