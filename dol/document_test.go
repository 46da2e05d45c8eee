package dol

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// hostileText is put wherever a source can hold text.
const hostileText = "</script><script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) ``` `` | <!-- \" ' & \\"

func hostileSources() []Source {
	return []Source{{Path: "src/evil<b>.dol", Text: []byte(`docs { ` + strings.ReplaceAll(hostileText, "\n", " ") + ` }
module evil

docs { ` + hostileText + ` }
gen Thing {
  docs { ` + hostileText + ` }
  has name: string = "</script><script>alert(1)</script>"
  rule r { this.name != "<b>" }
}
gen thing.told {
  thing <b>alert(1)</b> is </script><script>alert(1)</script>
}
pub const X: string = "</code></pre><script>alert(1)</script>"
evo thing.told @ 2.0.0 > 1.0.0 {
  adds thing has <script>alert(1)</script>
  because "</script><script>alert(1)</script>"
}
`)}}
}

// Nothing of a source becomes an element, attribute or script of a page: the
// elements and attributes that stand in the pages are those of the template and of
// Markdown, and the one script is the one that this package holds.
//
// Proves: cli 9.51, dol 15.1-a
func TestNothingOfASourceIsMarkup(t *testing.T) {
	pages, problems := Document(hostileSources(), DocOptions{Title: hostileText, Text: hostileText, Private: true})
	if len(pages) != 2 {
		t.Fatalf("%d pages: %v", len(pages), problems)
	}
	for _, p := range pages {
		text := string(p.Text)
		for _, bad := range []string{"<img", "<b>", "onerror=alert", "javascript:alert", "<script>alert"} {
			found := regexp.MustCompile(`(?i)<[^>]*` + regexp.QuoteMeta(strings.TrimPrefix(bad, "<"))).FindString(text)
			if strings.HasPrefix(bad, "<") {
				found = ""
				if strings.Contains(text, bad) {
					found = bad
				}
			}
			if found != "" {
				t.Errorf("%s holds %q", p.Name, found)
			}
		}
		if n, want := strings.Count(text, "<script"), map[bool]int{true: 1, false: 0}[p.Name == "index.html"]; n != want {
			t.Errorf("%s has %d scripts, want %d", p.Name, n, want)
		}
		if n := strings.Count(text, "</script>"); n > 1 {
			t.Errorf("%s ends %d scripts", p.Name, n)
		}
		wellFormed(t, p)
	}
}

// wellFormed reads a page as strictly as XML does.
func wellFormed(t *testing.T, p Page) {
	t.Helper()
	text := regexp.MustCompile(`(?s)<script>.*?</script>|<style>.*?</style>|<!DOCTYPE html>`).ReplaceAllString(string(p.Text), "")
	text = regexp.MustCompile(`<(meta|input)( [^>]*)>`).ReplaceAllString(text, "<$1$2/>")
	text = strings.ReplaceAll(text, "<br>", "<br/>")
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			return
		}
	}
}

// A page names nothing outside of the directory, and says so to the browser.
//
// Proves: cli 9.51
func TestPagesLoadNothing(t *testing.T) {
	pages, _ := Document([]Source{{Path: "m.dol", Text: []byte("module m\ndocs { ![x](https://example.com/x.png) <https://example.com> }\nfun f() { }\n")}}, DocOptions{Title: "t"})
	for _, p := range pages {
		if !bytes.Contains(p.Text, []byte(`content="default-src 'none';`)) {
			t.Errorf("%s lacks the policy", p.Name)
		}
		if regexp.MustCompile(`<(link|script src|iframe|object|embed)`).Match(p.Text) {
			t.Errorf("%s loads something", p.Name)
		}
	}
}

// The same sources give the same bytes in every order and format.
//
// Proves: cli 9.51, dol 15.1-a
func TestPagesAreDeterministic(t *testing.T) {
	var sources []Source
	for _, name := range []string{"c", "a", "b", "A"} {
		sources = append(sources, Source{Path: "src/" + name + ".dol", Text: []byte("module " + name + "\npub gen Same { has n: i64 }\npub fun " + name + "f() { }\nsystem s." + strings.ToLower(name) + " @ 1.0.0 { requires s.a >= 1.0.0 }\n")})
	}
	for _, format := range DocFormats {
		want, problems := Document(sources, DocOptions{Format: format, Title: "t"})
		if len(want) != 5 {
			t.Fatalf("%s: %d pages, %v", format, len(want), problems)
		}
		names := map[string]bool{}
		for _, p := range want {
			if low := strings.ToLower(p.Name); names[low] {
				t.Errorf("%s: two pages %s on a system that does not tell cases apart", format, p.Name)
			} else {
				names[low] = true
			}
		}
		for range 5 {
			rand.Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
			got, _ := Document(sources, DocOptions{Format: format, Title: "t"})
			for i := range want {
				if got[i].Name != want[i].Name || !bytes.Equal(got[i].Text, want[i].Text) {
					t.Errorf("%s: %s differs", format, want[i].Name)
				}
			}
		}
	}
}

// Each thing that a page is to show stands in each format.
//
// Proves: dol 15.1-a
func TestPagesShowEverything(t *testing.T) {
	sources := []Source{{Path: "src/lib.dol", Text: []byte(`//! About the library.
module lib @ 1.2.0
use other.thing

gene book.exists { book has title }
exegesis { A book is known by its identity. }
trait book.lendable { uses book.exists
  book is available }
exegesis { See ` + "`Loan`" + `. }
evolves book.lendable @ 1.1.0 > 1.0.0 { adds book is reserved
  because "readers asked" }
pub gen Loan {
  docs { One lending. }
  has days: u32 = 14
  rule bounded { this.days >= 1 }
  pub fun fine(late: u32) -> i64 { docs { What it costs. } late as i64 }
  fun hidden() { }
}
pub gen Shape { type: enum { Dot, Rect(f64, f64) } }
trait Scored { fun score() -> i64  law positive() { this.score() >= 0 } }
impl Scored for Loan { fun score() -> i64 { 1 } }
system lib.all @ 2.0.0 { requires book.lendable >= 1.0.0 }
#[test]
fun a_test() { }
fun private_one() { }
`)}}
	for format, wants := range map[DocFormat][]string{
		DocHTML: {
			"About the library.", "1.2.0", "use other.thing", "book has title", "A book is known by its identity.", `<a href="lib.html#Loan"><code>Loan</code></a>`,
			"book is available", "adds book is reserved", "Because readers asked", "days: u32 = 14", "this.days &gt;= 1", "pub fun fine(late: u32) -&gt; i64", "What it costs.",
			"Rect(f64, f64)", "this.score() &gt;= 0", "implements Scored", "book.lendable &gt;= 1.0.0",
		},
		DocMarkdown: {"About the library.", "1\\.2\\.0", "book has title", "`days: u32 = 14`", "`this.days >= 1`", "pub fun fine(late: u32) -> i64", "adds book is reserved"},
		DocJSON:     {`"About the library."`, `"version": "1.2.0"`, `"book has title"`, `"days: u32 = 14"`, `"because": [`},
	} {
		pages, problems := Document(sources, DocOptions{Format: format, Title: "t"})
		if len(pages) != 2 {
			t.Fatalf("%s: %v", format, problems)
		}
		text := string(pages[1].Text)
		if format == DocMarkdown {
			wants[1] = "1.2.0"
		}
		for _, want := range wants {
			if format == DocJSON {
				var b bytes.Buffer
				json.HTMLEscape(&b, []byte(want))
				want = b.String()
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", pages[1].Name, want)
			}
		}
		for _, hidden := range []string{"private_one", "a_test", "hidden"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s shows %s", pages[1].Name, hidden)
			}
		}
		if format == DocHTML && !strings.Contains(string(pages[0].Text), `<td><a href="lib.html#lib.all">lib.all</a></td><td>requires</td><td><a href="lib.html#book.lendable">book.lendable</a></td>`) {
			t.Error("the index lacks what requires what")
		}
	}
}

// A module's page names what its public functions need, wherever that is called.
//
// Proves: dol 15.1-a
func TestPagesNameCapabilities(t *testing.T) {
	pages, problems := Document([]Source{
		{Path: "src/a.dol", Text: []byte("module a\nuse b.{say}\npub sex fun f() { say() }\npub fun g() -> i64 { 1 }\n")},
		{Path: "src/b.dol", Text: []byte("module b\npub sex fun say() { println(now()) }\n")},
		{Path: "src/c.dol", Text: []byte("module c\npub fun h() -> i64 { 1 }\n")},
	}, DocOptions{Format: DocJSON})
	if len(pages) != 4 {
		t.Fatal(problems)
	}
	for i, want := range []string{"actuator.log sensor.time", "actuator.log sensor.time", ""} {
		var m struct{ Capabilities []string }
		if err := json.Unmarshal(pages[i+1].Text, &m); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.Capabilities, " "); got != want {
			t.Errorf("%s: %q, want %q", pages[i+1].Name, got, want)
		}
	}
}

// Code in documentation is read; what is no DOL is found at its block.
//
// Proves: dol 15.1-a, cli 9.51
func TestBrokenExamplesAreErrors(t *testing.T) {
	for code, ok := range map[string]bool{
		"let a = 1\nprintln(a)":     true,
		"fun f() -> i64 { 1 }":      true,
		"pub gen X { has n: i64 }":  true,
		"fun f( {":                  false,
		"let = = 3":                 false,
		"gen X { has n i64 }\nfun(": false,
	} {
		_, problems := Document([]Source{{Path: "m.dol", Text: []byte("module m\ndocs {\n  Text.\n\n  ```dol\n  " + strings.ReplaceAll(code, "\n", "\n  ") + "\n  ```\n}\nfun f() { }\n")}}, DocOptions{})
		found := false
		for _, d := range problems {
			found = found || d.Code == "broken-example" && d.Span.Start.Line == 2
		}
		if found == ok {
			t.Errorf("%q: %v", code, problems)
		}
	}
}

// Whatever a source holds, there are pages or errors, and never a fault of the
// compiler; the pages are well-formed.
//
// Proves: dol 15.1-a
func TestAnySourceIsDocumented(t *testing.T) {
	files, err := filepath.Glob("testdata/examples/*.dol")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	const seed = 20
	random := rand.New(rand.NewPCG(seed, 0))
	documented := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 60 {
			changed := slices.Clone(text)
			for range min(n, 3) { // the first one is the file itself
				at := random.IntN(len(changed))
				switch random.IntN(3) {
				case 0:
					changed[at] = "{}<>()\"`\\\n\x00\xff|&"[random.IntN(14)]
				case 1:
					changed = slices.Delete(changed, at, min(at+1+random.IntN(30), len(changed)))
				case 2:
					changed = slices.Insert(changed, at, text[at%len(text):min(at%len(text)+random.IntN(60), len(text))]...)
				}
			}
			for _, format := range DocFormats {
				pages, problems := Document([]Source{{Path: filepath.Base(file), Text: changed}}, DocOptions{Format: format, Title: "t", Private: true})
				if slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == "ice" }) {
					t.Fatalf("seed %d, %s, %d: %v\n%s", seed, file, n, problems, changed)
				}
				if (pages == nil) != problems.HasErrors() {
					t.Errorf("seed %d, %s, %d: %d pages and %v", seed, file, n, len(pages), problems)
				}
				if format == DocHTML {
					documented += len(pages)
					for _, p := range pages {
						wellFormed(t, p)
					}
				}
			}
		}
	}
	if documented < 50 {
		t.Errorf("only %d pages: the sources are changed too much", documented)
	}
}
