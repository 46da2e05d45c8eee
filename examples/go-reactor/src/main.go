//go:build wasip1

// Package main is a Spirit in Go: built as a reactor, its exported functions
// follow the bytes and scalar conventions.
package main

import (
	"bytes"
	"fmt"
	"unsafe"
)

//go:wasmimport vudo host_input_len
func hostInputLen() int32

//go:wasmimport vudo host_input_read
func hostInputRead(offset int32, p unsafe.Pointer, n int32) int32

//go:wasmimport vudo host_output_write
func hostOutputWrite(p unsafe.Pointer, n int32) int32

// input reads the whole input of the call.
func input() ([]byte, bool) {
	n := hostInputLen()
	if n < 0 {
		return nil, false
	}
	text := make([]byte, n)
	for got := 0; got < len(text); {
		k := hostInputRead(int32(got), unsafe.Pointer(&text[got]), int32(len(text)-got))
		if k <= 0 {
			return nil, false
		}
		got += int(k)
	}
	return text, true
}

// vowels counts the ASCII vowels of the input and answers {"count":N}.
//
//go:wasmexport vowels
func vowels() int32 {
	text, ok := input()
	if !ok {
		return 1
	}
	count := 0
	for _, b := range text {
		if bytes.IndexByte([]byte("aeiou"), b|0x20) >= 0 {
			count++
		}
	}
	answer := fmt.Appendf(nil, `{"count":%d}`, count)
	if hostOutputWrite(unsafe.Pointer(&answer[0]), int32(len(answer))) < 0 {
		return 2
	}
	return 0
}

// gcd is a scalar export: the greatest common divisor.
//
//go:wasmexport gcd
func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// main is not called in a reactor.
func main() {}
