//go:build !cgo || !((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package main

import "errors"

func init() {
	makers = append(makers, maker{"wasmtime", func() (engine, error) {
		return nil, errors.New("its Go package needs cgo and a prebuilt library for this system; set CGO_ENABLED=1")
	}})
}
