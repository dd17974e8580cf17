package server

import (
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/packages"
)

// PackagesConfig is about the packages that workspaces buy.
type PackagesConfig struct {
	// Directory is a folder of package files that add to the built-in packages; empty
	// is none. A file that bears key, CRM and version of a built-in one takes its place.
	// It is read once, at the start.
	Directory string `yaml:"directory"`
}

// openPackages reads all packages. A mistake in a file stops the start, with every
// mistake named: a package that is half right would watch the wrong things.
func (s *Server) openPackages() (*packages.Catalogue, error) {
	folder := s.config.Packages.Directory
	if folder != "" {
		// Absolute, so that the lines of errors can be opened from anywhere.
		if absolute, err := filepath.Abs(folder); err == nil {
			folder = absolute
		}
	}
	catalogue, err := packages.Open(folder)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "The packages cannot be used:\n"+err.Error(), fault.Field("packages", "directory"), fault.Cause(err))
	}
	return catalogue, nil
}
