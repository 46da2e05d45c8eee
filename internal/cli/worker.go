package cli

import (
	"os"

	"github.com/univrs/vudo"
)

// workerWord is the hidden command that compiles one module for another vudo
// process, so that a module that is costly to compile takes a process with it
// and nothing else. It takes no flags.
const workerWord = "__compile-worker"

// workerMain runs the compile worker when that is what the command line says.
func workerMain(args []string) (code int, ok bool) {
	if len(args) != 1 || args[0] != workerWord {
		return 0, false
	}
	return vudo.CompileWorkerMain(os.Stdin, os.Stdout), true
}

// compileWorker is the command that starts a worker: this very program. It is
// nil where the program does not know its own file.
func compileWorker() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, workerWord}
}
