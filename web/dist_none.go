//go:build no_ui

package web

import "io/fs"

// Dist is the built pages; ok is false: this program was built without them.
func Dist() (dist fs.FS, ok bool) { return nil, false }
