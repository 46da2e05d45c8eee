// Text that grows: n thousand numbers written with commas into a buffer that
// doubles, then its bytes are folded.
#include "kernel.h"

static u8 heap[8 << 20];
static u32 used;

typedef struct {
	u8 *at;
	u32 len, cap;
} text;

static void append(text *t, const u8 *s, u32 n) {
	if (t->len + n > t->cap) {
		u32 cap = t->cap * 2 + n;
		u8 *to = heap + used;
		used += cap;
		__builtin_memcpy(to, t->at, t->len);
		t->at = to, t->cap = cap;
	}
	for (u32 i = 0; i < n; i++) t->at[t->len + i] = s[i];
	t->len += n;
}

static u32 digits(u8 *to, u64 v) {
	u8 rev[20];
	u32 n = 0;
	do rev[n++] = '0' + v % 10, v /= 10; while (v);
	for (u32 i = 0; i < n; i++) to[i] = rev[n - 1 - i];
	return n;
}

u64 run(u32 n) {
	u64 h = SEED;
	for (u32 round = 0; round < n; round++) {
		used = 0;
		text t = {heap, 0, 0};
		for (u64 i = 0; i < 1000; i++) {
			u8 buf[24];
			u32 k = digits(buf, i * i);
			buf[k++] = ',';
			append(&t, buf, k);
		}
		for (u32 i = 0; i < t.len; i++) h = mix(h, t.at[i]);
	}
	return h;
}
