// Pins the module whose zip ships SQLite's amalgamation (public domain); no Go
// code here uses it.
module example.org/sqlite

go 1.26

require github.com/mattn/go-sqlite3 v1.14.53
