package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// Version is the version of this SDK.
const Version = "0.1.0"

// Serve runs the connector and never returns; it is the whole of an author's
// main function. newConnector is called once.
//
// Started by the Fieldwarden server it serves the connector protocol until the
// server ends it or is gone. Started by a person it answers "describe" (the
// manifest as JSON, with what the server would refuse) and "version".
//
// It makes a redacting slog logger the default: log with slog.InfoContext and
// the like, to standard error. Printing to standard output does no harm.
func Serve(newConnector func() Connector) {
	if os.Getenv(handshake.CookieKey) != handshake.CookieValue {
		os.Exit(command(os.Args[1:], os.Stdout, os.Stderr, newConnector))
	}
	// go-plugin replaces os.Stderr by a pipe whose content is lost in a crash, so
	// a connector's last words would be. The real one comes back before the
	// author's first method runs.
	stderr := os.Stderr
	service := newService(newConnector(), nil)
	service.beforeCall = sync.OnceFunc(func() { os.Stderr = stderr })
	service.logger = newLogger(stderr, &service.secrets)
	slog.SetDefault(service.logger)
	if os.Getenv(handshake.LifelineEnv) == "stdin" {
		go exitAtEOF(os.Stdin)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  handshake.Config(),
		VersionedPlugins: map[int]plugin.PluginSet{handshake.Version: {handshake.PluginName: servedPlugin{service: service}}},
		GRPCServer:       newGRPCServer,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr, JSONFormat: true}),
	})
	os.Exit(0)
}

// exitAtEOF ends the process when the host's end of the lifeline closes: the
// host is gone, and nobody else would end this process.
func exitAtEOF(lifeline io.Reader) {
	_, _ = io.Copy(io.Discard, lifeline)
	os.Exit(1)
}

func newGRPCServer(options []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(handshake.MaxMessage),
		grpc.MaxSendMsgSize(handshake.MaxMessage))...)
}

// servedPlugin is the connector in go-plugin's form.
type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	plugin.GRPCPlugin
	service *service
}

// GRPCServer registers the connector's services.
func (p servedPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	p.service.register(server)
	return nil
}

const usage = `%s is a Fieldwarden connector. The Fieldwarden server starts it;
name its path in the server's configuration. By hand it answers:

  describe   print the manifest as JSON, and what the server would refuse
  version    print the connector's version and the protocol's
`

// command answers a person and returns the exit code.
func command(args []string, stdout, stderr io.Writer, newConnector func() Connector) int {
	verb := ""
	if len(args) == 1 {
		verb = args[0]
	}
	switch verb {
	case "describe":
		if err := describe(stdout, newConnector()); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	case "version":
		manifest := newConnector().Describe()
		fmt.Fprintf(stdout, "%s %s (connector protocol %d preview, sdk %s)\n", manifest.Name, manifest.Version, handshake.Version, Version)
		return 0
	default:
		fmt.Fprintf(stderr, usage, os.Args[0])
		return 2
	}
}

func describe(stdout io.Writer, connector Connector) error {
	response := describeResponse(connector)
	compact, err := protojson.Marshal(response)
	if err != nil {
		return fmt.Errorf("the manifest cannot be sent: %w", err)
	}
	// protojson varies its white space on purpose; people compare this output.
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, compact, "", "  "); err != nil {
		return fmt.Errorf("the manifest cannot be printed: %w", err)
	}
	if _, err := fmt.Fprintln(stdout, pretty.String()); err != nil {
		return err
	}
	if err := validate.Describe(response); err != nil {
		return errors.Join(errors.New("the server would refuse this manifest"), err)
	}
	return nil
}
