// Package lower turns a checked program into the intermediate form: it makes one
// copy of each generic function for each list of type arguments that is reached,
// gives every type its representation, compiles matches, closures and loops, and
// writes the functions that the language promises for every type (equality,
// order, hash, text, JSON).
//
// Only what is reachable from the exports, the tests and the initialisers of
// reached module variables is emitted, in the order in which it is first reached;
// equal programs give equal modules.
//
// # Representation
//
//	i8 … i64, u8 … u64, bool, char   I32 or I64, narrow ones normalised after each operation
//	f32, f64                         F32, F64
//	(), !, enums without a value     nothing: such locals, parameters and fields do not exist
//	string, bytes, Array<u8>         array of bytes
//	record                           struct, the ancestor's fields first, identity kept
//	tuple                            struct
//	enum without payload             I32, the index of the variant
//	Option of a reference            the reference, null for None, unless that can be null itself
//	other enums                      struct {tag, fields}; variants without fields are one object each
//	function value                   struct {function index, captures}
//	newtype                          what is under it
//
// # Order of evaluation
//
// Operands are computed strictly from left to right. An expression becomes an
// ir.Expr when it can; when a later operand needs statements, the earlier ones
// are put into locals before those.
//
// # Shapes that the optimiser may rely on
//
// Reading v[i] of a Vec, and writing it, is a check as a statement of its own,
// then the access; v and i are locals or constants in all their occurrences:
//
//	If   Bin{I64GeU, i, Un{I64ExtendI32U, GetField{Vec, len, v}}}  Then Panic
//	     GetElem{Array, GetField{Vec, buf, v}, Un{I32WrapI64, i}}
//
// for an index of 64 bits, and for the narrower ones
//
//	If   Bin{I32GeU, i, GetField{Vec, len, v}}  Then Panic
//	     GetElem{Array, GetField{Vec, buf, v}, i}
//
// A counting loop over lo..hi is
//
//	Set i = lo; Block end { Loop head { If Bin{GeS or GeU, i, hi} Then Br end; body; Set i = i + 1; Br head } }
//
// and body writes neither i nor hi.
package lower
