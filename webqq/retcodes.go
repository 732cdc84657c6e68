package webqq

import (
	"errors"

	"github.com/qqloop/qqloop/sched"
)

// An action is the client's answer to what the service said, or did not say.
type action uint8

const (
	proceed  action = iota // all is well
	quiet                  // nothing arrived: poll again
	recookie               // take the new ptwebqq, poll again
	pause                  // poll again in ten seconds; counts for nothing
	backOff                // the same again, later and later
	announce               // get_online_buddies2, then the same again; the second time log in
	rehash                 // the same again with the next hash
	renew                  // show a new code
	relink                 // login2 with the old cookies and session
	relogin                // log in again
	refuse                 // this one request failed; the session is good
	giveUp                 // a person has to do something
	unsure                 // a send that may have arrived: never again
)

// A retcode is a number that the service may answer, and our answer to it, by
// what was asked: a poll, a send, or any other call (login steps and lists).
type retcode struct {
	code             int
	meaning          string
	poll, send, call action
}

// retcodes has every code that was ever seen. The clients of the time did not
// agree on what to do about each; where they differ we do what loses no
// message and needs no person.
var retcodes = [...]retcode{
	{0, "ok", quiet, proceed, proceed},
	{6, "no such group, or the account is locked", backOff, refuse, refuse},
	{8, "a login is needed", relogin, relogin, refuse},
	{50, "the hash is wrong", backOff, refuse, rehash},
	{60, "the account has to be unlocked", backOff, refuse, refuse},
	{100, "not logged in any more", relogin, relogin, refuse},
	{101, "unknown", backOff, refuse, refuse},
	{102, "no news", quiet, refuse, refuse},
	{103, "the login is not valid", announce, relogin, refuse},
	{106, "the account is not on the list of those allowed", backOff, refuse, giveUp},
	{108, "a cookie is missing", relogin, relogin, refuse},
	{109, "the client went offline", pause, refuse, refuse},
	{110, "the client went offline", pause, refuse, refuse},
	{111, "the account is on the black list", backOff, refuse, giveUp},
	{112, "the service is overloaded", backOff, refuse, backOff},
	{113, "the service is overloaded, try later", backOff, refuse, backOff},
	{114, "unknown", backOff, refuse, refuse},
	{115, "the account or the address is blocked for a while", backOff, refuse, backOff},
	{116, "a new ptwebqq", recookie, refuse, refuse},
	{120, "the connection is lost", relink, relink, refuse},
	{121, "the session has moved", relink, relink, refuse},
	{122, "the wrong web client", relogin, refuse, refuse},
	{1202, "accepted, perhaps", quiet, proceed, refuse},
	{100000, "not logged in", relogin, relogin, refuse},
	{100001, "a wrong number, or the cookies have expired", relogin, relogin, refuse},
	{100002, "ptwebqq is not valid", relogin, relogin, refuse},
	{100003, "the data are incomplete or refused", backOff, refuse, refuse},
	{100006, "the request is malformed", relogin, refuse, refuse},
	{100012, "the login has expired", relogin, relogin, refuse},
	{100100, "accepted, perhaps", quiet, proceed, refuse},
	{100101, "a cookie or the user agent is missing", relogin, relogin, refuse},
}

// retcodeOf returns the row of code. A code nobody has seen is waited out by a
// poll, where the count of failures has the last word, and fails all else.
func retcodeOf(code int) retcode {
	for _, r := range retcodes {
		if r.code == code {
			return r
		}
	}
	return retcode{code, "unknown", backOff, refuse, refuse}
}

// logincodes has the first arguments of ptuiCB. The service's text comes with
// them, so ours are for readers of the table.
var logincodes = [...]struct {
	code    int
	meaning string
	action  action
}{
	{0, "logged in", proceed},
	{1, "the service is busy", backOff},
	{2, "the number is out of date", giveUp},
	{3, "wrong password", giveUp},
	{4, "wrong captcha, or the page has expired", refuse},
	{5, "verification failed", refuse},
	{6, "try again later", backOff},
	{7, "wrong parameters", refuse},
	{8, "too many logins from this address", backOff},
	{24, "cookies are disabled", giveUp},
	{65, "the code has expired", renew},
	{66, "the code was not scanned yet", quiet},
	{67, "the code was scanned, the phone has to confirm", quiet},
	{68, "the phone refused", pause},
	{71, "the account is forbidden, or try again later", backOff},
	{10005, "the account has to log in by QR code: set the era to SmartQQ", giveUp},
	{10006, "the service finds this environment abnormal", giveUp},
}

// loginError returns a failed login's error; text is the service's own.
func loginError(call string, p ptuiCall, text string) *APIError {
	e := &APIError{Call: call, Code: p.code(), Message: "unknown"}
	for _, row := range logincodes {
		if row.code == e.Code {
			e.Message = row.meaning
		}
	}
	if text != "" {
		e.Message += " (" + text + ")"
	}
	return e
}

// isLoginCall reports whether the codes of call are those of logincodes.
func isLoginCall(call string) bool {
	return call == "login" || call == "ptqrlogin" || call == "pt4_auth"
}

// apiError returns the error for a retcode that is not 0.
func apiError(call string, code int, text string) *APIError {
	e := &APIError{Call: call, Code: code, Message: retcodeOf(code).meaning}
	if text != "" {
		e.Message += " (" + text + ")"
	}
	return e
}

// callAction is the answer to a failed login step or list. Whatever the
// network or a gateway did may be over in a moment.
func callAction(err error) action {
	if err == nil {
		return proceed
	}
	if errors.Is(err, errWrongAccount) || errors.Is(err, errFrozen) {
		return giveUp
	}
	api, ok := errors.AsType[*APIError](err)
	if !ok {
		return backOff
	}
	if isLoginCall(api.Call) {
		for _, row := range logincodes {
			if row.code == api.Code {
				return row.action
			}
		}
		return refuse
	}
	return retcodeOf(api.Code).call
}

// pollAction is the answer to a poll.
func pollAction(p polled, err error) action {
	if err == nil {
		return retcodeOf(p.code).poll
	}
	return backOff
}

// sendAction is the answer to a send's reply. Only a request of which no byte
// went out, or that the service has said it did not take, is ever repeated.
func sendAction(err error) action {
	if err == nil {
		return proceed
	}
	if api, ok := errors.AsType[*APIError](err); ok {
		return retcodeOf(api.Code).send
	}
	if status, ok := errors.AsType[*StatusError](err); ok && status.Status < 500 {
		return refuse
	}
	if e, ok := errors.AsType[*sched.Error](err); ok && !e.Sent {
		if !e.Temporary() && e.Kind != sched.Resolve {
			return refuse
		}
		return backOff // a name of the service's that does not exist does so tomorrow
	}
	return unsure
}

// unreached reports whether err says that the service could not even be asked.
func unreached(err error) bool {
	e, ok := errors.AsType[*sched.Error](err)
	return ok && !e.Sent && e.Temporary()
}
