// Package bot is what a bot does with a message, whatever service carried it.
//
// A Bot is handed Messages and answers through an Account, the small
// interface that a service implements (NewWebQQ is one). In private every
// command is answered, in a group only one that mentions the bot; what is no
// command gets no answer, so that the bot never talks into a conversation.
//
// A command is a row of a table: its names, its usage, its handler. The help
// is made from the same rows. A command called by its Chinese name answers in
// Chinese, by its English name in English.
//
// Everything here runs on the goroutine of one loop. Nothing blocks: reminders
// are the loop's timers, and pages are fetched by a sched.Stream on that loop.
package bot
