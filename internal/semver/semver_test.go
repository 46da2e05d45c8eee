package semver

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func version(t testing.TB, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Proves: spirit 12.8
func TestPrecedence(t *testing.T) {
	chain := strings.Fields("0.9.0 0.10.0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.2 1.0.0-alpha.10 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 2.0.0 9223372036854775807.0.0")
	for i, a := range chain {
		for j, b := range chain {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := version(t, a).Compare(version(t, b)); got != want {
				t.Errorf("%s against %s is %d, want %d", a, b, got, want)
			}
		}
	}
	if version(t, "1.0.0+a").Compare(version(t, "1.0.0+b")) != 0 {
		t.Error("build metadata orders")
	}
}

func TestVersionSyntax(t *testing.T) {
	for s, want := range map[string]string{
		"0.0.0": "", "1.2.3-a.b-c.0+x.01": "", "1.2.3-0a": "",
		"1.0.0-" + strings.Repeat("a", 122): "",
		"1.0.0-" + strings.Repeat("a", 123): "column 129",
		"":                                  "column 1: a version is expected",
		"1":                                 "column 2: a version has three numbers",
		"1.2":                               "column 4: a version has three numbers",
		"01.2.3":                            "column 1: a number has no leading zero",
		"1.2.03":                            "column 5: a number has no leading zero",
		"1.2.3-01":                          "column 6: the part behind",
		"1.2.3-":                            "column 6: the part behind",
		"1.2.3-ä":                           "column 6: the part behind",
		"1.2.3.4":                           `column 6: '.' is not expected`,
		"1.2.*":                             "column 6: a version has three numbers",
		"1.-2.3":                            "column 3: a number is expected",
		" 1.2.3":                            "column 1: a number is expected",
		"1.2.3 ":                            `column 6: ' ' is not expected`,
		"v1.2.3":                            "column 1: a version begins with a number",
		"9223372036854775808.0.0":           "column 1: a number lies below 2^63",
		"99999999999999999999.0.0":          "column 1: a number lies below 2^63",
	} {
		_, err := ParseVersion(s)
		var e *Error
		if (err == nil) != (want == "") || err != nil && (!errors.As(err, &e) || !strings.Contains(err.Error(), want)) {
			t.Errorf("ParseVersion(%q): %v, want %q", s, err, want)
		}
	}
}

// Every row of the table in docs/spec/spirit.md section 3, inside and just outside.
//
// Proves: spirit 12.9
func TestRequirementTable(t *testing.T) {
	for _, c := range []struct{ req, in, out string }{
		{"1.2.3", "1.2.3 1.2.3+b", "1.2.2 1.2.4 1.2.3-a"},
		{"=1.2.3", "1.2.3", "1.2.4"},
		{"1.0.0", "1.0.0", "1.0.1"},
		{"1.2", "1.2.0 1.2.99", "1.1.99 1.3.0 1.3.0-a 1.2.0-a"},
		{"1.2.*", "1.2.0 1.2.99", "1.1.99 1.3.0"},
		{"=1.2", "1.2.0 1.2.99", "1.1.99 1.3.0"},
		{"1", "1.0.0 1.99.99", "0.99.99 2.0.0 2.0.0-a"},
		{"1.*", "1.0.0 1.99.99", "0.99.99 2.0.0"},
		{"*", "0.0.0 99.0.0", "1.0.0-a"},
		{"^1.2.3", "1.2.3 1.99.0", "1.2.2 2.0.0 2.0.0-a 1.3.0-a"},
		{"^1.2", "1.2.0 1.99.0", "1.1.99 2.0.0"},
		{"^1", "1.0.0 1.99.0", "0.99.0 2.0.0"},
		{"^1.0.0", "1.0.0 1.1.0", "1.0.0-alpha 2.0.0-alpha"},
		{"^0.2.3", "0.2.3 0.2.99", "0.2.2 0.3.0"},
		{"^0.2", "0.2.0 0.2.99", "0.1.99 0.3.0"},
		{"^0.1.0", "0.1.0", "0.2.0"},
		{"^0.0.3", "0.0.3", "0.0.2 0.0.4"},
		{"^0.0", "0.0.0 0.0.99", "0.1.0"},
		{"^0", "0.0.0 0.99.0", "1.0.0"},
		{"~1.2.3", "1.2.3 1.2.99", "1.2.2 1.3.0"},
		{"~1.2", "1.2.0 1.2.99", "1.1.99 1.3.0"},
		{"~1", "1.0.0 1.99.0", "0.99.0 2.0.0"},
		{"~0", "0.0.0 0.99.0", "1.0.0"},
		{">1.2", "1.3.0 2.0.0", "1.2.0 1.2.99 1.3.0-a"},
		{">1.2.3", "1.2.4", "1.2.3"},
		{">=1.2", "1.2.0 9.0.0", "1.1.99 1.2.0-a"},
		{">=1.0.0", "1.0.0 9.0.0", "0.9.9"},
		{"<1.2", "1.1.99 0.0.0", "1.2.0 1.2.0-a"},
		{"<=1.2", "1.2.0 1.2.99", "1.3.0"},
		{"<=1.2.3", "1.2.3", "1.2.4"},
		{">=1.2, <1.8, ^1", "1.2.0 1.7.99", "1.1.0 1.8.0 2.0.0"},
		{">= 1.2,<1.8", "1.2.0 1.7.99", "1.1.0 1.8.0"},
		{">=1.0.0-alpha", "1.0.0-alpha 1.0.0-alpha.2 1.0.0 2.0.0", "0.9.0 1.0.1-alpha 2.0.0-alpha"},
		{"1.0.0-alpha", "1.0.0-alpha", "1.0.0 1.0.0-alpha.1"},
		{">1.0.0-alpha, <1.0.0-beta", "1.0.0-alpha.1", "1.0.0-alpha 1.0.0-beta 1.0.0"},
		{"<1.0.0-beta", "0.9.0 1.0.0-alpha", "1.0.0-beta 1.0.0 0.9.0-alpha"},
	} {
		r, err := ParseRequirement(c.req)
		if err != nil {
			t.Errorf("%q: %v", c.req, err)
			continue
		}
		if r.String() != c.req {
			t.Errorf("%q prints as %q", c.req, r)
		}
		for _, v := range strings.Fields(c.in) {
			if !r.Accepts(version(t, v)) {
				t.Errorf("%q refuses %s", c.req, v)
			}
		}
		for _, v := range strings.Fields(c.out) {
			if r.Accepts(version(t, v)) {
				t.Errorf("%q accepts %s", c.req, v)
			}
		}
	}
}

// Proves: spirit 12.10
func TestRequirementSyntax(t *testing.T) {
	for s, want := range map[string]string{
		"":                "1 empty",
		" ":               "2 empty",
		"1,":              "3 empty",
		",1":              "1 empty",
		"1,,2":            "3 empty",
		"^":               "2 empty",
		">=  1":           "4 format",
		"1 || 2":          "2 format",
		"1||2":            "2 format",
		">1 <2":           "3 format",
		"1.0.0 - 2.0.0":   "6 format",
		"01":              "1 number",
		"^1.02":           "4 number",
		"==1":             "2 format",
		"=>1":             "2 format",
		"^v1":             "2 format",
		"^*":              "2 format",
		">1.*":            "2 format",
		"1.*.3":           "4 format",
		"1.2.3.4":         "6 format",
		"~1-alpha":        "3 format",
		">2, <1":          "1 impossible",
		">1.0.0, <1.0.0":  "1 impossible",
		"<0.0.0":          "1 impossible",
		"^1, ^2":          "1 impossible",
		"1.0.0, 1.0.1":    "1 impossible",
		">=1.0.0, <1.0.0": "1 impossible",
		"1.0.0-a, >1.0.0": "1 impossible",
	} {
		_, err := ParseRequirement(s)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q is accepted: %v", s, err)
			continue
		}
		if got := fmt.Sprint(e.Column, " ", e.Kind); got != want {
			t.Errorf("%q gives %s, want %s", s, got, want)
		}
	}
	if _, err := ParseRequirement(strings.Repeat("1,", 512) + "1"); err == nil {
		t.Error("1,025 bytes are accepted")
	}
	if _, err := ParseRequirement(strings.Repeat("1,", 511) + "1."); err == nil || strings.Contains(err.Error(), "1024") {
		t.Errorf("1,024 bytes are refused for their length: %v", err)
	}
}

// No text makes the parsers panic, and an accepted requirement accepts something:
// its own bounds, the next patch, or a release in between were tried.
func FuzzRequirement(f *testing.F) {
	for _, s := range []string{"^1.2", ">=1.2, <1.8", "*", ">1.0.0-alpha, <1.0.0", "1.2.3-a+b"} {
		f.Add(s, "1.2.3")
	}
	f.Fuzz(func(t *testing.T, s, v string) {
		ver, errV := ParseVersion(v)
		if errV == nil && ver.Compare(ver) != 0 {
			t.Errorf("%q does not equal itself", v)
		}
		r, err := ParseRequirement(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 {
				t.Errorf("%q fails with %v", s, err)
			}
			return
		}
		if errV == nil {
			r.Accepts(ver)
		}
	})
}
