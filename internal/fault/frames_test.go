package fault_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
)

func TestFrameLines(t *testing.T) {
	long := strings.Repeat("x", 60)
	got := fault.FrameLines([]fault.Frame{
		{Func: "stats.mean", Offset: 7, File: "src/stats.dol", Line: 14, Column: 9},
		{Func: "für", Offset: 8, File: "src/stats.dol", Line: 31, Column: 15},
		{Func: "malloc", Offset: 0x1a3, File: "malloc.c", Line: 5},
		{Func: "func[7]", Offset: 16},
		{Func: "start"},
	})
	want := []string{
		"at stats.mean src/stats.dol:14:9",
		"at für        src/stats.dol:31:15",
		"at malloc (offset 0x1a3) malloc.c:5",
		"at func[7] (offset 0x10)",
		"at start",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = fault.FrameLines([]fault.Frame{{Func: long, File: "a", Line: 1, Column: 1}, {Func: "b", File: "a", Line: 1, Column: 1}})
	if got[1] != "at b"+strings.Repeat(" ", 40)+"a:1:1" {
		t.Errorf("a long name moves the others to %q", got[1])
	}
}
