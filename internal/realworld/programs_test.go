package realworld

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// text is deterministic prose-like input for the word counters: n words.
func text(n int) string {
	var b strings.Builder
	seed := uint32(7)
	for i := range n {
		seed = seed*1664525 + 1013904223
		fmt.Fprintf(&b, "%s%c", []string{"Fuel", "guest", "the", "a", "Meter", "stack"}[seed>>28%6], " \n,"[i%3])
		if seed>>20&7 == 0 {
			fmt.Fprintf(&b, "w%c%c ", 'a'+seed>>24%26, 'a'+seed>>8%26)
		}
	}
	return b.String()
}

// commands are the runs whose output must be the same on both runners and whose
// fuel must be the same twice.
func commands(t *testing.T) map[string]func(t *testing.T) program {
	words := func(name string, n int) func(*testing.T) program {
		return func(t *testing.T) program { return program{file: example(t, name), stdin: text(n)} }
	}
	js := func(script string, args ...string) func(*testing.T) program {
		return func(t *testing.T) program {
			return program{file: example(t, "quickjs"), args: args, stdin: script}
		}
	}
	list := map[string]func(*testing.T) program{
		"c":          words("c-command", 20_000),
		"c empty":    words("c-command", 0),
		"go":         words("go-command", 20_000),
		"rust":       words("rust-command", 20_000),
		"rust empty": words("rust-command", 0),
		"javascript": func(t *testing.T) program {
			return program{file: example(t, "quickjs"), stdin: string(read(t, filepath.Join(root, "bench", "testdata", "workload.js")))}
		},
		"javascript arguments": js("print(scriptArgs.length, scriptArgs.join('|'))", "one", "two words", "drei"),
		"javascript promises":  js("(async () => { for (let i = 0; i < 3; i++) { await null; print(i) } })()"),
		"javascript throws":    js("print('before'); null.x"),
		"javascript recursion": js("function f(n) { return n ? f(n - 1) + 1 : 0 }; print(f(200)); try { f(1e9) } catch (e) { print(e.name) }"),
		"sqlite": func(t *testing.T) program {
			return program{file: example(t, "sqlite"), stdin: sqlScript}
		},
		"sqlite error": func(t *testing.T) program {
			return program{file: example(t, "sqlite"), stdin: "select 1; select * from nowhere;"}
		},
	}
	for _, name := range engineTests {
		list["javascript "+name] = func(t *testing.T) program {
			p := program{file: example(t, "quickjs"), args: []string{"-b"}}
			p.stdin = string(read(t, artefact(t, "conformance", "build", "lang", "src", "qjsc-0.3.0", "deps", "quickjs_2021_03_27", "tests", name+".js")))
			return p
		}
	}
	return list
}

// sqlScript makes a table of a few thousand rows and asks for joins, text
// search, JSON, windows and a transaction that is rolled back.
const sqlScript = `
create table word(id integer primary key, text text not null, n int);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 5000)
insert into word select i, 'w' || (i * 7919 % 613), i * i % 997 from c;
create index word_text on word(text);
select count(*), count(distinct text), sum(n), avg(n) from word;
select text, count(*) c, max(n) from word group by text order by c desc, text limit 5;
select a.id, b.id from word a join word b on a.text = b.text and a.id < b.id order by 1, 2 limit 4;
begin; delete from word; rollback; select count(*) from word;
create virtual table doc using fts5(body);
insert into doc values ('the quick brown fox'), ('a lazy dog'), ('quick quick dog');
select rowid, body from doc where doc match 'quick' order by rank, rowid;
select json_extract('{"a":[1,2,{"b":3}]}', '$.a[2].b'), hex(zeroblob(4)), printf('%08.3f', 3.14159), typeof(1e3);
select id, n, sum(n) over (order by id rows 2 preceding) from word where id <= 4;
select round(sin(1), 6), pow(2, 10), 9223372036854775807, -1 / 2.0, 'nul' || char(233);
`
