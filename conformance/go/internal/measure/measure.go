// Package measure reads clocks, memory and percentiles. It must not know what is measured.
package measure

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Samples are durations of single calls.
type Samples []time.Duration

// Memory is what a process occupies, in KiB; Pss counts a page shared with others in parts.
type Memory struct {
	Pss       int `json:"pss_kib"`
	Anonymous int `json:"anon_kib"`
}

// At returns the nearest-rank percentile p, from 0 to 100; zero without samples.
func (s Samples) At(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })
	i := int(p/100*float64(len(s))+0.9999) - 1
	return s[min(max(i, 0), len(s)-1)]
}

// CPU is user plus system time a process has taken so far, from its own clock (clock_getcpuclockid(3)).
func CPU(pid int) (time.Duration, error) {
	const scheduled = 2 // the kind of clock that counts all time on a core, to the nanosecond
	var t unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("while reading the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// MemoryOf reads /proc/PID/smaps_rollup.
func MemoryOf(pid int) (Memory, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return Memory{}, err
	}
	defer f.Close()
	var m Memory
	in := bufio.NewScanner(f)
	for in.Scan() {
		field := strings.Fields(in.Text())
		if len(field) != 3 {
			continue
		}
		kib, err := strconv.Atoi(field[1])
		switch {
		case err != nil:
		case field[0] == "Pss:":
			m.Pss = kib
		case field[0] == "Anonymous:":
			m.Anonymous = kib
		}
	}
	return m, in.Err()
}

// Children are the processes started by a process that is still there.
func Children(pid int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var children []int
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended
		}
		// The name, in brackets, may hold anything; after it come the state and the parent.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	return children, nil
}

// Tree is the memory of a process and of all below it.
func Tree(pid int) (Memory, error) {
	sum, err := MemoryOf(pid)
	if err != nil {
		return Memory{}, err
	}
	children, err := Children(pid)
	if err != nil {
		return Memory{}, err
	}
	for _, child := range children {
		m, err := Tree(child)
		if err != nil {
			return Memory{}, err
		}
		sum.Pss += m.Pss
		sum.Anonymous += m.Anonymous
	}
	return sum, nil
}
