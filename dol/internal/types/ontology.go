package types

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// ontology checks what the sentences of the user's files say about each other:
// uses, requirements, versions, evolution.
func (c *checker) ontology() {
	o := &ontology{c: c, decls: map[string]*ontologyDecl{}}
	for _, s := range c.sources {
		if !s.library {
			o.index(s, s.file.Items)
		}
	}
	for _, s := range c.sources {
		if s.library {
			continue
		}
		if m := s.file.Module; m != nil && m.Version != nil && strings.HasPrefix(m.Version.Text, "0.0.0") {
			s.report("version-zero", m.Version.Span, "version 0.0.0 says that nothing was released")
		}
		o.check(s, s.file.Items)
	}
}

// ontologyDecl is what is known of a name across the file set.
type ontologyDecl struct {
	src     *source
	decl    syntax.Decl
	version string
	says    map[string]bool // sentences and members, for evolution
}

type ontology struct {
	c     *checker
	decls map[string]*ontologyDecl
	evos  map[string]syntax.Span

	fields map[fieldPlace]typed.Type // of records, by where they are declared
}

type fieldPlace struct {
	file int32
	at   syntax.Span
}

func (o *ontology) index(s *source, items []syntax.Decl) {
	for _, d := range items {
		if sub, ok := d.(*syntax.Submodule); ok {
			o.index(s, sub.Items)
			continue
		}
		h := d.Header()
		name := h.Name.String()
		if f, ok := d.(*syntax.Fun); ok {
			name = f.FunName.Name
		}
		if name == "" {
			continue
		}
		var version *syntax.Version
		var body []syntax.Item
		switch d := d.(type) {
		case *syntax.Evo, *syntax.Use, *syntax.Impl:
			continue
		case *syntax.Gen:
			version, body = d.Version, d.Body
		case *syntax.Trait:
			body = d.Body
		case *syntax.System:
			version, body = d.Version, d.Body
		case *syntax.Rule:
			body = d.Body
		}
		e := &ontologyDecl{src: s, decl: d, says: map[string]bool{}}
		if version != nil {
			e.version = version.Text
		} else if m := s.file.Module; m != nil && m.Version != nil {
			e.version = m.Version.Text
		}
		for _, item := range body {
			for _, key := range sayings(item) {
				e.says[key] = true
			}
		}
		for _, key := range []string{name, s.mod.name + "." + name} {
			if o.decls[key] == nil {
				o.decls[key] = e
			}
		}
	}
	if m := s.file.Module; m != nil {
		if key := m.Name.String(); o.decls[key] == nil {
			e := &ontologyDecl{src: s, says: map[string]bool{}}
			if m.Version != nil {
				e.version = m.Version.Text
			}
			o.decls[key] = e
		}
	}
}

// sayings are the keys under which an evolution may add or remove an item: its
// name, or the sentence as a whole and its last phrase.
func sayings(item syntax.Item) []string {
	switch x := item.(type) {
	case *syntax.Field:
		return []string{x.Name.Name}
	case *syntax.Fun:
		return []string{x.FunName.Name}
	case *syntax.State:
		return []string{x.Name.Name}
	case *syntax.Uses:
		return []string{x.Name.String()}
	case *syntax.Sentence:
		return []string{sentenceKey(x), x.Object}
	case syntax.Decl:
		if name := x.Header().Name.String(); name != "" {
			return []string{name}
		}
	}
	return nil
}

func sentenceKey(x *syntax.Sentence) string {
	return strconv.Itoa(int(x.Kind)) + " " + x.Subject + " " + x.Verb + " " + x.Object
}

func (o *ontology) check(s *source, items []syntax.Decl) {
	for _, d := range items {
		switch d := d.(type) {
		case *syntax.Submodule:
			o.check(s, d.Items)
		case *syntax.Gen:
			o.uses(s, d.Body, true)
			o.annotations(s, d.Body)
		case *syntax.Trait:
			o.uses(s, d.Body, false)
			o.traitContent(s, d)
		case *syntax.System:
			o.uses(s, d.Body, false)
			o.requirements(s, d.Body)
			o.annotations(s, d.Body)
		case *syntax.Rule:
			o.ruleContent(s, d)
		case *syntax.Evo:
			o.evolution(s, d)
		}
	}
}

// uses looks at "uses a.b": unknown, twice, or where it does not belong.
func (o *ontology) uses(s *source, body []syntax.Item, inGen bool) {
	seen := map[string]syntax.Span{}
	for _, item := range body {
		u, ok := item.(*syntax.Uses)
		if !ok {
			continue
		}
		name := u.Name.String()
		if inGen {
			d := s.report("uses-in-gen", u.Span, "uses stands in a trait or system, not in a gen")
			advise(d, "move it to a trait that describes what "+name+" is used for")
			continue
		}
		if first, dup := seen[u.Package+name]; dup {
			d := s.report("dup-uses", u.Span, "uses %s stands here twice", name)
			s.note(d, first, "first used here")
			continue
		}
		seen[u.Package+name] = u.Span
		if u.Package != "" || name == "" {
			continue
		}
		if y := s.lookup(u.Name.Parts[0].Name); y != nil && (y.kind == symModule || y.kind == symBad) {
			continue
		}
		if o.decls[name] == nil {
			o.unknown(s, "unresolved-uses", u.Name, "nothing in the checked files is called %s")
		}
	}
}

func (o *ontology) unknown(s *source, code string, q syntax.QName, format string) {
	name := q.String()
	d := s.report(code, q.Span, format, name)
	near := newNearest(name)
	for n := range o.decls {
		near.tryOrdered(n)
	}
	if near.best != "" {
		s.fix(d, "did you mean "+near.best+"?", q.Span, near.best)
	}
}

// isOntology reports whether a name is that of an ontology declaration: dotted,
// or beginning in lower case (dol 1-h).
func isOntology(q syntax.QName) bool {
	if len(q.Parts) == 0 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(q.Parts[0].Name)
	return len(q.Parts) > 1 || !unicode.IsUpper(r)
}

func (o *ontology) traitContent(s *source, d *syntax.Trait) {
	if !isOntology(d.Name) {
		return
	}
	for _, item := range d.Body {
		switch x := item.(type) {
		case *syntax.Uses, *syntax.Fun, *syntax.Law, *syntax.Field:
			return
		case *syntax.Sentence:
			if x.Kind == syntax.SentIs || x.Inner != nil && x.Inner.Kind == syntax.SentIs {
				return
			}
		}
	}
	s.report("trait-without-content", d.Name.Span, "trait %s says neither what it uses nor what anything is", d.Name.String())
}

func (o *ontology) ruleContent(s *source, d *syntax.Rule) {
	if !isOntology(d.Name) {
		return
	}
	for _, item := range d.Body {
		switch x := item.(type) {
		case *syntax.ExprItem:
			return
		case *syntax.Sentence:
			for y := x; y != nil; y = y.Inner {
				if y.Kind == syntax.SentMatches || y.Kind == syntax.SentNever {
					return
				}
			}
		}
	}
	s.report("rule-without-content", d.Name.Span, "rule %s has neither matches nor never nor a condition", d.Name.String())
}

// requirements compares what a system requires with the versions in the set.
func (o *ontology) requirements(s *source, body []syntax.Item) {
	for _, item := range body {
		r, ok := item.(*syntax.Requires)
		if !ok || r.Package != "" || r.Version == nil {
			continue
		}
		e := o.decls[r.Name.String()]
		if e == nil {
			o.unknown(s, "unresolved-uses", r.Name, "nothing in the checked files is called %s")
			continue
		}
		if e.version == "" || meetsRequirement(e.version, r.Op, r.Version.Text) {
			continue
		}
		d := s.report("requires-unsatisfied", r.Span, "%s %s %s is required, the checked files have %s", r.Name.String(), r.Op, r.Version.Text, e.version)
		if e.decl != nil {
			e.src.note(d, e.decl.Header().Name.Span, "declared here")
		}
	}
}

// meetsRequirement compares semantic versions.
func meetsRequirement(have, op, want string) bool {
	order := compareVersions(have, want)
	a, b := versionNumbers(have), versionNumbers(want)
	switch op {
	case ">=", "":
		return order >= 0
	case ">":
		return order > 0
	case "=", "@":
		return order == 0
	case "^":
		if order < 0 || a[0] != b[0] {
			return false
		}
		return b[0] > 0 || a[1] == b[1]
	case "~":
		return order >= 0 && a[0] == b[0] && a[1] == b[1]
	}
	return true
}

func versionNumbers(v string) (n [3]uint64) {
	core, _, _ := strings.Cut(v, "+")
	core, _, _ = strings.Cut(core, "-")
	for i, part := range strings.SplitN(core, ".", 3) {
		n[i], _ = strconv.ParseUint(part, 10, 64)
	}
	return n
}

// compareVersions orders semantic versions by precedence.
func compareVersions(a, b string) int {
	na, nb := versionNumbers(a), versionNumbers(b)
	for i := range na {
		if na[i] != nb[i] {
			return cmp.Compare(na[i], nb[i])
		}
	}
	pa, pb := preRelease(a), preRelease(b)
	switch {
	case pa == pb:
		return 0
	case pa == "":
		return 1
	case pb == "":
		return -1
	}
	as, bs := strings.Split(pa, "."), strings.Split(pb, ".")
	for i := 0; i < len(as) && i < len(bs); i++ {
		x, errX := strconv.ParseUint(as[i], 10, 64)
		y, errY := strconv.ParseUint(bs[i], 10, 64)
		order := 0
		switch {
		case errX == nil && errY == nil:
			order = cmp.Compare(x, y)
		case errX == nil:
			order = -1
		case errY == nil:
			order = 1
		default:
			order = strings.Compare(as[i], bs[i])
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func preRelease(v string) string {
	v, _, _ = strings.Cut(v, "+")
	_, pre, _ := strings.Cut(v, "-")
	return pre
}

// evolution checks one step against the declaration that it changes.
func (o *ontology) evolution(s *source, d *syntax.Evo) {
	name := d.Name.String()
	if name == "" || d.New == nil || d.Old == nil {
		return
	}
	if o.evos == nil {
		o.evos = map[string]syntax.Span{}
	}
	key := name + "@" + d.New.Text
	if first, dup := o.evos[key]; dup {
		rep := s.report("dup-decl", d.Name.Span, "the step of %s to %s is declared twice", name, d.New.Text)
		s.note(rep, first, "first declared here")
	} else {
		o.evos[key] = d.Name.Span
	}
	if compareVersions(d.New.Text, d.Old.Text) <= 0 {
		s.report("evo-version-order", d.New.Span, "%s does not come after %s", d.New.Text, d.Old.Text)
	}
	e := o.decls[name]
	changes := 0
	for _, item := range d.Body {
		x, ok := item.(*syntax.Evolution)
		if !ok {
			continue
		}
		switch x.Verb {
		case "removes":
			changes++
			if e != nil && !e.says[x.Name.String()] {
				rep := s.report("evo-removes-unknown", x.Name.Span, "%s has no %s to remove", name, x.Name.String())
				e.src.note(rep, e.decl.Header().Name.Span, "declared here")
			}
		case "adds", "deprecates", "migrate":
			changes++
			if e == nil || x.What == nil || x.Verb != "adds" {
				continue
			}
			keys := sayings(x.What)
			if len(keys) > 0 && e.says[keys[0]] {
				rep := s.report("evo-adds-existing", x.Span, "%s has this already", name)
				e.src.note(rep, e.decl.Header().Name.Span, "declared here")
			}
		}
	}
	if changes == 0 {
		s.report("evo-empty", d.Name.Span, "the step of %s to %s changes nothing", name, d.New.Text)
	}
}

// crdtStrategies are the merge strategies by the kind of a field's type (dol
// 3.3-g).
var crdtStrategies = map[string]string{
	"integer": "immutable lww mv_register pn_counter",
	"float":   "immutable lww mv_register",
	"string":  "immutable lww mv_register peritext",
	"bool":    "immutable lww mv_register",
	"Set":     "immutable or_set mv_register",
	"Vec":     "immutable lww rga mv_register",
	"other":   "immutable lww mv_register",
	"any":     "immutable lww mv_register pn_counter peritext or_set rga",
}

// annotations checks @personal and @crdt(strategy).
func (o *ontology) annotations(s *source, body []syntax.Item) {
	for _, item := range body {
		f, ok := item.(*syntax.Field)
		if !ok {
			continue
		}
		for i := range f.Annots {
			a := &f.Annots[i]
			switch a.Name.Name {
			case "personal", "":
			case "crdt":
				o.crdt(s, f, a)
			default:
				d := s.report("crdt-strategy", a.Name.Span, "no annotation is called @%s", a.Name.Name)
				note(d, "there are @personal and @crdt(strategy)")
			}
		}
	}
}

func (o *ontology) crdt(s *source, f *syntax.Field, a *syntax.Annot) {
	if len(a.Words) != 1 {
		s.report("crdt-strategy", a.Span, "@crdt names one strategy, such as @crdt(lww)")
		return
	}
	strategy := a.Words[0].Name
	if !strings.Contains(" "+crdtStrategies["any"]+" ", " "+strategy+" ") {
		d := s.report("crdt-strategy", a.Words[0].Span, "no merge strategy is called %s", strategy)
		near := newNearest(strategy)
		for _, w := range strings.Fields(crdtStrategies["any"]) {
			near.try(w)
		}
		if near.best != "" {
			s.fix(d, "did you mean "+near.best+"?", a.Words[0].Span, near.best)
		}
		return
	}
	kind := o.crdtKind(s, f)
	if allowed := crdtStrategies[kind]; !strings.Contains(" "+allowed+" ", " "+strategy+" ") {
		d := s.report("crdt-strategy", a.Words[0].Span, "%s does not merge a field of type %s", strategy, s.file.Text(f.Type.Range()))
		note(d, "allowed are %s", strings.Join(strings.Fields(allowed), ", "))
	}
}

// crdtKind is the row of the table that a field's type belongs to.
func (o *ontology) crdtKind(s *source, f *syntax.Field) string {
	c := o.c
	if o.fields == nil {
		o.fields = map[fieldPlace]typed.Type{}
		for _, ti := range c.allTypes {
			for _, fi := range ti.fields {
				o.fields[fieldPlace{fi.src.index, fi.at}] = fi.typ
			}
		}
	}
	t := o.fields[fieldPlace{s.index, f.Name.Span}]
	if t == nil {
		return "any"
	}
	switch k := typed.KindOf(t); {
	case k == typed.Invalid:
	case k.IsInt():
		return "integer"
	case k.IsFloat():
		return "float"
	case k == typed.String:
		return "string"
	case k == typed.Bool:
		return "bool"
	}
	if isBad(t) {
		return "any"
	}
	for _, name := range []string{"Set", "Vec"} {
		if _, ok := c.isKnown(t, name); ok {
			return name
		}
	}
	for _, name := range []string{"Option", "Result"} {
		if _, ok := c.isKnown(t, name); ok {
			return "any"
		}
	}
	return "other"
}
