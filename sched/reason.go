package sched

// CloseReason says why a connection was closed.
type CloseReason uint8

const (
	ClosedUnconnected CloseReason = iota // it never came to stand: connect, proxy or TLS failed, or another address was faster
	ClosedDone                           // after its exchange: one side had said close, or the response ended with it
	ClosedFailed                         // its exchange failed, or was cancelled
	ClosedByServer                       // while it was idle, or at the moment when it was to be used again
	ClosedIdle                           // nobody had wanted it for too long
	ClosedOld                            // it had reached Options.MaxAge
	ClosedForRoom                        // its place, or its descriptor, was needed
	ClosedStream                         // the stream was closed

	closeReasons = iota // how many there are
)

var closeReasonText = [closeReasons]string{
	"unconnected", "done", "failed", "server", "idle", "old", "room", "stream",
}

// String returns one word: "done".
func (r CloseReason) String() string {
	if int(r) < len(closeReasonText) {
		return closeReasonText[r]
	}
	return "unknown"
}
