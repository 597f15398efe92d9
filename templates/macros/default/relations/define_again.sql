{# Defines a view anew whose definition named relations that have other names now. #}

{% macro define_view_again(relation, sql) %}
  {%- call statement('define_again') -%}
    {{ get_create_view_as_sql(relation, sql) }}
  {%- endcall -%}
  {%- do adapter.cache_added(relation) -%}
{% endmacro %}
