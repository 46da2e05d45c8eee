// The native build of one kernel: KERNEL N RUNS prints the checksum in hex and
// then the nanoseconds of each run, one a line.
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

unsigned long long run(unsigned int n);

static long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv) {
	if (argc != 3) {
		fprintf(stderr, "usage: %s N RUNS\n", argv[0]);
		return 2;
	}
	unsigned n = (unsigned)strtoul(argv[1], 0, 10);
	int runs = atoi(argv[2]);
	for (int i = 0; i < runs; i++) {
		long long t = now();
		unsigned long long sum = run(n);
		t = now() - t;
		if (i == 0) printf("%016llx\n", sum);
		printf("%lld\n", t);
	}
	return 0;
}
