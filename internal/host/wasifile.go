package host

import (
	"encoding/binary"
	"errors"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

var (
	errInputLimit  = errors.New("the input is longer than max_input_bytes")
	errOutputLimit = errors.New("the output could not be written")
)

// fileTable mirrors the engine's table of descriptors: what each stands for
// decides its capability and its price.
type fileTable struct {
	open  []file // by descriptor
	grown int64  // bytes by which the sandbox made files grow in its life
	full  bool   // the current call was refused for want of room

	opened   Directory // what the current call opened last; nil for a file
	listings uint64    // calls of fd_readdir that listed something
}

type fileKind uint8

const (
	isClosed fileKind = iota
	isStdin
	isStdout
	isStderr
	isFile // a file or directory below a mapped directory
)

type file struct {
	kind    fileKind
	preopen bool     // the mapped directory's own descriptor
	dir     int      // index of the mapped directory in StateConfig.Dirs
	sync    uint16   // the flags of synchronous writing that it was opened with
	list    *listing // of a directory
}

// firstMapped is the descriptor of the first mapped directory.
const firstMapped = 3

func (t *fileTable) at(fd uint64) file {
	if n := uint64(uint32(fd)); n < uint64(len(t.open)) {
		return t.open[n]
	}
	return file{}
}

// set ignores numbers that the engine cannot have given: it takes the lowest
// free one, and gates bound how many are open. What is not in the table is
// closed, and no gate lets a call on it through.
func (t *fileTable) set(fd uint32, f file) {
	if fd >= maxOpenFiles {
		return
	}
	for uint64(fd) >= uint64(len(t.open)) {
		t.open = append(t.open, file{})
	}
	t.open[fd] = f
}

func (t *fileTable) count() int {
	n := 0
	for _, f := range t.open {
		if f.kind != isClosed {
			n++
		}
	}
	return n
}

// fileWatch is the State as the file system sees it.
type fileWatch struct{ s *State }

func (w fileWatch) Grow(n int64) bool {
	if n > 0 && (uint64(n) > w.s.limits.StorageBytes || uint64(w.s.files.grown) > w.s.limits.StorageBytes-uint64(n)) {
		w.s.files.full = true
		return false
	}
	w.s.files.grown += max(0, n)
	return true
}

func (w fileWatch) Shrink(n int64) { w.s.files.grown = max(0, w.s.files.grown-n) }
func (w fileWatch) Pause()         { w.s.m.Poll() }

func (w fileWatch) Opened(d Directory) { w.s.files.opened = d }

func (w fileWatch) Mapped(n int, d Directory) {
	w.s.files.open[firstMapped+n].list = newListing(d)
}

// The rights that file functions need on the mapped directory they touch.
type need uint8

const (
	needNone need = iota // any open descriptor
	needRead
	needWrite
	needDelete
	needReplace // write and delete
)

func (n need) types() []spirit.Type {
	switch n {
	case needRead:
		return []spirit.Type{spirit.TypeStorageRead}
	case needWrite:
		return []spirit.Type{spirit.TypeStorageWrite}
	case needDelete:
		return []spirit.Type{spirit.TypeStorageDelete}
	case needReplace:
		return []spirit.Type{spirit.TypeStorageWrite, spirit.TypeStorageDelete}
	}
	return nil
}

// permit checks what n needs for the directory that f belongs to.
func (s *State) permit(f file, n need) errno {
	switch f.kind {
	case isFile:
	case isClosed:
		return errnoBadf
	default:
		return errnoSuccess
	}
	for _, t := range n.types() {
		if d := s.rights.CheckDir(t, s.cfg.Dirs[f.dir].Guest); d != nil {
			s.deny(d)
			return errnoNotcapable
		}
	}
	return errnoSuccess
}

// chargeFile takes the price of a call on f that moves n bytes: files cost
// like storage, streams like any call.
func (s *State) chargeFile(f file, n int) {
	base := uint64(baseCall)
	if f.kind == isFile {
		base = baseStorage
	}
	s.pay(base + units(n))
}

// onFile is the gate of a function whose first parameter is a descriptor.
func onFile(n need) func(s *State, a []uint64) errno {
	return func(s *State, a []uint64) errno {
		f := s.files.at(a[0])
		if no := s.permit(f, n); no != errnoSuccess {
			return no
		}
		s.chargeFile(f, 0)
		return errnoSuccess
	}
}

// onPath is the gate of a function with a directory's descriptor and a path,
// at these parameters.
func onPath(dir, path int, n need) func(s *State, a []uint64) errno {
	return func(s *State, a []uint64) errno {
		size, no := s.path(a, dir, path, n)
		if no == errnoSuccess {
			s.chargeFile(s.files.at(a[dir]), size)
			s.in = uint64(size)
		}
		return no
	}
}

// onPaths is the gate of a function with two of them.
func onPaths(dir1, path1 int, n1 need, dir2, path2 int, n2 need) func(s *State, a []uint64) errno {
	return func(s *State, a []uint64) errno {
		size1, no := s.path(a, dir1, path1, n1)
		if no != errnoSuccess {
			return no
		}
		size2, no := s.path(a, dir2, path2, n2)
		if no == errnoSuccess {
			s.chargeFile(s.files.at(a[dir1]), size1+size2)
		}
		return no
	}
}

func (s *State) path(a []uint64, dir, path int, n need) (int, errno) {
	size := uint32(a[path+1])
	if !s.inMemory(a[path], a[path+1]) {
		return 0, errnoFault
	}
	if size > maxPath {
		return 0, errnoNametoolong
	}
	return int(size), s.permit(s.files.at(a[dir]), n)
}

// wasiFileFuncs are the functions of preview 1 on descriptors and paths.
func wasiFileFuncs() []Func {
	row := func(name string, params []wasm.ValType, success string, gate func(*State, []uint64) errno, done func(*State, []uint64, errno) errno) Func {
		f := wasi(name, params, 0, success, gate, done)
		f.Bounds = "10,000 fuel on files, 100 on streams"
		return f
	}
	return []Func{
		row("fd_advise", sig(i32, i64, i64, i32), "0", onFile(needNone), nil),
		row("fd_allocate", sig(i32, i64, i64), "0; storage.write", onFile(needWrite), nil),
		row("fd_close", sig(i32), "0", onFile(needNone), func(s *State, a []uint64, no errno) errno {
			if no == errnoSuccess {
				s.files.set(uint32(a[0]), file{})
			}
			return no
		}),
		row("fd_datasync", sig(i32), "0; storage.write", onFile(needWrite), nil),
		row("fd_fdstat_get", sig(i32, i32), "24 bytes", onFile(needNone), doneFdstat),
		row("fd_fdstat_set_flags", sig(i32, i32), "0", onFile(needNone), nil),
		row("fd_fdstat_set_rights", sig(i32, i64, i64), "not supported by the engine", onFile(needNone), nil),
		row("fd_filestat_get", sig(i32, i32), "64 bytes; storage.read", onFile(needRead),
			func(s *State, a []uint64, no errno) errno { return s.reads(a[1], 64, no) }),
		row("fd_filestat_set_size", sig(i32, i64), "0; storage.write", onFile(needWrite), nil),
		row("fd_filestat_set_times", sig(i32, i64, i64, i32), "0; storage.write", gateSetTimes, nil),
		row("fd_pread", sig(i32, i32, i32, i64, i32), "bytes read; storage.read", gateRead(4), doneRead(4)),
		row("fd_pwrite", sig(i32, i32, i32, i64, i32), "bytes written; storage.write", gateWrite, doneWrite(4)),
		row("fd_read", sig(i32, i32, i32, i32), "bytes read; storage.read for files", gateRead(3), doneRead(3)),
		readdirRow(),
		row("fd_renumber", sig(i32, i32), "0", gateRenumber, func(s *State, a []uint64, no errno) errno {
			if from, to := uint32(a[0]), uint32(a[1]); no == errnoSuccess && from != to {
				s.files.set(to, s.files.at(a[0]))
				s.files.set(from, file{})
			}
			return no
		}),
		row("fd_seek", sig(i32, i64, i32, i32), "new offset", onFile(needNone), nil),
		row("fd_sync", sig(i32), "0; storage.write", onFile(needWrite), nil),
		row("fd_tell", sig(i32, i32), "offset", onFile(needNone), nil),
		row("fd_write", sig(i32, i32, i32, i32), "bytes written; storage.write for files, actuator.log for fd 2", gateWrite, doneWrite(3)),
		row("path_create_directory", sig(i32, i32, i32), "0; storage.write", onPath(0, 1, needWrite), nil),
		row("path_filestat_get", sig(i32, i32, i32, i32, i32), "64 bytes; storage.read", onPath(0, 2, needRead),
			func(s *State, a []uint64, no errno) errno { return s.reads(a[4], 64, no) }),
		row("path_filestat_set_times", sig(i32, i32, i32, i32, i64, i64, i32), "0; storage.write", onPath(0, 2, needWrite), nil),
		row("path_link", sig(i32, i32, i32, i32, i32, i32, i32), "0; storage.write; following a link is refused", gateLink, nil),
		row("path_open", sig(i32, i32, i32, i32, i32, i64, i64, i32, i32), "descriptor; storage.read or storage.write as opened", gateOpen, doneOpen),
		row("path_readlink", sig(i32, i32, i32, i32, i32, i32), "bytes used; storage.read", onPath(0, 1, needRead),
			func(s *State, a []uint64, no errno) errno {
				return s.reads(a[3], uint64(min(s.get32(a[5]), uint32(a[4]))), no)
			}),
		row("path_remove_directory", sig(i32, i32, i32), "0; storage.delete", onPath(0, 1, needDelete), nil),
		row("path_rename", sig(i32, i32, i32, i32, i32, i32), "0; storage.write and storage.delete", onPaths(0, 1, needReplace, 3, 4, needReplace), nil),
		row("path_symlink", sig(i32, i32, i32, i32, i32), "0; storage.write", gateSymlink, nil),
		row("path_unlink_file", sig(i32, i32, i32), "0; storage.delete", onPath(0, 1, needDelete), nil),
	}
}

// vectors checks the iovecs of a call and returns their sum.
func (s *State) vectors(ptr, n uint64) (int, errno) {
	count := uint64(uint32(n))
	if count > maxVectors {
		return 0, errnoInval
	}
	list, ok := s.bytes(ptr, count*8)
	if !ok {
		return 0, errnoFault
	}
	mem := uint64(len(s.m.Memory()))
	sum := uint64(0)
	for ; len(list) > 0; list = list[8:] {
		p, l := uint64(binary.LittleEndian.Uint32(list)), uint64(binary.LittleEndian.Uint32(list[4:]))
		if l > 0 && p+l > mem {
			return 0, errnoFault
		}
		sum += l
	}
	if sum > maxVectorBytes {
		return 0, errnoInval
	}
	return int(sum), errnoSuccess
}

func gateWrite(s *State, a []uint64) errno {
	n, no := s.vectors(a[1], a[2])
	if no != errnoSuccess {
		return no
	}
	if !s.inMemory(a[len(s.current.Params)-1], 4) {
		return errnoFault
	}
	f := s.files.at(a[0])
	if no := s.permit(f, needWrite); no != errnoSuccess {
		return no
	}
	switch f.kind {
	case isStdout:
		if uint64(n) > s.limits.OutputBytes-s.output.written {
			return errnoFbig
		}
	case isStderr:
		if d := s.rights.Check(spirit.TypeActuatorLog); d != nil {
			s.deny(d)
			s.counters[s.current.number].denied++
		}
	case isFile:
		s.totals.storageWrites++
	}
	s.chargeFile(f, n)
	return errnoSuccess
}

func doneWrite(result int) func(s *State, a []uint64, no errno) errno {
	return func(s *State, a []uint64, no errno) errno {
		if no == errnoSuccess {
			s.in = uint64(s.get32(a[result]))
		}
		return no
	}
}

func gateRead(result int) func(s *State, a []uint64) errno {
	return func(s *State, a []uint64) errno {
		n, no := s.vectors(a[1], a[2])
		if no != errnoSuccess {
			return no
		}
		if !s.inMemory(a[result], 4) {
			return errnoFault
		}
		f := s.files.at(a[0])
		if no := s.permit(f, needRead); no != errnoSuccess {
			return no
		}
		s.chargeFile(f, 0)
		switch {
		case f.kind == isFile:
			s.totals.storageReads++
		case f.kind == isStdin && s.input.stream != nil && n > 0:
			s.fill(-1)
			if len(s.input.ahead) > 0 && s.input.taken == s.limits.InputBytes {
				return errnoFbig
			}
		}
		return errnoSuccess
	}
}

// doneRead charges for what was read: how much was not known before.
func doneRead(result int) func(s *State, a []uint64, no errno) errno {
	return func(s *State, a []uint64, no errno) errno {
		if no != errnoSuccess {
			return no
		}
		n := s.get32(a[result])
		s.pay(units(int(n)))
		s.out = uint64(n)
		for v, vectors := a[1], uint32(a[2]); vectors > 0 && n > 0; v, vectors = v+8, vectors-1 {
			l := min(n, s.get32(v+4))
			s.learned(uint64(s.get32(v)), uint64(l))
			n -= l
		}
		return no
	}
}

// gateSetTimes lets only files through: on a standard stream the engine would
// look for a file system that is not there.
func gateSetTimes(s *State, a []uint64) errno {
	f := s.files.at(a[0])
	if f.kind != isFile && f.kind != isClosed {
		return errnoNotsup
	}
	if no := s.permit(f, needWrite); no != errnoSuccess {
		return no
	}
	s.chargeFile(f, 0)
	return errnoSuccess
}

// gateRenumber lets only open descriptors be replaced, as the specification
// says; the engine would make its table as long as any number asks for.
func gateRenumber(s *State, a []uint64) errno {
	if s.files.at(a[0]).kind == isClosed || s.files.at(a[1]).kind == isClosed {
		return errnoBadf
	}
	s.charge(0)
	return errnoSuccess
}

func gateSymlink(s *State, a []uint64) errno {
	if !s.inMemory(a[0], a[1]) {
		return errnoFault
	}
	if uint32(a[1]) > maxPath {
		return errnoNametoolong
	}
	size, no := s.path(a, 2, 3, needWrite)
	if no == errnoSuccess {
		s.chargeFile(s.files.at(a[2]), size+int(uint32(a[1])))
	}
	return no
}

// The flags of path_open that ask to write (WASI preview 1: oflags, rights,
// fdflags).
const (
	openCreate, openTruncate = 1, 8
	rightWrite               = 1 << 6
	flagAppend               = 1
	flagsSync                = 2 | 8 | 16 // dsync, rsync, sync
	lookupFollow             = 1          // of lookupflags
)

func gateOpen(s *State, a []uint64) errno {
	if !s.inMemory(a[8], 4) {
		return errnoFault
	}
	n := needRead
	if uint32(a[4])&(openCreate|openTruncate) != 0 || a[5]&rightWrite != 0 || uint32(a[7])&flagAppend != 0 {
		n = needWrite
	}
	size, no := s.path(a, 0, 2, n)
	if no != errnoSuccess {
		return no
	}
	if s.files.count() >= maxOpenFiles {
		return errnoMfile
	}
	s.files.opened = nil
	s.chargeFile(s.files.at(a[0]), size)
	return errnoSuccess
}

func doneOpen(s *State, a []uint64, no errno) errno {
	if no == errnoSuccess {
		f := file{kind: isFile, dir: s.files.at(a[0]).dir, sync: uint16(a[7]) & flagsSync}
		if d := s.files.opened; d != nil {
			f.list = newListing(d)
		}
		s.files.set(s.get32(a[8]), f)
	}
	return no
}

// doneFdstat adds the flags that the engine forgets.
func doneFdstat(s *State, a []uint64, no errno) errno {
	if f := s.files.at(a[0]); no == errnoSuccess && f.sync != 0 {
		if p, ok := s.bytes(a[1]+2, 2); ok {
			binary.LittleEndian.PutUint16(p, binary.LittleEndian.Uint16(p)|f.sync)
		}
	}
	return s.reads(a[1], 24, no)
}

// gateLink refuses to follow the link that is to be linked, which the engine
// would silently not do.
func gateLink(s *State, a []uint64) errno {
	if uint32(a[1])&lookupFollow != 0 {
		return errnoInval
	}
	return onPaths(0, 2, needWrite, 4, 5, needWrite)(s, a)
}
