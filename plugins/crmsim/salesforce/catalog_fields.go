package salesforce

// The builders of the catalogue: one function per field type, and changes to what it made.

func newField(kind, name, label string, traits trait) field {
	return field{name: name, label: label, kind: kind, traits: traits, usage: usageOf(kind, 0)}
}

// usageOf is what SOQL may do with a field of this type; long text can be neither filtered nor sorted.
func usageOf(kind string, length int) usage {
	switch kind {
	case "address":
		return usage{filter: true}
	case "boolean":
		return usage{filter: true, sort: true, group: true}
	case "datetime", "double", "currency", "percent":
		return usage{filter: true, sort: true, aggregate: true}
	case "textarea":
		if length > 255 {
			return usage{}
		}
	}
	return usage{filter: true, sort: true, group: true, aggregate: true}
}

func text(name, label string, length int, traits trait) field {
	f := newField("string", name, label, traits)
	f.length = length
	return f
}

func textArea(name, label string, length int, traits trait) field {
	f := text(name, label, length, traits)
	f.kind, f.usage = "textarea", usageOf("textarea", length)
	return f
}

// plainArea is a textarea that describe marks as plain text (addresses and descriptions).
func plainArea(name, label string, length int, traits trait) field {
	f := textArea(name, label, length, traits)
	f.extra = "plaintextarea"
	return f
}

// textLike makes a phone, email or url.
func textLike(kind, name, label string, length int, traits trait) field {
	f := text(name, label, length, traits)
	f.kind = kind
	return f
}

func phone(name, label string, traits trait) field { return textLike("phone", name, label, 40, traits) }

func picklist(name, label string, length int, traits trait, values ...string) field {
	f := textLike("picklist", name, label, length, traits)
	for _, v := range values {
		f.options = append(f.options, option{v, v})
	}
	return f
}

func flag(name, label string, traits trait) field {
	f := newField("boolean", name, label, traits)
	f.defaultValue = false
	return f
}

// flags makes one flag per suffix; Salesforce labels such families with the suffix.
func flags(traits trait, prefix string, suffixes ...string) []field {
	var fields []field
	for _, suffix := range suffixes {
		fields = append(fields, flag(prefix+suffix, suffix, traits))
	}
	return fields
}

func integer(name, label string, digits int, traits trait) field {
	f := newField("int", name, label, traits)
	f.digits = digits
	return f
}

func number(kind, name, label string, precision, scale int, traits trait) field {
	f := newField(kind, name, label, traits)
	f.precision, f.scale = precision, scale
	return f
}

func date(name, label string, traits trait) field { return newField("date", name, label, traits) }
func datetime(name, label string, traits trait) field {
	return newField("datetime", name, label, traits)
}

// lookup is a reference; relationship is its name in SOQL paths, "" for none.
func lookup(name, label, relationship string, traits trait, to ...string) field {
	f := newField("reference", name, label, traits)
	f.length, f.relationship, f.referenceTo = 18, relationship, to
	return f
}

func recordID(label string) field {
	f := newField("id", "Id", label, systemSet|idLookup)
	f.length = 18
	return f
}

func (f field) partOf(compound string) field      { f.compound = compound; return f }
func (f field) looks(extra string) field          { f.extra = extra; return f }
func (f field) nameOfRecord() field               { f.isName = true; return f }
func (f field) prefiltered() field                { f.prefilterable = true; return f }
func (f field) children(name string) field        { f.childRelationship = name; return f }
func (f field) related(relationship string) field { f.relationship = relationship; return f }
func (f field) usable(u usage) field              { f.usage = u; return f }
func (f field) startsAs(value any) field          { f.defaultValue = value; return f }
func (f field) labelled(options ...option) field  { f.options = options; return f }
func (f field) manyParents() field                { f.polymorphic = true; return f }
func (f field) ofPackage() field                  { f.packaged = true; return f }
