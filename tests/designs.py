#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every accounting design against every scene: what each one showed, as a table and as a page.

    make designs                                   all of them; build/designs.html
    tests/designs.py [DESIGN,...] [SCENE,...]      some: late_live,rfc victims.leader_first

A cell is one boot under counted instructions, so it shows the same each time. It is `held`, or the
promises that were broken (S and L as in the scenes), or what else the scene found wrong. Nothing is
typed in: the table is what the runs said. On the page, a failing cell opens its trace as lanes.
"""

import concurrent.futures
import html
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402
import trace  # noqa: E402

TESTS = os.path.join(qemu.BUILD, "tests")
FILES = ["victims", "traced", "meeting", "accounting", "pressure"]
LIMIT_MS = 120000  # of the machine's own time
WORDS = {"S1": "IO after the barrier", "S4": "runs uncounted under the barrier", "S9": "dropped what was not counted",
         "S10": "nobody wakes the suspend", "L1": "count leaked"}


def designs():
    """By their files; the default first."""
    names = sorted(f[:-2] for f in os.listdir(os.path.join(qemu.ROOT, "kernel", "oom")) if f.endswith(".c"))
    return ["late_live"] + [n for n in names if n != "late_live"]


def scenes():
    found = []
    for name in FILES:
        with open(os.path.join(qemu.ROOT, "tests", "scenes", name + ".c"), encoding="utf-8") as f:
            found += ["%s.%s" % (name, test) for test in re.findall(r"^TEST\((\w+)\)", f.read(), re.M)]
    return found


class Cell:
    """What one scene showed under one design: broken (ids to words), detail (lines), events."""

    def __init__(self, design, scene):
        self.design, self.scene = design, scene
        self.broken, self.detail, self.events = {}, [], []

    def text(self):
        return "held" if not self.broken else " ".join(self.broken)

    def command(self):
        return "tests/designs.py %s %s" % (self.design, self.scene)


def run(design, scene):
    cell, (name, _, test) = Cell(design, scene), scene.partition(".")
    extra = [("tests/report", os.path.join(TESTS, "report")), ("tests/" + name, os.path.join(TESTS, "scenes", name))]
    img = qemu.image(["/bin/trace", "-o", "/dev/ttyS1", "/tests/report", "@to", "/tests/" + name, test], extra=extra)
    end = qemu.boot(img=img, words="loglevel=5 trace_buf_size=512K watchdog_ms=%d oom=%s" % (LIMIT_MS, design), icount=True)
    console = end.console.decode("utf-8", "replace").replace("\r", "").splitlines()
    for line in end.report + console:
        match = re.match(r"# broken (\w+) (.*)", line) or re.search(r"\b(S1|S4|S9|S10|L1): ", line)
        if match:
            cell.broken[match.group(1)] = match.group(2) if match.re.groups == 2 else WORDS[match.group(1)]
    if any("watchdog: the machine has run" in line for line in console):
        cell.broken["hung"] = "no end after %d s of its own time" % (LIMIT_MS // 1000)
    elif end.trouble() and not cell.broken:
        cell.broken["crash"] = end.trouble()
    verdict = [line for line in end.report if re.match(r"(not )?ok 1 - ", line)]
    kills = sum("Killed process" in line for line in console)
    if not cell.broken and not verdict:
        cell.broken["lost"] = "the scene itself did not end; %d processes were killed" % kills
    if not cell.broken and verdict[0].startswith("not"):
        cell.broken["fails"] = "the scene found something else wrong"
    if cell.broken:
        cell.detail = [line for line in end.report if line.startswith("#")][:12]
        cell.events = trace.parse(end.report if verdict else console)
    return cell


def table(names, rows, cells):
    heads = ["scene"] + names
    lines = [[scene] + [cells[d, scene].text() for d in names] for scene in rows]
    width = [max(len(r[i]) for r in lines + [heads]) for i in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip() for r in [heads, ["-" * w for w in width]] + lines)


def claims():
    found = {}
    for name in designs():
        with open(os.path.join(qemu.ROOT, "kernel", "oom", name + ".c"), encoding="utf-8") as f:
            found[name] = re.search(r'\.claim = "(.*)"', f.read()).group(1)
    return found


PAGE = """<!doctype html>
<meta charset="utf-8"><title>Thaw: accounting designs</title>
<style>
body { font: 14px sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #ccc; padding: 3px 6px; font-size: 12px; }
th.design { writing-mode: vertical-rl; text-align: left; }
td.held { background: #dff2e1; color: #4a7c50; }
td.broken { background: #f8d7d3; cursor: pointer; font-weight: bold; }
#detail { margin-top: 1em; }
</style>
<h1>Accounting designs</h1>
<p>Each cell is one boot: a scene in which memory runs out around a suspend, under one way of keeping the accounts of
victims. A cell says which promises were broken; click it for what happened.</p>
<table>%s</table>
<div id="detail"></div>
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
		how.textContent = cell.detail.concat("again: " + cell.command).join("\\n");
		detail.replaceChildren(title, what, how, lanes(cell.picture));
		detail.scrollIntoView();
	});
</script>
"""


def page(names, rows, cells):
    e = html.escape
    body = ["<tr><th>scene</th>%s</tr>" % "".join('<th class="design">%s</th>' % e(d) for d in names)]
    shown = {}
    for scene in rows:
        tds = []
        for d in names:
            c = cells[d, scene]
            key = "%s: %s" % (d, scene)
            if c.broken:
                words = "; ".join("%s: %s" % item for item in c.broken.items())
                shown[key] = {"words": words, "detail": c.detail, "command": c.command(), "picture": trace.picture(c.events)}
                tds.append('<td class="broken" data-cell="%s" title="%s">%s</td>' % (e(key), e(words), e(c.text())))
            else:
                tds.append('<td class="held">held</td>')
        body.append("<tr><th>%s</th>%s</tr>" % (e(scene), "".join(tds)))
    says = "".join("<dt><b>%s</b></dt><dd>%s</dd>" % (e(n), e(c)) for n, c in claims().items())
    return PAGE % ("\n".join(body), says, trace.script(), trace.data(shown))


def pick(asked, known, what):
    names = asked.split(",") if asked else known
    for n in names:
        if n not in known:
            raise qemu.Trouble("no such %s: %s; known: %s" % (what, n, " ".join(known)))
    return names


def main(args):
    names = pick(args[0] if args else "", designs(), "design")
    rows = pick(args[1] if len(args) > 1 else "", scenes(), "scene")
    cells = {}
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        for cell in pool.map(lambda pair: run(*pair), [(d, s) for s in rows for d in names]):
            cells[cell.design, cell.scene] = cell
    print(table(names, rows, cells))
    path = os.path.join(qemu.BUILD, "designs.html")
    with open(path, "w", encoding="utf-8") as f:
        f.write(page(names, rows, cells))
    if len(cells) == 1:
        print("\n".join(list(cells.values())[0].detail))
    print("\n%d of %d cells held; %s" % (sum(not c.broken for c in cells.values()), len(cells), os.path.relpath(path)))
    bad = [s for s in rows if "late_live" in names and cells["late_live", s].broken]
    for s in bad:
        print("late_live, the default, breaks %s: %s" % (s, cells["late_live", s].text()))
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except qemu.Trouble as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(1)
