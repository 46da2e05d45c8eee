package sandbox

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
)

func cachedFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(dir, "images"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCache(t *testing.T) {
	dir := t.TempDir()
	load := func() *Program { return compile(t, newEngine(t, EngineConfig{CacheDir: dir}), zoo()) }
	fresh := load()
	files := cachedFiles(t, dir)
	if fresh.times.FromCache || len(files) != 1 {
		t.Fatalf("%+v %v", fresh.times, files)
	}
	cached := load()
	if !cached.times.FromCache || !reflect.DeepEqual(cached.image, fresh.image) {
		t.Fatalf("%+v", cached.times)
	}
	_, u, err1 := ready(t, fresh, Config{}).CallValues(background, "sum", []Value{I64(100)})
	_, v, err2 := ready(t, cached, Config{}).CallValues(background, "sum", []Value{I64(100)})
	if err1 != nil || err2 != nil || u.FuelUsed != v.FuelUsed {
		t.Fatalf("%v %v %d %d", err1, err2, u.FuelUsed, v.FuelUsed)
	}
	// A damaged file is as good as none, and is written anew.
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() []byte{
		"cut":   func() []byte { return whole[:len(whole)/2] },
		"empty": func() []byte { return nil },
		"flipped": func() []byte {
			b := bytes.Clone(whole)
			b[len(b)-1] ^= 1
			return b
		},
		"longer": func() []byte { return append(bytes.Clone(whole), 0) },
	} {
		if err := os.WriteFile(files[0], damage(), 0o600); err != nil {
			t.Fatal(err)
		}
		if p := load(); p.times.FromCache {
			t.Errorf("%s: taken", name)
		}
		if b, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(b, whole) {
			t.Errorf("%s: not written anew: %v", name, err)
		}
	}
	if got := cachedFiles(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// A whole file in another module's place, in our cache or the engine's, is
// never run for that module.
func TestCacheSwapped(t *testing.T) {
	constant := func(n int32) *wasm.Builder {
		b := wasm.NewBuilder()
		b.Func("main", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(n) })
		return b
	}
	dir := t.TempDir()
	var files [2][]string
	for i := range files {
		before := map[string]bool{}
		for _, f := range allFiles(t, dir) {
			before[f] = true
		}
		compile(t, newEngine(t, EngineConfig{CacheDir: dir}), constant(int32(i)))
		for _, f := range allFiles(t, dir) {
			if !before[f] {
				files[i] = append(files[i], f)
			}
		}
	}
	if len(files[0]) != 2 || len(files[1]) != 2 {
		t.Fatalf("%v: one image and one of machine code each", files)
	}
	for k := range files[0] {
		t.Run(filepath.Base(filepath.Dir(files[0][k])), func(t *testing.T) {
			b, err := os.ReadFile(files[0][k])
			if err == nil {
				err = os.WriteFile(files[1][k], b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			p := compile(t, newEngine(t, EngineConfig{CacheDir: dir}), constant(1))
			v, _, err := p.CallValues(background, "main", nil, Config{})
			if err != nil || v[0] != I32(1) {
				t.Errorf("%v %v", v, err)
			}
		})
	}
}

// allFiles are the files below dir, in order of their names.
func allFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// Several processes and goroutines may fill one cache at once.
func TestCacheConcurrently(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		e := newEngine(t, EngineConfig{CacheDir: dir})
		wg.Go(func() {
			if _, err := e.Compile(background, zoo().Bytes(), CompileOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := cachedFiles(t, dir); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// A cache that cannot be written is no reason to fail.
func TestCacheUnwritable(t *testing.T) {
	dir := t.TempDir()
	e := newEngine(t, EngineConfig{CacheDir: dir})
	if err := os.WriteFile(filepath.Join(dir, "images"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := compile(t, e, zoo()); p.times.FromCache {
		t.Fatal("from nowhere")
	}
}

func FuzzDecodeImage(f *testing.F) {
	i, err := build(zoo().Bytes(), fuel.ShapeLimits{})
	if err != nil {
		f.Fatal(err)
	}
	b := encodeImage(i)
	f.Add(b[len(cacheMagic)+4:])
	f.Add([]byte{cacheVersion})
	f.Fuzz(func(t *testing.T, body []byte) {
		i, err := decodeImage(seal(body))
		if err != nil {
			return
		}
		again, err := decodeImage(encodeImage(i))
		if err != nil || !reflect.DeepEqual(i, again) {
			t.Fatalf("%v: what decodes does not read back equal", err)
		}
	})
}

// seal puts the head of a cache file before a body.
func seal(body []byte) []byte {
	w := imageWriter{append(make([]byte, len(cacheMagic)+4), body...)}
	return w.seal()
}

// The limits of the decoder hold from both sides.
func TestImageLimits(t *testing.T) {
	text := strings.Repeat("x", maxCacheText)
	for _, c := range []struct {
		name string
		i    image
		ok   bool
	}{
		{"longest text", image{Imports: []Import{{Name: text}}}, true},
		{"longer text", image{Imports: []Import{{Name: text + "x"}}}, false},
		{"longest list", image{Tables: make([]tableFacts, maxCacheItems)}, true},
		{"longer list", image{Tables: make([]tableFacts, maxCacheItems+1)}, false},
	} {
		_, err := decodeImage(encodeImage(&c.i))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// workerCommand makes this test binary its own compile worker.
func workerCommand(t *testing.T) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self, workerArgument}
}

const (
	workerArgument = "-vudo-test-compile-worker"
	idleArgument   = "-vudo-test-idle-worker" // says that it is done and has done nothing
)

// What a worker is there for is never compiled in this process: machine code
// that is gone, damaged or of another engine is asked for again.
func TestWorkerIsAskedAgain(t *testing.T) {
	dir := t.TempDir()
	worker := workerCommand(t)
	compile(t, newEngine(t, EngineConfig{CacheDir: dir, CompileWorker: worker}), zoo())
	files, err := filepath.Glob(filepath.Join(dir, "code", "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	// Another engine's code is whole, but says another version behind the head.
	foreign := append([]byte(nil), whole[codeHead:]...)
	foreign[len("WAZEVO")+1] ^= 1
	var key [32]byte
	if _, err := hex.Decode(key[:], []byte(filepath.Base(files[0]))); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(){
		"gone":    func() { os.Remove(files[0]) },
		"damaged": func() { os.WriteFile(files[0], whole[:len(whole)-1], 0o600) },
		"foreign": func() {
			c := &machineCode{dir: filepath.Dir(files[0])}
			if err := c.Add(key, bytes.NewReader(foreign)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		idle := newEngine(t, EngineConfig{CacheDir: dir, CompileWorker: []string{worker[0], idleArgument}})
		if _, err := idle.Compile(background, zoo().Bytes(), CompileOptions{}); !errors.Is(err, errNotStored) || errors.Is(err, fault.ErrInvalidModule) {
			t.Errorf("%s, a worker that leaves nothing: %v", name, err)
		}
		if _, err := idle.Compile(background, zoo().Bytes(), CompileOptions{Trusted: true}); err != nil {
			t.Errorf("%s, trusted: %v", name, err)
		}
		spoil()
		p := compile(t, newEngine(t, EngineConfig{CacheDir: dir, CompileWorker: worker}), zoo())
		if !p.times.FromCache || !p.times.FromWorker {
			t.Errorf("%s: %+v", name, p.times)
		}
		if v, _, err := ready(t, p, Config{}).CallValues(background, "fortytwo", nil); err != nil || v[0].I32() != 42 {
			t.Errorf("%s: %v %v", name, v, err)
		}
	}
}

func TestWorker(t *testing.T) {
	for name, dir := range map[string]string{"own cache": t.TempDir(), "temporary cache": ""} {
		e := newEngine(t, EngineConfig{CacheDir: dir, CompileWorker: workerCommand(t)})
		p := compile(t, e, zoo())
		if !p.times.FromWorker || p.times.FromCache {
			t.Errorf("%s: %+v", name, p.times)
		}
		if v, _, err := ready(t, p, Config{}).CallValues(background, "fortytwo", nil); err != nil || v[0].I32() != 42 {
			t.Errorf("%s: %v %v", name, v, err)
		}
		if p := compile(t, e, zoo()); p.times.FromWorker || !p.times.FromCache {
			t.Errorf("%s, again: %+v", name, p.times)
		}
		_, err := e.Compile(background, []byte("garbage"), CompileOptions{})
		if !errors.Is(err, fault.ErrInvalidModule) {
			t.Errorf("%s: %v", name, err)
		}
		p, err = e.Compile(background, workload().Bytes(), CompileOptions{Trusted: true})
		if err != nil || p.times.FromWorker {
			t.Errorf("%s, trusted: %v", name, err)
		}
		if e.tempDir != "" {
			e.Close(background)
			if _, err := os.Stat(e.tempDir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	e := newEngine(t, EngineConfig{CompileWorker: []string{filepath.Join(t.TempDir(), "absent")}})
	if _, err := e.Compile(background, zoo().Bytes(), CompileOptions{}); err == nil || errors.Is(err, fault.ErrInvalidModule) {
		t.Errorf("an absent worker: %v", err)
	}
}

// A module on which the compiler would spend minutes or gigabytes ends the
// worker and nothing else. Shape limits are off: they refuse it before.
func TestCompileBomb(t *testing.T) {
	b := wasm.NewBuilder()
	// The engine looks at the time between two functions only.
	const funcs, ifs, locals = 20, 700, 500
	for f := range uint32(funcs) {
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
			for i := range ifs {
				e.LocalGet(uint32(i % locals)).If(wasm.BlockEmpty).I32Const(int32(i)).LocalSet(uint32(i * 7 % locals)).End()
			}
		})
		b.LocalGroups(f, wasm.LocalGroup{Count: locals, Type: i32})
	}
	for name, c := range map[string]struct {
		worker bool
		budget budget
	}{
		"time in a worker":   {true, budget{200 * time.Millisecond, compileMemory}},
		"memory in a worker": {true, budget{20 * compileTime, 48 << 20}},
		"time in process":    {false, budget{200 * time.Millisecond, compileMemory}},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg EngineConfig
			if c.worker {
				cfg.CompileWorker = workerCommand(t)
			}
			e := newEngine(t, cfg)
			e.budget = c.budget
			_, err := e.Compile(background, b.Bytes(), CompileOptions{})
			wantErr(t, err, fault.ErrInvalidModule) // by its shape
			_, err = e.Compile(background, b.Bytes(), CompileOptions{Shape: fuel.ShapeLimits{Off: true}})
			wantErr(t, err, fault.ErrCompileLimit)
			if strings.Contains(name, "memory") != strings.Contains(err.Error(), "memory") {
				t.Error(err)
			}
			e.budget = budget{compileTime, compileMemory}
			if _, err := e.Compile(background, zoo().Bytes(), CompileOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	small := budget{compileTime, compileMemory}
	if small.timeFor(8<<20) != 10*time.Second || small.timeFor(11<<20) != 13*time.Second {
		t.Error(small.timeFor(11 << 20))
	}
}

func TestWorkerRequests(t *testing.T) {
	good := (&workerRequest{cacheDir: "dir", module: []byte("module"), memory: 5, interpreter: true, shapeOff: true}).encode()
	r, err := readWorkerRequest(bytes.NewReader(good))
	if err != nil || r.cacheDir != "dir" || string(r.module) != "module" || r.memory != 5 || !r.interpreter || !r.shapeOff {
		t.Fatalf("%+v %v", r, err)
	}
	for n := range good {
		var out bytes.Buffer
		if code := CompileWorkerMain(bytes.NewReader(good[:n]), &out); code == 0 || out.Len() == 0 || out.Bytes()[0] != workerFailed {
			t.Fatalf("%d of %d bytes: code %d, %q", n, len(good), code, out.String())
		}
	}
	long := (&workerRequest{cacheDir: strings.Repeat("d", maxWorkerPath+1)}).encode()
	if _, err := readWorkerRequest(bytes.NewReader(long)); err == nil {
		t.Fatal("a path above its limit was taken")
	}
}

// The engine keeps its machine code through our own files; the fallback to the
// engine's is for a version whose cache looks otherwise than this one's.
func TestMachineCode(t *testing.T) {
	if !replaceFiles(wazero.NewCompilationCache(), &machineCode{dir: t.TempDir()}) {
		t.Fatal("the engine's compilation cache is not what engine_cache.go expects")
	}
	dir := t.TempDir()
	load := func() time.Duration {
		p := compile(t, newEngine(t, EngineConfig{CacheDir: dir}), zoo())
		if v, _, err := ready(t, p, Config{}).CallValues(background, "fortytwo", nil); err != nil || v[0].I32() != 42 {
			t.Fatalf("%v %v", v, err)
		}
		return p.times.Engine
	}
	load()
	files, err := filepath.Glob(filepath.Join(dir, "code", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no machine code was kept:", err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		damaged := bytes.Clone(whole)
		switch n {
		case 0:
			damaged = damaged[:len(damaged)-1]
		case 1:
			damaged = nil
		case 2:
			damaged[len(damaged)/2] ^= 1
		case 3:
			damaged[0] ^= 1
		}
		if err := os.WriteFile(files[0], damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		load()
		if b, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(b, whole) {
			t.Errorf("case %d: not written anew: %v", n, err)
		}
	}
	c := &machineCode{dir: filepath.Join(dir, "other")}
	key := [32]byte{1}
	if _, ok, err := c.Get(key); ok || err != nil {
		t.Error("an absent file was found", err)
	}
	code := strings.Repeat("machine code ", codeBuffer/10)
	if err := c.Add(key, strings.NewReader(code)); err != nil {
		t.Fatal(err)
	}
	r, ok, err := c.Get(key)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for at := 0; at < len(code); at += 7 { // never a short read, also across its buffer
		b := make([]byte, min(7, len(code)-at))
		if n, err := r.Read(b); n != len(b) || err != nil || string(b) != code[at:at+n] {
			t.Fatalf("at %d: %d %v %q", at, n, err, b)
		}
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d %v", n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(c.Delete(key), c.Delete(key)); err != nil {
		t.Error(err)
	}
}
