package server

import (
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// attemptCookie binds a sign-in at the identity provider to the browser that began
// it. It lives as long as the sign-in may take.
const (
	attemptCookie = "fieldwarden_oidc"
	attemptLife   = 10 * time.Minute
)

// peoplePages sign people in and out. A GET changes nothing: whatever looks at a link
// before its owner does, such as a mail scanner, uses nothing up.
type peoplePages struct {
	auth  *auth.Service
	pages *template.Template
	log   *slog.Logger
	// ui says that the program has the Integration UI, which takes tokens.
	ui bool
}

func (p *peoplePages) routes(r chi.Router) {
	r.Get("/signin", p.methods)
	r.Get("/signin/oidc", p.beginOIDC)
	r.Get("/signin/oidc/callback", p.finishOIDC)
	r.Get("/signin/link", p.link)
	r.Post("/signin/link", p.useLink)
	r.Get("/signin/invitation", p.invitation)
	r.Post("/signin/invitation", p.acceptInvitation)
	r.Post("/signout", p.signOut)
}

// methods shows the ways to sign in, or who is signed in.
func (p *peoplePages) methods(w http.ResponseWriter, r *http.Request) {
	shown := struct {
		OIDC, UI              bool
		Name                  string
		OIDCStart, TokenStart string
		Return                string
	}{OIDC: p.auth.OIDCEnabled(), UI: p.ui, OIDCStart: "/signin/oidc", TokenStart: "/signin/token", Return: "/"}
	if to := r.URL.Query().Get("return"); to != "" {
		shown.Return = auth.LocalPath(to)
		back := "?" + url.Values{"return": {shown.Return}}.Encode()
		shown.OIDCStart += back
		shown.TokenStart += back
	}
	who, _, err := p.auth.Authenticate(r.Context(), auth.Credentials{Cookie: p.auth.CookieOf(r)})
	switch {
	case err == nil:
		shown.Name = who.Name
	case !fault.Is(err, fault.Unauthenticated):
		p.fail(w, r, err)
		return
	}
	showPage(w, r, p.pages, p.log, http.StatusOK, "signin.html", shown)
}

// beginOIDC sends the browser to the identity provider. The query may say where it
// goes afterwards (return) and which workspace it wants (workspace).
func (p *peoplePages) beginOIDC(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	target, cookie, err := p.auth.BeginOIDC(r.Context(), query.Get("return"), query.Get("workspace"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.SetCookie(w, p.auth.Cookie(attemptCookie, cookie, attemptLife))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusFound)
}

// finishOIDC takes the browser back. The attempt ends here, however it ends.
func (p *peoplePages) finishOIDC(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	http.SetCookie(w, p.auth.Cookie(attemptCookie, "", -1))
	signedIn, err := p.auth.FinishOIDC(r.Context(), auth.OIDCCallback{
		Cookie: p.auth.NamedCookie(r, attemptCookie), State: query.Get("state"), Code: query.Get("code"),
		Error: query.Get("error"), Issuer: query.Get("iss"),
	})
	p.welcome(w, r, signedIn, err)
}

func (p *peoplePages) link(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	info, err := p.auth.LookAtLink(r.Context(), crm.Secret(ticket))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	showPage(w, r, p.pages, p.log, http.StatusOK, "link.html", struct {
		auth.LinkInfo
		Ticket string
	}{info, ticket})
}

func (p *peoplePages) useLink(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	person := auth.Person{Name: form.Get("name"), Email: form.Get("email")}
	signedIn, err := p.auth.UseLink(r.Context(), crm.Secret(form.Get("ticket")), person)
	p.welcome(w, r, signedIn, err)
}

func (p *peoplePages) invitation(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	info, err := p.auth.LookAtInvitation(r.Context(), crm.Secret(ticket))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	showPage(w, r, p.pages, p.log, http.StatusOK, "invitation.html", struct {
		auth.InvitationInfo
		Ticket string
	}{info, ticket})
}

func (p *peoplePages) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	signedIn, err := p.auth.AcceptInvitation(r.Context(), crm.Secret(form.Get("ticket")), form.Get("name"))
	p.welcome(w, r, signedIn, err)
}

// signOut ends the session. A browser that has none is where it wanted to be.
func (p *peoplePages) signOut(w http.ResponseWriter, r *http.Request) {
	if err := p.auth.SignOut(r.Context(), p.auth.CookieOf(r)); err != nil && !fault.Is(err, fault.Unauthenticated) {
		p.fail(w, r, err)
		return
	}
	http.SetCookie(w, p.auth.EndedCookie())
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

// welcome gives the browser its session and sends it on, or shows why not.
func (p *peoplePages) welcome(w http.ResponseWriter, r *http.Request, signedIn auth.SignedIn, err error) {
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.endPrevious(r)
	http.SetCookie(w, p.auth.SessionCookie(signedIn))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, signedIn.ReturnPath, http.StatusSeeOther)
}

// endPrevious ends the session that the browser had before: its cookie is replaced.
func (p *peoplePages) endPrevious(r *http.Request) {
	previous := p.auth.CookieOf(r)
	if previous == "" {
		return
	}
	if err := p.auth.SignOut(r.Context(), previous); err != nil && !fault.Is(err, fault.Unauthenticated) {
		p.log.WarnContext(r.Context(), "could not end the previous session of a browser", obs.Err(err))
	}
}

// fail shows what went wrong and what to do.
func (p *peoplePages) fail(w http.ResponseWriter, r *http.Request, err error) {
	found, ok := fault.From(err)
	status := http.StatusBadRequest
	switch {
	case !ok || found.Info().Retry == fault.RetrySystem:
		p.log.ErrorContext(r.Context(), "a sign-in failed inside Fieldwarden", obs.Err(err))
		found, status = fault.New(fault.Internal, "The sign-in failed inside Fieldwarden."), http.StatusInternalServerError
	case found.Code == fault.SignInRefused:
		status = http.StatusForbidden
	}
	p.log.InfoContext(r.Context(), "a sign-in was refused", "code", found.Code, "client", principal.OriginFrom(r.Context()).Address, "cause", found.Unwrap())
	showPage(w, r, p.pages, p.log, status, "notsignedin.html", map[string]string{
		"Message": found.Message, "Hint": found.WhatToDo(), "Code": string(found.Code),
	})
}

// readForm reads a posted form, whose fields are never taken from the URL.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	if err := r.ParseForm(); err != nil {
		return nil, fault.New(fault.BadInput, "The form could not be read.")
	}
	return r.PostForm, nil
}
