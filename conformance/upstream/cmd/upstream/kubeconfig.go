// A plugin's kubeconfig, made from the agent's own. It must not know any cluster.

package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/plugin"
)

// kubeconfigKind: the kubeconfig for a plugin's context (as YAML) in a channel; empty where upstream gives none.
// The agent's own is read the way its configured file is.
func kubeconfigKind(line json.RawMessage) (answer, error) {
	var in struct {
		Own     string            `json:"own"`     // the agent's kubeconfig
		Files   map[string]string `json:"files"`   // what lies beside it, by name
		Cluster string            `json:"cluster"` // settings.clusterName
		Context string            `json:"context"` // the plugin's `context`
		Channel string            `json:"channel"`
	}
	read(line, &in)

	dir, remove := scratch()
	defer remove()
	path := filepath.Join(dir, "kubeconfig")
	for name, text := range map[string]string{"kubeconfig": in.Own} {
		write(filepath.Join(dir, name), text)
	}
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
	var context config.PluginContext
	if err := yaml.Unmarshal([]byte(in.Context), &context); err != nil {
		return answer{}, err
	}
	made, err := plugin.GenerateKubeConfig(own, in.Cluster, context, plugin.KubeConfigInput{Channel: in.Channel})
	// The folder's name is of no interest, and another one each time.
	return answer{Result: map[string]any{"kubeconfig": string(made), "folder": dir}}, err
}

func write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fail(err)
	}
}
