# How our C++ is compiled; included by the Makefiles of the rooms of userland, which say in `name` what
# they make and in `programs` which sources are programs. All else becomes an archive. What a room is
# built on beside lib/ is in `below`, the room, and in `common`, the archives of all of them.

VERSION	?= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' ../dkms.conf)
BUILD	?= $(abspath ../build)
PREFIX	?= /usr/local
DESTDIR	?=

SBINDIR	= $(PREFIX)/sbin
BINDIR	= $(PREFIX)/bin
LIBDIR	= $(PREFIX)/lib
MANDIR	= $(PREFIX)/share/man

CXX		?= g++
CXXFLAGS	?= -O2 -g
WERROR		?= -Werror
warnings	= -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor \
		  -Woverloaded-virtual -Wnull-dereference -Wformat=2 $(WERROR)
compile		= $(CXX) -std=c++17 -pthread $(warnings) -I. $(below:%=-I../%) -I../lib -I../module -DNETATOP_VERSION='"$(VERSION)"' \
		  $(CPPFLAGS) $(CXXFLAGS) -MMD -MP

out		= $(BUILD)/$(name)
common		?= $(BUILD)/lib/libnetatop.a
sources		= $(filter-out $(programs:=.cpp),$(wildcard *.cpp))
objects		= $(sources:%.cpp=$(out)/%.o)

.PHONY: all
all: $(programs:%=$(out)/%) $(archive)

.PHONY: library
library: $(archive)

$(out)/%.o: %.cpp Makefile ../lib/build.mk ../dkms.conf | $(out)
	$(compile) -c -o $@ $<

$(archive): $(objects)
	rm -f $@
	$(AR) rcs $@ $^

$(programs:%=$(out)/%): $(out)/%: $(out)/%.o $(archive) $(common)
	$(CXX) -pthread $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(libraries)

ifneq ($(name),lib)
# The recipe makes make look whether it is newer now.
$(common): common
	@:

.PHONY: common
common:
	$(MAKE) -C ../$(or $(below),lib) library BUILD='$(BUILD)'

library: $(common)
endif

$(out):
	mkdir -p $@

.PHONY: clean
clean:
	rm -rf $(out)

-include $(wildcard $(out)/*.d)
