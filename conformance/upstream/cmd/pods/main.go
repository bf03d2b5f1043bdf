// Command pods is a plugin named pods, made with the original SDK and client-go, that asks a cluster with the kubeconfig
// it is given. It must not know which host runs it, nor what it may do there.
//
// The second word of a command says what to do:
//
//	whoami                 who the cluster takes it for, and of which groups
//	list NAMESPACE         the names of the pods there
//	secrets NAMESPACE      the names of the secrets there
//	delete NAMESPACE NAME  deletes a pod
package main

import (
	"context"
	"fmt"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"
	authentication "k8s.io/api/authentication/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubeshop/botkube/pkg/api"
	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/plugin"
)

type pods struct{}

func (pods) Metadata(context.Context) (api.MetadataOutput, error) {
	return api.MetadataOutput{Version: "1.0.0", Description: "Asks a cluster what it is allowed to."}, nil
}

func (pods) Help(context.Context) (api.Message, error) {
	return api.NewPlaintextMessage("pods whoami | list NAMESPACE | secrets NAMESPACE | delete NAMESPACE NAME", false), nil
}

func (pods) Execute(ctx context.Context, in executor.ExecuteInput) (executor.ExecuteOutput, error) {
	text, err := answer(ctx, strings.Fields(in.Command), in.Context.KubeConfig)
	if err != nil {
		return executor.ExecuteOutput{}, err
	}
	return executor.ExecuteOutput{Message: api.NewCodeBlockMessage(text, false)}, nil
}

func answer(ctx context.Context, words []string, kubeconfig []byte) (string, error) {
	if err := plugin.ValidateKubeConfigProvided("pods", kubeconfig); err != nil {
		return "", err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return "", fmt.Errorf("while reading kube config: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", fmt.Errorf("while creating K8s clientset: %w", err)
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch word(1) {
	case "whoami":
		review := &authentication.SelfSubjectReview{}
		said, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, review, meta.CreateOptions{})
		if err != nil {
			return "", err
		}
		who := said.Status.UserInfo
		return who.Username + " of " + strings.Join(who.Groups, " "), nil
	case "list":
		list, err := client.CoreV1().Pods(word(2)).List(ctx, meta.ListOptions{})
		if err != nil {
			return "", err
		}
		var names []string
		for _, pod := range list.Items {
			names = append(names, pod.Name)
		}
		return strings.Join(names, "\n"), nil
	case "secrets":
		list, err := client.CoreV1().Secrets(word(2)).List(ctx, meta.ListOptions{})
		if err != nil {
			return "", err
		}
		var names []string
		for _, secret := range list.Items {
			names = append(names, secret.Name)
		}
		return strings.Join(names, "\n"), nil
	case "delete":
		if err := client.CoreV1().Pods(word(2)).Delete(ctx, word(3), meta.DeleteOptions{}); err != nil {
			return "", err
		}
		return "deleted " + word(3), nil
	}
	return "", fmt.Errorf("pods cannot %q: say whoami, list, secrets or delete", word(1))
}

func main() {
	executor.Serve(map[string]goplugin.Plugin{"pods": &executor.Plugin{Executor: pods{}}})
}
