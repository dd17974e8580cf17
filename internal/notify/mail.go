package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	stdmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
)

// Security is how a connection to a mail server is protected.
type Security string

// Values of Security.
const (
	// SecuritySTARTTLS begins in clear and refuses to go on without TLS.
	SecuritySTARTTLS Security = "STARTTLS"
	// SecurityTLS speaks TLS from the first byte.
	SecurityTLS Security = "TLS"
	// SecurityNone sends in clear, and so never a password.
	SecurityNone Security = "NONE"
)

// MailServer is the server that mails go out by, as the operator configures it.
type MailServer struct {
	// Address is "host:port".
	Address  string
	Security Security
	// User signs in with Password; empty is nobody.
	User     string
	Password crm.Secret
	// From is the sender, "Fieldwarden <alerts@example.com>" or the bare address.
	From string
	// AllowPrivate lets the address be one of a private network, or any port.
	AllowPrivate bool
	// RootCAs are trusted; nil means the system's.
	RootCAs *x509.CertPool
}

// postOffice sends mails by one server.
type postOffice struct {
	server MailServer
	host   string
	port   int
	from   *stdmail.Address
	domain string
	guard  *netguard.Client
	time   time.Duration
}

// newPostOffice checks what the operator configured: CONFIG_INVALID names the key.
func newPostOffice(server MailServer, timeout time.Duration) (*postOffice, error) {
	invalid := func(key, message string, args ...any) error {
		return fault.New(fault.ConfigInvalid, "mail."+key+": "+fmt.Sprintf(message, args...), fault.Field("mail", key))
	}
	host, portText, err := net.SplitHostPort(server.Address)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil || host == "" || port < 1 || port > 65535 {
		return nil, invalid("server", "%q is not host:port.", server.Address)
	}
	switch server.Security {
	case SecuritySTARTTLS, SecurityTLS, SecurityNone:
	default:
		return nil, invalid("security", "%q is not STARTTLS, TLS or NONE.", server.Security)
	}
	if server.User != "" && server.Security == SecurityNone {
		return nil, invalid("security", "a user signs in only over STARTTLS or TLS.")
	}
	if (server.User == "") != (server.Password == "") {
		return nil, invalid("password", "user and password go together.")
	}
	from, err := stdmail.ParseAddress(server.From)
	if err != nil || strings.ContainsAny(server.From, "\r\n") {
		return nil, invalid("from", "%q is not an e-mail address.", oneLine(server.From, 100))
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	guarded := netguard.Config{Ports: []uint16{25, 465, 587, 2525}}
	if server.AllowPrivate {
		guarded.Allow = []string{server.Address}
	}
	guard, err := netguard.New(guarded)
	if err != nil {
		return nil, err
	}
	return &postOffice{server: server, host: host, port: port, from: from, domain: domain, guard: guard, time: timeout}, nil
}

// CheckMail signs in to a mail server and says goodbye, without sending anything.
func CheckMail(ctx context.Context, server MailServer) error {
	office, err := newPostOffice(server, attemptTime)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	client, err := office.client(ctx)
	if err != nil {
		return err
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		o := undelivered(err)
		return fault.New(fault.ReceiverFailed, "The mail server "+server.Address+" does not take mail: "+o.failure, fault.Cause(err),
			fault.Hint("Check mail.server, mail.security and the credentials, and that a firewall lets this machine connect."))
	}
	return client.CloseWithSMTPClient(connection)
}

// sendMail words a delivery and sends it.
func (s *Service) sendMail(ctx context.Context, row *ent.Delivery) outcome {
	if s.mail == nil {
		return outcome{verdict: down, failure: "This server has no mail server to send with."}
	}
	content, err := s.content(ctx, row)
	if err != nil {
		s.log.ErrorContext(ctx, "the content of a mail could not be read", slog.String("delivery", row.ID), slog.String("error", err.Error()))
		return outcome{verdict: down, failure: "The mail's content could not be read."}
	}
	view, err := worded(row.Kind, content)
	if err != nil {
		return outcome{verdict: hopeless, failure: "The mail cannot be worded."}
	}
	return s.mail.send(ctx, row, view)
}

// content is what a mail says, as JSON: frozen with the delivery, or with the digest that
// it carries. A digest has one content for all who get it; a thousand copies would not
// fit the transaction that writes them.
func (s *Service) content(ctx context.Context, row *ent.Delivery) ([]byte, error) {
	if row.Kind != crm.DeliverDigest {
		return row.Payload, nil
	}
	found, err := s.c.Store.Read().Digest.Get(ctx, row.DigestID)
	if err != nil {
		return nil, err
	}
	return found.Content, nil
}

// worded turns frozen content into a mail.
func worded(kind crm.DeliveryKind, content []byte) (mailview.Mail, error) {
	switch kind {
	case crm.DeliverOnboarding:
		return word(content, mailview.Onboarding)
	case crm.DeliverDigest:
		return word(content, mailview.Digest)
	case crm.DeliverTest:
		return word(content, mailview.Test)
	default:
		return word(content, mailview.Alert)
	}
}

func word[C any](payload []byte, with func(C) (mailview.Mail, error)) (mailview.Mail, error) {
	var content C
	if err := json.Unmarshal(payload, &content); err != nil {
		return mailview.Mail{}, err
	}
	return with(content)
}

// send sends one mail to one address.
func (p *postOffice) send(ctx context.Context, row *ent.Delivery, view mailview.Mail) outcome {
	message, err := p.message(row, view)
	if err != nil {
		return outcome{verdict: hopeless, failure: "The address cannot be written to: " + oneLine(err.Error(), 200)}
	}
	client, err := p.client(ctx)
	if err != nil {
		return outcome{verdict: down, failure: "The mail server cannot be used."}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return undelivered(err)
	}
	err = client.SendWithSMTPClient(connection, message)
	// The mail is taken or not by now; how the goodbye goes changes nothing.
	_ = client.CloseWithSMTPClient(connection)
	if message.IsDelivered() {
		return outcome{code: 250}
	}
	return undelivered(err)
}

// message writes a mail. Its id and date are the delivery's, so that one that is sent
// twice can be told to be the same.
func (p *postOffice) message(row *ent.Delivery, view mailview.Mail) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	message.FromMailAddress(p.from)
	if err := message.To(row.Address); err != nil {
		return nil, err
	}
	message.Subject(oneLine(view.Subject, 300))
	message.SetMessageIDWithValue(row.ID + "@" + p.domain)
	message.SetDateWithValue(row.CreatedAt)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	message.SetBodyString(mail.TypeTextPlain, view.Text)
	message.AddAlternativeString(mail.TypeTextHTML, view.HTML)
	return message, nil
}

// client is a client for one connection, which ends with ctx.
func (p *postOffice) client(ctx context.Context) (*mail.Client, error) {
	trust := &tls.Config{ServerName: p.host, MinVersion: tls.VersionTLS12, RootCAs: p.server.RootCAs}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		connection, err := p.guard.Dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		// go-mail moves its deadline with each step; this one stands.
		return within(ctx, connection, func(c net.Conn) net.Conn {
			if p.server.Security == SecurityTLS {
				return tls.Client(c, trust)
			}
			return c
		}), nil
	}
	options := []mail.Option{mail.WithPort(p.port), mail.WithTimeout(p.time), mail.WithTLSConfig(trust), mail.WithDialContextFunc(dial), mail.WithoutNoop()}
	switch p.server.Security {
	case SecurityTLS:
		options = append(options, mail.WithSSL())
	case SecurityNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p.server.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(p.server.User), mail.WithPassword(p.server.Password.Reveal()))
	}
	return mail.NewClient(p.host, options...)
}

// leashed is a connection that is closed when its context ends.
type leashed struct {
	net.Conn
	release func() bool
}

// Close closes the connection and lets go of the context.
func (l leashed) Close() error {
	l.release()
	return l.Conn.Close()
}

func within(ctx context.Context, connection net.Conn, wrap func(net.Conn) net.Conn) net.Conn {
	release := context.AfterFunc(ctx, func() { _ = connection.Close() }) // whoever reads from it gets the error
	return wrap(leashed{Conn: connection, release: release})
}

// undelivered is the outcome of a mail that was not taken. A server that refuses the
// recipient or the mail for good (5xx) has the last word; when it refuses us (the
// sender, the password, the connection), the operator can repair that meanwhile.
func undelivered(err error) outcome {
	o := outcome{verdict: down, failure: "The mail server did not answer as one."}
	var answer *textproto.Error
	if known, ok := fault.From(err); ok {
		o.failure = known.Message
		return o
	}
	var timeout net.Error
	var refusal *mail.SendError
	isRefusal := errors.As(err, &refusal)
	switch {
	case errors.As(err, &answer):
		o.code, o.failure = answer.Code, fmt.Sprintf("The mail server answered %d %s", answer.Code, oneLine(answer.Msg, 400))
	case isRefusal && refusal.ErrorCode() != 0:
		o.code, o.failure = refusal.ErrorCode(), "The mail server answered "+oneLine(serverWords(refusal), 400)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		o.failure = "The mail server did not answer in time."
	case err != nil && !isRefusal:
		o.failure = "The mail server cannot be used: " + oneLine(err.Error(), 300)
	}
	aboutTheMail := isRefusal && (refusal.Reason == mail.ErrSMTPRcptTo || refusal.Reason == mail.ErrSMTPData || refusal.Reason == mail.ErrSMTPDataClose)
	switch {
	case aboutTheMail && o.code >= 500:
		o.verdict = hopeless
	case aboutTheMail && o.code >= 400:
		o.verdict = refused // greylisting, a full mailbox
	}
	return o
}

// serverWords are the server's own in an error of go-mail's, which puts its reason
// before them and the address behind.
func serverWords(e *mail.SendError) string {
	code := strconv.Itoa(e.ErrorCode())
	if _, words, found := strings.Cut(e.Error(), code); found {
		words, _, _ = strings.Cut(words, ", affected ")
		return code + words
	}
	return code
}
