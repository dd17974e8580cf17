package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// customer is the customer's recipient of system notifications.
const customer = "crm-admins@acme.example"

// shownLines is how much of the digest is printed.
const shownLines = 40

// askForMail makes the customer's people recipients.
func (h *house) askForMail(ctx context.Context) error {
	return h.client.Do(ctx, `mutation($to: String!) {
		addRecipients(input: {idempotencyKey: "demo-recipients", addresses: $to, class: EXTERNAL, kind: LIST}) { userErrors { code message field } }
	}`, map[string]any{"to": customer}, nil)
}

// sendDigest runs the day's digest and shows the mail that arrives. A day has one: the
// stories after the first show what it would say now.
func sendDigest(ctx context.Context, s *story) (string, error) {
	var subject, text, note string
	if s.house.digestSent {
		var found struct {
			DigestPreview struct {
				Sends         bool
				Subject, Text string
			}
		}
		if err := s.client.Do(ctx, `{ digestPreview { sends subject text } }`, nil, &found); err != nil {
			return "", err
		}
		subject, text, note = found.DigestPreview.Subject, found.DigestPreview.Text, "today's has gone out; it would say now"
	} else {
		err := s.client.Do(ctx, `mutation($key: String!) {
			sendDigestNow(input: {idempotencyKey: $key}) { digest { lost } userErrors { code message field } }
		}`, map[string]any{"key": "demo-digest"}, nil)
		if err != nil {
			return "", err
		}
		s.house.digestSent = true
		if subject, text, err = s.house.digestMail(ctx); err != nil {
			return "", err
		}
		note = "caught by a mail server in this process, to " + customer
	}
	for _, wanted := range []string{s.plot.field, s.plot.object} {
		if !strings.Contains(text, wanted) {
			return "", fmt.Errorf("the digest does not name %s", wanted)
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > shownLines {
		lines = append(lines[:shownLines], fmt.Sprintf("… and %d lines more", len(lines)-shownLines))
	}
	return note + "\n        | Subject: " + subject + "\n        |\n        | " + strings.Join(lines, "\n        | ") + "\n       ", nil
}

// digestMail waits for the digest among the mails that arrive.
func (h *house) digestMail(ctx context.Context) (subject, text string, err error) {
	for range cap(h.mails.mails) {
		one, err := h.mails.next(ctx)
		if err != nil {
			return "", "", err
		}
		if subject, text, err = one.read(); err != nil {
			return "", "", err
		}
		if strings.Contains(text, "Daily digest of") && one.to == customer {
			return subject, text, nil
		}
	}
	return "", "", errors.New("no mail was the digest")
}
