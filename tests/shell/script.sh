# SPDX-License-Identifier: GPL-2.0-only
# Every line here means the same to dash on Linux and to the shell of Thaw; both outputs are compared.
echo plain "two  words" 'single $x' back\ slash "q\"q" "$((6 * 7))"
x='a b   c'; echo $x "$x" ${#x}; y=; echo "[${y:-unset}] [${y-null}] [${z-none}] [${x:+set}]"
path=/usr/lib/libc.so.6; echo ${path##*/} ${path%/*} ${path#*/} ${path%%.*} "${path%"6"}!"
echo ${new:=assigned} $new "${u:-"quoted  default"}" ${u:-split  default}
f() { echo "f: $# [$1] [$2] $*"; local x=inner; echo $x; return 3; }; f 1 "2 3"; echo $? "$x"
set -- one "two words" ''; for a in "$@"; do echo "<$a>"; done; for a; do echo "($a)"; done; echo $# "$*"
shift; echo $# "$1"; shift 2; echo $# "[$*]"; for a in "$@"; do echo never; done; echo "count: $#"
IFS=:; p=a:b::c; for a in $p; do echo "[$a]"; done; set -- 1 2 3; echo "$*"; unset IFS; set -- $p; echo $#
IFS=' :'; q='  a : b  :: c '; for a in $q; do echo "{$a}"; done; IFS=$(printf ' \t\n'); set --
echo $((1 + 2 * 3 - 4 / 2 % 3)) $(((1 + 2) * 3)) $((7 > 3 && 2 < 1 || 5 == 5)) $((1 << 4 | 3 & 6 ^ 1)) $((-7 / 2)) $((!0)) $((~5))
n=5; echo $((n += 2)) $n $((n > 6 ? 10 : 20)) $((0x1f)) $((010)) $(($n * 2)) $((0 && 1 / 0)) $((n >= 7 == 1))
i=0; while [ $i -lt 10 ]; do i=$((i + 1)); [ $i -eq 3 ] && continue; [ $i -gt 5 ] && break; echo -n "$i "; done; echo end $i
until [ $i -eq 0 ]; do i=$((i - 1)); done; echo $i; for a in 1 2; do for b in x y; do [ $b = y ] && continue 2; echo $a$b; done; done
case abc in x|y) echo no ;; (a*c) echo star ;; *) echo other ;; esac; case '*' in '*') echo literal ;; esac
case $x in [!a]*) echo not ;; [a-c]*) echo range ;; esac; case "" in "") echo empty ;; esac
if false; then echo a; elif true; then echo b; else echo c; fi; if ! true; then echo d; else echo e; fi
true && echo and || echo or; false && echo and || echo or; ! false; echo $?; (exit 7); echo $?; { false; }; echo $?
echo one two three | while read a b; do echo "$b $a"; done; printf 'a\\tb c\\\nd\n' | { read r; echo "$r"; }
printf ' x : y : z \n' | { IFS=: read a b; echo "[$a][$b]"; }; printf 'k=v=w\n' | { IFS== read k v; echo "[$k][$v]"; }
printf 'raw\\n line\n' | { read -r r; printf '%s|' "$r"; echo; }; read r </dev/null; echo "eof $? [$r]"
cat <<END; cat <<'END'; cat <<-END
here $x $((2 + 2)) $(echo sub) \$x "quotes" 'stay' `echo back`
END
literal $x $(echo no) \
END
	tabs $new
	END
cat <<A - <<B | cat
first
A
second
B
echo out >/tmp/thaw-sh.$$; echo more >>/tmp/thaw-sh.$$; cat </tmp/thaw-sh.$$; echo err >&2 2>/dev/null; (echo both; echo two >&2) >/tmp/thaw-sh.$$ 2>&1
cat /tmp/thaw-sh.$$; exec 3</tmp/thaw-sh.$$; read l <&3; read m <&3; echo "$l,$m"; exec 3<&-; rm /tmp/thaw-sh.$$; cat /no/such 2>/dev/null; echo $?
echo $(echo nested $(echo deep "$(echo ")")")) "$(printf 'a\n\n\n')" `echo \`echo ticks\``; v=$(false); echo $?; v=$(exit 4) ; echo $?
trap 'echo term' TERM; kill -TERM $$; echo after; trap - TERM; trap 'echo usr1; st=1' USR1; kill -USR1 $$; echo $st; trap
(trap 'echo sub exits' EXIT; echo in sub); (exit 3) & wait $!; echo "waited $?"; sleep 5 & kill -9 $!; wait $! 2>/dev/null; echo $?
kill abc 2>/dev/null || echo refused; kill %9 2>/dev/null || echo no job; kill -l 9
eval 'e="a  b"; echo "$e"'; e=outer; e=inner eval 'echo $e'; g() { echo "g $v"; }; v=temp g; v=1; (v=2; echo $v); echo $v
echo 'd=dotted; echo "$1 in dot"; return 5; echo never' >/tmp/thaw-dot.$$; set -- arg; . /tmp/thaw-dot.$$; echo $? $d; rm /tmp/thaw-dot.$$
cd /; pwd; cd /tmp; cd - ; echo "$PWD $OLDPWD"; command -v cd; command echo by command; type cd; unset d; echo "${d-gone}"
printf '%s-%d|%5s|%-5s|%03d|%x|%c%%\n' a 1 r l 7 255 xyz; printf '%s,' 1 2 3; printf '\n%b\n' 'x\ty'; printf '\101\n'; echo 'a\tb\\c'
[ -d / ] && [ ! -f / ] && [ -n a -a -z '' ] && [ a != b -o a = b ] && test 3 -ge 2 && echo tests; [ ]; echo $?; [ 1 -eq 2 ]; echo $?
[ "!" = "!" ] && [ "(" = "(" ] && [ -n = ] && echo odd tests; [ a -eq 1 ] 2>/dev/null; echo $?; [ a b c ] 2>/dev/null; echo $?
mkdir /tmp/thaw-g.$$; cd /tmp/thaw-g.$$; : >b1; : >a1; : >a2; : >.h; echo * a? [ab]1 '*' "a"* no*; cd /; rm -r /tmp/thaw-g.$$
(set -e; false || echo kept; if false; then :; fi; ! true; false; echo never); echo "set -e $?"; (set -u; echo $nope; echo never) 2>/dev/null; echo "set -u $?"
(echo ${nope?message}; echo never) 2>/dev/null; echo $?; (echo $((1 / 0)); echo never) 2>/dev/null; echo $?; (readonly r=1; r=2; echo never) 2>/dev/null; echo $?
false; s=$?; echo "s $s"; echo "$(false; echo $?)"; false | true; echo $?; true | false; echo $?; nosuchcommand 2>/dev/null; echo $?
set -f; echo /*; set +f; echo "$-" | { read fl; case $fl in *f*) echo f ;; *) echo no f ;; esac; }; h() { for a in 1 2 3; do return 6; done; }; h; echo $?
echo a#b # comment
echo long \
  line; echo "multi
line"; echo $'' "${#}" "$@" ${1+"$@"}; (exit 300); echo $?; sh -c 'echo "$0 $1 $#"' zero one two; sh -c 'kill -9 $$' 2>/dev/null; echo $?
trap 'echo bye $?; exit 9' EXIT INT; (echo sub has no trap); kill -INT $$; echo never
