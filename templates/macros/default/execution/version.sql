{# Lets a package tell which major version of the framework runs it. #}

{% macro is_core_v2() -%}
  {{ return((dbt_version.split('.')[0] | int) >= 2) }}
{%- endmacro %}
