select pg_try_advisory_xact_lock(%s), to_regclass(%s) is null, to_regclass(%s) is null, to_regclass(%s) is null
