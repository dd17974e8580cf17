package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/rotation"
	"github.com/fieldwarden/fieldwarden/server"
)

// Running reports whether a server with this data folder takes commands.
func Running(ctx context.Context, dataDir string) (bool, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", server.AdminSocket(dataDir))
	switch {
	case err == nil:
		return true, conn.Close()
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return false, nil
	default:
		return false, fmt.Errorf("the admin socket cannot be opened; is it another user's? %w", err)
	}
}

// Backup writes an archive of the running server's database to w. What was written
// is whole only when the archive says so.
func (a Admin) Backup(ctx context.Context, w io.Writer) error {
	response, err := a.send(ctx, http.MethodPost, "/backup", nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("drive: the backup broke off: %w", err)
	}
	return nil
}

// RotateKeys rotates the encryption key of a running server and tells of each step.
func (a Admin) RotateKeys(ctx context.Context, stage rotation.Stage, tell func(rotation.Progress)) error {
	response, err := a.send(ctx, http.MethodPost, "/keys/rotate", server.RotateRequest{Stage: stage})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	for lines := json.NewDecoder(response.Body); ; {
		var line server.RotateLine
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("drive: the rotation broke off; run it again: %w", err)
		case line.Error != nil:
			return fault.New(line.Error.Code, line.Error.Message, fault.Hint("%s", line.Error.Hint))
		}
		tell(line.Progress)
	}
}

// PruneKeys removes the older keys from the key file; it returns how many.
func (a Admin) PruneKeys(ctx context.Context) (int, error) {
	var pruned server.PruneAnswer
	err := a.call(ctx, http.MethodPost, "/keys/prune", nil, &pruned)
	return pruned.Removed, err
}

// ReloadKeys makes the server read its key file again.
func (a Admin) ReloadKeys(ctx context.Context) error {
	return a.call(ctx, http.MethodPost, "/keys/reload", nil, nil)
}

// Readiness tells whether the server may be sent requests, in detail.
func (a Admin) Readiness(ctx context.Context) (found server.Readiness, err error) {
	err = a.call(ctx, http.MethodGet, "/readyz", nil, &found)
	return found, err
}

// Connectors tells how the server's connectors are.
func (a Admin) Connectors(ctx context.Context) (found []server.Finding, err error) {
	err = a.call(ctx, http.MethodGet, "/doctor/connectors", nil, &found)
	return found, err
}
