package host_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

func TestCrashEndsTheCallAndTheNextIsServed(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	first, err := l.Identify(t.Context(), "test", target(""))
	require.NoError(t, err)
	for _, how := range []string{"crash", "kill-self"} {
		_, err = l.Identify(t.Context(), "test", target(how))
		requireFault(t, err, fault.ConnectorCrashed, "during Identify")
	}
	started := time.Now()
	second, err := l.Identify(t.Context(), "test", target(""))
	require.NoError(t, err)
	require.Less(t, time.Since(started), 2*time.Second, "crash to next call served")
	require.NotEqual(t, first.UserID, second.UserID, "another process answers")

	status := l.status(t)
	require.Equal(t, host.StateLoaded, status.State)
	require.Equal(t, 2, status.Crashes)
	requireFault(t, status.LastFault, fault.ConnectorCrashed)
}

func TestCrashTouchesOnlyItsOwnCalls(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(c *host.Config) {
		c.Connectors = append(c.Connectors, host.Installation{Name: "second", Path: connectorBinary, Env: []string{"NAME=second"}})
	}).start(t)
	reading := make(chan struct{})
	other := make(chan error, 1)
	go func() {
		once := sync.OnceFunc(func() { close(reading) })
		other <- l.Read(t.Context(), "second", target("", func(c map[string]any) { c["records"] = 2000 }), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error {
			once()
			return nil
		})
	}()
	<-reading
	records := 0
	err := l.Read(t.Context(), "test", target("crash"), crm.ReadRequest{Object: "Contact"}, func(b crm.Batch) error {
		records += len(b.Records)
		return nil
	})
	requireFault(t, err, fault.ConnectorCrashed, "during Read", "exit code 3")
	require.LessOrEqual(t, records, 20)
	require.NoError(t, <-other)
}

func TestCrashLoopEndsInQuarantineUntilRestart(t *testing.T) {
	t.Parallel()
	changes := make(chan host.Status, 100)
	l := newLab(t, func(c *host.Config) {
		c.Restart = host.RestartPolicy{Backoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond, Crashes: 3}
		c.OnChange = func(s host.Status) { changes <- s }
	}).start(t)
	for range 3 {
		_, err := l.Identify(t.Context(), "test", target("crash"))
		requireFault(t, err, fault.ConnectorCrashed)
	}
	for quarantined := false; !quarantined; {
		select {
		case status := <-changes:
			quarantined = status.State == host.StateQuarantined
		case <-time.After(5 * time.Second):
			t.Fatal("it was not quarantined")
		}
	}
	_, err := l.Identify(t.Context(), "test", target(""))
	requireFault(t, err, fault.ConnectorQuarantined, "failed 3 times")
	require.Contains(t, strings.Join(l.status(t).LastLines, "\n"), "going down with [secret]")
	_, err = l.Describe("test")
	require.NoError(t, err, "the catalogue still knows its manifest")

	require.NoError(t, l.Restart(t.Context(), "test"))
	_, err = l.Identify(t.Context(), "test", target(""))
	require.NoError(t, err)
}

func TestManyCallersShareOneStart(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	pids := make(chan string, 20)
	var callers sync.WaitGroup
	for range cap(pids) {
		callers.Go(func() {
			identity, err := l.Identify(t.Context(), "test", target(""))
			if err == nil {
				pids <- identity.UserID
			}
		})
	}
	callers.Wait()
	close(pids)
	require.Len(t, pids, cap(pids))
	first := <-pids
	for pid := range pids {
		require.Equal(t, first, pid)
	}
}

func TestCloseEndsCallsUnderWay(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	reading, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Read(t.Context(), "test", target("silent"), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error {
			close(reading)
			return nil
		})
	}()
	<-reading
	require.NoError(t, l.Close())
	requireFault(t, <-ended, fault.ShuttingDown)
	_, err := l.Identify(t.Context(), "test", target(""))
	requireFault(t, err, fault.ShuttingDown)
}

// The promise is at most 64 MB, whatever a connector sends.
func TestMessageBombTakesLittleMemory(t *testing.T) {
	l := newLab(t).start(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	var callers sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		callers.Go(func() {
			batches := 0
			err := l.Read(t.Context(), "test", target("bomb"), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error {
				if batches++; batches == 4 {
					return errEnough
				}
				runtime.ReadMemStats(&after)
				mu.Lock()
				peak = max(peak, after.HeapAlloc)
				mu.Unlock()
				return nil
			})
			if err != errEnough {
				t.Errorf("got %v", err)
			}
		})
	}
	callers.Wait()
	rise := int64(peak) - int64(before.HeapAlloc)
	t.Logf("heap rise under 8 streams of endless batches: %.1f MB", float64(rise)/1e6)
	require.Less(t, rise, int64(64_000_000))
}
