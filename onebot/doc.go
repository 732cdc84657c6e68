// Package onebot is a client of OneBot 11, the interface that the programs
// which are logged in to QQ today offer to bots: NapCat and LLBot, and before
// them go-cqhttp and Lagrange. They are called implementations; a bot is an
// application.
//
// A Client calls actions and hears events:
//
//	c, err := onebot.New(stream, onebot.Options{
//		URL:       "http://127.0.0.1:3000",
//		Token:     token,
//		OnMessage: func(e onebot.Event) { c.Send(e.Chat(), onebot.Text("pong"), nil) },
//	})
//	c.Start(func(err error) { ... })
//
// # The walk
//
//	readLogin     get_login_info: who the account is; and that the token is right
//	readVersion   get_version_info: whose implementation it is, for the log
//	readStatus    get_status: whether the account is logged in at all
//	then events, by the first of these that the server has, or by the one configured:
//	  SSE         GET /_events, followed by sched's Events
//	  Poll        get_event or get_updates, held by the server, again and again
//	  WS          one connection for actions and events; it is opened before readLogin
//
// # When something goes wrong
//
// A connection that ends, or is silent for too long, is made anew, for ever,
// after a pause that doubles up to Options.MaxWait, half of it drawn, and
// begins anew only after a minute that went well. A WebSocket on which an
// action got no answer is sent a ping, and must answer that: else it is broken
// in one direction, though events go on coming. A token that is refused
// ends the client: *AuthError.
//
// That the account is offline is something else: the server is there, and QQ
// has put the account out, or never let it in. It is known from heartbeats
// and get_status, and from the notice bot_offline; after that notice a
// heartbeat that says all is well is not believed until it has said otherwise
// once, or something comes from QQ: they go on being green after a kick.
//
// Events are not repeated by any implementation. What was missed is taken from
// the history (get_group_msg_history, get_friend_msg_history) of the fifty
// latest chats, where there is one: when events are followed anew, when the
// account is back, and when the machine was asleep. A chat whose history
// cannot be had is asked again. Messages are known by account, chat, number
// and time, so that none is given twice, whichever way it came.
//
// A message is sent once. A failed reply is the service's refusal, or that the
// account is offline, which get_status is asked; one that was lost, or says that
// QQ did not answer in time, is ErrOutcomeUnknown.
//
// # Goroutines
//
// A Client has none. Everything happens on the goroutine of its stream's loop.
package onebot
