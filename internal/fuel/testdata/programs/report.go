//go:build ignore

// A Go program with the runtime, maps, reflection and a collector.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
)

type row struct {
	Name  string
	Count int
	Share float64
}

func main() {
	counts := map[string]int{}
	for i := range 2000 {
		counts[fmt.Sprintf("k%d", i*i%97)]++
	}
	var rows []row
	for k, n := range counts {
		rows = append(rows, row{k, n, float64(n) / 2000})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	runtime.GC()
	b, err := json.Marshal(rows)
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.ToUpper(string(b)))
	if len(os.Args) > 1 {
		var p *row
		fmt.Println(p.Count)
	}
}
