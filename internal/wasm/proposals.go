package wasm

// Features of later proposals that real tools emit. They are recognised only
// to be refused by name: a user then knows which compiler flag to change.

const (
	propExceptions  = "exception handling"
	propGC          = "garbage collection"
	propTypedRefs   = "typed function references"
	propThreads     = "threads"
	propMemory64    = "memory64"
	propMultiMemory = "multi-memory"
	propRelaxedSIMD = "relaxed SIMD"
	propPageSizes   = "custom page sizes"
	propWide        = "wide arithmetic"
	propStackSwitch = "stack switching"
	propMemControl  = "memory control"
	propStringRef   = "reference-typed strings"
	propComponent   = "component model"
	proposalHint    = "build for core WebAssembly 2.0 without that feature"
	componentHint   = "build a core module for WASI preview 1 (target wasm32-wasip1, GOOS=wasip1, or wasi-libc) instead of a component"
)

// proposalOfOpcode names the proposal to which a one-byte opcode belongs.
func proposalOfOpcode(c byte) string {
	switch {
	case c >= 0x06 && c <= 0x0a, c == 0x18, c == 0x19, c == 0x1f:
		return propExceptions
	case c == 0x14, c == 0x15, c >= 0xd4 && c <= 0xd6:
		return propTypedRefs
	case c == 0xd3, c == 0xfb:
		return propGC
	case c == 0xfe:
		return propThreads
	case c >= 0xe0 && c <= 0xe6:
		return propStackSwitch
	}
	return ""
}

// proposalOfSub names the proposal to which a prefixed opcode belongs.
func proposalOfSub(prefix byte, sub uint32) string {
	switch {
	case prefix == 0xfc && sub == 0x12:
		return propMemControl
	case prefix == 0xfc && sub >= 0x13 && sub <= 0x16:
		return propWide
	case prefix == 0xfd && sub >= 0x100 && sub <= 0x113:
		return propRelaxedSIMD
	}
	return ""
}

// proposalOfType names the proposal to which a type's leading byte belongs.
func proposalOfType(c byte) string {
	switch c {
	case 0x63, 0x64:
		return propTypedRefs
	case 0x69, 0x74:
		return propExceptions
	case 0x68, 0x75, 0x5d:
		return propStackSwitch
	case 0x67:
		return propStringRef
	case 0x78, 0x77, 0x73, 0x72, 0x71, 0x6e, 0x6d, 0x6c, 0x6b, 0x6a, 0x5f, 0x5e, 0x50, 0x4f, 0x4e:
		return propGC
	}
	return ""
}

// proposalOfLimits names the proposal that a limits flag beyond 0 and 1 asks for.
func proposalOfLimits(flags byte) string {
	switch {
	case flags >= 16:
		return ""
	case flags&8 != 0:
		return propPageSizes
	case flags&4 != 0:
		return propMemory64
	case flags&2 != 0:
		return propThreads
	}
	return ""
}

// proposalOfSection names the proposal to which a section id belongs.
func proposalOfSection(id byte) string {
	switch id {
	case 13:
		return propExceptions
	case 14:
		return propStringRef
	}
	return ""
}
