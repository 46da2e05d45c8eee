package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
)

// A compile worker is a process of its own for one module: the engine's
// compiler allocates as it likes, and only the death of a process gives that
// back. The request is a header, the cache directory and the module on its
// standard input; the answer is one status byte and a message on its standard
// output; the work itself is left in the module cache, ours and the engine's.
//
// The worker watches its own memory, because a limit of the operating system
// on address space does not suit a Go process, and dies when it is over. The
// parent kills it when the time is up.
const (
	workerMagic = "vudo-compile\x01"

	workerDone   = 'D'
	workerFailed = 'F' // the module is refused, for the reason in the message
	workerMemory = 'M'

	maxWorkerPath   = 1 << 16
	maxWorkerAnswer = 1 << 16
	memoryInterval  = 5 * time.Millisecond
)

type workerRequest struct {
	cacheDir    string
	module      []byte
	memory      uint64 // bytes that the worker may hold
	interpreter bool
	shapeOff    bool
}

func (r *workerRequest) encode() []byte {
	b := append(make([]byte, 0, len(r.module)+len(r.cacheDir)+64), workerMagic...)
	var flags byte
	if r.interpreter {
		flags |= 1
	}
	if r.shapeOff {
		flags |= 2
	}
	b = append(b, flags)
	b = binary.BigEndian.AppendUint64(b, r.memory)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.cacheDir)))
	b = append(b, r.cacheDir...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.module)))
	return append(b, r.module...)
}

func readWorkerRequest(in io.Reader) (*workerRequest, error) {
	head := make([]byte, len(workerMagic)+1+8+4)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(workerMagic)]) != workerMagic {
		return nil, errors.New("not a compile request")
	}
	flags, rest := head[len(workerMagic)], head[len(workerMagic)+1:]
	memory := binary.BigEndian.Uint64(rest)
	dir, err := readBlock(in, binary.BigEndian.Uint32(rest[8:]), maxWorkerPath)
	if err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, err
	}
	module, err := readBlock(in, binary.BigEndian.Uint32(size[:]), maxModuleBytes)
	if err != nil {
		return nil, err
	}
	return &workerRequest{string(dir), module, memory, flags&1 != 0, flags&2 != 0}, nil
}

func readBlock(in io.Reader, n, limit uint32) ([]byte, error) {
	if n > limit {
		return nil, fmt.Errorf("a compile request of %d bytes, at most %d", n, limit)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(in, b)
	return b, err
}

// CompileWorkerMain is the whole of a compile worker: it reads one request
// from in, answers on out and returns the exit code. Mount it as a hidden
// command and name that command in EngineConfig.CompileWorker.
func CompileWorkerMain(in io.Reader, out io.Writer) int {
	request, err := readWorkerRequest(in)
	if err != nil {
		fmt.Fprintf(out, "%c%v", workerFailed, err)
		return 1
	}
	stop := watchMemory(request.memory, func() {
		fmt.Fprintf(out, "%c", workerMemory)
		os.Exit(3)
	})
	defer stop()
	e, err := NewEngine(EngineConfig{CacheDir: request.cacheDir, Interpreter: request.interpreter})
	if err == nil {
		defer e.Close(context.Background())
		_, err = e.Compile(context.Background(), request.module, CompileOptions{Shape: fuel.ShapeLimits{Off: request.shapeOff}})
	}
	if err != nil {
		fmt.Fprintf(out, "%c%d %s", workerFailed, codeOf(err), err)
		return 1
	}
	fmt.Fprintf(out, "%c", workerDone)
	return 0
}

// watchMemory calls over once the Go runtime holds more than limit bytes.
func watchMemory(limit uint64, over func()) (stop func()) {
	debug.SetMemoryLimit(int64(limit / 4 * 3)) // collect harder before giving up
	done := make(chan struct{})
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		tick := time.NewTicker(memoryInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			metrics.Read(sample)
			if sample[0].Value.Uint64()-sample[1].Value.Uint64() > limit {
				over()
				return
			}
		}
	}()
	return func() { close(done) }
}

// compileInWorker has a module compiled in a process of its own, within the
// compile budget.
func (e *Engine) compileInWorker(ctx context.Context, module []byte, shape fuel.ShapeLimits) error {
	request := workerRequest{e.cacheDir, module, e.budget.memory, e.cfg.Interpreter, shape.Off}
	budget := e.budget.timeFor(len(module))
	cctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	cmd := exec.CommandContext(cctx, e.cfg.CompileWorker[0], e.cfg.CompileWorker[1:]...)
	cmd.Stdin = bytes.NewReader(request.encode())
	cmd.WaitDelay = time.Second
	var answer boundedBuffer
	cmd.Stdout = &answer
	err := cmd.Run()
	text := answer.String()
	switch {
	case ctx.Err() != nil:
		return contextFault(ctx)
	case cctx.Err() != nil:
		return fmt.Errorf("%w: more than %v for %d bytes", fault.ErrCompileLimit, budget, len(module))
	case text == "":
		return fmt.Errorf("compile worker %s: no answer: %w", e.cfg.CompileWorker[0], err)
	case text[0] == workerDone && err == nil:
		return nil
	case text[0] == workerMemory:
		return fmt.Errorf("%w: more than %d MiB of memory for %d bytes", fault.ErrCompileLimit, e.budget.memory>>20, len(module))
	case text[0] == workerFailed:
		var code int
		if _, err := fmt.Sscanf(text[1:], "%d ", &code); err == nil && code >= 0 && code < len(fault.Table()) {
			_, reason, _ := bytes.Cut([]byte(text[1:]), []byte(" "))
			return &workerError{fault.Table()[code].Err, string(reason)}
		}
		return errors.New("compile worker: " + text[1:])
	}
	return fmt.Errorf("compile worker %s: %w", e.cfg.CompileWorker[0], err)
}

// workerError is an error that crossed from a worker: its text, and the
// sentinel that it matches.
type workerError struct {
	is   error
	text string
}

func (w *workerError) Error() string { return w.text }
func (w *workerError) Unwrap() error { return w.is }

// codeOf is the place in fault.Table of the sentinel that err matches, -1 for none.
func codeOf(err error) int {
	for i, e := range fault.Table() {
		if errors.Is(err, e.Err) {
			return i
		}
	}
	return -1
}

// boundedBuffer keeps the first bytes of an answer and lets the rest go.
type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if room := maxWorkerAnswer - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
