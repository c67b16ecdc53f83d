# Martinet: `make up` builds, starts a cluster and runs a first workload; `make test` proves that it works.
#
# Builds live in a cache folder outside the clone, so that a fresh clone reuses the compiled dependencies. Nothing
# depends on what is there: with an empty cache everything is built again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/martinet
SCRATCH ?= $(CACHE)/build
LOCK ?= $(CACHE)/build.lock
SWIFT := swift
DEBIAN_PACKAGES := libsqlite3-dev libyaml-dev zlib1g-dev musl-tools busybox-static tzdata python3

# One build at a time on this machine: two at once only make both slow.
locked = mkdir -p $(CACHE) && flock $(LOCK)

# The stage: the static program between Swift and a container (docs/containers.md), built apart by musl's gcc.
STAGE := Sources/C/CMartinetStageImage/Embedded/stage.bin
STAGE_SOURCES := $(wildcard Sources/C/CMartinetStage/stage/*.[ch] Sources/C/CMartinetStage/include/*.h)
STAGE_FLAGS := -static -Os -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -Wl,--gc-sections -s

.PHONY: help setup build binary test unit stage generate check format up down bench fuzz build-time clean packages etcd

help: ## What can be made here
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that the build needs
	@missing=$$(dpkg-query -W -f='$${Package} $${Status}\n' $(DEBIAN_PACKAGES) 2>/dev/null | awk '/installed$$/ {print $$1}' | sort | comm -13 - <(printf '%s\n' $(DEBIAN_PACKAGES) | sort)); \
	if [ -n "$$missing" ]; then echo "installing $$missing"; apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; fi

stage: $(STAGE) ## Build the static C program that starts containers

# Kernel headers come last, so that musl's own are found first.
$(STAGE): $(STAGE_SOURCES)
	@mkdir -p $(@D)
	@musl-gcc $(STAGE_FLAGS) -idirafter /usr/include -idirafter /usr/include/$$(gcc -print-multiarch) \
		$(filter %.c,$^) -o $@.new && mv $@.new $@

build: setup stage ## Build everything, debug
	@$(locked) $(SWIFT) build --scratch-path $(SCRATCH)

test: setup stage etcd ## Run every test
	@$(locked) $(SWIFT) build --build-tests --scratch-path $(SCRATCH)
	@MARTINET_ETCD=$(ETCD)/root/usr/bin Tests/Support/run $(SCRATCH)

unit: stage ## Test the targets named in ONLY alone, fast: make unit ONLY=MartinetYAML
	@$(locked) env MARTINET_ONLY=$(ONLY) $(SWIFT) test --scratch-path $(SCRATCH)-$(ONLY)

generate: ## Compile API/ into the embedded tables and the typed views
	@$(locked) env MARTINET_ONLY=martinet-schema $(SWIFT) build --quiet --scratch-path $(SCRATCH)-schema
	@$(SCRATCH)-schema/debug/martinet-schema API Sources/C/CMartinetTables Sources/Wire/MartinetAPI/Generated

check: setup generate ## Formatting, layers, generated files
	@$(SWIFT) format lint --strict --parallel $$(git ls-files '*.swift' ':!Sources/Wire/MartinetAPI/Generated')
	@git diff --exit-code --stat -- Sources/C/CMartinetTables Sources/Wire/MartinetAPI/Generated || \
		{ echo "generated files differ from API/: commit what 'make generate' made"; exit 1; }

format: ## Rewrite the sources as `make check` wants them
	@$(SWIFT) format --in-place --parallel $$(git ls-files '*.swift' ':!Sources/Wire/MartinetAPI/Generated')

# What the stand-ins of docs/images.md are made of. Nothing is installed and no package's script runs.
STAND_IN_PACKAGES := nginx-light redis-server busybox-static
packages: setup ## Download the packages that the course's images are made of
	@mkdir -p $(CACHE)/packages/partial; \
	if [ ! -x $(CACHE)/packages/root/usr/sbin/nginx ]; then \
	  apt-get -qq -o Dir::Cache::archives=$(CACHE)/packages --download-only --reinstall --no-install-recommends -y install $(STAND_IN_PACKAGES); \
	  for package in $(CACHE)/packages/*.deb; do dpkg-deb -x $$package $(CACHE)/packages/root; done; fi

# Debian's etcd, for the tests of the store on it. Nothing is installed and no service starts.
ETCD := $(CACHE)/etcd
etcd: setup ## Download etcd, which the store's tests run
	@if [ ! -x $(ETCD)/root/usr/bin/etcd ]; then \
	  mkdir -p $(ETCD)/partial; \
	  apt-get -qq -o Dir::Cache::archives=$(ETCD) --download-only --reinstall --no-install-recommends -y install \
	    etcd-server etcd-client; \
	  for package in $(ETCD)/*.deb; do dpkg-deb -x $$package $(ETCD)/root; done; fi

# The binary as people run it: optimised, and static, so that it is its own first image.
RELEASE := $(SCRATCH)-release
BINARY := $(CACHE)/martinet
binary: setup stage ## Build the static release binary
	@echo "building the release binary (the first time this takes some minutes)"
	@$(locked) env MARTINET_ONLY=martinet $(SWIFT) build -c release -Xswiftc -static-executable --product martinet --scratch-path $(RELEASE)
	@strip -o $(BINARY).new $(RELEASE)/release/martinet && mv $(BINARY).new $(BINARY)

up: binary packages ## Build, start a cluster, run a first workload
	@$(BINARY) up --images=$(CURDIR)/Images --packages=$(CACHE)/packages/root $(UP)

down: ## End the cluster and leave nothing behind
	@$(BINARY) down $(DOWN)

# Static and optimised as the binary is, in the same build folder, so that what both use is compiled once.
bench: setup stage ## Measure: API server, store, transport and scheduler against the machine's own limits
	@$(locked) env MARTINET_ONLY=APIBench,RegistryBench,TransportBench,SchedulingBench,martinet-store-bench $(SWIFT) build -c release -Xswiftc -static-executable --scratch-path $(RELEASE)
	@echo "== API server" && $(RELEASE)/release/APIBench $(BENCH)
	@echo "== store" && folder=$$(mktemp -d) && trap 'rm -rf $$folder' EXIT && $(RELEASE)/release/martinet-store-bench bench $$folder
	@echo "== transport" && $(RELEASE)/release/TransportBench
	@echo "== pulls" && $(RELEASE)/release/RegistryBench
	@echo "== scheduler" && $(RELEASE)/release/SchedulingBench

# Each parser of foreign bytes with coverage-guided inputs, a bounded time each: make fuzz FUZZ_SECONDS=300 PARSERS="json tar".
# The modules are instrumented by the compiler; libFuzzer comes with the toolchain, without its own main.
SECONDS_EACH := $(or $(FUZZ_SECONDS),20)
LIBFUZZER = $(firstword $(wildcard $(dir $(shell readlink -f $$(command -v $(SWIFT))))../lib/clang/*/lib/*/libclang_rt.fuzzer_no_main*$(shell uname -m)*.a))
fuzz: setup ## Feed every parser with bytes of chance: FUZZ_SECONDS=20 PARSERS="json tar"
	@test -n "$(LIBFUZZER)" || { echo "this toolchain has no libFuzzer"; exit 1; }
	@$(locked) env MARTINET_ONLY=MartinetFuzz $(SWIFT) build -c release --quiet --scratch-path $(SCRATCH)-fuzz --product MartinetFuzz \
		-Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xlinker $(LIBFUZZER) -Xlinker -lstdc++ -Xlinker -lm
	@Fuzz/run $(SCRATCH)-fuzz/release/MartinetFuzz $(SECONDS_EACH) $(CACHE)/fuzz $(PARSERS)

build-time: setup stage ## Measure a clean build of everything, debug: processor time, which others on the machine do not change much
	@folder=$$(mktemp -d) && trap 'rm -rf $$folder' EXIT && $(SWIFT) package --scratch-path $$folder resolve >/dev/null 2>&1 && \
		$(locked) bash -c "time $(SWIFT) build --scratch-path $$folder" 2>&1 | tail -5

clean: ## Forget every build
	rm -rf $(SCRATCH) $(SCRATCH)-* .build
