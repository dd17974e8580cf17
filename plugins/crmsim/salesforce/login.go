package salesforce

// login is who signs in on the consent page. Its number is that of the row in the User table.
type login int

// The logins of an org. What Controls and the control page switch is the integration user's.
const (
	integrationUser login = iota
	// colleague is an ordinary user of the same org with rights of their own, fewer at first: they read what they are
	// shown, change nothing and do not see opportunities.
	colleague
)

// loginNamed is the login that the consent form names; an org with one user has no colleague.
func (s *Simulator) loginNamed(name string) login {
	if name == "colleague" && s.hasColleague() {
		return colleague
	}
	return integrationUser
}

func (s *Simulator) hasColleague() bool {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	return len(s.store.tables["User"].rows) > int(colleague)
}

// colleagueName is the colleague's user name; empty in an org with one user.
func (s *Simulator) colleagueName() string {
	if !s.hasColleague() {
		return ""
	}
	return s.userText(colleague, "Username")
}

// rightsOf is the engine that decides for a login.
func (s *Simulator) rightsOf(who login) *engine {
	if who == colleague {
		return s.colleague
	}
	return s.engine
}

// restrict gives the colleague's rights of the beginning.
func restrict(e *engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range e.catalog.objects {
		if o.switchable {
			e.objects[o.name] = objectSecurity{noCreate: true, noEdit: true, noRead: o.name == "Opportunity"}
		}
	}
	e.publish()
}

// SetColleagueObject changes what the colleague may do with an object. Errors are *ControlError.
func (c *Controls) SetColleagueObject(object string, s ObjectSwitch) error {
	return c.sim.colleague.setObject(object, s)
}

// SetColleagueField changes field-level security for the colleague. Fields are deleted and renamed for everybody, with
// SetField. Errors are *ControlError.
func (c *Controls) SetColleagueField(object, field string, s FieldSwitch) error {
	s.Exists, s.Renamed = nil, nil
	return c.sim.colleague.setField(object, field, s)
}
