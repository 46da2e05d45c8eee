// Package semver reads semantic versions and the requirements that manifests
// write about them (docs/spec/spirit.md, section 3). Precedence is that of
// SemVer 2.0.0; the ranges are VUDO's own rules: a bare version is exactly that
// version, "," means and, and there is no "or".
package semver

import (
	"fmt"
	"math"
	"strings"

	masterminds "github.com/Masterminds/semver/v3"
)

// MaxBytes is the greatest length of a version, and of one comparator of a
// requirement without its operator.
const MaxBytes = 128

// MaxRequirementBytes is the greatest length of a requirement.
const MaxRequirementBytes = 1024

// Error says where a version or a requirement stops making sense.
type Error struct {
	Text   string
	Column int    // 1-based, in bytes of Text
	Kind   string // "empty", "format", "number" or "impossible"
	Msg    string // what is wrong
	Hint   string // what to write instead; may be empty
}

// Error returns the problem on one line.
func (e *Error) Error() string { return fmt.Sprintf("%q, column %d: %s", e.Text, e.Column, e.Msg) }

// Version is a semantic version. Build metadata is kept and does not order.
type Version struct{ v *masterminds.Version }

// ParseVersion reads a version with all three numbers, at most MaxBytes long,
// each number below 2^63 and without leading zeros. The error is an *Error.
func ParseVersion(s string) (Version, error) {
	p := &partial{}
	if err := p.parse(s, s, 0); err != nil {
		return Version{}, err
	}
	if p.parts < 3 {
		return Version{}, &Error{s, len(s) + 1, "format", "a version has three numbers", "write " + p.fill()}
	}
	return p.version()
}

// String returns the version as it was written.
func (v Version) String() string { return v.v.Original() }

// Compare returns -1, 0 or 1: precedence of SemVer 2.0.0, section 11.
func (v Version) Compare(w Version) int { return v.v.Compare(w.v) }

// Prerelease reports whether v has a prerelease part.
func (v Version) Prerelease() bool { return v.v.Prerelease() != "" }

// partial is a version of which the last numbers may be missing.
type partial struct {
	text  string
	num   [3]uint64
	parts int // numbers present, 0 to 3; with star fewer than 3
	star  bool
	tail  string // prerelease and build with their signs; needs three numbers
}

// parse reads s, which begins at offset at of the whole text.
func (p *partial) parse(whole, s string, at int) error {
	fail := func(i int, kind, msg, hint string) error { return &Error{whole, at + i + 1, kind, msg, hint} }
	switch {
	case s == "":
		return fail(0, "empty", "a version is expected here", "")
	case len(s) > MaxBytes:
		return fail(MaxBytes, "format", fmt.Sprintf("a version has at most %d bytes", MaxBytes), "")
	case s[0] == 'v' || s[0] == 'V':
		return fail(0, "format", "a version begins with a number", "write "+s[1:])
	}
	p.text = s
	i := 0
	for {
		if i < len(s) && (s[i] == '*') {
			p.star = true
			i++
			break
		}
		from := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		digits := s[from:i]
		switch {
		case digits == "":
			return fail(from, "format", "a number is expected here", "")
		case len(digits) > 1 && digits[0] == '0':
			return fail(from, "number", "a number has no leading zero", "write "+strings.TrimLeft(digits[:len(digits)-1], "0")+digits[len(digits)-1:])
		}
		var n uint64
		for _, d := range digits {
			if n > (math.MaxInt64-uint64(d-'0'))/10 {
				return fail(from, "number", "a number lies below 2^63", "")
			}
			n = n*10 + uint64(d-'0')
		}
		p.num[p.parts] = n
		p.parts++
		if p.parts == 3 || i == len(s) || s[i] != '.' {
			break
		}
		i++
	}
	if i == len(s) {
		return nil
	}
	if p.parts < 3 || p.star || s[i] != '-' && s[i] != '+' {
		return fail(i, "format", fmt.Sprintf("%q is not expected here", s[i]), "")
	}
	p.tail = s[i:]
	if _, err := masterminds.StrictNewVersion(s); err != nil {
		return fail(i, "format", "the part behind the numbers is not valid: "+err.Error(), "")
	}
	return nil
}

// fill returns the text with missing numbers as 0.
func (p *partial) fill() string {
	return fmt.Sprintf("%d.%d.%d%s", p.num[0], p.num[1], p.num[2], p.tail)
}

// version returns the version of fill.
func (p *partial) version() (Version, error) {
	v, err := masterminds.StrictNewVersion(p.fill())
	if err != nil {
		return Version{}, &Error{p.text, 1, "format", err.Error(), ""}
	}
	return Version{v}, nil
}
