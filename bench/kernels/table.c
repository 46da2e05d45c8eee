// Unpredictable loads: n thousand inserts and look-ups in a map of 64-bit keys,
// open addressing with linear probing.
#include "kernel.h"

#define SLOTS 65536

static u64 keys[SLOTS], values[SLOTS];
static u8 used[SLOTS];

static u32 find(u64 key) {
	u32 i = (u32)((key * 0x9e3779b97f4a7c15ull) >> 48);
	while (used[i] && keys[i] != key) i = (i + 1) & (SLOTS - 1);
	return i;
}

u64 run(u32 n) {
	for (u32 i = 0; i < SLOTS; i++) used[i] = 0;
	u64 seed = SEED, h = SEED;
	for (u64 i = 0; i < (u64)n * 1000; i++) {
		u64 r = rng(&seed), key = (r >> 32) % 16384 * 2654435761u;
		if ((r & 7) < 4) {
			u32 at = find(key);
			values[at] = (used[at] ? values[at] : 0) + i;
			used[at] = 1, keys[at] = key;
		} else {
			u32 at = find(key);
			h = mix(h, used[at] ? values[at] : 0);
		}
	}
	return h;
}
