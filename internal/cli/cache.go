package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

func cacheListCommand() command {
	return command{
		name: "cache list", max: 0,
		short:    "list the compiled code kept on disk",
		long:     "Compiled code makes the second start of a module fast. It is kept below $VUDO_HOME/cache, at most cache.max_bytes (config.toml) of it; what was used least recently goes first.",
		examples: []example{{"vudo cache list", "digest, size and last use"}},
		run:      runCacheList,
	}
}

func cacheCleanCommand() command {
	return command{
		name: "cache clean", max: 0,
		short:    "remove the compiled code kept on disk",
		long:     "Nothing is lost: modules are compiled again when they run next.",
		examples: []example{{"vudo cache clean", "all of it"}},
		run:      runCacheClean,
	}
}

// cacheEntry is one file of the cache.
type cacheEntry struct {
	Digest string    `json:"digest"` // the key under which it is kept
	Kind   string    `json:"kind"`   // image: the metered module; code: machine code; dol: a module made of a .dol file
	Bytes  int64     `json:"bytes"`
	Used   time.Time `json:"used"`

	path string
}

func cacheRoot(home string) string { return filepath.Join(home, "cache", "modules") }

// cacheEntries lists the cache, most recently used first. An absent cache is
// empty. Files that another process is writing are not listed, so that nobody
// removes them from under it.
func cacheEntries(home string) ([]cacheEntry, error) {
	entries, _, err := walkCache(home)
	return entries, err
}

// walkCache lists finished files, and those that were begun and not finished.
func walkCache(home string) (entries, unfinished []cacheEntry, err error) {
	root := cacheRoot(home)
	entries = []cacheEntry{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another process removed it meanwhile, or there is none
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return nil
		}
		e := cacheEntry{Digest: d.Name(), Kind: "code", Bytes: st.Size(), Used: st.ModTime().UTC(), path: path}
		if read := accessTime(st).UTC(); read.After(e.Used) {
			// Many file systems note a reading only when none was noted since the
			// last change. Keeping it as the change makes the next one noted too.
			e.Used = read
			_ = os.Chtimes(path, read, read)
		}
		if rel, err := filepath.Rel(root, path); err == nil {
			switch firstPart(rel) {
			case "images":
				e.Kind = "image"
			case "dol":
				e.Kind = "dol"
			}
		}
		if isTemporary(e.Digest) {
			unfinished = append(unfinished, e)
		} else {
			entries = append(entries, e)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	sort.SliceStable(entries, func(i, k int) bool {
		if !entries[i].Used.Equal(entries[k].Used) {
			return entries[i].Used.After(entries[k].Used)
		}
		return entries[i].path < entries[k].path
	})
	return entries, unfinished, nil
}

func firstPart(rel string) string {
	for dir := filepath.Dir(rel); dir != "."; dir = filepath.Dir(dir) {
		rel = dir
	}
	return rel
}

func runCacheList(s *session, _ []string) (*result, error) {
	entries, err := cacheEntries(s.home)
	if err != nil {
		return nil, err
	}
	total := cacheBytes(entries)
	return &result{data: map[string]any{"entries": entries, "bytes": total}, text: func(out *terminal) {
		if len(entries) == 0 {
			out.line("the cache is empty")
			return
		}
		for _, e := range entries {
			out.line("%-6s %-64s %10s  %s", e.Kind, escape(e.Digest), size(uint64(e.Bytes)), e.Used.Local().Format("2006-01-02 15:04:05"))
		}
		out.line("%s, %s of at most %s", plural(len(entries), "file"), size(uint64(total)), size(s.config.CacheMaxBytes))
	}}, nil
}

func cacheBytes(entries []cacheEntry) (total int64) {
	for _, e := range entries {
		total += e.Bytes
	}
	return total
}

func runCacheClean(s *session, _ []string) (*result, error) {
	entries, err := cacheEntries(s.home)
	if err != nil {
		return nil, err
	}
	removed, err := removeEntries(entries)
	if err != nil {
		return nil, err
	}
	return &result{
		data: map[string]any{"entries": []cacheEntry{}, "removed": removed, "bytes": cacheBytes(removed)},
		text: func(out *terminal) {
			out.line("removed %s, %s", plural(len(removed), "file"), size(uint64(cacheBytes(removed))))
		},
	}, nil
}

// removeEntries removes files, and returns those that it removed itself.
func removeEntries(entries []cacheEntry) ([]cacheEntry, error) {
	removed := []cacheEntry{}
	for _, e := range entries {
		err := os.Remove(e.path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return removed, err
		}
		removed = append(removed, e)
	}
	return removed, nil
}

// trimCache keeps the cache within cache.max_bytes: what was used least
// recently goes first. A cache that cannot be read or trimmed is no reason to
// fail a run that has been made.
func (s *session) trimCache() {
	entries, err := cacheEntries(s.home)
	if err != nil {
		s.detail("the cache was not trimmed: %v", err)
		return
	}
	total := uint64(cacheBytes(entries))
	for i := len(entries) - 1; i >= 0 && total > s.config.CacheMaxBytes; i-- {
		if os.Remove(entries[i].path) == nil {
			total -= uint64(entries[i].Bytes)
		}
	}
}

// checkCache is the doctor's look at the cache: left-over temporary files of a
// process that was killed are removed by --fix.
func (s *session) checkCache() check {
	c := check{Name: "cache", Verdict: verdictOK}
	entries, unfinished, err := walkCache(s.home)
	if err != nil {
		c.Verdict, c.Text, c.Repair = verdictFail, err.Error(), "correct the permissions of "+cacheRoot(s.home)
		return c
	}
	c.Text = plural(len(entries), "file") + ", " + size(uint64(cacheBytes(entries)))
	var stale []cacheEntry
	for _, e := range unfinished {
		if time.Since(e.Used) > time.Hour {
			stale = append(stale, e)
		}
	}
	if len(stale) > 0 {
		c.Verdict = verdictWarn
		c.Text += "; " + plural(len(stale), "unfinished file") + " left by a process that was killed"
		c.Repair = "vudo doctor --fix removes them"
		c.fixText = "remove " + plural(len(stale), "unfinished file") + " from the cache"
		c.fix = func() error { _, err := removeEntries(stale); return err }
	}
	return c
}

// isTemporary recognises the names under which cache files are written before
// they are complete; finished ones are hexadecimal.
func isTemporary(name string) bool {
	for _, r := range name {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return true
		}
	}
	return false
}
