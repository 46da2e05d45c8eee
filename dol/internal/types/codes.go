package types

import "github.com/univrs/vudo/diag"

// Code explains a diagnostic code of the checker: what vudo check --explain prints.
type Code struct {
	Name     string
	Severity diag.Severity // before options
	Text     string        // one line
	Long     string        // what to do, and an example
}

// code is a row of the table below.
type code struct {
	name     string
	severity diag.Severity
	text     string
	more     string
	example  string // DOL that gives it; "": takes more than one file
}

// table holds every code that this package reports, in alphabetical order.
var table = []code{
	{
		"arity", diag.Error, "a call, type or pattern has the wrong number of parts",
		"The number of arguments, type arguments or pattern elements is not the declared one. Parameters with a default may be left out at the end.",
		`fun area(w: i64, h: i64) -> i64 { w * h }
fun f() -> i64 { area(2) }`,
	},
	{
		"assign-to-const", diag.Error, "a constant is assigned",
		"A const never changes. Declare what changes with var.",
		`const LIMIT: i64 = 3
fun f() { LIMIT = 4 }`,
	},
	{
		"assign-to-immutable", diag.Warning, "a local declared with let is assigned",
		"let and val declare what keeps its value; var and let mut what changes. The program runs all the same; --strict-mut makes this an error.",
		`fun f() -> i64 { let x = 1  x = 2  x }`,
	},
	{
		"bad-cast", diag.Error, "as does not convert between these types",
		"as converts numbers into each other, bool to integers, char to and from u32, enums without payload to integers, and newtypes to and from what is under them. Text comes from to_string().",
		`fun f(n: i64) -> string { n as string }`,
	},
	{
		"bad-operand", diag.Error, "an operator does not work on a value of this type",
		"Arithmetic needs numbers, & needs integers, < and its like need numbers, text, chars or tuples of these, == everything but functions.",
		`fun f() -> i64 { "a" * 2 }`,
	},
	{
		"bad-place", diag.Error, "the left side of an assignment is no place",
		"A variable, a field, an element of a list or map, or _ can be assigned.",
		`fun f() {}
fun g() { f = 2 }`,
	},
	{
		"bad-try", diag.Error, "? stands where it cannot return early",
		"? takes the value out of an Option or Result and otherwise returns from the function, which has to return the same kind.",
		`fun f(o: Option<i64>) -> i64 { o? }`,
	},
	{
		"binding-looks-like-variant", diag.Warning, "a pattern binds a name that looks like a variant",
		"A bare name in a pattern is a variant only if the type of the value has it; else it is a new variable that matches everything.",
		`enum Light { Red, Green }
fun f(l: Light) -> i64 { match l { Rod => 1 } }`,
	},
	{
		"bound-unsatisfied", diag.Error, "a type does not meet the bound of a type parameter",
		"The type needs an impl of the trait, or for Num, Ord and Hash has to be of a kind that has it.",
		`trait Shown { fun show() -> string }
gen Thing { has n: i64 }
fun f<T: Shown>(x: T) -> string { x.show() }
fun g(t: Thing) -> string { f(t) }`,
	},
	{
		"break-outside-loop", diag.Error, "break or continue stands in no loop",
		"A lambda begins anew: it cannot leave a loop around it.",
		`fun f() { break }`,
	},
	{
		"cannot-infer", diag.Error, "nothing says what type this has",
		"An empty list, None or a type parameter takes its type from a declaration, from what is expected, or from its first use.",
		`fun f() { let _xs = [] }`,
	},
	{
		"const-not-constant", diag.Error, "a value that has to be constant is not",
		"Constants may not depend on themselves; discriminants are integer literals.",
		`const A: i64 = B
const B: i64 = A`,
	},
	{
		"const-overflow", diag.Error, "an operation on constants does not fit its type",
		"At run time integers wrap; between literals that is a mistake.",
		`fun f() -> u8 { 200 + 100 }`,
	},
	{
		"crdt-strategy", diag.Error, "an annotation that does not exist or does not fit",
		"Merge strategies are immutable, lww, mv_register, pn_counter, peritext, or_set and rga; which of them a field may have depends on its type.",
		`gen Note { @crdt(pn_counter) has text: string }`,
	},
	{
		"default-violates-rule", diag.Warning, "a field's default breaks a rule of its record",
		"A record made with its defaults would not keep its own rule.",
		`gen Loan { has days: i64 = 90  rule short { this.days <= 60 } }`,
	},
	{
		"div-by-zero-const", diag.Error, "a division by the constant zero",
		"",
		`fun f(n: i64) -> i64 { n / 0 }`,
	},
	{
		"docs-empty", diag.Warning, "docs without text",
		"",
		`gen Loan { docs { }  has days: i64 }`,
	},
	{
		"docs-missing", diag.Warning, "a declaration has no docs",
		"Public functions and all gens, enums, traits, rules, systems and evos should say what they are for. --require-docs makes this an error.",
		`gen Loan { has days: i64 }`,
	},
	{
		"docs-short", diag.Warning, "docs that say little",
		"Fewer than 20 characters hardly explain anything.",
		`gen Loan { docs { A loan. }  has days: i64 }`,
	},
	{
		"dup-decl", diag.Error, "a name is declared twice in one scope",
		"",
		`gen Loan { has days: i64 }
gen Loan { has weeks: i64 }`,
	},
	{
		"dup-field", diag.Error, "a field stands twice",
		"",
		`gen Loan { has days: i64  has days: i64 }`,
	},
	{
		"dup-import", diag.Warning, "the same name is imported twice",
		"",
		`use host
use host`,
	},
	{
		"dup-match-arm", diag.Error, "a match has the same case twice",
		"",
		`fun f(n: i64) -> i64 { match n { 1 => 1, 1 => 2, _ => 3 } }`,
	},
	{
		"dup-method", diag.Error, "a method is declared twice",
		"",
		`gen Loan { fun fine() -> i64 { 1 }  fun fine() -> i64 { 2 } }`,
	},
	{
		"dup-param", diag.Error, "a parameter or binding stands twice",
		"",
		`fun f(a: i64, a: i64) -> i64 { a }`,
	},
	{
		"dup-uses", diag.Error, "a declaration uses the same thing twice",
		"",
		`gen book.exists { book has title }
trait book.lent { uses book.exists
  uses book.exists
  book is lent }`,
	},
	{
		"dup-variant", diag.Error, "a variant, or its value, stands twice",
		"",
		`enum Light { Red, Red }`,
	},
	{
		"effect-in-pure", diag.Error, "an effect outside of sex, under --strict-effects",
		"Declare the function as sex fun, or put the call into sex { }. Its alias is E001.",
		`fun f() -> i64 { now() }`,
	},
	{
		"evo-adds-existing", diag.Warning, "an evolution adds what is there already",
		"",
		`gen book.exists { book has title }
evo book.exists @ 1.1.0 > 1.0.0 { adds book has title }`,
	},
	{
		"evo-empty", diag.Warning, "an evolution changes nothing",
		"",
		`evo book.exists @ 1.1.0 > 1.0.0 { because "readers asked" }`,
	},
	{
		"evo-removes-unknown", diag.Warning, "an evolution removes what is not there",
		"",
		`gen book.exists { book has title }
evo book.exists @ 1.1.0 > 1.0.0 { removes weight }`,
	},
	{
		"evo-version-order", diag.Warning, "an evolution goes to an older version",
		"",
		`evo book.exists @ 1.0.0 > 1.1.0 { adds book is lent }`,
	},
	{
		"ffi-outside-sex", diag.Error, "a host import outside of sex, under --strict-effects",
		"Its alias is E003.",
		`sex fun radio(n: i64) -> i64
fun f() -> i64 { radio(1) }`,
	},
	{
		"global-outside-sex", diag.Error, "module state outside of sex, under --strict-effects",
		"Its alias is E002.",
		`sex var COUNT: i64 = 0
fun f() { COUNT += 1 }`,
	},
	{
		"host-signature", diag.Error, "a host function is declared with another type than it has",
		"The functions of the host have one type each; a string counts as its address and length.",
		`sex fun vudo_now(n: i64) -> i64`,
	},
	{
		"implicit-effect", diag.Hint, "a function has effects and does not say so",
		"Mark it sex fun, or put the calls into sex { }. --strict-effects makes this an error.",
		`fun f() { println("hi") }`,
	},
	{
		"implicit-let", diag.Hint, "an assignment declares a new variable",
		"",
		`fun f() -> i64 { y = 3  y }`,
	},
	{
		"import-cycle", diag.Error, "modules import each other in a circle",
		"Move what both need into a third module.",
		"",
	},
	{
		"inherit-cycle", diag.Error, "a record extends itself",
		"",
		`gen A extends B { has a: i64 }
gen B extends A { has b: i64 }`,
	},
	{
		"instantiation-depth", diag.Error, "a type would grow without an end",
		"A generic function that calls itself with a larger type needs a copy for each of infinitely many types.",
		`fun f<T>(x: T, n: i64) -> i64 { if n == 0 { 0 } else { f([x], n - 1) } }`,
	},
	{
		"int-as-bool", diag.Warning, "an integer stands as a condition",
		"It means that it is not 0; write the comparison.",
		`fun f(n: i64) -> i64 { if n { 1 } else { 2 } }`,
	},
	{
		"io-outside-sex", diag.Error, "output outside of sex, under --strict-effects",
		"Its alias is E004.",
		`fun f() { println("hi") }`,
	},
	{
		"law-not-bool", diag.Error, "a law holds something that is no condition",
		"",
		`trait Scored { fun score() -> i64  law positive() { this.score() } }`,
	},
	{
		"literal-out-of-range", diag.Error, "a number does not fit its type",
		"",
		`fun f() -> u8 { 300 }`,
	},
	{
		"match-nonexhaustive", diag.Error, "a match leaves out cases",
		"Each value needs an arm; the note shows one that has none. Arms with a guard do not count.",
		`fun f(o: Option<i64>) -> i64 { match o { Some(x) => x } }`,
	},
	{
		"match-unreachable", diag.Warning, "an arm is never reached",
		"",
		`fun f(n: i64) -> i64 { match n { _ => 1, 2 => 2 } }`,
	},
	{
		"missing-body", diag.Error, "a function has no body",
		"Only host imports, marked sex, and signatures in traits do without.",
		"",
	},
	{
		"missing-capability", diag.Error, "the manifest does not ask for a capability that is needed",
		"Add it to capabilities in manifest.toml. Outside of build this is reported all the same.",
		`pub sex fun main() { println("hi") }`,
	},
	{
		"missing-field", diag.Error, "a record is made without a field that has no default",
		"",
		`gen Loan { has days: i64 }
fun f() -> Loan { Loan { } }`,
	},
	{
		"missing-return", diag.Error, "a function ends without its value",
		"The value is the last expression, without a semicolon, or that of return.",
		`fun f() -> i64 { 1; }`,
	},
	{
		"naming", diag.Hint, "a name is not written as DOL writes it",
		"Types and variants are in PascalCase, functions in snake_case. Dotted names are exempt.",
		`fun bestScore() -> i64 { 1 }`,
	},
	{
		"needless-ref", diag.Hint, "Box, Rc or Arc says nothing",
		"Records are held by reference, and the memory is managed.",
		`fun f(x: Box<i64>) -> i64 { x }`,
	},
	{
		"needless-sex", diag.Hint, "a function is marked sex and has no effect",
		"",
		`sex fun f() -> i64 { 1 }`,
	},
	{
		"not-callable", diag.Error, "what is called is no function",
		"",
		`fun f(n: i64) -> i64 { n(1) }`,
	},
	{
		"purity-required", diag.Error, "an effect where there must be none",
		"Rules, laws, constants, defaults of fields and parameters, and guards are pure. The note shows the way to the effect. Its alias is E0312.",
		`const START: i64 = now()`,
	},
	{
		"recursive-layout", diag.Error, "a type contains nothing but itself",
		"No value of it could ever be made. Put an Option or a list between.",
		`gen Node { has next: Node }`,
	},
	{
		"reexport-scope", diag.Warning, "another package is passed on with pub(spirit)",
		"",
		"",
	},
	{
		"requires-unsatisfied", diag.Warning, "a required version is not the one in the checked files",
		"",
		`gen book.exists @ 1.0.0 { book has title }
system library @ 1.0.0 { requires book.exists >= 2.0.0 }`,
	},
	{
		"rule-not-bool", diag.Error, "a rule holds something that is no condition",
		"",
		`gen Loan { has days: i64  rule short { this.days } }`,
	},
	{
		"rule-without-content", diag.Warning, "a rule says nothing that could be broken",
		"It has neither matches nor never nor a condition.",
		`rule book.known { book has title }`,
	},
	{
		"sex-block-long", diag.Warning, "a sex block of more than 50 statements",
		"Under --strict-effects; its alias is W001.",
		"",
	},
	{
		"sex-undocumented", diag.Warning, "a sex fun without docs",
		"Under --strict-effects; its alias is W002.",
		`sex fun f() { println("hi") }`,
	},
	{
		"shadowing", diag.Hint, "a local hides another one",
		"",
		`fun f(x: i64) -> i64 { let x = x + 1  x }`,
	},
	{
		"test-signature", diag.Error, "a test takes parameters or returns something else",
		"A #[test] function has no parameters and returns nothing, bool, or Result<(), E>.",
		`#[test] fun f(n: i64) { }`,
	},
	{
		"trait-effect", diag.Error, "an implementation has effects that its trait does not declare",
		"Declare the method with sex in the trait, or keep it pure. Its alias is E0401.",
		`trait Quiet { fun say() -> i64 }
gen A { has n: i64 }
impl Quiet for A { fun say() -> i64 { now() } }`,
	},
	{
		"trait-incomplete", diag.Error, "an implementation lacks methods of its trait",
		"",
		`trait Shown { fun show() -> string }
gen A { has n: i64 }
impl Shown for A { }`,
	},
	{
		"trait-signature", diag.Error, "a method is not as its trait has it",
		"",
		`trait Shown { fun show() -> string }
gen A { has n: i64 }
impl Shown for A { fun show() -> i64 { 1 } }`,
	},
	{
		"trait-without-content", diag.Warning, "a trait says neither what it uses nor what anything is",
		"",
		`trait book.lent { book has title }`,
	},
	{
		"type-mismatch", diag.Error, "a value is of another type than its place",
		"Numbers widen by themselves where nothing is lost; all other conversions are written, with as or to_string().",
		`fun f() -> i64 { "twelve" }`,
	},
	{
		"unknown-attribute", diag.Warning, "an attribute that means nothing",
		"There are test, wasm_export, import, derive, cfg and inline.",
		`#[tset] fun f() { }`,
	},
	{
		"unknown-field", diag.Error, "a type has no such field",
		"",
		`gen Loan { has days: i64 }
fun f(l: Loan) -> i64 { l.weeks }`,
	},
	{
		"unknown-label", diag.Error, "no loop around has this label",
		"",
		`fun f() { outer: loop { continue inner } }`,
	},
	{
		"unknown-method", diag.Error, "a type has no such method",
		"Methods are those of its declaration and impls, of its traits, and free functions that take it first.",
		`fun f(n: i64) -> i64 { n.grow() }`,
	},
	{
		"unknown-variant", diag.Error, "an enum has no such variant",
		"",
		`enum Light { Red, Green }
fun f() -> Light { Light.Blue }`,
	},
	{
		"unreachable-code", diag.Warning, "code behind a jump is never reached",
		"",
		`fun f() -> i64 { return 1  2 }`,
	},
	{
		"unresolved-import", diag.Warning, "what is imported is not there",
		"In build this is an error.",
		`use nowhere.at_all`,
	},
	{
		"unresolved-name", diag.Error, "nothing has this name",
		"Looked for are locals, fields of this, the module, imports, and the prelude.",
		`fun f() -> i64 { nowhere }`,
	},
	{
		"unresolved-type", diag.Warning, "no type has this name",
		"In a file with functions this is an error.",
		`gen Loan { has book: Book }`,
	},
	{
		"unresolved-uses", diag.Warning, "what is used is nowhere in the checked files",
		"",
		`trait book.lent {
  uses book.exists
  book is lent
}`,
	},
	{
		"unsupported-at-build", diag.Hint, "a reserved construct that cannot be built yet",
		"In build this is an error.",
		`fun f() { #dbg(1) }`,
	},
	{
		"unsupported-operator", diag.Hint, "an operator that is reserved",
		":= has no meaning yet. In build this is an error.",
		`fun f(a: i64) { a := 2 }`,
	},
	{
		"unused-capability", diag.Warning, "the manifest asks for what nothing needs",
		"",
		`pub fun main() { }`,
	},
	{
		"unused-comparison", diag.Warning, "a comparison whose result is dropped",
		"Perhaps = was meant.",
		`fun f(n: i64) { n == 1 }`,
	},
	{
		"unused-import", diag.Warning, "an import that nothing uses",
		"",
		`use host`,
	},
	{
		"unused-local", diag.Warning, "a local that is never read",
		"A name that begins with _ says that this is meant.",
		`fun f() { let x = 1 }`,
	},
	{
		"use-before-init", diag.Error, "a local is used before it has a value",
		"It must be assigned on every way that leads to the use.",
		`fun f(c: bool) -> i64 { let x: i64
  if c { x = 1 }
  x }`,
	},
	{
		"uses-in-gen", diag.Error, "uses stands in a gen",
		"A gen says what a thing is; what it needs stands in a trait or system.",
		`gen book.exists { uses isbn.registry }`,
	},
	{
		"version-zero", diag.Warning, "the version 0.0.0",
		"",
		`module demo @ 0.0.0`,
	},
	{
		"visibility", diag.Error, "something private is used from outside",
		"",
		"",
	},
}

// Codes explains every code of this package, in alphabetical order.
var Codes = func() []Code {
	out := make([]Code, len(table))
	for i, c := range table {
		long := c.more
		if c.example != "" {
			if long != "" {
				long += "\n\n"
			}
			long += c.example
		}
		out[i] = Code{c.name, c.severity, c.text, long}
	}
	return out
}()

var codeTable = func() map[string]*Code {
	m := make(map[string]*Code, len(Codes))
	for i := range Codes {
		m[Codes[i].Name] = &Codes[i]
	}
	return m
}()
