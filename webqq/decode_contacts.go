package webqq

import (
	"html"
	"strings"
)

// unescapeName returns a name without the HTML entities that the service left
// in names, and only there.
func unescapeName(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " ")
}

// decodeFriends reads the reply of get_user_friends2.
func decodeFriends(body []byte) ([]Friend, envelope, error) {
	var r struct {
		Friends []struct {
			UIN      number `json:"uin"`
			Category number `json:"categories"`
		} `json:"friends"`
		Marks []struct {
			UIN  number `json:"uin"`
			Mark string `json:"markname"`
		} `json:"marknames"`
		Categories []struct {
			Index number `json:"index"`
			Name  string `json:"name"`
		} `json:"categories"`
		Info []struct {
			UIN  number `json:"uin"`
			Nick string `json:"nick"`
		} `json:"info"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	// Category 0 is left out of the list unless somebody has renamed it.
	categories := map[number]string{0: "我的好友"}
	for _, c := range r.Categories {
		categories[c.Index] = unescapeName(c.Name)
	}
	at := make(map[number]int, len(r.Friends))
	friends := make([]Friend, 0, len(r.Friends))
	for _, f := range r.Friends {
		at[f.UIN] = len(friends)
		friends = append(friends, Friend{ID: UserID(f.UIN), Category: categories[f.Category]})
	}
	for _, i := range r.Info {
		if n, ok := at[i.UIN]; ok {
			friends[n].Nick = unescapeName(i.Nick)
		}
	}
	for _, m := range r.Marks {
		if n, ok := at[m.UIN]; ok {
			friends[n].Mark = unescapeName(m.Mark)
		}
	}
	return friends, e, nil
}

// decodeGroups reads the reply of get_group_name_list_mask2.
func decodeGroups(body []byte) ([]Group, envelope, error) {
	var r struct {
		Names []struct {
			GID  number `json:"gid"`
			Code number `json:"code"`
			Name string `json:"name"`
		} `json:"gnamelist"`
		Marks []struct {
			UIN  number `json:"uin"`
			Mark string `json:"markname"`
		} `json:"gmarklist"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	marks := make(map[number]string)
	for _, m := range r.Marks {
		marks[m.UIN] = unescapeName(m.Mark)
	}
	groups := make([]Group, 0, len(r.Names))
	for _, g := range r.Names {
		groups = append(groups, Group{ID: GroupID(g.GID), Code: GroupCode(g.Code), Name: unescapeName(g.Name), Mark: marks[g.GID]})
	}
	return groups, e, nil
}

// decodeDiscusses reads the reply of get_discus_list.
func decodeDiscusses(body []byte) ([]Discuss, envelope, error) {
	var r struct {
		Names []struct {
			DID  number `json:"did"`
			Name string `json:"name"`
		} `json:"dnamelist"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	discusses := make([]Discuss, 0, len(r.Names))
	for _, d := range r.Names {
		discusses = append(discusses, Discuss{ID: DiscussID(d.DID), Name: unescapeName(d.Name)})
	}
	return discusses, e, nil
}

// decodeGroupInfo reads the members out of the reply of get_group_info_ext2.
func decodeGroupInfo(body []byte) ([]Member, envelope, error) {
	var r struct {
		Info struct {
			Owner   number `json:"owner"`
			Members []struct {
				UIN  number `json:"muin"`
				Flag number `json:"mflag"`
			} `json:"members"`
		} `json:"ginfo"`
		People []struct {
			UIN  number `json:"uin"`
			Nick string `json:"nick"`
		} `json:"minfo"`
		Cards []struct {
			UIN  number `json:"muin"`
			Card string `json:"card"`
		} `json:"cards"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	var list memberList
	for _, m := range r.Info.Members {
		list.at(m.UIN).Admin = m.Flag&1 != 0
	}
	for _, p := range r.People {
		list.at(p.UIN).Nick = unescapeName(p.Nick)
	}
	for _, c := range r.Cards {
		list.at(c.UIN).Card = unescapeName(c.Card)
	}
	if r.Info.Owner != 0 {
		list.at(r.Info.Owner).Owner = true
	}
	return list.members, e, nil
}

// decodeDiscussInfo reads the members out of the reply of get_discu_info.
func decodeDiscussInfo(body []byte) ([]Member, envelope, error) {
	var r struct {
		Info struct {
			Owner   number `json:"discu_owner"`
			Members []struct {
				UIN  number `json:"mem_uin"`
				RUIN number `json:"ruin"`
			} `json:"mem_list"`
		} `json:"info"`
		People []struct {
			UIN  number `json:"uin"`
			Nick string `json:"nick"`
		} `json:"mem_info"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	var list memberList
	for _, m := range r.Info.Members {
		list.at(m.UIN).QQ = QQ(m.RUIN)
	}
	for _, p := range r.People {
		list.at(p.UIN).Nick = unescapeName(p.Nick)
	}
	if r.Info.Owner != 0 {
		list.at(r.Info.Owner).Owner = true
	}
	return list.members, e, nil
}

// A memberList collects members from the several tables of a reply, which
// need not agree.
type memberList struct {
	members []Member
	index   map[number]int
}

// at returns the member with that number. The pointer is good until the next
// call.
func (l *memberList) at(uin number) *Member {
	i, ok := l.index[uin]
	if !ok {
		if l.index == nil {
			l.index = make(map[number]int)
		}
		i = len(l.members)
		l.index[uin] = i
		l.members = append(l.members, Member{ID: UserID(uin)})
	}
	return &l.members[i]
}

// decodeOnline reads the reply of get_online_buddies2.
func decodeOnline(body []byte) (map[UserID]string, envelope, error) {
	var r []struct {
		UIN    number `json:"uin"`
		Status string `json:"status"`
	}
	e, err := decodeResult(body, &r)
	if err != nil {
		return nil, e, err
	}
	online := make(map[UserID]string, len(r))
	for _, b := range r {
		online[UserID(b.UIN)] = b.Status
	}
	return online, e, nil
}
