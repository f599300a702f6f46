// SPDX-License-Identifier: GPL-2.0-only
//
// Scenes: what the tests of suspend and the OOM killer share. They run on Thaw only.
//
// The stage: the test's own process is never chosen by the killer. A hog holds most of the free
// memory; the eater, a kernel thread behind a door, asks for more than is left, either at once or
// before a given step of suspend, and so makes the killer choose the hog. Afterwards nothing may be
// left over: quiet() says so, and the harness counts pages and objects.
#pragma once

#include "../abi/t.h"

#define STATE "/sys/power/state"
#define OOM "/sys/kernel/debug/oom"
#define EATER "/sys/kernel/debug/oom_eater"
#define PAUSE "/sys/kernel/debug/pause"
#define TRACE "/sys/kernel/debug/trace"

static char s_buf[4096];

// What the kernel's rings of events hold, as text. The runner boots scenes with rings that are large enough for one of them.
static inline char *s_trace(void)
{
	static char text[4 << 20];
	long n = t_slurp(TRACE, text + 1, sizeof text - 1);

	text[0] = '\n';
	CHECK_GE(n, 0);
	CHECK_LE(n, (long)sizeof text - 3); // that was all of it
	return text + 1;
}

// Whether somebody of that group was marked.
static inline bool s_marked(int pid)
{
	char line[64];

	t_snprintf(line, sizeof line, "mark_victim: tgid=%d ", pid);
	return strstr(s_trace(), line) != NULL;
}

// A test that is one of the scenarios, by their number, and the promises it looks at: a row of the table of designs. It states what
// a correct design shows; what each design did show is found by running it.
#define SCENE(number, name, promises) TEST_OF(name, "scenario " #number " " promises)

static inline void s_set(const char *path, const char *value)
{
	long err = t_spit(path, value);

	if (err)
		t_printf("# %s: cannot write %s: %ld\n", path, value, err);
	CHECK_EQ(err, 0);
}

// The word after `key` in a file of `key word` lines.
static inline bool s_is(const char *path, const char *key, const char *word)
{
	size_t k = strlen(key), w = strlen(word);

	CHECK_GE(t_slurp(path, s_buf, sizeof s_buf), 1);
	for (char *line = s_buf; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, key, k) && line[k] == ' ')
			return !strncmp(line + k + 1, word, w) && (line[k + 1 + w] == '\n' || !line[k + 1 + w]);
	return false;
}

static inline long s_kills(void)
{
	return t_field("/proc/vmstat", "oom_kill");
}

static inline long s_free(void)
{
	return t_field("/proc/meminfo", "MemFree");
}

static inline long s_adj(const char *value)
{
	return t_spit("/proc/self/oom_score_adj", value);
}

static inline bool s_alone(void)
{
	unsigned long cpus = 0;

	sys(sched_getaffinity, 0, sizeof cpus, &cpus);
	return cpus == 1;
}

// Everybody but init is put out of reach: the runner above us, too.
static inline void s_protect_all(void)
{
	for (int pid = 2; pid < t_getpid(); pid++) {
		char path[64];

		t_snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
		if (sys(access, path, 0) == 0)
			t_spit(path, "-1000");
	}
}

// How long a suspend waits for those who will freeze, and die, but whose processor may stand still.
static inline void s_be_patient(void)
{
	s_set("/sys/power/pm_freeze_timeout", s_alone() ? "3000" : "8000");
}

// And for who does neither.
static inline void s_be_impatient(void)
{
	s_set("/sys/power/pm_freeze_timeout", s_alone() ? "200" : "1500");
}

// Where every scene starts: safe from the killer, suspend goes as far as the devices and turns round.
static inline void s_stage(void)
{
	if (!t_on_thaw)
		SKIP("suspends the machine");
	CHECK_EQ(s_adj("-1000"), 0);
	s_set("/sys/power/pm_test", "devices");
	s_set("/sys/module/suspend/parameters/pm_test_delay", "0");
	// Where events may come in another order than a scene had in mind: longer than any hold of the pause door.
	s_be_patient();
	s_set("/sys/block/ram0/delay_us", "0");
}

static inline long s_suspend(void)
{
	return t_spit(STATE, "freeze");
}

// Says which promise is broken, in a line that tests/designs.py reads. The CHECK after it fails the test.
static inline void s_promise(bool kept, const char *which, const char *how_broken)
{
	if (!kept)
		t_printf("# broken %s %s\n", which, how_broken);
}

// Whether the kernel's log has this text.
static inline bool s_log_says(const char *what)
{
	static char log[65536];
	long n = sys(syslog, 3, log, sizeof log - 1);

	CHECK_GE(n, 1);
	log[n] = 0;
	return strstr(log, what) != NULL;
}

// Fails the test, and names the promise.
#define KEEPS(which, how_broken, cond)                                                             \
	do {                                                                                       \
		bool kept_ = (cond);                                                               \
		s_promise(kept_, which, how_broken);                                               \
		if (!kept_)                                                                        \
			t_fail(__FILE__, __LINE__, #cond);                                         \
	} while (0)

// The eater's order: asks for kib before the step `phase` of the next suspend, or now.
static bool s_eats; // a meal was ordered for which nobody waits

static inline void s_eat(const char *phase, long kib, const char *mode)
{
	char text[64];

	t_snprintf(text, sizeof text, "%s %ld%s%s", phase, kib, *mode ? " " : "", mode);
	s_set(EATER, text);
	s_eats = *mode;
}

// Waits until a concurrent meal is over, whatever came of it.
static inline void s_digest(void)
{
	UNTIL(t_slurp(EATER, s_buf, sizeof s_buf) > 0);
	s_eats = false;
}

// Nothing is left over of any victim.
static inline void s_quiet(void)
{
	if (s_eats)
		s_digest(); // or it may come to another kill meanwhile
	UNTIL(t_field(OOM, "in_flight") == 0);
	for (int ms = 1; ms < 2000 && t_field(OOM, "victims") != 0; ms *= 2)
		t_sleep_ms(ms); // whoever drops it may be a little way behind
	s_promise(t_field(OOM, "victims") == 0, "L1", "count leaked");
	s_promise(t_field("/proc/vmstat", "io_after_barrier") == 0, "S1", "IO after the barrier");
	CHECK_EQ(t_field(OOM, "victims"), 0);
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	CHECK_EQ(t_field("/proc/vmstat", "io_after_barrier"), 0);
}

// A suspend that must succeed, with nobody left behind in the refrigerator.
static inline void s_suspend_ok(void)
{
	long err = s_suspend();

	s_promise(!s_is(OOM, "last_disable", "timeout"), "L2", "timed out");
	s_promise(t_field(OOM, "frozen_victims") == 0, "S5", "threads left in the fridge");
	s_promise(t_field(OOM, "uncovered") == 0, "S4", "runs uncounted under the barrier");
	s_promise(err == 0, "L3", "suspend failed");
	s_promise(err == 0 || t_field(OOM, "victims") == 0, "L1", "count leaked"); // after a success s_quiet waits for it
	CHECK_EQ(err, 0);
	CHECK(s_is(OOM, "last_disable", "ok"));
	CHECK_EQ(t_field(OOM, "uncovered"), 0);
	CHECK_EQ(t_field(OOM, "frozen_victims"), 0);
	s_quiet();
}

// How long a stop may last at which a task spins. With one processor nobody can come in between: it is let go at once.
static inline long s_spin_ms(void)
{
	return s_alone() ? 1 : 5000;
}

static inline bool s_ate(void)
{
	CHECK_GE(t_slurp(EATER, s_buf, sizeof s_buf), 0);
	return strstr(s_buf, " ok ") != NULL;
}

// When that was, of a place in s_trace()'s text: its line begins "   12.345678901 cpu0".
static inline long s_line_ns(const char *at)
{
	while (at[-1] != '\n')
		at--;
	while (*at == ' ')
		at++;
	return t_number(at) * 1000000000 + t_number(strchr(at, '.') + 1);
}

// What a program of the kernel's calls at first.
static inline void s_program_begins(void)
{
	CHECK_EQ(sys(prctl, PR_SET_NAME, "begins", 0, 0, 0), 0);
}

// Whether that was after the suspend which the trace shows.
static inline bool s_program_began_thawed(void)
{
	char *thaw = strstr(s_trace(), "thaw_processes[0] begin");

	return thaw && strstr(thaw, "newcomm=begins ");
}

// Makes the disk dirty with n pages of c. Nothing is written before the last close.
static inline void s_dirty_disk(int n, char c)
{
	static char text[PAGE];
	long fd = sys(open, "/dev/ram0", O_RDWR);

	memset(text, c, sizeof text);
	for (int i = 0; i < n; i++)
		CHECK_EQ(sys(write, fd, text, sizeof text), sizeof text);
}

// The disk begins with n pages of c.
static inline bool s_on_disk(int n, char c)
{
	static char back[PAGE];
	long fd = sys(open, "/dev/ram0", O_RDONLY);
	bool same = fd >= 0;

	for (int i = 0; i < n && same; i++)
		same = sys(read, fd, back, sizeof back) == sizeof back && back[0] == c && !memcmp(back, back + 1, sizeof back - 1);
	sys(close, fd);
	return same;
}

enum { LEADER_FIRST = 1, ALLOCATING = 2, SHARED = 4, SPINNING = 8 };

struct hog {
	int pid;     // in the hog itself 0, if /proc calls it as it does itself
	long before; // free memory without it
	_Atomic int *ready;
	int how, threads;
	char *memory;
	long kib;
};

static inline int s_allocate(void *arg)
{
	struct hog *h = arg;

	(void)h;
	for (;;) { // a little at a time, so that many of them are at it when memory ends
		volatile char *p = (volatile char *)sys(mmap, 0, 64 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 64; i++)
			p[i * PAGE] = 1;
	}
	return 0;
}

static inline int s_hold(void *arg)
{
	struct hog *h = arg;

	if (h->how & LEADER_FIRST) {
		int leader = h->pid ? h->pid : t_getpid();

		UNTIL(t_task_state(leader, leader) == 'Z');
	}
	++*h->ready;
	if (h->how & SPINNING)
		thread_spin(NULL);
	if (h->how & ALLOCATING) {
		while (*h->ready < 1000)
			t_sleep_ms(1);
		s_allocate(arg);
	}
	return thread_pause(NULL);
}

static inline void s_touch(char *p, long kib)
{
	for (long i = 0; i < kib / 4; i++)
		p[i * (long)PAGE] = 1;
}

// What the hog does with its life. Does not return.
static inline void s_be_hog(struct hog *h)
{
	struct thread t;

	h->memory = h->how & SHARED ? t_map_shared((size_t)h->kib * 1024) : t_map((size_t)h->kib * 1024);
	s_touch(h->memory, h->kib);
	for (int i = 1; i < h->threads; i++)
		thread_start(&t, s_hold, h);
	if (h->how & LEADER_FIRST)
		t_exit_thread(0);
	s_hold(h);
}

// Starts a group of n threads that holds six tenths of the free memory.
// Forks h, which is chosen first and has six tenths of the memory. true in it.
static inline bool s_fork_eaten(struct hog *h)
{
	h->before = s_free();
	h->kib = h->before * 6 / 10;
	h->ready = t_map_shared(PAGE);
	h->pid = t_fork();
	if (h->pid != 0)
		return false;
	s_adj("1000");
	s_touch(t_map((size_t)h->kib * 1024), h->kib);
	return true;
}

static inline void s_hog(struct hog *h, int threads, int how)
{
	h->before = s_free();
	h->kib = h->before * 6 / 10;
	h->threads = threads;
	h->how = how;
	h->ready = t_map_shared(PAGE);
	h->pid = t_fork();
	if (h->pid == 0) {
		CHECK_EQ(s_adj("1000"), 0);
		s_be_hog(h);
	}
	CHECK_GE(h->pid, 1);
	UNTIL(*h->ready == threads - !!(how & LEADER_FIRST));
}

// More than is left while the hog lives, less than there is without it.
static inline long s_too_much(const struct hog *h)
{
	return h->before * 7 / 10;
}

// Runs the memory out. The eater gets what it asked for exactly if the killer did its work.
static inline void s_run_out(const struct hog *h)
{
	s_eat("now", s_too_much(h), "");
	s_promise(s_ate(), "L4", "memory not freed");
	CHECK(s_ate());
}

// The parent of a victim dies between the kill and the victim's own end: it changes hands on its way out. They are ours, since we are
// init or look after orphans, and we reap it.
static inline void s_orphan(void)
{
	_Atomic int *pid = t_map_shared(PAGE);
	char text[64];
	long kills = s_kills();
	int parent = t_fork();

	if (parent == 0) {
		struct hog h;

		s_hog(&h, 2, 0);
		*pid = h.pid;
		thread_pause(NULL);
	}
	UNTIL(*pid);
	int victim = *pid;

	t_snprintf(text, sizeof text, "X4 %d 60000\n", victim);
	s_set(PAUSE, text);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	UNTIL(t_field(PAUSE, "X4") == victim);
	t_snprintf(text, sizeof text, "/proc/%d/status", victim);
	CHECK_EQ(t_field(text, "PPid:"), parent);
	CHECK_EQ(sys(kill, parent, SIGKILL), 0);
	CHECK_EQ(t_wait(parent), SIGNALLED(SIGKILL));
	CHECK_EQ(t_field(text, "PPid:"), t_getpid());
	CHECK_EQ(sys(wait4, victim, 0, WNOHANG, 0), 0);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(victim), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	s_quiet();
	s_suspend_ok();
}
