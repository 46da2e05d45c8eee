package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// The module cache keeps images, one file per module, tariff and version of
// the pass. A file that does not read back whole is treated as absent and
// written anew; nothing in it is trusted further than its own checksum.
const (
	cacheMagic = "vudo-image\x00"
	// cacheVersion changes with the file format and with anything that the
	// metering pass does differently.
	cacheVersion = 2

	// Limits of the decoder: nothing is allocated beyond them.
	maxCacheItems = 1 << 20 // of any one list
	maxCacheText  = 1 << 20 // bytes of any one name
	maxCacheFile  = 1 << 30 // bytes
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// cacheKey names the image of source under the present tariff and pass.
func cacheKey(source [32]byte, shape fuel.ShapeLimits) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s%d %d %t ", cacheMagic, cacheVersion, fuel.TariffVersion, shape.Off)
	h.Write(source[:])
	return hex.EncodeToString(h.Sum(nil))
}

func (e *Engine) cachePath(key string) string {
	return filepath.Join(e.cacheDir, "images", key[:2], key)
}

// readCache returns a stored image, or nil.
func (e *Engine) readCache(key string) *image {
	if e.cacheDir == "" {
		return nil
	}
	path := e.cachePath(key)
	if st, err := os.Stat(path); err != nil || st.Size() > maxCacheFile {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	b, mine := bytes.CutSuffix(b, []byte(key))
	if !mine {
		return nil // it was moved here from another module's place
	}
	i, err := decodeImage(b)
	if err != nil {
		return nil
	}
	return i
}

// writeCache stores an image so that a reader sees all of it or nothing, with
// its key behind it: a file says whose it is.
func (e *Engine) writeCache(key string, i *image) error {
	if e.cacheDir == "" {
		return nil
	}
	return writeWhole(e.cachePath(key), append(encodeImage(i), key...))
}

// writeWhole writes a file beside its place and moves it there, so that no
// reader ever sees a part of it.
func writeWhole(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// encodeImage writes magic, CRC-32C of the rest, and the fields in order:
// numbers as unsigned LEB128, lists and byte strings behind their length.
func encodeImage(i *image) []byte {
	w := imageWriter{make([]byte, len(cacheMagic)+4, len(i.Bytes)+len(i.Bytes)/4+4096)}
	w.number(cacheVersion)
	w.number(uint64(len(i.Imports)))
	for _, x := range i.Imports {
		w.text(x.Module)
		w.text(x.Name)
		w.signature(x.Type)
	}
	w.number(uint64(len(i.Exports)))
	for _, x := range i.Exports {
		w.text(x.Name)
		w.signature(x.Type)
	}
	w.number(uint64(len(i.Tables)))
	for _, t := range i.Tables {
		w.number(uint64(t.Min))
		w.number(uint64(t.Max))
	}
	w.number(i.MinSize)
	w.number(i.MaxSize)
	w.number(uint64(i.Heap))
	w.text(string(i.Section))
	metered, _ := i.MarshalBinary() // never fails
	w.number(uint64(len(metered)))
	w.b = append(w.b, metered...)
	return w.seal()
}

// imageWriter appends fields behind room for the head.
type imageWriter struct{ b []byte }

func (w *imageWriter) seal() []byte {
	copy(w.b, cacheMagic)
	binary.LittleEndian.PutUint32(w.b[len(cacheMagic):], crc32.Checksum(w.b[len(cacheMagic)+4:], crcTable))
	return w.b
}

func (w *imageWriter) number(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *imageWriter) text(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *imageWriter) types(ts []wasm.ValType) {
	w.number(uint64(len(ts)))
	for _, t := range ts {
		w.b = append(w.b, byte(t))
	}
}

func (w *imageWriter) signature(t wasm.FuncType) {
	w.types(t.Params)
	w.types(t.Results)
}

var errCache = errors.New("damaged image in the module cache")

// decodeImage reads what encodeImage wrote; anything else is an error. The
// image aliases b.
func decodeImage(b []byte) (*image, error) {
	head := len(cacheMagic) + 4
	if len(b) < head || string(b[:len(cacheMagic)]) != cacheMagic ||
		binary.LittleEndian.Uint32(b[len(cacheMagic):]) != crc32.Checksum(b[head:], crcTable) {
		return nil, errCache
	}
	r := imageReader{b: b[head:]}
	if r.number() != cacheVersion {
		return nil, errCache
	}
	i := &image{}
	for n := r.count(); n > 0 && !r.bad; n-- {
		i.Imports = append(i.Imports, Import{r.text(), r.text(), r.signature()})
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		name, t := r.text(), r.signature()
		i.Exports = append(i.Exports, Export{Name: name, Type: t, Convention: conventionOf(name, t)})
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		i.Tables = append(i.Tables, tableFacts{Min: r.word(), Max: r.word()})
	}
	i.MinSize, i.MaxSize, i.Heap = r.number(), r.number(), r.word()
	section := r.bytes(spirit.MaxDeclaredBytes)
	metered := r.bytes(maxCacheFile)
	if r.bad || len(r.b) > 0 || i.UnmarshalBinary(metered) != nil {
		return nil, errCache
	}
	if len(section) == 0 {
		section = nil
	}
	if i.declare(section) != nil {
		return nil, errCache
	}
	i.freeze()
	return i, nil
}

// imageReader reads the fields; after the first fault all are zero.
type imageReader struct {
	b   []byte
	bad bool
}

func (r *imageReader) fail() {
	r.bad, r.b = true, nil
}

func (r *imageReader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *imageReader) word() uint32 {
	v := r.number()
	if v > 1<<32-1 {
		r.fail()
	}
	return uint32(v)
}

func (r *imageReader) count() uint64 {
	n := r.number()
	if n > maxCacheItems {
		r.fail()
		return 0
	}
	return n
}

func (r *imageReader) bytes(limit uint64) []byte {
	n := r.number()
	if n > limit || n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *imageReader) text() string { return string(r.bytes(maxCacheText)) }

func (r *imageReader) types() []wasm.ValType {
	b := r.bytes(maxCacheText)
	if len(b) == 0 {
		return nil
	}
	ts := make([]wasm.ValType, len(b))
	for i, t := range b {
		ts[i] = wasm.ValType(t)
	}
	return ts
}

func (r *imageReader) signature() wasm.FuncType {
	return wasm.FuncType{Params: r.types(), Results: r.types()}
}
