{#
  How large the tables of some schemas are, for the documentation: one row a table with table_schema, table_name,
  row_count and byte_count, either of them null where the engine does not know it without reading the table.
#}

{% macro get_relation_sizes(information_schema, schemas) -%}
  {{ return(adapter.dispatch('get_relation_sizes', 'dbt')(information_schema, schemas)) }}
{%- endmacro %}


{# An engine that is not known to tell sizes is not asked. #}
{% macro default__get_relation_sizes(information_schema, schemas) -%}
  {{ return(none) }}
{%- endmacro %}
