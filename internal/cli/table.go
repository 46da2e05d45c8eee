package cli

// groupText says what a group of commands is about.
var groupText = map[string]string{
	"cache":   "look at compiled code kept on disk, or drop it",
	"storage": "look at what Spirits have stored, export it or erase it",
}

// commands is the command table.
func commands() []command {
	return []command{
		newCommand(),
		checkCommand(),
		fmtCommand(),
		buildCommand(),
		testCommand(),
		docCommand(),
		runCommand(),
		inspectCommand(),
		doctorCommand(),
		cacheListCommand(),
		cacheCleanCommand(),
		storageListCommand(),
		storageGetCommand(),
		storageExportCommand(),
		storageEraseCommand(),
		completionCommand(),
		versionCommand(),
		helpCommand(),
	}
}
