package fault

import (
	"fmt"
	"unicode/utf8"
)

// FrameLines returns one line for each frame: "at NAME   FILE:LINE:COLUMN" where
// the module has a source map, with the places below each other, else
// "at NAME (offset 0x1a3) FILE:LINE" with what is known. Names and files are the
// guest's, as they are.
func FrameLines(frames []Frame) []string {
	width := 0
	for i := range frames {
		if frames[i].Column != 0 {
			width = max(width, min(utf8.RuneCountInString(frames[i].Func), maxNameColumn))
		}
	}
	lines := make([]string, len(frames))
	for i := range frames {
		f := &frames[i]
		switch {
		case f.Column != 0:
			lines[i] = fmt.Sprintf("at %-*s %s:%d:%d", width, f.Func, f.File, f.Line, f.Column)
			continue
		case f.Offset != 0:
			lines[i] = fmt.Sprintf("at %s (offset 0x%x)", f.Func, f.Offset)
		default:
			lines[i] = "at " + f.Func
		}
		if f.File != "" {
			lines[i] += fmt.Sprintf(" %s:%d", f.File, f.Line)
		}
	}
	return lines
}

// maxNameColumn is how far one long name moves the places of the other frames.
const maxNameColumn = 40
