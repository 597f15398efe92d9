{# The n-th part of a delimited text, counted from 1; a negative number counts from the end. #}

{% macro split_part(string_text, delimiter_text, part_number) -%}
  {{ return(adapter.dispatch('split_part', 'dbt')(string_text, delimiter_text, part_number)) }}
{%- endmacro %}

{% macro default__split_part(string_text, delimiter_text, part_number) %}
  split_part(
    {{ string_text }},
    {{ delimiter_text }},
    {{ part_number }}
  )
{% endmacro %}


{# For engines that count from the start only: the number of parts, found by length, gives the position. #}
{% macro _split_part_negative(string_text, delimiter_text, part_number) %}
  split_part(
    {{ string_text }},
    {{ delimiter_text }},
    length({{ string_text }})
      - length(
        replace({{ string_text }}, {{ delimiter_text }}, '')
      ) + 2 + {{ part_number }}
  )
{% endmacro %}
