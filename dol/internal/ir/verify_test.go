package ir

import (
	"strings"
	"testing"
)

// TestVerifyRefuses changes the text of a right module in one place at a time:
// each makes it wrong, and the error says how.
func TestVerifyRefuses(t *testing.T) {
	for _, c := range []struct{ old, changed, want string }{
		{"#2 \"lambda\" extends #1.closure (\"function\" i32", "#2 \"lambda\" extends #1.closure (\"function\" i64", "differs from that of parent"},
		{"#1 \"closure\" (", "#1 \"closure\" extends #1 (", "its own ancestor"},
		{"array f32", "array u8", "second array of bytes"},
		{`funcindex(@1.outer)`, "funcindex(@0)", "takes no closure first"},
		{"i32(-1))\n", "f32(1))\n", "operand is f32, must be i32"},
		{"new(#2.lambda, funcindex(@1.outer), i32(-1))", "new(#2.lambda, i32(-1))", "not the fields of a struct"},
		{"%2.v = newarray", "%3 = newarray", "operand is ref, must be i64"},
		{"setelem(#4.Array<f32>, %2.v, i32(0)", "setelem(#4, %2.v, i64(0)", "index: operand is i64, must be i32"},
		{"setelem(#4.Array<f32>", "setelem(#3", "object Vec<f32> is no array"},
		{"field(#2.lambda, 1.x, %0.env)", "field(#2.lambda, 1.x, %3)", "operand is i64, must be ref"},
		{"br ^1.head", "br ^7", "there are"},
		{"if same(%0.env, null)", "if $0.N", "if: operand is i64"},
		{"panic(\"no\")!0:5:5", "br ^0.end", "outside its Seq"},
		{"    unreachable\n  } callref", "    return\n  } callref", "return: no value"},
		{"callref<(f32) -> f64>", "callref<(f32) -> f32>", "return: operand is f32"},
		{"callref<(f32) -> f64>(%0.env, %1)", "callref<(f32) -> f64>(%0.env)", "0 arguments, must be 1"},
		{"i64.div_s($0.N, %3)", "i64.div_s($0.N, %1)", "operand is f32, must be i64"},
		{"call(@0.init)", "call(@0.init, null)", "1 arguments, must be 0"},
		{"i32(1), i64(-9", "i64(-9", "4 arguments, must be 5"},
		{"start @0.init", "start @1", "parameters or a result"},
		{`("a" "string" text, "b" "f32" f32) f64`, `("a" "string" text) f64`, "1 parameters"},
		{`"b" "f32" f32) f64`, `"b" "f32" f32) text`, "result does not fit"},
		{`export "g"`, `export "f"`, "twice"},
		{`("u32", "Array<f32>")`, `("u32")`, "its object does not fit"},
		{"!0:2:3", "!1:2:3", "no such place"},
		{"loop ^1.head", "loop ^0.end", "used twice"},
	} {
		base := strings.ReplaceAll(everything, "outer._lambda_1_", "outer")
		text := strings.Replace(base, c.old, c.changed, 1)
		if text == base {
			t.Errorf("%s: not in the text", c.old)
			continue
		}
		m, err := ParseText([]byte(text))
		if err == nil {
			err = Verify(m)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: %v, want %s", c.old, c.changed, err, c.want)
		}
	}
}

// TestTerminates: which bodies no path leaves at the end.
func TestTerminates(t *testing.T) {
	for body, want := range map[string]bool{
		"":                     false,
		"return":               true,
		"unreachable":          true,
		"panic(\"\")":          true,
		"if %0 {\n return\n }": false,
		"if %0 {\n return\n } else {\n return\n }":           true,
		"block ^0 {\n return\n }":                            true,
		"block ^0 {\n br ^0\n }":                             false,
		"block ^0 {\n return\n br ^0\n }":                    true,
		"loop ^0 {\n br ^0\n }":                              true,
		"loop ^0 {\n if %0 {\n br ^0\n }\n }":                false,
		"block ^0 {\n loop ^1 {\n switch %0 (^1) ^0\n }\n }": false,
		"block ^0 {\n loop ^1 {\n switch %0 (^1) ^1\n }\n }": true,
		"do seq {\n return\n } %0":                           true,
		"do tern(%0, seq {\n return\n } %0, %0)":             false,
	} {
		m, err := ParseText([]byte("module \"\" objects 0 imports 0 globals 0 funcs 1\nfunc @0 \"\" (%0 \"\" i32) {\n" + body + "\n}\n"))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := Terminates(m.Funcs[0].Body); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
