package codegen

// The shape of a function that virtual machines take (docs/spec/vm.md); engines
// are slow on more.
const (
	maxNesting     = 4096
	maxNestedLoops = 256
	maxNestedIfs   = 256
	maxBlocks      = 8192
	maxLocals      = 2000
	maxParams      = 64
	maxBodyBytes   = 1 << 20
	maxTable       = 4096
	maxTables      = 16_384
)
