package webqq

// savedChats are the names of the chats of one session, by its numbers. They are
// saved with the session: a reminder or an answer that outlives the process
// holds a number of a session that may be over, and only the name tells whose it
// was.
type savedChats struct {
	Friends   map[UserID][2]string `json:"friends,omitempty"` // nick and mark
	Groups    map[GroupID]string   `json:"groups,omitempty"`
	Discusses map[DiscussID]string `json:"discusses,omitempty"`
}

// savedRosters returns the chats of this session and of those before, newest
// first.
func (c *Client) savedRosters() (all []savedChats) {
	for _, r := range append([]*roster{c.roster}, c.past...) {
		if len(r.friends)+len(r.groups)+len(r.discusses) == 0 || len(all) == pastRosters {
			continue
		}
		s := savedChats{map[UserID][2]string{}, map[GroupID]string{}, map[DiscussID]string{}}
		for id, f := range r.friends {
			s.Friends[id] = [2]string{f.Nick, f.Mark}
		}
		for id, g := range r.groups {
			s.Groups[id] = g.Name
		}
		for id, d := range r.discusses {
			s.Discusses[id] = d.Name
		}
		all = append(all, s)
	}
	return all
}

// roster is what translate wants to know.
func (s savedChats) roster() *roster {
	r := newRoster()
	for id, names := range s.Friends {
		r.friends[id] = &Friend{ID: id, Nick: names[0], Mark: names[1]}
	}
	for id, name := range s.Groups {
		r.groups[id] = &Group{ID: id, Name: name}
	}
	for id, name := range s.Discusses {
		r.discusses[id] = &Discuss{ID: id, Name: name}
	}
	return r
}
