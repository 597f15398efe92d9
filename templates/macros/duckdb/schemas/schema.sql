{# Schemas. Attached databases of other engines (SQLite, MySQL) have no `create schema`. #}

{% macro duckdb__create_schema(relation) -%}
  {%- set foreign = run_query(
      "select type from duckdb_databases() where lower(database_name) = '" ~ relation.database | lower
      ~ "' and type not in ('duckdb', 'motherduck', 'ducklake')") -%}
  {%- set engine = (foreign.rows[0][0] | lower) if foreign.rows else '' -%}

  {%- if engine == 'sqlite' and relation.schema != 'main' -%}
    {%- do exceptions.raise_compiler_error(
        'Schema must be `main` when writing to SQLite, got `' ~ relation.schema ~ '`') -%}
  {%- elif engine not in ['sqlite', 'mysql'] -%}
    {%- call statement('create_schema') -%}
      create schema if not exists {{ relation.without_identifier() }}
    {%- endcall -%}
  {%- endif -%}
{%- endmacro %}


{% macro duckdb__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
  {%- endcall -%}
{%- endmacro %}


{# The database may be given with its quotes. #}
{% macro duckdb__list_schemas(database) -%}
  {%- set query -%}
    select schema_name
    from system.information_schema.schemata
    {%- if database is not none %}
    where lower(catalog_name) = '{{ database | replace('"', '') | lower | replace("'", "''") }}'
    {%- endif -%}
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}


{% macro duckdb__check_schema_exists(information_schema, schema) -%}
  {%- set query -%}
    select count(*)
    from system.information_schema.schemata
    where lower(schema_name) = '{{ schema | lower | replace("'", "''") }}'
      and lower(catalog_name) = '{{ information_schema.database | lower | replace("'", "''") }}'
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}
