package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server in this process that takes every mail and sends none on.
type mailbox struct {
	address string
	server  *smtp.Server
	served  chan error
	mails   chan letter
}

// quiet keeps what the mail server has to say about itself.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

func (quiet) Println(...any) {}

// letter is a mail that was caught.
type letter struct {
	to  string
	raw []byte
}

// openMailbox listens on loopback.
func openMailbox(ctx context.Context) (*mailbox, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("demo: a mail server: %w", err)
	}
	box := &mailbox{address: listener.Addr().String(), served: make(chan error, 1), mails: make(chan letter, 100)}
	box.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{box: box}, nil }))
	box.server.Domain, box.server.ErrorLog = "demo.test", quiet{}
	go func() { box.served <- box.server.Serve(listener) }()
	return box, nil
}

func (m *mailbox) close() error {
	err := m.server.Close()
	if served := <-m.served; !errors.Is(served, smtp.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// next waits for a mail.
func (m *mailbox) next(ctx context.Context) (letter, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case one := <-m.mails:
		return one, nil
	case <-ctx.Done():
		return letter{}, errors.New("no mail arrived")
	}
}

// delivery is one conversation with the mail server.
type delivery struct {
	box *mailbox
	to  string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	select {
	case d.box.mails <- letter{to: d.to, raw: raw}:
		return nil
	default:
		return errors.New("the mailbox is full")
	}
}

func (d *delivery) Reset() { d.to = "" }

func (d *delivery) Logout() error { return nil }

// read decodes the subject and the text part.
func (l letter) read() (subject, text string, err error) {
	message, err := mail.ReadMessage(bytes.NewReader(l.raw))
	if err != nil {
		return "", "", fmt.Errorf("demo: the mail: %w", err)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return "", "", fmt.Errorf("demo: the mail's subject: %w", err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return "", "", fmt.Errorf("demo: the mail's type: %w", err)
	}
	for parts := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err != nil {
			return "", "", fmt.Errorf("demo: the mail has no text part: %w", err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			continue
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(part)
		}
		all, err := io.ReadAll(body)
		return subject, strings.ReplaceAll(string(all), "\r\n", "\n"), err
	}
}
