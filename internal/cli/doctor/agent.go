package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// agentName is the command that galley runs in the containers of doctor.
const agentName = "doctor-agent"

// agentPort is where one container waits for others.
const agentPort = "8080"

// NewCmdAgent is what galley does in the containers of doctor, which have nothing but galley.
func NewCmdAgent() *cobra.Command {
	return &cobra.Command{
		Use: agentName + " wait|serve|dial HOST|cat FILE|write FILE|netem", Hidden: true, Args: cobra.RangeArgs(1, 2),
		Short: "Do something in a container of galley doctor",
		RunE: func(cmd *cobra.Command, args []string) error {
			return agent(cmd.Context(), cmd.OutOrStdout(), args[0], append(args, "")[1])
		},
	}
}

func agent(ctx context.Context, out io.Writer, what, arg string) error {
	switch what {
	case "wait":
		<-ctx.Done()
		return nil
	case "serve":
		var l net.ListenConfig
		listener, err := l.Listen(ctx, "tcp", ":"+agentPort)
		if err != nil {
			return err
		}
		return serve(ctx, listener)
	case "dial":
		return greet(ctx, out, net.JoinHostPort(arg, agentPort))
	case "cat":
		data, err := os.ReadFile(arg)
		if err != nil {
			return err
		}
		_, err = out.Write(data)
		return err
	case "write":
		return os.WriteFile(arg, []byte(mark), 0o644)
	case "netem":
		return slowNetwork()
	}
	return fmt.Errorf("%s does not know %q", agentName, what)
}

// serve greets each connection, until ctx ends.
func serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = io.WriteString(c, mark) // who has gone needs no greeting
		_ = c.Close()
	}
}

// greet prints the greeting of who listens at an address. It tries for some seconds: that one may still be starting.
func greet(ctx context.Context, out io.Writer, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		text, err := greeting(ctx, address)
		if err == nil && text == mark {
			_, err = io.WriteString(out, text)
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing answers at %s: %q, %w", address, text, err)
		case <-again.C:
		}
	}
}

func greeting(ctx context.Context, address string) (string, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(c, 100))
	return string(text), err
}
