{# What exists in one schema or in several. #}

{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    select
      '{{ schema_relation.database | replace("'", "''") }}' as database,
      table_name as name,
      table_schema as schema,
      case table_type
        when 'BASE TABLE' then 'table'
        when 'LOCAL TEMPORARY' then 'table'
        when 'VIEW' then 'view'
      end as type
    from system.information_schema.tables
    where lower(table_schema) = '{{ schema_relation.schema | lower | replace("'", "''") }}'
      and lower(table_catalog) = '{{ schema_relation.database | lower | replace("'", "''") }}'
  {%- endcall -%}
  {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}


{% macro duckdb__list_relations_in_schemas(database, schemas) %}
  {%- call statement('list_relations_in_schemas', fetch_result=True) -%}
    select
      '{{ database | replace("'", "''") }}' as database,
      table_name as name,
      table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_schema) in ({{ schema_literals(schemas) }})
      and lower(table_catalog) = '{{ database | lower | replace("'", "''") }}'
  {%- endcall -%}
  {{ return(load_result('list_relations_in_schemas').table) }}
{% endmacro %}
