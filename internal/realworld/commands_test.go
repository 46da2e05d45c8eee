package realworld

import (
	"maps"
	"slices"
	"testing"
)

// A command shows the same on VUDO as on the bare engine, and costs the same
// fuel twice.
func TestCommands(t *testing.T) {
	list := commands(t)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		t.Run(name, func(t *testing.T) {
			p := list[name](t)
			plain := runPlain(t, p)
			first := runVudo(t, p, []byte("seed"))
			same(t, plain, first)
			if second := runVudo(t, p, []byte("seed")); second.fuel != first.fuel || second.stdout != first.stdout {
				t.Errorf("fuel %d, then %d; output equal: %t", first.fuel, second.fuel, first.stdout == second.stdout)
			}
			if first.fuel <= 0 {
				t.Errorf("fuel %d", first.fuel)
			}
			t.Logf("exit %d, %d bytes out, %d fuel", first.exit, len(first.stdout), first.fuel)
		})
	}
}
