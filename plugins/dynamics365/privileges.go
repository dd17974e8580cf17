package dynamics365

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// depth is how far a privilege reaches. Zero means that it is not held.
type depth int

// Depths, in the platform's order.
const (
	depthNone depth = iota
	depthBasic
	depthLocal
	depthDeep
	depthGlobal
)

// parseDepth reads the platform's word; zero for a word it does not know.
func parseDepth(word string) depth {
	return depth(slices.Index([]string{"Basic", "Local", "Deep", "Global"}, word) + 1)
}

// limit says which records a depth below Global lets the user read.
func (d depth) limit() string {
	switch d {
	case depthBasic:
		return "depth User (Basic): only records that the integration user owns, or that are shared with it, are read"
	case depthLocal:
		return "depth Business Unit (Local): only records of the integration user's own business unit are read"
	case depthDeep:
		return "depth Parent: Child Business Units (Deep): only records of the integration user's business unit and of those below it are read"
	default:
		return ""
	}
}

// maxNames is how many privilege names one call asks for; the address of the call
// must stay short.
const maxNames = 40

// privilegesPart asks which of some privileges a user holds, those of its teams
// included.
func privilegesPart(user string, names []string) part {
	list, err := json.Marshal(names)
	if err != nil {
		panic("dynamics365: names cannot be marshalled: " + err.Error()) // strings always can
	}
	return part{path: userFunction(user, "RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)") + "?@p1=" + escape(string(list))}
}

// columnRightsPart asks for the user's rights on secured columns, by direct and
// team profiles.
func columnRightsPart(user string) part {
	return part{path: userFunction(user, "RetrievePrincipalAttributePrivileges()")}
}

func userFunction(user, call string) string {
	return "systemusers(" + user + ")/Microsoft.Dynamics.CRM." + call
}

// heldPrivileges is what a user holds, by privilege id and by name: names were
// missing from older answers, and ids are unknown before metadata is.
type heldPrivileges map[string]depth

// depth is how far a privilege is held.
func (h heldPrivileges) depth(p privilege) depth {
	return max(h[p.Name], h[strings.ToLower(p.ID)])
}

// read adds what an answer says. Of one privilege from several roles the widest
// counts.
func (h heldPrivileges) read(a answer) error {
	var reply struct {
		Held []struct {
			Depth string `json:"Depth"`
			ID    string `json:"PrivilegeId"`
			Name  string `json:"PrivilegeName"`
		} `json:"RolePrivileges"`
	}
	if err := decode(a, &reply); err != nil {
		return err
	}
	if reply.Held == nil {
		return sdk.BadResponse("Dataverse answered the question for privileges with something else")
	}
	for _, row := range reply.Held {
		reach := parseDepth(row.Depth)
		if reach == depthNone || row.ID == "" && row.Name == "" {
			return sdk.BadResponse(fmt.Sprintf("Dataverse listed a privilege with the depth %q, which the connector does not know", excerpt(row.Depth)))
		}
		for _, key := range []string{row.Name, strings.ToLower(row.ID)} {
			if key != "" {
				h[key] = max(h[key], reach)
			}
		}
	}
	return nil
}

// columnRights are a user's rights on secured columns, by lower-case MetadataId. A
// column that is not there may not be used at all.
type columnRights map[string]sdk.Rights

// allowed is the platform's number for "allowed"; 0 is "not allowed".
const allowed = 4

func parseColumnRights(a answer) (columnRights, error) {
	var reply struct {
		Rows []struct {
			ID     string `json:"AttributeId"`
			Read   int    `json:"CanRead"`
			Create int    `json:"CanCreate"`
			Update int    `json:"CanUpdate"`
		} `json:"AttributePrivileges"`
	}
	if err := decode(a, &reply); err != nil {
		return nil, err
	}
	if reply.Rows == nil {
		return nil, sdk.BadResponse("Dataverse answered the question for column security with something else")
	}
	rights := columnRights{}
	for _, row := range reply.Rows {
		key := strings.ToLower(row.ID)
		had := rights[key]
		rights[key] = sdk.Rights{
			Read: had.Read || row.Read == allowed, Create: had.Create || row.Create == allowed, Update: had.Update || row.Update == allowed,
		}
	}
	return rights, nil
}

func (r columnRights) of(a *attribute) sdk.Rights { return r[strings.ToLower(a.MetadataID)] }
