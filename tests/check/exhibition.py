#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`make designs`: cells and costs that are known, names that are not, and the README's own design. One TAP line a rule."""

import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import designs as table  # noqa: E402
import qemu  # noqa: E402
import rules  # noqa: E402


def designs(*words, where=ROOT, cpus=1):
    done = subprocess.run([sys.executable, "tests/designs.py"] + list(words), cwd=where, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, env=dict(os.environ, CPUS=str(cpus)))
    return done.returncode, done.stdout.decode("utf-8", "replace")


def rows(said):
    """{scene: [cell]}"""
    return {m.group(1): re.split("  +", m.group(2)) for m in re.finditer(r"^ ?\d+ (\w+)  +(\S.*)$", said, re.M)}


# What is known of three designs.
CELLS = {"leader_first": ["held", "L1 L2 L3", "held"], "unhash_window": ["held", "L1 L2 L3", "held"],
         "a_frozen_group_is_killed": ["held", "L1 L2 L3", "S5"]}


def the_table_says_what_was_observed():
    """cells that are known, and their lanes on the page"""
    status, said = designs("late_live,rfc,by_thread", ",".join(CELLS))
    for scene, cells in CELLS.items():
        if status or rows(said).get(scene) != cells:
            yield "%s: %s" % (scene, rows(said).get(scene, said[-200:]))
    with open(os.path.join(qemu.BUILD, "designs.html"), encoding="utf-8") as f:
        page = f.read()
    cells = re.search(r"^const cells = (.*);$", page, re.M)
    shown = json.loads(cells.group(1)) if cells else {}
    if len(shown) != 4 or page.count('<td class="held"') != 5:
        yield "the page shows %s" % sorted(shown)
    for key, cell in shown.items():
        if not cell["picture"]["rows"] or len(json.dumps(cell)) > table.MOST_OF_A_CELL:
            yield "%s: %d rows, %d bytes" % (key, len(cell["picture"]["rows"]), len(json.dumps(cell)))
    commands = shown.get("rfc: order.unhash_window", {}).get("commands", [])
    if [c.partition("tests/designs.py ")[2] for c in commands][:1] != ["rfc order.unhash_window"]:
        yield "a cell is to be had again by %s" % commands
    if re.search(r"(src|href)=", page):
        yield "the page does not stand alone"


def every_design_holds_the_easy_scene():
    """a frozen process of one thread is killed: each file of kernel/oom, with one processor and with four"""
    for cpus in 1, 4:
        status, said = designs(",".join(table.designs()), "single_reaped", cpus=cpus)
        cells = rows(said).get("single_reaped", [])
        if status or cells != ["held"] * len(table.designs()):
            yield "%d processors: %s" % (cpus, cells or said[-200:])


def what_is_unknown_is_told_in_a_line():
    """a design or a scene that is not there"""
    for words, wanted in ((["nonsense"], "no such design: nonsense; known: late_live "), (["rfc", "x.y"], "no such scene: x.y; known: "),
                          (["rfc", "6,61"], "no such scene: 61; known: "), (["rfc", "6", "7"], "Too many words: rfc 6 7.")):
        status, said = designs(*words)
        if status == 0 or not said.startswith(wanted) or said.count("\n") != 1:
            yield "%s: %s" % (words, said[:200])


def a_file_that_is_no_design_is_told_in_a_line():
    """one without a claim or under another's name, and one that is not built; and a claim that goes over lines is whole"""
    known = table.designs, table.source
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "own.c")
        table.designs, table.source = (lambda: ["own"]), (lambda design: path)
        for text, wanted in ((".name = \"own\",\n.claim = \"a\"\n\t\" claim\",\n", "a claim"), (".name = \"own\",\n", "is no design"),
                             (".name = \"other\",\n.claim = \"c\",\n", "is no design"), (None, "newer than the kernel: run `make`")):
            if text:
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
            try:
                said = table.claims()["own"] if text else table.check_built(["own"])
            except qemu.Trouble as trouble:
                said = str(trouble)
            if not said or wanted not in said:
                yield "%r: %s" % (text, said)
    table.designs, table.source = known


def the_default_is_cheap():
    """figures repeat; an exit costs 20 instructions more than without hooks, at most; marks grow as the threads do"""
    found, bare = table.costs(table.DEFAULT), table.costs("lazy_thaw")
    again = table.costs(table.DEFAULT)
    if found != again:
        yield "%s, and then %s" % (found, again)
    with open(os.path.join("kernel", "oom", "lazy_thaw.c"), encoding="utf-8") as f:
        hooks = re.findall(r"^\t\.(\w+) =", f.read(), re.M)
    if [h for h in hooks if h.startswith("exit_") or h in ("unhashed", "mm_dead")]:
        yield "lazy_thaw has hooks on the exit path: %s" % hooks
    more = int(found["exit"]) - int(bare["exit"])
    if more > 20:
        yield "an exit costs %d instructions more than without hooks" % more
    for few, many in (("mark_256", "mark_1024"), ("storm_256", "storm_1024")):
        if int(found[many]) > 4.4 * int(found[few]):
            yield "%s: %s; %s: %s" % (few, found[few], many, found[many])
    if int(found["storm_marks_1024"]) < 1000:
        yield "only %s of 1024 threads were marked" % found["storm_marks_1024"]


def the_own_design_of_the_readme_works():
    """its file, taken out of the text, is built in a copy of the tree and gets the row that the text promises"""
    with open("README.md", encoding="utf-8") as f:
        text = f.read().partition("## Write your own design")[2]
    source = re.search(r"```c\n(.*?)```", text, re.S).group(1)
    name = re.search(r"Write\n?\s*`kernel/oom/(\w+)\.c`", text).group(1)
    asked = re.search(r"^tests/designs.py %s (\S+)$" % name, text, re.M).group(1)
    with tempfile.TemporaryDirectory() as copy:
        for what in ("Makefile", "linker.ld", "arch", "kernel", "tests", "user"):
            subprocess.run(["cp", "-a", what, copy], check=True)
        build = os.path.join(copy, "build")
        os.mkdir(build)
        for what in ("x86_64", "thaw.elf"):  # only the new file is compiled
            subprocess.run(["cp", "-a", os.path.join("build", what), build], check=True)
        for what in ("user", "tests"):
            os.symlink(os.path.join(ROOT, "build", what), os.path.join(build, what))
        with open(os.path.join(copy, "kernel", "oom", name + ".c"), "w", encoding="utf-8") as f:
            f.write(source)
        with open(os.path.join("build", "x86_64", "flags"), encoding="utf-8") as f:
            strict = "true" if "-Werror" in f.read() else ""  # as the rest was built
        made = subprocess.run(["make", "build/thaw.elf"], cwd=copy, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=dict(os.environ, CI=strict, MAKEFLAGS=""))
        if made.returncode:
            yield "it does not build: %s" % made.stdout.decode("utf-8", "replace")[-300:]
            return
        status, said = designs(name, asked, where=copy)
    got = {scene: cells[0] for scene, cells in rows(said).items()}
    if got.get("single_reaped") != "held" or got.get("leader_first") != "L1 L2 L3" or "S" not in got.get("last_closer_unmarked", ""):
        yield "its row is %s: %s" % (got, said[-300:])


RULES = [the_table_says_what_was_observed, every_design_holds_the_easy_scene, what_is_unknown_is_told_in_a_line,
         a_file_that_is_no_design_is_told_in_a_line, the_default_is_cheap, the_own_design_of_the_readme_works]


if __name__ == "__main__":
    rules.main(RULES)
