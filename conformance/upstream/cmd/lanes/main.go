// Command lanes measures upstream's own agent code, imported unchanged: its command path and its plugin manager.
// It must not know who compares the figures with what.
//
//	lanes path CONFIG CHANNEL TEXT  from the text after the mention to the message for the chat, in CHANNEL
//	lanes start CONFIG              starts every plugin that is bound, has each answer once, and stays
//
// The first is driven line by line, as package lanes has it. The second prints {"started_ms", "answered_ms"}, answers
// each line "tree" with the memory of this process and all below it, {"pss_kib", "anon_kib"}, and ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/execute"
	"github.com/kubeshop/botkube/pkg/execute/command"
	"github.com/kubeshop/botkube/pkg/plugin"
	"github.com/sirupsen/logrus"
	"k8s.io/client-go/rest"

	"conformance/internal/lanes"
	"conformance/internal/measure"
	"conformance/upstream/internal/mute"
)

// group is the only communication group of the configuration.
const group = "default-group"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lanes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "path":
		return lanes.Drive(path(args[1], args[2], args[3]))
	case len(args) == 2 && args[0] == "start":
		return start(args[1])
	}
	return fmt.Errorf("cannot do %q: use path CONFIG CHANNEL TEXT or start CONFIG", strings.Join(args, " "))
}

// agent is as much of upstream's agent as a command passes through.
type agent struct {
	log     logrus.FieldLogger
	conf    *config.Config
	keys    []string
	manager *plugin.Manager
	stats   *plugin.HealthStats
}

func load(file string) (*agent, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	conf, _, err := config.LoadWithDefaults([][]byte{text})
	if err != nil {
		return nil, err
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	keys, _ := plugin.NewCollector(log).GetAllEnabledAndUsedPlugins(conf)
	stats := plugin.NewHealthStats(conf.Plugins.RestartPolicy.Threshold)
	manager := plugin.NewManager(log, conf.Settings.Log, conf.Plugins, keys, nil, make(chan string), stats)
	return &agent{log, conf, keys, manager, stats}, nil
}

func path(file, channel, text string) (*lanes.Lane, error) {
	a, err := load(file)
	if err != nil {
		return nil, err
	}
	if err := a.manager.Start(context.Background()); err != nil {
		return nil, err
	}
	var params execute.DefaultExecutorFactoryParams
	params.AnalyticsReporter = mute.ReportFor(params.AnalyticsReporter)
	params.AuditReporter = mute.AuditFor(params.AuditReporter)
	params.Log, params.Cfg, params.PluginManager, params.PluginHealthStats = a.log, *a.conf, a.manager, a.stats
	params.RestCfg = &rest.Config{
		Host: "https://127.0.0.1:6443", BearerToken: strings.Repeat("t", 1000),
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte(strings.Repeat("c", 1100))},
	}
	factory, err := execute.NewExecutorFactory(params)
	if err != nil {
		return nil, err
	}
	bound := a.conf.Communications[group].Mattermost.Channels[channel].Bindings.Executors
	ask := func() error {
		answer := factory.NewDefault(execute.NewDefaultInput{
			CommGroupName: group,
			Platform:      config.MattermostCommPlatformIntegration,
			Conversation: execute.Conversation{
				Alias: channel, DisplayName: channel, ID: channel, IsKnown: true,
				ExecutorBindings: bound, CommandOrigin: command.TypedOrigin,
			},
			User:    execute.UserInput{DisplayName: "someone"},
			Message: text,
		}).Execute(context.Background())
		if answer.BaseBody.CodeBlock != text || answer.Description == "" {
			return fmt.Errorf("another answer: %.200v", answer)
		}
		return nil
	}
	pids, err := measure.Children(os.Getpid())
	if err != nil {
		return nil, err
	}
	if len(pids) != 1 {
		return nil, fmt.Errorf("the configuration starts %d plugins instead of one", len(pids))
	}
	return &lanes.Lane{PID: pids[0], Callers: lanes.Same(ask), Close: a.manager.Shutdown}, nil
}

func start(file string) error {
	a, err := load(file)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := a.manager.Start(context.Background()); err != nil {
		return err
	}
	defer a.manager.Shutdown()
	started := time.Since(began)
	for _, key := range a.keys {
		e, err := a.manager.GetExecutor(key)
		if err != nil {
			return err
		}
		if _, err := e.Execute(context.Background(), executor.ExecuteInput{Command: "echo hello"}); err != nil {
			return err
		}
	}
	answered := time.Since(began)
	millis := func(d time.Duration) float64 { return float64(d) / 1e6 }
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]float64{"started_ms": millis(started), "answered_ms": millis(answered)}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if in.Text() != "tree" {
			return fmt.Errorf("cannot do %q: use tree", in.Text())
		}
		tree, err := measure.Tree(os.Getpid())
		if err != nil {
			return err
		}
		if err := out.Encode(tree); err != nil {
			return err
		}
	}
	return in.Err()
}
