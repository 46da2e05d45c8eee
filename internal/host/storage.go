package host

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// Bounds of storage. max_storage_bytes of the limits comes on top.
const (
	MaxKey          = 1_024
	MaxValue        = 10_485_760
	MaxListKeys     = 1_000
	MaxPendingKeys  = 65_536
	MaxPendingBytes = 32 << 20
)

func storageFuncs() []Func {
	const key = "key 1 to 1,024 bytes"
	return []Func{
		{
			Name: "host_storage_get", Params: sig(i32, i32, i32, i32), Results: sig(i32), Capability: spirit.TypeStorageRead, Base: baseStorage,
			Success: "size of the value, 0 = stored empty", Bounds: key,
			Codes: []Code{Denied, BadMemory, BadArgument, StorageFail, NotFound, LimitHit, Unavailable, Conflict}, impl: storageGet,
		},
		{
			Name: "host_storage_set", Params: sig(i32, i32, i32, i32), Results: sig(i32), Capability: spirit.TypeStorageWrite, Base: baseStorage,
			Success: "0", Bounds: key + ", value at most 10,485,760; max_storage_bytes; 65,536 keys and 32 MiB pending",
			Codes: []Code{Denied, BadMemory, BadArgument, StorageFail, LimitHit, Unavailable, Conflict}, impl: storageSet,
		},
		{
			Name: "host_storage_delete", Params: sig(i32, i32), Results: sig(i32), Capability: spirit.TypeStorageDelete, Base: baseStorage,
			Success: "1 deleted, 0 absent", Bounds: key + "; 65,536 keys and 32 MiB pending",
			Codes: []Code{Denied, BadMemory, BadArgument, StorageFail, LimitHit, Unavailable, Conflict}, impl: storageDelete,
		},
		{
			Name: "host_storage_list", Params: sig(i32, i32, i32, i32, i32, i32), Results: sig(i32), Capability: spirit.TypeStorageRead, Base: baseStorage,
			Success: "size of the list: per key its length in 4 bytes and the key, in bytewise order",
			Bounds:  "prefix and cursor at most 1,024 bytes; at most 1,000 keys",
			Codes:   []Code{Denied, BadMemory, BadArgument, StorageFail, LimitHit, Unavailable, Conflict}, impl: storageList,
		},
		{
			Name: "host_storage_commit", Results: sig(i32), Base: baseStorage,
			Success: "0: all writes so far are durable, and a new transaction is open",
			Bounds:  "CONFLICT: nothing was written, and a new transaction is open",
			Codes:   []Code{StorageFail, Conflict}, impl: storageCommit,
		},
	}
}

// transact returns the open transaction, or nil where there is no store.
func (s *State) transact() *transaction {
	if s.tx == nil && s.svc.Storage != nil {
		s.tx = newTransaction(s.svc.Storage, s.cfg.Namespace, s.limits.StorageBytes)
	}
	return s.tx
}

// inStore runs f, which talks to the store, where the guest stays stoppable.
// f must not touch the guest's memory or the State: it may outlive the call.
func (s *State) inStore(f func(ctx context.Context) error) (err error) {
	s.m.Block(func(ctx context.Context) { err = f(ctx) })
	return err
}

// storageCode is what the guest gets for an error of the transaction.
func storageCode(err error) int64 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fault.ErrConflict):
		return int64(Conflict)
	case errors.Is(err, errPending), errors.Is(err, errQuota):
		return int64(LimitHit)
	}
	return int64(StorageFail)
}

// key returns a copy of the key at ptr, or a code.
func (s *State) key(ptr, n uint64, t spirit.Type) (string, int64) {
	p, _ := s.bytes(ptr, n)
	if len(p) == 0 || len(p) > MaxKey {
		return "", int64(BadArgument)
	}
	if d := s.rights.CheckKey(t, p); d != nil {
		return "", s.deny(d)
	}
	if s.transact() == nil {
		return "", int64(Unavailable)
	}
	return string(p), 0
}

func storageGet(s *State, a []uint64) int64 {
	if !s.inMemory(a[0], a[1]) || !s.inMemory(a[2], a[3]) {
		return int64(BadMemory)
	}
	key, code := s.key(a[0], a[1], spirit.TypeStorageRead)
	if code != 0 {
		return code
	}
	s.pay(s.current.Base)
	s.totals.storageReads++
	tx := s.tx
	var value []byte
	var found bool
	err := s.inStore(func(ctx context.Context) (err error) {
		value, found, err = tx.get(ctx, key)
		return err
	})
	s.pay(units(len(key) + len(value)))
	s.in = uint64(len(key))
	s.journal.data([]byte(key))
	if err != nil {
		return storageCode(err)
	}
	if !found {
		return int64(NotFound)
	}
	s.journal.data(value)
	return s.answer(value, a[2], a[3])
}

func storageSet(s *State, a []uint64) int64 {
	if !s.inMemory(a[0], a[1]) || !s.inMemory(a[2], a[3]) {
		return int64(BadMemory)
	}
	if uint32(a[3]) > MaxValue {
		return int64(BadArgument)
	}
	key, code := s.key(a[0], a[1], spirit.TypeStorageWrite)
	if code != 0 {
		return code
	}
	tx := s.tx
	if err := tx.room(key, int(uint32(a[3]))); err != nil {
		return storageCode(err)
	}
	s.charge(len(key) + int(uint32(a[3])))
	s.totals.storageWrites++
	p, _ := s.bytes(a[2], a[3])
	value := append(make([]byte, 0, len(p)), p...)
	s.in = uint64(len(key) + len(value))
	s.journal.data([]byte(key))
	s.journal.data(value)
	return storageCode(s.inStore(func(ctx context.Context) error { return tx.set(ctx, key, value) }))
}

func storageDelete(s *State, a []uint64) int64 {
	if !s.inMemory(a[0], a[1]) {
		return int64(BadMemory)
	}
	key, code := s.key(a[0], a[1], spirit.TypeStorageDelete)
	if code != 0 {
		return code
	}
	tx := s.tx
	if err := tx.room(key, 0); err != nil {
		return storageCode(err)
	}
	s.charge(len(key))
	s.totals.storageWrites++
	s.in = uint64(len(key))
	s.journal.data([]byte(key))
	var was bool
	err := s.inStore(func(ctx context.Context) (err error) {
		was, err = tx.delete(ctx, key)
		return err
	})
	if err != nil {
		return storageCode(err)
	}
	if was {
		return 1
	}
	return 0
}

func storageList(s *State, a []uint64) int64 {
	if !s.inMemory(a[0], a[1]) || !s.inMemory(a[2], a[3]) || !s.inMemory(a[4], a[5]) {
		return int64(BadMemory)
	}
	if uint32(a[1]) > MaxKey || uint32(a[3]) > MaxKey {
		return int64(BadArgument)
	}
	p, _ := s.bytes(a[0], a[1])
	prefix := string(p)
	p, _ = s.bytes(a[2], a[3])
	after := string(p)
	if d := s.rights.CheckKey(spirit.TypeStorageRead, []byte(prefix)); d != nil {
		return s.deny(d)
	}
	tx := s.transact()
	if tx == nil {
		return int64(Unavailable)
	}
	s.pay(s.current.Base)
	s.totals.storageReads++
	var keys []string
	err := s.inStore(func(ctx context.Context) (err error) {
		keys, err = tx.list(ctx, prefix, after, MaxListKeys)
		return err
	})
	s.in = uint64(len(prefix) + len(after))
	s.journal.data([]byte(prefix))
	s.journal.data([]byte(after))
	if err != nil {
		s.pay(units(int(s.in)))
		return storageCode(err)
	}
	size := 0
	for _, k := range keys {
		size += 4 + len(k)
	}
	s.pay(units(int(s.in) + size))
	b := make([]byte, 0, size)
	for _, k := range keys {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(k)))
		b = append(b, k...)
	}
	s.journal.data(b)
	return s.answer(b, a[4], a[5])
}

func storageCommit(s *State, _ []uint64) int64 {
	s.charge(0)
	tx := s.tx
	s.tx = nil
	if tx == nil {
		return 0
	}
	return storageCode(s.inStore(tx.commit))
}

// inMemory reports whether a range lies inside the guest's memory.
func (s *State) inMemory(ptr, n uint64) bool {
	_, ok := s.bytes(ptr, n)
	return ok
}

// commitStorage commits what the call has written.
func (s *State) commitStorage(ctx context.Context) error {
	tx := s.tx
	s.tx = nil
	if tx == nil {
		return nil
	}
	return tx.commit(ctx)
}
