package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func doctorCommand() command {
	return command{
		name: "doctor", max: 0, lenient: true,
		short: "check this machine and vudo's state, and say how to repair what is wrong",
		long: "Each check prints one line: ok, warn or fail. The engine check compiles and runs a loop under the meter and says " +
			"how much fuel this machine burns per second; --timeout and --fuel can be chosen from it. " +
			"--fix repairs what can be repaired without risk, and lists it first.",
		flags: []flagSpec{
			{name: "fix", usage: "repair what is safe to repair"},
			{name: "config", usage: "print every setting with its value and where it comes from"},
		},
		examples: []example{
			{"vudo doctor", "all checks"},
			{"vudo doctor --config", "the settings in effect"},
		},
		run: runDoctor,
	}
}

// Verdicts of a check.
const (
	verdictOK   = "ok"
	verdictWarn = "warn"
	verdictFail = "fail"
)

// check is one line of the doctor.
type check struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Text    string `json:"text"`
	Repair  string `json:"repair,omitempty"` // what to do, as a sentence or a command
	Fixed   bool   `json:"fixed,omitempty"`
	Fuel    uint64 `json:"fuel_per_second,omitempty"`

	fixText string       // what --fix does
	fix     func() error // nil: nothing that is safe
}

// Thresholds of the disk check, in bytes.
const (
	diskLow  = 1 << 30
	diskFull = 64 << 20
)

func runDoctor(s *session, _ []string) (*result, error) {
	if s.on("config") {
		return s.showConfig()
	}
	checks := s.diagnose()
	if s.on("fix") {
		var planned []*check
		for i := range checks {
			if checks[i].fix != nil {
				planned = append(planned, &checks[i])
			}
		}
		for _, c := range planned {
			s.say("will fix %s: %s", c.Name, escape(c.fixText))
		}
		fixed := map[string]bool{}
		for _, c := range planned {
			if err := c.fix(); err != nil {
				s.warn("fix", "%s could not be repaired: %v", c.Name, err)
				continue
			}
			fixed[c.Name] = true
		}
		if len(planned) > 0 {
			checks = s.diagnose() // what is shown has been checked again
			for i := range checks {
				checks[i].Fixed = fixed[checks[i].Name] && checks[i].Verdict == verdictOK
			}
		} else {
			s.say("nothing to fix")
		}
	}
	res := &result{data: map[string]any{"checks": checks}, text: func(out *terminal) {
		for _, c := range checks {
			style := map[string]string{verdictOK: styleGood, verdictWarn: styleWarning, verdictFail: styleError}[c.Verdict]
			text := c.Text
			if c.Fixed {
				text += " (fixed)"
			}
			out.line("%s %-10s %s", out.paint(style, fmt.Sprintf("%-4s", c.Verdict)), c.Name, escape(text))
			if c.Repair != "" {
				out.line("     %-10s %s", "", escape(c.Repair))
			}
		}
	}}
	var failed []string
	for _, c := range checks {
		if c.Verdict == verdictFail {
			failed = append(failed, c.Name)
		}
	}
	if len(failed) > 0 {
		return res, fail("doctor", "the line below each failed check says how to repair it", "%s failed: %s", plural(len(failed), "check"), strings.Join(failed, ", "))
	}
	return res, nil
}

func (s *session) diagnose() []check {
	if s.home == "" { // there is no place in which to look for the rest
		return []check{s.checkHome(), checkClock(time.Now()), s.checkEngine(), checkTools()}
	}
	return []check{s.checkHome(), s.checkConfig(), s.checkDisk(), checkClock(time.Now()), s.checkConsents(), s.checkStorage(), s.checkCache(), s.checkEngine(), checkTools()}
}

func (s *session) checkHome() check {
	c := check{Name: "home", Verdict: verdictOK, Text: s.home}
	if s.home == "" {
		c.Verdict, c.Text = verdictFail, "there is no home directory to keep state in"
		c.Repair = "name a place with --home DIR or VUDO_HOME"
		return c
	}
	st, err := os.Stat(s.home)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Text += " does not exist yet; it is made when something is kept"
		if err := writableParent(s.home); err != nil {
			c.Verdict, c.Text = verdictFail, fmt.Sprintf("%s cannot be made: %v", s.home, err)
			c.Repair = "name another place with --home DIR or VUDO_HOME"
		}
	case err != nil:
		c.Verdict, c.Text = verdictFail, err.Error()
		c.Repair = "name another place with --home DIR or VUDO_HOME"
	case !st.IsDir():
		c.Verdict, c.Text = verdictFail, s.home+" is not a directory"
		c.Repair = "move that file away, or name another place with --home DIR or VUDO_HOME"
	case runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0:
		c.Verdict, c.Text = verdictWarn, fmt.Sprintf("%s is open to other users (mode %04o)", s.home, st.Mode().Perm())
		c.Repair = "chmod 700 " + shellWord(s.home) + ", or vudo doctor --fix"
		c.fixText = "chmod 700 " + shellWord(s.home)
		c.fix = func() error { return os.Chmod(s.home, 0o700) }
	default:
		if f, err := os.CreateTemp(s.home, ".doctor.*.tmp"); err != nil {
			c.Verdict, c.Text = verdictFail, fmt.Sprintf("%s cannot be written: %v", s.home, err)
			c.Repair = "correct its permissions, or name another place with --home DIR"
		} else {
			f.Close()
			os.Remove(f.Name())
		}
	}
	return c
}

// writableParent looks for the nearest directory above path that exists, and
// reports whether it can hold the rest.
func writableParent(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		switch {
		case err == nil && !st.IsDir():
			return fmt.Errorf("%s is not a directory", dir)
		case err == nil:
			probe, err := os.MkdirTemp(dir, ".vudo-doctor-*")
			if err == nil {
				os.Remove(probe)
			}
			return err
		case dir == filepath.Dir(dir):
			return err
		}
	}
}

func (s *session) checkConfig() check {
	c := check{Name: "config", Verdict: verdictOK, Text: filepath.Join(s.home, "config.toml")}
	cfg, err := loadConfig(s.home)
	switch {
	case err != nil:
		f := asFailure(err)
		c.Verdict, c.Text, c.Repair = verdictFail, f.message, f.hint
	case len(cfg.from) == 0:
		c.Text += ": nothing set, all defaults"
	default:
		c.Text += ": " + plural(len(cfg.from), "key") + " set"
	}
	return c
}

func (s *session) checkDisk() check {
	c := check{Name: "disk", Verdict: verdictOK}
	dir := s.home
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, err := diskFree(dir)
	if err != nil {
		c.Verdict, c.Text = verdictWarn, fmt.Sprintf("free space is unknown: %v", err)
		return c
	}
	return judgeDisk(free, dir)
}

func judgeDisk(free uint64, dir string) check {
	c := check{Name: "disk", Verdict: verdictOK, Text: size(free) + " free in " + dir}
	switch {
	case free < diskFull:
		c.Verdict, c.Repair = verdictFail, "free some space; vudo cache clean drops compiled code"
	case free < diskLow:
		c.Verdict, c.Repair = verdictWarn, "free some space; vudo cache clean drops compiled code"
	}
	return c
}

// checkClock finds clocks that cannot be right; deadlines use the monotonic
// clock, but Receipts carry the date.
func checkClock(now time.Time) check {
	c := check{Name: "clock", Verdict: verdictOK, Text: now.UTC().Format(time.RFC3339)}
	if now.Year() < 2026 || now.Year() > 2200 {
		c.Verdict = verdictFail
		c.Text += " cannot be right"
		c.Repair = "set the system's clock; Receipts carry its time"
	}
	return c
}

func (s *session) checkConsents() check {
	c := check{Name: "consents", Verdict: verdictOK, Text: "none remembered"}
	dir := filepath.Join(s.home, "consents")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return c
	}
	if err != nil {
		c.Verdict, c.Text, c.Repair = verdictFail, err.Error(), "correct the permissions of "+dir
		return c
	}
	var broken []string
	good := 0
	for _, e := range entries {
		name, isConsent := strings.CutSuffix(e.Name(), ".json")
		if !isConsent {
			continue
		}
		if _, err := readConsent(filepath.Join(dir, e.Name()), strings.Replace(name, "-", ":", 1)); err != nil {
			broken = append(broken, filepath.Join(dir, e.Name()))
			continue
		}
		good++
	}
	c.Text = plural(good, "answer") + " remembered"
	if len(broken) > 0 {
		c.Verdict = verdictWarn
		c.Text = "unreadable, so not honoured: " + strings.Join(broken, ", ")
		c.Repair = "vudo doctor --fix removes them; you are asked again when it matters"
		c.fixText = "remove " + strings.Join(broken, ", ")
		c.fix = func() error {
			for _, path := range broken {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return c
}

// tools are the programs with which people make modules; none is needed to
// run one.
var tools = []struct{ name, lang string }{
	{"clang", "C"}, {"wasm-ld", "C"}, {"go", "Go"}, {"rustc", "Rust"}, {"asc", "AssemblyScript"}, {"wat2wasm", "text format"},
}

func checkTools() check {
	c := check{Name: "languages", Verdict: verdictOK}
	var there, absent []string
	for _, t := range tools {
		if _, err := exec.LookPath(t.name); err == nil {
			there = append(there, t.name)
		} else {
			absent = append(absent, t.name+" ("+t.lang+")")
		}
	}
	c.Text = "found: " + strings.Join(there, ", ")
	if len(there) == 0 {
		c.Text = "no compiler for WebAssembly found"
	}
	if len(absent) > 0 {
		c.Text += "; absent, needed only to build modules of that language: " + strings.Join(absent, ", ")
	}
	return c
}

// showConfig prints every key with its value and where that comes from.
func (s *session) showConfig() (*result, error) {
	cfg := defaultConfig(s.home)
	if s.home != "" {
		var err error
		if cfg, err = loadConfig(s.home); err != nil {
			return nil, err
		}
	}
	type setting struct {
		Key    string `json:"key"`
		Value  string `json:"value"`
		Origin string `json:"origin"`
	}
	homeOrigin := "default"
	if _, ok := s.given("home"); ok {
		homeOrigin = "--home"
	} else if s.getenv("VUDO_HOME") != "" {
		homeOrigin = "variable VUDO_HOME"
	}
	settings := []setting{{"home", quoted(s.home), homeOrigin}}
	for _, k := range configKeys() {
		origin, value := "default", k.show(cfg)
		if from, ok := cfg.from[k.name]; ok {
			origin = from
		}
		switch k.name {
		case "color":
			if flag, ok := s.given("color"); ok {
				value, origin = quoted(flag), "--color"
			} else if s.getenv("NO_COLOR") != "" {
				value, origin = quoted("never"), "variable NO_COLOR"
			}
		case "progress":
			if s.on("no-progress") {
				value, origin = quoted("never"), "--no-progress"
			} else if s.getenv("CI") != "" {
				value, origin = quoted("never"), "variable CI"
			}
		}
		settings = append(settings, setting{k.name, value, origin})
	}
	return &result{data: map[string]any{"settings": settings}, text: func(out *terminal) {
		for _, x := range settings {
			out.line("%-28s %-40s %s", x.Key, escape(x.Value), escape(x.Origin))
		}
	}}, nil
}
