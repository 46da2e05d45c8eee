# Guest programs: the kernels of bench/ and one example per language.
#
# Tools, all from Debian: clang lld llvm wasi-libc libclang-rt-14-dev-wasm32 gcc
# make (apt-get install); `make lang-tools` installs them on a fresh machine.

LANG_APT := clang lld llvm wasi-libc libclang-rt-14-dev-wasm32 gcc libc6-dev make

KERNELS := fib sieve sha256 matmul nbody hashmap json interp quicksort
KERNEL_CLANG := clang --target=wasm32 -O2 -mbulk-memory -msign-ext -mnontrapping-fptoint -ffreestanding -ffp-contract=off -Wall
KERNEL_GCC := gcc -O2 -ffp-contract=off -Wall

.PHONY: lang-tools kernels kernels-golden

lang-tools: ## install the compilers that the guest programs need (Debian, as root)
	apt-get update -q && apt-get install -y -q --no-install-recommends $(LANG_APT)

kernels: $(KERNELS:%=build/kernels/%.wasm) $(KERNELS:%=build/kernels/%) ## build the bench kernels, as WebAssembly and native

# The linker is called by itself: the clang driver would run wasm-opt where one
# happens to be installed, and the result would differ from machine to machine.
build/kernels/%.wasm: bench/kernels/%.c bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(KERNEL_CLANG) -c -o $(@:.wasm=.o) $<
	wasm-ld --no-entry --strip-all -o $@ $(@:.wasm=.o)

build/kernels/%: bench/kernels/%.c bench/kernels/native.c bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(KERNEL_GCC) -o $@ $< bench/kernels/native.c -lm

kernels-golden: kernels ## renew the committed WebAssembly files of the kernels
	cp $(KERNELS:%=build/kernels/%.wasm) bench/testdata/kernels/
