// Command vectors writes what the original code makes of many inputs, for others to be compared with.
// It must not know the right answers: each comes from the SDK or the library itself.
//
//	vectors -kind config-merge|message|buttons|words > FILE
//
// The output is an array with an entry on each line, the same at every run:
//
//	config-merge  {"defaults", "configs", "result", "error"}: configurations merged into settings.Settings
//	message       {"json"}: messages as encoding/json writes them
//	buttons       {"helper", "args", "json"}: buttons of the SDK's builder
//	words         {"input", "words", "error"}: a command line split by go-shellwords
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
)

// seed makes every run draw the same; the algorithm behind rand.NewSource is part of Go's promise not to change.
const seed = 20241105

var kinds = map[string]func(*rand.Rand) ([]any, error){
	"config-merge": mergeVectors,
	"message":      messageVectors,
	"buttons":      buttonVectors,
	"words":        wordVectors,
}

func main() {
	kind := flag.String("kind", "config-merge", "config-merge, message, buttons or words")
	flag.Parse()
	draw, known := kinds[*kind]
	if !known || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	vectors, err := draw(rand.New(rand.NewSource(seed)))
	if err == nil {
		err = write(vectors)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
}

func write(vectors []any) error {
	out := bytes.NewBufferString("[\n")
	line := json.NewEncoder(out)
	line.SetEscapeHTML(false)
	for i, v := range vectors {
		if i > 0 {
			out.WriteString(",")
		}
		if err := line.Encode(v); err != nil {
			return err
		}
	}
	out.WriteString("]\n")
	_, err := os.Stdout.Write(out.Bytes())
	return err
}

// pick returns one of them.
func pick[T any](r *rand.Rand, of []T) T { return of[r.Intn(len(of))] }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }
