package statewire_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Goal: the README's commands and code work as they are written there. Method: its files are laid out
// beside a link to this repository, and its commands run in one shell, in order; only the ports are
// others, and a busy machine is given more time.

const buildTheRuntime = "npm ci && npm run build\n"

var readmeBlock = regexp.MustCompile("(?m)(?:^`([^`\n]+)`[^\n]*:\n\n)?^```(\\w+)\n((?s:.*?))^```")

func TestTheREADME(t *testing.T) {
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if reason := cannotRunTheREADME(repository); reason != "" {
		if os.Getenv("TEST_README") == "required" {
			t.Fatal(reason)
		}
		t.Skip("the README's commands are NOT TESTED: " + reason)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(repository, filepath.Join(folder, "statewire")); err != nil {
		t.Fatal(err)
	}
	ports := strings.NewReplacer(
		"127.0.0.1:7500", freeAddress(t), "127.0.0.1:7411", freeAddress(t), "--retry 9", "--retry 60")
	script := []string{"set -eu"}
	for _, block := range readmeBlock.FindAllStringSubmatch(string(text), -1) {
		name, language, content := block[1], block[2], ports.Replace(block[3])
		switch {
		case language == "sh" && content == buildTheRuntime:
			// CI does that before it runs any test.
		case language == "sh":
			script = append(script, content)
		case name == "":
			t.Errorf("a block of %s has no file name", language)
		default:
			writeFile(t, filepath.Join(folder, "counter", name), content)
		}
	}
	// The folder exists already, with the files in it.
	commands := strings.Replace(strings.Join(script, "\n"), "mkdir counter", "mkdir -p counter", 1)
	output := runShell(t, folder, commands+"\ngo vet ./...\ngo test ./...\n",
		"STATEWIRE_GRPC="+freeAddress(t), "STATEWIRE_HTTP="+ports.Replace("127.0.0.1:7411"))
	answers := regexp.MustCompile(`(?m)^\d+$`).FindAllString(output, -1)
	if strings.Join(answers, " ") != "2 5" {
		t.Errorf("answers %v:\n%s", answers, output)
	}
	for _, expected := range []string{"statewire: listening address=127.0.0.1:", "\ndropped\n", "ok  \texample.com/counter/shop"} {
		if !strings.Contains(output, expected) {
			t.Errorf("no %q in:\n%s", expected, output)
		}
	}
}

func cannotRunTheREADME(repository string) string {
	if _, err := os.Stat(filepath.Join(repository, "server/dist/src/main.js")); err != nil {
		return "the runtime is not built: " + buildTheRuntime
	}
	for _, program := range []string{"node", "curl", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			return err.Error()
		}
	}
	return ""
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// runShell runs commands, and ends what they leave behind.
func runShell(t *testing.T, folder, commands string, environment ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	leaveNothing := "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n"
	command := exec.CommandContext(ctx, "bash", "-c", leaveNothing+commands)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	command.WaitDelay = 10 * time.Second
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	return string(output)
}
