package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

const declaredZoo = `{"version":1,"exports":[
 {"name":"greet","params":[{"name":"who","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}},
 {"name":"echo","params":[{"name":"what","type":"bytes","abi":"bytes"}],"result":{"type":"bytes","abi":"bytes"}},
 {"name":"again","params":[{"name":"what","type":"Tree","abi":"json"}],"result":{"type":"Tree","abi":"json"}},
 {"name":"join","params":[{"name":"a","type":"string","abi":"text"},{"name":"n","type":"i64","abi":"i64"},{"name":"b","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}},
 {"name":"not","params":[{"name":"b","type":"bool","abi":"i32"}],"result":{"type":"bool","abi":"i32"}},
 {"name":"half","params":[{"name":"f","type":"f32","abi":"f32"},{"name":"g","type":"f64","abi":"f64"}],"result":{"type":"f64","abi":"f64"}},
 {"name":"huge","params":[],"result":{"type":"u64","abi":"i64"}},
 {"name":"seven","result":{"type":"i32","abi":"i32"}},
 {"name":"hello"},
 {"name":"result","params":[{"name":"at","type":"u32","abi":"i32"},{"name":"size","type":"u32","abi":"i32"}],"result":{"type":"string","abi":"text"}},
 {"name":"tree","params":[{"name":"at","type":"u32","abi":"i32"},{"name":"size","type":"u32","abi":"i32"}],"result":{"type":"Tree","abi":"json"}},
 {"name":"len","params":[{"name":"of","type":"string","abi":"text"}],"result":{"type":"u32","abi":"i32"}},
 {"name":"char","params":[{"name":"n","type":"u32","abi":"i32"}],"result":{"type":"char","abi":"i32"}},
 {"name":"both","params":[{"name":"n","type":"u32","abi":"i32"}],"result":{"type":"string","abi":"text"}}
]}`

// roomy is the allocator of an honest guest: a bump of 64 bytes and more, which
// grows the memory when it has to.
func roomy(b *wasm.Builder) {
	top := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(4096) })
	b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), wasm.Types(i32), func(e *wasm.Emitter) {
		e.GlobalGet(top).LocalTee(1).LocalGet(0).Op(wasm.OpI32Add).I32Const(64).Op(wasm.OpI32Add).GlobalSet(top)
		e.Loop(wasm.BlockEmpty)
		e.GlobalGet(top).OpIdx(wasm.OpMemorySize, 0).I32Const(65536).Op(wasm.OpI32Mul, wasm.OpI32GtU).If(wasm.BlockEmpty)
		e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).I32Const(0).Op(wasm.OpI32LtS).If(wasm.BlockEmpty).I32Const(0).Op(wasm.OpReturn).End()
		e.Br(1).End().End()
		e.LocalGet(1)
	})
}

// pack leaves the i64 of a result.
func pack(e *wasm.Emitter, at, size func()) {
	at()
	e.Op(wasm.OpI64ExtendI32U).I64Const(32).Op(wasm.OpI64Shl)
	size()
	e.Op(wasm.OpI64ExtendI32U, wasm.OpI64Or)
}

func declaredModule(alloc func(*wasm.Builder)) *wasm.Builder {
	b := wasm.NewBuilder()
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(i32, i32), wasm.Types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 200))
	b.Data(16, []byte("Hello, "))
	b.Data(32, []byte("\xff{]"))
	alloc(b)
	text := wasm.Types(i32, i32)
	b.Func("greet", text, wasm.Types(i64), nil, func(e *wasm.Emitter) { // at 1024
		e.I32Const(1024).I32Const(16).I32Const(7).OpIdx(wasm.OpMemoryCopy, 0, 0)
		e.I32Const(1031).LocalGet(0).LocalGet(1).OpIdx(wasm.OpMemoryCopy, 0, 0)
		pack(e, func() { e.I32Const(1024) }, func() { e.LocalGet(1).I32Const(7).Op(wasm.OpI32Add) })
	})
	for _, name := range []string{"echo", "again", "result", "tree"} {
		b.Func(name, text, wasm.Types(i64), nil, func(e *wasm.Emitter) {
			pack(e, func() { e.LocalGet(0) }, func() { e.LocalGet(1) })
		})
	}
	b.Func("join", wasm.Types(i32, i32, i64, i32, i32), wasm.Types(i64), nil, func(e *wasm.Emitter) {
		e.I32Const(1024).LocalGet(0).LocalGet(1).OpIdx(wasm.OpMemoryCopy, 0, 0)
		e.I32Const(1024).LocalGet(1).Op(wasm.OpI32Add).LocalGet(2).Op(wasm.OpI32WrapI64).Mem(wasm.OpI32Store8, 0, 0)
		e.I32Const(1025).LocalGet(1).Op(wasm.OpI32Add).LocalGet(3).LocalGet(4).OpIdx(wasm.OpMemoryCopy, 0, 0)
		pack(e, func() { e.I32Const(1024) }, func() { e.LocalGet(1).LocalGet(4).Op(wasm.OpI32Add).I32Const(1).Op(wasm.OpI32Add) })
	})
	b.Func("not", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).Op(wasm.OpI32Eqz) })
	b.Func("half", wasm.Types(f32, f64), wasm.Types(f64), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).Op(wasm.OpF64PromoteF32).LocalGet(1).Op(wasm.OpF64Add).F64Const(0.5).Op(wasm.OpF64Mul)
	})
	b.Func("len", text, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(1) })
	b.Func("huge", nil, wasm.Types(i64), nil, func(e *wasm.Emitter) { e.I64Const(-1) })
	b.Func("seven", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(7) })
	b.Func("hello", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(16).I32Const(5).Call(write).Op(wasm.OpDrop) })
	b.Func("char", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0) })
	b.Func("both", wasm.Types(i32), wasm.Types(i64), nil, func(e *wasm.Emitter) {
		e.I32Const(16).LocalGet(0).Call(write).Op(wasm.OpDrop)
		pack(e, func() { e.I32Const(16) }, func() { e.I32Const(5) })
	})
	b.Custom(spirit.DeclaredSection, []byte(declaredZoo))
	return b
}

// Proves: vm 14.43
func TestDeclaredCalls(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.CacheDir = t.TempDir()
		for range 2 { // compiled, and from the cache
			e := newEngine(t, cfg)
			p := compile(t, e, declaredModule(roomy))
			s := ready(t, p, Config{})
			for _, c := range []struct {
				export, in, out string
				value           string
			}{
				{"greet", "Ada", "Hello, Ada", ""},
				{"greet", "", "Hello, ", ""},
				{"echo", "\x00\xff", "\x00\xff", ""},
				{"echo", strings.Repeat("long", 50_000), strings.Repeat("long", 50_000), ""}, // the memory grows
				{"again", `[ {"a": [1]} ]`, `{"a": [1]}`, ""},
				{"join", `["a",45,"b"]`, "a-b", ""},
				{"not", `[true]`, "", "0"},
				{"not", ` [ false ] `, "", "1"},
				{"half", `[1.5,2.5]`, "", "2"},
				{"huge", "", "", "-1"},
				{"seven", "[]", "", "7"},
				{"hello", "", "Hello", ""},
				{"both", "[7]", "Hello, Hello", ""},
			} {
				for name, call := range map[string]func() ([]byte, Usage, error){
					"sandbox": func() ([]byte, Usage, error) { return s.Call(background, c.export, []byte(c.in)) },
					"pooled":  func() ([]byte, Usage, error) { return p.Call(background, c.export, []byte(c.in), Config{}) },
				} {
					out, u, err := call()
					var value string
					for _, v := range u.Result {
						value = v.String()
					}
					if err != nil || string(out) != c.out || value != c.value || string(u.Input) != c.in || u.Export != c.export || !bytes.Equal(u.Output, out) {
						t.Errorf("%s %s(%.40q): %.40q %s %+v, %v", name, c.export, c.in, out, value, u.Result, err)
					}
				}
			}
			wantState(t, s, Ready)
		}
	})
}

// A declared call costs what its code costs, and 1 for each started 64 bytes
// that cross.
//
// Proves: vm 14.43
func TestDeclaredFuel(t *testing.T) {
	p := compile(t, newEngine(t, EngineConfig{}), declaredModule(roomy))
	s := ready(t, p, Config{})
	used := func(export, in string) uint64 {
		t.Helper()
		_, u, err := s.Call(background, export, []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		return u.FuelUsed
	}
	base := used("echo", "")
	for n, more := range map[int]uint64{1: 2, 64: 2, 65: 4, 640: 20} {
		if got := used("echo", strings.Repeat("x", n)); got != base+more {
			t.Errorf("%d bytes there and back: %d fuel, %d without any", n, got, base)
		}
	}
	// What is refused before it runs costs nothing.
	for export, in := range map[string]string{"not": "[1]", "join": "[]", "greet": "\xff", "seven": "x"} {
		_, u, err := s.Call(background, export, []byte(in))
		wantErr(t, err, fault.ErrArguments)
		if u.FuelUsed != 0 || u.Outcome != 0 {
			t.Errorf("%s: %+v", export, u)
		}
		_, u, err = p.Call(background, export, []byte(in), Config{})
		wantErr(t, err, fault.ErrArguments)
		if u.FuelUsed != 0 {
			t.Errorf("%s: %+v", export, u)
		}
		wantState(t, s, Ready)
	}
	_, _, err := s.Call(background, "not", []byte("[1]"))
	if !strings.Contains(err.Error(), "not(b: bool) -> bool, called with (number)") {
		t.Errorf("both signatures: %v", err)
	}
}

// However often it is stopped, in the allocator too, a declared call gives the
// same result for the same fuel.
//
// Proves: vm 14.43
func TestDeclaredPauses(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.Slice = 5
		p := compile(t, newEngine(t, cfg), declaredModule(func(b *wasm.Builder) {
			roomy(b)
			// An allocator that takes its time.
			b.Module().Exports[len(b.Module().Exports)-1].Name = "slow"
			inner := b.Module().Exports[len(b.Module().Exports)-1].Index
			b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), wasm.Types(i32), func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).LocalGet(1).I32Const(1).Op(wasm.OpI32Add).LocalTee(1).I32Const(20000).Op(wasm.OpI32LtU).BrIf(0).End()
				e.LocalGet(0).Call(inner)
			})
		}))
		in := []byte(`["` + strings.Repeat("a", 5000) + `",45,"bcd"]`)
		want, whole, err := ready(t, p, Config{}).Call(background, "join", in)
		if err != nil {
			t.Fatal(err)
		}
		s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 2000}})
		out, u, err := s.Call(background, "join", in)
		stops := 0
		for errors.Is(err, fault.ErrOutOfFuel) {
			stops++
			if u.Result != nil || len(u.Output) > 0 {
				t.Fatalf("a result before the end: %+v", u)
			}
			u, err = s.Refuel(background, 1000)
			out = u.Output
		}
		if err != nil || !bytes.Equal(out, want) || u.FuelUsed != whole.FuelUsed || stops < 100 {
			t.Errorf("%d stops: %d bytes for %d fuel, %v; at once %d for %d", stops, len(out), u.FuelUsed, err, len(want), whole.FuelUsed)
		}
		s = ready(t, p, Config{Limits: spirit.Limits{Fuel: 2000}})
		_, u, err = s.Call(background, "len", []byte("four"))
		for stops = 0; errors.Is(err, fault.ErrOutOfFuel); stops++ {
			u, err = s.Refuel(background, 1000)
		}
		if v := s.Results(); err != nil || len(v) != 1 || v[0].I32() != 4 || len(u.Result) != 1 || stops < 10 {
			t.Errorf("%v %v %v", v, u.Result, err)
		}
	})
}

// Proves: vm 14.43
func TestHostileResults(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		p := compile(t, newEngine(t, cfg), declaredModule(roomy))
		for _, c := range []struct {
			export, in string
			kind       fault.Kind
			want       string
		}{
			{"result", "[65536,1]", fault.KindOutOfBoundsMemory, "a result of 1 bytes at 0x10000, past the end of memory"},
			{"result", "[4294967295,4294967295]", fault.KindOutOfBoundsMemory, "past the end"},
			{"result", "[1,4294967295]", fault.KindOutOfBoundsMemory, "past the end"},
			{"result", "[32,1]", fault.KindBadResult, "a string that is no UTF-8"},
			{"tree", "[32,1]", fault.KindBadResult, "a Tree that is no UTF-8"},
			{"tree", "[33,2]", fault.KindBadResult, "a Tree that is no JSON"},
			{"tree", "[0,0]", fault.KindBadResult, "a Tree that is no JSON"},
			{"char", "[55296]", fault.KindBadResult, "a char of 55296"},
			{"char", "[1114112]", fault.KindBadResult, "a char of 1114112"},
		} {
			s := ready(t, p, Config{})
			out, u, err := s.Call(background, c.export, []byte(c.in))
			var trap *fault.Trap
			if !errors.As(err, &trap) || trap.Kind != c.kind || trap.Export != c.export || !strings.Contains(trap.Message, c.want) {
				t.Errorf("%s %s: %v, want %s", c.export, c.in, err, c.want)
			}
			if len(out) != 0 || u.Outcome != OutcomeTrap || u.FuelUsed == 0 || u.Result != nil {
				t.Errorf("%s: %+v", c.export, u)
			}
			wantState(t, s, Failed)
		}
		s := ready(t, p, Config{})
		if out, _, err := s.Call(background, "result", []byte("[65536,0]")); err != nil || len(out) != 0 {
			t.Errorf("nothing at the end of memory: %q, %v", out, err)
		}
	})
}

// A result counts as output, together with what was written before.
//
// Proves: vm 14.41, vm 14.43
func TestOutputLimitOfResults(t *testing.T) {
	p := compile(t, newEngine(t, EngineConfig{}), declaredModule(roomy))
	for _, c := range []struct {
		export, in, want string
		limit            uint64
	}{
		{"echo", "12345", "12345", 5}, {"echo", "12345", "", 4}, {"both", "[7]", "Hello, Hello", 12}, {"both", "[7]", "Hello, ", 11},
	} {
		var stream bytes.Buffer
		for _, cfg := range []Config{{}, {Stdout: &stream}} {
			cfg.Limits.OutputBytes = c.limit
			s := ready(t, p, cfg)
			stream.Reset()
			out, u, err := s.Call(background, c.export, []byte(c.in))
			if cfg.Stdout != nil {
				if out != nil || u.Host.Output == [32]byte{} && c.want != "" {
					t.Errorf("%s: a stream and %q, digest %x", c.export, out, u.Host.Output)
				}
				out = stream.Bytes()
			}
			if string(out) != c.want || u.Host.OutputBytes != uint64(len(c.want)) {
				t.Errorf("%s within %d: %q", c.export, c.limit, out)
			}
			if whole := c.want != "" && c.want != "Hello, "; whole {
				if err != nil {
					t.Errorf("%s within %d: %v", c.export, c.limit, err)
				}
				continue
			}
			wantErr(t, err, fault.ErrOutputLimit)
			if u.Outcome != OutcomeLimit || u.FuelUsed == 0 {
				t.Errorf("%+v", u)
			}
			wantState(t, s, Failed)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

// A stream that does not take the result ends the call, and is nobody's fault
// among the guests.
func TestResultIntoABrokenStream(t *testing.T) {
	p := compile(t, newEngine(t, EngineConfig{}), declaredModule(roomy))
	_, u, err := ready(t, p, Config{Stdout: brokenWriter{}}).Call(background, "echo", []byte("x"))
	if !errors.Is(err, errOutputStream) || errors.Is(err, fault.ErrTrap) || u.Outcome != OutcomeTerminated {
		t.Errorf("%v %v", err, u.Outcome)
	}
}

// Arguments are no stream: what a stream held stays there for the next call.
func TestDeclaredLeavesTheStream(t *testing.T) {
	b := wasm.NewBuilder()
	read := b.ImportFunc("vudo", "host_input_read", wasm.Types(i32, i32, i32), wasm.Types(i32))
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(i32, i32), wasm.Types(i32))
	b.Memory(1, 1)
	b.Func("take", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(0).I32Const(5).Call(read).Op(wasm.OpDrop)
		e.I32Const(0).I32Const(5).Call(write).Op(wasm.OpDrop)
	})
	b.Func("number", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { // of bytes that it can read
		e.LocalGet(0).I32Const(0).I32Const(5).Call(read)
	})
	b.Custom(spirit.DeclaredSection, []byte(`{"version":1,"exports":[{"name":"number","params":[{"name":"n","type":"i32","abi":"i32"}],"result":{"type":"i32","abi":"i32"}}]}`))
	s := ready(t, compile(t, newEngine(t, EngineConfig{}), b), Config{Stdin: strings.NewReader("firstthird")})
	var got []string
	for range 2 {
		out, _, err := s.Call(background, "take", nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(out))
		for range 2 {
			_, u, err := s.Call(background, "number", []byte("[1]"))
			if err != nil || u.Result[0].I32() != 2 || u.Host.Input != [32]byte{} {
				t.Fatalf("%v %+v", err, u)
			}
		}
	}
	if fmt.Sprint(got) != "[first third]" {
		t.Errorf("%q", got)
	}
}

// Allocators that lie.
//
// Proves: vm 14.43
func TestHostileAllocators(t *testing.T) {
	answer := func(body func(e *wasm.Emitter)) func(*wasm.Builder) {
		return func(b *wasm.Builder) { b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), nil, body) }
	}
	number := func(n int32) func(*wasm.Builder) { return answer(func(e *wasm.Emitter) { e.I32Const(n) }) }
	variants(t, func(t *testing.T, cfg EngineConfig) {
		for name, c := range map[string]struct {
			alloc func(*wasm.Builder)
			want  string // output, or a part of the error
			end   error
			kind  fault.Kind
		}{
			"no room":      {number(0), "__vudo_alloc has no room for the 1 bytes of a", fault.ErrMemoryLimit, 0},
			"out of range": {number(65536), "gives the 1 bytes of a a place at 0x10000, past the end of memory", fault.ErrTrap, fault.KindOutOfBoundsMemory},
			"huge":         {number(-1), "a place at 0xffffffff, past the end", fault.ErrTrap, fault.KindOutOfBoundsMemory},
			"traps":        {answer(func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) }), "unreachable", fault.ErrTrap, fault.KindUnreachable},
			"recursion":    {answer(func(e *wasm.Emitter) { e.LocalGet(0).Call(1) }), "", fault.ErrStackLimit, 0},
			"endless":      {answer(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End().I32Const(0) }), "", fault.ErrOutOfFuel, 0},
			"overlapping":  {number(2000), "b-b", nil, 0},
			"static data":  {number(16), "b-b", nil, 0},
			"last byte":    {number(65535), "b-b", nil, 0},
		} {
			e := newEngine(t, cfg)
			p := compile(t, e, declaredModule(c.alloc))
			s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1_000_000}})
			out, u, err := s.Call(background, "join", []byte(`["a",45,"b"]`))
			if c.end == nil {
				if err != nil || string(out) != c.want {
					t.Errorf("%s: %q, %v", name, out, err)
				}
				continue
			}
			var trap *fault.Trap
			if !errors.Is(err, c.end) || !strings.Contains(err.Error(), c.want) || errors.As(err, &trap) && trap.Kind != c.kind {
				t.Errorf("%s: %v", name, err)
			}
			if name == "traps" && (len(trap.Frames) != 1 || trap.Frames[0].Func != "__vudo_alloc" || trap.Export != "join") {
				t.Errorf("%+v", trap)
			}
			if u.FuelUsed == 0 || len(out) > 0 {
				t.Errorf("%s: %+v", name, u)
			}
			if name == "endless" {
				wantState(t, s, Paused)
				if err := s.Abandon(background); err != nil {
					t.Error(err)
				}
			} else {
				wantState(t, s, Failed)
			}
		}
	})
}

// The deadline, Pause and Terminate reach into the allocator.
//
// Proves: vm 14.43
func TestAllocatorIsStopped(t *testing.T) {
	clock := newHandClock()
	e := newEngine(t, EngineConfig{Clock: clock, Slice: 1000})
	p := compile(t, e, declaredModule(func(b *wasm.Builder) {
		b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End().I32Const(0) })
	}))
	for name, c := range map[string]struct {
		stop func(s *Sandbox)
		want error
	}{
		"deadline":  {func(*Sandbox) { clock.advance(time.Hour) }, fault.ErrDeadline},
		"pause":     {func(s *Sandbox) { _ = s.Pause() }, fault.ErrPaused},
		"terminate": {func(s *Sandbox) { _ = s.Terminate(background) }, fault.ErrTerminated},
	} {
		s := ready(t, p, Config{})
		hooks := 0
		e.onHook = func(s *Sandbox) {
			if hooks++; hooks == 3 {
				c.stop(s)
			}
		}
		_, u, err := s.Call(background, "greet", []byte("Ada"))
		e.onHook = nil
		if !errors.Is(err, c.want) || u.FuelUsed == 0 || hooks > 4 {
			t.Errorf("%s: %v after %d hooks", name, err, hooks)
		}
		_ = s.Close(background)
	}
}

// Proves: vm 14.43
func TestDeclaredRefusedAtLoad(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	say := func(text string) func(*wasm.Builder) {
		return func(b *wasm.Builder) { b.Custom(spirit.DeclaredSection, []byte(text)) }
	}
	export := func(s string) string { return `{"version":1,"exports":[` + s + `]}` }
	text := `{"name":"t","type":"string","abi":"text"}`
	for name, c := range map[string]struct {
		build func(*wasm.Builder)
		want  string
	}{
		"no JSON":     {say("{"), "vudo.manifest: the JSON ends too early"},
		"empty":       {say(""), "vudo.manifest: the JSON ends too early"},
		"version 2":   {say(`{"version":2}`), "vudo.manifest: version 2, this program reads version 1"},
		"too long":    {say(`{"version":1}` + strings.Repeat(" ", spirit.MaxDeclaredBytes)), "bytes, at most 1048576"},
		"no export":   {say(export(`{"name":"gone"}`)), "gone() is declared, and the module exports no function of that name"},
		"no function": {say(export(`{"name":"memory"}`)), "memory() is declared, and the module exports no function"},
		"type":        {say(export(`{"name":"one","params":[` + text + `]}`)), "one(t: string) is (i32, i32) -> () in WebAssembly, and the module exports it as () -> (i32)"},
		"result":      {say(export(`{"name":"one","result":{"type":"i64","abi":"i64"}}`)), "one() -> i64 is () -> (i64) in WebAssembly, and the module exports it as () -> (i32)"},
		"no result":   {say(export(`{"name":"one"}`)), "one() is () -> () in WebAssembly"},
		"two":         {func(b *wasm.Builder) { say(`{"version":1}`)(b); say(`{"version":1}`)(b) }, "two sections vudo.manifest"},
		"no room":     {say(export(`{"name":"pair","params":[` + text + `]}`)), "pair(t: string) needs the export __vudo_alloc (i32) -> (i32), and the module has none"},
		"other room": {func(b *wasm.Builder) {
			b.Func("__vudo_alloc", wasm.Types(i64), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(0) })
			say(export(`{"name":"pair","params":[` + text + `]}`))(b)
		}, "needs the export __vudo_alloc"},
	} {
		b := wasm.NewBuilder()
		b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
		b.Func("one", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		b.Func("pair", wasm.Types(i32, i32), nil, nil, func(*wasm.Emitter) {})
		c.build(b)
		_, err := e.Compile(background, b.Bytes(), CompileOptions{})
		if !errors.Is(err, fault.ErrInvalidModule) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	b := wasm.NewBuilder() // no memory at all
	b.Func("t", nil, wasm.Types(i64), nil, func(e *wasm.Emitter) { e.I64Const(0) })
	say(export(`{"name":"t","result":{"type":"string","abi":"text"}}`))(b)
	if _, err := e.Compile(background, b.Bytes(), CompileOptions{}); !errors.Is(err, fault.ErrInvalidModule) || !strings.Contains(err.Error(), "t() -> string needs a memory") {
		t.Errorf("%v", err)
	}
}

// A damaged section in the module cache is a damaged image.
func TestDeclaredInCache(t *testing.T) {
	i, err := build(declaredModule(roomy).Bytes(), fuel.ShapeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeImage(encodeImage(i))
	if err != nil || fmt.Sprintf("%+v", back.Declared) != fmt.Sprintf("%+v", i.Declared) || len(back.Exports) != len(i.Exports) {
		t.Fatalf("%v %+v", err, back)
	}
	for n := range i.Exports {
		if a, b := i.Exports[n], back.Exports[n]; a.Convention != b.Convention || (a.Signature == nil) != (b.Signature == nil) {
			t.Errorf("%+v, from the cache %+v", a, b)
		}
	}
	i.Section = []byte(`{"version":1,"exports":[{"name":"gone"}]}`)
	if _, err := decodeImage(encodeImage(i)); err == nil {
		t.Error("an image whose section does not fit it")
	}
}

// The special exports keep their ways, and CallValues passes bare numbers.
func TestDeclaredWays(t *testing.T) {
	p := compile(t, newEngine(t, EngineConfig{}), declaredModule(roomy))
	for name, want := range map[string]Convention{"greet": Declared, "seven": Declared, "hello": Bytes, "__vudo_alloc": Scalar} {
		if got := p.exports[name].Convention; got != want || got.String() == "" {
			t.Errorf("%s is %s", name, got)
		}
	}
	s := ready(t, p, Config{})
	v, u, err := s.CallValues(background, "not", []Value{I32(9)})
	if err != nil || v[0].I32() != 0 || u.Result != nil {
		t.Errorf("%v %v", v, err)
	}
	if v, _, err := s.CallValues(background, "echo", []Value{I32(16), I32(5)}); err != nil || v[0].I64() != 16<<32|5 {
		t.Errorf("%v %v", v, err)
	}
	if _, _, err := s.Call(background, "__vudo_alloc", nil); !errors.Is(err, fault.ErrArguments) {
		t.Errorf("%v", err)
	}
}
