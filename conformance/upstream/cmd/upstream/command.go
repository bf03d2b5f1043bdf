// A typed command: links, aliases, flags. It must not know any command.

package main

import (
	"context"
	"encoding/json"

	"github.com/sirupsen/logrus"

	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/execute"
	"github.com/kubeshop/botkube/pkg/execute/alias"
	"github.com/kubeshop/botkube/pkg/execute/command"
	"github.com/kubeshop/botkube/pkg/formatx"
	"github.com/kubeshop/botkube/pkg/plugin"

	"conformance/upstream/internal/mute"
)

type aliases map[string]string

func (a aliases) config() config.Aliases {
	out := config.Aliases{}
	for name, command := range a {
		out[name] = config.Alias{Command: command}
	}
	return out
}

// aliasKind: the text with its alias expanded.
func aliasKind(line json.RawMessage) (answer, error) {
	var in struct {
		Text    string  `json:"text"`
		Aliases aliases `json:"aliases"`
	}
	read(line, &in)
	return answer{Result: alias.ExpandPrefix(in.Text, in.Aliases.config())}, nil
}

// sanitizeKind: the text without Slack's markup of links.
func sanitizeKind(line json.RawMessage) (answer, error) {
	var in struct {
		Text string `json:"text"`
	}
	read(line, &in)
	return answer{Result: formatx.RemoveHyperlinks(in.Text)}, nil
}

// flagsKind: the command without the agent's flags, and what they said.
func flagsKind(line json.RawMessage) (answer, error) {
	var in struct {
		Text string `json:"text"`
	}
	read(line, &in)
	flags, err := execute.ParseFlags(in.Text)
	if err != nil {
		return answer{}, err
	}
	words := flags.TokenizedCmd
	if words == nil {
		words = []string{}
	}
	return answer{Result: map[string]any{
		"text":    flags.CleanCmd,
		"filter":  flags.Filter,
		"cluster": flags.ClusterName,
		"header":  flags.CmdHeader,
		"words":   words,
	}}, nil
}

// headerKind: the line above an answer, which shows a command after all that is done to it before it is understood.
// No plugin is bound, so that the answer itself is upstream's, not a plugin's.
func headerKind(line json.RawMessage) (answer, error) {
	var in struct {
		Text    string  `json:"text"`
		Aliases aliases `json:"aliases"`
		Cluster string  `json:"cluster"`
		Mention string  `json:"mention"`
		Origin  string  `json:"origin"`
	}
	read(line, &in)

	log := logrus.New()
	log.SetOutput(silent)
	conf := config.Config{Aliases: in.Aliases.config(), Settings: config.Settings{ClusterName: in.Cluster}}
	stats := plugin.NewHealthStats(0)
	var params execute.DefaultExecutorFactoryParams
	params.AnalyticsReporter = mute.ReportFor(params.AnalyticsReporter)
	params.AuditReporter = mute.AuditFor(params.AuditReporter)
	params.Log, params.Cfg, params.PluginHealthStats = log, conf, stats
	params.PluginManager = plugin.NewManager(log, conf.Settings.Log, conf.Plugins, nil, nil, nil, stats)
	factory, err := execute.NewExecutorFactory(params)
	if err != nil {
		return answer{}, err
	}
	said := factory.NewDefault(execute.NewDefaultInput{
		Platform: config.SocketSlackCommPlatformIntegration,
		Conversation: execute.Conversation{
			IsKnown:       true,
			CommandOrigin: command.Origin(in.Origin),
		},
		User:    execute.UserInput{Mention: in.Mention},
		Message: in.Text,
	}).Execute(context.Background())
	return answer{Result: map[string]any{
		"header":    said.Description,
		"codeBlock": said.BaseBody.CodeBlock,
		"plaintext": said.BaseBody.Plaintext,
	}}, nil
}
