package syntax

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

var spanText = regexp.MustCompile(` \d+:\d+-\d+:\d+`)

// treeOf returns the dump of a file without spans, on one line: nodes with ";"
// between, one ">" for each level. hints are the codes of what is no error.
func treeOf(t *testing.T, path, src string) (tree, hints string) {
	t.Helper()
	f, list := Parse(path, []byte(src))
	if list.HasErrors() {
		t.Errorf("%s: %v", src, list.Err())
	}
	checkFile(t, f, list)
	var b bytes.Buffer
	if err := DumpTree(&b, f); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(spanText.ReplaceAllString(b.String(), "")) {
		line = strings.TrimSuffix(line, "\n")
		text := strings.TrimLeft(line, " ")
		lines = append(lines, strings.Repeat(">", (len(line)-len(text))/2)+text)
	}
	var codes []string
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	return strings.Join(lines, "; "), strings.Join(codes, " ")
}

func TestDeclarations(t *testing.T) {
	for _, c := range []struct{ in, want, hints string }{
		// Proves: dol 1-h, 2.2-b
		{"gen book.exists {}\ngen Book {}", "Gen name=book.exists; Gen name=Book", ""},

		// Proves: dol 3.1-a
		{"docs { x }\n// c\nmodule a.b @ 1.2.3\nuse c\ndocs { y }\nuse d\nconst E = 1\nuse f", `docs: Docs text="x"; docs: Docs text="y"; Module name=a.b; >version: Version text="1.2.3"; Use local=c; Use local=d; Const name=E; >value: Literal kind=int text="1"; Use local=f`, ""},
		{"//! one\n//! two\nmodule a", `docs: Docs text="one\ntwo"; Module name=a`, ""},
		{"mod a;\nuse b.c as d;", "Module name=a; Use local=b.c alias=d", ""},
		{"use a.*\nuse b::c::{d, e as f, *,}\nuse g.{}", `Use local=a glob=true; Use local=b.c hasList=true; >items: UseItem name=d; >items: UseItem name=e alias=f; >items: UseItem glob=true; Use local=g hasList=true`, ""},
		// Proves: dol 3.1-b
		{"use @org/std.io.println\nuse @org/my-pkg-2 as p", `Use package="@org/std" path=io.println; Use package="@org/my-pkg-2" alias=p`, ""},
		{"use @org/std: \"^1.2\".{a}\nuse @org/std: ^1.2.3", `Use package="@org/std" version="^1.2" hasList=true; >items: UseItem name=a; Use package="@org/std" version="^1.2.3"`, ""},
		// Proves: dol 3.1-e
		{"use @git:host.example/x.git:main\npub use @https://host.example/y", `Use url="@git:host.example/x.git:main"; Use vis=pub url="@https://host.example/y"`, ""},
		// Proves: dol 3.1-d
		{"pub mod x\nmod y { use a\nconst B = 1\n docs { y } }", `Submodule vis=pub name=x; Submodule name=y inline=true; >docs: Docs text="y"; >items: Use local=a; >items: Const name=B; >>value: Literal kind=int text="1"`, ""},
		// Proves: dol 3.1-f
		{"pub(spirit) const A = 1\npub(crate) type B = i64\npub(parent) type C = i64\npub(super) type D = i64", `Const vis=pub(spirit) name=A; >value: Literal kind=int text="1"; Alias vis=pub(spirit) name=B; >target: NamedType name=i64; Alias vis=pub(parent) name=C; >target: NamedType name=i64; Alias vis=pub(parent) name=D; >target: NamedType name=i64`, ""},

		// Proves: dol 3.2-a
		{`#[test] #[import(module = "m", name = "n")] #[cfg(a(b), 1)] sex fun f()`, `Fun name=f sex=true funName=f; >attrs: Attr name=test; >attrs: Attr name=import; >>args: AttrArg name=module; >>>value: Literal kind=string text="\"m\"" str="m"; >>args: AttrArg name=name; >>>value: Literal kind=string text="\"n\"" str="n"; >attrs: Attr name=cfg; >>args: AttrArg name=a; >>>args: AttrArg name=b; >>args: AttrArg; >>>value: Literal kind=int text="1"`, ""},
		// Proves: dol 3.2-b
		{"docs {\n\n    It's { \"one\" } // two\n      -- three\n\n    four http://x\n\n}\ngen A {}", `Gen name=A; >docs: Docs text="It's { \"one\" } // two\n  -- three\n\nfour http://x"`, ""},
		{`docs "a } b" gen A {}`, `Gen name=A; >docs: Docs text="a } b"`, ""},
		// Proves: dol 3.2-c
		{"gen A { docs { first }\n has a: i64\n docs { second }\n has b: i64 }", `Gen name=A; >docs: Docs text="first"; >body: Field has=true name=a; >>type: NamedType name=i64; >body: Field has=true name=b; >>docs: Docs text="second"; >>type: NamedType name=i64`, ""},
		{"gen A { has a: i64\n docs { last } }", `Gen name=A; >docs: Docs text="last"; >body: Field has=true name=a; >>type: NamedType name=i64`, ""},
		{"docs { before }\ngen A { docs { first }\n fun f() {}\n}", `Gen name=A; >docs: Docs text="before"; >body: Fun name=f funName=f; >>docs: Docs text="first"; >>body: Block`, ""},
		{"fun f() { docs { inside }\n a }", `Fun name=f funName=f; >docs: Docs text="inside"; >body: Block; >>stmts: DocsStmt; >>>docs: Docs text="inside"; >>stmts: ExprStmt; >>>x: Name ident="a"`, ""},
		{"enum E { docs { a } A, docs { b } B }", `Enum name=E; >variants: Variant name=A; >>docs: Docs text="a"; >variants: Variant name=B; >>docs: Docs text="b"`, ""},
		// Proves: dol 3.2-d
		{"gen a.b {}\ndocs { behind }\nfun f() {}", `Gen name=a.b; >docs: Docs text="behind"; Fun name=f funName=f; >body: Block`, ""},
		{"fun f() {}\ndocs { next }\nfun g() {}", `Fun name=f funName=f; >body: Block; Fun name=g funName=g; >docs: Docs text="next"; >body: Block`, ""},
		// Proves: dol 3.2-e
		{"gen A { docs { own } }\ndocs { next }\ntype B = i64\ndocs { module }", `docs: Docs text="module"; Gen name=A; >docs: Docs text="own"; Alias name=B; >docs: Docs text="next"; >target: NamedType name=i64`, ""},
		{"docs { one }\ndocs { two }\ntype B = i64", `docs: Docs text="one"; Alias name=B; >docs: Docs text="two"; >target: NamedType name=i64`, ""},
		// Proves: dol 3.2-f
		{"gen a.b {}\n\ndocs { whose }\nfun f() {}", `Gen name=a.b; >docs: Docs text="whose"; Fun name=f funName=f; >body: Block`, "docs-ambiguous"},
		// Proves: dol 2.1-d
		{"/// not here\n\n/// one\n/// two\nfun f() {}\ngen A {\n  /// three\n  has a: i64 }", `Fun name=f funName=f; >docs: Docs text="one\ntwo"; >body: Block; Gen name=A; >body: Field has=true name=a; >>docs: Docs text="three"; >>type: NamedType name=i64`, ""},

		// Proves: dol 3.3-a
		{"gen A { has a: i64  has b: u8 = 1 where b > 0, c: T; pub has d: T pub(spirit) e: T has f\n has g = 2 }", `Gen name=A; >body: Field has=true name=a; >>type: NamedType name=i64; >body: Field has=true name=b; >>type: NamedType name=u8; >>default: Literal kind=int text="1"; >>where: Binary op=">"; >>>x: Name ident="b"; >>>y: Literal kind=int text="0"; >body: Field name=c; >>type: NamedType name=T; >body: Field vis=pub has=true name=d; >>type: NamedType name=T; >body: Field vis=pub(spirit) name=e; >>type: NamedType name=T; >body: Field has=true name=f; >body: Field has=true name=g; >>default: Literal kind=int text="2"`, ""},
		{"gen A<T: B + C = i64> extends p.B @ 1.0.0 { has type: T\n has is: T\n state: T }", `Gen name=A parent=p.B; >params: TypeParam name=T; >>bounds: NamedType name=B; >>bounds: NamedType name=C; >>default: NamedType name=i64; >version: Version text="1.0.0"; >body: Field has=true name=type; >>type: NamedType name=T; >body: Field has=true name=is; >>type: NamedType name=T; >body: Field name=state; >>type: NamedType name=T`, ""},
		{"gen A is B {}", "Gen name=A parent=B", ""},
		// Proves: dol 3.3-b
		{"gen A { type: enum { X, Y(i64) = 2 } fun f() {} }", `Gen name=A; >carrier: EnumType; >>variants: Variant name=X; >>variants: Variant name=Y; >>>tuple: NamedType name=i64; >>>value: Literal kind=int text="2"; >body: Fun name=f funName=f; >>body: Block`, ""},
		{"gen A { enum { X } }\ngen B { type: i64 }", `Gen name=A; >carrier: EnumType; >>variants: Variant name=X; Gen name=B; >carrier: NamedType name=i64`, ""},
		{"gen A { type B is i64\n type C = u8\n type D { has e: i64 } enum F { G } }", `Gen name=A; >body: Alias name=B; >>target: NamedType name=i64; >body: Alias name=C; >>target: NamedType name=u8; >body: Gen name=D type=true; >>body: Field has=true name=e; >>>type: NamedType name=i64; >body: Enum name=F; >>variants: Variant name=G`, ""},
		// Proves: dol 3.3-c
		{"gen A { rule ok { a > 0; x is y\n this.b } }", `Gen name=A; >body: Rule name=ok; >>body: ExprItem; >>>x: Binary op=">"; >>>>x: Name ident="a"; >>>>y: Literal kind=int text="0"; >>body: Sentence kind=is subject="x" object="y"; >>body: ExprItem; >>>x: Member name=b; >>>>x: This word="this"`, ""},
		// Proves: dol 3.3-d
		{"gen A { has mut a: i64\n mut b: i64 = 1 has mut: i64 }", `Gen name=A; >body: Field has=true mut=true name=a; >>type: NamedType name=i64; >body: Field mut=true name=b; >>type: NamedType name=i64; >>default: Literal kind=int text="1"; >body: Field has=true name=mut; >>type: NamedType name=i64`, "needless-mut needless-mut"},
		// Proves: dol 3.3-e
		{"gen A { provides make(n: i64) -> A { a } }\ntrait B { is ok() -> bool }", `Gen name=A; >body: Fun name=make funName=make provides=true; >>args: Param name=n; >>>type: NamedType name=i64; >>result: NamedType name=A; >>body: Block; >>>stmts: ExprStmt; >>>>x: Name ident="a"; Trait name=B; >body: Fun name=ok funName=ok provides=true; >>result: NamedType name=bool`, ""},
		// Proves: dol 3.3-f, 4.6-d
		{"gen A { @personal @crdt(lww, tie_break=\"peer\") has a: i64 = 1\n@personal has b: i64 }", `Gen name=A; >body: Field has=true name=a; >>annots: Annot name=personal; >>annots: Annot name=crdt words=lww; >>>options: AttrArg name=tie_break; >>>>value: Literal kind=string text="\"peer\"" str="peer"; >>type: NamedType name=i64; >>default: Literal kind=int text="1"; >body: Field has=true name=b; >>annots: Annot name=personal; >>type: NamedType name=i64`, ""},

		// Proves: dol 3.4-a
		{"impl T { fun f() {} }\nimpl A<B> for C<D> {}\ngen E { impl F { is g() { } } }", `Impl name=T; >target: NamedType name=T; >body: Fun name=f funName=f; >>body: Block; Impl name=A; >target: NamedType name=A; >>args: NamedType name=B; >for: NamedType name=C; >>args: NamedType name=D; Gen name=E; >body: Impl name=F; >>target: NamedType name=F; >>body: Fun name=g funName=g provides=true; >>>body: Block`, ""},
		// Proves: dol 3.4-b
		{"rule a.b { x matches y\n a > 1 && b }\nrule C for D { this.e >= 0 }", `Rule name=a.b; >body: Sentence kind=matches subject="x" object="y"; >body: ExprItem; >>x: Binary op="&&"; >>>x: Binary op=">"; >>>>x: Name ident="a"; >>>>y: Literal kind=int text="1"; >>>y: Name ident="b"; Rule name=C; >for: NamedType name=D; >body: ExprItem; >>x: Binary op=">="; >>>x: Member name=e; >>>>x: This word="this"; >>>y: Literal kind=int text="0"`, ""},
		// Proves: dol 3.4-c
		{"trait A: B + C { fun f() -> i64\n sex fun g()\n fun h()\n { a }\n law l(x: i64) { x >= 0; forall y: T. y } uses d.e }", `Trait name=A; >bounds: NamedType name=B; >bounds: NamedType name=C; >body: Fun name=f funName=f; >>result: NamedType name=i64; >body: Fun name=g sex=true funName=g; >body: Fun name=h funName=h; >>body: Block; >>>stmts: ExprStmt; >>>>x: Name ident="a"; >body: Law name=l; >>params: Param name=x; >>>type: NamedType name=i64; >>body: ExprItem; >>>x: Binary op=">="; >>>>x: Name ident="x"; >>>>y: Literal kind=int text="0"; >>body: ExprItem; >>>x: Quant all=true; >>>>binders: Param name=y; >>>>>type: NamedType name=T; >>>>body: Name ident="y"; >body: Uses name=d.e`, ""},
		{"system a.b @ 1.0.0 { requires c.d >= 1.2.3\n requires e ^ 1.0.0; requires f = 1.0.0\n requires g @ 1.0.0 requires h ~ 1.0.0 requires i > 0.1.0\n requires @o/p-q: \"^1.2\"\n requires j\n state k: i64 = 1\n uses @o/r\n uses l }", `System name=a.b; >version: Version text="1.0.0"; >body: Requires name=c.d op=">="; >>version: Version text="1.2.3"; >body: Requires name=e op="^"; >>version: Version text="1.0.0"; >body: Requires name=f op="="; >>version: Version text="1.0.0"; >body: Requires name=g op="@"; >>version: Version text="1.0.0"; >body: Requires name=h op="~"; >>version: Version text="1.0.0"; >body: Requires name=i op=">"; >>version: Version text="0.1.0"; >body: Requires package="@o/p-q" within="^1.2"; >body: Requires name=j; >body: State name=k; >>type: NamedType name=i64; >>default: Literal kind=int text="1"; >body: Uses package="@o/r"; >body: Uses name=l`, ""},

		// Proves: dol 3.6-a
		{"evo a.b @ 1.1.0 > 1.0.0-rc.1 { adds x is y\n deprecates has z: i64\n adds fun f()\n removes c.d\n because \"e\"\n migrate { g() } docs { h } }", `Evo name=a.b; >docs: Docs text="h"; >new: Version text="1.1.0"; >old: Version text="1.0.0-rc.1"; >body: Evolution verb="adds"; >>what: Sentence kind=is subject="x" object="y"; >body: Evolution verb="deprecates"; >>what: Field has=true name=z; >>>type: NamedType name=i64; >body: Evolution verb="adds"; >>what: Fun name=f funName=f; >body: Evolution verb="removes" name=c.d; >body: Evolution verb="because" reason="e"; >body: Evolution verb="migrate"; >>migrate: Block; >>>stmts: ExprStmt; >>>>x: Call; >>>>>fun: Name ident="g"`, ""},

		// Proves: dol 3.7-a
		{"const A: i64 = 1;\nsex var B: u8\nvar c = 2\ntype D<T> = Vec<T>\nenum E<T> { F(T), G { h: i64, } I = -1 }", `Const name=A; >type: NamedType name=i64; >value: Literal kind=int text="1"; Var name=B sex=true; >type: NamedType name=u8; Var name=c; >value: Literal kind=int text="2"; Alias name=D; >params: TypeParam name=T; >target: NamedType name=Vec; >>args: NamedType name=T; Enum name=E; >params: TypeParam name=T; >variants: Variant name=F; >>tuple: NamedType name=T; >variants: Variant name=G; >>fields: Field name=h; >>>type: NamedType name=i64; >variants: Variant name=I; >>value: Unary op="-"; >>>x: Literal kind=int text="1"`, "implicit-sex-var"},
		// Proves: dol 3.8-a
		{"sex extern \"C\" fun f(a: i32) -> i32;\nsex extern fun g()\nsex fun h()", `Fun name=f sex=true extern=true abi="C" funName=f; >args: Param name=a; >>type: NamedType name=i32; >result: NamedType name=i32; Fun name=g sex=true extern=true funName=g; Fun name=h sex=true funName=h`, ""},
		// Proves: dol 3.9-a, 3.9-c, 3.9-d, 2.4-b
		{"fun match<T>(&self, mut a: i64 = 1, b: &mut T,) -> T where T: A + B, U: C { a }\nfun g(self: T) {}\nfun h(mut this) {}", `Fun name=match funName=match; >params: TypeParam name=T; >self: Param name=self; >args: Param mut=true name=a; >>type: NamedType name=i64; >>default: Literal kind=int text="1"; >args: Param name=b; >>type: RefType mut=true; >>>elem: NamedType name=T; >result: NamedType name=T; >where: TypeParam name=T; >>bounds: NamedType name=A; >>bounds: NamedType name=B; >where: TypeParam name=U; >>bounds: NamedType name=C; >body: Block; >>stmts: ExprStmt; >>>x: Name ident="a"; Fun name=g funName=g; >self: Param name=self; >>type: NamedType name=T; >body: Block; Fun name=h funName=h; >self: Param mut=true name=this; >body: Block`, "needless-ref needless-ref"},

		// Proves: dol 2.5-c, 2.5-e
		{"gene a.b {}\nexegesis { x }\nconstraint c.d {}\nevolves a.b @ 1.1.0 > 1.0.0 {}", `Gen spelling=classic name=a.b; >docs: Docs spelling=classic text="x"; Rule spelling=classic name=c.d; Evo spelling=classic name=a.b; >new: Version text="1.1.0"; >old: Version text="1.0.0"`, "deprecated-keyword deprecated-keyword deprecated-keyword deprecated-keyword"},
		// Proves: dol 2.5-d
		{"type A = Map<Int, (Float, String)>\ntype Bool = i64\ntype C = Bool", `Alias name=A; >target: NamedType name=Map; >>args: NamedType name=Int; >>args: TupleType; >>>elems: NamedType name=Float; >>>elems: NamedType name=String; Alias name=Bool; >target: NamedType name=i64; Alias name=C; >target: NamedType name=Bool`, "deprecated-type deprecated-type deprecated-type"},
	} {
		tree, hints := treeOf(t, "a.dol", c.in)
		if tree != c.want || hints != c.hints {
			t.Errorf("%s\n got %s (%s)\nwant %s (%s)", c.in, tree, hints, c.want, c.hints)
		}
	}
}

func TestSentences(t *testing.T) {
	for _, c := range []struct{ in, want, hints string }{
		// Proves: dol 3.5-a
		{"book has\n  title\nnode is ready for work", `Sentence kind=has subject="book" object="title"; Sentence kind=is subject="node" object="ready for work"`, ""},
		{"a is b; c is d", `Sentence kind=is subject="a" object="b"; Sentence kind=is subject="c" object="d"`, ""},
		{"each\n loan emits\n Event\nx derives from\n y", `Sentence kind=each subject="loan"; >inner: Sentence kind=emits subject="loan" object="Event"; Sentence kind=derives-from subject="x" object="y"`, ""},
		// Proves: dol 3.5-b
		{"a has b c derives from d e", `Sentence kind=has subject="a" object="b"; Sentence kind=derives-from subject="c" object="d e"`, ""},
		{"a b is c d e", `Sentence kind=is subject="a b" object="c d e"`, ""},
		{"a emits b c never d e can f g", `Sentence kind=emits subject="a" object="b"; Sentence kind=never subject="c" object="d"; Sentence kind=can subject="e" object="f g"`, ""},
		{"a requires b is c", `Sentence kind=requires subject="a" object="b is c"`, ""},
		{"a matches b c", `Sentence kind=matches subject="a" object="b c"`, ""},
		// Proves: dol 3.5-c
		{"well-known isbn.registry has utf-8", `Sentence kind=has subject="well-known isbn.registry" object="utf-8"`, ""},
		{"all items\nno x is y\neach a b", `Sentence kind=all subject="items"; Sentence kind=no subject="x"; >inner: Sentence kind=is subject="x" object="y"; Sentence kind=each subject="a b"`, ""},
		{"a uses b\na provides c d", `Sentence kind=uses subject="a" object="b"; Sentence kind=provides subject="a" object="c d"`, ""},
		// Proves: dol 3.5-d
		{"loan extends the period", `Sentence kind=relation subject="loan" verb="extends" object="the period"`, "open-predicate"},
		{"a b", `Sentence kind=relation subject="a" verb="b"`, "open-predicate"},
		{"provides access to books\nrequires a card\nemits LoanEvent", `Sentence kind=provides object="access to books"; Sentence kind=requires object="a card"; Sentence kind=emits object="LoanEvent"`, ""},
		// Proves: dol 3.5-e
		{"available = total - committed", `Sentence kind=prose object="available = total - committed"`, "prose-statement"},
		{"status is one of:\n  - it's \"open\n  - { closed\n    }\nend", `Sentence kind=prose object="status is one of:"; Sentence kind=prose object="- it's \"open"; Sentence kind=prose object="- { closed\n    }"; Sentence kind=prose object="end"`, "prose-statement prose-statement prose-statement prose-statement"},
		// Proves: dol 3.5-g
		{"state is open\nlaw is just\ntype has name\nall is well", `Sentence kind=is subject="state" object="open"; Sentence kind=is subject="law" object="just"; Sentence kind=has subject="type" object="name"; Sentence kind=is subject="all" object="well"`, ""},
		// Proves: dol 3.5-h
		{"has title\nhas a: i64\nhas two words", `Field has=true name=title; Field has=true name=a; >type: NamedType name=i64; Sentence kind=has object="two words"`, ""},
		// Proves: dol 3.5-i
		{"is: i64\nuses: string", `Field name=is; >type: NamedType name=i64; Field name=uses; >type: NamedType name=string`, ""},
		// Proves: dol 3.5-j
		{"is ready(a: i64) -> bool { b }", `Fun name=ready funName=ready provides=true; >args: Param name=a; >>type: NamedType name=i64; >result: NamedType name=bool; >body: Block; >>stmts: ExprStmt; >>>x: Name ident="b"`, ""},
		// Proves: dol 3.5-k
		{"a b c d has e", `Sentence kind=has subject="a b c d" object="e"`, ""},
	} {
		tree, hints := treeOf(t, "a.dol", "gen a.b {\n"+c.in+"\n}")
		want := "Gen name=a.b; >body: " + strings.ReplaceAll(c.want, "; ", "; >body: ")
		want = strings.ReplaceAll(want, "; >body: >", "; >>")
		if tree != want || hints != c.hints {
			t.Errorf("%s\n got %s (%s)\nwant %s (%s)", c.in, tree, hints, want, c.hints)
		}
	}
	// Proves: dol 3.5-f
	for _, in := range []string{"loan extends period", "available = total - committed", "nothing"} {
		if _, list := Parse("a.dol", []byte("gen Loan {\n"+in+"\nhas a: i64\n}")); !list.HasErrors() || len(list) > 3 {
			t.Errorf("%s in a code declaration: %v", in, list)
		}
	}
}

// Proves: dol 3.13-a
func TestScenarioFiles(t *testing.T) {
	tree, _ := treeOf(t, "a.dol.test", "use app\ndocs { About. }\ntest \"two loans\" {\n  given:\n    let a = open(\"x\")\n    the shelf is full\n"+
		"  when: a.deposit(\n  3)\n  then {\n    a.balance == 3\n    \"quoted\"\n    a.balance\n  }\n  always: a.balance >= 0\n  b is never 1\n}\ntest plain { }\n")
	want := `Use local=app; Scenario name="two loans"; >docs: Docs text="About."; >sections: Section word="given"; ` +
		`>>steps: Step text="let a = open(\"x\")"; >>>stmt: Let word="let"; >>>>pattern: PathPat path=a; >>>>value: Call; >>>>>fun: Name ident="open"; >>>>>args: Literal kind=string text="\"x\"" str="x"; ` +
		`>>steps: Step text="the shelf is full"; >sections: Section word="when"; >>steps: Step text="a.deposit(\n  3)"; >>>stmt: ExprStmt; >>>>x: Call; >>>>>fun: Member name=deposit; >>>>>>x: Name ident="a"; >>>>>args: Literal kind=int text="3"; ` +
		`>sections: Section word="then"; >>steps: Step text="a.balance == 3"; >>>stmt: ExprStmt; >>>>x: Binary op="=="; >>>>>x: Member name=balance; >>>>>>x: Name ident="a"; >>>>>y: Literal kind=int text="3"; ` +
		`>>steps: Step text="\"quoted\""; >>steps: Step text="a.balance"; ` +
		`>always: Step text="a.balance >= 0"; >>stmt: ExprStmt; >>>x: Binary op=">="; >>>>x: Member name=balance; >>>>>x: Name ident="a"; >>>>y: Literal kind=int text="0"; >always: Step text="b is never 1"; Scenario name="plain"`
	if tree != want {
		t.Errorf("got  %s\nwant %s", tree, want)
	}
}

// TestFixesApply checks that the fix of each hint about spelling makes the hint
// go away and nothing else.
//
// Proves: dol 2.5-e, 4.1-f
func TestFixesApply(t *testing.T) {
	for in, want := range map[string]string{
		"gene a.b {}":                           "gen a.b {}",
		"const A: Array<Tuple<Int, u8>, 3> = b": "const A: [(i64, u8); 3] = b",
		"fun f(a: &mut T) {}":                   "fun f(a: T) {}",
		"fun f() { if a then { b } }":           "fun f() { if a { b } }",
		"var a = 1":                             "sex var a = 1",
		"gen A { has mut b: i64 }":              "gen A { has b: i64 }",
		"const A = null":                        "const A = None",
		"const A = &b":                          "const A = b",
	} {
		_, list := Parse("a.dol", []byte(in))
		var edits []diag.Edit
		for _, d := range list {
			if d.Severity != diag.Hint || d.Fix == nil || len(d.Fix.Edits) == 0 {
				t.Errorf("%s: %+v", in, d)
				continue
			}
			edits = append(edits, d.Fix.Edits...)
		}
		out := in
		for len(edits) > 0 { // from the end
			k := 0
			for i, e := range edits {
				if e.Span.Start.Offset > edits[k].Span.Start.Offset {
					k = i
				}
			}
			e := edits[k]
			out = out[:e.Span.Start.Offset] + e.Text + out[e.Span.End.Offset:]
			edits = append(edits[:k], edits[k+1:]...)
		}
		if out != want {
			t.Errorf("%s becomes %s, want %s", in, out, want)
		}
		if _, list := Parse("a.dol", []byte(out)); len(list) > 0 {
			t.Errorf("%s: %v", out, list)
		}
	}
}
