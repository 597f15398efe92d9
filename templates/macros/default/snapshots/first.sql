{# The query that a snapshot begins with: its rows, and since when they are valid. #}
{% macro first_snapshot_sql(sql) %}
  {%- set strategy_macro = strategy_dispatch(config.get('strategy')) -%}
  {%- set strategy = strategy_macro(model, 'snapshotted_data', 'source_data', model['config'], false) -%}
  {{ return(build_snapshot_table(strategy, sql)) }}
{% endmacro %}
