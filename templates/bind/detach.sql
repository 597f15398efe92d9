detach {database}
