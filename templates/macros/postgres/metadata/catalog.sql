{# The rows of catalog.json: one per column of every table, view and materialized view, read from pg_catalog. #}

{% macro postgres__get_catalog_relations(information_schema, relations) -%}
  {%- if information_schema.database -%}
    {{ adapter.verify_database(information_schema.database) }}
  {%- endif -%}

  {%- set conditions = [] -%}
  {%- for relation in relations -%}
    {%- set in_schema = "upper(sch.nspname) = upper('" ~ relation.schema | replace("'", "''") ~ "')" -%}
    {%- if relation.identifier -%}
      {%- do conditions.append(
          '(' ~ in_schema ~ " and upper(tbl.relname) = upper('" ~ relation.identifier | replace("'", "''") ~ "'))") -%}
    {%- else -%}
      {%- do conditions.append(in_schema) -%}
    {%- endif -%}
  {%- endfor -%}

  {%- call statement('catalog', fetch_result=True) -%}
    select
      '{{ information_schema.database | replace("'", "''") }}' as table_database,
      sch.nspname as table_schema,
      tbl.relname as table_name,
      case tbl.relkind
        when 'v' then 'VIEW'
        when 'm' then 'MATERIALIZED VIEW'
        else 'BASE TABLE'
      end as table_type,
      obj_description(tbl.oid, 'pg_class') as table_comment,
      col.attname as column_name,
      col.attnum as column_index,
      format_type(col.atttypid, col.atttypmod) as column_type,
      col_description(tbl.oid, col.attnum) as column_comment,
      pg_get_userbyid(tbl.relowner) as table_owner
    from pg_namespace sch
    join pg_class tbl on tbl.relnamespace = sch.oid
    join pg_attribute col on col.attrelid = tbl.oid
    where ({{ conditions | join(' or ') if conditions else 'false' }})
      and tbl.relkind in ('r', 'v', 'f', 'p', 'm')
      and col.attnum > 0
      and not col.attisdropped
    order by sch.nspname, tbl.relname, col.attnum
  {%- endcall -%}
  {{ return(load_result('catalog').table) }}
{%- endmacro %}


{% macro postgres__get_catalog(information_schema, schemas) -%}
  {%- set whole_schemas = [] -%}
  {%- for schema in schemas -%}
    {%- do whole_schemas.append({'schema': schema}) -%}
  {%- endfor -%}
  {{ return(postgres__get_catalog_relations(information_schema, whole_schemas)) }}
{%- endmacro %}
