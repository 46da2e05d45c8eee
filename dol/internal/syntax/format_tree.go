package syntax

// file marks all of f.
func (m *marker) file() {
	for _, d := range m.f.Docs {
		m.docs(d)
	}
	if h := m.f.Module; h != nil {
		m.item(m.at(h.Start))
		m.behind(h.End)
	}
	m.decls(m.f.Items)
	for _, s := range m.f.Tests {
		m.scenario(s)
	}
	m.item(int32(len(m.toks) - 1))
	m.rest()
}

func (m *marker) decls(items []Decl) {
	for _, d := range items {
		m.decl(d)
		m.behind(d.Range().End)
	}
}

// behind drops the semicolons behind an item that ends at p.
func (m *marker) behind(p Pos) { m.separators(m.end(p), false) }

// docs marks documentation as a line of its own. Comments are trivia.
func (m *marker) docs(d *Docs) {
	if d == nil {
		return
	}
	i := m.at(d.Start)
	if int(i) >= len(m.toks) || m.toks[i].Start != d.Start {
		return
	}
	m.item(i)
	last := m.end(d.End)
	if m.kind(i+1) == LBrace {
		m.spaced(i + 1)
		m.tight(i + 2)
		m.tight(i + 3)
		last = i + 3
	}
	m.separators(last, false)
	m.suffix[last] = suffix{}
	m.item(m.behindSeparators(last))
}

func (m *marker) head(h *DeclHead) {
	m.item(m.at(h.Start))
	m.docs(h.Docs)
	for _, a := range h.Attrs {
		i := m.at(a.Start)
		m.item(i)
		m.tight(i + 1)
		m.attrArgs(a.Args)
		m.item(m.end(a.End) + 1)
	}
	if h.Vis > Public {
		i := m.at(h.VisSpan.Start)
		m.tight(i + 1)
	}
}

func (m *marker) attrArgs(args []AttrArg) {
	for _, a := range args {
		m.expr(a.Value)
		m.attrArgs(a.Args)
	}
}

func (m *marker) annots(list []Annot) {
	for _, a := range list {
		m.prefix(m.at(a.Start))
		m.attrArgs(a.Options)
	}
}

func (m *marker) typeParams(list []TypeParam) {
	for i, t := range list {
		if i == 0 {
			m.angles(t.Start)
		}
		m.types(t.Bounds)
		m.typ(t.Default)
	}
}

// brace returns the "{" of a body that closes at the end of s.
func (m *marker) brace(s Span) int32 {
	if end := m.end(s.End); end >= 0 && m.kind(end) == RBrace {
		return m.mate[end]
	}
	return -1
}

// bodyBrace is brace for a declaration, behind which its docs may stand.
func (m *marker) bodyBrace(h *DeclHead) int32 {
	s := h.Span
	if d := h.Docs; d != nil && d.End == s.End {
		if i := m.at(d.Start); m.toks[i].Start == d.Start {
			before := m.toks[i-1]
			s.End = before.End
		}
	}
	return m.brace(s)
}

func (m *marker) decl(d Decl) {
	m.head(d.Header())
	switch d := d.(type) {
	case *Use:
		m.use(d)
	case *Submodule:
		if d.Inline {
			m.lines(m.brace(d.Span), noGroup, func() {
				m.docs(d.Docs)
				m.decls(d.Items)
			})
		}
	case *Gen:
		m.typeParams(d.Params)
		m.body(&d.DeclHead, d.Body, d.Carrier)
	case *Enum:
		m.typeParams(d.Params)
		m.variants(m.bodyBrace(&d.DeclHead), d.Variants, &d.DeclHead)
	case *Alias:
		m.typeParams(d.Params)
		m.typ(d.Target)
	case *Trait:
		m.typeParams(d.Params)
		m.types(d.Bounds)
		m.body(&d.DeclHead, d.Body, nil)
	case *Rule:
		m.typeParams(d.Params)
		m.typ(d.For)
		m.body(&d.DeclHead, d.Body, nil)
	case *Law:
		m.params(nil, d.Params)
		m.body(&d.DeclHead, d.Body, nil)
	case *System:
		m.typeParams(d.Params)
		m.body(&d.DeclHead, d.Body, nil)
	case *Evo:
		m.body(&d.DeclHead, d.Body, nil)
	case *Impl:
		if len(d.Params) > 0 {
			m.typeParams(d.Params)
		}
		m.typ(d.Target)
		m.typ(d.For)
		m.body(&d.DeclHead, d.Body, nil)
	case *Fun:
		m.fun(d)
	case *Const:
		m.typ(d.Type)
		m.expr(d.Value)
	case *Var:
		m.typ(d.Type)
		m.expr(d.Value)
	}
}

func (m *marker) use(u *Use) {
	if u.Package != "" {
		m.packageRef(m.at(u.Start), u.End)
	}
	if !u.HasList {
		if u.Glob {
			for i := m.at(u.Start); i <= m.end(u.End); i++ {
				if m.kind(i) == Star {
					m.tight(i)
				}
			}
		}
		return
	}
	var starts []int32
	open := int32(-1)
	for i := m.at(u.Start); i <= m.end(u.End); i++ {
		if m.kind(i) == LBrace {
			open = i
		}
	}
	for _, it := range u.Items {
		starts = append(starts, m.at(it.Start))
	}
	m.tight(open)
	m.list(open, starts, true, false)
}

// packageRef marks @org/name in the tokens from i to end: no spaces in it.
func (m *marker) packageRef(i int32, end Pos) {
	for ; i <= m.end(end); i++ {
		if m.kind(i) != At {
			continue
		}
		m.tight(i + 1) // org
		m.tight(i + 2) // "/"
		m.tight(i + 3) // name
		for i += 4; i < m.end(end) && m.kind(i) == Minus && glued(&m.toks[i-1], &m.toks[i]); i += 2 {
			m.tight(i)
			m.tight(i + 1)
		}
		return
	}
}

func (m *marker) body(h *DeclHead, items []Item, carrier TypeExpr) {
	open := m.bodyBrace(h)
	if open < 0 {
		return
	}
	for i := open + 1; m.kind(i) == Semi || m.kind(i) == Comma; i++ {
		m.drop[i] = true
	}
	m.lines(open, noGroup, func() {
		if d := h.Docs; d != nil && d.Start > m.toks[open].Start && d.End <= m.toks[m.mate[open]].Start {
			m.docs(d)
		}
		if carrier != nil {
			i := m.at(carrier.Range().Start)
			if m.kind(i-1) == Colon {
				i -= 2
			}
			m.item(i)
			m.typ(carrier)
			m.behind(carrier.Range().End)
		}
		for i, it := range items {
			m.bodyItem(it)
			if i > 0 && m.sameLine(items[i-1], it) {
				m.spaced(m.at(it.Range().Start))
			}
		}
	})
}

// sameLine reports whether two sentences share a line. They stay there: at the
// beginning of a line, the second might be read in another way.
func (m *marker) sameLine(a, b Item) bool {
	_, first := a.(*Sentence)
	_, second := b.(*Sentence)
	start := m.at(b.Range().Start)
	return first && second && m.end(a.Range().End)+1 == start && !m.toks[start].NLBefore
}

func (m *marker) bodyItem(it Item) {
	s := it.Range()
	if s.Start == s.End {
		return
	}
	start := m.at(s.Start)
	m.item(start)
	switch it := it.(type) {
	case Decl:
		m.decl(it)
	case *DocsItem:
		m.docs(it.Docs)
		return
	case *Field:
		m.field(it)
	case *Sentence:
		m.docs(it.Docs)
		m.sentence(it)
	case *Uses:
		m.verbatim(it.Span)
		if it.Package != "" {
			m.packageRef(start, it.End)
		}
	case *Requires:
		if it.Package != "" {
			m.packageRef(start, it.End)
		}
	case *State:
		m.docs(it.Docs)
		m.typ(it.Type)
		m.expr(it.Default)
	case *Evolution:
		if it.What != nil {
			what := m.at(it.What.Range().Start)
			m.bodyItem(it.What)
			if what > start {
				m.spaced(what)
			}
		}
		if it.Migrate != nil {
			m.expr(it.Migrate)
		}
	case *ExprItem:
		m.expr(it.X)
	}
	last := m.end(s.End)
	keep := m.startsContinued(m.behindSeparators(last))
	switch it := it.(type) {
	case *ExprItem, *Field:
		keep = keep || m.toks[last].key == kwReturn || m.goesOn(last)
		m.separators(last, keep)
		if next := m.behindSeparators(last); m.kind(next) == ProseText && m.suffix[last].text == "" {
			m.suffix[last] = suffix{";", noGroup} // prose may begin like an operator
		}
		return
	case *Sentence:
		// A comment behind prose, and the line behind an open sentence, would be
		// more of it.
		keep = keep || it.Kind == SentProse || m.goesOn(last)
	}
	m.separators(last, keep)
	if s := &m.suffix[last]; s.text == "," { // in a sentence it would be a word more
		s.text = ";"
	}
}

// goesOn reports whether a sentence that ends in token i would go on in the next
// line.
func (m *marker) goesOn(i int32) bool {
	switch k := m.toks[i].key; k {
	case kwEach, kwAll, kwNo, kwFrom, kwAs, kwAnd, kwOr, kwNot, kwImplies:
		return true
	default:
		return predicateAt([]sword{{key: k}}, 0) != notSentence
	}
}

// behindSeparators returns the token behind an item and its separators.
func (m *marker) behindSeparators(last int32) int32 {
	i := last + 1
	for int(i) < len(m.toks)-1 && (m.kind(i) == Semi || m.kind(i) == Comma) {
		i++
	}
	return i
}

// startsContinued reports whether token i, at the beginning of a line, would go
// on with the line before (dol.md 4.6).
func (m *marker) startsContinued(i int32) bool {
	t := &m.toks[i]
	switch t.Kind {
	case ProseText:
		return true
	case Dot, PipeRight, PipeLeft, Compose, AndAnd, OrOr, Plus, Slash, Percent, Caret, EqEq, NotEq, Less, LessEq,
		Greater, GreaterEq, DotDot, DotDotEq, Bind, ColonColon:
		return true
	case Minus, Star, Amp, Bar, QuoteMark, Question: // a prefix operator, not glued to its operand
		return t.Kind == Minus && m.kind(i+1) == Minus || m.commented(i+1)
	}
	switch t.key {
	case kwAnd, kwOr, kwImplies, kwAs:
		return true
	}
	return false
}

// verbatim keeps white space between tokens where the author had some, as one
// space: the words of a sentence may be compounds.
func (m *marker) verbatim(s Span) {
	for i := m.at(s.Start) + 1; i <= m.end(s.End); i++ {
		m.gaps[i] = gap{set: true, group: noGroup, space: m.toks[i].SPBefore}
	}
}

func (m *marker) sentence(s *Sentence) {
	start := s.Start
	if s.Docs != nil {
		first := m.at(max(start, s.Docs.End))
		for m.kind(first) == Semi || m.kind(first) == Comma {
			first++
		}
		start = m.toks[first].Start
	}
	m.verbatim(Span{start, s.End})
}

func (m *marker) field(f *Field) {
	m.docs(f.Docs)
	m.annots(f.Annots)
	if f.Vis > Public {
		for i := m.at(f.Start); i < m.at(f.Name.Start); i++ {
			if m.toks[i].key == kwPub {
				m.tight(i + 1)
			}
		}
	}
	m.typ(f.Type)
	m.expr(f.Default)
	m.expr(f.Where)
}

// variants marks the { } of an enum: a list whose commas are written out.
func (m *marker) variants(open int32, list []*Variant, h *DeclHead) {
	if open < 0 {
		return
	}
	if len(list) == 0 && m.mate[open] != open+1 || h != nil && h.Docs != nil && h.Docs.Start > m.toks[open].Start && h.Docs.End < m.toks[m.mate[open]].End {
		m.lines(open, noGroup, func() {
			if h != nil {
				m.docs(h.Docs)
			}
			for _, v := range list {
				m.item(m.at(v.Start))
			}
		})
	} else if len(list) == 0 {
		m.tight(open + 1)
	} else {
		m.list(open, starts(m, list), true, true)
		if g := &m.groups[len(m.groups)-1]; !g.forced {
			g.forced = m.manyLines(open, m.mate[open])
		}
	}
	m.spaced(open)
	outer := m.block
	m.block = m.gaps[open+1].group
	for i, v := range list {
		m.variant(v)
		last := m.end(v.End)
		if i+1 < len(list) && m.kind(last+1) != Comma {
			m.suffix[last] = suffix{",", noGroup}
		}
	}
	m.block = outer
}

func (m *marker) variant(v *Variant) {
	if v.Docs != nil && m.toks[m.at(v.Docs.Start)].Start == v.Docs.Start {
		first := m.gaps[m.at(v.Docs.Start)]
		m.docs(v.Docs)
		m.gaps[m.at(v.Docs.Start)] = first
		m.groups[m.block].forced = true
	}
	m.annots(v.Annots)
	name := m.end(v.Name.End)
	if len(v.Tuple) > 0 {
		m.tight(name + 1)
		m.list(name+1, starts(m, v.Tuple), true, false)
		m.types(v.Tuple)
	}
	if len(v.Fields) > 0 {
		m.spaced(name + 1)
		m.list(name+1, starts(m, v.Fields), true, true)
		for _, f := range v.Fields {
			m.typ(f.Type)
		}
	}
	m.expr(v.Value)
}

func (m *marker) fun(f *Fun) {
	m.typeParams(f.Params)
	m.params(f.Self, f.Args)
	m.typ(f.Result)
	for _, t := range f.Where {
		m.types(t.Bounds)
		m.typ(t.Default)
	}
	if f.Body != nil {
		m.expr(f.Body)
	}
}

func (m *marker) params(self *Param, args []*Param) {
	all := args
	if self != nil {
		all = append([]*Param{self}, args...)
	}
	if len(all) == 0 {
		return
	}
	m.list(m.at(all[0].Start)-1, starts(m, all), true, false)
	for _, a := range all {
		m.param(a)
	}
}

func (m *marker) param(a *Param) {
	if i := m.at(a.Start); m.kind(i) == Amp {
		m.tight(i + 1)
	}
	m.typ(a.Type)
	m.expr(a.Default)
}

// --- scenarios ---

func (m *marker) scenario(s *Scenario) {
	m.item(m.at(s.Start))
	m.docs(s.Docs)
	open := m.brace(s.Span)
	m.lines(open, noGroup, func() {
		for _, sec := range s.Sections {
			m.section(sec)
		}
		for i := open + 1; i < m.mate[open]; i++ {
			if m.toks[i].key == kwAlways && (m.kind(i+1) == Colon || m.kind(i+1) == LBrace) && m.toks[i].NLBefore {
				m.item(i)
			}
		}
		m.groups[m.block].forced = true
		m.steps(s.Always)
	})
}

func (m *marker) section(s Section) {
	i := m.at(s.Start)
	m.item(i)
	if m.kind(i+1) == LBrace {
		m.lines(i+1, noGroup, func() { m.steps(s.Steps) })
		return
	}
	m.steps(s.Steps)
}

func (m *marker) steps(list []Step) {
	for _, s := range list {
		m.item(m.at(s.Start))
		if s.Stmt != nil {
			m.stmt(s.Stmt)
		}
		m.behind(s.End)
	}
}

// --- types ---

func (m *marker) types(list []TypeExpr) {
	for _, t := range list {
		m.typ(t)
	}
}

func (m *marker) typ(t TypeExpr) {
	if t == nil {
		return
	}
	start := m.at(t.Range().Start)
	for i := start - 1; i > 0 && m.kind(i) == LParen; i-- {
		m.loose(i) // parentheses that only group are in no node
	}
	switch t := t.(type) {
	case *NamedType:
		if len(t.Args) > 0 {
			m.angles(t.Args[0].Range().Start)
			m.types(t.Args)
		}
	case *TupleType:
		m.loose(start)
		m.types(t.Elems)
	case *FunType:
		if m.kind(start) == LParen {
			m.loose(start)
		} else {
			m.tight(start + 1)
		}
		m.types(t.Params)
		m.typ(t.Result)
	case *ListType:
		m.typ(t.Elem)
		m.expr(t.Len)
	case *EnumType:
		m.variants(start+1, t.Variants, nil)
	case *RefType:
		m.prefix(start)
		m.typ(t.Elem)
	case *OptionType:
		m.typ(t.Elem)
	case *IntType:
		m.expr(t.Value)
	}
}
