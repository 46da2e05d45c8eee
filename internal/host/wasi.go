package host

import (
	"encoding/binary"
	"io"
	"maps"
	"path"
	"slices"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// errno is an error number of WASI preview 1.
type errno uint16

// The error numbers that gates return.
const (
	errnoSuccess     errno = 0
	errnoBadf        errno = 8
	errnoFault       errno = 21
	errnoFbig        errno = 22
	errnoInval       errno = 28
	errnoIO          errno = 29
	errnoMfile       errno = 33
	errnoNametoolong errno = 37
	errnoNoent       errno = 44
	errnoNospc       errno = 51
	errnoNotsup      errno = 58
	errnoNotcapable  errno = 76
)

// Bounds of WASI calls.
const (
	maxVectors     = 1_024     // iovecs of one call
	maxVectorBytes = 1<<31 - 1 // their sum
	maxPath        = 4_096     // bytes
	maxOpenFiles   = 1_024     // per sandbox, standard streams and mapped directories included
	randomPiece    = 1 << 20   // bytes drawn between two looks at stop and deadline
	journalPiece   = 1 << 20   // bytes digested between two of them
)

// WASIConfig is what the engine's WASI functions work with, as plain Go
// values. They belong to one instance and go through its State, so they serve
// each call in turn. The functions of the table that have an Impl take the
// place of the engine's own.
type WASIConfig struct {
	Args     []string
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Random   io.Reader
	Walltime func() (sec int64, nsec int32)
	Nanotime func() int64

	Dirs  []Dir // mapped directories that may be read, in the order of their descriptors
	Files FileWatch
}

// Dir is a directory of the host that the operator maps into the guest.
type Dir struct {
	Guest    string // absolute path in the guest, without "." and ".."
	Host     string // path on the host
	ReadOnly bool
}

// FileWatch is told by the file system of what it does.
type FileWatch interface {
	// Grow asks whether files may grow by n bytes, and counts them.
	Grow(n int64) bool
	// Shrink gives back n bytes.
	Shrink(n int64)
	// Pause is called between pieces of a long transfer or scan, and ends the
	// call by unwinding when it must end.
	Pause()
	// Opened tells what was just opened: a directory, or nil for a file.
	Opened(d Directory)
	// Mapped hands over what lists WASIConfig.Dirs[n] itself, once, before the
	// instance runs.
	Mapped(n int, d Directory)
}

// WASI returns what the engine needs for this sandbox's WASI functions, and
// numbers the descriptors: it is called once per instance. Of two directories
// under one guest path the first counts.
func (s *State) WASI() WASIConfig {
	w := WASIConfig{
		Args: s.cfg.Args, Stdin: stdin{s}, Stdout: stdout{s}, Stderr: stderr{s}, Random: randomSource{s},
		Walltime: func() (int64, int32) {
			now := s.now()
			return now.Unix(), int32(now.Nanosecond())
		},
		Nanotime: func() int64 { return int64(s.sinceBegin()) },
		Files:    fileWatch{s},
	}
	clear(s.files.open) // lets an earlier instance's listings go
	s.files.open = append(s.files.open[:0], file{kind: isStdin}, file{kind: isStdout}, file{kind: isStderr})
	for i, d := range s.cfg.Dirs {
		taken := slices.ContainsFunc(w.Dirs, func(o Dir) bool { return path.Clean(o.Guest) == path.Clean(d.Guest) })
		if !taken && s.rights.CheckDir(spirit.TypeStorageRead, d.Guest) == nil {
			w.Dirs = append(w.Dirs, d)
			s.files.open = append(s.files.open, file{kind: isFile, dir: i, preopen: true})
		}
	}
	return w
}

type (
	stdin        struct{ s *State }
	stdout       struct{ s *State }
	stderr       struct{ s *State }
	randomSource struct{ s *State }
)

// Read reads the call's input in order.
func (r stdin) Read(p []byte) (int, error) {
	in := &r.s.input
	if in.stream == nil {
		if in.pos >= len(in.bytes) {
			return 0, io.EOF
		}
		n := copy(p, in.bytes[in.pos:])
		in.pos += n
		in.taken = max(in.taken, uint64(in.pos))
		return n, nil
	}
	r.s.fill(-1)
	n, code := r.s.take(p)
	switch {
	case code == LimitHit:
		return 0, errInputLimit
	case code != Success:
		return 0, in.end
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

func (w stdout) Write(p []byte) (int, error) {
	if code := w.s.write(p); code != Success {
		return 0, errOutputLimit
	}
	return len(p), nil
}

// Write accepts everything: what may not be logged is dropped and counted.
func (w stderr) Write(p []byte) (int, error) {
	if w.s.rights.Check(spirit.TypeActuatorLog) != nil || uint64(len(p)) > w.s.limits.LogBytes-w.s.log.bytes {
		w.s.log.dropped += uint64(len(p)) // and not copied: it may be as long as the memory
	} else {
		w.s.join(&w.s.log.stderr, LevelError, p, false)
	}
	return len(p), nil
}

// Read fills p, looking at stop and deadline between pieces.
func (r randomSource) Read(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		r.s.m.Poll()
		piece := rest[:min(len(rest), randomPiece)]
		if _, err := io.ReadFull(r.s.svc.Random, piece); err != nil {
			return 0, err
		}
		rest = rest[len(piece):]
	}
	return len(p), nil
}

// runGate is the Gate of a WASI function.
func (s *State) runGate(f *Func, stack []uint64) {
	s.m.Poll()
	s.enter(f)
	s.files.full = false
	no := errnoNotcapable
	if d := s.rights.Check(f.Capability); d != nil {
		s.deny(d)
	} else {
		no = f.gate(s, stack)
	}
	if no != errnoSuccess {
		s.leave(f, stack, Code(-int32(no)), int64(no))
	}
	stack[0] = uint64(no)
}

// runDone is the Done of a WASI function, called only where Gate let it pass.
func (s *State) runDone(f *Func, stack []uint64) {
	paid := s.paid // by Gate
	s.enter(f)
	s.paid = paid
	no := errno(stack[len(f.Params)])
	if no == errnoIO && s.files.full {
		no = errnoNospc // the engine's own numbers do not have it
	}
	if f.done != nil {
		no = f.done(s, stack, no)
	}
	s.leave(f, stack, Code(-int32(no)), int64(no))
	stack[0] = uint64(no)
}

// wasi makes a row of the table.
func wasi(name string, params []wasm.ValType, c spirit.Type, success string,
	gate func(s *State, a []uint64) errno, done func(s *State, a []uint64, no errno) errno,
) Func {
	return Func{
		Name: name, Modules: []string{ModuleWASI}, Params: params, Results: sig(i32),
		Capability: c, Base: baseCall, Success: success, family: familyWASI, gate: gate, done: done,
	}
}

// wasiOwn makes a row for a function that is answered here and not by the
// engine.
func wasiOwn(name string, params []wasm.ValType, success string, impl func(s *State, a []uint64) int64) Func {
	return Func{
		Name: name, Modules: []string{ModuleWASI}, Params: params, Results: sig(i32),
		Base: baseCall, Success: success, family: familyWASI, result: resultErrno, impl: impl,
	}
}

// wasiCallFuncs are the functions of preview 1 that need not know the engine's
// table of descriptors.
func wasiCallFuncs() []Func {
	exit := wasi("proc_exit", sig(i32), 0, "never returns", func(s *State, a []uint64) errno {
		s.charge(0)
		s.leave(s.current, a, Success, 0)
		s.m.Exit(uint32(a[0]))
		return errnoSuccess
	}, nil)
	exit.Results = nil
	return []Func{
		wasi("args_get", sig(i32, i32), 0, "arguments copied", gateArgs, nil),
		wasi("args_sizes_get", sig(i32, i32), 0, "count and size", gatePlain, nil),
		wasiOwn("environ_get", sig(i32, i32), "granted variables copied; empty without sensor.environment", environGet),
		wasiOwn("environ_sizes_get", sig(i32, i32), "count and size of the granted variables", environSizesGet),
		wasi("clock_res_get", sig(i32, i32), spirit.TypeSensorTime, "nanoseconds", gatePlain, nil),
		wasi("clock_time_get", sig(i32, i64, i32), spirit.TypeSensorTime, "nanoseconds", gatePlain,
			func(s *State, a []uint64, no errno) errno { return s.reads(a[2], 8, no) }),
		wasiOwn("poll_oneoff", sig(i32, i32, i32, i32), "events; timeouts need sensor.time", pollOneoff),
		wasiOwn("fd_prestat_get", sig(i32, i32), "kind and length of a mapped directory's name", prestatGet),
		wasiOwn("fd_prestat_dir_name", sig(i32, i32, i32), "name copied", prestatDirName),
		exit,
		wasi("proc_raise", sig(i32), 0, "not supported by the engine", gatePlain, nil),
		wasi("random_get", sig(i32, i32), spirit.TypeSensorRandom, "filled", gateRandom,
			func(s *State, a []uint64, no errno) errno { return s.reads(a[0], a[1], no) }),
		wasi("sched_yield", nil, 0, "0", gatePlain, nil),
		wasi("sock_accept", sig(i32, i32, i32), 0, "ENOTSUP", gateNotsup, nil),
		wasi("sock_recv", sig(i32, i32, i32, i32, i32, i32), 0, "ENOTSUP", gateNotsup, nil),
		wasi("sock_send", sig(i32, i32, i32, i32, i32), 0, "ENOTSUP", gateNotsup, nil),
		wasi("sock_shutdown", sig(i32, i32), 0, "ENOTSUP", gateNotsup, nil),
	}
}

func gatePlain(s *State, _ []uint64) errno { s.charge(0); return errnoSuccess }

func gateNotsup(s *State, _ []uint64) errno { s.charge(0); return errnoNotsup }

func gateArgs(s *State, _ []uint64) errno {
	size := 0
	for _, a := range s.cfg.Args {
		size += len(a) + 1
	}
	s.charge(size)
	return errnoSuccess
}

func gateRandom(s *State, a []uint64) errno {
	p, ok := s.bytes(a[0], a[1])
	if !ok {
		return errnoFault
	}
	s.charge(len(p))
	return errnoSuccess
}

// reads records, after a call that went well, what it wrote to the guest's
// memory: it is what the guest learned from outside.
func (s *State) reads(ptr, n uint64, no errno) errno {
	if p, ok := s.bytes(ptr, n); ok && no == errnoSuccess {
		s.out += uint64(len(p))
		s.learned(ptr, n)
	}
	return no
}

// learned puts memory into the journal, looking at stop and deadline between
// pieces: a transfer can be as large as the memory.
func (s *State) learned(ptr, n uint64) {
	ptr, n = uint64(uint32(ptr)), uint64(uint32(n))
	for {
		p, ok := s.bytes(ptr, min(n, journalPiece))
		if !ok {
			return
		}
		s.journal.data(p)
		ptr, n = ptr+uint64(len(p)), n-uint64(len(p))
		if n == 0 {
			return
		}
		s.m.Poll()
	}
}

// environ returns the variables that the guest may see now, as NAME=VALUE in
// the order of the names, and their size with a zero byte after each.
func (s *State) environ() (vars []string, size int) {
	if len(s.cfg.Env) == 0 {
		return nil, 0
	}
	if d := s.rights.Check(spirit.TypeSensorEnvironment); d != nil {
		s.deny(d)
		return nil, 0
	}
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Env)) {
		if s.rights.CheckTarget(spirit.TypeSensorEnvironment, name) == nil {
			vars = append(vars, name+"="+s.cfg.Env[name])
			size += len(vars[len(vars)-1]) + 1
		}
	}
	return vars, size
}

func environSizesGet(s *State, a []uint64) int64 {
	if !s.inMemory(a[0], 4) || !s.inMemory(a[1], 4) {
		return int64(errnoFault)
	}
	vars, size := s.environ()
	s.charge(8)
	s.put32(a[0], uint32(len(vars)))
	s.put32(a[1], uint32(size))
	s.out = 8
	return 0
}

func environGet(s *State, a []uint64) int64 {
	vars, size := s.environ()
	if !s.inMemory(a[0], uint64(4*len(vars))) || !s.inMemory(a[1], uint64(size)) {
		return int64(errnoFault)
	}
	s.charge(size)
	pointers, _ := s.bytes(a[0], uint64(4*len(vars)))
	text, _ := s.bytes(a[1], uint64(size))
	at := 0
	for i, v := range vars {
		binary.LittleEndian.PutUint32(pointers[4*i:], uint32(a[1])+uint32(at))
		at += copy(text[at:], v)
		text[at] = 0
		at++
	}
	s.journal.data(text)
	s.out = uint64(size)
	return 0
}

// preopened returns the guest path of a mapped directory's own descriptor.
func (s *State) preopened(fd uint64) (string, bool) {
	f := s.files.at(fd)
	if !f.preopen {
		return "", false
	}
	return s.cfg.Dirs[f.dir].Guest, true
}

func prestatGet(s *State, a []uint64) int64 {
	if !s.inMemory(a[1], 8) {
		return int64(errnoFault)
	}
	name, ok := s.preopened(a[0])
	if !ok {
		return int64(errnoBadf)
	}
	s.charge(8)
	p, _ := s.bytes(a[1], 8)
	binary.LittleEndian.PutUint64(p, uint64(len(name))<<32) // kind 0: a directory
	s.out = 8
	return 0
}

func prestatDirName(s *State, a []uint64) int64 {
	if !s.inMemory(a[1], a[2]) {
		return int64(errnoFault)
	}
	name, ok := s.preopened(a[0])
	switch {
	case !ok:
		return int64(errnoBadf)
	case int(uint32(a[2])) < len(name):
		return int64(errnoNametoolong)
	}
	s.charge(len(name))
	p, _ := s.bytes(a[1], uint64(len(name)))
	copy(p, name)
	s.out = uint64(len(name))
	return 0
}

func (s *State) put32(ptr uint64, v uint32) bool {
	p, ok := s.bytes(ptr, 4)
	if ok {
		binary.LittleEndian.PutUint32(p, v)
	}
	return ok
}

// get32 reads a word of the guest's memory; 0 outside.
func (s *State) get32(ptr uint64) uint32 {
	if p, ok := s.bytes(ptr, 4); ok {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}
