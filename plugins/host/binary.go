package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// copyBinary makes the private copy of a connector that is executed: named by
// its content, mode 0500, in folders of mode 0700. It returns the copy's path
// and checksum. want is the expected checksum, empty for "as it is now".
//
// The program is read once, hashed while it is copied: what was verified is what
// was written. The shim verifies the copy again at every start.
func copyBinary(installation Installation, want, dir string) (path, sum string, err error) {
	refuse := func(code fault.Code, format string, args ...any) (string, string, error) {
		return "", "", connectorFault(code, installation.Name, fmt.Sprintf(format, args...))
	}
	source, err := os.Open(installation.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(fault.ConnectorNotFound, "There is no file at %s.", installation.Path)
	}
	if err != nil {
		return refuse(fault.ConnectorNotExecutable, "%s cannot be read: %s.", installation.Path, reason(err))
	}
	defer source.Close()
	info, err := source.Stat()
	switch {
	case err != nil:
		return refuse(fault.ConnectorNotExecutable, "%s cannot be read: %s.", installation.Path, reason(err))
	case !info.Mode().IsRegular():
		return refuse(fault.ConnectorNotExecutable, "%s is not a file.", installation.Path)
	case info.Mode().Perm()&0o111 == 0:
		return refuse(fault.ConnectorNotExecutable, "%s is not executable.", installation.Path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return refuse(fault.ConnectorStart, "The folder for private copies cannot be made: %s.", reason(err))
	}
	temporary, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return refuse(fault.ConnectorStart, "The private copy cannot be made: %s.", reason(err))
	}
	defer os.Remove(temporary.Name()) // gone already when all went well
	sum, err = writeCopy(temporary, source)
	if err != nil {
		return refuse(fault.ConnectorStart, "The private copy cannot be written: %s.", reason(err))
	}
	if want != "" && sum != want {
		return refuse(fault.ConnectorChecksum, "%s has the checksum %s, expected is %s.", installation.Path, sum, want)
	}
	path = filepath.Join(dir, installation.Name+"-"+sum)
	if err := os.Rename(temporary.Name(), path); err != nil {
		return refuse(fault.ConnectorStart, "The private copy cannot be put in place: %s.", reason(err))
	}
	return path, sum, nil
}

// writeCopy writes source into target, closes it and returns the checksum.
func writeCopy(target *os.File, source io.Reader) (sum string, err error) {
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(target, hash), source)
	err = errors.Join(err, target.Chmod(0o500), target.Sync(), target.Close())
	return hex.EncodeToString(hash.Sum(nil)), err
}

// reason returns the bare cause of a file error, without the path it repeats.
func reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

// connectorFault makes a fault that names its connector.
func connectorFault(code fault.Code, connector, message string, options ...fault.Option) *fault.Error {
	return fault.New(code, message, append([]fault.Option{fault.Detail("connector", connector)}, options...)...)
}
