#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where the kernel's instructions go: while a row of the benchmark is measured (THAW_ROW), or from
the first execve of the system to power-off, with a program of the user's in between (THAW_PROG).

It boots with the plugin tests/bench/profile.c, which counts every instruction, and leaves in
build/profile/ NAME.txt, which it also prints, and NAME.svg, a flame graph: a box for each function
under its callers, as wide as its instructions and those of what it calls.
"""

import collections
import os
import re
import subprocess
import sys
import xml.sax.saxutils
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import qemu  # noqa: E402

OUT = os.path.join(qemu.BUILD, "profile")
LIMIT = 1800  # seconds of real time
PROGRAM_WORDS = "watchdog_ms=10000 "  # a program that has not ended by then is hung, unless WORDS says otherwise


class Node:
    """A function as called from its parent: own instructions, and total with those of its callees."""

    def __init__(self, name):
        self.name, self.own, self.total, self.children = name, 0, 0, {}


def symbols(path):
    """The functions of an executable as [(address, name)], sorted; what the compiler cut off a function is part of it."""
    out = subprocess.run(["nm", "-n", path], stdout=subprocess.PIPE, check=True).stdout.decode()
    found = []
    for line in out.splitlines():
        word = line.split()
        if len(word) == 3 and word[1] in "tTwW":
            name = re.sub(r"\.(cold|part|isra|constprop)(\.\d+)?", "", word[2])
            if not found or found[-1][0] != int(word[0], 16):
                found.append((int(word[0], 16), name))
    return found


def address(path, name):
    for where, what in symbols(path):
        if what == name:
            return where
    raise qemu.Trouble("%s has no function %s" % (os.path.relpath(path), name))


def record(img, mem, cpus, words, on, off):
    """Boots with the plugin: (how the boot ended, root of the tree of calls, {address: instructions})."""
    with qemu.scratch() as work:
        names = ["user programs"]
        with open(os.path.join(work, "symbols"), "w") as f:
            for where, name in symbols(qemu.KERNEL):
                if where >> 63:
                    f.write("%x %d\n" % (where, len(names)))
                    names.append(name)
        out = os.path.join(work, "profile")
        plugin = "%s,symbols=%s,out=%s,on=%x,off=%x" % (bench.PLUGIN, f.name, out, on, off)
        end = qemu.boot(img=img, words=words, mem=mem, cpus=cpus, icount=True, limit=LIMIT, extra=["-plugin", plugin])
        nodes, lines = {}, {}
        for line in qemu.read_lines(out):
            word = line.split()
            if word[0] == "insn":
                where = int(word[1], 16)
                lines[where] = lines.get(where, 0) + int(word[2])
                continue
            number, parent, function, count = map(int, word[1:])
            if number == 0:
                nodes[0] = Node("all")
                continue
            # Two symbols may have become one name.
            nodes[number] = nodes[parent].children.setdefault(names[function], Node(names[function]))
            nodes[number].own += count
    if not nodes:
        raise qemu.Trouble(end.trouble() or "QEMU did not load the plugin")
    add_up(nodes[0])
    return end, nodes[0], lines


def add_up(node):
    node.total = node.own + sum(add_up(c) for c in node.children.values())
    return node.total


def by_size(nodes):
    return sorted(nodes, key=lambda n: (-n.total, n.name))


# ---- text ----


def own_and_total(node, above, own, total):
    own[node.name] += node.own
    if node.name not in above:
        total[node.name] += node.total
    for c in node.children.values():
        own_and_total(c, above | {node.name}, own, total)


def source_lines(lines):
    """{(function the line is written in, file:line): instructions}; an inlined function counts as itself."""
    kernel = sorted(a for a in lines if a >> 63)
    ask = "".join("%x\n" % a for a in kernel).encode()
    out = subprocess.run(["addr2line", "-f", "-e", qemu.KERNEL], input=ask, stdout=subprocess.PIPE, check=True).stdout
    said = out.decode().splitlines()
    found = collections.Counter()
    for n, a in enumerate(kernel):
        place = re.sub(r" \(discriminator \d+\)", "", said[2 * n + 1])
        found[said[2 * n], place.replace(qemu.ROOT + "/", "").replace("./", "")] += lines[a]
    return found


def text(title, root, lines, operations):
    """The tables: functions, the functions that were inlined into them, lines, the tree of calls."""
    everything = max(root.total, 1)
    yield title
    each = "" if not operations else ", %d operations, %d instructions each" % (operations, root.total // operations)
    yield "%d instructions%s" % (root.total, each)

    def row(count, name, more=""):
        per = "%10.1f" % (count / operations) if operations else "%12d" % count
        return "%6.2f %% %s  %s%s" % (100 * count / everything, per, name, more)

    own, total = collections.Counter(), collections.Counter()
    own_and_total(root, frozenset(), own, total)
    unit = "an operation" if operations else "in all"
    yield "\nInstructions of each function itself, %s; in brackets with what it calls:\n" % unit
    for name, count in own.most_common(40):
        if count:
            yield row(count, name, "  (%.2f %%)" % (100 * total[name] / everything))
    written = collections.Counter()
    places = source_lines(lines)
    for (name, _), count in places.items():
        written[name] += count
    yield "\nThe same by the function that is written in the source, inlined ones as themselves:\n"
    for name, count in written.most_common(40):
        yield row(count, name)
    yield "\nThe busiest lines:\n"
    for (name, place), count in places.most_common(30):
        yield row(count, place, "  " + name)
    yield "\nWho calls whom, from one in two hundred on:\n"
    yield from tree(root, 0, everything / 200, row)


def tree(node, depth, least, row):
    for c in by_size(node.children.values()):
        if c.total >= least:
            yield row(c.total, "  " * depth + c.name)
            yield from tree(c, depth + 1, least, row)


# ---- the flame graph ----

WIDTH, HEIGHT, FONT = 1200, 18, 12


def deepest(node, least):
    return 1 + max([deepest(c, least) for c in node.children.values() if c.total >= least] or [0])


def color(name):
    """Warm, and the same for the same name everywhere."""
    h = zlib.crc32(name.encode())
    return "rgb(%d,%d,%d)" % (205 + h % 50, 90 + (h >> 8) % 120, (h >> 16) % 60)


def boxes(node, x, y, scale, operations):
    """Boxes of node and what it calls, those too narrow to see left out."""
    width = node.total * scale
    if width < 0.3:
        return
    say = "%s: %d instructions" % (node.name, node.total)
    if operations:
        say = "%s: %.1f instructions an operation, %.1f of its own" % (
            node.name, node.total / operations, node.own / operations)
    letters = int((width - 6) / (FONT * 0.6))
    name = node.name if len(node.name) <= letters else node.name[:letters - 2] + ".." if letters > 3 else ""
    yield '<g><title>%s</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
        xml.sax.saxutils.escape(say), x, y, max(width - 0.5, 0.3), HEIGHT - 1, color(node.name))
    yield '<text x="%.1f" y="%d">%s</text></g>' % (x + 3, y + HEIGHT - 5, xml.sax.saxutils.escape(name))
    for c in by_size(node.children.values()):
        yield from boxes(c, x, y - HEIGHT, scale, operations)
        x += c.total * scale


def flame_graph(title, root, operations):
    height = HEIGHT * (deepest(root, root.total * 0.3 / WIDTH) + 2)
    yield '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" ' \
        'font-family="monospace" font-size="%d">' % (WIDTH, height, WIDTH, height, FONT)
    yield '<rect width="100%" height="100%" fill="#fffdf6"/>'
    yield '<text x="3" y="%d">%s</text>' % (HEIGHT - 5, xml.sax.saxutils.escape(title))
    yield from boxes(root, 0, height - HEIGHT, WIDTH / max(root.total, 1), operations)
    yield "</svg>"


# ---- what is asked ----


def asked():
    """(name, boot image, boot words, memory, processors, begin, end) of what the user wants to see."""
    row = os.environ.get("THAW_ROW", "")
    if row and os.environ.get("THAW_PROG"):
        raise qemu.Trouble("ROW and PROG: one of them, please.")
    if row:
        bench.check_rows([row])
        if row == "prompt":
            raise qemu.Trouble("ROW=prompt is read off the log. There is ROW=boot.")
        qemu.need("qemu-system-x86_64")
        return row
    prog, _, _ = qemu.check()
    if not prog:
        raise qemu.Trouble("make profile needs ROW=%s, a row of tests/bench.py, or PROG=path." % bench.ROWS[0][0])
    return os.path.basename(prog)


def profile():
    name = asked()
    if os.environ.get("THAW_ROW") == "boot":
        title, operations = "Thaw, from its first instruction to init's", 1
        span = [bench.entry(qemu.KERNEL), bench.entry("user", "bin", "init")]
        _, root, lines = record(qemu.image(["/bin/true"]), bench.MEM, 1, bench.WORDS, *span)
    elif os.environ.get("THAW_ROW"):
        title = "Thaw, row %s of the benchmark" % name
        span = [address(bench.PROGRAM, "measure_" + f) for f in ("begin", "end")]
        end, root, lines = record(bench.image([name]), bench.MEM, 1, bench.WORDS, *span)
        operations = bench.figures(end, [name])[name + ".operations"]
    else:
        prog, argv, how = qemu.check()
        title = "Thaw, %s" % " ".join([name] + argv[1:])
        span = [address(qemu.KERNEL, f) for f in ("sys_execve", "sys_reboot")]
        end, root, lines = record(qemu.image(argv, prog), how["mem"], how["cpus"], PROGRAM_WORDS + how["words"], *span)
        operations = 0
        print(end.console.decode("utf-8", "replace"))
        if end.trouble():
            raise qemu.Trouble("thaw: " + end.trouble())
    os.makedirs(OUT, exist_ok=True)
    table = "\n".join(text(title, root, lines, operations)) + "\n"
    base = os.path.join(OUT, name)
    with open(base + ".txt", "w") as f:
        f.write(table)
    with open(base + ".svg", "w") as f:
        f.write("\n".join(flame_graph(title, root, operations)) + "\n")
    print(table)
    print("%s and its picture, %s" % tuple(os.path.relpath(base + e) for e in (".txt", ".svg")))
    return 0


if __name__ == "__main__":
    qemu.as_command(lambda: asked() and 0 if sys.argv[1:] == ["check"] else profile())
