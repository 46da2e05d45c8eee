package syntax

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/univrs/vudo/dol/internal/syntax/syntaxgen"
)

// checkFormat formats src twice and reports what breaks a guarantee. Format
// itself compares trees and comments.
func checkFormat(t testing.TB, path string, src []byte, o FormatOptions) []byte {
	t.Helper()
	out, list := Format(path, src, o)
	for _, d := range list {
		if d.Code == CodeFormat {
			t.Errorf("%s: %s\n%s", path, d.Message, src)
		}
	}
	if list.HasErrors() {
		if !bytes.Equal(out, src) {
			t.Errorf("%s has errors and was changed", path)
		}
		return out
	}
	again, list := Format(path, out, o)
	if list.HasErrors() || !bytes.Equal(again, out) {
		t.Errorf("%s: formatting formatted text changes it (%v):\n--- once\n%s\n--- twice\n%s", path, list.Err(), out, again)
	}
	if len(out) > 0 && (!bytes.HasSuffix(out, []byte("\n")) || bytes.HasSuffix(out, []byte("\n\n"))) {
		t.Errorf("%s does not end in one line break", path)
	}
	return out
}

// Proves: dol 12-b, 21-b
func TestFormatKeepsItsGuaranteesOnEveryFile(t *testing.T) {
	files := 0
	check := func(path string, text []byte) {
		files++
		checkFormat(t, path, text, FormatOptions{})
		checkFormat(t, path, text, FormatOptions{Migrate: true})
	}
	for path, text := range corpus(t) {
		check(path, text)
	}
	root := os.DirFS("../../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == "dol/internal/syntax":
			return fs.SkipDir
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules" || d.Name() == "build"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".dol"), strings.HasSuffix(path, ".dol.test"):
			text, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			check(path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files", files)
	}
}

// Proves: dol 12-b, 21-b
func TestFormatKeepsItsGuaranteesOnRandomFiles(t *testing.T) {
	n := uint64(400)
	if os.Getenv("VUDO_LONG") != "" {
		n = 20_000
	}
	for seed := range n {
		src := []byte(syntaxgen.File(rand.New(rand.NewPCG(seed, 1)), 5))
		f, list := Parse("generated.dol", src)
		if list.HasErrors() {
			t.Fatalf("seed %d does not parse: %v\n%s", seed, list.Err(), src)
		}
		checkFile(t, f, list)
		checkFormat(t, "generated.dol", src, FormatOptions{})
		migrated := checkFormat(t, "generated.dol", src, FormatOptions{Migrate: true})
		_, list = Parse("generated.dol", migrated)
		for _, d := range list {
			if d.Code == codeOldKeyword || d.Code == codeOldType {
				t.Fatalf("seed %d: %s is left after the migration:\n%s", seed, d.Message, migrated)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestFormatStyle(t *testing.T) {
	long := strings.Repeat("x", 30)
	for _, c := range []struct{ name, in, want string }{
		// Proves: dol 12-d
		{"two spaces", "gen A {\n\t\thas x: i64\n}", "gen A {\n  has x: i64\n}\n"},
		{"brace on the line of its head", "fun f()\n{\n a\n}", "fun f() {\n  a\n}\n"},
		{"one blank line at most", "const A = 1\n\n\n\nconst B = 2\n\n\n", "const A = 1\n\nconst B = 2\n"},
		{"no blank line at the ends of a block", "fun f() {\n\n  a\n\n}", "fun f() {\n  a\n}\n"},
		{"operators", "const A=1+2*-3-4", "const A = 1 + 2 * -3 - 4\n"},
		{"ranges, members and paths", "fun f() { for i in 0 .. n { a . b :: c(i) } }", "fun f() { for i in 0..n { a.b::c(i) } }\n"},
		{"a negation is subtracted", "const A = a--b", "const A = a - -b\n"},
		{"a negation is negated", "const A = (- -b)", "const A = (- -b)\n"},
		{"a body on one line stays", "fun f() { a }", "fun f() { a }\n"},
		{"an empty body", "fun f() {\n\n}", "fun f() {}\n"},
		{"fields on one line stay", "gen A { has a: i64,   has b: i64 }", "gen A { has a: i64, has b: i64 }\n"},
		{"fields one a line", "gen A {\n has a: i64 has b: i64; }", "gen A {\n  has a: i64\n  has b: i64\n}\n"},
		{"a semicolon with a meaning", "fun f() {\n  a;\n}", "fun f() {\n  a;\n}\n"},
		{"a semicolon without", "fun f() {\n  a;\n  let b = 1;\n  b\n}", "fun f() {\n  a\n  let b = 1\n  b\n}\n"},
		{"a semicolon that parts lines", "fun f() {\n  a;\n  || b\n}", "fun f() {\n  a;\n  || b\n}\n"},
		{"return without value", "fun f() {\n  return;\n  b\n}", "fun f() {\n  return;\n  b\n}\n"},
		{"statements on one line", "fun f() { let a = g  h(a) }", "fun f() { let a = g; h(a) }\n"},
		{"spelling of literals", "const A = 0xFF + 1_000 + 1.5e-3 + 7u8", "const A = 0xFF + 1_000 + 1.5e-3 + 7u8\n"},
		{"parentheses", "const A = ((a)) + (b * c)", "const A = ((a)) + (b * c)\n"},
		{"classic stays classic", "gene a.b {\n}\nexegesis { x }", "gene a.b {}\nexegesis { x }\n"},
		{"no columns", "fun f() {\n  let a   = 1  // one\n  let bcd = 2  // two\n}", "fun f() {\n  let a = 1 // one\n  let bcd = 2 // two\n}\n"},
		{"docs keep their lines", "gen A {\n    docs {\n        One.\n          Two { deep }.\n\n        Three.\n    }\n}", "gen A {\n  docs {\n    One.\n      Two { deep }.\n\n    Three.\n  }\n}\n"},
		{"words of sentences", "gen a.b {\n  isbn.registry   has  well-known   title\n}", "gen a.b {\n  isbn.registry has well-known title\n}\n"},
		{
			"a long list breaks after its bracket",
			"const A = f(" + long + ", " + long + ", [" + long + ", 1])",
			"const A = f(\n  " + long + ",\n  " + long + ",\n  [" + long + ", 1],\n)\n",
		},
		{"a list that was broken stays so", "const A = [\n  1, 2]", "const A = [\n  1,\n  2,\n]\n"},
		{"a list that was not is joined", "const A = [1,\n  2,\n]", "const A = [1, 2]\n"},
		{
			"a long condition breaks at its loosest operators",
			"const A = " + long + " + 1 == " + long + " && " + long + " == 2",
			"const A = " + long + " + 1 == " + long + "\n  && " + long + " == 2\n",
		},
		{
			"a long chain breaks at its calls",
			"const A = " + long + ".map(" + long + ").filter(" + long + ")",
			"const A = " + long + "\n  .map(" + long + ")\n  .filter(" + long + ")\n",
		},
		{"a pipeline of the author stays", "fun f() {\n  a\n      |> b |> c\n}", "fun f() {\n  a\n    |> b\n    |> c\n}\n"},
		{
			"the branches of an if break together",
			"fun f() { let a = if " + long + " { " + long + " } else { " + long + " } }",
			"fun f() {\n  let a = if " + long + " {\n    " + long + "\n  } else {\n    " + long + "\n  }\n}\n",
		},
		{"a block ends a call", "fun f() {\n  each(a, |x| {\n    g(x)\n  })\n}", "fun f() {\n  each(a, |x| {\n    g(x)\n  })\n}\n"},
		{"a comment breaks a list", "const A = [1, // one\n2]", "const A = [\n  1, // one\n  2,\n]\n"},
		{"comments at all places", "/* a */ fun /* b */ f(/* c */) /* d */ { /* e */ x /* f */ } /* g */", "/* a */ fun /* b */ f( /* c */ ) /* d */ { /* e */ x /* f */ } /* g */\n"},
		{"a comment alone in a block", "fun f() {\n    // nothing\n}", "fun f() {\n  // nothing\n}\n"},
		{"line breaks of other systems", "const A = 1\r\n// c\r\nconst B = 2\r\n", "const A = 1\n// c\nconst B = 2\n"},
		{"byte-order mark", "\ufeffconst A = 1\n", "const A = 1\n"},
		{"nothing", "\n\n", ""},
		{"variants", "enum E { A\n B(i64) C { x: i64 } }", "enum E {\n  A,\n  B(i64),\n  C { x: i64 },\n}\n"},
		{"attributes", "#[test] fun f() {}", "#[test]\nfun f() {}\n"},
		{"annotations", "gen A {\n  @ personal has a : string\n  @crdt( lww , tie = \"p\" ) has b: i64 }", "gen A {\n  @personal has a: string\n  @crdt(lww, tie = \"p\") has b: i64\n}\n"},
		{"imports", "use  a . b . { c , d as e , }", "use a.b.{c, d as e}\n"},
		{"generics", "fun f < T : A + B > ( a : Vec < T > ) -> Map < string , Vec < T > > { a }", "fun f<T: A + B>(a: Vec<T>) -> Map<string, Vec<T>> { a }\n"},
		{"a long signature", "fun f(" + long + ": i64, " + long + ": i64) -> " + strings.ToUpper(long) + " { a }", "fun f(\n  " + long + ": i64,\n  " + long + ": i64,\n) -> " + strings.ToUpper(long) + " { a }\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out := checkFormat(t, "a.dol", []byte(c.in), FormatOptions{}); string(out) != c.want {
				t.Errorf("got\n%swant\n%s", out, c.want)
			}
		})
	}
}

// Proves: dol 12-b
func TestMigrateWritesClarity(t *testing.T) {
	in := "gene Loan {\n  has days: UInt32 = 14\n  has grid: Array<Tuple<Int64, Float64>, 3>\n  constraint ok { this.days >= 1 }\n" +
		"  fun f() -> Void { }\n}\nexegesis { Loan. }\nevolves a.b @ 1.1.0 > 1.0.0 { because \"x\" }\n"
	want := "gen Loan {\n  has days: u32 = 14\n  has grid: [(i64, f64); 3]\n  rule ok { this.days >= 1 }\n" +
		"  fun f() -> () {}\n}\ndocs { Loan. }\nevo a.b @ 1.1.0 > 1.0.0 { because \"x\" }\n"
	if out := checkFormat(t, "a.dol", []byte(in), FormatOptions{Migrate: true}); string(out) != want {
		t.Errorf("got\n%s", out)
	}
	if out := checkFormat(t, "a.dol", []byte(in), FormatOptions{}); !bytes.Contains(out, []byte("gene Loan")) || !bytes.Contains(out, []byte("Tuple<Int64")) {
		t.Errorf("without migration the dialect changes:\n%s", out)
	}
	own := "gen List { has a: i64 }\nfun f(l: List) {}\n"
	if out := checkFormat(t, "a.dol", []byte(own), FormatOptions{Migrate: true}); string(out) != own {
		t.Errorf("a type of the file was taken for a classic spelling:\n%s", out)
	}
}

// Proves: dol 12-b
func TestFormatLeavesErrorsAlone(t *testing.T) {
	src := []byte("fun f() {  a b c (  }\n")
	out, list := Format("a.dol", src, FormatOptions{})
	if !list.HasErrors() || !bytes.Equal(out, src) {
		t.Errorf("%v\n%s", list, out)
	}
}

func FuzzFormat(f *testing.F) {
	seed(f)
	for i := range uint64(20) {
		f.Add([]byte(syntaxgen.File(rand.New(rand.NewPCG(i, 7)), 2)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if !utf8.Valid(src) {
			return // the scanner reports it, and the file stays as it is
		}
		checkFormat(t, "a.dol", src, FormatOptions{})
		checkFormat(t, "a.dol.test", src, FormatOptions{})
		checkFormat(t, "a.dol", src, FormatOptions{Migrate: true})
	})
}
