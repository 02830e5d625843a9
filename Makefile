# netatop: per-process network counters. `make help` lists what can be made.

VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
PREFIX	?= /usr/local
DESTDIR	?=
SOURCE	:= /usr/src/netatop-$(VERSION)
REF	?= HEAD

# What make install has put where.
INSTALLED = $(patsubst /%,%,$(PREFIX))/share/netatop/installed

BUILD	:= $(CURDIR)/build
export VERSION BUILD

# In front of what makes Debian systems: say at once what would fail after minutes.
as_root = @[ "$$(id -u)" -eq 0 ] || { \
	echo "make $@ makes a Debian system of its own, which takes root: sudo make $@" >&2; exit 1; }

# Rooms are built on the same libraries: one after the other, each as parallel as may be.
.NOTPARALLEL:

.PHONY: all
all: module daemon tools exporter ## build the module (for KVER or KDIR), the daemon, the command and the exporter

.PHONY: module
module: ## build build/module/netatop.ko for the kernel named by KVER=… or KDIR=…
	@test -d "$(KDIR)" || { \
		echo "no kernel headers at $(KDIR): apt-get install linux-headers-$(KVER), or name others with KDIR=…" >&2; \
		echo "(make daemon and make tools build the programs, which need none)" >&2; \
		exit 1; }
	mkdir -p $(BUILD)/module
	cp -ru module/. $(BUILD)/module/
	cp -u dkms.conf $(BUILD)/
	$(MAKE) -C $(KDIR) M=$(BUILD)/module modules

.PHONY: daemon
daemon: ## build build/daemon/netatopd and build/daemon/netatop-log
	$(MAKE) -C daemon

.PHONY: tools
tools: ## build build/tools/netatop
	$(MAKE) -C tools

.PHONY: exporter
exporter: ## build build/exporter/netatop-exporter
	$(MAKE) -C exporter

.PHONY: deb
deb: ## build the Debian packages into dist/: the module for DKMS, the programs, the exporter
	tests/setup.sh deb
	debian/build.sh

.PHONY: dist
dist: ## make dist/netatop-*.tar.gz of HEAD or of the tag REF=…, its form for Debian and checksums (SIGN=KEY signs)
	release/make-archive $(REF)

.PHONY: distcheck
distcheck: ## make that archive, and from it alone build and test the programs, the module and the packages
	tests/setup.sh deb unit
	release/check-archive $(REF)

.PHONY: site
site: ## make the documentation as a site, build/site, with a search and the man pages
	tests/setup.sh site
	release/make-site

.PHONY: check
check: ## install what the tests need, then run all of them
	$(as_root)
	tests/setup.sh check
	tests/check.sh

.PHONY: matrix
matrix: ## build for, boot and test every kernel that Debian ships, and print the table (hours)
	tests/setup.sh check
	tests/matrix.sh

.PHONY: check-packages
check-packages: ## install, upgrade, remove, … the packages in throw-away Debian roots; build others' packages
	$(as_root)
	tests/setup.sh check cross
	tests/check.sh situations install autopkgtest packagers

.PHONY: check-atop
check-atop: ## see what the atop of each Debian shows, each in a root of its own
	$(as_root)
	tests/setup.sh check
	tests/check.sh atop-versions

.PHONY: check-secure-boot
check-secure-boot: ## boot a kernel that enforces signatures, without and with the key of DKMS
	$(as_root)
	tests/setup.sh uefi
	tests/check.sh secure-boot

.PHONY: check-arm64
check-arm64: ## compile the module for arm64, and run scenarios in a kernel of that architecture
	tests/setup.sh cross
	tests/check.sh arm64

.PHONY: check-architectures
check-architectures: ## the same for ppc64el and s390x, with the programs and their tests (takes long)
	tests/setup.sh architectures
	tests/check.sh s390x ppc64el

.PHONY: bench
bench: ## count the instructions that the module adds; OTHER=path/other.ko compares with another one
	tests/setup.sh bench
	tests/bench/run $(if $(OTHER),--other $(OTHER))
	tests/bench/stores floor ours $(OTHER)
	tests/bench/misses none floor ours $(OTHER)

.PHONY: bench-scale
bench-scale: ## a million sockets, 2,000 services for the exporter: memory, instructions of a sample (needs 11 GB)
	tests/setup.sh bench
	tests/bench/run-scale
	tests/bench/exporter

.PHONY: bench-live
bench-live: ## count what netatop on a terminal takes, with 10,000 processes and connections
	tests/setup.sh bench
	tests/bench/run-live

.PHONY: bench-native
bench-native: ## measure on this machine what the loaded or installed module costs; OPTIONS='--help' has more
	@[ "$$(id -u)" -eq 0 ] || { echo "make $@ switches and unloads the kernel's module: sudo make $@" >&2; exit 1; }
	tests/setup.sh build
	$(MAKE) -s -C tests/bench/native
	$(BUILD)/native/netatop-bench-native $(OPTIONS)

.PHONY: check-native
check-native: ## see that benchmark find the known cost of a module, in virtual machines
	tests/setup.sh check
	tests/check.sh native

.PHONY: check-fleet
check-fleet: ## let a Prometheus scrape a thousand simulated hosts: series, memory, disk (12 minutes, 6 GB)
	tests/setup.sh fleet
	tests/check.sh fleet

.PHONY: stress
stress: ## run the stress tests in full size, an hour or more
	tests/setup.sh check
	tests/check.sh stress-exits stress

.PHONY: sanitize
sanitize: ## run scenarios and stress in kernels that find errors, an hour or more; first it builds these kernels
	tests/setup.sh check
	tests/check.sh sanitize-races sanitize-old sanitize-new

.PHONY: demo
demo: ## show it: real packages, real traffic and a stock atop in a virtual machine
	$(as_root)
	tests/setup.sh demo
	tests/vm/demo.sh

.PHONY: check-live
check-live: ## use netatop on a terminal of a running Debian, by keys; its screens stay in build/results/live/screens
	$(as_root)
	tests/setup.sh check
	tests/check.sh live

.PHONY: picture
picture: check-live ## make docs/netatop.svg, the screen in the README, of what that saw
	python3 tests/vm/root/live/picture.py netatop <$(BUILD)/results/live/screens/programs-80x24.ansi >docs/netatop.svg

.PHONY: lint
lint: ## run the static checks
	tests/setup.sh lint
	tests/lint.sh

.PHONY: install
install: ## install the programs, their man pages and the module's source for DKMS (DESTDIR=…, PREFIX=…)
	rm -rf $(BUILD)/stage
	$(MAKE) install-daemon install-tools install-exporter install-source DESTDIR=$(BUILD)/stage
	install -d $(BUILD)/stage$(PREFIX)/lib/modules-load.d
	install -m 644 debian/modules-load.d/netatop.conf $(BUILD)/stage$(PREFIX)/lib/modules-load.d
	release/put-files install $(BUILD)/stage "$(DESTDIR)/" $(INSTALLED)
	rm -rf $(BUILD)/stage
	@echo "the module: dkms install netatop/$(VERSION) && modprobe netatop"
	@echo "the daemon: systemd-sysusers && systemd-tmpfiles --create && systemctl enable --now netatopd"

.PHONY: install-daemon
install-daemon:
	$(MAKE) -C daemon install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/share/man/man4
	install -m 644 man/netatop.4 $(DESTDIR)$(PREFIX)/share/man/man4
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions fish/vendor_completions.d \
		zsh/vendor-completions)
	install -m 644 completions/netatopd completions/netatop-log $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 completions/netatop-log.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 completions/_netatop-log $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions

.PHONY: install-tools
install-tools:
	$(MAKE) -C tools install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions fish/vendor_completions.d \
		zsh/vendor-completions)
	install -m 644 completions/netatop $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 completions/netatop.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 completions/_netatop $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions

.PHONY: install-exporter
install-exporter:
	$(MAKE) -C exporter install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 completions/netatop-exporter $(DESTDIR)$(PREFIX)/share/bash-completion/completions

.PHONY: install-source
install-source:
	install -d $(addprefix $(DESTDIR)$(SOURCE)/module/,. compat/has uapi)
	install -m 644 dkms.conf $(DESTDIR)$(SOURCE)
	install -m 644 module/Kbuild module/*.[ch] $(DESTDIR)$(SOURCE)/module
	install -m 644 module/compat/*.h $(DESTDIR)$(SOURCE)/module/compat
	install -m 644 module/compat/has/*.c $(DESTDIR)$(SOURCE)/module/compat/has
	install -m 644 module/uapi/*.h $(DESTDIR)$(SOURCE)/module/uapi

.PHONY: uninstall
uninstall: ## remove what make install put there, and nothing else (the same DESTDIR and PREFIX)
	@[ -n "$(DESTDIR)" ] || [ ! -e /var/lib/dkms/netatop/$(VERSION) ] || { \
		echo "stop and remove what is in use first: systemctl disable --now netatopd; modprobe -r netatop; dkms remove netatop/$(VERSION) --all" >&2; \
		exit 1; }
	release/put-files remove "$(DESTDIR)/" $(INSTALLED)

.PHONY: clean
clean: ## remove build/ and dist/
	rm -rf build dist

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16
