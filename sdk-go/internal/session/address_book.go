package session

import (
	"bytes"
	"strings"
)

// addressKey names an address on one stream.
type addressKey struct {
	typeIndex uint32
	id        string
}

// addressEntry is what a stream knows of one address.
type addressEntry struct {
	key addressKey
	// running is the invocation in flight.
	running *Batch
	// version is the invocation whose result left slots; 0 when nothing is held.
	version uint64
	slots   []Slot
	// bytes is what slots counts against the limit.
	bytes int64
	// Neighbours in the order of use; an entry that holds nothing has none.
	older, newer *addressEntry
}

// entryBytes is an entry's own cost: what an address without state counts.
const entryBytes = 200

// addressBook holds the addresses of one stream that are running or whose eager states are held under
// a lease.
//
// An entry exists while its address runs or holds a lease. Leases are dropped from the least recently
// used on when either limit is passed; a running address keeps its entry.
type addressBook struct {
	addressesMax int
	bytesMax     int64
	// entries are by type index, then by id.
	entries        []map[string]*addressEntry
	oldest, newest *addressEntry
	heldCount      int
	heldBytes      int64
}

func newAddressBook(addressesMax int, bytesMax int64) *addressBook {
	return &addressBook{
		addressesMax: addressesMax,
		bytesMax:     bytesMax,
	}
}

// open is the entry of an address, made when there is none.
func (b *addressBook) open(key addressKey) *addressEntry {
	for int(key.typeIndex) >= len(b.entries) {
		b.entries = append(b.entries, nil)
	}
	ofType := b.entries[key.typeIndex]
	if ofType == nil {
		ofType = make(map[string]*addressEntry)
		b.entries[key.typeIndex] = ofType
	}
	entry := ofType[key.id]
	if entry == nil {
		key.id = strings.Clone(key.id) // The frame that it came in is not kept for it.
		entry = &addressEntry{key: key}
		ofType[key.id] = entry
	}
	return entry
}

// takeLease takes the held states out, if they are of exactly this version; whatever is held is dropped.
func (b *addressBook) takeLease(entry *addressEntry, version uint64) (slots []Slot, found bool) {
	found = version != 0 && entry.version == version
	slots = entry.slots
	b.drop(entry)
	return slots, found
}

// hold keeps the states that an invocation left, under its id as their version.
func (b *addressBook) hold(entry *addressEntry, version uint64, slots []Slot) {
	entry.running = nil
	if b.addressesMax == 0 {
		b.forget(entry)
		return
	}
	entry.version = version
	entry.slots = slots
	entry.bytes = entryBytes + int64(len(entry.key.id))
	for i, slot := range slots {
		entry.bytes += int64(len(slot.Value))
		if slot.Borrowed {
			slots[i] = Slot{Value: bytes.Clone(slot.Value)}
		}
	}
	b.append(entry)
	for b.oldest != nil && (b.heldCount > b.addressesMax || b.heldBytes > b.bytesMax) {
		b.forget(b.oldest)
	}
}

// forget drops the entry with all that it holds.
func (b *addressBook) forget(entry *addressEntry) {
	b.drop(entry)
	delete(b.entries[entry.key.typeIndex], entry.key.id)
}

func (b *addressBook) append(entry *addressEntry) {
	entry.older = b.newest
	if b.newest == nil {
		b.oldest = entry
	} else {
		b.newest.newer = entry
	}
	b.newest = entry
	b.heldCount++
	b.heldBytes += entry.bytes
}

func (b *addressBook) drop(entry *addressEntry) {
	if entry.version == 0 {
		return
	}
	if entry.older == nil {
		b.oldest = entry.newer
	} else {
		entry.older.newer = entry.newer
	}
	if entry.newer == nil {
		b.newest = entry.older
	} else {
		entry.newer.older = entry.older
	}
	entry.older, entry.newer = nil, nil
	entry.version = 0
	entry.slots = nil
	b.heldCount--
	b.heldBytes -= entry.bytes
}
