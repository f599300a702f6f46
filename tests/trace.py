#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what the kernel recorded: swim lanes, ftrace's text, and JSON for Perfetto.

    make trace PROG=path [ARGS=...] [WORDS=...]    runs a program and writes build/trace.{html,txt,json}

A record is a line of /sys/kernel/debug/trace: time, CPU, pid, event, fields. The lanes are one row a
thread; their colours are the states that the records imply, and the marks on them are what the freezer
and the OOM killer did. Time is squeezed where nothing happens: a gap is drawn as its logarithm.

ftrace's text has Linux 6.1's names and fields for each event that Linux has (sched_*, signal_*, task_rename,
mark_victim, oom_score_adj_update, suspend_resume). A comm is the one of that moment, from the task_rename and
sched_process_fork records before it. What no record tells is left out: the comm of a task whose name was set before
the oldest record (its line begins with <...>, as on Linux), filename of sched_process_exec, errno of signal_deliver.
prev_state is F of a frozen task, and X of one that died, reaped or not.
Events that Linux does not have (freeze_task, frozen, thaw_task, oom_kill, oom_reap, exit_oom_victim, oom_count,
oom_disable, oom_enable, exit_step), and block_rq_issue and block_rq_complete, have this kernel's own fields.
"""

import bisect
import json
import math
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402

RENAME = re.compile(r"newcomm=(.*) oom_score_adj=(-?\d+)$")
RECORD = re.compile(r"\s*(\d+)\.(\d{9}) cpu(\d+) pid=(-?\d+) (\w+): (.*)$")
CLONE_THREAD = 0x10000
MOST_PLACES = 1500  # on one axis
STATES = ((0x8000, "frozen"), (0x80, "dead"), (0xC, "stopped"), (0x1, "sleeping"), (0x2, "blocked"))
# The steps of do_exit that the kernel records.
EXIT_STEPS = {30: "X3", 54: "X5d: no mm", 120: "X12: files closed", 160: "Q: no more IO", 141: "X14A", 142: "X14B: unhashed"}


class Event:
    def __init__(self, ns, cpu, pid, name, text):
        self.ns, self.cpu, self.pid, self.name, self.text = ns, cpu, pid, name, text
        rename = name == "task_rename" and RENAME.match(text)
        if rename:  # a name may have spaces
            self.field = {"newcomm": rename.group(1), "oom_score_adj": rename.group(2)}
        else:
            self.field = dict(p.split("=", 1) for p in text.split() if "=" in p)

    def number(self, key):
        text = self.field[key]
        return int(text, 16 if text.startswith("0x") else 10)


def parse(lines):
    """The records among the lines, in order of time."""
    found = []
    for line in lines:
        match = RECORD.match(line)
        if match:
            sec, ns, cpu, pid, name, text = match.groups()
            found.append(Event(int(sec) * 10**9 + int(ns), int(cpu), int(pid), name, text))
    found.sort(key=lambda e: e.ns)
    return found


class Tasks:
    """Names and groups of the threads, as the records tell them."""

    def __init__(self, events):
        self.comm, self.tgid = {0: "idle"}, {0: 0}
        for e in events:
            self.add(e)

    def add(self, e):
        self.tgid.setdefault(e.pid, e.pid)
        if e.name == "task_rename":
            self.comm[e.pid] = e.field.get("newcomm", "?")
        elif e.name == "sched_process_fork":
            child = e.number("child_pid")
            thread = e.number("flags") & CLONE_THREAD
            self.tgid[child] = self.tgid[e.pid] if thread else child
            self.comm.pop(child, None)
            if e.pid in self.comm:
                self.comm[child] = self.comm[e.pid]
        elif e.name == "sched_process_exec" and e.number("old_pid") != e.pid:
            self.comm.pop(e.number("old_pid"), None)  # the thread took its leader's number

    def name(self, pid):
        return self.comm.get(pid, "?")


# ---- ftrace's text ----


def letter(state):
    for bits, name in STATES:
        if state & bits:
            return {"frozen": "F", "dead": "X", "stopped": "T", "sleeping": "S", "blocked": "D"}[name]
    return "R"


def ftrace_fields(e, tasks):
    """What Linux prints of e, when the tasks have the names that they had just before."""
    number = e.number

    def comm(pid, key="comm"):
        name = "swapper/%d" % e.cpu if pid == 0 else tasks.comm.get(pid)
        return "" if name is None else "%s=%s " % (key, name)

    if e.name == "sched_switch":
        prev, to = number("prev_pid"), number("next_pid")
        return "%sprev_pid=%d prev_prio=%d prev_state=%s ==> %snext_pid=%d next_prio=%d" % (
            comm(prev, "prev_comm"), prev, number("prev_prio"), letter(number("prev_state")),
            comm(to, "next_comm"), to, number("next_prio"))
    if e.name == "sched_wakeup":
        return "%spid=%d prio=%d target_cpu=%s" % (comm(number("pid")), number("pid"), number("prio"), e.field["target_cpu"])
    if e.name == "sched_process_fork":
        return "%spid=%d %schild_pid=%d" % (comm(e.pid), e.pid, comm(e.pid, "child_comm"), number("child_pid"))
    if e.name == "sched_process_exit":
        return "%spid=%d prio=%d" % (comm(number("pid")), number("pid"), number("prio"))
    if e.name == "task_rename":
        return "pid=%d %snewcomm=%s oom_score_adj=%s" % (e.pid, comm(e.pid, "oldcomm"), e.field["newcomm"], e.field["oom_score_adj"])
    if e.name == "signal_generate":
        return "sig=%(sig)s errno=%(errno)s code=%(code)s " % e.field + comm(number("pid")) + "pid=%(pid)s grp=%(grp)s res=%(res)s" % e.field
    if e.name == "mark_victim":
        return "pid=%d" % number("pid")
    if e.name == "oom_score_adj_update":
        return "pid=%d %soom_score_adj=%d" % (number("pid"), comm(number("pid")), number("oom_score_adj"))
    return e.text


def ftrace(events):
    """As /sys/kernel/tracing/trace prints it on Linux."""
    tasks, out = Tasks([]), ["# tracer: nop", "#", "#           TASK-PID     CPU#     TIMESTAMP  FUNCTION",
                             "#              | |         |         |         |"]
    for e in events:
        text = ftrace_fields(e, tasks)
        tasks.add(e)
        out.append("%16s-%-7d [%03d] %12.6f: %s: %s" % (tasks.comm.get(e.pid, "<...>") if e.pid else "<idle>", e.pid, e.cpu,
                                                        e.ns / 1e9, e.name, text))
    return "\n".join(out) + "\n"


# ---- what state who was in, when ----


def spans_of(events):
    """{pid: [(from, to, state)]}"""
    spans, since = {}, {}
    end = events[-1].ns if events else 0

    def enter(pid, ns, state):
        old = since.get(pid)
        if old and old[1] == state:
            return
        if old and old[1] != "dead" and ns > old[0]:
            spans.setdefault(pid, []).append((old[0], ns, old[1]))
        since[pid] = (ns, state)

    for e in events:
        if e.name == "sched_switch":
            prev, state = e.number("prev_pid"), e.number("prev_state")
            enter(prev, e.ns, next((name for bits, name in STATES if state & bits), "waiting"))
            enter(e.number("next_pid"), e.ns, "running")
        elif e.name == "sched_wakeup":
            enter(e.number("pid"), e.ns, "waiting")
        elif e.name == "freeze_task" and e.number("in_place"):
            enter(e.number("pid"), e.ns, "frozen")
        elif e.name == "thaw_task" and since.get(e.number("pid"), (0, ""))[1] == "frozen":
            enter(e.number("pid"), e.ns, "sleeping")
        elif e.name == "sched_process_fork":
            enter(e.number("child_pid"), e.ns, "waiting")
    for pid in list(since):
        enter(pid, end, "end")
    return spans


def marks_of(events):
    """{pid: [(ns, kind, words)]}; pid None: of the machine."""
    marks = {}

    def mark(pid, e, kind, words):
        marks.setdefault(pid, []).append((e.ns, kind, words))

    for e in events:
        if e.name == "mark_victim":
            mark(e.number("pid"), e, "mark", "marked as OOM victim")
        elif e.name == "oom_kill":
            mark(e.number("pid"), e, "kill", "chosen by the OOM killer")
        elif e.name == "signal_generate" and e.number("sig") == 9:
            mark(e.number("pid"), e, "signal", "SIGKILL")
        elif e.name == "thaw_task":
            mark(e.number("pid"), e, "thaw", "let out of the refrigerator")
        elif e.name == "freeze_task":
            mark(e.number("pid"), e, "freeze", "frozen where it sleeps" if e.number("in_place") else "asked to freeze")
        elif e.name == "exit_oom_victim":
            mark(e.pid, e, "drop", "count dropped to %s" % e.field["victims"])
        elif e.name in ("block_rq_issue", "block_rq_complete"):
            mark(e.number("pid"), e, "io", "IO " + ("submitted" if e.name.endswith("issue") else "done"))
        elif e.name == "exit_step":
            step = e.number("step")
            mark(e.pid, e, "quiesced" if step == 160 else "step", EXIT_STEPS.get(step, str(step)))
        elif e.name == "sched_process_exit":
            mark(e.pid, e, "step", "do_exit")
        elif e.name == "oom_reap":
            mark(None, e, "step", "the reaper has taken the memory of %s" % e.field["tgid"])
    return marks


def machine_spans(events):
    """Rows of their own: the steps of suspend, the barrier, the count of victims."""
    rows, begun, barrier, count = {"suspend": [], "barrier": [], "victims": []}, {}, None, (0, 0)
    end = events[-1].ns if events else 0
    for e in events:
        if e.name == "suspend_resume":
            step, what = e.text.split("[0] ")
            if what == "begin":
                begun[step] = e.ns
            elif step in begun:
                rows["suspend"].append((begun.pop(step), e.ns, step))
        elif e.name == "oom_disable" and e.field["failed"] == "0":
            barrier = e.ns
        elif e.name == "oom_enable" and barrier is not None:
            rows["barrier"].append((barrier, e.ns, "OOM killer disabled"))
            barrier = None
        elif e.name == "oom_count":
            if count[1]:
                rows["victims"].append((count[0], e.ns, "%d counted" % count[1]))
            count = (e.ns, e.number("victims"))
    if barrier is not None:
        rows["barrier"].append((barrier, end, "OOM killer disabled"))
    if count[1]:
        rows["victims"].append((count[0], end, "%d counted" % count[1]))
    rows["suspend"] += [(ns, end, step) for step, ns in begun.items()]
    return rows


# ---- Chrome's JSON, which Perfetto opens ----


def chrome(events):
    tasks, out = Tasks(events), []
    for pid in sorted(tasks.tgid):
        where = {"pid": tasks.tgid[pid], "tid": pid}
        out.append({"ph": "M", "name": "thread_name", "args": {"name": tasks.name(pid)}, **where})
        if tasks.tgid[pid] == pid:
            out.append({"ph": "M", "name": "process_name", "args": {"name": tasks.name(pid)}, **where})
    for pid, spans in spans_of(events).items():
        for start, end, state in spans:
            out.append({"ph": "X", "name": state, "cat": "sched", "ts": start / 1e3, "dur": (end - start) / 1e3,
                        "pid": tasks.tgid.get(pid, pid), "tid": pid})
    for row, spans in machine_spans(events).items():
        for start, end, words in spans:
            out.append({"ph": "X", "name": words, "cat": row, "ts": start / 1e3, "dur": (end - start) / 1e3,
                        "pid": 0, "tid": -1 - list(machine_spans([])).index(row)})
    for e in events:
        if not e.name.startswith("sched_"):
            out.append({"ph": "i", "s": "t", "name": e.name, "ts": e.ns / 1e3, "pid": tasks.tgid.get(e.pid, e.pid),
                        "tid": e.pid, "args": e.field})
    return {"traceEvents": out, "displayTimeUnit": "ns"}


# ---- the picture ----


def window(events):
    """From a little before the first thing of interest to a little after the last."""
    keys = [i for i, e in enumerate(events) if e.name in
            ("suspend_resume", "mark_victim", "oom_kill", "exit_oom_victim", "oom_disable", "freeze_task", "thaw_task", "block_rq_issue")]
    if keys:
        events = events[max(0, keys[0] - 40):keys[-1] + 80]
    return events


def squeeze(shown):
    """A function from time to x. What happens to tasks sets the scale: a gap a thousand times as long looks a few times as long.
    Switches in between, of which there may be many, lie where they fall."""
    keys = sorted({e.ns for e in shown if e.name not in ("sched_switch", "sched_wakeup")} | {shown[0].ns, shown[-1].ns})
    keys = [keys[0]] + keys[1:][-MOST_PLACES:]
    xs = [0.0]
    for i in range(1, len(keys)):
        xs.append(xs[-1] + 3 + 12 * math.log10(1 + (keys[i] - keys[i - 1]) / 1000))

    def x(ns):
        i = min(max(bisect.bisect_right(keys, ns) - 1, 0), max(len(keys) - 2, 0))
        if len(keys) == 1:
            return 0.0
        part = (ns - keys[i]) / (keys[i + 1] - keys[i])
        return round(xs[i] + min(max(part, 0.0), 1.0) * (xs[i + 1] - xs[i]), 1)
    return x


def merged(spans):
    """Leaves out what is too narrow to be seen, but never more than half a point of it in a row."""
    out = []
    for s in spans:
        if out and s[1] - out[-1][0] < 0.5:
            out[-1][1] = s[1]
        elif s[1] - s[0] > 0.2 or not out or s[1] - out[-1][1] > 0.5:
            out.append(s)
    return out


def picture(events):
    """What the page draws, as plain data: rows of spans and marks whose places are computed here."""
    tasks = Tasks(events)
    shown = window(events)
    if not shown:
        return {"rows": [], "ticks": [], "width": 0}
    first, last, x = shown[0].ns, shown[-1].ns, squeeze(shown)

    def span(s):
        return [x(s[0]), x(s[1]), s[2], round((s[1] - s[0]) / 1000, 3)]

    rows = [{"label": name, "kind": name, "spans": [span(s) for s in spans if s[1] > first and s[0] < last], "marks": []}
            for name, spans in machine_spans(events).items()]
    states, marks = spans_of(events), marks_of(shown)
    for pid in sorted((p for p in {e.pid for e in shown} | set(marks) if p), key=lambda p: (tasks.tgid.get(p, p), p)):
        tgid = tasks.tgid.get(pid, pid)
        rows.append({
            "label": "%s %d" % (tasks.name(pid), pid) if tgid == pid else "\u00b7 %d" % pid, "kind": "task",
            "spans": merged([span(s) for s in states.get(pid, []) if s[1] >= first and s[0] <= last]),
            "marks": [[x(ns), kind, words, round(ns / 1e6, 6)] for ns, kind, words in marks.get(pid, [])]})
    ticks, at = [], -100
    for e in shown:
        if x(e.ns) - at >= 90:
            at = x(e.ns)
            ticks.append([at, "%.3f ms" % (e.ns / 1e6)])
    return {"rows": rows, "ticks": ticks, "width": x(last)}


def script():
    """The drawing part, for any page."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lanes.js"), encoding="utf-8") as f:
        return f.read()


def data(value):
    """JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")


def page(title, events):
    return """<!doctype html>
<meta charset="utf-8"><title>%s</title>
<h1>%s</h1><div id="lanes"></div>
<script>%s</script>
<script>document.getElementById("lanes").append(lanes(%s));</script>
""" % (title, title, script(), data(picture(events)))


def main():
    prog, argv, how = qemu.check()
    if not prog:
        raise qemu.Trouble("make trace needs PROG=path: the program to run.")
    how["words"] = ("trace_buf_size=4M " + how["words"]).strip()
    img = qemu.image(["/bin/trace", "-o", "/dev/ttyS1"] + argv, prog)
    end = qemu.boot(img=img, console=sys.stdout, icount=True, limit=600, **how)
    if end.trouble():
        raise qemu.Trouble("thaw: " + end.trouble())
    events = parse(end.report)
    title = " ".join(["Thaw:"] + argv)
    base = os.path.join(qemu.BUILD, "trace")
    for name, text in ((".html", page(title, events)), (".txt", ftrace(events)), (".json", json.dumps(chrome(events)))):
        with open(base + name, "w", encoding="utf-8") as f:
            f.write(text)
    print("%d events: build/trace.html (lanes), build/trace.txt (ftrace), build/trace.json (ui.perfetto.dev)" % len(events))
    return 0 if end.ending() == ("exit", 0) else 1


if __name__ == "__main__":
    qemu.as_command(main)
