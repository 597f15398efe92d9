{# Indexes. Their names are hashes that include the time, since two tables of one schema may not share one. #}

{% macro postgres__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {% if index.unique %}unique {% endif %}index if not exists "{{ index.render(relation) }}"
  on {{ relation.render() }} {% if index.type %}using {{ index.type }} {% endif %}({{ index.columns | join(', ') }});
{%- endmacro %}


{%- macro postgres__get_drop_index_sql(relation, index_name) -%}
  drop index if exists "{{ relation.schema }}"."{{ index_name }}"
{%- endmacro -%}


{# Name, method, uniqueness and columns of every index of a table or materialized view. #}
{% macro postgres__get_show_indexes_sql(relation) %}
  select
    index_class.relname as name,
    method.amname as method,
    index_entry.indisunique as "unique",
    array_to_string(array_agg(indexed.attname order by indexed.attnum), ',') as column_names
  from pg_index index_entry
  join pg_class index_class on index_class.oid = index_entry.indexrelid
  join pg_am method on method.oid = index_class.relam
  join pg_class owner on owner.oid = index_entry.indrelid
  join pg_namespace owner_schema on owner_schema.oid = owner.relnamespace
  join pg_attribute indexed on indexed.attrelid = owner.oid and indexed.attnum = any(index_entry.indkey)
  where owner.relname = '{{ relation.identifier | replace("'", "''") }}'
    and owner_schema.nspname = '{{ relation.schema | replace("'", "''") }}'
    and owner.relkind in ('r', 'm')
  group by 1, 2, 3
  order by 1, 2, 3
{% endmacro %}
