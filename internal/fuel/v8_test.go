package fuel

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// v8Program is one module of the input of testdata/meter.mjs.
type v8Program struct {
	Wasm   string   `json:"wasm"`
	Start  bool     `json:"start"`
	Max    uint32   `json:"max"`
	Tables [][2]int `json:"tables"`
	Slice  int      `json:"slice"`
	Calls  []v8Call `json:"calls"`
	seed   uint64
	module *wasm.Module
	wants  []step
}

type v8Call struct {
	Export string   `json:"export"`
	Params []string `json:"params"`
	Args   []string `json:"args"`
}

type v8Step struct {
	Fuel int64 `json:"fuel"`
	Trap bool  `json:"trap"`
}

func runV8(t *testing.T, programs []v8Program) [][]v8Step {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed; make test-tools names the package")
	}
	stdin, err := json.Marshal(programs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "testdata/meter.mjs")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	var steps [][]v8Step
	if err := json.Unmarshal(stdout, &steps); err != nil {
		t.Fatal(err)
	}
	if len(steps) != len(programs) {
		t.Fatalf("V8 ran %d of %d modules", len(steps), len(programs))
	}
	return steps
}

// v8Of describes a metered program for testdata/meter.mjs.
func v8Of(p *wasmgen.Program, out *Metered, wants []step) v8Program {
	v := v8Program{
		Wasm: base64.StdEncoding.EncodeToString(out.Bytes), Start: out.Start, Max: 65536,
		seed: p.Seed, module: p.Module, wants: wants, Tables: [][2]int{}, Calls: []v8Call{},
	}
	if mem, ok := p.Module.MemoryType(0); ok && mem.Limits.HasMax {
		v.Max = mem.Limits.Max
	}
	for i := range p.Module.Tables {
		l := p.Module.Tables[i].Limits
		most := -1
		if l.HasMax {
			most = int(l.Max)
		}
		v.Tables = append(v.Tables, [2]int{int(l.Min), most})
	}
	for _, c := range p.Calls {
		j := v8Call{Export: c.Export, Params: []string{}, Args: []string{}}
		for i, a := range c.Args {
			j.Params = append(j.Params, c.Type.Params[i].String())
			j.Args = append(j.Args, strconv.FormatUint(a, 10))
		}
		v.Calls = append(v.Calls, j)
	}
	return v
}

// Proves: fuel 6.3
func TestSameTotalsOnV8(t *testing.T) {
	ctx := context.Background()
	oracle := wazero.NewRuntimeWithConfig(ctx, compilerConfig())
	defer oracle.Close(ctx)
	const batch = 250
	modules, calls, traps := 0, 0, 0
	for first := 0; first < sample(300, 10000); first += batch {
		var programs []v8Program
		for seed := uint64(first); seed < uint64(min(first+batch, sample(300, 10000))); seed++ {
			p := generate(seed)
			wants, _ := runNaive(t, oracle, makeNaive(p.Module), p.Calls)
			out := meter(t, p.Module, Config{Shape: ShapeLimits{Off: true}})
			v := v8Of(p, out, wants)
			v.Slice = 1 + int(seed%3000)
			programs = append(programs, v)
		}
		for i, steps := range runV8(t, programs) {
			p := &programs[i]
			modules++
			if len(steps) != len(p.wants) {
				t.Errorf("seed %d: V8 made %d calls, the oracle %d", p.seed, len(steps), len(p.wants))
				continue
			}
			for k, s := range steps {
				want := p.wants[k]
				if want.fuel < 0 { // the start function trapped
					want.fuel = s.Fuel
				} else if want.trap != "" {
					want.fuel += restOfRegion(p.module, want.place)
					traps++
				}
				calls++
				if s.Trap != (want.trap != "") || s.Fuel != want.fuel {
					t.Errorf("seed %d call %d: V8 %+v, oracle %d fuel, trap %q", p.seed, k, s, want.fuel, want.trap)
				}
			}
		}
	}
	t.Logf("%d modules, %d calls, %d of them trap", modules, calls, traps)
}
