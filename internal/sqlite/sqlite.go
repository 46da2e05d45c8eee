// Package sqlite keeps key-value storage in one SQLite file: it opens,
// migrates and transacts. It imports nothing of VUDO; Store meets the storage
// interface of host functions by its shape.
//
// Several processes may have the file open at once: a commit is atomic and
// durable (write-ahead log, synced at each commit), writers wait for each other.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, in Go
)

// busyTimeout is how long a transaction waits for one of another process.
const busyTimeout = 10 * time.Second

// readers is how many views can be open at once; more wait.
const readers = 4

// Store is an open file of namespaces. It is safe for concurrent use.
type Store struct {
	write *sql.DB // one connection, so that writers of this process queue here
	read  *sql.DB
}

// Open opens the file, making it and its directory where they are missing,
// readable by the owner only, and brings its tables up to date. A file that a
// newer version wrote is refused. The error names the file.
func Open(path string) (*Store, error) {
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("storage file %s: %w", path, err)
	}
	return s, nil
}

func open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	s := &Store{}
	if s.write, err = sql.Open("sqlite", source(path, "immediate")); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(s.write); err != nil {
		s.write.Close()
		return nil, err
	}
	if s.read, err = sql.Open("sqlite", source(path, "deferred", "query_only(1)")); err != nil {
		s.write.Close()
		return nil, err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s, nil
}

// source is the driver's name for the file with this way of beginning
// transactions.
func source(path, begin string, more ...string) string {
	q := url.Values{"_txlock": {begin}, "_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)",
	}, more...)}
	name := filepath.ToSlash(path)
	name = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(name)
	return "file:" + name + "?" + q.Encode()
}

// Close waits for the transactions in progress and closes the file.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// migrations bring a file from version i to version i+1. They are only ever
// added to.
var migrations = []string{
	`CREATE TABLE sequence (last INTEGER NOT NULL);
	 INSERT INTO sequence VALUES (0);
	 CREATE TABLE namespace (
	   id     INTEGER PRIMARY KEY,
	   digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
	   label  TEXT NOT NULL DEFAULT '',
	   keys   INTEGER NOT NULL DEFAULT 0,
	   bytes  INTEGER NOT NULL DEFAULT 0);
	 CREATE TABLE entry (
	   namespace INTEGER NOT NULL REFERENCES namespace (id) ON DELETE CASCADE,
	   key       BLOB NOT NULL,
	   revision  INTEGER NOT NULL,
	   value     BLOB NOT NULL,
	   UNIQUE (namespace, key));`,
}

func migrate(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("it has version %d, this program knows %d: use a newer one", version, len(migrations))
	}
	if version == len(migrations) {
		return nil
	}
	for _, m := range migrations[version:] {
		if _, err := tx.Exec(m); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// Namespace is what Namespaces tells of one.
type Namespace struct {
	Digest [32]byte
	Label  string // as set by Label; may be empty
	Keys   int64
	Bytes  int64 // of all keys and values
}

// Namespaces lists the namespaces, by label and then digest.
func (s *Store) Namespaces(ctx context.Context) ([]Namespace, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT digest, label, keys, bytes FROM namespace ORDER BY label, digest")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Namespace
	for rows.Next() {
		var n Namespace
		var digest []byte
		if err := rows.Scan(&digest, &n.Label, &n.Keys, &n.Bytes); err != nil {
			return nil, err
		}
		copy(n.Digest[:], digest)
		out = append(out, n)
	}
	return out, rows.Err()
}

// Label gives a namespace the name that people see, and makes it if it does
// not exist.
func (s *Store) Label(ctx context.Context, ns [32]byte, label string) error {
	_, err := s.write.ExecContext(ctx,
		"INSERT INTO namespace (digest, label) VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET label = excluded.label",
		ns[:], label)
	return err
}

// Erase removes a namespace and all that it holds, overwrites what the file
// held of it, and returns what it held. A namespace that does not exist is not
// an error and counts nothing.
func (s *Store) Erase(ctx context.Context, ns [32]byte) (keys, bytes int64, err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(ctx, "DELETE FROM namespace WHERE digest = ? RETURNING keys, bytes", ns[:]).Scan(&keys, &bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, 0, err
	}
	// The log still holds the old pages until it is folded into the file.
	if _, err := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return keys, bytes, err
	}
	return keys, bytes, nil
}
