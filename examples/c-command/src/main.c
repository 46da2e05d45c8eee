// Reads text and prints its ten most frequent words: an ordinary C program with
// malloc, stdio and qsort that knows nothing of the machine it runs on.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	char *word;
	unsigned long count;
} entry;

static entry *entries;
static size_t used, room;

static void *grow(void *p, size_t bytes) {
	p = realloc(p, bytes);
	if (!p) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return p;
}

// slots holds indices into entries plus one; 0 is free. Its size is a power of
// two and it is rebuilt at half full.
static size_t *slots, slot_count;

static unsigned long hash(const char *s) {
	unsigned long h = 2166136261u;
	for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static size_t *slot(const char *word) {
	size_t i = hash(word) & (slot_count - 1);
	while (slots[i] && strcmp(entries[slots[i] - 1].word, word)) i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

static void rebuild(void) {
	slot_count = slot_count ? slot_count * 2 : 1024;
	slots = grow(slots, slot_count * sizeof *slots);
	memset(slots, 0, slot_count * sizeof *slots);
	for (size_t i = 0; i < used; i++) *slot(entries[i].word) = i + 1;
}

static void add(const char *word) {
	if (used * 2 >= slot_count) rebuild();
	size_t *s = slot(word);
	if (!*s) {
		if (used == room) {
			room = room ? room * 2 : 256;
			entries = grow(entries, room * sizeof *entries);
		}
		size_t n = strlen(word) + 1;
		entries[used].word = memcpy(grow(NULL, n), word, n);
		entries[used].count = 0;
		*s = ++used;
	}
	entries[*s - 1].count++;
}

static int by_count(const void *a, const void *b) {
	const entry *x = a, *y = b;
	if (x->count != y->count) return x->count < y->count ? 1 : -1;
	return strcmp(x->word, y->word);
}

int main(void) {
	char *word = NULL;
	size_t len = 0, cap = 0;
	int c;
	do {
		c = getchar();
		if (len + 1 >= cap) word = grow(word, cap = cap ? cap * 2 : 64);
		if (c != EOF && c < 128 && isalpha(c)) {
			word[len++] = (char)tolower(c);
		} else if (len) {
			word[len] = 0;
			add(word);
			len = 0;
		}
	} while (c != EOF);
	qsort(entries, used, sizeof *entries, by_count);
	for (size_t i = 0; i < used && i < 10; i++) printf("%lu %s\n", entries[i].count, entries[i].word);
	return 0;
}
