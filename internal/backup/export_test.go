package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rewritten is an archive, well-formed by all of its check sums, with a text of its
// manifest replaced.
func Rewritten(t *testing.T, content []byte, from, to string) []byte {
	t.Helper()
	opened, err := open(bytes.NewReader(content))
	require.NoError(t, err)
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	require.NoError(t, err)
	a := &archive{tar: tar.NewWriter(packed)}
	for {
		name, content, err := opened.next()
		require.NoError(t, err)
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		if name == manifestName {
			text = bytes.ReplaceAll(text, []byte(from), []byte(to))
		}
		require.NoError(t, a.WriteFile(name, int64(len(text)), bytes.NewReader(text)))
		if name == manifestName {
			break
		}
	}
	require.NoError(t, a.tar.Close())
	require.NoError(t, packed.Close())
	return out.Bytes()
}
