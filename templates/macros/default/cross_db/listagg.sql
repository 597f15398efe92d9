{# Joins the values of a group to one text; with `limit_num` only the first values in the given order. #}

{% macro listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) -%}
  {{ return(adapter.dispatch('listagg', 'dbt')(measure, delimiter_text, order_by_clause, limit_num)) }}
{%- endmacro %}

{% macro default__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- if limit_num -%}
    array_to_string(
      array_slice(
        array_agg(
          {{ measure }}
        ){% if order_by_clause %} within group ({{ order_by_clause }}){% endif %}
        ,0
        ,{{ limit_num }}
      ),
      {{ delimiter_text }}
    )
  {%- else -%}
    listagg(
      {{ measure }},
      {{ delimiter_text }}
    ){% if order_by_clause %} within group ({{ order_by_clause }}){% endif %}
  {%- endif -%}
{%- endmacro %}
