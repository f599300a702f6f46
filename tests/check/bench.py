#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark's own arithmetic: what fails, what is drawn, what the profiler counts. One TAP line a rule."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import bench  # noqa: E402
import growth  # noqa: E402
import rules  # noqa: E402


def say(*argv, **env):
    """(status, everything a command said)."""
    outer = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(outer, **env), timeout=100)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def a_row_that_grew_is_named():
    """against a baseline with one figure made smaller, one a little smaller, one lost, one too many"""
    found = bench.thaw(["getppid", "pipe_self", "write_null"])
    if bench.compare(found, found):
        yield "a row differs from itself"
    doctored = {"getppid": int(found["getppid"] / 1.03), "pipe_self": int(found["pipe_self"] / 1.01), "fork": 7}
    wrong = bench.compare(doctored, found)
    if sorted(wrong) != ["fork", "getppid", "write_null"]:
        yield "wrong are %s" % sorted(wrong)
    words = "getppid: %d in the baseline, %d now" % (doctored["getppid"], found["getppid"])
    if words not in wrong.get("getppid", ""):
        yield "it says %s" % wrong.get("getppid")


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
    ours = sorted(name for name, _, _ in bench.ROWS if name != "boot")
    if status or sorted(text.split()) != ours:
        yield "they differ in %s" % sorted(set(text.split()) ^ set(ours))


def a_row_without_linux_is_shown():
    rows = {"fork": {"thaw": 100, "linux": 400}, "thread": {"thaw": 9000, "linux": None}}
    lines = [re.split("  +", line.strip()) for line in bench.table(rows, True)]
    if lines[1][2:] != ["100", "400", "0.25", "25,000"] or lines[2][2:] != ["9,000", "-", "-", "8,000", "over"]:
        yield "the table has %s" % lines[1:]
    drawn = xml.etree.ElementTree.fromstring("\n".join(bench.picture(rows)))
    widths = [float(r.get("width")) for g in drawn.iter("{http://www.w3.org/2000/svg}g") for r in g if r.get("width")]
    if len(widths) != 3 or not widths[0] < widths[1] < widths[2]:
        yield "the bars are %s wide" % widths


def what_grows_too_fast_is_named():
    sizes = (10, 100, 1000)
    rows = [("square", [n * n for n in sizes]), ("line", [7 * n for n in sizes]), ("nothing", [0, 0, 0])]
    named = list(growth.steep(sizes, rows))
    if named != ["square is not linear"]:
        yield "named are %s" % named


def ten_thousand_processes_sleep_in_512_mib():
    n = 10000
    found = growth.figures("processes", n, [key for key, _ in growth.OF_A_PROCESS], mem=growth.MEM, icount=True)
    kinds = sum(total for key, total in found.items() if key.startswith(growth.BYTES))
    # Whatever a process takes is of a kind that is counted, but for what the system took besides.
    if not 0.98 < kinds / (found["kib"] * 1024) <= 1.01:
        yield "%d bytes by kind, of %d KiB" % (kinds, found["kib"])
    if growth.MEM != 512 or found["kib"] > 49 * n:
        yield "%d KiB each, with %d MiB" % (found["kib"] // n, growth.MEM)


def the_profile_adds_up_to_the_row():
    figure = bench.thaw(["getppid"])["getppid"]
    status, text = say(sys.executable, "tests/profile.py", THAW_ROW="getppid", THAW_PROG="")
    counted = re.search(r"^(\d+) instructions, (\d+) operations, (\d+) instructions each$", text, re.M)
    # The profiler's average has the warm-up and the ticks in it, of which the row is free.
    if status or not counted or not figure <= int(counted.group(3)) <= figure * 1.02:
        yield "the row is %d, and it says %s" % (figure, counted.group() if counted else text[-200:])


def a_wrong_row_is_one_line():
    for command in (["make", "--no-print-directory", "-s", "profile", "ROW=nosuch"],
                    [sys.executable, "tests/bench.py", "nosuch"]):
        status, text = say(*command)
        lines = [line for line in text.splitlines() if not line.startswith("make: ***")]
        if not status or len(lines) != 1 or not lines[0].startswith("There is no row nosuch."):
            yield "%s says %s" % (command[0], lines[:3])


RULES = [a_row_that_grew_is_named, another_compilers_baseline_is_refused, rows_are_those_of_the_program, a_row_without_linux_is_shown,
         what_grows_too_fast_is_named, ten_thousand_processes_sleep_in_512_mib, the_profile_adds_up_to_the_row, a_wrong_row_is_one_line]


if __name__ == "__main__":
    rules.main(RULES)
