#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Run by a user who neither owns a file nor may write to it, vmtouch says that every page of it is in the page cache,
# though none is: the kernel's mincore(2) answers such a user with ones. Wants root and Debian's package vmtouch.
set -euo pipefail
[[ $(id -u) == 0 ]] || { echo "root is needed, to ask as another user" >&2; exit 77; }
work=$(mktemp -d -p /var/tmp)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -q -o APT::Sandbox::User=root vmtouch=1.3.1-2 >/dev/null
dpkg-deb -x vmtouch_*.deb .
head -c 8M /dev/urandom >file
chmod 644 file
sync file
./usr/bin/vmtouch -qe file
uname -r
resident() { "$@" ./usr/bin/vmtouch file | sed -n 's/.*Resident Pages: //p' | tr -s ' '; }
owner=$(resident env)
other=$(resident setpriv --reuid=65534 --regid=65534 --clear-groups)
again=$(resident env)
printf 'vmtouch 1.3.1\nasked by root:         %s\nasked by another user: %s\nasked by root again:   %s\n' "$owner" "$other" "$again"
[[ $owner == 0/2048* && $other == 2048/2048* && $again == 0/2048* ]]
