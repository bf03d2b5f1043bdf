// Command manager is upstream's plugin manager, imported unchanged, with one executor that is called all the time. It must
// not know what is done to the executor meanwhile. conformance/examples/manager.rs is the same around our host.
//
//	manager PLUGIN INTERVAL_MS EVERY_MS
//
// PLUGIN is called every EVERY_MS, whether or not the calls before have ended; INTERVAL_MS is the manager's health check.
// Each call that ends is a line {"began_us", "ended_us", "error"}, by the machine's clock. A line on standard input that
// begins with "say " is one more call with what follows. At "end" nothing is called any more; a second later comes
// {"begun"}, how many calls there were, and after the manager's shutdown {"stopped": true}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubeshop/botkube/pkg/api/executor"
	"github.com/kubeshop/botkube/pkg/config"
	"github.com/kubeshop/botkube/pkg/plugin"
	"github.com/sirupsen/logrus"
)

const (
	key = "faults/probe"
	// threshold is how many restarts a plugin has: enough for whatever is done to it.
	threshold = 10
	// rest is how long calls that run may still take once nothing is called any more.
	rest = time.Second
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("cannot do %q: use PLUGIN INTERVAL_MS EVERY_MS", strings.Join(args, " "))
	}
	var times [2]time.Duration
	for i := range times {
		n, err := strconv.Atoi(args[i+1])
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is no number of milliseconds", args[i+1])
		}
		times[i] = time.Duration(n) * time.Millisecond
	}
	cache, err := os.MkdirTemp("", "manager-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	if err := layOut(cache, args[0]); err != nil {
		return err
	}
	// Upstream logs what plugins print to standard output, whatever it finds under this name.
	answers := os.Stdout
	if os.Stdout, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return err
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	settings := config.PluginManagement{
		CacheDir:            cache,
		Repositories:        map[string]config.PluginsRepository{"faults": {URL: "http://127.0.0.1:1/never-asked"}},
		RestartPolicy:       config.PluginRestartPolicy{Type: config.KeepAgentRunningWhenThresholdReached, Threshold: threshold},
		HealthCheckInterval: times[0],
	}
	stats := plugin.NewHealthStats(threshold)
	manager := plugin.NewManager(log, config.Logger{}, settings, []string{key}, nil, make(chan string), stats)
	if err := manager.Start(context.Background()); err != nil {
		return err
	}
	c := caller{manager: manager, out: json.NewEncoder(answers)}
	if err := c.drive(times[1]); err != nil {
		return err
	}
	manager.Shutdown()
	return c.print(map[string]bool{"stopped": true})
}

// layOut fills a plugin cache as if the plugin had been fetched.
func layOut(cache, program string) error {
	index := fmt.Sprintf("entries: [{name: probe, type: executor, description: x, version: v1.0.0, "+
		"urls: [{url: 'http://127.0.0.1:1/x', platform: {os: %s, architecture: %s}}]}]\n", runtime.GOOS, runtime.GOARCH)
	if err := os.WriteFile(filepath.Join(cache, "faults.yaml"), []byte(index), 0o600); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(cache, "faults"), 0o700); err != nil {
		return err
	}
	return os.Symlink(program, filepath.Join(cache, "faults", "executor_v1.0.0_probe"))
}

type caller struct {
	manager *plugin.Manager
	printed sync.Mutex
	out     *json.Encoder
}

// drive calls the plugin until it is told to end.
func (c *caller) drive(every time.Duration) error {
	lines, failed := make(chan string), make(chan error, 1)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		failed <- in.Err()
		close(lines)
	}()
	ticker, begun := time.NewTicker(every), 0
	defer ticker.Stop()
	for {
		text := "probe hello"
		select {
		case <-ticker.C:
		case line, more := <-lines:
			if !more {
				return <-failed
			}
			if line == "end" {
				time.Sleep(rest)
				return c.print(map[string]int{"begun": begun})
			}
			said, ok := strings.CutPrefix(line, "say ")
			if !ok {
				return fmt.Errorf("cannot do %q: use say TEXT or end", line)
			}
			text = said
		}
		begun++
		go c.call(text)
	}
}

// call is how upstream's agent asks: the client of the moment, and no deadline.
func (c *caller) call(text string) {
	began := time.Now()
	client, err := c.manager.GetExecutor(key)
	if err == nil {
		_, err = client.Execute(context.Background(), executor.ExecuteInput{Command: text})
	}
	ended := map[string]any{"began_us": began.UnixMicro(), "ended_us": time.Now().UnixMicro(), "error": nil}
	if err != nil {
		ended["error"] = err.Error()
	}
	_ = c.print(ended)
}

func (c *caller) print(what any) error {
	c.printed.Lock()
	defer c.printed.Unlock()
	return c.out.Encode(what)
}
