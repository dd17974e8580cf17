package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// maxExplained bounds the fields asked for in one query, by what fits a URL.
const maxExplained = 200

// missingFields are the requested fields, by object, that an accessible object
// does not list.
func missingFields(checks []sdk.ObjectCheck, wanted map[string][]string) map[string][]string {
	missing := map[string][]string{}
	for _, check := range checks {
		if check.Verdict != sdk.VerdictAccessible {
			continue
		}
		listed := map[string]bool{}
		for _, f := range check.Fields {
			listed[strings.ToLower(f.Name)] = true
		}
		for _, name := range wanted[check.Object] {
			if key := strings.ToLower(name); !listed[key] && apiName.MatchString(name) {
				listed[key] = true
				missing[check.Object] = append(missing[check.Object], name)
			}
		}
	}
	return missing
}

// explain asks what Salesforce knows about missing fields: one composite call, and
// one more for standard fields that it does not account for. Only an expired
// session is an error; any other failure is part of the evidence.
func (s *session) explain(ctx context.Context, missing map[string][]string) (evidence, error) {
	e := evidence{defined: map[string]definition{}, listed: map[string]bool{}, granted: map[string]bool{}, newer: map[string]bool{}}
	parts, err := s.composite(ctx, []string{queryPath(definitionsQuery(missing)), queryPath(permissionsQuery(missing))})
	if err == nil {
		s.readDefinitions(parts[0], &e)
		s.readPermissions(parts[1], &e)
		if standard := unexplained(missing, e); len(standard) > 0 {
			err = s.askNewerVersion(ctx, standard, &e)
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled) || sdk.CodeOf(err) == sdk.CodeUnauthenticated:
		return e, err
	default:
		e.trouble = messageOf(err)
	}
	return e, nil
}

// quoted joins names, which have the form of apiName, into a SOQL list.
func quoted(names []string) string { return "('" + strings.Join(names, "','") + "')" }

// pairs are the objects and fields of missing, in order, and bounded.
func pairs(missing map[string][]string) (objects, fields, both []string) {
	objects = slices.Sorted(maps.Keys(missing))
	for _, object := range objects {
		for _, field := range missing[object] {
			if len(both) == maxExplained {
				return objects, fields, both
			}
			both = append(both, object+"."+field)
			if !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	return objects, fields, both
}

// definitionsQuery asks which of the missing fields exist. Id, which every object
// has, tells that the object was answered for. FieldDefinition takes no OR.
func definitionsQuery(missing map[string][]string) string {
	objects, fields, _ := pairs(missing)
	return "SELECT EntityDefinition.QualifiedApiName,QualifiedApiName,Label,ReferenceTo FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName IN " +
		quoted(objects) + " AND QualifiedApiName IN " + quoted(append([]string{"Id"}, fields...))
}

// permissionsQuery asks which of them somebody may read. It is answered only to
// users with View Setup and Configuration.
func permissionsQuery(missing map[string][]string) string {
	objects, _, both := pairs(missing)
	return "SELECT SobjectType,Field FROM FieldPermissions WHERE SobjectType IN " + quoted(objects) + " AND Field IN " + quoted(both)
}

func (s *session) readDefinitions(part answer, e *evidence) {
	var reply struct {
		Records []struct {
			Entity struct {
				Name string `json:"QualifiedApiName"`
			} `json:"EntityDefinition"`
			Name       string `json:"QualifiedApiName"`
			Label      string `json:"Label"`
			References struct {
				To []string `json:"referenceTo"`
			} `json:"ReferenceTo"`
		} `json:"records"`
	}
	if s.partError(part, "FieldDefinition") != nil || json.Unmarshal(part.body, &reply) != nil {
		return
	}
	for _, r := range reply.Records {
		if strings.EqualFold(r.Name, "Id") {
			e.listed[strings.ToLower(r.Entity.Name)] = true
			continue
		}
		e.defined[fieldKey(r.Entity.Name, r.Name)] = definition{label: oneLine(r.Label), references: r.References.To}
	}
}

func (s *session) readPermissions(part answer, e *evidence) {
	var reply struct {
		Records *[]struct {
			Field string `json:"Field"`
		} `json:"records"`
	}
	if s.partError(part, "FieldPermissions") != nil || json.Unmarshal(part.body, &reply) != nil || reply.Records == nil {
		return
	}
	e.setup = true
	for _, r := range *reply.Records {
		e.granted[strings.ToLower(r.Field)] = true
	}
}

// unexplained are the standard fields without evidence that they exist.
func unexplained(missing map[string][]string, e evidence) map[string][]string {
	standard := map[string][]string{}
	for object, fields := range missing {
		for _, field := range fields {
			key := fieldKey(object, field)
			if _, defined := e.defined[key]; !defined && !e.granted[key] && !isCustom(field) {
				standard[object] = append(standard[object], field)
			}
		}
	}
	return standard
}

// askNewerVersion describes objects in the newest version that the org offers, if
// that is not the connector's.
func (s *session) askNewerVersion(ctx context.Context, missing map[string][]string, e *evidence) error {
	newest, err := s.newestVersion(ctx)
	if err != nil || newest == "" {
		return err
	}
	root := "/services/data/v" + newest
	objects := slices.Sorted(maps.Keys(missing))
	objects = objects[:min(len(objects), maxParts)]
	paths := make([]string, len(objects))
	for i, object := range objects {
		paths[i] = root + "/sobjects/" + object + "/describe"
	}
	parts, err := s.compositeAt(ctx, root, paths)
	if err != nil {
		return err
	}
	e.newerVersion = newest
	for i, object := range objects {
		var describe objectDescribe
		if s.partError(parts[i], object) != nil || json.Unmarshal(parts[i].body, &describe) != nil {
			continue
		}
		for _, f := range describe.Fields {
			e.newer[fieldKey(object, f.Name)] = true
		}
	}
	return nil
}

// newestVersion is the newest API version that the org offers, by a call that is
// not metered; empty when it is not newer than the connector's.
func (s *session) newestVersion(ctx context.Context) (string, error) {
	a, err := s.do(ctx, request{method: http.MethodGet, path: "/services/data", anonymous: true})
	if err != nil {
		return "", err
	}
	var versions []struct {
		Version string `json:"version"`
	}
	if err := decode(a, &versions); err != nil {
		return "", err
	}
	newest, _ := strconv.ParseFloat(APIVersion, 64)
	name := ""
	for _, v := range versions {
		if n, err := strconv.ParseFloat(v.Version, 64); err == nil && n > newest {
			newest, name = n, fmt.Sprintf("%.1f", n)
		}
	}
	return name, nil
}
