package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/spirit"
)

// configVersion is the schema this build reads; a higher one is refused.
const configVersion = 1

// maxConfigBytes bounds config.toml.
const maxConfigBytes = 256 << 10

// config is $VUDO_HOME/config.toml with the defaults filled in.
type config struct {
	Schema        int64
	Author        string // of new projects
	Owner         string
	ConsentAuto   []spirit.Capability
	Limits        spirit.Limits // zero fields were not written
	CacheMaxBytes uint64
	Color         string
	Progress      string

	path string            // the file, whether it exists or not
	from map[string]string // key -> where its value was written, for doctor --config
}

// configKey is one key of the file: the only place that names it, its default
// and how its value is checked, stored and shown.
type configKey struct {
	name string // dotted path
	set  func(c *config, v any) error
	show func(c *config) string
}

// configKeys lists the keys in the order in which doctor --config prints them.
func configKeys() []configKey {
	keys := []configKey{
		{"schema", func(c *config, v any) error {
			n, err := integer(v, 1, math.MaxInt64)
			if err == nil && n > configVersion {
				err = fmt.Errorf("is %d, and this vudo reads up to %d", n, configVersion)
			}
			c.Schema = int64(n)
			return err
		}, func(c *config) string { return fmt.Sprint(c.Schema) }},
		{"author", func(c *config, v any) (err error) {
			c.Author, err = text(v)
			if err == nil && (len([]rune(c.Author)) > spirit.MaxAuthor || !diag.Printable(c.Author)) {
				err = fmt.Errorf("is longer than %d characters or holds control characters", spirit.MaxAuthor)
			}
			return err
		}, func(c *config) string { return quoted(c.Author) }},
		{"owner", func(c *config, v any) (err error) {
			c.Owner, err = text(v)
			if err == nil && c.Owner != "" {
				err = spirit.CheckName(c.Owner)
			}
			return err
		}, func(c *config) string { return quoted(c.Owner) }},
		{"consent.auto", func(c *config, v any) error {
			caps, err := capabilities(v)
			c.ConsentAuto = caps
			return err
		}, func(c *config) string { return quotedList(capabilityNames(c.ConsentAuto)) }},
		{"cache.max_bytes", func(c *config, v any) error {
			n, err := integer(v, 1, math.MaxInt64)
			c.CacheMaxBytes = n
			return err
		}, func(c *config) string { return fmt.Sprint(c.CacheMaxBytes) }},
		{"color", func(c *config, v any) (err error) {
			c.Color, err = oneOf(v, "auto", "always", "never")
			return err
		}, func(c *config) string { return quoted(c.Color) }},
		{"progress", func(c *config, v any) (err error) {
			c.Progress, err = oneOf(v, "auto", "never")
			return err
		}, func(c *config) string { return quoted(c.Progress) }},
	}
	for _, f := range spirit.Fields() {
		keys = append(keys, configKey{"limits." + f.Name, func(c *config, v any) error {
			n, err := integer(v, 1, f.Cap)
			f.Set(&c.Limits, n)
			return err
		}, func(c *config) string {
			if n := f.Get(&c.Limits); n != 0 {
				return fmt.Sprint(n)
			}
			return fmt.Sprint(f.Default)
		}})
	}
	return keys
}

// defaultConfig is what holds where the file says nothing.
func defaultConfig(home string) *config {
	return &config{
		Schema:        configVersion,
		ConsentAuto:   []spirit.Capability{spirit.SensorTime, spirit.SensorRandom, spirit.ActuatorLog},
		CacheMaxBytes: 1 << 30,
		Color:         "auto",
		Progress:      "auto",
		path:          filepath.Join(home, "config.toml"),
		from:          map[string]string{},
	}
}

// loadConfig reads home/config.toml. A missing file is the default
// configuration; a broken one is a failure naming file, line and column, beside
// which the defaults are returned for commands that run nevertheless.
func loadConfig(home string) (*config, error) {
	c := defaultConfig(home)
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, (&session{home: home}).homeFailure(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err == nil && st.Size() > maxConfigBytes {
		return c, configFailure(c.path, 0, 0, "remove what does not belong there", "the file has %s, at most %s are read", size(uint64(st.Size())), size(maxConfigBytes))
	}
	data, err := readAtMost(f, maxConfigBytes)
	if err != nil {
		return c, asFailure(err)
	}
	if err := c.parse(data); err != nil {
		return defaultConfig(home), err
	}
	return c, nil
}

func configFailure(path string, line, column int, hint, format string, args ...any) *failure {
	where := path
	if line > 0 {
		where = fmt.Sprintf("%s:%d:%d", path, line, column)
	}
	f := fail("config", hint, "%s: %s", where, fmt.Sprintf(format, args...))
	f.at = &place{File: path, Line: line, Column: column}
	return f
}

// parse fills c from the text of the file.
func (c *config) parse(data []byte) error {
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		line, column := 0, 0
		var d *toml.DecodeError
		if errors.As(err, &d) {
			line, column = d.Position()
		}
		return configFailure(c.path, line, column, "the file is TOML; compare it with `vudo doctor --config`", "%s", strings.TrimPrefix(err.Error(), "toml: "))
	}
	values := map[string]any{}
	flatten("", tree, values)
	at := keyPositions(data)

	byName := map[string]configKey{}
	var names []string
	for _, k := range configKeys() {
		byName[k.name] = k
		names = append(names, k.name)
	}
	written := make([]string, 0, len(values))
	for name := range values {
		written = append(written, name)
	}
	sort.Slice(written, func(i, j int) bool { // the first problem in the file comes first
		a, b := at[written[i]], at[written[j]]
		if a != b {
			return a.line < b.line || a.line == b.line && a.column < b.column
		}
		return written[i] < written[j]
	})
	for _, name := range written {
		p := at[name]
		k, known := byName[name]
		if !known {
			if empty, isTable := values[name].(map[string]any); isTable && len(empty) == 0 && isTablePrefix(name, names) {
				continue
			}
			return configFailure(c.path, p.line, p.column, didYouMean(name, names, "`vudo doctor --config` lists every key"), "unknown key %s", name)
		}
		if err := k.set(c, values[name]); err != nil {
			return configFailure(c.path, p.line, p.column, "`vudo doctor --config` shows every key with its default; correct or remove this line", "%s %v", name, err)
		}
		c.from[name] = fmt.Sprintf("%s:%d", c.path, p.line)
	}
	return nil
}

// flatten turns nested tables into dotted paths; an empty table stays as a value.
func flatten(prefix string, tree map[string]any, out map[string]any) {
	for k, v := range tree {
		name := k
		if prefix != "" {
			name = prefix + "." + k
		}
		if sub, ok := v.(map[string]any); ok && len(sub) > 0 {
			flatten(name, sub, out)
			continue
		}
		out[name] = v
	}
}

func isTablePrefix(name string, keys []string) bool {
	for _, k := range keys {
		if strings.HasPrefix(k, name+".") {
			return true
		}
	}
	return false
}

type linePosition struct{ line, column int }

// keyPositions finds where each dotted path of a valid TOML text is written.
func keyPositions(data []byte) map[string]linePosition {
	at := map[string]linePosition{}
	var p unstable.Parser
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = notePath(&p, at, nil, e.Key())
		case unstable.KeyValue:
			noteKeyValue(&p, at, table, e)
		}
	}
	return at
}

func noteKeyValue(p *unstable.Parser, at map[string]linePosition, prefix []string, e *unstable.Node) {
	path := notePath(p, at, prefix, e.Key())
	if v := e.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			noteKeyValue(p, at, path, it.Node())
		}
	}
}

func notePath(p *unstable.Parser, at map[string]linePosition, prefix []string, key unstable.Iterator) []string {
	path := append([]string(nil), prefix...)
	for key.Next() {
		n := key.Node()
		path = append(path, string(n.Data))
		start := p.Shape(n.Raw).Start
		name := strings.Join(path, ".")
		if _, seen := at[name]; !seen {
			at[name] = linePosition{start.Line, start.Column}
		}
	}
	return path
}

func text(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("must be a text in quotes")
	}
	return s, nil
}

func integer(v any, low, high uint64) (uint64, error) {
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("must be a whole number")
	}
	if n < 0 || uint64(n) < low || uint64(n) > high {
		return 0, fmt.Errorf("is %d, and must be %d to %d", n, low, high)
	}
	return uint64(n), nil
}

func oneOf(v any, words ...string) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	for _, w := range words {
		if s == w {
			return s, nil
		}
	}
	return "", fmt.Errorf("is %q, and must be one of %s", s, strings.Join(words, ", "))
}

func capabilities(v any) ([]spirit.Capability, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf(`must be a list such as ["log", "time"]`)
	}
	caps := []spirit.Capability{}
	for _, e := range list {
		s, err := text(e)
		if err != nil {
			return nil, err
		}
		parsed, err := spirit.ParseCapability(s)
		if err != nil {
			return nil, err
		}
		caps = append(caps, parsed...)
	}
	return caps, nil
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

func quotedList(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = quoted(s)
	}
	return "[" + strings.Join(q, ", ") + "]"
}
