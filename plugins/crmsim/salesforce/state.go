package salesforce

// State is the org at a glance. It holds no secrets: tokens appear as numbers only.
type State struct {
	Org           OrgState      `json:"org"`
	Tokens        TokenState    `json:"tokens"`
	DailyRequests LimitState    `json:"daily_requests"`
	Objects       []ObjectState `json:"objects"`
	Faults        []Fault       `json:"faults"`
	Counters      Counters      `json:"counters"`
	// LastModified is the date describe answers carry; each permission change moves it.
	LastModified string `json:"last_modified"`
}

// OrgState says which org this is and which app may connect.
type OrgState struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Sandbox  bool   `json:"sandbox"`
	Username string `json:"username"` // of the integration user
	ClientID string `json:"client_id"`
}

// TokenState counts what is good at the moment.
type TokenState struct {
	Rotation       bool `json:"rotation"`
	Authorizations int  `json:"authorizations"`
	AccessTokens   int  `json:"access_tokens"`
}

// LimitState is the daily API limit.
type LimitState struct {
	Used  int `json:"used"`
	Limit int `json:"limit"`
}

// ObjectState is an object's rights in force.
type ObjectState struct {
	Name       string       `json:"name"`
	Label      string       `json:"label"`
	Records    int          `json:"records"`
	Switchable bool         `json:"switchable"` // false: open to every user in Salesforce
	Read       bool         `json:"read"`
	Create     bool         `json:"create"`
	Edit       bool         `json:"edit"`
	Queryable  bool         `json:"queryable"`
	MayCreate  bool         `json:"may_create"` // whether Create can be on at all
	MayEdit    bool         `json:"may_edit"`
	Fields     []FieldState `json:"fields"`
}

// FieldState is a field's rights in force. Read says what the object's own read right would allow.
type FieldState struct {
	Name           string `json:"name"`
	Label          string `json:"label"`
	Type           string `json:"type"`
	Permissionable bool   `json:"permissionable"`
	Writable       bool   `json:"writable"` // whether Edit can be on at all
	Read           bool   `json:"read"`
	Edit           bool   `json:"edit"`
	Exists         bool   `json:"exists"`
	Because        string `json:"because,omitempty"` // when something other than its own switch hides or locks it
}

// State reads everything at once.
func (c *Controls) State() State {
	s := c.sim
	rotation, open, access, _ := s.authorizations.summary()
	usage := s.usage.now()
	state := State{
		Org: OrgState{
			ID: s.config.OrgID, Name: s.config.OrgName, Sandbox: s.config.Sandbox,
			Username: s.userText("Username"), ClientID: s.config.ClientID,
		},
		Tokens:        TokenState{Rotation: rotation, Authorizations: open, AccessTokens: access},
		DailyRequests: LimitState{Used: usage.used, Limit: usage.limit},
		Faults:        s.faults.list(), Counters: c.Counters(),
		LastModified: timestamp(s.engine.view().modified),
	}
	for _, o := range s.engine.catalog.objects {
		object := s.engine.objectState(o)
		s.store.mu.RLock()
		object.Records = s.store.tables[o.name].live()
		s.store.mu.RUnlock()
		state.Objects = append(state.Objects, object)
	}
	return state
}

// objectState reports switches and what came of them.
func (e *engine) objectState(o *object) ObjectState {
	e.mu.Lock()
	defer e.mu.Unlock()
	security := e.objects[o.name]
	read := !security.noRead
	state := ObjectState{
		Name: o.name, Label: o.label, Switchable: o.switchable, Read: read,
		Create: read && o.createable && !security.noCreate, Edit: read && o.updateable && !security.noEdit,
		Queryable: read && !security.notQueryable, MayCreate: o.createable, MayEdit: o.updateable,
	}
	for i := range o.fields {
		state.Fields = append(state.Fields, e.fieldState(o, &o.fields[i]))
	}
	return state
}

func (e *engine) fieldState(o *object, f *field) FieldState {
	own, whole := e.fields[o.name][f.name], e.fields[o.name][f.compound]
	writable := f.traits&(createable|updateable) != 0
	read, edit := e.fieldRights(o, f)
	state := FieldState{
		Name: f.name, Label: f.label, Type: f.kind, Permissionable: f.traits.has(permissionable), Writable: writable,
		Read: read, Edit: edit && writable, Exists: !own.deleted,
	}
	switch {
	case own.deleted || own.noRead:
	case whole.deleted || whole.noRead || whole.noEdit:
		state.Because = "follows " + f.compound
	case !read:
		state.Because = "its object is not readable: " + f.referenceTo[0]
	}
	return state
}
