attach {file} as {database} (read_only)
