package host

import (
	"encoding/binary"
	"io/fs"
)

// Bounds of what the listings of a sandbox hold on the host.
const (
	// ListingBytes is how much one scan of a directory may return, by
	// DirEntry.Size: some 25,000 names of usual length, so that most directories
	// are scanned once.
	ListingBytes = 2 << 20
	// maxListed is what all descriptors of a sandbox hold together: one large
	// directory and one below it. It is part of the 16 MiB of a sandbox (vm.md,
	// section 3). Beyond it the listing that was used least recently is scanned
	// again when the guest comes back to it.
	maxListed = 2 * ListingBytes
)

// Directory is an open directory of the file system.
type Directory interface {
	// List returns names of the directory in bytewise order: the first of those
	// after a name ("" for the very first), as many as ListingBytes hold, but at
	// least one when there is one. end says that no name follows them.
	List(after string) (entries []DirEntry, end bool, err error)
	// Ino is the inode number of an entry, or of the directory itself for
	// ".", and 0 when it is gone.
	Ino(name string) uint64
}

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	Type fs.FileMode // of its bits only those that say the type
}

// Size is what an entry counts against ListingBytes: its name, and what a Go
// slice that grew by appending spends on it beside that.
func (e DirEntry) Size() int { return 64 + len(e.Name) }

// listing is where a descriptor is in its directory. Cookies 0 and 1 are "."
// and ".."; names have the numbers from firstName on.
type listing struct {
	dir     Directory
	at      uint64     // cookie of entries[0], or of what a scan finds next
	before  string     // the name before that
	entries []DirEntry // from there on
	end     bool       // nothing follows entries
	held    int        // Size of what the last scan found; entries may be a part of it
	next    uint64     // cookie after the last entry that the guest has whole
	last    string     // its name
	used    uint64     // when, in calls of fd_readdir
}

const (
	firstName  = 2
	direntSize = 24 // of an entry's head: next cookie, inode, length of the name, type
)

func newListing(dir Directory) *listing {
	return &listing{dir: dir, at: firstName, next: firstName}
}

// seek makes cookie the start of what is held, or reports that this descriptor
// does not know it: what came before the last call is gone.
func (l *listing) seek(cookie uint64) bool {
	switch {
	case cookie == 0: // rewinds, so that new files show
		l.at, l.before, l.next, l.last = firstName, "", firstName, ""
		l.drop()
		return true
	case l.at == firstName && cookie < firstName:
		return true
	case l.held == 0 && cookie == l.next && cookie > l.at: // what it began with was dropped
		l.at, l.before = l.next, l.last
		return true
	case cookie < l.at || cookie-l.at > uint64(len(l.entries)):
		return false
	}
	if n := cookie - l.at; n > 0 {
		l.before, l.at, l.entries = l.entries[n-1].Name, cookie, l.entries[n:]
	}
	return true
}

// drop gives back what is held. A guest that goes on where the last call began
// or ended goes on.
func (l *listing) drop() { l.entries, l.end, l.held = nil, false, 0 }

// scan holds what follows what is held in its place.
func (s *State) scan(l *listing) error {
	if n := len(l.entries); n > 0 {
		l.at, l.before = l.at+uint64(n), l.entries[n-1].Name
	}
	l.drop()
	entries, end, err := l.dir.List(l.before)
	if err != nil {
		return err
	}
	l.entries, l.end = entries, end
	for _, e := range entries {
		l.held += e.Size()
	}
	for {
		sum, oldest := l.held, (*listing)(nil)
		for _, f := range s.files.open {
			if o := f.list; o != nil && o != l && o.held > 0 {
				sum += o.held
				if oldest == nil || o.used < oldest.used {
					oldest = o
				}
			}
		}
		if sum <= maxListed || oldest == nil {
			return nil
		}
		oldest.drop()
	}
}

func readdirRow() Func {
	f := wasiOwn("fd_readdir", sig(i32, i32, i32, i64, i32), "bytes used; storage.read", readdir)
	f.Bounds = "10,000 fuel on files, 100 on streams; names in bytewise order, 4 MiB of them held for a sandbox"
	return f
}

func readdir(s *State, a []uint64) int64 {
	if !s.inMemory(a[1], a[2]) || !s.inMemory(a[4], 4) {
		return int64(errnoFault)
	}
	f := s.files.at(a[0])
	if no := s.permit(f, needRead); no != errnoSuccess {
		return int64(no)
	}
	s.chargeFile(f, 0)
	size, l := uint32(a[2]), f.list
	switch {
	case size < direntSize:
		return int64(errnoInval)
	case l == nil: // as the engine's own: programs take ENOTDIR for a fault
		return int64(errnoBadf)
	}
	s.files.listings++
	l.used = s.files.listings
	if !l.seek(a[3]) {
		return int64(errnoNoent)
	}
	used, no := s.list(l, a[3], a[1], size)
	if no != errnoSuccess {
		return int64(no)
	}
	s.pay(units(int(used)))
	s.put32(a[4], used)
	s.out = uint64(used)
	s.learned(a[1], uint64(used))
	return 0
}

// list writes entries from cookie on until the directory ends or the buffer is
// full. Of an entry that does not fit it writes the head, which says how
// much room the entry needs, if that fits.
func (s *State) list(l *listing, cookie, ptr uint64, size uint32) (used uint32, no errno) {
	for ; ; cookie++ {
		e := DirEntry{Type: fs.ModeDir}
		switch {
		case cookie == 0:
			e.Name = "."
		case cookie == 1:
			e.Name = ".."
		default:
			if cookie-l.at == uint64(len(l.entries)) && !l.end {
				if err := s.scan(l); err != nil {
					return 0, errnoIO
				}
			}
			if cookie-l.at == uint64(len(l.entries)) {
				return used, errnoSuccess
			}
			e = l.entries[cookie-l.at]
		}
		if size-used < direntSize {
			return size, errnoSuccess
		}
		p, ok := s.bytes(ptr+uint64(used), uint64(min(size-used, direntSize+uint32(len(e.Name)))))
		if !ok {
			return 0, errnoFault // cannot be: the buffer was checked, and memory does not shrink
		}
		binary.LittleEndian.PutUint64(p, cookie+1)
		binary.LittleEndian.PutUint64(p[8:], l.ino(e.Name))
		binary.LittleEndian.PutUint32(p[16:], uint32(len(e.Name)))
		binary.LittleEndian.PutUint32(p[20:], uint32(fileType(e.Type)))
		if len(p) < direntSize+len(e.Name) {
			clear(p[direntSize:])
			return size, errnoSuccess
		}
		used += direntSize + uint32(copy(p[direntSize:], e.Name))
		if cookie >= firstName {
			l.next, l.last = cookie+1, e.Name
		}
	}
}

// ino is 0 for "..", which may be outside of what the guest may see.
func (l *listing) ino(name string) uint64 {
	if name == ".." {
		return 0
	}
	return l.dir.Ino(name)
}

// fileType is the type of a file as preview 1 numbers it; what a guest cannot
// open is of type unknown, 0.
func fileType(m fs.FileMode) byte {
	switch m & fs.ModeType {
	case 0:
		return 4
	case fs.ModeDir:
		return 3
	case fs.ModeSymlink:
		return 7
	case fs.ModeDevice:
		return 1
	case fs.ModeDevice | fs.ModeCharDevice:
		return 2
	}
	return 0
}
