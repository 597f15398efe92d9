{#
  The rows of catalog.json: one per column of every table and view, in one query. Whole schemas are asked for by
  `get_catalog`, single relations by `get_catalog_relations`, which the adapter prefers.
#}

{% macro duckdb__get_catalog(information_schema, schemas) -%}
  {%- set conditions = [] -%}
  {%- for schema in schemas -%}
    {%- do conditions.append("lower(table_schema) = '" ~ schema | lower ~ "'") -%}
  {%- endfor -%}
  {{ return(run_query(duckdb_catalog_query(information_schema, conditions))) }}
{%- endmacro %}


{% macro duckdb__get_catalog_relations(information_schema, relations) -%}
  {%- set conditions = [] -%}
  {%- for relation in relations -%}
    {%- if not relation.schema -%}
      {%- do exceptions.raise_compiler_error(
          '`get_catalog_relations` requires a list of relations, each with a schema') -%}
    {%- endif -%}
    {%- set in_schema = "lower(table_schema) = '" ~ relation.schema | lower | replace("'", "''") ~ "'" -%}
    {%- if relation.identifier -%}
      {%- do conditions.append(
          '(' ~ in_schema ~ " and lower(table_name) = '" ~ relation.identifier | lower | replace("'", "''") ~ "')") -%}
    {%- else -%}
      {%- do conditions.append(in_schema) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(run_query(duckdb_catalog_query(information_schema, conditions))) }}
{%- endmacro %}


{# DuckDB has no owners, so that column is empty. #}
{% macro duckdb_catalog_query(information_schema, conditions) -%}
  {%- set in_database -%}
    database_name = '{{ information_schema.database | replace("'", "''") }}' and not internal
  {%- endset %}
  with relations as (
    select
      database_name as table_database,
      schema_name as table_schema,
      table_name,
      case when temporary then 'LOCAL TEMPORARY' else 'BASE TABLE' end as table_type,
      comment as table_comment
    from duckdb_tables()
    where {{ in_database }}

    union all

    select
      database_name,
      schema_name,
      view_name,
      'VIEW',
      comment
    from duckdb_views()
    where {{ in_database }}
  ),
  columns as (
    select
      schema_name as table_schema,
      table_name,
      column_name,
      column_index,
      data_type as column_type,
      comment as column_comment
    from duckdb_columns()
    where {{ in_database }}
  )
  select
    table_database,
    table_schema,
    table_name,
    table_type,
    table_comment,
    column_name,
    column_index,
    column_type,
    column_comment,
    cast(null as varchar) as table_owner
  from relations
  join columns using (table_schema, table_name)
  where {{ conditions | join(' or ') if conditions else 'false' }}
  order by table_schema, table_name, column_index
{%- endmacro %}
