// Command lanes measures what a call costs between two Go processes, one lane at a time, told line by line.
// It must not know who compares the figures with what.
//
//	lanes host PLUGIN     upstream's SDK and go-plugin's client, against an executor that echoes its command
//	lanes floor-grpc      the Execute message over plain grpc-go: no go-plugin, no JSON
//	lanes raw             1 KiB to and fro on a Unix socket
//	lanes spawn PLUGIN N  N starts of a plugin, each up to its first answer: prints {"p50_ms", "min_ms", "max_ms"}
//
// The first three read these lines and answer each with one line of JSON:
//
//	warm N                N calls, not measured: {"calls"}
//	one N                 N calls one after another: {"p50_us", "p99_us", "cpu_self_us", "cpu_plugin_us"}
//	many CALLERS SECONDS  as many callers at once: the same and {"per_second"}
//	rss                   memory of the answering process: {"pss_kib", "anon_kib"}
//	quit                  the end, as is the end of the input
//
// CPU time is per call. An error ends the program with its text on standard error.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"conformance/internal/measure"
)

// lane is one way of asking and being answered.
type lane struct {
	pid     int                         // the answering process
	callers func(n int) ([]call, error) // n that may ask at the same time
	close   func()
}

// call asks once and compares the answer.
type call func() error

type figures struct {
	PerSecond float64 `json:"per_second,omitempty"` // of many only
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	CPUSelf   float64 `json:"cpu_self_us"`
	CPUPlugin float64 `json:"cpu_plugin_us"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lanes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "host":
		return drive(hostLane(args[1]))
	case len(args) == 1 && args[0] == "floor-grpc":
		return drive(grpcLane())
	case len(args) == 1 && args[0] == "raw":
		return drive(rawLane())
	case len(args) == 3 && args[0] == "spawn":
		n, err := positive(args[2])
		if err != nil {
			return err
		}
		return spawn(args[1], n)
	case len(args) == 3 && args[0] == "answer":
		return answer(args[1], args[2])
	}
	return fmt.Errorf("cannot do %q: use host PLUGIN, floor-grpc, raw or spawn PLUGIN N", strings.Join(args, " "))
}

func drive(l *lane, err error) error {
	if err != nil {
		return err
	}
	defer l.close()
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		said, err := l.do(words)
		if err != nil {
			return fmt.Errorf("while doing %q: %w", in.Text(), err)
		}
		if err := out.Encode(said); err != nil {
			return err
		}
	}
	return in.Err()
}

func (l *lane) do(words []string) (any, error) {
	var numbers []int
	for _, w := range words[1:] {
		n, err := positive(w)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	switch {
	case words[0] == "warm" && len(numbers) == 1:
		_, err := l.one(numbers[0])
		return map[string]int{"calls": numbers[0]}, err
	case words[0] == "one" && len(numbers) == 1:
		return l.one(numbers[0])
	case words[0] == "many" && len(numbers) == 2:
		return l.many(numbers[0], time.Duration(numbers[1])*time.Second)
	case words[0] == "rss" && len(numbers) == 0:
		return measure.MemoryOf(l.pid)
	}
	return nil, fmt.Errorf("use warm N, one N, many CALLERS SECONDS, rss or quit")
}

func (l *lane) one(n int) (figures, error) {
	callers, err := l.callers(1)
	if err != nil {
		return figures{}, err
	}
	samples := make(measure.Samples, 0, n)
	cpu, err := l.cpu()
	if err != nil {
		return figures{}, err
	}
	for i := 0; i < n; i++ {
		began := time.Now()
		if err := callers[0](); err != nil {
			return figures{}, err
		}
		samples = append(samples, time.Since(began))
	}
	return l.figures(cpu, samples)
}

func (l *lane) many(n int, d time.Duration) (figures, error) {
	callers, err := l.callers(n)
	if err != nil {
		return figures{}, err
	}
	parts, failed := make([]measure.Samples, n), make([]error, n)
	cpu, err := l.cpu()
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for t := time.Now(); t.Sub(began) < d; {
				if failed[i] = callers[i](); failed[i] != nil {
					return
				}
				now := time.Now()
				parts[i] = append(parts[i], now.Sub(t))
				t = now
			}
		}(i)
	}
	wg.Wait()
	took := time.Since(began)

	var all measure.Samples
	for i := range parts {
		if failed[i] != nil {
			return figures{}, failed[i]
		}
		all = append(all, parts[i]...)
	}
	f, err := l.figures(cpu, all)
	f.PerSecond = float64(len(all)) / took.Seconds()
	return f, err
}

// cpu is the time taken so far, by this process and by the answering one.
func (l *lane) cpu() ([2]time.Duration, error) {
	runtime.GC() // what was left behind before is nobody's cost
	self, err := measure.CPU(os.Getpid())
	if err != nil {
		return [2]time.Duration{}, err
	}
	plugin, err := measure.CPU(l.pid)
	return [2]time.Duration{self, plugin}, err
}

func (l *lane) figures(before [2]time.Duration, s measure.Samples) (figures, error) {
	self, err := measure.CPU(os.Getpid())
	if err != nil {
		return figures{}, err
	}
	plugin, err := measure.CPU(l.pid)
	per := func(d time.Duration) float64 { return micros(d) / float64(max(len(s), 1)) }
	return figures{
		P50:       micros(s.At(50)),
		P99:       micros(s.At(99)),
		CPUSelf:   per(self - before[0]),
		CPUPlugin: per(plugin - before[1]),
	}, err
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

func positive(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number above zero", word)
	}
	return n, nil
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
		callers, err := l.callers(1)
		if err == nil {
			err = callers[0]()
		}
		took := time.Since(began)
		l.close()
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
