package fault_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
)

// TestTableIsComplete holds what others rely on: each sentinel stands in the
// table once, with a name, a stable code and an exit code of the specification.
func TestTableIsComplete(t *testing.T) {
	code := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	names, codes := map[string]bool{}, map[string]bool{}
	for _, e := range fault.Table() {
		if e.Err == nil || !strings.HasPrefix(e.Name, "Err") || !code.MatchString(e.Code) || e.Err.Error() == "" {
			t.Errorf("incomplete row %+v", e)
		}
		if names[e.Name] || codes[e.Code] {
			t.Errorf("%s stands in the table twice", e.Name)
		}
		names[e.Name], codes[e.Code] = true, true
		switch e.Exit {
		case 1, 2, 3, 4, 6:
		default:
			t.Errorf("%s has exit code %d", e.Name, e.Exit)
		}
	}
	for _, a := range fault.Table() {
		for _, b := range fault.Table() {
			if errors.Is(a.Err, b.Err) != (a.Name == b.Name) {
				t.Errorf("%s and %s are not told apart", a.Name, b.Name)
			}
		}
	}
}

func TestTrapMatchesAndPrints(t *testing.T) {
	trap := &fault.Trap{
		Kind: fault.KindDivideByZero, Export: "run", Message: "integer divide by zero",
		Frames: []fault.Frame{{Func: "div", Offset: 0x2a}, {Func: "main", File: "a.c", Line: 7}},
	}
	wrapped := fmt.Errorf("call: %w", trap)
	if !errors.Is(wrapped, fault.ErrTrap) || errors.Is(wrapped, fault.ErrDenied) {
		t.Error("a trap matches ErrTrap, and ErrDenied only when it is one")
	}
	if denied := error(&fault.Trap{Kind: fault.KindDenied}); !errors.Is(denied, fault.ErrTrap) || !errors.Is(denied, fault.ErrDenied) {
		t.Error("a trap of kind denied matches both")
	}
	const line = "WASM trap: divide-by-zero: integer divide by zero in run"
	if got := fmt.Sprintf("%v", trap); got != line {
		t.Errorf("%%v is %q, want %q", got, line)
	}
	if got, want := fmt.Sprintf("%+v", trap), line+"\n    at div (offset 0x2a)\n    at main a.c:7"; got != want {
		t.Errorf("%%+v is %q, want %q", got, want)
	}
	if got, want := (&fault.Trap{Kind: fault.KindUnreachable, Message: "unreachable"}).Error(), "WASM trap: unreachable"; got != want {
		t.Errorf("a message that says only the kind gives %q, want %q", got, want)
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.KindUnreachable; k <= fault.KindBadResult; k++ {
		if s := k.String(); strings.HasPrefix(s, "kind(") || seen[s] {
			t.Errorf("kind %d prints as %q", k, s)
		}
		seen[k.String()] = true
	}
	for _, k := range []fault.Kind{0, fault.KindBadResult + 1, 255} {
		if s := k.String(); s != fmt.Sprintf("kind(%d)", uint8(k)) {
			t.Errorf("an unknown kind prints as %q", s)
		}
	}
}

func TestGuestErrorPrints(t *testing.T) {
	for _, c := range []struct {
		err  fault.GuestError
		want string
	}{
		{fault.GuestError{Code: 3}, "Spirit failed: code 3"},
		{fault.GuestError{Code: -1, Text: "no"}, "Spirit failed: code -1: no"},
	} {
		if got := c.err.Error(); got != c.want || !errors.Is(&c.err, fault.ErrGuest) || errors.Is(&c.err, fault.ErrTrap) {
			t.Errorf("%+v prints %q, want %q", c.err, got, c.want)
		}
	}
}
