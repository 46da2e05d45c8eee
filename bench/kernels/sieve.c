// Strided byte stores: Eratosthenes up to 1,000,000, n times.
#include "kernel.h"

#define LIMIT 1000000

static u8 composite[LIMIT + 1];

u64 run(u32 n) {
	u64 h = SEED;
	for (u32 round = 0; round < n; round++) {
		for (u32 i = 0; i <= LIMIT; i++) composite[i] = 0;
		u32 count = 0;
		for (u32 i = 2; i <= LIMIT; i++) {
			if (composite[i]) continue;
			count++;
			for (u64 j = (u64)i * i; j <= LIMIT; j += i) composite[j] = 1;
		}
		h = mix(h, count + round);
	}
	return h;
}
