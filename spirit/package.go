package spirit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/univrs/vudo/internal/fault"
)

// Digest is a SHA-256, the identity of a content.
type Digest [sha256.Size]byte

// String returns "sha256:" and 64 lower-case hex digits.
func (d Digest) String() string { return "sha256:" + hex.EncodeToString(d[:]) }

// ParseDigest reads what String writes, and nothing else.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	digits, ok := strings.CutPrefix(s, "sha256:")
	if _, err := hex.Decode(d[:], []byte(digits[:min(len(digits), 2*len(d))])); !ok || len(digits) != 2*len(d) || err != nil || digits != strings.ToLower(digits) {
		return Digest{}, fmt.Errorf("is %q: sha256: and 64 lower-case hex digits are expected", s)
	}
	return d, nil
}

// Package is a Spirit on disk: a manifest, a module, and what else belongs to
// it. It does not change after it was made and is safe for concurrent use.
type Package struct {
	manifest *Manifest
	text     []byte
	module   []byte
	sum      Digest // of module
	digest   Digest
}

// FromModule makes a package from the text of a manifest and a WebAssembly
// module. Such a package is the caller's own, unsigned. Both slices are kept,
// not copied, and must not be changed afterwards. Problems of the manifest come
// back as a diag.List (errors.As finds it); the module is decoded and checked
// only when it is loaded: here it must not be empty or beyond the greatest size
// that any limit permits, else the error matches ErrInvalidModule.
func FromModule(manifest, module []byte) (*Package, error) {
	m, problems := ParseManifest(manifest, ManifestName)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if len(module) == 0 {
		return nil, fmt.Errorf("%w: empty", fault.ErrInvalidModule)
	}
	if greatest := moduleBytesCap(); uint64(len(module)) > greatest {
		return nil, fmt.Errorf("%w: %d bytes exceeds maximum of %d", fault.ErrInvalidModule, len(module), greatest)
	}
	p := &Package{manifest: m, text: manifest, module: module, sum: sha256.Sum256(module)}
	p.digest = sha256.Sum256([]byte(p.digests()))
	return p, nil
}

func moduleBytesCap() uint64 {
	for _, f := range Fields() {
		if f.Name == "max_module_bytes" {
			return f.Cap
		}
	}
	return 0
}

// digests is the member META/digests of the package file: one line for each
// other member, in order of names (docs/spec/spirit.md, section 6.1).
func (p *Package) digests() string {
	var b strings.Builder
	b.WriteString("vudo-digests 1\n")
	text := sha256.Sum256(p.text)
	fmt.Fprintf(&b, "%x  %d  %s\n", text, len(p.text), ManifestName)
	fmt.Fprintf(&b, "%x  %d  %s\n", p.sum, len(p.module), "spirit.wasm")
	return b.String()
}

// Manifest returns the parsed manifest; it must not be changed.
func (p *Package) Manifest() *Manifest { return p.manifest }

// ManifestText returns the manifest as it was given; it must not be changed.
func (p *Package) ManifestText() []byte { return p.text }

// Module returns the module as built, before metering; it must not be changed.
func (p *Package) Module() []byte { return p.module }

// ModuleDigest returns the SHA-256 of the module.
func (p *Package) ModuleDigest() Digest { return p.sum }

// Digest returns the package digest: the identity of manifest and module
// together, the same whether the package is in memory or in a file, signed or not.
func (p *Package) Digest() Digest { return p.digest }
