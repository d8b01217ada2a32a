package oneroster

// hash is 64-bit FNV-1a with a finishing mix. Two ids of a file of millions get
// the same hash with a chance of about one in a million, so that files are
// compared by hashes and millions of ids need not be kept.
func hash(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// What is known of an id, in the low bits of its entry.
const (
	sound = 1 << iota // its first row can be used
	seen              // its first row has been passed on or refused
	again             // a second pass has reached its first row
	marks = sound | seen | again
)

// idSet holds the ids of a file in 8 bytes each, by open addressing with linear
// probing; 0 is an empty slot.
type idSet struct {
	slots []uint64
	n     int
}

// at returns the slot of id, and whether id had been added before.
func (s *idSet) at(id string) (slot *uint64, had bool) {
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	key := keyOf(id)
	slot = s.find(key)
	if *slot == 0 {
		*slot = key
		s.n++
		return slot, false
	}
	return slot, true
}

// marked returns the marks of id, and whether it is there at all.
func (s *idSet) marked(id string) (marked uint64, ok bool) {
	if s.n == 0 {
		return 0, false
	}
	slot := *s.find(keyOf(id))
	return slot & marks, slot != 0
}

func keyOf(id string) uint64 {
	if key := hash(id) &^ marks; key != 0 {
		return key
	}
	return marks + 1
}

func (s *idSet) find(key uint64) *uint64 {
	mask := uint64(len(s.slots) - 1)
	for i := key >> 3 & mask; ; i = (i + 1) & mask {
		if v := s.slots[i]; v == 0 || v&^marks == key {
			return &s.slots[i]
		}
	}
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(2*len(old), 1024))
	for _, v := range old {
		if v != 0 {
			*s.find(v &^ marks) = v
		}
	}
}
