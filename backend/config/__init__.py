"""Settings, urls, processes and the command line: the top."""
