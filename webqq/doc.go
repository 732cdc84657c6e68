// Package webqq is a client of WebQQ and SmartQQ, written as its forerunners
// of 2013 were: as chains of requests, where the function that reads one
// response returns the next request. Each step is a pair of methods, one that
// builds a request (check, login2, poll) and one that reads its response
// (readCheck, readLogin2, readPoll) and returns a [sched.Next].
//
// The service is gone. SmartQQ ended on 1 January 2019, the password login of
// the classic WebQQ already in 2015. The package emulator below this one
// answers in their place, and what is here was written against the behaviour
// that clients of the time recorded, with all that changed over the years.
//
// # The walk of SmartQQ
//
//	readLoginPage   a page with two tokens that later steps repeat
//	readQRCode      a picture, and the cookie qrsig: somebody has to scan it
//	readQRState     every two seconds, with hash33(qrsig): 66 not yet,
//	                67 scanned, 65 too old, 68 refused, 0 logged in
//	readCheckSig    the cookies of web2.qq.com, in a redirect that is not followed
//	readVfwebqq     the token of the S host (s.web2.qq.com: contacts)
//	readLogin2      the session of the D host (d1.web2.qq.com: the channel)
//	readSelf, readFriends, readGroups, readDiscusses, readOnline
//	readPoll        held by the service for a minute, again and again
//
// # The walk of the classic WebQQ
//
//	readLoginPage   as above
//	readCheck       a verify code, or that a captcha is needed, and the salt
//	readCaptcha     a picture with four letters; the chain waits for a person
//	readLogin       the password, as an MD5 chain or by RSA and TEA
//	readCheckSig, readLogin2, and then as above; vfwebqq comes with login2
//	readHeartbeat   every minute, beside the poll
//
// testdata/smartqq.txt and testdata/webqq.txt are such lives in full.
//
// # When something goes wrong
//
// Every number that the service ever answered has its row in retcodes.go, with
// what a poll, a send and any other call make of it. A lost session is made
// anew by the way that asks least of people: login2 with the old session, the
// quick login by supertoken, login2 with the cookies alone, and only then a
// code or the password. While the network is away the way is not changed, so
// that an outage costs no scan.
//
// The protocol has no receipts. A message that was in a reply which the network
// lost is lost; a message whose send was not answered may have arrived, and is
// therefore not sent again: its error is [ErrOutcomeUnknown].
//
// # Numbers
//
// The numbers of people, groups and discussions are drawn anew at each login.
// Chats of former sessions go on to work, found again by their names, where a
// name belongs to one chat only. [Client.LookupQQ] asks for real numbers.
//
// # Goroutines
//
// A Client has none. Everything happens on the goroutine of the loop behind
// its [Adder]; only the answer of [Options.Captcha] may come from elsewhere.
package webqq
