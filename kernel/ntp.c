// SPDX-License-Identifier: GPL-2.0-only
/*
 * adjtimex: the wall clock goes a little faster or slower, until it shows what a better clock does,
 * and leaves a second out or in. Mirrors Linux kernel/time/ntp.c and do_adjtimex of timekeeping.c.
 *
 * Each second of the wall clock has a rate, which is made of the length of a tick, of the frequency,
 * and of what this second takes of a phase that is still to be made good. What that amounts to goes
 * into realtime_offset_ns whenever somebody asks for the time, and with each interrupt of the timer.
 *
 * LINUX: there the monotonic clock goes along. No pulse per second.
 *
 * Locks: ntp_lock.
 */
#include "kernel/ntp.h"
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/lock.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define SECOND		((s64)NSEC_PER_SEC)
#define USEC		((s64)NSEC_PER_USEC)
#define SECS_PER_DAY	86400
#define FREQ_SHIFT	32		/* of a frequency: ns a second, and as many bits of a fraction */
#define PHASE_SHIFT	20		/* of a phase: ns, likewise */
#define PPM_SCALE	(USEC << (FREQ_SHIFT - 16))	/* adjtimex counts in parts per million, and 16 bits */
#define MAXFREQ		500000ll	/* ns a second */
#define MAXPHASE	500000000ll	/* ns */
#define MAX_TICKADJ	500ll		/* us a second: adjtime */
#define MAXTC		10ll
#define MAX_TAI_OFFSET	100000
#define SHIFT_PLL	2
#define SHIFT_FLL	2
#define MINSEC		256
#define MAXSEC		2048
#define NO_LEAP		INT64_MAX
#define TICK_USEC	(1000000 / K_USER_HZ)

bool ntp_active;			/* [ntp_lock] to write */
int tai_offset;

static struct spinlock ntp_lock = SPINLOCK_INIT("ntp", RANK_NTP);
static struct {				/* all of it [ntp_lock] */
	int state, status;		/* TIME_*, STA_* */
	s64 phase;			/* << PHASE_SHIFT: still to be made good */
	s64 freq;			/* << FREQ_SHIFT */
	s64 tick;			/* us */
	s64 adjust;			/* us: what adjtime asked for and is still to be made good */
	s64 constant, maxerror, esterror;
	s64 reftime;			/* s of the wall clock: the last phase came then */
	s64 next_leap;			/* s of the wall clock that begins after it, NO_LEAP */
	bool has_leapt;			/* and the timers do not know */
	s64 chunk;			/* ns: what this second makes good */
	s64 rate;			/* ns that this second has more */
	s64 rest;			/* of what was slewed, less than a ns: / SECOND */
	u64 last, next;			/* ns since boot: slewed up to there; the next second begins */
} ntp = {
	.status = STA_UNSYNC, .tick = TICK_USEC, .constant = 2, .maxerror = NTP_PHASE_LIMIT,
	.esterror = NTP_PHASE_LIMIT,
	.next_leap = NO_LEAP,
};

static s64 shift_right(s64 v, s64 by)
{
	return v < 0 ? -(-v >> by) : v >> by;
}

static s64 clamp(s64 v, s64 lo, s64 hi)
{
	return max(min(v, hi), lo);
}

static u64 wall_at(u64 since_boot)
{
	return since_boot + (u64)atomic_load(&realtime_offset_ns);
}

/* --- the seconds --- */

static void slew(u64 to)
{
	s64 by = ntp.rate * (s64)(to - ntp.last) + ntp.rest;

	atomic_fetch_add(&realtime_offset_ns, by / SECOND);
	ntp.rest = by % SECOND;
	ntp.last = to;
}

/* Of the wall clock. */
static u64 next_second(u64 now)
{
	return now + NSEC_PER_SEC - wall_at(now) % NSEC_PER_SEC;
}

static void set_rate(void)
{
	ntp.rate = (ntp.tick - TICK_USEC) * K_USER_HZ * USEC + shift_right(ntp.freq, FREQ_SHIFT) + ntp.chunk;
	WRITE_ONCE(ntp_active, ntp.rate || ntp.phase || ntp.adjust || ntp.state != TIME_OK ||
			       ntp.status & (STA_INS | STA_DEL) ||
			       ntp.maxerror < NTP_PHASE_LIMIT || !(ntp.status & STA_UNSYNC));
}

static void leap(s64 by)
{
	atomic_fetch_add(&realtime_offset_ns, by * SECOND);
	WRITE_ONCE(tai_offset, tai_offset - (int)by);
	ntp.has_leapt = true;
	pr_notice("Clock: %s\n", by < 0 ? "inserting leap second 23:59:60 UTC" : "deleting leap second 23:59:59 UTC");
}

/* At the beginning of wall second sec. */
static void next_state(s64 sec)
{
	switch (ntp.state) {
	case TIME_OK:
		if (ntp.status & STA_INS) {
			ntp.state = TIME_INS;
			ntp.next_leap = sec + SECS_PER_DAY - sec % SECS_PER_DAY;
		} else if (ntp.status & STA_DEL) {
			ntp.state = TIME_DEL;
			ntp.next_leap = sec + SECS_PER_DAY - (sec + 1) % SECS_PER_DAY;
		}
		break;
	case TIME_INS:
	case TIME_DEL:
		if (!(ntp.status & (ntp.state == TIME_INS ? STA_INS : STA_DEL))) {
			ntp.next_leap = NO_LEAP;
			ntp.state = TIME_OK;
		} else if (sec == ntp.next_leap) {
			leap(ntp.state == TIME_INS ? -1 : 1);
			ntp.next_leap = ntp.state == TIME_INS ? sec : NO_LEAP;
			ntp.state = ntp.state == TIME_INS ? TIME_OOP : TIME_WAIT;
		}
		break;
	case TIME_OOP:
		ntp.next_leap = NO_LEAP;
		ntp.state = TIME_WAIT;
		break;
	case TIME_WAIT:
		if (!(ntp.status & (STA_INS | STA_DEL)))
			ntp.state = TIME_OK;
		break;
	}
}

static void second_overflow(void)
{
	s64 adjust = clamp(ntp.adjust, -MAX_TICKADJ, MAX_TICKADJ),
	    phase = shift_right(ntp.phase, SHIFT_PLL + ntp.constant);
	u64 next;

	next_state((s64)((wall_at(ntp.next) + NSEC_PER_SEC / 2) / NSEC_PER_SEC));
	ntp.maxerror += MAXFREQ / USEC;
	if (ntp.maxerror > NTP_PHASE_LIMIT) {
		ntp.maxerror = NTP_PHASE_LIMIT;
		ntp.status |= STA_UNSYNC;
	}
	ntp.adjust -= adjust;
	ntp.phase = phase ? ntp.phase - phase : 0;
	ntp.chunk = shift_right(phase, PHASE_SHIFT) + adjust * USEC;
	next = next_second(ntp.next);		/* not the one that begins now: the last one may have been a little shorter */
	ntp.next = next - ntp.next < NSEC_PER_SEC / 2 ? next + NSEC_PER_SEC : next;
	set_rate();
}

/* Up to now. */
static void advance(u64 now)
{
	assert_held(&ntp_lock);
	if (!ntp_active) {
		ntp.last = now;
		ntp.rest = 0;
		ntp.next = next_second(now);
		return;
	}
	while (ntp_active && now >= ntp.next) {
		slew(ntp.next);
		second_overflow();
	}
	slew(now);
}

u64 ntp_realtime_ns(void)
{
	u64 now, wall;

	spin_lock(&ntp_lock);
	now = ktime_ns();
	advance(now);
	wall = wall_at(now);
	spin_unlock(&ntp_lock);
	return wall;
}

void ntp_set_realtime(u64 ns)
{
	u64 now;

	spin_lock(&ntp_lock);
	now = ktime_ns();
	advance(now);
	atomic_store(&realtime_offset_ns, (s64)(ns - now));
	ntp.phase = ntp.adjust = ntp.chunk = 0;
	ntp.status |= STA_UNSYNC;
	ntp.maxerror = ntp.esterror = NTP_PHASE_LIMIT;
	ntp.next_leap = NO_LEAP;
	ntp.next = next_second(now);
	set_rate();
	spin_unlock(&ntp_lock);
}

void __ntp_tick(void)
{
	bool leapt;

	spin_lock(&ntp_lock);
	advance(ktime_ns());
	leapt = ntp.has_leapt;
	ntp.has_leapt = false;
	spin_unlock(&ntp_lock);
	if (leapt) {
		timers_clock_was_set();
		timerfd_clock_was_set();
	}
}

/* --- what is asked for --- */

/* By how much a phase, << PHASE_SHIFT, changes the frequency if the last one came secs ago, << FREQ_SHIFT. */
static s64 frequency_of(s64 offset, s64 secs)
{
	s64 most = 1ll << (SHIFT_PLL + 1 + ntp.constant), freq = 0;

	ntp.status &= ~STA_MODE;
	if (secs >= MINSEC && (ntp.status & STA_FLL || secs > MAXSEC)) {
		ntp.status |= STA_MODE;
		freq = offset * (1ll << (FREQ_SHIFT - SHIFT_FLL)) / secs;
	}
	return freq + offset * min(secs, most) * (1ll << (FREQ_SHIFT - 2 * (SHIFT_PLL + 2 + ntp.constant)));
}

static void set_phase(s64 offset)
{
	s64 now = (s64)(wall_at(ntp.last) / NSEC_PER_SEC),
	    secs = ntp.status & STA_FREQHOLD ? 0 : max(now - ntp.reftime, 0ll);

	if (!(ntp.status & STA_PLL))
		return;
	if (!(ntp.status & STA_NANO))
		offset = clamp(offset, -MAXPHASE, MAXPHASE) * USEC;
	offset = clamp(offset, -MAXPHASE, MAXPHASE);
	ntp.reftime = now;
	ntp.freq = clamp(ntp.freq + frequency_of(offset, secs), -(MAXFREQ << FREQ_SHIFT), MAXFREQ << FREQ_SHIFT);
	ntp.phase = offset * (1ll << PHASE_SHIFT);
}

static void set_status(int status)
{
	if (ntp.status & STA_PLL && !(status & STA_PLL)) {
		ntp.state = TIME_OK;
		ntp.status = STA_UNSYNC;
		ntp.next_leap = NO_LEAP;
	}
	if (!(ntp.status & STA_PLL) && status & STA_PLL)
		ntp.reftime = (s64)(wall_at(ntp.last) / NSEC_PER_SEC);
	ntp.status = (ntp.status & STA_RONLY) | (status & ~STA_RONLY);
}

static void set_modes(const struct k_timex *tx)
{
	u32 modes = tx->modes;

	if (modes & ADJ_STATUS)
		set_status(tx->status);
	if (modes & ADJ_NANO)
		ntp.status |= STA_NANO;
	if (modes & ADJ_MICRO)
		ntp.status &= ~STA_NANO;
	if (modes & ADJ_FREQUENCY)
		ntp.freq = clamp(tx->freq * PPM_SCALE, -(MAXFREQ << FREQ_SHIFT), MAXFREQ << FREQ_SHIFT);
	if (modes & ADJ_MAXERROR)
		ntp.maxerror = clamp(tx->maxerror, 0, NTP_PHASE_LIMIT);
	if (modes & ADJ_ESTERROR)
		ntp.esterror = clamp(tx->esterror, 0, NTP_PHASE_LIMIT);
	if (modes & ADJ_TIMECONST)
		ntp.constant = clamp(clamp(tx->constant, 0, MAXTC) + (ntp.status & STA_NANO ? 0 : 4), 0, MAXTC);
	if (modes & ADJ_TAI && tx->constant >= 0 && tx->constant <= MAX_TAI_OFFSET)
		WRITE_ONCE(tai_offset, (int)tx->constant);
	if (modes & ADJ_OFFSET)
		set_phase(tx->offset);
	if (modes & ADJ_TICK)
		ntp.tick = tx->tick;
	set_rate();
}

/* The state of the clock, and all that is known of it. */
static int fill(struct k_timex *tx)
{
	u64 wall = wall_at(ntp.last);

	*tx = (struct k_timex){
		.modes = tx->modes, .offset = tx->offset, .freq = shift_right(ntp.freq, 16) / USEC,
		.maxerror = ntp.maxerror,
		.esterror = ntp.esterror, .status = ntp.status, .constant = ntp.constant, .precision = 1,
		.tolerance = (MAXFREQ << FREQ_SHIFT) / PPM_SCALE, .time = ns_to_timeval(wall),
		.tick = ntp.tick, .tai = tai_offset,
	};
	if (ntp.status & STA_NANO)
		tx->time.tv_usec = (s64)(wall % NSEC_PER_SEC);
	return ntp.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : ntp.state;
}

/* 0, -EPERM, -EINVAL. */
static int validate(const struct k_timex *tx)
{
	u32 modes = tx->modes;

	if (modes & ADJ_ADJTIME && !(modes & ADJ_OFFSET_SINGLESHOT))
		return -EINVAL;
	if ((modes & ADJ_ADJTIME ? !(modes & ADJ_OFFSET_READONLY) : modes != 0) && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (!(modes & ADJ_ADJTIME) && modes & ADJ_TICK &&
	    (tx->tick < TICK_USEC * 9 / 10 || tx->tick > TICK_USEC * 11 / 10))
		return -EINVAL;
	if (modes & ADJ_SETOFFSET) {
		if (!capable(CAP_SYS_TIME))
			return -EPERM;
		if (tx->time.tv_usec < 0 || tx->time.tv_usec >= (modes & ADJ_NANO ? SECOND : SECOND / USEC))
			return -EINVAL;
	}
	if (modes & ADJ_FREQUENCY && (tx->freq < INT64_MIN / PPM_SCALE || tx->freq > INT64_MAX / PPM_SCALE))
		return -EINVAL;
	return 0;
}

/* The clock shows so much more from now on. 0, -EINVAL. */
static int inject_offset(const struct k_timex *tx)
{
	s64 unit = tx->modes & ADJ_NANO ? 1 : USEC, to;

	if (__builtin_mul_overflow(tx->time.tv_sec, SECOND, &to) ||
	    __builtin_add_overflow(to, tx->time.tv_usec * unit, &to) ||
	    __builtin_add_overflow((s64)realtime_ns(), to, &to) || to < 0)
		return -EINVAL;
	return set_realtime((u64)to);
}

/* The state of the clock, or -errno. */
static long do_adjtimex(struct k_timex *tx)
{
	int ret = validate(tx);

	if (!ret && tx->modes & ADJ_SETOFFSET)
		ret = inject_offset(tx);
	if (ret)
		return ret;
	spin_lock(&ntp_lock);
	advance(ktime_ns());
	if (tx->modes & ADJ_ADJTIME) {
		s64 was = ntp.adjust;

		if (!(tx->modes & ADJ_OFFSET_READONLY))
			ntp.adjust = tx->offset;
		tx->offset = was;
		set_rate();
	} else {
		if (tx->modes)
			set_modes(tx);
		tx->offset = shift_right(ntp.phase, PHASE_SHIFT) / (ntp.status & STA_NANO ? 1 : USEC);
	}
	ret = fill(tx);
	spin_unlock(&ntp_lock);
	return ret;
}

long sys_adjtimex(uaddr_t utx)
{
	struct k_timex tx;
	long ret;

	if (copy_from_user(&tx, utx, sizeof(tx)))
		return -EFAULT;
	ret = do_adjtimex(&tx);
	return ret >= 0 && copy_to_user(utx, &tx, sizeof(tx)) ? -EFAULT : ret;
}

long sys_clock_adjtime(int clock, uaddr_t utx)
{
	struct k_timex tx;
	long ret;

	if (copy_from_user(&tx, utx, sizeof(tx)))
		return -EFAULT;
	if (clock < 0)				/* of a process or, with 3, of a file */
		return (clock & 7) == 3 ? -EINVAL : -EOPNOTSUPP;
	if (clock != CLOCK_REALTIME)
		return clock_exists(clock) ? -EOPNOTSUPP : -EINVAL;
	ret = do_adjtimex(&tx);
	return ret >= 0 && copy_to_user(utx, &tx, sizeof(tx)) ? -EFAULT : ret;
}
