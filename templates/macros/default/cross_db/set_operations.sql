{# Operators between queries; engines differ in their names. #}

{# Rows of the first query that the second does not return. #}
{% macro except() -%}
  {{ return(adapter.dispatch('except', 'dbt')()) }}
{%- endmacro %}

{% macro default__except() %}
  except
{% endmacro %}


{# Rows that both queries return. #}
{% macro intersect() -%}
  {{ return(adapter.dispatch('intersect', 'dbt')()) }}
{%- endmacro %}

{% macro default__intersect() %}
  intersect
{% endmacro %}
