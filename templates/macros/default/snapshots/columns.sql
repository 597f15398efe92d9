{# The columns a snapshot adds to the user's own, and the table's other small conventions. #}

{# Default names. #}
{% macro get_snapshot_table_column_names() %}
  {%- set names = {} -%}
  {%- for name in ['dbt_valid_from', 'dbt_valid_to', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'] -%}
    {%- do names.update({name: name}) -%}
  {%- endfor -%}
  {{ return(names) }}
{% endmacro %}


{# The names in use: `snapshot_meta_column_names` renames some or all. #}
{% macro snapshot_column_names() %}
  {%- set names = get_snapshot_table_column_names() -%}
  {%- set renamed = config.get('snapshot_meta_column_names') -%}
  {%- for name in names | list if renamed and renamed[name] -%}
    {%- do names.update({name: renamed[name]}) -%}
  {%- endfor -%}
  {{ return(names) }}
{% endmacro %}


{# valid_to of a row that is still current: null or `dbt_valid_to_current`. The odd nullif gives null the right type. #}
{% macro get_dbt_valid_to_current(strategy, columns) %}
  {%- set current = config.get('dbt_valid_to_current') or 'null' -%}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ current }}) as {{ columns.dbt_valid_to }}
{% endmacro %}


{# How the engine spells "always". #}
{% macro get_true_sql() %}
  {{ return(adapter.dispatch('get_true_sql', 'dbt')()) }}
{% endmacro %}

{% macro default__get_true_sql() -%}
  {{ return('TRUE') }}
{%- endmacro %}


{# Adds columns that are new in the source to the snapshot's table. #}
{% macro create_columns(relation, columns) %}
  {{ return(adapter.dispatch('create_columns', 'dbt')(relation, columns)) }}
{% endmacro %}

{% macro default__create_columns(relation, columns) %}
  {%- for column in columns -%}
    {%- call statement() -%}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }};
    {%- endcall -%}
  {%- endfor -%}
{% endmacro %}
