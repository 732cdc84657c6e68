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
// # What survives a kill
//
// With Options.Store, a process may be killed at any moment and started again.
// No answer is said twice, and a kill leaves at most one accepted message
// without its answer: the one that was being sent.
//
// A message is accepted when it is durable in the inbox, and only then is
// anybody asked about it. Its answer becomes durable in the outbox in the same
// save in which the message leaves the inbox. One message is sent at a time.
//
//	state      in the store          goes on when             after a kill here
//	heard      -                     the inbox has it         lost, unless the service tells it again
//	accepted   inbox                 somebody answers it      handled again, unless it is too old
//	waiting    outbox                its turn has come        sent
//	in flight  outbox, with a mark   the service answers      dropped: it may have been said
//	said       -                     -                        -
//
// An answer that may go at once is in flight from the first, so a message costs
// two saves that are waited for, and one that is not: the removal, which goes
// along with whatever is saved next. A refusal ends a message as an acceptance
// does. Where the account is offline it goes back to waiting, until
// Options.MaxAge; where the outcome is not known it is dropped, with a warning
// that names the chat and the beginning of the text.
//
// A reminder becomes durable with the answer that promises it. One that was due
// while the bot was away is said at once, and says that it is late. The last
// thousand messages are remembered, so that a service that tells them again
// after a restart is not answered again. Dialogues (Call.Expect) and the limits
// of ChatRate and AccountRate begin anew.
//
// WebQQ draws the numbers of chats anew at each login. A restart that goes on with
// the old session finds them again; after another login, what waits for one of
// them is refused by the service, which no longer knows it, and the log says so.
//
// If the disk is full, the bot goes on and the log says what it cannot promise
// meanwhile; what could not be saved is saved as soon as there is room.
//
// # Several accounts
//
// Each account has its Bot, with Options.Name; all are on one loop and share one
// Store. With Options.Bots, Call.Send speaks through any of them: an account's
// name and a Chat address every conversation of the process.
//
// # Goroutines
//
// Everything here runs on the goroutine of one loop. Nothing blocks: reminders
// are the loop's timers, pages are fetched by a sched.Stream on that loop, and
// the disk is the Store's work: that of bot/store has a goroutine and comes back
// by AddCallback.
package bot
