package salesforce

import (
	"bufio"
	"errors"
	"io"
)

// maxCell bounds one value of a bulk result: more than Salesforce's longest text
// field (131,072 characters) can hold.
const maxCell = 1 << 20

var errCSV = errors.New("a bulk result is not CSV")

// csvReader reads the rows of a bulk result (comma, LF, quotes doubled). Unlike
// encoding/csv it keeps the line ends inside of values as they are: an address
// with CRLF would otherwise differ from what REST answers.
type csvReader struct {
	in  *bufio.Reader
	row []string
	// cell is reused.
	cell []byte
}

func newCSVReader(in io.Reader) *csvReader { return &csvReader{in: bufio.NewReaderSize(in, 64<<10)} }

// next returns the next row, valid until the next call; io.EOF after the last.
// Lines without anything on them are left out.
func (c *csvReader) next() ([]string, error) {
	c.row = c.row[:0]
	for {
		more, err := c.value()
		if err != nil {
			return nil, err
		}
		if more {
			continue
		}
		if len(c.row) == 1 && c.row[0] == "" {
			c.row = c.row[:0]
			continue
		}
		return c.row, nil
	}
}

// value reads one value with what ends it; more tells that it was a comma. io.EOF
// comes only where a row could begin: the end inside of a row is one that was cut.
func (c *csvReader) value() (more bool, err error) {
	c.cell = c.cell[:0]
	first, err := c.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF) && len(c.row) == 0:
		return false, io.EOF
	case err != nil:
		return false, unexpected(err)
	case first == '"':
		return c.quoted()
	}
	for b := first; ; {
		if b == ',' || b == '\n' {
			c.end(b == '\n')
			return b == ',', nil
		}
		if err := c.add(b); err != nil {
			return false, err
		}
		if b, err = c.in.ReadByte(); err != nil {
			return false, unexpected(err)
		}
	}
}

// quoted reads a value after its first quote.
func (c *csvReader) quoted() (more bool, err error) {
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return false, unexpected(err)
		}
		if b != '"' {
			if err := c.add(b); err != nil {
				return false, err
			}
			continue
		}
		if b, err = c.in.ReadByte(); err != nil {
			return false, unexpected(err)
		}
		if b == '\r' { // before LF, should a proxy have changed the line ends
			if b, err = c.in.ReadByte(); err != nil {
				return false, unexpected(err)
			}
		}
		switch b {
		case '"':
			if err := c.add('"'); err != nil {
				return false, err
			}
		case ',', '\n':
			c.end(false)
			return b == ',', nil
		default:
			return false, errCSV
		}
	}
}

func (c *csvReader) add(b byte) error {
	if len(c.cell) == maxCell {
		return errCSV
	}
	c.cell = append(c.cell, b)
	return nil
}

// end takes the cell into the row, without the CR of a line's end if there is one.
func (c *csvReader) end(line bool) {
	if n := len(c.cell); line && n > 0 && c.cell[n-1] == '\r' {
		c.cell = c.cell[:n-1]
	}
	c.row = append(c.row, string(c.cell))
}

// unexpected turns the end of the input inside of a row into a cut.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
