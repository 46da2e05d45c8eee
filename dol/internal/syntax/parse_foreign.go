package syntax

// foreignWords begin declarations of other languages; the text is what DOL says.
var foreignWords = map[string]string{
	"fn": "fun", "func": "fun", "function": "fun", "def": "fun",
	"struct": "gen", "class": "gen", "record": "gen", "interface": "trait", "protocol": "trait",
	"import": "use", "include": "use", "package": "module", "namespace": "module",
	"public": "pub", "export": "pub",
}

// foreign reports text of another language at the current token and ends the
// parse: nothing behind it would be understood (dol.md 1-f).
func (p *parser) foreign() bool {
	t := p.tok()
	next := p.peek(1)
	switch t.Kind {
	case Word:
		if t.key != notKeyword || len(p.textOf(t)) > len("interface") {
			return false
		}
		dol, ok := foreignWords[p.textOf(t)]
		if !ok || next.NLBefore || !isWord(next) && !(t.Kind == Word && p.textOf(t) == "import" && (next.Kind == String || next.Kind == LBrace)) {
			return false
		}
		if p.ontology && !p.foreignShape(dol) {
			return false
		}
		p.foreignHere(t.Span, quoted(p.textOf(t))+" is another language's word for `"+dol+"`", "write `"+dol+"`")
		return true
	case String:
		if next.Kind == String && glued(t, next) && p.textOf(t) == `""` && p.text[next.Start] == '"' {
			p.foreignHere(Span{t.Start, t.Start + 3}, "texts in three quotes are another language's", "write `docs { … }`, or a string")
			return true
		}
	case At:
		if glued(t, next) && isName(next) && p.peek(2).Kind == Dot && isWord(p.peek(3)) && p.peek(4).Kind == LParen {
			p.foreignHere(Span{t.Start, p.peek(3).End}, "a call with `@` is another language's", "call the function by its name, such as `println(…)`")
			return true
		}
	}
	return false
}

// foreignShape tells a declaration of another language from a sentence.
func (p *parser) foreignShape(dol string) bool {
	k := p.peek(2).Kind
	return k == LParen && dol == "fun" || k == LBrace || k == Less
}

func (p *parser) foreignHere(at Span, message, fix string) {
	p.errTok = -1
	p.report(at, codeForeignSyntax, message).fix(fix)
	p.kill()
}
