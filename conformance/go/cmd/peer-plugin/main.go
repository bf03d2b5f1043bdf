// Command peer-plugin is a go-plugin plugin without any Botkube that does what its host says.
// It must not know which host runs it, nor which version of go-plugin it is built with.
//
//	echo TEXT                          TEXT
//	big N                              N bytes
//	fail N                             an error of N bytes
//	print stdout TEXT, print stderr TEXT  a line on that stream
//	flood N                            N lines of 1 KiB on standard output
//	sleep MS                           an answer after that time, or an error as soon as the caller gives up
//	pid                                the process's number
//	exit N                             the end of the process with this code
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"

	"conformance/internal/peer"
)

func do(ctx context.Context, request string) ([]byte, error) {
	verb, rest, _ := strings.Cut(request, " ")
	switch verb {
	case "echo":
		return []byte(rest), nil
	case "pid":
		return []byte(strconv.Itoa(os.Getpid())), nil
	case "print":
		return nil, printLine(rest)
	}

	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("cannot do %q: use echo TEXT, pid, print stdout|stderr TEXT, or big, fail, flood, sleep, exit with a number", request)
	}
	switch verb {
	case "big":
		return []byte(strings.Repeat("x", n)), nil
	case "fail":
		return nil, errors.New(strings.Repeat("e", n))
	case "flood":
		line := strings.Repeat("f", 1023) + "\n"
		for i := 0; i < n; i++ {
			if _, err := os.Stdout.WriteString(line); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "sleep":
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(n) * time.Millisecond):
			return []byte("slept"), nil
		}
	case "exit":
		os.Exit(n)
	}
	return nil, fmt.Errorf("nothing is called %q: use echo, big, fail, print, flood, sleep, pid or exit", verb)
}

// printLine looks the stream up at every call, for go-plugin replaces both once it serves.
func printLine(rest string) error {
	stream, text, _ := strings.Cut(rest, " ")
	to := map[string]*os.File{"stdout": os.Stdout, "stderr": os.Stderr}[stream]
	if to == nil {
		return fmt.Errorf("cannot print on %q: use stdout or stderr", stream)
	}
	_, err := fmt.Fprintln(to, text)
	return err
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: peer.Handshake,
		Plugins:         map[string]plugin.Plugin{peer.Name: &peer.Plugin{Do: do}},
		GRPCServer:      plugin.DefaultGRPCServer,
	})
}
