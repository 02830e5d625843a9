# shellcheck shell=bash
# Packages of any Debian suite, from the archive that this machine's apt is
# configured for, without touching the machine's own apt state. As with packages, :ARCHITECTURE
# behind a suite's name (bookworm:arm64) is for one that is not this machine's.

# suite_arch SUITE : its architecture.
suite_arch() {
	case $1 in
	*:*) echo "${1##*:}" ;;
	*) echo "$ARCH" ;;
	esac
}

# The suite that this machine has, and whose compilers and tools are used.
host_suite() {
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-bookworm}")
}

# The URI of the Debian archive among the configured sources: the one that
# serves this release itself (not its updates or security fixes).
mirror_uri() {
	if [ -n "${NETATOP_MIRROR:-}" ]; then
		printf '%s\n' "$NETATOP_MIRROR"
		return
	fi
	local codename uri
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v codename="$codename" '
			$1 == codename || $1 ~ /^((old)*stable|testing|unstable|sid)$/ {
				if ($2 !~ /security/) { print $2; exit }
			}')
	[ -n "$uri" ] || die "no Debian archive among apt's sources: name one with NETATOP_MIRROR=URI"
	printf '%s\n' "${uri%/}"
}

# suite_source SUITE : the line of sources.list for a suite.
suite_source() {
	printf 'deb [signed-by=%s] %s %s main\n' \
		/usr/share/keyrings/debian-archive-keyring.gpg "$(mirror_uri)" "${1%:*}"
}

# mmdebstrap_options : how this machine's apt reaches its archive, for another one. One a line.
mmdebstrap_options() {
	apt-config dump --format '%F "%v"%n' |
		sed -nE 's/^Acquire::(Check-Valid-Until|(http|https)::Proxy) /--aptopt=&/p'
}

# suite_apt SUITE PROGRAM ARGUMENT... : apt-get or apt-cache with a state of its
# own that knows this one suite and no installed package.
suite_apt() {
	local state=$CACHE/apt/$1
	APT_CONFIG=$state/apt.conf "$2" -q "${@:3}"
}

# refresh_suite SUITE : bring the lists of a suite up to date; 1 when the archive
# cannot be reached.
refresh_suite() {
	local state=$CACHE/apt/$1 target
	target=$(suite_arch "$1")
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	suite_source "$1" >"$state/sources.list"
	cat >"$state/apt.conf" <<-END
		Dir::Etc::sourcelist "$state/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::lists "$state/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$state";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Sandbox::User "root";
		APT::Architecture "$target";
		APT::Architectures { "$target"; };
	END
	suite_apt "$1" apt-get update --error-on=any >"$state/update.log" 2>&1 || {
		sed -n '/^[WE]:/p' "$state/update.log" >&2
		return 1
	}
}

# download_packages SUITE DIRECTORY NAME=VERSION... : fetch .deb files.
download_packages() {
	(cd "$2" && suite_apt "$1" apt-get download "${@:3}") >&2
}

# unpack_package DEB DIRECTORY : the files of a package, below a directory where
# /lib may be a symbolic link, and without dependencies or scripts.
unpack_package() {
	mkdir -p "$2"
	dpkg --fsys-tarfile "$1" | tar -x --keep-directory-symlink --no-same-owner -C "$2"
}

# unpacked_packages alone|whole SUITE NAME... : print a directory of the cache with the files of these
# packages, alone or with all that they depend on.
unpacked_packages() {
	local suite=$2 item
	item=unpacked/${suite/:/-}-$(printf '%s\n' "$@" | sha256sum | cut -c1-16)
	[ -e "$CACHE/$item" ] || with_lock "apt/$suite" refresh_suite "$suite" ||
		skip "no archive serves $suite now"
	cached "$item" unpack_packages "$@"
}

unpack_packages() {
	local choice=$1 suite=$2 dir=${!#} name deb
	local -a names=("${@:3:$#-3}")
	say "fetching ${names[*]} of $suite"
	[ "$choice" = alone ] || mapfile -t names < <(with_dependencies "$suite" "${names[@]}")
	mkdir -p "$dir/debs" "$dir"/usr/{bin,sbin,lib,lib64}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$dir/$name"
	done
	download_packages "$suite" "$dir/debs" "${names[@]}"
	for deb in "$dir"/debs/*.deb; do
		unpack_package "$deb" "$dir"
	done
	rm -r "$dir/debs"
}

# with_dependencies SUITE NAME... : the names of these packages and of all that they depend on.
with_dependencies() {
	suite_apt "$1" apt-get install --simulate --no-install-recommends "${@:2}" |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}
