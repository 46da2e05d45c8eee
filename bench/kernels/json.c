// Text and pointers: writes a JSON document, parses it into a tree, walks the
// tree; n times.
#include "kernel.h"

typedef enum { NUL, BOOL, NUMBER, STRING, ARRAY, OBJECT } kind;

typedef struct node {
	kind kind;
	double number;
	const char *text, *key;
	u32 text_len, key_len;
	struct node *first, *next;
} node;

#define TEXT 65536
#define NODES 8192

static char doc[TEXT];
static node nodes[NODES];
static u32 doc_len, used;
static const char *at;

static void put(char c) { doc[doc_len++] = c; }
static void puts_(const char *s) { while (*s) put(*s++); }

static void put_number(u64 v) {
	char d[20];
	u32 k = 0;
	do d[k++] = (char)('0' + v % 10), v /= 10; while (v);
	while (k) put(d[--k]);
}

static void write_doc(u64 *seed) {
	doc_len = 0;
	put('[');
	for (u32 i = 0; i < 400; i++) {
		if (i) put(',');
		puts_("{\"id\": ");
		put_number(i);
		puts_(", \"name\": \"user ");
		put_number(rng(seed) % 100000);
		puts_("\\n\", \"tags\": [\"a\", \"bc\", true, null], \"score\": ");
		put_number(rng(seed) % 1000);
		put('.');
		put_number(rng(seed) % 1000);
		puts_("}");
	}
	put(']');
	put(0);
}

static void space(void) { while (*at == ' ' || *at == '\n' || *at == '\t') at++; }

static node *fresh(kind k) {
	if (used == NODES) __builtin_trap();
	node *n = &nodes[used++];
	n->kind = k, n->number = 0, n->text = n->key = 0, n->text_len = n->key_len = 0, n->first = n->next = 0;
	return n;
}

static void string(const char **s, u32 *len) {
	*s = ++at;
	while (*at != '"') at += *at == '\\' ? 2 : 1;
	*len = (u32)(at - *s);
	at++;
}

static node *value(void) {
	space();
	switch (*at) {
	case '{':
	case '[': {
		char open = *at++, close = open == '{' ? '}' : ']';
		node *n = fresh(open == '{' ? OBJECT : ARRAY), **tail = &n->first;
		for (space(); *at != close; space()) {
			const char *key = 0;
			u32 key_len = 0;
			if (open == '{') {
				string(&key, &key_len);
				space();
				at++;
			}
			node *c = value();
			c->key = key, c->key_len = key_len;
			*tail = c, tail = &c->next;
			space();
			if (*at == ',') {
				at++;
				space();
			}
		}
		at++;
		return n;
	}
	case '"': {
		node *n = fresh(STRING);
		string(&n->text, &n->text_len);
		return n;
	}
	case 't': at += 4; { node *n = fresh(BOOL); n->number = 1; return n; }
	case 'f': at += 5; return fresh(BOOL);
	case 'n': at += 4; return fresh(NUL);
	}
	node *n = fresh(NUMBER);
	double v = 0, scale = 1;
	while (*at >= '0' && *at <= '9') v = v * 10 + (*at++ - '0');
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++) v = v * 10 + (*at - '0'), scale *= 10;
	n->number = v / scale;
	return n;
}

static u64 walk(const node *n, u64 h) {
	for (; n; n = n->next) {
		h = mix(h, n->kind);
		for (u32 i = 0; i < n->key_len; i++) h = mix(h, (u8)n->key[i]);
		if (n->kind == STRING)
			for (u32 i = 0; i < n->text_len; i++) h = mix(h, (u8)n->text[i]);
		else
			h = mix(h, bits(n->number));
		h = walk(n->first, h);
	}
	return h;
}

u64 run(u32 n) {
	u64 seed = SEED, h = SEED;
	for (u32 i = 0; i < n; i++) {
		write_doc(&seed);
		at = doc, used = 0;
		h = walk(value(), h);
	}
	return h;
}
