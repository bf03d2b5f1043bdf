// What a plugin printed, as it arrives. It must not know who printed it.

package main

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// lines keeps what a plugin printed and can be waited on.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed and replaced whenever something arrives
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(p)
}

// await returns once this line has arrived as a whole.
func (l *lines) await(line string, within time.Duration) error {
	deadline := time.After(within)
	for {
		l.mu.Lock()
		more, seen := l.more, append([]byte("\n"), l.text.Bytes()...)
		l.mu.Unlock()
		if bytes.Contains(seen, []byte("\n"+line+"\n")) {
			return nil
		}
		select {
		case <-more:
		case <-deadline:
			return fmt.Errorf("no line %q within %v, only %q", line, within, seen[1:])
		}
	}
}
