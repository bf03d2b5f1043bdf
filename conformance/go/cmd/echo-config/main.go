// Command echo-config is the plugin of upstream's tutorial after its section on configuration: it merges the
// configurations of every call with the SDK's helper and answers with the command.
// It must not know that it is measured: it does what an author would write, no more.
package main

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/kubeshop/botkube/pkg/api"
	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/plugin"
)

type config struct {
	FormatOptions []string `yaml:"formatOptions,omitempty"`
}

type echo struct{}

func (echo) Metadata(context.Context) (api.MetadataOutput, error) {
	return api.MetadataOutput{Version: "1.0.0", Description: "Answers with the command it was given."}, nil
}

func (echo) Execute(_ context.Context, in executor.ExecuteInput) (executor.ExecuteOutput, error) {
	var cfg config
	if err := plugin.MergeExecutorConfigs(in.Configs, &cfg); err != nil {
		return executor.ExecuteOutput{}, err
	}
	return executor.ExecuteOutput{Message: api.NewCodeBlockMessage(in.Command, true)}, nil
}

func (echo) Help(context.Context) (api.Message, error) {
	return api.NewPlaintextMessage("echo <text>", false), nil
}

func main() {
	executor.Serve(map[string]goplugin.Plugin{"echo": &executor.Plugin{Executor: echo{}}})
}
