# shellcheck shell=bash
# Packages for tests: a copy of the tree to build in, a version of before.

# What the files of the tree are, in one word.
tree_digest() {
	git ls-files -z --cached --others --exclude-standard |
		xargs -0 sha256sum 2>/dev/null | sha256sum
}

# build_packages : make the packages in dist/, if they are not those of the tree as it is. Rings may
# do so at the same time.
build_packages() (
	stamp=$BUILD/packages.digest
	exec 8>"$BUILD/packages.lock"
	flock 8
	digest=$(tree_digest)
	if ! ls dist/netatop-dkms_*.deb >/dev/null 2>&1 || [ "$digest" != "$(cat "$stamp" 2>/dev/null)" ]; then
		rm -f "$stamp"
		debian/build.sh
		echo "$digest" >"$stamp"
	fi
)

# copy_tree DIRECTORY : a copy of the tree as it is.
copy_tree() {
	rm -rf "$1"
	mkdir -p "$1"
	git ls-files -z --cached --others --exclude-standard |
		xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C "$1"
}

# copy_tree_as VERSION DIRECTORY : a copy whose packages have another version, and another module.
copy_tree_as() {
	copy_tree "$2"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$1\"/" "$2/dkms.conf"
	sed -i "1s/(.*)/($1-1)/" "$2/debian/changelog"
	printf '/* %s */\n' "$1" >>"$2/module/main.c"
}

# telling_uname DIRECTORY : make DIRECTORY/bin/uname, which notes in DIRECTORY/asked each time that
# somebody asks which kernel runs here.
telling_uname() {
	mkdir -p "$1/bin"
	printf '#!/bin/sh\ncase " $* " in *" -r "*) echo asked >>%q ;; esac\nexec /bin/uname "$@"\n' \
		"$1/asked" >"$1/bin/uname"
	chmod +x "$1/bin/uname"
}
