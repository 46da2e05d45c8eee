// SQLite as a WASI command: reads SQL from standard input, runs it statement by
// statement, and prints each row as tab-separated text.
//
//   sqlite [FILE]      the database; without one it lives in memory
//
// The first error is printed to standard error and ends with status 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3-binding.h"

static char *read_all(FILE *f) {
	size_t room = 1 << 16, n = 0;
	char *text = malloc(room);
	while (text) {
		n += fread(text + n, 1, room - n - 1, f);
		if (n + 1 < room) break;
		char *more = realloc(text, room *= 2);
		if (!more) free(text);
		text = more;
	}
	if (text) text[n] = 0;
	return text;
}

static void print_row(sqlite3_stmt *s) {
	for (int i = 0; i < sqlite3_column_count(s); i++) {
		const unsigned char *text = sqlite3_column_text(s, i);
		if (i) putchar('\t');
		fputs(text ? (const char *)text : "NULL", stdout);
	}
	putchar('\n');
}

static int fail(sqlite3 *db) {
	fflush(stdout);
	fprintf(stderr, "sqlite: %s\n", db ? sqlite3_errmsg(db) : "out of memory");
	return 1;
}

int main(int argc, char **argv) {
	char *sql = read_all(stdin);
	sqlite3 *db = NULL;
	if (!sql || sqlite3_open(argc > 1 ? argv[1] : ":memory:", &db) != SQLITE_OK) return fail(db);
	const char *rest = sql;
	while (*rest) {
		sqlite3_stmt *s = NULL;
		if (sqlite3_prepare_v2(db, rest, -1, &s, &rest) != SQLITE_OK) return fail(db);
		if (!s) continue; // blanks or a comment
		int r;
		while ((r = sqlite3_step(s)) == SQLITE_ROW) print_row(s);
		sqlite3_finalize(s);
		if (r != SQLITE_DONE) return fail(db);
	}
	free(sql);
	if (sqlite3_close(db) != SQLITE_OK) return fail(db);
	return fflush(stdout) ? 1 : 0;
}
