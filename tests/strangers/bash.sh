# SPDX-License-Identifier: GPL-2.0-only
# What bash has and a POSIX shell has not, and the calls it makes for that. Runs in an empty directory.
set -o pipefail
declare -A size=([one]=1 [two]=2)
for key in one two; do echo "$key ${size[$key]}"; done
mapfile -t lines < <(printf 'a\nb b\nc\n'); echo "${#lines[@]} ${lines[1]}"
cat <<<"a here-string"
[[ abc123 =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[2]}"
for ((i = 0; i < 3; i++)); do printf '%d ' "$i"; done; echo
(exit 3) | (exit 4) | true; echo "${PIPESTATUS[@]} $?"
trap 'echo caught' USR1; kill -USR1 $BASHPID; trap - USR1
coproc { read -r x; echo "back: $x"; }; echo there >&"${COPROC[1]}"; read -r y <&"${COPROC[0]}"; echo "$y"; wait
(sleep 0.01; exit 5) & wait -n $!; echo $?
read -r -t 0.01 z < <(while :; do read -r -t 1 _ || break; done) || echo "in time"
echo one >f; { echo two; } >>f; exec 5<f; read -r -u 5 w; exec 5<&-; echo "$w"
ulimit -n 32; ulimit -n; umask 077; : >g; [[ -O g && ! -s g ]] && echo mine
kill -9 $BASHPID &
wait $!; echo $?
echo {a..c}{1,2} "${key^^}" "$((2 ** 40))" *
