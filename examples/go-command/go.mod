module example.org/go-command

go 1.26
