// Command vudo runs WebAssembly that nobody has to trust.
package main

import (
	"os"

	"github.com/univrs/vudo/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
