package fuel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
)

// suites says what engine features each official suite needs, and how many
// assertions its scripts hold.
var suites = map[string]struct {
	features api.CoreFeatures
	asserts  int
}{
	"v1":             {api.CoreFeaturesV1, 18438},
	"v2":             {api.CoreFeaturesV2, 52230},
	"tail-call":      {api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall, 113},
	"extended-const": {api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst, 104},
}

// Proves: fuel 6.1
func TestSpecificationSuites(t *testing.T) {
	for _, suite := range spectest.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			scripts, err := spectest.Load(suite)
			if err != nil {
				t.Fatal(err)
			}
			var all tally
			for i := range scripts {
				all.add(runScript(t, &scripts[i]))
			}
			t.Logf("%s: %d scripts, %d asserts of which %d are about source text that neither side reads, %d pass unmetered, %d pass metered; "+
				"%d actions; %d commands differ; %d entries into the host",
				suite, len(scripts), all.asserts, all.text, all.plain, all.metered, all.actions, all.differ, all.hooks)
			if all.differ != 0 || all.metered != all.plain {
				t.Errorf("%d of %d asserts differ", all.differ, all.asserts)
			}
			if want := suites[suite].asserts; all.asserts != want || all.plain != want-all.text {
				t.Errorf("%d asserts and %d pass unmetered, want %d and all but those about text", all.asserts, all.plain, want)
			}
			if all.hooks == 0 {
				t.Error("no metered module ever entered the host")
			}
		})
	}
}

type tally struct{ asserts, text, actions, plain, metered, differ, hooks int }

func (a *tally) add(b tally) {
	a.asserts += b.asserts
	a.text += b.text
	a.actions += b.actions
	a.plain += b.plain
	a.metered += b.metered
	a.differ += b.differ
	a.hooks += b.hooks
}

// outcome is what a command gave: comparable between the two sides.
type outcome struct {
	ok   bool // as the script expects
	text string
}

// side is one of the two engines that run a script: one takes the modules as
// they are, the other metered.
type side struct {
	ctx   context.Context
	rt    wazero.Runtime
	meter *meterHost // nil: unmetered
	named map[string]api.Module
	last  api.Module
}

func newSide(t *testing.T, suite string, metered bool) *side {
	s := &side{ctx: context.Background(), named: map[string]api.Module{}}
	s.rt = wazero.NewRuntimeWithConfig(s.ctx, wazero.NewRuntimeConfigCompiler().WithCoreFeatures(suites[suite].features))
	dir, err := spectest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.ReadFile(filepath.Join(dir, "internal/integration_test/spectest/testdata/spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.rt.InstantiateWithConfig(s.ctx, host, wazero.NewModuleConfig()); err != nil {
		t.Fatal(err)
	}
	if metered {
		s.meter = &meterHost{slice: fixedSlice(50)}
		b := s.rt.NewHostModuleBuilder(Reserved)
		i32 := api.ValueTypeI32
		for _, f := range []struct {
			name            string
			params, results []api.ValueType
		}{
			{ImportHook, nil, nil},
			{ImportStackOverflow, nil, nil},
			{ImportMemoryGrow, []api.ValueType{i32}, []api.ValueType{i32}},
			{ImportTableGrow, []api.ValueType{i32, i32}, []api.ValueType{i32}},
		} {
			b.NewFunctionBuilder().WithGoModuleFunction(s.meter.function(f.name, len(f.params)), f.params, f.results).Export(f.name)
		}
		if _, err := b.Instantiate(s.ctx); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// instantiate brings a module to life; metered, its start function runs here.
func (s *side) instantiate(bytes []byte, as string) (api.Module, error) {
	if s.meter == nil {
		return s.rt.InstantiateWithConfig(s.ctx, bytes, wazero.NewModuleConfig().WithName(as).WithStartFunctions())
	}
	m, err := wasm.Decode(bytes, wasm.DecodeOptions{})
	if err != nil {
		return nil, err
	}
	out, err := Instrument(m, Config{Shape: ShapeLimits{Off: true}})
	if err != nil {
		return nil, err
	}
	mod, err := s.rt.InstantiateWithConfig(s.ctx, out.Bytes, wazero.NewModuleConfig().WithName(as).WithStartFunctions())
	if err != nil {
		return nil, err
	}
	setDepth(mod, 65536)
	if out.Start {
		if _, err := mod.ExportedFunction(ExportStart).Call(s.ctx); err != nil {
			return nil, err
		}
	}
	return mod, nil
}

func (s *side) module(name string) api.Module {
	if name == "" {
		return s.last
	}
	return s.named[name]
}

func firstLine(err error) string {
	if errors.Is(err, errOverflow) {
		return "stack overflow"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// trapTexts maps how a trap's text begins in the scripts to the engine's words
// where they differ.
var trapTexts = []struct{ script, engine string }{
	{"undefined", "invalid table access"},
	{"uninitialized", "invalid table access"},
	{"out of bounds table access", "invalid table access"},
	{"indirect call", "indirect call type mismatch"},
	{"call stack exhausted", "stack overflow"},
}

func (s *side) command(script *spectest.Script, c *spectest.Command, register string) outcome {
	load := func() error {
		bytes, err := script.Module(c)
		if err == nil && script.Suite == "v1" {
			// What was invalid in 1.0 may be valid in 2.0, the only version that
			// our validator knows: for 1.0 the engine in 1.0 mode stands in its place.
			var compiled wazero.CompiledModule
			if compiled, err = s.rt.CompileModule(s.ctx, bytes); err == nil {
				compiled.Close(s.ctx)
			}
		}
		if err == nil {
			_, err = s.instantiate(bytes, "")
		}
		return err
	}
	switch c.Type {
	case "module":
		bytes, err := script.Module(c)
		if err != nil {
			return outcome{false, err.Error()}
		}
		mod, err := s.instantiate(bytes, register)
		if err != nil {
			return outcome{false, firstLine(err)}
		}
		if c.Name != "" {
			s.named[c.Name] = mod
		}
		s.last = mod
		return outcome{true, "loaded"}
	case "assert_malformed", "assert_invalid", "assert_unlinkable", "assert_uninstantiable":
		err := load()
		if c.Type == "assert_uninstantiable" && c.Text == "out of bounds table access" {
			// The engine keeps the instance, see its own runner; only the two sides are compared.
			return outcome{true, fmt.Sprint(err != nil)}
		}
		return outcome{err != nil, fmt.Sprint(err != nil)}
	}
	mod := s.module(c.Action.Module)
	if mod == nil {
		return outcome{false, "no module"}
	}
	if s.meter != nil {
		setDepth(mod, 65536)
	}
	if c.Action.Type == "get" {
		g := mod.ExportedGlobal(c.Action.Field)
		if g == nil {
			return outcome{false, "no global"}
		}
		ok, err := matches([]uint64{g.Get()}, c.Expected)
		return outcome{ok && err == nil, fmt.Sprint(g.Get())}
	}
	args, err := arguments(c.Action.Args)
	if err != nil {
		return outcome{false, err.Error()}
	}
	f := mod.ExportedFunction(c.Action.Field)
	if f == nil {
		return outcome{false, "no function"}
	}
	results, err := f.Call(s.ctx, args...)
	switch c.Type {
	case "assert_return", "action":
		if err != nil {
			return outcome{false, firstLine(err)}
		}
		shown := append([]uint64(nil), results...)
		at := 0
		for _, t := range f.Definition().ResultTypes() {
			if t == api.ValueType(wasm.FuncRef) && shown[at] != 0 {
				shown[at] = 1 // an address in the engine
			}
			at++
			if t == api.ValueType(wasm.V128) {
				at++
			}
		}
		ok, err := matches(results, c.Expected)
		return outcome{ok && err == nil, fmt.Sprintf("%x", shown)}
	case "assert_trap", "assert_exhaustion":
		if err == nil {
			return outcome{false, "no trap"}
		}
		want := c.Text
		for _, t := range trapTexts {
			if strings.HasPrefix(want, t.script) {
				want = t.engine
				break
			}
		}
		line := firstLine(err)
		return outcome{strings.Contains(line, want), line}
	}
	return outcome{false, "unknown command " + c.Type}
}

// runScript runs a script on both sides and compares command by command.
func runScript(t *testing.T, script *spectest.Script) (n tally) {
	plain, metered := newSide(t, script.Suite, false), newSide(t, script.Suite, true)
	defer plain.rt.Close(plain.ctx)
	defer metered.rt.Close(metered.ctx)
	for i := range script.Commands {
		c := &script.Commands[i]
		assert := strings.HasPrefix(c.Type, "assert")
		if assert {
			n.asserts++
		}
		if c.ModuleType == "text" {
			n.text++
		}
		if c.Type == "register" || c.ModuleType == "text" {
			continue
		}
		register := ""
		if c.Type == "module" && i+1 < len(script.Commands) && script.Commands[i+1].Type == "register" {
			register = script.Commands[i+1].As
		}
		a, b := plain.command(script, c, register), metered.command(script, c, register)
		if c.Type == "action" {
			n.actions++
		}
		if assert {
			if a.ok {
				n.plain++
			}
			if b.ok {
				n.metered++
			}
		}
		if a != b {
			n.differ++
			t.Errorf("%s %s:%d %s: unmetered %v %q, metered %v %q", script.Suite, script.Name, c.Line, c.Type, a.ok, a.text, b.ok, b.text)
		} else if !a.ok {
			t.Logf("%s %s:%d %s: both sides differ from the script: %q", script.Suite, script.Name, c.Line, c.Type, a.text)
		}
	}
	n.hooks = metered.meter.hooks
	return n
}

// lanes returns the texts of a value's lanes and the bits of each.
func lanes(v *spectest.Value) (texts []string, bits int, err error) {
	if v.Type == "v128" {
		bits = map[string]int{"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}[v.Lane]
		return texts, bits, errJoin(json.Unmarshal(v.Value, &texts), bits == 0, "lane type "+v.Lane)
	}
	bits = map[string]int{"i32": 32, "f32": 32}[v.Type]
	if bits == 0 {
		bits = 64
	}
	var s string
	err = json.Unmarshal(v.Value, &s)
	return []string{s}, bits, err
}

func errJoin(err error, bad bool, what string) error {
	if err == nil && bad {
		return errors.New(what)
	}
	return err
}

func arguments(values []spectest.Value) ([]uint64, error) {
	var args []uint64
	for i := range values {
		v := &values[i]
		texts, bits, err := lanes(v)
		if err != nil {
			return nil, err
		}
		if v.Type == "funcref" || v.Type == "externref" {
			args = append(args, reference(v.Type, texts[0]))
			continue
		}
		words := make([]uint64, (len(texts)*bits+63)/64)
		for k, s := range texts {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return nil, err
			}
			words[k*bits/64] |= n << (k * bits % 64)
		}
		args = append(args, words...)
	}
	return args, nil
}

// reference is how the engine passes a reference: null is 0.
func reference(typ, text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if text == "null" || typ == "funcref" || err != nil {
		return 0
	}
	return n + 1
}

// matches compares results with what the script expects.
func matches(got []uint64, expected []spectest.Value) (bool, error) {
	at := 0
	for i := range expected {
		v := &expected[i]
		if len(v.Value) == 0 { // any reference
			at++
			continue
		}
		texts, bits, err := lanes(v)
		if err != nil {
			return false, err
		}
		if v.Type == "funcref" || v.Type == "externref" {
			if got[at] != reference(v.Type, texts[0]) {
				return false, nil
			}
			at++
			continue
		}
		float := strings.HasPrefix(v.Type, "f") || strings.HasPrefix(v.Lane, "f")
		for k, s := range texts {
			word := got[at+k*bits/64] >> (k * bits % 64)
			if bits < 64 {
				word &= 1<<bits - 1
			}
			if float && strings.HasPrefix(s, "nan") {
				if bits == 32 && !math.IsNaN(float64(math.Float32frombits(uint32(word)))) ||
					bits == 64 && !math.IsNaN(math.Float64frombits(word)) {
					return false, nil
				}
				continue
			}
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil || n != word {
				return false, err
			}
		}
		at += (len(texts)*bits + 63) / 64
	}
	return at == len(got), nil
}
