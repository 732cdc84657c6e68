// Package rules answers messages by rules from a configuration file, so that a
// bot can be taught without a program.
//
// A rule says which messages it is for and what is done with them:
//
//	[[rule]]
//	name = "weather"
//	prefix = ["!weather "]
//	chat = ["group:900", "friend"]
//	cooldown = "10s"
//	reply = "{{.Sender.Name}}, look out of the window of {{.Rest}}"
//
// All that a rule names must hold: the account and the chat and the sender and
// his role; of several values of one key, one. Rules are asked in the order of
// their priority, and, where that is equal, of the file. The first one that
// applies has the message, unless it says go-on = true.
//
// Deciding is apart from doing: Decide makes of a message and a time the list
// of what is to be done, and touches nothing but its own memory of cooldowns.
// Rules, the bot.Responder, does it: through the bot's outbox, through webhooks
// on the same loop, and through scripts, which are somebody else's (package
// bot/script).
//
// A File is read and checked as a whole, before any of it is in force. So a file
// with a mistake changes nothing: the rules that were there stay, and the error
// names the line and what would be right.
package rules
