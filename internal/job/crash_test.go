package job_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// crashingURL makes the test binary play the process that dies: it opens the
// database at that URL, enqueues a job if there is none, runs it, says so on
// standard output and hangs until it is killed.
const crashingURL = "FIELDWARDEN_TEST_CRASHING_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(crashingURL); url != "" {
		if err := crash(context.Background(), url); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func crash(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}
	e, err := crashEngine(s, "")
	if err != nil {
		return err
	}
	e.Register("test.crash", func(_ context.Context, j job.Job) error {
		fmt.Println("running", j.ID, j.Attempt, j.Crashes)
		select {}
	}, job.HandlerOptions{MaxAttempts: 1})
	if err := e.Start(ctx); err != nil {
		return err
	}
	if os.Getenv("FIELDWARDEN_TEST_ENQUEUE") != "" {
		err := s.WithTx(principal.AllWorkspaces(ctx, "test"), func(ctx context.Context, tx *store.Tx) error {
			_, err := e.Enqueue(ctx, tx, "test.crash", "", "payload")
			return err
		})
		if err != nil {
			return err
		}
	}
	<-ctx.Done()
	return errors.New("never reached")
}

func crashEngine(s *store.Store, node string) (*job.Engine, error) {
	return job.New(job.Config{Store: s, NodeID: node, PollInterval: 20 * time.Millisecond, DeadAfter: time.Second})
}

// TestKilledProcess kills a process twice while it runs the same job; the job
// allows a single attempt, yet it runs to its end in a third process.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		id := kill(t, url, "FIELDWARDEN_TEST_ENQUEUE=1", 1, 0)
		require.Equal(t, id, kill(t, url, "", 2, 1))

		s := storetest.Open(t, url, clockwork.NewRealClock())
		e, err := crashEngine(s, "")
		require.NoError(t, err)
		again := make(chan job.Job, 1)
		e.Register("test.crash", func(_ context.Context, j job.Job) error {
			again <- j
			return nil
		}, job.HandlerOptions{})
		killed := time.Now()
		start(t, e)
		j := receive(t, again)
		t.Logf("taken over after %s", time.Since(killed).Round(time.Millisecond))
		require.Equal(t, id, j.ID)
		require.Equal(t, 2, j.Crashes)
		require.Equal(t, 3, j.Attempt)
		eventually(t, s, id, "completed")
		_, failures, _ := row(t, s, id)
		require.Contains(t, failures, "the process died")
	})
}

// kill runs the test binary until it works on the job, then kills it.
func kill(t *testing.T, url, extra string, attempt, crashes int) (id int64) {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = append(os.Environ(), crashingURL+"="+url, extra)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait())
	var gotAttempt, gotCrashes int
	_, err = fmt.Sscanf(line, "running %d %d %d", &id, &gotAttempt, &gotCrashes)
	require.NoError(t, err, line)
	require.Equal(t, attempt, gotAttempt)
	require.Equal(t, crashes, gotCrashes)
	return id
}

// TestRestartedNodeTakesOverAtOnce shows that a node with a name of its own need
// not wait for its predecessor to count as dead.
func TestRestartedNodeTakesOverAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	s := storetest.Open(t, url, clockwork.NewRealClock())
	ctx, workspace := storetest.Workspace(t, s)
	newNode := func(handler job.Handler) *job.Engine {
		// Silence alone would take an hour.
		e, err := job.New(job.Config{Store: s, NodeID: "node-1", DeadAfter: time.Hour, GraceOnStop: time.Millisecond})
		require.NoError(t, err)
		e.Register("test.node", handler, job.HandlerOptions{})
		return e
	}
	// Two jobs occupy all workers that the first node has for the queue, so it
	// cannot fetch them again itself.
	running, zombie := make(chan job.Job, 2), make(chan struct{})
	first := newNode(func(_ context.Context, j job.Job) error {
		running <- j
		<-zombie
		return errors.New("late")
	})
	require.NoError(t, first.Start(ctx))
	t.Cleanup(func() { stop(t, first) })
	ids := []int64{enqueue(ctx, t, s, first, "test.node", workspace.ID, nil), enqueue(ctx, t, s, first, "test.node", workspace.ID, nil)}
	receive(t, running)
	receive(t, running)

	again, proceed := make(chan job.Job, 2), make(chan struct{})
	var second *job.Engine
	second = newNode(func(ctx context.Context, j job.Job) error {
		again <- j
		<-proceed
		return s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return second.Complete(ctx, tx, j) })
	})
	start(t, second)
	for range ids {
		require.Equal(t, 1, receive(t, again).Crashes)
	}
	// The predecessor turns out to live, and fails in the middle of our work.
	close(zombie)
	stop(t, first)
	close(proceed)
	for _, id := range ids {
		eventually(t, s, id, "completed")
		_, failures, _ := row(t, s, id)
		require.NotContains(t, failures, "INTERNAL", "what the predecessor said does not count")
	}
}
