{# The database a node is built in: the custom one, else that of the node's catalog, else the target's. #}

{% macro generate_database_name(custom_database_name=none, node=none) -%}
  {{ return(adapter.dispatch('generate_database_name', 'dbt')(custom_database_name, node)) }}
{%- endmacro %}

{% macro default__generate_database_name(custom_database_name=none, node=none) -%}
  {%- if custom_database_name is not none -%}
    {{ custom_database_name | trim }}
  {%- else -%}
    {%- set catalog = none -%}
    {%- if node is not none and node | attr('database') -%}
      {%- set catalog = adapter.build_catalog_relation(node) -%}
    {%- endif -%}
    {%- if catalog is not none and catalog | attr('catalog_database') -%}
      {{ catalog.catalog_database }}
    {%- else -%}
      {{ target.database }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}
