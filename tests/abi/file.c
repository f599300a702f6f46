// SPDX-License-Identifier: GPL-2.0-only
//
// Files, directories, links, descriptors, and the small devices.
#include "t.h"

#include <asm/ioctls.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/nsfs.h>

static char buf[4096];

static long open_rw(const char *path)
{
	return sys(open, path, O_RDWR | O_CREAT, 0644);
}

TEST(write_then_read)
{
	t_tmpdir();
	long fd = open_rw("f");

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, "hello", 5), 5);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(read, fd, buf, 100), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(sys(read, fd, buf, 100), 0);
}

TEST(open_modes)
{
	t_tmpdir();
	CHECK_EQ(sys(open, "f", O_RDONLY), -ENOENT);
	long fd = sys(open, "f", O_WRONLY | O_CREAT | O_EXCL, 0644);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(read, fd, buf, 1), -EBADF);
	CHECK_EQ(sys(open, "f", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
	fd = sys(open, "f", O_RDONLY);
	CHECK_EQ(sys(write, fd, buf, 1), -EBADF);
	CHECK_EQ(sys(open, ".", O_WRONLY), -EISDIR);
	CHECK_EQ(sys(open, ".", O_RDWR | O_CREAT, 0644), -EISDIR);
	CHECK_EQ(sys(open, "f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	fd = sys(open, ".", O_RDONLY);
	CHECK_EQ(sys(read, fd, buf, 1), -EISDIR);
}

TEST(truncate_on_open_and_by_call)
{
	struct stat st;

	t_tmpdir();
	t_spit("f", "0123456789");
	long fd = sys(open, "f", O_RDWR | O_TRUNC);

	CHECK_EQ(sys(read, fd, buf, 10), 0);
	sys(write, fd, "0123456789", 10);
	CHECK_EQ(sys(ftruncate, fd, 4), 0);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_size, 4);
	CHECK_EQ(sys(ftruncate, fd, 8), 0);
	CHECK_EQ(sys(pread64, fd, buf, 100, 0), 8);
	CHECK(!memcmp(buf, "0123\0\0\0\0", 8)); // what was cut off is gone
	CHECK_EQ(sys(ftruncate, fd, -1L), -EINVAL);
	fd = sys(open, "f", O_RDONLY);
	CHECK_EQ(sys(ftruncate, fd, 0), -EINVAL);
}

TEST(append)
{
	t_tmpdir();
	t_spit("f", "one");
	long fd = sys(open, "f", O_WRONLY | O_APPEND), other = sys(open, "f", O_RDWR);

	CHECK_EQ(sys(write, fd, "two", 3), 3);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(write, fd, "three", 5), 5);
	CHECK_EQ(sys(read, other, buf, 100), 11);
	CHECK(!memcmp(buf, "onetwothree", 11));
}

TEST(seek)
{
	t_tmpdir();
	long fd = open_rw("f");

	sys(write, fd, "abcdef", 6);
	CHECK_EQ(sys(lseek, fd, 2, SEEK_SET), 2);
	CHECK_EQ(sys(lseek, fd, 2, SEEK_CUR), 4);
	CHECK_EQ(sys(lseek, fd, -1L, SEEK_END), 5);
	CHECK_EQ(sys(lseek, fd, -10L, SEEK_SET), -EINVAL);
	CHECK_EQ(sys(lseek, fd, -10L, SEEK_CUR), -EINVAL);
	CHECK_EQ(sys(lseek, fd, 0, 99), -EINVAL);
	CHECK_EQ(sys(lseek, fd, 100, SEEK_SET), 100);
	CHECK_EQ(sys(read, fd, buf, 1), 0);
	CHECK_EQ(sys(lseek, fd, 0x7fffffffffffffffL, SEEK_CUR), -EINVAL); // 100 more than there are
}

TEST(holes_read_as_zeros)
{
	struct stat st;

	t_tmpdir();
	long fd = open_rw("f");

	CHECK_EQ(sys(lseek, fd, 100000, SEEK_SET), 100000);
	CHECK_EQ(sys(write, fd, "x", 1), 1);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_size, 100001);
	memset(buf, 1, sizeof buf);
	CHECK_EQ(sys(pread64, fd, buf, sizeof buf, 50000), sizeof buf);
	for (size_t i = 0; i < sizeof buf; i++)
		CHECK_EQ(buf[i], 0);
}

TEST(positioned_and_vectored)
{
	t_tmpdir();
	long fd = open_rw("f");
	char a[3], b[4];
	struct iovec out[] = {{"abc", 3}, {"", 0}, {"defg", 4}}, in[] = {{a, 3}, {b, 4}};

	CHECK_EQ(sys(writev, fd, out, 3), 7);
	CHECK_EQ(sys(pwrite64, fd, "X", 1, 1), 1);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_CUR), 7); // not moved
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(readv, fd, in, 2), 7);
	CHECK(!memcmp(a, "aXc", 3) && !memcmp(b, "defg", 4));
	CHECK_EQ(sys(pread64, fd, buf, 1, -1L), -EINVAL);
	CHECK_EQ(sys(readv, fd, in, -1), -EINVAL);
	CHECK_EQ(sys(readv, fd, in, 1025), -EINVAL);
	CHECK_EQ(sys(readv, fd, 8UL, 1), -EFAULT);
	in[0].iov_len = (size_t)-1;
	CHECK_EQ(sys(readv, fd, in, 2), -EINVAL);
}

TEST(bad_buffers)
{
	t_tmpdir();
	t_spit("f", "0123456789");
	long fd = sys(open, "f", O_RDWR);

	CHECK_EQ(sys(read, fd, 8UL, 5), -EFAULT);
	CHECK_EQ(sys(read, fd, 0xffff800000000000UL, 5), -EFAULT);
	CHECK_EQ(sys(write, fd, 8UL, 5), -EFAULT);
	CHECK_EQ(sys(read, fd, buf, -1L), -EFAULT); // as Linux says it on a file
	char *page = t_map(2 * PAGE);

	sys(munmap, page + PAGE, PAGE);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(read, fd, page + PAGE - 4, 4), 4); // exactly fits
	CHECK(!memcmp(page + PAGE - 4, "0123", 4));
	sys(lseek, fd, 0, SEEK_SET);
	long n = sys(read, fd, page + PAGE - 4, 10);

	CHECK(n == 4 || n == -EFAULT);
}

TEST(stat_fields)
{
	struct stat st, st2;

	t_tmpdir();
	sys(umask, 022);
	long fd = sys(open, "f", O_RDWR | O_CREAT, 0666);

	sys(write, fd, "hello", 5);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_mode, 0100644);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_size, 5);
	CHECK_EQ(st.st_uid, sys(getuid));
	CHECK(st.st_ino != 0);
	CHECK_EQ(sys(stat, "f", &st2), 0);
	CHECK_EQ(st.st_ino, st2.st_ino);
	CHECK_EQ(st.st_dev, st2.st_dev);
	CHECK_EQ(sys(stat, ".", &st2), 0);
	CHECK_EQ(st2.st_mode & 0170000, 0040000);
	CHECK_EQ(sys(newfstatat, AT_FDCWD, "f", &st2, 0), 0);
	CHECK_EQ(st.st_ino, st2.st_ino);
	CHECK_EQ(sys(newfstatat, fd, "", &st2, AT_EMPTY_PATH), 0);
	CHECK_EQ(st.st_ino, st2.st_ino);
	CHECK_EQ(sys(stat, "no", &st), -ENOENT);
	CHECK_EQ(sys(stat, "f", 8UL), -EFAULT);
	CHECK_EQ(sys(stat, 8UL, &st), -EFAULT);
	CHECK_EQ(sys(fstat, -1, &st), -EBADF);
}

TEST(modes)
{
	struct stat st;

	t_tmpdir();
	CHECK_EQ(sys(umask, 077), 022);
	long fd = sys(open, "f", O_RDWR | O_CREAT, 0666);

	sys(fstat, fd, &st);
	CHECK_EQ(st.st_mode, 0100600);
	CHECK_EQ(sys(chmod, "f", 0751), 0);
	sys(fstat, fd, &st);
	CHECK_EQ(st.st_mode, 0100751);
	CHECK_EQ(sys(umask, 022), 077);
	CHECK_EQ(sys(access, "f", 0), 0);
	CHECK_EQ(sys(access, "f", 4), 0);
	CHECK_EQ(sys(access, "no", 0), -ENOENT);
}

TEST(unlinked_file_stays_while_open)
{
	struct stat st;

	t_tmpdir();
	long fd = open_rw("f");

	sys(write, fd, "hello", 5);
	CHECK_EQ(sys(unlink, "f"), 0);
	CHECK_EQ(sys(open, "f", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(sys(pread64, fd, buf, 10, 0), 5);
	CHECK_EQ(sys(unlink, "f"), -ENOENT);
	CHECK_EQ(sys(unlink, "."), -EISDIR);
}

TEST(directories)
{
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), -EEXIST);
	CHECK_EQ(sys(mkdir, "no/d", 0755), -ENOENT);
	CHECK_EQ(sys(mkdir, "d/e", 0755), 0);
	CHECK_EQ(sys(rmdir, "d"), -ENOTEMPTY);
	CHECK_EQ(sys(unlink, "d"), -EISDIR);
	CHECK_EQ(t_spit("d/f", "x"), 0);
	CHECK_EQ(sys(rmdir, "d/f"), -ENOTDIR);
	CHECK_EQ(sys(open, "d/f/g", O_RDONLY), -ENOTDIR);
	CHECK_EQ(sys(unlink, "d/f"), 0);
	CHECK_EQ(sys(rmdir, "d/e"), 0);
	CHECK_EQ(sys(rmdir, "d/."), -EINVAL);
	CHECK_EQ(sys(rmdir, "d/"), 0);
	CHECK_EQ(sys(rmdir, "d"), -ENOENT);
	CHECK_EQ(sys(mkdir, "", 0755), -ENOENT);
	CHECK_EQ(sys(mkdir, "/", 0755), -EEXIST);
}

TEST(links_of_a_directory)
{
	struct stat st;

	t_tmpdir();
	sys(mkdir, "d", 0755);
	sys(mkdir, "d/a", 0755);
	sys(mkdir, "d/b", 0755);
	CHECK_EQ(sys(stat, "d", &st), 0);
	CHECK(st.st_nlink == 4 || st.st_nlink == 1); // 1: a file system that does not count
}

TEST(current_directory)
{
	t_tmpdir();
	CHECK_GE(sys(getcwd, buf, sizeof buf), 2);
	size_t n = strlen(buf);

	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(chdir, "d"), 0);
	CHECK_EQ(sys(getcwd, buf, sizeof buf), n + 3);
	CHECK(!strcmp(buf + n, "/d"));
	CHECK_EQ(sys(chdir, "../d/./.."), 0);
	CHECK_EQ(sys(getcwd, buf, sizeof buf), n + 1);
	CHECK_EQ(sys(getcwd, buf, n), -ERANGE);
	CHECK_EQ(sys(chdir, "no"), -ENOENT);
	t_spit("f", "x");
	CHECK_EQ(sys(chdir, "f"), -ENOTDIR);
	long fd = sys(open, "d", O_RDONLY | O_DIRECTORY);

	CHECK_EQ(sys(fchdir, fd), 0);
	CHECK_EQ(sys(chdir, "/../../.."), 0);
	CHECK_EQ(sys(getcwd, buf, sizeof buf), 2);
}

TEST(relative_to_a_descriptor)
{
	t_tmpdir();
	sys(mkdir, "d", 0755);
	long dir = sys(open, "d", O_RDONLY | O_DIRECTORY), fd;

	CHECK_GE(fd = sys(openat, dir, "f", O_RDWR | O_CREAT, 0644), 0);
	CHECK_EQ(sys(openat, fd, "g", O_RDONLY), -ENOTDIR);
	CHECK_EQ(sys(openat, 999, "g", O_RDONLY), -EBADF);
	CHECK_GE(sys(openat, 999, "/", O_RDONLY), 0); // absolute: the descriptor is not looked at
	CHECK_EQ(sys(mkdirat, dir, "e", 0755), 0);
	CHECK_EQ(sys(renameat, dir, "f", AT_FDCWD, "h"), 0);
	CHECK_EQ(sys(unlinkat, AT_FDCWD, "h", 0), 0);
	CHECK_EQ(sys(unlinkat, dir, "e", 0), -EISDIR);
	CHECK_EQ(sys(unlinkat, dir, "e", AT_REMOVEDIR), 0);
	CHECK_EQ(sys(unlinkat, dir, "e", 0x40000), -EINVAL);
}

TEST(rename_files)
{
	t_tmpdir();
	t_spit("a", "A");
	t_spit("b", "B");
	long fd = sys(open, "b", O_RDONLY);

	CHECK_EQ(sys(rename, "a", "b"), 0);
	CHECK_EQ(sys(open, "a", O_RDONLY), -ENOENT);
	CHECK_EQ(t_slurp("b", buf, sizeof buf), 1);
	CHECK_EQ(buf[0], 'A');
	CHECK_EQ(sys(read, fd, buf, 1), 1);
	CHECK_EQ(buf[0], 'B'); // the old one lives while it is open
	CHECK_EQ(sys(rename, "no", "b"), -ENOENT);
	CHECK_EQ(sys(rename, "b", "b"), 0);
	CHECK_EQ(sys(rename, "b", "no/b"), -ENOENT);
	CHECK_EQ(sys(rename, "b", ""), -ENOENT);
}

TEST(rename_directories)
{
	t_tmpdir();
	sys(mkdir, "d", 0755);
	sys(mkdir, "d/e", 0755);
	sys(mkdir, "x", 0755);
	t_spit("f", "F");
	CHECK_EQ(sys(rename, "d", "d/e/d"), -EINVAL); // into itself
	CHECK_EQ(sys(rename, "d", "f"), -ENOTDIR);
	CHECK_EQ(sys(rename, "f", "d"), -EISDIR);
	CHECK_EQ(sys(rename, "x", "d"), -ENOTEMPTY);
	CHECK_EQ(sys(rename, "d", "x"), 0); // over an empty one
	CHECK_EQ(sys(access, "x/e", 0), 0);
	CHECK_EQ(sys(rename, "x/e", "e"), 0);
	CHECK_EQ(sys(chdir, "e"), 0);
	CHECK_EQ(sys(access, "../f", 0), 0); // .. follows the move
	CHECK(sys(rename, ".", "q") == -EBUSY);
}

TEST(symbolic_links)
{
	struct stat st;

	t_tmpdir();
	t_spit("f", "F");
	CHECK_EQ(sys(symlink, "f", "l"), 0);
	CHECK_EQ(sys(symlink, "f", "l"), -EEXIST);
	CHECK_EQ(t_slurp("l", buf, sizeof buf), 1);
	CHECK_EQ(sys(readlink, "l", buf, sizeof buf), 1);
	CHECK_EQ(buf[0], 'f');
	CHECK_EQ(sys(lstat, "l", &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0120000);
	CHECK_EQ(st.st_size, 1);
	CHECK_EQ(sys(stat, "l", &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0100000);
	CHECK_EQ(sys(open, "l", O_RDONLY | O_NOFOLLOW), -ELOOP);
	CHECK_EQ(sys(readlink, "f", buf, sizeof buf), -EINVAL);
	CHECK_EQ(sys(readlink, "l", buf, 0), -EINVAL);
	CHECK_EQ(sys(symlink, "", "m"), -ENOENT);
	CHECK_EQ(sys(unlink, "l"), 0);
	CHECK_EQ(sys(access, "f", 0), 0); // the link went, not the file
}

TEST(slashes_and_dots_on_the_way)
{
	t_tmpdir();
	sys(mkdir, "d", 0755);
	t_spit("d/f", "F");
	sys(symlink, "f", "d/l");
	for (int again = 0; again < 2; again++) { // what is not known the first time is the second
		CHECK_EQ(t_slurp("d//f", buf, sizeof buf), 1);
		CHECK_EQ(t_slurp("./d/./f", buf, sizeof buf), 1);
		CHECK_EQ(t_slurp("d/../d/f", buf, sizeof buf), 1);
		CHECK_EQ(sys(access, "d/", 0), 0);
		CHECK_EQ(sys(access, "d/f/", 0), -ENOTDIR);
		CHECK_EQ(sys(access, "d/f//", 0), -ENOTDIR);
		CHECK_EQ(sys(access, "d/f/x", 0), -ENOTDIR);
		CHECK_EQ(sys(access, "d/l/", 0), -ENOTDIR);
		CHECK_EQ(sys(access, "d/l/x", 0), -ENOTDIR);
		CHECK_EQ(sys(open, "d/l", O_RDONLY | O_NOFOLLOW), -ELOOP);
		CHECK_EQ(sys(open, "d/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
		CHECK_EQ(sys(access, "d/g", 0), -ENOENT);
		CHECK_EQ(sys(access, "", 0), -ENOENT);
		CHECK_EQ(sys(access, "//", 0), 0);
	}
	CHECK_EQ(sys(rename, "d/f", "d/g"), 0);
	CHECK_EQ(sys(access, "d/f", 0), -ENOENT);
	CHECK_EQ(sys(access, "d/g", 0), 0);
	CHECK_EQ(sys(rename, "d", "e"), 0);
	CHECK_EQ(sys(access, "d/g", 0), -ENOENT);
	CHECK_EQ(sys(access, "e/g", 0), 0);
}

TEST(symbolic_links_on_the_way)
{
	t_tmpdir();
	sys(mkdir, "d", 0755);
	t_spit("d/f", "F");
	sys(symlink, "d", "l");
	CHECK_EQ(t_slurp("l/f", buf, sizeof buf), 1);
	sys(symlink, "../d/f", "d/up");
	CHECK_EQ(t_slurp("l/up", buf, sizeof buf), 1);
	sys(symlink, "nowhere", "dangling");
	CHECK_EQ(sys(open, "dangling", O_RDONLY), -ENOENT);
	CHECK_GE(sys(open, "dangling", O_WRONLY | O_CREAT, 0644), 0);
	CHECK_EQ(sys(access, "nowhere", 0), 0);
	sys(symlink, "a", "b");
	sys(symlink, "b", "a");
	CHECK_EQ(sys(open, "a", O_RDONLY), -ELOOP);
	CHECK_EQ(sys(open, "a/b/c", O_RDONLY), -ELOOP);
	sys(symlink, "self/self", "self");
	CHECK_EQ(sys(open, "self", O_RDONLY), -ELOOP);
}

TEST(hard_links)
{
	struct stat st;

	t_tmpdir();
	t_spit("f", "F");
	CHECK_EQ(sys(link, "f", "g"), 0);
	CHECK_EQ(sys(stat, "g", &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(sys(link, "f", "g"), -EEXIST);
	CHECK_EQ(sys(unlink, "f"), 0);
	CHECK_EQ(t_slurp("g", buf, sizeof buf), 1);
	CHECK_EQ(sys(link, ".", "h"), -EPERM);
}

TEST(long_names)
{
	char *name = t_map(3 * PAGE);

	t_tmpdir();
	memset(name, 'n', 255);
	CHECK_EQ(t_spit(name, "x"), 0);
	CHECK_EQ(sys(unlink, name), 0);
	name[255] = 'n';
	CHECK_EQ(t_spit(name, "x"), -ENAMETOOLONG);
	memset(name, '/', 2 * PAGE);
	name[PAGE - 1] = 0;
	CHECK_GE(sys(open, name, O_RDONLY), 0); // 4095 slashes are the root
	name[PAGE - 1] = '/';
	CHECK_EQ(sys(open, name, O_RDONLY), -ENAMETOOLONG);
	for (int i = 0; i < 1000; i++)
		memcpy(name + i * 2, "./", 3);
	CHECK_GE(sys(open, name, O_RDONLY), 0);
}

TEST(list_a_directory)
{
	static bool seen[100];
	int extra = 0;

	t_tmpdir();
	for (int i = 0; i < 100; i++) {
		t_snprintf(buf, sizeof buf, "file-%d", i);
		CHECK_EQ(t_spit(buf, ""), 0);
	}
	long fd = sys(open, ".", O_RDONLY | O_DIRECTORY), n;

	while ((n = sys(getdents64, fd, buf, 500)) > 0) // several calls
		for (long at = 0; at < n; at += ((struct entry *)(buf + at))->len) {
			struct entry *e = (void *)(buf + at);

			CHECK_EQ((unsigned long)e % 8, 0);
			CHECK(e->ino != 0);
			if (strncmp(e->name, "file-", 5)) {
				CHECK(!strcmp(e->name, ".") || !strcmp(e->name, ".."));
				extra++;
				continue;
			}
			CHECK(!seen[t_number(e->name + 5)]);
			seen[t_number(e->name + 5)] = true;
			CHECK(e->type == 8 || e->type == 0);
		}
	CHECK_EQ(n, 0);
	CHECK_EQ(extra, 2);
	for (int i = 0; i < 100; i++)
		CHECK(seen[i]);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(getdents64, fd, buf, 10), -EINVAL); // no room for one
	CHECK_GE(sys(getdents64, fd, buf, 500), 1);
	CHECK_EQ(sys(getdents64, fd, 8UL, 500), -EFAULT);
	fd = sys(open, "file-1", O_RDONLY);
	CHECK_EQ(sys(getdents64, fd, buf, 500), -ENOTDIR);
}

TEST(removal_while_listing)
{
	t_tmpdir();
	for (int i = 0; i < 60; i++) {
		t_snprintf(buf, sizeof buf, "f%d", i);
		t_spit(buf, "");
	}
	long fd = sys(open, ".", O_RDONLY | O_DIRECTORY), n;
	int removed = 0;

	while ((n = sys(getdents64, fd, buf, 300)) > 0)
		for (long at = 0; at < n; at += ((struct entry *)(buf + at))->len)
			removed += sys(unlink, ((struct entry *)(buf + at))->name) == 0;
	CHECK_EQ(removed, 60);
}

// ---- descriptors ----

TEST(duplicates)
{
	t_tmpdir();
	long fd = open_rw("f"), a = sys(dup, fd);

	sys(write, fd, "ab", 2);
	CHECK_EQ(sys(lseek, a, 0, SEEK_CUR), 2); // one offset
	CHECK_EQ(sys(dup2, fd, 50), 50);
	CHECK_EQ(sys(dup2, fd, fd), fd);
	CHECK_EQ(sys(dup2, 999, 999), -EBADF);
	CHECK_EQ(sys(dup2, 999, fd), -EBADF);
	CHECK_EQ(sys(dup2, fd, -1), -EBADF);
	CHECK_EQ(sys(dup3, fd, 51, O_CLOEXEC), 51);
	CHECK_EQ(sys(fcntl, 51, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, 50, F_GETFD), 0);
	CHECK_EQ(sys(dup3, fd, fd, 0), -EINVAL);
	CHECK_EQ(sys(dup3, fd, 52, 1), -EINVAL);
	CHECK_EQ(sys(fcntl, fd, F_DUPFD, 60), 60);
	CHECK_EQ(sys(fcntl, fd, F_DUPFD_CLOEXEC, 60), 61);
	CHECK_EQ(sys(fcntl, fd, F_DUPFD, -1), -EINVAL);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(write, 50, "c", 1), 1);
}

TEST(lowest_free_number)
{
	long a = sys(dup, 0), b = sys(dup, 0), c = sys(dup, 0);

	CHECK_EQ(b, a + 1);
	CHECK_EQ(c, b + 1);
	sys(close, b);
	sys(close, a);
	CHECK_EQ(sys(dup, 0), a);
	CHECK_EQ(sys(dup, 0), b);
	CHECK_EQ(sys(dup, 0), c + 1);
}

// How long what is written is thought to live: a file's, not a descriptor's.
TEST(write_hints)
{
	enum { GET_RW_HINT = 1035, SET_RW_HINT, GET_FILE_RW_HINT, SET_FILE_RW_HINT };
	unsigned long hint = 77;
	long fd, other;
	int fds[2];

	t_tmpdir();
	fd = open_rw("f");
	other = sys(open, "f", O_RDONLY);
	CHECK_EQ(sys(fcntl, fd, GET_RW_HINT, &hint), 0);
	CHECK_EQ(hint, 0);
	for (unsigned long set = 0; set <= 5; set++) {
		CHECK_EQ(sys(fcntl, other, SET_RW_HINT, &set), 0);
		CHECK_EQ(sys(fcntl, fd, GET_RW_HINT, &hint), 0);
		CHECK_EQ(hint, set);
	}
	hint = 6;
	CHECK_EQ(sys(fcntl, fd, SET_RW_HINT, &hint), -EINVAL);
	hint = 0xffffffff;
	CHECK_EQ(sys(fcntl, fd, SET_RW_HINT, &hint), -EINVAL);
	CHECK_EQ(sys(fcntl, fd, SET_RW_HINT, 8), -EFAULT);
	CHECK_EQ(sys(fcntl, fd, GET_RW_HINT, 8), -EFAULT);
	CHECK_EQ(sys(fcntl, other, GET_RW_HINT, &hint), 0);
	CHECK_EQ(hint, 5);
	CHECK_EQ(sys(fcntl, fd, GET_FILE_RW_HINT, &hint), -EINVAL); // Linux had them from 4.13 to 5.17
	CHECK_EQ(sys(fcntl, fd, SET_FILE_RW_HINT, &hint), -EINVAL);
	CHECK_EQ(sys(fcntl, sys(open, "f", O_PATH), GET_RW_HINT, &hint), -EBADF);
	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(sys(fcntl, fds[0], GET_RW_HINT, &hint), 0);
	CHECK_EQ(hint, 0);
}

TEST(file_flags)
{
	t_tmpdir();
	long fd = sys(open, "f", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & ~0100000, O_RDWR | O_APPEND);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_NONBLOCK | O_CREAT | O_WRONLY), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & ~0100000, O_RDWR | O_NONBLOCK);
	CHECK_EQ(sys(fcntl, fd, F_SETFD, 0), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), 0);
	CHECK_EQ(sys(fcntl, fd, 9999, 0), -EINVAL);
	CHECK_EQ(sys(fcntl, sys(eventfd2, 0, 0), F_SETFL, O_DIRECT), -EINVAL);
	fd = sys(fcntl, 1, F_DUPFD, 1UL << 32 | 100); // an int
	CHECK_GE(fd, 100);
}

TEST(bad_descriptors)
{
	static const long bad[] = {-1, -100, 999, 1 << 20, 0x7fffffff, -0x7fffffffL - 1};

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_EQ(sys(read, bad[i], buf, 1), -EBADF);
		CHECK_EQ(sys(write, bad[i], buf, 1), -EBADF);
		CHECK_EQ(sys(close, bad[i]), -EBADF);
		CHECK_EQ(sys(lseek, bad[i], 0, SEEK_SET), -EBADF);
		CHECK_EQ(sys(fcntl, bad[i], F_GETFD), -EBADF);
		CHECK_EQ(sys(ioctl, bad[i], 0x5401, buf), -EBADF);
		CHECK_EQ(sys(dup, bad[i]), -EBADF);
		CHECK_EQ(sys(fsync, bad[i]), -EBADF);
		CHECK_EQ(sys(getdents64, bad[i], buf, 100), -EBADF);
		CHECK_EQ(sys(fchdir, bad[i]), -EBADF);
	}
}

TEST(too_many_descriptors)
{
	struct rlimit limit = {20, 20};

	CHECK_EQ(IN_CHILD({
		long fd;

		CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), 0);
		while ((fd = sys(dup, 0)) >= 0)
			CHECK(fd < 20);
		CHECK_EQ(fd, -EMFILE);
		CHECK_EQ(sys(open, "/", O_RDONLY), -EMFILE);
		CHECK_EQ(sys(dup2, 0, 20), -EBADF);
		CHECK_EQ(sys(fcntl, 0, F_DUPFD, 20), -EINVAL);
		int fds[2];

		CHECK_EQ(sys(pipe, fds), -EMFILE);
	}),
		0);
}

// Who has no descriptor left learns it before anything is made, or cut.
TEST(no_descriptor_no_change)
{
	struct rlimit limit = {20, 20};

	t_tmpdir();
	CHECK_EQ(t_spit("old", "text"), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), 0);
		while (sys(dup, 0) >= 0)
			;
		CHECK_EQ(sys(open, "new", O_RDWR | O_CREAT, 0600), -EMFILE);
		CHECK_EQ(sys(open, "old", O_RDWR | O_TRUNC), -EMFILE);
		CHECK_EQ(sys(open, "nothing", O_RDONLY), -EMFILE);
		CHECK_EQ(sys(open, 8UL, O_RDONLY), -EFAULT);
		CHECK_EQ(sys(open, "old", O_RDONLY | O_CREAT | O_DIRECTORY, 0600), -EINVAL);
	}),
		0);
	CHECK_EQ(sys(access, "new", 0), -ENOENT);
	CHECK_EQ(t_slurp("old", buf, sizeof buf), 4);
}

static int open_fifo(void *arg)
{
	long fd;

	while ((fd = sys(open, "fifo", O_RDONLY)) == -EMFILE)
		;
	*(_Atomic long *)arg = fd;
	return 0;
}

static bool one_is_left(void)
{
	long fd = sys(dup, 0);

	if (fd >= 0)
		sys(close, fd);
	return fd >= 0;
}

// While a thread waits in open, its descriptor is taken, and not there.
TEST(a_descriptor_is_taken_while_open_waits)
{
	struct thread t;
	_Atomic long fd = -1;

	t_tmpdir();
	CHECK_EQ(sys(mknod, "fifo", 010600, 0), 0);
	long next = sys(dup, 0);
	struct rlimit limit = {(unsigned long)next + 1, 1000}, more = {1000, 1000};

	sys(close, next);
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), 0);
	thread_start(&t, open_fifo, (void *)&fd);
	UNTIL(!one_is_left());
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &more), 0);
	CHECK_EQ(sys(fcntl, next, F_GETFD), -EBADF);
	CHECK_EQ(sys(close, next), -EBADF);
	CHECK_EQ(sys(dup2, 0, next), -EBUSY);
	CHECK_EQ(sys(dup3, 0, next, O_CLOEXEC), -EBUSY);
	CHECK_EQ(sys(dup, 0), next + 1);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(dup, 0), next)), 0); // nobody waits there
	long w = sys(open, "fifo", O_WRONLY);

	CHECK_EQ(w, next + 2);
	thread_join(&t);
	CHECK_EQ(fd, next);
}

// ---- devices ----

TEST(null_zero_full)
{
	long null = sys(open, "/dev/null", O_RDWR), zero = sys(open, "/dev/zero", O_RDWR),
	     full = sys(open, "/dev/full", O_RDWR);

	CHECK_GE(null, 0);
	CHECK_GE(zero, 0);
	CHECK_GE(full, 0);
	CHECK_EQ(sys(write, null, "x", 1), 1);
	CHECK_EQ(sys(read, null, buf, 1), 0);
	memset(buf, 1, 100);
	CHECK_EQ(sys(read, zero, buf, 100), 100);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(buf[i], 0);
	CHECK_EQ(sys(write, zero, "x", 1), 1);
	CHECK_EQ(sys(write, full, "x", 1), -ENOSPC);
	CHECK_EQ(sys(read, full, buf, 10), 10);
	struct stat st;

	CHECK_EQ(sys(fstat, null, &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0020000);
	CHECK_EQ(st.st_rdev, 0x103);
	CHECK_EQ(sys(ioctl, null, 0x5401, buf), -ENOTTY); // TCGETS
}

TEST(sync_calls)
{
	t_tmpdir();
	long fd = open_rw("f");

	sys(write, fd, "x", 1);
	CHECK_EQ(sys(fsync, fd), 0);
	CHECK_EQ(sys(sync), 0);
}

TEST(a_megabyte)
{
	enum { SIZE = 1 << 20 };
	unsigned *data = t_map(SIZE), *got = t_map(SIZE);

	t_tmpdir();
	for (unsigned i = 0; i < SIZE / sizeof *data; i++)
		data[i] = i * 2654435761u;
	long fd = open_rw("f");

	CHECK_EQ(sys(write, fd, data, SIZE), SIZE);
	CHECK_EQ(sys(pread64, fd, got, SIZE, 0), SIZE);
	CHECK(!memcmp(data, got, SIZE));
}

// tmpfs: a directory's size is a count of its names. Others have their own idea.
TEST(sizes_of_directories_in_memory)
{
	struct stat s;

	CHECK_EQ(sys(mkdir, "/dev/shm/sizes", 0700), 0);
	CHECK_EQ(sys(chdir, "/dev/shm/sizes"), 0);
	CHECK_EQ(sys(stat, ".", &s), 0);
	long empty = s.st_size;

	CHECK_EQ(sys(mkdir, "a", 0700), 0);
	CHECK_EQ(sys(symlink, "x", "b"), 0);
	sys(close, sys(open, "c", O_CREAT | O_WRONLY, 0600));
	CHECK_EQ(sys(link, "c", "d"), 0);
	CHECK_EQ(sys(stat, ".", &s), 0);
	CHECK_EQ(s.st_size, empty + 80);
	CHECK_EQ(s.st_blocks, 0);
	CHECK_EQ(sys(rename, "c", "a/e"), 0);
	CHECK_EQ(sys(rename, "b", "d"), 0);
	CHECK_EQ(sys(stat, ".", &s), 0);
	CHECK_EQ(s.st_size, empty + 40);
	CHECK_EQ(sys(stat, "a", &s), 0);
	CHECK_EQ(s.st_size, empty + 20);
	CHECK_EQ(sys(unlink, "a/e"), 0);
	CHECK_EQ(sys(unlink, "d"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(stat, ".", &s), 0);
	CHECK_EQ(s.st_size, empty);
	CHECK_EQ(sys(chdir, "/"), 0);
	CHECK_EQ(sys(rmdir, "/dev/shm/sizes"), 0);
}

// ---- what ioctl can ask of a file of any kind ----

TEST(files_that_share_no_blocks)
{
	struct file_clone_range r = {.src_length = PAGE};
	union {
		struct file_dedupe_range d;
		char all[2 * PAGE];
	} d;
	long memory = sys(memfd_create, "m", 0), other = sys(memfd_create, "o", 0), pipe[2] = {0}, dir, f, ro, append;

	t_tmpdir();
	CHECK_EQ(t_spit("f", "text"), 0);
	CHECK_EQ(t_spit("g", "text"), 0);
	f = sys(open, "f", O_RDWR);
	ro = sys(open, "g", O_RDONLY);
	append = sys(open, "g", O_RDWR | O_APPEND);
	dir = sys(open, ".", O_RDONLY);
	pipe[0] = sys(open, "/dev/null", O_RDWR);
	pipe[1] = sys(dup, pipe[0]);
	CHECK_EQ(sys(ioctl, memory, FICLONE, other), -EOPNOTSUPP);
	CHECK_EQ(sys(ioctl, memory, FICLONE, memory), -EOPNOTSUPP);
	CHECK_EQ(sys(ioctl, memory, FICLONE, 999), -EBADF);
	CHECK_EQ(sys(ioctl, memory, FICLONE, -1), -EBADF);
	CHECK_EQ(sys(ioctl, memory, FICLONE, f), -EXDEV);
	CHECK_EQ(sys(ioctl, f, FICLONE, dir), -EISDIR);
	CHECK_EQ(sys(ioctl, dir, FICLONE, f), -EISDIR);
	CHECK_EQ(sys(ioctl, pipe[0], FICLONE, pipe[1]), -EINVAL); // devices
	CHECK_EQ(sys(ioctl, ro, FICLONE, f), -EBADF); // not to be written
	CHECK_EQ(sys(ioctl, append, FICLONE, f), -EBADF);
	CHECK_EQ(sys(ioctl, f, FICLONE, sys(open, "g", O_WRONLY)), -EBADF); // nor that to be read
	r.src_fd = other;
	CHECK_EQ(sys(ioctl, memory, FICLONERANGE, &r), -EOPNOTSUPP);
	r.src_fd = f;
	CHECK_EQ(sys(ioctl, memory, FICLONERANGE, &r), -EXDEV);
	CHECK_EQ(sys(ioctl, memory, FICLONERANGE, 8), -EFAULT);
	memset(&d, 0, sizeof d);
	CHECK_EQ(sys(ioctl, memory, FIDEDUPERANGE, &d), -EOPNOTSUPP);
	CHECK_EQ(sys(ioctl, dir, FIDEDUPERANGE, &d), -EISDIR);
	CHECK_EQ(sys(ioctl, pipe[0], FIDEDUPERANGE, &d), -EINVAL);
	CHECK_EQ(sys(ioctl, sys(open, "f", O_WRONLY), FIDEDUPERANGE, &d), -EINVAL);
	d.d.reserved1 = 1;
	CHECK_EQ(sys(ioctl, memory, FIDEDUPERANGE, &d), -EINVAL);
	d.d.reserved1 = 0;
	d.d.reserved2 = 1;
	CHECK_EQ(sys(ioctl, memory, FIDEDUPERANGE, &d), -EINVAL);
	d.d.dest_count = 128;
	CHECK_EQ(sys(ioctl, memory, FIDEDUPERANGE, &d), -ENOMEM);
	CHECK_EQ(sys(ioctl, memory, FIDEDUPERANGE, 8), -EFAULT);
}

TEST(what_ioctl_tells_of_a_file)
{
	long memory = sys(memfd_create, "m", 0), bytes, none = sys(open, "/dev/null", O_RDWR);
	int n;

	CHECK_EQ(sys(write, memory, "text", 4), 4);
	CHECK_EQ(sys(pwrite64, memory, "text", 4, 5 * PAGE), 4);
	CHECK_EQ(sys(ioctl, memory, FIOQSIZE, &bytes), 0);
	CHECK_EQ(bytes, 2 * PAGE);
	CHECK_EQ(sys(ioctl, none, FIOQSIZE, &bytes), -ENOTTY);
	CHECK_EQ(sys(ioctl, memory, FIGETBSZ, &n), 0);
	CHECK_EQ(n, PAGE);
	CHECK_EQ(sys(ioctl, memory, FIONREAD, &n), 0);
	CHECK_EQ(n, 5 * PAGE);
	CHECK_EQ(sys(ioctl, none, FIONREAD, &n), -ENOTTY);
	CHECK_EQ(sys(ioctl, memory, FS_IOC_FIEMAP, 0), -EOPNOTSUPP);
	if (sys(geteuid))
		SKIP("not root");
	n = 0;
	CHECK_EQ(sys(ioctl, memory, FIBMAP, &n), -EINVAL); // it is on no disk
	CHECK_EQ(sys(ioctl, none, FIBMAP, &n), -ENOTTY);
	CHECK_EQ(sys(ioctl, memory, FIFREEZE, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(ioctl, memory, FITHAW, 0), -EINVAL); // it is not frozen
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(ioctl, memory, FIBMAP, &n), -EPERM);
		CHECK_EQ(sys(ioctl, memory, FIFREEZE, 0), -EPERM);
		CHECK_EQ(sys(ioctl, memory, FITHAW, 0), -EPERM);
	}), 0);
}

TEST(no_descriptor_for_an_ioctl)
{
	long ns = sys(open, "/proc/self/ns/net", O_RDONLY), master = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);
	struct rlimit r;

	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &(int){0}), 0);
	CHECK_EQ(sys(getrlimit, RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = (unsigned long)master + 1;
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &r), 0);
	CHECK_EQ(sys(ioctl, ns, NS_GET_USERNS, 0), -EMFILE);
	CHECK_EQ(sys(ioctl, master, TIOCGPTPEER, O_RDWR), -EMFILE);
}

// ---- flags: FS_IOC_SETFLAGS ----

static long flags_of(long fd)
{
	int flags = -1;
	long err = sys(ioctl, fd, FS_IOC_GETFLAGS, &flags);

	return err ? err : flags;
}

static long set_flags(const char *path, int flags)
{
	long fd = sys(open, path, O_RDONLY), err = sys(ioctl, fd, FS_IOC_SETFLAGS, &flags);

	sys(close, fd);
	return err;
}

static bool is_tmpfs(const char *path)
{
	long fs[15];

	return !sys(statfs, path, fs) && fs[0] == 0x01021994;
}

// A directory of a tmpfs: other file systems have flags of their own.
static void flags_dir(void)
{
	if (sys(geteuid))
		SKIP("not root");
	t_tmpdir();
	if (is_tmpfs("."))
		return;
	if (!is_tmpfs("/dev/shm"))
		SKIP("no tmpfs");
	CHECK_EQ(sys(chdir, "/dev/shm"), 0);
	sys(mkdir, "flags", 0755);
	CHECK_EQ(sys(chdir, "flags"), 0);
}

TEST(flags_of_files)
{
	long memory = sys(memfd_create, "m", 0), none = sys(open, "/dev/null", O_RDWR), fd, dir;
	int flags = FS_NODUMP_FL;

	flags_dir();
	CHECK_EQ(flags_of(memory), 0);
	CHECK_EQ(sys(ioctl, memory, FS_IOC_SETFLAGS, &flags), 0);
	CHECK_EQ(flags_of(memory), FS_NODUMP_FL);
	CHECK_EQ(flags_of(none), -ENOTTY);
	CHECK_EQ(sys(ioctl, none, FS_IOC_SETFLAGS, &flags), -ENOTTY);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(set_flags("d", FS_NODUMP_FL | FS_NOATIME_FL), 0);
	dir = sys(open, "d", O_RDONLY);
	CHECK_EQ(flags_of(dir), FS_NODUMP_FL | FS_NOATIME_FL);
	fd = open_rw("d/f"); // which has them from there
	CHECK_EQ(flags_of(fd), FS_NODUMP_FL | FS_NOATIME_FL);
	CHECK_EQ(set_flags("d/f", FS_SYNC_FL), -EOPNOTSUPP);
	CHECK_EQ(set_flags("d/f", FS_SYNC_FL | FS_NODUMP_FL), -EOPNOTSUPP);
	CHECK_EQ(flags_of(fd), FS_NODUMP_FL | FS_NOATIME_FL);
	CHECK_EQ(sys(ioctl, fd, FS_IOC_GETFLAGS, 8), -EFAULT);
	CHECK_EQ(sys(ioctl, fd, FS_IOC_SETFLAGS, 8), -EFAULT);
	CHECK_EQ(sys(chmod, ".", 0755), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(ioctl, fd, FS_IOC_SETFLAGS, &flags), -EPERM); // root's
		memory = sys(memfd_create, "m", 0);
		CHECK_EQ(sys(ioctl, memory, FS_IOC_SETFLAGS, &flags), 0);
		flags = FS_IMMUTABLE_FL;
		CHECK_EQ(sys(ioctl, memory, FS_IOC_SETFLAGS, &flags), -EPERM);
		flags = FS_APPEND_FL;
		CHECK_EQ(sys(ioctl, memory, FS_IOC_SETFLAGS, &flags), -EPERM);
		CHECK_EQ(flags_of(memory), FS_NODUMP_FL);
	}), 0);
	CHECK_EQ(sys(unlink, "d/f"), 0);
	CHECK_EQ(sys(rmdir, "d"), 0);
	if (!t_own_machine)
		return;
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "none", "m", "tmpfs", MS_RDONLY, 0), 0);
	CHECK_EQ(set_flags("m", FS_NODUMP_FL), -EROFS);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}

TEST(a_file_that_nobody_changes)
{
	flags_dir();

	long fd = open_rw("f");

	CHECK_EQ(sys(write, fd, "text", 4), 4);
	CHECK_EQ(sys(close, open_rw("g")), 0);
	CHECK_EQ(set_flags("f", FS_IMMUTABLE_FL), 0);
	CHECK_EQ(sys(open, "f", O_WRONLY), -EPERM);
	CHECK_EQ(sys(open, "f", O_RDWR | O_APPEND), -EPERM);
	CHECK_EQ(sys(open, "f", O_RDONLY | O_TRUNC), -EPERM);
	CHECK_EQ(sys(close, sys(open, "f", O_RDONLY)), 0);
	CHECK_EQ(sys(access, "f", 2), -EPERM);
	CHECK_EQ(sys(access, "f", 4), 0);
	CHECK_EQ(sys(unlink, "f"), -EPERM);
	CHECK_EQ(sys(rename, "f", "h"), -EPERM);
	CHECK_EQ(sys(rename, "g", "f"), -EPERM);
	CHECK_EQ(sys(link, "f", "h"), -EPERM);
	CHECK_EQ(sys(chmod, "f", 0600), -EPERM);
	CHECK_EQ(sys(chown, "f", 1, 1), -EPERM);
	CHECK_EQ(sys(utimensat, AT_FDCWD, "f", 0, 0), -EPERM);
	CHECK_EQ(sys(truncate, "f", 0), -EPERM);
	CHECK_EQ(sys(setxattr, "f", "trusted.x", "v", 1, 0), -EPERM);
	CHECK_EQ(sys(fallocate, fd, 1, 0, PAGE), -EPERM);
	CHECK_EQ(sys(write, fd, "more", 4), 4); // who has it open has it
	CHECK_EQ(set_flags("f", 0), 0);
	CHECK_EQ(sys(unlink, "f"), 0);
	// A directory: no name comes or goes.
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(rename, "g", "d/g"), 0);
	CHECK_EQ(set_flags("d", FS_IMMUTABLE_FL), 0);
	CHECK_EQ(sys(open, "d/new", O_RDWR | O_CREAT, 0600), -EPERM);
	CHECK_EQ(sys(mkdir, "d/new", 0700), -EPERM);
	CHECK_EQ(sys(unlink, "d/g"), -EPERM);
	CHECK_EQ(sys(rename, "d/g", "g"), -EPERM);
	CHECK_EQ(sys(rmdir, "d"), -EPERM);
	CHECK_EQ(t_spit("d/g", "text"), 0); // what is in it is another file
	CHECK_EQ(set_flags("d", 0), 0);
	CHECK_EQ(sys(unlink, "d/g"), 0);
	CHECK_EQ(sys(rmdir, "d"), 0);
}

TEST(a_file_that_only_grows)
{
	struct timespec when[2] = {{1, 1}, {1, 1}};
	char text[16];

	flags_dir();

	long old = open_rw("f"), fd;

	CHECK_EQ(sys(write, old, "text", 4), 4);
	CHECK_EQ(set_flags("f", FS_APPEND_FL), 0);
	CHECK_EQ(sys(open, "f", O_WRONLY), -EPERM);
	CHECK_EQ(sys(open, "f", O_RDWR | O_APPEND | O_TRUNC), -EPERM);
	CHECK_EQ(sys(open, "f", O_RDONLY | O_TRUNC), -EPERM);
	fd = sys(open, "f", O_RDWR | O_APPEND);
	CHECK_GE(fd, 3);
	CHECK_EQ(sys(write, fd, "more", 4), 4);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, 0), -EPERM);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	CHECK_EQ(sys(ftruncate, fd, 0), -EPERM);
	CHECK_EQ(sys(ftruncate, old, 100), -EPERM);
	CHECK_EQ(sys(truncate, "f", 0), -EPERM);
	CHECK_EQ(sys(fallocate, fd, 1, 0, PAGE), 0); // KEEP_SIZE
	CHECK_EQ(sys(fallocate, fd, 3, 0, PAGE), -EPERM); // PUNCH_HOLE
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0), -EACCES);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EACCES);
	CHECK_GE(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), 1);
	CHECK_EQ(sys(unlink, "f"), -EPERM);
	CHECK_EQ(sys(rename, "f", "h"), -EPERM);
	CHECK_EQ(sys(link, "f", "h"), -EPERM);
	CHECK_EQ(sys(chmod, "f", 0600), -EPERM);
	CHECK_EQ(sys(chown, "f", 1, 1), -EPERM);
	CHECK_EQ(sys(utimensat, AT_FDCWD, "f", 0, 0), 0);
	CHECK_EQ(sys(utimensat, AT_FDCWD, "f", when, 0), -EPERM);
	CHECK_EQ(sys(setxattr, "f", "trusted.x", "v", 1, 0), -EPERM);
	CHECK_EQ(sys(pread64, fd, text, sizeof text, 0), 8);
	CHECK(!memcmp(text, "textmore", 8));
	CHECK_EQ(set_flags("f", 0), 0);
	CHECK_EQ(sys(unlink, "f"), 0);
	// A directory: names come and do not go.
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(set_flags("d", FS_APPEND_FL), 0);
	CHECK_EQ(sys(close, open_rw("d/f")), 0);
	CHECK_EQ(sys(unlink, "d/f"), -EPERM);
	CHECK_EQ(sys(rename, "d/f", "f"), -EPERM);
	CHECK_EQ(set_flags("d", 0), 0);
	CHECK_EQ(sys(unlink, "d/f"), 0);
	CHECK_EQ(sys(rmdir, "d"), 0);
}

// Two who store at once into the only page that there is room for.
TEST(the_last_page_is_for_both)
{
	_Atomic int *at = t_map_shared(PAGE);
	char *p;
	int fd;

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	if (sys(mount, "none", "m", "tmpfs", 0, "size=4k"))
		SKIP("mounts");
	fd = (int)sys(open, "m/f", O_RDWR | O_CREAT, 0600);
	p = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int pid = t_fork();

	if (pid == 0) {
		for (int i = 1; i <= 300; i++) {
			while (at[0] < i)
				t_yield();
			p[0] = 1;
			at[1] = i;
		}
		t_exit(0);
	}
	for (int i = 1; i <= 300; i++) {
		CHECK_EQ(sys(ftruncate, fd, 0), 0);
		CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
		at[0] = i;
		p[1] = 1;
		while (at[1] < i && t_state(pid) != 'Z')
			t_yield();
		CHECK_EQ(at[1], i);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(munmap, p, PAGE), 0);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}
