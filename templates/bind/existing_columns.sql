select schema_name, table_name, column_name, data_type
from duckdb_columns()
where database_name = {database} and not internal
order by schema_name, table_name, column_index
