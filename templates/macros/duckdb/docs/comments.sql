{# Descriptions as comments. #}

{% macro duckdb__alter_relation_comment(relation, comment) %}
  comment on {{ relation.type }} {{ relation.render() }} is {{ duckdb_escape_comment(comment) }};
{% endmacro %}


{# `persist_docs` passes only columns that exist. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
  {%- for name, column in column_dict.items() -%}
    comment on column {{ relation.render() }}.{{ adapter.quote(name) if column['quote'] else name }}
    is {{ duckdb_escape_comment(column['description']) }};
  {% endfor -%}
{% endmacro %}


{# As a literal: only the quote itself needs escaping. #}
{% macro duckdb_escape_comment(comment) -%}
  {%- if comment is not string -%}
    {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
  {%- endif -%}
  '{{ comment | replace("'", "''") }}'
{%- endmacro %}
