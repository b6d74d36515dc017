"""Tax on what people earn by tasks (劳务报酬个人所得税)."""
