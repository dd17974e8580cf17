package drive

import (
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Page is what a browser shows at the end of its redirects.
type Page struct {
	Status int
	URL    *url.URL
	Body   string
}

// Browser keeps cookies and follows redirects, as an admin's browser does.
type Browser struct{ http *http.Client }

// NewBrowser returns a browser without cookies.
func NewBrowser() (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	return &Browser{http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}, nil
}

// Open loads a page.
func (b *Browser) Open(ctx context.Context, address string) (Page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("drive: %w", err)
	}
	return b.load(request)
}

// Decide presses the consent page's button with this value ("approve", "deny").
func (b *Browser) Decide(ctx context.Context, consent Page, decision string) (Page, error) {
	form := regexp.MustCompile(`<form method="post" action="([^"]*)"`).FindStringSubmatch(consent.Body)
	if form == nil {
		return Page{}, fmt.Errorf("drive: %s shows no consent form (status %d)", consent.URL.Path, consent.Status)
	}
	target, err := consent.URL.Parse(html.UnescapeString(form[1]))
	if err != nil {
		return Page{}, fmt.Errorf("drive: the consent form's action: %w", err)
	}
	body := strings.NewReader(url.Values{"decision": {decision}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), body)
	if err != nil {
		return Page{}, fmt.Errorf("drive: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", consent.URL.Scheme+"://"+consent.URL.Host)
	return b.load(request)
}

// Submit posts the page's form with these fields, beside those that it hides, to where
// the form goes.
func (b *Browser) Submit(ctx context.Context, page Page, fields url.Values) (Page, error) {
	form := regexp.MustCompile(`<form method="post" action="([^"]*)"`).FindStringSubmatch(page.Body)
	if form == nil {
		return Page{}, fmt.Errorf("drive: %s shows no form (status %d)", page.URL.Path, page.Status)
	}
	target, err := page.URL.Parse(html.UnescapeString(form[1]))
	if err != nil {
		return Page{}, fmt.Errorf("drive: the form's action: %w", err)
	}
	sent := url.Values{}
	for _, hidden := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page.Body, -1) {
		sent.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	maps.Copy(sent, fields)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(sent.Encode()))
	if err != nil {
		return Page{}, fmt.Errorf("drive: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", page.URL.Scheme+"://"+page.URL.Host)
	return b.load(request)
}

// Client sends GraphQL operations as the browser's pages do: with its cookies.
func (b *Browser) Client(endpoint string) Client { return Client{URL: endpoint, HTTP: b.http} }

// Do sends a request with the browser's cookies.
func (b *Browser) Do(request *http.Request) (*http.Response, error) {
	return b.http.Do(request) //nolint:gosec // tests and the demonstration say where to
}

func (b *Browser) load(request *http.Request) (Page, error) {
	request.Header.Set("Accept", "text/html,*/*;q=0.8")
	response, err := b.http.Do(request)
	if err != nil {
		return Page{}, fmt.Errorf("drive: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Page{}, fmt.Errorf("drive: reading page: %w", err)
	}
	return Page{Status: response.StatusCode, URL: response.Request.URL, Body: string(body)}, nil
}
