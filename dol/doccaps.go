package dol

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/types"
)

// maxDocChecks bounds for how many modules capabilities are found out: each costs
// a check of the program from there.
const maxDocChecks = 100

// needs finds out which capabilities the functions that each file offers need. It
// finds none while the program has errors.
func needs(files []*syntax.File) map[string][]string {
	out := map[string][]string{}
	if len(files) > maxDocChecks {
		return out
	}
	all := append(files[:len(files):len(files)], library()...)
	for _, f := range files {
		prog, problems := types.Check(all, types.Options{Entry: f.Path})
		if problems.HasErrors() {
			break
		}
		if len(prog.Capabilities) > 0 {
			out[f.Path] = prog.Capabilities
		}
	}
	return out
}
