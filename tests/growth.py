#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How costs grow: with processes, threads, memory, processors. The exponent is the slope of a straight line
through the logarithms: 1.0 is linear, and what must not grow faster is named if it does. Instructions, all of
them divided by the number, but for the last table, which is time on processors of the host's own, run in parallel.
"""

import math
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import qemu  # noqa: E402

PROCESSES = (10, 100, 1000, 10000)
THREADS = (1, 4, 16, 64, 256, 1024, 4096, 10000)
MEMORY = (16, 64, 256, 1024, 4096)
CPUS = (1, 2, 4, 8)
WORKERS = 8  # that have independent work
MEM = 512  # MiB in which so many sleep
OF_A_PROCESS = [("fork", "fork"), ("freeze", "freeze"), ("thaw", "thaw"), ("choose", "choose an OOM victim"),
                ("list", "and list who could be it"), ("kill", "kill and wait")]
OF_A_THREAD = [("kill", "kill and wait"), ("oom", "OOM kill until all is free")]
BYTES = "bytes."  # before what the benchmark says of a kind of memory
KINDS = {"PageTables": "page tables", "KernelStack": "kernel stack", "AnonPages": "pages of its own"}
LINEAR = 1.1  # what fits a straight line is at most so steep
ASKED = {4: 1.6}  # of a machine of so many processors, in throughput of one, on two of the host's own


def figures(role, n, keys, **how):
    """What the benchmark says in a role of it, for n, in a boot of its own."""
    end = qemu.boot(img=bench.image([str(n)], role), words=bench.WORDS, limit=bench.LIMIT, **how)
    return bench.figures(end, keys)


def work(cpus):
    """Microseconds that the same work takes so many processors, and what it takes of the host's, in seconds.
    The first is of use on a quiet host; the second says on any whether processors wait for one another."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    us = figures("work", WORKERS, ("us",), mem=MEM, cpus=cpus)["us"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return us, sum(after[:2]) - sum(before[:2])


def exponent(points):
    """Of the power law that fits [(n, total)] best."""
    logs = [(math.log(n), math.log(max(total, 1))) for n, total in points]
    x, y = (sum(v) / len(logs) for v in zip(*logs))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


def table(head, sizes, rows, each=True):
    """Lines; rows is [(text, [total of each size])]; the figures of a size are divided by it if `each`."""
    yield ""
    yield "%-30s" % head + "".join("%13s" % "{:,}".format(n) for n in sizes) + "%10s" % "exponent"
    for text, totals in rows:
        shown = ["{:,}".format(t // n if each else t) for n, t in zip(sizes, totals)]
        yield "%-30s" % text + "".join("%13s" % s for s in shown) + "%10.2f" % exponent(zip(sizes, totals))


def steep(sizes, rows):
    """A line for each row that grows faster than its number."""
    for text, totals in rows:
        if exponent(zip(sizes, totals)) > LINEAR:
            yield "%s is not linear" % text


def memory(found, n):
    """What each of n sleeping processes takes, by kind, as the benchmark found it in bytes."""
    kinds = {key[len(BYTES):]: total / n for key, total in found.items() if key.startswith(BYTES)}
    yield ""
    yield "%-30s%13s" % ("a process of %s takes" % "{:,}".format(n), "bytes")
    for kind, each in sorted(kinds.items(), key=lambda row: -row[1]):
        yield "%-30s%13s" % (KINDS.get(kind, kind), "{:,.0f}".format(each))
    yield "%-30s%13s" % ("in all", "{:,.0f}".format(sum(kinds.values())))


def verdict(ratios):
    """What is asked of throughput, beside the ratio there is: of time, so that nothing fails for it."""
    for cpus, asked in ASKED.items():
        if cpus in ratios:
            yield "%d processors do %.2f of what one does: %s; asked is %.2f on two processors of the host that are idle" % (
                cpus, ratios[cpus], "ok" if ratios[cpus] >= asked else "below", asked)


def show(lines):
    print("\n".join(lines), flush=True)


def main():
    found = [figures("processes", n, [key for key, _ in OF_A_PROCESS], mem=MEM, icount=True) for n in PROCESSES]
    processes = [(text, [f[key] for f in found]) for key, text in OF_A_PROCESS]
    show(table("a process, of sleeping ones", PROCESSES, processes))
    show(memory(found[-1], PROCESSES[-1]))

    found = [figures("threads", n, [key for key, _ in OF_A_THREAD] + ["kib"], mem=MEM, icount=True) for n in THREADS]
    threads = [(text, [f[key] for f in found]) for key, text in OF_A_THREAD]
    show(table("a thread, of threads", THREADS, threads))
    print("%d sleeping threads in %d MiB take %d KiB each" % (THREADS[-1], MEM, found[-1]["kib"] // THREADS[-1]))

    first = bench.entry(qemu.KERNEL)
    boots = [bench.count_boot(qemu.boot, first, mem) for mem in MEMORY]
    show(table("in all, of MiB", MEMORY, [("boot to init", boots)], each=False))

    times, spent = zip(*(work(n) for n in CPUS))
    print("\nIndependent work, throughput of a machine with so many processors; the host has %d:" % os.cpu_count())
    print("%-30s" % "processors" + "".join("%13d" % n for n in CPUS) + "%10s" % "exponent")
    ratios = [times[0] / t for t in times]
    print("%-30s" % "ratio to one" + "".join("%13.2f" % r for r in ratios) +
          "%10.2f" % exponent((n, r * 1000) for n, r in zip(CPUS, ratios)))
    print("%-30s" % "the host's processor time, s" + "".join("%13.1f" % s for s in spent))
    show(verdict(dict(zip(CPUS, ratios))))
    wrong = list(steep(PROCESSES, processes)) + list(steep(THREADS, threads))
    for line in wrong:
        print(line)
    return bool(wrong)


if __name__ == "__main__":
    qemu.as_command(main)
