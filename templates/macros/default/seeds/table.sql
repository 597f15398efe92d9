{# The table a seed is loaded into. The types are those found in the file, unless `column_types` says otherwise. #}

{# Creates the table, returns the statement. #}
{% macro create_csv_table(model, agate_table) -%}
  {{ return(adapter.dispatch('create_csv_table', 'dbt')(model, agate_table)) }}
{%- endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {%- set given_types = model['config'].get('column_types', {}) -%}
  {%- set quote_columns = model['config'].get('quote_columns', none) -%}

  {%- set definitions = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = given_types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- do definitions.append(adapter.quote_seed_column(name, quote_columns) ~ ' ' ~ type) -%}
  {%- endfor -%}

  {%- set sql -%}
    create table {{ this.render() }} ({{ definitions | join(', ') }})
  {%- endset -%}
  {%- call statement('_') -%}
    {{ sql }}
  {%- endcall -%}
  {{ return(sql) }}
{% endmacro %}


{# Makes an existing table ready for new rows, returns the statement. #}
{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
  {{ return(adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table)) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {%- if full_refresh -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {{ return(create_csv_table(model, agate_table)) }}
  {%- elif adapter.is_gated() -%}
    {#- Readers go on with the old rows until the new ones are tested; `truncate` would make them wait. -#}
    {%- call statement('empty_table') -%}
      delete from {{ old_relation.render() }}
    {%- endcall -%}
    {{ return('delete from ' ~ old_relation.render()) }}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {{ return('truncate table ' ~ old_relation.render()) }}
{% endmacro %}
