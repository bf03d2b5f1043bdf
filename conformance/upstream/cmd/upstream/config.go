// A configuration, and the configurations of one plugin. It must not know any key.

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"conformance/internal/settings"

	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/plugin"
)

const prefix = "BOTKUBE_"

// configKind: the files merged in order, then the environment, with the names of keys that the files use.
func configKind(line json.RawMessage) (answer, error) {
	var in struct {
		Files       []string          `json:"files"`
		Environment map[string]string `json:"environment"`
	}
	read(line, &in)

	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, prefix) {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range in.Environment {
		if err := os.Setenv(name, value); err != nil {
			fail(err)
		}
		defer os.Unsetenv(name)
	}
	var files [][]byte
	for _, file := range in.Files {
		files = append(files, []byte(file))
	}
	conf, details, err := config.LoadWithDefaults(files)
	if err != nil {
		return answer{}, err
	}
	result, err := asWritten(conf)
	if err != nil {
		return answer{}, err
	}
	a := answer{Result: result}
	if details.ValidateWarnings != nil {
		a.Warnings = details.ValidateWarnings.Error()
	}
	return a, nil
}

// asWritten shows a value under the keys it has in YAML.
func asWritten(value any) (any, error) {
	text, err := yaml.Marshal(value)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	return textKeys(plain), nil
}

// textKeys makes every key a text, since JSON has no others.
func textKeys(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			value[key] = textKeys(child)
		}
		return value
	case map[any]any:
		out := map[string]any{}
		for key, child := range value {
			out[fmt.Sprint(key)] = textKeys(child)
		}
		return out
	case []any:
		for i, child := range value {
			value[i] = textKeys(child)
		}
		return value
	}
	return value
}

// mergeKind: the configurations of one plugin, over the defaults of settings or over nothing.
func mergeKind(line json.RawMessage) (answer, error) {
	var in struct {
		Defaults bool     `json:"defaults"`
		Configs  []string `json:"configs"`
	}
	read(line, &in)

	var configs []*executor.Config
	for _, text := range in.Configs {
		configs = append(configs, &executor.Config{RawYAML: []byte(text)})
	}
	var out settings.Settings
	var err error
	if in.Defaults {
		err = plugin.MergeExecutorConfigsWithDefaults(settings.Defaults(), configs, &out)
	} else {
		err = plugin.MergeExecutorConfigs(configs, &out)
	}
	return answer{Result: out}, err
}
