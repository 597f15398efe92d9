{#
  Checks that a model returns what its contract promises: the same columns, in any order, with the same types. Types
  are compared as the database prints them, so the contract's own types are sent through the database first.
#}

{%- macro get_assert_columns_equivalent(sql) -%}
  {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro -%}

{% macro default__get_assert_columns_equivalent(sql) -%}
  {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{# Emits nothing; raises a contract error on the first difference. #}
{% macro assert_columns_equivalent(sql) %}
  {%- set declared = model['columns'] -%}
  {%- if not declared -%}
    {%- do exceptions.raise_contract_error([], []) -%}
  {%- endif -%}

  {%- set header = config.get('sql_header', none) -%}
  {%- set actual = format_columns(get_column_schema_from_query(sql, header)) -%}
  {%- set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(declared))) -%}

  {%- if contract_terms(actual) != contract_terms(promised) -%}
    {%- do exceptions.raise_contract_error(promised, actual) -%}
  {%- endif -%}
{% endmacro %}

{# What has to be the same in both: names with their case, and the texts of `format_column`. #}
{% macro contract_terms(columns) %}
  {%- set names = columns | map(attribute='name') | list -%}
  {%- set texts = columns | map(attribute='formatted') | list -%}
  {{ return(zip(names, texts) | sort) }}
{% endmacro %}


{# What is compared, and shown in the error: name, type, and both as one text. #}
{% macro format_columns(columns) %}
  {%- set formatted = [] -%}
  {%- for column in columns -%}
    {%- do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) -%}
  {%- endfor -%}
  {{ return(formatted) }}
{% endmacro %}

{% macro default__format_column(column) -%}
  {{ return({
      'name': column.column,
      'data_type': column.dtype,
      'formatted': (column.column | lower) ~ ' ' ~ column.dtype
  }) }}
{%- endmacro %}


{# A query of typed nulls: an empty relation with exactly the declared columns. #}
{% macro get_empty_schema_sql(columns) -%}
  {{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}
{%- endmacro %}

{% macro default__get_empty_schema_sql(columns) %}
  {%- set untyped = [] -%}
  {%- set unsized = [] -%}
  {%- for column in columns.values() -%}
    {%- if column.get('data_type') is none -%}
      {%- do untyped.append(column['name']) -%}
    {%- elif column['data_type'] | trim | lower in ('numeric', 'decimal', 'number') -%}
      {%- do unsized.append(column['name']) -%}
    {%- endif -%}
  {%- endfor -%}

  {%- if untyped -%}
    {%- do exceptions.column_type_missing(column_names=untyped) -%}
  {%- endif -%}
  {%- if unsized -%}
    {%- do exceptions.warn(
        'Detected columns with numeric type and unspecified precision/scale, this can lead to unintended rounding: '
        ~ unsized) -%}
  {%- endif -%}

  select
  {%- for column in columns.values() %}
    {{ cast('null', column['data_type']) }} as {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}
    {%- if not loop.last %},{% endif -%}
  {%- endfor -%}
{% endmacro %}
