{#
  Creating tables and views. A temporary table belongs to the connection and is named without database and schema;
  constraints of a contract are left out of it, its rows are checked when they reach the target.
#}

{# Also written in Python; partitioning and sorting belong to DuckLake tables. #}
{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {{ return(adapter.dispatch('create_table_as', 'dbt')(
      temporary, relation, compiled_code, language, partitioned_by, sorted_by)) }}
{%- endmacro %}

{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- set name = relation.include(database=(not temporary), schema=(not temporary)).render() -%}
  {%- set contract = config.get('contract') -%}

  {%- if language == 'python' -%}
    {{ py_write_table(temporary=temporary, relation=relation, compiled_code=compiled_code,
                      partitioned_by=partitioned_by, sorted_by=sorted_by) }}

  {%- elif language != 'sql' -%}
    {%- do exceptions.raise_compiler_error(
        'duckdb__create_table_as macro did not get supported language, it got ' ~ language) -%}

  {%- else -%}
    {%- if contract.enforced -%}
      {{ get_assert_columns_equivalent(compiled_code) }}
    {%- endif -%}
    {{ config.get('sql_header', none) or '' }}

    {%- if contract.enforced and not temporary %}
    create table {{ name }}
    {{ get_table_columns_and_constraints() }};
    {{ ducklake_layout_statements(relation, partitioned_by, sorted_by) }}
    insert into {{ name }} ({{ get_column_names() }})
    (
      {{ get_select_subquery(compiled_code) }}
    );

    {%- elif partitioned_by or sorted_by %}
    {#- The layout has to be set before there are rows, so the table starts out empty. #}
    create table {{ name }} as (
      select * from (
        {{ compiled_code }}
      ) as __dbt_sbq
      where false
      limit 0
    );
    {{ ducklake_layout_statements(relation, partitioned_by, sorted_by) }}
    insert into {{ name }}
    (
      {{ compiled_code }}
    );

    {%- else %}
    create {% if temporary %}temporary {% endif %}table {{ name }} as (
      {{ compiled_code }}
    );
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}


{# A view's contract is checked before the statement; it has no constraints. #}
{% macro duckdb__create_view_as(relation, sql) -%}
  {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif -%}
  {{ config.get('sql_header', none) or '' }}
  create view {{ relation.render() }} as (
    {{ sql }}
  );
{%- endmacro %}


{# The contract's columns as a comma-separated list, quoted where they ask for it. #}
{% macro get_column_names() -%}
  {{ return(default__get_column_names()) }}
{%- endmacro %}
