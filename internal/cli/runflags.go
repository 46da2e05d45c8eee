package cli

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// runOptions are the flags of `vudo run`, checked.
type runOptions struct {
	limits  spirit.Limits // zero fields were not given
	rights  rights
	env     map[string]string
	envKeys []string // in the order given
	dirs    []mappedDir
	input   string // "" = by the rules, "-" = stdin
	output  string
	receipt string
	force   bool
	trace   bool
	exhaust exhaustPolicy
	refuel  uint64 // with refuelByItself
	seed    []byte
}

// mappedDir is one --dir: a directory of the host and where the guest sees it.
type mappedDir struct {
	host, guest string
	readOnly    bool
}

// exhaustPolicy is what happens when a call runs out of fuel.
type exhaustPolicy int

const (
	failOnExhaustion exhaustPolicy = iota
	askForFuel
	refuelByItself
)

func runFlags() []flagSpec {
	return []flagSpec{
		{name: "fuel", value: "N", usage: "fuel for the call (default 1,000,000,000)"},
		{name: "memory", value: "SIZE", usage: "most linear memory, such as 64mb"},
		{name: "timeout", value: "DUR", usage: "most time for the whole call, such as 500ms, 30s, 2m"},
		{name: "cpu", value: "PCT", usage: "share of one core, 1 to 100"},
		{name: "limit", value: "NAME=VALUE", usage: "any other limit, such as max_output_bytes=1mb", many: true},
		{name: "preset", value: "NAME", usage: "limits to start from: default, restrictive or testing", words: []string{"default", "restrictive", "testing"}},
		{name: "grant", value: "CAP", usage: "allow a capability, a category, required, all or minimal", many: true},
		{name: "deny", value: "CAP", usage: "refuse a capability or category, whatever else allows it", many: true},
		{name: "env", value: "K=V", usage: "an environment variable for the guest, under env:K", many: true},
		{name: "dir", value: "HOST:GUEST[:ro]", usage: "a directory for the guest, under storage.* dir:GUEST", many: true},
		{name: "input", value: "FILE", usage: "input of the call; - is stdin"},
		{name: "output", value: "FILE", usage: "write the output to FILE, all of it or nothing"},
		{name: "receipt", value: "FILE", usage: "write the Receipt to FILE"},
		{name: "force", usage: "overwrite existing --output and --receipt files"},
		{name: "trace", usage: "one line per host call on stderr"},
		{name: "on-exhaust", value: "WHAT", usage: "when fuel runs out: fail, ask, or refuel:N to go on with N more each time (default fail)", words: []string{"fail", "ask", "refuel:"}},
		{name: "seed", value: "N", usage: "make random numbers and time follow from N"},
		{name: "no-build", usage: "use the module as it is; exit 6 when there is none"},
	}
}

// options reads the flags; every mistake names the flag.
func (s *session) options() (*runOptions, error) {
	o := &runOptions{force: s.on("force"), trace: s.on("trace"), env: map[string]string{}}
	var err error
	if o.limits, err = s.limits(); err != nil {
		return nil, err
	}
	if o.rights, err = parseRights(s.all("grant"), s.all("deny")); err != nil {
		return nil, err
	}
	for _, pair := range s.all("env") {
		k, v, ok := strings.Cut(pair, "=")
		if !ok || k == "" || strings.ContainsRune(pair, 0) {
			return nil, usage("write --env NAME=VALUE", "--env: %q has no name or no =", pair)
		}
		if _, twice := o.env[k]; twice {
			return nil, usage("give each variable once", "--env: %s is given twice", k)
		}
		o.env[k] = v
		o.envKeys = append(o.envKeys, k)
	}
	for _, text := range s.all("dir") {
		d, err := parseDir(text)
		if err != nil {
			return nil, err
		}
		for _, other := range o.dirs {
			if other.guest == d.guest {
				return nil, usage("give each guest path once", "--dir: %s is given twice", d.guest)
			}
		}
		o.dirs = append(o.dirs, d)
	}
	o.input, _ = s.given("input")
	o.output, _ = s.given("output")
	o.receipt, _ = s.given("receipt")
	if o.output == "-" {
		o.output = ""
	}
	if o.output != "" && s.json {
		return nil, usage("leave one of them out", "--output and --json contradict each other: with --json the output is in the document")
	}
	if what, ok := s.given("on-exhaust"); ok {
		if err := o.setExhaust(what, s); err != nil {
			return nil, err
		}
	}
	if text, ok := s.given("seed"); ok {
		n, err := parseCount(text)
		if err != nil {
			return nil, usage("write a number from 0 to 18446744073709551615", "--seed: %v", err)
		}
		o.seed = []byte(strconv.FormatUint(n, 10))
	}
	return o, nil
}

func (o *runOptions) setExhaust(what string, s *session) error {
	hint := "write --on-exhaust fail, ask or refuel:N"
	switch amount, isRefuel := strings.CutPrefix(what, "refuel:"); {
	case what == "fail":
	case what == "ask":
		if !s.canAsk() {
			return usage("use --on-exhaust refuel:N, or give more with --fuel N", "--on-exhaust ask needs a terminal")
		}
		o.exhaust = askForFuel
	case isRefuel:
		n, err := parseCount(amount)
		if err != nil || n == 0 || n > 1<<63-1 {
			return usage(hint, "--on-exhaust: %q is not an amount of fuel", amount)
		}
		o.exhaust, o.refuel = refuelByItself, n
	default:
		return usage(hint, "--on-exhaust: %q is not known", what)
	}
	return nil
}

// parseDir reads HOST:GUEST[:ro]. HOST may contain colons, as on Windows.
func parseDir(text string) (mappedDir, error) {
	hint := "write --dir HOST:GUEST or --dir HOST:GUEST:ro, such as --dir ./data:/data"
	var d mappedDir
	rest := text
	if before, ok := strings.CutSuffix(text, ":ro"); ok {
		d.readOnly, rest = true, before
	}
	i := strings.LastIndexByte(rest, ':')
	if i <= 0 || i == len(rest)-1 {
		return d, usage(hint, "--dir: %q is not HOST:GUEST", text)
	}
	d.host, d.guest = rest[:i], rest[i+1:]
	if !strings.HasPrefix(d.guest, "/") {
		return d, usage("the guest's path begins with /, such as "+rest[:i]+":/"+path.Clean(d.guest), "--dir: %q is not an absolute guest path", d.guest)
	}
	if strings.Contains("/"+d.guest+"/", "/../") {
		return d, usage(hint, "--dir: %q leads out of itself", d.guest)
	}
	d.guest = path.Clean(d.guest)
	abs, err := filepath.Abs(d.host)
	if err != nil {
		return d, err
	}
	d.host = abs
	st, err := os.Stat(abs)
	if err != nil {
		return d, err
	}
	if !st.IsDir() {
		return d, usage("name the directory that holds it", "--dir: %s is not a directory", d.host)
	}
	return d, nil
}

// limits reads --preset, --limit and the four short forms. Fields that were
// not given stay zero.
func (s *session) limits() (spirit.Limits, error) {
	var l spirit.Limits
	if name, ok := s.given("preset"); ok {
		p, err := spirit.Preset(name)
		if err != nil {
			return l, usage(didYouMean(name, []string{"default", "restrictive", "testing"}, "write --preset default, restrictive or testing"), "--preset: %q is not known", name)
		}
		l = p
	}
	set := map[string]string{} // field -> the flag that set it
	put := func(flag, field, value string) error {
		if before, twice := set[field]; twice {
			return usage("give each limit once", "%s and %s both set %s", before, flag, field)
		}
		set[field] = flag
		return setLimit(&l, flag, field, value)
	}
	for _, short := range []struct{ flag, field string }{
		{"fuel", "max_fuel"}, {"memory", "max_memory_bytes"}, {"timeout", "max_duration_ms"}, {"cpu", "max_cpu_quota_percent"},
	} {
		if value, ok := s.given(short.flag); ok {
			if err := put("--"+short.flag, short.field, value); err != nil {
				return l, err
			}
		}
	}
	for _, pair := range s.all("limit") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return l, usage("write --limit NAME=VALUE, such as --limit max_output_bytes=1mb", "--limit: %q has no value", pair)
		}
		if err := put("--limit "+name, fieldName(name), value); err != nil {
			return l, err
		}
	}
	return l, nil
}

// fieldName accepts a limit's name without its max_ and with hyphens.
func fieldName(name string) string {
	name = strings.ReplaceAll(name, "-", "_")
	if !strings.HasPrefix(name, "max_") {
		name = "max_" + name
	}
	return name
}

// setLimit parses value in the unit of the field: sizes for bytes, durations
// for milliseconds, plain numbers for the rest.
func setLimit(l *spirit.Limits, flag, name, value string) error {
	for _, f := range spirit.Fields() {
		if f.Name != name {
			continue
		}
		text := value
		if flag == "--timeout" { // no unit in its name, so one must be written
			d, err := parseDuration(value)
			if err != nil {
				return limitFailure("%s: %v", flag, err)
			}
			text = d.String()
		}
		n, err := limitValue(f, text)
		if err != nil {
			return limitFailure("%s: %s: %v", flag, f.Name, err)
		}
		if n == 0 {
			return limitFailure("%s: %s: 0 is not a limit; the least is 1", flag, f.Name)
		}
		if n > f.Cap {
			return limitFailure("%s: %s: %s is above the hard cap of %s", flag, f.Name, count(n), count(f.Cap))
		}
		f.Set(l, n)
		return nil
	}
	var names []string
	for _, f := range spirit.Fields() {
		names = append(names, f.Name)
	}
	return usage(didYouMean(name, names, "the limits are "+strings.Join(names, ", ")), "%s: no such limit", flag)
}

func limitFailure(format string, args ...any) *failure {
	f := asFailure(fmt.Errorf("%w: %s", fault.ErrInvalidLimits, fmt.Sprintf(format, args...)))
	f.hint = "write a whole number of the limit's unit, or a size such as 64mb for bytes"
	return f
}

func limitValue(f spirit.Field, value string) (uint64, error) {
	switch {
	case strings.HasSuffix(f.Name, "_bytes"):
		return parseSize(value)
	case strings.HasSuffix(f.Name, "_ms"):
		if n, err := parseCount(value); err == nil { // the name says the unit
			return n, nil
		}
		d, err := parseDuration(value)
		return uint64(d.Milliseconds()), err
	case strings.HasSuffix(f.Name, "_percent"):
		return parseCount(strings.TrimSuffix(value, "%"))
	}
	return parseCount(value)
}
