package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/golden"
	"github.com/univrs/vudo/internal/lint"
)

// The command's own codes stand in docs/spec/errors.md beside those of the library.
func TestCodesAreDocumented(t *testing.T) {
	var rows [][]string
	for _, c := range Codes() {
		rows = append(rows, []string{"`" + c.Name + "`", c.Text, strconv.Itoa(c.Exit)})
	}
	const file = "../../docs/spec/errors.md"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lint.Splice(string(doc), "command errors", lint.MarkdownTable([]string{"Code", "Meaning", "Exit"}, rows))
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, file, []byte(got))
}

// Every error of the library keeps its code and its exit code, wrapped or not,
// and has a next step.
//
// Proves: cli 9.27
func TestLibraryErrorsKeepTheirCodes(t *testing.T) {
	for _, e := range fault.Table() {
		for _, err := range []error{e.Err, fmt.Errorf("%w: detail", e.Err), errors.Join(errors.New("first"), e.Err)} {
			f := asFailure(err)
			if f.code != e.Code || f.exit != e.Exit || f.hint == "" {
				t.Errorf("%v: code %s, exit %d, hint %q", err, f.code, f.exit, f.hint)
			}
		}
	}
	denied := asFailure(&fault.Trap{Kind: fault.KindDenied, Export: "roll"})
	if denied.code != "denied" || denied.exit != exitDenied {
		t.Errorf("a denied trap: code %s, exit %d", denied.code, denied.exit)
	}
	if f := asFailure(errors.New("anything")); f.exit != exitFailure || f.hint == "" {
		t.Errorf("%+v", f)
	}
	if !slices.IsSortedFunc(Codes(), func(a, b Code) int { return map[bool]int{true: -1, false: 1}[a.Name < b.Name] }) {
		t.Error("the codes are not in order")
	}
}
