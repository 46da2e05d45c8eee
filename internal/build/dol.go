package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/spirit"
)

// Compiled is a module that was made from DOL.
type Compiled struct {
	Wasm         []byte
	SourceMap    []byte   // empty when stripped, or when the module was not compiled anew
	Capabilities []string // that the exports need, canonical names
	Cached       bool     // the sources were those of the build before
	File         string   // where it stands; "" when it is kept nowhere
}

// stamp says what a build was made from. A module whose stamp has another key, or
// whose bytes have another digest, is built anew.
type stamp struct {
	Key          string   `json:"key"`
	Wasm         string   `json:"wasm"` // SHA-256
	Capabilities []string `json:"capabilities"`
}

// Options are those of the compiler for this project: what the manifest says of
// entry, optimisation, memory and capabilities, over o.
func (p *Project) Options(o dol.Options) dol.Options {
	b := p.Manifest.Build
	o.Entry = filepath.ToSlash(b.Entry)
	o.Manifest = true
	o.Capabilities = nil
	for _, c := range p.Manifest.Asked() {
		if name := c.Type.String(); !slices.Contains(o.Capabilities, name) {
			o.Capabilities = append(o.Capabilities, name)
		}
	}
	if b.Optimize == "none" && o.Level == 0 {
		o.NoOpt = true
	}
	o.MaxMemoryBytes = p.Manifest.Limits.MemoryBytes
	return o
}

// Compile builds sources into file, or finds that what stands there was made from
// the same sources, options and compiler, of which version says the version. A
// source map is written beside it. An error in the sources is a diag.List and
// leaves a good build as it was.
func Compile(file string, sources []dol.Source, o dol.Options, version string, force bool) (*Compiled, diag.List, error) {
	k := key(sources, o, version)
	if !force {
		if c := stored(file, k); c != nil {
			return c, nil, nil
		}
	}
	res, problems := dol.Compile(sources, o)
	if res == nil {
		return nil, problems, problems.Err()
	}
	c := &Compiled{Wasm: res.Wasm, SourceMap: res.SourceMap, Capabilities: res.Capabilities, File: file}
	return c, problems, c.store(k, problems)
}

// CompileCached builds sources, or takes the module from dir, which keeps modules
// under a name made of what they depend on. Each is one file with its digest before
// it: what is damaged is made again. A dir that cannot be written is no failure.
func CompileCached(dir string, sources []dol.Source, o dol.Options, version string) ([]byte, diag.List, error) {
	file := filepath.Join(dir, key(sources, o, version))
	if b, err := os.ReadFile(file); err == nil && len(b) > sha256.Size && bytes.Equal(b[:sha256.Size], sum(b[sha256.Size:])) {
		return b[sha256.Size:], nil, nil
	}
	res, problems := dol.Compile(sources, o)
	if res == nil {
		return nil, problems, problems.Err()
	}
	if os.MkdirAll(dir, 0o700) == nil {
		_ = atomicfile.Write(file, append(sum(res.Wasm), res.Wasm...), 0o600)
	}
	return res.Wasm, problems, nil
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:]
}

// key is the digest of everything that the module depends on, in hex.
func key(sources []dol.Source, o dol.Options, version string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%+v\n", version, o)
	for _, s := range sources {
		fmt.Fprintf(h, "%d %s %d\n", len(s.Path), s.Path, len(s.Text))
		h.Write(s.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func stampFile(wasm string) string {
	return filepath.Join(filepath.Dir(wasm), "."+filepath.Base(wasm)+".stamp")
}

// stored returns the build at file when it is whole and has the key.
func stored(file, key string) *Compiled {
	text, err := os.ReadFile(stampFile(file))
	if err != nil || len(text) > spirit.MaxManifestBytes {
		return nil
	}
	var s stamp
	if json.Unmarshal(text, &s) != nil || s.Key != key {
		return nil
	}
	module, err := os.ReadFile(file)
	if err != nil || digest(module) != s.Wasm {
		return nil
	}
	return &Compiled{Wasm: module, Capabilities: s.Capabilities, Cached: true, File: file}
}

func digest(b []byte) string { return hex.EncodeToString(sum(b)) }

// store writes the module, its source map and, last, its stamp. A build with
// warnings has no stamp: the next one says them again.
func (c *Compiled) store(key string, problems diag.List) error {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o777); err != nil {
		return err
	}
	if err := os.Remove(stampFile(c.File)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := atomicfile.Write(c.File, c.Wasm, 0o644); err != nil {
		return err
	}
	sourceMap := c.File + ".map"
	if len(c.SourceMap) > 0 {
		if err := atomicfile.Write(sourceMap, c.SourceMap, 0o644); err != nil {
			return err
		}
	} else if err := os.Remove(sourceMap); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // that of another build would lead astray
	}
	if slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Severity == diag.Warning }) {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := enc.Encode(stamp{Key: key, Wasm: digest(c.Wasm), Capabilities: c.Capabilities}); err != nil {
		return err
	}
	return atomicfile.Write(stampFile(c.File), b.Bytes(), 0o644)
}
