#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark's own arithmetic: what fails, what is drawn, what the profiler counts. One TAP line a rule."""

import atexit
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import bench  # noqa: E402
import growth  # noqa: E402
import linux  # noqa: E402
import qemu  # noqa: E402
import rules  # noqa: E402


def say(*argv, **env):
    """(status, everything a command said)."""
    outer = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(outer, **env), timeout=bench.LIMIT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def a_row_that_grew_is_named():
    """against a baseline with one figure made smaller, one a little smaller, one lost, one too many"""
    found = bench.thaw(["getppid", "pipe_self", "write_null"])
    if bench.compare(found, found, {}):
        yield "a row differs from itself"
    doctored = {"getppid": int(found["getppid"] / 1.03), "pipe_self": int(found["pipe_self"] / 1.01), "fork": 7}
    wrong = bench.compare(doctored, found, {})
    if sorted(wrong) != ["fork", "getppid", "write_null"]:
        yield "wrong are %s" % sorted(wrong)
    words = "getppid: %d in the baseline, %d now" % (doctored["getppid"], found["getppid"])
    if words not in wrong.get("getppid", ""):
        yield "it says %s" % wrong.get("getppid")


def a_row_that_is_over_is_named():
    """over what was asked, three tenths of Linux's, a small kernel's; one instruction more than each is"""
    for name, ours, theirs, said in [("open_close", 1200, 4000, ""), ("open_close", 1201, 4004, "the 1,200 asked for"),
                                     ("sigprocmask", 106, 353, "0.3 of Linux's 353"), ("brk_pair", 9286, None, "xv6's 9,285"),
                                     ("null", 89, 200, "the 80 asked for, 0.3 of Linux's 200, Fiwix's 88")]:
        wrong = bench.compare({name: ours}, {name: ours}, {name: theirs} if theirs else {})
        if wrong != ({name: "%s: %s: over %s" % (name, bench.number(ours), said)} if said else {}):
            yield "%s: %s" % (name, wrong)
    for figure, wrong in [(400 * 1.02 + 200, False), (400 * 1.02 + 201, True)]:
        if wrong != bool(bench.compare({"freeze_10": 400}, {"freeze_10": figure}, {})):
            yield "the clock's grain is not seen in freeze_10"
    known = bench.committed()
    missing = set(known["rows"]) ^ set(known["linux"]) ^ {"prompt"}  # where no Linux has a shell that hears its user go
    if missing:
        yield "of Thaw or of Linux there is no figure for %s" % missing


def another_compilers_baseline_is_refused():
    ours, bench.compiler = bench.compiler, lambda: "cc 1.0"
    try:
        yield "it is compared: %s" % bench.read_baseline()
    except bench.Other as e:
        if "this kernel of cc 1.0" not in str(e):
            yield str(e)
    finally:
        bench.compiler = ours


def rows_are_those_of_the_program():
    status, text = say(bench.PROGRAM, "@list")
    ours = sorted(bench.of_program(bench.every()))
    if status or sorted(text.split()) != ours:
        yield "they differ in %s" % sorted(set(text.split()) ^ set(ours))


def a_row_without_linux_is_shown():
    rows = {"fork": {"thaw": 100, "linux": 400}, "thread": {"thaw": 9000, "linux": None}}
    lines = [re.split("  +", line.strip()) for line in bench.table(rows, True, {"fork": 99})]
    if lines[1][2:] != ["100", "99", "400", "0.25", "1,994,232", "239,978", "25,000"] or \
            lines[2][2:] != ["9,000", "-", "-", "-", "-", "-", "8,000", "over the 8,000 asked for"]:
        yield "the table has %s" % lines[1:]
    drawn = xml.etree.ElementTree.fromstring("\n".join(bench.picture(rows)))
    widths = [float(r.get("width")) for g in drawn.iter("{http://www.w3.org/2000/svg}g") for r in g if r.get("width")]
    if len(widths) != 3 or not widths[0] < widths[1] < widths[2]:
        yield "the bars are %s wide" % widths


def all_rows_beside_linux_are_kept():
    """as build/bench.json, and drawn; one that is over is marked, and make has a failure to tell"""
    work = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, work, ignore_errors=True)
    rows = [("null", "a call", 80), ("fork", "a fork", 25000)]
    for ours, theirs, status in [(60, {"null": 300}, 0), (81, {"null": 300, "fork": 1000000}, 1)]:
        figures = {"null": ours, "fork": 20000}
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.ExitStack() as stack:
            for name, value in [("ROWS", rows), ("thaw", lambda names: figures), ("linux", lambda names: theirs), ("before", dict)]:
                stack.callback(setattr, bench, name, getattr(bench, name))
                setattr(bench, name, value)
            stack.callback(setattr, qemu, "BUILD", qemu.BUILD)
            qemu.BUILD = work
            ended = bench.main(["--linux"])
        with open(os.path.join(work, "bench.json")) as f:
            kept = json.load(f)
        xml.etree.ElementTree.parse(os.path.join(work, "bench.svg"))
        if ended != status or kept != {"rows": {name: {"thaw": n, "linux": theirs.get(name)} for name, n in figures.items()}}:
            yield "it ends with %s and keeps %s" % (ended, kept)
        if ("over the 80 asked for" in said.getvalue()) != bool(status):
            yield said.getvalue()


def what_grows_too_fast_is_named():
    sizes = (10, 100, 1000)
    rows = [("square", [n * n for n in sizes]), ("line", [7 * n for n in sizes]), ("nothing", [0, 0, 0])]
    named = list(growth.steep(sizes, rows))
    if named != ["square is not linear"]:
        yield "named are %s" % named


def ten_thousand_processes_sleep_in_512_mib():
    """and the whole of `make growth`, with smaller numbers in the other tables"""
    found, figures = {}, growth.figures

    def noted(role, n, keys, **how):
        found[role, n] = figures(role, n, keys, **how)
        return found[role, n]

    small = dict(PROCESSES=(100, 10000), THREADS=(16, 256), MEMORY=(16, 64), CPUS=(1, 4), WORKERS=1, figures=noted)
    kept = {name: getattr(growth, name) for name in small}
    vars(growth).update(small)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = growth.main()
    finally:
        vars(growth).update(kept)
    text = said.getvalue()
    if status or text.count("exponent") != 4 or not re.search(r"^4 processors do \d+\.\d\d of what one does: (ok|below)", text, re.M):
        yield from ["it ends with %s" % status] + text.splitlines()[-6:]
    n, all_of_them = 10000, found["processes", 10000]
    kinds = sum(total for key, total in all_of_them.items() if key.startswith(growth.BYTES))
    # Whatever a process takes is of a kind that is counted, but for what the system took besides.
    if not 0.98 < kinds / (all_of_them["kib"] * 1024) <= 1.01:
        yield "%d bytes by kind, of %d KiB" % (kinds, all_of_them["kib"])
    if growth.MEM != 512 or all_of_them["kib"] > 49 * n:
        yield "%d KiB each, with %d MiB" % (all_of_them["kib"] // n, growth.MEM)


def a_row_that_hangs_is_stopped_and_named():
    """on either side, by the machine's own time"""
    wanted = "stuck hung: stopped after 10 s of its machine's time"
    try:
        yield "Thaw: %s" % bench.figures(qemu.boot(img=bench.image(["Thaw"], "stuck"), icount=True), ["fine"])
    except qemu.Trouble as e:
        if str(e).splitlines() != ["Thaw: no figure for fine", "# " + wanted]:
            yield str(e)
    img = bench.image(["Linux"], "stuck")
    if bench.figures(qemu.boot(img=img, icount=True), ["fine"])["fine"] != 1:
        yield "Thaw's figure is lost"
    end = linux.boot(img, linux.UNTIMED, icount=True, limit=bench.LIMIT)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        bench.complain(end)
    if said.getvalue() != "Linux: %s\n" % wanted or end.result():
        yield "Linux: %s, %s" % (said.getvalue(), end.result())


def without_a_registry_there_are_thaws_figures():
    """and a line says why there are no others; a kernel that is damaged is refused by its name"""
    work = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, work, ignore_errors=True)
    nowhere, bad = os.path.join(work, "apt.conf"), os.path.join(work, "bad")
    with open(nowhere, "w") as f:
        f.write('Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "/dev/null"; Dir::State::Status "/dev/null";'
                'Dir::State::Lists "%s";' % os.path.join(work, "lists"))
    with open(bad, "w") as f:
        f.write("no kernel")
    cache, linux.CACHE = linux.CACHE, os.path.join(work, "cache")
    os.environ["APT_CONFIG"] = nowhere
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            status = bench.main(["--linux", "getppid"])
        row = out.getvalue().splitlines()[-1].split()
        if status or linux.PACKAGE not in err.getvalue() or err.getvalue().count("\n") != 1 or \
                row[0] != "getppid" or row[-4:] != ["-", "-", "-", "105"]:
            yield "it says %s and %s" % (err.getvalue(), out.getvalue())
    finally:
        linux.CACHE = cache
        del os.environ["APT_CONFIG"]
    status, text = say(sys.executable, "tests/bench.py", "--linux", "getppid", KERNEL=bad)
    if not status or len(text.splitlines()) != 1 or "bad is damaged" not in text:
        yield "with a damaged kernel it says %s" % text


def a_kernel_that_stays_packed_costs_no_other_row():
    """one of a kind that Python cannot open: the rest of the table is there"""
    kernel, linux.kernel = linux.kernel, lambda: os.path.join(ROOT, "README.md")
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            found = bench.linux(["boot"])
        if found or not said.getvalue().startswith("Linux: no figure for boot: "):
            yield "it says %s and %s" % (said.getvalue(), found)
    finally:
        linux.kernel = kernel


def the_profile_adds_up_to_the_row():
    figure = bench.thaw(["getppid"])["getppid"]
    status, text = say(sys.executable, "tests/profile.py", THAW_ROW="getppid", THAW_PROG="")
    counted = re.search(r"^(\d+) instructions, (\d+) operations, (\d+) instructions each$", text, re.M)
    # The profiler's average has the warm-up and the ticks in it, of which the row is free.
    if status or not counted or not figure <= int(counted.group(3)) <= figure * 1.02:
        yield "the row is %d, and it says %s" % (figure, counted.group() if counted else text[-200:])


def boxes(path):
    """Of a flame graph: [(place from the left, its width, place from above, instructions)]."""
    svg = "{http://www.w3.org/2000/svg}"
    for g in xml.etree.ElementTree.parse(path).iter(svg + "g"):
        x, y, width = (float(g.find(svg + "rect").get(key)) for key in ("x", "y", "width"))
        yield x, width, y, int(re.search(r": (\d+) instructions$", g.find(svg + "title").text).group(1))


def the_profile_of_a_program_is_drawn():
    """Each box stands on its caller's, within it, and those on one box have no more instructions than that."""
    status, text = say(sys.executable, "tests/profile.py", THAW_ROW="", THAW_PROG="build/user/bin/echo", THAW_ARGS="a b")
    counted = re.search(r"^(\d+) instructions$", text, re.M)
    if status or not counted or "sys_execve" not in text:
        yield "it ends with %d and says %s" % (status, text[-200:])
        return
    drawn, upon = list(boxes("build/profile/echo.svg")), {}
    if drawn[0][3] != int(counted.group(1)) or len(drawn) < 20:
        yield "%d boxes, %d instructions, not %s" % (len(drawn), drawn[0][3], counted.group(1))
    for box in drawn[1:]:
        below = [b for b in drawn if b[2] > box[2] and b[0] - 0.1 <= box[0] and box[0] + box[1] <= b[0] + b[1] + 0.5]
        caller = min(below, key=lambda b: b[2], default=None)
        upon[caller] = upon.get(caller, 0) + box[3]
    for caller, sum_of_them in upon.items():
        if not caller or sum_of_them > caller[3]:
            yield "on %s there are %d instructions" % (caller, sum_of_them)


def a_program_without_an_end_is_not_profiled():
    status, text = say(sys.executable, "tests/profile.py", THAW_ROW="", THAW_PROG="build/user/bin/sleep", THAW_ARGS="1000")
    if not status or text.splitlines()[-1] != "thaw: stopped after 10 s of the machine's own time":
        yield "it ends with %d and says %s" % (status, text[-200:])


def a_wrong_row_is_one_line():
    make = ["make", "--no-print-directory", "-s", "profile"]
    for command, wanted in [(make + ["ROW=nosuch"], "There is no row nosuch."), (make + ["ROW=prompt"], "ROW=prompt is read off"),
                            ([sys.executable, "tests/bench.py", "nosuch"], "There is no row nosuch.")]:
        status, text = say(*command)
        lines = [line for line in text.splitlines() if not line.startswith("make: ***")]
        if not status or len(lines) != 1 or not lines[0].startswith(wanted):
            yield "%s says %s" % (command[0], lines[:3])


RULES = [a_row_that_grew_is_named, a_row_that_is_over_is_named, another_compilers_baseline_is_refused,
         rows_are_those_of_the_program, a_row_without_linux_is_shown, all_rows_beside_linux_are_kept, what_grows_too_fast_is_named,
         ten_thousand_processes_sleep_in_512_mib, a_row_that_hangs_is_stopped_and_named,
         without_a_registry_there_are_thaws_figures, a_kernel_that_stays_packed_costs_no_other_row,
         the_profile_adds_up_to_the_row, the_profile_of_a_program_is_drawn, a_program_without_an_end_is_not_profiled, a_wrong_row_is_one_line]


if __name__ == "__main__":
    rules.main(RULES)
