// Command host runs an executor plugin as upstream does and puts calls to it that it reads as lines of JSON.
// It must not know what a right answer is: it reports what the SDK made of the plugin's answer.
//
//	host [-v] PLUGIN
//
// Requests: {"do":"execute", "command", "configs", "kubeconfig", "interactive", "user", "message", "slackState",
// "incomingWebhookURL"}, {"do":"help"}, {"do":"metadata"}, {"do":"many", "n", "command"}, {"do":"kill"}.
// Each is answered with one line, {"ok":true, …} or {"ok":false, "error":"…"}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/kubeshop/botkube/pkg/api"
	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/slack-go/slack"

	"conformance/internal/launch"
)

type request struct {
	Do                 string          `json:"do"`
	Command            string          `json:"command"`
	Configs            []string        `json:"configs"`
	Kubeconfig         string          `json:"kubeconfig"`
	Interactive        bool            `json:"interactive"`
	User               user            `json:"user"`
	Message            message         `json:"message"`
	SlackState         json.RawMessage `json:"slackState"`
	IncomingWebhookURL string          `json:"incomingWebhookURL"`
	N                  int             `json:"n"`
}

type user struct {
	Mention     string `json:"mention"`
	DisplayName string `json:"displayName"`
}

type message struct {
	Text             string `json:"text"`
	URL              string `json:"url"`
	ParentActivityID string `json:"parentActivityId"`
}

type answer struct {
	OK       bool                `json:"ok"`
	Error    string              `json:"error,omitempty"`
	Message  *api.Message        `json:"message,omitempty"`
	Messages []api.Message       `json:"messages,omitempty"`
	Metadata *api.MetadataOutput `json:"metadata,omitempty"`
	*end
}

// end is how the plugin's process ended; a code of -1 means by a signal.
type end struct {
	Exited   bool  `json:"exited"`
	Millis   int64 `json:"millis"`
	ExitCode int   `json:"exitCode"`
}

func main() {
	verbose := flag.Bool("v", false, "write the log of go-plugin to standard error")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: host [-v] PLUGIN < requests")
		os.Exit(2)
	}
	log := hclog.NewNullLogger()
	if *verbose {
		log = hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr})
	}

	out := json.NewEncoder(os.Stdout)
	p, err := launch.Executor(flag.Arg(0), log)
	if err != nil {
		write(out, answer{Error: err.Error()})
		os.Exit(1)
	}
	err = serve(p, os.Stdin, out)
	p.Client.Kill()
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

func serve(p *launch.Plugin, requests io.Reader, out *json.Encoder) error {
	in := bufio.NewReader(requests)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			var r request
			if bad := json.Unmarshal(line, &r); bad != nil {
				return fmt.Errorf("a request is not the JSON it should be: %w", bad)
			}
			a, failed := do(p, r)
			if failed != nil {
				a = answer{Error: failed.Error()}
			}
			a.OK = failed == nil
			write(out, a)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func write(out *json.Encoder, a answer) {
	if err := out.Encode(a); err != nil {
		fmt.Fprintln(os.Stderr, "host: cannot write an answer:", err)
		os.Exit(1)
	}
}

func do(p *launch.Plugin, r request) (answer, error) {
	ctx := context.Background()
	switch r.Do {
	case "execute":
		in, err := input(r)
		if err != nil {
			return answer{}, err
		}
		out, err := p.Execute(ctx, in)
		return answer{Message: &out.Message, Messages: out.Messages}, err
	case "help":
		msg, err := p.Help(ctx)
		return answer{Message: &msg}, err
	case "metadata":
		meta, err := p.Metadata(ctx)
		return answer{Metadata: &meta}, err
	case "many":
		return answer{}, many(p, r)
	case "kill":
		began := time.Now()
		p.Client.Kill()
		return answer{end: &end{
			Exited:   p.Client.Exited(),
			Millis:   time.Since(began).Milliseconds(),
			ExitCode: p.Cmd.ProcessState.ExitCode(),
		}}, nil
	}
	return answer{}, fmt.Errorf("no request is called %q: use execute, help, metadata, many or kill", r.Do)
}

func input(r request) (executor.ExecuteInput, error) {
	in := executor.ExecuteInput{
		Command: r.Command,
		Context: executor.ExecuteInputContext{
			IsInteractivitySupported: r.Interactive,
			KubeConfig:               []byte(r.Kubeconfig),
			Message: executor.Message{
				Text:             r.Message.Text,
				URL:              r.Message.URL,
				ParentActivityID: r.Message.ParentActivityID,
				User:             executor.User{Mention: r.User.Mention, DisplayName: r.User.DisplayName},
			},
			IncomingWebhook: executor.IncomingWebhookDetailsContext{BaseSourceURL: r.IncomingWebhookURL},
		},
	}
	for _, c := range r.Configs {
		in.Configs = append(in.Configs, &executor.Config{RawYAML: []byte(c)})
	}
	if len(r.SlackState) > 0 {
		in.Context.SlackState = &slack.BlockActionStates{}
		if err := json.Unmarshal(r.SlackState, in.Context.SlackState); err != nil {
			return in, fmt.Errorf("slackState is not a state as Slack sends it: %w", err)
		}
	}
	return in, nil
}

// many puts n calls at once and compares each answer's end with the number its command ended in.
func many(p *launch.Plugin, r request) error {
	failed := make([]error, r.N)
	var wg sync.WaitGroup
	for i := 0; i < r.N; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			mine, suffix := r, fmt.Sprintf(" #%d", i)
			mine.Command += suffix
			in, err := input(mine)
			if err == nil {
				var out executor.ExecuteOutput
				out, err = p.Execute(context.Background(), in)
				if body := out.Message.BaseBody; err == nil && !strings.HasSuffix(body.CodeBlock+body.Plaintext, suffix) {
					err = fmt.Errorf("the answer to %q is %q", mine.Command, body.CodeBlock+body.Plaintext)
				}
			}
			failed[i] = err
		}(i)
	}
	wg.Wait()
	return errors.Join(failed...)
}
