package types

// definite checks that locals declared without a value are assigned before they
// are used (dol 3.10-b).
func (b *body) definite(f *funcInfo) {
}
