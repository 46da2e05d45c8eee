// What the latency benches call: nothing, a host call, the vowels of a text,
// endless and bounded work. Freestanding, one page of memory to spare.
typedef unsigned char u8;
typedef unsigned long long u64;

#define HOST(name) __attribute__((import_module("vudo"), import_name(#name))) name
#define EXPORT(name) __attribute__((export_name(#name))) name

static u8 text[65536];
static u64 state = 1;

void EXPORT(nothing)(void) {}

int EXPORT(answer)(void) { return 42; }

// burn turns a generator n times: about six operators each.
u64 EXPORT(burn)(u64 n) {
	u64 x = state;
	while (n--) x = x * 6364136223846793005ull + 1442695040888963407ull;
	return state = x;
}

void EXPORT(spin)(void) {
	for (;;) state = state * 6364136223846793005ull + 1;
}

// count answers {"count":N} for up to 65,536 bytes of text.
static int count(const u8 *p, int n, u8 *out) {
	int found = 0, k = 0;
	for (int i = 0; i < n; i++) switch (p[i] | 0x20) {
		case 'a': case 'e': case 'i': case 'o': case 'u': found++;
	}
	u8 digits[10];
	do digits[k++] = (u8)('0' + found % 10), found /= 10; while (found);
	const char *head = "{\"count\":";
	int at = 0;
	while (*head) out[at++] = (u8)*head++;
	while (k) out[at++] = digits[--k];
	out[at++] = '}';
	return at;
}

#ifdef EXTISM
// The same work against Extism's host functions: memory of the host is reached
// by offset, a word or a byte at a time.
#define EXTISM_HOST(name) __attribute__((import_module("extism:host/env"), import_name(#name))) extism_##name
u64 EXTISM_HOST(input_length)(void);
u64 EXTISM_HOST(input_load_u64)(u64);
int EXTISM_HOST(input_load_u8)(u64);
u64 EXTISM_HOST(alloc)(u64);
void EXTISM_HOST(store_u8)(u64, int);
void EXTISM_HOST(store_u64)(u64, u64);
void EXTISM_HOST(output_set)(u64, u64);

int EXPORT(vowels)(void) {
	u64 n = extism_input_length(), i = 0;
	if (n > sizeof text) return 1;
	for (; i + 8 <= n; i += 8) *(u64 *)(text + i) = extism_input_load_u64(i);
	for (; i < n; i++) text[i] = (u8)extism_input_load_u8(i);
	u8 out[32];
	u64 k = (u64)count(text, (int)n, out), at = extism_alloc(k);
	for (i = 0; i + 8 <= k; i += 8) extism_store_u64(at + i, *(u64 *)(out + i));
	for (; i < k; i++) extism_store_u8(at + i, out[i]);
	extism_output_set(at, k);
	return 0;
}
#else
int HOST(host_input_len)(void);
int HOST(host_input_read)(int offset, void *p, int len);
int HOST(host_output_write)(const void *p, int len);

// reads moves 64 bytes from the host a thousand times.
void EXPORT(reads)(void) {
	for (int i = 0; i < 1000; i++) host_input_read(0, text, 64);
}

int EXPORT(vowels)(void) {
	int n = host_input_len();
	if (n > (int)sizeof text || host_input_read(0, text, n) != n) return 1;
	u8 out[32];
	return host_output_write(out, count(text, n, out)) < 0;
}
#endif
