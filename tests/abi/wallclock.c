// SPDX-License-Identifier: GPL-2.0-only
//
// The wall clock is set while somebody waits for a time of day: who waits for a time that has come by that goes on, and
// who waits for a span of time does not notice. Only on a machine of its own.
#include "t.h"

#include <linux/futex.h>
#include <linux/mqueue.h>
#include <linux/poll.h>
#include <linux/timerfd.h>
#include <linux/timex.h>

#define SEC 1000000000L
enum { SLEEPERS = 8 };

static long by; // how far the clock is from what it was

static long clock_ns(int clock)
{
	struct timespec ts;

	CHECK_EQ(sys(clock_gettime, clock, &ts), 0);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static struct timespec to_ts(long ns)
{
	return (struct timespec){ns / SEC, ns % SEC};
}

static struct timespec in(long seconds)
{
	return to_ts(clock_ns(CLOCK_REALTIME) + seconds * SEC);
}

static void jump(long seconds)
{
	struct timespec ts = in(seconds);

	by += seconds;
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), 0);
}

static void own_clock(void)
{
	if (!t_own_machine)
		SKIP("somebody else's clock");
}

static void clock_back(void)
{
	jump(-by);
}

// Wherever its timer is.
static void on_cpu(int cpu)
{
	unsigned long mask = 1UL << cpu;

	sys(sched_setaffinity, 0, sizeof mask, &mask); // if there are so many
}

static int sleeper(int cpu, int clock, int flags, const struct timespec *ts)
{
	int pid = t_fork();

	if (!pid) {
		on_cpu(cpu);
		t_exit((int)-sys(clock_nanosleep, clock, flags, ts, 0));
	}
	UNTIL(t_state(pid) == 'S');
	return pid;
}

TEST(sleepers)
{
	struct timespec at, span = {500, 0}, mono;
	int pid[SLEEPERS], late, spans[2];

	own_clock();
	at = in(500);
	mono = to_ts(clock_ns(CLOCK_MONOTONIC) + 500 * SEC);
	for (int i = 0; i < SLEEPERS; i++)
		pid[i] = sleeper(i % 4, i == 4 ? CLOCK_TAI : CLOCK_REALTIME, TIMER_ABSTIME, &at);
	at = in(5000);
	late = sleeper(1, CLOCK_REALTIME, TIMER_ABSTIME, &at);
	spans[0] = sleeper(1, CLOCK_REALTIME, 0, &span);
	spans[1] = sleeper(2, CLOCK_MONOTONIC, TIMER_ABSTIME, &mono);
	jump(1000);
	for (int i = 0; i < SLEEPERS; i++)
		CHECK_EQ(t_wait(pid[i]), 0);
	CHECK_EQ(t_state(late), 'S');
	jump(3990);
	jump(20);
	CHECK_EQ(t_wait(late), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t_state(spans[i]), 'S');
		sys(kill, spans[i], SIGKILL);
		CHECK_EQ(t_wait(spans[i]), SIGNALLED(SIGKILL));
	}
	clock_back();
}

// Back and forth.
TEST(a_sleeper_whose_time_goes_away)
{
	struct timespec at;
	int pid;

	own_clock();
	at = in(10);
	pid = sleeper(1, CLOCK_REALTIME, TIMER_ABSTIME, &at);
	jump(-1000);
	jump(900);
	CHECK_EQ(t_state(pid), 'S');
	jump(200);
	CHECK_EQ(t_wait(pid), 0);
	clock_back();
}

static int waiter(long (*wait)(const struct timespec *at))
{
	struct timespec at = in(500);
	int pid = t_fork();

	if (!pid)
		t_exit((int)-wait(&at));
	UNTIL(t_state(pid) == 'S');
	return pid;
}

static unsigned *word; // shared

static long on_futex(const struct timespec *at)
{
	return futex(word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, at, NULL, FUTEX_BITSET_MATCH_ANY);
}

static long on_two(const struct timespec *at)
{
	struct futex_waitv w[2] = {{.uaddr = (unsigned long)word, .flags = FUTEX_32}, {.uaddr = (unsigned long)&word[1], .flags = FUTEX_32}};

	return sys(futex_waitv, w, 2, 0, at, CLOCK_REALTIME);
}

static long on_lock(const struct timespec *at)
{
	return futex(&word[2], FUTEX_LOCK_PI, 0, at, NULL, 0);
}

static long on_queue(const struct timespec *at)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
	int fd = (int)sys(mq_open, "thaw-wallclock", O_CREAT | O_RDWR, 0600, &attr);
	char c;

	sys(mq_unlink, "thaw-wallclock");
	return fd < 0 ? fd : sys(mq_timedreceive, fd, &c, 1, 0, at);
}

TEST(waiters)
{
	int pid[4];

	own_clock();
	word = t_map_shared(PAGE);
	word[2] = (unsigned)t_gettid();
	pid[0] = waiter(on_futex);
	pid[1] = waiter(on_two);
	pid[2] = waiter(on_lock);
	pid[3] = waiter(on_queue);
	jump(1000);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(t_wait(pid[i]), ETIMEDOUT);
	clock_back();
}

static int new_timer(int clock, int sig)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	int id = -1;

	CHECK_EQ(sys(timer_create, clock, &ev, &id), 0);
	return id;
}

static void set_timer(int id, int flags, struct timespec value, long interval)
{
	struct itimerspec its = {.it_value = value, .it_interval = {interval, 0}};

	CHECK_EQ(sys(timer_settime, id, flags, &its, 0), 0);
}

static long left(int id)
{
	struct itimerspec its;

	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	return its.it_value.tv_sec;
}

static long taken(int sig, siginfo_t *info)
{
	unsigned long set = BIT(sig);
	struct timespec zero = {0, 0};

	return sys(rt_sigtimedwait, &set, info, &zero, 8);
}

#define NEAR(got, wanted) CHECK((got) >= (wanted)-60 && (got) <= (wanted))

TEST(timers)
{
	int at, span, tai;
	siginfo_t info;

	own_clock();
	t_block(BIT(40) | BIT(41) | BIT(42));
	at = new_timer(CLOCK_REALTIME, 40);
	span = new_timer(CLOCK_REALTIME, 41);
	tai = new_timer(CLOCK_TAI, 42);
	set_timer(at, TIMER_ABSTIME, in(1000), 0);
	set_timer(span, 0, (struct timespec){1000, 0}, 0);
	set_timer(tai, TIMER_ABSTIME, in(3000), 0);
	jump(500);
	NEAR(left(at), 500);
	NEAR(left(span), 1000);
	NEAR(left(tai), 2500);
	jump(-2000);
	NEAR(left(at), 2500);
	NEAR(left(span), 1000);
	jump(2700);
	UNTIL(taken(40, &info) == 40);
	CHECK_EQ(left(at), 0);
	CHECK_EQ(taken(41, &info), -EAGAIN);
	CHECK_EQ(taken(42, &info), -EAGAIN);
	set_timer(at, TIMER_ABSTIME, in(10), 1); // and many more by the time we hear of it
	jump(110);
	UNTIL(taken(40, &info) == 40);
	CHECK(info.si_overrun >= 99 && info.si_overrun < 160);
	CHECK_LE(left(at), 1);
	clock_back();
}

static long set_fd(int fd, int flags, struct timespec value, long interval)
{
	struct itimerspec its = {.it_value = value, .it_interval = {interval, 0}};

	return sys(timerfd_settime, fd, flags, &its, 0);
}

static long read_fd(int fd)
{
	unsigned long n = 0;
	long ret = sys(read, fd, &n, sizeof n);

	return ret == sizeof n ? (long)n : ret;
}

static short ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

TEST(timerfds)
{
	int at, span;
	struct itimerspec its;

	own_clock();
	at = (int)sys(timerfd_create, CLOCK_REALTIME, 0);
	span = (int)sys(timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
	CHECK_EQ(set_fd(at, TFD_TIMER_ABSTIME, in(100), 0), 0);
	CHECK_EQ(set_fd(span, 0, (struct timespec){100, 0}, 0), 0);
	jump(-1000);
	CHECK_EQ(sys(timerfd_gettime, at, &its), 0);
	NEAR(its.it_value.tv_sec, 1100);
	jump(2000);
	CHECK_EQ(read_fd(at), 1);
	CHECK_EQ(ready(span), 0);
	CHECK_EQ(read_fd(span), -EAGAIN);
	CHECK_EQ(set_fd(at, TFD_TIMER_ABSTIME, in(10), 10), 0);
	jump(105);
	long n = read_fd(at);
	CHECK(n >= 10 && n <= 16);
	clock_back();
}

TEST(cancelled)
{
	int fd, other, pid;
	struct timex tx = {.modes = ADJ_SETOFFSET, .time = {1, 0}};
	struct timeval tv;
	enum { FLAGS = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET };

	own_clock();
	fd = (int)sys(timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
	other = (int)sys(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK);
	CHECK_EQ(set_fd(fd, FLAGS, in(1000), 0), 0);
	CHECK_EQ(set_fd(other, FLAGS, in(1000), 0), 0);
	CHECK_EQ(read_fd(fd), -EAGAIN);
	jump(1);
	CHECK_EQ(ready(fd), POLLIN);
	CHECK_EQ(ready(other), 0);
	CHECK_EQ(read_fd(fd), -ECANCELED);
	CHECK_EQ(ready(fd), 0);
	CHECK_EQ(read_fd(fd), -EAGAIN);
	jump(1);
	long err = sys(ioctl, fd, 0x40085400, &(unsigned long){5}); // TFD_IOC_SET_TICKS

	CHECK(err == -ECANCELED || (!t_on_thaw && err == -ENOTTY));
	if (err == -ECANCELED)
		CHECK_EQ(read_fd(fd), 1);
	jump(-1);
	CHECK_EQ(set_fd(fd, FLAGS, in(1000), 0), -ECANCELED); // but it runs
	CHECK_EQ(read_fd(fd), -EAGAIN);
	CHECK_EQ(sys(adjtimex, &tx), TIME_ERROR);
	CHECK_EQ(read_fd(fd), -ECANCELED);
	tx.time.tv_sec = -1;
	CHECK_EQ(sys(adjtimex, &tx), TIME_ERROR);
	CHECK_EQ(read_fd(fd), -ECANCELED);
	CHECK_EQ(sys(gettimeofday, &tv, 0), 0);
	CHECK_EQ(sys(settimeofday, &tv, 0), 0);
	CHECK_EQ(read_fd(fd), -ECANCELED);
	jump(2000); // its time has come, and the clock was set
	CHECK_EQ(read_fd(fd), -ECANCELED);
	CHECK_EQ(set_fd(fd, TFD_TIMER_CANCEL_ON_SET, (struct timespec){1000, 0}, 0), 0); // not of a span
	jump(1);
	CHECK_EQ(read_fd(fd), -EAGAIN);
	CHECK_EQ(set_fd(fd, FLAGS, in(1000), 0), 0);
	CHECK_EQ(set_fd(fd, TFD_TIMER_ABSTIME, in(1000), 0), 0);
	jump(1);
	CHECK_EQ(read_fd(fd), -EAGAIN);
	CHECK_EQ(set_fd(fd, FLAGS, in(1000), 0), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, 0), 0);
	pid = t_fork();
	if (!pid)
		t_exit((int)-read_fd(fd));
	UNTIL(t_state(pid) == 'S');
	jump(1);
	CHECK_EQ(t_wait(pid), ECANCELED);
	clock_back();
}

// Timers start, end and go off on each processor while all of them are moved.
static _Noreturn void be_busy(int cpu)
{
	unsigned n = 0;
	int id, fd = (int)sys(timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);

	on_cpu(cpu);
	t_block(BIT(40));
	id = new_timer(CLOCK_REALTIME, 40);
	for (;; n++) {
		struct timespec at = to_ts(clock_ns(CLOCK_REALTIME) + n % 50 * 10000);

		set_timer(id, TIMER_ABSTIME, at, n % 3);
		set_fd(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, at, n % 2);
		if (n % 2) {
			at = to_ts(clock_ns(CLOCK_MONOTONIC) + 100000);
			sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
		}
		set_timer(id, 0, (struct timespec){0, 0}, 0);
		read_fd(fd);
		++*(_Atomic unsigned *)&word[cpu];
	}
}

TEST(a_clock_that_never_stands_still)
{
	int pid[4];

	own_clock();
	word = t_map_shared(PAGE);
	for (int i = 0; i < 4; i++) {
		pid[i] = t_fork();
		if (!pid[i])
			be_busy(i);
	}
	for (int i = 0; i < 4; i++)
		UNTIL(((_Atomic unsigned *)word)[i] > 10);
	for (int i = 0; i < 400; i++)
		jump(i % 2 ? 1 : -1);
	for (int i = 0; i < 4; i++) {
		unsigned then = ((_Atomic unsigned *)word)[i];

		UNTIL(((_Atomic unsigned *)word)[i] > then + 10);
		sys(kill, pid[i], SIGKILL);
		CHECK_EQ(t_wait(pid[i]), SIGNALLED(SIGKILL));
	}
	clock_back();
}

// ---- kept in step ----

static struct timex tx;

static long adjust(unsigned modes)
{
	tx.modes = modes;
	return sys(adjtimex, &tx);
}

// As it was when the machine started.
static void unadjusted(void)
{
	tx = (struct timex){.status = STA_PLL};
	CHECK_GE(adjust(ADJ_STATUS | ADJ_FREQUENCY | ADJ_MICRO), 0);
	tx = (struct timex){.status = STA_UNSYNC, .tick = 10000, .maxerror = 16000000, .esterror = 16000000};
	CHECK_EQ(adjust(ADJ_STATUS | ADJ_TICK | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TAI), TIME_ERROR);
	tx.offset = 0;
	CHECK_EQ(adjust(ADJ_OFFSET_SINGLESHOT), TIME_ERROR);
}

TEST(adjustments_are_kept)
{
	own_clock();
	CHECK_EQ(adjust(0), TIME_ERROR);
	CHECK_EQ(tx.tolerance, 32768000);
	tx = (struct timex){.status = STA_PLL | STA_MODE, .freq = 1 << 20, .maxerror = 100, .esterror = 50, .constant = 3};
	CHECK_EQ(adjust(ADJ_STATUS | ADJ_FREQUENCY | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST), TIME_OK);
	CHECK_EQ(tx.status, STA_PLL); // the other one is the kernel's
	CHECK_EQ(tx.freq, 1 << 20);
	CHECK_EQ(tx.esterror, 50);
	CHECK(tx.maxerror >= 100 && tx.maxerror < 10000);
	CHECK_EQ(tx.constant, 7);
	CHECK(tx.time.tv_usec < 1000000);
	CHECK_EQ(adjust(ADJ_NANO), TIME_OK);
	CHECK_EQ(tx.status, STA_PLL | STA_NANO);
	tx.constant = 3;
	tx.freq = 1 << 30;
	CHECK_EQ(adjust(ADJ_TIMECONST | ADJ_FREQUENCY), TIME_OK);
	CHECK_EQ(tx.constant, 3);
	CHECK_EQ(tx.freq, 32768000); // no more than that
	tx.freq = 0;
	tx.offset = 1000000;
	CHECK_EQ(adjust(ADJ_OFFSET | ADJ_FREQUENCY), TIME_OK);
	CHECK(tx.offset > 900000 && tx.offset <= 1000000);
	CHECK(tx.freq >= 0 && tx.freq < 1 << 20);
	tx.offset = 100000; // at 500 a second
	CHECK_EQ(adjust(ADJ_OFFSET_SINGLESHOT), TIME_OK);
	CHECK_EQ(tx.offset, 0); // what was left before
	CHECK_EQ(adjust(ADJ_OFFSET_SS_READ), TIME_OK);
	CHECK(tx.offset > 90000 && tx.offset <= 100000);
	// Who sets the clock says that all of it is wrong.
	jump(0);
	CHECK_EQ(adjust(0), TIME_ERROR);
	CHECK_EQ(tx.status, STA_PLL | STA_NANO | STA_UNSYNC);
	CHECK_EQ(tx.maxerror, 16000000);
	CHECK_EQ(tx.offset, 0);
	CHECK_EQ(adjust(ADJ_OFFSET_SS_READ), TIME_ERROR);
	CHECK_EQ(tx.offset, 0);
	tx.status = 0; // without a loop it is nobody's again
	CHECK_EQ(adjust(ADJ_STATUS), TIME_OK);
	unadjusted();
}

// Both clocks, read at one time: again if the processor was away between the readings.
static void both(long *real, long *raw)
{
	long before;

	do {
		before = clock_ns(CLOCK_MONOTONIC_RAW);
		*real = clock_ns(CLOCK_REALTIME);
		*raw = clock_ns(CLOCK_MONOTONIC_RAW);
	} while (*raw - before > SEC / 1000);
}

static long passed(long tick)
{
	long real, raw, real_then, raw_then;

	tx.tick = tick;
	CHECK_GE(adjust(ADJ_TICK), 0);
	CHECK_EQ(tx.tick, tick);
	both(&real_then, &raw_then);
	t_sleep_ms(100);
	both(&real, &raw);
	return (real - real_then) * 1000 / (raw - raw_then);
}

TEST(a_clock_that_is_fast_or_slow)
{
	long n;

	own_clock();
	n = passed(11000);
	CHECK(n > 1080 && n < 1120);
	n = passed(9000);
	CHECK(n > 880 && n < 920);
	n = passed(10000);
	CHECK(n > 980 && n < 1020);
	unadjusted();
}

TEST(it_never_goes_back)
{
	long last, now;

	own_clock();
	tx.tick = 9000;
	CHECK_GE(adjust(ADJ_TICK), 0);
	last = clock_ns(CLOCK_REALTIME);
	for (int i = 0; i < 2000; i++) {
		now = clock_ns(CLOCK_REALTIME);
		CHECK_GE(now, last);
		last = now;
	}
	unadjusted();
}

TEST(the_atomic_clock)
{
	struct timespec at;

	own_clock();
	tx.constant = 37;
	CHECK_EQ(adjust(ADJ_TAI), TIME_ERROR);
	CHECK_EQ(tx.tai, 37);
	long ahead = clock_ns(CLOCK_TAI) - clock_ns(CLOCK_REALTIME);

	CHECK(ahead > 36 * SEC && ahead <= 37 * SEC);
	at = to_ts(clock_ns(CLOCK_TAI) + SEC / 100);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_TAI, 1, &at, 0), 0);
	ahead = clock_ns(CLOCK_TAI) - at.tv_sec * SEC - at.tv_nsec;
	CHECK(ahead >= 0 && ahead < 30 * SEC); // by another clock it would be 37 off
	tx.constant = -1;
	CHECK_EQ(adjust(ADJ_TAI), TIME_ERROR);
	CHECK_EQ(tx.tai, 37);
	unadjusted();
}

static bool away; // for so long between two looks that a second may have gone by unseen

// At the state of the clock.
static long look(void)
{
	static long last;
	long state = adjust(0), now = clock_ns(CLOCK_MONOTONIC_RAW);

	away = now - last > SEC / 4;
	last = now;
	return state;
}

static bool see_state(long state)
{
	UNTIL(look() == state || away);
	return !away;
}

struct day {
	int status;
	long before, in, start, after, tai;
};

#define MIDNIGHT (86400L * 24000)

// True if the end of that day was seen, all of it: each state is there for a second, and a busy machine may keep us off for longer.
static bool see_leap(const struct day *day)
{
	struct timespec ts = {day->start, 700000000};

	unadjusted();
	tx.constant = 37;
	CHECK_EQ(adjust(ADJ_TAI), TIME_ERROR);
	look();
	by += (ts.tv_sec * SEC + ts.tv_nsec - clock_ns(CLOCK_REALTIME)) / SEC;
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), 0);
	tx.status = day->status;
	tx.maxerror = 0; // it is known for a while
	CHECK_EQ(adjust(ADJ_STATUS | ADJ_MAXERROR), TIME_OK);
	if (!see_state(day->before) || !see_state(day->in))
		return false;
	CHECK_EQ(tx.time.tv_sec, day->after);
	CHECK_EQ(tx.tai, day->tai);
	UNTIL(adjust(0) == TIME_WAIT);
	UNTIL(clock_ns(CLOCK_REALTIME_COARSE) >= MIDNIGHT * SEC); // Linux tells it before the tick that does it
	tx.status = 0;
	CHECK_EQ(adjust(ADJ_STATUS), TIME_WAIT);
	UNTIL(adjust(0) == TIME_OK);
	return true;
}

// The last minute of a day has 61 seconds, or 59.
TEST(leap_seconds)
{
	static const struct day longer = {STA_INS, TIME_INS, TIME_OOP, MIDNIGHT - 2, MIDNIGHT - 1, 38};
	static const struct day shorter = {STA_DEL, TIME_DEL, TIME_WAIT, MIDNIGHT - 3, MIDNIGHT, 36};

	own_clock();
	while (!see_leap(&longer))
		;
	while (!see_leap(&shorter))
		;
	unadjusted();
	clock_back();
}
