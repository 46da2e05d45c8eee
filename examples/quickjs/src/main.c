// A JavaScript engine as a WASI command: reads one script from standard input
// and runs it. The engine is QuickJS 2021-03-27, compiled from its own source.
//
//   quickjs [-m] [-b] [ARG...]
//
//   -m  evaluate the input as a module
//   -b  switch on the engine's number extensions (BigFloat, BigDecimal, operators)
//
// The script sees print, console.log, scriptArgs, gc() and
// parse(source, isModule), which throws SyntaxError without running anything.
// An uncaught exception is printed to standard error and ends with status 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

static char *read_all(FILE *f, size_t *len) {
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
	*len = n;
	return text;
}

static JSValue js_print(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
	(void)this;
	for (int i = 0; i < argc; i++) {
		size_t len;
		const char *s = JS_ToCStringLen(ctx, &len, argv[i]);
		if (!s) return JS_EXCEPTION;
		if (i) putchar(' ');
		fwrite(s, 1, len, stdout);
		JS_FreeCString(ctx, s);
	}
	putchar('\n');
	return JS_UNDEFINED;
}

static JSValue js_gc(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
	(void)this, (void)argc, (void)argv;
	JS_RunGC(JS_GetRuntime(ctx));
	return JS_UNDEFINED;
}

static JSValue js_parse(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
	(void)this, (void)argc;
	size_t len;
	const char *s = JS_ToCStringLen(ctx, &len, argv[0]);
	if (!s) return JS_EXCEPTION;
	int type = JS_ToBool(ctx, argv[1]) ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
	JSValue v = JS_Eval(ctx, s, len, "<parse>", type | JS_EVAL_FLAG_COMPILE_ONLY);
	JS_FreeCString(ctx, s);
	if (JS_IsException(v)) return v;
	JS_FreeValue(ctx, v);
	return JS_UNDEFINED;
}

// report prints an exception and its stack to standard error.
static void report(JSContext *ctx) {
	JSValue e = JS_GetException(ctx);
	const char *s = JS_ToCString(ctx, e);
	fprintf(stderr, "%s\n", s ? s : "exception");
	JS_FreeCString(ctx, s);
	if (JS_IsError(ctx, e)) {
		JSValue stack = JS_GetPropertyStr(ctx, e, "stack");
		if (!JS_IsUndefined(stack) && (s = JS_ToCString(ctx, stack))) {
			fputs(s, stderr);
			JS_FreeCString(ctx, s);
		}
		JS_FreeValue(ctx, stack);
	}
	JS_FreeValue(ctx, e);
}

static void define(JSContext *ctx, JSValueConst on, const char *name, JSCFunction *f, int args) {
	JS_SetPropertyStr(ctx, on, name, JS_NewCFunction(ctx, f, name, args));
}

int main(int argc, char **argv) {
	int module = 0, bignum = 0, first = 1;
	for (; first < argc && argv[first][0] == '-'; first++) {
		if (!strcmp(argv[first], "-m")) {
			module = 1;
		} else if (!strcmp(argv[first], "-b")) {
			bignum = 1;
		} else {
			fprintf(stderr, "quickjs: unknown option %s\nusage: quickjs [-m] [-b] [ARG...] < SCRIPT\n", argv[first]);
			return 2;
		}
	}
	size_t len;
	char *script = read_all(stdin, &len);
	JSRuntime *rt = JS_NewRuntime();
	JSContext *ctx = rt ? JS_NewContext(rt) : NULL;
	if (!script || !ctx) {
		fputs("out of memory\n", stderr);
		return 1;
	}
	JS_SetMaxStackSize(rt, 512 * 1024); // of the 1 MiB that the linker lays out
	if (bignum) {
		JS_AddIntrinsicBigFloat(ctx);
		JS_AddIntrinsicBigDecimal(ctx);
		JS_AddIntrinsicOperators(ctx);
		JS_EnableBignumExt(ctx, 1);
	}

	JSValue global = JS_GetGlobalObject(ctx), console = JS_NewObject(ctx), args = JS_NewArray(ctx);
	define(ctx, global, "print", js_print, 1);
	define(ctx, global, "gc", js_gc, 0);
	define(ctx, global, "parse", js_parse, 2);
	define(ctx, console, "log", js_print, 1);
	JS_SetPropertyStr(ctx, global, "console", console);
	for (int i = first, n = 0; i < argc; i++) JS_SetPropertyUint32(ctx, args, n++, JS_NewString(ctx, argv[i]));
	JS_SetPropertyStr(ctx, global, "scriptArgs", args);
	JS_FreeValue(ctx, global);

	int status = 0;
	JSValue v = JS_Eval(ctx, script, len, "<stdin>", module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL);
	if (JS_IsException(v)) {
		report(ctx);
		status = 1;
	}
	JS_FreeValue(ctx, v);
	for (JSContext *c; status == 0;) { // promise jobs, until none is left
		int n = JS_ExecutePendingJob(rt, &c);
		if (n < 0) {
			report(c);
			status = 1;
		}
		if (n <= 0) break;
	}
	free(script);
	JS_FreeContext(ctx);
	JS_FreeRuntime(rt);
	return fflush(stdout) ? 1 : status;
}
