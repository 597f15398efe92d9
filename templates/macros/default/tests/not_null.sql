{# Fails for every null; stored failures keep the whole row, since a column of nulls would say nothing. #}

{% macro default__test_not_null(model, column_name) %}
{%- set shown = '*' if should_store_failures() else column_name %}



select {{ shown }}
from {{ model }}
where {{ column_name }} is null

{% endmacro %}
