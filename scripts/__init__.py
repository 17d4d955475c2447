"""The command line, one file per command: parsing and wiring only."""
