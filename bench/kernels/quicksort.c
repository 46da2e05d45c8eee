// Recursion, swaps and branches that cannot be guessed: sorts n thousand
// numbers.
#include "kernel.h"

#define MOST 1000000

static u32 data[MOST];

static void sort(i32 lo, i32 hi) {
	while (lo < hi) {
		u32 pivot = data[lo + (hi - lo) / 2];
		i32 i = lo, j = hi;
		while (i <= j) {
			while (data[i] < pivot) i++;
			while (data[j] > pivot) j--;
			if (i <= j) {
				u32 t = data[i];
				data[i++] = data[j];
				data[j--] = t;
			}
		}
		if (j - lo < hi - i) { // the smaller half recurses, so depth stays logarithmic
			sort(lo, j);
			lo = i;
		} else {
			sort(i, hi);
			hi = j;
		}
	}
}

u64 run(u32 n) {
	u32 count = n * 1000 > MOST ? MOST : n * 1000;
	u64 seed = SEED, h = SEED;
	for (u32 i = 0; i < count; i++) data[i] = (u32)(rng(&seed) >> 32);
	sort(0, (i32)count - 1);
	for (u32 i = 0; i < count; i += 97) h = mix(h, data[i]);
	return h;
}
