// Command lanes measures what a call costs between two Go processes, one lane at a time, told line by line.
// It must not know who compares the figures with what.
//
//	lanes host PLUGIN     upstream's SDK and go-plugin's client, against an executor that echoes its command
//	lanes floor-grpc      the Execute message over plain grpc-go: no go-plugin, no JSON
//	lanes raw             1 KiB to and fro on a Unix socket
//	lanes spawn PLUGIN N  N starts of a plugin, each up to its first answer: prints {"p50_ms", "min_ms", "max_ms"}
//
// The first three are driven line by line, as package lanes has it. An error ends the program with its text on standard error.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"conformance/internal/lanes"
	"conformance/internal/measure"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lanes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "host":
		return lanes.Drive(hostLane(args[1]))
	case len(args) == 1 && args[0] == "floor-grpc":
		return lanes.Drive(grpcLane())
	case len(args) == 1 && args[0] == "raw":
		return lanes.Drive(rawLane())
	case len(args) == 3 && args[0] == "spawn":
		n, err := lanes.Positive(args[2])
		if err != nil {
			return err
		}
		return spawn(args[1], n)
	case len(args) == 3 && args[0] == "answer":
		return answer(args[1], args[2])
	}
	return fmt.Errorf("cannot do %q: use host PLUGIN, floor-grpc, raw or spawn PLUGIN N", strings.Join(args, " "))
}

// spawn measures starts, after two that only fill the page cache.
func spawn(path string, n int) error {
	var s measure.Samples
	for i := -2; i < n; i++ {
		began := time.Now()
		l, err := hostLane(path)
		if err != nil {
			return err
		}
		callers, err := l.Callers(1)
		if err == nil {
			err = callers[0]()
		}
		took := time.Since(began)
		l.Close()
		if err != nil {
			return err
		}
		if i >= 0 {
			s = append(s, took)
		}
	}
	ms := func(p float64) float64 { return float64(s.At(p)) / 1e6 }
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"p50_ms": ms(50), "min_ms": ms(0), "max_ms": ms(100)})
}
