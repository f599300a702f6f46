// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend-to-idle: the order of steps and its undo, and the doors under /sys/power. Mirrors Linux
 * 6.1 kernel/power/{suspend,main}.c.
 *
 *	freeze users -> oom_killer_disable -> freeze kernel threads -> suspend devices -> idle until woken -> the same backwards
 *
 * oom_killer_disable comes after the user freeze, because allocations fail while it holds and no
 * user task may see that; and before the kernel threads freeze, because a dying victim may need one
 * of them.
 *
 * Locks: pm_mutex (one suspend at a time).
 */
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/pm.h"
#include "kernel/printk.h"
#include "kernel/trace.h"

static struct mutex pm_mutex = MUTEX_INIT(pm_mutex, "pm_mutex", RANK_PM);

/* /sys/power/pm_test: how far a test suspend goes before it turns round. */
enum pm_test { PM_TEST_NONE, PM_TEST_CORE, PM_TEST_CPUS, PM_TEST_PLATFORM, PM_TEST_DEVICES,
	PM_TEST_FREEZER, NR_PM_TESTS };
static const char *const pm_test_names[NR_PM_TESTS] = { "none", "core", "processors", "platform", "devices", "freezer" };
static enum pm_test pm_test_level;		/* [pm_mutex] */
static u64 pm_test_delay = 5;			/* seconds, /sys/module/suspend/parameters/pm_test_delay */

static struct waitq wake_wait = WAITQ_INIT(wake_wait, "suspend");
static _Atomic bool woken;
static void wake_alarm(struct timer *t);
static struct timer wake_timer = { .fn = wake_alarm };
static u64 wake_at;				/* ns of ktime, 0 = none */
static _Atomic bool alarm_rang;			/* since it was set: the next suspend ends at once, and that uses it up */

static int last_suspend;			/* 0 or -errno of the last attempt */
static u64 suspend_success, suspend_fail;

void pm_wakeup(void)
{
	atomic_store(&woken, true);
	wake_up_all(&wake_wait);
}

static void wake_alarm(struct timer *t)
{
	(void)t;
	alarm_rang = true;
	pm_wakeup();
}

/* Devices suspend last registered first; the first refusal resumes those already done. */
static int suspend_devices(void)
{
	const struct pm_device *first = __start_set_pm_devices, *d;

	for (d = __stop_set_pm_devices; d > first; d--) {
		int err = d[-1].suspend();
		if (!err)
			continue;
		pr_err("PM: device %s failed to suspend: error %d\n", d[-1].name, err);
		for (; d < __stop_set_pm_devices; d++)
			d->resume();
		return err;
	}
	return 0;
}

static void resume_devices(void)
{
	const struct pm_device *d;

	SET_FOREACH(d, pm_devices)
		d->resume();
}

/* true: the test level ends here, after its delay. */
static bool suspend_test(enum pm_test level)
{
	if (pm_test_level != level)
		return false;
	pr_info("suspend debug: Waiting for %lu second(s).\n", pm_test_delay);
	msleep(pm_test_delay * 1000);
	return true;
}

static void s2idle(void)
{
	trace_suspend_resume(SUSPEND_machine_suspend, 1);
	wait_event(&wake_wait, atomic_load(&woken));
	trace_suspend_resume(SUSPEND_machine_suspend, 0);
}

static int suspend_devices_and_idle(void)
{
	int err;

	pm_phase("suspend_devices");
	trace_suspend_resume(SUSPEND_suspend_devices, 1);
	err = suspend_devices();
	trace_suspend_resume(SUSPEND_suspend_devices, 0);
	if (err)
		return err;
	/* The platform has nothing to do after the devices, so that both levels end here. */
	if (!suspend_test(PM_TEST_DEVICES) && !suspend_test(PM_TEST_PLATFORM)) {
		pm_phase("idle");
		s2idle();
	}
	pm_phase("resume");
	trace_suspend_resume(SUSPEND_resume_devices, 1);
	resume_devices();
	trace_suspend_resume(SUSPEND_resume_devices, 0);
	return 0;
}

static int enter_suspend(void)
{
	int err;

	pr_info("PM: suspend entry (s2idle)\n");
	if (pm_test_level == PM_TEST_CORE || pm_test_level == PM_TEST_CPUS) {
		pr_warn("PM: Unsupported test mode for suspend to idle, please choose none/freezer/devices/platform.\n");
		return -EAGAIN;			/* an idle machine takes no processor away */
	}
	pm_phase("freeze_users");
	err = freeze_processes();
	if (err)
		return err;
	pm_phase("freeze_kthreads");
	err = freeze_kernel_threads();
	if (!err && !suspend_test(PM_TEST_FREEZER))
		err = suspend_devices_and_idle();
	thaw_processes();
	return err;
}

/* One whole suspend-to-idle attempt by current: 0, -EBUSY, -EINTR, -EAGAIN. Sleeps. */
static int pm_suspend(void)
{
	int err;

	if (!mutex_trylock(&pm_mutex))
		return -EBUSY;
	atomic_store(&woken, false);
	if (atomic_load(&alarm_rang))		/* after the store: an alarm in between is in one of the two */
		pm_wakeup();
	err = enter_suspend();
	atomic_store(&alarm_rang, false);
	last_suspend = err;
	if (err)
		suspend_fail++;
	else
		suspend_success++;
	pr_info("PM: suspend exit (%d)\n", err);
	mutex_unlock(&pm_mutex);
	return err;
}

/* For /sys/kernel/debug/oom and suspend_stats. */
int pm_last_result(void)
{
	return last_suspend;
}

/* --- doors --- */

/* "word\n" or "word": is it @name? */
static bool word_is(const char *s, const char *name)
{
	size_t n = kstrlen(name);

	return !kstrncmp(s, name, n) && (!s[n] || (s[n] == '\n' && !s[n + 1]));
}

static s64 state_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "freeze mem\n");
}

/* LINUX: "mem" is suspend-to-idle too, as on machines whose mem_sleep offers nothing deeper. */
static s64 state_store(const char *s, size_t n)
{
	int err;

	if (word_is(s, "disk"))
		return -ENOSYS;			/* no hibernation */
	if (!word_is(s, "freeze") && !word_is(s, "mem"))
		return -EINVAL;
	err = pm_suspend();
	return err ? err : (s64)n;
}
PSEUDO_FILE(power_state, .path = "/sys/power/state", .mode = 0644, .show = state_show, .store = state_store);

static s64 pm_test_show(char *buf, size_t n)
{
	size_t len = 0;

	for (int i = 0; i < NR_PM_TESTS; i++)
		len += ksnprintf(buf + len, n - len,
				 (enum pm_test)i == pm_test_level ? "[%s]%c" : "%s%c",
				 pm_test_names[i], i == NR_PM_TESTS - 1 ? '\n' : ' ');
	return len;
}

static s64 pm_test_store(const char *s, size_t n)
{
	s64 ret = -EINVAL;

	if (!mutex_trylock(&pm_mutex))
		return -EBUSY;
	for (int i = 0; i < NR_PM_TESTS; i++) {
		if (!word_is(s, pm_test_names[i]))
			continue;
		pm_test_level = i;
		ret = n;
	}
	mutex_unlock(&pm_mutex);
	return ret;
}
PSEUDO_FILE(power_pm_test, .path = "/sys/power/pm_test", .mode = 0644, .show = pm_test_show, .store = pm_test_store);

static s64 timeout_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "%u\n", freeze_timeout_msecs);
}

/* As on Linux decimal alone. LINUX: what 32 bits do not hold is refused, not cut to them. */
static s64 timeout_store(const char *s, size_t n)
{
	u64 v;

	s += *s == '+';
	if (kparse_digits(&s, 10, &v) || (*s && !kstreq(s, "\n")) || v > UINT32_MAX)
		return -EINVAL;
	freeze_timeout_msecs = v;
	return n;
}
PSEUDO_FILE(power_timeout, .path = "/sys/power/pm_freeze_timeout", .mode = 0644,
	.show = timeout_show, .store = timeout_store);

static s64 delay_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "%lu\n", pm_test_delay);
}

static s64 delay_store(const char *s, size_t n)
{
	u64 v;

	if (kparse_u64(s, &v) || v > 3600)
		return -EINVAL;
	pm_test_delay = v;
	return n;
}
PSEUDO_FILE(pm_test_delay_file, .path = "/sys/module/suspend/parameters/pm_test_delay", .mode = 0644,
	    .show = delay_show, .store = delay_store);

/*
 * The wake alarm: "+N" = N seconds from now, "0" = off. LINUX: absolute times and "+=" are refused
 * with EINVAL.
 */
static s64 wakealarm_show(char *buf, size_t n)
{
	return wake_at > ktime_ns() ? (s64)ksnprintf(buf, n, "%lu\n", wake_at / 1000000000) : 0;
}

static s64 wakealarm_store(const char *s, size_t n)
{
	u64 secs;

	if (word_is(s, "0")) {
		timer_cancel_sync(&wake_timer);
		wake_at = 0;
		atomic_store(&alarm_rang, false);
		return n;
	}
	if (*s != '+' || kparse_u64(s + 1, &secs) || secs > 86400 * 365)
		return -EINVAL;
	timer_cancel_sync(&wake_timer);
	atomic_store(&alarm_rang, false);
	wake_at = ktime_ns() + secs * 1000000000ull;
	timer_start(&wake_timer, wake_at);
	return n;
}
PSEUDO_FILE(rtc_wakealarm, .path = "/sys/class/rtc/rtc0/wakealarm", .mode = 0644,
	.show = wakealarm_show, .store = wakealarm_store);

static s64 stats_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "success: %lu\nfail: %lu\nlast_failed_errno: %d\n",
		suspend_success, suspend_fail, last_suspend);
}
PSEUDO_FILE(suspend_stats, .path = "/sys/kernel/debug/suspend_stats", .mode = 0444, .show = stats_show);
