package dynamics365

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func errorBody(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

// TestClassify holds every error that Microsoft documents, or that people have
// seen, against the code it must become. The texts are of the same form as the
// platform's.
func TestClassify(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status int
		body   string
		object string
		want   sdk.Code
		field  string
	}{
		"no token":                     {http.StatusUnauthorized, "", "contact", sdk.CodeUnauthenticated, ""},
		"401 as a page":                {http.StatusUnauthorized, "<html>401</html>", "contact", sdk.CodeUnauthenticated, ""},
		"wrong audience":               {http.StatusUnauthorized, errorBody("", "The audience is not this organization."), "contact", sdk.CodeUnauthenticated, ""},
		"not a member":                 {http.StatusForbidden, errorBody("0x80072560", "No member."), "contact", sdk.CodeForbidden, ""},
		"no roles":                     {http.StatusForbidden, errorBody("0x80042f09", "No roles."), "contact", sdk.CodeForbidden, ""},
		"no roles, upper case":         {http.StatusForbidden, errorBody("0x80042F09", "No roles."), "contact", sdk.CodeForbidden, ""},
		"disabled user":                {http.StatusForbidden, errorBody("0x80040225", "Disabled."), "contact", sdk.CodeForbidden, ""},
		"no licence":                   {http.StatusForbidden, errorBody("0x8004d24b", "No licence."), "contact", sdk.CodeForbidden, ""},
		"privilege missing":            {http.StatusForbidden, errorBody("0x80040220", "Principal is missing prvReadContact privilege on OTC=2."), "contact", sdk.CodeObjectDenied, ""},
		"privilege missing, no table":  {http.StatusForbidden, errorBody("0x80040220", "Principal is missing prvReadUser."), "", sdk.CodeForbidden, ""},
		"privilege code, other status": {http.StatusInternalServerError, errorBody("0x80040220", "?"), "contact", sdk.CodeUnavailable, ""},
		"row not accessible":           {http.StatusForbidden, errorBody("0x80048306", "AccessCheck failed."), "contact", sdk.CodeForbidden, ""},
		"share target lacks rights":    {http.StatusForbidden, errorBody("0x80040231", "Target user lacks privileges."), "contact", sdk.CodeForbidden, ""},
		"create of a secured column":   {http.StatusForbidden, errorBody("0x8004f502", "No create permission."), "contact", sdk.CodeForbidden, ""},
		"update of a secured column":   {http.StatusForbidden, errorBody("0x8004f507", "No update permission."), "contact", sdk.CodeForbidden, ""},
		"403 without a code":           {http.StatusForbidden, errorBody("", "?"), "contact", sdk.CodeForbidden, ""},
		"403 as a page":                {http.StatusForbidden, "<html>Forbidden by proxy</html>", "contact", sdk.CodeBadResponse, ""},
		"no such table":                {http.StatusNotFound, errorBody("0x80060888", "Resource not found for the segment 'foos'."), "foo", sdk.CodeObjectDenied, ""},
		"no such table, none asked":    {http.StatusNotFound, errorBody("0x80060888", "Resource not found for the segment 'foos'."), "", sdk.CodeInvalidRequest, ""},
		"404 as a page":                {http.StatusNotFound, "<html>gone</html>", "contact", sdk.CodeBadResponse, ""},
		"404 without a body":           {http.StatusNotFound, "", "contact", sdk.CodeBadResponse, ""},
		"no such row":                  {http.StatusNotFound, errorBody("0x80040217", "contact With Id = x Does Not Exist"), "contact", sdk.CodeInvalidRequest, ""},
		"no such column":               {http.StatusBadRequest, errorBody("0x80060888", "Could not find a property named 'nickname2' on type 'Microsoft.Dynamics.CRM.contact'."), "contact", sdk.CodeFieldDenied, "nickname2"},
		"no such lookup":               {http.StatusBadRequest, errorBody("0x80060888", "Could not find a property named '_new_partnerid_value' on type 'Microsoft.Dynamics.CRM.contact'."), "contact", sdk.CodeFieldDenied, "new_partnerid"},
		"no such column elsewhere":     {http.StatusBadRequest, errorBody("0x80060888", "Could not find a property named 'x' on type 'Microsoft.Dynamics.CRM.account'."), "contact", sdk.CodeInvalidRequest, ""},
		"another bad query":            {http.StatusBadRequest, errorBody("0x80060888", "Syntax error."), "contact", sdk.CodeInvalidRequest, ""},
		"parser error without a code":  {http.StatusBadRequest, errorBody("0x0", "An undeclared property."), "contact", sdk.CodeInvalidRequest, ""},
		"no such key value":            {http.StatusNotFound, errorBody("0x80060891", "No such key."), "contact", sdk.CodeInvalidRequest, ""},
		"undefined key":                {http.StatusBadRequest, errorBody("0x80060890", "No such key."), "contact", sdk.CodeInvalidRequest, ""},
		"no tracking":                  {http.StatusBadRequest, errorBody("0x80072491", "Not enabled for change tracking."), "contact", sdk.CodeInvalidRequest, ""},
		"expired delta token":          {http.StatusBadRequest, errorBody("0x80044352", "Version stamp has expired."), "contact", sdk.CodeCursorExpired, ""},
		"expired, other status":        {http.StatusGone, errorBody("0x80044352", "Version stamp has expired."), "contact", sdk.CodeCursorExpired, ""},
		"too many requests":            {http.StatusTooManyRequests, errorBody("0x80072322", "6000 in 300 seconds."), "contact", sdk.CodeRateLimited, ""},
		"too much time":                {http.StatusTooManyRequests, errorBody("0x80072321", "1,200,000 milliseconds."), "contact", sdk.CodeRateLimited, ""},
		"too many at once":             {http.StatusTooManyRequests, errorBody("0x80072326", "52 at once."), "contact", sdk.CodeRateLimited, ""},
		"429 without a body":           {http.StatusTooManyRequests, "", "contact", sdk.CodeRateLimited, ""},
		"limit with another status":    {http.StatusServiceUnavailable, errorBody("0x80072322", "6000."), "contact", sdk.CodeRateLimited, ""},
		"unexpected error":             {http.StatusInternalServerError, errorBody("0x80040216", "Unexpected."), "contact", sdk.CodeUnavailable, ""},
		"generic SQL error":            {http.StatusInternalServerError, errorBody("0x80044150", "SQL."), "contact", sdk.CodeUnavailable, ""},
		"SQL timeout":                  {http.StatusInternalServerError, errorBody("0x80044151", "SQL timeout."), "contact", sdk.CodeTimeout, ""},
		"duplicate":                    {http.StatusPreconditionFailed, errorBody("0x80040333", "Duplicate."), "contact", sdk.CodeInvalidRequest, ""},
		"version mismatch":             {http.StatusPreconditionFailed, errorBody("0x80060882", "RowVersion."), "contact", sdk.CodeInvalidRequest, ""},
		"plug-in":                      {http.StatusBadRequest, errorBody("0x80040265", "Only on Mondays."), "contact", sdk.CodeInvalidRequest, ""},
		"too long":                     {http.StatusBadRequest, errorBody("0x80044331", "Too long."), "contact", sdk.CodeInvalidRequest, ""},
		"organization disabled":        {http.StatusForbidden, errorBody("0x8004a104", "Disabled."), "contact", sdk.CodeUnavailable, ""},
		"body too large":               {http.StatusRequestEntityTooLarge, "", "contact", sdk.CodeBadResponse, ""},
		"not implemented":              {http.StatusNotImplemented, errorBody("0x80060888", "Not here."), "contact", sdk.CodeInvalidRequest, ""},
		"gateway page":                 {http.StatusBadGateway, "<html>502</html>", "contact", sdk.CodeUnavailable, ""},
		"gateway timeout page":         {http.StatusGatewayTimeout, "<html>504</html>", "contact", sdk.CodeUnavailable, ""},
		"maintenance":                  {http.StatusServiceUnavailable, "", "contact", sdk.CodeUnavailable, ""},
		"redirect to a login page":     {http.StatusFound, "", "contact", sdk.CodeBadResponse, ""},
		"broken JSON":                  {http.StatusForbidden, `{"error":{"code":"0x80040220"`, "contact", sdk.CodeBadResponse, ""},
		"plain text":                   {http.StatusForbidden, "no", "contact", sdk.CodeBadResponse, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := classify(answer{status: c.status, body: []byte(c.body), header: http.Header{"Retry-After": {"17"}}}, c.object)
			var e *sdk.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.want, e.Code, "%v", err)
			require.Equal(t, c.field, e.Field)
			require.NotEmpty(t, e.Message)
			if c.want == sdk.CodeRateLimited {
				require.Equal(t, 17*time.Second, e.RetryAfter)
			}
		})
	}
}

// TestClassifyPublishedCodes goes through the platform's published list of codes,
// when it is at hand: none but those that say so is ever a loss of rights.
func TestClassifyPublishedCodes(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with the platform's error codes")
	}
	raw, err := os.ReadFile(filepath.Join(root, "dynamics365", "data", "errorcodes.json"))
	require.NoError(t, err)
	var published []struct{ Name, Code, Message string }
	require.NoError(t, json.Unmarshal(raw, &published))
	require.Greater(t, len(published), 3000)
	known := map[string]bool{}
	for _, p := range published {
		known[p.Code] = true
		for _, status := range []int{400, 401, 403, 404, 409, 412, 413, 429, 500, 501, 502, 503, 504} {
			err := classify(answer{status: status, body: []byte(errorBody(p.Code, p.Message)), header: http.Header{}}, "contact")
			code := sdk.CodeOf(err)
			denial := code == sdk.CodeObjectDenied || code == sdk.CodeFieldDenied
			says := status == 403 && p.Code == codePrivilegeDenied || status == 404 && p.Code == codeUnknownResource
			require.Equal(t, says, denial, "%d %s %s: %v", status, p.Code, p.Name, err)
			require.NotEqual(t, sdk.CodeInternal, code)
		}
	}
	for _, code := range []string{
		codePrivilegeDenied, codeRowDenied, codeUnknownResource, codeNotMember, codeNoRoles, codeUserDisabled, codeNoLicence, codeOrgDisabled,
		codeStampExpired, codeNotTracked, codeSQLTimeout, codeTooManyRequests, codeTooMuchTime, codeTooManyAtOnce, codeThrottling,
	} {
		if code != codeUnknownResource && code != codeStampExpired {
			require.True(t, known[code], "%s is not a code of the platform", code)
		}
	}
}
