{# Warns when `updated_at` and the snapshot's clock have different types: comparing them could be off by hours. #}

{% macro check_time_data_types(sql) %}
  {%- set updated_at_type = get_updated_at_column_data_type(sql) -%}
  {%- if updated_at_type is not none -%}
    {%- set clock_type = get_snapshot_get_time_data_type() -%}
    {%- if updated_at_type | lower != clock_type | lower -%}
      {%- do exceptions.warn_snapshot_timestamp_data_types(clock_type, updated_at_type) -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}


{# The type of the configured `updated_at` in a query's result; none if it is no plain column of it. #}
{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {%- set updated_at = config.get('updated_at') -%}
  {%- if not updated_at -%}
    {{ return(none) }}
  {%- endif -%}
  {%- for column in get_column_schema_from_query(snapshot_sql) if column.column | lower == updated_at | lower -%}
    {{ return(column.dtype) }}
  {%- endfor -%}
  {{ return(none) }}
{% endmacro %}
