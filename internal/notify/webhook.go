package notify

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
)

// userAgent is how webhooks are told from other requests.
const userAgent = "Fieldwarden-Webhook/1"

// maxQuoted is how much of an answer's body is quoted in the delivery log.
const maxQuoted = 200

// post sends a delivery to its channel.
func (s *Service) post(ctx context.Context, c claimed) outcome {
	secrets, err := s.open(c.channel)
	if err != nil {
		return outcome{verdict: down, failure: "The channel's secrets cannot be opened: " + string(fault.CodeOf(err)) + "."}
	}
	request, err := s.request(ctx, c, secrets)
	if err != nil {
		return outcome{verdict: hopeless, failure: "The message cannot be written."}
	}
	answer, err := s.web.Do(request)
	if err != nil {
		return unanswered(err)
	}
	o := judgeHTTP(answer.Status, answer.Header, s.c.Store.Clock().Now())
	if quoted := oneLine(secrets.mask(string(answer.Body)), maxQuoted); o.failure != "" && quoted != "" {
		o.failure = crm.Shorten(o.failure+" It said: "+quoted, maxFailure)
	}
	return o
}

// request writes a delivery as its channel's kind wants it.
func (s *Service) request(ctx context.Context, c claimed, secrets sealed) (*http.Request, error) {
	body := c.row.Payload
	if c.channel.Kind == crm.ChannelSlack {
		var err error
		if body, err = slackMessage(c.row.Payload); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, secrets.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, header := range secrets.Headers {
		request.Header.Set(header.Name, header.Value)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if c.channel.Kind == crm.ChannelSlack {
		return request, nil
	}
	now := s.c.Store.Clock().Now()
	var signatures []string
	for _, key := range secrets.keys(now) {
		signer, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			return nil, err
		}
		signature, err := signer.Sign(c.row.ID, now, body)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature)
	}
	request.Header.Set(standardwebhooks.HeaderWebhookID, c.row.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return request, nil
}

// unanswered is the outcome of a request that got no answer.
func unanswered(err error) outcome {
	o := outcome{verdict: down, failure: "There was no answer."}
	var failed *netguard.Error
	switch known, isFault := fault.From(err); {
	case isFault:
		o.failure = known.Message
	case errors.As(err, &failed) && failed.Timeout:
		o.failure = "There was no answer in time."
	case errors.As(err, &failed):
		o.failure = oneLine("No answer: "+failed.Error(), maxFailure)
	}
	return o
}

// mask takes out of text whatever of a channel is secret: receivers repeat what they
// are sent.
func (s sealed) mask(text string) string {
	hidden := []string{s.URL}
	if u, err := url.Parse(s.URL); err == nil {
		hidden = append(hidden, u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery)
		hidden = append(hidden, strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })...)
		for _, values := range u.Query() {
			hidden = append(hidden, values...)
		}
	}
	for _, header := range s.Headers {
		hidden = append(hidden, header.Value)
		_, credential, _ := strings.Cut(header.Value, " ") // "Bearer …"
		hidden = append(hidden, credential)
	}
	for _, key := range s.Keys {
		hidden = append(hidden, key.Secret, strings.TrimPrefix(key.Secret, secretPrefix))
	}
	// The longest first, so that none leaves a part of another.
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	for _, one := range hidden {
		if len(one) >= 6 {
			text = strings.ReplaceAll(text, one, "[secret]")
		}
	}
	return text
}
