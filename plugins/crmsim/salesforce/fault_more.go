package salesforce

import (
	"net/http"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Faults of single resources, of sign-in, and of whatever stands between client and service.
const (
	FaultLoginRedirect  FaultKind = "login_redirect"  // 302 to a login page in HTML
	FaultHTMLPage       FaultKind = "html_page"       // 200 with an HTML page where JSON is due
	FaultTruncatedGzip  FaultKind = "truncated_gzip"  // 200 with half of the compressed body (half of the plain one without gzip)
	FaultVersionRetired FaultKind = "version_retired" // 410 UNSUPPORTED_API_VERSION
	FaultVersionUnknown FaultKind = "version_unknown" // 404 UNSUPPORTED_API_VERSION
	FaultLockRow        FaultKind = "lock_row"        // 400 UNABLE_TO_LOCK_ROW
	FaultDuplicates     FaultKind = "duplicates"      // 400 DUPLICATES_DETECTED
	FaultWrongAudience  FaultKind = "wrong_audience"  // 400 invalid_grant "Audience validation failed"
	FaultInactiveUser   FaultKind = "inactive_user"   // 400 inactive_user from the token endpoint
	FaultBulkFailed     FaultKind = "bulk_failed"     // a bulk job ends as Failed instead of JobComplete
)

func moreFaultKinds() []control.FaultKind {
	const token = "/services/oauth2/token"
	return []control.FaultKind{
		{Key: FaultLoginRedirect, Title: "302 to the login page"},
		{Key: FaultHTMLPage, Title: "200 with an HTML page"},
		{Key: FaultTruncatedGzip, Title: "200 with half of the compressed body", Spoils: true},
		{Key: FaultVersionRetired, Title: "410 API version retired"},
		{Key: FaultVersionUnknown, Title: "404 API version unknown"},
		{Key: FaultLockRow, Title: "400 UNABLE_TO_LOCK_ROW"},
		{Key: FaultDuplicates, Title: "400 DUPLICATES_DETECTED"},
		{Key: FaultWrongAudience, Title: "token endpoint: audience validation failed", Path: token},
		{Key: FaultInactiveUser, Title: "token endpoint: user is inactive", Path: token},
		{Key: FaultBulkFailed, Title: "bulk job fails", Asked: true},
	}
}

const loginPage = "<!DOCTYPE html><html><head><title>Login | Salesforce</title></head><body><form><input name=\"username\">" +
	"</form></body></html>\n"

// moreFaultAnswer is faultAnswer for these kinds.
func moreFaultAnswer(kind FaultKind) (reply, bool) {
	switch kind {
	case FaultLoginRedirect:
		return reply{status: http.StatusFound, location: "/login?ec=302"}, true
	case FaultHTMLPage:
		return textReply(http.StatusOK, "text/html;charset=UTF-8", loginPage), true
	case FaultVersionRetired:
		return failure(http.StatusGone, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"), true
	case FaultVersionUnknown:
		return failure(http.StatusNotFound, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"), true
	case FaultLockRow:
		return refuseWrite("UNABLE_TO_LOCK_ROW", nil, "unable to obtain exclusive access to this record or 1 records: %s",
			recordIDOf("001", 0)).reply(), true
	case FaultDuplicates:
		return duplicatesDetected(), true
	case FaultWrongAudience:
		return oauthFailure(badGrant("Audience validation failed")), true
	case FaultInactiveUser:
		return oauthFailure(&oauthError{Code: "inactive_user", Description: "user is inactive"}), true
	}
	return reply{}, false
}

// duplicatesDetected is what a duplicate rule answers that only warns. The misspelt key is Salesforce's.
func duplicatesDetected() reply {
	const message = "You're creating a duplicate record. We recommend you use an existing record instead."
	match := map[string]any{
		"additionalInformation": []string{}, "fieldDiffs": []string{}, "matchConfidence": 100,
		"record": map[string]any{"attributes": map[string]string{"type": "Contact"}, "Id": recordIDOf("003", 0)},
	}
	return jsonReply(http.StatusBadRequest, []map[string]any{{
		"errorCode": "DUPLICATES_DETECTED", "message": message,
		"duplicateResut": map[string]any{
			"allowSave": true, "duplicateRule": "Standard_Contact_Duplicate_Rule", "duplicateRuleEntityType": "Contact",
			"errorMessage": message, "matchResults": []map[string]any{{
				"entityType": "Contact", "errors": []string{}, "matchEngine": "FuzzyMatchEngine",
				"matchRecords": []any{match}, "rule": "Standard_Contact_Match_Rule", "size": 1, "success": true,
			}},
		},
	}})
}

// login is the page that login redirects lead to.
func (s *Simulator) login(*http.Request) reply {
	return textReply(http.StatusOK, "text/html;charset=UTF-8", loginPage)
}
