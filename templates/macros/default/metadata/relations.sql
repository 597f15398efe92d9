{# What exists in the database. Each engine answers these its own way; there is no portable form. #}

{# One row per relation: database, name, schema, type. #}
{% macro list_relations_without_caching(schema_relation) %}
  {{ return(adapter.dispatch('list_relations_without_caching', 'dbt')(schema_relation)) }}
{% endmacro %}

{% macro default__list_relations_without_caching(schema_relation) %}
  {%- do exceptions.raise_not_implemented(
      'list_relations_without_caching macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{# The same for functions. #}
{% macro list_function_relations_without_caching(schema_relation) %}
  {{ return(adapter.dispatch('list_function_relations_without_caching', 'dbt')(schema_relation)) }}
{% endmacro %}

{% macro default__list_function_relations_without_caching(schema_relation) %}
  {%- do exceptions.raise_not_implemented(
      'list_function_relations_without_caching macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{# Which relation depends on which, for the cascade of a drop. #}
{% macro get_relations() %}
  {{ return(adapter.dispatch('get_relations', 'dbt')()) }}
{% endmacro %}

{% macro default__get_relations() %}
  {%- do exceptions.raise_not_implemented(
      'get_relations macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{# When each of the given relations was last written: schema, identifier, last_modified, snapshotted_at. #}
{% macro get_relation_last_modified(information_schema, relations) %}
  {{ return(adapter.dispatch('get_relation_last_modified', 'dbt')(information_schema, relations)) }}
{% endmacro %}

{% macro default__get_relation_last_modified(information_schema, relations) %}
  {%- do exceptions.raise_not_implemented(
      'get_relation_last_modified macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{#
  The relations of several schemas at once, as `list_relations_without_caching` lists those of one. An engine without such
  a query answers nothing, and is asked for one schema after the other.
#}
{% macro list_relations_in_schemas(database, schemas) %}
  {{ return(adapter.dispatch('list_relations_in_schemas', 'dbt')(database, schemas)) }}
{% endmacro %}

{% macro default__list_relations_in_schemas(database, schemas) %}
  {{ return(none) }}
{% endmacro %}


{#
  What falls when a relation of one of the schemas is dropped: rows of dependent schema, name, referenced schema, name.
  Engines that drop nothing along have none.
#}
{% macro list_relation_links(schemas) %}
  {{ return(adapter.dispatch('list_relation_links', 'dbt')(schemas)) }}
{% endmacro %}

{% macro default__list_relation_links(schemas) %}
  {{ return(none) }}
{% endmacro %}


{# Asked where the server refuses that question. #}
{% macro list_view_usage(schemas) %}
  {{ return(adapter.dispatch('list_view_usage', 'dbt')(schemas)) }}
{% endmacro %}

{% macro default__list_view_usage(schemas) %}
  {{ return(none) }}
{% endmacro %}


{# Names as literals in lower case, to compare names with whatever their case is. #}
{% macro schema_literals(schemas) -%}
  {%- for schema in schemas -%}
    '{{ schema | lower | replace("'", "''") }}'{% if not loop.last %}, {% endif -%}
  {%- endfor -%}
{%- endmacro %}
