package control

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/go-chi/chi/v5"
)

//go:embed web
var web embed.FS

// pagePolicy lets the page load its own files only.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page serves the embedded control page.
func page(r chi.Router) {
	r.Get("/", asset("control.html", "text/html; charset=utf-8"))
	r.Get("/control.css", asset("control.css", "text/css; charset=utf-8"))
	r.Get("/control.js", asset("control.js", "text/javascript; charset=utf-8"))
	r.Get("/view.js", asset("view.js", "text/javascript; charset=utf-8"))
	r.Get("/icon.svg", asset("icon.svg", "image/svg+xml"))
}

func asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := fs.ReadFile(web, "web/"+name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(text)
	}
}
