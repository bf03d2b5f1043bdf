// Command upstream answers with upstream's own packages: what they make of a configuration, a command, a plugin index.
// It must not know what is asked and why, nor what anybody else would answer.
//
// Every line on standard input is a request, a JSON object whose member "kind" says which of the functions below answers
// it; every line on standard output is one answer:
//
//	{"result": …}   what came of it, with "warnings" where there are any
//	{"error": "…"}  why nothing came of it
//	{"panic": "…"}  upstream's code panicked
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxLine is the longest request in bytes.
const maxLine = 16 << 20

// answer has either a result, an error or a panic.
type answer struct {
	Result   any    `json:"result"`
	Warnings string `json:"warnings,omitempty"`
	Error    string `json:"error,omitempty"`
	Panic    string `json:"panic,omitempty"`
}

// kinds are what can be asked. A function gets the whole request.
var kinds = map[string]func(json.RawMessage) (answer, error){
	"alias":      aliasKind,
	"sanitize":   sanitizeKind,
	"header":     headerKind,
	"flags":      flagsKind,
	"config":     configKind,
	"merge":      mergeKind,
	"index":      indexKind,
	"kubeconfig": kubeconfigKind,
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		if err := out.Encode(ask(in.Bytes())); err != nil {
			fail(err)
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
}

func ask(line []byte) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Panic: fmt.Sprint(p)}
		}
	}()
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		fail(fmt.Errorf("not a request: %q: %w", line, err))
	}
	kind, known := kinds[head.Kind]
	if !known {
		fail(fmt.Errorf("no kind is called %q", head.Kind))
	}
	a, err := kind(line)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return a
}

// read decodes a request. One that cannot be decoded is the asker's mistake and ends the program.
func read(line json.RawMessage, into any) {
	if err := json.Unmarshal(line, into); err != nil {
		fail(fmt.Errorf("not a request of its kind: %q: %w", line, err))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "upstream:", err)
	os.Exit(1)
}

// scratch makes a folder that goes with the request.
func scratch() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "upstream-")
	if err != nil {
		fail(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// silent is where upstream's logs go.
var silent io.Writer = io.Discard
