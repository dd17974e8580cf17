package hubspot

import (
	"net/http"
	"strconv"
	"strings"
)

// ownerAnswer is an owner. Records refer to ID; UserID is another number and null for owners who left.
type ownerAnswer struct {
	ID                      string       `json:"id"`
	Email                   string       `json:"email"`
	Type                    string       `json:"type"`
	FirstName               string       `json:"firstName"`
	LastName                string       `json:"lastName"`
	UserID                  *int64       `json:"userId"`
	UserIDIncludingInactive int64        `json:"userIdIncludingInactive"`
	CreatedAt               string       `json:"createdAt"`
	UpdatedAt               string       `json:"updatedAt"`
	Archived                bool         `json:"archived"`
	Teams                   []teamAnswer `json:"teams,omitempty"`
}

type teamAnswer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Primary bool   `json:"primary"`
}

func (s *Simulator) owner(n int) ownerAnswer {
	u := s.store.world.User(n)
	answer := ownerAnswer{
		ID: ownerID(n), Email: u.Email, Type: "PERSON", FirstName: u.First, LastName: u.Last,
		UserIDIncludingInactive: userID(n), CreatedAt: timestamp(u.Created), UpdatedAt: timestamp(u.Modified),
		Archived: !u.Active,
	}
	if u.Active {
		id := userID(n)
		answer.UserID = &id
	}
	if u.Team >= 0 {
		answer.Teams = []teamAnswer{{ID: teamID(u.Team), Name: s.store.world.Team(u.Team).Name, Primary: true}}
	}
	return answer
}

const maxOwners = 500

// owners serves the list of owners and one of them. Only the single owner comes with rate limit headers, as recorded.
func (s *Simulator) owners(c *call) reply {
	rest := c.location.rest
	switch {
	case c.method != http.MethodGet:
		return methodNotAllowed()
	case !c.may([]string{"crm.objects.owners.read"}):
		return missingScopes("crm.objects.owners.read")
	case len(rest) == 1:
		return s.oneOwner(c, rest[0])
	case len(rest) > 1:
		return resourceMissing()
	}
	limit, refused := pageLimit(c.query.Get("limit"), 100, maxOwners)
	if refused != nil {
		return *refused
	}
	after, _ := strconv.Atoi(c.query.Get("after")) // without one, from the beginning
	archived, email := c.query.Get("archived") == "true", c.query.Get("email")
	list, next := []ownerAnswer{}, ""
	for n := max(0, after); n < s.store.world.Size().Users; n++ {
		one := s.owner(n)
		if one.Archived != archived || (email != "" && !strings.EqualFold(one.Email, email)) {
			continue
		}
		if len(list) == limit {
			next = strconv.Itoa(n)
			break
		}
		list = append(list, one)
	}
	body := map[string]any{"results": list}
	if next != "" {
		body["paging"] = paging{Next: pagingNext{After: next, Link: "https://api.hubapi.com/crm/v3/owners?after=" + next}}
	}
	return jsonReply(http.StatusOK, body)
}

func (s *Simulator) oneOwner(c *call, id string) reply {
	for n := range s.store.world.Size().Users {
		one := s.owner(n)
		mine := one.ID
		if c.query.Get("idProperty") == "userId" {
			mine = strconv.FormatInt(one.UserIDIncludingInactive, 10)
		}
		if mine == id && one.Archived == (c.query.Get("archived") == "true") {
			answer := jsonReply(http.StatusOK, one)
			answer.metered = true
			return answer
		}
	}
	return resourceMissing()
}

// settingsUsers serves the users of the account and their teams, for reading.
func (s *Simulator) settingsUsers(c *call) reply {
	rest := c.location.rest
	switch {
	case c.method != http.MethodGet:
		return notSimulated("changing users")
	case len(rest) == 1 && rest[0] == "teams":
		return s.settingsTeams(c)
	case len(rest) == 1 && rest[0] == "roles":
		return results([]map[string]any{})
	case !c.may([]string{"settings.users.read"}):
		return missingScopes("settings.users.read")
	case len(rest) > 1:
		return resourceMissing()
	}
	limit, refused := pageLimit(c.query.Get("limit"), 100, 100)
	if refused != nil {
		return *refused
	}
	after, _ := strconv.Atoi(c.query.Get("after")) // without one, from the beginning
	users, next := []map[string]any{}, ""
	for n := max(0, after); n < s.store.world.Size().Users; n++ {
		u := s.store.world.User(n)
		if !u.Active {
			continue
		}
		if len(rest) == 1 && rest[0] != strconv.FormatInt(userID(n), 10) && !strings.EqualFold(rest[0], u.Email) {
			continue
		}
		if len(users) == limit {
			next = strconv.Itoa(n)
			break
		}
		user := map[string]any{
			"id": strconv.FormatInt(userID(n), 10), "email": u.Email, "firstName": u.First, "lastName": u.Last,
			"roleIds": []string{}, "superAdmin": n == 0,
		}
		if u.Team >= 0 {
			user["primaryTeamId"] = teamID(u.Team)
		}
		users = append(users, user)
	}
	if len(rest) == 1 {
		if len(users) == 0 {
			return resourceMissing()
		}
		return jsonReply(http.StatusOK, users[0])
	}
	body := map[string]any{"results": users}
	if next != "" {
		body["paging"] = paging{Next: pagingNext{After: next}}
	}
	return jsonReply(http.StatusOK, body)
}

func (s *Simulator) settingsTeams(c *call) reply {
	if !c.may([]string{"settings.users.teams.read"}) {
		return missingScopes("settings.users.teams.read")
	}
	teams := []map[string]any{}
	for n := range s.store.world.Size().Teams {
		members := []string{}
		for u := range s.store.world.Size().Users {
			if s.store.world.User(u).Team == n {
				members = append(members, strconv.FormatInt(userID(u), 10))
			}
		}
		teams = append(teams, map[string]any{
			"id": teamID(n), "name": s.store.world.Team(n).Name, "userIds": members, "secondaryUserIds": []string{},
		})
	}
	return results(teams)
}
