// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tracer by whatever C library this is linked with: it runs itself as its tracee, counts and reads
 * the system calls, changes one, steps, follows a fork and an exec. Says what came of it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[] = "what the tracee says";
static volatile int number = 1;

static int tracee(char *self)
{
	int status;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	syscall(SYS_write, -1, text, sizeof(text));
	if (syscall(SYS_getppid) != 1234)
		return 1;
	if (fork() == 0)
		_exit(3);
	wait(&status);
	if (WEXITSTATUS(status) != 3 || number != 2)
		return 2;
	execl(self, self, "end", (char *)NULL);
	return 3;
}

static int stop_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return -1;
	return status >> 8;
}

/* A string of its memory, by words. */
static void peek(pid_t pid, unsigned long at, char *to, size_t n)
{
	for (size_t i = 0; i < n; i += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, at + i, NULL);
		if (errno)
			perror("peek");
		memcpy(to + i, &word, sizeof(word));
	}
}

static void look_at_call(pid_t pid, int *calls)
{
	struct user_regs_struct r;
	struct iovec iov = { &r, sizeof(r) };
	char said[24] = "";

	if (ptrace(PTRACE_GETREGSET, pid, (void *)1, &iov) || iov.iov_len != sizeof(r))
		perror("registers");
	if ((long)r.rax != -ENOSYS) {			/* the end of a call */
		if (r.orig_rax == SYS_getppid) {
			r.rax = 1234;
			ptrace(PTRACE_SETREGS, pid, NULL, &r);
			ptrace(PTRACE_POKEDATA, pid, &number, 2L);
		}
		return;
	}
	++*calls;
	if (r.orig_rax == SYS_write && (int)r.rdi == -1) {
		peek(pid, r.rsi, said, sizeof(said) - 1 - 7);
		said[16] = 0;
		printf("write: %s\n", said);
	}
}

static void events(pid_t pid)
{
	int calls = 0, stop, status;
	unsigned long child;

	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		stop = stop_of(pid);
		if (stop == (SIGTRAP | 0x80)) {
			look_at_call(pid, &calls);
		} else if (stop == (SIGTRAP | PTRACE_EVENT_FORK << 8)) {
			ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child);
			printf("fork: %s\n", stop_of((pid_t)child) == SIGSTOP ? "a stopped child" : "?");
			ptrace(PTRACE_DETACH, (pid_t)child, NULL, NULL);
		} else if (stop == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			printf("exec, after %s calls\n", calls > 4 ? "some" : "few");
			break;
		} else if (stop != SIGCHLD) {
			printf("stop: %x\n", (unsigned)stop);
			return;
		}
	}
	for (int i = 0; i < 100; i++) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		if (stop_of(pid) != SIGTRAP) {
			printf("step %d\n", i);
			return;
		}
	}
	printf("100 steps\n");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	printf("exit: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc > 1)
		return 42;
	pid = fork();
	if (pid == 0)
		_exit(tracee(argv[0]));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("stop: %s\n", stop_of(pid) == SIGSTOP ? "by itself" : "?");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)))
		perror("options");
	events(pid);
	return 0;
}
