package guide_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
)

var (
	dolBlock = regexp.MustCompile("(?ms)^```dol\n(.*?)^```$")
	dolClaim = regexp.MustCompile(`(?m)^// (.+?)(?: = (\S.*)| (traps))$`)
	dolError = regexp.MustCompile(`^// error: (\S+)\n`)
)

// TestTour compiles each block of the tour of DOL and holds each of its claims
// against what the program does.
func TestTour(t *testing.T) {
	doc, err := os.ReadFile("dol.md")
	if err != nil {
		t.Fatal(err)
	}
	claims := 0
	for i, m := range dolBlock.FindAllSubmatch(doc, -1) {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			if want := dolError.FindSubmatch(m[1]); want != nil {
				refused(t, m[1], string(want[1]))
				return
			}
			claims += kept(t, m[1])
		})
	}
	if claims < 40 {
		t.Errorf("%d claims were found, the tour makes more", claims)
	}
}

func refused(t *testing.T, text []byte, code string) {
	res, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: text}}, dol.Options{})
	if res != nil || !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == code && d.Severity == diag.Error }) {
		t.Errorf("compiled, or not refused by %s: %v", code, problems)
	}
}

// kept makes an export of each claim, calls it, and returns how many there are.
func kept(t *testing.T, text []byte) int {
	claims := dolClaim.FindAllSubmatch(text, -1)
	var b strings.Builder
	b.Write(text)
	for i, c := range claims {
		if len(c[3]) > 0 {
			fmt.Fprintf(&b, "pub sex fun claim_%d() { let _gone = %s }\n", i, c[1])
		} else {
			fmt.Fprintf(&b, "pub sex fun claim_%d() { assert_eq(%s, %s) }\n", i, c[1], c[2])
		}
	}
	source := []byte(b.String())
	res, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: source}}, dol.Options{})
	if res == nil {
		var out strings.Builder
		diag.Renderer{Source: func(string) ([]byte, bool) { return source, true }}.Render(&out, problems)
		t.Fatal(out.String())
	}
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	for i, c := range claims {
		sb, err := rt.NewSandbox(ctx, res.Wasm, vudo.SandboxConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sb.Initialize(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := sb.Call(ctx, fmt.Sprintf("claim_%d", i), nil); (err != nil) != (len(c[3]) > 0) {
			t.Errorf("%s: %v", c[0], err)
		}
		_ = sb.Close(ctx)
	}
	return len(claims)
}
