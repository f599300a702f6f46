#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The same programs on Thaw and on a real Linux, in the same QEMU: where the two differ, Linux is right.

    tests/oracle.py [FILE[.TEST]]...    the tests of tests/abi on both, all of them or those named
    tests/oracle.py check               is what THAW_PROG names a program, and the Linux a Linux?

With THAW_PROG it runs that program, with the arguments in THAW_ARGS, on both, and shows side by side what it
said and how it ended. The machine has one processor and counts instructions, so that what comes of it repeats.

A difference that is meant stands in tests/abi/differences.txt. Any other is a failure, and so is one that is
listed and no longer there. Without Debian's kernel the Linux is the one we are on, as far as that goes.
"""

import collections
import concurrent.futures
import difflib
import itertools
import os
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian  # noqa: E402
import linux  # noqa: E402
import qemu  # noqa: E402
from qemu import Trouble  # noqa: E402

ABI = os.path.join(qemu.ROOT, "tests", "abi")
TESTS = os.path.join(qemu.BUILD, "tests")
REPORT = os.path.join(TESTS, "report")
DIFFERENCES = os.path.join(ABI, "differences.txt")
MEM = 128
PATIENCE = 1500  # seconds of real time for a boot; the limits that decide anything are the machine's own
# A Linux whose memory controller was in a tree of version 1 does not have it for version 2: a boot of its own.
APART = ["cgroup_memory_v2"]
PROGRAM_MS = 10000  # of the machine's time, of which one instruction is a nanosecond
SLACK_MS = 1000  # more, until the kernel itself stops a machine in which nobody else can
MOST = 256 * 1024  # bytes that a program may say
MANY = 2000  # lines that difflib is given; for lines that are alike it takes the square of their number
SIDES = ("Linux", "Thaw")
# What init gives to the program it starts.
ENVIRONMENT = {"PATH": "/bin:/sbin:/usr/bin", "HOME": "/root", "TERM": "vt100"}


def boot(side, argv, extra, ms):
    """One boot of either; on Thaw the kernel itself stops after so many milliseconds."""
    img = qemu.image(["/tests/report"] + argv, extra=[("tests/report", REPORT)] + extra)
    if side == "Linux":
        return linux.boot(img, linux.UNTIMED, mem=MEM, icount=True, limit=PATIENCE)
    return qemu.boot(img, "loglevel=5 watchdog_ms=%d" % ms, mem=MEM, icount=True, limit=PATIENCE)


# ---- the tests of tests/abi ----


class Outcome:
    """Of one test on one side: `ok`, `FAILED`, `skipped`, `HUNG`, or `LOST` when it has not been reported."""
    def __init__(self, word, notes=()):
        self.word, self.notes = word, list(notes)


def files():
    """The programs of tests/abi, by name."""
    return sorted(name[:-2] for name in os.listdir(ABI) if name.endswith(".c") and name != "rt.c")


def tests_of(name):
    """The tests in a file, as FILE.TEST, in their order."""
    path = os.path.join(TESTS, "abi", name)
    try:
        return subprocess.run([path, "-l"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    except (OSError, subprocess.CalledProcessError):
        raise Trouble("%s is not built: run `make tests`." % os.path.relpath(path))


def read_tap(lines):
    """{FILE.TEST: Outcome} of what a program reported."""
    found, notes = {}, []
    for line in lines:
        match = re.match(r"(not )?ok \d+ - (\S+)( # SKIP)?", line)
        if match:
            late = any(note.startswith("# no end after") for note in notes)
            word = "HUNG" if late else "FAILED" if match.group(1) else "skipped" if match.group(3) else "ok"
            found[match.group(2)] = Outcome(word, notes)
            notes = []
        elif line.startswith("#"):
            notes.append(line)
    return found


def run_files(side, names):
    """{FILE.TEST: Outcome} of some files, in one boot, or, where one ends a boot, in another for those after it."""
    found = {}
    while names:
        extra = [("tests/" + name, os.path.join(TESTS, "abi", name)) for name in names]
        end = boot(side, ["@each"] + ["/tests/" + name for name in names], extra, 600000 * len(names))
        if not end.report:
            raise Trouble("%s ran nothing: %s" % (side, end.trouble() or "init ended early"))
        found.update(read_tap(end.report))
        done = [line.split("/")[-1] for line in end.report if line.startswith("ended ")]
        if len(done) == len(names):
            return found
        # The first test without a report is the one that ended it.
        lost = [test for test in tests_of(names[len(done)]) if test not in found]
        for test in lost[:1]:
            hung = end.hung or b"PANIC" in end.console and b"watchdog:" in end.console
            found[test] = Outcome("HUNG" if hung else "LOST", ["# " + (end.trouble() or "init ended early")])
        names = names[len(done) + 1:]
    return found


def run_here(names):
    """The same on the Linux we are on."""
    found = {}
    for name in names:
        done = subprocess.run([os.path.join(TESTS, "abi", name)], cwd="/", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        found.update(read_tap(done.stdout.decode("utf-8", "replace").splitlines()))
    return found


def run_all(names, here):
    """{side: {FILE.TEST: Outcome}}, as many boots at a time as there are processors."""
    width = os.cpu_count() or 1
    together = [name for name in names if name not in APART]
    groups = [together[i::width] for i in range(width)] + [[name] for name in names if name in APART]
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        jobs = [("Linux", pool.submit(run_here, names))] if here else []
        jobs += [(side, pool.submit(run_files, side, group))
                 for side in SIDES if side == "Thaw" or not here for group in groups]
        found = {side: {} for side in SIDES}
        for side, job in jobs:
            found[side].update(job.result())
    return found


Listed = collections.namedtuple("Listed", "linux thaw why")


def read_differences(path=DIFFERENCES):
    """{FILE.TEST: Listed}; a paragraph each, `id: FILE.TEST...` first."""
    found = {}
    with open(path) as f:
        paragraphs = re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n", "", f.read()).strip())
    for text in paragraphs if paragraphs != [""] else []:
        # A line that begins with a blank goes on.
        fields = dict(re.findall(r"^(\w+):[ \t]*(\S.*)$", re.sub(r"\n[ \t]+", " ", text), re.M))
        tests = fields.pop("id", "").split()
        if not tests or set(fields) != set(Listed._fields) or set(tests) & set(found):
            raise Trouble("%s: a difference is an `id:` of its own, `linux:`, `thaw:` and `why:`, not\n%s"
                          % (os.path.relpath(path), text))
        found.update((test, Listed(**fields)) for test in tests)
    return found


def verdicts(tests, found, listed, here=False):
    """[(FILE.TEST, Linux's Outcome, Thaw's, verdict)]. Verdicts: agree, skipped, listed; DIFFER, WRONG (fails on both), STALE."""
    rows = []
    for test in tests:
        theirs, ours = (found[side].get(test, Outcome("LOST")) for side in SIDES)
        if theirs.word != ours.word:
            # On a Linux that is not our own some tests are too rude.
            verdict = "listed" if test in listed or here and theirs.word == "skipped" else "DIFFER"
        elif ours.word not in ("ok", "skipped"):
            verdict = "WRONG"
        else:
            verdict = "STALE" if test in listed and not here else "agree" if ours.word == "ok" else "skipped"
        rows.append((test, theirs, ours, verdict))
    return rows


def table(rows, listed):
    """Lines."""
    wide = max(len(row[0]) for row in rows)
    yield "%-*s  %-8s %-8s" % (wide, "test", *SIDES)
    for test, theirs, ours, verdict in rows:
        yield "%-*s  %-8s %-8s %s" % (wide, test, theirs.word, ours.word, verdict)
    for test, theirs, ours, verdict in rows:
        if verdict in ("listed", "STALE") and test in listed:
            yield "\n%s %s\n  Linux: %s\n  Thaw: %s\n  why: %s" % (
                {"listed": "differs as listed:", "STALE": "is listed, and does not differ any more:"}[verdict], test,
                *listed[test])
        elif verdict not in ("agree", "skipped", "listed"):
            yield "\n%s %s" % ({"DIFFER": "differs:", "WRONG": "fails on both:"}[verdict], test)
            for side, outcome in zip(SIDES, (theirs, ours)):
                yield "  %s: %s" % (side, outcome.word)
                yield from ("    " + note for note in outcome.notes)
    count = collections.Counter(row[3] for row in rows)
    yield "\n%d agree, %d skipped on both, %d differ as listed, %d differ, %d fail on both, %d listed in vain" % tuple(
        count[verdict] for verdict in ("agree", "skipped", "listed", "DIFFER", "WRONG", "STALE"))


def compare_tests(wanted, listed=None):
    """The table of the tests named, or all; True if each difference is listed."""
    chosen = sorted({word.partition(".")[0] for word in wanted}) or files()
    for name in chosen:
        if name not in files():
            raise Trouble("There is no tests/abi/%s.c. There are %s." % (name, " ".join(files())))
    listed = read_differences() if listed is None else listed
    every = {name: tests_of(name) for name in files()}
    for test in list(listed) + [word for word in wanted if "." in word]:
        if test not in every.get(test.partition(".")[0], ()):
            raise Trouble("There is no test %s." % test)
    tests = [test for name in chosen for test in every[name]
             if not wanted or test in wanted or name in wanted]
    here = not has_linux()
    rows = verdicts(tests, run_all(chosen, here), listed, here)
    print("\n".join(table(rows, listed)))
    return all(row[3] in ("agree", "skipped", "listed") for row in rows)


def has_linux():
    """Is there a kernel to boot? If not, says what stands in for it."""
    try:
        linux.kernel()
        return True
    except debian.NoRegistry as e:
        with open("/proc/sys/kernel/osrelease") as f:
            print("%s\nThe Linux below is the one we are on, %s: what is too rude for it is skipped there."
                  % (e, f.read().strip()), flush=True)
        return False


# ---- any program ----

Said = collections.namedtuple("Said", "lines end")
TOO_MUCH = "stopped: it said more than %d KiB" % (MOST // 1024)


def run_program(side, prog, args, ms):
    """What a program said, errors included, and how it ended."""
    guest = "prog/" + os.path.basename(prog)
    end = boot(side, ["@limit", str(ms), str(MOST), "/" + guest] + args, [(guest, prog)], ms + SLACK_MS)
    lines, ending = end.report, end.ending()
    if end.trouble() or ending is None:
        hung = end.hung or b"watchdog:" in end.console
        return Said(lines, "hung: " + (end.trouble() or "") if hung else end.trouble() or "init did not say how")
    lines = lines[:-1]
    stopped = {"hung": "hung: stopped after %g s of its machine's time" % (ms / 1000), "cut": TOO_MUCH}.get((lines or [""])[-1])
    if stopped:
        lines = lines[:-1]
    if lines[-1:] == [""]:
        lines = lines[:-1]
    return Said(lines, stopped or tell(*ending))


def run_program_here(prog, args, ms):
    """The same on the Linux we are on. Whom it started and left behind is killed with it."""
    child = subprocess.Popen(["/prog/" + os.path.basename(prog)] + args, executable=os.path.abspath(prog), cwd="/",
                             env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True)
    try:
        said, stopped = listen(child, time.monotonic() + ms / 1000)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        n = child.wait()
        child.stdout.close()
    ends = {"hung": "hung: stopped after %g s" % (ms / 1000), "cut": TOO_MUCH}
    return Said(decode(said), ends.get(stopped) or (tell("exit", n) if n >= 0 else tell("signal", -n)))


def listen(child, end):
    """(what it said, why it is to be stopped), the latter `hung` at the end of its time, `cut` when it says too much, or
    None when it has ended, though others may still hold its output open."""
    said, sources = b"", [child.stdout, os.pidfd_open(child.pid)]
    try:
        while len(said) <= MOST:
            ready = select.select(sources, [], [], max(end - time.monotonic(), 0))[0]
            if child.stdout in ready:
                data = os.read(child.stdout.fileno(), MOST)
                said += data
                sources = sources if data else sources[1:]
            elif ready:
                return said, None
            elif time.monotonic() >= end:
                return said, "hung"
        return said[:MOST], "cut"
    finally:
        os.close(sources[-1])


def decode(data):
    return data.decode("utf-8", "replace").replace("\r", "").splitlines()


def tell(what, n):
    return "signal %d%s" % (n, qemu.signal_name(n)) if what == "signal" else "exit %d" % n


WIDTH = 60  # of a column


def cut(line):
    """A line as pieces of a column's width, with what does not print made visible."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line.expandtabs())
    return [text[i:i + WIDTH] for i in range(0, len(text), WIDTH)] or [""]


def alike(left, right):
    """How many lines the two have in common at their beginning."""
    return next((n for n, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))


def pairs(left, right):
    """(mark, line or None, line or None), in order. What is long is not searched for what has moved."""
    head = alike(left, right)
    tail = alike(left[head:][::-1], right[head:][::-1])
    a, b = left[head:len(left) - tail], right[head:len(right) - tail]
    parts = [(None, 0, len(a), 0, len(b))]
    if len(a) + len(b) <= MANY:
        parts = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    yield from ((" ", line, line) for line in left[:head])
    for _, i, m, j, n in parts:
        for x, y in itertools.zip_longest(a[i:m], b[j:n]):
            yield " " if x == y else "<" if y is None else ">" if x is None else "|", x, y
    yield from ((" ", line, line) for line in left[len(left) - tail:])


def side_by_side(left, right):
    """Lines of two columns; between them a mark where they differ: | other, < only left, > only right."""
    yield "%-*s   %s" % (WIDTH, SIDES[0], SIDES[1])
    yield "-" * WIDTH + "   " + "-" * WIDTH
    for mark, a, b in pairs(left, right):
        for x, y in itertools.zip_longest(*([] if line is None else cut(line) for line in (a, b)), fillvalue=""):
            yield ("%-*s %s %s" % (WIDTH, x, mark, y)).rstrip()


def compare_program(prog, args, ms=PROGRAM_MS):
    """Runs it on both, and shows it; True if what it said and how it ended are the same."""
    here = not has_linux()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(run_program_here, prog, args, ms) if here else \
            pool.submit(run_program, "Linux", prog, args, ms)
        ours = pool.submit(run_program, "Thaw", prog, args, ms).result()
        theirs = theirs.result()
    print("\n".join(side_by_side(theirs.lines, ours.lines)))
    print("-" * WIDTH + "   " + "-" * WIDTH)
    print("\n".join(list(side_by_side([theirs.end], [ours.end]))[2:]))
    print("\nThe two %s." % ("agree" if theirs == ours else "differ"))
    return theirs == ours


def main(argv):
    prog = os.environ.get("THAW_PROG", "")
    args = qemu.split(os.environ.get("THAW_ARGS", ""))
    if args and not prog:
        raise Trouble("ARGS needs PROG=path: the program that gets them.")
    if prog:
        qemu.check_program(prog)
    qemu.need("qemu-system-x86_64")
    if argv == ["check"]:
        if os.environ.get("KERNEL"):
            linux.kernel()
        return 0
    return 0 if (compare_program(prog, args) if prog else compare_tests(argv)) else 1


if __name__ == "__main__":
    qemu.as_command(main, sys.argv[1:])
