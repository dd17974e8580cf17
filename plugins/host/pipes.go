package host

import (
	"errors"
	"os"
)

type direction bool

const (
	toChild   direction = true
	fromChild direction = false
)

// pipes makes the pipes between host and shim and keeps their ends apart, so
// that no error leaves one open.
type pipes struct {
	own, child []*os.File
	err        error
}

// new returns a pipe's read and write end; after the first error nil ends.
func (p *pipes) new(to direction) (r, w *os.File) {
	if p.err != nil {
		return nil, nil
	}
	r, w, p.err = os.Pipe()
	if p.err != nil {
		return nil, nil
	}
	if to == toChild {
		p.own, p.child = append(p.own, w), append(p.child, r)
	} else {
		p.own, p.child = append(p.own, r), append(p.child, w)
	}
	return r, w
}

func (p *pipes) closeChildEnds() { p.err = errors.Join(p.err, closeAll(p.child)) }

func (p *pipes) closeOwnEnds() { p.err = errors.Join(p.err, closeAll(p.own)) }

func closeAll(files []*os.File) error {
	var err error
	for _, file := range files {
		err = errors.Join(err, file.Close())
	}
	return err
}
