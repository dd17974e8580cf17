package sink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Parts reads the text part and the HTML part of the mail, decoded.
func (m Mail) Parts() (text, html string, err error) {
	message, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return "", "", fmt.Errorf("sink: a mail: %w", err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return "", "", fmt.Errorf("sink: the mail is %q, not multipart/alternative", kind)
	}
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return text, html, nil
		}
		if err != nil {
			return "", "", fmt.Errorf("sink: a part: %w", err)
		}
		body, err := decoded(part, part.Header.Get("Content-Transfer-Encoding"))
		if err != nil {
			return "", "", fmt.Errorf("sink: a part: %w", err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			html = body
		} else {
			text = body
		}
	}
}

func decoded(body io.Reader, encoding string) (string, error) {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	all, err := io.ReadAll(body)
	return strings.ReplaceAll(string(all), "\r\n", "\n"), err
}
