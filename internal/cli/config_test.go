package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/spirit"
)

// Proves: cli 9.32
func TestEveryConfigKeyIsReadAndChecked(t *testing.T) {
	written := map[string]string{
		"schema": "1", "author": `"ada@example.com"`, "owner": `"ada"`, "consent.auto": `["storage.read"]`, "cache.max_bytes": "77", "color": `"never"`, "progress": `"never"`,
	}
	for _, f := range spirit.Fields() {
		written["limits."+f.Name] = "1"
	}
	for _, k := range configKeys() {
		value, ok := written[k.name]
		if !ok {
			t.Errorf("no test for the key %s", k.name)
			continue
		}
		c := defaultConfig(t.TempDir())
		before := k.show(c)
		if err := c.parse([]byte(k.name + " = " + value + "\n")); err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		if after := k.show(c); after == before && k.name != "schema" {
			t.Errorf("%s = %s changes nothing: %s", k.name, value, after)
		}
		if c.from[k.name] != c.path+":1" {
			t.Errorf("%s comes from %q", k.name, c.from[k.name])
		}
		// A wrong type is refused, and names line and key.
		wrong := defaultConfig(t.TempDir())
		err := wrong.parse([]byte("\n" + k.name + " = 1979-05-27\n"))
		var f *failure
		if !errors.As(err, &f) || f.exit != exitUsage || f.at == nil || f.at.Line != 2 || !strings.Contains(f.message, k.name) || f.hint == "" {
			t.Errorf("%s as a date: %v", k.name, err)
		}
	}
}

func TestConfigPlacesAndShapes(t *testing.T) {
	for text, want := range map[string]string{
		"[limits]\nmax_fuel = 5\n[limits]\n": ":3:", "limits.max_fuel = -1": "limits.max_fuel is -1", "limits = 3": "unknown key limits",
		"[[limits]]\n": "limits", "limits = { max_fuel = 1, max_fule = 2 }": "unknown key limits.max_fule", "owner = \"Ada\"": "upper-case",
		"consent.auto = [\"nosuch\"]": "is unknown", "consent.auto = [3]": "must be a text", "color = \"blue\"": "auto, always, never", "\"a.b\" = 1": "unknown key a.b",
	} {
		err := defaultConfig(t.TempDir()).parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "# nothing", "[limits]\n", "[consent]\n[cache]\n", "limits = { max_fuel = 1 }"} {
		if err := defaultConfig(t.TempDir()).parse([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte("# "+strings.Repeat("x", maxConfigBytes)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadConfig(home); err == nil {
		t.Error("a file above the limit was read")
	}
}

// FuzzConfig: any text is a configuration or a failure with a hint.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("schema = 1\n[limits]\nmax_fuel = 5\n"))
	f.Add([]byte("consent = { auto = [\"log\"] }\ncolor = 'never'\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := defaultConfig("home").parse(b)
		if err != nil && asFailure(err).hint == "" {
			t.Errorf("%v has no hint", err)
		}
	})
}
