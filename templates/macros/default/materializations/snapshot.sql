{#
  A snapshot: keeps every version of every row, with the time it was valid. The first run takes the source as it is;
  later ones stage what changed, add columns that are new in the source, and merge.
#}

{%- materialization snapshot, default -%}
  {%- set exists, target_relation = get_or_create_relation(
      database=model.database, schema=model.schema, identifier=model.get('alias', model.get('name')), type='table') -%}
  {%- set grant_config = config.get('grants') -%}
  {%- if not target_relation.is_table -%}
    {%- do exceptions.relation_wrong_type(target_relation, 'table') -%}
  {%- endif -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set strategy_macro = strategy_dispatch(config.get('strategy')) -%}
  {%- set strategy = strategy_macro(model, 'snapshotted_data', 'source_data', model['config'], exists) -%}

  {%- if not exists -%}
    {%- set staging_relation = none -%}
    {%- set build_sql = create_table_as(
        False, target_relation, build_snapshot_table(strategy, model['compiled_code'])) -%}

  {%- else -%}
    {%- set columns = snapshot_column_names() -%}
    {%- do adapter.assert_valid_snapshot_target_given_strategy(target_relation, columns, strategy) -%}

    {%- set staging_relation = build_snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- do adapter.expand_target_column_types(from_relation=staging_relation, to_relation=target_relation) -%}

    {#- The staging table's own columns, which the target never gets. -#}
    {%- set internal = ['dbt_change_type', 'dbt_unique_key'] -%}
    {%- if strategy.unique_key is not string -%}
      {%- for _ in strategy.unique_key -%}
        {%- do internal.append('dbt_unique_key_' ~ loop.index) -%}
      {%- endfor -%}
    {%- endif -%}

    {%- set new_columns = [] -%}
    {%- for column in adapter.get_missing_columns(staging_relation, target_relation)
        if column.name | lower not in internal -%}
      {%- do new_columns.append(column) -%}
    {%- endfor -%}
    {%- do create_columns(target_relation, new_columns) -%}

    {%- set inserted = [] -%}
    {%- for column in adapter.get_columns_in_relation(staging_relation) if column.name | lower not in internal -%}
      {%- do inserted.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- set build_sql = snapshot_merge_sql(target_relation, staging_relation, inserted) -%}
  {%- endif -%}

  {%- do check_time_data_types(model['compiled_code']) -%}

  {%- call statement('main') -%}
    {{ build_sql }}
  {%- endcall -%}

  {%- set revoke = should_revoke(exists, full_refresh_mode=False) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- if not exists -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}

  {%- if staging_relation is not none -%}
    {%- do post_snapshot(staging_relation) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
