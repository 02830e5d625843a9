#!/bin/bash
# build.sh [OPTION...]: build the Debian packages (--build=binary, or other options of
# dpkg-buildpackage) from a clean export of the tree, leave them in dist/. The same sources
# give the same bytes, whatever lies about in the tree.
set -euo pipefail

cd "$(dirname "$0")/.."
work=build/deb
dist=dist
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -S Timestamp)}
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} noautodbgsym"
export SOURCE_DATE_EPOCH DEB_BUILD_OPTIONS

files() {
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard --deduplicate |
			while IFS= read -r -d '' f; do
				if [ -e "$f" ] || [ -L "$f" ]; then printf '%s\0' "$f"; fi
			done
	else
		find . -path ./build -prune -o -path ./dist -prune -o ! -type d -print0
	fi
}

export_tree() {
	rm -rf "$work"
	mkdir -p "$work/netatop"
	files | tar --null --files-from=- --create --mode=go=rX,u+rw \
		--mtime="@$SOURCE_DATE_EPOCH" | tar --extract --directory="$work/netatop"
}

build() {
	(cd "$work/netatop" && umask 022 && dpkg-buildpackage --no-sign "$@") \
		>"$work/log" 2>&1 || {
		tail -n 40 "$work/log" >&2
		echo "the packages did not build; the whole log is $work/log" >&2
		exit 1
	}
}

echo "building the Debian packages (log: $work/log)"
export_tree
build "${@:---build=binary}"
mkdir -p "$dist"
rm -f "$dist"/netatop*.deb "$dist"/netatop*.changes "$dist"/netatop*.buildinfo
mv "$work"/netatop*.deb "$work"/netatop*.changes "$work"/netatop*.buildinfo "$dist"/
ls "$dist"/netatop*.deb
