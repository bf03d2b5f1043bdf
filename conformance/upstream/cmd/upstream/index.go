// A plugin repository's index: what it holds, what is wrong with it, and which entry a plugin's key leads to.
// It must not know any plugin.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
	"gopkg.in/yaml.v3"

	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/plugin"
)

const repository = "r"

// indexKind: the entries of an index, if it is valid. With "choose", a plugin's key without its repository, also the
// entry whose file would run, by its number, and the version this file is named after.
func indexKind(line json.RawMessage) (answer, error) {
	var in struct {
		Text   string `json:"text"`
		Type   string `json:"type"`
		Choose string `json:"choose"`
	}
	read(line, &in)

	var index plugin.Index
	if err := yaml.Unmarshal([]byte(in.Text), &index); err != nil {
		return answer{}, err
	}
	if err := index.Validate(); err != nil {
		return answer{}, err
	}
	entries, err := asWritten(index.Entries)
	if err != nil {
		return answer{}, err
	}
	result := map[string]any{"entries": entries}
	if in.Choose != "" {
		number, version, err := choose(index, in.Type, in.Choose)
		if err != nil {
			return answer{}, err
		}
		result["entry"], result["version"] = number, version
	}
	return answer{Result: result}, nil
}

// choose has the plugin manager fetch and start a plugin, and sees which file it took. The entries' files are on this
// machine, and none of them can run, so that the manager always ends with an error: what counts is what it left.
func choose(index plugin.Index, kind, key string) (number int, version string, err error) {
	dir, remove := scratch()
	defer remove()
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		fail(err)
	}
	for i := range index.Entries {
		file := filepath.Join(dir, "entry-"+strconv.Itoa(i))
		write(file, "")
		index.Entries[i].URLs = []plugin.IndexURL{{
			URL:      "file://" + file,
			Platform: plugin.IndexURLPlatform{OS: runtime.GOOS, Arch: runtime.GOARCH},
		}}
	}
	text, err := yaml.Marshal(index)
	if err != nil {
		fail(err)
	}
	write(filepath.Join(cache, repository+".yaml"), string(text))

	// What is not found is looked for once more, in the index as the repository has it.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
	defer server.Close()
	log := logrus.New()
	log.SetOutput(silent)
	plugins := config.PluginManagement{
		CacheDir:     cache,
		Repositories: map[string]config.PluginsRepository{repository: {URL: server.URL}},
	}
	var executors, sources []string
	switch plugin.Type(kind) {
	case plugin.TypeExecutor:
		executors = []string{repository + "/" + key}
	case plugin.TypeSource:
		sources = []string{repository + "/" + key}
	}
	manager := plugin.NewManager(log, config.Logger{}, plugins, executors, sources, make(chan string), plugin.NewHealthStats(0))
	failed := manager.Start(context.Background())
	manager.Shutdown()

	name, _, _ := strings.Cut(key, "@")
	folder := filepath.Join(cache, repository)
	files, _ := os.ReadDir(folder)
	for _, file := range files {
		target, err := filepath.EvalSymlinks(filepath.Join(folder, file.Name()))
		if err != nil {
			continue
		}
		number, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(target), "entry-"))
		if err != nil {
			continue
		}
		version := strings.TrimSuffix(strings.TrimPrefix(file.Name(), kind+"_"), "_"+name)
		return number, version, nil
	}
	return 0, "", fmt.Errorf("nothing was chosen: %w", failed)
}
