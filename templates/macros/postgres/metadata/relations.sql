{# What exists in one schema or several, and which view needs which relation. #}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    select
      '{{ schema_relation.database }}' as database,
      relation.name,
      relation.schema,
      relation.type
    from (
      select tablename as name, schemaname as schema, 'table' as type from pg_tables
      union all
      select viewname, schemaname, 'view' from pg_views
      union all
      select matviewname, schemaname, 'materialized_view' from pg_matviews
      union all
      select p.proname, n.nspname, 'function'
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
    ) relation
    where relation.schema ilike '{{ schema_relation.schema }}'
  {%- endcall -%}
  {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}


{# Functions come last: of two things of one name the first is kept, and a function may be called as a table is. #}
{% macro postgres__list_relations_in_schemas(database, schemas) %}
  {%- if database -%}
    {{ adapter.verify_database(database) }}
  {%- endif -%}
  {%- call statement('list_relations_in_schemas', fetch_result=True) -%}
    select
      '{{ database | replace("'", "''") }}' as database,
      rel.relname as name,
      sch.nspname as schema,
      case rel.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
    from pg_class rel
    join pg_namespace sch on sch.oid = rel.relnamespace
    where lower(sch.nspname) in ({{ schema_literals(schemas) }})
      and rel.relkind in ('r', 'p', 'v', 'm')
    union all
    select '{{ database | replace("'", "''") }}', fn.proname, sch.nspname, 'function'
    from pg_proc fn
    join pg_namespace sch on sch.oid = fn.pronamespace
    where lower(sch.nspname) in ({{ schema_literals(schemas) }})
  {%- endcall -%}
  {{ return(load_result('list_relations_in_schemas').table) }}
{% endmacro %}


{#
  Pairs (dependent schema, name, referenced schema, name). A view's dependencies hang on its rewrite rule, so each pair
  is found by way of pg_rewrite. Used to know what a `drop ... cascade` takes along.
#}
{% macro postgres__get_relations() -%}
  {%- call statement('relations', fetch_result=True) -%}
    select distinct
      dependent_schema.nspname as dependent_schema,
      dependent.relname as dependent_name,
      referenced_schema.nspname as referenced_schema,
      referenced.relname as referenced_name
    from pg_depend link
    join pg_rewrite rule on rule.oid = link.objid
    join pg_class dependent on dependent.oid = rule.ev_class
    join pg_namespace dependent_schema on dependent_schema.oid = dependent.relnamespace
    join pg_class referenced on referenced.oid = link.refobjid
    join pg_namespace referenced_schema on referenced_schema.oid = referenced.relnamespace
    where link.classid = 'pg_rewrite'::regclass
      and link.refclassid = 'pg_class'::regclass
      and dependent.oid <> referenced.oid
      and referenced_schema.nspname not in ('pg_catalog', 'information_schema')
      and dependent_schema.nspname not in ('pg_catalog', 'information_schema')
    order by 1, 2, 3, 4
  {%- endcall -%}
  {{ return(load_result('relations').table) }}
{%- endmacro %}

{# The name the adapter calls. #}
{% macro postgres_get_relations() %}
  {{ return(postgres__get_relations()) }}
{% endmacro %}


{# The same for what is in some schemas: found by way of them, so that other relations of the database cost nothing. #}
{% macro postgres__list_relation_links(schemas) %}
  {%- call statement('relation_links', fetch_result=True) -%}
    select distinct
      dependent_schema.nspname as dependent_schema,
      dependent.relname as dependent_name,
      referenced_schema.nspname as referenced_schema,
      referenced.relname as referenced_name
    from pg_namespace referenced_schema
    join pg_class referenced on referenced.relnamespace = referenced_schema.oid
    join pg_depend link
      on link.refclassid = 'pg_class'::regclass
      and link.refobjid = referenced.oid
      and link.classid = 'pg_rewrite'::regclass
    join pg_rewrite rule on rule.oid = link.objid
    join pg_class dependent on dependent.oid = rule.ev_class
    join pg_namespace dependent_schema on dependent_schema.oid = dependent.relnamespace
    where lower(referenced_schema.nspname) in ({{ schema_literals(schemas) }})
      and dependent.oid <> referenced.oid
  {%- endcall -%}
  {{ return(load_result('relation_links').table) }}
{% endmacro %}
