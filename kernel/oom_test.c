// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test doors: a kernel thread that eats memory at a chosen phase of suspend, so that OOM strikes
 * there, and a balloon that gives its pages back when the OOM killer asks (an OOM notifier).
 *
 *	/sys/kernel/debug/oom_eater    write "PHASE KIB", "PHASE KIB concurrent" or "PHASE KIB nofail"; PHASE is a step of suspend, which
 *	                               waits until the eater is done unless concurrent or nofail (with GFP_NOFAIL it may not end before
 *	                               the suspend does), or "now", or "self": then the writer itself eats, and may be chosen in the
 *	                               middle of it. "PHASE KIB charged": the suspender or the writer eats, and what it eats is charged
 *	                               to its control group. Read: what came of the last meal, the least free memory it left, and the mark
 *	                               where memory ends for those who are no victims.
 *	/sys/kernel/debug/oom_balloon  write KIB: holds that much until an OOM. Read: KiB held.
 *
 * Locks: eater_mutex (the order and its result); the balloon's list is under balloon_mutex.
 */
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/param.h"
#include "kernel/pause.h"
#include "kernel/pm.h"
#include "kernel/printk.h"

static const char *const phases[] = { "now", "self", "freeze_users", "disable_oom", "freeze_kthreads", "suspend_devices",
	"idle", "resume", "thaw", "thaw_users" };

static struct {
	const char *phase;		/* NULL: nothing ordered */
	u64 pages;
	bool concurrent, charged;
	u32 gfp;
	char result[160];
	int pid;			/* of the thread whose result that is, 0: no thread */
} order;			/* [order_lock] */
static struct spinlock order_lock = SPINLOCK_INIT("oom_eater", RANK_IO);

/*
 * Takes n pages, chained through their lru links; returns how many there were. *left: how many
 * stayed free.
 */
static u64 eat(struct list *held, u64 n, u32 gfp, bool charged, u64 *left)
{
	u64 got;

	*left = nr_free_pages();

	for (got = 0; got < n; got++) {
		struct page *p = alloc_page(gfp);
		if (p && charged)
			p = mem_cgroup_charge(p, current->mm, gfp);
		if (!p)
			break;
		list_add(&p->lru, held);
		*left = min(*left, nr_free_pages());
		cond_resched();
	}
	return got;
}

static u64 give_back(struct list *held)
{
	struct page *p, *next;
	u64 n = 0;

	list_for_each_safe(p, next, held, lru) {
		list_del(&p->lru);
		put_page(p);
		n++;
	}
	return n;
}

struct meal {
	const char *phase;
	u64 pages;
	u32 gfp;
	struct completion done;
	struct task *eater;		/* set before done, referenced */
	_Atomic u32 refs;		/* the thread's, and the orderer's unless concurrent */
};

static void put_meal(struct meal *m)
{
	if (atomic_fetch_sub(&m->refs, 1) == 1) {
		put_task(m->eater);
		kfree(m);
	}
}

static void have_meal(const char *phase, u64 pages, u32 gfp, bool charged)
{
	LIST_HEAD(held);
	u64 left, got = eat(&held, pages, gfp, charged, &left);

	give_back(&held);
	spin_lock(&order_lock);
	ksnprintf(order.result, sizeof(order.result), "%s %s asked_kib %lu got_kib %lu\nleft %lu\nmin %lu\n", phase,
		  got == pages ? "ok" : "failed", pages * 4, got * 4, left, wmark_pages(WMARK_MIN));
	order.pid = current->flags & PF_KTHREAD ? current->pid : 0;
	spin_unlock(&order_lock);
	pr_info("oom_eater: %s: asked %lu KiB, got %lu KiB\n", phase, pages * 4, got * 4);
}

/* Current asks for more than there is, wherever it is at the moment. Sleeps. */
void oom_test_eat(const char *where)
{
	have_meal(where, totalram_pages() * 2, GFP_KERNEL | GFP_NOWARN, false);
}

static void eater(void *arg)
{
	struct meal *m = arg;

	have_meal(m->phase, m->pages, m->gfp, false);
	m->eater = get_task(current);
	complete(&m->done);
	put_meal(m);
}

/* Starts the thread; waits for it unless concurrent. 0 or -errno. */
static int serve(const char *phase, u64 pages, u32 gfp, bool concurrent)
{
	struct meal *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct task *t;

	if (!m)
		return -ENOMEM;
	m->phase = phase;
	m->pages = pages;
	m->gfp = gfp;
	completion_init(&m->done);
	atomic_store(&m->refs, 2);
	t = kthread_run(eater, m, "oom_eater");
	if (IS_ERR(t)) {
		kfree(m);
		return PTR_ERR(t);
	}
	if (!concurrent) {
		wait_for_completion(&m->done);
		while (atomic_load(&m->eater->usage) > 1)	/* until it is gone: tests count what is left over */
			msleep(1);
	}
	put_meal(m);
	return 0;
}

void pm_phase(const char *step)
{
	u64 pages;
	u32 gfp;
	bool concurrent, charged, mine;
	int err = 0;

	spin_lock(&order_lock);
	mine = order.phase && !kstrcmp(order.phase, step);
	pages = order.pages;
	concurrent = order.concurrent;
	charged = order.charged;
	gfp = order.gfp;
	if (mine)
		order.phase = NULL;
	spin_unlock(&order_lock);
	if (mine && charged)
		have_meal(step, pages, gfp, true);
	else if (mine)
		err = serve(step, pages, gfp, concurrent);
	if (err)
		pr_err("oom_eater: cannot start: %d\n", err);
	pause_point(step);
}

static const char *find_phase(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (!kstrcmp(phases[i], name))
			return phases[i];
	return NULL;
}

static s64 eater_store(const char *text, size_t n)
{
	char copy[64], *s = copy;
	const char *phase, *size, *mode;
	u32 gfp = GFP_KERNEL | GFP_NOWARN;
	bool nofail, charged;
	u64 kib;

	if (n >= sizeof(copy))
		return -EINVAL;
	kmemcpy(copy, text, n);
	copy[n] = 0;
	phase = find_phase(kword(&s));
	size = kword(&s);
	mode = kword(&s);
	nofail = !kstrcmp(mode, "nofail");
	charged = !kstrcmp(mode, "charged");
	if (!phase || parse_u64(size, &kib) || kib / 4 > totalram_pages() * 2 || (charged && phase == phases[0]) ||
	    (*mode && !nofail && !charged && kstrcmp(mode, "concurrent")) || *kword(&s))
		return -EINVAL;
	if (nofail)
		gfp |= GFP_NOFAIL;
	spin_lock(&order_lock);
	order.phase = phase == phases[0] || phase == phases[1] ? NULL : phase;
	order.pages = kib / 4;
	order.concurrent = *mode;
	order.charged = charged;
	order.gfp = gfp;
	order.result[0] = 0;
	spin_unlock(&order_lock);
	if (phase == phases[0]) {
		int err = serve(phase, kib / 4, gfp, *mode);
		if (err)
			return err;
	}
	if (phase == phases[1]) {
		pause_point(phase);
		have_meal(phase, kib / 4, gfp, charged);
	}
	return n;
}

/* Nothing until the thread is gone: tests count what is left over. */
static s64 eater_show(char *buf, size_t n)
{
	size_t len;
	int pid;

	spin_lock(&order_lock);
	pid = order.pid;
	len = ksnprintf(buf, n, "%s", order.result);
	spin_unlock(&order_lock);
	read_lock(&tasklist_lock);
	if (pid && find_task_by_vpid(pid))
		len = 0;
	read_unlock(&tasklist_lock);
	return (s64)len;
}
PSEUDO_FILE(oom_eater, .path = "/sys/kernel/debug/oom_eater", .mode = 0644, .show = eater_show, .store = eater_store);

/* --- the balloon --- */

static struct mutex balloon_mutex = MUTEX_INIT(balloon_mutex, "oom_balloon", RANK_BLOCK_MUTEX);
static LIST_HEAD(balloon);			/* [balloon_mutex] */
static u64 balloon_pages;			/* [balloon_mutex] */

static u64 balloon_notify(void)
{
	u64 n;

	mutex_lock(&balloon_mutex);
	n = give_back(&balloon);
	balloon_pages = 0;
	mutex_unlock(&balloon_mutex);
	return n;
}
OOM_NOTIFIER(oom_balloon_notifier, balloon_notify);

/*
 * GFP_NOWAIT: filling the balloon under its mutex must not get to the killer, which asks for that
 * mutex.
 */
static s64 balloon_store(const char *text, size_t n)
{
	u64 kib, got = 0;

	if (parse_u64(text, &kib))
		return -EINVAL;
	balloon_notify();
	mutex_lock(&balloon_mutex);
	for (; got < kib / 4; got++) {
		struct page *p = alloc_page(GFP_NOWAIT | GFP_NOWARN);
		if (!p)
			break;
		list_add(&p->lru, &balloon);
	}
	balloon_pages = got;
	mutex_unlock(&balloon_mutex);
	if (got == kib / 4)
		return n;
	balloon_notify();
	return -ENOMEM;
}

static s64 balloon_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "%lu\n", READ_ONCE(balloon_pages) * 4);
}
PSEUDO_FILE(oom_balloon, .path = "/sys/kernel/debug/oom_balloon", .mode = 0644,
	.show = balloon_show, .store = balloon_store);
