{# What exists in one schema or several, and which view needs which relation. #}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {{ return(postgres_relations_in_schemas(schema_relation.database, [schema_relation.schema])) }}
{% endmacro %}


{% macro postgres__list_relations_in_schemas(database, schemas) %}
  {%- if database -%}
    {{ adapter.verify_database(database) }}
  {%- endif -%}
  {{ return(postgres_relations_in_schemas(database, schemas)) }}
{% endmacro %}


{# Functions come last: of two things of one name the first is kept, and a function may be called as a table is. #}
{% macro postgres_relations_in_schemas(database, schemas) %}
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


{#
  The same where the server does not know the catalog of the original: what the standard's views tell, which is of views
  over relations of the current role.
#}
{% macro postgres__list_view_usage(schemas) %}
  {%- call statement('view_usage', fetch_result=True) -%}
    select distinct view_schema, view_name, table_schema, table_name
    from information_schema.view_table_usage
    where lower(table_schema) in ({{ schema_literals(schemas) }})
  {%- endcall -%}
  {{ return(load_result('view_usage').table) }}
{% endmacro %}
