# SPDX-License-Identifier: GPL-2.0-only
# Work for a Go program, whose run-time system has threads of its own and collects garbage meanwhile.
def primes: reduce range(2; 20) as $i ([range(400)]; reduce range(2 * $i; 400; $i) as $j (.; .[$j] = 0)) | map(select(. > 1));
primes | length, add, .[-3:],
([range(2000) | {key: tostring, value: (. * .)}] | from_entries | length),
([limit(10; repeat("ab" * 3))] | join(",") | ascii_upcase | @base64 | ., (@base64d | ltrimstr("ABAB"))),
([range(1000) | tostring | test("^1.*7$")] | map(select(.)) | length),
(1700000000 | todate),
(try error("thrown") catch .)
