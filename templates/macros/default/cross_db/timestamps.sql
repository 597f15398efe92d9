{# The time now, as the database sees it. #}

{%- macro current_timestamp() -%}
  {{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}
{%- endmacro -%}

{% macro default__current_timestamp() -%}
  {%- do exceptions.raise_not_implemented(
      'current_timestamp macro not implemented for adapter ' ~ adapter.type()) -%}
{%- endmacro %}


{# The time a snapshot records: of the type its valid_from and valid_to columns have. #}
{%- macro snapshot_get_time() -%}
  {{ return(adapter.dispatch('snapshot_get_time', 'dbt')()) }}
{%- endmacro -%}

{% macro default__snapshot_get_time() -%}
  {{ current_timestamp() }}
{%- endmacro %}

{% macro get_snapshot_get_time_data_type() %}
  {%- set now = adapter.dispatch('snapshot_get_time', 'dbt')() -%}
  {%- set columns = get_column_schema_from_query('select ' ~ now ~ ' as dbt_snapshot_time') -%}
  {{ return(columns[0].dtype) }}
{% endmacro %}


{# A literal time for comparison with a snapshot's columns. #}
{% macro snapshot_string_as_time(timestamp) -%}
  {{ return(adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp)) }}
{%- endmacro %}

{% macro default__snapshot_string_as_time(timestamp) %}
  {%- do exceptions.raise_not_implemented(
      'snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{# Two older forms, kept for packages that were written against them. #}
{% macro current_timestamp_backcompat() -%}
  {{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}
{%- endmacro %}

{#- Ends with a line break, as dbt's does: what is put behind the result of a macro is part of the compiled SQL. -#}
{% macro default__current_timestamp_backcompat() %}
    current_timestamp::timestamp
{% endmacro %}

{% macro current_timestamp_in_utc_backcompat() -%}
  {{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}
{%- endmacro %}

{% macro default__current_timestamp_in_utc_backcompat() -%}
  {{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}
{%- endmacro %}
