#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the tests: all of them, or those named.

    tests/run.py [SUITE [FILE[.TEST]]]...     tests/run.py --list

Suites, in the order they run; `tests/run.py -h` says the same:
"""

import concurrent.futures
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import debian  # noqa: E402
import qemu  # noqa: E402
import strangers  # noqa: E402

ROOT = qemu.ROOT
TESTS = os.path.join(qemu.BUILD, "tests")
LOGS = os.path.join(TESTS, "log")
SKIPPED_ON_THAW = {"trap.sse_exception"}  # for what QEMU's processor does; any other that is skipped there tests no more
WATCHDOG = 120  # seconds of real time; too little of it is never a verdict about the kernel


class Result:
    def __init__(self, suite, name, ok, detail=(), skipped=False):
        self.suite, self.name, self.ok, self.skipped = suite, name, ok, skipped
        self.detail = list(detail)


def programs(folder):
    """The test programs of build/tests/FOLDER that still have a source, as (name, path)."""
    found = []
    for source in sorted(os.listdir(os.path.join(ROOT, "tests", folder)) if
                         os.path.isdir(os.path.join(ROOT, "tests", folder)) else []):
        path = os.path.join(TESTS, folder, source[:-2])
        if source.endswith(".c") and source != "rt.c":
            found.append((source[:-2], path))
    return found


def parse_tap(suite, name, lines, ended_well, why):
    """TAP lines to Results. A test that was announced and never reported has failed, and so has one that was not announced."""
    results, notes, planned = [], [], None
    for line in lines:
        match = re.match(r"1\.\.(\d+)$", line)
        if match:
            planned = int(match.group(1))
            continue
        match = re.match(r"(not )?ok \d+ - (\S+)( # SKIP)?", line)
        if match:
            ok = not match.group(1)
            results.append(Result(suite, match.group(2), ok, [] if ok else notes, bool(match.group(3))))
            notes = []
        elif line.startswith("#"):
            notes.append(line)
    if planned is None:
        results.append(Result(suite, name, False, notes + ["no plan: the program said nothing", why or ""]))
    elif len(results) != planned:
        results.append(Result(suite, name, False, notes + [
            "%d tests reported, %d announced" % (len(results), planned), why or ""]))
    elif not ended_well and all(r.ok for r in results):
        results.append(Result(suite, name, False, notes + [why or "the program did not end with code 0"]))
    return results


def save_log(suite, name, data):
    os.makedirs(LOGS, exist_ok=True)
    path = os.path.join(LOGS, "%s.%s" % (suite, name))
    with open(path, "wb") as f:
        f.write(data)
    return os.path.relpath(path, ROOT)


# ---- suites: each gives a list of (name, function that returns Results) ----


def suite_check(suite):
    """the repository's own rules"""
    jobs = []
    for name in sorted(os.listdir(os.path.join(ROOT, "tests", "check"))):
        if not name.endswith(".py") or name.startswith("_"):
            continue
        path = os.path.join(ROOT, "tests", "check", name)

        def job(only, name=name, path=path):
            argv = [sys.executable, path] + ([only] if only else [])
            done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=3 * WATCHDOG)
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            return parse_tap(suite, name[:-3], lines, done.returncode == 0, "\n".join(lines[-5:]))

        jobs.append((name[:-3], job))
    return jobs


def failures(lines):
    """What a program without TAP says of itself: what failed, and its last words."""
    return [line for line in lines[:-10] if line.startswith("not ok")] + lines[-10:]


def sweep(root="/sys/fs/cgroup"):
    """Control groups of tests that were killed midway go, and who is still in them: thaw-PID, where no PID is any more."""
    for top in glob.glob(root + "/thaw-[0-9]*") + glob.glob(root + "/*/thaw-[0-9]*"):
        if os.path.exists("/proc/" + top.rpartition("-")[2]):
            continue
        folders = [folder for folder, _, _ in os.walk(top)]
        for folder in folders:  # a group of version 1 that is frozen keeps even the killed
            kill_group(folder)
        for folder in reversed(folders):
            remove_group(folder)


def kill_group(folder):
    for pid in group_members(folder):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    for name, text in ("cgroup.kill", "1"), ("cgroup.freeze", "0"), ("freezer.state", "THAWED"):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), "r+") as f:
            f.write(text)


def group_members(folder):
    """Those that can be named here, which excludes other namespaces'."""
    with contextlib.suppress(OSError), open(os.path.join(folder, "cgroup.procs")) as f:
        return [int(line) for line in f if line.strip() not in ("", "0")]
    return []


def remove_group(folder):
    """Once its members have ended; that may take a moment, and no more: others are not waited for."""
    end = time.monotonic() + 5
    while True:
        try:
            return os.rmdir(folder)
        except OSError:
            if time.monotonic() > end or not group_members(folder):
                return None
        time.sleep(0.02)


def suite_linux(suite):
    """the ABI tests on the Linux we are on: they must be right about Linux"""
    def job_for(name, path, tap):
        def job(only):
            argv = [path] + ([only] if only else [])
            if name.startswith("cgroup"):
                sweep()
            try:
                done = subprocess.run(argv, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=WATCHDOG)
            except FileNotFoundError:
                return [Result(suite, name, False, ["%s is not built" % path])]
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            if not tap:
                return [Result(suite, name, done.returncode == 0, failures(lines))]
            return parse_tap(suite, name, lines, done.returncode == 0, "code %d" % done.returncode)
        return job

    jobs = [(n, job_for(n, p, True)) for n, p in programs("abi")]
    return jobs + [("posix-" + n, job_for("posix-" + n, p, False)) for n, p in programs("posix")]


def boot_job(suite, name, path, tap=True, cpus=1, mem=64, icount=False, boot=None, as_init=False, oom=None):
    """One boot of one test program, its output on the report line."""
    def job(only):
        if not os.path.exists(path):
            return [Result(suite, name, False, ["%s is not built" % path])]
        guest = "tests/" + os.path.basename(path)
        argv = ["/tests/report", "@to" if tap else "@counted", "/" + guest] + ([only] if only else [])
        extra = [("tests/report", os.path.join(TESTS, "report")), (guest, path)]
        img = qemu.image(argv, extra=extra)
        run = boot or qemu.boot
        words = "loglevel=5 trace_buf_size=256K" + (" oom=" + oom if oom else "") + (" init=/%s -- @init" % guest if as_init else "")
        if as_init and only:
            words += " " + only
        end = run(img=img, words=words, cpus=cpus, mem=mem, icount=icount, limit=WATCHDOG)
        ending = end.ending()
        why = end.trouble() or (ending is None and "init did not say how it ended") or \
            (ending != ("exit", 0) and "it ended with %s %d" % ending) or None
        if not tap:
            results = [Result(suite, name, why is None, failures(end.report) + [why or ""])]
        else:
            results = parse_tap(suite, name, end.report, why is None, why)
        for r in results:
            if r.skipped and r.name not in SKIPPED_ON_THAW:
                r.ok, r.detail = False, ["it was skipped: here it has all that it needs"]
        if not all(r.ok for r in results):
            log = save_log(suite, name, end.console)
            last = end.console.decode("utf-8", "replace").replace("\r", "").splitlines()[-12:]
            bad = [r for r in results if not r.ok][0]
            bad.detail += ["console (all of it: %s):" % log] + ["  | " + line for line in last]
        return results
    return job


def thaw_jobs(suite, **how):
    jobs = [(n, boot_job(suite, n, p, True, **how)) for n, p in programs("abi")]
    return jobs + [("posix-" + n, boot_job(suite, "posix-" + n, p, False, **how)) for n, p in programs("posix")]


def suite_thaw1(suite):
    """the ABI tests on Thaw, one processor, counted instructions"""
    return thaw_jobs(suite, cpus=1, icount=True)


def suite_thaw4(suite):
    """the ABI tests on Thaw, four processors"""
    return thaw_jobs(suite, cpus=4)


def scene_jobs(suite, **how):
    jobs = [(n, boot_job(suite, n, p, True, **how)) for n, p in programs("scenes")]
    return jobs + [("as_init", boot_job(suite, "as_init", os.path.join(TESTS, "as_init"), True, as_init=True, **how))]


def suite_scenes1(suite):
    """suspend and out-of-memory scenes, one processor, counted instructions"""
    return scene_jobs(suite, cpus=1, icount=True)


def suite_scenes4(suite):
    """the same scenes, four processors"""
    return scene_jobs(suite, cpus=4)


def suite_designs(suite):
    """the designs that are not the default fail as they are known to"""
    path = os.path.join(TESTS, "scenes", "accounting")
    return [("%s-%d" % (oom, cpus), boot_job(suite, "accounting", path, True, cpus=cpus, icount=cpus == 1, oom=oom))
            for oom in ("rfc", "by_thread") for cpus in (1, 4)]


def suite_repeat(suite):
    """two boots under counted instructions are the same, byte for byte"""
    def job_for(name, cpus):
        def job(only):
            path = os.path.join(TESTS, "abi", "thread")
            extra = [("tests/report", os.path.join(TESTS, "report")), ("tests/thread", path)]
            img = qemu.image(["/tests/report", "@to", "/tests/thread"], extra=extra)
            ends = [qemu.boot(img=img, words="loglevel=7", cpus=cpus, icount=True, limit=WATCHDOG)
                    for _ in range(2)]
            for end in ends:
                if end.trouble():
                    return [Result(suite, name, False, [end.trouble(), save_log(suite, name, end.console)])]
            detail = []
            a, b = ends
            if a.console != b.console or a.report != b.report:
                lines = zip(a.console.splitlines(), b.console.splitlines())
                detail = ["the two boots differ"] + \
                    [repr(x) + " against " + repr(y) for x, y in lines if x != y][:3]
            elif len(a.console) < 100:
                detail = ["the console said nothing"]
            return [Result(suite, name, not detail, detail)]
        return job
    return [("one-cpu", job_for("one-cpu", 1)), ("four-cpus", job_for("four-cpus", 4)),
            ("sixteen-cpus", job_for("sixteen-cpus", 16))]


def suite_iso(suite):
    """the CD boots by GRUB, and runs a test program"""
    def boot(img, words, cpus, mem, icount, limit):
        path = os.path.join(TESTS, "test.iso")
        qemu.make_iso(path, img, words + " stdin=eof")
        return qemu.boot(iso=path, cpus=cpus, mem=mem, limit=limit)

    path = os.path.join(TESTS, "abi", "process")
    return [("grub", boot_job(suite, "grub", path, True, cpus=2, boot=boot))]


def suite_host(suite):
    """the kernel as an ordinary process: every scenario of tests/model under many schedules"""
    def job_for(name, folder, scenario, seeds):
        program = os.path.join(qemu.BUILD, folder, "thaw-host")

        def job(only):
            argv = [program, "scenario=" + scenario, "seed=" + only if only else "seeds=1-%d" % seeds]
            try:
                done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=2 * WATCHDOG)
            except FileNotFoundError:
                return [Result(suite, name, False, ["%s is not built" % os.path.relpath(program)])]
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            good = done.returncode == 0 and any(line.startswith("ok - " + scenario) for line in lines)
            return [Result(suite, name, good, lines[-10:] or ["it said nothing"])]
        return job

    def broken(name, scenario, oom, seed, promise, ends_well=False):
        """A design that breaks a promise: the run fails, with the line that names both."""
        def job(only):
            argv = [os.path.join(qemu.BUILD, "host", "thaw-host"), "scenario=" + scenario, seed, "oom=" + oom]
            done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=2 * WATCHDOG)
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            good = done.returncode != 0 and any(promise in line for line in lines)
            # ends_well: the scenario has no complaint, only the look at what is left over has one.
            if ends_well:
                good = good and not any("expected" in line for line in lines)
            return [Result(suite, name, good, lines[-10:])]
        return name, job

    wrong = {"drops_twice": "S9: design drops_twice", "drops_unmarked": "S9: design drops_unmarked",
             "never_drops": "L1: design never_drops", "never_wakes": "oom=never_wakes: S10"}
    jobs = [broken("wrong-" + oom, "frozen_group_killed", oom, "seed=1", promise) for oom, promise in wrong.items()]
    jobs.append(broken("unhash_window-rfc", "unhash_window", "rfc", "seed=1", "L1: design rfc still counts 1 victims",
                       ends_well=True))
    for scenario in (name for name, _ in programs("model") if name != "wrong_designs"):
        # The one the kernel is about gets the most.
        seeds = 1000 if scenario == "frozen_group_killed" else 200
        jobs.append((scenario, job_for(scenario, "host", scenario, seeds)))
        jobs.append((scenario + "-san", job_for(scenario + "-san", "host-san", scenario, 20)))
    return jobs


def suite_panic(suite):
    """the kernel stops when it must, says why, and QEMU's status is not that of a pass"""
    # what the console must say after the word PANIC, or before it
    cases = {
        "on_oom": [r"PANIC .*panic_on_oom", r"holds oom_lock \(rank \d+\) taken at \w+", r"invoked oom-killer", r"oom_score_adj name", r"\[ +\d+\] .* panics$"],
        "on_group_oom": [r"killed without a panic", r"PANIC .*compulsory panic_on_oom", r"memory: usage \d+kB, limit 1024kB"],
        "crash": [r"PANIC on CPU \d, panics/\d+: sysrq triggered crash", r" sysrq_store", r" pseudo_write\+0x",
                  r" syscall_entry\+0x", r"^ +1 +1 .* init$", r"^ +\d+ +\d+ .* panics$", r"sched_process_exec: "],
        "stop_all": [r"PANIC on CPU (\d), panics/\d+: another keeps the lock(.|\n)*^  CPU (?!\1)\d holds kept \(rank \d+\) taken at keep_lock",
                     r"^not stopped$"],
        "exhaust_stack": [r"PANIC .*kernel stack overflow", r"double fault", r" recurse\+0x"],
        "corrupt_stack": [r"PANIC .*stack protector: the stack of panics/\d+ was overwritten"],
        "write_ro": [r"error 3\) in the kernel", r" write_ro"],
        "exec_data": [r"error 11\) in the kernel, address f", r" crash_store\+0x"],
        "exec_userspace": [r"error 11\) in the kernel, address 0", r"PANIC .*kernel touches user address"],
        "access_userspace": [r"error 1\) in the kernel", r"PANIC .*kernel touches user address", r" access_userspace"],
    }
    on = {"on_oom": (1, 4), "crash": (1, 4), "stop_all": (4,)}  # processors
    always = [r"^backtrace:", r"^locks:", r"^tasks:", r"^trace:", r"rsp [0-9a-f]{16}"]

    def missing(said, patterns):
        found = ["the console does not say %s" % p for p in patterns if not re.search(p, said, re.M)]
        if len(re.findall("^PANIC", said, re.M)) != 1:
            found.append("it does not panic once")
        if "not stopped" in said.partition("\nPANIC")[2]:
            found.append("another processor went on")
        cr = re.search(r"cr0 ([0-9a-f]+) .* cr4 ([0-9a-f]+)", said)
        wanted = ((1, 16, "WP"), (2, 11, "UMIP"), (2, 20, "SMEP"), (2, 21, "SMAP"))
        return found + ["%s is off" % name for n, bit, name in wanted if not cr or not int(cr.group(n), 16) >> bit & 1]

    def job_for(case, cpus):
        name, argv = "%s-%d" % (case, cpus), ["/tests/panics", "@" + case]

        def job(only):
            img = qemu.image(argv, extra=[("tests/panics", os.path.join(TESTS, "panics"))])
            end = qemu.boot(img=img, words="loglevel=6", cpus=cpus, limit=WATCHDOG)
            said = end.console.decode("utf-8", "replace").replace("\r", "")
            detail = []
            if end.hung or end.status != 35:
                detail.append(end.trouble() or "the kernel went on")
            detail += missing(said, cases[case] + always)
            if detail:
                detail.append(save_log(suite, name, end.console))
            return [Result(suite, name, not detail, detail)]
        return job
    def watchdog(only):
        end = qemu.boot(img=qemu.image(["/bin/sleep", "1000"]), words="watchdog_ms=300", icount=True, limit=WATCHDOG)
        said = end.console.decode("utf-8", "replace").replace("\r", "")
        wanted = [r"PANIC .*watchdog: the machine has run for 300 ms", r"^ +\d+ +\d+ .* sleep$"] + always
        detail = ["the console does not say %s" % p for p in wanted if not re.search(p, said, re.M)]
        if end.hung or end.status != 35 or end.trouble() != "stopped after 0.3 s of the machine's own time":
            detail.append(end.trouble() or "the kernel went on")
        return [Result(suite, "watchdog", not detail, detail)]

    def deep_stack(only):
        img = qemu.image(["/tests/panics", "@deep_stack"], extra=[("tests/panics", os.path.join(TESTS, "panics"))])
        end = qemu.boot(img=img, limit=WATCHDOG)
        said = end.console.decode("utf-8", "replace").replace("\r", "")
        good = end.status == 35 and re.search(r"^a kernel stack was used to [67]\d\d\d of its 8192 bytes$", said, re.M) and \
            "PANIC" not in said
        detail = [] if good else ["status %s, not 35 with a word on the stack" % end.status, save_log(suite, "deep_stack", end.console)]
        return [Result(suite, "deep_stack", not detail, detail)]

    return [("watchdog", watchdog), ("deep_stack", deep_stack)] + [
            ("%s-%d" % (case, cpus), job_for(case, cpus)) for case in cases for cpus in on.get(case, (1,))]


def suite_bench(suite):
    """no row of the benchmark costs more than its baseline allows, or than was asked"""
    def job(only):
        if only:
            bench.check_rows([only])
        try:
            rows, baseline = [only] if only else bench.every(), bench.read_baseline()
        except bench.Other as e:
            print("%s is skipped: %s" % (suite, e))
            return [Result(suite, "rows", True, skipped=True)]
        wrong = bench.compare({n: v for n, v in baseline.items() if not only or n == only}, bench.thaw(rows),
                              bench.committed()["linux"])
        return [Result(suite, "rows." + n, n not in wrong, [wrong[n]] if n in wrong else [])
                for n in sorted(set(rows) | set(wrong))]
    return [("rows", job)]


def at_least_one(value):
    return value.isdigit() and int(value) >= 1


# What the table of `make demo` must show: where the default is right, and how the others fail.
DEMO_SHOWS = [("late_live", key, wanted.__eq__) for key, _, wanted in qemu.PROMISES if wanted is not None] + [
    ("rfc", "victims", at_least_one),
    ("rfc", "disable", "timeout".__eq__),
    ("rfc", "suspend", "EBUSY".__eq__),
    ("by_thread", "fridge", at_least_one),
]


def suite_demo(suite):
    """make demo keeps every promise, and shows how the other designs fail"""
    def job(only):
        done = subprocess.run([sys.executable, "tests/qemu.py", "demo"], cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=2 * WATCHDOG)
        text = done.stdout.decode("utf-8", "replace").splitlines()
        keys = [key for key, _, _ in qemu.PROMISES]
        rows = {line.split()[0]: dict(zip(keys, line.split()[1:])) for line in text if line.startswith("  ") and line.split()}
        detail = [] if done.returncode == 0 else ["demo ended with code %d" % done.returncode]
        for design, key, holds in DEMO_SHOWS:
            got = rows.get(design, {}).get(key, "?")
            if not holds(got):
                detail.append("%s: %s is %s" % (design, key, got))
        return [Result(suite, "demo", not detail, detail + text[-12:])]
    return [("demo", job)]


def suite_strangers(suite):
    """unmodified programs: Debian's static shells, threads of other C libraries"""
    def job_for(name, test):
        def job(only):
            try:
                wrong = list(test())
            except debian.NoRegistry as e:
                print("%s %s is skipped: %s" % (suite, name, e))
                return [Result(suite, name, True, skipped=True)]
            return [Result(suite, name, not wrong, wrong)]
        return job
    return [(name, job_for(name, test)) for name, test in strangers.TESTS.items()]


SUITES = {
    "check": suite_check,
    "linux": suite_linux,
    "host": suite_host,
    "thaw1": suite_thaw1,
    "thaw4": suite_thaw4,
    "scenes1": suite_scenes1,
    "scenes4": suite_scenes4,
    "designs": suite_designs,
    "repeat": suite_repeat,
    "iso": suite_iso,
    "panic": suite_panic,
    "bench": suite_bench,
    "strangers": suite_strangers,
    "demo": suite_demo,
}
__doc__ += "\n".join("    %-8s %s" % (n, f.__doc__) for n, f in SUITES.items())


def parse_args(args):
    """[(suite, file or None, test or None)]"""
    wanted, i = [], 0
    while i < len(args):
        if args[i] not in SUITES:
            raise SystemExit("run.py: no suite %s; there are %s" % (args[i], " ".join(SUITES)))
        suite, name, test = args[i], None, None
        i += 1
        if i < len(args) and args[i] not in SUITES:
            name, _, test = args[i].partition(".")
            i += 1
        wanted.append((suite, name, test or None))
    return wanted or [(s, None, None) for s in SUITES]


def guarded(suite, name, job, only):
    try:
        return job(only)
    except (qemu.Trouble, OSError, subprocess.CalledProcessError) as e:
        return [Result(suite, name, False, [str(e)])]
    except subprocess.TimeoutExpired as e:
        return [Result(suite, name, False, ["no end after %d s: the machine is too slow, or hung" % e.timeout])]


def main(args):
    if args and args[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if args and args[0] == "--list":
        for suite, make in SUITES.items():
            for name, _ in make(suite):
                print(suite, name)
        return 0
    shutil.rmtree(LOGS, ignore_errors=True)
    passed, failed, start = 0, [], time.monotonic()
    # Half as many machines again as there are processors: some are waiting at any time, and with one each a fifth of the time was idle.
    with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 2) * 3 // 2) as pool:
        pending = []
        for suite, name, test in parse_args(args):
            jobs = [(n, j) for n, j in SUITES[suite](suite) if name is None or n == name]
            if not jobs:
                failed.append(Result(suite, name or "all", False, ["there is no such test"]))
            for n, j in jobs:
                pending.append((suite, n, pool.submit(guarded, suite, n, j, test)))
        for suite, name, future in pending:
            results = future.result()
            bad = [r for r in results if not r.ok]
            skipped = sum(r.skipped for r in results)
            passed += sum(r.ok and not r.skipped for r in results)
            failed += bad
            good = sum(r.ok and not r.skipped for r in results)
            print("%-8s %-24s %3d ok%s%s" % (
                suite, name, good, ", %d skipped" % skipped if skipped else "",
                ", %d FAILED" % len(bad) if bad else ""), flush=True)
            for r in bad:
                print("  FAILED %s" % r.name)
                for line in r.detail:
                    if line:
                        print("    " + line)
                target = r.name if r.name.startswith(name + ".") else name
                print("    again: tests/run.py %s %s" % (suite, target), flush=True)
    if failed:
        print("\nFailed:")
        for r in failed:
            print("  %s %s" % (r.suite, r.name))
    print("(%d s)" % (time.monotonic() - start))
    if passed == 0 and not failed:
        print("No test ran: that is a failure.")
    print("%d passed, %d failed" % (passed, len(failed)))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    qemu.as_command(main, sys.argv[1:])
