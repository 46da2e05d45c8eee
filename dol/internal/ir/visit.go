package ir

// VisitOperands calls f with each operand of e in the order of evaluation. The
// statements of a Seq are not operands.
func VisitOperands(e Expr, f func(Expr)) { operands(e, func(x *Expr) { f(*x) }) }

// VisitExprs calls f with each expression of s itself in the order of
// evaluation; nested statements are not visited.
func VisitExprs(s Stmt, f func(Expr)) { stmtExprs(s, func(x *Expr) { f(*x) }) }

// VisitBodies calls f with each list of statements inside s.
func VisitBodies(s Stmt, f func([]Stmt)) { bodies(s, func(x *[]Stmt) { f(*x) }) }
