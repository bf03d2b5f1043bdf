// Command executor is a plugin named probe, made with the original SDK, that shows a host everything it was sent
// and answers in every way a plugin can. It must not know which host runs it.
//
// The second word of a command says what to do; the first is the name it was called by, whatever that is:
//
//	inspect        the call as JSON
//	merged         the configurations merged with the defaults, as JSON
//	fail TEXT      an error with this text
//	fail-big N     an error of N bytes
//	big N          a code block of N bytes
//	messages N     a message and N extra ones
//	skip, empty    a message that says not to be sent; a message of nothing
//	buttons        a section with buttons, selects and inputs
//	sleep DURATION an answer after that time, or an error as soon as the caller gives up
//	print TEXT     a line on standard output and one on standard error
//	flood DURATION lines for that time, as many as it can write, to both of its outputs and to those the process began with
//	panic          a panic
//	exit N         the end of the process with this code
//
// Anything else is answered with the command itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/kubeshop/botkube/pkg/api"
	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/plugin"
	"github.com/slack-go/slack"

	"conformance/internal/settings"
)

const schema = `{"$schema":"http://json-schema.org/draft-07/schema#","title":"Probe","type":"object",` +
	`"properties":{"a":{"type":"string","default":"da"},"l":{"type":"array","items":{"type":"string"}}}}`

// inspection is a call as the SDK hands it to a plugin.
type inspection struct {
	Command            string                   `json:"command"`
	Configs            []string                 `json:"configs"`
	Kubeconfig         string                   `json:"kubeconfig"`
	IsInteractive      bool                     `json:"isInteractive"`
	Message            message                  `json:"message"`
	IncomingWebhookURL string                   `json:"incomingWebhookURL"`
	SlackState         *slack.BlockActionStates `json:"slackState"`
}

type message struct {
	Text             string `json:"text"`
	URL              string `json:"url"`
	ParentActivityID string `json:"parentActivityId"`
	User             user   `json:"user"`
}

type user struct {
	Mention     string `json:"mention"`
	DisplayName string `json:"displayName"`
}

type probe struct{}

func (probe) Metadata(context.Context) (api.MetadataOutput, error) {
	return api.MetadataOutput{
		Version:          "1.2.3",
		Description:      "Shows what a plugin receives and answers in every way a plugin can.",
		DocumentationURL: "https://example.org/probe",
		JSONSchema:       api.JSONSchema{Value: schema},
		Dependencies: map[string]api.Dependency{
			"tool": {URLs: api.URLs{
				"linux/amd64":  "https://example.org/tool_linux_amd64.tar.gz//tool",
				"linux/arm64":  "https://example.org/tool_linux_arm64.tar.gz//tool",
				"darwin/arm64": "https://example.org/tool_darwin_arm64",
			}},
		},
		Recommended: true,
	}, nil
}

func (probe) Help(context.Context) (api.Message, error) {
	button := api.NewMessageButtonBuilder()
	return api.Message{Sections: []api.Section{{
		Base: api.Base{
			Header:      "Probe",
			Description: "Shows what a plugin receives and answers in every way a plugin can.",
		},
		Buttons: api.Buttons{
			button.ForCommandWithDescCmd("Inspect", "probe inspect", api.ButtonStylePrimary),
			button.ForURL("Documentation", "https://example.org/probe"),
		},
	}}}, nil
}

func (probe) Execute(ctx context.Context, in executor.ExecuteInput) (executor.ExecuteOutput, error) {
	verb, rest := split(in.Command)
	switch verb {
	case "inspect":
		return asJSON(inspect(in))
	case "merged":
		var out settings.Settings
		if err := plugin.MergeExecutorConfigsWithDefaults(settings.Defaults(), in.Configs, &out); err != nil {
			return executor.ExecuteOutput{}, err
		}
		return asJSON(out)
	case "fail":
		return executor.ExecuteOutput{}, errors.New(rest)
	case "fail-big":
		n, err := count(verb, rest)
		if err != nil {
			return executor.ExecuteOutput{}, err
		}
		return executor.ExecuteOutput{}, errors.New(strings.Repeat("e", n))
	case "big":
		n, err := count(verb, rest)
		if err != nil {
			return executor.ExecuteOutput{}, err
		}
		return codeBlock(strings.Repeat("x", n)), nil
	case "messages":
		n, err := count(verb, rest)
		if err != nil {
			return executor.ExecuteOutput{}, err
		}
		return messages(n), nil
	case "skip":
		return executor.ExecuteOutput{Message: api.Message{Type: api.SkipMessage}}, nil
	case "empty":
		return executor.ExecuteOutput{}, nil
	case "buttons":
		return executor.ExecuteOutput{Message: interactive()}, nil
	case "sleep":
		return sleep(ctx, rest)
	case "print":
		fmt.Println(rest)
		fmt.Fprintln(os.Stderr, rest)
		return codeBlock("printed"), nil
	case "flood":
		d, err := duration(verb, rest)
		if err != nil {
			return executor.ExecuteOutput{}, err
		}
		return codeBlock("flooding"), flood(d)
	case "panic":
		panic("the probe panics because it was asked to")
	case "exit":
		code, err := count(verb, rest)
		if err != nil {
			return executor.ExecuteOutput{}, err
		}
		os.Exit(code)
	}
	return executor.ExecuteOutput{Message: api.NewCodeBlockMessage(in.Command, true)}, nil
}

// split cuts a command into its second word and what follows it, as it was typed.
func split(command string) (verb, rest string) {
	_, tail, _ := strings.Cut(strings.TrimSpace(command), " ")
	verb, rest, _ = strings.Cut(strings.TrimLeft(tail, " "), " ")
	return verb, rest
}

func count(verb, word string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(word))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q needs a number that is not negative, not %q: write %q", verb, word, verb+" 10")
	}
	return n, nil
}

func duration(verb, word string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(word))
	if err != nil {
		return 0, fmt.Errorf("%q needs a duration, not %q: write %q", verb, word, verb+" 200ms")
	}
	return d, nil
}

// flood writes in the background. The SDK has put its own files in the place of the standard ones by now; the first two
// are those of the process.
func flood(d time.Duration) error {
	files := []*os.File{os.Stdout, os.Stderr}
	for _, number := range []int{1, 2} {
		// A file that is collected closes what it was made of.
		again, err := syscall.Dup(number)
		if err != nil {
			return err
		}
		files = append(files, os.NewFile(uintptr(again), "flood"))
	}
	end, line := time.Now().Add(d), []byte(strings.Repeat("flood ", 20)+"\n")
	for _, file := range files {
		go func(file *os.File) {
			for time.Now().Before(end) {
				if _, err := file.Write(line); err != nil {
					return
				}
			}
		}(file)
	}
	return nil
}

func codeBlock(text string) executor.ExecuteOutput {
	return executor.ExecuteOutput{Message: api.NewCodeBlockMessage(text, false)}
}

func asJSON(value any) (executor.ExecuteOutput, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return executor.ExecuteOutput{}, err
	}
	return codeBlock(string(raw)), nil
}

func inspect(in executor.ExecuteInput) inspection {
	configs := make([]string, 0, len(in.Configs))
	for _, c := range in.Configs {
		configs = append(configs, string(c.RawYAML))
	}
	from := in.Context.Message
	return inspection{
		Command:       in.Command,
		Configs:       configs,
		Kubeconfig:    string(in.Context.KubeConfig),
		IsInteractive: in.Context.IsInteractivitySupported,
		Message: message{
			Text:             from.Text,
			URL:              from.URL,
			ParentActivityID: from.ParentActivityID,
			User:             user{Mention: from.User.Mention, DisplayName: from.User.DisplayName},
		},
		IncomingWebhookURL: in.Context.IncomingWebhook.BaseSourceURL,
		SlackState:         in.Context.SlackState,
	}
}

func messages(n int) executor.ExecuteOutput {
	out := executor.ExecuteOutput{Message: api.NewPlaintextMessage("message 0", false)}
	for i := 1; i <= n; i++ {
		out.Messages = append(out.Messages, api.NewPlaintextMessage(fmt.Sprintf("message %d", i), false))
	}
	return out
}

func interactive() api.Message {
	button := api.NewMessageButtonBuilder()
	one, two := api.OptionItem{Name: "One", Value: "1"}, api.OptionItem{Name: "Two", Value: "2"}
	return api.Message{
		Type:      api.DefaultMessage,
		Timestamp: time.Date(2024, time.November, 5, 10, 0, 0, 120_000_000, time.FixedZone("", 3600)),
		Sections: []api.Section{
			{
				Style: api.SectionStyle{Divider: api.DividerStyleTopNone},
				Base: api.Base{
					Header:      "Everything to click on",
					Description: "One of each",
					Body:        api.Body{Plaintext: "Pick <one> & go", CodeBlock: "probe buttons"},
				},
				Buttons: api.Buttons{
					button.ForCommandWithBoldDesc("Again", "Shows this again", "probe buttons", api.ButtonStylePrimary),
					button.ForCommandWithoutDesc("Fail", "probe fail on purpose", api.ButtonStyleDanger),
					button.ForURL("Documentation", "https://example.org/probe"),
				},
				MultiSelect: api.MultiSelect{
					Name:           "Several",
					Description:    api.Body{Plaintext: "As many as you like"},
					Command:        api.MessageBotNamePlaceholder + " probe several",
					Options:        []api.OptionItem{one, two},
					InitialOptions: []api.OptionItem{two},
				},
				Selects: api.Selects{
					ID: "pick",
					Items: []api.Select{{
						Type:          api.StaticSelect,
						Name:          "One of these",
						Command:       api.MessageBotNamePlaceholder + " probe pick",
						OptionGroups:  []api.OptionGroup{{Name: "Numbers", Options: []api.OptionItem{one, two}}},
						InitialOption: &one,
					}},
				},
				PlaintextInputs: api.LabelInputs{{
					Command:          api.MessageBotNamePlaceholder + " probe say ",
					Text:             "Say",
					Placeholder:      "anything",
					DispatchedAction: api.DispatchInputActionOnCharacter,
				}},
			},
			{
				TextFields:  api.TextFields{{Key: "Namespace", Value: "default"}},
				BulletLists: api.BulletLists{{Title: "Warnings", Items: []string{"no limits set", "image tag latest"}}},
				Context:     api.ContextItems{{Text: "_made just now_"}},
			},
		},
		PlaintextInputs: api.LabelInputs{{
			Command:          api.MessageBotNamePlaceholder + " probe --filter=",
			Text:             "Filter output",
			Placeholder:      "a part of a line",
			DispatchedAction: api.DispatchInputActionOnEnter,
		}},
	}
}

func sleep(ctx context.Context, word string) (executor.ExecuteOutput, error) {
	d, err := duration("sleep", word)
	if err != nil {
		return executor.ExecuteOutput{}, err
	}
	select {
	case <-ctx.Done():
		return executor.ExecuteOutput{}, ctx.Err()
	case <-time.After(d):
		return codeBlock("slept " + d.String()), nil
	}
}

func main() {
	executor.Serve(map[string]goplugin.Plugin{"probe": &executor.Plugin{Executor: probe{}}})
}
