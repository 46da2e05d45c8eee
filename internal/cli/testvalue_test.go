package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
)

// shapesSource has a property over values of many types, and gives them back.
const shapesSource = `module shapes
pub gen Meters { type: f64 }
pub gen Tree { type: enum { Leaf, Node { left: Tree, right: Tree }, Pair(Tree, i8), One(string) } }
pub gen Even { has n: i64  rule even { this.n % 2 == 0 } }
pub gen Child extends Even { has tag: string  rule tagged { this.tag.len() < 100 } }
pub gen All {
  has a: Vec<Option<f32>>
  has b: Map<char, Set<i16>>
  has c: (bool, u64)
  has d: Meters
  has e: Tree
  has f: Vec<Child>
  has g: Map<string, Option<i64>>
  has h: bytes
  has i: Option<Option<u8>>
  has j: char
  has k: Result<i32, string>
  has l: f64
  law any() { true }
}
pub fun same(x: All) -> All { x }
`

// allShape compiles shapesSource and finds the shape of All.
func allShape(t *testing.T) (*dol.Result, *dol.Shape) {
	t.Helper()
	res, problems := dol.Compile([]dol.Source{{Path: "shapes.dol", Text: []byte(shapesSource)}}, dol.Options{Tests: true})
	if res == nil {
		t.Fatal(problems.Error())
	}
	i := slices.IndexFunc(res.Properties, func(p dol.Property) bool { return p.Name == "All.any" })
	if i < 0 {
		t.Fatalf("no property All.any in %v", res.Properties)
	}
	return res, res.Properties[i].Params[0].Shape
}

// evens is what the rules of the source say, for records made without asking them.
func evens(v *testValue) (bool, error) {
	switch v.shape.Name {
	case "Even", "Child":
		return v.parts[0].bits%2 == 0 && (len(v.parts) == 1 || len(v.parts[1].text) < 100), nil
	}
	return true, nil
}

func newMaker(seed uint64) *valueMaker {
	return &valueMaker{rand: rand.New(rand.NewPCG(seed, 0)), heights: map[*dol.Shape]int{}, valid: evens}
}

// What the generator writes the compiled program reads, and what the program
// writes back is the same value.
//
// Proves: cli 9.49
func TestGeneratedValuesAreReadByPrograms(t *testing.T) {
	res, shape := allShape(t)
	ctx := t.Context()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.WithoutCancel(ctx))
	sb, err := rt.NewSandbox(ctx, res.Wasm, vudo.SandboxConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sb.Initialize(ctx); err != nil {
		t.Fatal(err)
	}
	const seed = 11
	m := newMaker(seed)
	for n := range 300 {
		m.at(n)
		v, err := m.make(shape, 0)
		if err != nil {
			t.Fatalf("seed %d, case %d: %v", seed, n, err)
		}
		in := appendArray(nil, []testValue{v})
		out, err := sb.Call(ctx, "same", in)
		if err != nil {
			t.Fatalf("seed %d, case %d: %s: %v", seed, n, in, err)
		}
		if got, want := decoded(t, out.Output), decoded(t, in[1:len(in)-1]); !sameJSON(got, want) {
			t.Fatalf("seed %d, case %d:\ngave %s\ngot  %s", seed, n, in, out.Output)
		}
	}
}

func decoded(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok || a == b {
			return ok
		}
		x, err1 := strconv.ParseFloat(a.String(), 64)
		y, err2 := strconv.ParseFloat(b.String(), 64)
		return err1 == nil && err2 == nil && x == y && strings.ContainsAny(a.String()+b.String(), ".eE")
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameJSON)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, x := range a {
			if y, has := b[k]; !has || !sameJSON(x, y) {
				return false
			}
		}
		return true
	}
	return a == b
}

// A seed gives the same values again, another one others.
//
// Proves: cli 9.49
func TestValuesFollowFromTheSeed(t *testing.T) {
	_, shape := allShape(t)
	text := func(seed uint64) string {
		m := newMaker(seed)
		var b strings.Builder
		for n := range 60 {
			m.at(n)
			v, err := m.make(shape, 0)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(v.String())
		}
		return b.String()
	}
	first, again, other := text(3), text(3), text(4)
	if first != again {
		t.Error("seed 3 gives different values")
	}
	if first == other {
		t.Error("seeds 3 and 4 give the same values")
	}
}

// Making a value simpler ends, whatever way it goes, at the one that is simplest.
//
// Proves: cli 9.49
func TestMakingSimplerEnds(t *testing.T) {
	_, shape := allShape(t)
	const seed = 7
	m := newMaker(seed)
	for n := range 40 {
		m.at(n)
		v, err := m.make(shape, 0)
		if err != nil {
			t.Fatal(err)
		}
		start := v.String()
		for steps := 0; ; steps++ {
			list := v.simpler()
			if len(list) == 0 {
				break
			}
			if steps > 100_000 {
				t.Fatalf("seed %d: %s does not come to an end, now %s", seed, start, v.String())
			}
			v = list[m.rand.IntN(len(list))]
		}
		want := `All { a: [], b: {}, c: (false, 0), d: Meters(0.0), e: Tree.Leaf, f: [], g: {}, h: bytes [], i: None, j: 'a', k: `
		if got := v.String(); !strings.HasPrefix(got, want) {
			t.Errorf("seed %d: %s became %s", seed, start, got)
		}
	}
}

// Integers become simpler in few steps, and every integer is reached on the way to
// a bound: the first one that still breaks a law is found exactly.
//
// Proves: cli 9.49
func TestTheSimplestIntegerIsFound(t *testing.T) {
	for _, bound := range []int64{0, 1, 2, 9, 100, 12_345, 1 << 40, -1, -2, -100, -(1 << 40)} {
		breaks := func(n int64) bool { return bound >= 0 && n >= bound || bound < 0 && n <= bound }
		n := int64(1<<62 + 12_345)
		if bound < 0 {
			n = -n
		}
		tries := 0
	again:
		for _, simple := range simplerInts(uint64(n), true) {
			if tries++; breaks(int64(simple)) {
				n = int64(simple)
				goto again
			}
		}
		if n != bound || tries > 10_000 {
			t.Errorf("bound %d: found %d after %d tries", bound, n, tries)
		}
	}
}

// DOL literals show no character that steers a terminal.
func TestValuesAreShownSafely(t *testing.T) {
	v := testValue{shape: &dol.Shape{Kind: dol.ShapeText}, text: "a\"\\\n\t\r\x1b[31m\u202e世"}
	if got, want := v.String(), `"a\"\\\n\t\r\u{1b}[31m\u{202e}世"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
