package sink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is one mail that a MailServer took.
type Mail struct {
	From string
	To   []string
	// Raw is the whole message as it came over the wire.
	Raw []byte
	// At is when it was taken.
	At time.Time
	// TLS says that it came over an encrypted connection, User who signed in.
	TLS  bool
	User string
}

// Header reads one header, decoded from the form that it has on the wire.
func (m Mail) Header(name string) string {
	read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
	if err != nil {
		return ""
	}
	text, err := decodeHeader(read.Header.Get(name))
	if err != nil {
		return read.Header.Get(name)
	}
	return text
}

// MailServer is an SMTP server that records mails.
type MailServer struct {
	// Address is its "host:port".
	Address string
	// Roots trust its certificate.
	Roots *x509.CertPool

	user, password string

	mu       sync.Mutex
	mails    []Mail
	sessions int
	mode     mode
	refused  map[string]*smtp.SMTPError
	changed  chan struct{}
	ended    chan struct{}
}

// mode is how a MailServer behaves.
type mode struct {
	greeting *smtp.SMTPError
	data     *smtp.SMTPError
	hang     bool
	drop     bool
	dropTook bool
}

// SMTP starts a MailServer that takes everything, in clear or after STARTTLS.
func SMTP(t testing.TB) *MailServer {
	t.Helper()
	return startMail(t, false, "", "")
}

// SMTPWithTLS starts a MailServer that speaks TLS from the first byte.
func SMTPWithTLS(t testing.TB) *MailServer {
	t.Helper()
	return startMail(t, true, "", "")
}

// SMTPWithUser starts a MailServer that takes mail only from whoever signed in, which
// needs STARTTLS first.
func SMTPWithUser(t testing.TB, user, password string) *MailServer {
	t.Helper()
	return startMail(t, false, user, password)
}

func startMail(t testing.TB, implicit bool, user, password string) *MailServer {
	t.Helper()
	s := &MailServer{user: user, password: password, changed: make(chan struct{}), ended: make(chan struct{}), refused: map[string]*smtp.SMTPError{}}
	config, roots, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = roots
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain, server.TLSConfig, server.MaxMessageBytes = "sink.test", config, 16<<20
	server.ErrorLog = silence{}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	s.Address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, config)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		close(s.ended)
		if err := errors.Join(server.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Mails are those that were taken so far, oldest first.
func (s *MailServer) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// To lists the mails that were taken for one address.
func (s *MailServer) To(address string) []Mail {
	return slices.DeleteFunc(s.Mails(), func(m Mail) bool { return !slices.Contains(m.To, address) })
}

// Wait waits until n mails were taken and returns all there are. It fails the test
// when they do not come in time.
func (s *MailServer) Wait(t testing.TB, n int, patience time.Duration) []Mail {
	t.Helper()
	return wait(t, n, patience, func() ([]Mail, <-chan struct{}) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Clone(s.mails), s.changed
	})
}

// Sessions counts the connections so far.
func (s *MailServer) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Behave ends every misbehaviour.
func (s *MailServer) Behave() {
	s.set(mode{})
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refused)
}

// Refuse answers every connection with a code (421, 554) in place of a greeting.
func (s *MailServer) Refuse(code int, text string) { s.set(mode{greeting: refusal(code, text)}) }

// RefuseData answers a whole mail with a code (451, 552), and does not take it.
func (s *MailServer) RefuseData(code int, text string) { s.set(mode{data: refusal(code, text)}) }

// RefuseRecipient answers an address with a code (450, 550).
func (s *MailServer) RefuseRecipient(address string, code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[address] = refusal(code, text)
}

// HangAfterData takes a mail's text and then says nothing.
func (s *MailServer) HangAfterData() { s.set(mode{hang: true}) }

// DropAfterData takes a mail's text and closes the connection in place of an answer;
// the mail is not taken.
func (s *MailServer) DropAfterData() { s.set(mode{drop: true}) }

// DropTaken takes a mail and closes the connection in place of an answer.
func (s *MailServer) DropTaken() { s.set(mode{drop: true, dropTook: true}) }

func (s *MailServer) set(m mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
}

func (s *MailServer) now() mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode
}

func refusal(code int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

// session greets a client.
func (s *MailServer) session(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	s.sessions++
	m := s.mode
	s.mu.Unlock()
	if m.greeting != nil {
		return nil, m.greeting
	}
	return &session{server: s, conn: c}, nil
}

// session is one client's connection.
type session struct {
	server *MailServer
	conn   *smtp.Conn
	user   string
	from   string
	to     []string
}

// AuthMechanisms are none where nobody needs to sign in.
func (s *session) AuthMechanisms() []string {
	if s.server.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth signs in.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.user || password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

// Mail takes the sender.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.user != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt takes a recipient, or not.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if refused := s.server.refused[to]; refused != nil {
		return refused
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := s.server.now()
	if m.hang {
		<-s.server.ended
	}
	if m.data != nil {
		return m.data
	}
	if !m.drop || m.dropTook {
		s.take(text)
	}
	if m.drop {
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *session) take(text []byte) {
	_, encrypted := s.conn.TLSConnectionState()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, Mail{From: s.from, To: s.to, Raw: text, At: time.Now(), TLS: encrypted, User: s.user})
	close(s.server.changed)
	s.server.changed = make(chan struct{})
}

// Reset forgets the mail at hand.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout does nothing.
func (s *session) Logout() error { return nil }

// silence is where a server complains of clients that end badly: that is their test.
type silence struct{}

// Printf says nothing.
func (silence) Printf(string, ...any) {}

// Println says nothing.
func (silence) Println(...any) {}

// selfSigned makes a certificate for loopback and a pool that trusts it.
func selfSigned() (*tls.Config, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return config, roots, nil
}

func decodeHeader(text string) (string, error) { return new(mime.WordDecoder).DecodeHeader(text) }
