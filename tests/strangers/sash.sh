# SPDX-License-Identifier: GPL-2.0-only
# sash's own commands, which begin with a minus. Runs in an empty directory.
-mkdir d
-echo hello
cd d
-touch f
-chmod 640 f
-ls
-ln f g
-mv g h
-cmp f h
-dd if=/dev/zero of=z bs=100 count=3
-sum z
-tar cf t.tar f z
-tar tf t.tar
-gzip z
-ls
-rm f h
-kill -0 1
-printenv HOME
exit
