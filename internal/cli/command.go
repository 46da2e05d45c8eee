package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// command is one row of the command table. Help, man pages, completions and
// the parser are all made from it.
type command struct {
	name     string    // as typed behind vudo: "cache list"
	operands string    // as shown in the usage line
	min, max int       // number of operands; max < 0 = any
	short    string    // one line, a verb first
	long     string    // paragraphs separated by an empty line
	examples []example // each is run by a test
	flags    []flagSpec
	lenient  bool // runs even with a broken config.toml
	hidden   bool
	run      func(s *session, args []string) (*result, error)
	complete func(s *session, args []string) []string // operand completions; nil = files
}

// example is a command line that works, with what it shows.
type example struct{ line, shows string }

// flagSpec is one flag. A flag without a value name is a switch.
type flagSpec struct {
	name  string
	short string // one letter, or ""
	value string // name of the value in help; "" for a switch
	usage string // one line
	many  bool   // may be given more than once
	words []string
}

// flagValue holds what was given for a flag; it implements pflag.Value.
type flagValue struct {
	spec   flagSpec
	values []string
}

// String is the last value; a switch is "false" until it is given.
func (v *flagValue) String() string {
	switch {
	case len(v.values) > 0:
		return v.values[len(v.values)-1]
	case v.spec.value == "":
		return "false"
	}
	return ""
}

// Set takes one value as written. Whether it makes sense is the command's
// affair, which knows how to say so.
func (v *flagValue) Set(s string) error {
	v.values = append(v.values, strings.TrimPrefix(s, operandMark))
	return nil
}

func (v *flagValue) Type() string {
	if v.spec.value == "" {
		return "bool"
	}
	return v.spec.value
}

// given reports whether the flag was written, and its last value.
func (s *session) given(name string) (string, bool) {
	v := s.flags[name]
	if v == nil || len(v.values) == 0 {
		return "", false
	}
	return v.values[len(v.values)-1], true
}

// all returns every value of a flag in the order written.
func (s *session) all(name string) []string {
	if v := s.flags[name]; v != nil {
		return v.values
	}
	return nil
}

// on reports whether a switch was given and not turned off with =false.
func (s *session) on(name string) bool {
	v, ok := s.given(name)
	return ok && v != "false"
}

// globalFlags are accepted by every command, before and after its operands.
var globalFlags = []flagSpec{
	{name: "help", short: "h", usage: "show help with an example"},
	{name: "version", short: "V", usage: "show the version"},
	{name: "verbose", short: "v", usage: "say more on stderr; twice for even more", many: true},
	{name: "quiet", short: "q", usage: "only results and errors"},
	{name: "json", usage: "print exactly one JSON document on stdout, also on failure"},
	{name: "chdir", short: "C", value: "DIR", usage: "work in DIR"},
	{name: "home", value: "DIR", usage: "keep state in DIR (default $VUDO_HOME, else ~/.vudo)"},
	{name: "color", value: "WHEN", usage: "auto, always or never (default auto: on a terminal, without NO_COLOR)", words: []string{"auto", "always", "never"}},
	{name: "no-progress", usage: "no progress display"},
	{name: "yes", short: "y", usage: "answer yes to confirmations; never to questions about capabilities"},
	{name: "no-input", usage: "never ask; a needed answer is an error that names the flag"},
}

// operandMark stands before an operand that would otherwise look like a flag:
// a negative number. No operating system lets an argument contain it.
const operandMark = "\x00"

// markNumbers lets negative numbers be operands, as in `run FILE add -5 3`.
func markNumbers(args []string) []string {
	out := append([]string(nil), args...)
	for i, a := range out {
		if a == "--" {
			break
		}
		if looksNegative(a) {
			out[i] = operandMark + a
		}
	}
	return out
}

func looksNegative(a string) bool {
	rest, ok := strings.CutPrefix(a, "-")
	if !ok || rest == "" {
		return false
	}
	if c := rest[0]; c >= '0' && c <= '9' || c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
		return true
	}
	lower := strings.ToLower(rest)
	return lower == "inf" || lower == "infinity" || lower == "nan" || strings.HasPrefix(lower, "nan:")
}

func unmark(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.TrimPrefix(a, operandMark)
	}
	return out
}

// find returns the row of a command by its full name.
func find(table []command, name string) *command {
	for i := range table {
		if table[i].name == name {
			return &table[i]
		}
	}
	return nil
}

// words lists what may follow prefix ("" or a group such as "cache"), hidden ones excluded.
func words(table []command, prefix string) []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range table {
		rest := c.name
		if prefix != "" {
			after, ok := strings.CutPrefix(c.name, prefix+" ")
			if !ok {
				continue
			}
			rest = after
		}
		word, _, _ := strings.Cut(rest, " ")
		if c.hidden || seen[word] {
			continue
		}
		seen[word] = true
		out = append(out, word)
	}
	return out
}

// buildTree turns the table into the parser's commands. The chosen row and its
// operands are handed to choose instead of being run, so that one place sets
// up the session first.
func buildTree(table []command, s *session, choose func(name string, args []string) error) *cobra.Command {
	root := &cobra.Command{
		Use:                   "vudo",
		SilenceErrors:         true,
		SilenceUsage:          true,
		DisableSuggestions:    true,
		DisableFlagsInUseLine: true,
		CompletionOptions:     cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:                  cobra.ArbitraryArgs,
		RunE:                  func(_ *cobra.Command, args []string) error { return choose("", args) },
	}
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		_ = choose(strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "vudo")), nil)
	})
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagFailure(c, err) })
	addFlags(root.PersistentFlags(), globalFlags, s)

	groups := map[string]*cobra.Command{}
	for i := range table {
		row := &table[i]
		parent, word := root, row.name
		if group, rest, ok := strings.Cut(row.name, " "); ok {
			word = rest
			parent = groups[group]
			if parent == nil {
				parent = &cobra.Command{
					Use: group, Short: groupText[group], Args: cobra.ArbitraryArgs, DisableSuggestions: true,
					RunE: func(_ *cobra.Command, args []string) error { return choose(group, args) },
				}
				groups[group] = parent
				root.AddCommand(parent)
			}
		}
		c := &cobra.Command{
			Use: word, Short: row.short, Hidden: row.hidden, DisableSuggestions: true, Args: cobra.ArbitraryArgs,
			RunE: func(_ *cobra.Command, args []string) error { return choose(row.name, args) },
		}
		if row.complete != nil {
			c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				found := row.complete(s, unmark(args))
				if found == nil {
					return nil, cobra.ShellCompDirectiveDefault
				}
				return found, cobra.ShellCompDirectiveNoFileComp
			}
		}
		addFlags(c.Flags(), row.flags, s)
		for _, f := range row.flags {
			registerWords(c, f)
		}
		if row.name == "help" { // else the parser would add one of its own
			root.SetHelpCommand(c)
			continue
		}
		parent.AddCommand(c)
	}
	for _, f := range globalFlags {
		registerWords(root, f)
	}
	return root
}

func registerWords(c *cobra.Command, f flagSpec) {
	if f.words != nil {
		_ = c.RegisterFlagCompletionFunc(f.name, cobra.FixedCompletions(f.words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func addFlags(set *pflag.FlagSet, specs []flagSpec, s *session) {
	for _, spec := range specs {
		v := s.flags[spec.name]
		if v == nil {
			v = &flagValue{spec: spec}
			s.flags[spec.name] = v
		}
		usage := spec.usage
		if spec.value != "" {
			usage = "`" + spec.value + "` " + usage
		}
		f := set.VarPF(v, spec.name, spec.short, usage)
		if spec.value == "" {
			f.NoOptDefVal = "true"
		}
	}
}

// flagFailure says which flag is wrong and what the nearest one is.
func flagFailure(c *cobra.Command, err error) error {
	path := strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "vudo"))
	help := "vudo --help"
	if path != "" {
		help = "vudo " + path + " --help"
	}
	if missing, ok := err.(*pflag.ValueRequiredError); ok {
		return usage("give it one, as shown by "+help, "flag --%s needs a value", missing.GetFlag().Name)
	}
	unknown, ok := err.(*pflag.NotExistError)
	if !ok {
		return usage(help, "%v", err)
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	c.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	rest := help + " lists the flags"
	if path == "run" {
		rest += "; put -- before arguments that are meant for the Spirit"
	}
	name := "--" + unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usage(rest, "unknown flag -%s", unknown.GetSpecifiedName())
	}
	return usage(didYouMean(name, names, rest), "unknown flag %s", name)
}
