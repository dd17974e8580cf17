// Package notify tells people and programs outside of what happened: by mail, by
// webhooks that are signed after the Standard Webhooks specification, and by webhooks
// in Slack's form (requirements K1, K12, K13, K15).
//
// A delivery is one telling to one receiver, a row that is written in the transaction
// of what it tells: it exists exactly when that happened. From there on receivers are
// apart. Each has a job that sends what waits for it, in order: a claim is saved, the
// message goes out with no transaction open, and its outcome is saved together with
// the next claim. So one receiver that is slow, or down for days, neither delays nor
// doubles what another gets.
//
// Invariants:
//
//   - A delivery keeps its id, and a webhook or mail carries it: whoever gets one twice
//     can see that. Twice happens only when the process dies between sending and
//     saving, once for each message in flight.
//   - A claim is a lease: nobody else sends the delivery before it has ended.
//   - What fails is tried again for 75 hours, then it is FAILED; never silently lost.
//   - Addresses are reached through netguard, and an answer ends at 64 KiB.
//   - Secrets (URL, headers, signing secrets) are sealed in the database and in no log,
//     no error and no delivery log.
package notify

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Kinds of jobs; each medium has workers of its own.
const (
	drainWebhook = "notify.webhook"
	drainMail    = "notify.mail"
)

const (
	// attemptTime bounds one attempt, from the first byte to the last.
	attemptTime = 10 * time.Second
	// leaseMargin is for how much longer than an attempt a delivery is claimed.
	leaseMargin = 5 * time.Second
	// slice is for how long a job goes on with one receiver before it makes room for
	// another; with an attempt at its end it stays below the job's timeout.
	slice      = 25 * time.Second
	jobTimeout = 45 * time.Second
	// maxAnswer is how much of an answer is read.
	maxAnswer = 64 << 10
)

// Describer gives a connector's manifest; the connector host implements it.
type Describer interface {
	Describe(name string) (crm.Manifest, error)
}

// Config is what a Service is made of.
type Config struct {
	Store      *store.Store
	Jobs       *job.Engine
	Box        *secret.Box
	Connectors Describer
	Logger     *slog.Logger
	// PublicURL is where people reach the server, without a trailing slash.
	PublicURL string
	// AllowedHosts are the "host:port" that the operator exempts from the guard.
	AllowedHosts []string
	// Mail is the mail server; nil is none, and then nobody is mailed.
	Mail *MailServer
	// Sent is told of each attempt, with the state that the delivery has then; nil is
	// nobody.
	Sent func(medium crm.Medium, state crm.DeliveryState, took time.Duration)
	// AttemptTimeout bounds one attempt; zero is 10 seconds, which is also the most.
	AttemptTimeout time.Duration
	// RootCAs are trusted for webhooks; nil means the system's.
	RootCAs *x509.CertPool
}

// Service writes deliveries, sends them, and keeps channels. It is safe for concurrent
// use.
type Service struct {
	c    Config
	web  *netguard.Client
	mail *postOffice
	log  *slog.Logger
}

// New makes a Service and registers its jobs. It fails with CONFIG_INVALID for a mail
// server that cannot be one.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Jobs == nil || c.Box == nil || c.Connectors == nil || c.Logger == nil {
		return nil, errors.New("notify: incomplete config")
	}
	if c.AttemptTimeout <= 0 || c.AttemptTimeout > attemptTime {
		c.AttemptTimeout = attemptTime
	}
	if c.Sent == nil {
		c.Sent = func(crm.Medium, crm.DeliveryState, time.Duration) {}
	}
	web, err := netguard.New(netguard.Config{
		Allow: c.AllowedHosts, Timeout: c.AttemptTimeout, MaxResponse: maxAnswer, RootCAs: c.RootCAs, CutResponse: true,
	})
	if err != nil {
		return nil, err
	}
	s := &Service{c: c, web: web, log: c.Logger}
	if c.Mail != nil {
		if s.mail, err = newPostOffice(*c.Mail, c.AttemptTimeout); err != nil {
			return nil, err
		}
	}
	for kind, queue := range map[string]string{drainWebhook: job.QueueWebhook, drainMail: job.QueueMail} {
		c.Jobs.Register(kind, s.drain, job.HandlerOptions{Queue: queue, Timeout: jobTimeout})
	}
	return s, nil
}

// MailConfigured reports whether the operator named a mail server.
func (s *Service) MailConfigured() bool { return s.mail != nil }

// Receiver is where deliveries go to: a channel, or a mail address.
type receiver struct {
	ChannelID string `json:"channel,omitempty"`
	Address   string `json:"address,omitempty"`
}

// key tells receivers of a workspace apart.
func (r receiver) key() string {
	if r.ChannelID != "" {
		return r.ChannelID
	}
	return "mailto:" + r.Address
}

// jobKind is the kind of the job that sends to the receiver.
func (r receiver) jobKind() string {
	if r.ChannelID != "" {
		return drainWebhook
	}
	return drainMail
}

// errand is what a job is to do.
type errand struct {
	receiver
	// Only names the one delivery that is to be sent, now, whatever else waits; empty
	// is all that is due.
	Only string `json:"only,omitempty"`
}

// Priorities within a queue: what a person waits for comes first.
const (
	prioritySoon  = 1
	priorityUsual = 2
)

// wake enqueues the jobs that send to receivers of a workspace; one that waits already
// will do.
func (s *Service) wake(ctx context.Context, tx *store.Tx, workspaceID string, receivers ...receiver) error {
	items := map[string][]job.Item{}
	seen := map[receiver]bool{}
	for _, r := range receivers {
		if seen[r] {
			continue
		}
		seen[r] = true
		items[r.jobKind()] = append(items[r.jobKind()], job.Item{
			Payload: errand{receiver: r},
			Options: []job.Option{job.UniqueKey("now|" + workspaceID + "|" + r.key()), job.Priority(priorityUsual)},
		})
	}
	for kind, several := range items {
		if err := s.c.Jobs.EnqueueMany(ctx, tx, kind, workspaceID, several); err != nil {
			return err
		}
	}
	return nil
}

// accepted reports whether a status means that a receiver has the message.
func accepted(status int) bool { return status >= http.StatusOK && status < http.StatusMultipleChoices }

// frozen is a payload in the form in which it is stored.
func frozen(content any) ([]byte, error) { return json.Marshal(content) }
