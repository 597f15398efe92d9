{# The queries that fill a snapshot: the whole table on its first run, the changes on every later one. #}

{% macro build_snapshot_table(strategy, sql) -%}
  {{ return(adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql)) }}
{%- endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
  {%- set columns = snapshot_column_names() %}
  select
    *,
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }}
    {%- if strategy.hard_deletes == 'new_record' %},
    'False' as {{ columns.dbt_is_deleted }}
    {%- endif %}
  from (
    {{ sql }}
  ) sbq
{% endmacro %}


{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {{ return(adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation)) }}
{%- endmacro %}

{#
  Rows marked by `dbt_change_type`: `insert` is a new version, `update` and `delete` close the current one, which they
  name by its scd_id. All parts return the same columns in the same order; of a deleted row only its scd_id matters.
  The fragments of a strategy refer to `snapshotted_data` and `source_data`.
#}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {%- set columns = snapshot_column_names() -%}
  {%- set key = strategy.unique_key -%}
  {%- set now = snapshot_get_time() -%}
  {%- set current_valid_to = config.get('dbt_valid_to_current') -%}
  {%- set keeps_deleted = strategy.hard_deletes == 'new_record' -%}
  {%- set closes_deleted = keeps_deleted or strategy.hard_deletes == 'invalidate' -%}
  {%- set is_deleted = columns.dbt_is_deleted -%}

  {#- Which versions are current; a table may hold both forms after `dbt_valid_to_current` was introduced. -#}
  {%- set is_current -%}
    {%- if current_valid_to -%}
      ({{ equals(columns.dbt_valid_to, current_valid_to) }} or {{ columns.dbt_valid_to }} is null)
    {%- else -%}
      {{ columns.dbt_valid_to }} is null
    {%- endif -%}
  {%- endset -%}

  {%- set row_changed -%}
    ({{ strategy.row_changed }}
    {%- if keeps_deleted %} or snapshotted_data.{{ is_deleted }} = 'True'{% endif -%})
  {%- endset -%}

  {#- A row that is gone, and whose being gone is not recorded yet. -#}
  {%- set newly_deleted -%}
    {{ unique_key_is_null(key, 'source_data') }}
    {%- if keeps_deleted %} and not (snapshotted_data.{{ is_deleted }} = 'True'){% endif -%}
  {%- endset %}

  with snapshot_query as (
    {{ source_sql }}
  ),
  snapshotted_data as (
    select *, {{ unique_key_fields(key) }}
    from {{ target_relation }}
    where {{ is_current }}
  ),
  keyed_source as (
    select *, {{ unique_key_fields(key) }}
    from snapshot_query
  ),
  opening_source as (
    select
      *,
      {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
      {{ get_dbt_valid_to_current(strategy, columns) }},
      {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
    from keyed_source
  ),
  closing_source as (
    select
      *,
      {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
    from keyed_source
  )

  select
    'insert' as dbt_change_type,
    source_data.*
    {%- if keeps_deleted %}, 'False' as {{ is_deleted }}{% endif %}
  from opening_source as source_data
  left outer join snapshotted_data
    on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ unique_key_is_null(key, 'snapshotted_data') }}
    or {{ row_changed }}

  union all

  select
    'update' as dbt_change_type,
    source_data.*,
    snapshotted_data.{{ columns.dbt_scd_id }}
    {%- if keeps_deleted %}, snapshotted_data.{{ is_deleted }}{% endif %}
  from closing_source as source_data
  join snapshotted_data
    on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ row_changed }}

  {%- if closes_deleted %}

  union all

  select
    'delete' as dbt_change_type,
    source_data.*,
    {{ now }} as {{ columns.dbt_updated_at }},
    {{ now }} as {{ columns.dbt_valid_from }},
    {{ now }} as {{ columns.dbt_valid_to }},
    snapshotted_data.{{ columns.dbt_scd_id }}
    {%- if keeps_deleted %}, snapshotted_data.{{ is_deleted }}{% endif %}
  from snapshotted_data
  left join keyed_source as source_data
    on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ newly_deleted }}
  {%- endif %}

  {%- if keeps_deleted %}
  {#- The last known values live on as a version that says "deleted"; a column new in the source is unknown there. #}
  {%- set known = get_list_of_column_names(get_columns_in_relation(target_relation)) %}

  union all

  select
    'insert' as dbt_change_type,
    {% for name in get_columns_in_query(source_sql) -%}
    {% if name in known %}snapshotted_data.{{ adapter.quote(name) }}{% else %}null as {{ adapter.quote(name) }}{% endif %},
    {% endfor -%}
    {% if key is string -%}
    snapshotted_data.dbt_unique_key,
    {%- else -%}
    {%- for _ in key %}
    snapshotted_data.dbt_unique_key_{{ loop.index }},
    {%- endfor -%}
    {%- endif %}
    {{ now }} as {{ columns.dbt_updated_at }},
    {{ now }} as {{ columns.dbt_valid_from }},
    snapshotted_data.{{ columns.dbt_valid_to }},
    {{ snapshot_hash_arguments(['snapshotted_data.' ~ columns.dbt_scd_id, now]) }} as {{ columns.dbt_scd_id }},
    'True' as {{ is_deleted }}
  from snapshotted_data
  left join keyed_source as source_data
    on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ newly_deleted }}
  {%- endif %}
{%- endmacro %}


{# Puts the changes into a temporary table and returns it. #}
{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set staging = make_temp_relation(target_relation) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(True, staging, snapshot_staging_table(strategy, sql, target_relation)) }}
  {%- endcall -%}
  {{ return(staging) }}
{% endmacro %}


{# For engines whose staging table does not vanish by itself. #}
{% macro post_snapshot(staging_relation) %}
  {{ return(adapter.dispatch('post_snapshot', 'dbt')(staging_relation)) }}
{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}
{% endmacro %}
