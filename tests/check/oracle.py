#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`make oracle`: what it calls a difference, on both kernels and without Debian's. One TAP line a rule."""

import atexit
import collections
import contextlib
import io
import os
import select
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import linux  # noqa: E402
import oracle  # noqa: E402
import qemu  # noqa: E402
import rules  # noqa: E402

WORK = tempfile.mkdtemp()
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
LISTED = oracle.Listed("one thing", "another", "a reason")


def heard(function, *args):
    """(what it returned, the lines it printed)"""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        result = function(*args)
    return result, said.getvalue().splitlines()


def make(*words):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", "--no-print-directory", "-s"] + list(words), stdin=subprocess.DEVNULL, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
    return done.returncode, done.stdout.decode("utf-8", "replace").splitlines()


def every_pair_of_outcomes_has_its_verdict():
    """listed or not, hung or lost on one side or on both"""
    cases = [("ok", "ok", "agree", "STALE"), ("skipped", "skipped", "skipped", "STALE"), ("ok", "FAILED", "DIFFER", "listed"),
             ("skipped", "ok", "DIFFER", "listed"), ("ok", "HUNG", "DIFFER", "listed"), ("LOST", "ok", "DIFFER", "listed"),
             ("FAILED", "FAILED", "WRONG", "WRONG"), ("HUNG", "HUNG", "WRONG", "WRONG")]
    for theirs, ours, alone, listed in cases:
        found = {"Linux": {"f.t": oracle.Outcome(theirs)}, "Thaw": {"f.t": oracle.Outcome(ours, ["# a note"])}}
        for known, wanted in (({}, alone), ({"f.t": LISTED}, listed)):
            rows = oracle.verdicts(["f.t"], found, known)
            if rows[0][3] != wanted:
                yield "%s on Linux, %s on Thaw: %s, not %s" % (theirs, ours, rows[0][3], wanted)
            text = "\n".join(oracle.table(rows, known))
            if ("a note" in text) != (wanted in ("DIFFER", "WRONG")) or ("a reason" in text) != (wanted in ("listed", "STALE")):
                yield "%s is told as\n%s" % (wanted, text)
    late = oracle.read_tap(["# no end after 60 s", "not ok 1 - f.t", "# x == 1", "not ok 2 - f.u", "ok 3 - f.v # SKIP"])
    if [outcome.word for outcome in late.values()] != ["HUNG", "FAILED", "skipped"]:
        yield "a report is read as %s" % [outcome.word for outcome in late.values()]


def a_wrong_list_of_differences_is_refused():
    oracle.read_differences()
    good = "# a comment\nid: f.t f.u\nlinux: says\n  yes\nthaw: no\nwhy: so\n"
    path = os.path.join(WORK, "differences.txt")
    for text, wrong in [(good, False), ("", False), (good + "\n" + good, True), ("id: f.t\nlinux: x\nthaw: y\n", True),
                        (good + "what: else\n", True), ("linux: x\nthaw: y\nwhy: z\n", True)]:
        with open(path, "w") as f:
            f.write(text)
        try:
            found = oracle.read_differences(path)
            if wrong or text and found != dict.fromkeys(("f.t", "f.u"), oracle.Listed("says yes", "no", "so")):
                yield "%r gives %s" % (text, found)
        except qemu.Trouble as e:
            if not wrong or "differences.txt" not in str(e):
                yield "%r is refused: %s" % (text, e)


def a_test_that_ends_the_machine_is_named():
    """and the files after it run in another"""
    class End(qemu.Boot):
        hung, status = False, 35

    names, asked = ["pipe", "trap", "fork"], []
    lost = oracle.tests_of("trap")[1]
    whole = {name: ["ok 1 - " + test for test in oracle.tests_of(name)] + ["ended 0 /tests/" + name] for name in names}

    def boot(side, argv, extra, ms):
        asked.append([word.split("/")[-1] for word in argv[1:]])
        end = End()
        end.report = sum((whole[name] for name in asked[-1]), [])
        end.console = console
        if "trap" in asked[-1]:
            end.report = whole["pipe"] + whole["trap"][:1]
        return end

    kept, oracle.boot = oracle.boot, boot
    try:
        for console, word in [(b"PANIC: watchdog: the machine has run for 9 ms", "HUNG"), (b"PANIC: a bug", "LOST")]:
            del asked[:]
            found = oracle.run_files("Thaw", names)
            wrong = {test: outcome.word for test, outcome in found.items() if outcome.word != "ok"}
            if wrong != {lost: word} or asked != [names, ["fork"]] or len(found) != len(whole["pipe"] + whole["fork"]):
                yield "%s, of %d, in boots of %s" % (wrong, len(found), asked)
    finally:
        oracle.boot = kept


def tests_run_on_both():
    """one that is listed and does not differ, one that differs and is listed"""
    good, said = heard(oracle.compare_tests, ["trap"], dict(oracle.read_differences(), **{"trap.breakpoint_trap": LISTED}))
    if good or said[-1].split()[0] == "0" or not said[-1].endswith("0 differ, 0 fail on both, 1 listed in vain") or \
            "  why: a reason" not in said:
        yield "it says %s" % said[-20:]
    words = {line.split()[0]: line.split()[1:] for line in said if line.startswith("trap.")}
    for test, wanted in [("trap.breakpoint_trap", ["ok", "ok", "STALE"]), ("trap.data_does_not_run", ["ok", "ok", "agree"]),
                         ("trap.addresses_of_tables_are_not_told", ["skipped", "ok", "listed"])]:
        if words.get(test) != wanted:
            yield "%s: %s" % (test, words.get(test))


PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
static void spin(const char *priority)
{
	int n = atoi(priority);
	if (n)
		syscall(SYS_sched_setscheduler, 0, 1 /* SCHED_FIFO */, &n);
	for (;;)
		;
}
int main(int argc, char **argv)
{
	struct utsname u;
	uname(&u);
	while (!strcmp(argv[1], "talk"))
		puts(argv[2]);
	printf("%d %d %s\n", isatty(0), isatty(1), argv[argc - 1]);
	fflush(stdout);
	if (!strcmp(argv[1], "spin"))
		spin(argv[2]);
	if (argc > 2 && open(argv[2], O_WRONLY) >= 0 && (fork() == 0 || !strcmp(argv[1], "stay")))
		pause();
	if (!strcmp(argv[1], "Linux") && !strstr(u.release, "thaw"))
		spin("99");
	if (!strstr(u.release, "thaw") == !strcmp(argv[1], "Linux"))
		for (;;)
			pause();
	fprintf(stderr, "not here\n");
	return 7;
}
"""


def program():
    source, target = os.path.join(WORK, "p.c"), os.path.join(WORK, "p")
    if not os.path.exists(target):
        with open(source, "w") as f:
            f.write(PROGRAM)
        subprocess.run(["musl-gcc", "-static", "-o", target, source], check=True)
    return target


def a_program_is_shown_side_by_side():
    """it ends on Linux, and hangs on Thaw; the other way round, where it computes before everybody else"""
    target = program()
    good, said = heard(oracle.compare_program, target, ["a b"])
    lines = [line.split() for line in said]
    if good or lines[2] != ["0", "1", "a", "b", "0", "1", "a", "b"] or lines[3] != ["not", "here", "<"] or \
            lines[5][:4] != ["exit", "7", "|", "hung:"] or said[-1] != "The two differ.":
        yield "it says %s" % said
    good, said = heard(oracle.compare_program, target, ["Linux"], 300)
    ends = said[5].split(" | ") if len(said) > 5 else []
    if good or [end.strip() for end in ends] != ["hung: stopped after 0.3 s of its machine's time", "exit 7"]:
        yield "hung on Linux, it says %s" % said
    yield from there_is_no_registry(target)


def a_program_that_computes_for_ever_is_stopped():
    """and one of the highest priority"""
    for priority in ("0", "99"):
        said = oracle.run_program("Thaw", program(), ["spin", priority], 100)
        if said != oracle.Said(["0 1 " + priority], "hung: stopped after 0.1 s of its machine's time"):
            yield "at priority %s: %s" % (priority, said)


def a_program_that_never_ends_talking_is_cut():
    said = oracle.run_program("Thaw", program(), ["talk", "x" * 510], oracle.PROGRAM_MS)
    if said != oracle.Said(["x" * 510] * (oracle.MOST // 512), oracle.TOO_MUCH):
        yield "%d lines, then %s" % (len(said.lines), said.end)


def much_that_is_alike_is_compared_in_time():
    """with lines that one side has more, and others that are not the same"""
    same = ["y"] * 100000
    for left, right, wanted in [(same, same[:40000] + ["n"] + same, {" ": 100000, ">": 40001}),
                                (same + ["z"], same[:40000] + ["n"] + same, {" ": 99999, "|": 2, ">": 40000})]:
        marks = collections.Counter(mark for mark, _, _ in oracle.pairs(left, right))
        if marks != wanted:
            yield "the marks are %s" % marks
    for left, right, wanted in [("abc", "acdc", " |> "), ("aaa", "aa", "  <"), ("", "a", ">"), ("abcd", "bcde", "<   >")]:
        marks = "".join(mark for mark, _, _ in oracle.pairs(list(left), list(right)))
        if marks != wanted:
            yield "%s and %s: %r" % (left, right, marks)


def there_is_no_registry(target):
    """The Linux we are on stands in, and that is said."""
    with open(os.path.join(WORK, "apt.conf"), "w") as f:
        f.write('Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "/dev/null"; Dir::State::Status "/dev/null";'
                'Dir::State::Lists "%s";' % os.path.join(WORK, "none", "lists"))
    os.environ["APT_CONFIG"] = os.path.join(WORK, "apt.conf")
    cache, linux.CACHE = linux.CACHE, os.path.join(WORK, "none")
    try:
        good, said = heard(oracle.compare_program, target, ["a b"], 30000)
        if good or linux.PACKAGE not in said[0] or os.uname().release not in said[1] or "exit 7" not in said[7]:
            yield "without a registry it says %s" % said
        good, said = heard(oracle.compare_tests, ["pipe", "trap.addresses_of_tables_are_not_told"])
        if not good or os.uname().release not in said[1] or not said[-1].endswith(" 0 differ, 0 fail on both, 0 listed in vain"):
            yield "without a registry it says %s" % said
        yield from nobody_is_left_behind(target)
    finally:
        linux.CACHE = cache
        del os.environ["APT_CONFIG"]


def nobody_is_left_behind(target):
    """by a program that ends, or hangs, and whose child waits for ever, on the Linux we are on"""
    fifo = os.path.join(WORK, "fifo")
    os.mkfifo(fifo)
    for word, ms, wanted in [("leave", 30000, "exit 7"), ("stay", 300, "hung: stopped after 0.3 s")]:
        with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)) as held:
            with open(fifo, "w"):  # somebody had it, even if the program is so slow that it is stopped before
                said = oracle.run_program_here(target, [word, fifo], ms)
            # Its end comes when nobody holds the other end any more.
            if said.end != wanted or not select.select([held], [], [], 60)[0]:
                yield "%s: %s" % (word, said)
    said = oracle.run_program_here(target, ["talk", "x" * 511], 30000)
    if said != oracle.Said(["x" * 511] * (oracle.MOST // 512), oracle.TOO_MUCH):
        yield "%d lines, then %s" % (len(said.lines), said.end)


def what_cannot_be_run_is_refused():
    """in one line with its name"""
    bad = os.path.join(WORK, "bad")
    with open(bad, "w") as f:
        f.write("no kernel")
    for words, wanted in [(["PROG=" + bad], "bad is not an ELF program"), (["ARGS=x"], "ARGS needs PROG"),
                          (["KERNEL=" + bad], "bad is damaged"), (["KERNEL=/no/such"], "/no/such cannot be read")]:
        status, said = make("oracle", *words)
        said = [line for line in said if not line.startswith("make: ***")]
        if not status or len(said) != 1 or wanted not in said[0]:
            yield "%s: %s" % (words, said)
    for name in ("nosuch", "pipe.nosuch"):
        try:
            yield "%s gives %s" % (name, oracle.compare_tests([name]))
        except qemu.Trouble as e:
            if "nosuch" not in str(e):
                yield str(e)


RULES = [every_pair_of_outcomes_has_its_verdict, a_wrong_list_of_differences_is_refused, a_test_that_ends_the_machine_is_named, tests_run_on_both,
         a_program_is_shown_side_by_side, a_program_that_computes_for_ever_is_stopped,
         a_program_that_never_ends_talking_is_cut, much_that_is_alike_is_compared_in_time, what_cannot_be_run_is_refused]


if __name__ == "__main__":
    rules.main(RULES)
