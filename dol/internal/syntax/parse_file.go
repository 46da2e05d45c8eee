package syntax

import "strings"

// file reads a source file: documentation, the module header, imports and
// declarations.
func (p *parser) file() {
	p.lines = true
	var pending *Docs
	for !p.at(EOF) {
		if d := p.docsBlock(); d != nil {
			p.moduleDocs(pending)
			pending = d
			continue
		}
		if (p.atKey(kwModule) || p.atKey(kwMod)) && p.headerHere() {
			p.moduleDocs(pending)
			pending = nil
			p.module()
			continue
		}
		pending = p.fileItem(pending)
	}
	p.moduleDocs(pending)
	if d := p.modComments(); d != nil && len(p.f.Docs) == 0 {
		p.f.Docs = []*Docs{d}
	}
}

func (p *parser) moduleDocs(d *Docs) {
	if d != nil {
		p.f.Docs = append(p.f.Docs, d)
	}
}

// headerHere tells the module header from a submodule: it is the first item, and
// no "mod x { }".
func (p *parser) headerHere() bool {
	return p.f.Module == nil && len(p.f.Items) == 0 && isName(p.peek(1)) && p.peek(2).Kind != LBrace
}

func (p *parser) module() {
	start := p.pos()
	p.advance()
	m := &Module{Name: p.qname("a module name")}
	if p.take(At) {
		m.Version = p.versionHere()
	}
	m.Span = p.since(start)
	p.take(Semi)
	p.f.Module = m
}

// fileItem reads one item of a file, with the docs block before it, and returns a
// docs block that belongs to what follows.
func (p *parser) fileItem(pending *Docs) (next *Docs) {
	begin := p.i
	p.strayArm = false
	if p.tok().NLBefore && p.declStart() {
		p.margin = p.indentOf(p.tok())
	}
	d := p.decl(pending, atFile)
	if d == nil {
		if p.i == begin {
			p.unexpectedAtFile()
		}
		return nil
	}
	if u, ok := d.(*Use); ok {
		p.moduleDocs(pending)
		u.Docs = nil
	}
	p.f.Items = append(p.f.Items, d)
	return p.docsBehind(d)
}

// docsBehind attaches a docs block behind d to it (dol.md 3.2-d), and returns
// nil, or the block when it does not belong to d.
func (p *parser) docsBehind(d Decl) *Docs {
	switch d.(type) {
	case *Gen, *Trait, *Rule, *System, *Evo:
	default:
		return nil
	}
	if d.Header().Docs != nil || !p.docsHere() {
		return nil
	}
	blank := hasBlank(p.tok().Leading)
	docs := p.docsBlock()
	d.Header().Docs = docs
	d.Header().End = docs.End
	if blank && !p.at(EOF) && !hasBlank(p.tok().Leading) {
		p.hint(docs.Span, codeDocsAmbig, "this documentation belongs to the declaration before it, but stands next to the one behind it").
			fix("remove the blank line before it, or put it into the body of its declaration")
	}
	return nil
}

func hasBlank(trivia []Trivia) bool {
	for _, t := range trivia {
		if t.Kind == BlankLine {
			return true
		}
	}
	return false
}

// unexpectedAtFile reports text that begins no declaration and skips to one.
func (p *parser) unexpectedAtFile() {
	if p.foreign() {
		return
	}
	if p.at(RBrace) || p.at(RParen) || p.at(RBracket) {
		p.report(p.tok().Span, codeUnmatched, "this "+p.describe(p.tok())+" closes nothing")
	} else {
		p.expected(codeExpectedDecl, "a declaration such as `gen`, `trait`, `fun` or `use`")
	}
	p.syncDecl()
}

// syncDecl skips to the next line that begins a declaration, no deeper than the
// last one: what is deeper belongs to a body that lost its brace.
func (p *parser) syncDecl() {
	p.advance()
	for !p.at(EOF) {
		if p.tok().NLBefore && (p.declStart() || p.docsHere()) && p.indentOf(p.tok()) <= p.margin {
			return
		}
		if p.at(LBrace) {
			if end := p.matching(p.i); end > 0 {
				p.i = end
			}
		}
		p.advance()
	}
}

// indentOf returns how many bytes of white space stand before a token that
// begins its line.
func (p *parser) indentOf(t *Token) int {
	line := strings.LastIndexByte(p.text[:t.Start], '\n') + 1
	return len(p.text[line:t.Start]) - len(strings.TrimLeft(p.text[line:t.Start], " \t"))
}

// --- documentation ---

// docsHere reports whether documentation begins at the current token.
func (p *parser) docsHere() bool {
	if !p.atKey(kwDocs) && !p.atKey(kwExegesis) {
		return false
	}
	k := p.peek(1).Kind
	return k == LBrace || k == String
}

// docsBlock reads a docs block or its string form, or returns nil.
func (p *parser) docsBlock() *Docs {
	if !p.docsHere() {
		return nil
	}
	d := &Docs{}
	start := p.pos()
	if p.atKey(kwExegesis) {
		d.Spelling = Classic
		p.oldKeyword("docs")
	}
	p.advance()
	if p.at(String) {
		d.Text = p.stringValue(p.tok())
		p.advance()
		d.Span = p.since(start)
		return d
	}
	p.rawDocs(p.i)
	p.advance()
	d.Text = docsText(p.textOf(p.tok()))
	p.advance()
	p.take(RBrace)
	d.Span = p.since(start)
	return d
}

// lineDocs returns the /// comments that stand directly above token t.
func (p *parser) lineDocs(t *Token) *Docs { return p.commentDocs(t.Leading, DocComment) }

// modComments returns the leading //! comments of the file.
func (p *parser) modComments() *Docs {
	leading := p.toks[0].Leading
	n := 0
	for n < len(leading) && leading[n].Kind != ModComment {
		n++
	}
	from := n
	for n < len(leading) && leading[n].Kind == ModComment {
		n++
	}
	return p.commentDocs(leading[from:n], ModComment)
}

// commentDocs makes documentation of the run of comments of one kind at the end
// of trivia.
func (p *parser) commentDocs(trivia []Trivia, kind TriviaKind) *Docs {
	n := len(trivia)
	for n > 0 && trivia[n-1].Kind == kind && !trivia[n-1].Trailing {
		n--
	}
	run := trivia[n:]
	if len(run) == 0 {
		return nil
	}
	var b strings.Builder
	for _, c := range run {
		b.WriteString(p.text[c.Start+3 : c.End])
		b.WriteByte('\n')
	}
	return &Docs{Span: Span{run[0].Start, run[len(run)-1].End}, Text: docsText("\n" + b.String())}
}

// --- names and versions ---

// oldKeyword gives the hint for a classic spelling at the current token.
func (p *parser) oldKeyword(canonical string) {
	t := p.tok()
	p.hint(t.Span, codeOldKeyword, quoted(p.textOf(t))+" is the classic spelling of `"+canonical+"`").
		replace("write `"+canonical+"`", t.Span, canonical)
}

func (p *parser) ident(t *Token) Ident { return Ident{Span: t.Span, Name: p.textOf(t)} }

// name takes a word as a name; hard keywords are none.
func (p *parser) name(what string) Ident {
	if t := p.tok(); isName(t) {
		id := p.ident(t)
		p.advance()
		return id
	}
	p.noName(what)
	return Ident{Span: Span{p.pos(), p.pos()}}
}

func (p *parser) noName(what string) {
	d := p.expected(codeExpectedName, what)
	if p.at(Keyword) {
		d.label = "`" + p.textOf(p.tok()) + "` is reserved; choose another name"
	}
}

// anyName takes a word, hard keywords included: behind fun, has, "." and "::".
func (p *parser) anyName(what string) Ident {
	if t := p.tok(); isWord(t) {
		id := p.ident(t)
		p.advance()
		return id
	}
	return p.name(what)
}

// qname reads words with "." or "::" between them.
func (p *parser) qname(what string) QName {
	start := p.pos()
	if !isName(p.tok()) {
		p.noName(what)
		return QName{Span: Span{start, start}, Parts: []Ident{{Span: Span{start, start}}}}
	}
	parts := make([]Ident, 1, 2)
	parts[0] = p.ident(p.tok())
	p.advance()
	for p.at(Dot) || p.at(ColonColon) {
		next := p.peek(1)
		if !isWord(next) || next.NLBefore && p.lines {
			if next.Kind == Less || p.importing && (next.Kind == Star || next.Kind == LBrace) {
				break
			}
			at := p.advance()
			p.report(at, codeQName, "a qualified name ends in a word, not in "+quoted(p.text[at.Start:at.End]))
			break
		}
		p.advance()
		parts = append(parts, p.ident(p.tok()))
		p.advance()
	}
	return QName{Span: p.since(start), Parts: parts}
}

// versionHere reads the semantic version at the current token.
func (p *parser) versionHere() *Version {
	if !p.rescan(p.i, p.version) {
		p.expected(codeBadVersion, "a version such as 1.2.3")
		return nil
	}
	t := p.tok()
	v := &Version{Span: t.Span, Text: p.textOf(t)}
	if !validVersion(v.Text) {
		p.report(t.Span, codeBadVersion, quoted(v.Text)+" is not a semantic version").
			fix("a version has three numbers, such as 1.2.3 or 1.2.3-rc.1")
	}
	p.advance()
	return v
}

// --- imports ---

func (p *parser) use(h DeclHead) *Use {
	u := &Use{DeclHead: h}
	u.Keyword = p.advance()
	p.importing = true
	if p.at(At) {
		p.remoteSource(u)
	} else {
		u.Local = p.qname("the name of a module")
	}
	p.importing = false
	if (p.at(Dot) || p.at(ColonColon)) && (p.peek(1).Kind == Star || p.peek(1).Kind == LBrace) {
		p.advance()
		if p.take(Star) {
			u.Glob = true
		} else {
			p.useItems(u)
		}
	}
	if p.atKey(kwAs) {
		p.advance()
		u.Alias = p.name("a name for the import")
	}
	u.Span = p.since(h.Start)
	p.take(Semi)
	return u
}

func (p *parser) useItems(u *Use) {
	u.HasList = true
	open := p.advance()
	for !p.at(RBrace) && !p.at(EOF) {
		start := p.pos()
		it := UseItem{}
		if p.take(Star) {
			it.Glob = true
		} else {
			it.Name = p.name("a name to import")
			if it.Name.Name == "" {
				break
			}
			if p.takeKey(kwAs) {
				it.Alias = p.name("a name for the import")
			}
		}
		it.Span = p.since(start)
		u.Items = append(u.Items, it)
		if !p.take(Comma) {
			break
		}
	}
	p.closing(RBrace, open)
}

// remoteSource reads @org/name, @git:… or @https:….
func (p *parser) remoteSource(u *Use) {
	start := p.pos()
	scheme := p.peek(1)
	if glued(p.tok(), scheme) && isName(scheme) && p.peek(2).Kind == Colon {
		if word := p.textOf(scheme); word == "git" || word == "https" {
			p.url(u)
			return
		}
	}
	u.Package, u.Path = p.packageRef()
	if p.at(Colon) {
		p.advance()
		u.Version = p.requirement()
	}
	if u.Package == "" {
		u.Package = p.text[start:p.prevEnd()]
	}
}

// packageRef reads @org/name and the words behind it. A hyphen belongs to the
// name of a package.
func (p *parser) packageRef() (pkg string, path QName) {
	first := p.i
	p.advance()
	if p.name("an organisation").Name == "" {
		return "", QName{}
	}
	if !p.expect(Slash, "between organisation and package") {
		return "", QName{}
	}
	if p.name("the name of a package").Name == "" {
		return "", QName{}
	}
	for p.at(Minus) && glued(&p.toks[p.i-1], p.tok()) && (isWord(p.peek(1)) || p.peek(1).Kind == Int) {
		p.advance()
		p.advance()
	}
	for i := first; i < p.i; i++ {
		pkg += p.textOf(&p.toks[i])
	}
	if (p.at(Dot) || p.at(ColonColon)) && isWord(p.peek(1)) {
		p.advance()
		path = p.qname("a module name")
	}
	return pkg, path
}

// requirement reads a version requirement: a string, or raw text such as ^1.2.
func (p *parser) requirement() string {
	if p.at(String) {
		v := p.stringValue(p.tok())
		p.advance()
		return v
	}
	ok := p.rescan(p.i, func() (Token, bool) {
		begin := p.off
		p.off = p.requirementEnd(begin)
		p.last = VersionText
		return Token{Span: Span{Pos(begin), Pos(p.off)}, Kind: VersionText, SPAfter: p.spaceAt(p.off)}, strings.ContainsAny(p.text[begin:p.off], "0123456789*")
	})
	if !ok {
		p.expected(codeBadVersion, "a version requirement")
		return ""
	}
	v := p.textOf(p.tok())
	p.advance()
	return v
}

// url reads @git:URL [":" word] or @https://URL: everything up to white space, a
// semicolon or the braces of an import list.
func (p *parser) url(u *Use) {
	p.rescan(p.i, func() (Token, bool) {
		begin := p.off
		for p.off < p.scanner.end && !p.spaceOnly(p.off) && p.scanner.text[p.off] != ';' &&
			!(p.scanner.text[p.off] == '.' && p.off+1 < p.scanner.end && (p.scanner.text[p.off+1] == '{' || p.scanner.text[p.off+1] == '*')) {
			p.off += runeLen(p.scanner.text[p.off:])
		}
		p.last = URLText
		return Token{Span: Span{Pos(begin), Pos(p.off)}, Kind: URLText, SPAfter: p.spaceAt(p.off)}, true
	})
	u.URL = p.textOf(p.tok())
	p.advance()
}
