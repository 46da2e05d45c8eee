package spirit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
)

// Encode writes the manifest in canonical form: tables and keys in the order of
// the specification, the user's own names sorted, defaults left out, capabilities
// expanded. Parsing it gives an equal manifest, and equal manifests give equal
// bytes. The manifest must be a valid one, as ParseManifest makes them.
func (m *Manifest) Encode() []byte {
	w := &writer{}
	w.table("spirit")
	w.text("name", m.Name)
	w.text("version", m.Version)
	w.text("description", m.Description)
	w.text("author", m.Author)
	w.text("publisher", m.Publisher)
	w.text("license", m.License)
	w.text("repository", m.Repository)
	w.text("homepage", m.Homepage)
	w.texts("keywords", m.Keywords)
	w.texts("categories", m.Categories)
	if m.Entry != "main" {
		w.text("entry", m.Entry)
	}
	if m.ABI != 1 {
		w.number("abi", uint64(m.ABI))
	}

	w.table("capabilities")
	w.texts("required", capabilityTexts(m.Required))
	w.texts("optional", capabilityTexts(m.Optional))
	w.table("capabilities", "reasons")
	for _, t := range slices.Sorted(maps.Keys(m.Reasons)) {
		w.line(t.String(), quote(m.Reasons[t]))
	}

	w.table("limits")
	for _, f := range Fields() {
		if v := f.Get(&m.Limits); v != 0 {
			w.number(f.Name, v)
		}
	}

	for _, name := range slices.Sorted(maps.Keys(m.Exports)) {
		e := m.Exports[name]
		w.table("exports", name)
		w.begin()
		w.text("description", e.Description)
		w.text("input", e.Input)
		w.text("output", e.Output)
		if e.Restricted {
			w.line("capabilities", quoteList(capabilityTexts(e.Narrowed)))
		}
	}

	w.table("dependencies")
	for _, name := range slices.Sorted(maps.Keys(m.Dependencies)) {
		w.line(name, m.Dependencies[name].encode())
	}
	w.table("features")
	for _, name := range slices.Sorted(maps.Keys(m.Features)) {
		w.line(name, quoteList(m.Features[name]))
	}

	if m.Pricing.Model != Free {
		w.table("pricing")
		w.text("model", string(m.Pricing.Model))
		required, allowed := pricingKeys(m.Pricing.Model)
		amounts := m.Pricing.amounts()
		for _, key := range slices.Concat(required, allowed) {
			if v := amounts[key]; v != nil && (*v != 0 || slices.Contains(required, key)) {
				w.number(key, uint64(*v))
			}
		}
		w.text("period", m.Pricing.Period)
	}

	for _, a := range m.Lineage {
		w.element("lineage")
		w.text("ref", a.Ref)
		w.text("digest", a.Digest.String())
		w.text("author", a.Author)
		w.number("share_bps", uint64(a.ShareBPS))
	}

	w.table("build")
	if m.Build.Lang != "dol" {
		w.text("lang", m.Build.Lang)
	}
	if m.Build.Source != "src" {
		w.text("source", m.Build.Source)
	}
	if m.Build.Entry != defaultEntry(m.Build.Lang) {
		w.text("entry", m.Build.Entry)
	}
	if m.Build.Optimize != "speed" {
		w.text("optimize", m.Build.Optimize)
	}

	if len(m.Metadata) > 0 {
		w.metadata(m.Metadata)
	}
	return []byte(w.b.String())
}

// encode returns the dependency as a value of [dependencies].
func (d Dependency) encode() string {
	if d.Path == "" && d.Registry == "" && d.Name == "" && !d.Optional && len(d.Features) == 0 {
		return quote(d.Version)
	}
	var parts []string
	for _, p := range []struct{ key, value string }{
		{"version", d.Version}, {"path", d.Path}, {"registry", d.Registry}, {"name", d.Name},
	} {
		if p.value != "" {
			parts = append(parts, p.key+" = "+quote(p.value))
		}
	}
	if d.Optional {
		parts = append(parts, "optional = true")
	}
	if len(d.Features) > 0 {
		parts = append(parts, "features = "+quoteList(d.Features))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func capabilityTexts(cs []Capability) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.String())
	}
	return out
}

// writer appends TOML. A table's header is written with its first key, so that
// empty tables leave no trace.
type writer struct {
	b      strings.Builder
	header string
}

func (w *writer) table(path ...string) {
	key := ""
	for _, p := range path {
		key = joinKey(key, p)
	}
	w.header = "[" + key + "]\n"
}

func (w *writer) element(name string) { w.header = "[[" + name + "]]\n" }

// begin writes the header of the table, even if no key follows.
func (w *writer) begin() {
	if w.header == "" {
		return
	}
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	w.b.WriteString(w.header)
	w.header = ""
}

func (w *writer) line(key, value string) {
	w.begin()
	fmt.Fprintf(&w.b, "%s = %s\n", joinKey("", key), value)
}

func (w *writer) text(key, value string) {
	if value != "" {
		w.line(key, quote(value))
	}
}

func (w *writer) texts(key string, values []string) {
	if len(values) > 0 {
		w.line(key, quoteList(values))
	}
}

func (w *writer) number(key string, v uint64) { w.line(key, strconv.FormatUint(v, 10)) }

// metadata is written by the library, which sorts the keys of maps.
func (w *writer) metadata(m map[string]any) {
	text, err := toml.Marshal(map[string]any{"metadata": m})
	if err != nil {
		panic(err) // what the library has read, it can write
	}
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	w.b.Write(text)
}

// quote writes a basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func quoteList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
