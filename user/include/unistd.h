// SPDX-License-Identifier: GPL-2.0-only
/* newlib's <unistd.h> and what Linux programs expect beside it. */
#pragma once

#include_next <unistd.h>

#define SEEK_DATA	3
#define SEEK_HOLE	4
#define CLOSE_RANGE_UNSHARE	2U
#define CLOSE_RANGE_CLOEXEC	4U

__BEGIN_DECLS
long syscall(long number, ...);
pid_t gettid(void);
int brk(void *end);
int dup3(int from, int to, int flags);
int pipe2(int fds[2], int flags);
int execvpe(const char *file, char *const argv[], char *const envp[]);
int setresuid(uid_t ruid, uid_t euid, uid_t suid);
int setresgid(gid_t rgid, gid_t egid, gid_t sgid);
int getresuid(uid_t *ruid, uid_t *euid, uid_t *suid);
int getresgid(gid_t *rgid, gid_t *egid, gid_t *sgid);
int close_range(unsigned int first, unsigned int last, int flags);
int renameat(int olddir, const char *from, int newdir, const char *to);
int chroot(const char *path);
int syncfs(int fd);
int getentropy(void *buf, size_t len);
__END_DECLS
