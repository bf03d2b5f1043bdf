// The ways of asking and the processes that answer. It must not know what is made of the times.

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/kubeshop/botkube/pkg/api/executor"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"conformance/internal/lanes"
	"conformance/internal/launch"
)

const (
	frame      = 1024 // bytes of a command and of what goes over the bare socket
	configSize = 200
)

// request is the call all figures are about: a command of 1 KiB in short words and two configurations of 200 bytes.
func request() executor.ExecuteInput {
	command := "echo hello" + strings.Repeat(" hello", frame/6)
	config := func(option string) *executor.Config {
		raw := "formatOptions:\n- " + option + "\n# "
		return &executor.Config{RawYAML: []byte(raw + strings.Repeat("x", configSize-len(raw)))}
	}
	return executor.ExecuteInput{
		Command: command[:frame],
		Configs: []*executor.Config{config("italic"), config("bold")},
	}
}

func hostLane(path string) (*lanes.Lane, error) {
	p, err := launch.Executor(path, hclog.NewNullLogger())
	if err != nil {
		return nil, err
	}
	in := request()
	return &lanes.Lane{
		PID: p.Cmd.Process.Pid,
		Callers: lanes.Same(func() error {
			out, err := p.Execute(context.Background(), in)
			if err != nil {
				return err
			}
			// The Rust echo marks its answer as configured; the Go one does not.
			return mustEqual(strings.Trim(out.Message.BaseBody.CodeBlock, "*"), in.Command)
		}),
		Close: p.Client.Kill,
	}, nil
}

func grpcLane() (*lanes.Lane, error) {
	child, err := startAnswering("grpc")
	if err != nil {
		return nil, err
	}
	conn, err := grpc.Dial("unix:"+child.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		child.stop()
		return nil, err
	}
	client, in := executor.NewExecutorClient(conn), request()
	return &lanes.Lane{
		PID: child.cmd.Process.Pid,
		Callers: lanes.Same(func() error {
			out, err := client.Execute(context.Background(), &executor.ExecuteRequest{
				Command: in.Command,
				Configs: in.Configs,
				Context: &executor.ExecuteContext{IncomingWebhook: &executor.IncomingWebhookContext{}},
			})
			if err != nil {
				return err
			}
			return mustEqual(string(out.Message), in.Command)
		}),
		Close: func() { conn.Close(); child.stop() },
	}, nil
}

func rawLane() (*lanes.Lane, error) {
	child, err := startAnswering("raw")
	if err != nil {
		return nil, err
	}
	var calls []lanes.Call // each with a connection of its own
	return &lanes.Lane{
		PID: child.cmd.Process.Pid,
		Callers: func(n int) ([]lanes.Call, error) {
			for len(calls) < n {
				conn, err := net.Dial("unix", child.socket)
				if err != nil {
					return nil, err
				}
				buf := make([]byte, frame)
				calls = append(calls, func() error {
					if _, err := conn.Write(buf); err != nil {
						return err
					}
					_, err := io.ReadFull(conn, buf)
					return err
				})
			}
			return calls[:n], nil
		},
		Close: child.stop,
	}, nil
}

func mustEqual(got, want string) error {
	if got != want {
		return fmt.Errorf("the answer is %.100q instead of %.100q", got, want)
	}
	return nil
}

// answering is this program again, as the process on the other side of a socket.
type answering struct {
	cmd    *exec.Cmd
	socket string
	stop   func()
}

func startAnswering(kind string) (*answering, error) {
	dir, err := os.MkdirTemp("", "lane")
	if err != nil {
		return nil, err
	}
	a, err := startIn(dir, kind)
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("while starting the answering process: %w", err)
	}
	return a, nil
}

func startIn(dir, kind string) (*answering, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	a := &answering{socket: filepath.Join(dir, kind)}
	a.cmd = exec.Command(self, "answer", kind, a.socket)
	a.cmd.Stderr = os.Stderr
	stdin, err := a.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	a.stop = func() {
		stdin.Close()
		_ = a.cmd.Wait() // it ends by the end of its input; how it ends says nothing about the figures
		os.RemoveAll(dir)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		a.stop()
		return nil, errors.New("it ended before it was ready")
	}
	return a, nil
}

// answer serves the bare transports below a plugin call until its input ends.
func answer(kind, socket string) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	go func() {
		if kind == "grpc" {
			s := grpc.NewServer()
			executor.RegisterExecutorServer(s, echo{})
			_ = s.Serve(listener) // ends with the process
			return
		}
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go pingPong(conn)
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

type echo struct {
	executor.UnimplementedExecutorServer
}

func (echo) Execute(_ context.Context, in *executor.ExecuteRequest) (*executor.ExecuteResponse, error) {
	return &executor.ExecuteResponse{Message: []byte(in.Command)}, nil
}

func pingPong(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, frame)
	for {
		if _, err := io.ReadFull(conn, buf); err != nil {
			return
		}
		if _, err := conn.Write(buf); err != nil {
			return
		}
	}
}
