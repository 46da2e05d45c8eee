package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/univrs/vudo/spirit"
)

func caps(t testing.TB, words ...string) []spirit.Capability {
	var out []spirit.Capability
	for _, w := range words {
		c, err := spirit.ParseGrant(w)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c...)
	}
	return out
}

// Proves: cli 9.12
func TestConsentRulesInTheirOrder(t *testing.T) {
	read, write, credit := caps(t, "storage.read")[0], caps(t, "storage.write")[0], caps(t, "credit")[0]
	asked := []ask{{cap: read, required: true}, {cap: write}, {cap: credit, required: true}}
	for name, c := range map[string]struct {
		grant, deny      []string
		remembered, auto []string
		own              bool
		want             []string
		open             int
	}{
		"nothing":            {want: nil, open: 3},
		"grant":              {grant: []string{"storage"}, want: []string{"storage.read", "storage.write"}, open: 1},
		"narrowed":           {grant: []string{"storage.read:a/"}, want: []string{"storage.read:a/"}, open: 2},
		"required":           {grant: []string{"required"}, want: []string{"storage.read", "actuator.credit"}, open: 1},
		"all":                {grant: []string{"all"}, want: []string{"storage.read", "storage.write", "actuator.credit"}},
		"deny beats grant":   {grant: []string{"all"}, deny: []string{"storage.read"}, want: []string{"storage.write", "actuator.credit"}},
		"deny a part":        {grant: []string{"all"}, deny: []string{"storage.read:a/"}, want: []string{"storage.write", "actuator.credit"}},
		"remembered":         {remembered: []string{"storage.write"}, want: []string{"storage.write"}, open: 2},
		"remembered, denied": {remembered: []string{"storage.write"}, deny: []string{"storage"}, want: nil, open: 1},
		"auto":               {auto: []string{"storage.read"}, want: []string{"storage.read"}, open: 2},
		"own project":        {own: true, want: []string{"storage.read"}, open: 2},
		"own, granted":       {own: true, grant: []string{"credit"}, want: []string{"storage.read", "actuator.credit"}, open: 1},
	} {
		r, err := parseRights(c.grant, c.deny)
		if err != nil {
			t.Fatal(err)
		}
		d := decide(asked, r, caps(t, c.remembered...), caps(t, c.auto...), c.own)
		if got := capabilityNames(d.granted); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 || len(d.open) != c.open {
			t.Errorf("%s: granted %v, want %v; %d open, want %d", name, got, c.want, len(d.open), c.open)
		}
	}
}

// Whatever the words, nothing is granted that was not asked for, and nothing
// that --deny names.
func TestConsentNeverWidens(t *testing.T) {
	pool := []string{"storage.read", "storage.read:a/", "storage.read:a/b/", "storage.write", "log", "time", "network", "env:HOME", "env:A_*", "env:A_B", "unrestricted"}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string) []string {
			return rapid.SliceOfN(rapid.SampledFrom(pool), 0, 4).Draw(t, name)
		}
		var asked []ask
		for _, w := range pick("asked") {
			if w == "unrestricted" {
				continue
			}
			cs, err := spirit.ParseCapability(w)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cs {
				asked = append(asked, ask{cap: c, required: rapid.Bool().Draw(t, "required")})
			}
		}
		r, err := parseRights(pick("grant"), pick("deny"))
		if err != nil {
			t.Fatal(err)
		}
		var remembered []spirit.Capability
		for _, w := range pick("remembered") {
			cs, _ := spirit.ParseGrant(w)
			remembered = append(remembered, cs...)
		}
		d := decide(asked, r, remembered, nil, rapid.Bool().Draw(t, "own"))
		for _, g := range d.granted {
			within := false
			for _, a := range asked {
				within = within || a.cap.Covers(g)
			}
			if !within {
				t.Fatalf("%s was granted and not asked for", g)
			}
			if overlaps(g, r.denies) {
				t.Fatalf("%s was granted and denied", g)
			}
		}
	})
}

func TestConsentFilesAreReadStrictly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.json")
	const digest = "sha256:00"
	good := `{"v":1,"name":"x","digest":"sha256:00","capabilities":["storage.read"],"at":"2026-01-01T00:00:00Z"}`
	for text, ok := range map[string]bool{
		good: true, `{}`: false, `{"v":2,"digest":"sha256:00"}`: false, `{"v":1,"digest":"sha256:01"}`: false,
		`{"v":1,"digest":"sha256:00","capabilities":["nosuch"]}`: false, `{"v":1,"digest":"sha256:00","more":1}`: false, `not json`: false,
		`{"v":1,"digest":"sha256:00","capabilities":["unrestricted"]}`: false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readConsent(path, digest)
		if (err == nil) != ok || ok && len(got) != 1 {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if err := os.WriteFile(path, make([]byte, maxConsentBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConsent(path, digest); err == nil {
		t.Error("a file above the limit was read")
	}
	s := &session{home: dir}
	if err := s.remember("x", digest, caps(t, "log")); err != nil {
		t.Fatal(err)
	}
	if err := s.remember("x", digest, caps(t, "time", "log")); err != nil {
		t.Fatal(err)
	}
	if got := capabilityNames(s.remembered(digest)); !slices.Equal(got, []string{"sensor.time", "actuator.log"}) {
		t.Errorf("remembered %v", got)
	}
}

// FuzzConsent feeds the reader of remembered answers with anything.
func FuzzConsent(f *testing.F) {
	f.Add([]byte(`{"v":1,"name":"x","digest":"sha256:00","capabilities":["log"],"at":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		readConsent(path, "sha256:00")
	})
}
