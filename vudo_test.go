package vudo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo"
	w "github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

var background = context.Background()

// shouter is a module that calls loa.shout with a text of its own.
func shouter() []byte {
	b := w.NewBuilder()
	shout := b.ImportFunc("loa", "shout", w.Types(w.I32, w.I32), w.Types(w.I32))
	b.Memory(1, 1)
	b.Data(8, []byte("hear me"))
	b.Func("main", nil, w.Types(w.I32), nil, func(e *w.Emitter) { e.I32Const(8).I32Const(7).Call(shout) })
	return b.Bytes()
}

func start(t *testing.T, cfg vudo.Config) *vudo.Runtime {
	t.Helper()
	rt, err := vudo.New(background, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(background); err != nil {
			t.Error(err)
		}
	})
	return rt
}

// hurry is a clock on which every look at it takes a second, once it is started.
type hurry struct {
	now     time.Time
	started bool
}

func (h *hurry) Now() time.Time {
	if h.started {
		h.now = h.now.Add(time.Second)
	}
	return h.now
}

func (h *hurry) After(time.Duration) (<-chan time.Time, func()) {
	return make(chan time.Time), func() {}
}

func bare(t *testing.T, rt *vudo.Runtime, module []byte, cfg vudo.SandboxConfig) *vudo.Sandbox {
	t.Helper()
	sb, err := rt.NewSandbox(background, module, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close(background) })
	if err := sb.Initialize(background); err != nil {
		t.Fatal(err)
	}
	return sb
}

// misbehave is a module with an export for each way a call can end.
func misbehave() []byte {
	b := w.NewBuilder()
	write := b.ImportFunc("vudo", "host_output_write", w.Types(w.I32, w.I32), w.Types(w.I32))
	fail := b.ImportFunc("vudo", "host_fail", w.Types(w.I32, w.I32, w.I32), w.Types(w.I32))
	random := b.ImportFunc("vudo", "host_random_u64", nil, w.Types(w.I64))
	b.Memory(1, 3)
	b.Data(0, []byte("what it wrote"))
	b.Func("ok", nil, nil, nil, func(e *w.Emitter) { e.I32Const(0).I32Const(13).Call(write).Op(w.OpDrop) })
	b.Func("app-error", nil, nil, nil, func(e *w.Emitter) { e.I32Const(4).I32Const(0).I32Const(4).Call(fail).Op(w.OpDrop) })
	b.Func("trap", nil, nil, nil, func(e *w.Emitter) { e.I32Const(1).I32Const(0).Op(w.OpI32DivU, w.OpDrop) })
	b.Func("loop", nil, nil, nil, func(e *w.Emitter) { e.Loop(w.BlockEmpty).Br(0).End() })
	b.Func("random", nil, w.Types(w.I64), nil, func(e *w.Emitter) { e.Call(random) })
	return b.Bytes()
}

// fields are all that a receipt says, in the order of the specification.
var fields = []string{
	"version", "invocation", "sandbox", "export", "started_at_ms", "package", "input", "output", "host_log", "execution_digest",
	"tariff", "fuel_used", "fuel_limit", "memory_peak_bytes", "duration_ms", "paused_ms", "cpu_ms", "host_calls",
	"storage_reads", "storage_writes", "log_bytes", "log_bytes_dropped", "outcome",
}

// Proves: vm 14.37
func TestReceipt(t *testing.T) {
	clock := &hurry{now: time.UnixMilli(1_700_000_000_000)}
	rt := start(t, vudo.Config{Clock: clock})
	run := func(export string, in string, cfg vudo.SandboxConfig) vudo.Receipt {
		t.Helper()
		clock.started = false
		sb := bare(t, rt, misbehave(), cfg)
		clock.started = cfg.Limits.Duration != 0
		res, _ := sb.Call(background, export, []byte(in))
		return res.Receipt
	}
	receipts := map[string]vudo.Receipt{}
	for outcome, c := range map[string]struct {
		export string
		limits vudo.Limits
	}{
		"ok": {"ok", vudo.Limits{}}, "app-error": {"app-error", vudo.Limits{}}, "trap": {"trap", vudo.Limits{}},
		"out-of-fuel": {"loop", vudo.Limits{Fuel: 1000}}, "deadline": {"loop", vudo.Limits{Duration: 5 * time.Second}},
	} {
		r := run(c.export, "given", vudo.SandboxConfig{Limits: c.limits})
		receipts[outcome] = r
		text, err := r.MarshalCanonical()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if _, ok := got[f]; !ok {
				t.Errorf("%s: no field %s", outcome, f)
			}
		}
		if len(got) != len(fields) || got["outcome"] != outcome || got["export"] != c.export || got["fuel_used"] == "0" ||
			got["memory_peak_bytes"] != "65536" || got["fuel_used"] != fmt.Sprint(r.FuelUsed) {
			t.Errorf("%s: %s", outcome, text)
		}
	}
	// A replay repeats the execution digest, and not the rest.
	a, b := run("ok", "given", vudo.SandboxConfig{}), run("ok", "given", vudo.SandboxConfig{})
	if a.ExecutionDigest() != b.ExecutionDigest() || a.Digest() == b.Digest() || a.Invocation() == b.Invocation() {
		t.Error("two runs of one thing")
	}
	for name, other := range map[string]vudo.Receipt{
		"input": run("ok", "other", vudo.SandboxConfig{}), "limit": run("ok", "given", vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 7000}}),
		"export": run("app-error", "given", vudo.SandboxConfig{}),
	} {
		if other.ExecutionDigest() == a.ExecutionDigest() {
			t.Errorf("another %s gives the same execution digest", name)
		}
	}
	// Its digest changes with any field, the execution digest with none of id, time or duration.
	v := reflect.ValueOf(&a).Elem()
	before, execution := a.Digest(), a.ExecutionDigest()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if !f.CanSet() {
			continue
		}
		old := reflect.New(f.Type()).Elem()
		old.Set(f)
		switch x := f.Addr().Interface().(type) {
		case *vudo.ID:
			x[0] ^= 1
		case *string:
			*x += "x"
		case *time.Time:
			*x = x.Add(time.Second)
		case *time.Duration:
			*x += time.Second
		case *[]vudo.HostCall:
			*x = append([]vudo.HostCall(nil), *x...)
			(*x)[0].Denied++
		case *uint64:
			*x++
		case *int:
			*x++
		case *vudo.Outcome:
			*x++
		default:
			t.Fatalf("field %s of type %T", name, x)
		}
		if a.Digest() == before {
			t.Errorf("%s is not covered by the digest", name)
		}
		outside := map[string]bool{"Sandbox": true, "Started": true, "Duration": true, "Paused": true, "CPU": true}[name]
		if same := a.ExecutionDigest() == execution; same != outside {
			t.Errorf("%s: execution digest the same: %t", name, same)
		}
		f.Set(old)
	}
	if a.Digest() != before {
		t.Fatal("not put back")
	}
	file, err := a.MarshalFile()
	text, _ := a.MarshalCanonical()
	if err != nil || string(file) != string(text)+"\n"+strings.TrimPrefix(before.String(), "sha256:")+"\n" {
		t.Errorf("%s %v", file, err)
	}
	var none vudo.Receipt
	if _, err := none.MarshalCanonical(); !errors.Is(err, vudo.ErrState) {
		t.Error(err)
	}
}

// Streams leave the digests of what went through them.
func TestReceiptOfStreams(t *testing.T) {
	rt := start(t, vudo.Config{})
	buffered := bare(t, rt, misbehave(), vudo.SandboxConfig{})
	res, err := buffered.Call(background, "ok", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	streamed, err := bare(t, rt, misbehave(), vudo.SandboxConfig{Stdout: &out}).Call(background, "ok", nil)
	if err != nil || out.String() != string(res.Output) || streamed.Output != nil || streamed.Receipt.Output() != res.Receipt.Output() {
		t.Fatalf("%v %q %q", err, out.String(), res.Output)
	}
}

// A partial receipt is followed by a cumulative one.
func TestReceiptOfPausedCall(t *testing.T) {
	sb := bare(t, start(t, vudo.Config{}), misbehave(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 100}})
	res, err := sb.Call(background, "ok", nil)
	if !errors.Is(err, vudo.ErrOutOfFuel) || res.Receipt.Outcome != vudo.OutcomeOutOfFuel || res.Receipt.FuelUsed > 100 {
		t.Fatalf("%v %+v", err, res.Receipt) // the host call was not made
	}
	first := res.Receipt.Invocation()
	res, err = sb.Refuel(background, 100)
	if err != nil || string(res.Output) != "what it wrote" || res.Receipt.Invocation() != first || res.Receipt.FuelLimit != 200 || res.Receipt.HostCalls[0].Count != 1 {
		t.Fatalf("%v %+v", err, res)
	}
}

// Policy caps what callers get; what a manifest asks beyond it is refused.
//
// Proves: vm 14.12
func TestPolicy(t *testing.T) {
	rt := start(t, vudo.Config{Policy: vudo.Limits{Fuel: 5000, MemoryBytes: 2 << 20}})
	sb := bare(t, rt, misbehave(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 6000}})
	if l := sb.Limits(); l.Fuel != 5000 || l.MemoryBytes != 2<<20 || l.Duration != 30*time.Second {
		t.Fatalf("%+v", l)
	}
	load := func(limits string) error {
		pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"x\"\nversion = \"1.0.0\"\n[limits]\n"+limits), misbehave())
		if err != nil {
			t.Fatal(err)
		}
		_, err = rt.Load(background, pkg)
		return err
	}
	if err := load("max_fuel = 5000"); err != nil {
		t.Fatal(err)
	}
	err := load("max_fuel = 5001")
	if !errors.Is(err, vudo.ErrInvalidLimits) || !strings.Contains(err.Error(), "5001") || !strings.Contains(err.Error(), "5000") || !strings.Contains(err.Error(), "max_fuel") {
		t.Fatal(err)
	}
	for name, l := range map[string]vudo.Limits{
		"max_memory_bytes": {MemoryBytes: 1<<30 + 1}, "max_cpu_quota_percent": {CPUQuotaPercent: 101},
		"max_fuel": {Fuel: math.MaxUint64}, "max_duration_ms": {Duration: -time.Second},
	} {
		_, err := rt.NewSandbox(background, misbehave(), vudo.SandboxConfig{Limits: l})
		if !errors.Is(err, vudo.ErrInvalidLimits) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Rights are the meet of what the manifest asks and what is granted, also
// while the sandbox lives.
//
// Proves: vm 14.20, vm 14.21
func TestRights(t *testing.T) {
	rt := start(t, vudo.Config{})
	load := func(capabilities string) *vudo.Spirit {
		pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"x\"\nversion = \"1.0.0\"\n[capabilities]\n"+capabilities), misbehave())
		if err != nil {
			t.Fatal(err)
		}
		s, err := rt.Load(background, pkg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	all := vudo.SandboxConfig{Grant: []spirit.Capability{spirit.Unrestricted}}
	random := func(s *vudo.Spirit, cfg vudo.SandboxConfig) error {
		_, err := s.CallValues(background, "random", nil, cfg)
		return err
	}
	if err := random(load(`required = ["random"]`), all); err != nil {
		t.Fatal(err)
	}
	if err := random(load(`optional = ["random"]`), vudo.SandboxConfig{}); !errors.Is(err, vudo.ErrDenied) || !errors.Is(err, vudo.ErrTrap) {
		t.Fatal(err)
	}
	if err := random(load(`optional = ["log"]`), all); !errors.Is(err, vudo.ErrDenied) {
		t.Fatal("granted and not asked for:", err)
	}
	if err := random(load(`required = ["random"]`), vudo.SandboxConfig{}); !errors.Is(err, vudo.ErrDenied) || errors.Is(err, vudo.ErrTrap) {
		t.Fatal("required and not granted:", err)
	}
	sb, err := load(`optional = ["random"]`).NewSandbox(background, vudo.SandboxConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(background)
	if err := sb.Grant(spirit.SensorRandom); err != nil {
		t.Fatal(err)
	}
	if _, err := sb.CallValues(background, "random"); err != nil {
		t.Fatal(err)
	}
	if err := sb.Revoke(spirit.SensorRandom); err != nil {
		t.Fatal(err)
	}
	if _, err := sb.CallValues(background, "random"); !errors.Is(err, vudo.ErrDenied) {
		t.Fatal(err)
	}
}

// Every kind of parameter and result crosses as it is.
func TestFunctions(t *testing.T) {
	type seen struct {
		a int32
		b uint64
		c float64
		d string
		e float32
	}
	var got []seen
	boom := errors.New("it broke")
	fs := []vudo.Function{
		vudo.Func3("abc", spirit.SensorTime, func(_ context.Context, a int32, b uint64, c float64) (float64, error) {
			got = append(got, seen{a: a, b: b, c: c})
			return c / 2, nil
		}),
		vudo.Func2("de", spirit.SensorTime, func(ctx context.Context, d string, e float32) (int64, error) {
			got = append(got, seen{d: d, e: e})
			if d == "" {
				return 0, boom
			}
			return -5, ctx.Err()
		}),
		vudo.Func0("zero", spirit.SensorTime, func(context.Context) (uint32, error) { return math.MaxUint32, nil }),
	}
	var audit []vudo.Denial
	rt := start(t, vudo.Config{Functions: fs, Audit: func(d vudo.Denial) { audit = append(audit, d) }})
	b := w.NewBuilder()
	abc := b.ImportFunc("loa", "abc", w.Types(w.I32, w.I64, w.F64), w.Types(w.F64))
	de := b.ImportFunc("loa", "de", w.Types(w.I32, w.I32, w.F32), w.Types(w.I64))
	zero := b.ImportFunc("loa", "zero", nil, w.Types(w.I32))
	b.Memory(1, 1)
	b.Data(0, []byte("text"))
	b.Func("all", nil, w.Types(w.F64, w.I64, w.I32), nil, func(e *w.Emitter) {
		e.I32Const(-3).I64Const(-1).F64Const(0.5).Call(abc)
		e.I32Const(0).I32Const(4).F32Const(1.5).Call(de).Call(zero)
	})
	b.Func("breaks", nil, nil, nil, func(e *w.Emitter) { e.I32Const(0).I32Const(0).F32Const(0).Call(de).Op(w.OpDrop) })
	b.Func("lies", nil, nil, nil, func(e *w.Emitter) { e.I32Const(65530).I32Const(7).F32Const(0).Call(de).Op(w.OpDrop) })
	cfg := vudo.SandboxConfig{Grant: []spirit.Capability{spirit.SensorTime}}
	res, err := bare(t, rt, b.Bytes(), cfg).CallValues(background, "all")
	counted := []vudo.HostCall{{Name: "abc", Count: 1}, {Name: "de", Count: 1, In: 4}, {Name: "zero", Count: 1}}
	if !reflect.DeepEqual(res.Receipt.HostCalls, counted) {
		t.Errorf("counted %+v", res.Receipt.HostCalls)
	}
	want := []vudo.Value{vudo.F64(0.25), vudo.I64(-5), vudo.I32(-1)}
	if err != nil || !reflect.DeepEqual(res.Values, want) {
		t.Fatalf("%v %v", res.Values, err)
	}
	if !reflect.DeepEqual(got, []seen{{a: -3, b: math.MaxUint64, c: 0.5}, {d: "text", e: 1.5}}) {
		t.Fatalf("%+v", got)
	}
	if _, err := bare(t, rt, b.Bytes(), cfg).Call(background, "breaks", nil); !errors.Is(err, boom) || errors.Is(err, vudo.ErrTrap) {
		t.Fatal(err)
	}
	var trap *vudo.Trap
	if _, err := bare(t, rt, b.Bytes(), cfg).Call(background, "lies", nil); !errors.As(err, &trap) {
		t.Fatal(err)
	}
	// The journal knows what the functions answered.
	digest := res.Receipt.HostLog()
	fs[2] = vudo.Func0("zero", spirit.SensorTime, func(context.Context) (uint32, error) { return 7, nil })
	res, err = bare(t, start(t, vudo.Config{Functions: fs}), b.Bytes(), cfg).CallValues(background, "all")
	if err != nil || res.Receipt.HostLog() == digest {
		t.Fatal("another answer of the host does not show in the receipt", err)
	}
	res, err = bare(t, rt, b.Bytes(), vudo.SandboxConfig{}).Call(background, "breaks", nil)
	if !errors.Is(err, vudo.ErrDenied) || !reflect.DeepEqual(res.Receipt.HostCalls, []vudo.HostCall{{Name: "de", Count: 1, Denied: 1}}) {
		t.Fatal(err, res.Receipt.HostCalls)
	}
	if len(audit) != 1 || audit[0].Type != spirit.TypeSensorTime || audit[0].Count != 1 {
		t.Fatalf("audited %+v", audit)
	}
	if _, err := vudo.New(background, vudo.Config{Functions: []vudo.Function{
		vudo.Func0("host_log", spirit.ActuatorLog, func(context.Context) (int32, error) { return 0, nil }),
	}}); err == nil {
		t.Fatal("a name of the table was shadowed")
	}
}

func BenchmarkSpiritCall(b *testing.B) {
	rt, err := vudo.New(background, vudo.Config{})
	check(err)
	defer rt.Close(background)
	pkg, err := spirit.FromModule(helloWorld())
	check(err)
	hello, err := rt.Load(background, pkg)
	check(err)
	cfg := vudo.SandboxConfig{Grant: []spirit.Capability{spirit.ActuatorLog}}
	b.Run("pooled", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := hello.Call(background, "greet", nil, cfg)
			check(err)
		}
	})
	b.Run("warm", func(b *testing.B) {
		sb, err := hello.NewSandbox(background, cfg)
		check(err)
		defer sb.Close(background)
		b.ReportAllocs()
		for b.Loop() {
			_, err := sb.Call(background, "greet", nil)
			check(err)
		}
	})
	b.Run("fresh", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sb, err := hello.NewSandbox(background, cfg)
			check(err)
			_, err = sb.Call(background, "greet", nil)
			check(err)
			sb.Close(background)
		}
	})
}
