package sandbox

import (
	"container/heap"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasisys "github.com/tetratelabs/wazero/sys"

	"github.com/univrs/vudo/internal/host"
)

// filePiece is how much of a long transfer goes to the disk between two looks
// at stop and deadline.
const filePiece = 1 << 20

// dirPiece is how many entries of a directory are read between two such looks.
const dirPiece = 1 << 10

// rootFS is a mapped directory for the engine's WASI functions. Names are
// resolved by os.Root, which follows no link out of the directory; what the
// engine has not cleaned from a name (trailing slashes) is handled here. Only
// regular files and directories can be opened. It serves one instance.
type rootFS struct {
	sys.UnimplementedFS
	root     *os.Root
	readOnly bool
	watch    host.FileWatch
	open     map[wasisys.Inode]int // how many descriptors each file has
}

func newRootFS(root *os.Root, readOnly bool, watch host.FileWatch) *rootFS {
	return &rootFS{root: root, readOnly: readOnly, watch: watch, open: map[wasisys.Inode]int{}}
}

// local turns a guest path into a name below the root, and reports whether it
// must be a directory because it ends with a slash.
func local(p string) (name string, dir bool) {
	dir = strings.HasSuffix(p, "/")
	name = path.Clean(strings.TrimLeft(p, "/"))
	return name, dir && name != "."
}

// errnoOf maps an error of the os package.
func errnoOf(err error) sys.Errno {
	if err == nil || errors.Is(err, io.EOF) {
		return 0
	}
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	if _, ok := err.(syscall.Errno); !ok && strings.Contains(err.Error(), "escapes") {
		return sys.EPERM // os.Root has no exported error for it
	}
	return sys.UnwrapOSError(err)
}

func (f *rootFS) stat(p string, follow bool) (fs.FileInfo, sys.Errno) {
	name, dir := local(p)
	get := f.root.Lstat
	if follow || dir {
		get = f.root.Stat
	}
	info, err := get(name)
	if err != nil {
		return nil, errnoOf(err)
	}
	if dir && !info.IsDir() {
		return nil, sys.ENOTDIR
	}
	return info, 0
}

// Lstat implements sys.FS.
func (f *rootFS) Lstat(p string) (wasisys.Stat_t, sys.Errno) {
	info, errno := f.stat(p, false)
	if errno != 0 {
		return wasisys.Stat_t{}, errno
	}
	return statOf(info), 0
}

// statOf is what a guest sees of a file. Directories have no size: what file
// systems report differs, and means nothing to a guest.
func statOf(info fs.FileInfo) wasisys.Stat_t {
	st := wasisys.NewStat_t(info)
	if info.IsDir() {
		st.Size = 0
	}
	return st
}

// Stat implements sys.FS.
func (f *rootFS) Stat(p string) (wasisys.Stat_t, sys.Errno) {
	info, errno := f.stat(p, true)
	if errno != 0 {
		return wasisys.Stat_t{}, errno
	}
	return statOf(info), 0
}

// Mkdir implements sys.FS.
func (f *rootFS) Mkdir(p string, perm fs.FileMode) sys.Errno {
	name, _ := local(p)
	if f.readOnly {
		return sys.EROFS
	}
	return f.create(name, 0, func() error { return f.root.Mkdir(name, perm) })
}

// create makes what name does not name yet. The name and n bytes of content
// count as storage; they are given back when nothing was made.
func (f *rootFS) create(name string, n int, do func() error) sys.Errno {
	if _, err := f.root.Lstat(name); err == nil {
		return sys.EEXIST
	}
	size := int64(len(name) + n)
	if !f.watch.Grow(size) {
		return sys.EIO
	}
	err := do()
	if err != nil {
		f.watch.Shrink(size)
	}
	return errnoOf(err)
}

// Rename implements sys.FS.
func (f *rootFS) Rename(from, to string) sys.Errno {
	if f.readOnly {
		return sys.EROFS
	}
	oldInfo, errno := f.stat(from, false)
	if errno != 0 {
		return errno
	}
	oldName, _ := local(from)
	newName, dir := local(to)
	newInfo, err := f.root.Lstat(newName)
	switch {
	case err == nil && newInfo.IsDir() && !oldInfo.IsDir():
		return sys.EISDIR
	case err == nil && !newInfo.IsDir() && oldInfo.IsDir():
		return sys.ENOTDIR
	case dir && !oldInfo.IsDir():
		return sys.ENOTDIR
	}
	if err := f.root.Rename(oldName, newName); err != nil {
		return notEmpty(errnoOf(err))
	}
	if newInfo != nil && !os.SameFile(oldInfo, newInfo) {
		f.freed(newName, newInfo)
	}
	return 0
}

// freed gives back what a removed name has held, unless the file lives on
// under another name or in an open descriptor.
func (f *rootFS) freed(name string, info fs.FileInfo) {
	st := wasisys.NewStat_t(info)
	n := int64(len(name))
	if info.Mode().IsRegular() && st.Nlink <= 1 && f.open[st.Ino] == 0 {
		n += info.Size()
	}
	f.watch.Shrink(n)
}

// Rmdir implements sys.FS.
func (f *rootFS) Rmdir(p string) sys.Errno {
	name, _ := local(p)
	if f.readOnly {
		return sys.EROFS
	}
	info, err := f.root.Lstat(name)
	switch {
	case err != nil:
		return errnoOf(err)
	case !info.IsDir():
		return sys.ENOTDIR
	case name == "." || strings.HasSuffix(p, "/."): // as rmdir(2) says
		return sys.EINVAL
	}
	if err := f.root.Remove(name); err != nil {
		return notEmpty(errnoOf(err))
	}
	f.freed(name, info)
	return 0
}

// notEmpty gives a directory that is not empty one error on all systems.
func notEmpty(errno sys.Errno) sys.Errno {
	if errno == sys.EEXIST {
		return sys.ENOTEMPTY
	}
	return errno
}

// Unlink implements sys.FS.
func (f *rootFS) Unlink(p string) sys.Errno {
	name, dir := local(p)
	if f.readOnly {
		return sys.EROFS
	}
	info, err := f.root.Lstat(name)
	switch {
	case err != nil:
		return errnoOf(err)
	case info.IsDir():
		return sys.EISDIR
	case dir:
		return sys.ENOTDIR
	}
	if err := f.root.Remove(name); err != nil {
		return errnoOf(err)
	}
	f.freed(name, info)
	return 0
}

// Link implements sys.FS.
func (f *rootFS) Link(from, to string) sys.Errno {
	if f.readOnly {
		return sys.EROFS
	}
	info, errno := f.stat(from, false)
	switch {
	case errno != 0:
		return errno
	case info.IsDir():
		return sys.EPERM
	}
	oldName, _ := local(from)
	newName, dir := local(to)
	if dir {
		return sys.ENOENT
	}
	return f.create(newName, 0, func() error { return f.root.Link(oldName, newName) })
}

// Symlink implements sys.FS. A target outside of the directory is refused:
// the guest could not follow it, but other programs of the host would.
func (f *rootFS) Symlink(target, link string) sys.Errno {
	if f.readOnly {
		return sys.EROFS
	}
	name, dir := local(link)
	to := path.Clean(target)
	switch {
	case dir:
		if _, err := f.root.Lstat(name); err == nil {
			return sys.EEXIST
		}
		return sys.ENOENT
	case target == "":
		return sys.EINVAL
	case path.IsAbs(to) || filepath.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), to)):
		return sys.EPERM
	}
	// The engine hands the guest's own memory over as a string.
	return f.create(name, len(target), func() error { return f.root.Symlink(strings.Clone(target), name) })
}

// Readlink implements sys.FS.
func (f *rootFS) Readlink(p string) (string, sys.Errno) {
	name, dir := local(p)
	info, errno := f.stat(p, false)
	if errno != 0 {
		return "", errno
	}
	if dir || info.Mode()&fs.ModeSymlink == 0 {
		return "", sys.EINVAL
	}
	to, err := f.root.Readlink(name)
	return filepath.ToSlash(to), errnoOf(err)
}

// Utimens implements sys.FS.
func (f *rootFS) Utimens(p string, atim, mtim int64) sys.Errno {
	if f.readOnly {
		return sys.EROFS
	}
	if _, errno := f.stat(p, true); errno != 0 {
		return errno
	}
	name, _ := local(p)
	return errnoOf(f.root.Chtimes(name, instant(atim), instant(mtim)))
}

// instant is a time in nanoseconds; the zero time leaves what is there.
func instant(ns int64) time.Time {
	if ns == sys.UTIME_OMIT {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// OpenFile implements sys.FS.
func (f *rootFS) OpenFile(p string, flag sys.Oflag, perm fs.FileMode) (sys.File, sys.Errno) {
	const writing = sys.O_RDWR | sys.O_WRONLY | sys.O_CREAT | sys.O_TRUNC | sys.O_APPEND
	if f.readOnly && flag&writing != 0 {
		return nil, sys.EROFS
	}
	if flag&sys.O_DIRECTORY != 0 && flag&(sys.O_RDWR|sys.O_WRONLY) != 0 {
		return nil, sys.EISDIR
	}
	name, dir := local(p)
	// Looked at before it is opened: to open a pipe or a device can block or
	// do things. The guest can make neither.
	info, err := f.root.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		switch {
		case flag&sys.O_CREAT != 0 && flag&sys.O_EXCL != 0:
			return nil, sys.EEXIST
		case flag&sys.O_NOFOLLOW != 0 && !dir:
			return nil, sys.ELOOP
		}
		info, err = f.root.Stat(name)
	}
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case err != nil && !missing, missing && flag&sys.O_CREAT == 0:
		return nil, errnoOf(err)
	case missing && dir:
		return nil, sys.EISDIR // a file cannot be made under a directory's name
	case missing:
		if !f.watch.Grow(int64(len(name))) {
			return nil, sys.EIO
		}
	case flag&sys.O_EXCL != 0 && flag&sys.O_CREAT != 0:
		return nil, sys.EEXIST
	case info.IsDir():
		if flag&(writing&^sys.O_APPEND) != 0 {
			return nil, sys.EISDIR
		}
	case !info.Mode().IsRegular():
		return nil, sys.EACCES
	case dir || flag&sys.O_DIRECTORY != 0:
		return nil, sys.ENOTDIR
	}
	file, err := f.root.OpenFile(name, osFlags(flag), perm)
	if err != nil {
		if info == nil {
			f.watch.Shrink(int64(len(name)))
		}
		return nil, errnoOf(err)
	}
	now, err := file.Stat()
	if err != nil || !now.IsDir() && !now.Mode().IsRegular() {
		file.Close()
		return nil, sys.EACCES
	}
	if flag&sys.O_TRUNC != 0 && info != nil {
		f.watch.Shrink(info.Size())
	}
	st := wasisys.NewStat_t(now)
	f.open[st.Ino]++
	opened := &rootFile{fs: f, f: file, name: name, dir: now.IsDir(), append: flag&sys.O_APPEND != 0, ino: st.Ino}
	if opened.dir {
		f.watch.Opened(listed{opened})
	} else {
		f.watch.Opened(nil)
	}
	return opened, 0
}

// osFlags translates all but O_APPEND, which rootFile does itself because it
// can be switched, and O_DIRECTORY and O_NOFOLLOW, which OpenFile has checked.
func osFlags(flag sys.Oflag) int {
	out := os.O_RDONLY
	switch {
	case flag&sys.O_RDWR != 0:
		out = os.O_RDWR
	case flag&sys.O_WRONLY != 0:
		out = os.O_WRONLY
	}
	for _, m := range [...]struct {
		from sys.Oflag
		to   int
	}{{sys.O_CREAT, os.O_CREATE}, {sys.O_EXCL, os.O_EXCL}, {sys.O_TRUNC, os.O_TRUNC}, {sys.O_SYNC | sys.O_DSYNC, os.O_SYNC}} {
		if flag&m.from != 0 {
			out |= m.to
		}
	}
	return out
}

// rootFile is an open file or directory below a mapped directory.
type rootFile struct {
	sys.UnimplementedFile
	fs     *rootFS
	f      *os.File
	name   string
	dir    bool
	append bool
	ino    wasisys.Inode
}

// Dev implements sys.File.
func (f *rootFile) Dev() (uint64, sys.Errno) {
	st, errno := f.Stat()
	return st.Dev, errno
}

// Ino implements sys.File.
func (f *rootFile) Ino() (wasisys.Inode, sys.Errno) {
	st, errno := f.Stat()
	return st.Ino, errno
}

// IsDir implements sys.File.
func (f *rootFile) IsDir() (bool, sys.Errno) { return f.dir, 0 }

// IsAppend implements sys.File.
func (f *rootFile) IsAppend() bool { return f.append }

// SetAppend implements sys.File.
func (f *rootFile) SetAppend(enable bool) sys.Errno {
	f.append = enable
	return 0
}

// Stat implements sys.File.
func (f *rootFile) Stat() (wasisys.Stat_t, sys.Errno) {
	info, err := f.f.Stat()
	if err != nil {
		return wasisys.Stat_t{}, errnoOf(err)
	}
	return statOf(info), 0
}

// pieces moves p in pieces until one falls short.
func (f *rootFile) pieces(p []byte, move func(p []byte, done int) (int, error)) (n int, errno sys.Errno) {
	if f.dir {
		return 0, sys.EISDIR
	}
	for {
		piece := p[n:min(len(p), n+filePiece)]
		k, err := move(piece, n)
		n += k
		if n > 0 && errors.Is(err, io.EOF) {
			return n, 0
		}
		if err != nil {
			return n, errnoOf(err)
		}
		if n == len(p) || k < len(piece) {
			return n, 0
		}
		f.fs.watch.Pause()
	}
}

// Read implements sys.File.
func (f *rootFile) Read(p []byte) (int, sys.Errno) {
	return f.pieces(p, func(p []byte, _ int) (int, error) { return f.f.Read(p) })
}

// Pread implements sys.File.
func (f *rootFile) Pread(p []byte, off int64) (int, sys.Errno) {
	if off < 0 {
		return 0, sys.EINVAL
	}
	return f.pieces(p, func(p []byte, done int) (int, error) { return f.f.ReadAt(p, off+int64(done)) })
}

// Write implements sys.File.
func (f *rootFile) Write(p []byte) (int, sys.Errno) {
	if f.dir {
		return 0, sys.EISDIR
	}
	whence := io.SeekCurrent
	if f.append {
		whence = io.SeekEnd
	}
	at, err := f.f.Seek(0, whence)
	if err != nil {
		return 0, errnoOf(err)
	}
	if errno := f.reserve(at, int64(len(p))); errno != 0 {
		return 0, errno
	}
	return f.pieces(p, func(p []byte, _ int) (int, error) { return f.f.Write(p) })
}

// Pwrite implements sys.File.
func (f *rootFile) Pwrite(p []byte, off int64) (int, sys.Errno) {
	if f.dir {
		return 0, sys.EISDIR
	}
	if errno := f.reserve(off, int64(len(p))); errno != 0 {
		return 0, errno
	}
	return f.pieces(p, func(p []byte, done int) (int, error) { return f.f.WriteAt(p, off+int64(done)) })
}

// reserve asks for the room that n bytes at off need beyond the file's end.
func (f *rootFile) reserve(off, n int64) sys.Errno {
	if off < 0 || off > math.MaxInt64-n {
		return sys.EINVAL
	}
	info, err := f.f.Stat()
	if err != nil {
		return errnoOf(err)
	}
	if more := off + n - info.Size(); n > 0 && more > 0 && !f.fs.watch.Grow(more) {
		return sys.EIO
	}
	return 0
}

// fileOffset keeps go vet from taking Seek, whose signature the engine's
// interface demands, for a wrong io.Seeker.
type fileOffset = int64

// Seek implements sys.File.
func (f *rootFile) Seek(offset fileOffset, whence int) (int64, sys.Errno) {
	if whence < io.SeekStart || whence > io.SeekEnd {
		return 0, sys.EINVAL
	}
	if f.dir {
		if offset != 0 || whence != io.SeekStart {
			return 0, sys.EINVAL
		}
	}
	at, err := f.f.Seek(offset, whence)
	return at, errnoOf(err)
}

// List implements host.Directory. It reads the directory from its start, so
// that it needs no memory of what it gave out before.
func (f *rootFile) List(after string) ([]host.DirEntry, bool, error) {
	if _, err := f.f.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	return firstNames(f.f, after, f.fs.watch.Pause)
}

// Ino implements host.Directory; sys.File has a method of that name.
func (d listed) Ino(name string) uint64 {
	if name == "." {
		ino, _ := d.rootFile.Ino()
		return ino
	}
	return d.fs.ino(path.Join(d.name, name))
}

// listed is an open directory as fd_readdir sees it.
type listed struct{ *rootFile }

// rootDir is the mapped directory itself, which no descriptor of the engine
// need have opened.
type rootDir struct{ *rootFS }

// List implements host.Directory.
func (d rootDir) List(after string) ([]host.DirEntry, bool, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	return firstNames(f, after, d.watch.Pause)
}

// Ino implements host.Directory.
func (d rootDir) Ino(name string) uint64 { return d.ino(name) }

func (f *rootFS) ino(name string) uint64 {
	info, err := f.root.Lstat(name)
	if err != nil {
		return 0
	}
	return wasisys.NewStat_t(info).Ino
}

// firstNames reads a directory, of which entries come in any order, and keeps
// what host.Directory.List returns.
func firstNames(dir fs.ReadDirFile, after string, pause func()) (names []host.DirEntry, end bool, err error) {
	var kept nameHeap
	size, limit := 0, "" // names from limit on found no room; "" = all did
	for {
		entries, err := dir.ReadDir(dirPiece)
		for _, e := range entries {
			name := e.Name()
			if name <= after || limit != "" && name >= limit {
				continue
			}
			d := host.DirEntry{Name: name, Type: e.Type()}
			heap.Push(&kept, d)
			for size += d.Size(); size > host.ListingBytes && len(kept) > 1; {
				last := heap.Pop(&kept).(host.DirEntry)
				size -= last.Size()
				limit = last.Name
			}
		}
		if errors.Is(err, io.EOF) || err == nil && len(entries) == 0 {
			break
		}
		if err != nil {
			return nil, false, err
		}
		pause()
	}
	slices.SortFunc(kept, func(a, b host.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	// A directory that changes meanwhile may show a name twice.
	kept = slices.CompactFunc(kept, func(a, b host.DirEntry) bool { return a.Name == b.Name })
	return kept, limit == "", nil
}

// nameHeap has the greatest name first.
type nameHeap []host.DirEntry

func (h nameHeap) Len() int           { return len(h) }
func (h nameHeap) Less(i, j int) bool { return h[i].Name > h[j].Name }
func (h nameHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nameHeap) Push(x any)        { *h = append(*h, x.(host.DirEntry)) }
func (h *nameHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = host.DirEntry{}
	*h = (*h)[:last]
	return x
}

// Truncate implements sys.File.
func (f *rootFile) Truncate(size int64) sys.Errno {
	if f.dir {
		return sys.EISDIR
	}
	if size < 0 {
		return sys.EINVAL
	}
	info, err := f.f.Stat()
	if err != nil {
		return errnoOf(err)
	}
	more := size - info.Size()
	if more > 0 && !f.fs.watch.Grow(more) {
		return sys.EIO
	}
	if err := f.f.Truncate(size); err != nil {
		f.fs.watch.Shrink(max(0, more))
		return errnoOf(err)
	}
	f.fs.watch.Shrink(max(0, -more))
	return 0
}

// Sync implements sys.File.
func (f *rootFile) Sync() sys.Errno { return errnoOf(f.f.Sync()) }

// Datasync implements sys.File.
func (f *rootFile) Datasync() sys.Errno { return f.Sync() }

// Utimens implements sys.File. It goes by the name under which the file was
// opened: the os package has no way by descriptor.
func (f *rootFile) Utimens(atim, mtim int64) sys.Errno {
	if f.fs.readOnly {
		return sys.EROFS
	}
	return errnoOf(f.fs.root.Chtimes(f.name, instant(atim), instant(mtim)))
}

// Close implements sys.File. A file without a name ends with its last
// descriptor, and what it held is given back.
func (f *rootFile) Close() sys.Errno {
	if f.fs.open[f.ino]--; f.fs.open[f.ino] <= 0 {
		delete(f.fs.open, f.ino)
		if info, err := f.f.Stat(); err == nil && info.Mode().IsRegular() && wasisys.NewStat_t(info).Nlink == 0 {
			f.fs.watch.Shrink(info.Size())
		}
	}
	return errnoOf(f.f.Close())
}
