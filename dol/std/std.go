// Package std is the standard library of DOL, in DOL.
//
// All files but host.dol are one module, std: its public names are known in every
// module without an import, its private ones among these files and to the
// compiler, which finds by name what the syntax needs (typed.Library). host.dol
// is the module host.
package std

import (
	"embed"
	"strings"
)

//go:embed *.dol
var sources embed.FS

// File is a source file of the library.
type File struct {
	Name string // std/vec.dol
	Text string
}

// Files returns the files of the library in a fixed order, by name.
func Files() []File {
	entries, err := sources.ReadDir(".")
	if err != nil {
		panic(err) // an embedded directory is there
	}
	files := make([]File, 0, len(entries))
	for _, e := range entries {
		text, err := sources.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		files = append(files, File{Name: "std/" + e.Name(), Text: strings.ReplaceAll(string(text), "\r\n", "\n")})
	}
	return files
}
