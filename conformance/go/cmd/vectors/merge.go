// Configurations merged by the SDK. It must not know how the documents are drawn.

package main

import (
	"encoding/json"
	"fmt"
	"math/rand"

	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/plugin"

	"conformance/internal/settings"
)

const (
	randomMerges = 600
	repeats      = 24 // of a merge that must come out the same every time, for maps are walked in random order
)

// mergeVector has a result or an error.
type mergeVector struct {
	Defaults bool            `json:"defaults"` // settings.Defaults() were given
	Configs  []string        `json:"configs"`
	Result   json.RawMessage `json:"result"`
	Error    *string         `json:"error"`
}

// mergeRow is a row of the contract's table (contract-plugins A.5).
type mergeRow struct {
	bare    bool // without defaults
	configs []string
}

var mergeRows = []mergeRow{
	{},
	{bare: true},
	{configs: []string{""}},
	{configs: []string{"null"}},
	{configs: []string{"l: [q]", "n: {key: nk}", "m: {k2: v2}"}},
	{configs: []string{"a: null"}},
	{configs: []string{"l: null"}},
	{configs: []string{"n: null"}},
	{configs: []string{"d: null"}},
	{configs: []string{"a: null\nl: null\nn: null\nd: null"}},
	{configs: []string{"l: []\nn: {}\nd: 5s"}},
	{configs: []string{"n: scalar", "n: {key: k}"}},
	{configs: []string{"n: scalar"}},
	{configs: []string{"l: a,b"}},
	{configs: []string{`i: "12"`}},
	{configs: []string{`b: "false"`}},
	{configs: []string{"d: 1000"}},
	{configs: []string{"A: up"}},
	{bare: true, configs: []string{"A: up"}},
	{configs: []string{"b: yes"}},
	{configs: []string{"- a"}},
	{configs: []string{"a: ["}},
	{configs: []string{"- a", "a: [", "a: up"}},
	{configs: []string{"i: 2.7"}},
	{configs: []string{"a: 5"}},
	{configs: []string{"a: true"}},
	{configs: []string{"a: [1]"}},
	{configs: []string{"l: one"}},
	{configs: []string{`l: ""`}},
	{configs: []string{"a: x", "A: y"}},
	{bare: true, configs: []string{"a: x", "A: y"}},
}

func mergeVectors(r *rand.Rand) ([]any, error) {
	var out []any
	for _, row := range mergeRows {
		v, stable := merge(!row.bare, row.configs)
		if !stable {
			return nil, fmt.Errorf("the result of %q changes from run to run", row.configs)
		}
		out = append(out, v)
	}
	seen := map[string]bool{}
	for len(out) < len(mergeRows)+randomMerges {
		configs := make([]string, pick(r, []int{0, 1, 1, 1, 1, 2, 2, 2, 3, 3}))
		for i := range configs {
			configs[i] = document(r)
		}
		v, stable := merge(chance(r, 0.6), configs)
		if key := fmt.Sprintf("%t %q", v.Defaults, configs); stable && !seen[key] {
			seen[key] = true
			out = append(out, v)
		}
	}
	return out, nil
}

// merge asks the SDK; the vector is of no use unless it is stable.
func merge(defaults bool, configs []string) (v mergeVector, stable bool) {
	v = mergeOnce(defaults, configs)
	want, _ := json.Marshal(v)
	for i := 0; i < repeats; i++ {
		if got, _ := json.Marshal(mergeOnce(defaults, configs)); string(got) != string(want) {
			return v, false
		}
	}
	return v, true
}

func mergeOnce(defaults bool, configs []string) (v mergeVector) {
	v = mergeVector{Defaults: defaults, Configs: append([]string{}, configs...)}
	fail := func(text string) { v.Error, v.Result = &text, nil }
	defer func() {
		if p := recover(); p != nil {
			fail(fmt.Sprint("panic: ", p))
		}
	}()

	var in []*executor.Config
	for _, c := range configs {
		in = append(in, &executor.Config{RawYAML: []byte(c)})
	}
	var dest settings.Settings
	var err error
	if defaults {
		err = plugin.MergeExecutorConfigsWithDefaults(settings.Defaults(), in, &dest)
	} else {
		err = plugin.MergeExecutorConfigs(in, &dest)
	}
	if err == nil {
		v.Result, err = json.Marshal(dest)
	}
	if err != nil {
		fail(err.Error())
	}
	return v
}
