// Floating point and regular loads: C = A x B of 128 x 128 doubles, n times.
#include "kernel.h"

#define N 128

static double a[N][N], b[N][N], c[N][N];

u64 run(u32 n) {
	u64 seed = SEED;
	for (u32 i = 0; i < N; i++)
		for (u32 j = 0; j < N; j++) {
			a[i][j] = (double)(rng(&seed) >> 40) / 16777216.0;
			b[i][j] = (double)(rng(&seed) >> 40) / 16777216.0;
		}
	u64 h = SEED;
	for (u32 round = 0; round < n; round++) {
		for (u32 i = 0; i < N; i++)
			for (u32 j = 0; j < N; j++) {
				double sum = 0;
				for (u32 k = 0; k < N; k++) sum += a[i][k] * b[k][j];
				c[i][j] = sum;
			}
		a[round % N][0] += 1.0;
		h = mix(h, bits(c[round % N][N / 2]));
	}
	return h;
}
