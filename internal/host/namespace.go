package host

import (
	"crypto/sha256"
	"encoding/binary"
)

// NamespaceOf is the namespace of a published Spirit: all its versions share
// it, and nobody else does.
func NamespaceOf(owner, publisher [32]byte, name string) Namespace {
	return namespace("spirit", owner[:], publisher[:], []byte(name))
}

// NamespaceOfProject is the namespace of a project directory, by its canonical
// path: absolute, without symbolic links.
func NamespaceOfProject(owner [32]byte, path string) Namespace {
	return namespace("project", owner[:], []byte(path))
}

// NamespaceOfPackage is the namespace of an unsigned file, by the digest of
// its package.
func NamespaceOfPackage(owner, digest [32]byte) Namespace {
	return namespace("package", owner[:], digest[:])
}

// namespace hashes its parts with their lengths, so that no two lists of parts
// give the same bytes.
func namespace(kind string, parts ...[]byte) (ns Namespace) {
	h := sha256.New()
	h.Write([]byte("vudo namespace v1\x00" + kind))
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	h.Sum(ns[:0])
	return ns
}
