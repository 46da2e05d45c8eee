package syntax

// Walk visits n and, where visit returns true, what lies below it, in the order
// of the text as far as the tree keeps it. Documentation is a leaf; idents,
// attributes and other parts that are no Node of their own are not visited, the
// expressions in them are. n must not be nil.
func Walk(n Node, visit func(Node) bool) {
	if visit(n) {
		children(n, func(c Node) { Walk(c, visit) })
	}
}

// WalkFile visits all that f holds.
func WalkFile(f *File, visit func(Node) bool) {
	for _, d := range f.Docs {
		Walk(d, visit)
	}
	if f.Module != nil {
		Walk(f.Module, visit)
	}
	for _, d := range f.Items {
		Walk(d, visit)
	}
	for _, s := range f.Tests {
		Walk(s, visit)
	}
}

// each calls do for the elements of list.
func each[N Node](list []N, do func(Node)) {
	for _, n := range list {
		do(n)
	}
}

// maybe calls do for n unless it is nil.
func maybe[N interface {
	comparable
	Node
}](n N, do func(Node),
) {
	var none N
	if n != none {
		do(n)
	}
}

// children calls do for each node directly below n.
func children(n Node, do func(Node)) {
	switch n := n.(type) {
	case Decl:
		declChildren(n, do)
	case Stmt:
		stmtChildren(n, do)
	case Expr:
		exprChildren(n, do)
	case TypeExpr:
		typeChildren(n, do)
	case Pattern:
		patternChildren(n, do)
	default:
		itemChildren(n, do)
	}
}

func headChildren(h *DeclHead, do func(Node)) {
	maybe(h.Docs, do)
	for _, a := range h.Attrs {
		attrChildren(a.Args, do)
	}
}

func attrChildren(args []AttrArg, do func(Node)) {
	for _, a := range args {
		maybe(a.Value, do)
		attrChildren(a.Args, do)
	}
}

func annotChildren(annots []Annot, do func(Node)) {
	for _, a := range annots {
		attrChildren(a.Options, do)
	}
}

func typeParamChildren(params []TypeParam, do func(Node)) {
	for _, t := range params {
		each(t.Bounds, do)
		maybe(t.Default, do)
	}
}

func declChildren(d Decl, do func(Node)) {
	if f, ok := d.(*Fun); ok && docsInBody(f) {
		for _, a := range f.Attrs {
			attrChildren(a.Args, do)
		}
	} else {
		headChildren(d.Header(), do)
	}
	switch d := d.(type) {
	case *Submodule:
		each(d.Items, do)
	case *Gen:
		typeParamChildren(d.Params, do)
		maybe(d.Version, do)
		maybe(d.Carrier, do)
		each(d.Body, do)
	case *Enum:
		typeParamChildren(d.Params, do)
		each(d.Variants, do)
	case *Alias:
		typeParamChildren(d.Params, do)
		maybe(d.Target, do)
	case *Trait:
		typeParamChildren(d.Params, do)
		each(d.Bounds, do)
		each(d.Body, do)
	case *Rule:
		typeParamChildren(d.Params, do)
		maybe(d.For, do)
		each(d.Body, do)
	case *Law:
		each(d.Params, do)
		each(d.Body, do)
	case *System:
		typeParamChildren(d.Params, do)
		maybe(d.Version, do)
		each(d.Body, do)
	case *Evo:
		maybe(d.New, do)
		maybe(d.Old, do)
		each(d.Body, do)
	case *Impl:
		typeParamChildren(d.Params, do)
		maybe(d.Target, do)
		maybe(d.For, do)
		each(d.Body, do)
	case *Fun:
		typeParamChildren(d.Params, do)
		maybe(d.Self, do)
		each(d.Args, do)
		maybe(d.Result, do)
		typeParamChildren(d.Where, do)
		maybe(d.Body, do)
	case *Const:
		maybe(d.Type, do)
		maybe(d.Value, do)
	case *Var:
		maybe(d.Type, do)
		maybe(d.Value, do)
	}
}

// docsInBody reports whether the documentation of f is a statement of its body,
// where Walk meets it.
func docsInBody(f *Fun) bool {
	return f.Docs != nil && f.Body != nil && f.Docs.Start >= f.Body.Start
}

func itemChildren(n Node, do func(Node)) {
	switch n := n.(type) {
	case *Module:
		maybe(n.Version, do)
	case *Param:
		maybe(n.Type, do)
		maybe(n.Default, do)
	case *Field:
		maybe(n.Docs, do)
		annotChildren(n.Annots, do)
		maybe(n.Type, do)
		maybe(n.Default, do)
		maybe(n.Where, do)
	case *Requires:
		maybe(n.Version, do)
	case *State:
		maybe(n.Docs, do)
		maybe(n.Type, do)
		maybe(n.Default, do)
	case *Evolution:
		maybe(n.What, do)
		maybe(n.Migrate, do)
	case *DocsItem:
		maybe(n.Docs, do)
	case *ExprItem:
		maybe(n.X, do)
	case *Sentence:
		maybe(n.Docs, do)
		maybe(n.Inner, do)
	case *Variant:
		maybe(n.Docs, do)
		annotChildren(n.Annots, do)
		each(n.Tuple, do)
		each(n.Fields, do)
		maybe(n.Value, do)
	case *Scenario:
		maybe(n.Docs, do)
		for _, s := range n.Sections {
			stepChildren(s.Steps, do)
		}
		stepChildren(n.Always, do)
	case *Arm:
		maybe(n.Pattern, do)
		maybe(n.Guard, do)
		maybe(n.Body, do)
	}
}

func stepChildren(steps []Step, do func(Node)) {
	for _, s := range steps {
		maybe(s.Stmt, do)
	}
}

func typeChildren(t TypeExpr, do func(Node)) {
	switch t := t.(type) {
	case *NamedType:
		each(t.Args, do)
	case *TupleType:
		each(t.Elems, do)
	case *FunType:
		each(t.Params, do)
		maybe(t.Result, do)
	case *ListType:
		maybe(t.Elem, do)
		maybe(t.Len, do)
	case *EnumType:
		each(t.Variants, do)
	case *RefType:
		maybe(t.Elem, do)
	case *OptionType:
		maybe(t.Elem, do)
	case *IntType:
		maybe(t.Value, do)
	}
}

func stmtChildren(s Stmt, do func(Node)) {
	switch s := s.(type) {
	case *Let:
		maybe(s.Pattern, do)
		maybe(s.Type, do)
		maybe(s.Value, do)
	case *Assign:
		maybe(s.Place, do)
		maybe(s.Value, do)
	case *ExprStmt:
		maybe(s.X, do)
	case *FunStmt:
		maybe(s.Fun, do)
	case *DocsStmt:
		maybe(s.Docs, do)
	}
}

func exprChildren(x Expr, do func(Node)) {
	switch x := x.(type) {
	case *FString:
		for _, p := range x.Parts {
			maybe(p.X, do)
		}
	case *List:
		each(x.Elems, do)
	case *Repeat:
		maybe(x.Elem, do)
		maybe(x.Len, do)
	case *Tuple:
		each(x.Elems, do)
	case *Paren:
		maybe(x.X, do)
	case *MapLit:
		for i := range x.Keys {
			do(x.Keys[i])
			maybe(x.Values[i], do)
		}
	case *Struct:
		maybe(x.Type, do)
		for _, f := range x.Fields {
			maybe(f.Value, do)
		}
		maybe(x.Base, do)
	case *Call:
		maybe(x.Fun, do)
		each(x.Args, do)
	case *Index:
		maybe(x.X, do)
		maybe(x.I, do)
	case *Member:
		maybe(x.X, do)
		each(x.TypeArgs, do)
	case *TypeApply:
		maybe(x.X, do)
		each(x.Args, do)
	case *Unary:
		maybe(x.X, do)
	case *Binary:
		maybe(x.X, do)
		maybe(x.Y, do)
	case *Cast:
		maybe(x.X, do)
		maybe(x.Type, do)
	case *Range:
		maybe(x.Lo, do)
		maybe(x.Hi, do)
	case *If:
		maybe(x.Pattern, do)
		maybe(x.Cond, do)
		maybe(x.Then, do)
		maybe(x.Else, do)
	case *Match:
		maybe(x.X, do)
		each(x.Arms, do)
	case *Block:
		each(x.Stmts, do)
	case *Lambda:
		each(x.Params, do)
		maybe(x.Result, do)
		maybe(x.Body, do)
	case *For:
		maybe(x.Pattern, do)
		maybe(x.X, do)
		maybe(x.Body, do)
	case *While:
		maybe(x.Pattern, do)
		maybe(x.Cond, do)
		maybe(x.Body, do)
	case *Loop:
		maybe(x.Body, do)
	case *Break:
		maybe(x.X, do)
	case *Return:
		maybe(x.X, do)
	case *Try:
		maybe(x.X, do)
	case *Quant:
		each(x.Binders, do)
		maybe(x.Over, do)
		maybe(x.Body, do)
	case *Quote:
		maybe(x.X, do)
	case *Eval:
		maybe(x.Body, do)
	case *Reflect:
		maybe(x.Type, do)
	case *Macro:
		each(x.Args, do)
	case *Idiom:
		each(x.Parts, do)
	}
}

func patternChildren(p Pattern, do func(Node)) {
	switch p := p.(type) {
	case *LitPat:
		maybe(p.Lit, do)
	case *RangePat:
		maybe(p.Lo, do)
		maybe(p.Hi, do)
	case *TuplePat:
		each(p.Elems, do)
	case *RecordPat:
		for _, f := range p.Fields {
			maybe(f.Pattern, do)
		}
	case *AtPat:
		maybe(p.Sub, do)
	case *OrPat:
		each(p.Alts, do)
	case *ListPat:
		each(p.Elems, do)
	}
}
