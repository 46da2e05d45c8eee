package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// ask is one capability that a Spirit asks for.
type ask struct {
	cap      spirit.Capability
	required bool
	reason   string // from the manifest; foreign text
	origin   string // "manifest.toml", "import host_log_info"
}

// word is one --grant as it was written, with what it stands for.
type word struct {
	text string
	caps []spirit.Capability
}

// rights are the words of --grant and --deny, parsed.
type rights struct {
	grants   []word
	denies   []spirit.Capability
	required bool // --grant required
	all      bool // --grant all
}

// parseRights reads --grant and --deny. One value may list several
// capabilities separated by commas, as long as it is not itself one capability
// with commas in its target.
func parseRights(grants, denies []string) (rights, error) {
	var r rights
	for _, text := range grants {
		switch strings.ToLower(text) {
		case "required":
			r.required = true
			continue
		case "all":
			r.required, r.all = true, true
			continue
		}
		caps, err := parseRight("--grant", text, spirit.ParseGrant)
		if err != nil {
			return r, err
		}
		r.grants = append(r.grants, word{text, caps})
	}
	for _, text := range denies {
		caps, err := parseRight("--deny", text, spirit.ParseGrant)
		if err != nil {
			return r, err
		}
		r.denies = append(r.denies, caps...)
	}
	return r, nil
}

func parseRight(flag, text string, parse func(string) ([]spirit.Capability, error)) ([]spirit.Capability, error) {
	caps, err := parse(text)
	if err == nil {
		return caps, nil
	}
	if strings.Contains(text, ",") {
		var list []spirit.Capability
		for _, part := range strings.Split(text, ",") {
			more, partErr := parse(strings.TrimSpace(part))
			if partErr != nil {
				list = nil
				break
			}
			list = append(list, more...)
		}
		if list != nil {
			return list, nil
		}
	}
	hint := "vudo run --help lists the capabilities"
	var ce *spirit.CapabilityError
	if errors.As(err, &ce) && ce.Hint != "" {
		hint = ce.Hint
	}
	return nil, usage(hint, "%s: %v", flag, err)
}

// decision is the outcome of the consent rules for one run.
type decision struct {
	granted []spirit.Capability
	open    []ask    // neither agreed nor denied
	unused  []string // words of --grant of which nothing was asked for
}

// decide applies the consent rules in their order: --deny, --grant, what was
// agreed before, the configuration, and for the user's own project everything
// required except money.
func decide(asked []ask, r rights, remembered, auto []spirit.Capability, ownProject bool) decision {
	var d decision
	used := make([]bool, len(r.grants))
	for _, a := range asked {
		var from []spirit.Capability
		for i, w := range r.grants {
			for _, g := range w.caps {
				if m, ok := spirit.Meet(a.cap, g); ok {
					from, used[i] = append(from, m), true
				}
			}
		}
		switch {
		case overlaps(a.cap, r.denies):
		case r.all || r.required && a.required:
			d.granted = append(d.granted, a.cap)
		case len(from) > 0:
			d.granted = append(d.granted, from...)
		case covered(a.cap, remembered), covered(a.cap, auto):
			d.granted = append(d.granted, a.cap)
		case ownProject && a.required && a.cap.Type != spirit.TypeActuatorCredit:
			d.granted = append(d.granted, a.cap)
		default:
			d.open = append(d.open, a)
		}
	}
	for i, w := range r.grants {
		if !used[i] {
			d.unused = append(d.unused, w.text)
		}
	}
	return d
}

func overlaps(c spirit.Capability, list []spirit.Capability) bool {
	for _, l := range list {
		if _, ok := spirit.Meet(c, l); ok {
			return true
		}
	}
	return false
}

func covered(c spirit.Capability, list []spirit.Capability) bool {
	for _, l := range list {
		if l.Covers(c) {
			return true
		}
	}
	return false
}

// settle asks on the terminal about what is still open, or fails with the flag
// to add when something required is open and nobody can be asked. Optional
// capabilities that stay open are simply not granted.
func (s *session) settle(d *decision, name, digest string) error {
	if len(d.open) == 0 {
		return nil
	}
	var required []ask
	for _, a := range d.open {
		if a.required {
			required = append(required, a)
		}
	}
	if !s.canAsk() {
		if len(required) == 0 {
			return nil
		}
		return missingConsent(name, required)
	}
	s.err.line("%s asks for:", escape(name))
	for _, a := range d.open {
		s.err.line("  %s", askLine(a))
	}
	s.err.line("  y  yes, and remember it for this very module in %s", filepath.Dir(s.consentPath(digest)))
	s.err.line("  r  only what is required, this once")
	s.err.line("  n  no")
	answer, err := s.ask("Allow it?", "n", "agree with --grant all, or with --grant required")
	if err != nil {
		return err
	}
	var agreed []ask
	switch strings.ToLower(answer) {
	case "y", "yes":
		agreed = d.open
	case "r", "required":
		agreed = required
	default:
		if len(required) > 0 {
			return missingConsent(name, required)
		}
		return nil
	}
	var caps []spirit.Capability
	for _, a := range agreed {
		caps = append(caps, a.cap)
	}
	d.granted = append(d.granted, caps...)
	d.open = nil
	if strings.ToLower(answer)[0] == 'y' {
		return s.remember(name, digest, caps)
	}
	return nil
}

// refuseDenied fails when --deny takes away what the Spirit cannot do without.
func refuseDenied(name string, asked []ask, denies []spirit.Capability) error {
	var lost []string
	for _, a := range asked {
		if a.required && overlaps(a.cap, denies) {
			lost = append(lost, a.cap.String())
		}
	}
	if lost == nil {
		return nil
	}
	f := fail("denied", "leave --deny out, or run something that does not need it", "%v: %s requires %s, which --deny takes away", fault.ErrDenied, name, strings.Join(lost, ", "))
	f.exit = exitDenied
	f.data = map[string]any{"missing": lost}
	return f
}

func missingConsent(name string, missing []ask) *failure {
	var caps, flags []string
	for _, a := range missing {
		caps = append(caps, a.cap.String())
		flags = append(flags, "--grant "+shellWord(a.cap.String()))
	}
	f := fail("consent", "agree with "+strings.Join(flags, " ")+", or with --grant required", "%s requires %s, which nobody agreed to", name, strings.Join(caps, ", "))
	for _, a := range missing {
		f.detail = append(f.detail, askLine(a))
	}
	f.data = map[string]any{"missing": caps}
	return f
}

func askLine(a ask) string {
	line := a.cap.String() + " (optional"
	if a.required {
		line = a.cap.String() + " (required"
	}
	line += ", " + a.origin + ")"
	if a.reason != "" {
		line += ": " + a.reason
	}
	return escape(line)
}

// shellWord quotes a word for a POSIX shell when it needs it.
func shellWord(w string) string {
	if w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@,=+%") == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// consent is a remembered answer; one file per package digest.
type consent struct {
	V            int       `json:"v"`
	Name         string    `json:"name"`
	Digest       string    `json:"digest"`
	Capabilities []string  `json:"capabilities"`
	At           time.Time `json:"at"`
}

const maxConsentBytes = 256 << 10

func (s *session) consentPath(digest string) string {
	return filepath.Join(s.home, "consents", strings.ReplaceAll(digest, ":", "-")+".json")
}

// remembered returns what was agreed to before for this digest; a file that
// cannot be read strictly counts as no agreement, with a warning.
func (s *session) remembered(digest string) []spirit.Capability {
	path := s.consentPath(digest)
	caps, err := readConsent(path, digest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.warn("consent", "ignored %s: %v", path, err)
		return nil
	}
	return caps
}

func readConsent(path, digest string) ([]spirit.Capability, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAtMost(f, maxConsentBytes)
	if err != nil {
		return nil, err
	}
	var c consent
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, err
	}
	if c.V != 1 || c.Digest != digest {
		return nil, fmt.Errorf("not a consent for %s", digest)
	}
	var caps []spirit.Capability
	for _, text := range c.Capabilities {
		more, err := spirit.ParseCapability(text)
		if err != nil {
			return nil, err
		}
		caps = append(caps, more...)
	}
	return caps, nil
}

// remember adds caps to what was agreed to for this digest.
func (s *session) remember(name, digest string, caps []spirit.Capability) error {
	path := s.consentPath(digest)
	before, _ := readConsent(path, digest)
	all, err := spirit.Normalize(append(before, caps...))
	if err != nil {
		return err
	}
	data, err := json.Marshal(consent{V: 1, Name: name, Digest: digest, Capabilities: capabilityNames(all), At: time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, append(data, '\n'), 0o600)
}

func capabilityNames(caps []spirit.Capability) []string {
	names := make([]string, 0, len(caps))
	for _, c := range caps {
		names = append(names, c.String())
	}
	return names
}
