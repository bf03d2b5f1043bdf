// Package lanes drives one way of asking and being answered, line by line, and measures it. It must not know how it asks.
//
// These lines are read from standard input and answered with one line of JSON each:
//
//	warm N                N calls, not measured: {"calls"}
//	one N                 N calls one after another: {"p50_us", "p99_us", "cpu_self_us", "cpu_plugin_us"}
//	many CALLERS SECONDS  as many callers at once: the same and {"per_second"}
//	rss                   memory of the answering process: {"pss_kib", "anon_kib"}
//	quit                  the end, as is the end of the input
//
// CPU time is per call.
package lanes

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

// Lane is one way of asking and being answered.
type Lane struct {
	PID     int                         // the answering process
	Callers func(n int) ([]Call, error) // n that may ask at the same time
	Close   func()
}

// Call asks once and compares the answer.
type Call func() error

type figures struct {
	PerSecond float64 `json:"per_second,omitempty"` // of many only
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	CPUSelf   float64 `json:"cpu_self_us"`
	CPUPlugin float64 `json:"cpu_plugin_us"`
}

// Drive does what it is told until the end of its input; it closes the lane.
func Drive(l *Lane, err error) error {
	if err != nil {
		return err
	}
	defer l.Close()
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

func (l *Lane) do(words []string) (any, error) {
	var numbers []int
	for _, w := range words[1:] {
		n, err := Positive(w)
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
		return measure.MemoryOf(l.PID)
	}
	return nil, fmt.Errorf("use warm N, one N, many CALLERS SECONDS, rss or quit")
}

func (l *Lane) one(n int) (figures, error) {
	callers, err := l.Callers(1)
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

func (l *Lane) many(n int, d time.Duration) (figures, error) {
	callers, err := l.Callers(n)
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
func (l *Lane) cpu() ([2]time.Duration, error) {
	runtime.GC() // what was left behind before is nobody's cost
	self, err := measure.CPU(os.Getpid())
	if err != nil {
		return [2]time.Duration{}, err
	}
	plugin, err := measure.CPU(l.PID)
	return [2]time.Duration{self, plugin}, err
}

func (l *Lane) figures(before [2]time.Duration, s measure.Samples) (figures, error) {
	self, err := measure.CPU(os.Getpid())
	if err != nil {
		return figures{}, err
	}
	plugin, err := measure.CPU(l.PID)
	per := func(d time.Duration) float64 { return micros(d) / float64(max(len(s), 1)) }
	return figures{
		P50:       micros(s.At(50)),
		P99:       micros(s.At(99)),
		CPUSelf:   per(self - before[0]),
		CPUPlugin: per(plugin - before[1]),
	}, err
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// Positive reads a number above zero.
func Positive(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number above zero", word)
	}
	return n, nil
}

// Same lets all callers share one call that is safe for many.
func Same(c Call) func(int) ([]Call, error) {
	return func(n int) ([]Call, error) {
		out := make([]Call, n)
		for i := range out {
			out[i] = c
		}
		return out, nil
	}
}
