package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
)

// listenPing is how long the listener waits for a notification before it asks
// whether the connection still lives; a dead peer is silent too.
const listenPing = 30 * time.Second

// listener turns PostgreSQL notifications, ours and other nodes', into wake-ups.
// Notifications are lost while it is not connected, so every connection begins
// with a wake-up for all.
type listener struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func startListener(config *pgx.ConnConfig, wake *wakeups, log *slog.Logger) *listener {
	config = config.Copy()
	config.RuntimeParams["application_name"] = applicationName + " listener"
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.run(ctx, config, wake, log)
	}()
	return l
}

func (l *listener) stop() {
	l.cancel()
	<-l.done
}

// run listens until ctx ends, connecting again after every failure.
func (l *listener) run(ctx context.Context, config *pgx.ConnConfig, wake *wakeups, log *slog.Logger) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	for ctx.Err() == nil {
		err := listen(ctx, config, wake, pause.Reset)
		if ctx.Err() != nil {
			return
		}
		log.WarnContext(ctx, "feed notifications are interrupted; followers poll until they are back", slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// listen serves one connection until it fails.
func listen(ctx context.Context, config *pgx.ConnConfig, wake *wakeups, connected func()) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+feedChannel); err != nil {
		return err
	}
	connected()
	wake.wakeAll()
	for {
		waitCtx, cancel := context.WithTimeout(ctx, listenPing)
		notification, err := conn.WaitForNotification(waitCtx)
		cancel()
		switch {
		case err == nil:
			wake.wake(notification.Payload)
		case ctx.Err() != nil:
			return ctx.Err()
		case waitCtx.Err() != nil && !conn.IsClosed():
			if err := conn.Ping(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
}
