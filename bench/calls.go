package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo"
)

// sentence is the input of the vowel count: 64 bytes.
var sentence = []byte("The quick brown fox jumps over the lazy dog, and then once more.")

// guest reads one of the committed guests.
func guest(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", "guests", name+".wasm"))
}

// hostModule gives the bare engine the three host functions that the guest
// imports, written as its documentation advises for speed.
func hostModule(ctx context.Context, rt wazero.Runtime, input []byte, output *bytes.Buffer) error {
	i32 := api.ValueTypeI32
	_, err := rt.NewHostModuleBuilder("vudo").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, s []uint64) {
		s[0] = uint64(len(input))
	}), nil, []api.ValueType{i32}).Export("host_input_len").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, s []uint64) {
		b, ok := m.Memory().Read(uint32(s[1]), uint32(s[2]))
		if !ok || uint32(s[0]) > uint32(len(input)) {
			panic("out of range")
		}
		s[0] = uint64(copy(b, input[uint32(s[0]):]))
	}), []api.ValueType{i32, i32, i32}, []api.ValueType{i32}).Export("host_input_read").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, s []uint64) {
		b, ok := m.Memory().Read(uint32(s[0]), uint32(s[1]))
		if !ok {
			panic("out of range")
		}
		output.Write(b)
		s[0] = 0
	}), []api.ValueType{i32, i32}, []api.ValueType{i32}).Export("host_output_write").
		Instantiate(ctx)
	return err
}

// failure is how a measured function ends the run: it has no error to return,
// and a measurement that failed has no meaning.
type failure struct{ err error }

func must(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// wrong ends the run because of a wrong answer.
func wrong(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// pluginOf makes an Extism plugin of a module; timeout in milliseconds, 0 none.
func pluginOf(wasm []byte, timeout uint64) (*extism.Plugin, error) {
	return (&extismEngine{}).plugin(wasm, timeout)
}

// benchCalls measures one call into a warm instance.
func benchCalls(r *Report, rounds int) error {
	ctx := context.Background()
	r.start("calls", "one call into a warm instance")
	wasm, err := guest("calls")
	if err != nil {
		return err
	}
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		return err
	}
	defer rt.Close(ctx)
	s, err := spiritOf(ctx, rt, wasm, "")
	if err != nil {
		return err
	}
	sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{})
	if err != nil {
		return err
	}
	answer := []byte(`{"count":17}`)
	call := func(export string, in, want []byte) func() {
		return func() {
			res, err := sb.Call(ctx, export, in)
			must(err)
			if !bytes.Equal(res.Output, want) {
				wrong("%s answered %q", export, res.Output)
			}
		}
	}

	plain := wazero.NewRuntime(ctx)
	defer plain.Close(ctx)
	var out bytes.Buffer
	if err := hostModule(ctx, plain, sentence, &out); err != nil {
		return err
	}
	m, err := plain.Instantiate(ctx, wasm)
	if err != nil {
		return err
	}
	plainCall := func(export string) func() {
		f, stack := m.ExportedFunction(export), make([]uint64, 1)
		return func() {
			out.Reset()
			must(f.CallWithStack(ctx, stack))
		}
	}

	ns, allocs := interleave(rounds, 20_000, call("nothing", nil, nil), plainCall("nothing"), call("vowels", sentence, answer), plainCall("vowels"))
	ours := r.distribution("vudo, empty call", "ns", ns[0], allocs[0])
	r.distribution("wazero, empty call", "ns", ns[1], allocs[1])
	r.distribution("vudo, vowels of 64 bytes", "ns", ns[2], allocs[2])
	r.distribution("wazero, vowels of 64 bytes", "ns", ns[3], allocs[3])
	r.ratio("warm call, microseconds p50", ours.Min/1e3, ours.P50/1e3, "<= 1 us, <= 2 allocs")

	ns, _ = interleave(rounds, 200, call("reads", sentence, nil), plainCall("reads"), call("nothing", sentence, nil), plainCall("nothing"))
	for i := range ns {
		for j := range ns[i] {
			ns[i][j] /= 1000
		}
	}
	host := r.distribution("vudo, host call with 64 bytes (of 1,000)", "ns", ns[0], -1)
	r.distribution("wazero, host call with 64 bytes (of 1,000)", "ns", ns[1], -1)
	r.ratio("host call over an empty call, ns", host.Min, host.P50, "<= 150 ns")

	return benchExtism(r, rounds, call("vowels", sentence, answer))
}

// benchExtism sets the warm vowel count beside Extism's: its own plugin as
// shipped in its module, and the same C source as a plugin, with the time limit
// that makes a plugin stoppable and without.
func benchExtism(r *Report, rounds int, ours func()) error {
	same, err := guest("calls-extism")
	if err != nil {
		return err
	}
	contestants := []func(){ours}
	names := []string{"vudo, same C source"}
	add := func(name, export string, wasm []byte, timeout uint64) error {
		p, err := pluginOf(wasm, timeout)
		if err != nil {
			return err
		}
		names = append(names, name)
		contestants = append(contestants, func() {
			code, out, err := p.Call(export, sentence)
			must(err)
			if code != 0 || !bytes.Contains(out, []byte(`"count":17`)) {
				wrong("extism: code %d, %q", code, out)
			}
		})
		return nil
	}
	if err := add("extism, same C source, time limit", "vowels", same, extismTimeout); err != nil {
		return err
	}
	if err := add("extism, same C source, no limit", "vowels", same, 0); err != nil {
		return err
	}
	if shipped, err := shippedPlugin(); err != nil {
		r.absent("extism's count_vowels plugin", err.Error())
	} else if err := add("extism, its count_vowels, time limit", "count_vowels", shipped, extismTimeout); err != nil {
		return err
	} else if err := add("extism, its count_vowels, no limit", "count_vowels", shipped, 0); err != nil {
		return err
	}
	ns, allocs := interleave(rounds, 1000, contestants...)
	rows := make([]Result, len(names))
	for i, n := range names {
		rows[i] = r.distribution(n, "ns", ns[i], allocs[i])
	}
	for i, n := range names[1:] {
		r.ratio(n+" / vudo", rows[i+1].Min/rows[0].Min, rows[i+1].P50/rows[0].P50, ">= 20 for count_vowels")
	}
	return nil
}

// shippedPlugin reads the plugin that Extism's Go module carries.
func shippedPlugin() ([]byte, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "wasm", "count_vowels.wasm"))
}
