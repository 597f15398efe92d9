{# Conversions between types. #}

{# To the given type; a value that does not fit is an error. #}
{% macro cast(field, type) -%}
  {{ return(adapter.dispatch('cast', 'dbt')(field, type)) }}
{%- endmacro %}

{% macro default__cast(field, type) %}
    cast({{ field }} as {{ type }})
{% endmacro %}


{# To the given type; null where an engine can say so, else as `cast`. #}
{% macro safe_cast(field, type) -%}
  {{ return(adapter.dispatch('safe_cast', 'dbt')(field, type)) }}
{%- endmacro %}

{% macro default__safe_cast(field, type) %}
    {# dbt's asks another macro and leaves the line empty. #}
    cast({{ field }} as {{ type }})
{% endmacro %}


{# `true` or `false` as text. #}
{% macro cast_bool_to_text(field) -%}
  {{ return(adapter.dispatch('cast_bool_to_text', 'dbt')(field)) }}
{%- endmacro %}

{% macro default__cast_bool_to_text(field) %}
  cast({{ field }} as {{ api.Column.translate_type('string') }})
{% endmacro %}
