// A Spirit in C: exported functions in place of main. The bytes convention reads
// the input and writes the output through imports of module "vudo".
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define HOST(name) __attribute__((import_module("vudo"), import_name(#name))) name
#define EXPORT(name) __attribute__((export_name(#name))) name

int32_t HOST(host_input_len)(void);
int32_t HOST(host_input_read)(int32_t offset, void *p, int32_t len);
int32_t HOST(host_output_write)(const void *p, int32_t len);

// vowels counts the ASCII vowels of the input and answers {"count":N}.
int32_t EXPORT(vowels)(void) {
	int32_t n = host_input_len();
	if (n < 0) return 1;
	unsigned char *text = malloc(n ? n : 1);
	if (!text) return 2;
	int32_t got = 0;
	while (got < n) {
		int32_t k = host_input_read(got, text + got, n - got);
		if (k <= 0) {
			free(text);
			return 3;
		}
		got += k;
	}
	uint64_t count = 0;
	for (int32_t i = 0; i < n; i++) switch (text[i] | 0x20) {
		case 'a': case 'e': case 'i': case 'o': case 'u': count++;
	}
	free(text);
	char answer[40];
	int len = snprintf(answer, sizeof answer, "{\"count\":%llu}", (unsigned long long)count);
	return host_output_write(answer, len) < 0 ? 4 : 0;
}

// gcd is a scalar export: the greatest common divisor.
int64_t EXPORT(gcd)(int64_t a, int64_t b) {
	while (b) {
		int64_t t = a % b;
		a = b;
		b = t;
	}
	return a;
}
