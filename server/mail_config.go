package server

import (
	"cmp"
	"context"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/notify"
)

// MailConfig names the mail server that notifications go out by. Without a server
// nobody is mailed; channels, the inbox and subscriptions work all the same.
type MailConfig struct {
	// Server is "host:port"; empty is none.
	Server string `yaml:"server"`
	// Security is STARTTLS (the default), TLS or NONE.
	Security notify.Security `yaml:"security"`
	// User signs in with Password, which is "env:NAME" or "file:PATH".
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// From is the sender, "Fieldwarden <alerts@example.com>".
	From string `yaml:"from"`
	// AllowPrivate lets the server be on a private network, or on an unusual port.
	AllowPrivate bool `yaml:"allowPrivate"`
}

// WebhooksConfig is about webhooks, Slack's among them.
type WebhooksConfig struct {
	// AllowedHosts may be sent to although they are on a private network, on another
	// port than 443, or without TLS: each "host:port".
	AllowedHosts []string `yaml:"allowedHosts"`
}

// mailServer is the configured mail server; nil when there is none.
func (c Config) mailServer() (*notify.MailServer, error) {
	m := c.Mail
	if m.Server == "" {
		if m.User != "" || m.Password != "" || m.From != "" || m.AllowPrivate {
			return nil, fault.New(fault.ConfigInvalid, "mail.server: is empty, and the other keys of mail mean nothing without it.", fault.Field("mail", "server"))
		}
		return nil, nil //nolint:nilnil // no server is a valid choice
	}
	password, err := readSecret("mail.password", m.Password)
	if err != nil {
		return nil, err
	}
	return &notify.MailServer{
		Address: m.Server, Security: cmp.Or(m.Security, notify.SecuritySTARTTLS), User: m.User, Password: password, From: m.From, AllowPrivate: m.AllowPrivate,
	}, nil
}

// CheckMail connects and signs in to the mail server, sending nothing: what a doctor
// does. Without a server there is a warning.
func (c Config) CheckMail(ctx context.Context) Finding {
	const name = "mail server"
	server, err := c.mailServer()
	if err == nil && server == nil {
		return Finding{Verdict: VerdictWarn, Name: name, Detail: "none is configured: nobody is mailed", Do: "Set mail.server: see docs/operations/mail.md."}
	}
	if err == nil {
		err = notify.CheckMail(ctx, *server)
	}
	if err != nil {
		finding := Finding{Verdict: VerdictFail, Name: name, Detail: err.Error(), Do: "See docs/operations/mail.md."}
		if known, ok := fault.From(err); ok {
			finding.Do = known.WhatToDo()
		}
		return finding
	}
	return Finding{Verdict: VerdictPass, Name: name, Detail: server.Address + " takes mail"}
}

// newNotify makes what sends mails and webhooks.
func (s *Server) newNotify(options Options) (*notify.Service, error) {
	mail, err := s.config.mailServer()
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{
		Store: s.store, Jobs: s.jobs, Box: s.cases.box, Connectors: s.host, Logger: s.log, PublicURL: s.config.PublicURL,
		AllowedHosts: s.config.Webhooks.AllowedHosts, Mail: mail, Sent: s.watch.sent, AttemptTimeout: options.Tuning.AttemptTimeout,
	})
}
