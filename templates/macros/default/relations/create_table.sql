{# `create table as`, the statement behind table and incremental models, snapshots and stored test failures. #}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
  {{ return(adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
  {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}


{# An implementation for SQL alone takes three arguments, so the language is passed on only where it matters. #}
{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
  {%- if language == 'sql' -%}
    {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code)) }}
  {%- else -%}
    {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language)) }}
  {%- endif -%}
{%- endmacro %}

{# A temporary table lives in a schema of the session, so it is named without database and schema. #}
{% macro default__create_table_as(temporary, relation, sql) -%}
  {%- set query = sql -%}
  {%- set contract = config.get('contract') -%}
  {{ config.get('sql_header', none) or '' }}

  create {% if temporary %}temporary {% endif -%} table
    {{ relation.include(database=(not temporary), schema=(not temporary)).render() }}
  {% if contract.enforced and not temporary -%}
    {{ get_assert_columns_equivalent(sql) }}
    {{ get_table_columns_and_constraints() }}
    {%- set query = get_select_subquery(sql) %}
  {%- endif %}
  as (
    {{ query }}
  );
{%- endmacro %}


{# The query with its columns named and in the contract's order, whatever order the model selects them in. #}
{% macro get_select_subquery(sql) -%}
  {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_select_subquery(sql) -%}
  select {{ adapter.dispatch('get_column_names', 'dbt')() }}
  from (
    {{ sql }}
  ) as model_subq
{%- endmacro %}


{# The contract's columns as a comma-separated list, quoted where they ask for it. #}
{% macro default__get_column_names() -%}
  {%- for column in model['columns'].values() -%}
    {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}
    {%- if not loop.last %}, {% endif -%}
  {%- endfor -%}
{%- endmacro %}
