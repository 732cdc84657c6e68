// Package websocket is the framing of the WebSocket protocol (RFC 6455) as
// bytes and messages, for both sides. Like package httpwire it opens no socket,
// starts no goroutine and knows no time.
//
// # Driving a Decoder
//
// Bytes go in with Feed, messages come out of Next, until it has none; then the
// caller reads again:
//
//	d := websocket.Decoder{Role: websocket.Client}
//	d.Feed(b)
//	for {
//		m, ok, err := d.Next()
//		if err != nil { // *Error: say its code in a close frame, and close
//			break
//		}
//		if !ok {
//			break
//		}
//		switch m.Op {
//		case websocket.Text: // m.Data is UTF-8
//		case websocket.Ping: // answer e.Append(nil, websocket.Pong, m.Data)
//		case websocket.Close: // answer e.AppendClose(nil, m.Code, ""), once
//		}
//	}
//
// Fragments are joined; control frames that came between them are delivered
// where they came. How the bytes are cut changes nothing: the messages are the
// same, and so is the error.
//
// # Whose bytes
//
// Feed does not copy. Data of a Message is valid until the next call of Next
// or Feed: a view of the fed bytes where a message is one frame, not masked,
// and whole in one Feed; else of a buffer that the Decoder keeps. A buffer
// that grew past 4 KiB is given up after its message, so that a connection
// that waits holds next to nothing. The buffer grows with what has arrived,
// never with what a header announces.
//
// # The opening handshake
//
// It is HTTP, and httpwire's: Offer and Agree are the two heads' fields,
// CheckRequest and CheckResponse read them.
//
// # What is not here
//
// Extensions, permessage-deflate (RFC 7692) among them: none is offered, and
// a peer that sets a reserved bit breaks the protocol. What travels here is
// small, and the bytes of a chat do not pay for a window of 32 KiB a
// connection.
package websocket
