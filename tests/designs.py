#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every accounting design against every scenario: what each one showed, as a table and as a page.

    make designs [CPUS=4]                          all of them; build/designs.html
    tests/designs.py [DESIGN,...] [SCENE,...]      some: late_live,rfc leader_first,victims.single_reaped

The rows are the scenes that say of themselves which scenario they are (SCENE in tests/scenes); the columns are the files of
kernel/oom. A cell is `held`, or the promises that were broken. Nothing is typed in: the table is what the runs said, under
counted instructions, so it says the same each time. Scenes run one after the other in one machine until one of them breaks a
promise; the rest get a new machine. On the page, a failing cell opens its trace as lanes. `known` before a promise: no design can
keep it there, and the scene says why.
"""

import collections
import concurrent.futures
import html
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402
import trace  # noqa: E402

TESTS = os.path.join(qemu.BUILD, "tests")
LIMIT_MS = 40000  # of the machine's own time, which begins again with each scene
PATIENCE = 900  # seconds of real time for a machine; too little of it is no verdict
SILENCE = 60  # and for a scene, of which the longest takes two: what loops with its interrupts off has no other end
SCENARIOS = 60
MEM = 40  # MiB: a scene takes most of it, so that less is sooner done
MOST_OF_A_CELL = 300 * 1024  # bytes on the page
DEFAULT = "late_live"
AS_INIT = "as_init"  # the program whose scene is the first process itself
ALONE = (AS_INIT, "fault")  # the programs of which each scene needs a machine of its own
# What the kernel says when it stops by itself.
WORDS = {"S9": "dropped what was not counted", "S10": "nobody wakes the suspend"}


def designs():
    """By their files; the default first."""
    names = sorted(f[:-2] for f in os.listdir(os.path.join(qemu.ROOT, "kernel", "oom")) if f.endswith(".c"))
    return [DEFAULT] + [n for n in names if n != DEFAULT]


def source(design):
    return os.path.join(qemu.ROOT, "kernel", "oom", design + ".c")


def cpus():
    return qemu.number("CPUS", 1, 1, 16)


class Scene:
    """A row: FILE.TEST, the scenario it is, the promises it looks at."""

    def __init__(self, path, number, promises):
        self.path, self.number, self.promises = path, number, promises
        self.file, _, self.name = path.partition(".")

    def label(self):
        return "%2d %s" % (self.number, self.name)


def scenes():
    """What the test programs say of themselves, by the scenarios' numbers."""
    found = []
    sources = os.listdir(os.path.join(qemu.ROOT, "tests", "scenes"))
    for program in [os.path.join(TESTS, "scenes", s[:-2]) for s in sorted(sources) if s.endswith(".c")] + [os.path.join(TESTS, AS_INIT)]:
        if not os.path.exists(program):
            raise qemu.Trouble("%s is not built: run `make tests`." % os.path.relpath(program))
        said = subprocess.run([program, "-l"], stdout=subprocess.PIPE, check=True).stdout.decode()
        found += [Scene(path, int(n), promises.split()) for path, n, promises in
                  re.findall(r"^(\S+) scenario (\d+)(.*)$", said, re.M)]
    return sorted(found, key=lambda s: s.number)


class Cell:
    """What one scene showed under one design: broken and known (ids to words), detail (lines), events."""

    def __init__(self, design, scene):
        self.design, self.scene = design, scene
        self.broken, self.known, self.detail, self.events = {}, {}, [], []
        self.before = []  # the scenes that its machine had run already

    def kind(self):
        return "broken" if self.broken else "known" if self.known else "held"

    def text(self):
        names = " ".join(sorted(self.broken or self.known, key=lambda k: (k[0] != "S", k)))
        return {"broken": names, "known": "known " + names, "held": "held"}[self.kind()]

    def words(self):
        return "; ".join("%s %s" % item for item in sorted((self.broken or self.known).items()))

    def commands(self):
        """It alone, and it after what its machine had run before, should that be needed to see it again."""
        head = "%stests/designs.py %s " % ("CPUS=%d " % cpus() if cpus() > 1 else "", self.design)
        as_run = ["not alone: " + head + ",".join(self.before + [self.scene.path])] if self.before else []
        return ["again: " + head + self.scene.path] + as_run

    def read(self, report, console, trouble):
        """report: the lines since the scene began; console: all of it, if the machine ended with this scene."""
        verdict = [line for line in report if re.match(r"(not )?ok 1 - ", line)]
        for line in report:
            match = re.match(r"# (broken|known) (\w+) (.*)", line)
            if match:
                getattr(self, match.group(1))[match.group(2)] = match.group(3)
        for line in console:
            match = re.search(r"\b(S9|S10): ", line)
            if match:
                self.broken[match.group(1)] = WORDS[match.group(1)]
        if any("watchdog: the machine has run" in line for line in console):
            asks = any(re.search(r" oom_eater$", line) for line in console)
            self.broken.update({"L6": "waits for memory for ever"} if asks else {"L8": "no end"})
        if not self.broken and (trouble or not verdict):
            kills = sum("Killed process" in line for line in console)
            why = [line[line.index("PANIC"):] for line in console if "PANIC" in line] + [trouble or "the scene itself did not end"]
            self.broken["lost"] = "%s; %d processes were killed" % (why[0], kills)
        if not self.broken and verdict[0].startswith("not"):
            self.broken["fails"] = "the scene found something else wrong"
        if self.broken or self.known:
            self.detail = [line for line in report if line.startswith("#")][:12] + ["# " + self.words()] * ("lost" in self.broken)
            self.events = trace.parse(report if verdict else console)


def boot(design, rows):
    """Runs the scenes in one machine, up to the first that breaks a promise; the cells of those that ran."""
    # Each processor has a buffer, and a scene reads them all as one text.
    words = "loglevel=5 trace_buf_size=%dK watchdog_ms=%d oom=%s" % (512 // cpus(), LIMIT_MS, design)
    if rows[0].file == AS_INIT:
        img = qemu.image(extra=[("tests/" + AS_INIT, os.path.join(TESTS, AS_INIT))])
        end = qemu.boot(img=img, words="%s init=/tests/%s -- @init %s" % (words, AS_INIT, rows[0].name), icount=True, cpus=cpus(), mem=MEM,
                        limit=PATIENCE, silence=SILENCE)
        end.report.insert(0, "scene " + rows[0].path)
        rows = rows[:1]
    else:
        rows = rows[:1] if rows[0].file in ALONE else [s for s in rows if s.file not in ALONE]
        extra = [("tests/report", os.path.join(TESTS, "report"))]
        extra += [("tests/" + f, os.path.join(TESTS, "scenes", f)) for f in sorted({s.file for s in rows})]
        img = qemu.image(["/tests/report", "@scenes"] + [s.path for s in rows], extra=extra)
        end = qemu.boot(img=img, words=words, icount=True, cpus=cpus(), mem=MEM, limit=PATIENCE, silence=SILENCE)
    console = end.console.decode("utf-8", "replace").replace("\r", "").splitlines()
    starts = [i for i, line in enumerate(end.report) if line.startswith("scene ")]
    if not starts:
        raise qemu.Trouble("oom=%s: no scene began: %s" % (design, end.trouble() or console[-1:]))
    cells = []
    for scene, first, last in zip(rows, starts, starts[1:] + [len(end.report)]):
        cell = Cell(design, scene)
        cell.before = [c.scene.path for c in cells]
        ended_here = last == len(end.report)
        cell.read(end.report[first + 1:last], console if ended_here else [], end.trouble() if ended_here else None)
        cells.append(cell)
    if len(cells) < len(rows) and not cells[-1].broken:
        raise qemu.Trouble("oom=%s: no scene began after %s" % (design, cells[-1].scene.path))
    return cells


def run(design, rows):
    cells = {}
    while len(cells) < len(rows):
        cells.update({c.scene.path: c for c in boot(design, [s for s in rows if s.path not in cells])})
    return list(cells.values())


# ---- what a design costs ----

# key of tests/costs.c, heading, what it is
COSTS = [
    ("exit", "exit", "instructions from the exit of a process that is no victim to the end of its parent's wait"),
    ("mark_1", "mark 1", "instructions to mark a group of one thread"),
    ("mark_16", "16", "... of 16 threads"),
    ("mark_256", "256", "... of 256 threads"),
    ("mark_1024", "1024", "... of 1024 threads"),
    ("storm_256", "storm 256", "instructions of all marks when 256 threads of a group are in the killer at once"),
    ("storm_1024", "1024", "... 1024 threads"),
    ("freeze_1024", "freeze 1024", "nanoseconds to freeze a group of 1024 threads and to disable the killer"),
    ("freeze_256", "killed 256", "the same for 256 threads that are killed before the killer is disabled"),
    ("bytes", "bytes t/g/mm", "bytes that it keeps in each task, group and mm"),
]
STATE = {"oom_priv": 8, "oom_mm": 8, "oom_owed": 4, "io_live": 4}


def bodies():
    """The services that designs call, by name: their text."""
    text = ""
    for name in ("oom.h", "oom_victim.c"):
        with open(os.path.join(qemu.ROOT, "kernel", name), encoding="utf-8") as f:
            text += f.read()
    found = re.findall(r"^(?:static inline )?(?:void|bool) (\w+)\([^;]*?\)\s*(\{ .*? \}|\{\n.*?\n\})", text, re.M | re.S)
    return dict(found)


def state_bytes(design):
    """Which of the words for designs it uses, from its text and that of the services it calls."""
    with open(source(design), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    services, seen = bodies(), set()
    while True:
        new = {n for n in re.findall(r"\b\w*oom_\w+", text) if n in services} - seen
        if not new:
            break
        seen |= new
        text += "".join(services[n] for n in sorted(new))
    used = {"task": set(), "group": set(), "mm": set()}
    for owner, field in re.findall(r"(?=\b(\w+)->(\w+))", text):
        if field in STATE:
            used[{"group": "group", "g": "group", "mm": "mm"}.get(owner, "task")].add(field)
    if re.search(r"\blast\b(?! *\))", text.partition("exit_quiesced(")[2].partition("}")[0].replace("(void)last", "").partition(")")[2]):
        used["group"].add("io_live")
    return "/".join(str(sum(STATE[f] for f in used[where])) for where in ("task", "group", "mm"))


def costs(design):
    """Figures by key; they repeat exactly."""
    extra = [("tests/report", os.path.join(TESTS, "report")), ("tests/costs", os.path.join(TESTS, "costs"))]
    img = qemu.image(["/tests/report", "@to", "/tests/costs", "@all"], extra=extra)
    end = qemu.boot(img=img, words="loglevel=4 trace_buf_size=128K oom=" + design, icount=True, mem=128, limit=PATIENCE)
    if end.trouble() or end.ending() != ("exit", 0):
        raise qemu.Trouble("oom=%s: its costs: %s" % (design, end.trouble() or end.report[-3:]))
    return dict(end.result(), bytes=state_bytes(design))


# ---- the table ----


def columns(lines):
    width = [max(len(r[i]) for r in lines) for i in range(len(lines[0]))]
    lines = [lines[0], ["-" * w for w in width]] + lines[1:]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip() for r in lines)


def letters(names):
    return {name: chr(ord("a") + i) for i, name in enumerate(names)}


def table(names, rows, cells):
    heads = ["scenario"] + ([letters(names)[d] for d in names] if len(names) > 4 else names)
    lines = [[scene.label()] + [cells[d, scene.path].text() for d in names] for scene in rows]
    return columns([heads] + lines)


def costs_table(prices):
    lines = [["design"] + [head for _, head, _ in COSTS]]
    lines += [[design] + [found[key] for key, _, _ in COSTS] for design, found in prices.items()]
    return columns(lines) + "\n\n" + "\n".join("%-13s %s" % (head, what) for _, head, what in COSTS)


def legend(names, cells):
    """The letters of the designs, and the words of the promises."""
    known, says = {}, claims()
    for cell in cells.values():
        known.update({k: v for k, v in cell.broken.items() if k[0] in "SL" and k[1:].isdigit()})
    out = ["%s%-14s %s" % (letters(names)[d] + "  " if len(names) > 4 else "", d, says[d]) for d in names]
    if any("lost" in cell.broken for cell in cells.values()):
        known["lost"] = "the machine or the scene ended without a verdict: its cell alone says how"
    return "\n".join(out + [""] + ["%-3s %s" % item for item in sorted(known.items())]).rstrip()


def claims():
    """What each says of itself; the strings of a claim that goes over lines are put together as C does."""
    found = {}
    for name in designs():
        with open(source(name), encoding="utf-8") as f:
            text = f.read()
        claim = re.search(r'\.claim = ((?:"(?:[^"\\]|\\.)*"\s*)+)', text)
        if not claim or not re.search(r'\.name = "%s"' % name, text):
            raise qemu.Trouble('%s is no design: it has to say .name = "%s" and .claim = "what it promises"' %
                               (os.path.relpath(source(name)), name))
        found[name] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', claim.group(1)))
    return found


def check_built(names):
    """The kernel knows the designs as their files are now."""
    image = os.path.join(qemu.BUILD, "thaw.elf")
    for name in names:
        if not os.path.exists(image) or os.path.getmtime(image) < os.path.getmtime(source(name)):
            raise qemu.Trouble("%s is newer than the kernel: run `make`." % os.path.relpath(source(name)))


# ---- the page ----

PAGE = """<!doctype html>
<meta charset="utf-8"><title>Thaw: accounting designs</title>
<style>
body { font: 14px sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #ccc; padding: 3px 6px; font-size: 12px; }
th { text-align: left; }
th.design { writing-mode: vertical-rl; }
td.held { background: #dff2e1; color: #4a7c50; }
td.broken { background: #f8d7d3; cursor: pointer; font-weight: bold; }
td.known { background: #fdf0cc; }
#detail { margin-top: 1em; }
</style>
<h1>Accounting designs</h1>
<p>Each cell is a scene in which memory runs out around a suspend, under one way of keeping the accounts of victims. A cell says
which promises were broken; click it for what happened.</p>
<table id="scenarios">%s</table>
<div id="detail"></div>
%s
<h2>What the designs claim</h2>
<dl>%s</dl>
<script>%s</script>
<script>
"use strict";
const cells = %s;
for (const td of document.querySelectorAll("td.broken"))
	td.addEventListener("click", () => {
		const cell = cells[td.dataset.cell], detail = document.getElementById("detail");
		const title = document.createElement("h2"), what = document.createElement("p"), how = document.createElement("pre");
		title.textContent = td.dataset.cell;
		what.textContent = cell.words;
		how.textContent = cell.detail.concat(cell.commands).join("\\n");
		detail.replaceChildren(title, what, how, lanes(cell.picture));
		detail.scrollIntoView();
	});
</script>
"""


def behind(cell):
    """What a click on a failing cell shows. A trace that is too long for the page loses its beginning."""
    events = cell.events
    while True:
        shown = {"words": cell.words(), "detail": cell.detail, "commands": cell.commands(), "picture": trace.picture(events)}
        if len(trace.data(shown)) <= MOST_OF_A_CELL:
            return shown
        events = events[len(events) // 4:]


def costs_html(prices):
    e = html.escape
    heads = "".join('<th title="%s">%s</th>' % (e(what), e(head)) for _, head, what in COSTS)
    lines = ["<tr><th>%s</th>%s</tr>" % (e(d), "".join("<td>%s</td>" % e(found[key]) for key, _, _ in COSTS)) for d, found in prices.items()]
    what = "".join("<li><b>%s</b>: %s</li>" % (e(head), e(what)) for _, head, what in COSTS)
    return '<h2>What the designs cost</h2>\n<table id="costs"><tr><th>design</th>%s</tr>\n%s</table><ul>%s</ul>' % (heads, "\n".join(lines), what)


def page(names, rows, cells, prices):
    e = html.escape
    body = ["<tr><th>scenario</th>%s</tr>" % "".join('<th class="design">%s</th>' % e(d) for d in names)]
    shown = {}
    for scene in rows:
        tds = []
        for d in names:
            c = cells[d, scene.path]
            key = "%s: %s" % (d, scene.path)
            if c.broken:
                shown[key] = behind(c)
            key = ' data-cell="%s"' % e(key) if c.broken else ""
            tds.append('<td class="%s"%s title="%s">%s</td>' % (c.kind(), key, e(c.words()), e(c.text())))
        title = "%s looks at %s" % (scene.path, " ".join(scene.promises))
        body.append('<tr><th title="%s">%s</th>%s</tr>' % (e(title), e(scene.label()), "".join(tds)))
    says = "".join("<dt><b>%s</b></dt><dd>%s</dd>" % (e(n), e(c)) for n, c in claims().items())
    return PAGE % ("\n".join(body), costs_html(prices) if prices else "", says, trace.script(), trace.data(shown))


def pick_designs(asked):
    known = designs()
    names = asked.split(",") if asked else known
    for n in names:
        if n not in known:
            raise qemu.Trouble("no such design: %s; known: %s" % (n, " ".join(known)))
    return names


def pick_scenes(asked):
    known = scenes()
    chosen = [] if asked else known
    for name in asked.split(",") if asked else ():
        found = [s for s in known if name in (s.path, s.name, str(s.number))]
        if not found:
            raise qemu.Trouble("no such scene: %s; known: %s" % (name, " ".join(s.path for s in known)))
        chosen += found
    return chosen


def main(args):
    if len(args) > 2:
        raise qemu.Trouble("Too many words: %s. Several designs, or scenes, are one word, with commas in it." % " ".join(args))
    names, rows = pick_designs(args[0] if args else ""), pick_scenes(args[1] if len(args) > 1 else "")
    cpus()
    claims()
    check_built(names)
    start, cells, prices = time.monotonic(), {}, {}
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        for done in pool.map(lambda design: run(design, rows), names):
            cells.update({(c.design, c.scene.path): c for c in done})
        if len(args) < 2:
            prices = dict(zip(names, pool.map(costs, names)))
    print(table(names, rows, cells))
    print("\n" + legend(names, cells))
    if prices:
        print("\n" + costs_table(prices))
    path = os.path.join(qemu.BUILD, "designs.html")
    with open(path, "w", encoding="utf-8") as f:
        f.write(page(names, rows, cells, prices))
    if len(cells) == 1:
        print("\n".join(list(cells.values())[0].detail))
    count = collections.Counter(c.kind() for c in cells.values())
    print("\n%d of %d cells held, %d known, in %d s; %s" % (count["held"], len(cells), count["known"], time.monotonic() - start,
                                                         os.path.relpath(path)))
    missing = set(range(1, SCENARIOS + 1)) - {s.number for s in rows}
    if missing and len(args) < 2:
        print("Of the %d scenarios these have no scene: %s" % (SCENARIOS, " ".join(map(str, sorted(missing)))))
    bad = [s for s in rows if DEFAULT in names and cells[DEFAULT, s.path].broken]
    for s in bad:
        print("%s, the default, breaks %s: %s" % (DEFAULT, s.label().strip(), cells[DEFAULT, s.path].words()))
    return 1 if bad else 0


if __name__ == "__main__":
    qemu.as_command(main, sys.argv[1:])
