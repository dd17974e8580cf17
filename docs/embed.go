// Package docs holds the guides for the administrators of CRMs, which the server shows.
package docs

import "embed"

// Guides are the Markdown files under admins/.
//
//go:embed admins/*.md
var Guides embed.FS
