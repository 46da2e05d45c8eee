package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol"
)

// coverage says which lines of the sources ran.
type coverage struct {
	Lines   int            `json:"lines"`
	Covered int            `json:"covered"`
	Percent float64        `json:"percent"`
	Files   []fileCoverage `json:"files"`
}

type fileCoverage struct {
	File    string  `json:"file"`
	Lines   int     `json:"lines"` // on which a statement begins
	Covered int     `json:"covered"`
	Percent float64 `json:"percent"`
	Missed  []int   `json:"missed"` // in order
}

// marks takes the output of a test and keeps the lines that it says were reached.
type marks struct{ output bytes.Buffer }

func (m *marks) Write(p []byte) (int, error) { return m.output.Write(p) }

// into adds the numbers of the reached lines.
func (m *marks) into(covered map[int]bool) {
	// A program may write anything between two marks, and a mark by itself; it can
	// deceive only whoever wrote it.
	for _, part := range bytes.Split(m.output.Bytes(), []byte{0})[min(1, m.output.Len()):] {
		line, _, whole := bytes.Cut(part, []byte("\n"))
		word, number, _ := strings.Cut(string(line), " ")
		if n, err := strconv.Atoi(number); whole && err == nil && dol.CoverMark(n) == "\x00"+word+" "+number+"\n" {
			covered[n] = true
		}
	}
}

// measure sums up what all tests together reached.
func (u *testRun) measure() *coverage {
	c := &coverage{Files: []fileCoverage{}}
	for n, line := range u.program.Lines {
		if len(c.Files) == 0 || c.Files[len(c.Files)-1].File != u.set.shownPath(line.File) {
			c.Files = append(c.Files, fileCoverage{File: u.set.shownPath(line.File), Missed: []int{}})
		}
		f := &c.Files[len(c.Files)-1]
		f.Lines++
		c.Lines++
		if u.covered[n] {
			f.Covered++
			c.Covered++
		} else {
			f.Missed = append(f.Missed, line.Line)
		}
	}
	for i := range c.Files {
		c.Files[i].Percent = percent(c.Files[i].Covered, c.Files[i].Lines)
	}
	c.Percent = percent(c.Covered, c.Lines)
	return c
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return float64(part*1000/whole) / 10 // cut off, so that 100 means all
}

func (c *coverage) show(out *terminal) {
	width := len("all")
	for _, f := range c.Files {
		width = max(width, len(f.File))
	}
	for _, f := range c.Files {
		text := fmt.Sprintf("%-*s %5.1f %%  %d of %d lines", width, f.File, f.Percent, f.Covered, f.Lines)
		if len(f.Missed) > 0 {
			text += "; not " + stretches(f.Missed)
		}
		out.line("%s", text)
	}
	out.line("%-*s %5.1f %%  %d of %d lines", width, "all", c.Percent, c.Covered, c.Lines)
}

// stretches writes line numbers as "3, 7-9", the first few of them.
func stretches(lines []int) string {
	const most = 8
	var parts []string
	for i := 0; i < len(lines); {
		j := i + 1
		for j < len(lines) && lines[j] == lines[j-1]+1 {
			j++
		}
		if len(parts) == most {
			return strings.Join(slices.Concat(parts, []string{"…"}), ", ")
		}
		text := strconv.Itoa(lines[i])
		if j-i > 1 {
			text += "-" + strconv.Itoa(lines[j-1])
		}
		parts = append(parts, text)
		i = j
	}
	return strings.Join(parts, ", ")
}
