#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What things cost, in instructions.

    tests/bench.py [ROW]...     Thaw's figures, all of them or those of the rows named

The program is user/bench; its head says how a row is measured. The machine counts instructions
(`-icount shift=0,sleep=off`), so a figure repeats exactly.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402

PROGRAM = os.path.join(qemu.BUILD, "bench", "bench")
TINY = os.path.join(qemu.BUILD, "bench", "tiny")
MEM = 512
WORDS = "loglevel=4"
LIMIT = 300  # seconds of real time

# row of user/bench, what it is, how many instructions are asked for (None: no figure)
ROWS = [
    ("null", "null call (no such number)", 80),
    ("getpid", "getpid", 85),
    ("getppid", "getppid", None),
    ("clock_gettime", "clock_gettime, the call", None),
    ("sched_yield", "sched_yield, alone", None),
    ("sigprocmask", "rt_sigprocmask", None),
    ("read_null", "read of /dev/null", None),
    ("write_null", "write of a byte to /dev/null", None),
    ("open_close", "open and close of /dev/null", 1200),
    ("pipe_self", "pipe, write and read a byte, alone", None),
    ("pipe_round_trip", "pipe round trip, two processes", 1800),
    ("futex_wake_none", "futex wake of nobody", None),
    ("futex_round_trip", "futex round trip, two threads", 1500),
    ("signal_self", "kill of oneself, with handler", 1200),
    ("signal_thread", "tgkill of oneself, with handler", None),
    ("fault_write", "write fault, anonymous, a page", 900),
    ("fault_read", "read fault, anonymous, a page", None),
    ("fault_file", "read fault, file in memory, a page", 500),
    ("fault_cow", "copy-on-write fault, a page", 1400),
    ("munmap_touched", "munmap of touched memory, a page", None),
    ("map_touch_unmap", "mmap, touch, munmap of 8 MiB, a page", None),
    ("map_unmap", "mmap and munmap of a page, untouched", 1000),
    ("map_touch_unmap_one", "mmap, touch, munmap of a page", None),
    ("mprotect_pair", "mprotect twice, a page", 1500),
    ("brk_pair", "brk up and down by a page", None),
    ("fork", "fork, exit, wait", 25000),
    ("fork_8mib", "the same with 8 MiB touched", None),
    ("fork_exec", "fork, exec of a tiny program, wait", 60000),
    ("vfork", "vfork, exit, wait", None),
    ("vfork_exec", "vfork, exec of a tiny program, wait", None),
    ("thread", "clone of a thread, join", 8000),
    ("freeze_10", "freeze, a task of 10", None),
    ("freeze_100", "freeze, a task of 100", None),
    ("freeze_1000", "freeze, a task of 1000", 800),
    ("thaw_10", "thaw, a task of 10", None),
    ("thaw_100", "thaw, a task of 100", None),
    ("thaw_1000", "thaw, a task of 1000", 900),
    ("kill_threads_10", "kill and wait, a thread of 10", None),
    ("kill_threads_100", "kill and wait, a thread of 100", None),
    ("kill_threads_1000", "kill and wait, a thread of 1000", 3000),
    ("kill_processes_10", "kill and wait, a process of 10", None),
    ("kill_processes_100", "kill and wait, a process of 100", None),
    ("kill_processes_1000", "kill and wait, a process of 1000", 15000),
]


def oom_row(threads, mib):
    text = "OOM kill until all is free, %d thread%s, %d MiB" % (threads, "s"[threads == 1:], mib)
    return "oom_%d_threads_%d_mib" % (threads, mib), text, 5000 + 3000 * threads + 150 * mib * 256


ROWS += [oom_row(*of) for of in ((1, 1), (1, 16), (16, 16), (16, 128), (256, 16), (1024, 1))]


def check_rows(rows):
    known = [name for name, _, _ in ROWS]
    for name in rows:
        if name not in known:
            raise qemu.Trouble("There is no row %s. There are %s." % (name, " ".join(known)))


def image(rows):
    """The boot image in which the benchmark is the first program."""
    report = ("tests/report", os.path.join(qemu.BUILD, "tests", "report"))
    for path in (PROGRAM, TINY, report[1]):
        if not os.path.exists(path):
            raise qemu.Trouble("%s is not built: run `make tests`." % os.path.relpath(path))
    argv = ["/tests/report", "@to", "/tests/bench", "@run"] + list(rows)
    return qemu.image(argv, extra=[report, ("tests/bench", PROGRAM), ("tests/tiny", TINY)])


def figures(end, rows):
    """{row: instructions} of a boot; complains about every row that is missing."""
    found = {k: int(v) for k, v in end.result().items()}
    missing = [name for name in rows if name not in found]
    if end.trouble() or missing:
        said = [line for line in end.report if line.startswith("#")]
        raise qemu.Trouble("\n".join([end.trouble() or "no figure for " + " ".join(missing)] + said))
    return found


def thaw(rows):
    return figures(qemu.boot(img=image(rows), words=WORDS, mem=MEM, icount=True, limit=LIMIT), rows)


def main(argv):
    check_rows(argv)
    wanted = argv or [name for name, _, _ in ROWS]
    found = thaw(wanted)
    print("%-24s %-44s %12s %12s" % ("row", "instructions of", "Thaw", "asked"))
    for name, text, asked in ROWS:
        if name in wanted:
            over = "  over" if asked and found[name] > asked else ""
            print("%-24s %-44s %12s %12s%s" % (name, text, "{:,}".format(found[name]),
                                              "{:,}".format(asked) if asked else "", over))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except qemu.Trouble as e:
        print(e, file=sys.stderr)
        sys.exit(1)
