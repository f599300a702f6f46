# SPDX-License-Identifier: GPL-2.0-only
"""What the files of tests/check have in common: rules, run as tests.

A rule is a function that yields a line for each thing that is wrong. A file of them ends in
rules.main([a_rule, another]): all of them, or the one that the first argument names.
"""
import os
import sys
import traceback

MOST = 8  # lines of one rule that are shown


def main(rules):
    """One line of TAP a rule. Ends the program."""
    name = os.path.basename(sys.argv[0])[:-len(".py")]
    chosen = [r for r in rules if len(sys.argv) < 2 or r.__name__ == sys.argv[1].split(".")[-1]]
    print("1..%d" % len(chosen))
    failed = 0
    for n, rule in enumerate(chosen, 1):
        try:
            found = list(rule())
        except Exception:   # one rule that stumbles leaves the others their turn
            found = traceback.format_exc().splitlines()[-MOST:]
        for line in found[:MOST]:
            print("# " + line)
        if len(found) > MOST:
            print("# and %d more" % (len(found) - MOST))
        print("%s %d - %s.%s" % ("not ok" if found else "ok", n, name, rule.__name__), flush=True)
        failed += bool(found)
    sys.exit(1 if failed else 0)
