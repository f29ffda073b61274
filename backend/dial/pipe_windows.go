package dial

import (
	"context"
	"net"

	"github.com/Microsoft/go-winio"
)

func dialPipe(ctx context.Context, _, pipe string) (net.Conn, error) {
	return winio.DialPipeContext(ctx, pipe)
}
