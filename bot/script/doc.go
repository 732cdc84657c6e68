// Package script lets a program in any language answer messages.
//
// A script is a child process. In mode "lines", the usual one, it lives as long
// as the bot: it is given one line of JSON for each message, on its standard
// input, and answers with lines of JSON on its standard output. In mode "once" it
// is started for each message, and what it prints is the answer.
//
// What a child of mode "lines" is given:
//
//	{"type":"message","id":1,"account":"main","chat":"group:900","sender":{"id":"20002","name":"Ann"},"text":"!dice","time":1790000000}
//	{"type":"timeout","follows":1,"account":"main","chat":"group:900","text":""}  nobody said what it waited for
//	{"type":"offline","account":"main","text":"..."}            an event; neither has an id
//
// What it may say, one object a line; id is the message's:
//
//	{"reply_to":1,"text":"a four"}                answers, and is done with the message
//	{"reply_to":1,"text":"a","more":true}         answers, and has more to say
//	{"expect":1,"text":"how many?","seconds":60}  asks, and is given that person's next message, which "follows":1
//	{"done":1}                                    has nothing to say
//	{"send":"group:900","account":"main","text":"..."}  says something of its own accord
//
// In the place of text there may be segments, as in OneBot 11.
//
// A script may do anything: print rubbish, hang, die, read nothing. So each
// message has a time limit, after which the whole process group is ended; a child
// that ends is started again, after a pause that doubles; its standard error goes
// to the log, line by line; every queue and line has a bound; and none of this
// happens on the loop. Goroutines of the child's read, write and wait, and come
// back by AddCallback. A message that a child had when it ended is not given to
// the next one, for it may have been what ended it.
package script
