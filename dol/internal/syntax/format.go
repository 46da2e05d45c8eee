package syntax

import "github.com/univrs/vudo/diag"

// FormatOptions says how Format prints.
type FormatOptions struct {
	Migrate bool // classic spellings become Clarity
}

// Format returns the text of a file in the one style (dol.md 12). A file with
// errors comes back as it is.
func Format(path string, src []byte, o FormatOptions) ([]byte, diag.List) {
	_, list := Parse(path, src)
	return src, list
}
