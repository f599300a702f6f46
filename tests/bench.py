#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What things cost, in instructions.

    tests/bench.py [ROW]...             Thaw's figures, all of them or those of the rows named
    tests/bench.py --linux [ROW]...     Linux's beside them; of all rows, build/bench.json and bench.svg too
    tests/bench.py --update             Thaw's figures become the baseline, tests/bench/baseline.json
    tests/bench.py --update-linux       Linux's become those there that Thaw's must not be near

The program is user/bench; its head says how a row is measured. The machine counts instructions
(`-icount shift=0,sleep=off`), so a figure repeats exactly. Both systems boot in the same QEMU from the
same image. A row that grows past its baseline fails `tests/run.py bench`, and so does one that is over:
over the figure asked for, over three tenths of Linux's, or over what xv6 or Fiwix needs.
"""

import json
import math
import os
import re
import struct
import sys
import xml.sax.saxutils

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian  # noqa: E402
import linux as real  # noqa: E402
import qemu  # noqa: E402

PROGRAM = os.path.join(qemu.BUILD, "bench", "bench")
PLUGIN = os.path.join(qemu.BUILD, "bench", "profile.so")
TINY = os.path.join(qemu.BUILD, "bench", "tiny")
MEM = 512
WORDS = "loglevel=4 watchdog_ms=600000"  # ten minutes of its own time are more than any boot takes
LIMIT = 300  # seconds of real time; one boot of Thaw needs ten, one of Linux a hundred
BASELINE = os.path.join(qemu.ROOT, "tests", "bench", "baseline.json")
GROWTH = 0.02  # what a row may grow
# Freeze and thaw are each the difference of two spans of the kernel's log, whose stamps are microseconds, a thousand
# instructions: what such a row may be besides, a task.
GRAIN = {"%s_%d" % (row, n): 2000 // n for row in ("freeze", "thaw") for n in (10, 100, 1000)}

# row of user/bench, what it is, how many instructions are asked for (None: no figure)
ROWS = [
    ("boot", "boot, from the kernel's first to init's", 5000000),
    ("prompt", "the kernel's clock when the shell waits at its prompt", 300000000),
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


# What two small kernels need, measured in the same QEMU on the same work: (xv6-public, Fiwix 1.7.0).
SMALL = {
    "boot": (78523760, 2050796520),
    "null": (None, 88),
    "getpid": (1397, 104),
    "getppid": (None, 105),
    "pipe_self": (10284, 627),
    "pipe_round_trip": (27232, 1807),
    "fork": (1994232, 239978),
    "fork_exec": (4106722, 378852),
    "fault_write": (3700, 16757),
    "map_unmap": (None, 1065),
    "map_touch_unmap_one": (None, 40630),
    "brk_pair": (9285, None),
    "signal_self": (None, 1890),
    "open_close": (51046, 3127),
}
OF_LINUX = 0.3  # what Thaw may take of what Linux does


def over(name, ours, theirs):
    """What a row's figure is over, in words; theirs is Linux's or None."""
    asked = next(asked for row, _, asked in ROWS if row == name)
    xv6, fiwix = SMALL.get(name, (None, None))
    limits = {"the %s asked for" % number(asked): asked, "%g of Linux's %s" % (OF_LINUX, number(theirs)): (theirs or 0) * OF_LINUX,
              "xv6's %s" % number(xv6): xv6, "Fiwix's %s" % number(fiwix): fiwix}
    return [what for what, n in limits.items() if n and ours > n]


def every():
    return [name for name, _, _ in ROWS]


WHOLE_BOOTS = ("boot", "prompt")  # rows that the program does not have


def of_program(rows):
    return [name for name in rows if name not in WHOLE_BOOTS]


def check_rows(rows):
    for name in rows:
        if name not in every():
            raise qemu.Trouble("There is no row %s. There are %s." % (name, " ".join(every())))


def image(rows, role="run"):
    """The boot image in which the benchmark is the first program, in a role of it with what that needs."""
    report = ("tests/report", os.path.join(qemu.BUILD, "tests", "report"))
    for path in (PROGRAM, TINY, report[1]):
        if not os.path.exists(path):
            raise qemu.Trouble("%s is not built: run `make tests`." % os.path.relpath(path))
    argv = ["/tests/report", "@to", "/tests/bench", "@" + role] + list(rows)
    return qemu.image(argv, extra=[report, ("tests/bench", PROGRAM), ("tests/tiny", TINY)])


def figures(end, rows):
    """{row: instructions} of a boot; complains about every row that is missing."""
    found = {k: int(v) for k, v in end.result().items()}
    missing = [name for name in rows if name not in found]
    if end.trouble() or missing:
        said = [line for line in end.report if line.startswith("#")]
        raise qemu.Trouble("\n".join(["Thaw: " + (end.trouble() or "no figure for " + " ".join(missing))] + said))
    return found


def entry(*path):
    """The address at which an executable of build/ begins."""
    with open(os.path.join(qemu.BUILD, *path), "rb") as f:
        return struct.unpack_from("<Q", f.read(64), 24)[0]


def count_boot(boot, first, mem=MEM):
    """Instructions from the one at `first` to the first of init, as the profiler's plugin counts them."""
    with qemu.scratch() as work:
        symbols, out = os.path.join(work, "symbols"), os.path.join(work, "profile")
        with open(symbols, "w") as f:
            f.write("%x 1\n" % (1 << 63))
        plugin = "%s,symbols=%s,out=%s,on=%x,off=%x" % (PLUGIN, symbols, out, first, entry("user", "bin", "init"))
        end = boot(img=qemu.image(["/bin/true"]), words=WORDS, mem=mem, icount=True, limit=LIMIT,
                   extra=["-plugin", plugin])
        if end.trouble():
            raise qemu.Trouble(end.trouble())
        return sum(int(line.split()[4]) for line in qemu.read_lines(out) if line.startswith("node"))


def time_prompt():
    """Nanoseconds of the machine's time, as many as instructions, at which the shell first reads; the log has it, and is in it."""
    end = qemu.boot(img=qemu.image(), words="loglevel=7 watchdog_ms=10000", mem=MEM, icount=True, limit=LIMIT)
    said = re.search(rb"\[ *(\d+)\.(\d{6})\] sh/\d+: read\(0,", end.console)
    if end.trouble() or not said:
        raise qemu.Trouble("Thaw: %s" % (end.trouble() or "no figure for prompt"))
    return int(said.group(1) + said.group(2)) * 1000


def thaw(rows):
    """Every row, or a complaint."""
    found = {}
    programs = of_program(rows)
    if programs:
        boot = qemu.boot(img=image(programs), words=WORDS, mem=MEM, icount=True, limit=LIMIT)
        found = figures(boot, programs)
    if "boot" in rows:
        found["boot"] = count_boot(qemu.boot, entry(qemu.KERNEL))
    if "prompt" in rows:
        found["prompt"] = time_prompt()
    return {name: found[name] for name in rows}


def complain(end):
    """Says what is wrong with a boot of Linux, and why rows are missing."""
    for line in [end.trouble()] + end.report:
        if line and line.startswith(("#", "Linux")):
            print(line if line.startswith("Linux") else "Linux: " + line[1:].strip(), file=sys.stderr)


def linux(rows):
    """The rows that Linux has a figure for; says why others are missing."""
    found = {}
    programs = of_program(rows)
    if programs:
        end = real.boot(img=image(programs), mem=MEM, icount=True, limit=LIMIT)
        found = {k: int(v) for k, v in end.result().items()}
        complain(end)
    if "boot" in rows:
        with open(real.kernel(), "rb") as f:
            kernel = f.read()
        if kernel.startswith(b"\x7fELF"):
            found["boot"] = count_boot(real.boot, real.check_vmlinux(f.name, kernel))
        else:
            print("Linux: no figure for boot: its kernel comes packed, and where its first instruction is cannot be seen.",
                  file=sys.stderr)
    return {name: found[name] for name in rows if name in found}


# ---- the baseline ----


class Other(Exception):
    """It is of another compiler."""


def compiler():
    """What built the kernel, in its own words."""
    with open(os.path.join(qemu.BUILD, "x86_64", "flags")) as f:
        return f.read().split(" -std=")[0]


def committed():
    """What is in the file: the compiler, and {row: figure} of Thaw, `rows`, and of Linux, `linux`."""
    with open(BASELINE) as f:
        return json.load(f)


def read_baseline():
    """{row: figure}. Another compiler's code is not to be compared: Other."""
    baseline = committed()
    if baseline["compiler"] != compiler():
        raise Other("the baseline is of %s, this kernel of %s" % (baseline["compiler"], compiler()))
    return baseline["rows"]


def compare(baseline, found, theirs):
    """{row: what is wrong with it} for the rows that grew, that only one side has, or that are over; theirs are Linux's."""
    wrong = {}
    for name in sorted(set(baseline) | set(found)):
        if name not in found:
            wrong[name] = "%s: %d in the baseline, and no figure now" % (name, baseline[name])
            continue
        said = over(name, found[name], theirs.get(name))
        if name not in baseline:
            wrong[name] = "%s: %d, and not in the baseline: tests/bench.py --update" % (name, found[name])
        elif found[name] > baseline[name] * (1 + GROWTH) + GRAIN.get(name, 0):
            wrong[name] = "%s: %d in the baseline, %d now: %.1f %% more" % (
                name, baseline[name], found[name], 100 * found[name] / baseline[name] - 100)
        elif said:
            wrong[name] = "%s: %s: over %s" % (name, number(found[name]), ", ".join(said))
    return wrong


def update(**figures):
    """Puts figures of one side into the file: rows, Thaw's, or linux."""
    kept = dict(committed(), **figures)
    with open(BASELINE, "w") as f:
        json.dump(kept, f, indent=1)
        f.write("\n")
    return 0


# ---- what a reader sees ----


def number(n):
    return "-" if n is None else "{:,}".format(n)


def before():
    """The baseline, as far as there is one for this kernel."""
    try:
        return read_baseline()
    except Other:
        return {}


def judged(rows):
    """{name: what it is over} of rows = {name: {"thaw": n, "linux": n or None}}; Linux's as it was where it is not there now."""
    known = committed()["linux"]
    return {name: over(name, row["thaw"], row.get("linux") or known.get(name)) for name, row in rows.items()}


def table(rows, with_linux, baseline):
    """Lines, for rows as above and baseline = {name: n}."""
    beside = "%14s %6s %12s %14s" % ("Linux", "ratio", "xv6", "Fiwix") if with_linux else ""
    yield "%-24s %-46s %10s %10s%s %10s" % ("row", "instructions of", "Thaw", "baseline", beside, "asked")
    too_much = judged(rows)
    for name, text, asked in ROWS:
        if name not in rows:
            continue
        ours, theirs = rows[name]["thaw"], rows[name].get("linux")
        if with_linux:
            ratio = "%.2f" % (ours / theirs) if theirs else "-"
            beside = "%14s %6s %12s %14s" % ((number(theirs), ratio) + tuple(map(number, SMALL.get(name, (None, None)))))
        mark = "  over " + ", ".join(too_much[name]) if too_much[name] else ""
        yield "%-24s %-46s %10s %10s%s %10s%s" % (
            name, text, number(ours), number(baseline.get(name)), beside, number(asked) if asked else "", mark)


LEFT, WIDTH, BAR = 380, 1100, 8  # of the picture: where bars begin, its width, a bar's height


def picture(rows):
    """Two bars a row, Thaw's and Linux's, on a scale of powers of ten; lines of SVG."""
    chosen = [(name, text) for name, text, _ in ROWS if name in rows]
    top = max(n for name, _ in chosen for n in rows[name].values() if n)
    decades = math.ceil(math.log10(top))
    scale = (WIDTH - LEFT - 20) / (decades - 1)  # from 10 on

    def x(n):
        return LEFT + max(math.log10(n) - 1, 0) * scale if n else LEFT

    step = 2 * BAR + 8
    height = 60 + step * len(chosen)
    yield '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" ' \
        'font-family="sans-serif" font-size="12">' % (WIDTH, height, WIDTH, height)
    yield '<rect width="100%" height="100%" fill="#fffdf6"/>'
    yield '<text x="8" y="18" font-size="14">Instructions: ' \
        '<tspan fill="#c0501c">Thaw</tspan>, <tspan fill="#60708a">Linux</tspan></text>'
    for d in range(1, decades + 1):
        yield '<line x1="%.1f" x2="%.1f" y1="40" y2="%d" stroke="#ddd"/><text x="%.1f" y="34" ' \
            'text-anchor="middle" font-size="10">%s</text>' % (x(10 ** d), x(10 ** d), height, x(10 ** d), number(10 ** d))
    for at, (name, text) in enumerate(chosen):
        y = 50 + at * step
        yield '<text x="%d" y="%d" text-anchor="end">%s</text>' % (
            LEFT - 8, y + BAR + 4, xml.sax.saxutils.escape(text))
        for n, color in ((rows[name]["thaw"], "#c0501c"), (rows[name].get("linux"), "#60708a")):
            if n is not None:
                yield '<g><title>%s</title><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/></g>' % (
                    number(n), LEFT, y, x(n) - LEFT, BAR, color)
            y += BAR
    yield "</svg>"


def write_lines(path, lines):
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    print(os.path.relpath(path))


def main(argv):
    if argv == ["--update"]:
        return update(compiler=compiler(), rows=thaw(every()))
    if argv == ["--update-linux"]:
        return update(linux=linux(every()))
    beside = argv[:1] == ["--linux"]
    names = argv[beside:]
    check_rows(names)
    wanted = names or every()
    rows = {name: {"thaw": n} for name, n in thaw(wanted).items()}
    if beside:
        try:
            theirs = linux(wanted)
        except debian.NoRegistry as e:
            print(e, file=sys.stderr)
            theirs = {}
        for name in wanted:
            rows[name]["linux"] = theirs.get(name)
    print("\n".join(table(rows, beside, before())))
    if beside and not names:
        write_lines(os.path.join(qemu.BUILD, "bench.json"), [json.dumps({"rows": rows}, indent=1)])
        write_lines(os.path.join(qemu.BUILD, "bench.svg"), picture(rows))
    return int(any(judged(rows).values()))


if __name__ == "__main__":
    qemu.as_command(main, sys.argv[1:])
