package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/fieldwarden/fieldwarden/internal/backup"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// operatorContext acts for whoever may open the admin socket.
func (s *Server) operatorContext(ctx context.Context) context.Context {
	return principal.WithOrigin(principal.System(ctx, s.workspaceID, "admin socket"), principal.Origin{Interface: "admin-socket"})
}

// auditOperator records what an operator did in the operator's workspace.
func (s *Server) auditOperator(ctx context.Context, action string, after any) error {
	return s.store.WithTx(s.operatorContext(ctx), func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, store.AuditItem{Action: action, Outcome: crm.AuditSucceeded, After: after})
	})
}

// streamBackup answers with an archive of the database as it is now, while the
// server goes on working. An answer that breaks off in the middle is no archive; the
// client sees that by its manifest.
func (s *Server) streamBackup(w http.ResponseWriter, r *http.Request) {
	out := &answerWriter{ResponseWriter: w}
	manifest, err := backup.Write(out, s.version, s.store.Clock().Now(), func(to store.DumpWriter) (store.DumpInfo, error) {
		return s.store.Dump(r.Context(), to)
	})
	switch {
	case err != nil && !out.begun:
		s.answerError(w, r, err)
		return
	case err != nil:
		s.log.ErrorContext(r.Context(), "a backup broke off", obs.Err(err))
		panic(http.ErrAbortHandler) // the one way to let the client see that the answer is not whole
	}
	if err := s.auditOperator(context.WithoutCancel(r.Context()), "operator.backup", map[string]any{"records": manifest.Database.Records}); err != nil {
		s.log.ErrorContext(r.Context(), "a backup was not audited", obs.Err(err))
	}
	s.log.InfoContext(r.Context(), "backup made", slog.Int64("records", manifest.Database.Records), slog.Int("files", len(manifest.Files)))
}

// answerWriter remembers whether the answer has begun.
type answerWriter struct {
	http.ResponseWriter
	begun bool
}

var _ io.Writer = (*answerWriter)(nil)

// Write begins the answer and goes on with it.
func (w *answerWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.Header().Set("Content-Type", "application/gzip")
	}
	return w.ResponseWriter.Write(p)
}
