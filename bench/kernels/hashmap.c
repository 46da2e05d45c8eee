// Unpredictable loads: an open-addressing map of 64-bit keys with linear
// probing; n thousand inserts, look-ups and deletions.
#include "kernel.h"

#define SLOTS 65536 // a power of two; keys are drawn from half as many

enum { EMPTY, USED, GONE };

static u64 keys[SLOTS], values[SLOTS];
static u8 state[SLOTS];

static u32 slot(u64 key) { return (u32)((key * 0x9e3779b97f4a7c15ull) >> 48); }

static i32 find(u64 key) {
	for (u32 i = slot(key), probe = 0; probe < SLOTS; i = (i + 1) & (SLOTS - 1), probe++) {
		if (state[i] == EMPTY) return -1;
		if (state[i] == USED && keys[i] == key) return (i32)i;
	}
	return -1;
}

static void put(u64 key, u64 value) {
	i32 at = find(key);
	if (at >= 0) {
		values[at] += value;
		return;
	}
	u32 i = slot(key);
	while (state[i] == USED) i = (i + 1) & (SLOTS - 1);
	state[i] = USED, keys[i] = key, values[i] = value;
}

u64 run(u32 n) {
	for (u32 i = 0; i < SLOTS; i++) state[i] = EMPTY;
	u64 seed = SEED, h = SEED;
	for (u32 i = 0; i < n * 1000; i++) {
		u64 r = rng(&seed), key = (r >> 32) % (SLOTS / 4) * 2654435761u;
		switch (r & 7) {
		case 0: {
			i32 at = find(key);
			if (at >= 0) state[at] = GONE;
			break;
		}
		case 1: case 2: case 3:
			put(key, i);
			break;
		default: {
			i32 at = find(key);
			h = mix(h, at < 0 ? 0 : values[at]);
		}
		}
		if ((i & 0x3fff) == 0x3fff) // clear tombstones now and then, as a real map does
			for (u32 j = 0; j < SLOTS; j++) if (state[j] == GONE && state[(j + 1) & (SLOTS - 1)] == EMPTY) state[j] = EMPTY;
	}
	return h;
}
