package drive

import (
	"context"
	"fmt"
	"html"
	"io"
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

func (b *Browser) load(request *http.Request) (Page, error) {
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
