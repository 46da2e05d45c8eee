package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/univrs/vudo/internal/atomicfile"
)

var shells = []string{"bash", "zsh", "fish", "powershell", "man"}

func completionCommand() command {
	return command{
		name: "completion", operands: "bash|zsh|fish|powershell|man", min: 1, max: 1, lenient: true,
		short: "print a shell completion script or the manual pages",
		long: "Load the script in your shell's start file; it completes commands, flags and the exports of a module. " +
			"The one for bash uses the functions of the bash-completion package.\n" +
			"\n" +
			"  bash        source <(vudo completion bash)\n" +
			"  zsh         vudo completion zsh > \"${fpath[1]}/_vudo\"\n" +
			"  fish        vudo completion fish > ~/.config/fish/completions/vudo.fish\n" +
			"  powershell  vudo completion powershell | Out-String | Invoke-Expression\n" +
			"\n" +
			"man prints the manual of vudo; with --dir it writes one page per command.",
		flags: []flagSpec{
			{name: "dir", value: "DIR", usage: "man: write the pages into DIR, which is created when absent"},
			{name: "force", usage: "man: overwrite pages that are there"},
		},
		examples: []example{
			{"vudo completion bash", "the script for bash"},
			{"vudo completion man --dir man1", "one page per command: man1/vudo-run.1 and so on"},
		},
		run:      runCompletion,
		complete: func(*session, []string) []string { return shells },
	}
}

func runCompletion(s *session, args []string) (*result, error) {
	dir, hasDir := s.given("dir")
	if hasDir && args[0] != "man" {
		return nil, usage("vudo completion man --dir "+dir, "--dir belongs to man, not to %s", args[0])
	}
	if args[0] == "man" && hasDir {
		return writeManual(dir, s.on("force"))
	}
	script, err := completionScript(args[0])
	if err != nil {
		return nil, err
	}
	return &result{
		data: map[string]string{"shell": args[0], "script": script},
		text: func(out *terminal) { fmt.Fprint(out.w, script) },
	}, nil
}

func completionScript(shell string) (string, error) {
	table := commands()
	root := buildTree(table, &session{flags: map[string]*flagValue{}}, func(string, []string) error { return nil })
	var b bytes.Buffer
	generate := map[string]func(*cobra.Command, io.Writer) error{
		"bash":       func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) },
		"zsh":        func(c *cobra.Command, w io.Writer) error { return c.GenZshCompletion(w) },
		"fish":       func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) },
		"powershell": func(c *cobra.Command, w io.Writer) error { return c.GenPowerShellCompletionWithDesc(w) },
		"man": func(_ *cobra.Command, w io.Writer) error {
			_, err := io.WriteString(w, manualOverview(table))
			return err
		},
	}[shell]
	if generate == nil {
		return "", usage(didYouMean(shell, shells, "choose one of bash, zsh, fish, powershell, man"), "no completion for %q", shell)
	}
	err := generate(root, &b)
	return b.String(), err
}

// writeManual writes one page per command. Pages of an earlier run are
// replaced; a file that is no page of this manual needs --force.
func writeManual(dir string, force bool) (*result, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	table := commands()
	pages := map[string]string{"vudo.1": manualOverview(table)}
	order := []string{"vudo.1"}
	for i := range table {
		if !table[i].hidden {
			name := manualName(&table[i]) + ".1"
			pages[name] = manualPage(&table[i])
			order = append(order, name)
		}
	}
	if !force {
		for _, name := range order {
			old, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil && !bytes.HasPrefix(old, []byte(manualMark)) {
				return nil, fail("exists", "add --force to overwrite it", "%s is not a page that vudo wrote", filepath.Join(dir, name))
			}
		}
	}
	var files []string
	for _, name := range order {
		path := filepath.Join(dir, name)
		if err := atomicfile.Write(path, []byte(pages[name]), 0o644); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return &result{
		data: map[string]any{"files": files},
		text: func(out *terminal) { out.line("wrote %d pages to %s", len(files), dir) },
	}, nil
}
