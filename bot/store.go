package bot

// A Store keeps what must outlive the process: what was heard and is not yet
// answered, what is to be said, reminders, which messages were seen. It is a
// map from (table, key) to bytes. Its methods are called on the loop's
// goroutine and must not block: the disk is somebody else's work.
type Store interface {
	// Save makes the changes durable, all of them or none, after those of
	// earlier calls. It then calls done on the loop's goroutine, never before
	// Save returns. After an error, such as that of a full disk, nothing of the
	// changes is kept. The changes are the store's from then on.
	Save(changes []Change, done func(error))
	// Load returns all of a table, in the order of the keys, as it was when
	// the store was opened.
	Load(table string) []Entry
}

// A Change is an entry that is set, or, where Value is nil, removed.
type Change struct {
	Table, Key string
	Value      []byte
}

// An Entry is what a Store holds under a key.
type Entry struct {
	Key   string
	Value []byte
}
