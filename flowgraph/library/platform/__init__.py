"""What a program does around its graph: flags, logs, files, records."""
