{# Indexes. A table that has one cannot be renamed, so they are dropped before a swap and created after it. #}

{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {% if index.unique %}unique {% endif %}index "{{ index.render(relation) }}"
  on {{ relation.render() }} ({{ index.columns | join(', ') }});
{%- endmacro %}


{% macro drop_indexes_on_relation(relation) -%}
  {%- call statement('get_indexes_on_relation', fetch_result=True) -%}
    select index_name
    from duckdb_indexes()
    where lower(database_name) = '{{ relation.database | lower | replace("'", "''") }}'
      and lower(schema_name) = '{{ relation.schema | lower | replace("'", "''") }}'
      and lower(table_name) = '{{ relation.identifier | lower | replace("'", "''") }}'
  {%- endcall -%}

  {%- for row in load_result('get_indexes_on_relation').table -%}
    {%- call statement('drop_index') -%}
      drop index {{ relation.include(identifier=False) }}.{{ adapter.quote(row[0]) }}
    {%- endcall -%}
  {%- endfor -%}
{%- endmacro %}
