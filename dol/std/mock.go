package std

import "embed"

//go:embed mock/*.dol
var mocks embed.FS

// Mock returns the two files that a program to be tested has beside the library:
// record is what tests script and look at, replace has functions that stand in
// the place of those of the same names, so that messages go to the record and
// never to a host.
func Mock() (record, replace File) {
	return mock("mock/record.dol"), mock("mock/replace.dol")
}

func mock(name string) File {
	text, err := mocks.ReadFile(name)
	if err != nil {
		panic(err) // an embedded file is there
	}
	return File{Name: "std/" + name, Text: string(text)}
}
