package wasm

// Limits of what Decode and Validate take, where the specification's own bound
// is 2^32 or none. They keep memory in proportion to the input; the limits that
// protect the engine are stricter and belong to internal/fuel.
const (
	// MaxModuleBytes bounds a module: the cap of max_module_bytes (vm.md 3).
	MaxModuleBytes = 104_857_600

	// The counts below are those of the limits that the web embedding fixes
	// (JavaScript API, "Implementation-defined limits"), where it names one.
	MaxTypes           = 1_000_000
	MaxImports         = 100_000
	MaxFunctions       = 1_000_000
	MaxTables          = 100_000
	MaxGlobals         = 1_000_000
	MaxExports         = 100_000
	MaxElementSegments = 100_000
	MaxElementItems    = 10_000_000 // of all segments together
	MaxDataSegments    = 100_000
	MaxParams          = 1_000
	MaxResults         = 1_000
	MaxBodyBytes       = 7_654_321

	// MaxCustoms bounds the custom sections: a header of two bytes must not cost
	// a hundred.
	MaxCustoms = 100_000

	// MaxOperands bounds the operand stack of one function while it is validated:
	// a call of two bytes can push a thousand values.
	MaxOperands = 1 << 20

	// MaxMemoryPages is the specification's own bound on a memory (section 3.2.3).
	MaxMemoryPages = 65_536

	// MaxLocals is the specification's own bound on a function's locals (section
	// 5.5.13); they are never expanded.
	MaxLocals = 1<<32 - 1
)
