#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How costs grow: with processes, threads, memory, processors. The exponent is the slope of a straight line
through the logarithms: 1.0 is linear. Instructions, all of them divided by the number, but for the last table,
which is time on processors of the host's own, run in parallel.
"""

import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import qemu  # noqa: E402

PROCESSES = (10, 100, 1000, 10000)
THREADS = (1, 4, 16, 64, 256, 1024, 4096, 10000)
MEMORY = (16, 64, 256, 1024, 4096)
CPUS = (1, 2, 4, 8)


def figures(role, n, keys, **how):
    """What the benchmark says in a role of it, for n, in a boot of its own."""
    end = qemu.boot(img=bench.image([str(n)], role), words=bench.WORDS, limit=bench.LIMIT, **how)
    return bench.figures(end, keys)


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


def by_size(role, sizes, keys, **how):
    """{key: [figure of each size]}"""
    found = [figures(role, n, keys, **how) for n in sizes]
    return {key: [f[key] for f in found] for key in keys}


def show(lines):
    print("\n".join(lines), flush=True)


def main():
    processes = by_size("processes", PROCESSES, ("fork", "freeze", "thaw", "kill", "kib"), mem=1024, icount=True)
    rows = [("fork", "fork"), ("freeze", "freeze"), ("thaw", "thaw"), ("kill and wait", "kill")]
    show(table("a process, of sleeping ones", PROCESSES, [(text, processes[key]) for text, key in rows]))
    print("%d sleeping processes take %d KiB each" % (PROCESSES[-1], processes["kib"][-1] // PROCESSES[-1]))

    threads = by_size("threads", THREADS, ("kill", "oom", "kib"), mem=512, icount=True)
    rows = [("kill and wait", threads["kill"]), ("OOM kill until all is free", threads["oom"])]
    show(table("a thread, of threads", THREADS, rows))
    print("%d sleeping threads in 512 MiB take %d KiB each" % (THREADS[-1], threads["kib"][-1] // THREADS[-1]))

    first = bench.entry(qemu.KERNEL)
    boots = [bench.count_boot(qemu.boot, first, mem) for mem in MEMORY]
    show(table("in all, of MiB", MEMORY, [("boot to init", boots)], each=False))

    times = [figures("work", 8, ("us",), mem=512, cpus=n)["us"] for n in CPUS]
    print("\nIndependent work, throughput of a machine with so many processors; the host has %d:" % os.cpu_count())
    print("%-30s" % "processors" + "".join("%13d" % n for n in CPUS))
    print("%-30s" % "ratio to one" + "".join("%13.2f" % (times[0] / t) for t in times))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.Trouble as e:
        print(e, file=sys.stderr)
        sys.exit(1)
