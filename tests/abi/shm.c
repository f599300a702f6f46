// SPDX-License-Identifier: GPL-2.0-only
//
// Shared memory of System V: keys and ids, attaching, who counts, removal, rights.
#include "t.h"
#include <linux/capability.h>
#include <linux/ipc.h>
#include <linux/shm.h>

#define KEY 0x7468617aUL // "thaw", nearly

static char buf[16384];

static int private(unsigned long size)
{
	int id = (int)sys(shmget, IPC_PRIVATE, size, 0600);

	CHECK_GE(id, 0);
	return id;
}

static char *at(int id)
{
	long p = sys(shmat, id, 0, 0);

	CHECK(p > 0);
	return t_ptr(p);
}

static struct shmid64_ds stat_of(int id)
{
	struct shmid64_ds ds;

	CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), 0);
	return ds;
}

static void removed(int id)
{
	CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), 0);
}

TEST(two_attachments_are_one_memory)
{
	int id = private(3 * PAGE - 5);
	volatile char *a = at(id), *b = at(id);

	CHECK(a != b);
	CHECK_EQ(a[0], 0);
	a[2 * PAGE] = 'x';
	CHECK_EQ(b[2 * PAGE], 'x');
	CHECK_EQ(sys(shmdt, a), 0);
	CHECK_EQ(b[2 * PAGE], 'x');
	CHECK_EQ(sys(shmdt, a), -EINVAL);
	CHECK_EQ(sys(shmdt, b), 0);
	a = at(id);
	CHECK_EQ(a[2 * PAGE], 'x'); // it lives without any
	removed(id);
}

TEST(what_stat_says)
{
	int id = private(5000);
	struct shmid64_ds ds = stat_of(id);

	CHECK_EQ(ds.shm_segsz, 5000);
	CHECK_EQ(ds.shm_perm.key, IPC_PRIVATE);
	CHECK_EQ(ds.shm_perm.mode, 0600);
	CHECK_EQ(ds.shm_perm.uid, sys(geteuid));
	CHECK_EQ(ds.shm_perm.cgid, sys(getegid));
	CHECK_EQ(ds.shm_cpid, t_getpid());
	CHECK_EQ(ds.shm_lpid, 0);
	CHECK_EQ(ds.shm_nattch, 0);
	CHECK_EQ(ds.shm_atime, 0);
	CHECK(ds.shm_ctime > 0);
	char *p = at(id);

	ds = stat_of(id);
	CHECK_EQ(ds.shm_nattch, 1);
	CHECK_EQ(ds.shm_lpid, t_getpid());
	CHECK(ds.shm_atime > 0);
	CHECK_EQ(ds.shm_dtime, 0);
	sys(shmdt, p);
	ds = stat_of(id);
	CHECK_EQ(ds.shm_nattch, 0);
	CHECK(ds.shm_dtime > 0);
	removed(id);
}

TEST(keys)
{
	int id = (int)sys(shmget, KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600), other;

	CHECK_GE(id, 0);
	CHECK_EQ(sys(shmget, KEY, PAGE, 0), id);
	CHECK_EQ(sys(shmget, KEY, 0, 0), id);
	CHECK_EQ(sys(shmget, KEY, 1, IPC_CREAT | 0600), id);
	CHECK_EQ(sys(shmget, KEY, PAGE, IPC_CREAT | IPC_EXCL), -EEXIST);
	CHECK_EQ(sys(shmget, KEY, 2 * PAGE, 0), -EINVAL);
	removed(id);
	CHECK_EQ(sys(shmget, KEY, PAGE, 0), -ENOENT);
	CHECK_EQ(sys(shmctl, id, IPC_STAT, buf), -EINVAL);
	CHECK_EQ(sys(shmat, id, 0, 0), -EINVAL);
	other = (int)sys(shmget, KEY, PAGE, IPC_CREAT | 0600);
	CHECK(other != id); // an id is not soon used again
	removed(other);
}

TEST(sizes_that_cannot_be)
{
	CHECK_EQ(sys(shmget, IPC_PRIVATE, 0, 0600), -EINVAL);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, -1UL, 0600), -EINVAL);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, 1UL << 50, 0600), -ENOMEM);
	long id = sys(shmget, IPC_PRIVATE, 1UL << 40, 0600 | SHM_NORESERVE);

	CHECK_GE(id, 0);
	removed((int)id);
}

TEST(a_removed_segment_lives_while_attached)
{
	int id = private(PAGE);
	volatile char *p = at(id), *q;
	struct shmid64_ds ds;

	p[0] = 'k';
	removed(id);
	ds = stat_of(id); // by id it can still be found
	CHECK_EQ(ds.shm_perm.mode, 01600);
	q = at(id);
	CHECK_EQ(q[0], 'k');
	sys(shmdt, p);
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	sys(shmdt, q);
	CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), -EINVAL);
}

TEST(fork_and_exit_count)
{
	int id = private(PAGE);
	char *p = at(id);
	int pid;
	_Atomic int *step = t_map_shared(PAGE);

	pid = t_fork();
	if (pid == 0) {
		p[1] = 'c';
		*step = 1;
		UNTIL(*step == 2);
		t_exit(0);
	}
	UNTIL(*step == 1);
	CHECK_EQ(p[1], 'c');
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	*step = 2;
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	CHECK_EQ(stat_of(id).shm_lpid, pid);
	removed(id);
}

TEST(removed_by_a_child_that_ends)
{
	int id = private(PAGE);
	struct shmid64_ds ds;

	CHECK_EQ(IN_CHILD({
		at(id)[0] = 1;
		removed(id);
	}),
		0);
	CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), -EINVAL);
}

HELPER(attached)
{
	return stat_of((int)t_number(t_argv[2])).shm_nattch == 0 ? 0 : 1;
}

TEST(exec_detaches)
{
	int id = private(PAGE);
	char number[16];

	t_snprintf(number, sizeof number, "%d", id);
	CHECK_EQ(IN_CHILD({
		at(id);
		t_exec("attached", number, NULL);
	}),
		0);
	removed(id);
}

TEST(killed_while_attached)
{
	int id = private(64 * PAGE), pid = t_fork();

	if (pid == 0) {
		memset(at(id), 1, 64 * PAGE);
		thread_pause(NULL);
	}
	UNTIL(stat_of(id).shm_nattch == 1 && t_state(pid) == 'S');
	removed(id);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(shmctl, id, IPC_STAT, buf), -EINVAL);
}

TEST(an_address_of_choice)
{
	int id = private(2 * PAGE);
	volatile char *place = t_map(8 * PAGE);

	CHECK_EQ(sys(shmat, id, place + 1, 0), -EINVAL);
	CHECK_EQ(sys(shmat, id, place, 0), -EINVAL); // something is there
	CHECK_EQ(sys(shmat, id, place + PAGE, SHM_REMAP), (long)(place + PAGE));
	CHECK_EQ(sys(munmap, place + 4 * PAGE, 4 * PAGE), 0);
	CHECK_EQ(sys(shmat, id, place + 4 * PAGE + 77, SHM_RND), (long)(place + 4 * PAGE));
	place[PAGE] = 'r';
	CHECK_EQ(place[4 * PAGE], 'r');
	CHECK_EQ(sys(shmat, id, 0, SHM_REMAP), -EINVAL);
	CHECK_EQ(sys(shmat, id, 7UL, SHM_RND | SHM_REMAP), -EINVAL);
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	CHECK_EQ(sys(shmdt, place), -EINVAL);
	CHECK_EQ(sys(shmdt, place + 2 * PAGE), -EINVAL); // not its start
	CHECK_EQ(sys(shmdt, place + PAGE), 0);
	removed(id);
}

TEST(a_piece_is_unmapped)
{
	int id = private(4 * PAGE);
	char *p = at(id);

	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	p[3 * PAGE] = 1;
	CHECK_EQ(sys(shmdt, p), 0);
	CHECK_EQ(stat_of(id).shm_nattch, 0);
	CHECK_EQ(sys(mincore, p + 3 * PAGE, PAGE, buf), -ENOMEM);
	removed(id);
}

TEST(read_only)
{
	int id = private(PAGE);
	char *p = at(id);
	long ro = sys(shmat, id, 0, SHM_RDONLY);

	CHECK(ro > 0);
	p[0] = 'w';
	CHECK_EQ(*(char *)t_ptr(ro), 'w');
	CHECK_EQ(sys(mprotect, ro, PAGE, PROT_READ | PROT_WRITE), -EACCES);
	CHECK_EQ(sys(read, sys(open, "/dev/zero", O_RDONLY), ro, 1), -EFAULT);
	removed(id);
}

TEST(maps_and_the_table)
{
	int id = private(PAGE);
	char name[32];
	char *p = at(id), *line;

	p[0] = 1;
	t_slurp("/proc/self/maps", buf, sizeof buf);
	CHECK(strstr(buf, "/SYSV00000000 (deleted)\n"));
	t_slurp("/proc/sysvipc/shm", buf, sizeof buf);
	CHECK(!strncmp(buf, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid", 80));
	t_snprintf(name, sizeof name, " %d   600 ", id);
	line = strstr(buf, name);
	CHECK(line);
	removed(id);
}

TEST(by_slot)
{
	int id = private(PAGE);
	struct shmid64_ds ds;
	struct shm_info info;
	struct shminfo64 most;
	long last;

	do // others make and remove theirs, on Linux
		last = sys(shmctl, 0, SHM_INFO, &info);
	while (sys(shmctl, 0, IPC_INFO, &most) != last);
	CHECK_GE(last, 0);
	CHECK_GE(info.used_ids, 1);
	CHECK_GE(info.shm_tot, 1);
	CHECK_EQ(most.shmmin, 1);
	CHECK_EQ(sys(shmctl, id & 0x7fff, SHM_STAT, &ds), id);
	CHECK_EQ(sys(shmctl, id & 0x7fff, SHM_STAT_ANY, &ds), id);
	CHECK_EQ(ds.shm_segsz, PAGE);
	removed(id);
	CHECK_EQ(sys(shmctl, id & 0x7fff, SHM_STAT, &ds), -EINVAL);
}

// ---- rights ----

static void become(unsigned uid)
{
	CHECK_EQ(sys(setgroups, 0, 0), 0);
	CHECK_EQ(sys(setresgid, uid, uid, uid), 0);
	CHECK_EQ(sys(setresuid, uid, uid, uid), 0);
}

#define AS_NOBODY(...)                                                                             \
	CHECK_EQ(IN_CHILD({                                                                        \
		become(65534);                                                                     \
		__VA_ARGS__;                                                                       \
	}),                                                                                        \
		0)

static void need_root(void)
{
	if (sys(geteuid))
		SKIP("not root");
}

TEST(others_and_owners)
{
	struct shmid64_ds ds;
	int id;

	need_root();
	id = (int)sys(shmget, KEY, PAGE, IPC_CREAT | IPC_EXCL | 0640);
	CHECK_GE(id, 0);
	AS_NOBODY({
		CHECK_EQ(sys(shmget, KEY, PAGE, 0400), -EACCES);
		CHECK_EQ(sys(shmget, KEY, PAGE, 0), id);
		CHECK_EQ(sys(shmat, id, 0, 0), -EACCES);
		CHECK_EQ(sys(shmat, id, 0, SHM_RDONLY), -EACCES);
		CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), -EACCES);
		CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), -EPERM);
		CHECK_EQ(sys(shmctl, id, SHM_LOCK, 0), -EPERM);
		CHECK_EQ(sys(shmctl, id, IPC_SET, &ds), -EPERM);
	});
	ds = stat_of(id);
	ds.shm_perm.mode = 0644;
	ds.shm_perm.gid = 65534;
	CHECK_EQ(sys(shmctl, id, IPC_SET, &ds), 0);
	CHECK_EQ(stat_of(id).shm_perm.gid, 65534);
	AS_NOBODY({
		CHECK_EQ(sys(shmat, id, 0, 0), -EACCES);
		CHECK(sys(shmat, id, 0, SHM_RDONLY) > 0);
		CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), 0);
	});
	ds.shm_perm.uid = 65534;
	CHECK_EQ(sys(shmctl, id, IPC_SET, &ds), 0);
	AS_NOBODY({
		at(id);
		CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), 0);
	});
	CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), -EINVAL);
}

TEST(a_lock_is_a_mark)
{
	int id = private(PAGE);

	need_root();
	CHECK_EQ(sys(shmctl, id, SHM_LOCK, 0), 0);
	CHECK_EQ(stat_of(id).shm_perm.mode, 02600);
	CHECK_EQ(sys(shmctl, id, SHM_UNLOCK, 0), 0);
	CHECK_EQ(stat_of(id).shm_perm.mode, 0600);
	removed(id);
}

// ---- nonsense ----

TEST(bad_arguments)
{
	int id = private(PAGE);

	CHECK_EQ(sys(shmctl, -1, IPC_STAT, buf), -EINVAL);
	CHECK_EQ(sys(shmctl, id, -1, buf), -EINVAL);
	CHECK_EQ(sys(shmctl, id, 999, buf), -EINVAL);
	CHECK_EQ(sys(shmctl, id ^ 1 << 15, IPC_STAT, buf), -EINVAL);
	CHECK_EQ(sys(shmctl, 0x7fffffff, IPC_RMID, 0), -EINVAL);
	CHECK_EQ(sys(shmctl, id, IPC_STAT, 8UL), -EFAULT);
	CHECK_EQ(sys(shmctl, id, IPC_SET, 8UL), -EFAULT);
	CHECK_EQ(sys(shmctl, 0, IPC_INFO, 8UL), -EFAULT);
	CHECK_EQ(sys(shmctl, 0, SHM_INFO, 8UL), -EFAULT);
	CHECK_EQ(sys(shmat, -1, 0, 0), -EINVAL);
	CHECK_EQ(sys(shmat, id, 0x8000000000000000UL, 0), -ENOMEM);
	CHECK_EQ(sys(shmat, id, -4096UL, SHM_REMAP), -ENOMEM);
	CHECK_EQ(sys(shmdt, 0), -EINVAL);
	CHECK_EQ(sys(shmdt, 8UL), -EINVAL);
	CHECK_EQ(sys(shmdt, -4096UL), -EINVAL);
	CHECK_EQ(stat_of(id).shm_nattch, 0);
	removed(id);
}

TEST(as_many_as_there_are)
{
	static int ids[5000]; // Linux has 4096
	int n = 0;
	long ret = 0;

	if (!t_own_machine)
		SKIP("others may need theirs");
	while (n < 5000 && (ret = sys(shmget, IPC_PRIVATE, PAGE, 0600)) >= 0)
		ids[n++] = (int)ret;
	CHECK_EQ(ret, -ENOSPC);
	CHECK_GE(n, 1000);
	while (n)
		removed(ids[--n]);
}

static int attach_and_detach(void *arg)
{
	int id = *(int *)arg;

	for (int i = 0; i < 300; i++) {
		long p = sys(shmat, id, 0, 0);

		if (p < 0)
			return p == -EINVAL || p == -EIDRM ? 0 : 1;
		*(char *)t_ptr(p) = 1;
		if (sys(shmdt, p))
			return 2;
	}
	return 0;
}

TEST(removal_races_with_attaching)
{
	struct thread t[4];

	for (int round = 0; round < 10; round++) {
		int id = private(PAGE);

		for (int i = 0; i < 4; i++)
			thread_start(&t[i], attach_and_detach, &id);
		t_yield();
		removed(id);
		for (int i = 0; i < 4; i++)
			thread_join(&t[i]);
		CHECK_EQ(sys(shmctl, id, IPC_STAT, buf), -EINVAL);
	}
}
