// Package pgcluster starts throw-away PostgreSQL clusters from the server
// binaries that are installed on the machine. They serve tests and the command
// that writes migrations, and hold nothing anyone would miss: durability is off.
//
// A cluster lives in a private folder, listens on a unix socket only, and never
// outlives its owner: a small shell holds a lifeline pipe and ends the server
// and removes the folder as soon as the pipe closes, however the owner ended.
package pgcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoBinaries says that this machine has no PostgreSQL server installed.
var ErrNoBinaries = errors.New("no PostgreSQL server found: initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin")

// ErrNoAccount says that we run as root and found no unprivileged account;
// PostgreSQL refuses to run as root.
var ErrNoAccount = errors.New("running as root, and there is no account postgres or nobody to start PostgreSQL under")

const superuser = "fieldwarden"

// watchdog runs the server ($1 …) until standard input closes, then ends it at
// once and removes the cluster's folder ($FOLDER).
const watchdog = `"$@" </dev/null >"$FOLDER/log" 2>&1 & server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
cd / && rm -rf "$FOLDER"`

// Cluster is a running PostgreSQL server of our own.
type Cluster struct {
	folder   string
	lifeline io.Closer
	watchdog *exec.Cmd
}

// Start makes and starts a cluster. It takes a second or two.
func Start(ctx context.Context) (*Cluster, error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return nil, err
	}
	account, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// A socket's path may have about 100 bytes, and os.TempDir can be long.
	folder, err := os.MkdirTemp("/tmp", "fwpg-")
	if err != nil {
		return nil, fmt.Errorf("pgcluster: %w", err)
	}
	c := &Cluster{folder: folder}
	if err := c.start(ctx, initdb, postgres, account); err != nil {
		return nil, errors.Join(err, c.Stop(), os.RemoveAll(folder))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, initdb, postgres string, account *syscall.Credential) error {
	if account != nil {
		if err := os.Chown(c.folder, int(account.Uid), int(account.Gid)); err != nil {
			return fmt.Errorf("pgcluster: %w", err)
		}
	}
	data := filepath.Join(c.folder, "data")
	create := exec.CommandContext(ctx, initdb, "--pgdata", data, "--username", superuser,
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	create.Dir = c.folder
	create.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if out, err := create.CombinedOutput(); err != nil {
		return fmt.Errorf("pgcluster: initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	// The cluster outlives the call that starts it.
	run := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", watchdog, "sh", postgres, "-D", data, "-k", c.folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "autovacuum=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0")
	run.Dir = c.folder
	run.Env = append(os.Environ(), "FOLDER="+c.folder)
	// A session of its own: an interrupt from the terminal ends the owner only,
	// and the lifeline does the rest.
	run.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setsid: true}
	lifeline, err := run.StdinPipe()
	if err != nil {
		return fmt.Errorf("pgcluster: %w", err)
	}
	if err := run.Start(); err != nil {
		return fmt.Errorf("pgcluster: %w", err)
	}
	c.lifeline, c.watchdog = lifeline, run
	return c.ready(ctx)
}

// ready waits until the server takes connections.
func (c *Cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.folder, "log"))
			return fmt.Errorf("pgcluster: the server does not answer: %w: %s", err, bytes.TrimSpace(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// DSN returns the connection string of one of the cluster's databases.
func (c *Cluster) DSN(database string) string {
	return fmt.Sprintf("postgres://%s@/%s?host=%s&sslmode=disable", superuser, database, c.folder)
}

// Stop ends the server and removes its folder.
func (c *Cluster) Stop() error {
	if c.watchdog == nil {
		return nil
	}
	if err := c.lifeline.Close(); err != nil {
		return fmt.Errorf("pgcluster: %w", err)
	}
	if err := c.watchdog.Wait(); err != nil {
		return fmt.Errorf("pgcluster: %w", err)
	}
	return nil
}

// binaries finds initdb and postgres: in PATH, else in the newest version that
// Debian's packages installed.
func binaries() (initdb, postgres string, err error) {
	initdb, errInit := exec.LookPath("initdb")
	postgres, errServer := exec.LookPath("postgres")
	if errInit == nil && errServer == nil {
		return initdb, postgres, nil
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", "", fmt.Errorf("pgcluster: %w", err)
	}
	version := func(folder string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		return n
	}
	sort.Slice(folders, func(i, j int) bool { return version(folders[i]) > version(folders[j]) })
	for _, folder := range folders {
		initdb, postgres := filepath.Join(folder, "initdb"), filepath.Join(folder, "postgres")
		if _, err := os.Stat(initdb); err != nil {
			continue
		}
		if _, err := os.Stat(postgres); err == nil {
			return initdb, postgres, nil
		}
	}
	return "", "", ErrNoBinaries
}

// unprivileged returns the account to run the server under; nil means ours.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
		if errUID == nil && errGID == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, ErrNoAccount
}
