package salesforce

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// The API versions of the simulated release; older ones are retired. Three releases a year share the numbering, so a
// label follows from the number: v31 was Summer '14.
const (
	firstVersion  = 31
	latestVersion = 66
)

type version struct {
	Label   string `json:"label"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

// versions serves GET /services/data, which needs no token.
func versions() reply {
	list := []version{}
	for n := firstVersion; n <= latestVersion; n++ {
		season := [...]string{"Summer", "Winter", "Spring"}[(n-firstVersion)%3]
		year := 14 + (n-firstVersion+2)/3
		list = append(list, version{
			fmt.Sprintf("%s '%d", season, year), fmt.Sprintf("/services/data/v%d.0", n),
			fmt.Sprintf("%d.0", n),
		})
	}
	return jsonReply(http.StatusOK, list)
}

var versionPattern = regexp.MustCompile(`^v(\d{1,3})\.0$`)

// checkVersion refuses versions that this release does not speak: 410 for retired ones, 404 for the rest.
func checkVersion(segment string) (reply, bool) {
	match := versionPattern.FindStringSubmatch(segment)
	if match == nil {
		return resourceMissing(), false
	}
	n, _ := strconv.Atoi(match[1]) // the pattern allows nothing but digits
	switch {
	case n >= 7 && n < firstVersion:
		return failure(http.StatusGone, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"), false
	case n < firstVersion || n > latestVersion:
		return failure(http.StatusNotFound, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"), false
	}
	return reply{}, true
}

// resources serves GET /services/data/vNN.0: the resources that this simulator has.
func (s *Simulator) resources(c *call) reply {
	return jsonReply(http.StatusOK, map[string]string{
		"sobjects": c.root + "/sobjects", "query": c.root + "/query", "queryAll": c.root + "/queryAll",
		"limits": c.root + "/limits", "composite": c.root + "/composite", "tooling": c.root + "/tooling",
		"jobs": c.root + "/jobs", "identity": c.base + "/id/" +
			s.config.OrgID + "/" + userID(c.grant.login),
	})
}
