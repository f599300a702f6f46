#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`make trace`, and what its lanes show of a run whose outcome is known. One TAP line a rule."""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import qemu  # noqa: E402
import rules  # noqa: E402
import trace  # noqa: E402


def read(name):
    with open(os.path.join(qemu.BUILD, name), encoding="utf-8") as f:
        return f.read()


def make_trace_writes_three_files():
    """a page that needs nothing else, ftrace's text, Chrome's JSON"""
    env = dict(os.environ, THAW_PROG=os.path.join(qemu.BUILD, "user", "bin", "echo"), THAW_ARGS="hello lanes")
    done = subprocess.run([sys.executable, "tests/trace.py"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode or "hello lanes" not in said:
        yield "it ended with %d: %s" % (done.returncode, said.strip()[-200:])
        return
    lines = [line for line in read("trace.txt").splitlines() if not line.startswith("#")]
    bad = [line for line in lines if not re.match(r" *\S.*-\d+ +\[\d{3}\] +\d+\.\d{6}: \w+: ", line)]
    if bad or len(lines) < 20:
        yield "no line of ftrace: %s" % (bad[:1] or len(lines))
    if not any(re.search(r"echo-\d+ .*sched_process_exec: ", line) for line in lines):
        yield "echo is not executed in trace.txt"
    slices = [e for e in json.loads(read("trace.json"))["traceEvents"] if e["ph"] == "X"]
    if not any(e["name"] == "running" and e["dur"] > 0 for e in slices):
        yield "nobody runs in trace.json"
    page = read("trace.html")
    if "function lanes(picture)" not in page or '"echo ' not in page or re.search(r"(src|href)=", page):
        yield "trace.html does not stand alone, or echo has no lane"


def events_of(scene, test, oom="late_live"):
    tests = os.path.join(qemu.BUILD, "tests")
    extra = [("tests/report", os.path.join(tests, "report")), ("tests/scene", os.path.join(tests, "scenes", scene))]
    img = qemu.image(["/bin/trace", "-o", "/dev/ttyS1", "/tests/report", "@to", "/tests/scene"] + test, extra=extra)
    end = qemu.boot(img=img, words="loglevel=5 trace_buf_size=1M oom=" + oom, icount=True)
    return trace.parse(end.report)


def lanes_of(test, oom):
    return trace.picture(events_of("accounting", [test], oom))


# Of Linux 6.1's include/trace/events/{sched,signal,task,oom}.h, less what trace.py says it leaves out.
# A comm that no record tells is not there.
COMM = r"(comm=\S.* )?"
LINUX_FIELDS = {
    "sched_switch": r"(prev_%s)?prev_pid=\d+ prev_prio=\d+ prev_state=[RSDTXF] ==> (next_%s)?next_pid=\d+ next_prio=\d+" % (COMM, COMM),
    "sched_wakeup": COMM + r"pid=\d+ prio=\d+ target_cpu=\d{3}",
    "sched_process_fork": COMM + r"pid=\d+ (child_%s)?child_pid=\d+" % COMM,
    "sched_process_exec": r"pid=\d+ old_pid=\d+",
    "sched_process_exit": COMM + r"pid=\d+ prio=\d+",
    "signal_generate": r"sig=\d+ errno=-?\d+ code=-?\d+ " + COMM + r"pid=\d+ grp=[01] res=[0-4]",
    "signal_deliver": r"sig=\d+ code=-?\d+ sa_handler=[0-9a-f]+ sa_flags=[0-9a-f]+",
    "task_rename": r"pid=\d+ (old%s)?newcomm=\S.* oom_score_adj=-?\d+" % COMM,
    "oom_score_adj_update": r"pid=\d+ " + COMM + r"oom_score_adj=-?\d+",
    "mark_victim": r"pid=\d+",
}
TOLD = [
    r" scene-\d+ .* sched_switch: prev_comm=scene prev_pid=\d+ prev_prio=125 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120$",
    r" sched_wakeup: comm=scene pid=\d+ prio=89 target_cpu=000$",
    r" two words=3-\d+ .* task_rename: pid=(\d+) oldcomm=scene newcomm=two words=3 oom_score_adj=250$",
    r" two words=3-\d+ .* oom_score_adj_update: pid=\d+ comm=two words=3 oom_score_adj=-7$",
    r" sched_process_fork: comm=scene pid=\d+ child_comm=scene child_pid=\d+$",
    r" sched_process_exit: comm=scene pid=\d+ prio=89$",
    r" signal_generate: sig=10 errno=0 code=-6 comm=scene pid=\d+ grp=0 res=2$",
]


def the_text_has_the_fields_of_linux():
    """each of Linux's events in ftrace's text; priorities and names are those of the moment"""
    text = trace.ftrace(events_of("events", []))
    seen = set()
    for line in text.splitlines():
        event = re.match(r".{16}-\d+ +\[\d{3}\] +\d+\.\d{6}: (\w+): (.*)$", line)
        fields = LINUX_FIELDS.get(event.group(1)) if event else None
        if not fields:
            continue
        seen.add(event.group(1))
        if not re.match(fields + "$", event.group(2)):
            yield "not as on Linux: " + line.strip()
    yield from ("no record of " + name for name in sorted(set(LINUX_FIELDS) - seen - {"mark_victim"}))
    yield from ("no line: " + want for want in TOLD if not re.search(want, text, re.M))


def row(picture, kind):
    return [r for r in picture["rows"] if r["kind"] == kind][0]


def the_lanes_show_a_leak():
    """under rfc the count of a group whose leader was gone stays up to the end; under late_live it does not"""
    for oom, leaks in (("rfc", True), ("late_live", False)):
        p = lanes_of("suspend_twice_after_a_leak", oom)
        spans = row(p, "victims")["spans"]
        if not spans or (spans[-1][1] >= p["width"] - 1) != leaks:
            yield "%s: victims are counted %s of %s" % (oom, [s[:2] for s in spans], p["width"])
        if bool(row(p, "barrier")["spans"]) == leaks:
            yield "%s: the barrier is %s" % (oom, row(p, "barrier")["spans"])


def the_lanes_show_who_stays_frozen():
    """under by_thread most of the victim's threads are still frozen under the barrier; under late_live none is"""
    for oom, stay in (("by_thread", 7), ("late_live", 0)):
        p = lanes_of("frozen_group", oom)
        start = row(p, "barrier")["spans"][0][0]
        marked = [r for r in p["rows"] if any(m[1] == "mark" for m in r["marks"])]
        if len(marked) != 1:
            yield "%s: %d threads are marked" % (oom, len(marked))
            continue
        first = p["rows"].index(marked[0]) if not marked[0]["label"].startswith("\u00b7") else None
        if first is None:
            yield "%s: the leader is not the one that is marked" % oom
            continue
        group = [marked[0]]
        for r in p["rows"][first + 1:]:
            if not r["label"].startswith("\u00b7"):
                break
            group.append(r)
        frozen = sum(any(s[2] == "frozen" and s[0] < start < s[1] for s in r["spans"]) for r in group)
        if len(group) != 8 or frozen != stay:
            yield "%s: %d of %d threads are frozen under the barrier, not %d" % (oom, frozen, len(group), stay)


RULES = [make_trace_writes_three_files, the_text_has_the_fields_of_linux, the_lanes_show_a_leak, the_lanes_show_who_stays_frozen]


if __name__ == "__main__":
    rules.main(RULES)
