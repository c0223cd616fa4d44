"""The command line `outturn …`: a module a group of commands, each thin over one function."""
