{# Rows as the server last counted them (null if never), bytes with indexes and what is stored aside. #}

{% macro postgres__get_relation_sizes(information_schema, schemas) -%}
  {%- set names = [] -%}
  {%- for schema in schemas -%}
    {%- do names.append("'" ~ schema | lower | replace("'", "''") ~ "'") -%}
  {%- endfor -%}
  {%- set query -%}
    select
      sch.nspname as table_schema,
      tbl.relname as table_name,
      case when tbl.reltuples >= 0 then tbl.reltuples::bigint end as row_count,
      pg_total_relation_size(tbl.oid) as byte_count
    from pg_class tbl
    join pg_namespace sch on sch.oid = tbl.relnamespace
    where tbl.relkind in ('r', 'm') and lower(sch.nspname) in ({{ names | join(', ') }})
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}
