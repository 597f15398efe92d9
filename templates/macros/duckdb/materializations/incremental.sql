{#
  An incremental model, from SQL or Python. The first run, a full refresh, and a view in the target's place build the
  whole table; every other run selects the new rows into a temporary table and hands both to the strategy.
#}

{%- materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] -%}
  {%- set language = model['language'] -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
  {%- set backup_type = 'table' if existing_relation is none else existing_relation.type -%}
  {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}

  {%- set unique_key = config.get('unique_key') -%}
  {%- set full_refresh = should_full_refresh() or (existing_relation is not none and existing_relation.is_view) -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set grant_config = config.get('grants') -%}
  {%- set partitioned_by = duckdb__get_partitioned_by(target_relation, False) -%}
  {%- set sorted_by = duckdb__get_sorted_by(target_relation, False) -%}

  {%- do drop_relation_if_exists(load_cached_relation(intermediate_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}

  {#- Batches of one model may run at the same time, so each has a temporary table of its own. -#}
  {%- set incremental = existing_relation is not none and not full_refresh -%}
  {%- if incremental -%}
    {%- set temp_relation = duckdb__dispatch_temporary_relation(target_relation, adapter.batch_id_for_model(model)) -%}
  {%- endif -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set to_drop = [] -%}
  {%- set swap = false -%}
  {%- set aside = [] -%}
  {%- if existing_relation is none -%}
    {%- set build_sql = create_table_as(
        False, target_relation, compiled_code, language, partitioned_by, sorted_by) -%}
    {%- set created = true -%}

  {%- elif full_refresh and has_foreign_key_constraints(existing_relation) -%}
    {#- It cannot be renamed. -#}
    {%- set aside = drop_relation_for_rebuild(existing_relation) -%}
    {%- set build_sql = create_table_as(
        False, target_relation, compiled_code, language, partitioned_by, sorted_by) -%}
    {%- set created = true -%}

  {%- elif full_refresh -%}
    {%- set build_sql = create_table_as(
        False, intermediate_relation, compiled_code, language, partitioned_by, sorted_by) -%}
    {%- set created = true -%}
    {%- set swap = true -%}

  {%- else -%}
    {%- if language == 'python' -%}
      {%- call statement('pre', language=language) -%}
        {{ create_table_as(not adapter.is_motherduck(), temp_relation, compiled_code, language) }}
      {%- endcall -%}
      {%- set language = 'sql' -%}
    {%- else -%}
      {%- do run_query(create_table_as(not adapter.is_motherduck(), temp_relation, compiled_code, language)) -%}
    {%- endif -%}
    {%- do adapter.expand_target_column_types(from_relation=temp_relation, to_relation=target_relation) -%}

    {%- set dest_columns = process_schema_changes(on_schema_change, temp_relation, existing_relation)
                           or adapter.get_columns_in_relation(existing_relation) -%}
    {%- set strategy_macro = adapter.get_incremental_strategy_macro(
        context, config.get('incremental_strategy') or 'default') -%}
    {%- set build_sql = strategy_macro({
        'target_relation': target_relation,
        'temp_relation': temp_relation,
        'unique_key': unique_key,
        'dest_columns': dest_columns,
        'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none)
    }) -%}
    {%- set created = false -%}
  {%- endif -%}

  {%- call statement('main', language=language) -%}
    {{ build_sql }}
  {%- endcall -%}

  {%- if swap -%}
    {%- set aside = release_for_rename(existing_relation) -%}
    {%- do adapter.rename_relation(existing_relation, backup_relation) -%}
    {%- do adapter.rename_relation(intermediate_relation, target_relation) -%}
    {%- do to_drop.append(backup_relation) -%}
  {%- endif -%}
  {%- do restore_foreign_key_dependents(aside) -%}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=swap) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- if created -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}

  {#- Temporary tables vanish with the connection, but that lasts: their rows would pile up, batch by batch. -#}
  {%- if incremental -%}
    {%- do to_drop.append(temp_relation) -%}
  {%- endif -%}
  {%- for relation in to_drop -%}
    {%- do adapter.drop_relation(relation) -%}
  {%- endfor -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
