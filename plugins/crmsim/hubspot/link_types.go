package hubspot

import (
	"strconv"
	"strings"
)

// linkType is a kind of association that HubSpot defines, seen from one side.
type linkType struct {
	id, back int // the same association has another id in the other direction
	label    string
	primary  bool
}

// linkDefinitions are the association types between the simulator's objects: "from to id back variant". A pair's plain
// type comes first. The ids are HubSpot's, the same in every portal.
//
//nolint:dupword // some pairs are of one object with itself
const linkDefinitions = `
contact company 279 280
contact company 1 2 primary
contact company 931 930 billing
contact contact 449 449
contact deal 4 3
company company 450 450
company company 13 14 parent
company company 14 13 child
deal company 341 342
deal company 5 6 primary
deal deal 451 451
deal line_item 19 20
lead contact 608 609
lead contact 578 579 primary
lead company 610 611
lead company 580 581 primary
lead deal 1037 1038
lead deal 582 583 primary
call contact 194 193
call company 182 181
call deal 206 205
call lead 597 596
email contact 198 197
email company 186 185
email deal 210 209
email lead 599 598
meeting contact 200 199
meeting company 188 187
meeting deal 212 211
meeting lead 601 600
note contact 202 201
note company 190 189
note deal 214 213
note lead 855 854
task contact 204 203
task company 192 191
task deal 216 215
task lead 647 646
communication contact 81 82
communication company 87 88
communication deal 85 86
communication lead 603 602
`

// typesBetween lists the association types from one object to another, by singular names; none when they cannot be
// associated.
func typesBetween(from, to string) []linkType {
	var types []linkType
	for _, line := range strings.Split(strings.TrimSpace(linkDefinitions), "\n") {
		words := append(strings.Fields(line), "")
		id, _ := strconv.Atoi(words[2])   // numbers above
		back, _ := strconv.Atoi(words[3]) // numbers above
		switch {
		case words[0] == from && words[1] == to:
		case words[0] == to && words[1] == from:
			id, back = back, id
		default:
			continue
		}
		types = append(types, linkType{id: id, back: back, label: linkLabel(words[4]), primary: words[4] == "primary"})
	}
	return types
}

func linkLabel(variant string) string {
	return map[string]string{
		"primary": "Primary", "billing": "Billing contact", "parent": "Child Company", "child": "Parent Company",
	}[variant]
}
