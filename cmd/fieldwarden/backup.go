package main

import (
	"fmt"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/backup"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

type backupCommand struct {
	configFlags
	To string `help:"File to write; it must not exist." required:"" type:"path"`
}

// Run writes a backup: through the running server when there is one, else of the
// stopped database.
func (c *backupCommand) Run(r *run) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	running, err := drive.Running(r.ctx, loaded.Config.DataDir)
	if err != nil {
		return err
	}
	began := time.Now()
	m, err := backup.Save(c.To, func(w io.Writer) error {
		if running {
			return drive.NewAdmin(loaded.Config.DataDir).Backup(r.ctx, w)
		}
		_, err := backup.Write(w, version, time.Now(), func(to store.DumpWriter) (store.DumpInfo, error) {
			return store.DumpStopped(r.ctx, loaded.Config.Database, to)
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "backup of %s in %.1f s: %s\nThe encryption key is not in it: keep %s apart from it.\n",
		c.To, time.Since(began).Seconds(), summary(m), loaded.Config.Key)
	return err
}

type restoreCommand struct {
	configFlags
	From    string `help:"Backup to restore." required:"" type:"existingfile"`
	Replace string `help:"Say discard to discard what the database holds." enum:",discard" default:""`
}

// Run restores a backup into the configured database, which no server may use.
func (c *restoreCommand) Run(r *run) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	keys, err := secret.Load(loaded.Config.Key)
	if err != nil {
		return err
	}
	box, err := secret.NewBox(keys)
	if err != nil {
		return err
	}
	began := time.Now()
	m, err := backup.Restore(r.ctx, c.From, backup.Options{
		RestoreConfig: store.RestoreConfig{URL: loaded.Config.Database, Replace: c.Replace == "discard", Logger: r.logger}, Box: box,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "restored in %.1f s: %s\nStart the server: runs go on where they stood.\n", time.Since(began).Seconds(), summary(m))
	return err
}

func summary(m backup.Manifest) string {
	return fmt.Sprintf("%s, version %d, made %s, %s, %s", m.Database.Dialect, m.Database.Schema, m.CreatedAt.Format(time.RFC3339),
		plural.Of(m.Database.Workspaces, "workspace", "workspaces"), plural.Of(m.Database.Records, "record", "records"))
}
