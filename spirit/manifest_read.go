package spirit

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/internal/semver"
)

// The limits of a manifest's tables (docs/spec/spirit.md, section 2.2).
const (
	maxDescription  = 500
	maxAuthor       = MaxAuthor
	maxLicense      = 128
	maxURL          = 512
	maxKeywords     = 10
	maxCategories   = 5
	maxCapabilities = 64
	maxReason       = 500
	maxExportName   = 256
	maxLineage      = 32
	shareWhole      = 10_000
)

// manifest reads the whole document. What it returns is of use only when it
// recorded no problem.
func (r *reader) manifest(root *node) *Manifest {
	m := &Manifest{Entry: "main", ABI: 1, Pricing: Pricing{Model: Free}}
	var build, spirit *node
	r.table(root, "", known{
		"spirit": func(key string, n *node) {
			spirit = n
			r.spirit(m, key, n)
		},
		"capabilities": func(key string, n *node) { r.capabilities(m, key, n) },
		"limits":       func(key string, n *node) { r.limits(m, key, n) },
		"exports":      func(key string, n *node) {}, // below: they refer to the capabilities
		"dependencies": func(key string, n *node) {
			m.Dependencies = map[string]Dependency{}
			r.each(n, key, func(name, key string, n *node) { r.dependency(m, name, key, n) })
		},
		"features": func(key string, n *node) {}, // below: they refer to the dependencies
		"pricing":  func(key string, n *node) { r.pricing(m, key, n) },
		"lineage":  func(key string, n *node) { r.lineage(m, key, n) },
		"build":    func(key string, n *node) { build = n },
		"metadata": func(key string, n *node) { r.metadata(m, key, n) },
	})
	if spirit == nil {
		r.add(0, 0, codeKey, "spirit", "the table [spirit] is missing", "begin with [spirit], name and version")
	}
	if n := root.get("exports"); n != nil {
		m.Exports = map[string]Export{}
		r.each(n, "exports", func(name, key string, n *node) { r.export(m, name, key, n) })
	}
	if n := root.get("features"); n != nil {
		r.features(m, "features", n)
	}
	r.build(m, "build", build)
	return m
}

func (r *reader) spirit(m *Manifest, key string, n *node) {
	optional := func(to *string, limit int, check func(string) error) func(string, *node) {
		return func(key string, n *node) { *to, _ = r.checked(n, key, limit, check) }
	}
	plain := func(to *string, limit int) func(string, *node) {
		return func(key string, n *node) { *to, _ = r.line(n, key, limit) }
	}
	r.table(n, key, known{
		"name":        func(key string, n *node) { r.name(m, key, n) },
		"version":     func(key string, n *node) { m.Version, _ = r.version(n, key) },
		"description": plain(&m.Description, maxDescription),
		"author":      plain(&m.Author, maxAuthor),
		"publisher":   optional(&m.Publisher, maxAuthor, CheckKey),
		"license":     optional(&m.License, maxLicense, checkLicense),
		"repository":  optional(&m.Repository, maxURL, checkURL),
		"homepage":    optional(&m.Homepage, maxURL, checkURL),
		"keywords":    func(key string, n *node) { m.Keywords = r.words(n, key, maxKeywords, checkKeyword) },
		"categories":  func(key string, n *node) { m.Categories = r.words(n, key, maxCategories, checkKeyword) },
		"entry":       optional(&m.Entry, maxExportName, checkExport),
		"abi": func(key string, n *node) {
			if v, ok := r.integer(n, key, 1, 1); ok {
				m.ABI = int(v)
			}
		},
	})
	if n.kind != unstable.Table {
		return
	}
	for _, must := range []string{"name", "version"} {
		if n.get(must) == nil {
			r.at(n, codeKey, joinKey(key, must), key+"."+must+" is missing", "add "+must+" = \"...\" below [spirit]")
		}
	}
}

func (r *reader) name(m *Manifest, key string, n *node) {
	s, ok := r.line(n, key, math.MaxInt32)
	if !ok {
		return
	}
	if err := CheckName(s); err != nil {
		hint := ""
		if strings.HasPrefix(s, "@") {
			hint = "an owner is not written here; it is given when publishing"
		}
		r.at(n, codeValue, key, key+" "+err.Error(), hint)
		return
	}
	m.Name = s
}

func (r *reader) version(n *node, key string) (string, bool) {
	s, ok := r.line(n, key, math.MaxInt32)
	if !ok {
		return "", false
	}
	if _, err := semver.ParseVersion(s); err != nil {
		r.semverError(n, key, "version-syntax", err)
		return "", false
	}
	return s, true
}

func (r *reader) requirement(n *node, key string) string {
	s, ok := r.line(n, key, math.MaxInt32)
	if !ok {
		return ""
	}
	if _, err := semver.ParseRequirement(s); err != nil {
		r.semverError(n, key, "requirement-syntax", err)
		return ""
	}
	return s
}

// semverError records err at its own column inside the text where the text is
// written plainly, without escapes.
func (r *reader) semverError(n *node, key, code string, err error) {
	var e *semver.Error
	if !errors.As(err, &e) {
		r.at(n, code, key, err.Error(), "")
		return
	}
	start, end := n.start, n.end
	if string(r.text[start+1:max(start+1, end-1)]) == n.str {
		start = min(start+e.Column, end-1)
		end = start
	}
	r.add(start, end, code, key, fmt.Sprintf("%s is %q: %s (column %d of it)", key, n.str, e.Msg, e.Column), e.Hint)
}

func (r *reader) capabilities(m *Manifest, key string, n *node) {
	r.table(n, key, known{
		"required": func(key string, n *node) { m.Required = r.capabilityList(n, key) },
		"optional": func(key string, n *node) { m.Optional = r.capabilityList(n, key) },
		"reasons":  func(key string, n *node) {}, // below: they refer to the others
	})
	if n.kind != unstable.Table {
		return
	}
	for _, c := range m.Optional {
		if slices.Contains(m.Required, c) {
			r.at(n.get("optional"), codeValue, key+".optional", fmt.Sprintf("%v is both required and optional", c), "keep it in one of the two lists")
		}
	}
	reasons := n.get("reasons")
	if reasons == nil {
		return
	}
	m.Reasons = map[Type]string{}
	r.each(reasons, key+".reasons", func(name, key string, n *node) {
		t, ok := typeWords[strings.ToLower(name)]
		switch {
		case !ok && n.kind == unstable.Table && categoryWords[strings.ToLower(name)] != 0:
			r.at(n, codeKey, key, key+" is a table", `write the type in quotes: "`+name+`.TYPE" = "..."`)
			return
		case !ok:
			hint := "write a type that is asked for"
			if near := nearest(strings.ToLower(name), typeNames()); len(near) > 0 {
				hint = "did you mean " + orList(near) + "?"
			}
			r.add(n.keyStart, n.keyEnd, codeKey, key, key+" is no capability type", hint)
			return
		case !slices.ContainsFunc(m.Asked(), func(c Capability) bool { return c.Type == t }):
			r.add(n.keyStart, n.keyEnd, codeKey, key, fmt.Sprintf("%s gives a reason for %v, which is not asked for", key, t), "add it to required or optional, or leave the reason out")
			return
		}
		if _, twice := m.Reasons[t]; twice {
			r.add(n.keyStart, n.keyEnd, codeKey, key, fmt.Sprintf("%s gives a second reason for %v", key, t), "keep one of the two")
			return
		}
		if s, ok := r.line(n, key, maxReason); ok {
			m.Reasons[t] = s
		}
	})
	if len(m.Reasons) == 0 {
		m.Reasons = nil
	}
}

// capabilityList reads capabilities, expands categories and leaves out repeats.
func (r *reader) capabilityList(n *node, key string) []Capability {
	if n.kind == unstable.Table && len(n.keys) > 0 {
		r.at(n, codeValue, key, key+" must be a list, not a table", fmt.Sprintf(`write %s = [%q]`, key[strings.LastIndexByte(key, '.')+1:], n.keys[0].name))
		return nil
	}
	var out []Capability
	for i, item := range r.list(n, key, maxCapabilities) {
		path := fmt.Sprintf("%s[%d]", key, i)
		if item.kind == unstable.Bool {
			r.at(item, codeValue, path, path+" is "+item.str+", not a capability", `name what is needed, such as "log"`)
			continue
		}
		if item.kind != unstable.String {
			r.wrong(item, path, "text")
			continue
		}
		cs, err := ParseCapability(item.str)
		var ce *CapabilityError
		if errors.As(err, &ce) {
			r.at(item, codeValue, path, path+": "+ce.Error(), ce.Hint)
			continue
		}
		for _, c := range cs {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	if len(out) > maxCapabilities {
		r.at(n, codeValue, key, fmt.Sprintf("%s names %d capabilities, above the limit of %d", key, len(out), maxCapabilities), "")
	}
	slices.SortFunc(out, compareCapabilities)
	return out
}

func (r *reader) limits(m *Manifest, key string, n *node) {
	limits := known{}
	for _, f := range Fields() {
		limits[f.Name] = func(key string, n *node) {
			if n.kind == unstable.Integer && strings.Trim(n.str, "+-0_xob") == "" {
				r.at(n, codeValue, key, key+" is 0, which would permit nothing", fmt.Sprintf("leave it out for the default of %d", f.Default))
				return
			}
			if v, ok := r.integer(n, key, 1, f.Cap); ok {
				f.Set(&m.Limits, v)
			}
		}
	}
	r.table(n, key, limits)
}

func (r *reader) export(m *Manifest, name, key string, n *node) {
	if name == "" || len(name) > maxExportName || !diag.Printable(name) {
		r.add(n.keyStart, n.keyEnd, codeKey, key, fmt.Sprintf("%s is no name of an export: 1 to %d bytes of printable text are expected", key, maxExportName), "")
		return
	}
	var e Export
	port := func(to *string) func(string, *node) {
		return func(key string, n *node) {
			s, ok := r.line(n, key, 1000)
			if !ok {
				return
			}
			var parts []string
			for p := range strings.SplitSeq(s, ",") {
				parts = append(parts, strings.TrimSpace(p))
			}
			s = strings.Join(parts, ", ")
			if err := checkPort(s); err != nil {
				r.at(n, codeValue, key, key+" "+err.Error(), "")
				return
			}
			*to = s
		}
	}
	r.table(n, key, known{
		"description": func(key string, n *node) { e.Description, _ = r.line(n, key, maxDescription) },
		"input":       port(&e.Input),
		"output":      port(&e.Output),
		"capabilities": func(key string, n *node) {
			e.Restricted, e.Narrowed = true, r.capabilityList(n, key)
			for _, c := range e.Narrowed {
				if !slices.ContainsFunc(m.Asked(), func(own Capability) bool { return own.Covers(c) }) {
					r.at(n, codeValue, key, fmt.Sprintf("%s names %v, which the Spirit itself does not ask for", key, c), "add it to capabilities.required or .optional, or leave it out here")
				}
			}
		},
	})
	m.Exports[name] = e
}

func (r *reader) dependency(m *Manifest, name, key string, n *node) {
	if err := CheckName(name); err != nil {
		hint := ""
		if strings.HasPrefix(name, "@") {
			hint = `give it a name of your own: utils = { name = "` + name + `", version = "..." }`
		}
		r.add(n.keyStart, n.keyEnd, codeKey, key, key+" "+err.Error(), hint)
		return
	}
	var d Dependency
	if n.kind == unstable.String {
		d.Version = r.requirement(n, key)
		m.Dependencies[name] = d
		return
	}
	if n.kind != unstable.Table {
		r.at(n, codeValue, key, fmt.Sprintf("%s must be a requirement or a table, not %s", key, kindWord(n.kind)), `write "^1.0" or { path = "../`+name+`" }`)
		return
	}
	r.table(n, key, known{
		"version":  func(key string, n *node) { d.Version = r.requirement(n, key) },
		"path":     func(key string, n *node) { d.Path, _ = r.checked(n, key, 1024, checkRelative) },
		"registry": func(key string, n *node) { d.Registry, _ = r.checked(n, key, maxURL, checkExport) },
		"name":     func(key string, n *node) { d.Name, _ = r.checked(n, key, 2*MaxNameBytes+2, checkRef) },
		"optional": func(key string, n *node) { d.Optional = r.boolean(n, key) },
		"features": func(key string, n *node) { d.Features = r.words(n, key, 64, CheckName) },
		"git": func(key string, n *node) {
			r.add(n.keyStart, n.keyEnd, codeKey, key, key+": a dependency cannot come from git", "clone it and use path, or name a version in a registry")
		},
	})
	if n.get("version") == nil && n.get("path") == nil && n.get("git") == nil {
		r.at(n, codeKey, key, key+" has neither version nor path", `add version = "^1.0" or path = "../`+name+`"`)
	}
	m.Dependencies[name] = d
}

func (r *reader) features(m *Manifest, key string, n *node) {
	m.Features = map[string][]string{}
	isOptional := func(dep string) bool { d, ok := m.Dependencies[dep]; return ok && d.Optional }
	r.each(n, key, func(name, key string, item *node) {
		if err := CheckName(name); err != nil {
			r.add(item.keyStart, item.keyEnd, codeKey, key, key+" "+err.Error(), "")
			return
		}
		m.Features[name] = r.words(item, key, 64, func(s string) error {
			if dep, ok := strings.CutPrefix(s, "dep:"); ok {
				if !isOptional(dep) {
					return fmt.Errorf("names %q, which is no optional dependency", s)
				}
				return nil
			}
			if n.get(s) == nil {
				hint := ""
				if isOptional(s) {
					hint = "; a dependency is written dep:" + s
				}
				return fmt.Errorf("names %q, which is no feature%s", s, hint)
			}
			return nil
		})
	})
	if cycle := featureCycle(m.Features); cycle != nil {
		at := n.get(cycle[0])
		r.add(at.keyStart, at.keyEnd, codeValue, joinKey(key, cycle[0]), "features turn each other on in a circle: "+strings.Join(cycle, " -> "), "leave one of them out")
	}
}

// featureCycle returns a circle of features, its first member repeated at the
// end, or nil. It looks in order of names, so that it always finds the same one.
func featureCycle(features map[string][]string) []string {
	const doing, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(string) []string
	visit = func(f string) []string {
		path = append(path, f)
		state[f] = doing
		for _, next := range slices.Sorted(slices.Values(features[f])) {
			switch {
			case strings.HasPrefix(next, "dep:") || state[next] == done:
			case state[next] == doing:
				return append(slices.Clone(path[slices.Index(path, next):]), next)
			default:
				if c := visit(next); c != nil {
					return c
				}
			}
		}
		path = path[:len(path)-1]
		state[f] = done
		return nil
	}
	for _, f := range slices.Sorted(maps.Keys(features)) {
		if state[f] == 0 {
			if c := visit(f); c != nil {
				return c
			}
		}
	}
	return nil
}

// amounts maps the keys of [pricing] that hold an amount to their fields.
func (p *Pricing) amounts() map[string]*Microcredits {
	return map[string]*Microcredits{
		"base_cost": &p.BaseCost, "per_second_cost": &p.PerSecondCost, "min_balance": &p.MinBalance,
		"per_fuel_cost": &p.PerFuelCost, "per_memory_cost": &p.PerMemoryCost,
		"per_storage_read_cost": &p.PerStorageReadCost, "per_storage_write_cost": &p.PerStorageWriteCost,
		"per_network_cost": &p.PerNetworkCost,
	}
}

// periods are the values of pricing.period.
var periods = []string{"day", "week", "month", "year"}

func (r *reader) pricing(m *Manifest, key string, n *node) {
	p := &m.Pricing
	amount := func(to *Microcredits) func(string, *node) {
		return func(key string, n *node) {
			v, _ := r.integer(n, key, 0, math.MaxInt64)
			*to = Microcredits(v)
		}
	}
	keys := known{
		"model": func(key string, n *node) {
			s, _ := r.oneOf(n, key, []string{string(Free), string(PerInvocation), string(PerSecond), string(Subscription)})
			p.Model = PricingModel(s)
		},
		"period": func(key string, n *node) { p.Period, _ = r.oneOf(n, key, periods) },
	}
	for name, to := range p.amounts() {
		keys[name] = amount(to)
	}
	r.table(n, key, keys)
	if n.kind != unstable.Table || p.Model == "" {
		return
	}
	if n.get("model") == nil {
		r.at(n, codeKey, key+".model", key+".model is missing", "add model = \"free\", or another model")
		return
	}
	required, allowed := pricingKeys(p.Model)
	for _, must := range required {
		if n.get(must) == nil {
			r.at(n, codeKey, joinKey(key, must), fmt.Sprintf("%s.%s is missing, which the model %s needs", key, must, p.Model), "")
		}
	}
	for _, e := range n.keys {
		if keys[e.name] != nil && e.name != "model" && !slices.Contains(required, e.name) && !slices.Contains(allowed, e.name) {
			r.add(e.node.keyStart, e.node.keyEnd, codeKey, joinKey(key, e.name), fmt.Sprintf("%s.%s has no meaning for the model %s", key, e.name, p.Model), "leave it out")
		}
	}
}

// pricingKeys returns the keys that a model needs and those that it may have.
func pricingKeys(m PricingModel) (required, allowed []string) {
	rates := []string{"per_fuel_cost", "per_memory_cost", "per_storage_read_cost", "per_storage_write_cost", "per_network_cost", "min_balance"}
	switch m {
	case PerInvocation:
		return []string{"base_cost"}, rates
	case PerSecond:
		return []string{"per_second_cost"}, append(rates, "base_cost")
	case Subscription:
		return []string{"base_cost", "period"}, rates
	}
	return nil, nil
}

func (r *reader) lineage(m *Manifest, key string, n *node) {
	sum := uint64(0)
	for i, item := range r.list(n, key, maxLineage) {
		path := fmt.Sprintf("%s[%d]", key, i)
		if !r.isTable(item, path) {
			continue
		}
		var a Ancestor
		r.table(item, path, known{
			"ref": func(key string, n *node) {
				a.Ref, _ = r.checked(n, key, 300, func(s string) error {
					at := strings.LastIndexByte(s, '@')
					if at < 1 {
						return fmt.Errorf("is %q: name@version is expected", s)
					}
					if _, err := semver.ParseVersion(s[at+1:]); err != nil {
						return fmt.Errorf("has a version that is not valid: %w", err)
					}
					return checkRef(s[:at])
				})
			},
			"digest": func(key string, n *node) {
				s, ok := r.line(n, key, math.MaxInt32)
				if d, err := ParseDigest(s); ok && err != nil {
					r.at(n, codeValue, key, key+" "+err.Error(), "")
				} else {
					a.Digest = d
				}
			},
			"author": func(key string, n *node) { a.Author, _ = r.checked(n, key, maxAuthor, CheckKey) },
			"share_bps": func(key string, n *node) {
				v, _ := r.integer(n, key, 1, shareWhole)
				a.ShareBPS, sum = int(v), sum+v
			},
		})
		for _, must := range []string{"ref", "digest", "share_bps"} {
			if item.get(must) == nil {
				r.at(item, codeKey, joinKey(path, must), path+"."+must+" is missing", "")
			}
		}
		if slices.ContainsFunc(m.Lineage, func(b Ancestor) bool { return b.Digest == a.Digest }) && a.Digest != (Digest{}) {
			r.at(item, codeValue, path+".digest", path+" names a digest that stands before", "keep one of the two")
		}
		m.Lineage = append(m.Lineage, a)
	}
	if sum > shareWhole {
		r.at(n, codeValue, key, fmt.Sprintf("the shares of %s add up to %d, above %d", key, sum, shareWhole), "")
	}
}

// build reads [build], which may be absent: its defaults depend on the language.
func (r *reader) build(m *Manifest, key string, n *node) {
	m.Build = Build{Lang: "dol", Source: "src", Optimize: "speed"}
	b := &m.Build
	if n != nil {
		var names []string
		for _, l := range Languages() {
			names = append(names, l.Name)
		}
		r.table(n, key, known{
			"lang":     func(key string, n *node) { b.Lang, _ = r.oneOf(n, key, names) },
			"source":   func(key string, n *node) { b.Source, _ = r.checked(n, key, 240, checkInside) },
			"entry":    func(key string, n *node) { b.Entry, _ = r.checked(n, key, 240, checkInside) },
			"optimize": func(key string, n *node) { b.Optimize, _ = r.oneOf(n, key, []string{"none", "size", "speed"}) },
		})
	}
	if b.Entry == "" {
		b.Entry = defaultEntry(b.Lang)
	}
}

func defaultEntry(lang string) string {
	for _, l := range Languages() {
		if l.Name == lang {
			return l.Entry
		}
	}
	return ""
}

// metadata keeps the free table as the library decodes it.
func (r *reader) metadata(m *Manifest, key string, n *node) {
	if !r.isTable(n, key) || len(n.keys) == 0 || len(r.problems) > 0 && r.duplicates() {
		return
	}
	var doc struct {
		Metadata map[string]any `toml:"metadata"`
	}
	if err := toml.Unmarshal(r.text, &doc); err != nil {
		r.decodeError(err)
		return
	}
	m.Metadata = doc.Metadata
}

// duplicates reports whether some key is written twice: the library would stop there.
func (r *reader) duplicates() bool {
	return slices.ContainsFunc(r.problems, func(p problem) bool { return p.first != nil })
}
