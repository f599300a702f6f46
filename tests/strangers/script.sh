# SPDX-License-Identifier: GPL-2.0-only
# What busybox's shell and its applets say here and on Linux is the same. Runs in an empty directory, on a terminal.
say() { printf '== %s\n' "$*"; }

say pipes and redirection
seq 1 200 | grep 7 | sed 's/7/seven/' | sort -r | head -n 3
seq 10 | awk '{ s += $1 } END { print NR, s, s / NR }'
echo one >f; echo two >>f; cat <f; wc <f
ls nothing 2>errors; echo "$?"; cat errors
{ echo out; echo err >&2; } 2>&1 | sort
exec 3>third; echo by descriptor >&3; exec 3>&-; cat third
seq 10000 | tail -n 1
yes | head -n 9000 | md5sum
false | true; echo "$?"
set -o pipefail; false | true; echo "$?"; set +o pipefail

say here-documents
name=world
cat <<EOF
hello $name, $(echo nested), $((6 * 7))
EOF
cat <<'EOF' | tr a-z A-Z
as it is: $name
EOF
cat <<-EOF
	without tabs
	EOF

say traps
(trap 'echo caught' USR1; kill -USR1 $(exec sh -c 'echo $PPID'); echo after)
(trap 'echo leaving' EXIT; exit 7); echo "$?"
(trap '' TERM; sh -c 'kill -TERM $$; echo still here')
sh -c 'kill -KILL $$'; echo "$?"
sh -c 'trap "echo pipe; exit 3" PIPE; kill -PIPE $$'; echo "$?"
sh -c 'trap "echo alarmed; exit 4" ALRM; me=$$; { sleep 0.05; kill -ALRM $me; } & wait $!'; echo "$?"

say jobs
set -m
sleep 100 & first=$!
sleep 200 & second=$!
jobs | sed 's/ *[0-9]* *sleep/ sleep/'
kill -STOP $first; while ! grep -q 'State:.T' /proc/$first/status; do sleep 0.01; done
awk '$1 == "State:"' /proc/$first/status
kill $first; fg %1 >/dev/null; echo "$?"
kill %2; wait $second 2>/dev/null; echo "$?"
sh -c 'kill -TSTP $$; echo resumed' & stopped=$!
while ! grep -q 'State:.T' /proc/$stopped/status; do sleep 0.01; done
fg %1 >/dev/null; echo "$?"
sh -c 'kill -STOP $$; echo went on behind; exit 6' & stopped=$!
while ! grep -q 'State:.T' /proc/$stopped/status; do sleep 0.01; done
jobs | sed 's/ *sh -c.*//'; bg %1 >/dev/null; wait $stopped; echo "$?"
sleep 100 | cat & kill -TERM -$(jobs -p %1); wait $!; echo "$?"
awk '$5 == $1 { print "leads its group" }' /proc/self/stat
set +m
(sleep 0.01; exit 5) & wait $!; echo "$?"
wait 999999; echo "$?"

say functions and loops
fib() { if [ "$1" -lt 2 ]; then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
fib 8; outer() { local x=inside; inner; echo "$x"; }; inner() { x="$x changed"; return 9; }
x=outside; outer; inner; echo "$? $x"
while IFS=: read -r user _ id rest; do
	case $user in
	root|toor) echo "$user is $id, at home in ${rest##*:}" ;;
	[a-m]*) echo "early $user" ;;
	*) echo "late $user"; continue ;;
	esac
	[ "$id" -ge 5 ] && break
done <<EOF
root:x:0:0:/root
zed:x:3:3:/
bin:x:7:7:/bin
never:x:8:8:/
EOF
seq 5 | { total=0; while read -r n; do total=$((total + n * n)); done; echo "$total $((total % 7)) $((total > 50 ? 1 : 0))"; }
until [ "${#stars}" -ge 3 ]; do stars="$stars*"; echo "$stars"; done; for w in 'a b' c; do set -- "$@" "$w"; done; echo "$# $1"
while getopts ab:c o -a -b value -z 2>/dev/null; do echo "option $o ${OPTARG-none}"; done; echo "$OPTIND"
path=/usr/lib/name.tar.gz; echo "${path##*/} ${path%%.*} ${unset:-default} ${path#*/*/}"; set -- *; echo "$*"

say files
mkdir -p d/e/f; cd d; umask 027
echo data >file; ln file hard; ln -s file soft; mkfifo fifo
cp -p file copy; mv copy e/moved; cp -r e tree
chmod 4751 file; stat -c '%a %F %h %s' file hard fifo
stat -c '%N' soft; readlink -f soft | sed 's,.*/d/,,'
find . | sort; find . -type f -name 'mo*' -exec wc -c {} + | sort
find . -perm 4751 | sort; touch -d '2020-01-01 00:00:00' e/moved; find . -newer e/moved -type l
touch -d '2020-02-03 04:05:06' old; stat -c '%y %Y' old; ls -l old | awk '{ print $1, $2, $5, $9 }'
du -a tree | awk '{ print $2 }' | sort; test soft -ef file && echo same
(cat fifo >through) & echo into the pipe >fifo; wait; cat through
rm -r tree; rmdir e 2>/dev/null || echo not empty; cd ..
dd if=/dev/zero of=blocks bs=1000 count=10 2>&1 | head -n 2; dd if=blocks bs=4k skip=1 count=1 2>/dev/null | wc -c
truncate -s 1234567 sparse; wc -c <sparse; dd if=/dev/zero of=sparse conv=notrunc bs=1 count=1 seek=99 2>/dev/null
df -P /proc | awk 'NR == 2 { print $6 }'
(ulimit -f 1; trap '' XFSZ; dd if=/dev/zero of=large bs=1024 count=9 2>/dev/null; echo "$?"; wc -c <large)

say archives and sums
seq 1000 >numbers; md5sum numbers; sha256sum numbers; sha1sum <numbers
tar cf t.tar numbers d/file d/soft d/hard; tar tf t.tar; mkdir out; tar xf t.tar -C out; cmp numbers out/numbers && echo equal
stat -c '%a %h %N' out/d/file out/d/soft | sed "s,out/d/,,"
gzip -c numbers | gunzip | md5sum; bzip2 -c numbers | bunzip2 | md5sum; tar czf - d | tar tzf - | sort | head -n 3
echo thaw | od -c; echo thaw | xxd; base64 numbers | base64 -d | tail -n 1

say programs
seq 5 | xargs -n 2 echo; seq 3 | xargs -I{} sh -c 'exit 0'; echo "$?"; seq 3 | xargs sh -c 'exit 255'; echo "$?"
timeout 0.05 sleep 100; echo "$?"; timeout 100 true; echo "$?"; timeout -s KILL 0.05 sleep 100; echo "$?"
nohup sh -c 'kill -HUP $$; echo survived' 2>/dev/null; setsid sh -c 'awk "\$6 == \$1 { print \"own session\" }" /proc/self/stat'
id -u; env -i A=b env; printf '%s\n' c a b | sort | uniq -c | tr -s ' '; expr 6 \* 7; date -u -d @86400 +%F
sh -c 'echo $0 $#' zero one two; time -f %x true; usleep 1000; which sh >/dev/null; echo "$?"
diff f third; cut -d' ' -f2 third; rev third; fold -w 4 third; nl f; paste f f; tac f
for i in 1 2 3 4; do seq 2000 | sort -rn | tail -n 1 & done; wait
awk 'BEGIN { while (("seq 3" | getline x) > 0) print "line", x; system("exit 3"); print 2 / 3 }'
mktemp -u | wc -c; od -An -N8 /dev/urandom | wc -w; realpath . | sed 's,.*/,,' | wc -l
echo "$((1 << 62)) $((017 + 0x1f))"; [ -c /dev/null ] && [ -p d/fifo ] && [ -h d/soft ] && echo kinds
