package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// brief writes a node as a short text with all grouping in parentheses.
func brief(n Node) string {
	list := func(label string, nodes ...Node) string {
		parts := []string{label}
		for _, n := range nodes {
			parts = append(parts, brief(n))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	switch n := n.(type) {
	case *Literal:
		return n.Text + n.Suffix
	case *Name:
		return n.Ident
	case *This:
		return n.Word
	case *Paren:
		return brief(n.X)
	case *Binary:
		return list(n.Op, n.X, n.Y)
	case *Unary:
		return list(n.Op, n.X)
	case *Cast:
		return list("as", n.X, n.Type)
	case *Range:
		op := ".."
		if n.Inclusive {
			op = "..="
		}
		parts := "(" + op
		for _, x := range []Expr{n.Lo, n.Hi} {
			if x == nil {
				parts += " -"
			} else {
				parts += " " + brief(x)
			}
		}
		return parts + ")"
	case *Call:
		return list("call", append([]Node{n.Fun}, nodes(n.Args)...)...)
	case *Index:
		return list("index", n.X, n.I)
	case *Member:
		sep := "."
		if n.Colons {
			sep = "::"
		}
		out := brief(n.X) + sep + n.Name.Name
		if len(n.TypeArgs) > 0 {
			out += list("::<", nodes(n.TypeArgs)...)
		}
		return out
	case *TypeApply:
		return list("<> "+brief(n.X), nodes(n.Args)...)
	case *Try:
		return list("?", n.X)
	case *List:
		return list("list", nodes(n.Elems)...)
	case *Repeat:
		return list("repeat", n.Elem, n.Len)
	case *Tuple:
		return list("tuple", nodes(n.Elems)...)
	case *MapLit:
		parts := []Node{}
		for i := range n.Keys {
			parts = append(parts, n.Keys[i], n.Values[i])
		}
		return list("map", parts...)
	case *Struct:
		parts := []string{"new " + brief(n.Type)}
		for _, f := range n.Fields {
			parts = append(parts, f.Name.Name+"="+brief(f.Value))
		}
		if n.Base != nil {
			parts = append(parts, "..."+brief(n.Base))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case *Lambda:
		parts := []string{"|"}
		for _, a := range n.Params {
			p := a.Name.Name
			if a.Type != nil {
				p += ":" + brief(a.Type)
			}
			parts = append(parts, p)
		}
		parts = append(parts, "|")
		if n.Result != nil {
			parts = append(parts, "->", brief(n.Result))
		}
		return "(" + strings.Join(append(parts, brief(n.Body)), " ") + ")"
	case *If:
		parts := []Node{}
		if n.Pattern != nil {
			parts = append(parts, n.Pattern)
		}
		parts = append(parts, n.Cond, n.Then)
		if n.Else != nil {
			parts = append(parts, n.Else)
		}
		return list("if", parts...)
	case *Match:
		out := "(match " + brief(n.X)
		for _, a := range n.Arms {
			out += " [" + brief(a.Pattern)
			if a.Guard != nil {
				out += " if " + brief(a.Guard)
			}
			out += " => " + brief(a.Body) + "]"
		}
		return out + ")"
	case *Block:
		out := "{"
		if n.Sex {
			out = "sex {"
		}
		for i, s := range n.Stmts {
			if i > 0 {
				out += " | "
			}
			out += brief(s)
		}
		return out + "}"
	case *For:
		return list("for "+n.Label.Name, n.Pattern, n.X, n.Body)
	case *While:
		if n.Pattern != nil {
			return list("while "+n.Label.Name, n.Pattern, n.Cond, n.Body)
		}
		return list("while "+n.Label.Name, n.Cond, n.Body)
	case *Loop:
		return list("loop "+n.Label.Name, n.Body)
	case *Break:
		return jump("break", n.Label, n.X)
	case *Continue:
		return jump("continue", n.Label, nil)
	case *Return:
		return jump("return", Ident{}, n.X)
	case *Quant:
		word := "exists"
		if n.All {
			word = "forall"
		}
		for _, b := range n.Binders {
			word += " " + b.Name.Name
			if b.Type != nil {
				word += ":" + brief(b.Type)
			}
		}
		if n.Over != nil {
			return list(word+" in", n.Over, n.Body)
		}
		return list(word+".", n.Body)
	case *Quote:
		return list(n.Op, n.X)
	case *Eval:
		return list("eval", n.Body)
	case *Reflect:
		return list("reflect", n.Type)
	case *Macro:
		return list("#"+n.Name.Name, nodes(n.Args)...)
	case *Idiom:
		return list("idiom", nodes(n.Parts)...)
	case *FString:
		out := "f("
		for _, p := range n.Parts {
			if p.X == nil {
				out += fmt.Sprintf("%q", p.Text)
			} else {
				out += "{" + brief(p.X) + fmt.Sprintf("%d}", p.Decimals)
			}
		}
		return out + ")"
	case *ExprStmt:
		if n.Semi {
			return brief(n.X) + ";"
		}
		return brief(n.X)
	case *Let:
		out := n.Word + " "
		if n.Mut && n.Word != "var" {
			out += "mut "
		}
		out += brief(n.Pattern)
		if n.Type != nil {
			out += ":" + brief(n.Type)
		}
		if n.Value != nil {
			out += "=" + brief(n.Value)
		}
		return out
	case *Assign:
		return list(n.Op, n.Place, n.Value)
	case *FunStmt:
		return "fun " + n.Fun.FunName.Name
	case *DocsStmt:
		return "docs"
	case *NamedType:
		if len(n.Args) > 0 {
			return n.Name.String() + list("<>", nodes(n.Args)...)
		}
		return n.Name.String()
	case *TupleType:
		return list("tuple", nodes(n.Elems)...)
	case *FunType:
		out := list("fun", nodes(n.Params)...)
		if n.Result != nil {
			out += "->" + brief(n.Result)
		}
		return out
	case *ListType:
		if n.Len != nil {
			return list("array", n.Elem, n.Len)
		}
		return list("list", n.Elem)
	case *OptionType:
		return brief(n.Elem) + "?"
	case *RefType:
		return "&" + brief(n.Elem)
	case *NeverType:
		return "!"
	case *IntType:
		return brief(n.Value)
	case *EnumType:
		return fmt.Sprintf("enum(%d)", len(n.Variants))
	case *WildPat:
		return "_"
	case *LitPat:
		if n.Neg {
			return "-" + brief(n.Lit)
		}
		return brief(n.Lit)
	case *RangePat:
		if n.Inclusive {
			return brief(n.Lo) + "..=" + brief(n.Hi)
		}
		return brief(n.Lo) + ".." + brief(n.Hi)
	case *PathPat:
		if n.Mut {
			return "mut " + n.Path.String()
		}
		return n.Path.String()
	case *TuplePat:
		if n.Path != nil {
			return list(n.Path.String(), nodes(n.Elems)...)
		}
		return list("tuple", nodes(n.Elems)...)
	case *RecordPat:
		out := n.Path.String() + "{"
		for _, f := range n.Fields {
			out += f.Name.Name
			if f.Pattern != nil {
				out += "=" + brief(f.Pattern)
			}
			out += ","
		}
		if n.Rest {
			out += ".."
		}
		return out + "}"
	case *AtPat:
		return n.Name.Name + "@" + brief(n.Sub)
	case *OrPat:
		return list("or", nodes(n.Alts)...)
	case *ListPat:
		out := list("list", nodes(n.Elems)...)
		if n.Rest {
			out += ".." + n.RestVar.Name
		}
		return out
	}
	return fmt.Sprintf("%T", n)
}

func jump(word string, label Ident, x Expr) string {
	out := "(" + word
	if label.Name != "" {
		out += " " + label.Name
	}
	if x != nil {
		out += " " + brief(x)
	}
	return out + ")"
}

func nodes[N Node](list []N) []Node {
	out := make([]Node, len(list))
	for i, n := range list {
		out[i] = n
	}
	return out
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// Proves: dol 4.1-a
		{"a", "a"},
		{"this", "this"},
		{"self", "self"},
		{"[a, b,]", "(list a b)"},
		{"[e; 3]", "(repeat e 3)"},
		{"(a, b)", "(tuple a b)"},
		{"()", "(tuple)"},
		{"(a,)", "(tuple a)"},
		{"(a)", "a"},
		{"sex { a }", "sex {a}"},
		{"e?", "(? e)"},
		{"e.0", "e.0"},
		{"{ a\nb }", "{a | b}"},
		{"e.0.1", "e.0.1"},
		{"2.max(3)", "(call 2.max 3)"},
		{"a.b::c", "a.b::c"},
		{"null", "null"},
		{"a?.b", "(? a).b"},
		{"_", "_"},
		// Proves: dol 4.1-b
		{"f(1)", "(call f 1)"},
		{"f[1]", "(index f 1)"},
		{"f()[1](2)", "(call (index (call f) 1) 2)"},
		{"a[..2]", "(index a (.. - 2))"},
		{"a[1..]", "(index a (.. 1 -))"},
		{"a[..]", "(index a (.. - -))"},
		// Proves: dol 4.1-c
		{"P { x: 1, y, ...b }", "(new P x=1 y=y ...b)"},
		{"P { ..b }", "(new P ...b)"},
		{"P {}", "(new P)"},
		{"P { y }", "(new P y=y)"},
		{"A.B { x: 1 }", "(new A.B x=1)"},
		{"A::B { x: 1 }", "(new A::B x=1)"},
		{"P<i64> { x: 1 }", "(new (<> P i64) x=1)"},
		{"if P { a } else { b }", "(if P {a} {b})"},
		{"if (P { x: 1 }) == p { a }", "(if (== (new P x=1) p) {a})"},
		{"if f(P { x: 1 }) { a }", "(if (call f (new P x=1)) {a})"},
		{"match P { _ => 1 }", "(match P [_ => 1])"},
		{"while P {}", "(while  P {})"},
		{"for x in P {}", "(for  x P {})"},
		// Proves: dol 4.1-d
		{"f({})", "(call f (map))"},
		{`f({ "k": 1, a: 2, 3: c })`, `(call f (map "k" 1 a 2 3 c))`},
		{"({ (1, 2): 3 })", "(map (tuple 1 2) 3)"},
		{"[{ -1: 2 }]", "(list (map (- 1) 2))"},
		{"({ outer: loop { a } })", "{(loop outer {a})}"},
		{"return { a: 1 }", "(return (map a 1))"},
		{"|x| { a }", "(| x | {a})"},
		{"({ a })", "{a}"},
		// Proves: dol 4.1-e
		{"|a, b: T| -> R a + b", "(| a b:T | -> R (+ a b))"},
		{"|| 1", "(| | 1)"},
		{"f(|x| x |> g)", "(call f (| x | (|> x g)))"},
		{"|_| 1", "(| _ | 1)"},
		// Proves: dol 4.1-f
		{"if a { b } else if c { d } else { e }", "(if a {b} (if c {d} {e}))"},
		{"if let Some(x) = y { x }", "(if (Some x) y {x})"},
		{"if a then { b }", "(if a {b})"},
		// Proves: dol 4.1-g
		{"match e { 1 => a, B(x) if x > 1 => { c } D { f } => 2\n E where g => break\n _ => return 1 }", "(match e [1 => a] [(B x) if (> x 1) => {c}] [D{f,} => 2] [E if g => (break)] [_ => (return 1)])"},
		{"match e { a { b } c => d }", "(match e [a => {b}] [c => d])"},
		{"match e { A => {}, B => {} }", "(match e [A => {}] [B => {}])"},
		{"match e { A => n = 1, B => m += 2 }", "(match e [A => {(= n 1)}] [B => {(+= m 2)}])"},
		// Proves: dol 4.1-h
		{"vec![a, b]", "(list a b)"},
		{"i64::MAX", "i64::MAX"},
		{"f64.NAN", "f64.NAN"},

		// Proves: dol 4.2-a
		{"a implies b implies c", "(implies a (implies b c))"},
		{"a := b := c", "(:= a (:= b c))"},
		{"a := b implies c", "(implies (:= a b) c)"},
		{"a |> b |> c", "(|> (|> a b) c)"},
		{"a <| b <| c", "(<| a (<| b c))"},
		{"a |> b := c", "(:= (|> a b) c)"},
		{"f @ g @ x", "(@ f (@ g x))"},
		{"f @ x |> g", "(|> (@ f x) g)"},
		{"f >> g >> h", "(>> (>> f g) h)"},
		{"f >> g @ x", "(@ (>> f g) x)"},
		{"0..n+1", "(.. 0 (+ n 1))"},
		{"0..=n", "(..= 0 n)"},
		{"a..b || c", "(.. a (|| b c))"},
		{"a >> b..c", "(>> a (.. b c))"},
		{"a || b or c", "(|| (|| a b) c)"},
		{"a and b && c", "(&& (&& a b) c)"},
		{"a || b && c", "(|| a (&& b c))"},
		{"a && b || c", "(|| (&& a b) c)"},
		{"not a == b", "(not (== a b))"},
		{"not a and b", "(&& (not a) b)"},
		{"not not a", "(not (not a))"},
		{"a == not b", "(== a (not b))"},
		{"a == b < c", "(== a (< b c))"},
		{"a < b == c", "(== (< a b) c)"},
		{"a != b & c", "(!= a (& b c))"},
		{"a & b & c", "(& (& a b) c)"},
		{"a & b + c", "(& a (+ b c))"},
		{"10 - 3 - 2", "(- (- 10 3) 2)"},
		{"100 / 10 / 5", "(/ (/ 100 10) 5)"},
		{"a % b * c", "(* (% a b) c)"},
		{"2 + n * n % 7", "(+ 2 (% (* n n) 7))"},
		{"a ^ b ^ c", "(^ a (^ b c))"},
		{"a * b ^ c", "(* a (^ b c))"},
		{"a as i64 as f64", "(as (as a i64) f64)"},
		{"a ^ b as i64", "(^ a (as b i64))"},
		{"(a + b) as f64 / 2.0", "(/ (as (+ a b) f64) 2.0)"},
		{"-2 ^ 2", "(^ (- 2) 2)"},
		{"-x as f64", "(as (- x) f64)"},
		{"- -x", "(- (- x))"},
		{"!a.b()", "(! (call a.b))"},
		{"*x", "(* x)"},
		{"&x", "(& x)"},
		{"&mut x", "(&mut x)"},
		{"-a.b", "(- a.b)"},
		{"&&x", "(& (& x))"},
		{"'a.b", "(' a.b)"},
		{"''a", "('' a)"},
		{"''(,a)", "('' (, a))"},
		{"?T", "(reflect T)"},
		{"-'a", "(- (' a))"},
		{"|x| x + 1 |> f", "(| x | (|> (+ x 1) f))"},
		{"return a + b", "(return (+ a b))"},
		// Proves: dol 4.2-b
		{"a >> b", "(>> a b)"},
		// Proves: dol 4.2-c
		{"a as Meters < b", "(< (as a Meters) b)"},
		{"a as Vec<i64>", "(as a Vec(<> i64))"},
		{"a as Vec < b", "(< (as a Vec) b)"},
		{"a as T?", "(? (as a T))"},
		// Proves: dol 4.3-a
		{"x |> f(a)", "(|> x (call f a))"},
		{"f <| x", "(<| f x)"},
		// Proves: dol 4.4-a
		{"a := b", "(:= a b)"},
		// Proves: dol 4.5-a, 4.5-b
		{"!{ 'e }", "(eval {(' e)})"},
		{"! { a }", "(! {a})"},
		{"#assert(a, b)", "(#assert a b)"},
		{"#line()", "(#line)"},
		{"[| f a (b) |]", "(idiom f a b)"},
		{"[|x| x + 1]", "(list (| x | (+ x 1)))"},
		// Proves: dol 2.4-d, 2.4-e
		{"[||1]", "(list (| | 1))"},
		{"[|x| [| f x |]]", "(list (| x | (idiom f x)))"},
		{"[| f [|x| x] |]", "(idiom f (list (| x | x)))"},
		// Proves: dol 4.7-a
		{"forall x in xs { x > 1 }", "(forall x in xs {(> x 1)})"},
		{"exists x in 0..n { x }", "(exists x in (.. 0 n) {x})"},
		{"forall a: A, b: B. a == b", "(forall a:A b:B. (== a b))"},
		{"forall x: T.body", "(forall x:T. body)"},
		{"exists + forall", "(+ exists forall)"},
		// Proves: dol 5.4-a
		{"f::<T>(x)", "(call (<> f T) x)"},
		{"a.f::<T, 3>(x)", "(call a.f(::< T 3) x)"},
		{"Vec<i64>::new()", "(call (<> Vec i64)::new)"},
		{"Map<string, Vec<i64>>.new()", "(call (<> Map string Vec(<> i64)).new)"},
		{"(A < B)", "(< A B)"},
		{"f(A < B, C > d)", "(call f (< A B) (> C d))"},
		// Proves: dol 2.3-a format string, char, string
		{`f"a{x}b{y + 1:.2}{{}}"`, `f("a"{x-1}"b"{(+ y 1)2}"{}")`},
		{`f"{f("x")}"`, `f({(call f "x")-1})`},
		{`f"{A::B}"`, `f({A::B-1})`},
		// Proves: dol 3.9-a, 2.5-b
		{"a.match.loop()", "(call a.match.loop)"},
		{"X::if", "X::if"},
		// Proves: dol 3.10-d
		{"loop { break x }", "(loop  {(break x)})"},
		{"o: loop { loop { break o 1 } continue o }", "(loop o {(loop  {(break o 1)}) | (continue o)})"},
		{"o: loop { f(|| loop { break o }) }", "(loop o {(call f (| | (loop  {(break o)})))})"},
	} {
		x, f, list := parseExpr("e.dol", []byte(c.in))
		if list.HasErrors() {
			t.Errorf("%s: %v", c.in, list.Err())
			continue
		}
		if got := brief(x); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
		if s := x.Range(); s.Start != 0 || int(s.End) != len(f.Src) {
			t.Errorf("%s: the span is %v", c.in, s)
		}
	}
}

func TestLiteralValues(t *testing.T) {
	for _, c := range []struct {
		in, text, suffix, value string
		kind                    LitKind
	}{
		// Proves: dol 2.3-a
		{"42i8", "42", "i8", "", IntLit},
		{"0xFFu16", "0xFF", "u16", "", IntLit},
		{"0xff32", "0xff32", "", "", IntLit},
		{"0b10i32", "0b10", "i32", "", IntLit},
		{"1_000", "1_000", "", "", IntLit},
		{"7u32", "7", "u32", "", IntLit},
		{"2.5e-3f32", "2.5e-3", "f32", "", FloatLit},
		{"3f64", "3", "f64", "", FloatLit},
		{`"a\n\t\"\\\x41\u{1F600}"`, `"a\n\t\"\\\x41\u{1F600}"`, "", "a\n\t\"\\A😀", StringLit},
		{`'\''`, `'\''`, "", "'", CharLit},
		{`'é'`, `'é'`, "", "é", CharLit},
		{`'\u{e9}'`, `'\u{e9}'`, "", "é", CharLit},
		{"true", "true", "", "", BoolLit},
		{"null", "null", "", "", NullLit},
	} {
		x, _, list := parseExpr("e.dol", []byte(c.in))
		l, ok := x.(*Literal)
		if !ok || list.HasErrors() {
			t.Errorf("%s: %T %v", c.in, x, list)
			continue
		}
		if l.Kind != c.kind || l.Text != c.text || l.Suffix != c.suffix || l.Str != c.value || l.Bool != (c.in == "true") {
			t.Errorf("%s: %+v", c.in, l)
		}
	}
}

// bodyOfFun parses statements as the body of a function.
func bodyOfFun(t *testing.T, stmts string) string {
	t.Helper()
	f, list := Parse("a.dol", []byte("fun f() {\n"+stmts+"\n}"))
	if list.HasErrors() {
		t.Errorf("%s: %v", stmts, list.Err())
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(brief(f.Items[0].(*Fun).Body), "{"), "}")
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// Proves: dol 3.10-a
		{"let a = 1\nval b: i64 = 2\nvar c = 3\nlet mut d = 4\nconst E = 5", "let a=1 | val b:i64=2 | var c=3 | let mut d=4 | const E=5"},
		// Proves: dol 3.10-b
		{"let x: T\nx = 1", "let x:T | (= x 1)"},
		{"a += 1; b -= 2; c *= 3; d /= 4; e %= 5", "(+= a 1) | (-= b 2) | (*= c 3) | (/= d 4) | (%= e 5)"},
		{"_ = f()\n*p = 1\na.b[2] = 3", "(= _ (call f)) | (= (* p) 1) | (= (index a.b 2) 3)"},
		{"let (a, _) = b\nval P { x, y: z } = p\nval [a, b] = c", "let (tuple a _)=b | val P{x,y=z,}=p | val (list a b)=c"},
		{"val(x)\nval.y\nval = 1", "(call val x) | val.y | (= val 1)"},
		// Proves: dol 3.10-e
		{"if a { b } - c", "(if a {b}) | (- c)"},
		{"if a { b }.c()", "(call (if a {b}).c)"},
		{"match a { _ => b } |> f", "(|> (match a [_ => b]) f)"},
		{"{ a }\n(b)", "{a} | b"},
		{"loop { a } b c", "(loop  {a}) | b | c"},
		{"let f = inc >> sq  f(x)", "let f=(>> inc sq) | (call f x)"},
		// Proves: dol 2.4-f
		{"a;\nb;", "a; | b;"},
		{";;a;;", "a;"},
		// Proves: dol 4.6-a
		{"a\n(b)", "a | b"},
		{"a\n[b]", "a | (list b)"},
		{"let x = P\n{ b }", "let x=P | {b}"},
		{"f(\na\n(b)\n[c]\n)", "(call f (index (call a b) c))"},
		// Proves: dol 4.6-b
		{"a\n-b", "a | (- b)"},
		{"a\n- b", "(- a b)"},
		{"a\n*b = 1", "a | (= (* b) 1)"},
		{"a\n* b", "(* a b)"},
		{"a\n&b", "a | (& b)"},
		{"a\n|x| x", "a | (| x | x)"},
		{"a\n'b", "a | (' b)"},
		{"a\n?B", "a | (reflect B)"},
		{"(a\n-b)", "(- a b)"},
		// Proves: dol 4.6-c
		{"a\n.b\n|> c\n<| d", ""},
		{"a\n.b()\n|> c", "(|> (call a.b) c)"},
		{"a\n>> b\n+ c", "(>> a (+ b c))"},
		{"a\n&& b\n|| c", "(|| (&& a b) c)"},
		{"a\n/ b\n% c\n^ d", "(% (/ a b) (^ c d))"},
		{"a\n== b", "(== a b)"},
		{"a\n<= b", "(<= a b)"},
		{"a\n..b", "(.. a b)"},
		{"a\n= b", "(= a b)"},
		{"a\n+= b", "(+= a b)"},
		{"a\nand b\nor c\nimplies d\nas e", "(implies (|| (&& a b) c) (as d e))"},
		{"a\nand = b\nor.c\nimplies: loop {}", "a | (= and b) | or.c | (loop implies {})"},
		// Proves: dol 4.6-d
		{"a\n#assert(b)", "a | (#assert b)"},
		// Proves: dol 4.6-e
		{"return\nlet a = 1", "(return) | let a=1"},
		{"return\na", "(return a)"},
		{"return a\nb", "(return a) | b"},
		{"return\nfor x in y {}", "(return) | (for  x y {})"},
		{"loop {\nbreak\na\n}", "(loop  {(break) | a})"},
		{"fun g() {}\nsex fun h() {}", "fun g | fun h"},
		{"docs { x }\na", "docs | a"},
		{"sex { a }", "sex {a}"},
		{"outer: while let Some(x) = y { continue outer }", "(while outer (Some x) y {(continue outer)})"},
		{"let x = if a { b } else { c } + 1", "let x=(+ (if a {b} {c}) 1)"},
	} {
		if c.want == "" {
			if _, list := Parse("a.dol", []byte("fun f() {\n"+c.in+"\n}")); !list.HasErrors() {
				t.Errorf("%s is accepted", c.in)
			}
			continue
		}
		if got := bodyOfFun(t, c.in); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"_", "_"},
		{"1", "1"},
		{"-1", "-1"},
		{"2.5", "2.5"},
		{`"s"`, `"s"`},
		{"'c'", "'c'"},
		{"true", "true"},
		{"null", "null"},
		{"1..5", "1..5"},
		{"-3..=3", "-3..=3"},
		{"'a'..='z'", "'a'..='z'"},
		{"x", "x"},
		{"A.B", "A.B"},
		{"A::B", "A.B"},
		{"Some(x)", "(Some x)"},
		{"A.B(x, _)", "(A.B x _)"},
		{"P { x, y: 1, .. }", "P{x,y=1,..}"},
		{"P { x: 1 }", "P{x=1,}"},
		{"P { .. }", "P{..}"},
		{"P {}", "P{}"},
		{"(a, b)", "(tuple a b)"},
		{"n @ 1..3", "n@1..3"},
		{"1 | 2 | x", "(or 1 2 x)"},
		{"Some(1 | 2)", "(Some (or 1 2))"},
		{"Some(P { x })", "(Some P{x,})"},
		{"[]", "(list)"},
		{"[a, b]", "(list a b)"},
		{"[a, ..]", "(list a).."},
		{"[a, ..rest]", "(list a)..rest"},
		{"mut x", "mut x"},
		{"mut", "mut"},
	} {
		// Proves: dol 3.11-a, 3.11-b, 2.2-c
		if got, want := bodyOfFun(t, "match e { "+c.in+" => 1 }"), "(match e ["+c.want+" => 1])"; got != want {
			t.Errorf("%s: %s, want %s", c.in, got, want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"match e { P { x } => 1 }", "(match e [P{x,} => 1])"},
		{"match e { P { x } if y => 1 }", "(match e [P{x,} if y => 1])"},
		{"match e { P { x } { y } }", "(match e [P{x,} => {y}])"},
		{"match e { P { x } Q => 1 }", "(match e [P => {x}] [Q => 1])"},
		{"match e { P { f(x) } }", "(match e [P => {(call f x)}])"},
	} {
		if got := bodyOfFun(t, c.in); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

// Proves: dol 5.1-a, 2.4-c
func TestTypes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"i64", "i64"},
		{"a.b.C", "a.b.C"},
		{"a::C", "a.C"},
		{"Vec<i64>", "Vec(<> i64)"},
		{"Map<K, Vec<Vec<V>>>", "Map(<> K Vec(<> Vec(<> V)))"},
		{"Array<T, 3>", "Array(<> T 3)"},
		{"()", "(tuple)"},
		{"(T)", "T"},
		{"(A, B)", "(tuple A B)"},
		{"(A,)", "(tuple A)"},
		{"(A, B) -> C", "(fun A B)->C"},
		{"() -> ()", "(fun)->(tuple)"},
		{"fun(A)", "(fun A)"},
		{"fun(A) -> B", "(fun A)->B"},
		{"(A) -> (B) -> C", "(fun A)->(fun B)->C"},
		{"[T]", "(list T)"},
		{"[T; 3]", "(array T 3)"},
		{"[T; N]", "(array T N)"},
		{"!", "!"},
		{"&T", "&T"},
		{"&mut T", "&T"},
		{"T?", "T?"},
		{"T??", "T??"},
		{"Vec<T?>", "Vec(<> T?)"},
		{"enum { A, B }", "enum(2)"},
	} {
		f, list := Parse("a.dol", []byte("type X = "+c.in))
		if list.HasErrors() {
			t.Errorf("%s: %v", c.in, list.Err())
			continue
		}
		if got := brief(f.Items[0].(*Alias).Target); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
	f, list := Parse("a.dol", []byte("const A: Vec<Vec<i64>>= b >> c"))
	if list.HasErrors() || brief(f.Items[0].(*Const).Value) != "(>> b c)" {
		t.Errorf("%v", list)
	}
	var got []string
	for i := range f.Tokens {
		got = append(got, f.Text(f.Tokens[i].Span))
	}
	if s := strings.Join(got, " "); s != "const A : Vec < Vec < i64 > > = b >> c " {
		t.Errorf("the split tokens are %q", s)
	}
}

// parseExpr reads one expression, which must be all of src. The File holds
// no items; it places the expression's spans.
func parseExpr(path string, src []byte) (Expr, *File, diag.List) {
	p := newParser(path, src)
	x := p.expr()
	if !p.at(EOF) {
		p.expected(codeExpectedToken, "the end of the expression")
	}
	f, list := p.finish()
	return x, f, list
}
