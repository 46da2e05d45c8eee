// One kernel is one C file without a library: it exports run(n) and returns a
// checksum, so that every engine and the native build can be compared bit for bit.
#ifndef VUDO_KERNEL_H
#define VUDO_KERNEL_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#ifdef __wasm__
#define EXPORT __attribute__((export_name("run")))
#else
#define EXPORT
#endif

EXPORT u64 run(u32 n);

// rng is xorshift64*: the same numbers everywhere.
static inline u64 rng(u64 *s) {
	u64 x = *s;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*s = x;
	return x * 2685821657736338717ull;
}

// mix folds v into a checksum (FNV-1a, a word at a time).
static inline u64 mix(u64 h, u64 v) { return (h ^ v) * 1099511628211ull; }

// bits gives the representation of a double, for checksums of float kernels.
static inline u64 bits(double d) {
	union {
		double d;
		u64 u;
	} x;
	x.d = d;
	return x.u;
}

#define SEED 14695981039346656037ull

#endif
