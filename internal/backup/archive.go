// Package backup keeps a database in one file and brings it back (requirement O1,
// design section 9: nothing lost).
//
// The file is a gzip-compressed tar: the files of a store.DumpInfo, and as the last
// one a manifest with the SHA-256 of each. What unpacks to anything but what was
// written, or is cut off, or has something added, is BACKUP_INVALID, and that is seen
// before anything is restored. Secrets stay sealed in it, and the key that opens them is not in it; the
// key check is, so that a restore with another key is refused before it begins.
package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// format is the version of the archive; it changes when an older program could
	// not read what a newer one wrote.
	format       = 1
	product      = "fieldwarden backup"
	manifestName = "manifest.json"
	maxManifest  = 64 << 20
)

// Manifest is what an archive says of itself.
type Manifest struct {
	Product string `json:"product"`
	Format  int    `json:"format"`
	// Version is the program that wrote it.
	Version   string         `json:"version"`
	CreatedAt time.Time      `json:"createdAt"`
	Database  store.DumpInfo `json:"database"`
	Files     []File         `json:"files"`
}

// File is one file of an archive.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Write writes an archive of what dump gives.
func Write(w io.Writer, version string, now time.Time, dump func(store.DumpWriter) (store.DumpInfo, error)) (Manifest, error) {
	// Fast: most of what is stored is compressed well enough by any level.
	packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	a := &archive{tar: tar.NewWriter(packed)}
	info, err := dump(a)
	if err != nil {
		return Manifest{}, err
	}
	manifest := Manifest{Product: product, Format: format, Version: version, CreatedAt: now.UTC().Truncate(time.Second), Database: info, Files: a.files}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return manifest, fmt.Errorf("backup: %w", err)
	}
	if err := a.WriteFile(manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return manifest, err
	}
	if err := errors.Join(a.tar.Close(), packed.Close()); err != nil {
		return manifest, fmt.Errorf("backup: %w", err)
	}
	return manifest, nil
}

// archive is an archive being written.
type archive struct {
	tar   *tar.Writer
	files []File
}

// WriteFile adds a file of exactly size bytes.
func (a *archive) WriteFile(name string, size int64, content io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600}); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(a.tar, sum), content); err != nil {
		return fmt.Errorf("backup: writing %s: %w", name, err)
	}
	a.files = append(a.files, File{Name: name, Size: size, SHA256: hexOf(sum)})
	return nil
}

// Verify reads a whole archive and returns its manifest. BACKUP_INVALID: it is no
// archive, or not all of one, or a byte of it is not the one that was written.
// DATABASE_FUTURE: a newer program wrote it in another format.
func Verify(r io.Reader) (Manifest, error) {
	opened, err := open(r)
	if err != nil {
		return Manifest{}, err
	}
	var found []File
	for {
		name, content, err := opened.next()
		if err != nil {
			return Manifest{}, err
		}
		if name == manifestName {
			return opened.finish(content, found)
		}
		sum := sha256.New()
		size, err := io.Copy(sum, content)
		if err != nil {
			return Manifest{}, invalid("The backup is damaged or was cut off.", err)
		}
		found = append(found, File{Name: name, Size: size, SHA256: hexOf(sum)})
	}
}

// reader is an archive being read.
type reader struct {
	raw    *bufio.Reader
	packed *gzip.Reader
	tar    *tar.Reader
}

// gzipHeader is the one that Write's compression writes. No check sum covers it, so
// it must be just this.
func gzipHeader() []byte { return []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff} }

func open(r io.Reader) (*reader, error) {
	opened := &reader{raw: bufio.NewReader(r)}
	header, err := opened.raw.Peek(len(gzipHeader()))
	if err != nil || !bytes.Equal(header, gzipHeader()) {
		return nil, invalid("This file is no backup of Fieldwarden.", err)
	}
	if opened.packed, err = gzip.NewReader(opened.raw); err != nil {
		return nil, invalid("This file is no backup of Fieldwarden.", err)
	}
	opened.packed.Multistream(false)
	opened.tar = tar.NewReader(opened.packed)
	return opened, nil
}

func (r *reader) next() (string, io.Reader, error) {
	header, err := r.tar.Next()
	if err != nil {
		return "", nil, invalid("The backup is damaged or was cut off.", err)
	}
	return header.Name, r.tar, nil
}

// NextFile returns the next file of the dump; io.EOF where the manifest begins.
func (r *reader) NextFile() (string, io.Reader, error) {
	name, content, err := r.next()
	if err == nil && name == manifestName {
		return "", nil, io.EOF
	}
	return name, content, err
}

// finish reads the manifest and everything behind it, and compares.
func (r *reader) finish(content io.Reader, found []File) (m Manifest, err error) {
	text, err := io.ReadAll(io.LimitReader(content, maxManifest))
	if err != nil {
		return m, invalid("The backup is damaged or was cut off.", err)
	}
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return m, invalid("The backup goes on after its manifest.", err)
	}
	// To the end, where the compression's own check sum stands.
	if _, err := io.Copy(io.Discard, r.packed); err != nil {
		return m, invalid("The backup is damaged or was cut off.", err)
	}
	if _, err := r.raw.ReadByte(); !errors.Is(err, io.EOF) {
		return m, invalid("Something was added to the backup.", err)
	}
	var head struct {
		Product string `json:"product"`
		Format  int    `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Product != product {
		return m, invalid("This file is no backup of Fieldwarden.", err)
	}
	if head.Format != format {
		return m, fault.New(fault.DatabaseFuture, fmt.Sprintf("The backup has format %d; this program reads format %d.", head.Format, format),
			fault.Hint("Restore it with the version of Fieldwarden that made it, or a newer one."))
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, invalid("The backup's manifest cannot be read.", err)
	}
	if len(m.Files) != len(found) {
		return m, invalid(fmt.Sprintf("The backup has %d files instead of %d.", len(found), len(m.Files)), nil)
	}
	for i, want := range m.Files {
		if found[i] != want {
			return m, invalid(fmt.Sprintf("The file %s of the backup is not the one that was written.", want.Name), nil)
		}
	}
	return m, nil
}

func invalid(message string, cause error) error {
	return fault.New(fault.BackupInvalid, message, fault.Cause(cause))
}

func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }
