//go:build !no_ui

package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Dist is the built pages; ok is false in a program that was built without them, with the tag no_ui.
func Dist() (dist fs.FS, ok bool) {
	dist, err := fs.Sub(files, "dist")
	return dist, err == nil
}
