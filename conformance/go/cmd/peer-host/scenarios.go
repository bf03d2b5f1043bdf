// What a plugin is tried with. It must not know how reports are written.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
)

const (
	printed  = 5 * time.Second         // within which a printed line arrives
	graceful = 1500 * time.Millisecond // within which a plugin told to shut down is gone
	bound    = 10 * time.Second        // after which a frozen plugin's host counts as stuck
)

// scenario is tried on a started plugin, or is about the error of starting it.
type scenario struct {
	name    string
	version uint // asked for instead of the agreed one, 0 for that
	try     func(context.Context, *session) (detail string, err error)
	refused func(error) (detail string, err error)
}

var scenarios = []scenario{
	{name: "handshake", try: handshake},
	{name: "ping", try: ping},
	{name: "call", try: call},
	{name: "many", try: many},
	{name: "big", try: big},
	{name: "error", try: failing},
	{name: "stdio", try: stdio},
	{name: "reflection", try: services},
	{name: "shutdown", try: shutdown},
	{name: "frozen", try: frozen},
	{name: "version", version: 8, refused: version},
}

func names() []string {
	var out []string
	for _, s := range scenarios {
		out = append(out, s.name)
	}
	return out
}

func handshake(_ context.Context, p *session) (string, error) {
	at := p.client.ReattachConfig()
	return fmt.Sprintf("protocol %s, version %d, network %s", at.Protocol, p.client.NegotiatedVersion(), at.Addr.Network()), nil
}

func ping(_ context.Context, p *session) (string, error) {
	return "", p.conn.Ping()
}

func call(ctx context.Context, p *session) (string, error) {
	return "", p.mustEcho(ctx, "hello, wörld")
}

func (p *session) mustEcho(ctx context.Context, text string) error {
	got, err := p.do(ctx, "echo "+text)
	if err == nil && string(got) != text {
		err = fmt.Errorf("echo of %q is %q", text, got)
	}
	return err
}

func many(ctx context.Context, p *session) (string, error) {
	const calls = 50
	failed := make([]error, calls)
	var wg sync.WaitGroup
	for i := 0; i < calls; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			failed[i] = p.mustEcho(ctx, fmt.Sprintf("number %d", i))
		}(i)
	}
	wg.Wait()
	return fmt.Sprintf("%d calls at once", calls), errors.Join(failed...)
}

func big(ctx context.Context, p *session) (string, error) {
	const size = 6 << 20
	got, err := p.do(ctx, fmt.Sprintf("big %d", size))
	if err == nil && !bytes.Equal(got, bytes.Repeat([]byte("x"), size)) {
		err = fmt.Errorf("the answer has %d bytes instead of %d, or other ones", len(got), size)
	}
	return fmt.Sprintf("%d bytes", size), err
}

func failing(ctx context.Context, p *session) (string, error) {
	const size = 200 << 10
	_, err := p.do(ctx, fmt.Sprintf("fail %d", size))
	if err == nil {
		return "", errors.New("the call did not fail")
	}
	s := status.Convert(err)
	if s.Message() != strings.Repeat("e", size) {
		return "", fmt.Errorf("the error has %d bytes instead of %d, or other ones; it starts with %.100q", len(s.Message()), size, s.Message())
	}
	return fmt.Sprintf("code %s, %d bytes", s.Code(), size), nil
}

func stdio(ctx context.Context, p *session) (string, error) {
	for _, stream := range []struct {
		name string
		to   *lines
	}{{"stdout", p.stdout}, {"stderr", p.stderr}} {
		line := "a line on " + stream.name
		if _, err := p.do(ctx, "print "+stream.name+" "+line); err != nil {
			return "", err
		}
		if err := stream.to.await(line, printed); err != nil {
			return "", fmt.Errorf("%s: %w", stream.name, err)
		}
	}
	return "both streams", nil
}

func services(ctx context.Context, p *session) (string, error) {
	conn, ok := p.conn.(*plugin.GRPCClient)
	if !ok {
		return "", errors.New("the connection is not one of gRPC")
	}
	stream, err := reflection.NewServerReflectionClient(conn.Conn).ServerReflectionInfo(ctx)
	if err != nil {
		return "", err
	}
	err = stream.Send(&reflection.ServerReflectionRequest{
		MessageRequest: &reflection.ServerReflectionRequest_ListServices{ListServices: "*"},
	})
	if err != nil {
		return "", err
	}
	answer, err := stream.Recv()
	if err != nil {
		return "", err
	}
	var found []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		found = append(found, s.GetName())
	}
	sort.Strings(found)
	return strings.Join(found, " "), nil
}

func shutdown(_ context.Context, p *session) (string, error) {
	pid, addr := p.cmd.Process.Pid, p.client.ReattachConfig().Addr
	began := time.Now()
	p.client.Kill()
	took := time.Since(began)

	var failed []error
	if took >= graceful {
		failed = append(failed, fmt.Errorf("it took %v, more than %v", took, graceful))
	}
	if !p.client.Exited() || syscall.Kill(pid, 0) == nil {
		failed = append(failed, errors.New("the process is still there"))
	} else if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		failed = append(failed, fmt.Errorf("the exit code is %d (%v) instead of 0", code, p.cmd.ProcessState))
	}
	if addr.Network() == "unix" {
		if _, err := os.Stat(addr.String()); !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, fmt.Errorf("the socket %s is still there", addr))
		}
	}
	return fmt.Sprintf("exit code 0 after %d ms", took.Milliseconds()), errors.Join(failed...)
}

// frozen stops the process and kills it in go-plugin's way; whatever comes of that, the process goes on and ends.
func frozen(_ context.Context, p *session) (string, error) {
	pid := p.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return "", err
	}
	began, done := time.Now(), make(chan struct{})
	go func() {
		p.client.Kill()
		close(done)
	}()
	select {
	case <-done:
		return fmt.Sprintf("Kill returned after %d ms: %v", time.Since(began).Milliseconds(), p.cmd.ProcessState), nil
	case <-time.After(bound):
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return "", err
	}
	<-done
	return fmt.Sprintf("Kill had not returned after %v", bound), nil
}

func version(err error) (string, error) {
	if err == nil {
		return "", errors.New("a host of another version was accepted")
	}
	if !strings.Contains(err.Error(), "ncompatible API version") { // its first letter depends on go-plugin's version
		return "", fmt.Errorf("the plugin failed otherwise: %w", err)
	}
	return err.Error(), nil
}
