// Package syntax reads DOL: the scanner with its trivia, the parser with its
// recovery, the tree, a walk over it and the printer behind vudo fmt.
//
// The tree says what was written and nothing else: names are not resolved, both
// spellings make the same nodes, and no node is changed after Parse. What a name
// means or which type an expression has is the business of dol/internal/types.
package syntax
