package crm

import "net/url"

// PagePath is the path, under the server's public URL, of the page on which a problem
// is seen and handled: the field on its object's Fields page, the object's Fields
// page, or the integration. Object and field are the CRM's names; either may be empty
// from the right.
func PagePath(integrationID, object, field string) string {
	path := "/integrations/" + url.PathEscape(integrationID)
	if object == "" {
		return path
	}
	path += "/data-sync/" + url.PathEscape(object)
	if field == "" {
		return path
	}
	return path + "?field=" + url.QueryEscape(field)
}
