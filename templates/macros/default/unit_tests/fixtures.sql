{# Rows of a unit test, given as dictionaries, to a query that returns them with the right types. #}

{#
  Stands in for an input of the model. The types are those of the real relation unless given, a column that a row does
  not mention is null, and without any row the result is empty but has all columns.
#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
  {%- set types = {} -%}
  {%- set quoted = {} -%}

  {%- if column_name_to_data_types -%}
    {%- for name, type in column_name_to_data_types.items() -%}
      {%- do types.update({name: type}) -%}
      {%- do quoted.update({name: adapter.quote(name)}) -%}
    {%- endfor -%}
  {%- else -%}
    {%- set input = load_relation(this) or defer_relation or this -%}
    {%- for column in adapter.get_columns_in_relation(input) -%}
      {%- do types.update({column.name | lower: column.data_type}) -%}
      {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- if not types -%}
      {%- do exceptions.raise_compiler_error(
          'Not able to get columns for unit test ' ~ "'" ~ model.name ~ "' from relation " ~ this
          ~ " because the relation doesn't exist") -%}
    {%- endif -%}
  {%- endif -%}

  {%- set nulls = {} -%}
  {%- for name, type in types.items() -%}
    {%- do nulls.update({name: safe_cast('null', type) | trim}) -%}
  {%- endfor -%}
  {%- do validate_fixture_rows(rows, none) -%}

  {%- for row in rows or [{}] -%}
    {%- set values = nulls.copy() -%}
    {%- do values.update(format_row(row, types)) -%}
    select
    {%- for name, value in values.items() %} {{ value }} as {{ quoted[name] }}{% if not loop.last %},{% endif %}{% endfor %}
    {%- if not loop.last %}
    union all
    {% endif -%}
  {%- endfor -%}

  {%- if not rows %}
    limit 0
  {%- endif -%}
{% endmacro %}


{# The expected rows: only the columns they mention. #}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}
  {%- if not rows -%}
    select * from dbt_internal_unit_test_actual
    limit 0
  {%- else -%}
    {%- for row in rows -%}
      {%- set values = format_row(row, column_name_to_data_types) -%}
      select
      {%- for name, value in values.items() %} {{ value }} as {{ column_name_to_quoted[name] }}{% if not loop.last %},{% endif %}{% endfor %}
      {%- if not loop.last %}
      union all
      {% endif -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}


{# One row's values as typed SQL; a column that the relation does not have is an error. #}
{%- macro format_row(row, column_name_to_data_types) -%}
  {%- set formatted = {} -%}
  {%- for given_name, value in row.items() -%}
    {%- set name = given_name | lower -%}
    {%- if name not in column_name_to_data_types -%}
      {#- While a test runs, `this` is the test itself; while an input is compiled it is the relation stood in for. -#}
      {%- set place = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
      {%- do exceptions.raise_compiler_error(
          'Invalid column name: ' ~ "'" ~ given_name ~ "' in unit test fixture for " ~ place
          ~ '.\nAccepted columns for ' ~ place ~ ' are: ' ~ column_name_to_data_types.keys() | list) -%}
    {%- endif -%}
    {%- set type = column_name_to_data_types[name] -%}

    {%- if value is none -%}
      {%- set text = 'null' -%}
    {%- elif value is string -%}
      {%- set text = dbt.string_literal(dbt.escape_single_quotes(value)) -%}
      {#- A text longer than its column is compared whole, not cut. -#}
      {%- if 'varying' in type -%}
        {%- set type = type.split('(')[0] -%}
      {%- endif -%}
    {%- else -%}
      {%- set text = value -%}
    {%- endif -%}
    {%- do formatted.update({name: safe_cast(text, type) | trim}) -%}
  {%- endfor -%}
  {{ return(formatted) }}
{%- endmacro -%}


{# A point where an adapter can refuse rows, for example those that do not name every column. #}
{%- macro validate_fixture_rows(rows, row_number) -%}
  {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro -%}

{%- macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro -%}
