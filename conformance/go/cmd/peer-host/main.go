// Command peer-host is a go-plugin host without any Botkube that tries a plugin of the service interop.Peer.
// It must not know what language the plugin is written in, nor which version of go-plugin either side has.
//
//	peer-host PLUGIN [-mtls] [-v] [SCENARIO…]
//
// Without scenarios it runs all. Each gets a plugin process of its own and is reported in one line of JSON,
// {"scenario", "ok", "detail"}; the exit code is 0 when all were ok. The scenario frozen only reports what
// go-plugin does, which is no verdict on the plugin.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"conformance/internal/peer"
)

// session is a plugin process with a host's end of go-plugin around it.
type session struct {
	client         *plugin.Client
	cmd            *exec.Cmd
	conn           plugin.ClientProtocol
	do             peer.Do
	stdout, stderr *lines
}

type options struct {
	path    string
	mtls    bool
	version uint
	log     hclog.Logger
}

type report struct {
	Scenario string `json:"scenario"`
	OK       bool   `json:"ok"`
	Detail   string `json:"detail"`
}

func main() {
	o := options{version: peer.Handshake.ProtocolVersion, log: hclog.NewNullLogger()}
	var wanted []string
	for _, arg := range os.Args[1:] {
		switch {
		case arg == "-mtls":
			o.mtls = true
		case arg == "-v":
			o.log = hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr})
		case o.path == "":
			o.path = arg
		default:
			wanted = append(wanted, arg)
		}
	}
	if o.path == "" {
		fmt.Fprintf(os.Stderr, "usage: peer-host PLUGIN [-mtls] [-v] [SCENARIO…], scenarios: %s\n", strings.Join(names(), " "))
		os.Exit(2)
	}
	if len(wanted) == 0 {
		wanted = names()
	}

	out, failed := json.NewEncoder(os.Stdout), false
	for _, name := range wanted {
		detail, err := run(name, o)
		r := report{Scenario: name, OK: err == nil, Detail: detail}
		if err != nil {
			r.Detail, failed = err.Error(), true
		}
		if err := out.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, "peer-host: cannot write a report:", err)
			os.Exit(1)
		}
	}
	if failed {
		os.Exit(1)
	}
}

func run(name string, o options) (detail string, err error) {
	for _, s := range scenarios {
		if s.name != name {
			continue
		}
		if s.version != 0 {
			o.version = s.version
		}
		p, err := start(o)
		if p != nil {
			defer p.client.Kill()
		}
		if s.refused != nil {
			return s.refused(err)
		}
		if err != nil {
			return "", fmt.Errorf("while starting the plugin: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return s.try(ctx, p)
	}
	return "", fmt.Errorf("no scenario is called %q: use %s", name, strings.Join(names(), ", "))
}

func start(o options) (*session, error) {
	s := &session{cmd: exec.Command(o.path), stdout: newLines(), stderr: newLines()}
	handshake := peer.Handshake
	handshake.ProtocolVersion = o.version
	s.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          map[string]plugin.Plugin{peer.Name: &peer.Plugin{}},
		Cmd:              s.cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         o.mtls,
		SyncStdout:       s.stdout,
		SyncStderr:       s.stderr,
		Logger:           o.log,
	})
	conn, err := s.client.Client()
	if err != nil {
		return s, err
	}
	s.conn = conn
	raw, err := conn.Dispense(peer.Name)
	if err != nil {
		return s, err
	}
	do, ok := raw.(peer.Do)
	if !ok {
		return s, errors.New("go-plugin dispensed something else than asked for")
	}
	s.do = do
	return s, nil
}
