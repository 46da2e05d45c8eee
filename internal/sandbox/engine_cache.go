package sandbox

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
)

// machineCode keeps what the engine compiled, one file per module and CPU. The
// engine's own file cache reads a source map eight bytes at a time from the
// file, a second for a module of three megabytes, and a damaged file fails the
// compilation; this one reads through a buffer, and takes a damaged
// file for absent. See docs/adr/0030.
type machineCode struct {
	dir string

	// worker says what an absent file means: errNotStored, because a worker
	// compiles, or else that the engine does. A module that is trusted compiles
	// here all the same, with mu held for writing; others hold it for reading.
	worker  bool
	mu      sync.RWMutex
	trusted bool
}

// errNotStored keeps the engine from compiling, in this process, what a compile
// worker is there for.
var errNotStored = errors.New("no machine code for this module and engine in the module cache")

// absent is what Get and Delete answer for a file that is not to be used.
func (c *machineCode) absent() error {
	if c.worker && !c.trusted {
		return errNotStored
	}
	return nil
}

const (
	codeMagic  = "vudo-code\x00\x00\x01"
	codeHead   = len(codeMagic) + 4 // and the CRC-32C of the key and the rest
	codeBuffer = 256 << 10
)

// Get returns the content under key, or false. The file is read twice, once to
// check it: keeping it in memory instead would cost its size, twenty megabytes
// for three of Go, at the moment when a process starts.
func (c *machineCode) Get(key [32]byte) (io.ReadCloser, bool, error) {
	f, err := os.Open(c.path(key))
	if err != nil {
		return nil, false, c.absent()
	}
	if !wholeCode(f, key) {
		f.Close()
		return nil, false, c.absent()
	}
	return &codeReader{bufio.NewReaderSize(f, codeBuffer), f}, true, nil
}

// codeReader reads as much as it is asked for: the engine takes a short read
// for the end.
type codeReader struct {
	r *bufio.Reader
	f *os.File
}

func (c *codeReader) Read(p []byte) (int, error) {
	n, err := io.ReadFull(c.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

func (c *codeReader) Close() error { return c.f.Close() }

// wholeCode checks head and sum, and leaves the file at its content. A file that
// was moved here from another key's place has another sum: code never runs
// under a module that it was not made of.
func wholeCode(f *os.File, key [32]byte) bool {
	head := make([]byte, codeHead)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(codeMagic)]) != codeMagic {
		return false
	}
	sum := crc32.New(crcTable)
	sum.Write(key[:])
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, make([]byte, codeBuffer)); err != nil {
		return false
	}
	_, err := f.Seek(int64(codeHead), io.SeekStart)
	return err == nil && sum.Sum32() == binary.LittleEndian.Uint32(head[len(codeMagic):])
}

// Add stores content under key, all of it or nothing. A directory that cannot
// be written costs time, not correctness.
func (c *machineCode) Add(key [32]byte, content io.Reader) error {
	var b bytes.Buffer
	b.Write(make([]byte, codeHead))
	if _, err := b.ReadFrom(content); err != nil {
		return err
	}
	copy(b.Bytes(), codeMagic)
	binary.LittleEndian.PutUint32(b.Bytes()[len(codeMagic):], crc32.Update(crc32.Checksum(key[:], crcTable), crcTable, b.Bytes()[codeHead:]))
	_ = writeWhole(c.path(key), b.Bytes())
	return nil
}

// Delete removes what another version of the engine left under key.
func (c *machineCode) Delete(key [32]byte) error {
	if err := os.Remove(c.path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return c.absent()
}

func (c *machineCode) path(key [32]byte) string {
	return filepath.Join(c.dir, hex.EncodeToString(key[:]))
}

// newMachineCode returns a compilation cache of the engine that keeps its files
// through machineCode. The engine has no door for that: its cache holds them
// behind an interface in a field of its own, of which all methods have public
// types. Where the field is not as expected, the engine's own file cache is used.
// The returned machineCode is then nil.
func newMachineCode(dir string, worker bool) (wazero.CompilationCache, *machineCode, error) {
	code := &machineCode{dir: filepath.Join(dir, runtime.GOARCH+"-"+runtime.GOOS), worker: worker}
	cache := wazero.NewCompilationCache()
	if replaceFiles(cache, code) {
		if err := os.MkdirAll(code.dir, 0o700); err != nil {
			return nil, nil, fmt.Errorf("module cache: %w", err)
		}
		return cache, code, nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	return cache, nil, err
}

// during runs f, a compilation of the engine. One that is trusted may compile
// although a worker is there for the others, which wait meanwhile: the engine
// does not say for whom it asks for a file.
func (c *machineCode) during(trusted bool, f func() error) error {
	switch {
	case c == nil || !c.worker:
	case trusted:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.trusted = true
		defer func() { c.trusted = false }()
	default:
		c.mu.RLock()
		defer c.mu.RUnlock()
	}
	return f()
}

func replaceFiles(cache wazero.CompilationCache, files *machineCode) bool {
	p := reflect.ValueOf(cache)
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Struct {
		return false
	}
	f := p.Elem().FieldByName("fileCache")
	if !f.IsValid() || f.Kind() != reflect.Interface || !reflect.TypeOf(files).Implements(f.Type()) {
		return false
	}
	reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(files))
	return true
}
