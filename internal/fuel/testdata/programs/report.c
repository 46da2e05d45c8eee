// A C program with a libc: allocation, formatting, sorting and floating point.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
	unsigned n = 500, seed = 1;
	unsigned *v = malloc(n * sizeof *v);
	double sum = 0;
	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		v[i] = seed >> 8;
		sum += v[i] / 3.0;
	}
	qsort(v, n, sizeof *v, by_value);
	char line[200];
	for (unsigned i = 0; i < n; i += 50) {
		snprintf(line, sizeof line, "%u %x %-8s %.4f", v[i], v[i], "row", v[i] / 7.0);
		printf("%s %zu\n", line, strlen(line));
	}
	printf("sum %.3f\n", sum);
	if (argc > 1) {
		return v[0] / (argc - 2); // traps with one argument
	}
	free(v);
	return 0;
}
