// Calls through function values: three functions applied in turn, n million times.
#include "kernel.h"

typedef struct closure {
	u64 (*call)(struct closure *, u64);
	u64 k;
} closure;

static u64 add(closure *c, u64 x) { return x + c->k; }
static u64 twist(closure *c, u64 x) { return x ^ (x >> c->k); }
static u64 times(closure *c, u64 x) { return x * c->k; }

u64 run(u32 n) {
	static closure list[3];
	list[0] = (closure){add, n};
	list[1] = (closure){twist, 7};
	list[2] = (closure){times, 1099511628211ull};
	u64 h = SEED;
	for (u64 i = 0; i < (u64)n * 1000000; i++) {
		closure *c = &list[i % 3];
		h = c->call(c, h);
	}
	return h;
}
