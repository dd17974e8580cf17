package demo

import (
	"errors"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// plot is what the story takes away in one CRM: one standardized field and one
// object.
type plot struct {
	inObject, field string
	object          string
	// what happens to the field, in the CRM's words.
	what string
	// condition is the field's condition while it cannot be read; empty where the
	// right to read is switched off.
	condition string
}

// plots are the plots by the CRM's name.
func plots() map[string]plot {
	return map[string]plot{
		"salesforce":  {inObject: "Contact", field: "Email", object: "Lead", what: "field-level security hides Contact.Email"},
		"hubspot":     {inObject: "contacts", field: "jobtitle", object: "leads", what: "contacts.jobtitle is archived", condition: "archived"},
		"dynamics365": {inObject: "contact", field: "emailaddress1", object: "lead", what: "contact.emailaddress1 is secured", condition: "secured"},
	}
}

func (p plot) subject() string { return p.inObject + "." + p.field }

// lose takes the field and the object away.
func (p plot) lose(board control.Switchboard) error { return p.set(board, false) }

// restore gives both back.
func (p plot) restore(board control.Switchboard) error { return p.set(board, true) }

func (p plot) set(board control.Switchboard, readable bool) error {
	change := control.FieldChange{Read: &readable}
	if p.condition != "" {
		condition := p.condition
		if readable {
			condition = ""
		}
		change = control.FieldChange{Condition: &condition}
	}
	return errors.Join(board.SetField(p.inObject, p.field, change), board.SetObject(p.object, control.ObjectChange{Read: &readable}))
}
