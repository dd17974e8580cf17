package server

import (
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/obs"
)

// browserCookie binds a sign-in to the browser that opened it. It lives as long
// as the sign-in may take.
const browserCookie = "fieldwarden_signin"

// signInPages sends an admin's browser to the CRM and takes it back.
type signInPages struct {
	cases *useCases
	auth  *auth.Service
	pages *template.Template
	log   *slog.Logger
	// ui says that the program has the Integration UI to lead back to.
	ui bool
}

func (p *signInPages) start(w http.ResponseWriter, r *http.Request) {
	target, cookie, err := p.cases.integrations.OpenSignIn(r.Context(), r.URL.Query().Get("ticket"))
	if err != nil {
		p.fail(w, r, err, "")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie, Value: cookie, Path: "/oauth", MaxAge: 600, HttpOnly: true,
		// Lax: the CRM sends the browser back by a top-level navigation.
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.cases.publicURL, "https://"),
	})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusFound)
}

func (p *signInPages) callback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	input := integration.CallbackInput{
		State: query.Get("state"), Code: query.Get("code"),
		Error: query.Get("error"), ErrorDescription: query.Get("error_description"),
	}
	if cookie, err := r.Cookie(browserCookie); err == nil {
		input.BrowserCookie = cookie.Value
	}
	result, err := p.cases.integrations.Callback(r.Context(), input)
	if err != nil {
		p.fail(w, r, err, p.wayBack(result))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: browserCookie, Path: "/oauth", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	next := p.wayBack(result)
	if next != "" && p.signedIn(r, result.WorkspaceID) {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	page := "connected.html"
	if result.SimulationID != "" {
		page = "simulated.html"
	}
	showPage(w, r, p.pages, p.log, http.StatusOK, page, struct {
		integration.CallbackResult
		Next string
	}{result, next})
}

// wayBack is the page of the Integration UI that goes on where a sign-in left off; empty
// when there is none.
func (p *signInPages) wayBack(result integration.CallbackResult) string {
	if !p.ui || result.IntegrationID == "" {
		return ""
	}
	page := "/integrations/" + url.PathEscape(result.IntegrationID)
	switch {
	case result.SimulationID != "":
		return page + "/permissions?tab=simulation"
	case result.State == crm.IntegrationOnboarding:
		return page + "/onboarding?step=CHECK"
	case result.State == crm.IntegrationDraft || result.State == crm.IntegrationAuthorizing:
		return page + "/onboarding"
	}
	return page
}

// signedIn reports whether the browser has a session that sees the workspace. Whoever
// uses the API alone has none, nor has a token that lives in a tab: they are shown a
// page, with a link.
func (p *signInPages) signedIn(r *http.Request, workspaceID string) bool {
	cookie := p.auth.CookieOf(r)
	if cookie == "" {
		return false
	}
	who, _, err := p.auth.Authenticate(r.Context(), auth.Credentials{Cookie: cookie})
	return err == nil && who.WorkspaceID == workspaceID
}

// fail shows what went wrong and what to do, and leads back to where that can be done.
func (p *signInPages) fail(w http.ResponseWriter, r *http.Request, err error, next string) {
	found, ok := fault.From(err)
	status := http.StatusBadRequest
	if !ok || found.Info().Retry == fault.RetrySystem {
		p.log.ErrorContext(r.Context(), "a CRM sign-in failed inside Fieldwarden", obs.Err(err))
		found, status = fault.New(fault.Internal, "The sign-in failed inside Fieldwarden."), http.StatusInternalServerError
	}
	showPage(w, r, p.pages, p.log, status, "refused.html", map[string]string{
		"Message": found.Message, "Hint": found.WhatToDo(), "Code": string(found.Code), "Next": next,
	})
}
