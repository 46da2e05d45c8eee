module example.org/go-reactor

go 1.26
