package syntax

import "strings"

// String returns the words of q with dots between them, however they were
// written.
func (q QName) String() string {
	if len(q.Parts) == 1 {
		return q.Parts[0].Name
	}
	var b strings.Builder
	for i, p := range q.Parts {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p.Name)
	}
	return b.String()
}

var sentenceNames = [...]string{
	SentHas: "has", SentIs: "is", SentDerivesFrom: "derives from", SentRequires: "requires", SentUses: "uses",
	SentEmits: "emits", SentMatches: "matches", SentNever: "never", SentCan: "can", SentProvides: "provides",
	SentEach: "each", SentAll: "all", SentNo: "no", SentRelation: "relation", SentProse: "prose",
}

// String returns the predicate or quantifier of the kind, or what it is called.
func (k SentenceKind) String() string { return sentenceNames[k] }
