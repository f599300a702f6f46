# SPDX-License-Identifier: GPL-2.0-only
# What zsh has and a POSIX shell has not, and the calls it makes for that. Runs in an empty directory.
a=(3 1 2)
echo ${(o)a} ${#a} ${a[-1]}
typeset -A h; h=(one 1 two 2); echo ${(ok)h} ${h[two]}
for i in {1..3}; do echo $i; done | while read x; do (( sum += x )); done; echo $sum
(exit 3) & wait $!; echo $?
echo one >f; echo two >>f; cat =(sort -r f) <(echo three)
print -l {a,b}*(N) *(.L+1)
zmodload zsh/datetime zsh/stat
zstat +size f
echo $(( EPOCHREALTIME > 0 ))
coproc { read x; echo "back: $x" }; print -p there; read -p y; echo $y
trap 'echo caught' USR1; kill -USR1 $$; trap - USR1
TRAPEXIT() { echo out }
ulimit -n 40; ulimit -n
repeat 2 { (repeat 3 { : }; echo sub) }
echo ${(j:-:)${(s: :):-a b c}} ${${:-f}:A:t} $(( 2 ** 40 ))
sleep 100 &
kill -9 $!; wait $!; echo $?
