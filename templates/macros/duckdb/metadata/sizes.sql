{# DuckDB keeps the number of rows; how many bytes a single table takes it does not know. #}

{% macro duckdb__get_relation_sizes(information_schema, schemas) -%}
  {%- set names = [] -%}
  {%- for schema in schemas -%}
    {%- do names.append("'" ~ schema | lower | replace("'", "''") ~ "'") -%}
  {%- endfor -%}
  {%- set query -%}
    select schema_name as table_schema, table_name, estimated_size as row_count, cast(null as bigint) as byte_count
    from duckdb_tables()
    where database_name = '{{ information_schema.database | replace("'", "''") }}' and lower(schema_name) in ({{ names | join(', ') }})
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}
