package spirit

import (
	"fmt"
	"slices"

	"github.com/univrs/vudo/diag"
)

// MaxManifestBytes is the greatest size of a manifest.toml.
const MaxManifestBytes = 256 << 10

// MaxManifestKeys is how many keys a manifest can hold, [metadata] included: the
// time to read one grows with its square.
const MaxManifestKeys = 8192

// MaxManifestProblems is how many problems of one manifest are reported.
const MaxManifestProblems = 50

// MaxAuthor is how many characters spirit.author may have.
const MaxAuthor = 256

// ManifestName is the name of the file in a project that holds the manifest.
const ManifestName = "manifest.toml"

// Manifest is what a Spirit says about itself: the content of manifest.toml
// (docs/spec/spirit.md, section 2). ParseManifest makes valid ones; Encode
// writes one back. A Manifest is a plain value and is not changed by the
// packages that read it.
//
// Running a Spirit uses Entry, ABI, the capabilities, Limits, Exports and Build.
// The others are checked for their form and kept: Publisher and a pinned Author
// say who must have signed, Dependencies and Features what is resolved, Pricing
// and Lineage what is paid and to whom, which other parts of VUDO act on.
type Manifest struct {
	// [spirit]
	Name        string
	Version     string // a semantic version
	Description string
	Author      string // free text; exactly 64 hex digits pin the signing key
	Publisher   string // did:key; "" = none
	License     string // SPDX expression; "" = none
	Repository  string // absolute https URL; "" = none
	Homepage    string // likewise
	Keywords    []string
	Categories  []string
	Entry       string // export that runs when none is named
	ABI         int    // host ABI, 1

	// [capabilities], categories expanded, canonical
	Required []Capability
	Optional []Capability
	Reasons  map[Type]string // shown when consent is asked

	Limits       Limits // zero where nothing is written
	Exports      map[string]Export
	Dependencies map[string]Dependency
	Features     map[string][]string
	Pricing      Pricing
	Lineage      []Ancestor
	Build        Build
	Metadata     map[string]any // kept as it was read, used for nothing
}

// Export is one row of [exports]: what the Spirit says about an export.
type Export struct {
	Description string
	Input       string       // "bytes", "text", "json", "none", or scalars such as "i32, i32"; "" = not said
	Output      string       // likewise
	Restricted  bool         // Capabilities was written
	Narrowed    []Capability // with Restricted: the export runs with these only
}

// Dependency is one row of [dependencies].
type Dependency struct {
	Version  string // requirement; "" only beside Path
	Path     string // a project directory, as it is written; "" = from a registry
	Registry string // name of a registry; "" = the default one
	Name     string // real name, perhaps "@owner/name"; "" = the key
	Optional bool
	Features []string
}

// PricingModel says when a Spirit costs something.
type PricingModel string

// The pricing models.
const (
	Free          PricingModel = "free"           // no cost
	PerInvocation PricingModel = "per-invocation" // cost per call
	PerSecond     PricingModel = "per-second"     // cost per execution time
	Subscription  PricingModel = "subscription"   // monthly or periodic fee
)

// Pricing is the [pricing] table: amounts in microcredits, 0 where nothing is written.
type Pricing struct {
	Model                                                   PricingModel
	BaseCost, PerSecondCost, MinBalance                     Microcredits
	PerFuelCost, PerMemoryCost                              Microcredits // per 1,000 fuel; per 65,536-byte page at the peak
	PerStorageReadCost, PerStorageWriteCost, PerNetworkCost Microcredits // per operation
	Period                                                  string       // day, week, month or year; subscriptions only
}

// Ancestor is one entry of lineage: a package that this one descends from, and
// its author's share of the income.
type Ancestor struct {
	Ref      string // name@version
	Digest   Digest // package digest
	Author   string // did:key; "" = not pinned
	ShareBPS int    // basis points, 1 to 10,000
}

// Build is the [build] table: how the module is made from its source.
type Build struct {
	Lang     string // one of Languages
	Source   string // directory below the project
	Entry    string // file or directory below the project
	Optimize string // none, size or speed
}

// Asked returns everything that the manifest asks for, required first, in
// canonical form.
func (m *Manifest) Asked() []Capability {
	return slices.Concat(m.Required, m.Optional)
}

// Language is a value of build.lang and the file that is built when none is named.
type Language struct {
	Name  string
	Entry string
}

// Languages lists the values of build.lang.
func Languages() []Language {
	return []Language{
		{"dol", "src/main.dol"},
		{"go", "src/main.go"},
		{"rust", "src/lib.rs"},
		{"c", "src/main.c"},
		{"assemblyscript", "src/index.ts"},
		{"wat", "src/main.wat"},
		{"wasm", "src/main.wasm"},
	}
}

// ParseManifest reads a manifest.toml. The name of the file is used in messages
// only. It is strict: an unknown table or key, a duplicate, a wrong type and a
// value out of range are errors; all of them are reported, at most
// MaxManifestProblems, each with its place, key path, code (manifest-syntax,
// manifest-key or manifest-value) and, where one is known, a fix. A manifest
// comes back only with an empty list. Safe for concurrent use.
func ParseManifest(text []byte, file string) (*Manifest, diag.List) {
	r := reader{text: text, file: file}
	if len(text) > MaxManifestBytes {
		r.add(0, 0, codeValue, "", fmt.Sprintf("the manifest is %d bytes long, above the limit of %d", len(text), MaxManifestBytes), "")
		return nil, r.finish()
	}
	root := r.tree()
	if root == nil {
		return nil, r.finish()
	}
	m := r.manifest(root)
	if len(r.problems) > 0 {
		return nil, r.finish()
	}
	return m, nil
}
