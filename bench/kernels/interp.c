// Dispatch: a stack machine of one switch that counts the Collatz steps of
// 1..n*100 and keeps the longest.
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, MUL, SHR, AND, LT, EQ, JZ, JMP, HALT };

// Variables: 0 = i, 1 = x, 2 = steps, 3 = best, 4 = sum, 5 = end.
static const u32 code[] = {
	/*  0 */ LOAD, 5, LOAD, 0, LT, JZ, 9, // while !(end < i)
	/*  7 */ JMP, 70,
	/*  9 */ LOAD, 0, STORE, 1, PUSH, 0, STORE, 2,
	/* 17 */ LOAD, 1, PUSH, 1, EQ, JZ, 26, // while x != 1
	/* 24 */ JMP, 54,
	/* 26 */ LOAD, 2, PUSH, 1, ADD, STORE, 2,
	/* 33 */ LOAD, 1, PUSH, 1, AND, JZ, 47,
	/* 40 */ LOAD, 1, PUSH, 3, MUL, JMP, 71, // x = 3x + 1
	/* 47 */ LOAD, 1, SHR, STORE, 1, JMP, 17,
	/* 54 */ LOAD, 3, LOAD, 2, LT, JZ, 78,
	/* 61 */ LOAD, 2, STORE, 3, JMP, 78,
	/* 67 */ HALT, HALT, HALT,
	/* 70 */ HALT,
	/* 71 */ PUSH, 1, ADD, STORE, 1, JMP, 17,
	/* 78 */ LOAD, 4, LOAD, 2, ADD, STORE, 4,
	/* 85 */ LOAD, 0, PUSH, 1, ADD, STORE, 0, JMP, 0};

static u64 stack[64], vars[8];

static void execute(void) {
	u32 pc = 0, sp = 0;
	for (;;) {
		switch (code[pc++]) {
		case PUSH: stack[sp++] = code[pc++]; break;
		case LOAD: stack[sp++] = vars[code[pc++]]; break;
		case STORE: vars[code[pc++]] = stack[--sp]; break;
		case ADD: sp--; stack[sp - 1] += stack[sp]; break;
		case MUL: sp--; stack[sp - 1] *= stack[sp]; break;
		case SHR: stack[sp - 1] >>= 1; break;
		case AND: sp--; stack[sp - 1] &= stack[sp]; break;
		case LT: sp--; stack[sp - 1] = stack[sp - 1] < stack[sp]; break;
		case EQ: sp--; stack[sp - 1] = stack[sp - 1] == stack[sp]; break;
		case JZ: pc = stack[--sp] ? pc + 1 : code[pc]; break;
		case JMP: pc = code[pc]; break;
		default: return;
		}
	}
}

u64 run(u32 n) {
	for (u32 i = 0; i < 8; i++) vars[i] = 0;
	vars[0] = 1, vars[5] = (u64)n * 100;
	execute();
	return mix(vars[3], vars[4]);
}
