// Command kube-test-server runs a real Kubernetes control plane in one process, for tests: etcd (as a library),
// kube-apiserver and, unless -bare is given, kube-controller-manager and kube-scheduler, on loopback only.
// It must not know what is tested.
//
// When the server is ready, one JSON line on standard output tells how to reach it. Lines on standard input are commands,
// each but the last answered by one JSON line:
//
//	METHOD PATH [JSON]  a request as the administrator, such as: POST /api/v1/namespaces {"metadata":{"name":"a"}}
//	compact             forgets old versions of all objects
//	stop                ends the server, as does the end of the input (unless -daemon), SIGTERM or SIGINT
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"
)

// ready is what the server says when it can be used. Files are paths.
type ready struct {
	Kubeconfig string `json:"kubeconfig"`
	URL        string `json:"url"`
	CA         string `json:"ca"`    // PEM file
	Token      string `json:"token"` // group system:masters
	Version    string `json:"version"`
	Log        string `json:"log"`
	PID        int    `json:"pid"`
	ReadyMS    int64  `json:"ready_ms"`
}

// repeated is a flag that may be given several times.
type repeated []string

func (r *repeated) String() string     { return strings.Join(*r, " ") }
func (r *repeated) Set(s string) error { *r = append(*r, s); return nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kube-test-server:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	start := time.Now()
	var apiArgs, kcmArgs repeated
	dir := flag.String("dir", "", "state directory, kept on exit (default: a new temporary one, removed on exit)")
	port := flag.Int("port", 0, "loopback port of the API server (0: any free one)")
	bare := flag.Bool("bare", false, "no controller-manager and no scheduler")
	daemon := flag.Bool("daemon", false, "do not read stdin; run until a signal")
	flag.Var(&apiArgs, "apiserver", "one more kube-apiserver flag, e.g. -apiserver=--watch-cache=false (repeatable)")
	flag.Var(&kcmArgs, "controllers", "one more kube-controller-manager flag (repeatable)")
	flag.Parse()

	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "kube-"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
	} else if *dir, err = filepath.Abs(*dir); err != nil {
		return err
	}
	path := func(name string) string { return filepath.Join(*dir, name) }

	pki, err := loadOrMakePKI(*dir)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	klog.LogToStderr(false)
	klog.SetOutput(logFile)
	klogFlags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(klogFlags)
	for name, value := range map[string]string{"legacy_stderr_threshold_behavior": "false", "stderrthreshold": "FATAL"} {
		if err := klogFlags.Set(name, value); err != nil {
			return err
		}
	}
	defer klog.Flush()

	etcd, err := startEtcd(path("etcd"), path("etcd.sock"), path("etcd.log"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer etcd.Close()

	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	out := ready{
		Kubeconfig: path("kubeconfig"),
		URL:        "https://" + ln.Addr().String(),
		CA:         pki.caFile,
		Token:      pki.token,
		Version:    version.Get().GitVersion,
		Log:        path("log"),
		PID:        os.Getpid(),
	}
	if err := writeKubeconfig(out, pki); err != nil {
		return err
	}

	errs := make(chan error, 3)
	stopped := make(chan struct{})
	args := []string{
		"--etcd-servers=unix://" + path("etcd.sock"),
		"--advertise-address=127.0.0.1", // else it looks for a default route
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--token-auth-file=" + pki.tokenFile,
		"--client-ca-file=" + pki.caFile,
		"--tls-cert-file=" + pki.serverCert,
		"--tls-private-key-file=" + pki.serverKey,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + pki.saKey,
		"--service-account-signing-key-file=" + pki.saKey,
		"--allow-privileged",
		"--profiling=false",
	}
	if *bare { // nobody makes the default ServiceAccount that this plugin demands of every pod
		args = append(args, "--disable-admission-plugins=ServiceAccount")
	}
	go func() {
		defer close(stopped)
		errs <- wrap("kube-apiserver", runAPIServer(ctx, ln, append(args, apiArgs...)))
	}()

	cfg, err := clientcmd.BuildConfigFromFlags("", out.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	if err := poll(ctx, errs, func() bool {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil
	}); err != nil {
		return err
	}
	if !*bare {
		go func() {
			errs <- wrap("kube-controller-manager", runControllerManager(ctx, append([]string{
				"--kubeconfig=" + out.Kubeconfig,
				"--leader-elect=false",
				"--secure-port=0",
				"--root-ca-file=" + pki.caFile,
				"--service-account-private-key-file=" + pki.saKey,
				"--node-monitor-grace-period=1000h", // else hand-made nodes, which send no heartbeats, are lost after 50 s
			}, kcmArgs...)))
		}()
		go func() {
			errs <- wrap("kube-scheduler", runScheduler(ctx, []string{
				"--kubeconfig=" + out.Kubeconfig,
				"--leader-elect=false",
				"--secure-port=0",
			}))
		}()
		if err := poll(ctx, errs, func() bool {
			_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
			return err == nil
		}); err != nil {
			return err
		}
	}
	out.ReadyMS = time.Since(start).Milliseconds()
	say(out)

	if !*daemon {
		go func() {
			defer cancel()
			in := bufio.NewScanner(os.Stdin)
			for in.Scan() {
				switch cmd := strings.TrimSpace(in.Text()); cmd {
				case "compact":
					rev := etcd.Server.KV().Rev()
					_, err := etcd.Server.Compact(ctx, &pb.CompactionRequest{Revision: rev, Physical: true})
					say(map[string]any{"compacted": rev, "error": text(err)})
				case "stop":
					return
				default:
					say(request(ctx, client, cmd))
				}
			}
		}()
	}
	select {
	case <-ctx.Done():
	case err = <-errs:
		cancel()
	}
	select { // open watches would hold the API server's own drain for a minute
	case <-stopped:
	case <-time.After(2 * time.Second):
	}
	return err
}

func writeKubeconfig(r ready, p pki) error {
	c := clientcmdapi.NewConfig()
	c.Clusters["test"] = &clientcmdapi.Cluster{Server: r.URL, CertificateAuthorityData: p.caPEM}
	c.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: r.Token}
	c.AuthInfos["admin-cert"] = &clientcmdapi.AuthInfo{ClientCertificateData: p.adminCert, ClientKeyData: p.adminKey}
	c.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "admin"}
	c.Contexts["test-cert"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "admin-cert"}
	c.CurrentContext = "test"
	return clientcmd.WriteToFile(*c, r.Kubeconfig)
}

func poll(ctx context.Context, errs <-chan error, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-errs:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// request does what a line of the form METHOD PATH [JSON] asks the API server for.
func request(ctx context.Context, client kubernetes.Interface, line string) map[string]any {
	method, rest, _ := strings.Cut(line, " ")
	path, body, _ := strings.Cut(rest, " ")
	var status int
	r := client.Discovery().RESTClient().Verb(method).AbsPath(path).SetHeader("Content-Type", "application/json")
	raw, err := r.Body([]byte(body)).Do(ctx).StatusCode(&status).Raw()
	if len(raw) == 0 {
		raw = []byte("null")
	}
	return map[string]any{"status": status, "body": json.RawMessage(raw), "error": text(err)}
}

func say(v any) { _ = json.NewEncoder(os.Stdout).Encode(v) }

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func wrap(who string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", who, err)
}
