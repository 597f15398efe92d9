{# Versions that ended are closed by an update, those that began are inserted; both in one call. #}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = snapshot_column_names() -%}
  {%- set current_valid_to = config.get('dbt_valid_to_current') -%}
  {%- set target_valid_to = target ~ '.' ~ columns.dbt_valid_to %}

  update {{ target }}
  set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = {{ target }}.{{ columns.dbt_scd_id }}::text
    and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
    {%- if current_valid_to %}
    and ({{ target_valid_to }} = {{ current_valid_to }} or {{ target_valid_to }} is null);
    {%- else %}
    and {{ target_valid_to }} is null;
    {%- endif %}

  insert into {{ target }} ({{ insert_cols | join(', ') }})
  select
    {% for column in insert_cols -%}
    DBT_INTERNAL_SOURCE.{{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{%- endmacro %}
