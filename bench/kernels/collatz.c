// Integer arithmetic and branches: the longest Collatz chain below n thousand.
#include "kernel.h"

u64 run(u32 n) {
	u64 best = 0;
	for (u64 start = 1; start < (u64)n * 1000; start++) {
		u64 x = start, steps = 0;
		while (x != 1) {
			x = x % 2 == 0 ? x / 2 : 3 * x + 1;
			steps++;
		}
		if (steps > best) best = steps;
	}
	return best;
}
