package lower_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/dol/internal/types"
)

// echoHost answers every call with the same bits and keeps what it got.
type echoHost struct {
	answer uint64
	got    []string
}

func (h *echoHost) Call(imp *ir.Import, args []ir.HostArg) (uint64, error) {
	line := imp.Module + "." + imp.Name
	for i, a := range args {
		if imp.Params[i] == ir.HostBytes {
			line += fmt.Sprintf(" %q", a.Bytes)
		} else {
			line += fmt.Sprintf(" %d", int64(a.Bits))
		}
	}
	h.got = append(h.got, line)
	return h.answer, nil
}

func (*echoHost) Read(addr, n uint32) ([]byte, error) { return nil, fmt.Errorf("nothing at %d", addr) }

// Proves: dol 8.5-b, 8.5-c, 5.2-a; what a host leaves in the unused bits of a
// result does not come in
func TestHostFunctions(t *testing.T) {
	const src = `
#[import(module = "m", name = "take")] sex fun take(a: i64, s: string, c: char, d: bool, e: u8, u: ())
#[import(module = "m", name = "b")] sex fun give_bool() -> bool
#[import(module = "m", name = "c")] sex fun give_char() -> char
#[import(module = "m", name = "d")] sex fun give_u8() -> u8
#[import(module = "m", name = "e")] sex fun give_i16() -> i16
#[import(module = "m", name = "f")] sex fun give_i64() -> i64
pub sex fun call_take() { take(-5, "héy", 'x', true, 200, ()) }
pub sex fun a() -> bool { give_bool() }
pub sex fun b() -> u32 { give_char() as u32 }
pub sex fun c() -> u8 { give_u8() }
pub sex fun d() -> i16 { give_i16() }
pub sex fun e() -> i64 { give_i64() }
pub sex fun value() -> u8 { let f = give_u8  f() + f() }
`
	m, problems := lower.Lower(check(t, src, types.Options{}), lower.Options{})
	if problems != nil {
		t.Fatal(problems)
	}
	h := &echoHost{answer: 0xdead_d8ff}
	ma, err := ir.NewMachine(m, ir.MachineConfig{Host: h})
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]string{
		"a()": "true", "b()": "65533", "c()": "255", "d()": "-9985", "e()": "3735935231", "value()": "254", "call_take()": "()",
	} {
		if got, err := callText(m, ma, call); err != nil || got != want {
			t.Errorf("%s = %s %v, want %s", call, got, err, want)
		}
	}
	all := strings.Join(h.got, "; ")
	if want := `m.take -5 "héy" 120 1 200`; !strings.Contains(all, want) {
		t.Errorf("the host got %s, want %s among it", all, want)
	}
	if len(m.Imports) != 6 {
		t.Errorf("%d imports, want 6", len(m.Imports))
	}
}

// Proves: dol 8.1-a monomorphise, 8.5-a; what nothing reaches is not in the module
func TestOnlyReachableThingsAreEmitted(t *testing.T) {
	m, problems := lower.Lower(check(t, `
sex var USED: i64 = 1
sex var UNUSED: Vec<string> = ["never"]
fun unused() { println("never") }
gen Never { has x: Option<i64> }
pub fun f() -> i64 { USED }
`, types.Options{}), lower.Options{})
	if problems != nil {
		t.Fatal(problems)
	}
	if len(m.Imports) != 0 || len(m.Globals) != 1 || len(m.Funcs) != 3 || len(m.Objects) != 1 {
		t.Errorf("%d imports, %d globals, %d functions, %d objects\n%s", len(m.Imports), len(m.Globals), len(m.Funcs), len(m.Objects), print(m))
	}
}

// The optimiser looks for these shapes; doc.go promises them.
func TestShapesOfVecAccessAndLoops(t *testing.T) {
	m, problems := lower.Lower(check(t, `
pub fun sum(v: Vec<f64>) -> f64 { var s = 0.0  for i in 0..v.len() { s += v[i] }  s }
pub fun fib(n: i64) -> i64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
`, types.Options{}), lower.Options{})
	if problems != nil {
		t.Fatal(problems)
	}
	text := strings.Join(strings.Fields(print(m)), " ")
	for _, want := range []string{
		`if i64\.ge_u\((%\d+\.i), i64\.extend_i32_u\(field\(#\d+\.Vec<f64>, 0\.len_, (%\d+\.v)\)\)\) \{ panic\(call\(@\d+\.signed_index_message, [^{}]*\} `,
		`elem\(#\d+\.Array<f64>, field\(#\d+\.Vec<f64>, 2\.buf_, %\d+\.v\), i32\.wrap_i64\(%\d+\.i\)\)`,
		`loop \^\d+\.loop \{ if i64\.ge_s\(%\d+\.i, %\d+\) \{ br \^\d+\.for \} .* %\d+\.i = i64\.add\(%\d+\.i, i64\(1\)\) br \^\d+\.loop \}`,
		`\{ if i64\.lt_s\(%0\.n, i64\(2\)\) \{ return %0\.n \} return i64\.add\(call\(`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// Proves: dol 8.4-a; a function that is not exported by itself can be on request
func TestFurtherExports(t *testing.T) {
	tree := check(t, "fun hidden(x: u8) -> u8 { x + 1 }\npub fun f() -> u8 { hidden(1) }\n", types.Options{})
	var o lower.Options
	for _, f := range tree.Funcs {
		if strings.HasSuffix(f.Name, ".hidden") {
			o.Exports = []*typed.Export{{Name: "hidden", Func: f}, {Name: "f", Func: f}} // f is taken
		}
	}
	m, problems := lower.Lower(tree, o)
	if problems != nil || len(m.Exports) != 2 {
		t.Fatalf("%v, %d exports", problems, len(m.Exports))
	}
	ma, err := ir.NewMachine(m, ir.MachineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]string{"hidden(255)": "0", "f()": "2"} {
		if got, err := callText(m, ma, call); err != nil || got != want {
			t.Errorf("%s = %s %v, want %s", call, got, err, want)
		}
	}
}
