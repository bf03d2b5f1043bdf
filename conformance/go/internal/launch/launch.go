// Package launch starts an executor plugin with the parts upstream's own plugin manager is made of:
// go-plugin's client and the SDK's executor adapter. It must not know what is asked of the plugin.
package launch

import (
	"fmt"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/kubeshop/botkube/pkg/api"
	"github.com/kubeshop/botkube/pkg/api/executor"
)

// Plugin is a running executor plugin.
type Plugin struct {
	executor.Executor
	Client *plugin.Client
	Cmd    *exec.Cmd // its ProcessState is set once Client.Kill has returned
}

// Executor starts the program at path and returns once its handshake is done.
func Executor(path string, log hclog.Logger) (*Plugin, error) {
	cmd := exec.Command(path)
	client := plugin.NewClient(&plugin.ClientConfig{
		Plugins:          map[string]plugin.Plugin{"executor": &executor.Plugin{}},
		Cmd:              cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  executor.ProtocolVersion,
			MagicCookieKey:   api.HandshakeConfig.MagicCookieKey,
			MagicCookieValue: api.HandshakeConfig.MagicCookieValue,
		},
		Logger: log,
	})
	conn, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("while starting plugin %s: %w", path, err)
	}
	raw, err := conn.Dispense("executor")
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("while dispensing the executor of %s: %w", path, err)
	}
	return &Plugin{Executor: raw.(executor.Executor), Client: client, Cmd: cmd}, nil
}
