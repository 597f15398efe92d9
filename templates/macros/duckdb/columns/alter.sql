{# DuckDB alters one column at a time. #}

{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- set alter = 'alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' -%}
  {%- for column in add_columns or [] -%}
    {%- do run_query(alter ~ 'add column ' ~ adapter.quote(column.name) ~ ' ' ~ column.data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}
    {%- do run_query(alter ~ 'drop column ' ~ adapter.quote(column.name)) -%}
  {%- endfor -%}
{% endmacro %}


{#
  In place: a transaction that has altered a table may not also update it, so filling a second column, the portable
  way, could not be committed. The column keeps its position.
#}
{% macro duckdb__alter_column_type(relation, column_name, new_column_type) -%}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation.render() }} alter column {{ adapter.quote(column_name) }} set data type {{ new_column_type }}
  {%- endcall -%}
{%- endmacro %}
