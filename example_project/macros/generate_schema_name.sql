{# Schemas are named as configured (`marts`), without the target's schema in front (`main_marts`, the default). -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
