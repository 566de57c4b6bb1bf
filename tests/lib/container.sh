# SPDX-License-Identifier: MIT
# tests/lib/container.sh - runs a program in a mount namespace of its own, from a copy that exists
# only there.
#
#	unshare -m --propagation unchanged sh tests/lib/container.sh KIND ROOT PID DIR [ARGUMENT...]
#
# The program is that of process PID, as /only/program, with the libraries that PID maps. KIND of
# its file system: tmpfs, or overlay (on a tmpfs). Both are mounted at directory ROOT. DIR is the
# same directory in there. Fails with what mount(8) says.
set -eu
kind=$1 root=$2 like=$3 dir=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$root"
if [ "$kind" = overlay ]; then
	base=$root
	mkdir "$base/lower" "$base/upper" "$base/work" "$base/merged"
	root=$base/lower
fi
for link in lib lib64 bin; do
	[ ! -L "/$link" ] || {
		to=$(readlink "/$link")
		mkdir -p "$root/$to" && ln -s "$to" "$root/$link"
	}
done
{
	awk '$6 ~ /^\// { print $6 }' "/proc/$like/maps"
	echo /etc/ssl/openssl.cnf
} | sort -u | while read -r file; do
	[ -f "$file" ] || continue
	mkdir -p "$root/${file%/*}" && cp "$file" "$root/$file"
	# The names by which programs ask for it.
	find "${file%/*}" -maxdepth 1 -type l -lname "${file##*/}" 2>/dev/null |
		while read -r link; do
			ln -sf "${file##*/}" "$root$link"
		done
done
mkdir -p "$root/proc" "$root/dev" "$root/only" "$root$dir"
cp "/proc/$like/exe" "$root/only/program"
for file in /lib64/ld-*.so* /lib/ld-*.so*; do # which the program names
	[ -e "$file" ] || continue
	mkdir -p "$root/${file%/*}" && cp -L "$file" "$root$file"
done
if [ "$kind" = overlay ]; then
	root=$base/merged
	mount -t overlay -o "lowerdir=$base/lower,upperdir=$base/upper,workdir=$base/work" \
		none "$root"
fi
mount --bind "$dir" "$root$dir"
mount --bind /dev "$root/dev"
exec chroot "$root" /only/program "$@"
