{#
  Snapshots: versions that ended are closed by an update, those that began are inserted. The staging table is a
  temporary one, or on MotherDuck a real one, and is dropped at the end.
#}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = snapshot_column_names() -%}
  {%- set current_valid_to = config.get('dbt_valid_to_current') -%}
  {%- set target_valid_to = 'DBT_INTERNAL_TARGET.' ~ columns.dbt_valid_to %}

  update {{ target }} as DBT_INTERNAL_TARGET
  set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
    and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
    {%- if current_valid_to %}
    and ({{ equals(target_valid_to, current_valid_to) }} or {{ target_valid_to }} is null);
    {%- else %}
    and {{ target_valid_to }} is null;
    {%- endif %}

  insert into {{ target }} ({{ insert_cols | join(', ') }})
  select
    {% for column in insert_cols -%}
    DBT_INTERNAL_SOURCE.{{ column }}{% if not loop.last %}, {% endif %}
    {%- endfor %}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{%- endmacro %}


{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set staging = duckdb__dispatch_temporary_relation(target_relation) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(not adapter.is_motherduck(), staging, snapshot_staging_table(strategy, sql, target_relation)) }}
  {%- endcall -%}
  {{ return(staging) }}
{% endmacro %}


{% macro duckdb__post_snapshot(temporary_relation) %}
  {%- do drop_relation(temporary_relation) -%}
{% endmacro %}
