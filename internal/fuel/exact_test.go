package fuel

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// long says that the slow form of a test was asked for: make long.
func long() bool { return os.Getenv("VUDO_LONG") != "" }

// sample is how many generated modules a test takes.
func sample(short, full int) int {
	if long() {
		return full
	}
	return short
}

var generated = []wasmgen.Options{
	{TrapPercent: 40},
	{NoSIMD: true, NoTailCalls: true, NoRefs: true, NoBulk: true, NoStart: true, TrapPercent: 50},
	{NoRefs: true, TrapPercent: 50},
	{TrapPercent: 20, Size: 300},
	{TrapPercent: 40, Work: 3000},
}

func generate(seed uint64) *wasmgen.Program {
	return wasmgen.Generate(seed, generated[seed%uint64(len(generated))])
}

// growLimits answers the gates of grows as the module's own maxima do, so that
// what is charged is granted.
type growLimits struct {
	m      *wasm.Module
	tables map[uint32]uint32
}

func (g *growLimits) allow(mod api.Module, kind string, table, delta uint32) bool {
	if kind == "memory" {
		t, _ := g.m.MemoryType(0)
		most := uint64(65536)
		if t.Limits.HasMax {
			most = uint64(t.Limits.Max)
		}
		return uint64(mod.ExportedMemory(ExportMemory).Size())/65536+uint64(delta) <= most
	}
	t, _ := g.m.TableType(table)
	size, known := g.tables[table]
	if !known {
		size = t.Limits.Min
	}
	if t.Limits.HasMax && uint64(size)+uint64(delta) > uint64(t.Limits.Max) {
		return false
	}
	if g.tables == nil {
		g.tables = map[uint32]uint32{}
	}
	g.tables[table] = size + delta
	return true
}

// step is what a test sees of one call (or of the instantiation).
type step struct {
	results string
	trap    string // first line, "" for none
	fuel    int64
	place   place
}

// runNaive runs a program under the oracle.
func runNaive(t testing.TB, rt wazero.Runtime, n *naive, calls []wasmgen.Call) (steps []step, memory string) {
	ctx := context.Background()
	compiled, err := rt.CompileModule(ctx, n.bytes)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	defer compiled.Close(ctx)
	mod, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return []step{{trap: firstLine(err), fuel: -1}}, ""
	}
	defer mod.Close(ctx)
	last := int64(0)
	now := func(t wasm.FuncType, results []uint64, err error) {
		fuel := int64(mod.ExportedGlobal(naiveFuel).Get())
		s := step{results: bitsOf(t, results), fuel: fuel - last}
		if err != nil {
			s.results, s.trap = "", firstLine(err)
			s.place = n.places[mod.ExportedGlobal(naivePlace).Get()]
		}
		last = fuel
		steps = append(steps, s)
	}
	now(wasm.FuncType{}, nil, nil)
	for _, c := range calls {
		results, err := mod.ExportedFunction(c.Export).Call(ctx, c.Args...)
		now(c.Type, results, err)
	}
	return steps, memoryHash(mod.Memory())
}

// bitsOf prints results; an engine may leave anything in the upper half of a
// 32-bit one.
func bitsOf(t wasm.FuncType, results []uint64) string {
	shown := append([]uint64(nil), results...)
	for i := range min(len(shown), len(t.Results)) {
		r := t.Results[i]
		if r == wasm.I32 || r == wasm.F32 {
			shown[i] = uint64(uint32(shown[i]))
		}
	}
	return fmt.Sprintf("%x", shown)
}

func memoryHash(m api.Memory) string {
	if m == nil {
		return ""
	}
	b, _ := m.Read(0, m.Size())
	h := sha256.Sum256(b)
	return fmt.Sprintf("%d %x", len(b), h[:8])
}

// metered is a metered program, compiled and linked, to be run any number of times.
type meteredProgram struct {
	tb       testing.TB
	ctx      context.Context
	rt       wazero.Runtime
	compiled wazero.CompiledModule
	linked   api.Module
	m        *wasm.Module
	out      *Metered
	host     *meterHost
}

func prepare(tb testing.TB, rt wazero.Runtime, m *wasm.Module, out *Metered) *meteredProgram {
	p := &meteredProgram{tb: tb, ctx: context.Background(), rt: rt, m: m, out: out, host: &meterHost{}}
	var err error
	if p.compiled, err = rt.CompileModule(p.ctx, out.Bytes); err != nil {
		tb.Fatalf("metered: %v", err)
	}
	if p.linked, err = p.host.provide(p.ctx, rt, p.compiled.ImportedFunctions()); err != nil {
		tb.Fatal(err)
	}
	return p
}

func (p *meteredProgram) close() {
	p.linked.Close(p.ctx)
	p.compiled.Close(p.ctx)
}

// run makes the calls on a fresh instance. The first step is the start function.
func (p *meteredProgram) run(calls []wasmgen.Call, slice func() int64) (steps []step, memory string) {
	h := p.host
	*h = meterHost{slice: slice, tariff: true}
	mod, err := p.rt.InstantiateModule(p.ctx, p.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return []step{{trap: firstLine(err), fuel: -1}}, ""
	}
	defer mod.Close(p.ctx)
	limits := &growLimits{m: p.m}
	h.grow = func(kind string, table, delta uint32) bool { return limits.allow(mod, kind, table, delta) }
	last := int64(0)
	now := func(t wasm.FuncType, results []uint64, err error) {
		used := h.consumed(mod)
		if used < last {
			p.tb.Errorf("the consumed count fell from %d to %d", last, used)
		}
		s := step{results: bitsOf(t, results), fuel: used - last}
		if err != nil {
			s.results, s.trap = "", firstLine(err)
		}
		last = used
		steps = append(steps, s)
	}
	setDepth(mod, 1<<20)
	var startErr error
	if p.out.Start {
		_, startErr = mod.ExportedFunction(ExportStart).Call(p.ctx)
	}
	if startErr != nil {
		return []step{{trap: firstLine(startErr), fuel: -1}}, ""
	}
	now(wasm.FuncType{}, nil, nil)
	for _, c := range calls {
		setDepth(mod, 1<<20)
		results, err := mod.ExportedFunction(c.Export).Call(p.ctx, c.Args...)
		now(c.Type, results, err)
	}
	return steps, memoryHash(mod.Memory())
}

// seen is what a run shows apart from its fuel.
func seen(steps []step, memory string) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s\n", s.results, s.trap)
	}
	return b.String() + memory
}

// engineFault reports whether the engine runs the unmetered program otherwise
// than the oracle's form of it, which means the same: then the engine has
// compiled one of them wrongly, before any meter is in it. It also asks that
// the metered run shows what the unmetered one shows.
func engineFault(t *testing.T, rt wazero.Runtime, p *wasmgen.Program, oracle, metered string) bool {
	ctx := context.Background()
	mod, err := rt.InstantiateWithConfig(ctx, p.Bytes, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return false
	}
	defer mod.Close(ctx)
	steps := []step{{results: bitsOf(wasm.FuncType{}, nil)}}
	for _, c := range p.Calls {
		results, err := mod.ExportedFunction(c.Export).Call(ctx, c.Args...)
		s := step{results: bitsOf(c.Type, results)}
		if err != nil {
			s.results, s.trap = "", firstLine(err)
		}
		steps = append(steps, s)
	}
	plain := seen(steps, memoryHash(mod.Memory()))
	return plain != oracle && plain == metered
}

// Proves: fuel 6.2, fuel 6.3, fuel 6.6, vm 14.7
func TestExactOnGeneratedModules(t *testing.T) {
	ctx := context.Background()
	engines := map[string]wazero.Runtime{
		"compiler":    wazero.NewRuntimeWithConfig(ctx, compilerConfig()),
		"interpreter": wazero.NewRuntimeWithConfig(ctx, interpreterConfig()),
	}
	for _, e := range engines {
		defer e.Close(ctx)
	}
	count, calls, traps := sample(300, 10000), 0, map[string]int{}
	var fuel int64
	var faults []string // programs that an engine gets wrong without the meter
	for seed := range uint64(count) {
		p := generate(seed)
		out := meter(t, p.Module, Config{Shape: ShapeLimits{Off: true}})
		oracles := map[string]string{}
		for name, rt := range engines {
			want, memory := runNaive(t, rt, makeNaive(p.Module), p.Calls)
			oracles[name] = fmt.Sprint(want, memory)
			slice := randomSlice(rand.New(rand.NewPCG(seed, 1)), 1+int64(seed%5000))
			ready := prepare(t, rt, p.Module, out)
			got, gotMemory := ready.run(p.Calls, slice)
			ready.close()
			if h := ready.host; h.lowest < -Overshoot {
				t.Errorf("seed %d %s: the counter fell to %d", seed, name, h.lowest)
			}
			oracle := seen(want, memory)
			for i := range want {
				if want[i].fuel >= 0 && want[i].trap != "" {
					want[i].fuel += restOfRegion(p.Module, want[i].place)
				}
				want[i].place = place{}
				if name == "compiler" {
					calls++
					fuel += want[i].fuel
					if want[i].trap != "" {
						traps[want[i].trap]++
					}
				}
			}
			if slices.Equal(got, want) && gotMemory == memory {
				continue
			}
			if engineFault(t, rt, p, oracle, seen(got, gotMemory)) {
				faults = append(faults, fmt.Sprintf("%s %d", name, seed))
				continue
			}
			t.Fatalf("seed %d %s: metered %+v %s, oracle %+v %s", seed, name, got, gotMemory, want, memory)
		}
		if oracles["compiler"] != oracles["interpreter"] {
			faults = append(faults, fmt.Sprintf("compiler or interpreter %d", seed))
		}
	}
	t.Logf("%d modules, %d calls, %d fuel; traps: %v", count, calls, fuel, traps)
	if len(faults) > 0 {
		t.Logf("programs that the engine runs wrongly before any meter is in them: %s", strings.Join(faults, ", "))
	}
	if len(faults) > count/1000 {
		t.Errorf("%d of %d programs are run wrongly by an engine", len(faults), count)
	}
	if len(traps) < 6 {
		t.Errorf("only %d kinds of traps met", len(traps))
	}
}

// Proves: fuel 6.7
func TestSameModuleSameBytes(t *testing.T) {
	for seed := range uint64(sample(100, 1000)) {
		p := generate(seed)
		a := meter(t, p.Module, Config{DebugOffsets: seed%2 == 0})
		again, err := wasm.Decode(p.Bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b := meter(t, again, Config{DebugOffsets: seed%2 == 0})
		if string(a.Bytes) != string(b.Bytes) {
			t.Fatalf("seed %d: two passes give different bytes", seed)
		}
		back, err := wasm.Decode(a.Bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if string(back.Encode()) != string(a.Bytes) {
			t.Fatalf("seed %d: the metered module changes when it is encoded again", seed)
		}
	}
}
