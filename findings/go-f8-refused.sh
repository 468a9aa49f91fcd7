#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Go package nlpodyssey/safetensors refuses a whole file for one tensor of 8-bit floats, whichever tensor is wanted.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export GOPATH=$work/go GOFLAGS=-mod=mod
cd "$work"
cat >go.mod <<'END'
module finding

go 1.21

require github.com/nlpodyssey/safetensors v0.0.0-20250209183917-bfb01cc25f7c
END
cat >main.go <<'END'
package main

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/nlpodyssey/safetensors"
)

func file(header string, size int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(data, header...), make([]byte, size)...)
}

func main() {
	plain, err := safetensors.Deserialize(file(`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, 4))
	fmt.Println("BF16 alone:", plain.Names(), err)
	_, f8 := safetensors.Deserialize(file(
		`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[4,8]}}`, 8))
	fmt.Println("with F8_E4M3:", f8)
	if err != nil || f8 == nil {
		os.Exit(1)
	}
}
END
go mod tidy >/dev/null 2>&1
grep nlpodyssey go.mod
go run .
