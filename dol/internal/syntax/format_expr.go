package syntax

func (m *marker) exprs(list []Expr) {
	for _, x := range list {
		m.expr(x)
	}
}

func (m *marker) expr(x Expr) {
	if x == nil {
		return
	}
	s := x.Range()
	start, last := m.at(s.Start), m.end(s.End)
	switch x := x.(type) {
	case *List:
		open := start
		if x.VecMacro {
			m.tight(start + 1)
			m.tight(start + 2)
			open += 2
		} else {
			m.loose(open)
		}
		m.list(open, starts(m, x.Elems), true, false)
		m.exprs(x.Elems)
	case *Repeat:
		if m.kind(start) == Word {
			m.tight(start + 1)
			m.tight(start + 2)
		} else {
			m.loose(start)
		}
		m.expr(x.Elem)
		m.expr(x.Len)
	case *Tuple:
		m.loose(start)
		m.list(start, starts(m, x.Elems), len(x.Elems) > 1, false)
		m.exprs(x.Elems)
	case *Paren:
		m.loose(start)
		m.list(start, []int32{start + 1}, false, false)
		m.expr(x.X)
	case *MapLit:
		m.loose(start)
		if len(x.Keys) == 0 {
			m.tight(last)
			break
		}
		m.list(start, starts(m, x.Keys), true, true)
		m.exprs(x.Keys)
		m.exprs(x.Values)
	case *Struct:
		m.structLit(x)
	case *Call, *Member, *Index, *Try, *TypeApply:
		m.chain(x)
	case *Unary:
		m.unary(x)
	case *Binary:
		m.binary(x)
	case *Cast:
		m.expr(x.X)
		m.typ(x.Type)
	case *Range:
		m.expr(x.Lo)
		m.expr(x.Hi)
	case *If:
		m.ifExpr(x)
	case *Match:
		m.match(x)
	case *Block:
		open := start
		if x.Sex && m.kind(start) != LBrace {
			open++
		}
		if m.kind(open) != LBrace { // an assignment as the body of a case
			m.stmt(x.Stmts[0])
			break
		}
		m.lines(open, noGroup, func() { m.stmts(x.Stmts) })
	case *Lambda:
		m.lambda(x)
	case *For:
		m.pattern(x.Pattern)
		m.expr(x.X)
		m.expr(x.Body)
	case *While:
		if x.Pattern != nil {
			m.pattern(x.Pattern)
		}
		m.expr(x.Cond)
		m.expr(x.Body)
	case *Loop:
		m.expr(x.Body)
	case *Break:
		m.expr(x.X)
	case *Return:
		m.expr(x.X)
	case *Quant:
		for _, b := range x.Binders {
			m.typ(b.Type)
		}
		m.expr(x.Over)
		body := m.at(x.Body.Range().Start)
		m.expr(x.Body)
		if x.Over == nil {
			m.spaced(body)
		}
	case *Quote:
		if x.Op == "," {
			m.gaps[start] = gap{set: true, group: noGroup, space: spaceAfter(m.kindBefore(start))}
		}
		m.prefix(start)
		m.expr(x.X)
	case *Eval:
		m.loose(start)
		m.tight(start + 1)
		m.expr(x.Body)
	case *Reflect:
		m.prefix(start)
		m.typ(x.Type)
	case *Macro:
		if len(x.Args) > 0 {
			m.tight(start + 2)
			m.list(start+2, starts(m, x.Args), true, false)
			m.exprs(x.Args)
		}
	case *Idiom:
		m.loose(start)
		m.tight(start + 1)
		for i, part := range x.Parts {
			m.expr(part)
			if at := m.at(part.Range().Start); i > 0 || m.gaps[at].group == noGroup {
				m.spaced(at)
			}
		}
		m.spaced(last)
	}
}

func (m *marker) unary(x *Unary) {
	op := m.at(x.Start)
	if x.Op == "not" {
		m.expr(x.X)
		return
	}
	m.loose(op)
	operand := op + 1
	inner := x.X
	if u, ok := inner.(*Unary); ok && u.Start == x.Start { // && is two of them
		inner = u.X
		if u.Op == "&mut" {
			operand++
		}
	} else if x.Op == "&mut" {
		operand++
	}
	m.tight(op + 1)
	if operand > op+1 {
		m.spaced(operand)
	}
	switch k := m.kind(operand); {
	case k == Minus && m.kind(op) == Minus, k == LBrace && m.kind(op) == Bang: // "--" may be a comment, "!{" evaluates
		m.spaced(operand)
	}
	m.expr(inner)
}

// binary marks a chain of operators of one level; the breaks before them are
// taken together.
func (m *marker) binary(x *Binary) {
	g := noGroup
	level := levelOf(x)
	var operands []Expr
	var operators []*Binary
	for y := Expr(x); ; {
		b, ok := y.(*Binary)
		if !ok || levelOf(b) != level {
			operands = append(operands, y)
			break
		}
		operators = append(operators, b)
		if rightAssociative(b.Op) {
			operands = append(operands, b.X)
			y = b.Y
		} else {
			operands = append(operands, b.Y)
			y = b.X
		}
	}
	for _, b := range operators {
		i := m.at(b.OpPos.Start)
		if b.Op == "@" { // at the beginning of a line it would annotate
			m.spaced(i)
			m.spaced(i + 1)
			continue
		}
		if g == noGroup {
			g = m.newGroup(group{open: m.at(x.Start), close: m.end(x.End)})
		}
		m.gaps[i] = gap{set: true, space: true, group: g}
		if m.toks[i].NLBefore {
			m.groups[g].forced = true
		}
		m.spaced(i + 1)
	}
	for _, y := range operands {
		m.expr(y)
	}
}

func levelOf(b *Binary) int {
	switch b.Op {
	case "&&":
		return levelAnd
	case "||":
		return levelOr
	case "implies":
		return levelImplies
	}
	for _, in := range infixOps {
		if in.op == b.Op {
			return in.level
		}
	}
	return levelLowest
}

func rightAssociative(op string) bool {
	switch op {
	case "^", "implies", ":=", "@", "<|":
		return true
	}
	return false
}

// chain marks a run of postfix operators. Two method calls or more may break
// before their dots, all together.
func (m *marker) chain(x Expr) {
	var links []Expr
	root := x
	for done := false; !done; {
		switch y := root.(type) {
		case *Call:
			links, root = append(links, y), y.Fun
		case *Member:
			links, root = append(links, y), y.X
		case *Index:
			links, root = append(links, y), y.X
		case *Try:
			links, root = append(links, y), y.X
		case *TypeApply:
			links, root = append(links, y), y.X
		case *Struct:
			done = true
		default:
			done = true
		}
	}
	var dots []int32
	for i, l := range links {
		mem, ok := l.(*Member)
		if !ok || mem.Colons || i == 0 {
			continue
		}
		if c, ok := links[i-1].(*Call); ok && c.Fun == Expr(mem) {
			dots = append(dots, m.end(mem.X.Range().End)+1)
		}
	}
	if len(dots) > 1 {
		g := m.newGroup(group{open: m.at(x.Range().Start), close: m.end(x.Range().End)})
		for _, i := range dots {
			m.gaps[i] = gap{set: true, group: g}
			if m.toks[i].NLBefore {
				m.groups[g].forced = true
			}
		}
	}
	m.expr(root)
	for i := len(links) - 1; i >= 0; i-- {
		switch l := links[i].(type) {
		case *Call:
			open := m.end(l.Fun.Range().End) + 1
			m.tight(open)
			if len(l.Args) > 0 {
				m.list(open, starts(m, l.Args), true, false)
				m.exprs(l.Args)
			}
		case *Index:
			open := m.end(l.X.Range().End) + 1
			m.tight(open)
			m.list(open, []int32{open + 1}, false, false)
			m.expr(l.I)
		case *Member:
			if lit, ok := l.X.(*Literal); ok && lit.Kind == IntLit {
				if dot := m.end(lit.End) + 1; m.kind(dot+1) == Int { // 2.0 would be a number
					m.spaced(dot)
				}
			}
			if len(l.TypeArgs) > 0 {
				m.angles(l.TypeArgs[0].Range().Start)
				m.types(l.TypeArgs)
			}
		case *Try:
			if q := m.end(l.End); m.commented(q) { // "?" glued to what follows would begin a line
				m.spaced(q + 1)
			}
		case *TypeApply:
			if len(l.Args) > 0 {
				m.angles(l.Args[0].Range().Start)
				m.types(l.Args)
			}
		}
	}
}

func (m *marker) structLit(x *Struct) {
	m.expr(x.Type)
	open := m.end(x.Type.Range().End) + 1
	m.spaced(open)
	var begins []int32
	for _, f := range x.Fields {
		begins = append(begins, m.at(f.Start))
	}
	if x.Base != nil { // it may stand anywhere among the fields
		at := m.at(x.Base.Range().Start) - 1
		k := len(begins)
		for k > 0 && begins[k-1] > at {
			k--
		}
		begins = append(begins[:k:k], append([]int32{at}, begins[k:]...)...)
	}
	if len(begins) == 0 {
		m.tight(open + 1)
		return
	}
	m.list(open, begins, true, true)
	for _, f := range x.Fields {
		if !f.Short {
			m.expr(f.Value)
		}
	}
	if x.Base != nil {
		m.tight(m.at(x.Base.Range().Start))
		m.expr(x.Base)
	}
}

// ifExpr marks an if and all its else branches, whose blocks break together.
func (m *marker) ifExpr(x *If) {
	g := m.newGroup(group{open: m.at(x.Start), close: m.end(x.End)})
	block := func(b *Block) {
		if b.Start < b.End {
			m.lines(m.at(b.Start), g, func() { m.stmts(b.Stmts) })
		}
	}
	for {
		if x.Pattern != nil {
			m.pattern(x.Pattern)
		}
		m.expr(x.Cond)
		block(x.Then)
		next, ok := x.Else.(*If)
		if !ok {
			break
		}
		x = next
	}
	if b, ok := x.Else.(*Block); ok {
		block(b)
	}
}

func (m *marker) match(x *Match) {
	m.expr(x.X)
	last := m.end(x.End)
	m.lines(m.mate[last], noGroup, func() {
		for _, a := range x.Arms {
			m.item(m.at(a.Start))
			m.pattern(a.Pattern)
			m.expr(a.Guard)
			m.expr(a.Body)
		}
	})
}

func (m *marker) lambda(x *Lambda) {
	i := m.at(x.Start)
	m.loose(i)
	if m.kind(i) == Bar {
		m.tight(i + 1)
		for _, a := range x.Params {
			m.param(a)
		}
		bar := i + 1
		if n := len(x.Params); n > 0 {
			bar = m.end(x.Params[n-1].End) + 1
			if m.kind(bar) == Comma {
				m.drop[bar] = true
				bar++
			}
		}
		m.tight(bar)
		m.spaced(bar + 1)
	} else {
		m.spaced(i + 1)
	}
	m.typ(x.Result)
	m.expr(x.Body)
}

// --- statements ---

func (m *marker) stmts(list []Stmt) {
	open := int32(-1)
	for i, s := range list {
		start := m.at(s.Range().Start)
		if i == 0 {
			open = start - 1
		}
		m.item(start)
		m.stmt(s)
		last := m.stmtEnd(s)
		m.statementSemicolon(s, last, i == len(list)-1)
	}
	if open >= 0 { // semicolons before the first statement
		for ; open > 0 && m.kind(open) == Semi; open-- {
			m.drop[open] = true
		}
	}
}

// stmtEnd returns the last token of a statement without its semicolon.
func (m *marker) stmtEnd(s Stmt) int32 {
	last := m.end(s.Range().End)
	for m.kind(last) == Semi {
		last--
	}
	return last
}

// statementSemicolon keeps the semicolon that says something or parts statements
// on one line, and drops the others.
func (m *marker) statementSemicolon(s Stmt, last int32, final bool) {
	next := last + 1
	written := m.kind(next) == Semi
	for m.kind(next) == Semi {
		m.drop[next] = true
		next++
	}
	if final {
		if x, ok := s.(*ExprStmt); ok && x.Semi {
			m.suffix[last] = suffix{";", noGroup}
		}
		return
	}
	keep := m.startsContinued(next) || m.toks[last].key == kwReturn ||
		m.kind(next) == LBrace && m.kind(last) != RBrace
	switch {
	case keep && written:
		m.suffix[last] = suffix{";", noGroup}
	case written || m.kind(last) != RBrace:
		m.suffix[last] = suffix{";", m.block}
	}
}

func (m *marker) stmt(s Stmt) {
	switch s := s.(type) {
	case *Let:
		m.pattern(s.Pattern)
		m.typ(s.Type)
		m.expr(s.Value)
	case *Assign:
		m.expr(s.Place)
		m.expr(s.Value)
	case *ExprStmt:
		m.expr(s.X)
	case *FunStmt:
		m.decl(s.Fun)
	case *DocsStmt:
		m.docs(s.Docs)
	}
}

// --- patterns ---

func (m *marker) patterns(list []Pattern) {
	for _, p := range list {
		m.pattern(p)
	}
}

func (m *marker) pattern(p Pattern) {
	s := p.Range()
	start, last := m.at(s.Start), m.end(s.End)
	switch p := p.(type) {
	case *LitPat:
		if p.Neg {
			m.prefix(start)
		}
	case *RangePat:
		m.pattern(p.Lo)
		m.pattern(p.Hi)
	case *TuplePat:
		open := m.mate[last]
		if p.Path == nil {
			m.loose(open)
		} else {
			m.tight(open)
		}
		m.list(open, starts(m, p.Elems), true, false)
		m.patterns(p.Elems)
	case *RecordPat:
		open := m.mate[last]
		m.spaced(open)
		var begins []int32
		for _, f := range p.Fields {
			begins = append(begins, m.at(f.Start))
		}
		if p.Rest {
			begins = append(begins, last-1)
		}
		if len(begins) == 0 {
			m.tight(last)
			break
		}
		m.list(open, begins, !p.Rest, true)
		for _, f := range p.Fields {
			if f.Pattern != nil {
				m.pattern(f.Pattern)
			}
		}
	case *AtPat:
		m.pattern(p.Sub)
	case *OrPat:
		m.patterns(p.Alts)
	case *ListPat:
		m.loose(start)
		begins := starts(m, p.Elems)
		if p.Rest {
			for i := start + 1; i < last; i++ {
				if m.kind(i) == DotDot && (len(p.Elems) == 0 || i > m.end(p.Elems[len(p.Elems)-1].Range().End)) {
					begins = append(begins, i)
					break
				}
			}
		}
		m.list(start, begins, true, false)
		m.patterns(p.Elems)
	}
}
