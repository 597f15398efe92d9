{# Descriptions as comments, in dollar quotes: a description may hold anything but the quote's own tag. #}

{% macro postgres__alter_relation_comment(relation, comment) %}
  comment on {{ relation.type | replace('_', ' ') }} {{ relation.render() }} is {{ postgres_escape_comment(comment) }};
{% endmacro %}


{# `persist_docs` passes only columns that exist. #}
{% macro postgres__alter_column_comment(relation, column_dict) %}
  {%- for name, column in column_dict.items() -%}
    comment on column {{ relation.render() }}.{{ adapter.quote(name) if column['quote'] else name }}
    is {{ postgres_escape_comment(column['description']) }};
  {% endfor -%}
{% endmacro %}


{% macro postgres_escape_comment(comment) -%}
  {%- set tag = '$dbt_comment_literal_block$' -%}
  {%- if comment is not string -%}
    {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
  {%- elif tag in comment -%}
    {%- do exceptions.raise_compiler_error('The string ' ~ tag ~ ' is not allowed in comments.') -%}
  {%- endif -%}
  {{ tag ~ comment ~ tag }}
{%- endmacro %}
