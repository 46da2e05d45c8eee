// The same kernel as an Extism plugin: the input is n as eight little-endian
// bytes, the output the checksum likewise.
#include "kernel.h"

#define HOST(name) __attribute__((import_module("extism:host/env"), import_name(#name))) name
u64 HOST(input_load_u64)(u64);
u64 HOST(alloc)(u64);
void HOST(store_u64)(u64, u64);
void HOST(output_set)(u64, u64);

__attribute__((export_name("call"))) int call(void) {
	u64 sum = run((u32)input_load_u64(0)), at = alloc(8);
	store_u64(at, sum);
	output_set(at, 8);
	return 0;
}
