package salesforce_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestFaultsBetweenClientAndService: login pages, cut gzip, retired versions, and what writes meet.
func TestFaultsBetweenClientAndService(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	once := func(kind salesforce.FaultKind) {
		_, err := org.Controls().AddFault(salesforce.Fault{Kind: kind, Times: 1})
		require.NoError(t, err)
	}
	once(salesforce.FaultLoginRedirect)
	redirected := client.get(t, root+"/sobjects")
	require.Equal(t, http.StatusFound, redirected.status)
	page := org.do(t, http.MethodGet, redirected.header.Get("Location"), "", nil)
	require.Equal(t, "text/html;charset=UTF-8", page.header.Get("Content-Type"))

	once(salesforce.FaultHTMLPage)
	html := client.get(t, root+"/sobjects")
	require.Equal(t, http.StatusOK, html.status)
	require.Contains(t, string(html.body), "<!DOCTYPE html>")

	once(salesforce.FaultTruncatedGzip)
	header := client.header()
	header.Set("Accept-Encoding", "gzip")
	cut := org.do(t, http.MethodGet, root+"/sobjects", "", header)
	require.Equal(t, "gzip", cut.header.Get("Content-Encoding"))
	reader, err := gzip.NewReader(bytes.NewReader(cut.body))
	require.NoError(t, err)
	_, err = io.ReadAll(reader)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	for kind, want := range map[salesforce.FaultKind]struct {
		status int
		code   string
	}{
		salesforce.FaultVersionRetired: {http.StatusGone, "UNSUPPORTED_API_VERSION"},
		salesforce.FaultVersionUnknown: {http.StatusNotFound, "UNSUPPORTED_API_VERSION"},
		salesforce.FaultLockRow:        {http.StatusBadRequest, "UNABLE_TO_LOCK_ROW"},
		salesforce.FaultDuplicates:     {http.StatusBadRequest, "DUPLICATES_DETECTED"},
	} {
		once(kind)
		client.get(t, root+"/sobjects").fails(t, want.status, want.code, "")
	}
	for kind, code := range map[salesforce.FaultKind]string{
		salesforce.FaultWrongAudience: "invalid_grant", salesforce.FaultInactiveUser: "inactive_user",
	} {
		once(kind)
		var got struct{ Error string }
		org.form(t, "/services/oauth2/token", refreshForm(client.tokens.RefreshToken)).json(t, http.StatusBadRequest, &got)
		require.Equal(t, code, got.Error)
	}
}
