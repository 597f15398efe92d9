select name
from (
    select database_name, function_name as name from duckdb_functions() where not internal
    union all
    select database_name, type_name from duckdb_types() where not internal
    union all
    select database_name, sequence_name from duckdb_sequences()
)
where database_name = {database}
