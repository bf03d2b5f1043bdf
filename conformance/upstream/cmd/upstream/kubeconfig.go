// A plugin's kubeconfig, made from the agent's own. It must not know any cluster.

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/plugin"
)

// bound is a configuration with one executor, of this context.
const bound = `{"communications": {"c": {}}, "executors": {"g": {"r/p": {"enabled": true, "context": %s}}}}`

// kubeconfigKind: the kubeconfig for a plugin's context in a channel; empty where upstream gives none.
// The agent's own is read the way its configured file is.
func kubeconfigKind(line json.RawMessage) (answer, error) {
	var in struct {
		Own     json.RawMessage   `json:"own"`     // the agent's kubeconfig, for JSON is YAML
		Files   map[string]string `json:"files"`   // what lies beside it, by name
		Cluster string            `json:"cluster"` // settings.clusterName
		Context json.RawMessage   `json:"context"` // the plugin's `context`
		Channel string            `json:"channel"`
	}
	read(line, &in)

	dir, remove := scratch()
	defer remove()
	path := filepath.Join(dir, "kubeconfig")
	write(path, string(in.Own))
	for name, text := range in.Files {
		write(filepath.Join(dir, name), text)
	}
	own, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: path},
		&clientcmd.ConfigOverrides{},
	).ClientConfig()
	if err != nil {
		return answer{}, err
	}
	conf, _, err := config.LoadWithDefaults([][]byte{[]byte(fmt.Sprintf(bound, in.Context))})
	if err != nil {
		return answer{}, err
	}
	context := conf.Executors["g"].Plugins["r/p"].Context
	made, err := plugin.GenerateKubeConfig(own, in.Cluster, context, plugin.KubeConfigInput{Channel: in.Channel})
	return answer{Result: string(made)}, err
}

func write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fail(err)
	}
}
